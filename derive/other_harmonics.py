"""The harmonics and generators of other libraries, exactly, each written from that library's own definition.

Nothing here uses :mod:`harmonics` or :mod:`conventions`: theorem T15 compares the two.  Each harmonic is made
homogeneous of degree l with |r|².
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from .symbols import DIRECTION


def e3nn_harmonics(l: int) -> sp.Matrix:
    """The column r^l Y^l of e3nn, normalization="integral", as polynomials in its (x, y, z), orders m = -l..l.

    Y^l_m = P_l,|m|(cos β) S_m(α) with x = sin β sin α, y = cos β, z = sin β cos α and S_m = √2 sin |m|α, 1, √2 cos mα
    for m < 0, m = 0, m > 0 (e3nn 0.6, ``_angular_spherical_harmonics.py``; ``_sympy_legendre`` has P).
    """
    x, y, z = DIRECTION
    return sp.Matrix([_factor(l, abs(m)) * _polar(l, abs(m), y) * _real_azimuthal(m, z, x) for m in range(-l, l + 1)])


def condon_shortley_harmonics(l: int) -> sp.Matrix:
    """The column of real harmonics with the Condon-Shortley sign, m = -l..l: √2 Im Y_l^|m|, Y_l^0, √2 Re Y_l^m.

    Y_l^m is N P_l^m(cos θ) e^(imφ), and P_l^m(t) = (-1)^m (1-t²)^(m/2) d^m P_l/dt^m.
    """
    x, y, z = DIRECTION
    return sp.Matrix(
        [
            (-1) ** (m % 2) * _factor(l, abs(m)) * _polar(l, abs(m), z) * _real_azimuthal(m, x, y)
            for m in range(-l, l + 1)
        ]
    )


def scipy_harmonics(l: int) -> sp.Matrix:
    """The column of SciPy's ``sph_harm_y(l, m, θ, φ)``, m = -l..l, x = sin θ cos φ, y = sin θ sin φ, z = cos θ:

    √((2l+1)/(4π) (l-m)!/(l+m)!) P_l^m(cos θ) e^(imφ) with P_l^m(t) = (-1)^m (1-t²)^(m/2) / (2^l l!) d^(l+m)/dt^(l+m)
    (t²-1)^l, of either sign of m.
    """
    x, y, z = DIRECTION
    return sp.Matrix(
        [
            (-1) ** (m % 2) * _factor(l, m) * _polar(l, m, z) * (x + sp.sign(m) * sp.I * y) ** abs(m)
            for m in range(-l, l + 1)
        ]
    )


def _factor(l: int, m: int) -> sp.Expr:
    return sp.sqrt(sp.Rational(2 * l + 1, 4) * sp.factorial(l - m) / sp.factorial(l + m)) / sp.sqrt(sp.pi)


@cache
def _polar(l: int, m: int, axis: sp.Symbol) -> sp.Expr:
    """r^(l-|m|) (1-t²)^((m-|m|)/2) / (2^l l!) d^(l+m)/dt^(l+m) (t²-1)^l at t = axis/r.

    For m < 0 the derivative has the factor (t²-1)^|m|.
    """
    t = sp.Symbol("t")
    derivative = sp.diff(sp.expand((t**2 - 1) ** l), t, l + m) / (2**l * sp.factorial(l))
    polynomial, rest = sp.div(sp.Poly(derivative, t), sp.Poly((1 - t**2) ** ((abs(m) - m) // 2), t))
    if not rest.is_zero:
        raise AssertionError(f"(t² - 1)^{l} has no {-m}-fold roots at ±1")
    r2 = sum(s**2 for s in DIRECTION)
    return sum(c * axis**n * r2 ** ((l - abs(m) - n) // 2) for (n,), c in polynomial.terms())


def _real_azimuthal(m: int, first: sp.Symbol, second: sp.Symbol) -> sp.Expr:
    """√2 Re (a + ib)^m for m > 0, 1 for m = 0, √2 Im (a + ib)^|m| for m < 0, by the binomial formula."""
    if m == 0:
        return sp.Integer(1)
    k, parity = abs(m), int(m < 0)
    terms = [(-1) ** (n // 2) * sp.binomial(k, n) * first ** (k - n) * second**n for n in range(parity, k + 1, 2)]
    return sp.sqrt(2) * sp.Add(*terms)


# --- generators: Y(R r̂) = (1 + θ G_k + O(θ²)) Y(r̂) for R the rotation by θ about axis k --------------------


def scipy_generators(l: int) -> list[sp.Matrix]:
    """G_k = i J_k on the column Y_l^m, with J_z Y^m = m Y^m and (J_x ± i J_y) Y^m = √(l(l+1) - m(m±1)) Y^(m±1).

    J = -i r × ∇ is the angular momentum (Condon and Shortley 1935, §3³; Edmonds, *Angular Momentum in Quantum
    Mechanics*, 1957, eq. 2.3.16-17).
    """
    m = range(-l, l + 1)
    up = sp.Matrix(2 * l + 1, 2 * l + 1, lambda i, j: sp.sqrt(l * (l + 1) - m[i] * (m[i] + 1)) if j == i + 1 else 0)
    return [sp.I * (up + up.T) / 2, (up - up.T) / 2, sp.I * sp.diag(*m)]


def condon_shortley_generators(l: int) -> list[sp.Matrix]:
    """V G_k V^† with the unitary V that takes Y_l^m, m = -l..l, to √2 Im Y^|m|, Y^0, √2 Re Y^m."""
    v = sp.zeros(2 * l + 1)
    v[l, l] = 1
    for m in range(1, l + 1):  # the conjugate of Y^m is (-1)^m Y^-m
        v[l + m, l + m], v[l + m, l - m] = 1 / sp.sqrt(2), (-1) ** (m % 2) / sp.sqrt(2)
        v[l - m, l + m], v[l - m, l - m] = -sp.I / sp.sqrt(2), (-1) ** (m % 2) * sp.I / sp.sqrt(2)
    return [(v * g * v.H).applyfunc(sp.expand) for g in scipy_generators(l)]


def e3nn_generators(l: int) -> list[sp.Matrix]:
    """What e3nn's ``wigner_D`` exponentiates, for rotations about its x, y, z (e3nn 0.6, ``_wigner.py``).

    Q^† X_k Q with X from ``su2_generators`` and Q from ``change_basis_real_to_complex``, whose factor (-i)^l drops out.
    """
    raising = sp.zeros(2 * l + 1)
    for m in range(-l, l):
        raising[l + m + 1, l + m] = -sp.sqrt(l * (l + 1) - m * (m + 1))
    lowering = -raising.T
    x = [
        (raising + lowering) / 2,
        sp.I * sp.diag(*range(-l, l + 1)),
        -sp.I * (raising - lowering) / 2,
    ]
    q = sp.zeros(2 * l + 1)
    q[l, l] = 1
    for m in range(1, l + 1):
        q[l - m, l + m], q[l - m, l - m] = 1 / sp.sqrt(2), -sp.I / sp.sqrt(2)
        q[l + m, l + m], q[l + m, l - m] = (-1) ** (m % 2) / sp.sqrt(2), sp.I * (-1) ** (m % 2) / sp.sqrt(2)
    return [(q.H * g * q).applyfunc(sp.expand) for g in x]
