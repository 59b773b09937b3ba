"""A graph as simulations have it: nodes at uniform density in a periodic box, edges within a cutoff.

Periodic, because an open box has a surface, where nodes have fewer neighbours: the cost per node would depend on their
number.
"""

import numpy as np
from pocket_tfn.layers import radius_graph

from benchmarks.inputs.graph import CUTOFF, Float64, Graph, IntArray

CELLS = 1 << 10
"""Along each side of the box, for the order of the nodes."""


def fluid_graph(nodes: int, neighbours: int, dtype: str, rng: np.random.Generator) -> Graph:
    """`neighbours` on average within CUTOFF. Nodes are in Morton order: near in space is mostly near in memory."""
    side = CUTOFF * np.cbrt(4 / 3 * np.pi * nodes / neighbours)
    places = rng.random((nodes, 3))
    places = places[np.argsort(_morton(places))]
    graph = radius_graph((side * places).astype(dtype), CUTOFF, cell=side * np.eye(3))
    return Graph(graph.indptr, graph.indices, graph.vectors)


def _morton(places: Float64) -> IntArray:
    """The bits of the three coordinates (N, 3) in [0, 1), interleaved."""
    cells = (places * CELLS).astype(np.int64)
    code = np.zeros(len(cells), np.int64)
    for bit in range(CELLS.bit_length() - 1):
        for axis in range(3):
            code |= (cells[:, axis] >> bit & 1) << (3 * bit + axis)
    return code
