"""The oracle of general kernels: their definition, Σ_m Y_m(r̂) Q_m / λ, by einsum in float64. Slow and plain."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.inputs.coupling import kernels
from benchmarks.inputs.graph import Float64, Graph
from benchmarks.oracle import unit


def convolve(l_in: int, l_out: int, graph: Graph, radial: NDArray[Any], features: NDArray[Any]) -> Float64:
    """out[i] = sum over the edges e into i, paths p: K^p(e) radial[e, p] features[sender(e)]."""
    units, exact = unit(graph.vectors), features.astype(np.float64)
    out = np.zeros((graph.nodes, 2 * l_out + 1, features.shape[-1]))
    for i in range(graph.nodes):
        edges = slice(graph.indptr[i], graph.indptr[i + 1])
        matrices = np.einsum("epab,epk->eabk", kernels(l_in, l_out, units[edges]), radial[edges].astype(np.float64))
        out[i] = np.einsum("eabk,ebk->ak", matrices, exact[graph.indices[edges]])
    return out
