"""The emitted weights of the table, and the place of a length in it, on symbols."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import sympy as sp

from ..bsplines import DEGREES, PLACE, pieces
from ..exact import SphereRing
from ..execution import EmittedModule
from .emitted_loops import compared, symbols_array
from .proof import residuals

INTERVALS = 3


class _Point:
    """whole + t for any 0 ≤ t < 1: what its comparisons, floor and integer part are, whichever t."""

    def __init__(self, whole: int) -> None:
        self.whole = whole

    def __ge__(self, end: int) -> bool:
        return self.whole >= end

    def __sub__(self, other: int) -> sp.Expr:
        return self.whole - other + PLACE


class _NotANumber:
    """Its own floor, not equal to itself, not beyond anything; what is computed with it is not a number either."""

    def __ge__(self, end: int) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]

    def __sub__(self, other: object) -> _NotANumber:
        return self


def _floor(u: Any) -> Any:
    return u.whole if isinstance(u, _Point) else u


def spline_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """The emitted weights less the pieces of the cardinal B-spline."""
    ring = SphereRing(free=[PLACE])
    k = module.constants
    return tuple(r for d in DEGREES for r in residuals(module.run(f"_spline_{d}", k, PLACE), pieces(d), ring))


def table_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """What is read of a table of symbols, less the sum of weights times coefficients."""
    left: list[int] = []
    path, channel = 1, 2
    table, weights = (
        symbols_array("c", INTERVALS + max(DEGREES), path + 2, channel + 2),
        symbols_array("w", max(DEGREES) + 1),
    )
    for degree, interval, lanes in product(DEGREES, range(INTERVALS), ((0,), (0, 0))):
        place = (table, interval, path, channel, lanes)
        given = _in_shared_memory(weights[: degree + 1]) if module.runs_on_gpu else (tuple(weights[: degree + 1]),)
        found = module.run("_tabulated", *given, *place)
        read = table[interval : interval + degree + 1, path, channel : channel + len(lanes)]
        left += compared(f"{module.name}: _tabulated", found, weights[: degree + 1] @ read)
    return tuple(left)


def _in_shared_memory(weights: np.ndarray) -> tuple[np.ndarray, int, tuple[int, ...]]:
    """Weights of an edge among those of others, which edge, and as many entries as it has weights."""
    edge, splines = 1, symbols_array("other", len(weights), 3)
    splines[:, edge] = weights
    return splines, edge, (0,) * len(weights)


def interval_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """u = s + t is found as s and t; from the last knot on as -1 and zero; what is not a number stays so, at 0."""
    k = module.constants
    world = {"np": SimpleNamespace(floor=_floor, empty=np.empty), "_floor": _floor}
    left: list[Any] = []
    for whole in range(INTERVALS + 2):
        found = module.run("_interval", k, _Point(whole), INTERVALS, **world)
        left += residuals(found, (whole, PLACE) if whole < INTERVALS else (-1, 0))
    at, place = module.run("_interval", k, _NotANumber(), INTERVALS, **world)
    return (*left, at, sp.S.Zero if isinstance(place, _NotANumber) else sp.S.One)
