"""Exact means over circles, spheres and the rotation group.

A unit quaternion q, uniform on the unit sphere of R⁴, makes R(q) uniform on SO(3) (Haar's measure, total mass 1): q ↦
p q and q ↦ q p are rotations of R⁴ for every unit p.  So the mean over SO(3) of a polynomial in the entries of R is a
sum of moments of a sphere, and one formula serves circle, sphere and rotations alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import sympy as sp
from sympy.polys.rings import PolyElement

#: Cosine and sine of one angle.
CIRCLE = sp.symbols("c s", real=True)

#: Four components from one ring: expressions, or elements of a ring of polynomials.
Quaternion = tuple[Any, Any, Any, Any]


@cache
def monomial_mean(powers: tuple[int, ...]) -> sp.Rational:
    """The mean of s_1^p_1 .. s_n^p_n over the unit sphere of R^n.

    (p_1-1)!! .. (p_n-1)!! / (n (n+2) .. (n+p-2)) with p = Σ p_i where all p_i are even, otherwise 0 (G. B. Folland,
    *Amer. Math. Monthly* 108 (2001) 446, divided by the area).
    """
    if any(p % 2 for p in powers):
        return sp.Integer(0)
    n = len(powers)
    odd = math.prod(int(sp.factorial2(p - 1)) for p in powers)
    return sp.Rational(odd, math.prod(range(n, n + sum(powers), 2)))


def unit_mean(polynomial: sp.Expr, unit: Sequence[sp.Symbol]) -> sp.Expr:
    """The mean of a polynomial over the unit sphere in the given symbols; others are constants."""
    terms = sp.Poly(polynomial, *unit).terms()
    return sp.expand(sum((c * monomial_mean(powers) for powers, c in terms), sp.Integer(0)))


def by_powers(element: PolyElement, places: Sequence[int]) -> dict[tuple[int, ...], PolyElement]:
    """A ring element by the powers of the generators at these places: the coefficients, free of those generators."""
    parts: dict[tuple[int, ...], PolyElement] = {}
    for monomial, coefficient in element.terms():
        rest = tuple(0 if i in places else p for i, p in enumerate(monomial))
        part = parts.setdefault(tuple(monomial[i] for i in places), element.ring.zero)
        part[rest] = part.get(rest, 0) + coefficient
    return parts


def quaternion_product(p: Sequence[Any], q: Sequence[Any]) -> Quaternion:
    """Hamilton's product, the real part first: R(p q) = R(p) R(q) for unit p, q."""
    (p0, p1, p2, p3), (q0, q1, q2, q3) = p, q
    return (
        p0 * q0 - p1 * q1 - p2 * q2 - p3 * q3,
        p0 * q1 + p1 * q0 + p2 * q3 - p3 * q2,
        p0 * q2 - p1 * q3 + p2 * q0 + p3 * q1,
        p0 * q3 + p1 * q2 - p2 * q1 + p3 * q0,
    )


def conjugate(q: Sequence[Any]) -> Quaternion:
    """The inverse of a unit quaternion: R of it is R(q)ᵀ."""
    return (q[0], -q[1], -q[2], -q[3])
