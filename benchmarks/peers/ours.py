"""The generated kernels, called as a user calls them."""

import numpy as np
from pocket_tfn import cpu

from benchmarks.contestant import Contestant
from benchmarks.workload import FloatArray, Workload


def allocating(work: Workload, threads: int) -> Contestant:
    """`convolve(...)`: the call allocates its result, as every other contestant does."""
    return _contestant(work, threads, out=None)


def into_buffer(work: Workload, threads: int) -> Contestant:
    """`convolve(..., out=...)`, as in a loop over many steps."""
    return _contestant(work, threads, out=np.empty(work.output_shape, work.dtype))


def _contestant(work: Workload, threads: int, out: FloatArray | None) -> Contestant:
    cpu.set_num_threads(threads)
    convolve = getattr(cpu, f"convolve_1_{work.l_out}")

    def run() -> FloatArray:
        result: FloatArray = convolve(work.indptr, work.indices, work.vectors, work.radial, work.features, out=out)
        return result

    return Contestant(run, answer=lambda result: result)
