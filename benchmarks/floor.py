"""The floor: no contestant can be faster than moving each array once, or than its operations at full rate.

Both rates are measured, in the same rounds as the contestants and on as many threads:

- read: sum an array as large as all of the case's arrays together;
- triad: a[i] = b[i] + s c[i] over three such arrays, reported beside it as the customary figure;
- product: NumPy's matrix product, the fastest arithmetic that is to be had without writing any.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.cost import Cost
from benchmarks.results import Floor
from benchmarks.timing import Timing

BLOCKS = 64
"""Each array is cut into this many contiguous pieces, shared out among the threads."""

SIDE = 512
"""Rows and columns of the matrices that are multiplied."""

READ, TRIAD, PRODUCT_STREAM = "read stream", "triad stream", "matrix product"


class Streams:
    """The measurements that a floor is made of."""

    def __init__(self, cost: Cost, dtype: str, threads: int) -> None:
        # NUMBA_NUM_THREADS has limited the pool to `threads` already; this line makes it certain.
        numba.set_num_threads(threads)
        self._cost = cost
        size = max(cost.bytes_moved // np.dtype(dtype).itemsize, BLOCKS)
        self._b: NDArray[Any] = np.ones(size, dtype)
        self._c: NDArray[Any] = np.ones_like(self._b)
        self._a: NDArray[Any] = np.zeros_like(self._b)
        self._scale = self._b.dtype.type(3)
        self._sums = np.zeros(BLOCKS, dtype)
        self._factor: NDArray[Any] = np.ones((SIDE, SIDE), dtype)
        self._product: NDArray[Any] = np.empty_like(self._factor)

    def runs(self) -> dict[str, Callable[[], Any]]:
        return {READ: self._read_once, TRIAD: self._triad_once, PRODUCT_STREAM: self._multiply}

    def floor(self, timings: dict[str, Timing]) -> Floor:
        """The floor of the case, given the time of each measurement."""
        size = self._b.nbytes
        return Floor(
            bytes_moved=self._cost.bytes_moved,
            flops=self._cost.flops,
            read_bandwidth=size / timings[READ].best,
            triad_bandwidth=3 * size / timings[TRIAD].best,
            flop_rate=2 * SIDE**3 / timings[PRODUCT_STREAM].best,
        )

    def _read_once(self) -> None:
        _read(self._b, self._sums)

    def _triad_once(self) -> None:
        _triad(self._a, self._b, self._c, self._scale)

    def _multiply(self) -> None:
        np.matmul(self._factor, self._factor, out=self._product)


# fastmath lets the sums be vectorised; without it the additions are timed, not the memory. Blocks
# are passed as slices: a loop from 0 to size vectorises better than one between computed bounds.
@numba.njit(parallel=True, fastmath=True)
def _read(x, sums):  # type: ignore[no-untyped-def]
    """sums[k] = the sum of the k-th block of x; stored, lest the reads be optimised away."""
    for k in numba.prange(BLOCKS):
        sums[k] = _sum(x[k * x.size // BLOCKS : (k + 1) * x.size // BLOCKS])


@numba.njit(parallel=True, fastmath=True)
def _triad(a, b, c, scale):  # type: ignore[no-untyped-def]
    """a = b + scale c, blockwise."""
    for k in numba.prange(BLOCKS):
        start, stop = k * a.size // BLOCKS, (k + 1) * a.size // BLOCKS
        _scaled_sum(a[start:stop], b[start:stop], c[start:stop], scale)


@numba.njit(fastmath=True)
def _sum(x):  # type: ignore[no-untyped-def]
    """The sum of x, read as four streams at once, which keeps more cache lines in flight."""
    quarter = x.size // 4
    s0 = s1 = s2 = s3 = x.dtype.type(0)
    for i in range(quarter):
        s0 += x[i]
        s1 += x[quarter + i]
        s2 += x[2 * quarter + i]
        s3 += x[3 * quarter + i]
    for i in range(4 * quarter, x.size):
        s0 += x[i]
    return s0 + s1 + s2 + s3


@numba.njit(fastmath=True)
def _scaled_sum(a, b, c, scale):  # type: ignore[no-untyped-def]
    for i in range(a.size):
        a[i] = b[i] + scale * c[i]
