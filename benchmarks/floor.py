"""The floor: no convolution can be faster than moving each of its arrays through memory once.

The bandwidth is measured, in the same rounds as the contestants and on as many threads:

- read: sum an array of the size of the radial array, which is nearly all a convolution moves;
- triad: a[i] = b[i] + s c[i] over three such arrays, reported beside it as the customary figure.
"""

from dataclasses import dataclass

import numba
import numpy as np

from benchmarks.workload import FloatArray, Workload

BLOCKS = 64
"""Each array is cut into this many contiguous pieces, shared out among the threads."""


def bytes_moved(work: Workload) -> int:
    """Bytes of every input and of the output, each counted once, whatever the algorithm rereads."""
    inputs = (work.indptr, work.indices, work.vectors, work.radial, work.features)
    output = int(np.prod(work.output_shape)) * work.dtype.itemsize
    return sum(array.nbytes for array in inputs) + output


@dataclass(frozen=True)
class Floor:
    """What the memory allows, from the best rounds of the two streams."""

    bytes_moved: int
    read_bandwidth: float  # bytes per second
    triad_bandwidth: float  # bytes per second; the write-allocate traffic is not counted

    @property
    def seconds(self) -> float:
        return self.bytes_moved / self.read_bandwidth


class Streams:
    """The two memory streams over arrays like the workload's radial array."""

    def __init__(self, work: Workload, threads: int) -> None:
        # NUMBA_NUM_THREADS has limited the pool to `threads` already; this line makes it certain.
        numba.set_num_threads(threads)
        self._b: FloatArray = work.radial.reshape(-1)
        self._c: FloatArray = np.ones_like(self._b)
        self._a: FloatArray = np.zeros_like(self._b)
        self._scale = work.dtype.type(3)
        self._sums = np.zeros(BLOCKS, work.dtype)

    def read(self) -> None:
        """Reads the array once."""
        _read(self._b, self._sums)

    def triad(self) -> None:
        """Reads two arrays and writes a third."""
        _triad(self._a, self._b, self._c, self._scale)

    def floor(self, work: Workload, read_seconds: float, triad_seconds: float) -> Floor:
        """The floor of `work`, given the best time of each stream."""
        size = self._b.nbytes
        return Floor(bytes_moved(work), size / read_seconds, 3 * size / triad_seconds)


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
