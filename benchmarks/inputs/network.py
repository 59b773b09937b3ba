"""The radial functions of the peers: Bessel functions of the distance, then an MLP without biases.

    R(r)[p, c] = (silu(B(r) first) second)[p C + c],    B(r)[n] = sqrt(2/rc) sin(n π r/rc)/r,  n = 1..8

B vanishes at the cutoff, and without biases R does, too.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import cauchy
from benchmarks.inputs.graph import CUTOFF, Float64, FloatArray

BESSEL = 8
HIDDEN = 64
RADIUS = 0.05
"""Of the circles that derivatives are taken on: the network has poles where a hidden value is iπ, at 0.3 or so."""


@dataclass(frozen=True)
class Network:
    """R(r); called with distances (M,), it returns (M, P, C) in float64."""

    cutoff: float
    first: FloatArray  # (8, 64)
    second: FloatArray  # (64, P C)
    paths: int

    def __call__(self, distances: Float64) -> Float64:
        inside = (np.asarray(distances) < self.cutoff)[:, None, None]
        return np.asarray(inside * self._continued(np.asarray(distances, np.float64)))

    def derivative(self, distances: Float64, order: int) -> Float64:
        """(M,) -> (M, P, C): the first or second, zero beyond the cutoff."""
        inside = (distances < self.cutoff)[:, None, None]
        return np.asarray(inside * cauchy.derivative(lambda z: self._continued(distances + z), order, RADIUS))

    def _continued(self, distances: Any) -> Any:
        """R without a cutoff, of complex distances too."""
        hidden = bessel(distances, self.cutoff) @ self.first.astype(np.float64)
        out = (hidden / (1 + np.exp(-hidden))) @ self.second.astype(np.float64)
        return out.reshape(len(out), self.paths, -1)


def bessel(distances: Any, cutoff: float) -> Any:
    """(M,) -> (M, 8), going on beyond the cutoff; NumPy's sinc(x) is sin(πx)/(πx), and 1 at 0."""
    n = np.arange(1, BESSEL + 1)
    return np.asarray(np.sqrt(2 / cutoff) * (n * np.pi / cutoff) * np.sinc(n * distances[:, None] / cutoff))


def random_network(paths: int, channels: int, dtype: str, rng: np.random.Generator) -> Network:
    """Weights of the usual size: one over the root of the width that they sum over."""
    first = rng.standard_normal((BESSEL, HIDDEN)) / np.sqrt(BESSEL)
    second = rng.standard_normal((HIDDEN, paths * channels)) / np.sqrt(HIDDEN)
    return Network(CUTOFF, first.astype(dtype), second.astype(dtype), paths)
