"""Cardinal B-splines, exactly: how a radial function is read from a table.

The cardinal B-spline of degree d lives on [0, d + 1] with knots at the integers.  A function on a uniform grid is
Σ_s c_s B(u - s); at u = s + t with 0 ≤ t < 1 the d + 1 splines that are not zero there weigh the neighbouring
coefficients by polynomials of t, its pieces.  Weights depend on the edge alone, so a value costs d + 1 multiplications
for each channel, whatever is tabulated.  Source: Schoenberg, Cardinal Spline Interpolation (SIAM, 1973).
"""

from __future__ import annotations

from functools import cache

import sympy as sp

#: Where in its interval a length lies, 0 ≤ t < 1.
PLACE = sp.Symbol("t", real=True)

#: Degrees that are emitted: twice and four times continuously differentiable.
DEGREES = (3, 5)


@cache
def pieces(degree: int) -> tuple[sp.Expr, ...]:
    """w_0(t) .. w_d(t): what weighs coefficients s .. s + d at u = s + t, by the Cox-de Boor recursion.

    Raises ValueError for a negative degree.
    """
    if degree < 0:
        raise ValueError(f"a spline has a degree of 0 or more, got {degree}")
    if degree == 0:
        return (sp.S.One,)
    before = (sp.S.Zero, *pieces(degree - 1), sp.S.Zero)
    # The spline of coefficient s + q began d - q intervals before the one that holds u: its argument is t + d - q.
    return tuple(
        sp.expand(((PLACE + degree - q) * before[q] + (q + 1 - PLACE) * before[q + 1]) / degree)
        for q in range(degree + 1)
    )


@cache
def slopes(degree: int, order: int = 1) -> tuple[sp.Expr, ...]:
    """The derivatives of the pieces with respect to t: what weighs coefficients to give those of the spline."""
    return tuple(sp.expand(sp.diff(w, PLACE, order)) for w in pieces(degree))


def horner(weight: sp.Expr) -> sp.Expr:
    """A polynomial of t with one multiplication for each degree."""
    return sp.horner(sp.Poly(weight, PLACE))
