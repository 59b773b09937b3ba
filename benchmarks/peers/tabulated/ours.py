"""pocket_tfn.cpu.convolve_tabulated_1_L, and convolve_1_L with the table's values for every edge."""

import numpy as np

from benchmarks import oracle
from benchmarks.contestant import Contestant
from benchmarks.inputs.graph import FloatArray
from benchmarks.inputs.table import Table
from benchmarks.peers.ours import ours
from benchmarks.workloads.tabulated import Inputs


def allocating(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, inputs.table, "table", threads)


def into_buffer(inputs: Inputs, threads: int) -> Contestant:
    """`out=` given, as in a loop over many steps."""
    return _contestant(inputs, inputs.table, "table", threads, np.empty(inputs.output_shape, inputs.features.dtype))


def cubic(inputs: Inputs, threads: int) -> Contestant:
    """Degree 3: two terms fewer for each value, from a longer table."""
    return _contestant(inputs, inputs.cubic, "cubic", threads)


def streamed(inputs: Inputs, threads: int) -> Contestant:
    """The same answer by our other kernel; computing the radial values is not in its time."""
    graph, features = inputs.graph, inputs.features
    radial = inputs.table(oracle.lengths(graph.vectors)).astype(features.dtype)
    arguments = (graph.indptr, graph.indices, graph.vectors, radial, features)
    return ours(f"convolve_1_{inputs.l_out}", arguments, threads, None, "table")


def _contestant(inputs: Inputs, table: Table, truth: str, threads: int, out: FloatArray | None = None) -> Contestant:
    graph = inputs.graph
    name = f"convolve_tabulated_1_{inputs.l_out}"
    radial = (table.coefficients, table.cutoff)
    arguments = (graph.indptr, graph.indices, graph.vectors, *radial, inputs.features, None, table.degree)
    return ours(name, arguments, threads, out, truth)
