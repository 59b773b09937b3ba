"""The group convolution on a cage of 60 atoms, the kernels that it averages, and the answers that it must give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pocket_tfn import cpu
from pocket_tfn.layers import (
    AveragedConvolution,
    Convolution,
    Graph,
    GroupConvolution,
    RadialTable,
    averaged_radial,
    radius_graph,
    rotation_quadrature,
    sphere_quadrature,
)

Array = NDArray[np.float64]

DEGREE = 3
"""Of the polynomial kernel, in r/|r| where |r| is held fixed."""
TABLE_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Kernels:
    """Matrix kernels k(r), (n, 3) -> (n, 3, 3, C): each channel has its own, with coefficients as drawn."""

    cutoff: float
    channels: int

    @cached_property
    def _drawn(self) -> tuple[Array, Array]:
        rng = np.random.default_rng(0)
        return rng.uniform(-1.2, 1.2, (20, 3)), rng.standard_normal((20, 9 * self.channels))

    def polynomial(self, vectors: Array) -> Array:
        """Σ_m c_m (monomial of degree <= 3 in r / 2 Å) (1 - |r|² / cutoff²)³."""
        x, y, z = vectors.T / 2
        taper = (1 - np.einsum("ni,ni->n", vectors, vectors) / self.cutoff**2) ** 3
        second = [x * x, x * y, x * z, y * y, y * z, z * z]
        third = [a * b for a, those in ((x, second), (y, second[3:]), (z, second[5:])) for b in those]
        monomials = np.stack([np.ones_like(x), x, y, z, *second, *third], axis=1) * taper[:, None]
        return (monomials @ self._drawn[1]).reshape(len(vectors), 3, 3, self.channels)

    def bumps(self, vectors: Array) -> Array:
        """Σ_b c_b exp(-|r - r_b|² / 2σ²): 20 bumps of width σ = 1.5 Å around the centre, of no finite degree."""
        centres, coefficients = self._drawn
        squares = np.sum((vectors[:, None] - centres) ** 2, axis=2)
        return (np.exp(squares / (-2 * 1.5**2)) @ coefficients).reshape(len(vectors), 3, 3, self.channels)

    def on_group(self, displacements: Array, rotations: Array) -> Array:
        """κ(y, S) = k(-y) S with the polynomial k, the kernel on SE(3) whose inner integral is k."""
        k = self.polynomial(-displacements)
        turned = np.einsum("nabc,sbd->nsadc", k, rotations)
        return np.asarray(turned)


def cage() -> Array:
    """C60: the vertices of a truncated icosahedron of radius 3.55 Å, (60, 3)."""
    golden = (1 + 5**0.5) / 2
    corners = ((0, 1, 3 * golden), (1, 2 + golden, 2 * golden), (golden, 2, 2 * golden + 1))
    signed = {tuple(np.multiply(signs, corner)) for corner in corners for signs in product((1.0, -1.0), repeat=3)}
    points = np.array(sorted(p[k:] + p[:k] for p in signed for k in range(3)))
    return np.asarray(points * (3.55 / np.linalg.norm(points[0])))


class Problem:
    """The graph, the features, and for each kernel the exact answer: the pocket kernel, averaged radial functions."""

    def __init__(self, cutoff: float, channels: int) -> None:
        self.kernels = Kernels(cutoff, channels)
        self.graph: Graph = radius_graph(cage(), cutoff)
        self.features: Array = np.random.default_rng(1).standard_normal((60, 3, channels))
        degrees = {"polynomial": DEGREE + 2, "bumps": 41}
        self.radial = {name: self._averaged(name, degree, self.graph.lengths) for name, degree in degrees.items()}
        self.exact = {name: self.pocket(name) for name in degrees}
        table = RadialTable.fit(
            lambda r: self._averaged("polynomial", DEGREE + 2, r), cutoff, tolerance=TABLE_TOLERANCE, dtype=np.float64
        )
        self.layer = Convolution(1, table)

    def _averaged(self, name: str, degree: int, lengths: Array) -> Array:
        return averaged_radial(getattr(self.kernels, name), lengths, 1, sphere_quadrature(degree))

    def one_integral(self, name: str, degree: int) -> Callable[[], Array]:
        """Σ_j ∫ R k(R⁻¹ r) R⁻¹ dR f_j."""
        layer = AveragedConvolution(1, 1, getattr(self.kernels, name), rotation_quadrature(degree))
        return lambda: layer(self.graph, self.features)

    def two_integrals(self, degree: int) -> Callable[[], Array]:
        """Lift, correlate, project: one quadrature for both integrals."""
        rule = rotation_quadrature(degree)
        layer = GroupConvolution(1, 1, self.kernels.on_group, rule, rule)
        return lambda: layer(self.graph, self.features)

    def exact_two(self) -> GroupConvolution:
        """Both integrals by the smallest quadratures that leave no error: κ is of degree 1 in its rotation."""
        return GroupConvolution.exact(1, 1, self.kernels.on_group, DEGREE, rotation_degree=1)

    def pocket(self, name: str = "polynomial") -> Array:
        """The emitted kernel, radial functions given edge by edge."""
        g = self.graph
        return cpu.convolve_1_1(g.indptr, g.indices, g.vectors, self.radial[name], self.features)

    def tabulated(self) -> Array:
        """The emitted kernel that reads them from a table."""
        return self.layer.on_graph(self.graph, self.features)

    def in_numpy(self) -> Array:
        """As a NumPy user would write it: a f + b r̂ × f + c (3 r̂ (r̂·f) - f), and the sum."""
        u = (self.graph.vectors / self.graph.lengths[:, None])[:, :, None]
        f = self.features[self.graph.indices]
        a, b, c = (self.radial["polynomial"][:, p, None] for p in range(3))
        along = np.sum(u * f, axis=1, keepdims=True)
        cross = np.stack([u[:, i] * f[:, j] - u[:, j] * f[:, i] for i, j in ((1, 2), (2, 0), (0, 1))], axis=1)
        return np.add.reduceat((a - c) * f + b * cross + 3 * c * along * u, self.graph.indptr[:-1], axis=0)

    def error(self, got: Any, name: str = "polynomial") -> float:
        """|got - exact| / |exact|, both norms the largest entry; NaN if `got` has one."""
        return float(np.abs(got - self.exact[name]).max() / np.abs(self.exact[name]).max())
