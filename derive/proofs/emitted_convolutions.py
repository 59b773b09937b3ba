"""The emitted loops that sum over neighbours, executed on small arrays of symbols."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import cycle, product
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..bsplines import DEGREES
from ..catalogue import Pair
from ..execution import EmittedModule
from ..polynomials import ZERO, Polynomial, root, symbol
from .emitted_loops import SIZES, Size, differences, symbols_array
from .stand_ins import StandIns, argument, messages, sums

#: Receiver 0 has one edge, receiver 1 three, receiver 2 none.
INDPTR, INDICES = (0, 1, 4, 4), (1, 2, 0, 2)
NODES, EDGES = len(INDPTR) - 1, len(INDICES)
RECEIVERS = tuple(i for i in range(NODES) for _ in range(INDPTR[i], INDPTR[i + 1]))
#: How many edges a CPU loop takes in one go: some of a receiver's, with some left over or not, and more than it has.
BLOCKS = (1, 2)
#: In which interval of the table each edge, or each pair of particles (0, 1), (0, 2), (1, 2), lies; -1 is beyond the
#: cutoff, and comes before others that are not.
EDGE_PLACES, PAIR_PLACES = (2, -1, 0, 1), (-1, 2, 0)
#: Functions of the radial basis; of the receivers that are mixed at once, the first may be any.
BASIS, BASES = 2, (0, 1)
WALKERS, PARTICLES = 2, 3
#: Whether the four cases of each loop take vectors as they are.
SOLIDS = (False, True, True, False)
#: How many pairs a loop over walkers takes in one go: all of them, or those of fewer particles, case by case.
PAIRS_AT_ONCE = (6, 4, 5, 1)
SCALE, END = symbol("scale"), symbol("end")


def convolution_residuals(pair: Pair, module: EmittedModule, sizes: Sizes = SIZES) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the pair's sums over neighbours write; of sizes there are four."""
    stand_ins = StandIns(pair, module)
    kinds: tuple[Kind, ...] = (_streamed, _tabulated, _mixing, _walkers)
    return tuple(r for kind in kinds for r in kind(pair, module, stand_ins, sizes))


Sizes = tuple[Size, ...]
Kind = Callable[[Pair, EmittedModule, StandIns, Sizes], Iterator[Any]]


def fields_array(pair: Pair, channels: int, *lead: int) -> np.ndarray:
    """Features, each a symbol."""
    return symbols_array("f", *lead, 2 * pair.l_in + 1, channels)


def zeros(*shape: int) -> np.ndarray:
    """An array of polynomials that are zero."""
    return np.full(shape, ZERO, dtype=object)


def summed(pair: Pair, vectors: Any, radial: Any, fields: Any, weights: Any) -> np.ndarray:
    """Σ_e w_e Σ_p radial_ep K^p(r̂_e) f_j(e), from the definition."""
    channels = fields.shape[-1]
    total = zeros(NODES, 2 * pair.l_out + 1, channels)
    for (e, i), c in product(enumerate(RECEIVERS), range(channels)):
        values = sums(pair, tuple(radial[e, :, c]), tuple(vectors[e]), tuple(fields[INDICES[e], :, c]))
        total[i, :, c] += [value * (1 if weights is None else weights[e]) for value in values]
    return total


def graph_arrays(pair: Pair, channels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, features and weights."""
    return symbols_array("v", EDGES, 3), fields_array(pair, channels, NODES), symbols_array("w", EDGES)


def radial_array(pair: Pair, channels: int) -> np.ndarray:
    """Radial functions edge by edge, each a symbol."""
    return symbols_array("p", EDGES, len(pair.paths), channels)


def _streamed(pair: Pair, module: EmittedModule, stand_ins: StandIns, sizes: Sizes) -> Iterator[Any]:
    cases = product((False, True), BLOCKS)
    for size, solid, (weighted, block) in zip(sizes, SOLIDS, cases, strict=True):
        vectors, fields, w = graph_arrays(pair, size.channels)
        radial, weights = radial_array(pair, size.channels), w if weighted else None
        arguments = (*size.steps, solid, INDPTR, np.array(INDICES), vectors, radial, fields, weights)
        wanted = summed(pair, argument(vectors, solid), radial, fields, weights)
        yield from differences(module, stand_ins, f"_convolve_rows_{pair.key}", arguments, wanted, _BLOCK=block)


def _tabulated(pair: Pair, module: EmittedModule, stand_ins: StandIns, sizes: Sizes) -> Iterator[Any]:
    weighing, blocks = (False, True, False, True), (*BLOCKS, *reversed(BLOCKS))
    for degree, weighted, block, solid, size in zip(cycle(DEGREES), weighing, blocks, SOLIDS, sizes, strict=False):
        vectors, fields, w = graph_arrays(pair, size.channels)
        places, weights = edge_places(vectors), w if weighted else None
        order, table = (0,) * (degree + 1), Table(degree)
        arrays = (INDPTR, np.array(INDICES), vectors, table, SCALE, END, fields, weights)
        radial = table_array(pair, degree, places, vectors, size.channels)
        wanted = summed(pair, argument(vectors, solid), radial, fields, weights)
        world = {"_BLOCK": block, **table_world(places)}
        name = f"_tabulated_rows_{pair.key}"
        yield from differences(module, stand_ins, name, (*size.steps, solid, order, *arrays), wanted, **world)


#: For lengths, the interval that each lies in and the place there.
Places = Mapping[Polynomial, tuple[int, Polynomial]]


def edge_places(vectors: np.ndarray) -> Places:
    """Where in the table the lengths of the edges lie."""
    return {_length(v): (s, symbol(f"t{e}")) for e, (v, s) in enumerate(zip(vectors, EDGE_PLACES, strict=True))}


def table_array(pair: Pair, degree: int, places: Places, vectors: np.ndarray, channels: int) -> np.ndarray:
    """The radial functions of edges, read from the table."""
    return np.array([_read(pair, degree, *places[_length(v)], channels) for v in vectors])


class Table:
    """Stands for the coefficients; what is read from them is a symbol for each place, path and channel."""

    def __init__(self, degree: int) -> None:
        self.degree = degree

    def read(self, weights: tuple[Any, ...], interval: int, path: int, channel: int) -> Polynomial:
        """The same symbol for every degree, which tells only how many weights there must be."""
        place = str(weights[0]).removeprefix("B0")
        if weights != _weights(self.degree, place):
            raise ValueError(f"{weights} are not the weights of a spline of degree {self.degree}")
        return symbol(f"rho_{place}_{interval}_{path}_{channel}")


@cache
def _weights(degree: int, place: Polynomial | str) -> tuple[Polynomial, ...]:
    """What weighs the coefficients at a place; that they are a spline's is checked by itself."""
    return tuple(symbol(f"B{q}{place}") for q in range(degree + 1))


def _length(vector: Any) -> Polynomial:
    """|r| in intervals, as a loop computes it."""
    return root(sum((component * SCALE) * (component * SCALE) for component in vector))


def _read(pair: Pair, degree: int, interval: int, place: Polynomial, channels: int) -> np.ndarray:
    """The radial functions at a place of the table, and zero beyond the cutoff."""
    radial = zeros(len(pair.paths), channels)
    if interval >= 0:
        for p, c in product(range(len(pair.paths)), range(channels)):
            radial[p, c] = Table(degree).read(_weights(degree, place), interval, p, c)
    return radial


def table_world(places: Places) -> dict[str, Any]:
    """For each length the interval and the place that it has here, and symbols for what is read there."""

    def interval(k: Any, u: Polynomial, end: Polynomial) -> tuple[int, Polynomial]:
        if end != END:
            raise ValueError(f"the table ends at {END}, not at {end}")
        return places[u]

    def tabulated(weights: Any, table: Table, s: int, p: int, c: int, lanes: tuple[int, ...]) -> np.ndarray:
        return np.array([table.read(weights, s, p, c + n) for n in range(len(lanes))])

    return {
        **{f"_spline_{degree}": lambda k, t, degree=degree: _weights(degree, t) for degree in DEGREES},
        "math": SimpleNamespace(sqrt=root, prod=math.prod),
        "_interval": interval,
        "_tabulated": tabulated,
    }


def _mixing(pair: Pair, module: EmittedModule, stand_ins: StandIns, sizes: Sizes) -> Iterator[Any]:
    cases = product((False, True), zip(BLOCKS, BASES, strict=True))
    for size, solid, (weighted, (block, base)) in zip(sizes, SOLIDS, cases, strict=True):
        vectors, fields, w = graph_arrays(pair, size.channels)
        basis, weights = symbols_array("b", EDGES, BASIS), w if weighted else None
        apart = unmixed(pair, argument(vectors, solid), basis, fields, weights)
        wanted = zeros(*apart.shape[:-1], size.room)
        wanted[..., room_places(size)] = apart
        arguments = (size.lanes, solid, base, INDPTR, np.array(INDICES), vectors, basis, fields, weights)
        name = f"_mixing_rows_{pair.key}"
        yield from differences(module, stand_ins, name, arguments, wanted[base:], base, _MESSAGES=block)


def unmixed(pair: Pair, vectors: Any, basis: Any, fields: Any, weights: Any) -> np.ndarray:
    """Σ_e w_e basis_eq (K^p(r̂_e) f_j(e))_a, for i, a, q, p and the channels, from the definition."""
    n_paths, n_out, channels = len(pair.paths), 2 * pair.l_out + 1, fields.shape[-1]
    total = zeros(NODES, n_out, basis.shape[1], n_paths, channels)
    for (e, i), q, c in product(enumerate(RECEIVERS), range(basis.shape[1]), range(channels)):
        values = messages(pair, tuple(vectors[e]), tuple(fields[INDICES[e], :, c]))
        by_path = np.array(values, dtype=object).reshape(n_paths, n_out).T
        total[i, :, q, :, c] += basis[e, q] * (1 if weights is None else weights[e]) * by_path
    return total


def room_places(size: Size) -> list[int]:
    """Where each channel lies among vectors of which the last begins where the one before ends, yet shares channels."""
    return [*range(size.room - size.width), *range(size.room - size.width + size.shared, size.room)]


def _walkers(pair: Pair, module: EmittedModule, stand_ins: StandIns, sizes: Sizes) -> Iterator[Any]:
    positions, w = positions_array(), symbols_array("w", WALKERS, PARTICLES)
    places = pair_places(positions)
    settings = (None, w, None, w), (False, True, True, False), reversed(SOLIDS), PAIRS_AT_ONCE
    for degree, weights, loops, solid, at_once, size in zip(cycle(DEGREES), *settings, sizes, strict=False):
        fields = fields_array(pair, size.channels, WALKERS, PARTICLES)
        arrays = (positions, Table(degree), SCALE, END, fields, weights)
        wanted = all_pairs(pair, positions, degree, places, fields, weights, loops, solid)
        world = {"_PAIRS": at_once, **table_world(places)}
        arguments = (*size.steps, solid, (0,) * (degree + 1), loops, *arrays)
        yield from differences(module, stand_ins, f"_walkers_{pair.key}", arguments, wanted, **world)


class _Coordinate:
    """One coordinate of a particle, of which differences alone are known, each a symbol or minus one."""

    def __init__(self, walker: int, particle: int, axis: int) -> None:
        self.walker, self.particle, self.axis = walker, particle, axis

    def __sub__(self, other: _Coordinate) -> Polynomial:
        if (self.walker, self.axis) != (other.walker, other.axis):
            raise ValueError("coordinates of different walkers or axes were subtracted")
        if self.particle > other.particle:
            return -(other - self)
        if self.particle == other.particle:
            return ZERO
        return symbol(f"r_{self.walker}_{self.particle}_{other.particle}_{self.axis}")


def positions_array() -> np.ndarray:
    """Particles of which nothing but their distances is known."""
    positions = np.empty((WALKERS, PARTICLES, 3), dtype=object)
    for at in product(range(WALKERS), range(PARTICLES), range(3)):
        positions[at] = _Coordinate(*at)
    return positions


def pair_places(positions: np.ndarray) -> Places:
    """Intervals for all pairs i <= j; a particle lies with itself at the first knot."""
    places = {ZERO: (0, symbol("t_self"))}
    for b in range(WALKERS):
        pairs = ((i, j) for i in range(PARTICLES) for j in range(i + 1, PARTICLES))
        for (i, j), s in zip(pairs, PAIR_PLACES, strict=True):
            places[_length(positions[b, i] - positions[b, j])] = (s, symbol(f"t{b}{i}{j}"))
    return places


def all_pairs(
    pair: Pair,
    positions: np.ndarray,
    degree: int,
    places: Places,
    fields: np.ndarray,
    weights: np.ndarray | None,
    loops: bool,
    solid: bool,
) -> np.ndarray:
    """Σ_j w_j Σ_p radial_p(|r_ij|) K^p(r̂_ij) f_j, from the definition."""
    channels = fields.shape[-1]
    total = zeros(WALKERS, PARTICLES, 2 * pair.l_out + 1, channels)
    for b, i, j in product(range(WALKERS), range(PARTICLES), range(PARTICLES)):
        if i == j and not loops:
            continue
        vector = positions[b, i] - positions[b, j]
        radial = _read(pair, degree, *places[_length(vector)], channels)
        for c in range(channels):
            values = sums(pair, tuple(radial[:, c]), tuple(argument(vector, solid)), tuple(fields[b, j, :, c]))
            total[b, i, :, c] += [v * (1 if weights is None else weights[b, j]) for v in values]
    return total
