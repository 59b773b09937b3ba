"""Small inputs for the CUDA kernels: a simulated thread takes a tenth of a millisecond."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cuda_arrays import Array

#: Node 1 receives nothing, node 3 sends nothing, and node 0 sends to itself.
INDPTR = np.array([0, 3, 3, 4, 7])
INDICES = np.array([0, 1, 2, 0, 2, 1, 0])
DTYPES = ("float32", "float64")
L_OUT = (0, 1, 2)
PATHS = {0: 1, 1: 3, 2: 3}

Lead = tuple[int, ...]


def numbers(seed: int, shape: tuple[int, ...], dtype: str) -> Array:
    """Normally distributed: both signs, no two alike."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def kernel_inputs(l_out: int, dtype: str, leads: tuple[Lead, Lead] = ((4,), (4,))) -> dict[str, Array]:
    vectors, radial = leads
    return {"vectors": numbers(1, (*vectors, 3), dtype), "radial": numbers(2, (*radial, PATHS[l_out]), dtype)}


def apply_inputs(
    l_out: int, dtype: str, channels: int = 2, leads: tuple[Lead, Lead, Lead] = ((4,), (4,), (4,))
) -> dict[str, Array]:
    vectors, radial, features = leads
    return {
        "vectors": numbers(1, (*vectors, 3), dtype),
        "radial": numbers(2, (*radial, PATHS[l_out], channels), dtype),
        "features": numbers(3, (*features, 3, channels), dtype),
    }


def convolve_inputs(
    l_out: int,
    dtype: str,
    channels: int = 2,
    *,
    weighted: bool = False,
    indptr: Array = INDPTR,
    indices: Array = INDICES,
) -> dict[str, Any]:
    edges = len(indices)
    found: dict[str, Any] = {
        "indptr": indptr,
        "indices": indices,
        "vectors": numbers(1, (edges, 3), dtype),
        "radial": numbers(2, (edges, PATHS[l_out], channels), dtype),
        "features": numbers(3, (len(indptr) - 1, 3, channels), dtype),
    }
    return found | ({"weights": numbers(4, (edges,), dtype)} if weighted else {})
