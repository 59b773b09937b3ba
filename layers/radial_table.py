"""Radial functions compiled to a table: a uniform B-spline that the convolution kernels evaluate themselves."""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import bsplines
from .checks import host_array
from .frozen import Frozen, frozen_copy
from .radial_basis import check_cutoff

Array = NDArray[Any]

_FORMAT = "pocket_tfn.RadialTable"
_VERSION = 1
_NAMES = ("value", "slope", "curvature")


class ToleranceError(ValueError):
    """No table of the allowed size is within the tolerance; the message tells what was reached and what to try."""


class CutoffWarning(UserWarning):
    """The radial function does not go to zero at the cutoff, where the table does: energies or forces jump there."""


@dataclass(frozen=True, eq=False, repr=False)
class TableErrors(Frozen):
    """What `RadialTable.fit` measured, as float64 arrays (3, P): rows are value, slope, curvature; columns the paths.

    absolute: sup over r in [0, cutoff) and the channels of |table - function|, the table evaluated in float64.
    scale: sup over r and the channels of the function's |value|, |slope|, |curvature|; the latter two are at least
        scale[0] / cutoff and / cutoff², as they are by themselves if the function vanishes smoothly at the cutoff.
    uncertainty: bound on the error of the derivatives that the table was compared with, which come from the function's
        values: large if those are noisy (float32) or not smooth.
    jump: sup over the channels of what the function has left at the cutoff, where the table becomes zero.

    Samples are about cutoff / 4096 or an eighth of an interval apart, whichever is less, and twenty times closer around
    the worst of each path.
    """

    absolute: Array
    scale: Array
    uncertainty: Array
    jump: Array

    def __post_init__(self) -> None:
        shapes = set()
        for field in fields(self):
            array = frozen_copy(f"TableErrors: {field.name}", getattr(self, field.name), np.float64)
            object.__setattr__(self, field.name, array)
            shapes.add(array.shape)
            if array.ndim != 2 or len(array) != 3 or not (array >= 0).all():
                raise ValueError(f"{field.name} must be of shape (3, P) and not negative")
        if len(shapes) != 1:
            raise ValueError(f"the measured errors have different shapes: {sorted(shapes)}")

    @property
    def relative(self) -> Array:
        """(3,): the largest error of value, slope, curvature, each path relative to its own scale."""
        return np.max(relative_to(self.scale, self.absolute), axis=1)

    @property
    def relative_jump(self) -> Array:
        """(3,): likewise for the jump at the cutoff."""
        return np.max(relative_to(self.scale, self.jump), axis=1)

    def __repr__(self) -> str:
        return ", ".join(f"{name} {error:.1e}" for name, error in zip(_NAMES, self.relative, strict=True))


@dataclass(frozen=True, eq=False, repr=False)
class RadialTable(Frozen):
    """Radial functions of P paths and C channels as a uniform B-spline in the distance, zero from the cutoff on.

    coefficients: (M + degree, P, C), float32 or float64, copied and read-only.  For 0 <= r < cutoff, with
        u = r (M / cutoff), s = min(floor(u), M - 1), t = u - s, the value is Σ_q w_q(t) coefficients[s + q] over
        q = 0..degree, w the pieces of the cardinal B-spline (`bsplines.weights`).
    cutoff: in the unit of the distances.
    degree: 3 (two continuous derivatives) or 5 (four).
    tolerance, errors: what `fit` was asked for, and what it measured; None for a table made otherwise.

    Raises ValueError or TypeError for anything else.
    """

    coefficients: Array
    cutoff: float
    degree: int
    tolerance: float | None = None
    errors: TableErrors | None = None

    def __post_init__(self) -> None:
        check_cutoff(self.cutoff)
        if self.degree not in bsplines.DEGREES:
            raise ValueError(f"the degree must be 3 or 5, got {self.degree}")
        given = host_array("RadialTable", "coefficients", self.coefficients)
        given = given.astype(given.dtype.newbyteorder("="), copy=False)
        if given.dtype not in (np.float32, np.float64):
            raise TypeError(f"the coefficients must be float32 or float64, got {given.dtype}")
        if given.ndim != 3 or given.shape[0] <= self.degree or not given.size:
            raise ValueError(f"the coefficients must be of shape (M + {self.degree}, P, C), M >= 1, got {given.shape}")
        if not np.isfinite(given).all():
            raise ValueError("the coefficients hold NaN or infinity")
        if self.errors is not None and self.errors.absolute.shape[1] != given.shape[1]:
            raise ValueError("the measured errors are not those of this number of paths")
        object.__setattr__(self, "coefficients", frozen_copy("RadialTable: coefficients", given))
        object.__setattr__(self, "cutoff", float(self.cutoff))

    @staticmethod
    def fit(
        function: Callable[..., Any],
        cutoff: float,
        tolerance: float = 1e-6,
        *,
        degree: int = 5,
        dtype: DTypeLike = np.float32,
        max_intervals: int = 8192,
        n_paths: int | None = None,
    ) -> RadialTable:
        """The smallest table found whose values are within `tolerance` of a function on [0, cutoff).

        The error of a path is relative to the largest absolute value that any of its channels has on [0, cutoff); it is
        measured between the knots (`TableErrors`), with the coefficients rounded to `dtype`.  Arithmetic in that dtype
        then adds a few of its epsilons, and what a distance rounded to it makes of a steep function.

        function: (n,) distances in [0, cutoff) -> (n, P, C), where missing trailing axes are 1; with `n_paths`, any of
            the shapes that `Convolution` takes.  It gets a NumPy array (float64); if it cannot take that, a PyTorch
            tensor (if PyTorch is imported), then single numbers.  It is never asked at the cutoff or beyond, and may
            return arrays of NumPy, PyTorch or JAX.  One that computes in float32 scatters by 1e-7 to 1e-6: give it a
            tolerance of 1e-5.
        degree: 5 needs fewer intervals and has better derivatives, 3 has fewer terms.

        Where the function vanishes at the cutoff to within the tolerance, with its slope and (degree 5) its curvature,
        so does the table, to rounding; likewise for a slope that vanishes at r = 0.  A function that does not vanish is
        not altered: `errors.jump` tells by how much the table jumps, and a CutoffWarning is given if that is more than
        the tolerance in value or slope.

        Features much narrower than cutoff / 4096 may be missed.  Raises ToleranceError, ValueError for bad arguments or
        a function that is not finite, TypeError for one that cannot be called.  Needs SciPy (`pocket-tfn[layers]`).
        """
        from .radial_fit import fit_table  # which needs this class

        return fit_table(function, cutoff, tolerance, degree, np.dtype(dtype), max_intervals, n_paths)

    @property
    def n_intervals(self) -> int:
        """M, the number of intervals of length cutoff / M."""
        return len(self.coefficients) - self.degree

    @property
    def n_paths(self) -> int:
        """P."""
        return self.coefficients.shape[1]

    @property
    def n_channels(self) -> int:
        """C."""
        return self.coefficients.shape[2]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the coefficients, and of the arithmetic."""
        return self.coefficients.dtype

    @property
    def nbytes(self) -> int:
        """Of the coefficients."""
        return self.coefficients.nbytes

    def __call__(self, r: ArrayLike, derivative: int = 0) -> Array:
        """Values, or derivatives with respect to r, at distances r >= 0: (...) -> (..., P, C), in the table's dtype.

        The reference for the kernels: r is converted to the dtype of the table and all arithmetic is in it.  Exactly
        zero for r >= cutoff, NaN where r is NaN.  `derivative` is at most degree - 1; all these are continuous inside.
        Raises ValueError for a negative distance or another order.
        """
        if not 0 <= derivative < self.degree:
            raise ValueError(f"derivatives of order 0 to {self.degree - 1} are continuous, asked for {derivative}")
        with np.errstate(over="ignore"):  # infinity is beyond the cutoff too
            distances = host_array("RadialTable", "r", r).astype(self.dtype)
        if (distances < 0).any():
            raise ValueError("distances must not be negative")
        return bsplines.evaluate(self.coefficients, self.cutoff, self.degree, distances, derivative)

    def astype(self, dtype: DTypeLike) -> RadialTable:
        """The same table in float32 or float64; rounding adds a rigorous bound of what it changes to the errors."""
        with np.errstate(over="ignore"):  # refused as infinite
            rounded = self.coefficients.astype(dtype)
        if self.errors is None:
            return replace(self, coefficients=rounded)
        change = rounded.astype(np.float64) - self.coefficients
        # The k-th derivative of a spline is one with the k-th differences as coefficients; values never exceed those.
        bounds = [np.abs(np.diff(change, k, axis=0)) * (self.n_intervals / self.cutoff) ** k for k in range(3)]
        added = np.array([np.max(b, axis=(0, 2)) for b in bounds])
        return replace(self, coefficients=rounded, errors=replace(self.errors, absolute=self.errors.absolute + added))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an .npz file of plain arrays, at exactly this path; equal tables give equal bytes."""
        content: dict[str, Any] = {
            "format": _FORMAT,
            "version": _VERSION,
            "coefficients": self.coefficients,
            "cutoff": self.cutoff,
            "degree": self.degree,
            "tolerance": math.nan if self.tolerance is None else self.tolerance,
        }
        if self.errors is not None:
            content |= {f.name: getattr(self.errors, f.name) for f in fields(self.errors)}
        with open(path, "wb") as file:
            np.savez(file, **content)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> RadialTable:
        """Read what `save` wrote, without pickle; ValueError, with the reason, for any other or damaged file."""
        with open(path, "rb") as file:
            try:
                return _table(np.load(file, allow_pickle=False))
            except KeyError as error:
                raise ValueError(f"{os.fspath(path)} is not a radial table: {error.args[0]}") from None
            except (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
                raise ValueError(f"{os.fspath(path)} is not a radial table: {error}") from error

    def __repr__(self) -> str:
        size = f"{self.n_intervals} intervals, {self.dtype}, {self.nbytes / 1024:.1f} KiB"
        errors = "" if self.errors is None else f"; relative errors: {self.errors}"
        return (
            f"RadialTable({self.n_paths} paths, {self.n_channels} channels, cutoff {self.cutoff:g}, "
            f"degree {self.degree}, {size}{errors})"
        )


def _table(content: Any) -> RadialTable:
    """The table in an opened .npz file."""
    if not isinstance(content, np.lib.npyio.NpzFile):
        raise ValueError("a single array, not an .npz file")
    if str(content["format"]) != _FORMAT:
        raise ValueError(f"its format is {str(content['format'])!r}")
    if content["version"] != _VERSION:
        raise ValueError(f"its version is {content['version']}, this release reads {_VERSION}")
    measured = [f.name for f in fields(TableErrors)]
    errors = TableErrors(*(content[name] for name in measured)) if measured[0] in content else None
    tolerance = float(content["tolerance"])
    return RadialTable(
        content["coefficients"],
        float(content["cutoff"]),
        int(content["degree"]),
        None if math.isnan(tolerance) else tolerance,
        errors,
    )


def relative_to(scale: Array, sizes: Array) -> Array:
    """sizes / scale, where 0 / 0 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sizes == 0, 0.0, sizes / scale)
