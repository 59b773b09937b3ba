"""The emitted GPU kernels that sum over neighbours, executed on small arrays of symbols by groups of threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ..bsplines import DEGREES
from ..catalogue import Pair
from ..execution import EmittedModule
from .emitted_convolutions import (
    BASES,
    EDGES,
    END,
    INDICES,
    INDPTR,
    NODES,
    PARTICLES,
    SCALE,
    WALKERS,
    Table,
    all_pairs,
    edge_places,
    fields_array,
    graph_arrays,
    pair_places,
    positions_array,
    radial_array,
    summed,
    table_array,
    table_world,
    unmixed,
)
from .emitted_kernels import kernel_differences
from .emitted_loops import symbols_array
from .proof import ProofError
from .stand_ins import StandIns, argument
from .thread_blocks import WARP


class Sharing(NamedTuple):
    """How threads share the channels and edges of a receiver: 2^wide across vectors, 2^long edges at once."""

    channels: int
    width: int
    wide: int
    long: int
    block: int  # threads of one

    @property
    def lanes(self) -> tuple[int, ...]:
        return (0,) * self.width

    @property
    def parts(self) -> int:
        """So many groups have the channels between them."""
        return -(-self.channels // (self.width << self.wide))

    @property
    def plan(self) -> tuple[int, int, int]:
        return self.wide, self.long, self.parts

    def threads(self, receivers: int) -> tuple[int, int]:
        """Those that receivers need, and those of a block."""
        return receivers * self.parts << self.wide + self.long, self.block


#: Of three edges a group takes two at once and one is left over, in the second with the frames of two, then of one;
#: in the third with more at once than there are, and a tree of three steps; three channels leave one of the last two
#: threads across without one; blocks hold two groups, or one.
SHARINGS = (Sharing(4, 2, 0, 1, 4), Sharing(3, 1, 1, 1, 8), Sharing(2, 1, 0, 3, 8))
#: For the pair with the fewest terms: edges one by one, by two threads with three parts, by each thread, or by four of
#: which one is idle; vectors of four channels, one edge at once or four; no more threads in a block than in a group.
MORE_SHARINGS = (
    Sharing(5, 1, 1, 0, 4),
    Sharing(8, 4, 0, 0, 2),
    Sharing(4, 4, 0, 2, 4),
    Sharing(6, 2, 2, 0, 8),
    Sharing(5, 1, 0, 0, 3),
)
#: Whether edges have weights and vectors are taken as they are, case by case.
HOW = ((True, False), (False, True), (True, True), (False, False))
#: For even and odd numbers of channels: whether a particle is its own neighbour, and functions of the radial basis.
LOOPS, FUNCTIONS = (False, True), (3, 9)


def group_residuals(pair: Pair, module: EmittedModule, sharings: Sequence[Sharing] = SHARINGS) -> tuple[int, ...]:
    """Computed minus defined, for every element that the pair's sums over neighbours write."""
    kinds = (_streamed, _tabulated, _mixing, _walkers)
    cases = [_Case(pair, module, *case) for case in zip(sharings, cycle(HOW), cycle(DEGREES), strict=False)]
    return tuple(r for case in cases for kind in kinds for r in kind(case))


class _Case:
    """A pair's kernels, run by threads that share as the case has it."""

    def __init__(
        self, pair: Pair, module: EmittedModule, sharing: Sharing, how: tuple[bool, bool], degree: int
    ) -> None:
        self.pair, self.module, self.sharing, self.degree = pair, module, sharing, degree
        self.weighted, self.solid = how
        self.functions = StandIns(pair, module).functions
        self.graph = (np.array(INDPTR), np.array(INDICES))

    def weights(self, *shape: int) -> tuple[np.ndarray | None, np.ndarray]:
        """As they are defined, and as a kernel is given them: without elements there are none."""
        weights = symbols_array("w", *shape) if self.weighted else None
        return weights, np.empty((0,) * len(shape), dtype=object) if weights is None else weights

    def compared(
        self, name: str, receivers: int, arguments: Sequence[Any], wanted: np.ndarray, **world: Any
    ) -> list[int]:
        threads = self.sharing.threads(receivers)
        name = f"{name}_{self.pair.key}"
        return kernel_differences(self.module, {**self.functions, **world}, name, threads, arguments, wanted)


def _streamed(case: _Case) -> Iterator[int]:
    vectors, fields, _ = graph_arrays(case.pair, case.sharing.channels)
    radial, (weights, given) = radial_array(case.pair, case.sharing.channels), case.weights(EDGES)
    wanted = summed(case.pair, argument(vectors, case.solid), radial, fields, weights)
    first = (case.sharing.lanes, case.sharing.plan, case.solid)
    yield from case.compared("_convolve_rows", NODES, (*first, *case.graph, vectors, radial, fields, given), wanted)


def _tabulated(case: _Case) -> Iterator[int]:
    vectors, fields, _ = graph_arrays(case.pair, case.sharing.channels)
    places, (weights, given) = edge_places(vectors), case.weights(EDGES)
    radial = table_array(case.pair, case.degree, places, vectors, case.sharing.channels)
    wanted = summed(case.pair, argument(vectors, case.solid), radial, fields, weights)
    first = (case.sharing.lanes, case.sharing.plan, case.solid, (0,) * (case.degree + 1))
    arguments = (*first, *case.graph, vectors, Table(case.degree), SCALE, END, fields, given)
    yield from case.compared("_tabulated_rows", NODES, arguments, wanted, **in_shared_memory(table_world(places)))


def _walkers(case: _Case) -> Iterator[int]:
    positions, fields = positions_array(), fields_array(case.pair, case.sharing.channels, WALKERS, PARTICLES)
    places, (weights, given) = pair_places(positions), case.weights(WALKERS, PARTICLES)
    loops = LOOPS[case.sharing.channels % 2]
    wanted = all_pairs(case.pair, positions, case.degree, places, fields, weights, loops, case.solid)
    first = (case.sharing.lanes, case.sharing.plan, case.solid, (0,) * (case.degree + 1), loops)
    arguments = (*first, positions, Table(case.degree), SCALE, END, fields, given)
    yield from case.compared(
        "_walkers", WALKERS * PARTICLES, arguments, wanted, **in_shared_memory(table_world(places))
    )


def _mixing(case: _Case) -> Iterator[int]:
    """Of some receivers: groups across the channels alone, one for each thread; more functions than are summed at once."""
    sharing = case.sharing._replace(width=1, long=0)
    vectors, fields, _ = graph_arrays(case.pair, sharing.channels)
    base, (weights, given) = BASES[sharing.channels % 2], case.weights(EDGES)
    basis = symbols_array("b", EDGES, FUNCTIONS[sharing.channels % 2])
    wanted = unmixed(case.pair, argument(vectors, case.solid), basis, fields, weights)[base : base + 2]
    arguments = (sharing.plan, case.solid, base, *case.graph, vectors, basis, fields, given)
    mixing = _Case(case.pair, case.module, sharing, (case.weighted, case.solid), case.degree)
    yield from mixing.compared("_mixing_rows", len(wanted), arguments, wanted)


def in_shared_memory(world: Mapping[str, Any]) -> dict[str, Any]:
    """As on the CPU, save that what weighs the coefficients lies in shared memory, where the kernels have put it."""

    def tabulated(splines: Any, n: int, order: tuple[int, ...], table: Any, *place: Any) -> np.ndarray:
        of = table if isinstance(table, Table) else Table(len(order) - 1)
        read: np.ndarray = world["_tabulated"](tuple(splines[q, n] for q in range(len(order))), of, *place)
        return read

    return {**world, "_tabulated": tabulated}


def wait_residuals(module: EmittedModule) -> tuple[int, ...]:
    """Whom each thread of a block waits for: the threads of its group, by their places in its warp; for all groups."""
    threads, masks = module.numbers(ENABLE_CUDASIM=False)["_THREADS"], list[int]()
    wait = module.function("_wait", cuda=SimpleNamespace(syncwarp=masks.append), **module.numbers(ENABLE_CUDASIM=False))
    cases = [(slot, group) for group in (1, 2, 4, 8, 16, WARP) for slot in range(threads)]
    for slot, group in cases:
        wait(slot, slot % group, group)
        base = slot - slot % group
        if (base // WARP, (base + group - 1) // WARP) != (slot // WARP, slot // WARP):
            raise ProofError(f"{module.name}: a group of {group} does not lie within one warp")
        if masks != [sum(1 << thread % WARP for thread in range(base, base + group))]:
            raise ProofError(f"{module.name}: of {group}, thread {slot} waits for {masks}")
        masks.clear()
    return (0,) * len(cases)
