"""The radial functions with which the pocket kernel is the average of an arbitrary kernel over all rotations.

Source: theorem T8; Weiler et al., *3D Steerable CNNs*, arXiv:1807.02547, for kernels spanned by such a basis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from pocket_tfn import cpu

from . import checks
from .checks import Array, whole_number
from .group_convolution import MatrixKernel, matrices
from .paths import paths
from .sphere_rules import SphereQuadrature

# What of a mean over the sphere is rounding, relative to that of Σ|k_ac|.  Each of M terms w_s ⟨dual(n_s), k(r n_s)⟩
# is off by its own sums over at most 15 entries, by weights, directions and the forms of K^J, which are off by up to
# 8 eps each, and by k, which a caller computes to some eps: some 36 eps in all.  Adding them up adds M/2 eps at most,
# and about √M/2 as signs fall: 64 holds for certain up to 56 directions, and for thousands as they fall.
_ROUNDING = 64 * np.finfo(np.float64).eps
#: And of k itself, in units of the last place of what it returned, which may be float32.
_KERNEL_ULPS = 4


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
        |r|.  At 0 all paths but that of l_f = 0 vanish, as in the kernels (theorem T10).
    l_out : 0, 1 or 2
        Degree of the output.
    sphere : SphereQuadrature
        Exact if its degree is that of k in r̂, and l_out + 1 more.

    Returns
    -------
    (n, P) or (n, P, C), in the dtype of distances, rounded from float64.  What is nothing but rounding is 0:
    |ρ_J| |K^J| below 64 eps of the mean of Σ_ac |k_ac| over the sphere, or 4 eps of float32 if k returns that.

    Raises
    ------
    TypeError
        If l_out is no integer, kernel cannot be called or returns other than real numbers, sphere is no
        SphereQuadrature, or a dtype is none of the above.
    ValueError
        If there is no such kernel, a shape does not fit, of what kernel returns too, or a distance is negative, NaN or
        infinite.
    """
    where = "averaged_radial"
    if whole_number(f"{where}: l_out", l_out) > 2:
        raise ValueError(f"{where}: l_out must be 0, 1 or 2, got {l_out!r}")
    checks.function(where, "kernel", kernel)
    checks.instance(where, "sphere", sphere, SphereQuadrature)
    r = checks.finite_array(where, "distances", distances, "(n,)", (None,))
    if (r < 0).any():
        raise ValueError(f"{where}: distances must not be negative, got {r.min()}")
    at = r.astype(np.float64)[:, None]
    shape = (len(r), 2 * l_out + 1, 3)
    duals = _duals(l_out, sphere.directions)
    largest = np.linalg.norm(duals[0], axis=(-2, -1))  # 1 / |K^J|, which bounds every entry of the dual
    total: Any = 0.0
    rounding: Any = 0.0
    for weight, n, dual in zip(sphere.weights, sphere.directions, duals, strict=True):
        values = matrices(where, kernel(at * n), shape, None)
        total = total + weight * np.einsum("pab,nab...->np...", dual, values)
        sizes = np.abs(values * (weight * _relative_rounding(values.dtype))).sum(axis=(1, 2))  # (n,) or (n, C)
        rounding = rounding + np.einsum("p,n...->np...", largest, sizes)
    # Without this a path that k lacks is noise, of which no table can be made: every tolerance is relative to its path.
    return np.where(np.abs(total) < rounding, 0.0, total).astype(r.dtype)


def _relative_rounding(dtype: np.dtype[Any]) -> float:
    """What a kernel's values of this dtype, and the sum over them, are off by."""
    own = float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0
    return max(_ROUNDING, _KERNEL_ULPS * own)


def _duals(l_out: int, directions: Array) -> Array:
    """K^J(n) / |K^J|² of every path, from the emitted kernel: (n, P, 2 l_out + 1, 3)."""
    one_at_a_time = np.eye(len(paths(l_out, "")))
    forms = getattr(cpu, f"kernel_1_{l_out}")(directions[:, None], one_at_a_time)
    return np.asarray(forms / np.sum(forms**2, axis=(-2, -1), keepdims=True))
