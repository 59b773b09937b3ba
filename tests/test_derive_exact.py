"""SphereRing decides identities exactly: what it reads, what it refuses, and that zero means zero everywhere."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn.derive.exact import INVERSE_ROOT_PI, SphereRing, surd
from pocket_tfn.derive.rotations import rotation_matrix
from pocket_tfn.derive.symbols import DIRECTION, QUATERNION

X, Y, Z = DIRECTION
UNIT = X**2 + Y**2 + Z**2
SPHERE = SphereRing(units=[DIRECTION])


@pytest.mark.parametrize(
    ("expression", "written_out"),
    [
        (sp.Integer(0), 0),
        (7, 7),
        (sp.Rational(-2, 3), sp.Rational(-2, 3)),
        (sp.sqrt(2), surd(2)),
        (sp.sqrt(12), 2 * surd(3)),
        (sp.sqrt(sp.Rational(8, 15)), 2 * surd(2) * surd(3) * surd(5) / 15),
        (1 / sp.sqrt(3), surd(3) / 3),
        (sp.Rational(5, 3) ** sp.Rational(-3, 2), 3 * surd(3) * surd(5) / 25),
        (sp.Integer(3) ** -2, sp.Rational(1, 9)),
        (1 / sp.sqrt(sp.pi), INVERSE_ROOT_PI),
        (1 / sp.pi, INVERSE_ROOT_PI**2),
        (sp.pi ** sp.Rational(-3, 2), INVERSE_ROOT_PI**3),
        ((X + sp.sqrt(2) * Y) ** 2, X**2 + 2 * surd(2) * X * Y + 2 * Y**2),
    ],
)
def test_reads_exact_numbers(expression: Any, written_out: Any) -> None:
    """Surds are broken into primes, 1/√π is a letter of its own, and the value comes back unchanged."""
    element = SPHERE.reduce(SPHERE.lift(expression))
    wanted = sp.expand(sp.sympify(written_out))
    assert SPHERE.reduce(SPHERE.lift(wanted)) == element
    no_squares = element.as_expr()
    assert no_squares.free_symbols <= {*DIRECTION, INVERSE_ROOT_PI, *map(surd, (2, 3, 5, 7))}
    difference = SPHERE.to_sympy(SPHERE.lift(expression)) - sp.expand(sp.sympify(expression))
    assert sp.simplify(difference) == 0


@pytest.mark.parametrize(
    "expression",
    [
        0.5,
        sp.Float("0.5"),
        sp.Float(0),
        0.1 * X + Y,
        sp.pi,
        sp.sqrt(sp.pi),
        sp.pi**2,
        sp.E,
        sp.sin(1),
        sp.cos(X),
        sp.Symbol("stranger"),
        sp.Symbol("x"),  # not real: another symbol than the ring's x
        sp.sqrt(11),
        sp.Integer(2) ** sp.Rational(1, 3),
        sp.sqrt(-2),
        sp.I,
        1 / X,
        sp.sqrt(X),
        X**Y,
        sp.nan,
        sp.oo,
        sp.zoo,
        sp.Integral(X, (X, 0, 1)),
        sp.Derivative(X**2, X),
    ],
    ids=str,
)
def test_refuses_what_is_not_an_exact_polynomial(expression: Any) -> None:
    """Floats above all: an identity that holds to 1e-16 does not hold."""
    with pytest.raises(ValueError, match=r"not an exact polynomial|not among the ring's generators"):
        SPHERE.lift(expression)


def test_refuses_free_symbols_of_another_ring() -> None:
    """A symbol is known only to the ring that was given it."""
    phi = sp.Symbol("phi")
    assert SphereRing(free=[phi]).normal_form(phi - phi) == 0
    with pytest.raises(ValueError):
        SPHERE.lift(phi * X)


TRUE = [
    UNIT - 1,
    UNIT**3 - 1,
    X**4 + Y**4 + Z**4 + 2 * (X**2 * Y**2 + Y**2 * Z**2 + Z**2 * X**2) - 1,
    (sp.sqrt(2) * X) ** 2 - 2 * X**2,
    sp.sqrt(6) * X - sp.sqrt(2) * sp.sqrt(3) * X,
    1 / sp.sqrt(2) - sp.sqrt(2) / 2,
    (1 + sp.sqrt(5)) ** 2 / 4 - (1 + sp.sqrt(5)) / 2 - 1,
    1 / sp.pi - (1 / sp.sqrt(sp.pi)) ** 2,
]
TINY = sp.Rational(1, 10**40)


@pytest.mark.parametrize("identity", TRUE, ids=str)
def test_zero_for_identities(identity: sp.Expr) -> None:
    """True on the whole sphere: the normal form is the zero of the ring."""
    assert SPHERE.normal_form(identity) == SPHERE.ring.zero


@pytest.mark.parametrize("identity", TRUE, ids=str)
@pytest.mark.parametrize("error", [TINY, TINY * X, TINY * sp.sqrt(2), TINY / sp.sqrt(sp.pi), TINY * X * Y * Z], ids=str)
def test_near_identities_are_refused(identity: sp.Expr, error: sp.Expr) -> None:
    """Far below what any float could tell."""
    assert SPHERE.normal_form(identity + error) != SPHERE.ring.zero


@pytest.mark.parametrize("statement", [UNIT, UNIT + 1, X**2 + Y**2 - 1, X - Y, sp.sqrt(2) - 1, sp.sqrt(2) - sp.sqrt(3)])
def test_not_zero_for_others(statement: sp.Expr) -> None:
    """What fails somewhere on the sphere is not zero."""
    assert SPHERE.normal_form(statement)


def test_several_units_do_not_mix() -> None:
    """A direction and a quaternion in one ring: each has unit length, their components stay independent."""
    ring = SphereRing(units=[DIRECTION, QUATERNION])
    length = sum(s**2 for s in QUATERNION)
    assert not ring.normal_form(UNIT - length)
    assert not ring.normal_form(sum(s**2 for s in rotation_matrix() * sp.Matrix(DIRECTION)) - 1)
    assert ring.normal_form(X**2 - QUATERNION[1] ** 2)
    assert SphereRing(free=QUATERNION, units=[DIRECTION]).normal_form(length - 1)


COEFFICIENTS = st.fractions(-3, 3, max_denominator=4)
POWERS = st.tuples(*[st.integers(0, 2)] * 3)
ROOTS = st.sampled_from([sp.Integer(1), sp.sqrt(2), sp.sqrt(6), 1 / sp.sqrt(sp.pi)])


@st.composite
def polynomials(draw: st.DrawFn, roots: st.SearchStrategy[sp.Expr] = ROOTS) -> sp.Expr:
    """Sums of few monomials of degree at most 6, with surds."""
    terms = draw(st.lists(st.tuples(COEFFICIENTS, POWERS, roots), min_size=1, max_size=5))
    return sum(sp.Rational(c) * root * X**a * Y**b * Z**d for c, (a, b, d), root in terms)


@settings(deadline=None, max_examples=60)
@given(polynomials())
def test_multiples_of_the_relation_vanish(p: sp.Expr) -> None:
    """p · (x² + y² + z² - 1) is zero; p times a shifted relation is zero only if p is."""
    assert not SPHERE.normal_form(p * (UNIT - 1))
    assert bool(SPHERE.normal_form(p * (UNIT - sp.Rational(3, 2)))) == bool(SPHERE.normal_form(p))


@settings(deadline=None, max_examples=60)
@given(polynomials(), polynomials())
def test_normal_form_is_unique(p: sp.Expr, q: sp.Expr) -> None:
    """Two representatives of one function on the sphere reduce to the same element, and reducing is idempotent."""
    first, second = SPHERE.normal_form(p), SPHERE.normal_form(sp.expand(p + q * (UNIT - 1)))
    assert first == second
    assert SPHERE.reduce(first) == first
    assert SPHERE.normal_form(p + q) == SPHERE.reduce(SPHERE.normal_form(p) + SPHERE.normal_form(q))


def rational_point(s: Fraction, t: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """A rational point of the sphere, by stereographic projection."""
    n = 1 + s * s + t * t
    return 2 * s / n, 2 * t / n, (n - 2) / n


def value_at(p: sp.Expr, point: tuple[Fraction, Fraction, Fraction]) -> Fraction:
    """A polynomial with rational coefficients at a rational point."""
    x, y, z = point
    terms = sp.Poly(p, *DIRECTION).terms()
    return sum((Fraction(c.p, c.q) * x**i * y**j * z**k for (i, j, k), c in terms), Fraction(0))


#: More points than functions of degree <= 6 on the sphere have dimensions (49), in general position.
POINTS = [rational_point(Fraction(s, 3), Fraction(t, 5)) for s, t in product(range(-4, 5), range(-4, 5))]


@settings(deadline=None, max_examples=40)
@given(polynomials(roots=st.just(sp.Integer(1))))
def test_zero_means_zero_at_every_point(p: sp.Expr) -> None:
    """At rational points of the sphere p and its normal form agree; if the form is not zero, neither is p."""
    form = SPHERE.normal_form(p).as_expr()
    values = [value_at(p, point) for point in POINTS]
    assert values == [value_at(form, point) for point in POINTS]
    assert any(values) == (form != 0)
