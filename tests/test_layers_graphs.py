"""Graph: what it keeps, what it derives, and what it makes of new positions, weights and other graphs."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu
from pocket_tfn.layers import Graph, batch, complete_graph, radius_graph

from tests import inputs
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance

both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
CELL = np.array([[2.0, 0, 0], [0.7, 2.5, 0], [-0.4, 0.9, 3.0]])


def points(*shape: int, dtype: Any = np.float64, seed: int = 0) -> Array:
    """Normal positions (..., 3)."""
    return np.random.default_rng(seed).standard_normal((*shape, 3)).astype(dtype)


def small(dtype: Any = np.float64, **options: Any) -> Graph:
    """A periodic graph of 7 nodes, several images of each among their neighbours."""
    return radius_graph(points(7, dtype=dtype), 2.2, CELL, **options)


def of_lists(indptr: Any, indices: Any, vectors: Array) -> Graph:
    """A graph from Python lists, which are taken too."""
    return Graph(indptr, indices, vectors)


def assert_same_graph(got: Graph, want: Graph) -> None:
    """Every array has the same bits, or is absent from both."""
    for name in ("indptr", "indices", "vectors", "weights", "offsets"):
        a, b = getattr(got, name), getattr(want, name)
        assert (a is None) == (b is None), name
        if b is not None:
            assert_same_bits(a, b)


@both_dtypes
@pytest.mark.parametrize("index_type", inputs.INDEX_TYPES)
def test_arrays(dtype: Any, index_type: Any) -> None:
    """Fields are what was given, indices as int64; the derived ones follow from them."""
    indptr, indices = np.array([0, 2, 2, 3], index_type), np.array([2, 1, 0], index_type)
    vectors, weights = points(3, dtype=dtype), np.array([1, 2, 3], dtype)
    g = Graph(indptr, indices, vectors, weights, np.zeros((3, 3)))
    assert_same_bits(g.indptr, np.array([0, 2, 2, 3]))
    assert_same_bits(g.indices, np.array([2, 1, 0]))
    assert_same_bits(g.vectors, vectors)
    assert g.weights is not None
    assert_same_bits(g.weights, weights)
    assert_same_bits(g.receivers, np.array([0, 0, 2]))
    assert (g.n_nodes, g.n_edges, g.dtype) == (3, 3, dtype)


def test_representation() -> None:
    """What a reader wants to know first."""
    assert repr(complete_graph(points(4))) == "Graph(4 nodes, 12 edges, mean degree 3, float64)"
    assert repr(of_lists([0], [], np.zeros((0, 3)))) == "Graph(0 nodes, 0 edges, mean degree 0, float64)"
    weighted = radius_graph(np.zeros((1, 3), np.float32), 1.1, np.eye(3), weights=np.ones(1, np.float32))
    assert repr(weighted) == "Graph(1 nodes, 6 edges, mean degree 6, float32, weighted, periodic)"


def test_read_only() -> None:
    """A graph that was checked stays as it was; the caller's own array stays writeable, and is not copied."""
    vectors = points(3)
    g = of_lists([0, 1, 2, 3], [0, 1, 2], vectors)
    for array in (g.indptr, g.indices, g.vectors, g.receivers, *g.transpose):
        assert not array.flags.writeable
    assert vectors.flags.writeable and np.shares_memory(g.vectors, vectors)
    with pytest.raises(AttributeError):
        g.vectors = vectors  # type: ignore[misc]


def test_copies() -> None:
    """Graphs survive pickle and copy, also with their transpose made."""
    g = small()
    assert g.transpose
    for other in (pickle.loads(pickle.dumps(g)), copy.copy(g), copy.deepcopy(g)):
        assert_same_graph(other, g)
        assert_same_bits(other.transpose.permutation, g.transpose.permutation)


@both_dtypes
def test_lengths(dtype: Any) -> None:
    """|r| in the dtype of the vectors, also where squares over- or underflow."""
    big, tiny = np.finfo(dtype).max / 4, np.finfo(dtype).smallest_normal
    vectors = np.array([[0, 0, 0], [3, 0, 4], [2, 3, 6], [big, big, 0], [0, -tiny * 3, tiny * 4]], dtype)
    got = of_lists([0, 5], [0] * 5, vectors).lengths
    want = np.array([0, 5, 7, np.sqrt(2) * float(big), 5 * float(tiny)])
    assert_close(got, want, want, limit=2 * tolerance(dtype).eps, dtype=dtype, axis=())


def test_transpose() -> None:
    """The permutation sorts the edges by sender, receivers ascending; none is lost."""
    g = small()
    order = sorted(range(g.n_edges), key=lambda e: (g.indices[e], e))
    t = g.transpose
    assert_same_bits(t.permutation, np.array(order))
    assert_same_bits(t.indices, g.receivers[order])
    assert_same_bits(t.indptr, np.searchsorted(g.indices[order], np.arange(g.n_nodes + 1)))
    assert (np.diff(t.indptr) > 0).all() and not np.array_equal(order, np.arange(g.n_edges))


def test_transpose_is_the_adjoint() -> None:
    """Σ_i g_i·(A f)_i = Σ_j (Aᵀ g)_j·f_j, with A summing over the graph and Aᵀ over its transpose."""
    g = small()
    t, values, radial = g.transpose, points(g.n_nodes)[..., None], np.ones((g.n_edges, 1, 1))
    forward = cpu.convolve_1_0(g.indptr, g.indices, g.vectors, radial, values)
    back = np.zeros((g.n_nodes, 3, 1))
    unit = g.vectors / g.lengths[:, None]
    for j in range(g.n_nodes):
        for k in range(t.indptr[j], t.indptr[j + 1]):
            back[j, :, 0] += unit[t.permutation[k]] * forward[t.indices[k], 0, 0]
    assert np.vdot(forward, forward) == pytest.approx(np.vdot(back, values), rel=1e-12)


def test_transpose_is_kept() -> None:
    """Graphs with the same edges share what depends on the edges alone, whichever asks first."""
    g = small()
    moved = g.moved(points(7, seed=1))
    assert moved.transpose is g.transpose
    assert g.with_weights(np.ones(7)).receivers is g.receivers


def test_weights() -> None:
    """Each edge has the weight of its sender."""
    g, w = small(), np.arange(1.0, 8)
    got = g.with_weights(w)
    assert got.weights is not None
    assert_same_bits(got.weights, np.array([w[j] for j in g.indices]))
    assert_same_graph(got.with_weights(None), g)
    assert_same_graph(small(weights=w), got)
    complete = complete_graph(points(7), weights=w)
    assert_same_graph(complete, complete_graph(points(7)).with_weights(w))


@both_dtypes
@pytest.mark.parametrize("open_axes", [0, 1, 3])
def test_moved_back(dtype: Any, open_axes: int) -> None:
    """The positions a graph was built from give its vectors again, to the bit; those in between do not matter."""
    x = points(7, dtype=dtype)
    g = radius_graph(x, 2.2, CELL, np.arange(3) >= open_axes, weights=np.ones(7, dtype))
    assert_same_graph(g.moved(x + dtype(3)).moved(x), g)


@both_dtypes
def test_moved(dtype: Any) -> None:
    """Same edges, same images, whatever the distance; computed in float64 and rounded once."""
    g, x = small(dtype), points(7, dtype=dtype, seed=1)
    got = g.moved(x)
    assert g.offsets is not None
    wide = x.astype(np.float64)
    want = (wide[g.receivers] - wide[g.indices]) - g.offsets
    assert_same_bits(got.vectors, want.astype(dtype))
    assert_same_bits(got.indices, g.indices)
    assert got.lengths.max() > 2.2


def test_offsets_are_lattice_translations() -> None:
    """offsets = S · cell with whole S, which `moved` keeps."""
    g = small()
    assert g.offsets is not None
    shift = g.offsets @ np.linalg.inv(CELL)
    assert np.abs(shift - np.rint(shift)).max() < 1e-14
    assert np.abs(np.rint(shift)).max() > 0


def test_batch() -> None:
    """Nodes and edges of the second graph follow those of the first."""
    parts = [radius_graph(points(n, seed=n), 2.0) for n in (4, 0, 1, 6)]
    got = batch(iter(parts))
    assert got.n_nodes == 11 and got.offsets is None and got.weights is None
    edges = [
        (i, j)
        for p, start in zip(parts, (0, 4, 4, 5), strict=True)
        for i, j in zip(p.receivers + start, p.indices + start, strict=True)
    ]
    assert edges == list(zip(got.receivers, got.indices, strict=True))
    assert_same_bits(got.vectors, np.concatenate([p.vectors for p in parts]))
    assert_same_graph(batch(parts[:1]), parts[0])


def test_batch_of_open_and_periodic() -> None:
    """What is open has no lattice translation: 0."""
    a, b = small(weights=np.ones(7)), complete_graph(points(3), weights=np.full(3, 2.0))
    got = batch([a, b])
    assert got.offsets is not None and got.weights is not None
    assert_same_bits(got.offsets, np.concatenate([a.offsets, np.zeros((6, 3))]))
    assert_same_bits(got.weights, np.repeat([1.0, 2.0], [a.n_edges, 6]))
    assert_same_bits(got.moved([points(7), points(3)]).vectors, got.vectors)


@pytest.mark.parametrize("loops", [False, True])
@both_dtypes
def test_complete_graph(dtype: Any, loops: bool) -> None:
    """All ordered pairs, sorted, with exact differences rounded once."""
    x = points(5, dtype=dtype)
    g = complete_graph(x, loops=loops)
    pairs = [(i, j) for i in range(5) for j in range(5) if loops or i != j]
    assert list(zip(g.receivers, g.indices, strict=True)) == pairs
    assert_same_bits(g.vectors, np.array([x[i] - x[j] for i, j in pairs]))
    assert_same_graph(radius_graph(x, 100.0, loops=loops), g)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("loops", [False, True])
def test_complete_graph_of_few(n: int, loops: bool) -> None:
    """No node, or one alone."""
    g = complete_graph(np.zeros((n, 3)), loops=loops)
    assert (g.n_nodes, g.n_edges) == (n, n * loops)


@pytest.mark.parametrize("loops", [False, True])
def test_complete_graph_of_a_batch(loops: bool) -> None:
    """(B, A, 3), and a sequence of arrays of any lengths, equal the graphs one by one."""
    x, w = points(4, 5), np.random.default_rng(1).random((4, 5))
    one_by_one = [complete_graph(a, loops, b) for a, b in zip(x, w, strict=True)]
    assert_same_graph(complete_graph(x, loops, w), batch(one_by_one))
    assert_same_graph(complete_graph(list(x), loops, list(w)), batch(one_by_one))
    ragged = [points(n, seed=n) for n in (3, 0, 1, 5)]
    assert_same_graph(complete_graph(ragged, loops), batch(complete_graph(a, loops) for a in ragged))


def test_convolution() -> None:
    """A graph is what the generated convolutions take: the slides' sum over j, written out."""
    x, f, w = points(6), points(6, seed=1)[..., None], np.random.default_rng(2).random(6)
    g = complete_graph(x, weights=w)
    radial = np.exp(-g.lengths)[:, None, None]
    got = cpu.convolve_1_0(g.indptr, g.indices, g.vectors, radial, f, g.weights)
    r = x[:, None] - x[None, :]
    d = np.linalg.norm(r, axis=-1) + np.eye(6)
    kernel = r * (np.exp(-d) / d)[..., None]
    want = np.einsum("ija,ja,j->i", kernel, f[..., 0], w)
    assert_close(got[:, 0, 0], want, np.abs(want).max(), limit=1e-14, dtype=np.float64)
