"""The inputs that every contestant gets: one random graph, signed normal numbers, one seed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]

PATHS: dict[int, tuple[int, ...]] = {0: (1,), 1: (0, 1, 2), 2: (1, 2, 3)}
"""The degrees l_f of the channels 1 -> l_out, ascending: the order of `radial[:, p, :]`."""


@dataclass(frozen=True)
class Workload:
    """One convolution 1 -> l_out on a graph of N receivers and E edges, P paths, C channels.

    Edge e goes from sender `indices[e]` to the receiver i with indptr[i] <= e < indptr[i + 1].
    """

    l_out: int
    indptr: IntArray  # (N + 1,)
    indices: IntArray  # (E,)
    vectors: FloatArray  # (E, 3), x_receiver - x_sender, of any length
    radial: FloatArray  # (E, P, C)
    features: FloatArray  # (N, 3, C)

    @cached_property
    def receivers(self) -> IntArray:
        """The receiver of each edge, (E,): what frameworks without CSR scatter by."""
        return np.repeat(np.arange(self.nodes, dtype=self.indices.dtype), np.diff(self.indptr))

    @property
    def nodes(self) -> int:
        return self.features.shape[0]

    @property
    def edges(self) -> int:
        return self.indices.shape[0]

    @property
    def channels(self) -> int:
        return self.features.shape[2]

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        return self.features.dtype

    @property
    def output_shape(self) -> tuple[int, int, int]:
        """(N, 2 l_out + 1, C)."""
        return self.nodes, 2 * self.l_out + 1, self.channels


def random_workload(l_out: int, nodes: int, neighbours: int, channels: int, dtype: str, seed: int = 0) -> Workload:
    """Every receiver has `neighbours` distinct senders, none of them itself, in random order."""
    if not 0 < neighbours < nodes:
        raise ValueError(f"{neighbours} neighbours need more than {neighbours} nodes, not {nodes}")
    rng = np.random.default_rng(seed)
    others = np.stack([rng.choice(nodes - 1, neighbours, replace=False) for _ in range(nodes)])
    indices = others + (others >= np.arange(nodes)[:, None])  # step over the receiver itself
    edges = nodes * neighbours

    def normal(*shape: int) -> FloatArray:
        return rng.standard_normal(shape).astype(dtype)

    return Workload(
        l_out=l_out,
        indptr=np.arange(0, edges + 1, neighbours, dtype=np.intp),
        indices=indices.reshape(-1).astype(np.intp),
        vectors=normal(edges, 3),
        radial=normal(edges, len(PATHS[l_out]), channels),
        features=normal(nodes, 3, channels),
    )
