"""Real Clebsch-Gordan coefficients, exactly: against SymPy's 3j symbols, Gaunt's integrals and e3nn.

The change of basis used here is written the other way round (complex harmonics from real ones) and the coupling comes
from 3j symbols rather than from Clebsch-Gordan coefficients, so that it shares nothing with derive/coupling.py.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import sympy as sp
import torch
from e3nn import o3
from pocket_tfn.derive.coupling import check_triangle, contraction, real_clebsch_gordan
from pocket_tfn.derive.harmonics import (
    component_generator,
    components_from_orders,
    orders,
    real_harmonic,
    sphere_integral,
)
from pocket_tfn.derive.symbols import DIRECTION
from sympy.physics.wigner import clebsch_gordan, wigner_3j

TRIPLES = [t for t in product(range(4), repeat=3) if abs(t[0] - t[2]) <= t[1] <= t[0] + t[2]]


def in_orders(q: sp.NDimArray, l_out: int, l_in: int) -> dict[tuple[int, int, int], sp.Expr]:
    """Q by (m, M, μ), all of them orders: components of degree 1 are put back into the order y, z, x."""
    back = {l: components_from_orders(l).T for l in {l_out, l_in}}
    places = {l: [next(j for j in range(2 * l + 1) if back[l][i, j]) for i in range(2 * l + 1)] for l in back}
    n = range(q.shape[0])
    l_f = (q.shape[0] - 1) // 2
    return {
        (m - l_f, a - l_out, b - l_in): q[m, places[l_out][a], places[l_in][b]]
        for m in n
        for a in range(2 * l_out + 1)
        for b in range(2 * l_in + 1)
    }


def complex_from_real(l: int, m: int) -> dict[int, sp.Expr]:
    """Y_l^m = (-1)^m (Y_l,|m| + i Y_l,-|m|)/√2 for m > 0, its conjugate times (-1)^m for m < 0."""
    if m == 0:
        return {0: sp.S.One}
    half = 1 / sp.sqrt(2)
    return {m: (-1) ** m * half, -m: (-1) ** m * sp.I * half} if m > 0 else {-m: half, m: -sp.I * half}


def from_3j(l_in: int, l_f: int, l_out: int) -> dict[tuple[int, int, int], sp.Expr]:
    """<l_in μ; l_f m | l_out M> from 3j symbols, every index taken to the real basis."""
    total: dict[tuple[int, int, int], sp.Expr] = {}
    minus = sp.Integer(-1)
    phase = sp.I ** (l_in + l_f - l_out) * minus ** (l_in - l_f) * sp.sqrt(2 * l_out + 1)
    for mu, nu in product(orders(l_in), orders(l_f)):
        big = mu + nu
        if abs(big) > l_out:
            continue
        value = phase * minus**big * wigner_3j(l_in, l_f, l_out, mu, nu, -big)
        for (b, cb), (m, cm), (a, ca) in product(
            complex_from_real(l_in, mu).items(),
            complex_from_real(l_f, nu).items(),
            complex_from_real(l_out, big).items(),
        ):
            # Kets transform with the coefficients, the bra of the output with their conjugates.
            total[m, a, b] = total.get((m, a, b), 0) + value * cb * cm * sp.conjugate(ca)
    return {k: sp.expand(v) for k, v in total.items()}


@pytest.mark.parametrize("triple", TRIPLES, ids=str)
def test_equals_3j_symbols_in_the_real_basis(triple: tuple[int, int, int]) -> None:
    """Entry by entry, with ==."""
    l_in, _, l_out = triple
    ours = in_orders(real_clebsch_gordan(*triple), l_out, l_in)
    theirs = from_3j(*triple)
    assert set(theirs) <= set(ours)
    assert all(sp.simplify(ours[k] - theirs.get(k, 0)) == 0 for k in ours)


@pytest.mark.parametrize("triple", TRIPLES, ids=str)
def test_real_and_orthonormal(triple: tuple[int, int, int]) -> None:
    """Every coefficient is a signed root of a rational; Σ_m,b Q_m;ab Q_m;a'b = δ_aa', and so for the other indices."""
    l_in, l_f, l_out = triple
    q = real_clebsch_gordan(*triple)
    assert q.shape == (2 * l_f + 1, 2 * l_out + 1, 2 * l_in + 1)
    assert all((v**2).is_Rational for v in sp.flatten(q))
    sizes = q.shape
    for axis, norm in ((1, 1), (0, sp.Rational(sizes[1], sizes[0])), (2, sp.Rational(sizes[1], sizes[2]))):
        others = [range(n) for i, n in enumerate(sizes) if i != axis]
        for first, second in product(range(sizes[axis]), repeat=2):
            if first > second:
                continue
            places = [[(*rest[:axis], k, *rest[axis:]) for k in (first, second)] for rest in product(*others)]
            total = sum(q[u] * q[v] for u, v in places)
            assert sp.expand(total) == (norm if first == second else 0)


@pytest.mark.parametrize("triple", TRIPLES, ids=str)
def test_intertwines(triple: tuple[int, int, int]) -> None:
    """The tensor is annihilated by the joint generators: with Schur's lemma this determines it but for a sign."""
    l_in, l_f, l_out = triple
    q = real_clebsch_gordan(*triple)
    n_f, n_out, n_in = q.shape
    matrices = [sp.Matrix(n_out, n_in, lambda a, b, m=m: q[m, a, b]) for m in range(n_f)]
    p = components_from_orders(l_f)
    for axis in (0, 2):  # two axes generate the third
        g_out, g_in = component_generator(l_out, axis), component_generator(l_in, axis)
        g_f = p.T * component_generator(l_f, axis) * p
        for m, matrix in enumerate(matrices):
            turned = sum((g_f[k, m] * matrices[k] for k in range(n_f) if g_f[k, m]), sp.zeros(n_out, n_in))
            assert (turned - g_out * matrix - matrix * g_in.T).expand() == sp.zeros(n_out, n_in)


EVEN = [t for t in TRIPLES if sum(t) % 2 == 0 and sum(t) <= 6]


@pytest.mark.parametrize("triple", EVEN, ids=str)
def test_proportional_to_gaunt_integrals(triple: tuple[int, int, int]) -> None:
    """∫ Y_a Y_m Y_b dΩ = √((2 l_in + 1)(2 l_f + 1)/(4π (2 l_out + 1))) <l_in 0; l_f 0 | l_out 0> Q, up to the phase:
    no basis is changed."""
    l_in, l_f, l_out = triple
    factor = sp.sqrt(sp.Rational((2 * l_in + 1) * (2 * l_f + 1), 4 * (2 * l_out + 1))) / sp.sqrt(sp.pi)
    factor *= clebsch_gordan(l_in, l_f, l_out, 0, 0, 0) * (-1) ** ((l_in + l_f - l_out) // 2)
    for (m, a, b), q in in_orders(real_clebsch_gordan(*triple), l_out, l_in).items():
        gaunt = sphere_integral(sp.expand(real_harmonic(l_out, a) * real_harmonic(l_f, m) * real_harmonic(l_in, b)))
        assert sp.simplify(gaunt - factor * q) == 0


def test_by_hand() -> None:
    """1 ⊗ 1 → 0 is the dot product over √3; 1 ⊗ 1 → 1 the cross product over √2; 1 ⊗ 0 → 1 the identity."""
    f = sp.symbols("fx fy fz")
    x, y, z = DIRECTION
    scale = 1 / (2 * sp.sqrt(sp.pi))
    dot = contraction(1, 1, 0) * sp.Matrix(f)
    assert sp.expand(dot[0] - scale * (x * f[0] + y * f[1] + z * f[2])) == 0
    cross = contraction(1, 1, 1) * sp.Matrix(f)
    wanted = sp.Matrix(DIRECTION).cross(sp.Matrix(f)) * scale * sp.sqrt(3) / sp.sqrt(2)
    assert (cross - wanted).expand() == sp.zeros(3, 1)
    assert contraction(1, 0, 1) == scale * sp.eye(3)


def e3nn_coupling(l_in: int, l_f: int, l_out: int) -> np.ndarray:
    """√(2 l_out + 1) times e3nn's w_3j as [m, a, b], where components of degree 1 are put into the order x, y, z.

    e3nn's polar axis is y: fed with (y, z, x) its harmonics are ours (tests/test_e3nn.py), so its orders are ours.
    """
    w = o3.wigner_3j(l_in, l_f, l_out, dtype=torch.float64).numpy().transpose(1, 2, 0) * np.sqrt(2 * l_out + 1)
    out = np.array(components_from_orders(l_out).tolist(), float)
    ins = np.array(components_from_orders(l_in).tolist(), float)
    return np.einsum("ac,bd,mcd->mab", out, ins, w)


@pytest.mark.parametrize("triple", TRIPLES, ids=str)
def test_e3nns_up_to_a_sign(triple: tuple[int, int, int]) -> None:
    """One sign for the whole tensor, and no other factor."""
    ours = np.array(real_clebsch_gordan(*triple).tolist(), float)
    theirs = e3nn_coupling(*triple)
    sign = np.sign(np.vdot(ours, theirs))
    assert sign in (-1, 1)
    assert np.max(np.abs(ours - sign * theirs)) < 1e-12


@pytest.mark.parametrize("triple", [(1, 3, 1), (1, 0, 2), (0, 1, 0), (2, 0, 1), (0, 0, 1)], ids=str)
def test_outside_the_triangle(triple: tuple[int, int, int]) -> None:
    """One line with the degrees that would do."""
    for function in (check_triangle, real_clebsch_gordan, contraction):
        with pytest.raises(ValueError, match=rf"no coupling {triple[0]} x {triple[1]} -> {triple[2]}"):
            function(*triple)


@pytest.mark.parametrize("triple", [(-1, 0, 1), (1, -1, 0), (1, 1, -1)], ids=str)
def test_negative_degrees(triple: tuple[int, int, int]) -> None:
    """Not a coupling at all."""
    with pytest.raises(ValueError, match="degrees must be >= 0"):
        check_triangle(*triple)
