"""The matrix form of a pair, which every path has: the entries of K are polynomials of the edge.

    out_a = Σ_b (Σ_p φ_p K^p_ab(r̂)) f_b

The polynomials are hoisted to the edge, their monomials shared.
"""

from __future__ import annotations

import sympy as sp

from .catalogue import Pair
from .program import Builder, Program, monomial, split_constant
from .symbols import DIRECTION, features, radial_symbols


def _polynomial(builder: Builder, value: sp.Expr, name: str) -> sp.Expr:
    """A polynomial in (x, y, z): shared monomials, then one sum."""
    total = sp.S.Zero
    for term in sorted(sp.Add.make_args(sp.expand(value)), key=sp.default_sort_key):
        constant, factors = split_constant(term)
        total += constant * monomial(builder, factors)
    return builder.let(name, total)


def _entries(builder: Builder, pair: Pair) -> list[list[sp.Expr]]:
    """Σ_p φ_p K^p_ab, with the K^p_ab hoisted; zero entries stay zero."""
    radial = radial_symbols(pair)

    def entry(a: int, b: int) -> sp.Expr:
        total = sp.S.Zero
        for s, p in zip(radial, pair.paths, strict=True):
            if p.kernel[a, b] != 0:
                total += s * _polynomial(builder, p.kernel[a, b], f"k{p.l_f}_{a}{b}")
        return total

    return [[entry(a, b) for b in range(2 * pair.l_in + 1)] for a in range(2 * pair.l_out + 1)]


def matrix_form(pair: Pair) -> Program:
    """The action on f: the matrix of each channel, then its product with f."""
    f = features(2 * pair.l_in + 1)
    builder = Builder(DIRECTION, (*radial_symbols(pair), *f))
    rows = _entries(builder, pair)
    rows = [[builder.let(f"m{a}{b}", e) for b, e in enumerate(row)] for a, row in enumerate(rows)]
    return builder.finish(sum(e * s for e, s in zip(row, f, strict=True)) for row in rows)


def matrix_kernel(pair: Pair) -> Program:
    """The matrix itself, row by row."""
    builder = Builder(DIRECTION, radial_symbols(pair))
    return builder.finish(e for row in _entries(builder, pair) for e in row)
