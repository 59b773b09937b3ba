"""The oracle: the catalogue's Cartesian forms as tensors, by einsum in float64. Slow and plain.

It shares no arithmetic with the contestants: forms are built from delta and epsilon by their index
definitions, and l_out = 2 is a whole 3 x 3 tensor before it is projected on five components.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.inputs.graph import Float64, Graph

DELTA = np.eye(3)
EPSILON = np.cross(DELTA[:, None], DELTA[None, :])  # (e_a x e_b)_c = epsilon_abc

BASIS = np.array(
    [
        [[0, 1, 0], [1, 0, 0], [0, 0, 0]],  # xy
        [[0, 0, 0], [0, 0, 1], [0, 1, 0]],  # yz
        [[-1, 0, 0], [0, -1, 0], [0, 0, 2]],  # 3zz - rr
        [[0, 0, 1], [0, 0, 0], [1, 0, 0]],  # xz
        [[1, 0, 0], [0, -1, 0], [0, 0, 0]],  # xx - yy
    ],
    dtype=np.float64,
)
BASIS /= np.linalg.norm(BASIS, axis=(1, 2), keepdims=True)  # orthonormal, (5, 3, 3)


def forms(l_out: int, units: Float64) -> Float64:
    """The Cartesian forms at unit vectors (E, 3): (E, P, 2 l_out + 1, 3), l_f ascending."""
    u = units
    if l_out == 0:
        return u[:, None, None, :]
    if l_out == 1:
        identity = np.broadcast_to(DELTA, (len(u), 3, 3))
        cross = np.einsum("acb,ec->eab", EPSILON, u)
        q = 3 * np.einsum("ea,eb->eab", u, u) - DELTA
        return np.stack([identity, cross, q], axis=1)
    delta_bc = np.einsum("ea,bc->eabc", u, DELTA)
    delta_ac = np.einsum("eb,ac->eabc", u, DELTA)
    delta_ab = np.einsum("ec,ab->eabc", u, DELTA)
    twisted = np.einsum("acd,eb,ed->eabc", EPSILON, u, u)
    tensors = [
        delta_bc + delta_ac - (2 / 3) * delta_ab,
        (twisted + twisted.transpose(0, 2, 1, 3)) / 2,
        np.einsum("ea,eb,ec->eabc", u, u, u) - (delta_ab + delta_ac + delta_bc) / 5,
    ]
    return np.einsum("mab,epabc->epmc", BASIS, np.stack(tensors, axis=1))


def unit(vectors: NDArray[Any]) -> Float64:
    """The directions of vectors (..., 3), in float64."""
    exact = vectors.astype(np.float64)
    return np.asarray(exact / np.linalg.norm(exact, axis=-1, keepdims=True))


def lengths(vectors: NDArray[Any]) -> Float64:
    return np.asarray(np.linalg.norm(vectors.astype(np.float64), axis=-1))


def convolve(l_out: int, graph: Graph, radial: NDArray[Any], features: NDArray[Any]) -> Float64:
    """out[i] = sum over the edges e into i, paths p: form_p(e) radial[e, p] features[sender(e)]."""
    units = unit(graph.vectors)
    exact = features.astype(np.float64)
    out = np.zeros((graph.nodes, 2 * l_out + 1, features.shape[-1]))
    for i in range(graph.nodes):
        edges = slice(graph.indptr[i], graph.indptr[i + 1])
        out[i] = np.einsum(
            "epab,epk,ebk->ak",
            forms(l_out, units[edges]),
            radial[edges].astype(np.float64),
            exact[graph.indices[edges]],
        )
    return out
