"""What is read-only stays so in pickles and copies, and what is copied no longer follows the caller's array."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pocket_tfn.layers import BesselBasis, Graph, MixingRadial, RadialMLP, RadialTable, TableErrors, radius_graph

Array = np.ndarray


def _table() -> RadialTable:
    errors = TableErrors(*(np.full((3, 2), 0.5) for _ in range(4)))
    return RadialTable(np.ones((9, 2, 3)), 2.0, 5, 1e-3, errors)


def _graph() -> Graph:
    cell = np.diag([1.5, 1.6, 1.7])
    graph = radius_graph(np.random.default_rng(0).random((4, 3)), 1.2, cell, weights=np.ones(4))
    assert graph.transpose and graph.n_edges
    return graph


def _mixing() -> MixingRadial:
    return MixingRadial(BesselBasis(2.0, 4), np.ones((4, 3, 2, 2)))


OBJECTS: dict[str, tuple[Callable[[], Any], Callable[[Any], list[Array]]]] = {
    "RadialTable": (_table, lambda t: [t.coefficients]),
    "TableErrors": (_table, lambda t: [t.errors.absolute, t.errors.scale, t.errors.uncertainty, t.errors.jump]),
    "RadialMLP": (lambda: RadialMLP.random(3, 2, rng=0), lambda m: [*m.weights, *m.biases]),
    "MixingRadial": (_mixing, lambda m: [m.weights]),
    "Graph": (_graph, lambda g: [g.indptr, g.indices, g.vectors, g.weights, g.offsets]),
    "topology": (_graph, lambda g: [g.receivers, *g.transpose]),
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", OBJECTS)
def test_copies_are_read_only(name: str, way: str) -> None:
    """The same numbers, and no writing."""
    make, arrays = OBJECTS[name]
    first = make()
    for got, want in zip(arrays(COPIES[way](first)), arrays(first), strict=True):
        assert np.array_equal(got, want) and got.dtype == want.dtype
        assert not got.flags.writeable and not want.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            got[...] = 0


def test_mixing_weights_are_copied() -> None:
    """The caller's array is theirs to change."""
    weights = np.ones((4, 3, 2, 2))
    radial = MixingRadial(BesselBasis(2.0, 4), weights)
    weights[:] = 7
    assert (radial.weights == 1).all()
    assert not np.shares_memory(radial.weights, weights)


def test_a_copied_graph_knows_its_systems() -> None:
    """So that positions in another arrangement are refused still."""
    graph = copy.deepcopy(radius_graph(np.zeros((2, 3, 3)), 1.0))
    with pytest.raises(ValueError, match=r"positions are of \[2, 2, 2\] nodes"):
        graph.moved(np.zeros((3, 2, 3)))
