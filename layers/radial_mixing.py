"""Radial functions that mix channels: a matrix of C_in x C_out for each path, linear in a radial basis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import host_array
from .frozen import Frozen, frozen_copy
from .radial_basis import check_cutoff
from .radial_function import Caller

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class MixingRadial(Frozen):
    """W_p(r) = Σ_k basis_k(r) weights[k, p], the slides' layer with full weights, O(N C_in C_out x 3).

    Source: slides, page "Confronto con Tensor Field Networks".

    basis: distances (n,) -> (n, K), such as a BesselBasis times an envelope, or the hidden layers of an MLP.  Its dtype
        is converted to that of the weights.
    weights: (K, P, C_in, C_out), float32 or float64; copied and read-only.
    cutoff: where the basis vanishes; that of the basis if left out, None if it has none (all pairs are then summed).

    Raises TypeError for another dtype, a masked array, a basis that cannot be called, or a cutoff that is no number;
    ValueError for another shape, or a cutoff that is not positive.
    """

    basis: Callable[..., Any]
    weights: Array
    cutoff: float | None = None
    _caller: Caller = field(init=False)

    def __post_init__(self) -> None:
        if not callable(self.basis):
            raise TypeError(f"MixingRadial: basis must be callable, got {type(self.basis).__name__}")
        weights = host_array("MixingRadial", "weights", self.weights)
        if weights.dtype not in (np.float32, np.float64):
            raise TypeError(f"MixingRadial: weights is {weights.dtype}; float32 and float64 are supported")
        if weights.ndim != 4:
            raise ValueError(f"MixingRadial: weights must have shape (K, P, C_in, C_out), got {weights.shape}")
        object.__setattr__(self, "weights", frozen_copy("MixingRadial: weights", weights))
        if self.cutoff is None:
            object.__setattr__(self, "cutoff", getattr(self.basis, "cutoff", None))
        if self.cutoff is not None:
            check_cutoff(self.cutoff)
        object.__setattr__(self, "_caller", Caller(self.basis, "MixingRadial: basis", "K"))

    @property
    def n_paths(self) -> int:
        """P."""
        return int(self.weights.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the weights."""
        return self.weights.dtype

    @property
    def n_parameters(self) -> int:
        """The weights, and the basis' own where it tells them."""
        return int(self.weights.size) + int(getattr(self.basis, "n_parameters", 0))

    def __call__(self, r: ArrayLike) -> Array:
        """(n,) -> (n, P, C_in, C_out): what the kernel never forms; for checks."""
        return np.einsum("nk,kpio->npio", self.values(host_array("MixingRadial", "r", r)), self.weights)

    def values(self, r: Array) -> Array:
        """The basis at the distances (n,), as (n, K) in the dtype of the weights; ValueError for another shape."""
        wanted = (len(r), len(self.weights))
        if not len(r):  # no edges: not every basis takes no distances
            return np.zeros(wanted, self.dtype)
        values = self._caller(r).astype(self.dtype, copy=False)
        if values.shape != wanted:
            raise ValueError(f"MixingRadial: basis must return (n, K) = {wanted}, got {values.shape}")
        return values

    def __repr__(self) -> str:
        k, paths, c_in, c_out = self.weights.shape
        return f"MixingRadial({self.basis}, {k} functions × {paths} paths × {c_in} → {c_out} channels, {self.dtype})"
