"""Sums that are integrals over the unit sphere, exactly, for polynomials up to a degree.

Source: Lebedev & Laikov, *Doklady Mathematics* 59 (1999) 477, tabulated in SciPy; beyond SciPy's tables, and where it
has fewer nodes, the product of Gauss and Legendre's rule in z with equispaced angles about the z axis (Stroud,
*Approximate Calculation of Multiple Integrals*, 1971, §2.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .checks import Array, finite_array, whole_number
from .frozen import Frozen, frozen_copy

#: What weights that sum to 1, and vectors of length 1, may be off by: float32's rounding, but no other scale.
ROUNDED = 1e-6
#: The degrees of Lebedev's rules in SciPy.  Those of degree 13, 25 and 27 have negative weights.
LEBEDEV_DEGREES = (*range(3, 32, 2), *range(35, 132, 6))


@dataclass(frozen=True, eq=False, repr=False)
class SphereQuadrature(Frozen):
    """Σ_k weights[k] p(directions[k]) = (1/4π) ∫ p(n) dΩ for every polynomial p of degree <= degree in n.

    directions (n, 3) are unit vectors, weights (n,) sum to 1; float64, read-only.  Made by `sphere_quadrature`.
    Raises TypeError for other dtypes than float32 and float64, ValueError for arrays that are none of these.
    """

    degree: int
    directions: Array
    weights: Array

    def __post_init__(self) -> None:
        where = "SphereQuadrature"
        whole_number(f"{where}: degree", self.degree)
        directions = finite_array(where, "directions", self.directions, "(n, 3)", (None, 3))
        if (np.abs(np.linalg.norm(directions, axis=1) - 1) > ROUNDED).any():
            raise ValueError(f"{where}: directions must be unit vectors")
        object.__setattr__(self, "directions", frozen_copy(f"{where}: directions", directions, np.float64))
        object.__setattr__(self, "weights", mean_weights(where, self.weights, len(directions)))

    def __len__(self) -> int:
        """The number of nodes."""
        return len(self.weights)

    def __repr__(self) -> str:
        return f"SphereQuadrature(degree {self.degree}, {len(self)} directions)"


def mean_weights(where: str, weights: Any, n: int) -> Array:
    """A read-only copy of weights (n,) in float64; ValueError unless they sum to 1."""
    found = finite_array(where, "weights", weights, f"({n},), one for each node", (n,))
    if abs(found.sum() - 1) > ROUNDED:
        raise ValueError(f"{where}: weights must sum to 1, got {found.sum():.6g}")
    return frozen_copy(f"{where}: weights", found, np.float64)


def sphere_quadrature(degree: int) -> SphereQuadrature:
    """The rule of least nodes, of those known here, that is exact up to this degree: about (degree + 1)² / 3 of them.

    Its own degree, which it tells, may be one or some more.
    Raises TypeError if degree is no integer, ValueError if it is negative.
    """
    degree = whole_number("sphere_quadrature: degree", degree)
    tabulated = [lebedev_rule(d) for d in [d for d in LEBEDEV_DEGREES if d >= degree][:1]]
    return min([*tabulated, product_rule(degree)], key=len)


def lebedev_rule(degree: int) -> SphereQuadrature:
    """Lebedev's rule of one of LEBEDEV_DEGREES; it has the symmetry of the cube."""
    from scipy.integrate import lebedev_rule

    directions, weights = lebedev_rule(degree)
    return SphereQuadrature(degree, directions.T, weights / (4 * np.pi))


def product_rule(degree: int) -> SphereQuadrature:
    """degree // 2 + 1 heights z by degree + 1 angles φ.

    The angles leave what does not depend on φ, and of that Gauss' rule integrates z^k for k <= 2 (degree // 2) + 1.
    """
    z, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    angles = 2 * np.pi * np.arange(degree + 1) / (degree + 1)
    height, angle = (grid.ravel() for grid in np.meshgrid(z, angles, indexing="ij"))
    across = np.sqrt((1 - height) * (1 + height))
    directions = np.stack([across * np.cos(angle), across * np.sin(angle), height], axis=1)
    return SphereQuadrature(degree, directions, np.repeat(weights / 2 / len(angles), len(angles)))
