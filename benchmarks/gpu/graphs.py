"""Graphs on the device, CSR by receiver, made in a second where the benchmark of the CPU may take its time."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.inputs.graph import CUTOFF


@dataclass(frozen=True)
class DeviceGraph:
    """N receivers, E edges sorted by receiver; int64, as torch's own indices are."""

    indptr: Tensor  # (N + 1,)
    indices: Tensor  # (E,), senders
    receivers: Tensor  # (E,)
    vectors: Tensor  # (E, 3), x_receiver - x_sender

    @property
    def nodes(self) -> int:
        return len(self.indptr) - 1

    @property
    def edges(self) -> int:
        return len(self.indices)


def random_graph(nodes: int, neighbours: int, dtype: torch.dtype, generator: torch.Generator) -> DeviceGraph:
    """Every receiver has `neighbours` distinct senders, none of them itself, in random order.

    Sorted numbers out of N - 1 - (neighbours - 1), plus 0, 1, 2, ..., are distinct.  They are shuffled afterwards:
    if all receivers had their senders in ascending order, blocks that run side by side would read the same features.
    """
    if not 0 < neighbours < nodes:
        raise ValueError(f"{neighbours} neighbours need more than {neighbours} nodes, not {nodes}")
    device = generator.device
    rows = torch.arange(nodes, device=device)
    drawn = torch.randint(nodes - neighbours, (nodes, neighbours), generator=generator, device=device)
    others = drawn.sort(dim=1).values + torch.arange(neighbours, device=device)
    others += others >= rows[:, None]  # step over the receiver itself
    order = torch.rand((nodes, neighbours), generator=generator, device=device).argsort(dim=1)
    return DeviceGraph(
        indptr=torch.arange(0, nodes * neighbours + 1, neighbours, device=device),
        indices=others.gather(1, order).reshape(-1),
        receivers=rows.repeat_interleave(neighbours),
        vectors=_in_ball(nodes * neighbours, generator).to(dtype),
    )


def fluid_graph(nodes: int, neighbours: int, dtype: str, seed: int, device: str) -> DeviceGraph:
    """Nodes at uniform density in a periodic box, in Morton order; `neighbours` on average.  Made on the host."""
    from benchmarks.inputs.fluid import fluid_graph as on_host

    graph = on_host(nodes, neighbours, dtype, np.random.default_rng(seed))
    integers = [np.array(a, np.int64) for a in (graph.indptr, graph.indices, graph.receivers)]
    arrays = [*integers, np.array(graph.vectors, dtype)]  # copies: torch wants to write
    return DeviceGraph(*(torch.from_numpy(array).to(device) for array in arrays))


def all_pairs(walkers: int, particles: int, device: str) -> tuple[Tensor, Tensor]:
    """Senders and receivers of all pairs of so many systems as one graph, sorted by receiver."""
    i, j = torch.nonzero(~torch.eye(particles, dtype=torch.bool)).T.to(device)
    first = particles * torch.arange(walkers, device=device)[:, None]
    return (first + j).reshape(-1), (first + i).reshape(-1)


def _in_ball(count: int, generator: torch.Generator) -> Tensor:
    """Points in the ball of the cutoff, a little inside, lest rounding put one on it; float64."""
    kind = {"generator": generator, "device": generator.device, "dtype": torch.float64}
    directions = torch.randn((count, 3), **kind)  # type: ignore[call-overload]
    directions /= directions.norm(dim=1, keepdim=True)
    return 0.999 * CUTOFF * torch.rand((count, 1), **kind) ** (1 / 3) * directions  # type: ignore[call-overload, no-any-return]
