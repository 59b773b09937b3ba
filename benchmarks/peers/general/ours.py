"""convolve_{l_in}_{l_out} of a module emitted for these degrees."""

import numpy as np

from benchmarks.contestant import Contestant
from benchmarks.inputs.graph import FloatArray
from benchmarks.workloads.general import Inputs


def allocating(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, None)


def into_buffer(inputs: Inputs, threads: int) -> Contestant:
    """`out=` given, as in a loop over many steps."""
    return _contestant(inputs, threads, np.empty(inputs.output_shape, inputs.features.dtype))


def _contestant(inputs: Inputs, threads: int, out: FloatArray | None) -> Contestant:
    graph = inputs.graph
    inputs.module.set_num_threads(threads)
    convolve = getattr(inputs.module, f"convolve_{inputs.l_in}_{inputs.l_out}")

    def run() -> FloatArray:
        result: FloatArray = convolve(
            graph.indptr, graph.indices, graph.vectors, inputs.radial, inputs.features, out=out
        )
        return result

    return Contestant(run, answer=np.asarray)
