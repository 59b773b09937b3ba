"""What the contestants compute on, and the formulas that peers share, against definitions."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import oracle
from benchmarks.cost import form_flops
from benchmarks.inputs.fluid import fluid_graph
from benchmarks.inputs.graph import CUTOFF, random_graph
from benchmarks.inputs.radial import radial_functions
from benchmarks.inputs.table import TOLERANCES, Table
from benchmarks.peers.cardinal import weights
from benchmarks.peers.cartesian import message
from benchmarks.peers.forms import moved
from benchmarks.workloads import laplacian, scaling, walkers

RNG = np.random.default_rng(5)
CUBIC = [
    lambda t: (1 - t) ** 3 / 6,
    lambda t: (3 * t**3 - 6 * t**2 + 4) / 6,
    lambda t: (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
    lambda t: t**3 / 6,
]


def test_cardinal_pieces() -> None:
    """The cubic ones as they are printed; the quintic ones sum to 1 and reproduce straight lines."""
    t = np.linspace(0, 1, 11)
    for got, expected in zip(weights(t, 3), CUBIC, strict=True):
        np.testing.assert_allclose(got, expected(t), atol=1e-15)
    quintic = weights(t, 5)
    np.testing.assert_allclose(sum(quintic), 1, atol=1e-14)
    np.testing.assert_allclose(sum((q - 2) * w for q, w in enumerate(quintic)), t, atol=1e-14)


def test_the_table_is_the_sum_that_the_kernels_promise() -> None:
    """Σ_q w_q(t) coefficients[s + q] below the cutoff, zero beyond."""
    table = Table(RNG.standard_normal((4 + 5, 2, 3)), cutoff=2.0)
    distances = np.array([0.0, 0.1, 0.5, 1.99, 2.0, 7.0])
    got = table(distances)
    for value, r in zip(got, distances, strict=True):
        u = min(r * 4 / 2.0, 3.999999)
        s = int(u)
        expected = sum(w * table.coefficients[s + q] for q, w in enumerate(weights(r * 2.0 - s, 5)))
        np.testing.assert_allclose(value, expected if r < 2 else 0 * expected, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_table_stands_for_the_network(dtype: str) -> None:
    """To the tolerance, at distances that nobody fitted; both vanish beyond the cutoff."""
    network, table = radial_functions(0, 2, dtype, 0)
    distances = CUTOFF * RNG.random(500)
    error = np.abs(table(distances) - network(distances)).max() / np.abs(network(distances)).max()
    assert error < 2 * TOLERANCES[dtype]
    beyond = np.array([CUTOFF, 2 * CUTOFF])
    assert not table(beyond).any() and not network(beyond).any()


@pytest.mark.parametrize("l_out", [0, 1, 2])
def test_the_peers_formulas_are_the_oracles(l_out: int) -> None:
    """Written out by component, path by path and with radial values, against the tensors."""
    units = oracle.unit(RNG.standard_normal((7, 3)))
    features = RNG.standard_normal((7, 3, 4))
    forms = oracle.forms(l_out, units)
    radial = RNG.standard_normal((7, forms.shape[1], 4))
    u, f = [units[:, k, None] for k in range(3)], [features[:, k] for k in range(3)]
    parts = np.einsum("epab,ebc->eapc", forms, features)
    np.testing.assert_allclose(np.stack([np.stack(p, 1) for p in moved(l_out, u, f)], 1), parts, atol=1e-13)
    got = np.stack(message(l_out, u, f, [radial[:, p] for p in range(forms.shape[1])]), 1)
    np.testing.assert_allclose(got, np.einsum("eapc,epc->eac", parts, radial), atol=1e-13)


def test_random_graph() -> None:
    """Distinct senders, never the receiver, all within the cutoff."""
    graph = random_graph(20, 8, "float32", np.random.default_rng(0))
    assert graph.nodes == 20 and graph.edges == 160
    for i in range(20):
        senders = graph.indices[graph.indptr[i] : graph.indptr[i + 1]]
        assert len(set(senders)) == 8 and i not in senders
    assert oracle.lengths(graph.vectors).max() < CUTOFF


def test_fluid_graph() -> None:
    """As many neighbours as asked for on average, within the cutoff, and neighbours are near in memory."""
    graph = fluid_graph(2000, 32, "float64", np.random.default_rng(0))
    assert graph.edges / graph.nodes == pytest.approx(32, rel=0.05)
    assert oracle.lengths(graph.vectors).max() < CUTOFF
    apart = np.median(np.abs(graph.indices - graph.receivers))
    assert apart < 2000 / 6  # in random order: 2000 (1 - 1/√2), about 590


def test_sizes() -> None:
    """The sizes of the scaling run, and no size of the walkers' sweep twice."""
    assert list(scaling.nodes_up_to(30_000)) == [1000, 3000, 10_000, 30_000]
    sizes = walkers.sweep_sizes({"walkers": 4096, "particles": 16, "channels": 32}, quick=False)
    assert len(sizes) == 12 and len({tuple(s.values()) for s in sizes}) == 12


def test_operations_are_those_of_the_generated_code() -> None:
    """1→0 is a dot product times a radial value, added to one component."""
    assert form_flops(0) == 7 and form_flops(0) < form_flops(1) < form_flops(2)


def test_the_laplacians_sizes() -> None:
    """As the goal of growth asks: 4 to 32 particles."""
    sizes = laplacian.sweep_sizes({"walkers": 32, "particles": 16, "channels": 32}, quick=False)
    assert [(s["walkers"], s["particles"]) for s in sizes] == [(4, 4), (4, 8), (4, 16), (4, 32)]
