"""Clebsch-Gordan coefficients of every path with l_in, l_out <= 3 (l_f <= 6), by equality, against three sources that
share nothing with SymPy's, from which derive/coupling.py starts, nor with each other:

racah      Racah's sum, in integers and fractions
ladder     the highest state and the lowering operator, on squares of coefficients with their signs
wignernj   S. Lehtola's library (C, prime factorisation of factorials, arXiv:2605.06634): doubles, from exact integers

A coefficient is the root of a rational n/D, whose denominator D Racah's sum tells (see `denominator`), below 2^30 here:
so its double determines n, be it a few units in the last place off: other multiples of 1/D are much farther away.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import product
from math import comb, factorial, isqrt, ulp

import pytest
import sympy as sp
import wignernj
from pocket_tfn.derive import coupling
from pocket_tfn.derive.constants import hex_literal

#: ± the root of a rational, as the rational with that sign.
Root = Fraction
#: By (μ, ν): <l_in μ; l_f ν | l_out μ+ν>, zeros left out.
Table = dict[tuple[int, int], Root]
Path = tuple[int, int, int]

PATHS: list[Path] = [(i, f, o) for i in range(4) for o in range(4) for f in range(abs(i - o), i + o + 1)]


def orders(path: Path) -> list[tuple[int, int]]:
    l_in, l_f, l_out = path
    every = product(range(-l_in, l_in + 1), range(-l_f, l_f + 1))
    return [(mu, nu) for mu, nu in every if abs(mu + nu) <= l_out]


# --- three sources ------------------------------------------------------------------------------------


@cache
def racah(path: Path) -> Table:
    """G. Racah, Phys. Rev. 62 (1942) 438, eq. (16), with n = Σ_k (-1)^k C(a, k) C(b, j1-m1-k) C(c, j2+m2-k) for the sum
    and a = j1+j2-J, b = J+j1-j2, c = J+j2-j1: the square is C(2 j1, a) C(2 j2, a) n² / D."""
    j1, j2, j = path
    a, b, c = j1 + j2 - j, j + j1 - j2, j + j2 - j1
    table = {}
    for m1, m2 in orders(path):
        terms = range(max(0, j1 - m1 - b, j2 + m2 - c), min(a, j1 - m1, j2 + m2) + 1)
        n = sum((-1) ** k * comb(a, k) * comb(b, j1 - m1 - k) * comb(c, j2 + m2 - k) for k in terms)
        table[m1, m2] = Fraction(comb(2 * j1, a) * comb(2 * j2, a) * n * abs(n), denominator(path, m1, m2))
    return without_zeros(table)


def denominator(path: Path, m1: int, m2: int) -> int:
    """D, of which every squared coefficient is a multiple of the inverse."""
    j1, j2, j = path
    m = m1 + m2
    return comb(j1 + j2 + j + 1, j1 + j2 - j) * comb(2 * j1, j1 - m1) * comb(2 * j2, j2 - m2) * comb(2 * j, j - m)


def raising(j: int, m: int) -> int:
    """The squared coefficient in J_+ |j m> = √(j(j+1) - m(m+1)) |j m+1>; zero at the top."""
    return j * (j + 1) - m * (m + 1)


@cache
def ladder(path: Path) -> Table:
    """|J J> is what J_+ annihilates, of length 1, <j1 j1; j2 J-j1 | J J> > 0 (Condon and Shortley 1935, §14³).

    J_- makes the others of it.
    """
    j1, j2, j = path
    top: Table = {(j1, j - j1): Fraction(1)}
    for m1 in range(j1, max(-j1, j - j2), -1):  # the coefficients of |m1, J-m1+1> in J_+ |J J> cancel
        ratio = Fraction(raising(j2, j - m1), raising(j1, m1 - 1))
        top[m1 - 1, j - m1 + 1] = -top[m1, j - m1] * ratio
    size = sum(abs(square) for square in top.values())
    state = {at: square / size for at, square in top.items()}
    table = dict(state)
    for m in range(j, -j, -1):
        lowered: Table = {}
        for (m1, m2), square in state.items():
            for at, factor in (((m1 - 1, m2), raising(j1, m1 - 1)), ((m1, m2 - 1), raising(j2, m2 - 1))):
                lowered[at] = added(lowered.get(at, Fraction(0)), square * factor)
        state = {at: square / raising(j, m - 1) for at, square in without_zeros(lowered).items()}
        table |= state
    return table


def added(first: Root, second: Root) -> Root:
    """The sum of two roots that are commensurable: (√p + √q)² = p + q + 2 √(pq); ValueError for others."""
    mixed = abs(first * second)
    both = Fraction(isqrt(mixed.numerator), isqrt(mixed.denominator))
    if both**2 != mixed:
        raise ValueError(f"√{first} and √{second} have no common measure")
    if (first >= 0) == (second >= 0):
        return first + second + (2 * both if first >= 0 else -2 * both)
    size = abs(first) + abs(second) - 2 * both
    return size if first + second > 0 else -size


@cache
def library(path: Path) -> Table:
    """The one multiple of 1/D whose root is within a few units in the last place of wignernj's double."""
    return without_zeros(
        {(m1, m2): decided(library_double(path, m1, m2), denominator(path, m1, m2)) for m1, m2 in orders(path)}
    )


def library_double(path: Path, m1: int, m2: int) -> float:
    j1, j2, j = path
    return float(wignernj.clebsch_gordan(j1, m1, j2, m2, j, m1 + m2))


def decided(double: float, d: int) -> Root:
    """± n/d with √(n/d) the double but for rounding; ValueError if no n is so near that it must be the one."""
    scaled = Fraction(double) ** 2 * d
    n = round(scaled)
    if d >= 2**30 or abs(scaled - n) > Fraction(1, 2**10):
        raise ValueError(f"{double} is not the root of a multiple of 1/{d}")
    return Fraction(n if double >= 0 else -n, d)


def without_zeros(table: Table) -> Table:
    return {at: square for at, square in table.items() if square}


SOURCES: dict[str, Callable[[Path], Table]] = {"racah": racah, "ladder": ladder, "wignernj": library}


# --- the coefficients -----------------------------------------------------------------------------------


def exact(root: Root) -> sp.Expr:
    size = sp.sqrt(sp.Rational(abs(root).numerator, abs(root).denominator))
    return size if root >= 0 else -size


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_the_sources_agree(path: Path) -> None:
    """With each other, on all coefficients, as signed rationals; columns have length 1."""
    assert racah(path) == ladder(path) == library(path)
    for m in range(-path[2], path[2] + 1):
        assert sum(abs(square) for (mu, nu), square in racah(path).items() if mu + nu == m) == 1


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_what_coupling_starts_from(path: Path) -> None:
    """The Condon-Shortley coefficients that derive/coupling.py calls for, exactly."""
    l_in, l_f, l_out = path
    for mu, nu in orders(path):
        ours = coupling.clebsch_gordan(l_in, l_f, l_out, mu, nu, mu + nu)
        assert ours == exact(racah(path).get((mu, nu), Fraction(0))), (mu, nu)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_rounding_agrees_with_the_library(path: Path) -> None:
    """Our printer's floats of the exact numbers are wignernj's, within two units in the last place.

    More cannot be asked of version 0.8.0: for <3 -2; 4 0 | 3 -2> it is two off, for <1/2 1/2; 1/2 -1/2 | 0 0> one.
    """
    for (mu, nu), square in racah(path).items():
        size = float.fromhex(hex_literal(exact(abs(square)), 53))
        theirs = library_double(path, mu, nu)
        assert (theirs > 0) == (square > 0)
        assert abs(abs(theirs) - size) <= 2 * ulp(size), (mu, nu)


# --- in the real basis ----------------------------------------------------------------------------------


def complex_from_real(l: int) -> dict[int, dict[int, sp.Expr]]:
    """Y_l^m = Σ_k V_mk Y_lk: (-1)^m (Y_l,m + i Y_l,-m)/√2 and (Y_l,m - i Y_l,-m)/√2 for order -m, m > 0."""
    half = 1 / sp.sqrt(2)
    v: dict[int, dict[int, sp.Expr]] = {0: {0: sp.S.One}}
    for m in range(1, l + 1):
        v[m] = {m: (-1) ** m * half, -m: (-1) ** m * sp.I * half}
        v[-m] = {m: half, -m: -sp.I * half}
    return v


def place(l: int, m: int) -> int:
    """Of the component: Cartesian x, y, z for l = 1, where the orders 1, -1, 0 are these."""
    return {1: 0, -1: 1, 0: 2}[m] if l == 1 else m + l


def real_tensor(path: Path, table: Table) -> dict[tuple[int, int, int], sp.Expr]:
    """Q[m, a, b] = i^(l_in + l_f - l_out) Σ V*_Ma <l_in μ; l_f ν | l_out M> V_μb V_νm, zeros left out.

    f_in ⊗ Y_f in complex components, coupled, and the result solved for its real components: V is unitary.
    """
    l_in, l_f, l_out = path
    v_in, v_f, v_out = (complex_from_real(l) for l in path)
    phase = sp.I ** (l_in + l_f - l_out)
    q: dict[tuple[int, int, int], sp.Expr] = {}
    for (mu, nu), root in table.items():
        value = phase * exact(root)
        for (b, vb), (m, vm), (a, va) in product(v_in[mu].items(), v_f[nu].items(), v_out[mu + nu].items()):
            at = (m + l_f, place(l_out, a), place(l_in, b))
            q[at] = q.get(at, sp.S.Zero) + value * vb * vm * sp.conjugate(va)
    expanded = {at: sp.expand(value) for at, value in q.items()}
    return {at: value for at, value in expanded.items() if value != 0}


def our_tensor(path: Path) -> dict[tuple[int, int, int], sp.Expr]:
    q = coupling.real_clebsch_gordan(*path)
    n_f, n_out, n_in = q.shape
    entries = {at: q[at] for at in product(range(n_f), range(n_out), range(n_in))}
    return {at: value for at, value in entries.items() if value != 0}


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_real_tensors(path: Path) -> None:
    """Every entry of Q of every path, with ==; and the same entries vanish."""
    assert our_tensor(path) == real_tensor(path, library(path))


# --- the comparison can fail ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOURCES)
def test_wrong_coefficients_are_noticed(name: str) -> None:
    """A sign, a numerator, one coefficient too few, and the two couplings exchanged."""
    path = (2, 1, 2)
    right = SOURCES[name](path)
    at = min(right)
    exchanged = {(mu, nu): square for (nu, mu), square in SOURCES[name]((1, 2, 2)).items()}
    for wrong in (
        {**right, at: -right[at]},
        {**right, at: right[at] * Fraction(2, 3)},
        {k: v for k, v in right.items() if k != at},
        exchanged,
    ):
        assert real_tensor(path, wrong) != our_tensor(path)
    assert real_tensor(path, right) == our_tensor(path)


def test_doubles_that_decide_nothing_are_refused() -> None:
    """Half a multiple; and a relative error of 2^-38 in the largest denominator here."""
    worst = max((denominator(p, *at), p, at) for p in PATHS for at in orders(p))[0]
    assert 2**29 < worst < 2**30
    with pytest.raises(ValueError, match="not the root"):
        decided((0.5 / worst) ** 0.5, worst)
    with pytest.raises(ValueError, match="not the root"):
        decided((1 + 2.0**-38) * ((worst - 1) / worst) ** 0.5, worst)
    assert decided(-(((worst - 1) / worst) ** 0.5), worst) == Fraction(1 - worst, worst)


def test_sums_of_roots() -> None:
    """√8 - √2 = √2, √2 - √8 = -√2, and 1 + √2 is not a root."""
    assert added(Fraction(8), Fraction(-2)) == 2
    assert added(Fraction(2), Fraction(-8)) == -2
    assert added(Fraction(-2), Fraction(-8)) == -18
    assert added(Fraction(2), Fraction(-2)) == 0
    with pytest.raises(ValueError, match="no common measure"):
        added(Fraction(1), Fraction(2))


def test_racahs_sum_as_it_is_usually_written() -> None:
    """Factorials (Varshalovich, *Quantum Theory of Angular Momentum*, 1988, §8.2.1, eq. 3) in place of binomials."""
    f = factorial
    for path in PATHS:
        j1, j2, j = path
        a, b, c = j1 + j2 - j, j + j1 - j2, j + j2 - j1
        for m1, m2 in orders(path):
            m = m1 + m2
            low, high = max(0, j2 - j - m1, j1 + m2 - j), min(a, j1 - m1, j2 + m2)
            total = Fraction(0)
            for k in range(low, high + 1):
                below = f(k) * f(a - k) * f(j1 - m1 - k) * f(j2 + m2 - k) * f(j - j2 + m1 + k) * f(j - j1 - m2 + k)
                total += Fraction((-1) ** k, below)
            square = Fraction((2 * j + 1) * f(a) * f(b) * f(c), f(j1 + j2 + j + 1))
            for spin, order in ((j1, m1), (j2, m2), (j, m)):
                square *= f(spin + order) * f(spin - order)
            assert racah(path).get((m1, m2), 0) == square * total * abs(total)
