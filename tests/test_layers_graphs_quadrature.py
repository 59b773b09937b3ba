"""Quadrature weights are the volumes they claim to be, and make sums of integrals."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from pocket_tfn.layers import radius_graph, uniform_weights, voronoi_weights
from scipy.spatial import ConvexHull, HalfspaceIntersection

from tests import inputs
from tests.test_layers_graphs import CELL
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance

both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
PBC = list(itertools.product([False, True], repeat=3))
VOLUME = float(np.linalg.det(CELL))


def inside(n: int, seed: int = 0, cell: Array = CELL) -> Array:
    """Points (n, 3) in the cell, uniform."""
    return np.asarray(np.random.default_rng(seed).random((n, 3)) @ cell)


def half_spaces(x: Array, i: int, cell: Array, pbc: tuple[bool, ...]) -> Array:
    """What is nearer to point i than to any other, image or wall, as rows (n, c) of n·y + c <= 0."""
    rows = []
    for shift in itertools.product(*([-3, -2, -1, 0, 1, 2, 3] if p else [0] for p in pbc)):
        for j in range(len(x)):
            other = x[j] + np.array(shift) @ cell
            if j != i or any(shift):
                normal = other - x[i]
                rows.append([*normal, -normal @ (other + x[i]) / 2])
    for axis, normal in enumerate(np.linalg.inv(cell).T):
        if not pbc[axis]:
            rows += [[*-normal, 0], [*normal, -1]]
    return np.array(rows)


@pytest.mark.parametrize("pbc", PBC)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_volumes(pbc: tuple[bool, ...], n: int) -> None:
    """Each is the volume of an intersection of half-spaces, written out."""
    x = inside(n, seed=n)
    want = [
        ConvexHull(HalfspaceIntersection(half_spaces(x, i, CELL, pbc), x[i]).intersections).volume for i in range(n)
    ]
    assert_close(voronoi_weights(x, CELL, pbc), np.array(want), VOLUME, limit=1e-12, dtype=np.float64, axis=())
    assert sum(want) == pytest.approx(VOLUME, rel=1e-12)


@pytest.mark.parametrize(
    ("cell", "pbc"),
    [
        (np.eye(3), True),
        (np.eye(3), False),
        (np.diag([3.0, 1, 0.5]), False),
        (np.diag([1, 2, 0.5]), True),
        (CELL, True),
    ],
)
def test_lattice(cell: Array, pbc: bool) -> None:
    """V/N for each point of a regular lattice, as uniform_weights has it, though many corners coincide."""
    x = (np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) + 0.5) / 4 @ cell
    assert_close(voronoi_weights(x, cell, pbc), uniform_weights(x, cell), 1, limit=1e-13, dtype=np.float64, axis=())


def test_layers_between_walls() -> None:
    """Points on a line between two walls share it at their midpoints."""
    z = np.array([0.5, 1.0, 3.0, 3.5])
    x = np.stack([np.full(4, 0.2), np.full(4, 0.9), z], axis=1)
    got = voronoi_weights(x, np.diag([1.0, 1.0, 5.0]), (True, True, False))
    assert_close(got, np.array([0.75, 1.25, 1.25, 1.75]), 5, limit=1e-14, dtype=np.float64, axis=())


@pytest.mark.parametrize("unit", [1e-15, 1e15])
@both_dtypes
def test_units_and_dtypes(unit: float, dtype: Any) -> None:
    """Volumes scale with the cube of the unit, and are rounded to the dtype of the positions at the end."""
    x = inside(20).astype(dtype)
    cell = CELL.astype(dtype).astype(np.float64)
    want = voronoi_weights(x.astype(np.float64), cell)
    scaled = voronoi_weights(x.astype(np.float64) * unit, cell * unit) / unit**3
    assert_close(scaled, want, VOLUME, limit=1e-13, dtype=np.float64, axis=())
    assert_same_bits(voronoi_weights(x, cell), want.astype(dtype))


def test_symmetries() -> None:
    """The same for another basis of the lattice, other images of the points, and another order of them."""
    x, rng = inside(30), np.random.default_rng(1)
    skewed = CELL.copy()
    skewed[1] += 3 * skewed[0]
    skewed[2] -= 2 * skewed[1]
    want, order = voronoi_weights(x, CELL), rng.permutation(30)
    for got in (
        voronoi_weights(x, skewed),
        voronoi_weights(x + rng.integers(-3, 4, (30, 3)) @ CELL, CELL),
        voronoi_weights(x[order], CELL)[np.argsort(order)],
    ):
        assert_close(got, want, VOLUME, limit=1e-12, dtype=np.float64, axis=())


def test_uneven_points() -> None:
    """A dense cluster and a lonely point: the volumes still fill the cell."""
    x = np.concatenate([inside(100) * 0.01, [CELL.sum(axis=0) / 2]])
    w = voronoi_weights(x, CELL)
    assert w.sum() == pytest.approx(VOLUME, rel=1e-12) and w[-1] > 0.2 * VOLUME


@both_dtypes
def test_no_points(dtype: Any) -> None:
    """No weights."""
    x = np.zeros((0, 3), dtype)
    for weights in (uniform_weights(x, CELL), voronoi_weights(x, CELL)):
        assert_same_bits(weights, np.zeros(0, dtype))


@both_dtypes
def test_uniform(dtype: Any) -> None:
    """V/N, in the dtype of the positions."""
    got = uniform_weights(inside(7).astype(dtype), -CELL)
    assert_close(got, np.full(7, VOLUME / 7), VOLUME / 7, limit=tolerance(dtype).eps, dtype=dtype, axis=())


def test_sum_becomes_integral() -> None:
    """Σ_j K(x - x_j) f_j w_j comes near the integral with the volumes, not with equal weights, where density varies.

    K(r) f = r·f g(r) and f a plane wave along z.  By symmetry the integral at x is proportional to cos 2πz.
    """
    rng, cutoff = np.random.default_rng(5), 0.45
    x = np.concatenate([rng.random((600, 3)), rng.random((600, 3)) * [1, 1, 0.5]])

    def g(r: Any) -> Any:
        return (1 - (r / cutoff) ** 2) ** 3

    middle = (np.arange(200) + 0.5) / 200
    r, cosine = cutoff * middle[:, None], 2 * middle - 1
    wave = np.sin(2 * np.pi * -r * cosine)  # at y = x - r, where x is the origin
    amplitude = 2 * np.pi * np.sum(r**3 * cosine * g(r) * wave) * cutoff / 200 * 2 / 200
    want = amplitude * np.cos(2 * np.pi * x[:, 2])

    errors = []
    for weights in (voronoi_weights(x, np.eye(3)), uniform_weights(x, np.eye(3))):
        graph = radius_graph(x, cutoff, np.eye(3), weights=weights)
        terms = graph.weights * graph.vectors[:, 2] * g(graph.lengths) * np.sin(2 * np.pi * x[graph.indices, 2])
        got = np.bincount(graph.receivers, terms)
        errors.append(np.sqrt(np.mean((got - want) ** 2)) / abs(amplitude))
    assert errors[0] < 0.04 < 0.1 < errors[1]
