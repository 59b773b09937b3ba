"""One random graph: every receiver has the same number of senders, within one cutoff."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
Float64 = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]

PATHS: dict[int, tuple[int, ...]] = {0: (1,), 1: (0, 1, 2), 2: (1, 2, 3)}
"""The degrees l_f of the channels 1 -> l_out, ascending: the order of `radial[:, p, :]`."""

CUTOFF = 5.0
"""Every edge is shorter."""


@dataclass(frozen=True)
class Graph:
    """N receivers and E edges, CSR by receiver.

    Edge e goes from sender `indices[e]` to the receiver i with indptr[i] <= e < indptr[i + 1].
    """

    indptr: IntArray  # (N + 1,)
    indices: IntArray  # (E,)
    vectors: FloatArray  # (E, 3), x_receiver - x_sender

    @cached_property
    def receivers(self) -> IntArray:
        """The receiver of each edge, (E,): what frameworks without CSR scatter by."""
        return np.repeat(np.arange(self.nodes, dtype=self.indices.dtype), np.diff(self.indptr))

    @property
    def nodes(self) -> int:
        return self.indptr.shape[0] - 1

    @property
    def edges(self) -> int:
        return self.indices.shape[0]

    @property
    def nbytes(self) -> int:
        return self.indptr.nbytes + self.indices.nbytes + self.vectors.nbytes


def random_graph(nodes: int, neighbours: int, dtype: str, rng: np.random.Generator) -> Graph:
    """Every receiver has `neighbours` distinct senders, none of them itself, in random order.

    Vectors are uniform in the ball of the cutoff, as they are in a fluid of uniform density.
    """
    if not 0 < neighbours < nodes:
        raise ValueError(f"{neighbours} neighbours need more than {neighbours} nodes, not {nodes}")
    others = np.stack([rng.choice(nodes - 1, neighbours, replace=False) for _ in range(nodes)])
    indices = others + (others >= np.arange(nodes)[:, None])  # step over the receiver itself
    edges = nodes * neighbours
    return Graph(
        indptr=np.arange(0, edges + 1, neighbours, dtype=np.intp),
        indices=indices.reshape(-1).astype(np.intp),
        vectors=_in_ball(edges, rng).astype(dtype),
    )


def normal(rng: np.random.Generator, dtype: str, *shape: int) -> FloatArray:
    """Signed numbers of order 1."""
    return rng.standard_normal(shape).astype(dtype)


def _in_ball(count: int, rng: np.random.Generator) -> Float64:
    """Points in the ball, a little inside, lest rounding put one at the cutoff."""
    directions = rng.standard_normal((count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return 0.999 * CUTOFF * np.cbrt(rng.random((count, 1))) * directions
