"""The search for the smallest table within a tolerance, and the measurement of its errors."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import bsplines
from .radial_basis import check_cutoff
from .radial_function import GOLDEN, RadialFunction, blocks
from .radial_reference import ORDERS, Reference
from .radial_table import CutoffWarning, RadialTable, TableErrors, ToleranceError, relative_to

Array = NDArray[Any]

_FEWEST_INTERVALS = 4
_SAMPLES = 4096  # at least
_SAMPLES_PER_INTERVAL = 8
_PEAKS = 4  # of each path, around which samples lie twenty times closer
_CLOSER = np.linspace(-1.5, 1.5, 61)


def fit_table(
    function: Callable[..., Any],
    cutoff: float,
    tolerance: float,
    degree: int,
    dtype: np.dtype[Any],
    max_intervals: int,
    n_paths: int | None,
) -> RadialTable:
    """`RadialTable.fit`."""
    check_cutoff(cutoff)
    if not 0 < tolerance < math.inf:
        raise ValueError(f"the tolerance must be positive and finite, got {tolerance}")
    if degree not in bsplines.DEGREES:
        raise ValueError(f"the degree must be 3 or 5, got {degree}")
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"the dtype must be float32 or float64, got {dtype}")
    if max_intervals < _FEWEST_INTERVALS:
        raise ValueError(f"max_intervals must be at least {_FEWEST_INTERVALS}, got {max_intervals}")
    adapted = RadialFunction(function, cutoff, n_paths)
    trial = _Trial(adapted, Reference.of(adapted), tolerance, degree, dtype)
    n_intervals = trial.search(max_intervals)
    errors = trial.measure(n_intervals)
    _warn_of_jump(errors, tolerance)
    return RadialTable(trial.coefficients(n_intervals), cutoff, degree, tolerance, errors)


def _warn_of_jump(errors: TableErrors, tolerance: float) -> None:
    certain = np.maximum(errors.jump - errors.uncertainty, 0)
    if (relative_to(errors.scale, certain)[:2] > tolerance).any():
        value, slope, _ = errors.relative_jump
        warnings.warn(
            f"the function does not vanish at the cutoff, where the table jumps to zero: value {value:.1e}, "
            f"slope {slope:.1e}, relative to their largest; multiply it by a smooth envelope",
            CutoffWarning,
            stacklevel=_users_level(),
        )


def _users_level() -> int:
    """The `stacklevel` with which a warning of the calling function points at the first line outside this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        level, frame = level + 1, frame.f_back
    return level


class _Worst(NamedTuple):
    """The largest errors (P,), and the largest relative error with its place."""

    absolute: Array
    relative: float
    r: float
    path: int


@dataclass(frozen=True, eq=False)
class _Trial:
    """One function, and what is wanted of its table."""

    function: RadialFunction
    reference: Reference
    tolerance: float
    degree: int
    dtype: np.dtype[Any]

    @cached_property
    def scale(self) -> Array:
        """(3, P), as in TableErrors."""
        found = self.reference.scale()
        found[0] = np.maximum(found[0], np.max(np.abs(self._common_values), axis=(0, 2)))
        return np.maximum(found, found[0] / self.function.cutoff ** np.arange(len(ORDERS))[:, None])

    @cached_property
    def zeros(self) -> tuple[int, int]:
        """How many derivatives, from the slope on, vanish at r = 0 and at the cutoff; the table's shall vanish too."""
        at_origin = self._vanishing(0.0, slice(1))[1]
        at_cutoff = np.logical_and.accumulate(self._vanishing(self.function.cutoff, slice(-1, None)))
        return int(at_origin), min(int(at_cutoff[1:].sum()), (self.degree - 1) // 2)

    def _vanishing(self, r: float, piece: slice) -> Array:
        """Whether value, slope, curvature are zero within the tolerance, and known to a thousandth of their scale."""
        unsure = self.reference.uncertainty(piece)
        small = self._size(r) <= self.tolerance * self.scale + unsure
        return np.all(small & (unsure <= 1e-3 * self.scale), axis=1)

    def _size(self, r: float) -> Array:
        """|value|, |slope|, |curvature| at a distance: (3, P)."""
        return np.array([np.max(np.abs(self.reference(np.array([r]), k)[0]), axis=-1) for k in ORDERS])

    # --- one table -----------------------------------------------------------------------------------

    def coefficients(self, n_intervals: int) -> Array:
        """Interpolated in float64, then rounded; ValueError if too large for that."""
        cutoff = self.function.cutoff
        sites = bsplines.interpolation_sites(n_intervals, cutoff, self.degree, self.zeros)
        sites = np.where(sites < cutoff, self.function.snap(sites), cutoff)
        exact = bsplines.interpolate(self.function, sites, cutoff, self.degree, self.zeros)
        if np.max(np.abs(exact)) > np.finfo(self.dtype).max:
            raise ValueError(f"values as large as {np.max(np.abs(exact)):.1e} do not fit into {self.dtype}")
        return exact.astype(self.dtype)

    def measure(self, n_intervals: int) -> TableErrors:
        """All that is reported about the table."""
        coefficients = self.coefficients(n_intervals)
        return TableErrors(
            absolute=np.array([self._worst(coefficients, order).absolute for order in ORDERS]),
            scale=self.scale,
            uncertainty=self.reference.uncertainty(),
            jump=self._size(self.function.cutoff),
        )

    def _worst(self, coefficients: Array, order: int = 0) -> _Worst:
        """Sample the error of a derivative, then sample more closely around the worst of each path."""
        n = max(_SAMPLES, _SAMPLES_PER_INTERVAL * (len(coefficients) - self.degree))
        r = self._samples(n)
        known = self._common_values if n == _SAMPLES and order == 0 else None
        found = self._errors(coefficients, r, order, known)
        peaks = r[np.argsort(found, axis=0)[-_PEAKS:].ravel(), None]
        closer = self.function.snap(np.maximum(peaks + _CLOSER * self.function.cutoff / n, 0).ravel())
        r = np.concatenate([r, closer])
        found = np.concatenate([found, self._errors(coefficients, closer, order)])
        relative = relative_to(self.scale[order], found)
        place, path = np.unravel_index(np.argmax(relative), relative.shape)
        return _Worst(np.max(found, axis=0), float(relative[place, path]), float(r[place]), int(path))

    def _samples(self, n: int) -> Array:
        """Both ends, and points between them that are even but aligned with no grid."""
        between = np.modf(np.arange(1, n - 1) * GOLDEN)[0]
        return self.function.snap(np.concatenate([[0.0], between, [1.0]]) * self.function.cutoff)

    @cached_property
    def _common_values(self) -> Array:
        """Of the function, at the samples that all but the largest tables share."""
        return self.function(self._samples(_SAMPLES))

    def _errors(self, coefficients: Array, r: Array, order: int, known: Array | None = None) -> Array:
        """|table - function| at distances, the largest of the channels: (n,) -> (n, P)."""
        wide, cutoff = coefficients.astype(np.float64), self.function.cutoff
        errors = np.empty((len(r), coefficients.shape[1]))
        for block in blocks(len(r), coefficients[0].size):
            table = bsplines.evaluate(wide, cutoff, self.degree, r[block], order)
            if known is not None:
                exact = known[block]
            else:
                exact = self.reference(r[block], order) if order else self.function(r[block])
            errors[block] = np.max(np.abs(table - exact), axis=-1)
        return errors

    # --- the search ----------------------------------------------------------------------------------

    def search(self, most: int) -> int:
        """The smallest number of intervals found that is within the tolerance."""
        tried: dict[int, _Worst] = {}
        n, before = _FEWEST_INTERVALS, math.inf
        while not self._suffices(n, tried):
            error = tried[n].relative
            if n == most or (error > 0.7 * before and error < 64 * self._floor):
                raise ToleranceError(self._refusal(tried))
            n, before = min(2 * n, most), error
        while (better := self._between(tried, n)) is not None:
            n = better if self._suffices(better, tried) else n
        return n

    def _suffices(self, n: int, tried: dict[int, _Worst]) -> bool:
        tried[n] = self._worst(self.coefficients(n))
        return tried[n].relative <= self.tolerance

    def _between(self, tried: dict[int, _Worst], enough: int) -> int | None:
        """A number of intervals to try next, by interpolation in logarithms; None when within three per cent."""
        fewer = max((n for n in tried if n < enough), default=enough)
        if enough - fewer <= max(1, enough // 32):
            return None
        low, high = tried[fewer].relative, tried[enough].relative
        share = math.log(low / self.tolerance) / math.log(low / high) if high else 0.5
        guess = round(fewer * (enough / fewer) ** share * 1.01)
        return min(max(guess, fewer + 1), enough - 1)

    @cached_property
    def _noise(self) -> float:
        return float(np.max(relative_to(self.scale[0], self.reference.noise)))

    @property
    def _floor(self) -> float:
        """About where errors cannot fall any more."""
        return self._noise + float(np.finfo(self.dtype).eps)

    def _refusal(self, tried: dict[int, _Worst]) -> str:
        """What was reached, why not more, and what to do."""
        n = min(tried, key=lambda n: tried[n].relative)
        best = tried[n]
        return (
            f"no table of {min(tried)} to {max(tried)} intervals is within the tolerance of {self.tolerance:g}: "
            f"the smallest relative error is {best.relative:.2g}, of {n} intervals, at r = {best.r:.6g} in path "
            f"{best.path}; " + self._advice(n, tried)
        )

    def _advice(self, n: int, tried: dict[int, _Worst]) -> str:
        best = tried[n].relative
        if self._noise > best / 64:
            return (
                f"the function's own values scatter by about {self._noise:.1g}, as if computed in lower precision: "
                f"compute it in float64, or ask for a tolerance of {2 * best:.0e}"
            )
        if best < 2 * np.finfo(self.dtype).eps:
            return f"that is the rounding of the coefficients to {self.dtype}" + (
                ": use dtype float64" if self.dtype == np.float32 else ""
            )
        gain = tried[n // 2].relative / best if n // 2 in tried else 1.0
        if gain > 3:
            more = math.ceil(n * (best / self.tolerance) ** (1 / math.log2(gain)) * 1.1)
            return f"about {more} would do: raise max_intervals"
        return (
            f"twice as many divide it by no more than {gain:.1f}, where a smooth function gives "
            f"{2 ** (self.degree + 1)}: look for a step, a kink or a sharp feature there, or loosen the tolerance"
        )
