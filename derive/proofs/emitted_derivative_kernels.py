"""The emitted GPU kernels of derivatives, executed on small arrays of symbols, thread by thread."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..catalogue import Pair
from ..derivative_text import DerivativeText, derivatives_text
from ..execution import EmittedModule
from .emitted_convolutions import EDGES, INDICES, INDPTR, NODES, RECEIVERS, zeros
from .emitted_derivative_loops import CASES, GRAPH, ORDER, STARTS, LoopCase, SmallGraph, Streamed
from .emitted_groups import Sharing
from .emitted_kernels import kernel_differences, run_differences
from .emitted_loops import symbols_array
from .thread_blocks import Device, Target, left_out

#: Threads of a block.
THREADS = 8
#: What belongs to edges, and its dimensions.
OF_EDGES = {"vectors": 2, "radial": 3, "weights": 1}
DIMENSIONS = {**OF_EDGES, "features": 3}
#: What the cotangents of features do not depend on, as the kernels are linear in it.
FEATURES = ("features", "d_features")


class KernelCase(NamedTuple):
    """How the kernels are executed: how threads share, and which of an edge's cotangents are asked for."""

    loop: LoopCase
    sharing: Sharing
    asked: tuple[tuple[str, ...], ...]
    graph: SmallGraph = GRAPH


WHOLE = (tuple(OF_EDGES),)
#: As many edges as a group takes at once, from one node to another: each of its threads has something to add.
FAN = SmallGraph((0, 4, 4), (1, 1, 1, 1))
#: Two threads for each of two edges, which have all channels in two steps; vectors of two; eight threads of which three
#: have no channel; vectors of four, with four edges at once.  No weights, or no tangents but that of features.
KERNEL_CASES = (
    KernelCase(CASES[0], Sharing(4, 1, 1, 1, THREADS), WHOLE),
    KernelCase(CASES[1], Sharing(4, 2, 1, 0, THREADS), WHOLE),
    KernelCase(CASES[2], Sharing(5, 1, 3, 0, THREADS), WHOLE),
    KernelCase(
        CASES[3]._replace(weighted=True), Sharing(4, 4, 0, 2, THREADS), tuple((name,) for name in OF_EDGES), FAN
    ),
)


class OnGpu(Streamed):
    """The same arrays, and the same expected results, for functions that are called by keyword."""

    @property
    def world(self) -> Mapping[str, Any]:
        return {**super().world, **{f.name: self._channel(f) for f in self.texts.channels}}

    def _channel(self, f: DerivativeText) -> Callable[..., Any]:
        signature = inspect.signature(self.module.function(f.name))

        def call(*arguments: Any, **named: Any) -> tuple[Any, ...]:
            k, edge, *numbers = signature.bind(*arguments, **named).args
            counts = (len(edge), len(numbers))
            if k is not self.module.constants or counts != (len(f.carried), len(f.inputs) + len(f.summed)):
                raise TypeError(f"{f.name} does not take these arguments")
            width = max(len(n) for n in numbers if isinstance(n, np.ndarray))
            lanes = [n if isinstance(n, np.ndarray) else [n] * width for n in numbers]
            by_lane = [self.values(f, edge, list(lane)) for lane in zip(*lanes, strict=True)]
            return tuple(np.array(values, dtype=object) for values in zip(*by_lane, strict=True))

        return call

    def values(self, f: DerivativeText, edge: Sequence[Any], numbers: Sequence[Any]) -> list[Any]:
        """Of the cotangents of features it is used that they do not depend on features."""
        roles = [p.role for p in f.inputs]
        without = [0 if role in FEATURES else n for role, n in zip(roles, numbers, strict=False)]
        every = self.opaque.results(f, edge, numbers)
        of_features = self.opaque.results(f, edge, [*without, *numbers[len(without) :]])
        return [
            theirs if r.role.endswith("bar_features") else ours
            for r, ours, theirs in zip(f.results, every, of_features, strict=True)
        ]

    # What the kernels are given.

    @cached_property
    def read(self) -> dict[str, np.ndarray]:
        """By name; what is left out has no elements."""
        own = {"vectors": self.vectors, "radial": self.radial, "features": self.features, "weights": self.weights}
        every = {**own, **{f"d_{name}": array for name, array in self.tangents.items()}}
        return {n: left_out(DIMENSIONS[n.removeprefix("d_")]) if a is None else a for n, a in every.items()}

    def arrays(self, *names: str) -> list[np.ndarray]:
        return [self.read[name] for name in names]


def derivative_kernel_residuals(
    pair: Pair, module: EmittedModule, cases: Sequence[KernelCase] = KERNEL_CASES
) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the pair's kernels write."""
    kinds: tuple[Kind, ...] = (_by_edge, _by_sender, _by_receiver)
    kernels = (
        r
        for case in cases
        for s in [OnGpu(pair, module, case.loop, case.graph)]
        for kind in kinds
        for r in kind(s, case)
    )
    return (*_independent(pair, module), *kernels)


Kind = Callable[[OnGpu, KernelCase], Iterator[Any]]


class _Inputs(frozenset[str]):
    """The names that a value is computed from, in place of the value."""

    def _with(self, other: Any) -> _Inputs:
        return _Inputs(self | other) if isinstance(other, _Inputs) else self

    def __neg__(self) -> _Inputs:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _with


def _independent(pair: Pair, module: EmittedModule) -> Iterator[int]:
    """From how many components of features the cotangents of features are computed: none."""
    texts = derivatives_text(pair)
    for f in (texts.vjp, texts.hvp):
        edge = (_Inputs(),) * len(f.carried)
        inputs = [_Inputs({p.role} & {*FEATURES}) for p in f.inputs]
        found = module.run(f.name, module.constants, edge, *inputs, *(_Inputs() for _ in f.summed))
        yield from (len(value) for r, value in zip(f.results, found, strict=True) if r.role.endswith("bar_features"))


def _by_edge(s: OnGpu, case: KernelCase) -> Iterator[Any]:
    moving = ("d_vectors", "d_radial", "d_features", "d_weights")
    plan = (*case.sharing.plan[:2], 1)  # threads have all channels of their edges, one part after the other
    threads = (s.graph.nodes << sum(plan[:2]), THREADS)
    for f, prefix, tangents in ((s.texts.vjp, "", ()), (s.texts.hvp, "d_", moving)):
        wanted = s.cotangents(f, prefix)
        head = (case.sharing.lanes, plan, not s.case.solid, np.array(s.graph.indptr), np.array(s.indices))
        given = (*head, *s.arrays(*OF_EDGES_READ), s.seeds, *s.arrays(*tangents))
        for asked in case.asked:
            kept = {n: wanted[n] for n in OF_EDGES if n in asked and n in wanted}
            yield from launched(s.module, s.world, f"_{f.kind}_edges_{s.pair.key}", threads, given, OF_EDGES, kept)


#: What a thread of an edge reads besides cotangents.
OF_EDGES_READ = ("vectors", "radial", "features", "weights")


def _by_sender(s: OnGpu, case: KernelCase) -> Iterator[Any]:
    moving = ("d_vectors", "d_radial", "d_weights")
    order = s.graph.order
    receivers = np.array([s.receivers[e] for e in order])
    head = (case.sharing.lanes, case.sharing.plan, not s.case.solid)
    for f, prefix, tangents in ((s.texts.vjp, "", ()), (s.texts.hvp, "d_", moving)):
        wanted = {"features": s.cotangents(f, prefix)["features"]}
        graph = (*head, np.array(s.graph.starts), receivers, np.array(order))
        given = (*graph, *s.arrays("vectors", "radial", "weights"), s.seeds, *s.arrays(*tangents))
        name = f"_{f.kind}_senders_{s.pair.key}"
        yield from launched(s.module, s.world, name, case.sharing.threads(s.graph.nodes), given, ("features",), wanted)


def _by_receiver(s: OnGpu, case: KernelCase) -> Iterator[Any]:
    head = (case.sharing.lanes, case.sharing.plan, not s.case.solid)
    given = (*head, np.array(s.graph.indptr), np.array(s.indices), *s.read.values())
    wanted, name = s.outputs(), f"_jvp_rows_{s.pair.key}"
    yield from launched(s.module, s.world, name, case.sharing.threads(s.graph.nodes), given, tuple(wanted), wanted)


def launched(
    module: EmittedModule,
    world: Mapping[str, Any],
    name: str,
    threads: tuple[int, int],
    given: Sequence[Any],
    names: Sequence[str] | Mapping[str, int],
    wanted: Mapping[str, np.ndarray],
) -> Iterator[Any]:
    """A kernel with several results, less what they should be; `threads` are those that it needs and those of a block.

    As many blocks must write each element once; one more must write nothing.
    """
    needed, together = threads
    targets = {n: Target(a.shape) for n, a in wanted.items()}
    arguments = (*given, *(targets[n] if n in targets else left_out(DIMENSIONS[n]) for n in names))
    results = {f"{name}, {n}": (target, wanted[n]) for n, target in targets.items()}
    yield from run_differences(module, world, name, needed, Device(together), arguments, results)


# --- kernels that no pair has of its own ---------------------------------------------------------------

#: Rows that are broadcast along the second of three dimensions, and how many of their repeats a thread adds.
REPEATED, PART = (2, 3, 2), 2


def helper_kernel_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Sums over the edges of nodes, numbers, repeats and sums over repeats."""
    vectors = symbols_array("v", EDGES, 3)
    of_nodes = zeros(NODES, 3)
    for e, (i, j) in enumerate(zip(RECEIVERS, INDICES, strict=True)):
        of_nodes[i] += vectors[e]
        of_nodes[j] -= vectors[e]
    lead, (a, b, c) = (4, 2), REPEATED
    source = symbols_array("s", *lead)
    repeated = np.array([source[x * c + z] for x in range(a) for _ in range(b) for z in range(c)])
    values = symbols_array("t", a * b * c, 2)
    by_place = values.reshape(*REPEATED, 2)
    parts = [by_place[:, first : first + PART].sum(axis=1) for first in range(0, b, PART)]
    sums = np.stack(parts, axis=2).reshape(a * c, len(parts), 2)
    own, whole = (a, 1, c), (b * c, c, 1)
    calls: tuple[tuple[str, tuple[Any, ...], np.ndarray], ...] = (
        ("_count_up", (), np.arange(5)),
        ("_sum_nodes", (np.array(INDPTR), np.array(STARTS), np.array(ORDER), vectors), of_nodes),
        ("_repeat", (REPEATED, (c, 0, 1), source), repeated),
        ("_sum_repeats", (own, whole, (1, b, 1), whole, b, values), sums),
    )
    world = {"_PART": PART}
    return tuple(
        r
        for name, given, wanted in calls
        for r in kernel_differences(module, world, name, (wanted.size, THREADS), given, wanted)
    )
