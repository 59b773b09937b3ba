"""pocket_tfn.cpu.convolve_tabulated_1_L, and convolve_1_L with the table's values for every edge."""

import numpy as np

from benchmarks import oracle
from benchmarks.contestant import Contestant
from benchmarks.inputs.graph import FloatArray
from benchmarks.peers.ours import ours
from benchmarks.workloads.tabulated import Inputs


def allocating(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, None)


def into_buffer(inputs: Inputs, threads: int) -> Contestant:
    """`out=` given, as in a loop over many steps."""
    return _contestant(inputs, threads, np.empty(inputs.output_shape, inputs.features.dtype))


def streamed(inputs: Inputs, threads: int) -> Contestant:
    """The same answer by our other kernel; computing the radial values is not in its time."""
    graph, features = inputs.graph, inputs.features
    radial = inputs.table(oracle.lengths(graph.vectors)).astype(features.dtype)
    arguments = (graph.indptr, graph.indices, graph.vectors, radial, features)
    return ours(f"convolve_1_{inputs.l_out}", arguments, threads, None, "table")


def _contestant(inputs: Inputs, threads: int, out: FloatArray | None) -> Contestant:
    graph, table = inputs.graph, inputs.table
    name = f"convolve_tabulated_1_{inputs.l_out}"
    arguments = (graph.indptr, graph.indices, graph.vectors, table.coefficients, table.cutoff, inputs.features)
    return ours(name, arguments, threads, out, "table")
