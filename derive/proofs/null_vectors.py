"""Null vectors n(u, v), whose powers generate the harmonics and which rotations turn by a 2 x 2 matrix."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import sympy as sp
from sympy.polys.domains import QQ, QQ_I
from sympy.polys.rings import PolyElement, PolyRing

from ..harmonics import orders
from ..symbols import DIRECTION, QUATERNION
from .scaled_wigner import primitive_harmonic

#: Q(i)[u, v, x, y, z, q0..q3].
COMPLEX_RING = PolyRing((*sp.symbols("u v"), *DIRECTION, *QUATERNION), QQ_I, sp.polys.orderings.lex)
U, V, X, Y, Z, Q0, Q1, Q2, Q3 = COMPLEX_RING.gens
I = COMPLEX_RING(QQ_I(0, 1))


def null_vector(u: PolyElement, v: PolyElement, r: Sequence[PolyElement]) -> PolyElement:
    """n(u, v)·r = u² (x + iy) - v² (x - iy) + 2 u v z."""
    x, y, z = r
    return u**2 * (x + I * y) - v**2 * (x - I * y) + 2 * u * v * z


def turned_null_vector(rotation: sp.Matrix) -> tuple[PolyElement, PolyElement]:
    """n(u, v)·R(q) r and n(α u - β v, β̄ u + ᾱ v)·r, with α = q0 + i q3 and β = q2 + i q1."""
    turned = [COMPLEX_RING.from_expr(e) for e in (rotation * sp.Matrix(DIRECTION)).expand()]
    u = (Q0 + I * Q3) * U - (Q2 + I * Q1) * V
    v = (Q2 - I * Q1) * U + (Q0 - I * Q3) * V
    return null_vector(U, V, turned), null_vector(u, v, (X, Y, Z))


def generating_function(l: int) -> tuple[PolyElement, PolyElement]:
    """(n(u, v)·r)^l, and the same by harmonics; raises ValueError where a coefficient is not rational.

    2^l l! √(4π/(2l+1)) Σ_m u^(l+m) v^(l-m) (Y_|m| ± i Y_-|m|)/t_m, with a sign (-1)^m for m < 0, where i is -i, too.
    """
    total = COMPLEX_RING.zero
    for m in orders(l):
        u_and_v = U ** (l + m) * V ** (l - m)
        if m == 0:
            total += u_and_v * _harmonic(l, 0)
        else:
            phase = I if m > 0 else -I
            total += (-1 if m < 0 and m % 2 else 1) * u_and_v * (_harmonic(l, abs(m)) + phase * _harmonic(l, -abs(m)))
    return null_vector(U, V, (X, Y, Z)) ** l, total


def _harmonic(l: int, m: int) -> PolyElement:
    """2^l l! √(4π/(2l+1)) Y_lm(r)/t_m, in which no root is left."""
    content, primitive = primitive_harmonic(l, m)
    weight = (2 if m else 1) * factorial(l - m) * factorial(l + m)
    constant = sp.sqrt(sp.expand(content**2 * (2**l * factorial(l)) ** 2 * 4 * sp.pi / (2 * l + 1) / weight))
    if not constant.is_Rational:
        raise ValueError(f"Y_{l},{m} is not normalised: {constant}")
    return COMPLEX_RING(QQ_I(QQ.from_sympy(constant), 0)) * COMPLEX_RING.from_expr(primitive)
