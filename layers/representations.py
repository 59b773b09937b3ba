"""D^l(R) in the library's components, for any l, in NumPy: what a feature of degree l becomes under a rotation.

Real spherical harmonics are orthonormal, without Condon-Shortley sign, ordered m = -l..l; but degree 1 is (x, y, z).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from . import checks
from .checks import Array, whole_number
from .sphere_rules import sphere_quadrature


def representation(l: int, rotations: ArrayLike) -> Array:
    """D^l(R) of rotations (..., 3, 3): (..., 2 l + 1, 2 l + 1), orthogonal; R itself for l = 1.

    Y_l(R n) = D^l(R) Y_l(n) for every n, hence D^l(R) = ∫ Y_l(R n) Y_l(n)ᵀ dΩ, which a sphere's rule of degree 2 l
    gives to rounding.  Source: slides, page "Kernel sferico e Steerability"; theorem T3.
    Raises TypeError unless l is an integer and rotations are floats, ValueError for negative l and other shapes.
    """
    l = whole_number("representation: l", l)
    r = checks.host_array("representation", "rotations", rotations)
    if r.dtype not in checks.FLOATS:
        raise TypeError(f"representation: rotations is {r.dtype}; float32 and float64 are supported")
    if r.shape[-2:] != (3, 3):
        raise ValueError(f"representation: rotations must have shape (..., 3, 3), got {r.shape}")
    if l == 1:
        return r.astype(np.float64)
    sphere = sphere_quadrature(2 * l)
    turned = real_harmonics(l, np.einsum("...ab,nb->...na", r.astype(np.float64), sphere.directions))
    fixed = real_harmonics(l, sphere.directions) * (4 * np.pi * sphere.weights[:, None])
    return np.asarray(np.swapaxes(turned, -1, -2) @ fixed)


def real_harmonics(l: int, directions: Array) -> Array:
    """Y_l of unit vectors (..., 3) in the order of components: (..., 2 l + 1).

    From SciPy's complex ones, which have the sign (-1)^m: Y_l,±m = √2 (-1)^m {Re, Im} Y_l^m for m > 0.
    """
    from scipy.special import sph_harm_y

    x, y, z = np.moveaxis(directions, -1, 0)
    m = np.arange(1, l + 1)
    polar, azimuth = np.arctan2(np.hypot(x, y), z)[..., None], np.arctan2(y, x)[..., None]
    axial = sph_harm_y(l, 0, polar, azimuth).real
    others = sph_harm_y(l, m, polar, azimuth) * (np.sqrt(2) * (-1.0) ** m)
    values = np.concatenate([others.imag[..., ::-1], axial, others.real], axis=-1)
    return values[..., [2, 0, 1]] if l == 1 else values
