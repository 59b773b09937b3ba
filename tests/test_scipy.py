"""The exact harmonics against SciPy's (l <= 6) and SymPy's own (l <= 3), and the dictionary T4 with SciPy's.

SciPy and SymPy have complex harmonics with the Condon-Shortley sign (-1)^m; the real ones here are without it:

    Y_l,+m = √2 (-1)^m Re Y_l^m,      Y_l,-m = √2 (-1)^m Im Y_l^m      (m > 0)
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pocket_tfn
import pytest
import sympy as sp
from pocket_tfn.derive.coupling import real_clebsch_gordan
from pocket_tfn.derive.harmonics import orders, real_harmonics
from pocket_tfn.derive.symbols import DIRECTION
from scipy.special import sph_harm_y

from tests import inputs, oracles
from tests.tolerances import Array, assert_close, tolerance

VECTORS = oracles.unit(inputs.directions(np.random.default_rng(0), 400), np.float64)
PATHS = [(l, p) for l in oracles.L_OUT for p in range(oracles.n_paths(l))]


def scipy_harmonics(l: int) -> Array:
    """Real harmonics (samples, m = -l..l) from SciPy's complex ones."""
    x, y, z = VECTORS.T
    polar, azimuth = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
    columns = []
    for m in range(-l, l + 1):
        value = sph_harm_y(l, abs(m), polar, azimuth) * (-1) ** m
        part = value.real if m >= 0 else value.imag
        columns.append(part * (math.sqrt(2) if m else 1))
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("l", range(7))
def test_real_harmonics_are_scipys(l: int) -> None:
    """Order, sign and normalisation, relative to √((2l+1)/4π), the norm of the vector of harmonics."""
    ours = sp.lambdify(DIRECTION, list(real_harmonics(l)), "numpy")(*VECTORS.T)
    got = np.stack([np.broadcast_to(v, len(VECTORS)) for v in ours], axis=-1).astype(float)
    scale = math.sqrt((2 * l + 1) / (4 * math.pi))
    # Expanded polynomials of degree l cancel among terms that grow with l: 2^l eps is ample for l <= 6.
    limit = tolerance(float).peer * 2**l
    assert_close(got, scipy_harmonics(l), scale, limit=limit, dtype=float, axis=-1)


@pytest.mark.parametrize("l", range(4))
def test_real_harmonics_are_sympys_exactly(l: int) -> None:
    """As functions of the angles, with SymPy's Ynm; the difference is reduced to zero, not sampled."""
    theta, phi = sp.symbols("theta phi", real=True)
    point = (sp.sin(theta) * sp.cos(phi), sp.sin(theta) * sp.sin(phi), sp.cos(theta))
    for m, ours in zip(orders(l), real_harmonics(l), strict=True):
        angular = ours.subs(dict(zip(DIRECTION, point, strict=True)), simultaneous=True)
        y = sp.Ynm(l, abs(m), theta, phi).expand(func=True)
        conjugate = (-1) ** m * sp.Ynm(l, -abs(m), theta, phi).expand(func=True)
        part = y if m == 0 else (y + conjugate if m > 0 else (y - conjugate) / sp.I) / sp.sqrt(2)
        assert vanishes(angular - (-1) ** m * part, theta, phi), (l, m)


def vanishes(value: sp.Expr, theta: sp.Symbol, phi: sp.Symbol) -> bool:
    """Exactly: sines and cosines become polynomials in s, c, u, v, reduced by s² + c² = u² + v² = 1."""
    s, c, u, v = sp.symbols("s c u v")
    # SymPy writes P_lm with √(1 - cos²θ) or √(sin²θ), which is sin θ on 0 <= θ <= π.
    value = value.replace(
        lambda e: e.is_Pow and e.exp == sp.Rational(1, 2) and e.base.has(theta),
        lambda e: sp.sqrt(sp.factor(sp.trigsimp(e.base))).subs(sp.sqrt(sp.sin(theta) ** 2), sp.sin(theta)),
    ).subs(sp.Abs(sp.sin(theta)), sp.sin(theta))
    value = sp.expand(sp.expand(value, func=True), complex=False)
    value = sp.expand(value.rewrite(sp.exp).replace(sp.exp, lambda a: _euler(a, phi, theta, (s, c, u, v))))
    value = value.subs({sp.sin(theta): s, sp.cos(theta): c, sp.sin(phi): u, sp.cos(phi): v})
    assert not value.has(theta) and not value.has(phi), value
    numerator = sp.expand(value)
    _, rest = sp.reduced(numerator, [s**2 + c**2 - 1, u**2 + v**2 - 1], s, u, c, v)
    return bool(sp.expand(rest) == 0)


def _euler(argument: sp.Expr, phi: sp.Symbol, theta: sp.Symbol, names: tuple[sp.Symbol, ...]) -> sp.Expr:
    """exp(i k φ) as (v + i u)^k and exp(i k θ) as (c + i s)^k, negative k by the conjugate."""
    s, c, u, v = names
    for angle, sine, cosine in ((theta, s, c), (phi, u, v)):
        k = sp.simplify(argument / (sp.I * angle))
        if k.is_Integer:
            return (cosine + sp.sign(k) * sp.I * sine) ** abs(k)
    raise AssertionError(f"unexpected exponential of {argument}")


def test_the_exact_check_can_fail() -> None:
    """A wrong sign, and a wrong normalisation, leave a residue."""
    theta, phi = sp.symbols("theta phi", real=True)
    assert vanishes(sp.sin(theta) ** 2 + sp.cos(theta) ** 2 - 1, theta, phi)
    assert not vanishes(sp.sin(theta) ** 2 - sp.cos(theta) ** 2 - 1, theta, phi)
    assert not vanishes(sp.sin(phi) * sp.Rational(1, 10**9), theta, phi)


@pytest.mark.parametrize(("l_out", "channel"), PATHS)
def test_dictionary(l_out: int, channel: int) -> None:
    """T4 in numbers: Σ_m Y_m Q_m = λ (form), with SciPy's harmonics, the hand-written form and the published λ."""
    l_f = oracles.DEGREES[l_out][channel]
    q = np.array(real_clebsch_gordan(1, l_f, l_out).tolist(), float)
    contracted = np.einsum("nm,mab->nab", scipy_harmonics(l_f), q)
    form = oracles.forms(l_out, VECTORS, np.float64)[:, channel]
    catalogue = json.loads((Path(pocket_tfn.__path__[0]) / "catalogue.json").read_text())
    (entry,) = [e for e in catalogue["paths"] if e["path"] == f"1x{l_f}->{l_out}"]
    assert entry["radial_index"][f"1_{l_out}"] == channel
    published = entry["lambda"]["float"]
    n, d = oracles.SQUARED_NORMS[l_out][channel]
    # Rows of Q are orthonormal, so |Σ Y_m Q_m|² = (2 l_out + 1) / 4π, and the form's square is n / d.
    by_hand = math.sqrt((2 * l_out + 1) / (4 * math.pi) / (n / d))
    assert abs(abs(published) - by_hand) <= tolerance(float).value * by_hand
    assert float(sp.sympify(entry["lambda"]["exact"])) == published
    size = math.sqrt((2 * l_out + 1) / (4 * math.pi))
    limit = tolerance(float).peer
    assert_close(contracted, published * form, size, limit=limit, dtype=float, axis=(-2, -1))
