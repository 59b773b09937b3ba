"""The oracles of derivatives against each other: forms by hand, product rules, complex steps, SymPy in 50 digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from tests import derivative_oracles as derivatives
from tests import inputs, oracles
from tests.derivative_cases import Case, apply_case
from tests.derivative_oracles import WIDE, Inputs
from tests.tolerances import relative_error, tolerance

LIMIT = tolerance(WIDE).derivative(8)
each_key = pytest.mark.parametrize("key", oracles.KEYS)
both = pytest.mark.parametrize("normalize", [True, False])


def messages(key: str, normalize: bool, count: int = 30, channels: int = 1) -> tuple[Case, Inputs]:
    """Single edges with weights, in long double."""
    case = apply_case(key, np.float64, count, channels, normalize=normalize, seed=3)
    weights = inputs.signed(np.random.default_rng(4), (count,), 1)
    return case, {n: a.astype(WIDE) for n, a in {**case.inputs, "weights": weights}.items()}


@each_key
def test_the_catalogue_is_what_was_written_by_hand(key: str) -> None:
    """Its polynomials at r̂ are the forms of tests/oracles.py, at 0 too; and |r|^l of that with normalize=False."""
    vectors = np.concatenate([inputs.directions(np.random.default_rng(1), 100), np.zeros((1, 3))]).astype(WIDE)
    want = oracles.forms(oracles.degree_of(key), vectors)[:, list(oracles.POSITIONS[key])]
    unit = derivatives.kernels(key, vectors, True)
    assert relative_error(unit, want, 1, axis=(-2, -1)) < LIMIT
    solid = derivatives.kernels(key, vectors, False)
    powers = np.linalg.norm(vectors, axis=1)[:, None] ** np.array(derivatives.path_degrees(key))
    assert relative_error(solid, powers[..., None, None] * want, powers, axis=(-2, -1)) < LIMIT


@each_key
@both
def test_gradient_is_that_of_the_value(key: str, normalize: bool) -> None:
    """Each component of each input, by a complex step of Σ g · value."""
    case, edge = messages(key, normalize, 3, 2)
    g = case.cotangents.astype(WIDE)
    got = derivatives.gradient(key, normalize, edge, g)
    sizes = derivatives.Sizes(key, normalize, edge, {}, case.cotangents).vjp()
    for name, array in edge.items():
        want = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            ahead = {name: np.zeros_like(array)}
            ahead[name][place] = 1
            moved = derivatives.complex_step(lambda x: derivatives.value(key, normalize, x), edge, ahead)
            want[place] = (g * moved).sum()
        scale = sizes[name]
        while scale.ndim < array.ndim:
            scale = np.expand_dims(scale, 1)
        assert relative_error(got[name][None], want[None], scale, axis=0) < LIMIT, name


@each_key
@both
def test_both_orders_against_fifty_digits(key: str, normalize: bool) -> None:
    """The bulk oracle, product rule and complex step, agrees with SymPy's derivatives."""
    case, _ = messages(key, normalize, 12)
    wanted = case.expected()
    for e in range(12):
        one = {n: a[e].reshape(a.shape[1]) for n, a in case.inputs.items()}
        along = {n: a[e].reshape(a.shape[1]) for n, a in case.tangents.items()}
        jvp, vjp, hvp = derivatives.exact_derivatives(key, normalize, one, along, case.cotangents[e, :, 0])
        exact = {"jvp": jvp} | {f"vjp.{n}": a for n, a in vjp.items()} | {f"hvp.{n}": a for n, a in hvp.items()}
        for name, answer in exact.items():
            got, scale = (a[e] for a in wanted[name])
            want = np.array([WIDE(mpmath.nstr(x, 30)) for x in answer])
            assert relative_error(got.reshape(want.shape), want, np.max(scale), axis=0) < LIMIT, name


def test_scales_at_the_origin() -> None:
    """Powers of |r| by hand: 1, r and r² with normalize=False, and what is left of their derivatives at 0."""
    vectors = np.array([[0, 3, -4], [0, 0, 0]], WIDE)
    edge = {"vectors": vectors, "radial": np.ones((2, 3, 1), WIDE)}
    solid = derivatives.Sizes("1_1", False, edge, {}, np.ones((2, 3, 1)))
    assert [solid.path(n).tolist() for n in range(3)] == [
        [[1, 5, 25], [1, 0, 0]],
        [[0, 1, 5], [0, 1, 0]],
        [[0, 0, 1], [0, 0, 1]],
    ]
    unit = derivatives.Sizes("1_1", True, edge, {}, np.ones((2, 3, 1)))
    fifth = WIDE(1) / 5
    assert unit.path(0).tolist() == [[1, 1, 1], [1, 0, 0]]
    assert unit.path(1).tolist() == [[0, fifth, fifth], [0, 0, 0]]
