"""RadialTable evaluates what it says: SciPy's B-splines with explicit knots, smooth, zero from the cutoff on."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn.derive.bsplines import DEGREES, PLACE, pieces
from pocket_tfn.layers import RadialTable, bsplines
from scipy.interpolate import BSpline

from tests.tolerances import Array, relative_error, tolerance

DTYPES = (np.float32, np.float64)
both = pytest.mark.parametrize("dtype", DTYPES)
degrees = pytest.mark.parametrize("degree", [3, 5])


def random_table(
    degree: int, dtype: Any = np.float64, intervals: int = 7, cutoff: float = 4.3, seed: int = 0
) -> RadialTable:
    """Normal coefficients of 2 paths and 3 channels, rounded to float32 so that both dtypes mean the same spline."""
    rng = np.random.default_rng(seed)
    coefficients = rng.standard_normal((intervals + degree, 2, 3)).astype(np.float32)
    return RadialTable(coefficients.astype(dtype), cutoff, degree)


def scipy_spline(table: RadialTable) -> BSpline:
    """The same coefficients over knots that are written out."""
    knots = np.arange(-table.degree, table.n_intervals + table.degree + 1) * (table.cutoff / table.n_intervals)
    return BSpline(knots, table.coefficients.astype(np.float64), table.degree)


def test_cubic_weights_as_printed() -> None:
    """(1-t)³, 3t³ - 6t² + 4, -3t³ + 3t² + 3t + 1, t³, all over 6."""
    t = np.linspace(0, 1, 11)
    want = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], -1) / 6
    assert relative_error(bsplines.weights(t, 3), want, 1.0) <= 1e-15


@degrees
def test_weights_are_the_pieces_of_one_bspline(degree: int) -> None:
    """By the Cox-de Boor recursion in 30 digits; positive, with sum 1, mirrored."""

    def cardinal(d: int, x: Any) -> Any:
        if d == 0:
            return mpmath.mpf(0 <= x < 1)
        return (x * cardinal(d - 1, x) + (d + 1 - x) * cardinal(d - 1, x - 1)) / d

    t = np.array([0, 0.125, 0.3, 0.77, 0.999])
    got = bsplines.weights(t, degree)
    with mpmath.workdps(30):
        want = [[float(cardinal(degree, mpmath.mpf(x) + degree - q)) for q in range(degree + 1)] for x in t]
    assert relative_error(got, want, 1.0) <= 4e-16
    assert (got[1:] > 0).all() and relative_error(got.sum(-1), np.ones(5), 1.0) <= 1e-15
    assert relative_error(bsplines.weights(1 - t, degree)[:, ::-1], got, 1.0) <= 1e-15


@degrees
def test_weights_are_those_that_theorem_13_speaks_of(degree: int) -> None:
    """Coefficient by coefficient the double next to the exact fraction."""
    exact = [[weight.coeff(PLACE, k) for k in range(degree + 1)] for weight in pieces(degree)]
    assert bsplines.cardinal_pieces(degree).tolist() == [[int(c.p) / int(c.q) for c in row] for row in exact]
    assert tuple(bsplines.DEGREES) == tuple(DEGREES)


@both
@given(st.sampled_from([3, 5]), st.integers(1, 40), st.floats(0.1, 100), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40, derandomize=True)
def test_as_scipy(dtype: Any, degree: int, intervals: int, cutoff: float, seed: int) -> None:
    """Values and continuous derivatives; where in its interval a distance lies is known to a few eps of the cutoff."""
    cutoff = float(np.float32(cutoff))
    table = random_table(degree, dtype, intervals, cutoff, seed)
    r = np.random.default_rng(seed).uniform(0, cutoff * (1 - 1e-6), 30).astype(dtype)
    spline = scipy_spline(table)
    for order in range(degree):
        got = table(r, order)
        assert got.dtype == dtype and got.shape == (30, 2, 3)
        per_length = intervals / cutoff
        scale = np.abs(table.coefficients).max() * (2 * per_length) ** order  # bounds the differences
        limit = tolerance(dtype).eps * (16 + 8 * intervals)
        assert relative_error(got, spline(r.astype(np.float64), order), scale, axis=()) <= limit


@degrees
def test_smooth_across_knots(degree: int) -> None:
    """degree - 1 derivatives are continuous at inner knots, the next one is not: the check would see a jump."""
    pieces = [bsplines.weights(np.array([t]), degree, k)[0] for k in range(degree + 1) for t in (1.0, 0.0)]
    coefficients = random_table(degree).coefficients[:, 0, 0]
    for order in range(degree + 1):
        at_end, at_start = pieces[2 * order : 2 * order + 2]
        left = np.convolve(coefficients, at_end[::-1], "valid")[:-1]
        right = np.convolve(coefficients, at_start[::-1], "valid")[1:]
        error = relative_error(left, right, 2.0**order)
        assert error <= 1e-14 if order < degree else error > 0.1


@degrees
def test_smooth_across_knots_as_called(degree: int) -> None:
    """The same through the table: a last digit on either side of a knot changes no derivative by more than the next."""
    table = random_table(degree)
    knots = table.cutoff / table.n_intervals * np.arange(1, table.n_intervals)
    left, right = np.nextafter(knots, 0) * (1 - 1e-13), knots * (1 + 1e-13)
    per_length = table.n_intervals / table.cutoff
    for order in range(degree):
        step = relative_error(table(left, order), table(right, order), (2 * per_length) ** order, axis=())
        assert step <= 1e-10


@both
@degrees
def test_ends(degree: int, dtype: Any) -> None:
    """r = 0 is the first knot; just below the cutoff is the last piece; at the cutoff and beyond is exactly zero."""
    for cutoff in (4.3, 5.0, 0.1, 3.3333333):
        for intervals in (3, 7, 49, 91):
            table = random_table(degree, dtype, intervals, cutoff)
            edge = dtype(cutoff)
            limit = 40 * intervals * tolerance(dtype).eps
            first, last = table.coefficients[: degree + 1], table.coefficients[-degree - 1 :]
            ends = bsplines.weights(np.array([0.0, 1.0]), degree)
            want = [np.tensordot(w, c.astype(np.float64), 1) for w, c in zip(ends, (first, last), strict=True)]
            assert relative_error(table(np.array([0, -0.0], dtype)), [want[0]] * 2, 4.0) <= limit
            assert relative_error(table(np.nextafter(edge, dtype(0))), want[1], 4.0) <= limit
            beyond = np.array([edge, np.nextafter(edge, dtype(np.inf)), 2 * edge, np.inf], dtype)
            for order in range(degree):
                assert np.array_equal(table(beyond, order), np.zeros((4, 2, 3)))


@both
def test_places_that_round_up_to_the_cutoff(dtype: Any) -> None:
    """Just below the cutoff r (M / cutoff) may round to M, where no interval begins: the last one goes on."""
    rounded = 0
    for cutoff, intervals in np.random.default_rng(5).uniform([1, 1], [9, 99], (200, 2)):
        table = random_table(3, dtype, int(intervals), cutoff)
        below = np.nextafter(dtype(cutoff), dtype(0))
        rounded += bool(below * dtype(table.n_intervals / cutoff) >= table.n_intervals)
        want = scipy_spline(table)(float(below))
        assert relative_error(table(below), want, 4.0) <= 40 * intervals * tolerance(dtype).eps
    assert rounded > 0


@both
@degrees
def test_shapes_and_special_values(degree: int, dtype: Any) -> None:
    """Any shape, none too; NaN in, NaN out; r comes in any type and the table's is used; negative r is refused."""
    table = random_table(degree, dtype)
    for shape in ((), (0,), (2, 0, 1), (3, 2)):
        values = table(np.ones(shape))
        assert values.shape == (*shape, 2, 3) and values.dtype == dtype
        assert np.array_equal(values, np.broadcast_to(table(1), values.shape))
    values = table([1.0, np.nan, 2.0])
    assert np.isnan(values[1]).all() and np.isfinite(values[[0, 2]]).all()
    assert np.isnan(table(np.nan, 2)).all()
    assert np.array_equal(table(1e300), np.zeros((2, 3)))  # infinite in float32
    with pytest.raises(ValueError, match="negative"):
        table([1.0, -1e-3])
    for order in (-1, degree):
        with pytest.raises(ValueError, match="order"):
            table(1.0, order)


@degrees
def test_one_interval(degree: int) -> None:
    """The smallest table there is: one polynomial."""
    table = random_table(degree, intervals=1)
    r = np.linspace(0, 4.2, 9)
    assert relative_error(table(r), scipy_spline(table)(r), 4.0) <= 1e-14
    assert table.n_intervals == 1


def test_properties() -> None:
    """Counts, sizes, and that nothing can be changed."""
    source = np.ones((12, 2, 3), np.float32)
    table = RadialTable(source, 4, 5)
    assert (table.n_intervals, table.n_paths, table.n_channels) == (7, 2, 3)
    assert (table.dtype, table.nbytes, table.cutoff) == (np.float32, 12 * 6 * 4, 4.0)
    assert repr(table) == "RadialTable(2 paths, 3 channels, cutoff 4, degree 5, 7 intervals, float32, 0.3 KiB)"
    source[:] = 0
    assert (table.coefficients == 1).all()
    with pytest.raises(ValueError, match="read-only"):
        table.coefficients[0] = 0
    with pytest.raises(AttributeError):
        table.cutoff = 5.0  # type: ignore[misc]


def _with(index: tuple[int, ...], value: float) -> Array:
    array = np.zeros((8, 1, 1))
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("coefficients", "cutoff", "degree", "error", "message"),
    [
        (np.zeros((8, 1, 1), int), 1.0, 5, TypeError, "int64"),
        (np.zeros((8, 1, 1), np.float16), 1.0, 5, TypeError, "float16"),
        (np.zeros((8, 1)), 1.0, 5, ValueError, r"\(8, 1\)"),
        (np.zeros((5, 1, 1)), 1.0, 5, ValueError, "M >= 1"),
        (np.zeros((8, 0, 1)), 1.0, 5, ValueError, r"\(8, 0, 1\)"),
        (np.zeros((8, 1, 1)), 0.0, 5, ValueError, "cutoff"),
        (np.zeros((8, 1, 1)), float("nan"), 5, ValueError, "cutoff"),
        (np.zeros((8, 1, 1)), 1.0, 4, ValueError, "degree"),
        (_with((3, 0, 0), np.nan), 1.0, 5, ValueError, "NaN"),
        (_with((7, 0, 0), np.inf), 1.0, 5, ValueError, "infinity"),
    ],
)
def test_refusals(coefficients: Array, cutoff: float, degree: int, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        RadialTable(coefficients, cutoff, degree)
