"""Changes of basis to the conventions of other libraries, exactly, for any degree.

Every matrix here acts on *components* of this package (for l = 1 Cartesian x, y, z; otherwise m = -l..l):

    harmonics     Y_new(r̂) = B Y(r̂),        for every r̂, the vector (x, y, z) being the same in both conventions
    features      f_new = B f               (f transforms as Y does; the c of Σ c_m Y_m go by the conjugate of B)
    rotations     D_new(R) = B D(R) B^†
    kernels       K_new = B_out K B_in^†    so that K_new f_new = B_out (K f)

The conventions, all orthonormal on the sphere:

e3nn
    Real, no Condon-Shortley sign, but the polar axis is y: its harmonic of degree l, order m is ours of (z, x, y) in
    place of (x, y, z) (e3nn 0.6, ``o3/_angular_spherical_harmonics.py``).  For l = 1 its components are x, y, z, as
    ours.  This is normalization="integral"; "component" is √(4π) times that, "norm" √(4π/(2l+1)) times.
Condon-Shortley
    Real, with the sign (-1)^m that the associated Legendre functions of Condon and Shortley (*The Theory of Atomic
    Spectra*, 1935, §4³) bring along: Y_l,m and Y_l,-m are √2 Re Y_l^m and √2 Im Y_l^m for m > 0; order m = -l..l.
SciPy
    Complex, with that sign, m = -l..l: ``scipy.special.sph_harm_y(l, m, theta, phi)``, theta the polar angle, and
    SymPy's Ynm(l, m, theta, phi).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import sympy as sp

from .coupling import real_from_complex
from .fischer import Terms, inner, over_root
from .harmonics import components_from_orders, orders, solid_terms


@cache
def to_e3nn(l: int) -> sp.ImmutableMatrix:
    """B, (2l + 1) x (2l + 1), real and orthogonal: e3nn's components of degree l from ours.

    D^l of the rotation C: (x, y, z) ↦ (z, x, y).  Entries are the inner products of turned harmonics S∘C with
    harmonics T, each ± the square root of a rational,

        <S∘C, T> / √(<S, S> <T, T>),        <p, q> = p(∂) q        (:mod:`fischer`).

    Raises ValueError for a negative degree.
    """
    harmonics = [solid_terms(l, m) for m in _orders(l)]
    sizes = [inner(p, p) for p in harmonics]
    turned: list[Terms] = [{(b, c, a): value for (a, b, c), value in p.items()} for p in harmonics]  # of (z, x, y)
    between = sp.Matrix(
        2 * l + 1, 2 * l + 1, lambda m, n: over_root(inner(turned[m], harmonics[n]), sizes[m] * sizes[n])
    )
    return sp.ImmutableMatrix(between * components_from_orders(l).T)


@cache
def to_condon_shortley(l: int) -> sp.ImmutableMatrix:
    """B, (2l + 1) x (2l + 1): real harmonics with the Condon-Shortley sign, m = -l..l, from our components.

    Raises ValueError for a negative degree.
    """
    signs = sp.diag(*((-1) ** (m % 2) for m in _orders(l)))
    return sp.ImmutableMatrix(signs * components_from_orders(l).T)


@cache
def to_scipy(l: int) -> sp.ImmutableMatrix:
    """B, (2l + 1) x (2l + 1), complex and unitary: SciPy's and SymPy's Y_l^m, m = -l..l, from our components.

    The conjugate transpose of :func:`~pocket_tfn.derive.coupling.real_from_complex`.  Raises ValueError for a negative
    degree.
    """
    _orders(l)
    return sp.ImmutableMatrix(real_from_complex(l).H * components_from_orders(l).T)


#: By the name that the emitted module gives them.
CONVENTIONS: dict[str, Callable[[int], sp.ImmutableMatrix]] = {
    "e3nn": to_e3nn,
    "condon_shortley": to_condon_shortley,
    "scipy": to_scipy,
}


def _orders(l: int) -> range:
    """m = -l..l; ValueError for a negative degree."""
    if l < 0:
        raise ValueError(f"degrees are >= 0, got {l}")
    return orders(l)
