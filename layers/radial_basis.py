"""Radial bases and smooth cutoffs: functions of the distance r >= 0 that are exactly zero for r >= cutoff.

Each is a frozen dataclass and a callable.  float32 stays float32, everything else is computed in float64; NaN stays
NaN.  Distances and the cutoff share a unit, whichever it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import host_array, real_number

Array = NDArray[Any]


class RadialBasis(Protocol):
    """What `RadialMLP` asks of a basis: (...) distances -> (..., n_functions), in the dtype of the distances."""

    @property
    def cutoff(self) -> float: ...

    @property
    def n_functions(self) -> int: ...

    def __call__(self, r: ArrayLike) -> Array: ...


class Envelope(Protocol):
    """What `RadialMLP` asks of an envelope: (...) distances -> (...), 1 at r = 0 and 0 from the cutoff on."""

    @property
    def cutoff(self) -> float: ...

    def __call__(self, r: ArrayLike) -> Array: ...


def check_cutoff(cutoff: float) -> None:
    """Raise TypeError unless a cutoff is a number, ValueError unless it is positive and well within float32's range."""
    if not 1e-30 <= real_number("the cutoff", cutoff) <= 1e30:
        raise ValueError(f"the cutoff must be a number between 1e-30 and 1e30, got {cutoff!r}")


def _distances(r: ArrayLike) -> Array:
    array = host_array("radial basis", "r", r)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def _inside(values: Array, r: Array, cutoff: float) -> Array:
    """`values`, one or several for each distance, with exact zeros from the cutoff on; NaN compares false and stays."""
    beyond = r >= r.dtype.type(cutoff)
    return np.where(beyond if values.ndim == r.ndim else beyond[..., None], values.dtype.type(0), values)


@dataclass(frozen=True)
class BesselBasis:
    """√(2/c) sin(n π r / c) / r for n = 1..n_functions, c the cutoff.

    DimeNet, Gasteiger et al., arXiv:2003.03123, eq. 7.  Orthonormal with weight r² on [0, c]; even in r, with the
    finite value √(2/c) n π / c at r = 0.  Continuous at the cutoff, but the slope jumps: multiply by an envelope.
    (...) -> (..., n_functions); TypeError and ValueError for bad parameters.
    """

    cutoff: float
    n_functions: int = 8

    def __post_init__(self) -> None:
        check_cutoff(self.cutoff)
        if self.n_functions < 1:
            raise ValueError(f"n_functions must be at least 1, got {self.n_functions}")

    def __call__(self, r: ArrayLike) -> Array:
        r = _distances(r)
        real = r.dtype.type
        n = np.arange(1, self.n_functions + 1, dtype=r.dtype)
        angle = np.minimum(r, real(self.cutoff))[..., None] * (n * real(math.pi / self.cutoff))  # infinity has no sine
        zero = angle == 0
        sinc = np.where(zero, real(1), np.sin(angle) / np.where(zero, real(1), angle))
        values = sinc * (n * real(math.sqrt(2 / self.cutoff) * math.pi / self.cutoff))
        return _inside(values, r, self.cutoff)


@dataclass(frozen=True)
class GaussianBasis:
    """exp(-(r - μ_k)² / 2σ²), μ_k evenly spaced from 0 to the cutoff (SchNet, Schütt et al., arXiv:1706.08566).

    `width` is σ; None is the spacing of the μ_k.  Cut off sharply, so it jumps at the cutoff: multiply by an envelope.
    (...) -> (..., n_functions); TypeError and ValueError for bad parameters.
    """

    cutoff: float
    n_functions: int = 16
    width: float | None = None

    def __post_init__(self) -> None:
        check_cutoff(self.cutoff)
        if self.n_functions < 2:
            raise ValueError(f"n_functions must be at least 2, got {self.n_functions}")
        if self.width is not None and not 0 < self.width < math.inf:
            raise ValueError(f"the width must be positive and finite, got {self.width}")

    def __call__(self, r: ArrayLike) -> Array:
        r = _distances(r)
        real = r.dtype.type
        centres = np.linspace(0, self.cutoff, self.n_functions).astype(r.dtype)
        width = real(self.cutoff / (self.n_functions - 1) if self.width is None else self.width)
        x = (np.minimum(r, real(self.cutoff))[..., None] - centres) / width
        return _inside(np.exp(-(x * x) / real(2)), r, self.cutoff)


@dataclass(frozen=True)
class PolynomialEnvelope:
    """1 - (p+1)(p+2)/2 x^p + p(p+2) x^(p+1) - p(p+1)/2 x^(p+2), x = r / cutoff (DimeNet, arXiv:2003.03123, eq. 8).

    C²: value, slope and curvature vanish at the cutoff; at r = 0 it is 1 up to order p.  Computed as
    (1 - x)³ Σ_{k<p} binom(k + 2, 2) x^k, the same polynomial without its cancellation near the cutoff.
    (...) -> (...); TypeError and ValueError for bad parameters.
    """

    cutoff: float
    p: int = 6

    def __post_init__(self) -> None:
        check_cutoff(self.cutoff)
        if self.p < 1:
            raise ValueError(f"p must be at least 1, got {self.p}")

    def __call__(self, r: ArrayLike) -> Array:
        r = _distances(r)
        real = r.dtype.type
        x = np.minimum(r, real(self.cutoff)) / real(self.cutoff)
        series = np.zeros_like(x)
        for k in reversed(range(self.p)):
            series = series * x + real(math.comb(k + 2, 2))
        return _inside((real(1) - x) ** 3 * series, r, self.cutoff)


@dataclass(frozen=True)
class CosineEnvelope:
    """(1 + cos(π r / cutoff)) / 2 (Behler, J. Chem. Phys. 134, 074106 (2011)), computed as cos²(π r / 2 cutoff).

    Only C¹: its curvature jumps from π² / 2 cutoff² to 0 at the cutoff, and with it the Laplacian of a kernel.
    (...) -> (...); TypeError and ValueError for a bad cutoff.
    """

    cutoff: float

    def __post_init__(self) -> None:
        check_cutoff(self.cutoff)

    def __call__(self, r: ArrayLike) -> Array:
        r = _distances(r)
        real = r.dtype.type
        x = np.minimum(r, real(self.cutoff)) * real(math.pi / 2 / self.cutoff)
        return _inside(np.cos(x) ** 2, r, self.cutoff)
