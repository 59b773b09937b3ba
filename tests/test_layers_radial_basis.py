"""Radial bases and envelopes against their published formulas in 40 digits, and exactly zero from the cutoff on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from pocket_tfn.layers import BesselBasis, CosineEnvelope, GaussianBasis, PolynomialEnvelope

from tests.tolerances import Array, relative_error, tolerance

CUTOFF = 4.7
DTYPES = (np.float32, np.float64)
ALL = [
    BesselBasis(CUTOFF, 6),
    GaussianBasis(CUTOFF, 5),
    GaussianBasis(CUTOFF, 3, width=0.25),
    *(PolynomialEnvelope(CUTOFF, p) for p in (1, 2, 3, 6, 9)),
    CosineEnvelope(CUTOFF),
]
each = pytest.mark.parametrize("function", ALL, ids=str)
both = pytest.mark.parametrize("dtype", DTYPES)


def published(function: Any, r: Any) -> list[Any]:
    """The formula as printed, in mpmath; a limit at r = 0."""
    c = mpmath.mpf(CUTOFF)
    match function:
        case BesselBasis():
            root = mpmath.sqrt(2 / c)
            return [
                root * mpmath.sin(n * mpmath.pi * r / c) / r if r else root * n * mpmath.pi / c
                for n in range(1, function.n_functions + 1)
            ]
        case GaussianBasis():
            step = c / (function.n_functions - 1)
            width = step if function.width is None else mpmath.mpf(function.width)
            return [mpmath.exp(-(((r - k * step) / width) ** 2) / 2) for k in range(function.n_functions)]
        case PolynomialEnvelope(p=p):
            x = r / c
            return [
                1
                - mpmath.mpf((p + 1) * (p + 2)) / 2 * x**p
                + p * (p + 2) * x ** (p + 1)
                - mpmath.mpf(p * (p + 1)) / 2 * x ** (p + 2)
            ]
        case CosineEnvelope():
            return [(1 + mpmath.cos(mpmath.pi * r / c)) / 2]
    raise TypeError(function)


def exact(function: Any, r: Array) -> Array:
    """(n,) -> (n, K) in float64."""
    with mpmath.workdps(40):
        return np.array([[float(v) for v in published(function, mpmath.mpf(float(x)))] for x in r])


def got(function: Callable[[Array], Array], r: Array) -> Array:
    """(n,) -> (n, K), an envelope having one column."""
    return function(r).reshape(len(r), -1)


@each
@both
def test_values(function: Any, dtype: Any) -> None:
    """As published, at r = 0, close to it, close to the cutoff and between."""
    rng = np.random.default_rng(1)
    ends = [0, 1e-30, 1e-9, 1e-3, CUTOFF * (1 - 1e-3), CUTOFF * (1 - 1e-6)]
    r = np.concatenate([ends, rng.uniform(0, CUTOFF, 200)]).astype(dtype)
    values = got(function, r)
    assert values.dtype == dtype
    # A Gaussian multiplies the rounding of its argument by at most (r - μ) / σ² · r.
    slack = 20 if isinstance(function, GaussianBasis) else 1
    want = exact(function, r)
    assert relative_error(values, want, np.abs(want).max(axis=0), axis=()) <= slack * tolerance(dtype).value


@pytest.mark.parametrize("p", [1, 3, 6, 9])
def test_envelope_keeps_its_digits_near_the_cutoff(p: int) -> None:
    """It falls like (1 - x)³; the printed polynomial would cancel to about 1e-14, absolutely."""
    x = 1 - np.logspace(-1, -5, 30)
    envelope = PolynomialEnvelope(1.0, p)
    with mpmath.workdps(60):
        r = [mpmath.mpf(float(v)) for v in x]
        want = np.array(
            [
                float(1 - (p + 1) * (p + 2) * t**p / 2 + p * (p + 2) * t ** (p + 1) - p * (p + 1) * t ** (p + 2) / 2)
                for t in r
            ]
        )
    error = relative_error(envelope(x), want, want, axis=())
    assert error <= 8 * tolerance(np.float64).eps  # 1 - x is exact


def test_envelope_vanishes_with_two_derivatives() -> None:
    """(1 - x)³ times something finite, for both sides of the last digit; the cosine only (1 - x)²."""
    for distance in (1e-3, 1e-4):
        ratio = PolynomialEnvelope(1.0, 6)(1 - distance) / distance**3
        assert 27 < ratio <= 56 * (1 + 1e-9)
        assert CosineEnvelope(1.0)(1 - distance) / distance**2 == pytest.approx(np.pi**2 / 4, rel=1e-4)


def test_bessel_functions_are_orthonormal() -> None:
    """∫ b_m b_n r² dr = δ_mn on [0, cutoff]."""
    x, w = np.polynomial.legendre.leggauss(60)
    r = (x + 1) * CUTOFF / 2
    basis = BesselBasis(CUTOFF, 7)(r)
    gram = np.einsum("i,im,in->mn", w * CUTOFF / 2 * r**2, basis, basis)
    assert relative_error(gram, np.eye(7), 1.0) <= 1e-13


@each
@both
def test_exactly_zero_from_the_cutoff_on(function: Any, dtype: Any) -> None:
    """And not before; infinity included, NaN excepted."""
    cutoff = dtype(CUTOFF)
    beyond = np.array([cutoff, np.nextafter(cutoff, dtype(np.inf)), 2 * cutoff, np.inf], dtype)
    values = got(function, beyond)
    assert values.dtype == dtype and np.array_equal(values, np.zeros_like(values))
    assert (got(function, cutoff * dtype([0.5, 0.99])) != 0).any(axis=1).all()
    assert np.isnan(got(function, np.array([np.nan, 1], dtype))[0]).all()
    assert np.isfinite(got(function, np.array([np.nan, 1], dtype))[1]).all()


@each
def test_shapes_and_dtypes(function: Any) -> None:
    """Any shape, no distances too; Python numbers and integers count as float64."""
    tail = (function.n_functions,) if hasattr(function, "n_functions") else ()
    for shape in ((), (0,), (3,), (2, 0), (2, 3, 1)):
        for dtype in DTYPES:
            values = function(np.ones(shape, dtype))
            assert values.shape == (*shape, *tail) and values.dtype == dtype
    assert function(1).dtype == function(1.0).dtype == np.float64
    assert np.array_equal(function([1, 2]), function(np.array([1.0, 2.0])))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BesselBasis(0.0), "cutoff"),
        (lambda: BesselBasis(-1.0), "cutoff"),
        (lambda: BesselBasis(float("nan")), "cutoff"),
        (lambda: CosineEnvelope(float("inf")), "cutoff"),
        (lambda: BesselBasis(1.0, 0), "n_functions"),
        (lambda: GaussianBasis(1.0, 1), "n_functions"),
        (lambda: GaussianBasis(1.0, 4, width=0.0), "width"),
        (lambda: GaussianBasis(1.0, 4, width=float("nan")), "width"),
        (lambda: PolynomialEnvelope(1.0, 0), "p must"),
    ],
)
def test_bad_parameters(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
