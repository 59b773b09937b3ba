"""Stand-ins for the scalar functions, while the loops around them are executed.

A loop is right if it hands the right arguments to the right functions and puts their values in the right places,
whatever those values are.  So here every value is a symbol of its own, named after the arguments that it depends on.  Of
what the functions compute it is used only that they are linear in the radial functions, and that K(-r̂) = ± K(r̂); that
the emitted functions are those of the catalogue is checked by itself, as polynomials in free symbols.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from ..catalogue import Pair, Path
from ..execution import EmittedModule
from ..polynomials import ZERO, Polynomial, symbol, value_of
from ..symbols import DIRECTION

KINDS = ("apply", "add", "kernel", "message")
#: Tells vectors that are taken as they are from those of which the direction is taken.
SOLID = symbol("solid")
#: Arguments that a value depends on.
Arguments = tuple[Any, ...]


def function_names(kind: str, pair: Pair, module: EmittedModule) -> tuple[str, str]:
    """The edge and channel functions of a pair; several kinds may share an edge function."""
    own, shared = f"_{kind}_edge_{pair.key}", f"_edge_{pair.key}"
    channel = f"_{kind}_channel_{pair.key}"
    return own if own in module.function_names else shared, channel


def argument(vector: Any, solid: Any) -> Any:
    """What a kernel is a function of, r̂ or r: two functions of r, and both odd; of vectors or arrays of them.

    TypeError unless `solid` is a truth value.
    """
    if not isinstance(solid, bool):
        raise TypeError(f"{solid!r} is not a truth value")
    if isinstance(vector, np.ndarray):
        return vector * SOLID if solid else vector
    return tuple(s * SOLID for s in vector) if solid else vector


def acted(path: Path, row: int, vector: Arguments, field: Arguments) -> Polynomial:
    """Component `row` of K(r̂) f, with the parity of the path; K does not depend on r where l_f = 0."""
    return _up_to_sign(f"K{path.l_f}_{row}", path, vector, field)


def entry(path: Path, row: int, column: int, vector: Arguments) -> Polynomial:
    """An entry of K(r̂), likewise."""
    return _up_to_sign(f"K{path.l_f}_{row}_{column}", path, vector, ())


def _up_to_sign(name: str, path: Path, vector: Arguments, field: Arguments) -> Polynomial:
    if path.l_f == 0:
        return value_of(name, field)
    turned = next((s.sign < 0 for s in vector if s != 0), False)
    value = value_of(name, tuple(-s if turned else s for s in vector), field)
    return -value if turned and path.l_f % 2 else value


@lru_cache(maxsize=1 << 14)  # the same edges occur with weights and without, in several ranges of rows
def sums(pair: Pair, radial: Arguments, vector: Arguments, field: Arguments) -> tuple[Polynomial, ...]:
    """What `apply` is: Σ_p radial_p K^p(r̂) f, one for each component."""
    return tuple(
        sum((value * acted(p, a, vector, field) for value, p in zip(radial, pair.paths, strict=True)), ZERO)
        for a in range(2 * pair.l_out + 1)
    )


def entries(pair: Pair, radial: Arguments, vector: Arguments) -> list[Polynomial]:
    """What `kernel` is: the entries of Σ_p radial_p K^p(r̂), row by row."""
    return [
        sum((value * entry(p, a, b, vector) for value, p in zip(radial, pair.paths, strict=True)), ZERO)
        for a, b in product(range(2 * pair.l_out + 1), range(2 * pair.l_in + 1))
    ]


def messages(pair: Pair, vector: Arguments, field: Arguments) -> list[Polynomial]:
    """What `message` is: K^p(r̂) f of every path, path by path."""
    return [acted(p, a, vector, field) for p in pair.paths for a in range(2 * pair.l_out + 1)]


def parity_residuals(pair: Pair) -> tuple[sp.Expr, ...]:
    """That K(-r) = (-1)^l_f K(r) for every path, and that K is constant where l_f = 0."""
    return tuple(r for p in pair.paths for r in _parity_residuals(p))


@cache
def _parity_residuals(path: Path) -> tuple[sp.Expr, ...]:
    opposite = {s: -s for s in DIRECTION}
    left = [sp.expand(e.xreplace(opposite) - (-1) ** path.l_f * e) for e in path.kernel]
    return (*left, *(sp.diff(e, s) for e in path.kernel for s in DIRECTION if path.l_f == 0))


class StandIns:
    """The scalar functions of a pair, as a loop sees them; they accept what they have returned, and nothing else."""

    def __init__(self, pair: Pair, module: EmittedModule) -> None:
        self._pair, self._k = pair, module.constants
        self._vectors: dict[tuple[str, Arguments], Arguments] = {}
        self.functions: dict[str, Callable[..., Any]] = {"_argument": self._argument}
        channels = dict(zip(KINDS, (self._apply, self._add, self._kernel, self._message), strict=True))
        for kind, channel in channels.items():
            edge_name, channel_name = function_names(kind, pair, module)
            if channel_name in module.function_names:
                count = len(module.run(edge_name, self._k, *DIRECTION))
                self.functions[edge_name] = partial(self._edge, edge_name, count)
                self.functions[channel_name] = partial(self._channel, edge_name, channel)

    def _argument(self, k: Any, solid: Any, *vector: Any) -> Arguments:
        return self._known("_argument", 3, k, argument(vector, solid))

    def _edge(self, name: str, count: int, k: Any, *unit: Any) -> Arguments:
        return self._known(name, count, k, self._vectors["_argument", unit])

    def _known(self, name: str, count: int, k: Any, vector: Arguments) -> Arguments:
        """The values of a function of r alone, which tell from now on which r they belong to."""
        if k is not self._k or len(vector) != 3:
            raise TypeError(f"{name} takes the constants and three components")
        values = tuple(value_of(f"{name}_{i}", vector) for i in range(count))
        self._vectors[name, values] = vector
        return values

    def _channel(self, edge_name: str, function: Callable[..., Any], k: Any, edge: Arguments, *numbers: Any) -> Any:
        """The function for each channel, where arguments are vectors of channels."""
        if k is not self._k:
            raise TypeError("the constants come first")
        vector = self._vectors[edge_name, edge]
        widths = {len(n) for n in numbers if isinstance(n, np.ndarray)}
        if not widths:
            return tuple(function(vector, list(numbers)))
        (width,) = widths
        lanes = [n if isinstance(n, np.ndarray) else [n] * width for n in numbers]
        by_lane = [function(vector, list(lane)) for lane in zip(*lanes, strict=True)]
        return tuple(np.array(values, dtype=object) for values in zip(*by_lane, strict=True))

    def _apply(self, vector: Arguments, numbers: Sequence[Any]) -> Sequence[Polynomial]:
        radial, field = self._split(numbers, len(self._pair.paths), 2 * self._pair.l_in + 1)
        return sums(self._pair, radial, vector, field)

    def _add(self, vector: Arguments, numbers: Sequence[Any]) -> list[Polynomial]:
        n_out = 2 * self._pair.l_out + 1
        return [o + e for o, e in zip(numbers[:n_out], self._apply(vector, numbers[n_out:]), strict=True)]

    def _kernel(self, vector: Arguments, numbers: Sequence[Any]) -> list[Polynomial]:
        (radial,) = self._split(numbers, len(self._pair.paths))
        return entries(self._pair, radial, vector)

    def _message(self, vector: Arguments, numbers: Sequence[Any]) -> list[Polynomial]:
        (field,) = self._split(numbers, 2 * self._pair.l_in + 1)
        return messages(self._pair, vector, field)

    @staticmethod
    def _split(numbers: Sequence[Any], *counts: int) -> list[Arguments]:
        """The arguments in groups of these lengths; TypeError unless that is how many there are."""
        if len(numbers) != sum(counts):
            raise TypeError(f"{len(numbers)} numbers where there should be {sum(counts)}")
        found = iter(numbers)
        return [tuple(next(found) for _ in range(count)) for count in counts]
