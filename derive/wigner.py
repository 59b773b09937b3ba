"""The matrices D^J(q) that turn spherical harmonics, explicit in a quaternion, for any degree J.

    Y_J(R(q) r) = D^J(q) Y_J(r)        in the real basis of :mod:`harmonics`, order m = -J..J, R(q) of :mod:`rotations`

Every entry is a root times a polynomial with integer coefficients, homogeneous of degree 2J in q = (q0, q1, q2, q3);
at |q| = 1 the matrix is orthogonal (theorem T3).

Null vectors give it in closed form.  With ρ = x + iy, n(u, v)·r = u² ρ - v² ρ̄ + 2 u v z and Π_Jm as in :mod:`harmonics`

    (n(u, v)·r)^J = Σ_m k_m r^(J-|m|) Π_J|m|(z/r) ρ^m u^(J+m) v^(J-m),      k_m = 2^J J!/(J+|m|)! · (-1)^m for m < 0,

with ρ̄^|m| for m < 0, and the Cayley-Klein parameters α = q0 + i q3, β = q2 + i q1 turn it:

    n(u, v)·R(q) r = n(u', v')·r,      u' = α u - β v,  v' = β̄ u + ᾱ v.

So the coefficients of u^(J+m) v^(J-m) on both sides are the harmonics at R r and at r.  (E. Cartan, *The Theory of
Spinors*, §§52-63; E. P. Wigner, *Group Theory*, 1959, ch. 15.)
"""

from __future__ import annotations

from functools import cache
from math import comb, factorial

import sympy as sp
from sympy.polys.domains import ZZ
from sympy.polys.rings import PolyElement, PolyRing

from .harmonics import components_from_orders, orders
from .symbols import QUATERNION

#: Z[q0, q1, q2, q3].
QUATERNION_RING = PolyRing(QUATERNION, ZZ, sp.polys.orderings.lex)

#: A complex polynomial as its real and imaginary part.
Complex = tuple[PolyElement, PolyElement]
IntegerMatrix = tuple[tuple[PolyElement, ...], ...]


@cache
def wigner_matrix(l: int) -> sp.ImmutableMatrix:
    """D^l(q), (2l+1) x (2l+1) in the order m = -l..l, its entries expanded.  Raises ValueError for negative l."""
    polynomials = integer_matrix(l)
    return sp.ImmutableMatrix(
        2 * l + 1, 2 * l + 1, lambda i, j: _expression(root(l, i - l) / root(l, j - l), polynomials[i][j])
    )


@cache
def component_wigner_matrix(l: int) -> sp.ImmutableMatrix:
    """D^l(q) between components: R(q) itself for l = 1, E^m_ab R_aa' R_bb' E^n_a'b' for l = 2.

    Raises ValueError for negative l.
    """
    d, p = wigner_matrix(l), components_from_orders(l)
    return sp.ImmutableMatrix(p * d * p.T)


def root(l: int, m: int) -> sp.Expr:
    """t_m = √(w (l-m)! (l+m)!) with w = 1 for m = 0 and 2 else: D_mn = t_m/t_n times a polynomial over Z."""
    return sp.sqrt((2 if m else 1) * factorial(l - m) * factorial(l + m))


@cache
def integer_matrix(l: int) -> IntegerMatrix:
    """The polynomials t_n/t_m D_mn(q) in Z[q], m and n = -l..l, each homogeneous of degree 2l.

    Raises ValueError for negative l.
    """
    if l < 0:
        raise ValueError(f"rotations act on degrees l >= 0, got l = {l}")
    rows = {0: _two_rows(l, 0)[0]}
    for m in range(1, l + 1):
        rows[m], rows[-m] = _two_rows(l, m)
    return tuple(tuple(rows[m]) for m in orders(l))


def _two_rows(l: int, m: int) -> tuple[list[PolyElement], list[PolyElement]]:
    """Rows m and -m: real and imaginary part of the row of Y_m + i Y_-m.

    On the right, too, harmonics come as Y_n ± i Y_-n, so that c_n and c_-n are both needed for columns n and -n.
    """
    re, im = {}, {}
    re[0], im[0] = _coefficient(l, m, 0)
    for n in range(1, l + 1):
        (plus, i_plus), (minus, i_minus) = _coefficient(l, m, n), _coefficient(l, m, -n)
        re[n], im[n] = plus + minus, i_plus + i_minus
        re[-n], im[-n] = i_minus - i_plus, plus - minus
    return [re[n] for n in orders(l)], [im[n] for n in orders(l)]


def _coefficient(l: int, m: int, n: int) -> Complex:
    """(-1)^n for n < 0, times the coefficient of u^(l+m) v^(l-m) in (α u - β v)^(l+n) (β̄ u + ᾱ v)^(l-n).

    From the first factor k times u, so from the second l+m-k times.
    """
    re, im = QUATERNION_RING.zero, QUATERNION_RING.zero
    for k in range(max(0, m + n), min(l + m, l + n) + 1):
        sign = (-1) ** (l + n - k + (n if n < 0 else 0))
        size = sign * comb(l + n, k) * comb(l - n, l + m - k)
        a, b = _power("alpha", k, k - m - n)
        c, d = _power("beta", l + n - k, l + m - k)
        re, im = re + size * (a * c - b * d), im + size * (a * d + b * c)
    return re, im


@cache
def _power(name: str, plain: int, conjugate: int) -> Complex:
    """α^plain ᾱ^conjugate or the same of β, with α = q0 + i q3 and β = q2 + i q1."""
    w, x, y, z = QUATERNION_RING.gens
    re, im = {"alpha": (w, z), "beta": (y, x)}[name]
    if plain and conjugate:
        a, b = _power(name, plain - 1, conjugate - 1)
        square = re**2 + im**2
        return square * a, square * b
    if not plain + conjugate:
        return QUATERNION_RING.one, QUATERNION_RING.zero
    a, b = _power(name, max(plain - 1, 0), max(conjugate - 1, 0))
    im = im if plain else -im
    return re * a - im * b, re * b + im * a


def _expression(factor: sp.Expr, polynomial: PolyElement) -> sp.Expr:
    """The product, expanded."""
    return sp.Add(*(sp.Mul(int(c), factor, _monomial(powers)) for powers, c in polynomial.terms()))


@cache
def _monomial(powers: tuple[int, ...]) -> sp.Expr:
    return sp.Mul(*(s**n for s, n in zip(QUATERNION, powers, strict=True)))
