"""A table of radial functions, and what is done with it at an edge, as symbols.

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
from ..derivative_text import DerivativeText, derivatives_text, laplacian_text
from ..execution import EmittedModule
from ..lowering import lower_apply, lower_kernel
from ..polynomials import ZERO, Polynomial, root
from .emitted_convolutions import END, SCALE
from .emitted_host import _EagerPool
from .emitted_loops import compared
from .opaque import Opaque, world_of
from .stand_ins import function_names

#: Bytes in a vector, of which a symbol has eight, and channels: vectors of four, of which the last shares three.
VECTOR_BYTES, CHANNELS = 32, 5


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


def at_origin(vector: Any) -> bool:
    """Where φ' / r of a smooth function of r² is φ''."""
    return all(component == 0 for component in vector)


def signs(pair: Pair, turned: bool) -> list[int]:
    """Of each path, seen from the other end of the vector."""
    return [-1 if turned and p.parity == "odd" else 1 for p in pair.paths]


def none_or(array: Any, place: Any, nothing: Any) -> Any:
    return nothing if array is None else array[place]


def compared_each(t: Tables, name: str, found: Any, wanted: Mapping[str, np.ndarray]) -> Iterator[Any]:
    for target, array in wanted.items():
        yield from compared(f"{t.module.name}: {name}, {target}", getattr(found, target), array)
