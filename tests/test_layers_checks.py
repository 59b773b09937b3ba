"""What graphs and layers refuse to guess: masks, other arrangements, mixed dtypes, flags and numbers that are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pocket_tfn.layers import (
    BesselBasis,
    Convolution,
    Graph,
    MixingRadial,
    PolynomialEnvelope,
    RadialMLP,
    RadialTable,
    TableErrors,
    complete_graph,
    radius_graph,
    voronoi_weights,
)

CUTOFF, CHANNELS = 2.5, 4
RNG = np.random.default_rng(0)
X, F, W = RNG.random((5, 3)), RNG.random((5, 3, CHANNELS)), RNG.random(5)
Arguments = dict[str, Any]


def _formula(r: Any) -> Any:
    return np.exp(-np.asarray(r))[:, None] * np.ones(3)


DIRECT = Convolution(1, _formula, CUTOFF)
TABLE = Convolution(1, RadialTable(np.ones((9, 3, CHANNELS)), CUTOFF, 5))
MIXING = MixingRadial(BesselBasis(CUTOFF, 4), np.ones((4, 3, CHANNELS, 2)))
GRAPH: Arguments = {
    "indptr": np.array([0, 1, 2]),
    "indices": np.array([1, 0]),
    "vectors": np.ones((2, 3)),
    "weights": np.ones(2),
    "offsets": np.zeros((2, 3)),
}
SYSTEM: Arguments = {"positions": X, "features": F, "cell": np.eye(3), "pbc": np.array([True] * 3), "weights": W}
MASKABLE: list[tuple[str, Callable[..., Any], Arguments]] = [
    ("Graph", Graph, GRAPH),
    ("radius_graph", radius_graph, {"cutoff": 1.0, **{k: v for k, v in SYSTEM.items() if k != "features"}}),
    ("complete_graph", complete_graph, {"positions": X, "weights": W}),
    ("voronoi_weights", voronoi_weights, {"positions": X, "cell": np.eye(3), "pbc": np.array(True)}),
    ("Graph.moved", complete_graph(X).moved, {"positions": X}),
    ("Graph.with_weights", complete_graph(X).with_weights, {"weights": W}),
    ("Convolution", DIRECT, SYSTEM),
    ("Convolution of a table", TABLE, {k: SYSTEM[k] for k in ("positions", "features", "weights")}),
    ("on_graph", lambda features: TABLE.on_graph(TABLE.graph(X), features), {"features": F}),
    ("RadialTable", lambda coefficients: RadialTable(coefficients, 1.0, 5), {"coefficients": np.ones((9, 2, 2))}),
    ("MixingRadial", lambda weights: MixingRadial(BesselBasis(1.0), weights), {"weights": np.ones((8, 1, 2, 2))}),
    ("MixingRadial.__call__", MIXING, {"r": W}),
    ("RadialTable.__call__", TABLE.radial, {"r": W}),
    ("RadialMLP.__call__", RadialMLP.random(1, 1), {"r": W}),
    ("BesselBasis.__call__", BesselBasis(1.0), {"r": W}),
]


@pytest.mark.parametrize(
    ("call", "good", "name"),
    [
        pytest.param(call, good, name, id=f"{label}-{name}")
        for label, call, good in MASKABLE
        for name, value in good.items()
        if isinstance(value, np.ndarray)
    ],
)
def test_masks_are_refused(call: Callable[..., Any], good: Arguments, name: str) -> None:
    """Also where nothing is masked: it is the mask that would be lost.  Without one, the call is a good one."""
    call(**good)
    with pytest.raises(TypeError, match=rf"\b{name} is a masked array, whose mask would be ignored; fill it"):
        call(**{**good, name: np.ma.masked_array(good[name])})


@pytest.mark.parametrize("name", ["positions", "features", "weights"])
@pytest.mark.parametrize("layer", [DIRECT, TABLE], ids=["direct", "table"])
def test_masks_in_lists_are_refused(layer: Convolution, name: str) -> None:
    """Of a list of systems, the one that is masked is named."""
    good = {"positions": [X, X], "features": [F, F], "weights": [W, W]}
    layer(**good)
    with pytest.raises(TypeError, match=rf"Convolution: {name}\[1\] is a masked array"):
        layer(**{**good, name: [good[name][0], np.ma.masked_array(good[name][1])]})
    with pytest.raises(TypeError, match=r"positions is a masked array"):
        radius_graph(list(np.ma.masked_array(X)), 1.0)


def test_masks_of_networks_and_functions() -> None:
    """Weights, state dicts, measured errors, and what radial functions return."""
    mask = np.ma.masked_array
    with pytest.raises(TypeError, match=r"RadialMLP: weights\[0\] is a masked array"):
        RadialMLP(BesselBasis(1.0, 4), [mask(np.ones((2, 4)))], None, 1)
    with pytest.raises(TypeError, match=r"RadialMLP: biases\[0\] is a masked array"):
        RadialMLP(BesselBasis(1.0, 4), [np.ones((2, 4))], [mask(np.ones(2))], 1)
    with pytest.raises(TypeError, match=r"net\.0\.weight is a masked array"):
        state = {"net.0.weight": mask(np.ones((2, 4)))}
        RadialMLP.from_state_dict(state, BesselBasis(1.0, 4), 1, prefix="net.", bias=False)
    good = np.ones((3, 2))
    with pytest.raises(TypeError, match="TableErrors: scale is a masked array"):
        TableErrors(good, mask(good), good, good)
    with pytest.raises(TypeError, match=r"Convolution: radial could not be evaluated[^$]*masked array"):
        Convolution(1, lambda r: mask(np.exp(-np.asarray(r))), CUTOFF)(X, F)
    with pytest.raises(TypeError, match=r"MixingRadial: basis could not be evaluated[^$]*masked array"):
        Convolution(1, MixingRadial(lambda r: mask(np.ones((np.size(r), 4))), MIXING.weights, CUTOFF))(X, F)


def _same(a: Any, b: Any) -> bool:
    return np.array_equal(a, b)


# --- arrangement ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function", [complete_graph, lambda x, **w: radius_graph(x, 1.0, **w)], ids=["complete", "radius"]
)
def test_weights_in_another_arrangement(function: Callable[..., Graph]) -> None:
    """As many numbers are not enough; all nodes in one row are in the order of the nodes, whatever the systems."""
    x, w = RNG.random((2, 3, 3)), RNG.random((2, 3))
    want = function(x, weights=w)
    for given in (list(w), w.reshape(6)):
        assert _same(function(x, weights=given).weights, want.weights)
        assert _same(function(x).with_weights(given).weights, want.weights)
    for wrong in (
        w.reshape(3, 2),
        list(w.reshape(3, 2)),
        [w[0], w[1, :2], w[1, 2:]],
        [w.reshape(6)[:2], w.reshape(6)[2:]],
    ):
        for call in (lambda given: function(x, weights=given), function(x).with_weights):
            with pytest.raises(ValueError, match=r"weights are of \[.*\] nodes, which must be 6, or \[3, 3\]"):
                call(wrong)
    with pytest.raises(ValueError, match=r"weights are of \[3, 2\] nodes, which must be 5, or \[2, 3\] in each system"):
        function([x[0, :2], x[1]], weights=[w[0], w[1, :2]])
    with pytest.raises(ValueError, match=r"weights are of \[5, 5, 5, 5, 5, 5, \.\.\.\] nodes"):
        function(RNG.random((5, 7, 3)), weights=np.ones((7, 5)))


def test_moves_in_another_arrangement() -> None:
    """Positions are of the graph's systems, or all nodes in one array."""
    x = RNG.random((2, 3, 3))
    graph = complete_graph(x)
    for given in (x, list(x), x.reshape(6, 3)):
        assert np.array_equal(graph.moved(given).vectors, graph.vectors)
        assert np.array_equal(graph.moved(x + 1).moved(given).vectors, (graph.moved(x + 1).moved(x)).vectors)
    for wrong in (x.reshape(3, 2, 3), [x[0], x[1, :2], x[1, 2:]]):
        with pytest.raises(ValueError, match=r"^Graph\.moved: positions are of"):
            graph.moved(wrong)
    own = Graph(graph.indptr, graph.indices, graph.vectors)
    assert np.array_equal(own.moved(x.reshape(6, 3)).vectors, graph.vectors)
    with pytest.raises(ValueError, match="positions are of"):
        own.moved(x)


# --- periodic boundaries without a cutoff ---------------------------------------------------------------


def test_boundaries_without_a_cutoff() -> None:
    """What counts is whether an axis is periodic: all pairs of an open system are summed, whatever its cell."""
    layer = Convolution(1, _formula)
    want = layer(X, F)
    unit = np.eye(3)
    boundaries: list[Any] = [(None, False), (unit, False), (unit, np.zeros(3, bool)), (None, [False] * 3)]
    for cell, pbc in boundaries:
        assert np.array_equal(layer(X, F, cell=cell, pbc=pbc), want)
    boundaries = [(None, True), (unit, None), (unit, True), (unit, [False, False, True])]
    for cell, pbc in boundaries:
        with pytest.raises(ValueError, match="no end of pairs; give the layer a cutoff"):
            layer(X, F, cell=cell, pbc=pbc)
    with pytest.raises(TypeError, match="pbc is int64"):
        layer(X, F, pbc=1)


# --- lists, dtypes, channels ----------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [DIRECT, TABLE], ids=["direct", "table"])
def test_lists_of_unlike_systems(layer: Convolution) -> None:
    """Nothing is converted silently, and the part that differs is named."""
    good: Arguments = {"positions": [X, X], "features": [F, F]}
    cases: list[tuple[Arguments, type[Exception], str]] = [
        (dict(features=[F, F.astype(np.float32)]), TypeError, r"features\[1\] is float32 but features\[0\] is float64"),
        (dict(weights=[W, W.astype(np.float32)]), TypeError, r"weights\[1\] is float32 but weights\[0\] is float64"),
        (dict(features=[F.astype(np.float32)] * 2), TypeError, "features is float32 but positions is float64"),
        (dict(weights=[W.astype(np.float32)] * 2), TypeError, "weights is float32 but positions is float64"),
        (dict(features=[F, F.astype(int)]), TypeError, r"features\[1\] is int64"),
        (dict(features=[F, F[..., :2]]), ValueError, r"features\[1\] has 2 channels but features\[0\] has 4"),
        (dict(features=[F, F[:, :2]]), ValueError, r"features\[1\] must have shape \(N_k, 3, C\), .* got \(5, 2, 4\)"),
        (dict(features=[F]), ValueError, r"features are of \[5\] nodes, positions of \[5, 5\]"),
        (dict(weights=[W[:3], np.append(W, W[:2])]), ValueError, r"weights are of \[3, 7\]"),
        (dict(positions=[X[None]] * 2), ValueError, r"positions\[0\] must have shape \(N_k, 3\), as a list holds one"),
        (dict(positions=[X, X[None]]), ValueError, r"positions\[1\] must have shape \(N_k, 3\), as a list holds one"),
    ]
    for arguments, error, words in cases:
        with pytest.raises(error, match=words):
            layer(**(good | arguments))
    with pytest.raises(ValueError, match="a list holds one for each system"):
        radius_graph([X[None]], 1.0)


@pytest.mark.parametrize("layer", [DIRECT, TABLE], ids=["direct", "table"])
def test_features_are_looked_at_first(layer: Convolution) -> None:
    """Components and channels in the wrong order are no fault of the radial function's; shapes read as in the docs."""
    with pytest.raises(ValueError, match=r"features must have shape \(5, 3, C\), as positions have, got \(5, 4, 3\)"):
        layer(X, F.transpose(0, 2, 1))
    graph = layer.graph(X)
    for bad in (F.transpose(0, 2, 1), F[:4], F[0]):
        with pytest.raises(ValueError, match=r"features must have shape \(5, 3, C\), as the graph has 5 nodes"):
            layer.on_graph(graph, bad)
    with pytest.raises(TypeError, match="features is float32 but the graph is float64"):
        layer.on_graph(graph, F.astype(np.float32))
    with pytest.raises(TypeError, match="features is int64"):
        layer.on_graph(graph, F.astype(int))


def test_channels_of_a_table() -> None:
    """As many as the features have, or one."""
    with pytest.raises(ValueError, match="radial has 4 channels, features have 2"):
        TABLE(X, F[..., :2])


# --- flags and numbers ----------------------------------------------------------------------------------

LOOPS: list[Callable[[Any], Any]] = [
    lambda loops: Convolution(1, _formula, CUTOFF, loops=loops),
    lambda loops: radius_graph(X, 1.0, loops=loops),
    lambda loops: complete_graph(X, loops),
]
CUTOFFS: list[Callable[[Any], Any]] = [
    lambda cutoff: Convolution(1, _formula, cutoff),
    lambda cutoff: MixingRadial(_formula, np.ones((3, 3, 2, 2)), cutoff),
    lambda cutoff: radius_graph(X, cutoff),
    lambda cutoff: RadialTable(np.ones((9, 2, 2)), cutoff, 5),
    lambda cutoff: RadialTable.fit(_formula, cutoff),
    PolynomialEnvelope,
    BesselBasis,
]


def _normalized(normalize: Any) -> Any:
    return Convolution(1, _formula, CUTOFF, normalize=normalize)


@pytest.mark.parametrize(("name", "call"), [*(("loops", call) for call in LOOPS), ("normalize", _normalized)])
def test_flags(name: str, call: Callable[[Any], Any]) -> None:
    for good in (True, False, np.True_, np.False_):
        call(good)
    for bad in (1, 0, None, "no", np.ones(2, bool), 0.5):
        with pytest.raises(TypeError, match=f"{name} must be True or False"):
            call(bad)


@pytest.mark.parametrize("call", CUTOFFS)
def test_cutoff_is_a_number(call: Callable[[Any], Any]) -> None:
    for bad in (True, "1.5", b"1", [1.5], np.ones(1), np.ma.masked, 1j):
        with pytest.raises(TypeError, match="cutoff must be a real number"):
            call(bad)
    for wrong in (0, -1.5, np.nan, np.float32("inf")):
        with pytest.raises(ValueError, match="cutoff must be a"):
            call(wrong)


@pytest.mark.parametrize("bad", ["1", 1.0, True, None, np.True_])
def test_degree_is_an_integer(bad: Any) -> None:
    with pytest.raises(TypeError, match="Convolution: l_out must be an integer, got"):
        Convolution(bad, _formula, CUTOFF)
    Convolution(np.int64(1), _formula, CUTOFF)  # type: ignore[arg-type]


def test_the_basis_is_callable() -> None:
    with pytest.raises(TypeError, match="MixingRadial: basis must be callable, got float"):
        MixingRadial(3.0, np.ones((3, 3, 2, 2)))  # type: ignore[arg-type]
