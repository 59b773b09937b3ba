"""Exact harmonics against SymPy's own, integrals against SymPy's integrator, generators against their algebra."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn.derive.harmonics import (
    component_generator,
    components_from_orders,
    generator,
    laplacian,
    orders,
    real_harmonic,
    real_harmonics,
    solid_polynomial,
    sphere_integral,
    turned_harmonics,
)
from pocket_tfn.derive.symbols import DIRECTION

X, Y, Z = DIRECTION
#: (cos, sin) of polar and azimuthal angles in Pythagorean triples: exact points, more than 2l + 1 of them for l <= 3.
POLAR = [(Fraction(3, 5), Fraction(4, 5)), (Fraction(-5, 13), Fraction(12, 13)), (Fraction(8, 17), Fraction(15, 17))]
AZIMUTHAL = [
    (Fraction(4, 5), Fraction(3, 5)),
    (Fraction(-12, 13), Fraction(5, 13)),
    (Fraction(7, 25), Fraction(-24, 25)),
]
ANGLES = list(product(POLAR, AZIMUTHAL))


def at(expression: sp.Expr, angles: tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]) -> sp.Expr:
    """A polynomial in (x, y, z) at an exact point of the sphere."""
    (c, s), (u, v) = angles
    point = (s * u, s * v, c)
    return sp.expand(expression.subs({k: sp.Rational(p) for k, p in zip(DIRECTION, point, strict=True)}))


def complex_harmonic(l: int, m: int, angles: tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]) -> sp.Expr:
    """SymPy's Y_l^m, Condon-Shortley sign included, at an exact point."""
    (c, s), (u, v) = ((sp.Rational(a), sp.Rational(b)) for a, b in angles)
    theta, phi = sp.symbols("theta phi", real=True)
    value = sp.Ynm(l, m, theta, phi).expand(func=True)
    value = value.replace(sp.exp, lambda a: (u + sp.I * v) ** (a / (sp.I * phi)))
    return sp.expand(value.subs({sp.cos(theta): c, sp.sin(theta): s}), complex=False)


@pytest.mark.parametrize("l", range(4))
def test_harmonics_are_sympys(l: int) -> None:
    """Order m = -l..l; √2 Re and √2 Im of (-1)^m Y_l^|m|: the Condon-Shortley sign is taken out."""
    for m, ours in zip(orders(l), real_harmonics(l), strict=True):
        for angles in ANGLES:
            theirs = (-1) ** m * complex_harmonic(l, abs(m), angles)
            re, im = theirs.as_real_imag()
            wanted = re if m == 0 else sp.sqrt(2) * (re if m > 0 else im)
            assert sp.expand(at(ours, angles) - wanted) == 0, (l, m)


@pytest.mark.parametrize("l", range(4))
def test_harmonics_are_sympys_real_ones_but_for_a_sign(l: int) -> None:
    """SymPy's Znm is (-1)^m times ours for m >= 0, and minus ours for m < 0, where it takes Im of Y^-|m|."""
    theta, phi = sp.symbols("theta phi", real=True)
    for (c, s), (u, v) in ANGLES:
        values = {sp.cos(theta): sp.Rational(c), sp.sin(theta): sp.Rational(s)}
        rho = sp.Rational(u) + sp.I * sp.Rational(v)
        for m, ours in zip(orders(l), real_harmonics(l), strict=True):
            theirs = sp.Znm(l, m, theta, phi).expand(func=True)
            theirs = theirs.replace(sp.exp, lambda a, rho=rho: rho ** (a / (sp.I * phi))).subs(values)
            sign = (-1) ** m if m >= 0 else -1
            assert sp.expand(at(ours, ((c, s), (u, v))) - sign * theirs) == 0, (l, m)


def test_low_degrees_by_hand() -> None:
    """Polynomials as tables print them, with ==: order, sign and normalisation."""
    quarter = 1 / (4 * sp.sqrt(sp.pi))
    root = sp.sqrt
    assert list(real_harmonics(0)) == [1 / (2 * root(sp.pi))]
    assert list(real_harmonics(1)) == [2 * quarter * root(3) * s for s in (Y, Z, X)]
    second = [2 * root(15) * X * Y, 2 * root(15) * Y * Z, root(5) * (2 * Z**2 - X**2 - Y**2)]
    second += [2 * root(15) * X * Z, root(15) * (X**2 - Y**2)]
    assert list(real_harmonics(2)) == [sp.expand(quarter * p) for p in second]
    assert real_harmonic(3, 0) == sp.expand(quarter * root(7) * (2 * Z**3 - 3 * Z * X**2 - 3 * Z * Y**2))
    assert real_harmonic(3, 3) == sp.expand(quarter * root(sp.Rational(35, 2)) * X * (X**2 - 3 * Y**2))
    assert real_harmonic(3, -2) == sp.expand(quarter * 2 * root(105) * X * Y * Z)


@pytest.mark.parametrize("l", range(6))
def test_homogeneous_and_harmonic(l: int) -> None:
    """Also for degrees beyond those that are emitted."""
    for m in orders(l):
        p = solid_polynomial(l, m)
        assert sp.Poly(p, *DIRECTION).is_homogeneous and sp.Poly(p, *DIRECTION).total_degree() == l
        assert laplacian(p) == 0
        assert all(c.is_Rational for c in sp.Poly(p, *DIRECTION).coeffs())


@pytest.mark.parametrize(("l", "m"), [(-1, 0), (0, 1), (2, 3), (2, -3), (-2, 1)])
def test_no_such_harmonic(l: int, m: int) -> None:
    """One line that says which l and m."""
    with pytest.raises(ValueError, match=rf"l = {l}, m = {m}"):
        real_harmonic(l, m)


# --- integrals --------------------------------------------------------------------------------------------

MONOMIALS = [
    (0, 0, 0),
    (2, 0, 0),
    (0, 0, 2),
    (1, 0, 0),
    (1, 1, 0),
    (2, 2, 0),
    (0, 4, 0),
    (2, 2, 2),
    (4, 0, 2),
    (3, 1, 2),
]


@pytest.mark.parametrize("powers", MONOMIALS, ids=str)
def test_sphere_integral_is_sympys(powers: tuple[int, int, int]) -> None:
    """Against the double integral in spherical coordinates."""
    theta, phi = sp.symbols("theta phi", real=True)
    a, b, c = powers
    inner = sp.integrate(sp.sin(theta) ** (a + b + 1) * sp.cos(theta) ** c, (theta, 0, sp.pi))
    outer = sp.integrate(sp.cos(phi) ** a * sp.sin(phi) ** b, (phi, 0, 2 * sp.pi))
    assert sphere_integral(X**a * Y**b * Z**c) == sp.nsimplify(sp.simplify(inner * outer))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.fractions(-2, 2, max_denominator=3), *[st.integers(0, 4)] * 3), max_size=4))
def test_sphere_integral_is_rotation_invariant(terms: list[tuple[Fraction, int, int, int]]) -> None:
    """Linear, blind to a cyclic permutation, an inversion of one axis and a factor |r|²; zero for a derivative
    along the sphere."""
    p = sum((sp.Rational(c) * X**i * Y**j * Z**k for c, i, j, k in terms), sp.S.Zero)
    whole = sphere_integral(p)
    assert whole == sphere_integral(p.subs(dict(zip(DIRECTION, (Y, Z, X), strict=True)), simultaneous=True))
    assert whole == sphere_integral(p.subs(X, -X))
    assert whole == sphere_integral(sp.expand(p * (X**2 + Y**2 + Z**2)))
    assert sphere_integral(sp.expand(X * sp.diff(p, Y) - Y * sp.diff(p, X))) == 0


# --- generators -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("l", range(4))
def test_generators_are_the_rotation_algebra(l: int) -> None:
    """[G_x, G_y] = G_z and cyclic, antisymmetric, Σ G_k² = -l(l + 1)."""
    g = [sp.Matrix(generator(l, k)) for k in range(3)]
    for k in range(3):
        a, b, c = g[k], g[(k + 1) % 3], g[(k + 2) % 3]
        assert a * b - b * a == c
        assert a + a.T == sp.zeros(2 * l + 1)
    assert sum((m * m for m in g), sp.zeros(2 * l + 1)) == -l * (l + 1) * sp.eye(2 * l + 1)


@pytest.mark.parametrize("l", range(4))
@pytest.mark.parametrize("axis", range(3))
def test_generators_turn_harmonics(l: int, axis: int) -> None:
    """The directional derivative along e_k × r, taken here with SymPy's cross product."""
    unit = sp.Matrix([int(i == axis) for i in range(3)])
    velocity = unit.cross(sp.Matrix(DIRECTION))
    moved = real_harmonics(l).applyfunc(
        lambda p: sum(v * sp.diff(p, s) for v, s in zip(velocity, DIRECTION, strict=True))
    )
    assert (moved - turned_harmonics(l, axis)).expand() == sp.zeros(2 * l + 1, 1)
    assert (moved - generator(l, axis) * real_harmonics(l)).expand() == sp.zeros(2 * l + 1, 1)


@pytest.mark.parametrize("axis", range(3))
def test_vector_generator_is_the_cross_product(axis: int) -> None:
    """In components G^1_k v = e_k × v, for every v."""
    v = sp.Matrix(sp.symbols("v0:3"))
    unit = sp.Matrix([int(i == axis) for i in range(3)])
    assert component_generator(1, axis) * v == unit.cross(v)


def test_components_of_a_vector() -> None:
    """m = -1, 0, 1 is (y, z, x); components are (x, y, z); other degrees are ordered like m."""
    assert components_from_orders(1) * sp.Matrix([Y, Z, X]) == sp.Matrix([X, Y, Z])
    for l in (0, 2, 3):
        assert components_from_orders(l) == sp.eye(2 * l + 1)
