"""Pairs of points closer than a cutoff, periodic images included: a k-d tree proposes, float64 arithmetic decides.

A k-d tree has no bins, so that long chains, flat sheets and far outliers cost no more than compact systems.
It is SciPy's because vesin 0.6.2 crashed, by a division by zero, on flat or long open systems.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from .checks import normalised

Points = NDArray[np.float64]
Indices = NDArray[np.int64]

_EPS = float(np.finfo(np.float64).eps)
_SLACK = 1e-9  # relative; what is proposed beyond the cutoff, so that no rounding of ours can lose a pair
_FARTHEST = 1e150
_BLOCK = 1 << 14  # so many edges are computed in one go: their temporaries stay in the cache


class Images(NamedTuple):
    """Points wrapped into the cell, and those of their periodic images that lie near it.

    The images are sorted by node, then by shift (lexicographically).  Image k lies at
    wrapped[node[k]] + shift[k] · lattice, and the points themselves at wrapped + wraps · lattice.
    """

    wrapped: Points  # (N, 3)
    wraps: Points  # (N, 3), whole numbers
    node: Indices  # (M,)
    shift: Points  # (M, 3), whole numbers


class Pairs(NamedTuple):
    """Ordered pairs, sorted by receiver, then by sender, then by the shift of the sender's image."""

    receivers: Indices  # (E,)
    senders: Indices  # (E,)
    offsets: Points | None  # (E, 3), from the sender to its image; None if nothing is periodic


def displacements(
    positions: NDArray[Any], receivers: Indices, senders: Indices, offsets: Points | None
) -> NDArray[Any]:
    """x_receiver - x_sender - offset (E, 3), rounded once from float64; r and -r come out as exact opposites."""
    x = positions.astype(np.float64, copy=False)
    r = np.empty((len(receivers), 3), positions.dtype)
    for block in _blocks(len(r)):
        d = x.take(receivers[block], axis=0) - x.take(senders[block], axis=0)
        r[block] = d if offsets is None else d - offsets[block]
    return r


def translations(shift: NDArray[Any], lattice: Points) -> Points:
    """shift · lattice: whole numbers (E, 3) of lattice vectors (3, 3) or (E, 3, 3), to (E, 3).

    Product by product, because a matrix product may round a row differently from another one.
    """
    terms = [shift[:, axis, None] * lattice[..., axis, :] for axis in range(3)]
    return terms[0] + terms[1] + terms[2]


def _blocks(length: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, length, _BLOCK))


def reciprocal(lattice: Points) -> Points:
    """B such that x @ B are the coordinates of x along the lattice vectors (..., 3, 3), 0 along those that are zero.

    1/|B_k|, for a column B_k, is the distance between the lattice planes k.
    """
    length = np.linalg.norm(lattice, axis=-1)
    dual = np.linalg.pinv(normalised(lattice))
    return np.divide(dual, length[..., None, :], out=np.zeros_like(dual), where=length[..., None, :] > 0)


def images(positions: Points, graph: Indices, lattice: Points, reach: float) -> Images:
    """Every image that lies within `reach` of a point of the cell, and a few more.

    positions (N, 3); graph (N,), the row of lattice (G, 3, 3) that belongs to each; zero rows are open axes.
    """
    dual = reciprocal(lattice)
    wraps = np.floor(_coordinates(positions, dual, graph))
    wrapped = positions - translations(wraps, lattice[graph])
    coordinates = _coordinates(wrapped, dual, graph)
    planes = (reach * np.linalg.norm(dual, axis=-2) + _SLACK)[graph]  # the reach in distances between planes

    node, shift = np.arange(len(positions)), np.zeros((len(positions), 3))
    for axis in range(3):
        count = int(np.ceil(planes[:, axis].max(initial=0)))
        steps = np.arange(-count, count + 1) if lattice[:, axis].any() else np.zeros(1)
        place, margin = coordinates[node, axis, None] + steps, planes[node, axis, None]
        row, step = np.nonzero((place >= -margin) & (place <= 1 + margin))
        node, shift = node[row], shift[row]
        shift[:, axis] = steps[step]
    return Images(wrapped, wraps, node, shift)


def _coordinates(x: Points, dual: Points, graph: Indices) -> Points:
    return x @ dual[0] if len(dual) == 1 else np.einsum("na,nak->nk", x, dual[graph])


def pairs_within(cutoff: float, positions: Points, graph: Indices, lattice: Points, loops: bool) -> Pairs:
    """All ordered pairs with |x_receiver - x_sender - offset| < cutoff, decided in float64, within each graph.

    positions (N, 3); graph (N,), ascending; lattice (1, 3, 3) for all graphs or (G, 3, 3), zero along open axes.
    A point is paired with its images, and with itself only where `loops`.
    Raises ValueError where positions are so large that squares overflow, or wrapping would round the cutoff away.
    """
    farthest = float(np.abs(positions).max(initial=0))
    if farthest > _FARTHEST:
        raise ValueError(f"radius_graph: positions reach {farthest:.1e}, the squares of their distances overflow")
    rounding = 64 * _EPS * farthest if lattice.any() else 0.0
    if rounding > 1e-3 * cutoff:
        raise ValueError(f"radius_graph: positions reach {farthest:.1e}, too far out to be wrapped into the cell")
    slack = _SLACK * cutoff + rounding
    row = graph if len(lattice) > 1 else np.zeros_like(graph)
    near = images(positions, row, lattice, cutoff + slack)

    receivers, image, distance = _candidates(near, graph, lattice[row], cutoff + slack)
    closer = distance < cutoff - slack
    doubtful = np.flatnonzero(~closer)
    i, k = receivers[doubtful], image[doubtful]
    r = displacements(positions, i, near.node[k], _offsets(near, i, k, lattice, row))
    closer[doubtful] = r[:, 0] ** 2 + r[:, 1] ** 2 + r[:, 2] ** 2 < cutoff**2
    if not loops:
        itself = np.flatnonzero(~near.shift.any(axis=1))  # one image of each point, in their order
        closer &= itself[receivers] != image

    key = receivers[closer] * len(near.node) + image[closer]  # no two alike, and ordered as the pairs shall be
    key.sort()
    receivers, image = np.divmod(key, max(len(near.node), 1))
    return Pairs(receivers, near.node[image], _offsets(near, receivers, image, lattice, row))


def _candidates(near: Images, graph: Indices, lattice: Points, reach: float) -> tuple[Indices, Indices, Points]:
    """Receivers, images and distances of all pairs of a point and an image within reach; lattice (N, 3, 3)."""
    points, found = near.wrapped, near.wrapped[near.node] + translations(near.shift, lattice[near.node])
    if graph.any():  # a fourth coordinate keeps the graphs of a batch apart
        apart = 2 * reach * graph[:, None]
        points, found = np.hstack([points, apart]), np.hstack([found, apart[near.node]])
    pairs = cKDTree(points).sparse_distance_matrix(cKDTree(found), reach, output_type="ndarray")
    return pairs["i"], pairs["j"], pairs["v"]


def _offsets(near: Images, receivers: Indices, image: Indices, lattice: Points, row: Indices) -> Points | None:
    """From the place of each sender to that of its image, relative to the place of the receiver."""
    if not lattice.any():
        return None
    offsets, unwrapped = np.empty((len(receivers), 3)), near.shift - near.wraps[near.node]
    for block in _blocks(len(offsets)):
        i = receivers[block]
        shift = unwrapped.take(image[block], axis=0) + near.wraps.take(i, axis=0)
        offsets[block] = translations(shift, lattice[0] if len(lattice) == 1 else lattice[row[i]])
    return offsets
