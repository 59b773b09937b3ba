"""Sums over rotations and directions are the integrals that they claim to be, up to their degree and no further."""

from __future__ import annotations

import itertools
import pickle
from collections import Counter
from fractions import Fraction
from math import factorial, fsum, prod
from typing import Any

import numpy as np
import pytest
import sympy as sp
from pocket_tfn.derive.harmonics import components_from_orders, real_harmonics
from pocket_tfn.derive.symbols import DIRECTION
from pocket_tfn.layers import (
    RotationQuadrature,
    SphereQuadrature,
    representation,
    rotation_quadrature,
    sphere_quadrature,
)
from pocket_tfn.layers.sphere_rules import LEBEDEV_DEGREES, lebedev_rule, product_rule
from scipy.integrate import lebedev_rule as scipy_rule
from scipy.spatial.transform import Rotation

from tests import inputs, oracles
from tests.tolerances import Array, assert_close, tolerance

EPS = tolerance(float).eps
#: As polynomials in a unit quaternion (w, x, y, z): powers to coefficients.
ENTRIES: dict[tuple[int, int], Counter[tuple[int, int, int, int]]] = {}
for i, j, signs in ((0, 0, (1, 1, -1, -1)), (1, 1, (1, -1, 1, -1)), (2, 2, (1, -1, -1, 1))):
    ENTRIES[i, j] = Counter({tuple(2 * int(k == m) for k in range(4)): s for m, s in enumerate(signs)})  # type: ignore[misc]
for (i, j), sign in {(0, 1): -1, (1, 0): 1, (0, 2): 1, (2, 0): -1, (1, 2): -1, (2, 1): 1}.items():
    pair, third = {i + 1, j + 1}, 3 - i - j + 1
    mixed = tuple(int(k in pair) for k in range(4)), tuple(int(k in (0, third)) for k in range(4))
    ENTRIES[i, j] = Counter({mixed[0]: 2, mixed[1]: 2 * sign})  # type: ignore[dict-item]


def moment(entries: tuple[tuple[int, int], ...]) -> Fraction:
    """∫ R_ij R_kl ... dR exactly, over the unit quaternions: Γ's of half-integers, as in Folland's formula."""
    product = Counter({(0, 0, 0, 0): 1})
    for entry in entries:
        longer: Counter[tuple[int, int, int, int]] = Counter()
        for (a, x), (b, y) in itertools.product(product.items(), ENTRIES[entry].items()):
            longer[tuple(np.add(a, b).tolist())] += x * y  # type: ignore[index]
        product = longer
    return sum((c * sphere_moment(powers) for powers, c in product.items()), Fraction(0))


def sphere_moment(powers: tuple[int, ...]) -> Fraction:
    """The mean of Π q_i^n_i over the unit sphere in any dimension d: Π (n_i - 1)!! / (d (d + 2) ... (d + n - 2))."""
    if any(p % 2 for p in powers):
        return Fraction(0)
    odd = prod(factorial(p) // (2 ** (p // 2) * factorial(p // 2)) for p in powers)
    return Fraction(odd, prod(len(powers) + k for k in range(0, sum(powers), 2)))


def some_entries(degree: int, count: int = 40) -> list[tuple[tuple[int, int], ...]]:
    """Products of so many entries of R, drawn once for all; half without the third column, which turns no angle γ."""
    drawn = np.random.default_rng(degree).integers(0, 3, (count, degree, 2))
    drawn[: count // 2, :, 1] //= 2
    return [tuple((i, j) for i, j in entries) for entries in drawn.tolist()]


def rotation_error(degree: int, of_degree: int) -> float:
    """The largest error of the rule on products of so many entries of R."""
    rule = rotation_quadrature(degree)
    errors = []
    for entries in some_entries(of_degree):
        values = np.prod([rule.rotations[:, i, j] for i, j in entries], axis=0, initial=1.0)
        errors.append(abs(fsum(rule.weights * values) - float(moment(entries))))
    return float(np.max(errors))  # NaN if one is


def test_exact_moments() -> None:
    """The oracle itself: δδ/3, εε/6, and the numbers of invariants in products of vectors, 1, 0, 1, 1, 3, 6."""
    axes = [(i, j) for i in range(3) for j in range(3)]
    for a, b in itertools.product(axes, repeat=2):
        assert moment((a, b)) == Fraction(int(a == b), 3)
    for a, b, c in itertools.product(axes, repeat=3):
        signs = [np.linalg.det(np.eye(3)[[e[k] for e in (a, b, c)]]) for k in (0, 1)]
        assert moment((a, b, c)) == Fraction(round(signs[0] * signs[1]), 6)
    for k, invariants in enumerate((1, 0, 1, 1, 3)):
        traces = itertools.product([(i, i) for i in range(3)], repeat=k)
        assert sum(moment(t) for t in traces) == invariants


@pytest.mark.parametrize("degree", range(9))
def test_rotations_are_exact_to_their_degree(degree: int) -> None:
    """On products of entries of R of every degree up to it; one degree more is off by far more than rounding."""
    for lower in range(degree + 1):
        assert rotation_error(degree, lower) <= 8 * EPS
    assert rotation_error(degree, degree + 1) > 1e-4


@pytest.mark.parametrize("degree", range(7))
def test_orthogonality(degree: int) -> None:
    """∫ D^l_ab D^k_cd dR = δ_lk δ_ac δ_bd / (2l + 1) where l + k <= degree; some of l + k = degree + 1 fails."""
    rule = rotation_quadrature(degree)
    beyond = 0.0
    for l, k in itertools.combinations_with_replacement(range(degree + 2), 2):
        if l + k > degree + 1:
            continue
        d, e = (representation(n, rule.rotations).reshape(len(rule), -1) for n in (l, k))
        want = np.eye((2 * l + 1) ** 2) / (2 * l + 1) if l == k else np.zeros((d.shape[1], e.shape[1]))
        error = float(np.abs((rule.weights[:, None] * d).T @ e - want).max())
        if l + k <= degree:
            assert error <= 8 * (l + k + 1) * EPS
        else:
            beyond = max(beyond, error)
    assert beyond > 0.05


@pytest.mark.parametrize("degree", range(13))
def test_nodes_are_rotations(degree: int) -> None:
    """Proper and orthogonal, as SciPy reads them; all different; weights sum to 1; as many as stated."""
    rule = rotation_quadrature(degree)
    again = Rotation.from_matrix(rule.rotations)
    assert np.abs(again.as_matrix() - rule.rotations).max() <= 8 * EPS
    assert np.abs(np.linalg.det(rule.rotations) - 1).max() <= 8 * EPS
    apart = np.abs(rule.rotations[:, None] - rule.rotations[None, :60]).max(axis=(-2, -1))
    assert np.sum(apart < 0.02) == min(len(rule), 60)
    assert abs(rule.weights.sum() - 1) <= 4 * EPS
    assert rule.degree == degree
    stated = (1, 4, 18, 24, 70, 84, 182, 208, 342)
    assert degree >= len(stated) or len(rule) == stated[degree]
    assert repr(rule) == f"RotationQuadrature(degree {degree}, {len(rule)} rotations)"


def monomial_error(rule: Any, degree: int) -> float:
    """The largest error on x^a y^b z^c, a + b + c = degree."""
    errors = []
    for powers in itertools.product(range(degree + 1), repeat=3):
        if sum(powers) == degree:
            values = np.prod(rule.directions ** np.array(powers), axis=1)
            errors.append(abs(fsum(rule.weights * values) - float(sphere_moment(powers))))
    return float(np.max(errors))


@pytest.mark.parametrize("degree", range(14))
@pytest.mark.parametrize("make", [sphere_quadrature, product_rule])
def test_directions_are_exact_to_their_degree(make: Any, degree: int) -> None:
    """On monomials; the product's degree is odd if it has all its angles, and no rule is exact for all degrees."""
    rule = make(degree)
    assert rule.degree >= degree
    for lower in range(rule.degree + 1):
        assert monomial_error(rule, lower) <= 8 * EPS
    assert max(monomial_error(rule, rule.degree + k) for k in (1, 2)) > 1e-6
    assert np.abs(np.linalg.norm(rule.directions, axis=1) - 1).max() <= 4 * EPS


def test_fewest_nodes() -> None:
    """Lebedev's rule where it has fewer nodes, SciPy's tables to their end, and the product beyond them."""
    sizes = [len(sphere_quadrature(degree)) for degree in range(10)]
    assert sizes == [1, 2, 6, 6, 14, 14, 26, 26, 38, 38]
    for degree in LEBEDEV_DEGREES:
        assert len(lebedev_rule(degree)) == scipy_rule(degree)[0].shape[1] <= len(product_rule(degree)) or degree < 3
    with pytest.raises(NotImplementedError):
        scipy_rule(max(LEBEDEV_DEGREES) + 2)
    beyond = sphere_quadrature(max(LEBEDEV_DEGREES) + 1)
    assert beyond.degree == 132 and len(beyond) == 67 * 133
    z = beyond.directions[:, 2]
    assert abs(beyond.weights @ z**132 - 1 / 133) <= 64 * EPS
    assert repr(beyond) == "SphereQuadrature(degree 132, 8911 directions)"


@pytest.mark.parametrize("l", range(5))
def test_representation(l: int) -> None:
    """Y(R n) = D(R) Y(n) with the exact harmonics, D(R) D(S) = D(R S), orthogonal; D as written out for l <= 2."""
    r, s = (Rotation.from_rotvec(np.random.default_rng(k).normal(size=(20, 3))).as_matrix() for k in (0, 1))
    d, e = representation(l, r), representation(l, s)
    n = oracles.unit(inputs.directions(np.random.default_rng(2), 50), np.float64)
    turned = harmonics(l, np.einsum("rab,nb->rna", r, n))
    scale = np.sqrt((2 * l + 1) / (4 * np.pi))
    limit = tolerance(float).peer * 2**l
    assert_close(np.einsum("rab,nb->rna", d, harmonics(l, n)), turned, scale, limit=limit, dtype=float, axis=-1)
    assert_close(d @ e, representation(l, r @ s), 1, limit=limit, dtype=float, axis=(-2, -1))
    assert_close(d @ np.swapaxes(d, 1, 2), np.broadcast_to(np.eye(2 * l + 1), d.shape), 1, limit=limit, dtype=float)
    if l <= 2:
        want = np.stack([oracles.representation(l, rotation) for rotation in r])
        assert_close(d, want, 1, limit=limit, dtype=float, axis=(-2, -1))


def harmonics(l: int, directions: Array) -> Array:
    """Those of derive/, in the order of components."""
    column = sp.Matrix(components_from_orders(l) * real_harmonics(l))
    values = sp.lambdify(DIRECTION, list(column), "numpy")(*np.moveaxis(directions, -1, 0))
    return np.stack([np.broadcast_to(np.asarray(v, float), directions.shape[:-1]) for v in values], axis=-1)


def test_shapes_of_representation() -> None:
    """Any leading dimensions, float32 too; R itself for l = 1."""
    r = Rotation.from_rotvec(np.random.default_rng(3).normal(size=(6, 3))).as_matrix()
    for l in range(3):
        got = representation(l, r.reshape(2, 3, 3, 3))
        assert_close(got.reshape(6, 2 * l + 1, 2 * l + 1), representation(l, r), 1, limit=EPS, dtype=float)
    assert (representation(1, r) == r).all()
    assert representation(2, r[0].astype(np.float32)).dtype == np.float64


def test_nothing_is_written_to() -> None:
    """Not in copies either."""
    for rule in (rotation_quadrature(2), sphere_quadrature(2)):
        for one in (rule, pickle.loads(pickle.dumps(rule))):
            with pytest.raises(ValueError, match="read-only"):
                one.weights[0] = 1


@pytest.mark.parametrize("make", [rotation_quadrature, sphere_quadrature])
def test_bad_degrees(make: Any) -> None:
    """One line each."""
    for bad in (1.0, "1", True, None):
        with pytest.raises(TypeError, match=rf"^{make.__name__}: degree must be an integer, got {bad!r}$"):
            make(bad)
    with pytest.raises(ValueError, match=rf"^{make.__name__}: degree must not be negative, got -1$"):
        make(-1)


def test_bad_rotations() -> None:
    """One line each."""
    with pytest.raises(ValueError, match=r"^representation: l must not be negative, got -2$"):
        representation(-2, np.eye(3))
    with pytest.raises(ValueError, match=r"^representation: rotations must have shape \(\.\.\., 3, 3\), got \(3,\)$"):
        representation(1, np.ones(3))
    with pytest.raises(TypeError, match=r"^representation: rotations is int64; float32 and float64 are supported$"):
        representation(1, np.eye(3, dtype=np.int64))


def test_bad_rules() -> None:
    """One line each for arrays that are no rotations, no unit vectors, or no weights of a mean."""
    eye, z, one = np.eye(3)[None], np.array([[0.0, 0.0, 1.0]]), np.ones(1)
    assert len(RotationQuadrature(0, eye, one)) == len(SphereQuadrature(0, z.astype(np.float32), one)) == 1
    turned = r"^RotationQuadrature: rotations must be orthogonal matrices of determinant 1$"
    for bad in (2 * eye, -eye, 0 * eye):
        with pytest.raises(ValueError, match=turned):
            RotationQuadrature(3, bad, one)
    with pytest.raises(ValueError, match=r"^RotationQuadrature: rotations must have shape \(M, 3, 3\), got \(3, 3\)$"):
        RotationQuadrature(3, np.eye(3), one)
    with pytest.raises(ValueError, match=r"^SphereQuadrature: directions must be unit vectors$"):
        SphereQuadrature(3, 2 * z, one)
    makes: list[tuple[Any, Array]] = [(RotationQuadrature, eye), (SphereQuadrature, z)]
    for make, nodes in makes:
        name = make.__name__
        with pytest.raises(ValueError, match=rf"^{name}: weights must sum to 1, got 0.5$"):
            make(3, nodes, 0.5 * one)
        with pytest.raises(ValueError, match=rf"^{name}: weights must have shape \(1,\), one for each node, got"):
            make(3, nodes, np.array([0.5, 0.5]))
        with pytest.raises(ValueError, match=rf"^{name}: \w+ holds NaN or infinity$"):
            make(3, nodes * np.nan, one)
        with pytest.raises(TypeError, match=rf"^{name}: degree must be an integer, got 1.5$"):
            make(1.5, nodes, one)
        with pytest.raises(TypeError, match=rf"^{name}: weights is complex128; float32 and float64 are supported$"):
            make(1, nodes, 1j * one)
