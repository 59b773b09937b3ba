"""Malformed arguments raise the documented exception, whose message names the function and the argument."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from pocket_tfn.layers import Graph, batch, complete_graph, radius_graph, uniform_weights, voronoi_weights

Call = Callable[..., Any]
FOREIGN_DTYPES = ["f2", "i4", "i8", "?", "c16", ">f8", "O", "U8"]
GRAPH: dict[str, Any] = {
    "indptr": np.array([0, 2, 3]),
    "indices": np.array([0, 1, 1]),
    "vectors": np.ones((3, 3)),
    "weights": np.ones(3),
    "offsets": np.zeros((3, 3)),
}
X = np.array([[0.1, 0.2, 0.3], [0.5, 0.7, 0.4]])
GOOD: list[tuple[Call, dict[str, Any]]] = [
    (Graph, GRAPH),
    (radius_graph, {"positions": X, "cutoff": 1.0, "cell": np.eye(3), "pbc": True, "weights": np.ones(2)}),
    (complete_graph, {"positions": X, "weights": np.ones(2)}),
    (uniform_weights, {"positions": X, "cell": np.eye(3)}),
    (voronoi_weights, {"positions": X, "cell": np.eye(3), "pbc": False}),
]
FLOATS = ("vectors", "weights", "offsets", "positions", "cell")


def cases(*names: str) -> list[Any]:
    """(function, its good arguments, argument) wherever a function has the argument."""
    found = [
        pytest.param(f, good, name, id=f"{f.__name__}-{name}") for f, good in GOOD for name in names if name in good
    ]
    assert found
    return found


def refuse(error: type[Exception], words: str, function: Call, **arguments: Any) -> None:
    """The call must raise exactly this, with these words, after the name of the function."""
    with pytest.raises(error) as caught:
        function(**arguments)
    assert type(caught.value) is error
    message = str(caught.value)
    assert message.startswith(f"{function.__qualname__}: "), message
    assert re.search(rf"\b{words}", message), message


@pytest.mark.parametrize(("function", "good"), GOOD, ids=lambda v: getattr(v, "__name__", ""))
def test_good_calls(function: Call, good: dict[str, Any]) -> None:
    """What the tests below spoil is well-formed."""
    function(**good)


@pytest.mark.parametrize(("function", "good", "name"), cases(*FLOATS))
@pytest.mark.parametrize("dtype", FOREIGN_DTYPES)
def test_float_dtypes(function: Call, good: dict[str, Any], name: str, dtype: str) -> None:
    """Neither integers nor half precision nor foreign byte orders are converted silently."""
    refuse(TypeError, name, function, **{**good, name: good[name].astype(dtype)})


@pytest.mark.parametrize(("function", "good", "name"), cases(*FLOATS))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(function: Call, good: dict[str, Any], name: str, value: float) -> None:
    """One number that is none is enough."""
    spoilt = good[name].copy()
    spoilt.flat[-1] = value
    refuse(ValueError, name, function, **{**good, name: spoilt})


@pytest.mark.parametrize(("function", "good", "name"), cases(*FLOATS, "indptr", "indices"))
def test_shapes(function: Call, good: dict[str, Any], name: str) -> None:
    """A dimension too many, or too few; an entry too many, where another argument tells how many there are."""
    array = good[name]
    for spoilt in (array[None, None], array.flat[0]):
        refuse(ValueError, name, function, **{**good, name: spoilt})
    if name not in ("positions", "cell", "indptr"):
        longer = np.concatenate([array, array[-1:]])
        refuse(ValueError, "indptr" if name == "indices" else name, function, **{**good, name: longer})
    if array.ndim == 2:
        refuse(ValueError, name, function, **{**good, name: array[:, :2]})


@pytest.mark.parametrize(("function", "good", "name"), cases(*FLOATS, "indptr", "indices"))
def test_gpu_arrays(function: Call, good: dict[str, Any], name: str) -> None:
    """What lives on a GPU is not copied behind the caller's back."""

    class OnDevice:
        __cuda_array_interface__ = None
        ndim = 2

    refuse(ValueError, name, function, **{**good, name: OnDevice()})


def test_tensors_in_main_memory() -> None:
    """PyTorch tensors on the CPU are arrays like others."""
    g = radius_graph(torch.tensor(X), 1.0, torch.eye(3, dtype=torch.float64))
    np.testing.assert_array_equal(g.vectors, radius_graph(X, 1.0, np.eye(3)).vectors)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "u4", "u8", "?"])
@pytest.mark.parametrize("name", ["indptr", "indices"])
def test_index_dtypes(name: str, dtype: str) -> None:
    """Indices are int32 or int64."""
    refuse(TypeError, name, Graph, **{**GRAPH, name: GRAPH[name].astype(dtype)})


@pytest.mark.parametrize("indptr", [[1, 2, 3], [0, 3, 2], [0, 2, 2], [0, 4, 3], np.zeros(0, int)])
def test_row_pointers(indptr: Any) -> None:
    """They rise from 0 to E."""
    refuse(ValueError, "indptr", Graph, **{**GRAPH, "indptr": np.array(indptr)})


@pytest.mark.parametrize("sender", [-1, 2])
def test_senders_out_of_range(sender: int) -> None:
    """Every sender is a node."""
    refuse(ValueError, "indices", Graph, **{**GRAPH, "indices": np.array([0, sender, 1])})


@pytest.mark.parametrize("name", ["weights", "offsets"])
def test_mixed_dtypes_of_a_graph(name: str) -> None:
    """Weights have the dtype of the vectors, offsets are float64."""
    refuse(TypeError, name, Graph, **{**GRAPH, name: GRAPH[name].astype(np.float32)})


@pytest.mark.parametrize("function", [radius_graph, complete_graph])
def test_mixed_dtypes(function: Call) -> None:
    """Positions of a batch have one dtype, and their weights the same."""
    more = {"cutoff": 1.0} if function is radius_graph else {}
    refuse(TypeError, r"positions\[1\]", function, positions=[X, X.astype(np.float32)], **more)
    refuse(TypeError, "weights", function, positions=X, weights=np.ones(2, np.float32), **more)
    refuse(ValueError, "weights", function, positions=[X, X], weights=[np.ones(2), np.ones(3)], **more)


@pytest.mark.parametrize("cutoff", [0, 0.0, -1.0, np.nan, np.inf, 1e-200, 1e200])
def test_cutoffs(cutoff: float) -> None:
    """Positive, finite, and with a square that is both."""
    refuse(ValueError, "cutoff", radius_graph, positions=X, cutoff=cutoff)


SINGULAR = {
    "zero": [[1, 0, 0], [0, 0, 0], [0, 0, 1]],
    "parallel": [[1, 0, 0], [0, 1, 0], [-2, 0, 0]],
    "coplanar": [[1, 0, 0], [0, 1, 0], [1, 1, 0]],
    "nearly parallel": [[1, 0, 0], [1, 1e-9, 0], [0, 0, 1]],
}


@pytest.mark.parametrize("name", SINGULAR)
@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_singular_cells(name: str, scale: float) -> None:
    """Periodic vectors that do not span a volume, in any unit."""
    cell = np.array(SINGULAR[name], float) * scale
    refuse(ValueError, "cell", radius_graph, positions=X, cutoff=1.0 * scale, cell=cell)
    refuse(ValueError, "cell", voronoi_weights, positions=X, cell=cell, pbc=False)
    refuse(ValueError, "cell", uniform_weights, positions=X, cell=cell)


@pytest.mark.parametrize("pbc", [True, (False, True, False)])
def test_periodic_without_a_cell(pbc: Any) -> None:
    """Space cannot repeat itself by an unknown vector."""
    refuse(ValueError, "periodic axis needs a cell", radius_graph, positions=X, cutoff=1.0, pbc=pbc)


@pytest.mark.parametrize(("pbc", "error"), [(1, TypeError), ([1, 1, 0], TypeError), ([True, False], ValueError)])
def test_axes(pbc: Any, error: type[Exception]) -> None:
    """pbc is a bool or three bools."""
    refuse(error, "pbc", radius_graph, positions=X, cutoff=1.0, cell=np.eye(3), pbc=pbc)


def test_cells_of_a_batch() -> None:
    """One cell for all graphs, or one for each."""
    cells = np.array([np.eye(3)] * 3)
    refuse(ValueError, "cell", radius_graph, positions=[X, X], cutoff=1.0, cell=cells)


def test_too_far_out() -> None:
    """Where float64 cannot tell a cutoff from 0, nothing is guessed."""
    refuse(ValueError, "positions", radius_graph, positions=X * 1e14, cutoff=1.0, cell=np.eye(3))
    refuse(ValueError, "positions", radius_graph, positions=X * 1e155, cutoff=1.0)
    assert radius_graph(np.rint(X * 1e9), 0.9, np.eye(3)).n_edges == 2


def test_batches_of_unlike_graphs() -> None:
    """One dtype; weights for all or for none; at least one graph."""
    g = complete_graph(X)
    refuse(ValueError, "there must be a graph", batch, graphs=[])
    refuse(TypeError, r"graphs\[1\]", batch, graphs=[g, complete_graph(X.astype(np.float32))])
    refuse(ValueError, "all graphs must have weights", batch, graphs=[g, g.with_weights(np.ones(2))])


@pytest.mark.parametrize(("value", "error"), [(X[:1], ValueError), (X.astype(np.float32), TypeError)])
def test_moves(value: Any, error: type[Exception]) -> None:
    """As many positions as nodes, of the graph's dtype."""
    with pytest.raises(error, match=r"^Graph\.moved: .*positions"):
        complete_graph(X).moved(value)


@pytest.mark.parametrize(
    ("value", "error"), [(np.ones(3), ValueError), (np.ones(2, np.float32), TypeError), ([1, 2], TypeError)]
)
def test_node_weights(value: Any, error: type[Exception]) -> None:
    """One for each node, of the graph's dtype."""
    with pytest.raises(error, match=r"^Graph\.with_weights: weights"):
        complete_graph(X).with_weights(value)


@pytest.mark.parametrize("place", [[-0.1, 0.5, 0.5], [0.5, 1.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 1.0]])
def test_points_outside_the_walls(place: list[float]) -> None:
    """Open space ends at the faces of the cell; along periodic axes there is no outside."""
    refuse(ValueError, "positions", voronoi_weights, positions=np.array([place]), cell=np.eye(3), pbc=False)
    assert voronoi_weights(np.array([place]), np.eye(3)) == pytest.approx(1)


@pytest.mark.parametrize("other", [X[:1], X[:1] + np.array([3, -1, 0]), X[:1] + 1e-9])
def test_coincident_points(other: Any) -> None:
    """Two points at one place, modulo the lattice, have no volumes of their own."""
    refuse(ValueError, "two positions coincide", voronoi_weights, positions=np.concatenate([X, other]), cell=np.eye(3))
