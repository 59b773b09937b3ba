"""Polynomials with rational coefficients and their inner product p(∂) q: inner products of harmonics without integrals.

On harmonic polynomials of one degree, p(∂) q is proportional to the integral of p q over the sphere, and on the
polynomials T s..s of tensors to the product S_{a..} T_{a..} (E. M. Stein, G. Weiss, *Introduction to Fourier Analysis
on Euclidean Spaces*, 1971, §IV.2; it goes back to E. Fischer, *J. reine angew. Math.* 148 (1917) 1).
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial, prod

import sympy as sp

from .symbols import DIRECTION

#: A polynomial in (x, y, z): powers to coefficients.
Terms = dict[tuple[int, ...], Fraction]


def terms(polynomial: sp.Expr) -> Terms:
    """A SymPy polynomial in (x, y, z) with rational coefficients."""
    return {powers: Fraction(c.p, c.q) for powers, c in sp.Poly(polynomial, *DIRECTION).terms() if c}


def inner(p: Terms, q: Terms) -> Fraction:
    """p(∂) q of two polynomials of the same degree: Σ a! b! c! p_abc q_abc."""
    common = p.keys() & q.keys()
    return sum((prod(map(factorial, powers)) * p[powers] * q[powers] for powers in common), Fraction(0))


def derivative(p: Terms, k: int) -> Terms:
    """∂p/∂x_k."""
    return {(*at[:k], at[k] - 1, *at[k + 1 :]): at[k] * c for at, c in p.items() if at[k]}


def turned(p: Terms, axis: int) -> Terms:
    """(e_k × r)·∇p, the rate of change under rotation about axis k = 0, 1, 2."""
    a, b, total = (axis + 1) % 3, (axis + 2) % 3, dict[tuple[int, ...], Fraction]()
    for up, down, sign in ((a, b, 1), (b, a, -1)):
        for at, c in derivative(p, down).items():
            powers = (*at[:up], at[up] + 1, *at[up + 1 :])
            total[powers] = total.get(powers, Fraction(0)) + sign * c
    return total


def over_root(value: Fraction, square: Fraction) -> sp.Expr:
    """value / √square, exactly."""
    size = sp.sqrt(sp.Rational(*(value**2 / square).as_integer_ratio()))
    return size if value >= 0 else -size
