"""The quantities of "Confronto con Tensor Field Networks" as functions of l, and how their numbers are written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.confronto_results import NOISY, POCKET, Confronto, exponent, growth
from benchmarks.peers import C_HOISTED, C_NONZERO, C_ROWS, C_SPARSE, OURS

TIMED = {
    "ours": (OURS,),
    "C, hoisted": (C_HOISTED, C_ROWS, C_SPARSE),
    "C, nonzero CG": (C_NONZERO,),
    "e3nn": ("e3nn",),
}
"""Columns, and the contestants in them; of several, at each l, the fastest."""
DAGGER = "†"

Quantity = Callable[[int], float | None]


def _no_spread(l: int) -> float | None:
    del l
    return None


@dataclass(frozen=True)
class Column:
    """A quantity of l; what was timed has a spread, what was counted None."""

    title: str
    of: Quantity
    spread: Quantity = _no_spread

    def is_noisy(self, *degrees: int) -> bool:
        """Whether one of these spreads too widely to be a finding."""
        return any((self.spread(l) or 0) > NOISY for l in degrees)

    def mark(self, *degrees: int) -> str:
        return DAGGER if self.is_noisy(*degrees) else ""


def counted(found: Confronto) -> list[Column]:
    by_degree = {c.l: c for c in found.counts}
    return [
        Column("as emitted", lambda l: by_degree[l].chosen),
        Column("one matrix", lambda l: by_degree[l].matrix),
        Column("nonzero CG", lambda l: by_degree[l].loop),
        Column("as defined", lambda l: by_degree[l].definition),
    ]


def timed(found: Confronto, dtype: str) -> list[Column]:
    """Nanoseconds for an edge."""
    return [
        _timed(found, dtype, title)
        for title, names in TIMED.items()
        if any(found.fastest(c.l, dtype, *names) for c in found.counts)
    ]


def _timed(found: Confronto, dtype: str, title: str) -> Column:
    names = TIMED[title]
    return Column(title, lambda l: found.nanoseconds(l, dtype, *names), lambda l: found.spread(l, dtype, *names))


def value(column: Column, l: int) -> str:
    """The number, its spread in per cent, and a dagger where that is wide."""
    spread = column.spread(l)
    percent = "" if spread is None else f" ({100 * spread:.0f} %)"
    return number(column.of(l)) + percent + column.mark(l)


def ratio(column: Column, other: Column, l: int) -> str:
    a, b = column.of(l), other.of(l)
    if a is None or not b:
        return ""
    return number(a / b) + (column.mark(l) or other.mark(l))


def grown(column: Column, l: int) -> str:
    """In proportion to l = 1."""
    found = growth(column.of, l)
    return "" if found is None else number(found) + (column.mark(l, POCKET) if l != POCKET else "")


def power(column: Column, degrees: Sequence[int]) -> str:
    """x in (2l + 1)^x from l = 1 on."""
    found = exponent(column.of, degrees)
    return "" if found is None else f"{found:.2f}" + column.mark(*(l for l in degrees if l >= POCKET))


def number(value: float | None) -> str:
    """Three digits, never in powers of ten."""
    if value is None:
        return ""
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if rounded >= 100 else f"{rounded:g}"
