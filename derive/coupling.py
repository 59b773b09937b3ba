"""Clebsch-Gordan coefficients in the real basis, exactly.

SymPy supplies <l_in m_in; J μ | l_out M> in the Condon-Shortley basis.  The unitary U_l takes complex harmonics to
the real ones of :mod:`harmonics`, and the overall phase i^(l_in + J - l_out) makes every coefficient real:

    Q^J_{m;ab} = i^(l_in+J-l_out) Σ (U_out)_{aM} <l_in μ; J ν | l_out M> (U_in*)_{bμ} (U_J*)_{mν}

which is the tensor that couples f_b and Y_Jm to output component a.  Rows are orthonormal: Σ_{m,b} Q_{m;ab}
Q_{m;a'b} = δ_{aa'}.
"""

from __future__ import annotations

from functools import cache

import sympy as sp
from sympy.physics.wigner import clebsch_gordan

from .harmonics import components_from_orders, normalisation, orders, solid_terms
from .symbols import DIRECTION


def check_triangle(l_in: int, l_f: int, l_out: int) -> None:
    """Raise ValueError unless the three degrees are non-negative and |l_in - l_out| <= l_f <= l_in + l_out."""
    if min(l_in, l_f, l_out) < 0:
        raise ValueError(f"degrees must be >= 0, got l_in = {l_in}, l_f = {l_f}, l_out = {l_out}")
    if not abs(l_in - l_out) <= l_f <= l_in + l_out:
        raise ValueError(f"no coupling {l_in} x {l_f} -> {l_out}: l_f must lie in {abs(l_in - l_out)}..{l_in + l_out}")


@cache
def real_from_complex(l: int) -> sp.ImmutableMatrix:
    """U_l: real harmonics (rows m = -l..l, no Condon-Shortley sign) from complex ones (columns μ = -l..l, with it).

    For m > 0:  Y_+m = (Y^-m + (-1)^m Y^m)/√2  and  Y_-m = i (Y^-m - (-1)^m Y^m)/√2.
    """
    u = sp.zeros(2 * l + 1)
    u[l, l] = 1
    for m in range(1, l + 1):
        sign = (-1) ** m
        u[l + m, l + m], u[l + m, l - m] = sign / sp.sqrt(2), 1 / sp.sqrt(2)
        u[l - m, l + m], u[l - m, l - m] = -sp.I * sign / sp.sqrt(2), sp.I / sp.sqrt(2)
    return sp.ImmutableMatrix(u)


@cache
def real_clebsch_gordan(l_in: int, l_f: int, l_out: int) -> sp.ImmutableDenseNDimArray:
    """Q[m, a, b] with m over l_f (order -l_f..l_f), a over output and b over input *components*.

    Shape (2 l_f + 1, 2 l_out + 1, 2 l_in + 1).  Raises ValueError outside the triangle.
    """
    check_triangle(l_in, l_f, l_out)
    # Only the few nonzero entries of each U row enter: at most two complex orders per real one.
    rows = {l: _nonzero_rows(l) for l in {l_in, l_f, l_out}}
    phase = sp.I ** (l_in + l_f - l_out)
    shape = (2 * l_f + 1, 2 * l_out + 1, 2 * l_in + 1)
    place = {l: _component_of_order(l) for l in {l_in, l_out}}
    q = sp.MutableDenseNDimArray.zeros(*shape)
    for m in orders(l_f):
        for a in orders(l_out):
            for b in orders(l_in):
                value = sum(
                    uo * sp.conjugate(ui) * sp.conjugate(uf) * clebsch_gordan(l_in, l_f, l_out, mi, mf, mi + mf)
                    for mo, uo in rows[l_out][a]
                    for mi, ui in rows[l_in][b]
                    for mf, uf in rows[l_f][m]
                    if mi + mf == mo
                )
                q[m + l_f, place[l_out][a], place[l_in][b]] = sp.expand(phase * value)
    return sp.ImmutableDenseNDimArray(q)


@cache
def _nonzero_rows(l: int) -> dict[int, list[tuple[int, sp.Expr]]]:
    u = real_from_complex(l)
    return {m: [(k, u[m + l, k + l]) for k in orders(l) if u[m + l, k + l] != 0] for m in orders(l)}


def _component_of_order(l: int) -> dict[int, int]:
    p = components_from_orders(l)
    return {m: next(i for i in range(2 * l + 1) if p[i, m + l] == 1) for m in orders(l)}


@cache
def contraction(l_in: int, l_f: int, l_out: int, factor: sp.Expr = sp.S.One) -> sp.ImmutableMatrix:
    """Σ_m r^J Y_Jm(r̂) Q^J_m: the TFN angular kernel, (2 l_out + 1) x (2 l_in + 1) polynomials of degree J = l_f.

    Times a factor, if one is given.
    """
    q = real_clebsch_gordan(l_in, l_f, l_out)
    sizes = [factor * normalisation(l_f, m) for m in orders(l_f)]

    def entry(a: int, b: int) -> sp.Expr:
        """By monomials, whose coefficients are few: expanding products of sums would take ten times as long."""
        collected: dict[tuple[int, ...], sp.Expr] = {}
        for m in orders(l_f):
            if weight := q[m + l_f, a, b] * sizes[m + l_f]:
                for powers, c in solid_terms(l_f, m).items():
                    collected[powers] = collected.get(powers, sp.S.Zero) + weight * sp.Rational(c)
        monomials = {powers: sp.prod([s**n for s, n in zip(DIRECTION, powers, strict=True)]) for powers in collected}
        return sp.Add(*(c * monomials[powers] for powers, c in collected.items()))

    return sp.ImmutableMatrix(2 * l_out + 1, 2 * l_in + 1, entry)
