"""The emitted unit vector, branch by branch, on symbols."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import sympy as sp

from ..execution import EmittedModule, exact_constants
from ..symbols import DIRECTION
from .proof import ProofError, residuals

SQUARE = sum(s**2 for s in DIRECTION)
FACTOR = sp.Symbol("f", positive=True)
#: Exponents of the largest power of two and of the smallest positive number, by bits.
LARGEST, SMALLEST = {32: 127, 64: 1023}, {32: -149, 64: -1074}


class _Scripted:
    """A number whose every comparison has the outcome that the script wants, and is recorded."""

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

    def _spread(self, *others: Any) -> _NotANumber:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = sqrt = _spread

    def _fails(self, other: Any) -> bool:
        return False

    __lt__ = __gt__ = __eq__ = _fails  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def argument_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """That the forms are taken of what `_unit` makes of r, or for solid harmonics of r."""
    k, unit = module.constants, sp.symbols("u0:3", real=True)
    world = {"_unit": lambda table, *vector: unit if table is k and vector == DIRECTION else None}
    solid, plain = (module.run("_argument", k, flag, *DIRECTION, **world) for flag in (True, False))
    return (*residuals(solid, DIRECTION), *residuals(plain, unit))


def unit_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """What is left over where r is not zero, whatever positive factor scales it first."""
    return tuple(_is_unit_vector(_run(module, zero=False)))


def zero_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Zero for each component that is the table's zero where r is zero."""
    at_zero = _run(module, zero=True)
    return tuple(sp.S.Zero if isinstance(v, _Scripted) and v.name == "zero" else sp.S.One for v in at_zero)


def nan_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Zero for each component that is not a number where one component of r is not."""
    constants = exact_constants(("c1_2",), tiny=sp.Rational(1, 2), huge=sp.Integer(2))
    vectors = [[_NotANumber() if i == k else s for i, s in enumerate(DIRECTION)] for k in range(3)]
    root = type("math", (), {"sqrt": staticmethod(lambda e: e if isinstance(e, _NotANumber) else sp.sqrt(e))})
    values = [v for vector in vectors for v in module.run("_unit", constants, *vector, math=root)]
    return tuple(sp.S.Zero if isinstance(v, _NotANumber) else sp.S.One for v in values)


def factor_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """What _scale returns, less the factor that belongs there: below, above and within the range."""
    factors = {"up": sp.Symbol("up"), "down": sp.Symbol("down")}
    left = []
    for below, above, wanted in (
        (True, False, factors["up"]),
        (False, True, factors["down"]),
        (False, False, sp.S.One),
    ):
        asked: list[Any] = []
        square = _Asked({"tiny": below, "huge": above}, asked)
        constants = exact_constants((), **factors, tiny="tiny", huge="huge")
        left.append(module.run("_scale", constants, square) - wanted)
        questions = [("<", "tiny")] if below else [("<", "tiny"), (">", "huge")]
        if asked != questions:
            raise ProofError(f"{module.name}: _scale asks {asked} where it should ask {questions}")
    return tuple(left)


class _Asked:
    """|r|², of which it is scripted whether it is below `tiny` or above `huge`."""

    def __init__(self, answers: Mapping[str, bool], record: list[Any]) -> None:
        self.answers, self.record = answers, record

    def __lt__(self, bound: str) -> bool:
        self.record.append(("<", bound))
        return self.answers[bound]

    def __gt__(self, bound: str) -> bool:
        self.record.append((">", bound))
        return self.answers[bound]


def range_residuals(mantissa: Mapping[int, int], powers: Mapping[int, Mapping[str, int]]) -> tuple[Any, ...]:
    """Zero where every bound holds: no square under- or overflows, whatever finite vector is scaled as _scale says.

    Exponents of two throughout.  With largest component m, |r|² lies between m² and 3 m² < 4 m².
    """
    held = []
    for bits, p in powers.items():
        precise = SMALLEST[bits] + mantissa[bits]  # squares above this are rounded by no more than their last place
        within = (p["tiny"] - 2, p["huge"])  # m² in range: of |r|² between the bounds
        small = (2 * SMALLEST[bits] + 2 * p["up"], p["tiny"] + 2 * p["up"])  # m² of what is scaled up
        large = (p["huge"] - 2 + 2 * p["down"], 2 * LARGEST[bits] + 2 + 2 * p["down"])  # and down
        held += [precise <= low and high + 2 <= LARGEST[bits] + 1 for low, high in (within, small, large)]
    return tuple(sp.S.Zero if holds else sp.S.One for holds in held)


def _run(module: EmittedModule, zero: bool) -> tuple[Any, ...]:
    """The value of _unit with a factor from _scale; ProofError unless it asks just for |r|², and whether |f r|² is zero."""
    asked: list[Any] = []
    constants = exact_constants(("c1_2",), zero=_Scripted("zero", zero, asked))

    def scale(k: Any, square: sp.Expr) -> sp.Symbol:
        asked.append(("scale", sp.expand(square)))
        return FACTOR

    values = module.run("_unit", constants, *DIRECTION, _scale=scale)
    found = [(name, *(sp.expand(v) if isinstance(v, sp.Expr) else v for v in rest)) for name, *rest in asked]
    if found != [("scale", SQUARE), ("zero", "==", sp.expand(FACTOR**2 * SQUARE))]:
        raise ProofError(f"{module.name}: _unit asks {found}")
    return values


def _is_unit_vector(values: tuple[Any, ...]) -> list[sp.Expr]:
    """v is r/|r|: v_i² |r|² = r_i² everywhere, and the sign of v_i is that of r_i.

    v_i/r_i is continuous and never 0 on each side of r_i = 0, so its sign is settled by one point in every octant.
    """
    lengths = [sp.cancel(sp.together(v**2 * SQUARE - s**2)) for v, s in zip(values, DIRECTION, strict=True)]
    octants = [dict(zip(DIRECTION, point, strict=True)) for point in product((3, -3), (4, -4), (12, -12))]
    signs = [
        sp.simplify(v.subs(point) - sp.Rational(point[s], 13))
        for point in octants
        for v, s in zip(values, DIRECTION, strict=True)
    ]
    return [*lengths, *signs]
