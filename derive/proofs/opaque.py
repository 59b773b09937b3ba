"""Functions of which nothing is used but that equal arguments give equal values: each value is a symbol of its own.

A loop is right if it hands the right arguments to the right functions and puts their values in the right places.  So the
derivatives' loops are executed with these in place of the scalar functions, which are checked by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from ..catalogue import Pair
from ..derivative_text import DerivativesText, DerivativeText, derivatives_text
from ..execution import EmittedModule
from ..polynomials import ZERO, Polynomial, symbol

Numbers = tuple[Any, ...]
#: Functions that are linear in some of their arguments, and so zero where these are: the places of the arguments.
LINEAR: dict[str, tuple[slice, ...]] = {
    "_moved": (slice(5, 8),),
    "_project": (slice(4, 7),),
    "_project_tangent": (slice(4, 7), slice(10, 13)),
    "_vjp_edge": (slice(3, None),),
    "_hvp_edge": (slice(6, None),),
}


class Opaque:
    """Values by function and arguments, with LINEAR, and that r̂ and 1/|r| are 0 at r = 0, all that is known of them; the same for the loops and for what they should compute."""

    def __init__(self, module: EmittedModule) -> None:
        self._k = module.constants
        self._values: dict[tuple[str, Numbers], tuple[Polynomial, ...]] = {}

    def values(self, name: str, count: int, *arguments: Any) -> tuple[Polynomial, ...]:
        """What a function returns; arguments are exact numbers, truth values or None."""
        linear = next((places for start, places in LINEAR.items() if _is_of(name, start)), None)
        if linear and all(a == 0 for place in linear for a in arguments[place]):
            return (ZERO,) * count
        if name == "_direction" and arguments[0] is False and all(a == 0 for a in arguments[1:]):
            return (ZERO,) * count
        known = self._values.get((name, arguments))
        if known is None:
            known = tuple(symbol(f"{name}_{i}_of_{len(self._values)}") for i in range(count))
            self._values[name, arguments] = known
        return known

    def function(self, name: str, count: int, takes: int) -> Callable[..., Any]:
        """The function itself, the constants its first argument."""

        def call(k: Any, *arguments: Any) -> Any:
            if k is not self._k or len(arguments) != takes:
                raise TypeError(f"{name} takes the constants and {takes} arguments, got {len(arguments)}")
            return self.values(name, count, *arguments)

        return call

    def channel(self, f: DerivativeText) -> Callable[..., Any]:
        """A channel function on vectors of channels or numbers: what was there before is added to."""

        def call(k: Any, edge: Numbers, *arguments: Any) -> Any:
            if k is not self._k or len(arguments) != len(f.inputs) + len(f.summed) or len(edge) != len(f.carried):
                raise TypeError(f"{f.name} does not take these arguments")
            width = max(len(a) for a in arguments if isinstance(a, np.ndarray))
            lanes = [a if isinstance(a, np.ndarray) else [a] * width for a in arguments]
            by_lane = [self.results(f, edge, numbers) for numbers in zip(*lanes, strict=True)]
            return tuple(np.array(values, dtype=object) for values in zip(*by_lane, strict=True))

        return call

    def results(self, f: DerivativeText, edge: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
        """The function for one channel; without what was there before if that is not given."""
        count = len(f.inputs)
        values = self.values(f.name, len(f.results), tuple(edge), tuple(arguments[:count]))
        if len(arguments) == count:
            return list(values)
        before = iter(arguments[count:])
        return [v + next(before) if r.summed else v for r, v in zip(f.results, values, strict=True)]


def _is_of(name: str, start: str) -> bool:
    """Whether a function is the one named, or that of a pair."""
    return name == start or (name.startswith(f"{start}_") and name[len(start) + 1].isdigit())


def linear_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """What these functions return where all that they are linear in is zero."""
    k, roots = module.constants, len(derivatives_text(pair).roots)
    free = sp.symbols("a:20")
    return (
        *module.run("_moved", k, False, *free[:4], 0, 0, 0),
        *module.run("_moved", k, True, *free[:4], 0, 0, 0),
        *module.run("_project_tangent", k, *free[:4], 0, 0, 0, *free[4:7], 0, 0, 0),
        *module.run(f"_vjp_edge_{pair.key}", k, *free[:3], *(0,) * roots),
        *module.run(f"_hvp_edge_{pair.key}", k, *free[:6], *(0,) * (2 * roots)),
    )


def world_of(pair: Pair, module: EmittedModule, opaque: Opaque, edge: tuple[str, int]) -> Mapping[str, Any]:
    """All scalar functions of a pair's derivatives; `edge` is the name of the forward edge function and how much it returns."""
    texts: DerivativesText = derivatives_text(pair)
    roots = len(texts.roots)
    counts = {
        "_direction": (4, 4),
        "_moved": (3, 8),
        "_project": (3, 7),
        "_project_tangent": (3, 13),
        edge[0]: (edge[1], 3),
        f"_jvp_values_{pair.key}": (len(texts.jvp.carried), 6),
        f"_hvp_values_{pair.key}": (len(texts.hvp.carried), 6),
        f"_vjp_edge_{pair.key}": (3, 3 + roots),
        f"_hvp_edge_{pair.key}": (6, 6 + 2 * roots),
    }
    functions = {name: opaque.function(name, count, takes) for name, (count, takes) in counts.items()}
    return functions | {f.name: opaque.channel(f) for f in texts.channels}
