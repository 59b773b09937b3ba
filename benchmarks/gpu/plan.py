"""What is measured, the most wanted rows first: the machine may be taken away at any time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.gpu.names import BACKWARD, COMPILED, PEERS, STREAMED, TORCH, WALKERS

RANDOM, FLUID, ALL_PAIRS = "random", "fluid", "all pairs"
DTYPES = ("float32", "float64")
L_OUT = (1, 0, 2)


@dataclass(frozen=True)
class Sizes:
    """Nodes and neighbours of graphs; walkers and particles."""

    nodes: int = 50_000
    neighbours: int = 48
    channels: tuple[int, ...] = (64, 128)
    walkers: int = 65_536
    particles: int = 16
    walker_channels: int = 32


QUICK = Sizes(nodes=300, neighbours=12, channels=(32,), walkers=64, particles=4, walker_channels=32)


@dataclass(frozen=True)
class Spec:
    """One row: a product of a workload, at one size, in one precision."""

    workload: str
    graph: str
    l_out: int
    dtype: str
    channels: int

    @property
    def name(self) -> str:
        return f"{self.workload} 1→{self.l_out} {self.dtype} C={self.channels} {self.graph}"


def rows(sizes: Sizes, only: Sequence[str]) -> list[Spec]:
    """Those of the workloads `only`."""
    return [spec for spec in _all(sizes) if spec.workload in only]


def _all(sizes: Sizes) -> Iterator[Spec]:
    products = [(l_out, dtype) for l_out in L_OUT for dtype in DTYPES]
    few, *more = sizes.channels
    for l_out, dtype in products:
        yield Spec(STREAMED, RANDOM, l_out, dtype, few)
    for l_out, dtype in products:
        yield Spec(WALKERS, ALL_PAIRS, l_out, dtype, sizes.walker_channels)
    for l_out, dtype in products:
        yield Spec(BACKWARD, RANDOM, l_out, dtype, few)
    for channels in sizes.channels:
        for l_out, dtype in products:
            yield Spec(STREAMED, FLUID, l_out, dtype, channels)
    for channels in more:
        for l_out, dtype in products:
            yield Spec(STREAMED, RANDOM, l_out, dtype, channels)


def peers_of(spec: Spec, wanted: Sequence[str], on_fluid: Sequence[str]) -> list[str]:
    """The peers of a row, in the order of their table."""
    chosen = on_fluid if spec.graph == FLUID else wanted
    return [name for name in PEERS if name in chosen and not _left_out(spec, name)]


def _left_out(spec: Spec, peer: str) -> bool:
    if peer == COMPILED:
        return spec.l_out != 1 or spec.channels > 64 or (spec.workload != STREAMED and spec.dtype != DTYPES[0])
    return peer == TORCH and spec.channels > 64
