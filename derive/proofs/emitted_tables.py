"""Derivatives of sums whose radial functions are read from a table, and the forward Laplacian: public functions on symbols.

As in :mod:`opaque`, every value of a scalar function is a symbol of its own, and so is what is read from the table with
given weights.  Executed are the public functions as a whole, cut between two threads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..bsplines import DEGREES
from ..catalogue import Pair
from ..derivative_text import DerivativeText, LaplacianText, derivatives_text, laplacian_text
from ..execution import EmittedModule
from ..lowering import lower_apply, lower_kernel
from ..polynomials import ZERO, Polynomial, root
from .emitted_convolutions import (
    EDGE_PLACES,
    EDGES,
    END,
    INDICES,
    INDPTR,
    NODES,
    PARTICLES,
    RECEIVERS,
    SCALE,
    WALKERS,
    fields_array,
    zeros,
)
from .emitted_host import _EagerPool
from .emitted_loops import compared, symbols_array
from .opaque import Opaque, world_of
from .stand_ins import function_names

#: Bytes in a vector, of which a symbol has eight, and channels: vectors of four, of which the last shares three.
VECTOR_BYTES, CHANNELS = 32, 5
#: The edge between coincident nodes.
AT_ORIGIN = 3
#: In which interval the distances of the pairs (0, 1), (0, 2), (1, 2) lie, and a particle's from itself.
PAIR_PLACES, SELF_PLACE = {(0, 1): 2, (0, 2): -1, (1, 2): 0}, 1


class Tables:
    """What is common to all: functions of the edge, of the table and of the channel, each value a symbol."""

    def __init__(self, pair: Pair, module: EmittedModule, degree: int, solid: bool) -> None:
        self.pair, self.module, self.degree, self.solid = pair, module, degree, solid
        self.texts, self.laplacian, self.opaque = derivatives_text(pair), laplacian_text(pair), Opaque(module)
        self.places: dict[Polynomial, int] = {}
        self._weighed: dict[Polynomial, tuple[tuple[Any, ...], ...]] = {}
        self.edge_name, _ = function_names("apply", pair, module)
        self.kernel_edge, self.kernel_channel = function_names("kernel", pair, module)

    def world(self) -> dict[str, Any]:
        opaque, key = self.opaque, self.pair.key
        world: dict[str, Any] = {
            **world_of(self.pair, self.module, opaque, (self.edge_name, len(lower_apply(self.pair).carried))),
            "_TABLES": {np.dtype(object): self.module.constants},
            "_VECTOR_BYTES": VECTOR_BYTES,
            "_threads": 2,
            "_INLINE_WORK": 0,
            "_BLOCK": 2,
            "_PAIRS": 2,
            "_helpers": lambda: (_EagerPool(), 1),
            "_room_for": lambda shape, dtype: np.empty(shape, dtype),
            "math": SimpleNamespace(sqrt=root, prod=math.prod),
            "_interval": self._interval,
            "_tabulated": self._tabulated,
            "_table": self._table,
            f"_add_channel_{key}": self._add_channel,
        }
        for degree, (kind, name) in product(DEGREES, (("B", "spline"), ("D", "slope"), ("H", "curvature"))):
            world[f"_{name}_{degree}"] = opaque.function(f"{kind}{degree}", degree + 1, 1)
        kernel = lower_kernel(self.pair)
        if self.kernel_edge != self.edge_name:
            world[self.kernel_edge] = opaque.function(self.kernel_edge, len(kernel.carried), 3)
        world[self.kernel_channel] = self._kernel_channel
        for text in (self.laplacian.gradient, self.laplacian.contraction):
            world[f"_{text.kind}_values_{key}"] = opaque.function(f"_{text.kind}_values", len(text.carried), 7)
            world[text.name] = opaque.channel(text)
        for j in self.laplacian.degrees:
            world[f"_radial_{j}"] = self._radial(j)
        return world

    # The table.

    def _table(self, where: str, n_paths: int, coefficients: Any, cutoff: Any, degree: int, channels: int) -> Any:
        if (cutoff, degree, channels, n_paths) != ("cutoff", self.degree, CHANNELS, len(self.pair.paths)):
            raise ValueError(f"_table is asked for {(cutoff, degree, channels, n_paths)}")
        return _Read((0,) * (degree + 1), coefficients, SCALE, END)

    def _interval(self, k: Any, u: Polynomial, end: Polynomial) -> tuple[int, Polynomial]:
        if end != END:
            raise ValueError(f"the table ends at {END}, not at {end}")
        return self.places[u], u

    def _tabulated(self, weights: Any, table: Any, s: int, p: int, c: int, lanes: Any) -> np.ndarray:
        return np.array([self.read(weights, s, p, c + n) for n in range(len(lanes))], dtype=object)

    def read(self, weights: Any, s: int, p: int, c: int) -> Polynomial:
        return self.opaque.values("read", 1, tuple(weights), s, p, c)[0]

    def length(self, vector: Any) -> Polynomial:
        """|r| in intervals, as a loop computes it."""
        return root(sum((component * SCALE) * (component * SCALE) for component in vector))

    def radial(self, vector: Any, p: int, c: int) -> tuple[Polynomial, Polynomial, Polynomial]:
        """A radial function and its first two derivatives."""
        place = self.length(vector)
        first, second, third = (self.read(w, self.places[place], p, c) for w in self._weights(place))
        return first, second, third

    def jet(self, vector: Any, p: int, c: int) -> tuple[Polynomial, Polynomial, Polynomial]:
        """The same to loops that ask for the curvature, which at r = 0 is what the slope stands for."""
        value, slope, curvature = self.radial(vector, p, c)
        return value, curvature if at_origin(vector) else slope, curvature

    def _weights(self, place: Polynomial) -> tuple[tuple[Any, ...], ...]:
        """What weighs the coefficients to give values, slopes and curvatures."""
        if place not in self._weighed:
            values, slopes, curvatures = (
                self.opaque.values(f"{k}{self.degree}", self.degree + 1, place) for k in "BDH"
            )
            scaled = tuple(SCALE * w for w in slopes), tuple(SCALE * SCALE * w for w in curvatures)
            self._weighed[place] = (values, *scaled)
        return self._weighed[place]

    # The edge.

    def direction(self, vector: Any, solid: bool) -> tuple[Any, ...]:
        return self.opaque.values("_direction", 4, solid, *vector)

    def edge(self, f: DerivativeText, vector: Any, tangent: Any = None) -> tuple[Any, ...]:
        unit = self.direction(vector, self.solid)[:3]
        if f.kind == "vjp":
            carried = [s.name for s in lower_apply(self.pair).carried]
            values = self.opaque.values(self.edge_name, len(carried), *unit)
            return tuple(values[carried.index(n)] for n in f.carried)
        return self.opaque.values(
            f"_{f.kind}_values_{self.pair.key}", len(f.carried), *unit, *self.move(vector, tangent)
        )

    def move(self, vector: Any, tangent: Any) -> tuple[Any, ...]:
        return (0, 0, 0) if tangent is None else self.moved(vector, tangent)

    def moved(self, vector: Any, u: Any) -> tuple[Any, ...]:
        return self.opaque.values("_moved", 3, self.solid, *self.direction(vector, self.solid), *u)

    def speed(self, vector: Any, tangent: Any) -> Any:
        """How fast |r| changes."""
        if tangent is None:
            return 0
        return sum((e * d for e, d in zip(self.direction(vector, False)[:3], tangent, strict=True)), ZERO)

    # The channel.

    def results(self, f: DerivativeText, edge: Any, groups: Mapping[str, Sequence[Any]]) -> dict[tuple[str, int], Any]:
        arguments = [groups[p.role][p.index] for p in f.inputs]
        values = self.opaque.results(f, edge, arguments)
        return {(r.role, r.index): v for r, v in zip(f.results, values, strict=True)}

    def forward(self, vector: Any, radial: Sequence[Any], f: Sequence[Any]) -> tuple[Polynomial, ...]:
        """`apply` at an edge."""
        unit = self.direction(vector, self.solid)[:3]
        edge = self.opaque.values(self.edge_name, len(lower_apply(self.pair).carried), *unit)
        return self.opaque.values("apply", 2 * self.pair.l_out + 1, edge, *radial, *f)

    def entries(self, vector: Any, radial: Sequence[Any]) -> np.ndarray:
        """`kernel` at an edge."""
        unit, n_out, n_in = self.direction(vector, self.solid)[:3], 2 * self.pair.l_out + 1, 2 * self.pair.l_in + 1
        edge = self.opaque.values(self.kernel_edge, len(lower_kernel(self.pair).carried), *unit)
        values = self.opaque.values("kernel", n_out * n_in, edge, *radial)
        return np.array(values, dtype=object).reshape(n_out, n_in)

    def _add_channel(self, k: Any, edge: Any, *arguments: Any) -> Any:
        n_out = 2 * self.pair.l_out + 1
        lanes = [self.opaque.values("apply", n_out, edge, *numbers) for numbers in _by_lane(arguments[n_out:])]
        return tuple(
            b + np.array(v, dtype=object) for b, v in zip(arguments[:n_out], zip(*lanes, strict=True), strict=True)
        )

    def _kernel_channel(self, k: Any, edge: Any, *arguments: Any) -> Any:
        count = (2 * self.pair.l_out + 1) * (2 * self.pair.l_in + 1)
        lanes = [self.opaque.values("kernel", count, edge, *numbers) for numbers in _by_lane(arguments)]
        return tuple(np.array(v, dtype=object) for v in zip(*lanes, strict=True))

    def _radial(self, degree: int) -> Any:
        def call(k: Any, solid: Any, s: Any, *functions: Any) -> Any:
            lanes = [self.turned(degree, solid, s, numbers) for numbers in _by_lane(functions)]
            return tuple(np.array(v, dtype=object) for v in zip(*lanes, strict=True))

        return call

    def turned(self, degree: int, solid: Any, inverse: Any, numbers: Sequence[Any]) -> tuple[Polynomial, ...]:
        """χ and the radial function of the Laplacian."""
        return self.opaque.values(f"_radial_{degree}", 2, solid, inverse, *numbers)


class _Read:
    """What `_table` makes of a table, as the functions see it."""

    def __init__(self, *parts: Any) -> None:
        self.order, self.coefficients, self.scale, self.end = self._parts = parts

    def __getitem__(self, at: Any) -> Any:
        return self._parts[at]


def _by_lane(arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
    width = max(len(a) for a in arguments if isinstance(a, np.ndarray))
    return list(zip(*(a if isinstance(a, np.ndarray) else [a] * width for a in arguments), strict=True))


class Sums:
    """Cotangents, tangents and outputs of terms K(r) f, each a receiver, a sender, a vector and the sign of odd paths."""

    def __init__(self, t: Tables, f: DerivativeText) -> None:
        self.t, self.f = t, f

    def terms(self, edge: Mapping[str, Any], directions: Sequence[Mapping[str, Any]]) -> list[list[dict[Any, Any]]]:
        """Results of the channel function, for each direction and channel."""
        values = self.t.edge(self.f, edge["vector"], edge["tangent"])
        return [
            [self.t.results(self.f, values, self._arguments(edge, d, c)) for c in range(CHANNELS)] for d in directions
        ]

    def _arguments(self, edge: Mapping[str, Any], d: Mapping[str, Any], c: int) -> dict[str, list[Any]]:
        paths = range(len(self.t.pair.paths))
        speed = self.t.speed(edge["vector"], edge["tangent"])
        table = [self.t.radial(edge["vector"], p, c) for p in paths]
        return {
            "weight": [d["weight"]],
            "radial": [d["signs"][p] * table[p][0] for p in paths],
            "features": list(d["features"][:, c]),
            "cotangents": list(d["cotangents"][:, c]),
            "d_weight": [d["d_weight"]],
            "d_radial": [d["signs"][p] * (speed * table[p][1]) for p in paths],
            "d_features": [0] * len(d["features"]) if d["d_features"] is None else list(d["d_features"][:, c]),
        }

    def vector(self, edge: Mapping[str, Any], directions: Sequence[Mapping[str, Any]], found: Any) -> list[Any]:
        """The cotangent of the vector, or its tangent."""
        t, key, r, dr = self.t, self.t.pair.key, edge["vector"], edge["tangent"]
        unit, along = t.direction(r, t.solid), t.direction(r, False)
        second = self.f.kind == "hvp"
        bars = self._over_channels(found, "bar_root")
        length, d_length = self._lengths(edge, directions, found)
        if not second:
            ends = t.opaque.values(f"_vjp_edge_{key}", 3, *unit[:3], *bars)
            return [b + e * length for b, e in zip(t.moved(r, ends), along, strict=False)]
        d_bars = self._over_channels(found, "d_bar_root")
        ends = t.opaque.values(f"_hvp_edge_{key}", 6, *unit[:3], *t.move(r, dr), *bars, *d_bars)
        bent: Sequence[Any] = ends[3:]
        if not t.solid:
            tangent = ("_project", 3, *unit, *ends[3:])
            bent = t.opaque.values(
                *(tangent if dr is None else ("_project_tangent", 3, *unit, *ends[:3], *dr, *ends[3:]))
            )
        turning = (0, 0, 0) if dr is None else dr if at_origin(r) else t.opaque.values("_project", 3, *along, *dr)
        return [b + e * d_length + u * length for b, e, u in zip(bent, along, turning, strict=False)]

    def _over_channels(self, found: Any, role: str) -> list[Any]:
        count = sum(r.role == role for r in self.f.results)
        return [sum((lane[role, n] for d in found for lane in d), ZERO) for n in range(count)]

    def _lengths(self, edge: Mapping[str, Any], directions: Any, found: Any) -> tuple[Any, Any]:
        t, speed = self.t, self.t.speed(edge["vector"], edge["tangent"])
        length, d_length = ZERO, ZERO
        for d, lanes in zip(directions, found, strict=True):
            for (c, values), p in product(enumerate(lanes), range(len(t.pair.paths))):
                read = t.jet if self.f.kind == "hvp" else t.radial
                _, slope, curvature = read(edge["vector"], p, c)
                length += d["signs"][p] * values["bar_radial", p] * slope
                if self.f.kind == "hvp":
                    d_length += d["signs"][p] * values["bar_radial", p] * (speed * curvature)
                    d_length += d["signs"][p] * values["d_bar_radial", p] * slope
        return length, d_length


def at_origin(vector: Any) -> bool:
    """Where φ' / r of a smooth function of r² is φ''."""
    return all(component == 0 for component in vector)


def signs(pair: Pair, turned: bool) -> list[int]:
    """Of each path, seen from the other end of the vector."""
    return [-1 if turned and p.parity == "odd" else 1 for p in pair.paths]


def _none_or(array: Any, place: Any, nothing: Any) -> Any:
    return nothing if array is None else array[place]


# --- graphs -------------------------------------------------------------------------------------------


class Graph:
    """The graph of theorem T11 with a table."""

    def __init__(self, t: Tables, weighted: bool, moving: bool) -> None:
        self.t, n_out = t, 2 * t.pair.l_out + 1
        self.vectors, self.features = symbols_array("v", EDGES, 3), fields_array(t.pair, CHANNELS, NODES)
        self.weights = symbols_array("w", EDGES) if weighted else None
        self.seeds = symbols_array("g", NODES, n_out, CHANNELS)
        self.tangents = {
            "vectors": symbols_array("dv", EDGES, 3) if moving else None,
            "features": symbols_array("df", *self.features.shape) if moving or not weighted else None,
            "weights": symbols_array("dw", EDGES) if weighted and moving else None,
        }
        self.vectors[AT_ORIGIN] = ZERO
        t.places = {t.length(v): s for v, s in zip(self.vectors, EDGE_PLACES, strict=True)}

    def edge(self, e: int) -> dict[str, Any]:
        return {"vector": self.vectors[e], "tangent": _none_or(self.tangents["vectors"], e, None)}

    def direction(self, e: int) -> dict[str, Any]:
        j, i = INDICES[e], RECEIVERS[e]
        return {
            "weight": _none_or(self.weights, e, 1),
            "signs": signs(self.t.pair, turned=False),
            "features": self.features[j],
            "cotangents": self.seeds[i],
            "d_weight": _none_or(self.tangents["weights"], e, 0),
            "d_features": _none_or(self.tangents["features"], j, None),
        }

    def cotangents(self, f: DerivativeText, prefix: str) -> dict[str, np.ndarray]:
        found = {"vectors": zeros(EDGES, 3), "features": zeros(*self.features.shape)}
        if self.weights is not None:
            found["weights"] = zeros(EDGES)
        sums = Sums(self.t, f)
        for e in range(EDGES):
            if EDGE_PLACES[e] < 0:
                continue
            edge, direction = self.edge(e), self.direction(e)
            (lanes,) = terms = sums.terms(edge, [direction])
            found["vectors"][e] = sums.vector(edge, [direction], terms)
            for (c, values), b in product(enumerate(lanes), range(self.features.shape[1])):
                found["features"][INDICES[e], b, c] += values[f"{prefix}bar_features", b]
            if self.weights is not None:
                found["weights"][e] = sum((v[f"{prefix}bar_weight", 0] for v in lanes), ZERO)
        return found

    def outputs(self) -> tuple[np.ndarray, np.ndarray]:
        both = zeros(*self.seeds.shape), zeros(*self.seeds.shape)
        for e in (e for e in range(EDGES) if EDGE_PLACES[e] >= 0):
            ((*lanes,),) = Sums(self.t, self.t.texts.jvp).terms(self.edge(e), [self.direction(e)])
            for (c, values), a in product(enumerate(lanes), range(self.seeds.shape[1])):
                for array, role in zip(both, ("out", "d_out"), strict=True):
                    array[RECEIVERS[e], a, c] += values[role, a]
        return both


def tabulated_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for the derivatives of convolve_tabulated."""
    cases = ((DEGREES[0], False, True, True), (DEGREES[1], True, False, False))
    return tuple(r for d, solid, *more in cases for r in _tabulated(Graph(Tables(pair, module, d, solid), *more)))


def _tabulated(g: Graph) -> Iterator[Any]:
    t, normalize, degree = g.t, not g.t.solid, g.t.degree
    graph, world, key = (np.array(INDPTR), np.array(INDICES)), g.t.world(), g.t.pair.key
    given = (*graph, g.vectors, symbols_array("c", 1), "cutoff", g.features)
    tangents, names = g.tangents.values(), tuple(g.cotangents(t.texts.vjp, ""))
    name = f"vjp_convolve_tabulated_{key}"
    found = t.module.run_all(name, *given, g.seeds, g.weights, degree, None, normalize, names, **world)
    yield from _each(t, name, found, g.cotangents(t.texts.vjp, ""))
    name = f"hvp_convolve_tabulated_{key}"
    found = t.module.run_all(name, *given, g.seeds, g.weights, *tangents, degree, None, normalize, names, **world)
    yield from _each(t, name, found, g.cotangents(t.texts.hvp, "d_"))
    name = f"jvp_convolve_tabulated_{key}"
    both = t.module.run_all(name, *given, g.weights, *tangents, degree, normalize, **world)
    for array, wanted in zip(both, g.outputs(), strict=True):
        yield from compared(f"{t.module.name}: {name}", array, wanted)


def _each(t: Tables, name: str, found: Any, wanted: Mapping[str, np.ndarray]) -> Iterator[Any]:
    for target, array in wanted.items():
        yield from compared(f"{t.module.name}: {name}, {target}", getattr(found, target), array)


# --- walkers ------------------------------------------------------------------------------------------


class Walkers:
    """Two walkers of three particles; of a pair (i, j), the vector is that from j to i, i being the first."""

    def __init__(self, t: Tables, weighted: bool, moving: bool, loops: bool) -> None:
        self.t, self.loops, n_out = t, loops, 2 * t.pair.l_out + 1
        self.positions = symbols_array("x", WALKERS, PARTICLES, 3)
        self.features = fields_array(t.pair, CHANNELS, WALKERS, PARTICLES)
        self.weights = symbols_array("w", WALKERS, PARTICLES) if weighted else None
        self.seeds = symbols_array("g", WALKERS, PARTICLES, n_out, CHANNELS)
        self.tangents = {
            "positions": symbols_array("dx", *self.positions.shape) if moving else None,
            "features": symbols_array("df", *self.features.shape) if moving or not weighted else None,
            "weights": symbols_array("dw", WALKERS, PARTICLES) if weighted and moving else None,
        }
        t.places = {ZERO: SELF_PLACE}
        for b, (i, j) in product(range(WALKERS), PAIR_PLACES):
            for first, second in ((i, j), (j, i)):
                t.places[t.length(self.vector(b, first, second))] = PAIR_PLACES[i, j]

    def vector(self, b: int, i: int, j: int) -> np.ndarray:
        return self.positions[b, i] - self.positions[b, j]

    @property
    def pairs(self) -> list[tuple[int, int, int]]:
        found = product(range(WALKERS), range(PARTICLES), range(PARTICLES))
        near = ((b, i, j) for b, i, j in found if i < j or (self.loops and i == j))
        return [(b, i, j) for b, i, j in near if PAIR_PLACES.get((i, j), SELF_PLACE) >= 0]

    def edge(self, b: int, i: int, j: int) -> dict[str, Any]:
        moves = self.tangents["positions"]
        tangent = zeros(3) if moves is None else moves[b, i] - moves[b, j]
        return {"vector": self.vector(b, i, j), "tangent": tangent}

    def directions(self, b: int, i: int, j: int) -> list[dict[str, Any]]:
        """From j to i and, of two particles, from i to j."""
        ends = [(i, j, False)] if i == j else [(i, j, False), (j, i, True)]
        return [
            {
                "receiver": (b, to),
                "sender": (b, of),
                "weight": _none_or(self.weights, (b, of), 1),
                "signs": signs(self.t.pair, turned),
                "features": self.features[b, of],
                "cotangents": self.seeds[b, to],
                "d_weight": _none_or(self.tangents["weights"], (b, of), 0),
                "d_features": _none_or(self.tangents["features"], (b, of), None),
            }
            for to, of, turned in ends
        ]

    def cotangents(self, f: DerivativeText, prefix: str) -> dict[str, np.ndarray]:
        found = {"positions": zeros(*self.positions.shape), "features": zeros(*self.features.shape)}
        if self.weights is not None:
            found["weights"] = zeros(WALKERS, PARTICLES)
        sums = Sums(self.t, f)
        for b, i, j in self.pairs:
            edge, directions = self.edge(b, i, j), self.directions(b, i, j)
            terms = sums.terms(edge, directions)
            vector = np.array(sums.vector(edge, directions, terms), dtype=object)
            found["positions"][b, i] += vector
            found["positions"][b, j] -= vector
            for direction, lanes in zip(directions, terms, strict=True):
                for (c, values), n in product(enumerate(lanes), range(self.features.shape[2])):
                    found["features"][(*direction["sender"], n, c)] += values[f"{prefix}bar_features", n]
                if self.weights is not None:
                    found["weights"][direction["sender"]] += sum((v[f"{prefix}bar_weight", 0] for v in lanes), ZERO)
        return found

    def outputs(self) -> tuple[np.ndarray, np.ndarray]:
        both = zeros(*self.seeds.shape), zeros(*self.seeds.shape)
        for b, i, j in self.pairs:
            directions = self.directions(b, i, j)
            terms = Sums(self.t, self.t.texts.jvp).terms(self.edge(b, i, j), directions)
            for direction, lanes in zip(directions, terms, strict=True):
                for (c, values), a in product(enumerate(lanes), range(self.seeds.shape[2])):
                    for array, role in zip(both, ("out", "d_out"), strict=True):
                        array[(*direction["receiver"], a, c)] += values[role, a]
        return both


def walker_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for the derivatives of convolve_walkers."""
    cases = ((DEGREES[1], False, True, True, True), (DEGREES[0], True, False, False, False))
    return tuple(r for d, solid, *more in cases for r in _walkers(Walkers(Tables(pair, module, d, solid), *more)))


def _walkers(w: Walkers) -> Iterator[Any]:
    t, world, key = w.t, w.t.world(), w.t.pair.key
    given = (w.positions, symbols_array("c", 1), "cutoff", w.features)
    last, tangents = (t.degree, w.loops, not t.solid), w.tangents.values()
    names = tuple(w.cotangents(t.texts.vjp, ""))
    name = f"vjp_convolve_walkers_{key}"
    found = t.module.run_all(name, *given, w.seeds, w.weights, *last, names, **world)
    yield from _each(t, name, found, w.cotangents(t.texts.vjp, ""))
    name = f"hvp_convolve_walkers_{key}"
    found = t.module.run_all(name, *given, w.seeds, w.weights, *tangents, *last, names, **world)
    yield from _each(t, name, found, w.cotangents(t.texts.hvp, "d_"))
    name = f"jvp_convolve_walkers_{key}"
    both = t.module.run_all(name, *given, w.weights, *tangents, *last, **world)
    for array, wanted in zip(both, w.outputs(), strict=True):
        yield from compared(f"{t.module.name}: {name}", array, wanted)


# --- forward Laplacian ----------------------------------------------------------------------------------


class Term:
    """What one edge adds to value, Jacobian and Laplacian of its receiver, channel by channel."""

    def __init__(self, t: Tables, i: int, j: int, vector: Any, weight: Any) -> None:
        self.t, self.text, self.i, self.j, self.vector, self.weight = t, t.laplacian, i, j, vector, weight

    def add(self, row: Mapping[str, Any], radial: Any, fields: Mapping[str, Any], c: int) -> None:
        """To the row of the receiver; `radial` holds, for each path, the function and two derivatives."""
        t, text, w = self.t, self.text, self.weight
        unit, along = t.direction(self.vector, t.solid), t.direction(self.vector, False)
        turned = [t.turned(j, t.solid, along[3], r) for j, r in zip(text.degrees, radial, strict=True)]
        phi, chi = [w * r[0] for r in radial], [w * x for x, _ in turned]
        f, jacobian, laplacian = (fields[name] for name in ("features", "jacobian", "laplacian"))
        edge = (*unit[:3], *along[:3], unit[3])
        found = self._channel(text, text.gradient, edge, [*phi, *chi, *f[self.j, :, c]])
        n_out = len(row["value"])
        row["value"][:, c] += found[:n_out]
        if self.i != self.j:
            for axis in range(3):
                part = found[n_out * (axis + 1) : n_out * (axis + 2)]
                row["jacobian"][3 * self.i + axis, :, c] += part
                row["jacobian"][3 * self.j + axis, :, c] -= part
            bent = [2 * w * b for _, b in turned]
            row["laplacian"][:, c] += t.forward(self.vector, bent, f[self.j, :, c])
            if jacobian is not None:
                between = [
                    2 * (jacobian[3 * self.i + axis, self.j, n, c] - jacobian[3 * self.j + axis, self.j, n, c])
                    for axis in range(3)
                    for n in range(f.shape[1])
                ]
                row["laplacian"][:, c] += self._channel(text, text.contraction, edge, [*phi, *chi, *between])
        if laplacian is not None:
            row["laplacian"][:, c] += t.forward(self.vector, phi, laplacian[self.j, :, c])
        if jacobian is not None:
            kernel = t.entries(self.vector, phi)
            for d in range(len(jacobian)):
                row["jacobian"][d, :, c] += kernel @ jacobian[d, self.j, :, c]

    def _channel(self, text: LaplacianText, f: DerivativeText, edge: Any, arguments: Any) -> np.ndarray:
        values = self.t.opaque.values(f"_{f.kind}_values", len(f.carried), *edge)
        return np.array(self.t.opaque.results(f, values, arguments), dtype=object)


def _rows(nodes: int, coordinates: int, n_out: int) -> dict[str, np.ndarray]:
    return {
        "value": zeros(nodes, n_out, CHANNELS),
        "jacobian": zeros(coordinates, nodes, n_out, CHANNELS),
        "laplacian": zeros(nodes, n_out, CHANNELS),
    }


def _row(rows: Mapping[str, np.ndarray], i: int) -> dict[str, np.ndarray]:
    return {"value": rows["value"][i], "jacobian": rows["jacobian"][:, i], "laplacian": rows["laplacian"][i]}


def _fields(features: np.ndarray, coordinates: int, moving: bool) -> dict[str, Any]:
    *lead, nodes, n_in, channels = features.shape
    jacobian = symbols_array("Jf", *lead, coordinates, nodes, n_in, channels) if moving else None
    return {
        "features": features,
        "jacobian": jacobian,
        "laplacian": symbols_array("Lf", *features.shape) if moving else None,
    }


def rows_of_graph(
    t: Tables, indices: Sequence[int], vectors: Any, radial: Sequence[Any], fields: Mapping[str, Any], weights: Any
) -> dict[str, np.ndarray]:
    """What the forward Laplacian of a graph should be; `radial` holds the functions and their two derivatives."""
    rows = _rows(NODES, 3 * NODES, 2 * t.pair.l_out + 1)
    for e, c in product(range(EDGES), range(CHANNELS)):
        term = Term(t, RECEIVERS[e], indices[e], vectors[e], _none_or(weights, e, 1))
        given = [tuple(array[e, p, c] for array in radial) for p in range(len(t.pair.paths))]
        term.add(_row(rows, RECEIVERS[e]), given, fields, c)
    return rows


def laplacian_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for the forward Laplacian of graphs and of walkers."""
    cases = ((DEGREES[0], False, True, True), (DEGREES[1], True, False, False))
    graphs = (r for d, solid, *more in cases for r in _laplacian_of_graph(Tables(pair, module, d, solid), *more))
    walkers = (r for d, solid, *more in cases for r in _laplacian_of_walkers(Tables(pair, module, d, solid), *more))
    return (*graphs, *walkers)


def _laplacian_of_graph(t: Tables, weighted: bool, moving: bool) -> Iterator[Any]:
    """With an edge from a node to itself, as across a periodic boundary, whose vector does not move."""
    indices = (*INDICES[:-1], RECEIVERS[-1])
    vectors, paths = symbols_array("v", EDGES, 3), len(t.pair.paths)
    fields = _fields(fields_array(t.pair, CHANNELS, NODES), 3 * NODES, moving)
    weights = symbols_array("w", EDGES) if weighted else None
    radial = [symbols_array(name, EDGES, paths, CHANNELS) for name in ("p", "q", "r")]
    rows = rows_of_graph(t, indices, vectors, radial, fields, weights)
    name, graph = f"laplacian_convolve_{t.pair.key}", (np.array(INDPTR), np.array(indices))
    more = (fields["features"], weights, fields["jacobian"], fields["laplacian"], not t.solid)
    yield from _each(t, name, t.module.run_all(name, *graph, vectors, *radial, *more, **t.world()), rows)


def _laplacian_of_walkers(t: Tables, weighted: bool, loops: bool) -> Iterator[Any]:
    w = Walkers(t, weighted, moving=False, loops=loops)
    fields = _fields(w.features, 3 * PARTICLES, moving=weighted)
    n_out, paths = 2 * t.pair.l_out + 1, len(t.pair.paths)
    batch = [_rows(PARTICLES, 3 * PARTICLES, n_out) for _ in range(WALKERS)]
    for b, i, j, c in product(range(WALKERS), range(PARTICLES), range(PARTICLES), range(CHANNELS)):
        near = PAIR_PLACES.get((min(i, j), max(i, j)), SELF_PLACE) >= 0
        if near and (loops or i != j):
            vector = w.vector(b, i, j)
            term = Term(t, i, j, vector, _none_or(w.weights, (b, j), 1))
            own = {name: None if array is None else array[b] for name, array in fields.items()}
            term.add(_row(batch[b], i), [t.jet(vector, p, c) for p in range(paths)], own, c)
    name, more = f"laplacian_walkers_{t.pair.key}", (fields["jacobian"], fields["laplacian"])
    given = (
        w.positions,
        symbols_array("c", 1),
        "cutoff",
        w.features,
        w.weights,
        *more,
        t.degree,
        loops,
        not t.solid,
    )
    wanted = {name: np.array([rows[name] for rows in batch]) for name in batch[0]}
    yield from _each(t, name, t.module.run_all(name, *given, **t.world()), wanted)
