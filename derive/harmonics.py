"""Real spherical harmonics, exactly.

Convention (stated once, used everywhere): orthonormal on the unit sphere, no Condon-Shortley sign,
ordered m = -l..l.  With ρ = x + iy and Legendre polynomials P_l,

    Y_l0  = N_l0 · Π_l0(z),      Y_l,+m = √2 N_lm · Π_lm(z) · Re ρ^m,      Y_l,-m = √2 N_lm · Π_lm(z) · Im ρ^m,
    Π_lm(z) = d^m P_l / dz^m,    N_lm = √((2l+1)/(4π) · (l-m)!/(l+m)!)

(E. W. Hobson, *The Theory of Spherical and Ellipsoidal Harmonics*, 1931, §§75-80, with the sign (-1)^m dropped).
Each is made homogeneous of degree l with |r|², so that it is a harmonic polynomial in R³ (a solid harmonic)
and vanishes at r = 0 for l > 0.  For l = 1 the order m = -1, 0, 1 reads (y, z, x).
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from .fischer import Terms, inner, over_root, terms, turned
from .symbols import DIRECTION


def normalisation(l: int, m: int) -> sp.Expr:
    """N_l|m|, times √2 for m ≠ 0."""
    k = abs(m)
    root = sp.sqrt(sp.Rational(2 * l + 1, 4) * sp.factorial(l - k) / sp.factorial(l + k)) / sp.sqrt(sp.pi)
    return root * (sp.sqrt(2) if m else 1)


@cache
def solid_polynomial(l: int, m: int) -> sp.Expr:
    """The polynomial part r^l Π_l|m|(z/r) Re or Im ρ^|m|, homogeneous of degree l, rational coefficients.

    Raises ValueError unless l ≥ 0 and |m| ≤ l.
    """
    if l < 0 or abs(m) > l:
        raise ValueError(f"spherical harmonics need l >= 0 and |m| <= l, got l = {l}, m = {m}")
    azimuthal = _power_of_rho(abs(m))[0 if m >= 0 else 1]
    return sp.expand(_polar_part(l, abs(m)) * azimuthal)


@cache
def solid_terms(l: int, m: int) -> Terms:
    """The terms of :func:`solid_polynomial`: powers of x, y, z to coefficients."""
    return terms(solid_polynomial(l, m))


def _polar_part(l: int, k: int) -> sp.Expr:
    """r^(l-k) Π_lk(z/r)."""
    x, y, z = DIRECTION
    t = sp.Symbol("t")
    legendre = sp.Poly(sp.diff(sp.legendre(l, t), t, k), t)
    r2 = x**2 + y**2 + z**2
    return sum(c * z**n * r2 ** ((l - k - n) // 2) for (n,), c in legendre.terms())


def _power_of_rho(k: int) -> tuple[sp.Expr, sp.Expr]:
    """Re and Im of (x + iy)^k, by the recursion that multiplies by x + iy."""
    x, y, _ = DIRECTION
    re, im = sp.Integer(1), sp.Integer(0)
    for _ in range(k):
        re, im = sp.expand(x * re - y * im), sp.expand(x * im + y * re)
    return re, im


@cache
def real_harmonic(l: int, m: int) -> sp.Expr:
    """r^l Y_lm(r̂) as a polynomial in (x, y, z); at |r| = 1 it is Y_lm itself."""
    return sp.expand(normalisation(l, m) * solid_polynomial(l, m))


def orders(l: int) -> range:
    """m = -l..l, the order of components."""
    return range(-l, l + 1)


def real_harmonics(l: int) -> sp.Matrix:
    """The column (Y_l,-l, ..., Y_l,l), homogeneous of degree l."""
    return sp.Matrix([real_harmonic(l, m) for m in orders(l)])


def complex_harmonic(l: int, m: int) -> sp.Expr:
    """r^l Y_l^m(r̂) with the Condon-Shortley sign, the convention of SymPy's Ynm and Clebsch-Gordan coefficients."""
    re, im = _power_of_rho(abs(m))
    sign = (-1) ** m if m >= 0 else 1
    root = normalisation(l, m) / (sp.sqrt(2) if m else 1)
    return sp.expand(sign * root * _polar_part(l, abs(m)) * (re + sp.I * im * (1 if m >= 0 else -1)))


def sphere_integral(polynomial: sp.Expr) -> sp.Expr:
    """∫ over the unit sphere of a polynomial in (x, y, z), exactly.

    ∫ x^a y^b z^c dΩ = 4π (a-1)!! (b-1)!! (c-1)!! / (a+b+c+1)!! for even a, b, c, and 0 otherwise
    (G. B. Folland, *Amer. Math. Monthly* 108 (2001) 446, written with double factorials).
    """
    total = sp.Integer(0)
    for powers, coefficient in sp.Poly(polynomial, *DIRECTION).terms():
        if not any(p % 2 for p in powers):
            odd = sp.prod([sp.factorial2(p - 1) for p in powers])
            total += coefficient * odd / sp.factorial2(sum(powers) + 1)
    return sp.expand(4 * sp.pi * total)


def laplacian(polynomial: sp.Expr) -> sp.Expr:
    """∇² of a polynomial in (x, y, z)."""
    return sp.expand(sum(sp.diff(polynomial, s, 2) for s in DIRECTION))


def turned_harmonics(l: int, axis: int) -> sp.Matrix:
    """(e_k × r)·∇ of each harmonic of degree l: its rate of change under rotation about axis k = 0, 1, 2."""
    a, b = (DIRECTION[(axis + 1) % 3], DIRECTION[(axis + 2) % 3])
    return real_harmonics(l).applyfunc(lambda p: sp.expand(a * sp.diff(p, b) - b * sp.diff(p, a)))


@cache
def generator(l: int, axis: int) -> sp.ImmutableMatrix:
    """G_k with Y_l(R r̂) = (1 + θ G_k + O(θ²)) Y_l(r̂) for R the rotation by θ about axis k = 0, 1, 2.

    Turned harmonics are harmonics of the same degree; the matrix is read off with their inner products.
    """
    basis = [solid_terms(l, m) for m in orders(l)]
    sizes = [inner(p, p) for p in basis]
    rates = [turned(p, axis) for p in basis]
    return sp.ImmutableMatrix(
        2 * l + 1, 2 * l + 1, lambda m, n: over_root(inner(rates[m], basis[n]), sizes[m] * sizes[n])
    )


def components_from_orders(l: int) -> sp.ImmutableMatrix:
    """The permutation P with (components) = P · (orders m = -l..l).

    Components are ordered like m, except for l = 1 whose components are Cartesian (x, y, z) = m (1, -1, 0).
    """
    if l != 1:
        return sp.ImmutableMatrix(sp.eye(2 * l + 1))
    return sp.ImmutableMatrix([[0, 0, 1], [1, 0, 0], [0, 1, 0]])


def component_generator(l: int, axis: int) -> sp.ImmutableMatrix:
    """The generator of rotations about an axis, acting on components (for l = 1 it is [e_k]×)."""
    p = components_from_orders(l)
    return sp.ImmutableMatrix(p * generator(l, axis) * p.T)
