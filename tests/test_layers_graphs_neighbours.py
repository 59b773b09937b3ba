"""radius_graph finds every pair closer than the cutoff, images included, and no other; in the documented order."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from ase.neighborlist import primitive_neighbor_list
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn.layers import Graph, batch, radius_graph

from tests import inputs
from tests.test_layers_graphs import CELL, assert_same_graph, points
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance

both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
PBC = list(itertools.product([False, True], repeat=3))
Edge = tuple[int, int, tuple[int, ...]]


def spacing(cell: Array, axes: list[int], axis: int) -> float:
    """How far apart the lattice lines or planes lie that the other periodic axes span: a ratio of Gram determinants."""
    others = [k for k in axes if k != axis]
    gram = cell @ cell.T
    inner = np.linalg.det(gram[np.ix_(others, others)]) if others else 1.0
    return float(np.sqrt(np.linalg.det(gram[np.ix_(axes, axes)]) / inner))


def brute_force(x: Array, cutoff: float, cell: Array, pbc: tuple[bool, ...], loops: bool) -> tuple[list[Edge], Array]:
    """All edges (i, j, S) in the documented order and their r = x_i - (x_j + S · cell), by trying enough images."""
    axes = [k for k in range(3) if pbc[k]]
    spread = max((float(np.linalg.norm(a - b)) for a in x for b in x), default=0)
    most = [int((cutoff + spread) / spacing(cell, axes, k)) + 1 if pbc[k] else 0 for k in range(3)]
    edges, vectors = [], []
    for i, j in itertools.product(range(len(x)), repeat=2):
        for shift in itertools.product(*(range(-n, n + 1) for n in most)):
            r = x[i] - (x[j] + shift[0] * cell[0] + shift[1] * cell[1] + shift[2] * cell[2])
            if r @ r < cutoff**2 and (loops or i != j or any(shift)):
                edges.append((i, j, shift))
                vectors.append(r)
    return edges, np.array(vectors).reshape(-1, 3)


def edges_of(g: Graph, cell: Array) -> list[Edge]:
    """The edges (i, j, S) in the order of the graph."""
    shift = np.zeros((g.n_edges, 3)) if g.offsets is None else g.offsets @ np.linalg.inv(cell)
    whole = np.rint(shift)
    assert np.abs(shift - whole).max(initial=0) < 1e-6
    return [
        (int(i), int(j), tuple(s)) for i, j, s in zip(g.receivers, g.indices, whole.astype(int).tolist(), strict=True)
    ]


def dyadic(rng: np.random.Generator, *shape: int, most: float = 4.0) -> Array:
    """Multiples of 1/2 up to `most`: sums and products of a few are exact, and many distances are alike."""
    return rng.integers(-int(2 * most), int(2 * most) + 1, shape) / 2


def skewed_cell(rng: np.random.Generator) -> Array:
    """A cell of multiples of 1/2 whose planes are not too close; half of them badly skewed."""
    while True:
        cell = dyadic(rng, 3, 3, most=3)
        if rng.random() < 0.5:
            cell[1] += rng.integers(-3, 4) * cell[0]
            cell[2] += rng.integers(-3, 4) * cell[1]
        if abs(np.linalg.det(cell)) > 0 and min(spacing(cell, [0, 1, 2], k) for k in range(3)) > 0.8:
            return cell


@given(
    seed=st.integers(0, 2**32),
    n=st.integers(0, 4),
    pbc=st.sampled_from(PBC),
    cutoff=st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5]),
    loops=st.booleans(),
)
@settings(deadline=None, max_examples=80, derandomize=True)
def test_definition(seed: int, n: int, pbc: tuple[bool, ...], cutoff: float, loops: bool) -> None:
    """Edges, their order and their vectors, exactly: no number is rounded, and many pairs lie right at the cutoff."""
    rng = np.random.default_rng(seed)
    cell, x = skewed_cell(rng), dyadic(rng, n, 3)
    g = radius_graph(x, cutoff, cell, pbc, loops=loops)
    edges, vectors = brute_force(x, cutoff, cell, pbc, loops)
    assert edges_of(g, cell) == edges
    assert np.array_equal(g.vectors, vectors)


@both_dtypes
@pytest.mark.parametrize("pbc", PBC)
@pytest.mark.parametrize("cells", [0.3, 1.0, 1.7])
def test_cutoffs_beyond_the_cell(dtype: Any, pbc: tuple[bool, ...], cells: float) -> None:
    """Up to 1.7 times the shortest cell vector, positions outside the cell, in both dtypes."""
    x = (3 * points(4, seed=5)).astype(dtype)
    cutoff = cells * float(np.linalg.norm(CELL, axis=1).min())
    g = radius_graph(x, cutoff, CELL.astype(dtype), pbc)
    cell = CELL.astype(dtype).astype(np.float64)
    edges, vectors = brute_force(x.astype(np.float64), cutoff, cell, pbc, False)
    assert edges_of(g, cell) == edges
    assert_close(g.vectors, vectors, cutoff, limit=8 * tolerance(dtype).eps, dtype=dtype, axis=-1)


@pytest.mark.parametrize("pbc", PBC)
@pytest.mark.parametrize("cutoff", [1.0, 2.5, 4.0])
def test_against_ase(pbc: tuple[bool, ...], cutoff: float) -> None:
    """The same pairs and images as an outsider finds in a skewed cell of 60 atoms."""
    cell = 2.3 * CELL + [[0, 0, 0], [6, 0, 0], [0, -7, 0]]
    x = 4 * points(60, seed=3)
    i, j, shift = primitive_neighbor_list("ijS", pbc, cell, x, cutoff)
    want = sorted(zip(i.tolist(), j.tolist(), map(tuple, shift.tolist()), strict=True))
    assert edges_of(radius_graph(x, cutoff, cell, pbc), cell) == want


@pytest.mark.parametrize(("cutoff", "neighbours"), [(1.0, 0), (1.01, 6), (1.5, 18), (1.8, 26), (2.01, 32)])
def test_simple_cubic(cutoff: float, neighbours: int) -> None:
    """The shells of one atom in a cube: 6, 12, 8, 6 images of itself, at distances 1, √2, √3, 2."""
    assert radius_graph(np.zeros((1, 3)), cutoff, np.eye(3)).n_edges == neighbours


@both_dtypes
def test_boundary(dtype: Any) -> None:
    """At the cutoff is outside, one rounding below is inside; for images too."""
    for x in (np.array([[0, 0, 0], [2, 3, 6]], dtype), np.array([[10, 0, 0], [12, 3, 6]], dtype)):
        assert radius_graph(x, 7.0).n_edges == 0
        assert radius_graph(x, np.nextafter(7.0, 8)).n_edges == 2
    for one in (np.zeros((1, 3), dtype), np.full((1, 3), 0.25, dtype)):
        assert radius_graph(one, 2.0, 2 * np.eye(3)).n_edges == 0
        assert radius_graph(one, np.nextafter(2.0, 3), 2 * np.eye(3)).n_edges == 6


def test_decided_in_float64() -> None:
    """1 - 2^-26 is less than 1, although its nearest float32 is 1."""
    g = radius_graph(np.array([[1, 0, 0], [2**-26, 0, 0]], np.float32), 1.0)
    assert g.n_edges == 2 and (g.lengths == 1).all()


@pytest.mark.parametrize("wraps", [0, 10**6])
def test_no_pair_is_lost_to_rounding(wraps: int) -> None:
    """Cutoffs one rounding above a distance between nodes, which may lie far outside the cell."""
    rng = np.random.default_rng(1)
    x = points(6, seed=2) + rng.integers(-wraps, wraps + 1, (6, 3)) @ CELL
    wide = radius_graph(x, 2.0, CELL)
    square = wide.vectors[:, 0] ** 2 + wide.vectors[:, 1] ** 2 + wide.vectors[:, 2] ** 2
    for cutoff in np.nextafter(np.sqrt(square), np.inf):
        near = square < cutoff**2
        g = radius_graph(x, cutoff, CELL)
        assert_same_bits(g.vectors, wide.vectors[near])
    assert wide.n_edges > 30


@pytest.mark.parametrize("pbc", PBC)
def test_pairs_are_mutual(pbc: tuple[bool, ...]) -> None:
    """To every edge (i, j, S) with r there is (j, i, -S) with -r, to the bit."""
    g = radius_graph(3 * points(9, seed=4), 2.7, CELL, pbc)
    edges = edges_of(g, CELL)
    place = {edge: e for e, edge in enumerate(edges)}
    assert len(place) == len(edges) > 0
    back = [place[j, i, (-a, -b, -c)] for i, j, (a, b, c) in edges]
    assert np.array_equal(g.vectors[back], -g.vectors)


@pytest.mark.parametrize("pbc", PBC)
def test_permutation(pbc: tuple[bool, ...]) -> None:
    """Relabelled nodes have relabelled edges, with the same bits."""
    x = 3 * points(9, seed=6)
    order = np.random.default_rng(0).permutation(9)
    g, h = radius_graph(x, 2.7, CELL, pbc), radius_graph(x[order], 2.7, CELL, pbc)
    renamed = [(order[i], order[j], s) for i, j, s in edges_of(h, CELL)]
    sorting = sorted(range(len(renamed)), key=renamed.__getitem__)
    assert [renamed[e] for e in sorting] == edges_of(g, CELL)
    assert_same_bits(h.vectors[sorting], g.vectors)


@pytest.mark.parametrize("pbc", PBC)
def test_translation(pbc: tuple[bool, ...]) -> None:
    """Moved as a whole, or single nodes by lattice vectors: the same vectors."""
    rng = np.random.default_rng(7)
    cell, x = skewed_cell(rng), dyadic(rng, 6, 3)
    g = radius_graph(x, 2.0, cell, pbc)
    assert g.n_edges > 0
    assert_same_graph(radius_graph(x + dyadic(rng, 3, most=50), 2.0, cell, pbc), g)
    hops = rng.integers(-3, 4, (6, 3)) * np.array(pbc)
    h = radius_graph(x + hops @ cell, 2.0, cell, pbc)
    assert_same_bits(h.indices, g.indices)
    assert_same_bits(h.vectors, g.vectors)


@pytest.mark.parametrize("pbc", PBC)
def test_rotation(pbc: tuple[bool, ...]) -> None:
    """Turned together with the cell: the same edges, turned vectors."""
    x, turn = 3 * points(8, seed=8), np.linalg.qr(points(3, seed=9))[0]
    g, h = radius_graph(x, 2.7, CELL, pbc), radius_graph(x @ turn.T, 2.7, CELL @ turn.T, pbc)
    assert edges_of(h, CELL @ turn.T) == edges_of(g, CELL)
    assert_close(h.vectors, g.vectors @ turn.T, 2.7, limit=1e-14, dtype=np.float64, axis=-1)


def test_another_basis_of_the_lattice() -> None:
    """A badly skewed basis of the same lattice gives the same vectors."""
    skewed = CELL.copy()
    skewed[1] += 7 * skewed[0]
    skewed[2] -= 5 * skewed[1]
    x = points(5, seed=10)
    a, b = (radius_graph(x, 2.9, cell).vectors for cell in (CELL, skewed))
    assert len(a) == len(b) > 100
    a, b = (v[np.lexsort(np.round(v, 9).T)] for v in (a, b))
    assert_close(a, b, 2.9, limit=1e-12, dtype=np.float64, axis=-1)


@pytest.mark.parametrize("pbc", [p for p in PBC if not all(p)])
@pytest.mark.parametrize("unused", [0.0, 1e-3, "parallel"])
def test_open_axes_ignore_their_cell_vectors(pbc: tuple[bool, ...], unused: Any) -> None:
    """Zero, short or parallel to others: what does not repeat space does not matter."""
    x = 3 * points(7, seed=11)
    cell = np.array([v if p else (CELL[pbc.index(True)] if any(pbc) else v) for v, p in zip(CELL, pbc, strict=True)])
    if unused != "parallel":
        cell[~np.array(pbc)] = unused
    assert_same_graph(radius_graph(x, 2.7, cell, pbc), radius_graph(x, 2.7, CELL, pbc))


def test_cell_means_periodic() -> None:
    """pbc defaults to all axes if there is a cell, to none otherwise; without periodic axes there are no offsets."""
    x = points(4)
    assert_same_graph(radius_graph(x, 2.0, CELL), radius_graph(x, 2.0, CELL, True))
    assert_same_graph(radius_graph(x, 2.0), radius_graph(x, 2.0, CELL, pbc=False))
    assert radius_graph(x, 2.0).offsets is None and radius_graph(x, 2.0, CELL).offsets is not None


@pytest.mark.parametrize("cell", [None, CELL], ids=["open", "periodic"])
def test_coincident_nodes(cell: Any) -> None:
    """Nodes at the same place are neighbours at r = 0; a node is its own only with loops."""
    x = np.full((3, 3), 0.7)
    for loops, edges in ((False, 6), (True, 9)):
        g = radius_graph(x, 0.5, cell, loops=loops)
        assert g.n_edges == edges and not g.vectors.any()
        assert ((g.receivers == g.indices).sum() == 3) == loops


@both_dtypes
@pytest.mark.parametrize("cell", [None, CELL], ids=["open", "periodic"])
def test_few_nodes(dtype: Any, cell: Any) -> None:
    """No node, and one that nothing is near."""
    for n in (0, 1):
        for loops in (False, True):
            g = radius_graph(np.zeros((n, 3), dtype), 0.5, cell, loops=loops)
            assert (g.n_nodes, g.n_edges, g.dtype) == (n, n * loops, dtype)


def test_sparse_systems() -> None:
    """A long chain, a wide sheet and far outliers: no memory for the emptiness between."""
    chain = np.arange(150_000)[:, None] * [1.0, 0, 0]
    assert radius_graph(chain, 1.5).n_edges == 2 * (150_000 - 1)
    sheet = np.stack([*np.divmod(np.arange(400**2), 400), np.zeros(400**2)], axis=1)
    assert radius_graph(sheet, 1.1).n_edges == 4 * 400 * 399
    apart = np.array([[0, 0, 0], [1, 0, 0], [1e12, 0, 0], [1e12 + 1, 0, 0], [0, 1e149, 0]])
    assert radius_graph(apart, 1.5).indices.tolist() == [1, 0, 3, 2]


def test_units() -> None:
    """Lengths in metres or in parsecs: powers of two change nothing but the exponents."""
    x = points(6)
    g = radius_graph(x, 2.0, CELL)
    for unit in (2.0**-120, 2.0**120):
        h = radius_graph(x * unit, 2.0 * unit, CELL * unit)
        assert_same_bits(h.indices, g.indices)
        assert_same_bits(h.vectors, g.vectors * unit)


@pytest.mark.parametrize("name", inputs.LAYOUTS)
def test_layouts(name: str) -> None:
    """Strided, Fortran-ordered, read-only and unaligned arguments give the bits of contiguous ones."""
    layout, x, w = inputs.LAYOUTS[name], points(6), np.arange(6.0)
    got = radius_graph(layout(x), 2.0, layout(CELL), weights=layout(w))
    assert_same_graph(got, radius_graph(x, 2.0, CELL, weights=w))


@pytest.mark.parametrize("pbc", [False, True, (True, False, True)])
def test_batch_of_walkers(pbc: Any) -> None:
    """(B, A, 3) equals the graphs one by one, to the bit, weights included; so does a sequence of arrays."""
    x, w = 2 * points(5, 4, seed=12), np.random.default_rng(0).random((5, 4))
    want = batch(radius_graph(a, 2.4, CELL, pbc, weights=b) for a, b in zip(x, w, strict=True))
    assert want.n_edges > 0
    assert_same_graph(radius_graph(x, 2.4, CELL, pbc, weights=w), want)
    assert_same_graph(radius_graph(list(x), 2.4, CELL, pbc, weights=list(w)), want)


@pytest.mark.parametrize("loops", [False, True])
def test_batch_of_crystals(loops: bool) -> None:
    """Each graph its own cell and its own number of nodes, none included."""
    x = [2 * points(n, seed=n) for n in (3, 0, 1, 6)]
    cells = [CELL, np.eye(3), CELL[::-1] * 0.8, np.diag([1.5, 9.0, 2.0])]
    want = batch(radius_graph(a, 2.4, c, loops=loops) for a, c in zip(x, cells, strict=True))
    assert_same_graph(radius_graph(x, 2.4, cells, loops=loops), want)
    assert_same_graph(radius_graph(x, 2.4, np.array(cells), loops=loops), want)


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 0, 3), (3, 1, 3)])
@pytest.mark.parametrize("cells", ["none", "one", "each"])
def test_small_batches(shape: tuple[int, ...], cells: str) -> None:
    """No graphs, graphs without nodes, nodes without neighbours."""
    cell = {"none": None, "one": CELL, "each": np.array([CELL] * shape[0]).reshape(-1, 3, 3)}[cells]
    g = radius_graph(np.zeros(shape), 1.0, cell)
    assert (g.n_nodes, g.n_edges) == (shape[0] * shape[1], 0)
