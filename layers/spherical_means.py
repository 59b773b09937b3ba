"""The radial functions with which the pocket kernel is the average of an arbitrary kernel over all rotations.

Source: theorem T8; Weiler et al., *3D Steerable CNNs*, arXiv:1807.02547, for kernels spanned by such a basis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pocket_tfn import cpu

from . import checks
from .group_convolution import MatrixKernel, matrices
from .paths import paths
from .sphere_rules import SphereQuadrature, whole_number

Array = NDArray[Any]


def averaged_radial(kernel: MatrixKernel, distances: ArrayLike, l_out: int, sphere: SphereQuadrature) -> Array:
    """ρ_J(r) = (1 / 4π |K^J|²) ∫ ⟨K^J(n), k(r n)⟩ dΩ for every path J of 1 → l_out: (n,) -> (n, P), or (n, P, C).

    With them Σ_J ρ_J(|r|) K^J(r̂) = ∫ D_out(R) k(R⁻¹ r) Rᵀ dR: the spherical means of theorem T8.  ⟨A, B⟩ is
    Σ_ac A_ac B_ac; the K^J(n) are orthogonal, and |K^J|² is the same at every n.  So a kernel of any form, averaged, is
    a pocket layer:

        layer = Convolution(1, lambda r: averaged_radial(kernel, r, 1, sphere_quadrature(9)), cutoff=5.0).tabulated()

    Parameters
    ----------
    kernel : callable
        k(r), (n, 3) -> (n, 2 l_out + 1, 3), or (n, 2 l_out + 1, 3, C); r = x_receiver - x_sender.  Of a kernel κ on
        SE(3) take `matrix_kernel`.
    distances : (n,) float32 or float64
        |r|.  At 0 all paths but that of l_f = 0 vanish, to rounding, as in the kernels (theorem T10).
    l_out : 0, 1 or 2
        Degree of the output.
    sphere : SphereQuadrature
        Exact if its degree is that of k in r̂, and l_out + 1 more.

    Returns
    -------
    (n, P) or (n, P, C), in the dtype of distances, rounded from float64.

    Raises
    ------
    TypeError
        If l_out is no integer or a dtype is none of the above.
    ValueError
        If there is no such kernel, or a shape does not fit, of what kernel returns too.
    """
    where = "averaged_radial"
    if whole_number(f"{where}: l_out", l_out) > 2:
        raise ValueError(f"{where}: l_out must be 0, 1 or 2, got {l_out!r}")
    r = checks.float_array(where, "distances", distances, "(n,)", (None,))
    at = r.astype(np.float64)[:, None]
    shape = (len(r), 2 * l_out + 1, 3)
    total: Any = 0.0
    for weight, n, dual in zip(sphere.weights, sphere.directions, _duals(l_out, sphere.directions), strict=True):
        values = matrices(where, kernel(at * n), shape, None)
        total = total + weight * np.einsum("pab,nab...->np...", dual, values)
    return np.asarray(total).astype(r.dtype)


def _duals(l_out: int, directions: Array) -> Array:
    """K^J(n) / |K^J|² of every path, from the emitted kernel: (n, P, 2 l_out + 1, 3)."""
    one_at_a_time = np.eye(len(paths(l_out, "")))
    forms = getattr(cpu, f"kernel_1_{l_out}")(directions[:, None], one_at_a_time)
    return np.asarray(forms / np.sum(forms**2, axis=(-2, -1), keepdims=True))
