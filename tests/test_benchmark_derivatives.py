"""The oracle's derivatives, against differences and what is known; answers of several arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks import cauchy, oracle, oracle_derivatives
from benchmarks.check import is_right, relative_error
from benchmarks.inputs.graph import PATHS, random_graph
from benchmarks.inputs.radial import radial_functions
from benchmarks.oracle_walkers import expand
from benchmarks.peers.e3nn_coupling import our_answer, their_order

STEP = 1e-4


@pytest.mark.parametrize("order", [1, 2, 3])
def test_cauchys_formula(order: int) -> None:
    """Of exp at several places, all derivatives of which are exp."""
    places = np.array([-1.0, 0.0, 0.7])
    got = cauchy.derivative(lambda z: np.exp(places + z), order, radius=0.5)
    np.testing.assert_allclose(got, np.exp(places), rtol=1e-12)


@pytest.mark.parametrize("l_out", [0, 1, 2])
def test_derivatives_of_the_forms(l_out: int) -> None:
    """Slopes against differences, Laplacians against differences of slopes."""
    vectors = np.random.default_rng(0).standard_normal((4, 3)) + np.array([0, 0, 3])

    def moved(axis: int, sign: int) -> np.ndarray:
        return np.asarray(vectors + sign * STEP * np.eye(3)[axis])

    slopes = oracle_derivatives.slopes(l_out, vectors)
    total = np.zeros(slopes.shape[:-1])
    for d in range(3):
        ahead, behind = (oracle.forms(l_out, oracle.unit(moved(d, sign))) for sign in (1, -1))
        np.testing.assert_allclose(slopes[..., d], (ahead - behind) / (2 * STEP), atol=1e-7)
        ahead, behind = (oracle_derivatives.slopes(l_out, moved(d, sign))[..., d] for sign in (1, -1))
        total = total + (ahead - behind) / (2 * STEP)
    np.testing.assert_allclose(oracle_derivatives.laplacians(l_out, vectors), total, atol=1e-7)


@pytest.mark.parametrize("of", ["network", "table"])
def test_derivatives_of_radial_functions(of: str) -> None:
    """Against differences; zero beyond the cutoff."""
    network, table = radial_functions(1, 2, "float64", 0)
    radial = network if of == "network" else table
    distances = np.array([0.3, 1.7, 4.1, 4.97, 6.0])
    slope = (radial(distances + STEP) - radial(distances - STEP)) / (2 * STEP)
    np.testing.assert_allclose(radial.derivative(distances, 1), slope, atol=1e-5)
    curvature = (radial.derivative(distances + STEP, 1) - radial.derivative(distances - STEP, 1)) / (2 * STEP)
    np.testing.assert_allclose(radial.derivative(distances, 2), curvature, atol=1e-4)
    assert not radial.derivative(distances, 1)[-1].any()


@pytest.mark.parametrize("l_out", [0, 1, 2])
def test_gradients_of_the_convolution(l_out: int) -> None:
    """Σ cotangents · out changes along random directions as the three gradients say."""
    rng = np.random.default_rng(1)
    graph = random_graph(6, 3, "float64", rng)
    radial = rng.standard_normal((graph.edges, len(PATHS[l_out]), 2))
    features, given = rng.standard_normal((6, 3, 2)), rng.standard_normal((6, 2 * l_out + 1, 2))
    found = oracle_derivatives.vjp(l_out, graph, radial, features, given)
    turns = [rng.standard_normal(x.shape) for x in (graph.vectors, radial, features)]

    def energy(step: float) -> float:
        vectors, values, sent = (
            x + step * turn for x, turn in zip((graph.vectors, radial, features), turns, strict=True)
        )
        shifted = type(graph)(graph.indptr, graph.indices, vectors)
        return float(np.vdot(given, oracle.convolve(l_out, shifted, values, sent)))

    slope = (energy(1e-6) - energy(-1e-6)) / 2e-6
    assert sum(np.vdot(x, turn) for x, turn in zip(found, turns, strict=True)) == pytest.approx(slope, rel=1e-6)


def test_a_walkers_expansion() -> None:
    """Features that are a quadratic function of positions: values elsewhere, by differences."""
    rng = np.random.default_rng(2)
    radial = radial_functions(1, 2, "float64", 0)[0]
    positions, features = rng.standard_normal((1, 3, 3)), rng.standard_normal((1, 3, 3, 2))
    jacobian, laplacian = rng.standard_normal((1, 9, 3, 3, 2)), rng.standard_normal((1, 3, 3, 2))

    def value(x: np.ndarray) -> np.ndarray:
        f = features + np.tensordot(x, jacobian[0], 1) + laplacian * (x @ x) / 18
        return expand(1, positions + x.reshape(1, 3, 3), radial, f, None, None).value

    found = expand(1, positions, radial, features, jacobian, laplacian)
    middle = value(np.zeros(9))
    total = np.zeros_like(middle)
    for k, axis in enumerate(np.eye(9)):
        ahead, behind = value(STEP * axis), value(-STEP * axis)
        assert relative_error(found.jacobian[:, k], (ahead - behind) / (2 * STEP)) < 1e-5
        total = total + (ahead - 2 * middle + behind) / STEP**2
    assert relative_error(found.laplacian, total) < 1e-5


def test_several_arrays_are_as_wrong_as_the_worst() -> None:
    """And NaN in one of them is never right; one array for several is refused."""
    right = (np.ones(3), np.full(2, 5.0))
    assert relative_error((right[0], 1.1 * right[1]), right) == pytest.approx(0.1)
    assert not is_right(relative_error((right[0] * math.nan, right[1]), right), np.dtype("float64"))
    assert is_right(1e-13, np.dtype("float64"), roundings=1024) and not is_right(1e-13, np.dtype("float64"))
    with pytest.raises(ValueError, match="several"):
        relative_error(right[0], right)


@pytest.mark.parametrize("l_out", [0, 1, 2])
def test_e3nns_layout_and_back(l_out: int) -> None:
    import torch

    components = np.random.default_rng(3).standard_normal((4, 2 * l_out + 1, 5))
    np.testing.assert_array_equal(our_answer(l_out, torch.from_numpy(their_order(l_out, components))), components)
