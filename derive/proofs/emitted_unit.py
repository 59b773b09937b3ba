"""The emitted unit vector, branch by branch, on symbols."""

from __future__ import annotations

from itertools import product
from typing import Any

import sympy as sp

from ..execution import EmittedModule, exact_constants
from ..symbols import DIRECTION

LARGEST = sp.Symbol("m", positive=True)


class _Scripted:
    """A threshold whose every comparison has the outcome that the script wants."""

    def __init__(self, outcome: bool) -> None:
        self.outcome = outcome

    def __lt__(self, other: Any) -> bool:
        return self.outcome

    def __gt__(self, other: Any) -> bool:
        return self.outcome

    def __eq__(self, other: Any) -> bool:
        return self.outcome

    __hash__ = None  # type: ignore[assignment]


def unit_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """What is left over where r is not zero: with |r|² in range, and scaled first."""
    in_range = _run(module, in_range=True, zero=False)
    scaled = _run(module, in_range=False, zero=False)
    return (*_is_unit_vector(in_range), *_is_unit_vector(scaled))


def zero_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Zero for each component that is the table's zero where r is zero."""
    at_zero = _run(module, in_range=False, zero=True)
    return tuple(sp.S.Zero if isinstance(v, _Scripted) else sp.S.One for v in at_zero)


def _run(module: EmittedModule, in_range: bool, zero: bool) -> tuple[Any, ...]:
    functions = module.namespace(max=lambda *_: LARGEST)
    constants = exact_constants((), tiny=_Scripted(in_range), huge=_Scripted(in_range), zero=_Scripted(zero))
    return functions["_unit"](constants, *DIRECTION)


def _is_unit_vector(values: tuple[Any, ...]) -> list[sp.Expr]:
    """v is r/|r|: v_i² |r|² = r_i² everywhere, and the sign of v_i is that of r_i.

    v_i/r_i is continuous and never 0 on each side of r_i = 0, so its sign is settled by one point in every octant.
    """
    square = sum(s**2 for s in DIRECTION)
    lengths = [sp.cancel(sp.together(v**2 * square - s**2)) for v, s in zip(values, DIRECTION, strict=True)]
    octants = [dict(zip(DIRECTION, point, strict=True)) for point in product((3, -3), (4, -4), (12, -12))]
    signs = [
        v.subs({**point, LARGEST: 12}) - sp.Rational(point[s], 13)
        for point in octants
        for v, s in zip(values, DIRECTION, strict=True)
    ]
    return [*lengths, *signs]
