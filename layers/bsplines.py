"""Uniform cardinal B-splines of degree 3 and 5: weights, evaluation, interpolation.

On [0, cutoff) with M intervals of length h = cutoff / M a spline of degree d has M + d coefficients.  In interval s, at
r = (s + t) h with 0 <= t < 1, it is Σ_q w_q(t) coefficients[s + q], q = 0..d, where w_q are the d + 1 pieces of the one
B-spline with integer knots (Schoenberg 1946; de Boor, *A Practical Guide to Splines*, ch. IX).  It has d - 1 continuous
derivatives, and the weights are positive and sum to 1: no value exceeds the coefficients around it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import comb, factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DEGREES = (3, 5)
LAST = 1 - 2.0**-20  # of the cutoff: where a function is asked for its limit there


@cache
def cardinal_pieces(degree: int) -> Array:
    """The weights as polynomials, w_q(t) = Σ_k pieces[q, k] t^k: (degree + 1, degree + 1), float64, rounded once.

    From B(x) = Σ_i (-1)^i binom(d + 1, i) (x - i)₊^d / d!, with x = d - q + t.
    """

    def entry(q: int, k: int) -> float:
        place = degree - q
        total = sum((-1) ** i * comb(degree + 1, i) * (place - i) ** (degree - k) for i in range(place + 1))
        return comb(degree, k) * total / factorial(degree)

    return np.array([[entry(q, k) for k in range(degree + 1)] for q in range(degree + 1)])


def weights(t: Array, degree: int, derivative: int = 0) -> Array:
    """The d + 1 weights, or a derivative of them with respect to t: (...) -> (..., degree + 1), in the dtype of t."""
    pieces = np.polynomial.polynomial.polyder(cardinal_pieces(degree), derivative, axis=1).astype(t.dtype)
    result = np.zeros((*t.shape, degree + 1), t.dtype)
    for k in reversed(range(pieces.shape[1])):  # Horner's rule
        result *= t[..., None]
        result += pieces[:, k]
    return result


def evaluate(coefficients: Array, cutoff: float, degree: int, r: Array, derivative: int = 0) -> Array:
    """A spline, or a derivative of it, at distances r >= 0 in the dtype of the coefficients: (...) -> (..., P, C).

    Zero where r >= cutoff, NaN where r is NaN.  The compiled kernels compute
    the same to rounding.
    """
    real = coefficients.dtype.type
    n_intervals = len(coefficients) - degree
    per_length = real(n_intervals / cutoff)
    inside = r < real(cutoff)
    u = np.where(inside, r, real(0)) * per_length
    s = np.minimum(np.floor(u), real(n_intervals - 1))  # u may round up to n_intervals just below the cutoff
    w = weights(u - s, degree, derivative) * real(float(per_length) ** derivative)
    first = s.astype(np.intp)
    result = np.zeros((*r.shape, *coefficients.shape[1:]), coefficients.dtype)
    for q in range(degree + 1):
        result += w[..., q, None, None] * coefficients[first + q]
    result[~inside] = 0
    result[np.isnan(r)] = np.nan
    return result


def interpolation_sites(n_intervals: int, cutoff: float, degree: int, zeros: tuple[int, int]) -> Array:
    """Where to interpolate: the knots, and as many points more as make the spline unique.

    A spline of degree d wants (d - 1) / 2 conditions more at each end; `zeros` (left, right) of them are derivatives
    that vanish.  Of what remains, one point goes to the middle of the outermost interval, two go to its quarters: as
    accurate as prescribing the true derivatives (the complete spline), which we would have to know.  The function is
    never asked at the cutoff itself: the value there is known to be zero if derivatives are, and else the last site
    lies a millionth before it.
    """
    h = cutoff / n_intervals
    last = cutoff if zeros[1] else cutoff * LAST
    left, right = (h * (np.arange(n) + 0.5) / max(n, 1) for n in ((degree - 1) // 2 - z for z in zeros))
    return np.sort(np.concatenate([h * np.arange(n_intervals), left, cutoff - right, [last]]))


def interpolate(
    function: Callable[[Array], Array], sites: Array, cutoff: float, degree: int, zeros: tuple[int, int]
) -> Array:
    """Coefficients (M + degree, P, C), float64, of the spline that agrees with a function at `interpolation_sites`.

    `zeros` (left, right): so many derivatives, of orders 1, 2, ..., vanish at r = 0 and at the cutoff.
    """
    from scipy.interpolate import make_interp_spline

    inside = sites < cutoff
    given = function(sites[inside])
    values = np.zeros((len(sites), *given.shape[1:]))
    values[inside] = given
    left, right = ([(k + 1, np.zeros(given.shape[1:])) for k in range(n)] or None for n in zeros)
    n_intervals = len(sites) + sum(zeros) - degree
    knots = np.arange(-degree, n_intervals + degree + 1) * (cutoff / n_intervals)
    knots[n_intervals + degree] = cutoff  # to the bit, as SciPy compares the sites with it
    return np.asarray(make_interp_spline(sites, values, degree, knots, (left, right)).c)
