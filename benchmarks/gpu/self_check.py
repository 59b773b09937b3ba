"""The reference of this benchmark against the oracles of the other, at a small size: NumPy's einsum, complex steps."""

import numpy as np
import torch

from benchmarks import oracle, oracle_derivatives
from benchmarks.check import WrongAnswer
from benchmarks.gpu import inputs, reference
from benchmarks.gpu.graphs import all_pairs
from benchmarks.gpu.names import BACKWARD, WALKERS
from benchmarks.gpu.plan import ALL_PAIRS, RANDOM, Sizes, Spec
from benchmarks.inputs.graph import Float64, Graph
from benchmarks.inputs.table import Table

BOUND = 1e-12
SMALL = Sizes(nodes=12, neighbours=5, channels=(4,), walkers=3, particles=4, walker_channels=4)


def run(device: str) -> float:
    """The worst relative error; WrongAnswer if it is more than rounding."""
    worst = max(float(np.max(errors(l_out, device))) for l_out in (0, 1, 2))
    if not worst <= BOUND:
        raise WrongAnswer(f"the reference is {worst:.1e} away from the oracle")
    return worst


def errors(l_out: int, device: str) -> list[float]:
    """Of output, cotangents and walkers."""
    given = inputs.make(Spec(BACKWARD, RANDOM, l_out, "float64", 4), SMALL, device, seed=1, backward=True)
    assert isinstance(given, inputs.Streamed) and given.cotangents is not None
    graph = Graph(*(_host(one) for one in (given.graph.indptr, given.graph.indices, given.graph.vectors)))
    arrays = (_host(given.radial), _host(given.features))
    expected = [
        oracle.convolve(l_out, graph, *arrays),
        *oracle_derivatives.vjp(l_out, graph, *arrays, _host(given.cotangents)),
    ]
    walkers = inputs.make(Spec(WALKERS, ALL_PAIRS, l_out, "float64", 4), SMALL, device, seed=1)
    assert isinstance(walkers, inputs.Walkers)
    found = [*map(_host, reference.answer(given)), *map(_host, reference.answer(walkers))]
    return [_error(*pair) for pair in zip(found, [*expected, _walkers(walkers)], strict=True)]


def _walkers(given: inputs.Walkers) -> Float64:
    """All pairs as a graph, with radial values by SciPy's splines."""
    walkers, particles = given.features.shape[:2]
    senders, receivers = (_host(one) for one in all_pairs(walkers, particles, "cpu"))
    positions = _host(given.positions).reshape(-1, 3)
    vectors = positions[receivers] - positions[senders]
    indptr = np.arange(0, len(senders) + 1, particles - 1)
    radial = Table(_host(given.coefficients), given.cutoff, given.degree)(oracle.lengths(vectors))
    features = _host(given.features).reshape(walkers * particles, 3, -1)
    return oracle.convolve(given.l_out, Graph(indptr, senders, vectors), radial, features).reshape(given.output_shape)


def _host(array: torch.Tensor) -> np.ndarray:  # type: ignore[type-arg]
    return array.detach().cpu().numpy()


def _error(found: np.ndarray, expected: np.ndarray) -> float:  # type: ignore[type-arg]
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))
