"""Quadrature weights w_j for Σ_j K(x - x_j) f_j w_j ≈ ∫ K(x - y) f(y) dy.

Source: slides, page "Dal continuo al discreto": "pesi w_j (volume o 1 se densità uniforme)".  Graphs take them as
`weights`.  Points drawn at random from a density p have the weights 1 / (N p(x_j)), which need no function here.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import Voronoi, cKDTree

from . import checks
from .neighbours import images, reciprocal, translations

Array = NDArray[Any]
Points = NDArray[np.float64]

_COINCIDE = 1e-6  # in mean spacings: Qhull merges what is much closer
_FILLED = 1e-9  # how nearly the volumes must sum to that of the space


def uniform_weights(positions: ArrayLike, cell: ArrayLike) -> Array:
    """The same weight for each point, V/N with V = |det cell|: for a uniform density.

    positions (N, 3) and cell (3, 3), each float32 or float64; returns (N,) of the dtype of positions.
    Raises TypeError for other dtypes; ValueError for other shapes, NaN or infinity, a singular cell.
    """
    x, vectors, _ = _domain("uniform_weights", positions, cell, True)
    return np.full(len(x), _volume(vectors) / max(len(x), 1), x.dtype)


def voronoi_weights(positions: ArrayLike, cell: ArrayLike, pbc: ArrayLike = True) -> Array:
    """The volume that is nearer to each point than to any other: the weights of a midpoint rule.

    They sum to |det cell|, and are V/N on a lattice.

    Parameters
    ----------
    positions : (N, 3) float32 or float64
        No two at the same place.  Along open axes strictly inside the cell; along periodic ones anywhere.
    cell : (3, 3) float32 or float64
        Lattice vectors as rows.
    pbc : bool or three bools
        The lattice vectors along which space repeats itself; along the others it ends at the faces of the cell, which
        has a corner at the origin.

    Returns
    -------
    (N,)
        In the dtype of positions, rounded from float64.

    Raises
    ------
    TypeError
        If a dtype is none of the above.
    ValueError
        If a shape does not fit, a number is not finite, the cell is singular, a point lies outside it along an open
        axis, two points coincide, or an array is on a GPU.
    """
    where = "voronoi_weights"
    x, vectors, periodic = _domain(where, positions, cell, pbc)
    if not len(x):
        return np.zeros(0, x.dtype)
    unit = _volume(vectors) ** (1 / 3)
    space = _Space(vectors / unit, periodic)
    points = x.astype(np.float64) / unit
    inside = points @ reciprocal(space.vectors)[:, ~periodic]
    if not ((inside > 0) & (inside < 1)).all():
        raise ValueError(f"{where}: along open axes all positions must lie strictly inside the cell")
    weights = unit**3 * _cell_volumes(where, points, space)
    return weights.astype(x.dtype)


def _domain(where: str, positions: ArrayLike, cell: ArrayLike, pbc: Any) -> tuple[Array, Points, NDArray[np.bool_]]:
    """Positions (N, 3), the cell (3, 3) in float64, and its periodic axes (3,)."""
    x = checks.finite_array(where, "positions", positions, "(N, 3)", (None, 3))
    return x, checks.lattices(where, cell, True, 1)[0], checks.periodic_axes(where, pbc, default=True)


def _volume(vectors: Points) -> float:
    return float(abs(np.linalg.det(vectors)))


class _Space(NamedTuple):
    """A parallelepiped with a corner at the origin, repeated along some of its edges and walled along the others."""

    vectors: Points  # (3, 3), the edges as rows
    periodic: NDArray[np.bool_]  # (3,)


def _cell_volumes(where: str, points: Points, space: _Space) -> Points:
    """Voronoi volumes of points (N, 3) in a space of volume 1.

    Cells found from too few sites are too large, hence all are right once they fill the space exactly.
    """
    spacing = len(points) ** (-1 / 3)
    reach, enough = 3 * spacing, 2 * np.linalg.norm(space.vectors, axis=1).sum()
    while True:
        sites = _sites(points, space, reach)
        if cKDTree(sites).query_pairs(_COINCIDE * spacing):
            raise ValueError(f"{where}: two positions coincide, or one touches the end of space")
        volumes = _bounded_cells(sites, len(points))
        if abs(volumes.sum() - 1) < _FILLED:
            return volumes
        if reach > enough:
            raise ArithmeticError(f"{where}: Qhull cannot resolve these positions")
        reach *= 1.5


def _sites(points: Points, space: _Space, reach: float) -> Points:
    """The points, then what else bounds their Voronoi cells: images within reach, and all those mirrored in the walls.

    Between two points on one side of a wall and the mirror image of either, the wall itself is what divides space.
    """
    lattice = space.vectors * space.periodic[:, None]
    near = images(points, np.zeros(len(points), np.int64), lattice[None], reach)
    moved = near.shift.any(axis=1)
    others = (near.wrapped[near.node] + translations(near.shift, lattice))[moved]
    inside = np.concatenate([near.wrapped, others])
    mirrored = []
    for normal in reciprocal(space.vectors).T[~space.periodic]:
        unit = normal / np.linalg.norm(normal)
        for wall in (0, 1 / np.linalg.norm(normal)):
            depth = inside @ unit - wall
            mirrored.append((inside - 2 * depth[:, None] * unit)[np.abs(depth) <= reach])
    return np.concatenate([inside, *mirrored])


def _bounded_cells(sites: Points, count: int) -> Points:
    """The Voronoi volumes of the first `count` sites; infinite if one of them is.

    A cell is made of pyramids, from its site to its faces: area times half the distance of the two sites over 3.
    """
    if np.linalg.matrix_rank(sites - sites[0], tol=_COINCIDE) < 3:  # in one plane, which Qhull takes minutes to find
        return np.full(count, np.inf)
    diagram = Voronoi(sites)
    ours = (diagram.ridge_points < count).any(axis=1)
    faces = [corners for corners, is_ours in zip(diagram.ridge_vertices, ours, strict=True) if is_ours]
    order = np.fromiter(chain.from_iterable(faces), np.int64)  # the corners of each face, one after the other
    if (order < 0).any():
        return np.full(count, np.inf)
    sizes = np.fromiter(map(len, faces), np.int64)
    first = np.cumsum(sizes) - sizes
    following = np.arange(1, len(order) + 1)
    following[first + sizes - 1] = first

    ends = diagram.ridge_points[ours]
    corners = diagram.vertices[order] - np.repeat(sites[ends.min(axis=1)], sizes, axis=0)
    twice_area = np.linalg.norm(np.add.reduceat(np.cross(corners, corners[following]), first), axis=1)
    apart = np.linalg.norm(sites[ends[:, 0]] - sites[ends[:, 1]], axis=1)
    volumes = np.bincount(ends.ravel(), np.repeat(twice_area * apart / 12, 2), minlength=count)
    return np.asarray(volumes[:count], np.float64)
