"""The matrix forms of a pair, which take the entries of the kernels K^p as they are, polynomials of r̂:

    out_a = Σ_b (Σ_p φ_p K^p_ab) f_b        one matrix for all paths, then its product with f
    out_a = Σ_p φ_p Σ_b K^p_ab f_b          or path by path, with φ after the sum over b,
    out_a = Σ_p Σ_b K^p_ab (φ_p f_b)        or before it: cheaper where paths are few

The polynomials are hoisted to the edge, their monomials shared.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from .catalogue import Pair, Path
from .edge_values import polynomial
from .program import Builder, Program
from .symbols import DIRECTION, features, radial_symbols


def _entry(builder: Builder, path: Path, a: int, b: int) -> sp.Expr:
    value = path.kernel[a, b]
    return polynomial(builder, value, f"k{path.l_f}_{a}{b}") if value != 0 else sp.S.Zero


def _summed(builder: Builder, pair: Pair) -> list[list[sp.Expr]]:
    """Σ_p φ_p K^p_ab; zero entries stay zero."""
    radial, rows, columns = radial_symbols(pair), 2 * pair.l_out + 1, 2 * pair.l_in + 1
    weighted = list(zip(radial, pair.paths, strict=True))
    return [
        [sum((s * _entry(builder, p, a, b) for s, p in weighted), sp.S.Zero) for b in range(columns)]
        for a in range(rows)
    ]


def _message(builder: Builder, path: Path, f: Sequence[sp.Expr]) -> list[sp.Expr]:
    rows = range(2 * path.l_out + 1)
    return [sum((_entry(builder, path, a, b) * s for b, s in enumerate(f)), sp.S.Zero) for a in rows]


def matrix_form(pair: Pair) -> Program:
    """The action on f: the matrix of each channel, then its product with f."""
    f = features(2 * pair.l_in + 1)
    builder = Builder(DIRECTION, (*radial_symbols(pair), *f))
    rows = _summed(builder, pair)
    rows = [[builder.let(f"m{a}{b}", e) for b, e in enumerate(row)] for a, row in enumerate(rows)]
    return builder.finish(sum(e * s for e, s in zip(row, f, strict=True)) for row in rows)


def weighted_messages(pair: Pair) -> Program:
    """The action on f path by path, with φ on the side that has fewer components."""
    f, radial = features(2 * pair.l_in + 1), radial_symbols(pair)
    builder = Builder(DIRECTION, (*radial, *f))
    total: list[sp.Expr] = [sp.S.Zero] * (2 * pair.l_out + 1)
    for phi, path in zip(radial, pair.paths, strict=True):
        if pair.l_in < pair.l_out:
            weighted = [builder.let(f"u{path.l_f}_{b}", phi * s) for b, s in enumerate(f)]
            terms = _message(builder, path, weighted)
        else:
            terms = [phi * builder.let(f"s{path.l_f}_{a}", e) for a, e in enumerate(_message(builder, path, f))]
        total = [t + e for t, e in zip(total, terms, strict=True)]
    return builder.finish(total)


def matrix_kernel(pair: Pair) -> Program:
    """The matrix itself, row by row."""
    builder = Builder(DIRECTION, radial_symbols(pair))
    return builder.finish(e for row in _summed(builder, pair) for e in row)
