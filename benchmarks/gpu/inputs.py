"""What a row computes on: random signed numbers, never zeros, made on the device."""

from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.gpu.graphs import DeviceGraph, fluid_graph, random_graph
from benchmarks.gpu.names import WALKERS
from benchmarks.gpu.plan import FLUID, Sizes, Spec
from benchmarks.inputs.graph import PATHS


@dataclass(frozen=True)
class Streamed:
    """Of streamed and of backward; the latter has cotangents of the output."""

    l_out: int
    graph: DeviceGraph
    radial: Tensor  # (E, P, C)
    features: Tensor  # (N, 3, C)
    cotangents: Tensor | None = None  # (N, 2 l_out + 1, C)

    @property
    def output_shape(self) -> tuple[int, int, int]:
        return self.graph.nodes, 2 * self.l_out + 1, self.features.shape[2]


@dataclass(frozen=True)
class Walkers:
    """Coefficients are those of a spline that stands for a radial network, as in the benchmark of the CPU."""

    l_out: int
    positions: Tensor  # (B, A, 3)
    coefficients: Tensor  # (M + degree, P, C)
    cutoff: float
    degree: int
    features: Tensor  # (B, A, 3, C)

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        walkers, particles, _, channels = self.features.shape
        return walkers, particles, 2 * self.l_out + 1, channels


Inputs = Streamed | Walkers


def make(spec: Spec, sizes: Sizes, device: str, seed: int, backward: bool = False) -> Inputs:
    """The inputs of a row; `backward`: with cotangents."""
    if spec.workload == WALKERS:
        return _walkers(spec, sizes, device, seed)
    generator = torch.Generator(device).manual_seed(seed)
    dtype = getattr(torch, spec.dtype)
    if spec.graph == FLUID:
        graph = fluid_graph(sizes.nodes, sizes.neighbours, spec.dtype, seed, device)
    else:
        graph = random_graph(sizes.nodes, sizes.neighbours, dtype, generator)
    shapes = [
        (graph.edges, len(PATHS[spec.l_out]), spec.channels),
        (graph.nodes, 3, spec.channels),
        (graph.nodes, 2 * spec.l_out + 1, spec.channels),
    ][: 3 if backward else 2]
    arrays = [torch.randn(shape, generator=generator, device=device, dtype=dtype) for shape in shapes]
    return Streamed(spec.l_out, graph, *arrays)


def _walkers(spec: Spec, sizes: Sizes, device: str, seed: int) -> Walkers:
    from benchmarks.inputs.radial import radial_functions

    _, table = radial_functions(spec.l_out, spec.channels, spec.dtype, seed)
    generator = torch.Generator(device).manual_seed(seed)
    dtype, shape = getattr(torch, spec.dtype), (sizes.walkers, sizes.particles, 3)
    return Walkers(
        spec.l_out,
        torch.randn(shape, generator=generator, device=device, dtype=dtype),
        torch.from_numpy(table.coefficients.copy()).to(device),
        table.cutoff,
        table.degree,
        torch.randn((*shape, spec.channels), generator=generator, device=device, dtype=dtype),
    )
