"""Graphs on which the convolutions sum: edges by receiver, their vectors, and the quadrature weights of their senders.

Source: slides, page "Dal continuo al discreto": ∫ K(x - y) f(y) dy becomes Σ_j K(x - x_j) f_j w_j, over all j, or over
those within a cutoff.  Everywhere r = x_receiver - x_sender, the argument of K.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from . import checks
from .frozen import Frozen
from .neighbours import displacements, pairs_within

Array = NDArray[Any]
Indices = NDArray[np.int64]
Positions = ArrayLike | Sequence[ArrayLike]


class Transpose(NamedTuple):
    """The edges of a graph by sender: edge k is edge permutation[k] of the graph; receivers ascend."""

    indptr: Indices  # (N + 1,), the edges of sender j are k = indptr[j] .. indptr[j + 1] - 1
    indices: Indices  # (E,), the receiver of each
    permutation: Indices  # (E,)


class _Topology(Frozen):
    """What depends on indptr and indices alone: made when first asked for, shared by graphs that share those.

    sizes: (G,), the nodes of each of the systems that the graph was made of.
    """

    def __init__(self, indptr: Indices, indices: Indices, sizes: Indices) -> None:
        self.indptr = indptr
        self.indices = indices
        self.sizes = _read_only(sizes)

    @cached_property
    def receivers(self) -> Indices:
        return _read_only(np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr)))

    @cached_property
    def transpose(self) -> Transpose:
        nodes, edges = len(self.indptr) - 1, len(self.indices)
        by_receiver = csr_array((np.arange(edges), self.indices, self.indptr), shape=(nodes, nodes))
        by_sender = by_receiver.tocsc()  # a counting sort: linear in E, receivers stay in order
        arrays = by_sender.indptr, by_sender.indices, by_sender.data
        return Transpose(*(_read_only(a.astype(np.int64, copy=False)) for a in arrays))


@dataclass(frozen=True, repr=False, eq=False)
class Graph(Frozen):
    """Directed edges from senders to receivers, in the form that `convolve_*` takes.

    radius_graph, complete_graph and batch make graphs; from arrays of your own:

    Parameters
    ----------
    indptr : (N + 1,) int32 or int64, kept as int64
        CSR row pointers: the edges of receiver i are e = indptr[i] .. indptr[i + 1] - 1.
    indices : (E,) int32 or int64, kept as int64
        The sender j of each edge, 0 <= j < N.
    vectors : (E, 3) float32 or float64
        r = x_receiver - x_sender; of a periodic image, r = x_receiver - (x_sender + offset).
    weights : (E,) of the dtype of vectors, optional
        The quadrature weight w_j of each edge's sender; 1 if left out.
    offsets : (E, 3) float64, optional
        The lattice translation from each sender to its image; 0 if left out.  Used by `moved` alone.

    The arrays of a graph are read-only views of those given: copy what you mean to change.  They stay read-only in
    pickles and copies.  A graph from arrays of your own is that of one system of N nodes; `batch` makes one of several.

    Raises
    ------
    TypeError
        If a dtype is none of the above, or an array is masked.
    ValueError
        If a shape does not fit, indptr is not monotone from 0 to E, a sender is out of range, a number is not finite,
        or an array is on a GPU.
    """

    indptr: Indices
    indices: Indices
    vectors: Array
    weights: Array | None = None
    offsets: NDArray[np.float64] | None = None
    _topology: _Topology = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        where = "Graph"
        indptr = checks.index_array(where, "indptr", self.indptr)
        indices = checks.index_array(where, "indices", self.indices)
        _check_rows(where, indptr, indices)
        edges = len(indices)
        vectors = checks.finite_array(where, "vectors", self.vectors, f"(E, 3) = ({edges}, 3)", (edges, 3))
        self._keep(indptr=indptr, indices=indices, vectors=vectors)
        if self.weights is not None:
            weights = checks.finite_array(where, "weights", self.weights, f"(E,) = ({edges},)", (edges,))
            checks.same_dtype(where, "weights", weights, "vectors", vectors.dtype)
            self._keep(weights=weights)
        if self.offsets is not None:
            offsets = checks.finite_array(where, "offsets", self.offsets, f"(E, 3) = ({edges}, 3)", (edges, 3))
            if offsets.dtype != np.float64:
                raise TypeError(f"{where}: offsets is {offsets.dtype}; it must be float64 whatever the vectors are")
            self._keep(offsets=offsets)
        self._made_of(np.array([self.n_nodes]))

    def _made_of(self, sizes: Indices) -> Graph:
        """Itself, made known as that of systems of so many nodes."""
        object.__setattr__(self, "_topology", _Topology(self.indptr, self.indices, sizes))
        return self

    def _keep(self, **arrays: Array) -> None:
        for name, array in arrays.items():
            object.__setattr__(self, name, _read_only(array))

    def __repr__(self) -> str:
        degree = self.n_edges / self.n_nodes if self.n_nodes else 0
        words = [f"{self.n_nodes} nodes", f"{self.n_edges} edges", f"mean degree {degree:.3g}", str(self.dtype)]
        words += ["weighted"] * (self.weights is not None) + ["periodic"] * (self.offsets is not None)
        return f"Graph({', '.join(words)})"

    @property
    def n_nodes(self) -> int:
        """N, receivers and senders alike."""
        return len(self.indptr) - 1

    @property
    def n_edges(self) -> int:
        """E."""
        return len(self.indices)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64, that of vectors and weights."""
        return self.vectors.dtype

    @property
    def receivers(self) -> Indices:
        """The receiver of each edge, (E,) int64, ascending; `indices` are the senders."""
        return self._topology.receivers

    @property
    def lengths(self) -> Array:
        """|r| of each edge, (E,), in the dtype of the vectors; neither over- nor underflows."""
        x, y, z = self.vectors.T
        return np.hypot(np.hypot(x, y), z)

    @property
    def transpose(self) -> Transpose:
        """The same edges as CSR by sender, which derivatives by the features sum over; made once and kept.

        Graphs made by `moved` and `with_weights` share it.
        """
        return self._topology.transpose

    def with_weights(self, weights: ArrayLike | Sequence[ArrayLike] | None) -> Graph:
        """The same graph with quadrature weights w_j of the nodes (N,): each edge gets that of its sender.

        (B, A), or a sequence of (N_k,), for a batch of systems of these sizes; None for weights of 1.
        Raises TypeError unless they have the graph's dtype, ValueError for other shapes or sizes, NaN or infinity.
        """
        return self._replaced(weights=None if weights is None else self._by_edge("Graph.with_weights", weights))

    def _by_edge(self, where: str, weights: Any) -> Array:
        by_node = checks.per_node(where, "weights", weights, self._topology.sizes)
        checks.same_dtype(where, "weights", by_node, "the graph", self.dtype)
        return by_node[self.indices]

    def moved(self, positions: Positions) -> Graph:
        """The same edges and weights between nodes at new positions (N, 3); lattice translations are kept.

        Edges neither appear nor vanish, whatever their new lengths; an atom that leaves the cell must not be wrapped
        back into it.  The positions the graph was built from give its vectors again, to the bit.
        (B, A, 3), or a sequence of (N_k, 3), for a batch of systems of these sizes.
        Raises TypeError unless they have the graph's dtype, ValueError for other shapes or sizes, NaN or infinity.
        """
        where = "Graph.moved"
        x, sizes = checks.nodes(where, positions)
        checks.same_dtype(where, "positions", x, "the graph", self.dtype)
        checks.same_arrangement(where, "positions", sizes, self._topology.sizes)
        vectors = displacements(x, self.receivers, self.indices, self.offsets)
        return self._replaced(vectors=vectors)

    def _replaced(self, **changes: Any) -> Graph:
        graph = dataclasses.replace(self, **changes)
        object.__setattr__(graph, "_topology", self._topology)
        return graph


def radius_graph(
    positions: Positions,
    cutoff: float,
    cell: ArrayLike | None = None,
    pbc: ArrayLike | None = None,
    loops: bool = False,
    weights: ArrayLike | Sequence[ArrayLike] | None = None,
) -> Graph:
    """An edge for every ordered pair of nodes, periodic images included, with |r| < cutoff.

    Source: slides, page "Dal continuo al discreto" ("riducibile via cutoff/sparse").

    Parameters
    ----------
    positions : (N, 3) float32 or float64
        Inside the cell or not.  (B, A, 3), or a sequence of (N_k, 3), makes one graph of several without edges between
        them, nodes in that order: a batch.
    cutoff : float
        Nodes exactly at this distance are no neighbours.  Distances are decided in float64 whatever the dtype, so that
        float32 vectors may round to it.  It may exceed the cell.
    cell : (3, 3) float32 or float64, optional
        Lattice vectors as rows; (B, 3, 3) gives each graph of a batch its own.
    pbc : bool or three bools, optional
        The lattice vectors along which space repeats itself; by default all, if there is a cell.  Others are ignored.
    loops : bool
        Whether a node neighbours itself, at r = 0.  Its images and other nodes at its place always count.
    weights : (N,) of the dtype of positions, optional
        Quadrature weights w_j of the nodes, see voronoi_weights; for a batch also (B, A), or a sequence of (N_k,), of
        systems of the same sizes.

    Returns
    -------
    Graph
        vectors r = x_receiver - (x_sender + S · cell) in the dtype of positions, rounded from float64.  The edges of a
        receiver are sorted by sender, then by the image S (lexicographically): the order depends on nothing else.

    Raises
    ------
    TypeError
        If a dtype is none of the above, an array is masked, cutoff is no number, or loops no bool.
    ValueError
        If a shape does not fit, weights are of systems of other sizes than positions, a number is not finite, the
        cutoff is not positive, a periodic axis lacks a cell, the cell's periodic vectors are linearly dependent,
        positions lie so far out that float64 cannot tell distances, or an array is on a GPU.
    """
    where = "radius_graph"
    loops, reach = checks.flag(where, "loops", loops), _positive(where, cutoff)
    x, sizes = nodes = checks.nodes(where, positions)
    lattice = checks.lattices(where, cell, pbc, len(sizes))
    pairs = pairs_within(reach, x.astype(np.float64, copy=False), nodes.graph, lattice, loops)
    indptr = _row_pointers(np.bincount(pairs.receivers, minlength=len(x)))
    return _graph(where, nodes, indptr, pairs.senders, pairs.offsets, weights)


def complete_graph(
    positions: Positions, loops: bool = False, weights: ArrayLike | Sequence[ArrayLike] | None = None
) -> Graph:
    """An edge for every ordered pair of nodes: the slides' sum over all j.

    Parameters, dtypes, batches and errors as in radius_graph; the edges of a receiver are sorted by sender.
    N(N - 1) edges, or N² with loops (a node neighbours itself, at r = 0).
    """
    where = "complete_graph"
    loops = checks.flag(where, "loops", loops)
    x, sizes = nodes = checks.nodes(where, positions)
    size, start = sizes[nodes.graph], _row_pointers(sizes)[nodes.graph]
    indptr = _row_pointers(size if loops else size - 1)
    receivers = np.repeat(np.arange(len(x)), np.diff(indptr))
    senders = np.arange(len(receivers)) - (indptr[:-1] - start)[receivers]
    if not loops:
        senders += senders >= receivers
    return _graph(where, nodes, indptr, senders, None, weights)


def batch(graphs: Iterable[Graph]) -> Graph:
    """The disjoint union: the nodes and edges of the first graph, then those of the second, ...

    Node i of graphs[k] becomes node i + Σ_{m<k} graphs[m].n_nodes.
    Raises ValueError if there is no graph, or only some have weights; TypeError if their dtypes differ.
    """
    parts = list(graphs)
    if not parts:
        raise ValueError("batch: there must be a graph, whose dtype that of the union can be")
    for k, part in enumerate(parts):
        checks.same_dtype("batch", f"graphs[{k}]", part.vectors, "graphs[0]", parts[0].dtype)
    weights = [part.weights for part in parts if part.weights is not None]
    if len(weights) not in (0, len(parts)):
        raise ValueError("batch: all graphs must have weights, or none of them")
    offsets = None
    if any(part.offsets is not None for part in parts):
        offsets = np.concatenate([np.zeros((p.n_edges, 3)) if p.offsets is None else p.offsets for p in parts])
    first = _row_pointers([part.n_nodes for part in parts])
    union = Graph(
        _row_pointers(np.concatenate([np.diff(part.indptr) for part in parts])),
        np.concatenate([part.indices + start for part, start in zip(parts, first, strict=False)]),
        np.concatenate([part.vectors for part in parts]),
        np.concatenate(weights) if weights else None,
        offsets,
    )
    return union._made_of(np.concatenate([part._topology.sizes for part in parts]))


def _graph(
    where: str,
    nodes: checks.Nodes,
    indptr: Indices,
    senders: Indices,
    offsets: NDArray[np.float64] | None,
    weights: Any,
) -> Graph:
    """A graph of nodes whose edges are known."""
    receivers = np.repeat(np.arange(len(nodes.positions)), np.diff(indptr))
    vectors = displacements(nodes.positions, receivers, senders, offsets)
    graph = Graph(indptr, senders, vectors, None, offsets)._made_of(nodes.sizes)
    return graph if weights is None else graph._replaced(weights=graph._by_edge(where, weights))


def _positive(where: str, cutoff: float) -> float:
    """The cutoff as a float; TypeError unless a number, ValueError unless positive and its square finite."""
    value = checks.real_number(f"{where}: cutoff", cutoff)
    if not (value > 0 and 0 < value * value < math.inf):
        raise ValueError(f"{where}: cutoff must be a positive finite length, got {cutoff!r}")
    return value


def _row_pointers(degrees: ArrayLike) -> Indices:
    return np.concatenate([[0], np.cumsum(degrees, dtype=np.int64)])


def _read_only(array: Array) -> Array:
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view


def _check_rows(where: str, indptr: Indices, indices: Indices) -> None:
    """ValueError unless these are compressed rows of a square matrix."""
    if not len(indptr) or indptr[0] != 0:
        raise ValueError(f"{where}: indptr must start with 0")
    if (indptr[1:] < indptr[:-1]).any():
        raise ValueError(f"{where}: indptr must not decrease")
    if indptr[-1] != len(indices):
        raise ValueError(f"{where}: indptr must end with the number of edges, {len(indices)}")
    if len(indices) and not 0 <= indices.min() <= indices.max() < len(indptr) - 1:
        raise ValueError(f"{where}: indices must lie in 0..{len(indptr) - 2}, the nodes")
