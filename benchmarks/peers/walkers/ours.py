"""pocket_tfn.cpu.convolve_walkers_1_L."""

import numpy as np

from benchmarks.contestant import Contestant
from benchmarks.inputs.graph import FloatArray
from benchmarks.peers.ours import ours
from benchmarks.workloads.walkers import Inputs


def allocating(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, None)


def into_buffer(inputs: Inputs, threads: int) -> Contestant:
    """`out=` given, as in a loop over many steps."""
    return _contestant(inputs, threads, np.empty(inputs.output_shape, inputs.features.dtype))


def _contestant(inputs: Inputs, threads: int, out: FloatArray | None) -> Contestant:
    arguments = (inputs.positions, inputs.table.coefficients, inputs.table.cutoff, inputs.features)
    return ours(f"convolve_walkers_1_{inputs.l_out}", arguments, threads, out, "table")
