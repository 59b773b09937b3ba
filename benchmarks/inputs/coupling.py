"""The definition of general kernels in float64: harmonics as polynomials, and the coefficients that couple them.

K^p_ab(r̂) = Σ_m Q^p_m;ab Y_m(r̂) / λ_p, both exact (derive/coupling.py, derive/harmonics.py) until they are rounded here;
λ_p is 1/√(4π) but for the Cartesian forms of the catalogue, whose radial functions are contracted (theorem T4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp
from pocket_tfn.derive.catalogue import pair
from pocket_tfn.derive.coupling import real_clebsch_gordan
from pocket_tfn.derive.harmonics import orders, real_harmonic
from pocket_tfn.derive.symbols import DIRECTION

from benchmarks.inputs.graph import Float64

Powers = tuple[int, int, int]


@dataclass(frozen=True)
class Coupling:
    """One path: `coefficients[m, a, b]`, (2 l_f + 1, 2 l_out + 1, 2 l_in + 1), with 1 / λ in them."""

    l_f: int
    coefficients: Float64


@cache
def couplings(l_in: int, l_out: int) -> tuple[Coupling, ...]:
    """Every path l_in → l_out, ascending in l_f."""
    return tuple(
        Coupling(p.l_f, _floats(real_clebsch_gordan(l_in, p.l_f, l_out)) / float(p.contraction_constant))
        for p in pair(l_in, l_out).paths
    )


@cache
def polynomials(l: int) -> tuple[dict[Powers, float], ...]:
    """Y_lm of a unit vector for m = -l..l: the coefficient of each x^i y^j z^k."""
    return tuple(
        {powers: float(c) for powers, c in sp.Poly(real_harmonic(l, m), *DIRECTION).terms()} for m in orders(l)
    )


def harmonics(l: int, units: Float64) -> Float64:
    """Y_lm of unit vectors (E, 3): (E, 2l + 1)."""
    powers = units[:, :, None] ** np.arange(l + 1)
    values = [
        sum(
            (c * powers[:, 0, i] * powers[:, 1, j] * powers[:, 2, k] for (i, j, k), c in p.items()),
            np.zeros(len(units)),
        )
        for p in polynomials(l)
    ]
    return np.stack(values, axis=1)


def kernels(l_in: int, l_out: int, units: Float64) -> Float64:
    """K^p at unit vectors (E, 3): (E, P, 2 l_out + 1, 2 l_in + 1)."""
    each = [np.einsum("em,mab->eab", harmonics(c.l_f, units), c.coefficients) for c in couplings(l_in, l_out)]
    return np.stack(each, axis=1)


def degrees_f(l_in: int, l_out: int) -> Sequence[int]:
    """The l_f of the paths, ascending: the order of `radial[:, p, :]`."""
    return range(abs(l_in - l_out), l_in + l_out + 1)


def _floats(array: sp.ImmutableDenseNDimArray) -> Float64:
    return np.array([float(v) for v in sp.flatten(array)]).reshape(array.shape)
