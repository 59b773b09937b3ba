"""Inputs that users have and rand() does not give: signed, of many magnitudes, near the axes, awkward in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import strategies as st

from tests.oracles import L_OUT, n_paths

Array = npt.NDArray[Any]
DTYPES = (np.float32, np.float64)
#: Where float64 would be compiled anew, and differs in the width of vectors alone.
float32_first = pytest.mark.parametrize("dtype", [np.float32, pytest.param(np.float64, marks=pytest.mark.slow)])
INDEX_TYPES = (np.int32, np.int64)


def signed(rng: np.random.Generator, shape: tuple[int, ...], decades: float = 6) -> Array:
    """Both signs, magnitudes 10^-decades .. 10^decades, uniform in the logarithm."""
    return np.asarray(rng.choice([-1.0, 1.0], shape) * 10 ** rng.uniform(-decades, decades, shape))


def directions(rng: np.random.Generator, count: int) -> Array:
    """A quarter each: normal, of mixed magnitudes, on an axis, near one."""
    axes = np.eye(3)[rng.integers(0, 3, count)] * signed(rng, (count, 1))
    aside = signed(rng, (count, 3), 0.5) * 10.0 ** rng.integers(-8, -1, (count, 1))
    near = axes + np.abs(axes).max(axis=-1, keepdims=True) * aside
    kinds = np.stack([rng.standard_normal((count, 3)), signed(rng, (count, 3)), axes, near])
    return np.asarray(kinds[rng.integers(0, 4, count), np.arange(count)])


def strided(array: Array) -> Array:
    """The same values, each dimension reversed and with a gap in memory, so that nothing is contiguous."""
    room = np.full(tuple(2 * n + 1 for n in array.shape), 99, array.dtype)
    view = room[tuple(slice(2 * n - 1 if n else 0, None, -2) for n in array.shape)]
    view = view[tuple(slice(0, n) for n in array.shape)]
    view[...] = array
    return view


def fortran(array: Array) -> Array:
    """The same values, first dimension innermost."""
    return np.asfortranarray(array)


def frozen(array: Array) -> Array:
    """The same values, read-only."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def unaligned(array: Array) -> Array:
    """The same values, one byte past where their type belongs."""
    room = np.zeros(array.nbytes + 1, np.uint8)
    view = room[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


LAYOUTS = {
    "strided": strided,
    "fortran": fortran,
    "frozen": frozen,
    "unaligned": unaligned,
}


@dataclass
class Problem:
    """The arguments of one convolution."""

    l_out: int
    indptr: Array
    indices: Array
    vectors: Array
    radial: Array
    features: Array
    weights: Array | None

    @property
    def arguments(self) -> tuple[Any, ...]:
        """In the order of convolve_*."""
        return (
            self.indptr,
            self.indices,
            self.vectors,
            self.radial,
            self.features,
            self.weights,
        )

    @property
    def degree(self) -> int:
        """The largest number of edges of a receiver."""
        return int(np.diff(self.indptr).max(initial=0))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.features.dtype)


def problem(
    l_out: int,
    degrees: list[int],
    channels: int,
    *,
    dtype: Any = np.float64,
    index_type: Any = np.int64,
    weighted: bool = False,
    decades: float = 2,
    zero_vectors: bool = True,
    seed: int = 0,
) -> Problem:
    """A graph whose receiver i has degrees[i] edges, random senders (loops and repeats included) and random values."""
    rng = np.random.default_rng(seed)
    nodes, edges = len(degrees), sum(degrees)
    vectors = directions(rng, edges)
    if zero_vectors:
        vectors[rng.random(edges) < 0.1] = 0
    return Problem(
        l_out,
        np.concatenate([[0], np.cumsum(degrees)]).astype(index_type),
        rng.integers(0, max(nodes, 1), edges).astype(index_type),
        vectors.astype(dtype),
        signed(rng, (edges, n_paths(l_out), channels), decades).astype(dtype),
        signed(rng, (nodes, 3, channels), decades).astype(dtype),
        signed(rng, (edges,), decades).astype(dtype) if weighted else None,
    )


@st.composite
def problems(draw: st.DrawFn, *, zero_vectors: bool = True) -> Problem:
    """Any small convolution: empty graphs, isolated nodes, 1 to 33 channels, both dtypes.

    Always with weights and 64-bit indices, as either choice is compiled anew for every width of vectors.
    """
    return problem(
        draw(st.sampled_from(L_OUT)),
        draw(st.lists(st.integers(0, 5), max_size=8)),
        draw(st.integers(1, 33)),
        dtype=draw(st.sampled_from(DTYPES)),
        weighted=True,
        zero_vectors=zero_vectors,
        seed=draw(st.integers(0, 2**32 - 1)),
    )
