"""The emitted unit vector, branch by branch, on symbols."""

from __future__ import annotations

from itertools import product
from typing import Any

import sympy as sp

from ..execution import EmittedModule, exact_constants
from ..symbols import DIRECTION
from .proof import ProofError

LARGEST = sp.Symbol("m", positive=True)
SQUARE = sum(s**2 for s in DIRECTION)

#: What _unit asks, in order: is |r|² above `tiny`, is it below `huge`; and if not, is the largest component `zero`?
ABOVE, BELOW = ("tiny", "<", SQUARE), ("huge", ">", SQUARE)
LARGEST_IS_ZERO = (("max", *(sp.Abs(s) for s in DIRECTION)), ("zero", "==", LARGEST))


class _Scripted:
    """A threshold whose every comparison has the outcome that the script wants, and is recorded."""

    def __init__(self, name: str, outcome: bool, record: list[Any]) -> None:
        self.name, self.outcome, self.record = name, outcome, record

    def _compared(self, how: str, other: Any) -> bool:
        self.record.append((self.name, how, other))
        return self.outcome

    def __lt__(self, other: Any) -> bool:
        return self._compared("<", other)

    def __gt__(self, other: Any) -> bool:
        return self._compared(">", other)

    def __eq__(self, other: Any) -> bool:
        return self._compared("==", other)

    __hash__ = None  # type: ignore[assignment]


class _NotANumber:
    """Spreads through arithmetic, is less than nothing, greater than nothing, and not equal to itself."""

    def _spread(self, other: Any) -> _NotANumber:
        return self

    __add__ = __radd__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _spread

    def _fails(self, other: Any) -> bool:
        return False

    __lt__ = __gt__ = __eq__ = _fails  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def unit_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """What is left over where r is not zero: with |r|² in range, and scaled first where it is too large or small."""
    in_range = _run(module, (ABOVE, BELOW), above=True, below=True)
    large = _run(module, (ABOVE, BELOW, *LARGEST_IS_ZERO), above=True, below=False)
    small = _run(module, (ABOVE, *LARGEST_IS_ZERO), above=False)
    return tuple(r for values in (in_range, large, small) for r in _is_unit_vector(values))


def zero_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Zero for each component that is the table's zero where r is zero."""
    at_zero = _run(module, (ABOVE, *LARGEST_IS_ZERO), above=False, zero=True)
    return tuple(sp.S.Zero if isinstance(v, _Scripted) and v.name == "zero" else sp.S.One for v in at_zero)


def nan_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Zero for each component that is not a number where one component of r is not."""
    constants = exact_constants(("c1_2",), tiny=sp.Rational(1, 2), huge=sp.Integer(2))
    vectors = [[_NotANumber() if i == k else s for i, s in enumerate(DIRECTION)] for k in range(3)]
    values = [v for vector in vectors for v in module.run("_unit", constants, *vector)]
    return tuple(sp.S.Zero if isinstance(v, _NotANumber) else sp.S.One for v in values)


def _run(
    module: EmittedModule, questions: tuple[Any, ...], above: bool, below: bool = False, zero: bool = False
) -> tuple[Any, ...]:
    """The value of _unit where its questions have these answers; ProofError unless it asks exactly these."""
    asked: list[Any] = []
    outcomes = {"tiny": above, "huge": below, "zero": zero}
    constants = exact_constants(("c1_2",), **{name: _Scripted(name, yes, asked) for name, yes in outcomes.items()})

    def largest(*arguments: Any) -> sp.Symbol:
        asked.append(("max", *arguments))
        return LARGEST

    values = module.run("_unit", constants, *DIRECTION, max=largest)
    if tuple(asked) != questions:
        raise ProofError(f"{module.name}: _unit asks {asked} where it should ask {list(questions)}")
    return values


def _is_unit_vector(values: tuple[Any, ...]) -> list[sp.Expr]:
    """v is r/|r|: v_i² |r|² = r_i² everywhere, and the sign of v_i is that of r_i.

    v_i/r_i is continuous and never 0 on each side of r_i = 0, so its sign is settled by one point in every octant.
    """
    lengths = [sp.cancel(sp.together(v**2 * SQUARE - s**2)) for v, s in zip(values, DIRECTION, strict=True)]
    octants = [dict(zip(DIRECTION, point, strict=True)) for point in product((3, -3), (4, -4), (12, -12))]
    signs = [
        v.subs({**point, LARGEST: 12}) - sp.Rational(point[s], 13)
        for point in octants
        for v, s in zip(values, DIRECTION, strict=True)
    ]
    return [*lengths, *signs]
