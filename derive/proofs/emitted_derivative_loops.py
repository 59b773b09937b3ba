"""The emitted loops of derivatives, executed on small arrays of symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..catalogue import Pair
from ..derivative_text import DerivativeText, derivatives_text
from ..execution import EmittedModule
from ..lowering import lower_apply
from ..polynomials import ZERO
from .emitted_convolutions import EDGES, INDICES, INDPTR, NODES, RECEIVERS, fields_array, zeros
from .emitted_loops import SIZES, Size, compared, symbols_array
from .opaque import Opaque, world_of
from .stand_ins import function_names


class SmallGraph(NamedTuple):
    """Edges by receiver, and by sender: of each where they begin, and their numbers."""

    indptr: tuple[int, ...]
    indices: tuple[int, ...]

    @property
    def nodes(self) -> int:
        return len(self.indptr) - 1

    @property
    def edges(self) -> int:
        return len(self.indices)

    @property
    def receivers(self) -> tuple[int, ...]:
        return tuple(i for i in range(self.nodes) for _ in range(self.indptr[i], self.indptr[i + 1]))

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(sorted(range(self.edges), key=lambda e: (self.indices[e], e)))

    @property
    def starts(self) -> tuple[int, ...]:
        return tuple(sum(j < s for j in self.indices) for s in range(self.nodes + 1))


GRAPH = SmallGraph(INDPTR, INDICES)
ORDER, STARTS = GRAPH.order, GRAPH.starts
#: What is done for all rows, for the first, and for the others.
RANGES = ((0, NODES), (0, 1), (1, NODES))


class LoopCase(NamedTuple):
    """How a loop is executed: whether there are weights, solid harmonics, tangents and all targets."""

    size: Size
    block: int
    weighted: bool
    solid: bool
    whole: bool
    aligned: bool | None


CASES = (
    LoopCase(SIZES[0], 1, True, False, True, None),
    LoopCase(SIZES[1], 2, False, True, True, None),
    LoopCase(SIZES[2], 2, True, False, True, True),
    LoopCase(SIZES[3], 1, False, False, False, True),
)


class Streamed:
    """Arrays of one case, and what the loops should make of them."""

    def __init__(self, pair: Pair, module: EmittedModule, case: LoopCase, graph: SmallGraph = GRAPH) -> None:
        self.pair, self.module, self.case, self.graph = pair, module, case, graph
        self.texts, self.opaque = derivatives_text(pair), Opaque(module)
        self._results: dict[tuple[str, int, int], dict[tuple[str, int], Any]] = {}
        self.indices: Sequence[int] = graph.indices
        self.receivers: Sequence[int] = graph.receivers
        channels, edges = case.size.channels, graph.edges
        self.vectors, self.radial = symbols_array("v", edges, 3), symbols_array("p", edges, len(pair.paths), channels)
        self.features = fields_array(pair, channels, graph.nodes)
        self.weights = symbols_array("w", edges) if case.weighted else None
        self.seeds = symbols_array("g", graph.nodes, 2 * pair.l_out + 1, channels)
        self.tangents = {
            "vectors": symbols_array("dv", edges, 3) if case.whole else None,
            "radial": symbols_array("dp", *self.radial.shape) if case.whole else None,
            "features": symbols_array("df", *self.features.shape),
            "weights": symbols_array("dw", edges) if case.weighted and case.whole else None,
        }

    @property
    def world(self) -> Mapping[str, Any]:
        name, _ = function_names("apply", self.pair, self.module)
        edge = (name, len(lower_apply(self.pair).carried))
        sizes = {"_BLOCK": self.case.block, "_BUCKETS": 2, "_SENDER_BYTES": self.features[: self.case.block].nbytes}
        return {**world_of(self.pair, self.module, self.opaque, edge), **sizes}

    # What depends on the edge.

    def direction(self, e: int) -> tuple[Any, ...]:
        return self.opaque.values("_direction", 4, self.case.solid, *self.vectors[e])

    def move(self, e: int) -> tuple[Any, ...]:
        tangent = self.tangents["vectors"]
        if tangent is None:
            return (0, 0, 0)
        return self.opaque.values("_moved", 3, self.case.solid, *self.direction(e), *tangent[e])

    def edge(self, f: DerivativeText, e: int) -> tuple[Any, ...]:
        unit = self.direction(e)[:3]
        if f.kind == "vjp":
            carried = [s.name for s in lower_apply(self.pair).carried]
            name, _ = function_names("apply", self.pair, self.module)
            values = self.opaque.values(name, len(carried), *unit)
            return tuple(values[carried.index(n)] for n in f.carried)
        return self.opaque.values(f"_{f.kind}_values_{self.pair.key}", len(f.carried), *unit, *self.move(e))

    # What depends on the channel.

    def arguments(self, f: DerivativeText, e: int, c: int) -> list[Any]:
        j, i = self.indices[e], self.receivers[e]

        def read(array: Any, *place: Any) -> Any:
            return 0 if array is None else array[place]

        place = {
            "weight": lambda n: 1 if self.weights is None else self.weights[e],
            "radial": lambda n: self.radial[e, n, c],
            "features": lambda n: self.features[j, n, c],
            "cotangents": lambda n: self.seeds[i, n, c],
            "d_weight": lambda n: read(self.tangents["weights"], e),
            "d_radial": lambda n: read(self.tangents["radial"], e, n, c),
            "d_features": lambda n: read(self.tangents["features"], j, n, c),
        }
        return [place[p.role](p.index) for p in f.inputs]

    def results(self, f: DerivativeText, e: int, c: int) -> dict[tuple[str, int], Any]:
        """What the function returns for an edge and a channel, by role and place; once, as all targets are sums of it."""
        if (f.kind, e, c) not in self._results:
            values = self.values(f, self.edge(f, e), self.arguments(f, e, c))
            self._results[f.kind, e, c] = {(r.role, r.index): v for r, v in zip(f.results, values, strict=True)}
        return self._results[f.kind, e, c]

    def values(self, f: DerivativeText, edge: Sequence[Any], numbers: Sequence[Any]) -> list[Any]:
        """What a channel function returns."""
        return self.opaque.results(f, edge, numbers)

    def over_channels(self, f: DerivativeText, role: str, e: int) -> list[Any]:
        count = sum(r.role == role for r in f.results)
        lanes = [self.results(f, e, c) for c in range(self.case.size.channels)]
        return [sum((lane[role, n] for lane in lanes), ZERO) for n in range(count)]

    # What the loops should write.

    def vectors_of_vjp(self, e: int) -> tuple[Any, ...]:
        unit, bars = self.direction(e), self.over_channels(self.texts.vjp, "bar_root", e)
        ends = self.opaque.values(f"_vjp_edge_{self.pair.key}", 3, *unit[:3], *bars)
        return self.opaque.values("_moved", 3, self.case.solid, *unit, *ends)

    def vectors_of_hvp(self, e: int) -> tuple[Any, ...]:
        f, unit = self.texts.hvp, self.direction(e)
        bars, d_bars = (self.over_channels(f, role, e) for role in ("bar_root", "d_bar_root"))
        ends = self.opaque.values(f"_hvp_edge_{self.pair.key}", 6, *unit[:3], *self.move(e), *bars, *d_bars)
        if self.case.solid:
            return ends[3:]
        tangent = self.tangents["vectors"]
        if tangent is None:
            return self.opaque.values("_project", 3, *unit, *ends[3:])
        return self.opaque.values("_project_tangent", 3, *unit, *ends[:3], *tangent[e], *ends[3:])

    def cotangents(self, f: DerivativeText, prefix: str) -> dict[str, np.ndarray]:
        """By target: for each edge, or for each sender the sum over its edges."""
        found = {name: zeros(*a.shape) for name, a in self.shapes().items()}
        vectors = self.vectors_of_vjp if f.kind == "vjp" else self.vectors_of_hvp
        for e, j in enumerate(self.indices):
            found["vectors"][e] = vectors(e)
            for c in range(self.case.size.channels):
                values = self.results(f, e, c)
                for p in range(found["radial"].shape[1]):
                    found["radial"][e, p, c] = values[f"{prefix}bar_radial", p]
                for b in range(found["features"].shape[1]):
                    found["features"][j, b, c] += values[f"{prefix}bar_features", b]
            if self.weights is not None:
                found["weights"][e] = self.over_channels(f, f"{prefix}bar_weight", e)[0]
        return found

    def outputs(self) -> dict[str, np.ndarray]:
        """The output and its tangent: for each receiver the sum over its edges."""
        f, (nodes, n_out, channels) = self.texts.jvp, self.seeds.shape
        found = {role: zeros(nodes, n_out, channels) for role in ("out", "d_out")}
        for (e, i), c in product(enumerate(self.receivers), range(channels)):
            values = self.results(f, e, c)
            for role, a in product(found, range(n_out)):
                found[role][i, a, c] += values[role, a]
        return found

    def shapes(self) -> dict[str, np.ndarray]:
        own = {"vectors": self.vectors, "radial": self.radial, "features": self.features}
        return own if self.weights is None else {**own, "weights": self.weights}


def derivative_loop_residuals(pair: Pair, module: EmittedModule, cases: Sequence[LoopCase] = CASES) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the pair's loops over edges write."""
    return tuple(r for case in cases for kind in (_vjp, _jvp, _hvp) for r in kind(Streamed(pair, module, case)))


def _vjp(s: Streamed) -> Iterator[Any]:
    arrays = (s.vectors, s.radial, s.features, s.weights, s.seeds)
    wanted = s.cotangents(s.texts.vjp, "")
    yield from _by_sender(s, "_vjp_rows", arrays, wanted)
    yield from _by_sender(s, "_vjp_ordered", arrays, wanted)


def _hvp(s: Streamed) -> Iterator[Any]:
    arrays = (s.vectors, s.radial, s.features, s.weights, s.seeds, *s.tangents.values())
    yield from _by_sender(s, "_hvp_rows", arrays, s.cotangents(s.texts.hvp, "d_"))


def _by_sender(s: Streamed, name: str, arrays: Sequence[Any], wanted: Mapping[str, np.ndarray]) -> Iterator[Any]:
    """A loop over senders: it must write what belongs to its senders and to their edges, and nothing else."""
    name, case = f"{name}_{s.pair.key}", s.case
    kept = wanted if case.whole else {"features": wanted["features"]}
    order, receivers = np.array(ORDER), np.array([RECEIVERS[e] for e in ORDER])
    for start, stop in RANGES:
        targets = {n: symbols_array(f"untouched_{n}", *a.shape) for n, a in kept.items()}
        whole = {n: a.copy() for n, a in targets.items()}
        for n, own in whole.items():
            rows = [j for j in range(NODES) if start <= j < stop]
            places = rows if n == "features" else [e for e in range(EDGES) if INDICES[e] in rows]
            own[places] = wanted[n][places]
        given = [targets.get(n) for n in ("vectors", "radial", "features", "weights")]
        steps = (*case.size.steps, case.solid, case.aligned)
        module = s.module
        module.run(name, start, stop, module.constants, *steps, STARTS, receivers, order, *arrays, *given, **s.world)
        for n, own in whole.items():
            yield from compared(f"{module.name}: {name}, {n}", targets[n], own)


def _jvp(s: Streamed) -> Iterator[Any]:
    case, module, name, wanted = s.case, s.module, f"_jvp_rows_{s.pair.key}", s.outputs()
    for start, stop in RANGES:
        targets = {role: symbols_array(f"untouched_{role}", *a.shape) for role, a in wanted.items()}
        whole = {role: a.copy() for role, a in targets.items()}
        arrays = (INDPTR, np.array(INDICES), s.vectors, s.radial, s.features, s.weights, *s.tangents.values())
        steps = (*case.size.steps, case.solid)
        module.run(name, start, stop, module.constants, *steps, *arrays, *targets.values(), **s.world)
        for role, own in whole.items():
            own[start:stop] = wanted[role][start:stop]
            yield from compared(f"{module.name}: {name}, {role}", targets[role], own)
