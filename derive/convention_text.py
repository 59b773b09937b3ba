"""The changes of basis to other conventions as the templates see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from .catalogue import Pair
from .constants import constant_name, hex_literal
from .conventions import CONVENTIONS

#: Bits of a float64's mantissa, the one before the point included.
MANTISSA = 53


@dataclass(frozen=True)
class MatrixText:
    """A matrix by rows, entries as expressions of named numbers."""

    degree: int
    rows: tuple[str, ...]


def conventions_context(pairs: Sequence[Pair]) -> dict[str, Any]:
    """What the template of the module of conventions needs: matrices of every degree that occurs, and their numbers."""
    degrees = degrees_of(pairs)
    matrices = {name: [(l, matrix(l)) for l in degrees] for name, matrix in CONVENTIONS.items()}
    entries = [e for found in matrices.values() for _, matrix in found for e in matrix]
    return {
        "degrees": degrees,
        "numbers": _numbers(entries),
        "matrices": {name: [_matrix_text(l, matrix) for l, matrix in found] for name, found in matrices.items()},
    }


def degrees_of(pairs: Iterable[Pair]) -> list[int]:
    """All l_in, l_f and l_out, ascending."""
    return sorted({l for pair in pairs for p in pair.paths for l in (p.l_in, p.l_f, p.l_out)})


def _numbers(entries: Iterable[sp.Expr]) -> list[dict[str, str]]:
    """The sizes of real and imaginary parts other than 0 and 1, in ascending order."""
    sizes = {abs(part) for entry in entries for part in entry.as_real_imag()} - {sp.S.Zero, sp.S.One}
    return [
        {"name": constant_name(size), "exact": _exact(size), "hex": hex_literal(size, MANTISSA)}
        for size in sorted(sizes, key=lambda size: sp.Rational(size**2))
    ]


def _exact(size: sp.Expr) -> str:
    return str(size) if size.is_Rational else f"√({sp.Rational(size**2)})"


def _matrix_text(l: int, matrix: sp.Matrix) -> MatrixText:
    return MatrixText(l, tuple(", ".join(map(_entry, matrix.row(i))) for i in range(matrix.rows)))


def _entry(entry: sp.Expr) -> str:
    real, imaginary = entry.as_real_imag()
    return _signed(real) if imaginary == 0 else f"complex({_signed(real)}, {_signed(imaginary)})"


def _signed(part: sp.Expr) -> str:
    """0, ±1 or ± a named number."""
    if part in (0, 1, -1):
        return str(part)
    return constant_name(part) if part > 0 else f"-{constant_name(-part)}"
