"""The oracles agree with each other, and the helpers that compare can fail: the other tests are worth no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import inputs, oracles
from tests.tolerances import assert_close, assert_same_bits, relative_error, tolerance


@pytest.mark.parametrize("l_out", oracles.L_OUT)
def test_bulk_oracle_equals_fifty_digits(l_out: int) -> None:
    """Guards both: index loops in 50 digits and einsums in long double were written independently."""
    rng = np.random.default_rng(l_out)
    vectors = np.concatenate([inputs.directions(rng, 60), np.zeros((1, 3)), np.eye(3)])
    radial = inputs.signed(rng, (len(vectors), oracles.n_paths(l_out), 1))
    features = inputs.signed(rng, (len(vectors), 3, 1))
    bulk = oracles.apply(l_out, vectors, radial, features)
    for v, r, f, got in zip(vectors, radial, features, bulk, strict=True):
        want = oracles.exact_apply(l_out, v, r[:, 0], f[:, 0])
        scale = oracles.exact_norm(r[:, 0]) * oracles.exact_norm(f[:, 0])
        exact = np.array([_longdouble(w) for w in want])
        limit = tolerance(np.longdouble).value
        assert relative_error(got[:, 0], exact, np.longdouble(float(scale))) <= limit


def _longdouble(value: Any) -> np.longdouble:
    """The nearest long double, without passing through a double."""
    high = float(value)
    return np.longdouble(high) + np.longdouble(float(value - high))


@pytest.mark.parametrize("l_out", oracles.L_OUT)
def test_form_norms_and_orthogonality(l_out: int) -> None:
    """The forms are orthogonal with the squared norms worked out by hand: a slip in a coefficient shows here."""
    forms = oracles.forms(l_out, inputs.directions(np.random.default_rng(1), 50))
    gram = np.einsum("ipac,iqac->ipq", forms, forms)
    want = np.diag([np.longdouble(n) / d for n, d in oracles.SQUARED_NORMS[l_out]])
    want = np.broadcast_to(want, gram.shape)
    limit = tolerance(np.longdouble).value
    assert_close(gram, want, 6, limit=limit, dtype=np.longdouble, axis=(-2, -1))


@pytest.mark.parametrize(
    "bad",
    [
        np.array([1.0, np.nan]),
        np.array([1.0, np.inf]),
        np.array([1.0, 2.0], np.float32),
        np.array([[1.0, 2.0]]),
        np.array([1.0, 2.0 + 1e-14]),
        [1.0, 2.0],
    ],
    ids=["nan", "inf", "dtype", "shape", "value", "list"],
)
def test_comparison_can_fail(bad: Any) -> None:
    """NaN, infinities, another dtype, another shape, and an error of 20 eps are all refused."""
    want = np.array([1.0, 2.0])
    limit = tolerance(np.float64).value
    assert_close(want.copy(), want, 2.0, limit=limit, dtype=np.float64)
    with pytest.raises(AssertionError):
        assert_close(bad, want, 2.0, limit=limit, dtype=np.float64)
    with pytest.raises(AssertionError):
        assert_same_bits(bad, want)


def test_relative_error_is_honest_at_the_ends() -> None:
    """Zero scales demand equality, NaN stays NaN, and huge or tiny differences do not over- or underflow."""
    assert relative_error([0.0], [0.0], 0.0) == 0
    assert relative_error([1e-300], [0.0], 0.0) == np.inf
    assert np.isnan(relative_error([np.nan], [0.0], 1.0))
    assert relative_error([3e300, 4e300], [0.0, 0.0], 1e300) == pytest.approx(5, rel=1e-15)
    assert relative_error([3e-300, 4e-300], [0.0, 0.0], 1e-300) == pytest.approx(5, rel=1e-15)
    assert not np.isnan(relative_error(np.empty(0), np.empty(0), 1.0))


def test_same_bits_tells_zeros_apart() -> None:
    """-0 and +0 are different bits."""
    with pytest.raises(AssertionError):
        assert_same_bits(np.array([0.0]), np.array([-0.0]))
