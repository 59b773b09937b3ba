"""What "equal" means in these tests: one table of tolerances per dtype, in machine epsilons.

Errors are norm-wise and relative: |got - want| / scale, with the Euclidean norm over the components of one output and
the scale of the *inputs* (|radial| |features|), so that cancellation in one component does not count as an error.

Derivation, with u = eps / 2 the unit roundoff:

* r̂: r² = x² + y² + z² carries at most 3u, its root half of that plus u, the quotient u more: 3.5u (and 5.5u where r was
  scaled first because its square leaves the range of the type).
* a form of degree d <= 3 in r̂ inherits d times that; its constants, products and sums add at most 6u in the longest
  chain.  Weighted with the size of the forms (largest singular value 2 for 3 r̂r̂ - 1, at most √(8/3) for the others)
  the sum of absolute worst cases is near 30u.  Roundings rarely conspire, and the product promises

      value = 8 eps = 16u    for random input; see test_cpu_accuracy.py for what was measured.
* a sum of n such terms adds at most n - 1 roundings (Higham, *Accuracy and Stability*, 2nd ed., §4.2) and one for each
  weight: (8 + n/2 + 1) eps relative to the sum of the terms' scales.
* a table of M intervals is read at |r| M / cutoff <= M: the factor M / cutoff carries at most 4u (cutoff, quotient, and
  one step upwards), each coordinate times it u more, the length of those 2.5u.  The slope of the spline is at most
  twice the largest coefficient: 2 · 7.5u M of that.  The weights are polynomials whose coefficients add up to less than
  6 in all (degree 3: 32/6, degree 5: 522/120), evaluated with at most 10 roundings, weighted and summed with 6 more.
  Half the sum of these worst cases is promised, as above: 8 eps + 4 eps M, relative to the largest coefficients.
* derivatives are sums of terms g φ K f whose forms have been differentiated once or twice.  A form of degree d <= 3 in
  r̂ then is one of degree d + 4 at most (each derivative projects, r̂ r̂ times), with 1 / |r| or its square in front,
  which carries at most 7.5u each: twice the roundings of a value.  Relative to the product of the norms of what enters
  each term, summed over the terms of the product rule, the product promises

      derivative = 16 eps    of one kernel, first and second order; see test_derivatives_accuracy.py;

  and n/2 eps more where n of these are summed, over edges or channels.
* derivatives of a table are tables of differences of its coefficients, each at most 2 M / cutoff times as large:
  relative to that they carry what the table carries, 8 eps + 4 eps M more than the derivative of a kernel.
* two computed results that must agree differ by twice that.
* rotating the inputs and rounding them to the dtype moves r̂ and f by up to eps each; the forms change at most 6 times
  as fast as r̂ (3 r̂r̂, both factors) and are at most 2: 8 eps more.
* a peer library computes with table constants and other formulas of unknown care: 32 eps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Tolerance:
    """Largest relative errors allowed in one dtype."""

    eps: float

    @property
    def value(self) -> float:
        """One kernel, or one kernel acting on one feature vector."""
        return 8 * self.eps

    def derivative(self, terms: int = 1) -> float:
        """A first or second derivative, summed over so many edges or channels."""
        return 16 * self.eps + (terms - 1) / 2 * self.eps

    def table_derivative(self, intervals: int, terms: int = 1) -> float:
        """A first or second derivative where radial functions come from a table."""
        return self.derivative(terms) + (8 + 4 * intervals) * self.eps

    @property
    def peer(self) -> float:
        """Against another library working in the same dtype."""
        return 32 * self.eps

    def total(self, terms: int) -> float:
        """A sum of so many terms, relative to the sum of their scales."""
        return self.value + (terms / 2 + 1) * self.eps

    def table(self, intervals: int, terms: int) -> float:
        """A sum of so many terms whose radial functions come from a table."""
        return self.total(terms) + (8 + 4 * intervals) * self.eps

    def pair(self, terms: int = 1) -> float:
        """Two computed sums of so many terms that are equal in exact arithmetic."""
        return 2 * self.total(terms)

    def moved(self, terms: int = 1) -> float:
        """As `pair`, where the inputs of one were rotated and rounded."""
        return self.pair(terms) + 8 * self.eps


TOLERANCES = {
    np.dtype(dtype): Tolerance(float(np.finfo(dtype).eps)) for dtype in (np.float32, np.float64, np.longdouble)
}


def tolerance(dtype: npt.DTypeLike) -> Tolerance:
    """The row of the table for a dtype."""
    return TOLERANCES[np.dtype(dtype)]


def relative_error(
    got: npt.ArrayLike,
    want: npt.ArrayLike,
    scale: npt.ArrayLike,
    axis: int | tuple[int, ...] | None = None,
) -> float:
    """max |got - want| / scale, the norm over `axis` (over everything if None); NaN if anything is NaN.

    Where the scale is 0, got must equal want, else the error is infinite.
    """
    difference = np.asarray(got, np.longdouble) - np.asarray(want, np.longdouble)
    size = np.max(np.abs(difference), axis=axis, keepdims=True, initial=0)
    safe = np.where(size > 0, size, 1)  # so that squares neither over- nor underflow
    norm = size * np.sqrt(np.sum((difference / safe) ** 2, axis=axis, keepdims=True))
    norm = np.squeeze(norm, axis=axis)
    norm, divisor = np.broadcast_arrays(norm, np.asarray(scale, np.longdouble))
    error = np.where(norm == 0, norm, np.inf)
    np.divide(norm, divisor, out=error, where=divisor != 0)
    return float(np.max(error, initial=0))


def assert_close(
    got: Any,
    want: npt.ArrayLike,
    scale: npt.ArrayLike,
    *,
    limit: float,
    dtype: npt.DTypeLike,
    axis: int | tuple[int, ...] | None = None,
) -> None:
    """Fail unless `got` is a NumPy array of this dtype, of want's shape, free of NaN, and within `limit`."""
    expected = np.asarray(want)
    assert isinstance(got, np.ndarray), f"got a {type(got).__name__}, not an array"
    assert got.dtype == np.dtype(dtype), f"got {got.dtype}, want {np.dtype(dtype)}"
    assert got.shape == expected.shape, f"got shape {got.shape}, want {expected.shape}"
    for name, values in (("got", got), ("want", expected), ("scale", np.asarray(scale))):
        assert np.isfinite(values).all(), f"{name} holds NaN or infinity"
    error = relative_error(got, expected, scale, axis)
    assert error <= limit, f"relative error {error:.3g} exceeds {limit:.3g}"


def assert_same_bits(got: Any, want: Array) -> None:
    """Fail unless both are arrays of the same shape, dtype and bytes, the sign of zero and NaN payloads included."""
    assert isinstance(got, np.ndarray), f"got a {type(got).__name__}, not an array"
    assert got.dtype == want.dtype, f"got {got.dtype}, want {want.dtype}"
    assert got.shape == want.shape, f"got shape {got.shape}, want {want.shape}"
    assert got.tobytes() == want.tobytes(), "the bits differ"
