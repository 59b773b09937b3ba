"""The Cartesian formula in torch, eager and under torch.compile."""

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.contestant import Contestant
from benchmarks.peers.cartesian import message
from benchmarks.workload import Workload

Layer = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


def eager(work: Workload, threads: int) -> Contestant:
    return _contestant(work, threads, _layer(work.l_out))


def compiled(work: Workload, threads: int) -> Contestant:
    """Compiled for exactly these shapes: `dynamic=False` is the faster choice for torch."""
    return _contestant(work, threads, torch.compile(_layer(work.l_out), fullgraph=True, dynamic=False))


def _layer(l_out: int) -> Layer:
    def layer(senders: Tensor, receivers: Tensor, vectors: Tensor, radial: Tensor, features: Tensor) -> Tensor:
        """(E,), (E,), (E, 3), (E, P, C), (N, 3, C) -> (N, 2 l_out + 1, C)."""
        units = vectors / torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        sent = features.index_select(0, senders)
        messages = torch.stack(message(l_out, units[:, :, None].unbind(1), sent.unbind(1), radial.unbind(1)), dim=1)
        out = messages.new_zeros((features.shape[0], *messages.shape[1:]))
        return out.index_add_(0, receivers, messages)

    return layer


def _contestant(work: Workload, threads: int, layer: Layer) -> Contestant:
    torch.set_num_threads(threads)
    arrays = (work.indices, work.receivers, work.vectors, work.radial, work.features)
    arguments = [torch.from_numpy(array) for array in arrays]

    def run() -> Tensor:
        with torch.inference_mode():
            return layer(*arguments)

    return Contestant(run, answer=lambda result: result.numpy())
