"""Radial functions of the user's: every shape that they may return, every way to call them, and how often."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pocket_tfn.layers import (
    BesselBasis,
    Convolution,
    CutoffWarning,
    MixingRadial,
    PolynomialEnvelope,
    RadialMLP,
    RadialTable,
)

Array = np.ndarray
CUTOFF, CHANNELS = 2.5, 4
ENVELOPE = PolynomialEnvelope(CUTOFF)
RNG = np.random.default_rng(0)
X, F = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 3, CHANNELS))
ONE = np.array([0.7])
PATHS, EACH = np.array([1.0, -0.5, 2.0]), np.array([1.0, 0.25, -3.0, 0.5])
ALL = PATHS[:, None] * EACH + np.eye(3, CHANNELS)

#: For P = 3 and C = 4: what multiplies one function of the distance, and as which (P, C) it is meant.
FORMS: dict[str, tuple[Array, Array]] = {
    "(n,)": (ONE[0], np.full((3, CHANNELS), 0.7)),
    "(n, 1)": (ONE, np.full((3, CHANNELS), 0.7)),
    "(n, 1, 1)": (ONE[None], np.full((3, CHANNELS), 0.7)),
    "(n, 1, C)": (EACH[None], np.tile(EACH, (3, 1))),
    "(n, P)": (PATHS, np.tile(PATHS[:, None], CHANNELS)),
    "(n, P, 1)": (PATHS[:, None], np.tile(PATHS[:, None], CHANNELS)),
    "(n, P, C)": (ALL, ALL),
    "(n, P * C)": (ALL.ravel(), ALL),
}


def _times(factor: Array) -> Callable[[Any], Array]:
    return lambda r: np.multiply.outer(ENVELOPE(r), factor)


@pytest.mark.parametrize("form", FORMS)
def test_every_shape(form: str) -> None:
    """Directly and as a table, for few and many particles, in either dtype: what is left out is the same for all."""
    factor, meant = FORMS[form]
    want = Convolution(1, _times(meant), CUTOFF)(X, F)
    layer = Convolution(1, _times(factor), CUTOFF)
    assert np.array_equal(layer(X, F), want)
    table = layer.tabulated(1e-9, dtype=np.float64)
    for got in (table(X, F), table.on_graph(table.graph(X), F), table([X], [F])[0]):
        assert np.abs(got - want).max() <= 1e-7 * np.abs(want).max()
    narrow = table(X.astype(np.float32), F.astype(np.float32))
    assert narrow.dtype == np.float32 and np.abs(narrow - want).max() <= 1e-5 * np.abs(want).max()


def test_one_path() -> None:
    """With P = 1, (n, C) is (n, P * C)."""
    want = Convolution(0, _times(EACH[None]), CUTOFF)(X, F)
    layer = Convolution(0, _times(EACH), CUTOFF)
    assert np.array_equal(layer(X, F), want)
    assert np.abs(layer.tabulated(1e-9, dtype=np.float64)(X, F) - want).max() <= 1e-7 * np.abs(want).max()


@pytest.mark.parametrize(
    "factor", [np.ones(4), np.ones(24), np.ones((4, 3)), np.ones((3, 8)), np.ones((2, 1))], ids=np.shape
)
def test_other_shapes(factor: Array) -> None:
    """Neither the layer nor its table takes them for features of four channels."""
    layer = Convolution(1, _times(factor), CUTOFF)
    with pytest.raises(ValueError, match=r"radial must return \(n, P, C\) = \(\d+, 3, 4\)"):
        layer(X, F)
    with pytest.raises(ValueError, match=r"must return|channels"):
        layer.tabulated(1e-4)(X, F)


def test_a_table_of_one_channel_is_expanded_once() -> None:
    """And the layer's own table stays as it is."""
    layer = Convolution(1, _times(PATHS), CUTOFF).tabulated(1e-4, dtype=np.float64)
    first = layer._table(np.dtype(np.float64), CHANNELS)
    assert first is layer._table(np.dtype(np.float64), CHANNELS) and first.n_channels == CHANNELS
    assert layer._table(np.dtype(np.float64), 1) is layer.radial
    assert layer(X, F[..., :1]).shape == (7, 3, 1)


# --- no edges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2])
def test_without_edges_nothing_is_asked(n: int) -> None:
    """An isolated atom, or several out of reach: zeros, from functions that cannot take an empty array."""
    x, f = 100 * np.arange(3.0 * n).reshape(n, 3), np.ones((n, 3, CHANNELS))

    def scalar(r: float) -> float:
        return float(ENVELOPE(max([r])))

    def refuses(r: Array) -> Array:
        raise AssertionError("asked")

    mixing = MixingRadial(refuses, np.ones((5, 3, CHANNELS, 2)), CUTOFF)
    for radial, channels in ((scalar, CHANNELS), (refuses, CHANNELS), (mixing, 2)):
        out = Convolution(1, radial, CUTOFF)(x, f)
        assert out.shape == (n, 3, channels) and not out.any()
    assert mixing.values(np.zeros(0)).shape == (0, 5)
    assert mixing(np.zeros(0)).shape == (0, 3, CHANNELS, 2)


def test_functions_of_one_number() -> None:
    """A single edge is one too."""
    layer = Convolution(1, lambda r: float(ENVELOPE(max([float(r), 0.0]))), CUTOFF)
    want = Convolution(1, ENVELOPE, CUTOFF)
    assert np.allclose(layer(X, F), want(X, F), rtol=1e-14)
    graph = want.graph(X[:2] * 0.1)
    assert graph.n_edges == 2
    assert np.allclose(layer.on_graph(graph, F[:2]), want.on_graph(graph, F[:2]), rtol=1e-14)
    paths = Convolution(1, lambda r: [r * k for k in (1, 2, 3)], CUTOFF)  # of an array of 3, this is (3, 3)
    assert np.allclose(paths(X, F), Convolution(1, lambda r: r[:, None] * np.arange(1.0, 4), CUTOFF)(X, F), rtol=1e-14)


# --- ways of calling ------------------------------------------------------------------------------------


def test_all_attempts_are_told() -> None:
    """A network whose own layers do not fit says so, whatever else was tried; each attempt is kept as a cause."""
    torch = pytest.importorskip("torch")
    wrong = torch.nn.Sequential(torch.nn.Unflatten(0, (-1, 1)), torch.nn.Linear(1, 8), torch.nn.Linear(9, 3))
    for call in (lambda: Convolution(1, wrong, CUTOFF)(X, F), lambda: RadialTable.fit(wrong, CUTOFF)):
        with pytest.raises(TypeError, match="could not be evaluated") as caught:
            call()
        assert "mat1 and mat2 shapes cannot be multiplied" in str(caught.value)
        for way in ("a NumPy array", "a PyTorch float64 tensor", "a PyTorch float32 tensor", "single numbers"):
            assert f"  {way}: " in str(caught.value)
        assert isinstance(caught.value.__cause__, ExceptionGroup) and len(caught.value.__cause__.exceptions) == 4


def test_the_way_is_remembered() -> None:
    """A network of float32 is asked in vain once, not at every call; one that is converted later is asked anew."""
    torch = pytest.importorskip("torch")
    seen: list[str] = []

    class Radial(torch.nn.Module):  # type: ignore[name-defined]  # imported only where it is installed
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 3)

        def forward(self, r: Any) -> Any:
            seen.append(str(getattr(r, "dtype", "number")))
            return self.layer(r[:, None])

    module = Radial()
    mixing = MixingRadial(module, np.ones((3, 3, CHANNELS, CHANNELS)), CUTOFF)
    for layer in (Convolution(1, module, CUTOFF), Convolution(1, mixing)):
        first = layer(X, F)
        assert len(set(seen)) > 1
        seen.clear()
        assert np.array_equal(layer(X, F), first)
        assert seen == ["torch.float32"]
        seen.clear()
    module.double()
    wide = layer(X, F)
    assert np.allclose(wide, first, rtol=1e-4, atol=1e-4) and not np.array_equal(wide, first)
    seen.clear()
    layer(X, F)
    assert seen == ["torch.float64"]


def test_its_own_errors_come_through() -> None:
    """Once a way of calling is known, what the function raises is raised."""

    asked: list[int] = []

    def radial(r: Array) -> Array:
        asked.append(np.size(r))
        if (r > 2).any():
            raise ArithmeticError("too far for this function")
        return np.exp(-r)

    layer = Convolution(1, radial, CUTOFF)
    near, far = (np.array([[0.0, 0, 0], [0, 0, length]]) for length in (1, 2.2))
    layer(near, F[:2])
    later = np.array([[0, 0, 1.2], [0, 0, 0], [0, 0, 2.2]])  # the fourth distance is the first that is too long
    for positions in (far, later):
        with pytest.raises(ArithmeticError, match="too far for this function"):
            layer(positions, F[: len(positions)])
    assert asked.count(8) == 1  # six edges, padded: what failed is not tried again
    layer(near, F[:2])
    with pytest.raises(ValueError, match="depends on the others"):
        Convolution(1, lambda r: r - r.mean(), CUTOFF)(X, F)


def _exponential(r: Any) -> Any:
    return np.exp(-r)


def test_copies_after_use() -> None:
    """What is remembered can be pickled."""
    for radial in (_exponential, MixingRadial(BesselBasis(CUTOFF, 4), np.ones((4, 3, CHANNELS, 2)))):
        layer = Convolution(1, radial, CUTOFF)
        want = layer(X, F)
        for other in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer), copy.copy(layer)):
            assert np.array_equal(other(X, F), want)


# --- compilation ----------------------------------------------------------------------------------------


def test_lengths_are_powers_of_two() -> None:
    """Whatever the number of edges, so that what is compiled for each length is compiled for few of them."""
    seen: set[int] = set()

    def radial(r: Array) -> Array:
        seen.add(len(r))
        return np.exp(-r)

    layer = Convolution(1, radial, CUTOFF)
    rng = np.random.default_rng(1)
    layer(X, F)
    seen.clear()
    for n in range(2, 40):
        layer(rng.normal(size=(n, 3)), rng.normal(size=(n, 3, CHANNELS)))
    assert seen <= {1 << k for k in range(12)} and len(seen) > 5


def test_one_compilation_serves_many_frames() -> None:
    """Under jax.jit, with a number of edges that changes from frame to frame; also as the basis of a mixing layer."""
    jax = pytest.importorskip("jax")
    traces: list[int] = []

    def counted(r: Any) -> Any:
        traces.append(len(r))
        return jax.numpy.exp(-r)[:, None] * jax.numpy.ones(3)

    layers = [
        Convolution(1, jax.jit(counted), CUTOFF),
        Convolution(1, MixingRadial(jax.jit(lambda r: counted(r)), np.ones((3, 3, CHANNELS, 2)), CUTOFF)),
    ]
    rng = np.random.default_rng(2)
    for layer in layers:
        frames = [rng.uniform(0, 5, (40, 3)) for _ in range(6)]
        edges = {layer.graph(x).n_edges for x in frames}
        assert len(edges) == 6 and len({(n - 1).bit_length() for n in edges}) <= 2
        for x in frames:
            layer(x, np.ones((40, 3, CHANNELS)))
        assert len(traces) <= 4  # two while the way of calling is found, and one or two powers of two
        traces.clear()


def test_our_own_are_not_padded(monkeypatch: pytest.MonkeyPatch) -> None:
    """They compile nothing, so that nothing is computed for nothing."""
    mlp = RadialMLP.random(3, CHANNELS, basis=BesselBasis(CUTOFF), rng=0)
    layer = Convolution(1, mlp)
    layer(X, F)
    seen: list[int] = []
    call = RadialMLP.__call__

    def counted(self: RadialMLP, r: Any) -> Array:
        seen.append(len(r))
        return call(self, r)

    monkeypatch.setattr(RadialMLP, "__call__", counted)
    graph = layer.graph(X)
    layer.on_graph(graph, F)
    assert seen == [graph.n_edges] and graph.n_edges.bit_count() > 1


# --- tables ---------------------------------------------------------------------------------------------


def test_a_table_of_a_table_is_refused() -> None:
    """Its errors would be against the first table."""
    layer = Convolution(1, _times(PATHS), CUTOFF).tabulated(1e-3)
    with pytest.raises(ValueError, match="a table already, and errors would be those against that table"):
        layer.tabulated(1e-6)


def test_warnings_point_at_the_user_s_line() -> None:
    """However deep in this package they are given."""
    for call in (
        lambda: RadialTable.fit(_exponential, CUTOFF),
        lambda: Convolution(0, _exponential, CUTOFF).tabulated(),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        assert [(w.category, w.filename) for w in caught] == [(CutoffWarning, __file__)]
