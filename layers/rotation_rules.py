"""Sums that are integrals over SO(3), exactly, up to a band limit.

With R = A(n) Rz(γ), where A(n) is any rotation that takes z to n, the invariant integral of mean 1 is that over n of
the sphere and γ of the circle, and D^l_mm'(R) = D^l_mm'(A(n)) e^{-im'γ} in the complex basis.  L + 1 equispaced angles
γ leave m' = 0 of all |m'| <= L; D^l_m0(A(n)) is Y_lm(n) but for a factor and a conjugation, and a rule of degree L on
the sphere integrates that.
Source: Gräf & Potts, *Numer. Funct. Anal. Optim.* 30 (2009) 665, §3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .checks import Array, finite_array, whole_number
from .frozen import Frozen, frozen_copy
from .sphere_rules import ROUNDED, mean_weights, sphere_quadrature


@dataclass(frozen=True, eq=False, repr=False)
class RotationQuadrature(Frozen):
    """Σ_k weights[k] p(rotations[k]) = ∫ p(R) dR for p a polynomial of degree <= degree in the nine entries of R.

    These polynomials are the combinations of entries of D^l(R), l <= degree; ∫ dR = 1.
    rotations (M, 3, 3) act on columns, weights (M,) sum to 1; float64, read-only.  Made by `rotation_quadrature`.
    Raises TypeError for other dtypes than float32 and float64, ValueError for arrays that are none of these.
    """

    degree: int
    rotations: Array
    weights: Array

    def __post_init__(self) -> None:
        where = "RotationQuadrature"
        whole_number(f"{where}: degree", self.degree)
        rotations = finite_array(where, "rotations", self.rotations, "(M, 3, 3)", (None, 3, 3))
        squares = rotations @ np.swapaxes(rotations, 1, 2)
        if (np.abs(squares - np.eye(3)) > ROUNDED).any() or (np.linalg.det(rotations) < 0).any():
            raise ValueError(f"{where}: rotations must be orthogonal matrices of determinant 1")
        object.__setattr__(self, "rotations", frozen_copy(f"{where}: rotations", rotations, np.float64))
        object.__setattr__(self, "weights", mean_weights(where, self.weights, len(rotations)))

    def __len__(self) -> int:
        """The number of rotations, M."""
        return len(self.weights)

    def __repr__(self) -> str:
        return f"RotationQuadrature(degree {self.degree}, {len(self)} rotations)"


def rotation_quadrature(degree: int) -> RotationQuadrature:
    """Exact for band limit `degree`, and for no larger one: a sphere's rule by degree + 1 angles.

    About (degree + 1)³ / 3 rotations: 1, 4, 18, 24, 70, 84, 182, 208, 342 for degree 0 to 8.
    Raises TypeError if degree is no integer, ValueError if it is negative.
    """
    degree = whole_number("rotation_quadrature: degree", degree)
    sphere = sphere_quadrature(degree)
    angles = _about_z(2 * np.pi * np.arange(degree + 1) / (degree + 1))
    rotations = _taking_z_to(sphere.directions)[:, None] @ angles
    weights = np.repeat(sphere.weights / (degree + 1), degree + 1)
    return RotationQuadrature(degree, rotations.reshape(-1, 3, 3), weights)


def _about_z(angles: Array) -> Array:
    """Rz(γ), (n, 3, 3)."""
    c, s, zero, one = np.cos(angles), np.sin(angles), np.zeros_like(angles), np.ones_like(angles)
    return np.stack([c, -s, zero, s, c, zero, zero, zero, one], axis=-1).reshape(-1, 3, 3)


def _taking_z_to(directions: Array) -> Array:
    """Rz(φ) Ry(θ) with n = (sin θ cos φ, sin θ sin φ, cos θ) as third column, (n, 3, 3); φ = 0 at the poles."""
    x, y, z = directions.T
    sine = np.hypot(x, y)
    at_pole = sine == 0
    safe = np.where(at_pole, 1, sine)
    c, s, zero = np.where(at_pole, 1, x / safe), y / safe, np.zeros_like(z)
    return np.stack([z * c, -s, x, z * s, c, y, -sine, zero, z], axis=-1).reshape(-1, 3, 3)
