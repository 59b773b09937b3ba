"""Chains and links, exactly: against tensors contracted index by index, identities and coefficients worked out by hand,
and the contraction of Clebsch-Gordan coefficients with harmonics, for every path up to degree 3."""

from __future__ import annotations

from itertools import product

import pytest
import sympy as sp
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pocket_tfn.derive.cartesian import component_basis
from pocket_tfn.derive.catalogue import Pair, pair, path
from pocket_tfn.derive.chain_form import chain_form, chain_kernel
from pocket_tfn.derive.chains import Link, chain, links, lowered, lowering, raised, raising, turning
from pocket_tfn.derive.coupling import contraction
from pocket_tfn.derive.exact import SphereRing
from pocket_tfn.derive.matrix_form import matrix_form, weighted_messages
from pocket_tfn.derive.symbols import DIRECTION

from tests.general import DEGREES, HIGHEST, TRIPLES, executed, slow_from

X, Y, Z = DIRECTION
N = X * X + Y * Y + Z * Z
V = sp.symbols("v1:4")
#: Generators of degree 4 take seconds.
RANKS = [1, 2, 3, pytest.param(4, marks=pytest.mark.slow)]


RING = SphereRing(free=[*DIRECTION, *V], primes=(2, 3, 5, 7, 11, 13))


def same(left: sp.Matrix, right: sp.Matrix) -> bool:
    """Entry by entry, as polynomials."""
    entries = zip(left, right, strict=True)
    return left.shape == right.shape and all(RING.normal_form(a) == RING.normal_form(b) for a, b in entries)


def cross() -> sp.Matrix:
    """[r]×, by hand."""
    return sp.Matrix([[0, -Z, Y], [Z, 0, -X], [-Y, X, 0]])


def product_of(matrix: sp.Matrix) -> sp.Matrix:
    """M Mᵀ."""
    return matrix * matrix.T


# --- the three maps -------------------------------------------------------------------------------------


@pytest.mark.parametrize("l", range(1, 4))
def test_lowering_is_a_contraction_with_r(l: int) -> None:
    """Index by index with the tensors themselves: E'_{a..} E_{a..b} r_b."""

    def entry(row: int, column: int) -> sp.Expr:
        above, below = component_basis(l)[column], component_basis(l - 1)[row]
        places = product(range(3), repeat=l - 1)
        return sum(
            (below[at] if at else below[()]) * above[(*at, b)] * r for at in places for b, r in enumerate(DIRECTION)
        )

    assert same(lowering(l), sp.Matrix(2 * l - 1, 2 * l + 1, entry))


def test_lowering_by_hand() -> None:
    """T r for the five components xy, yz, 3zz-rr, xz, xx-yy of unit length; r·v of a vector."""
    assert lowering(1) == sp.Matrix([[X, Y, Z]])
    half, sixth = 1 / sp.sqrt(2), 1 / sp.sqrt(6)
    columns = [(Y, X, 0), (0, Z, Y), (-X / sp.sqrt(3), -Y / sp.sqrt(3), 2 * Z / sp.sqrt(3)), (Z, 0, X), (X, -Y, 0)]
    assert same(lowering(2), half * sp.Matrix(columns).T)
    assert same(half * sp.Matrix(columns[2:3]), sixth * sp.Matrix([[-X, -Y, 2 * Z]]))


def test_raising_is_the_symmetric_traceless_part() -> None:
    """Of v r, as a matrix: (v rᵀ + r vᵀ)/2 - (v·r)/3."""
    v, r = sp.Matrix(V), sp.Matrix(DIRECTION)
    components = raising(2) * v
    found = sum((c * sp.Matrix(e.tolist()) for c, e in zip(components, component_basis(2), strict=True)), sp.zeros(3))
    assert same(found, (v * r.T + r * v.T) / 2 - v.dot(r) / 3 * sp.eye(3))
    for l in range(1, 4):
        assert raising(l) == lowering(l).T


@pytest.mark.parametrize("l", RANKS)
def test_descent_and_ascent(l: int) -> None:
    """L_l L_lᵀ = (n + (l-1)(2l-3)/(2l-1) L_{l-1}ᵀ L_{l-1}) / l, from p ↦ (r·s) p - |s|² r·∇p/(2l-1) for a harmonic p of
    degree l-1, then r·∇/l."""
    below = product_of(raising(l - 1)) if l > 1 else sp.zeros(1)
    weight = sp.Rational((l - 1) * (2 * l - 3), 2 * l - 1)
    assert same(product_of(lowering(l)), (N * sp.eye(2 * l - 1) + weight * below) / l)


@pytest.mark.parametrize("l", RANKS)
def test_turning(l: int) -> None:
    """Antisymmetric, linear; C² from L, as both keep m about r: -m² = l(2l-1) (l² - m²)/(l(2l-1)) - l²."""
    c = turning(l)
    assert same(c.T, -c)
    assert all(e == 0 or sp.Poly(e, *DIRECTION).homogeneous_order() == 1 for e in c)
    assert same(product_of(c), l**2 * N * sp.eye(2 * l + 1) - l * (2 * l - 1) * product_of(raising(l)))


def test_turning_by_hand() -> None:
    """[r]×, whose action on matrices is [r]× T - T [r]×; scalars do not turn."""
    assert turning(0) == sp.zeros(1)
    assert turning(1) == cross()
    basis = [sp.Matrix(e.tolist()) for e in component_basis(2)]
    turned = [cross() * e - e * cross() for e in basis]
    assert same(turning(2), sp.Matrix(5, 5, lambda m, n: (basis[m].T * turned[n]).trace()))


@pytest.mark.parametrize("l", RANKS)
def test_turning_commutes_with_lowering(l: int) -> None:
    """A rotation about r leaves r, hence the contraction with it, alone."""
    assert same(lowering(l) * turning(l), turning(l - 1) * lowering(l))


@pytest.mark.parametrize("l", [0, -1])
def test_scalars_cannot_be_lowered(l: int) -> None:
    """With the rank in the message."""
    with pytest.raises(ValueError, match=f"only tensors of rank 1 or more can be lowered, got rank {l}"):
        lowering(l)


def test_steps() -> None:
    """Several at once are their product; none is the unit matrix."""
    assert lowered(3, 3) == sp.eye(7)
    assert same(lowered(3, 1), lowering(2) * lowering(3))
    assert same(raised(0, 3), raising(3) * raising(2) * raising(1))
    assert same(chain(2, 3, 1, True), raising(3) * raising(2) * turning(1) * lowering(2))
    assert same(chain(3, 1, 1, False), lowering(2) * lowering(3))


# --- links --------------------------------------------------------------------------------------------------


def plain(triple: tuple[int, int, int]) -> list[tuple[int, bool, int, sp.Expr]]:
    return [(link.rank, link.turned, link.power, link.coefficient) for link in links(path(*triple))]


def test_pocket_forms_by_hand() -> None:
    """DESIGN §2, with A_1 = δ, A_0 = r rᵀ, B_1 = [r]×; into tensors ST(v r), ST(r r)(r·v) and ST((r × v) r)."""
    one, two_fifths = sp.S.One, sp.Rational(2, 5)
    assert plain((1, 1, 0)) == [(0, False, 0, one)]
    assert plain((1, 0, 1)) == [(1, False, 0, one)]
    assert plain((1, 1, 1)) == [(1, True, 0, one)]
    assert plain((1, 2, 1)) == [(1, False, 1, -one), (0, False, 0, 3 * one)]
    assert plain((1, 1, 2)) == [(1, False, 0, 2 * one)]
    assert plain((1, 2, 2)) == [(1, True, 0, -one)]
    assert plain((1, 3, 2)) == [(1, False, 1, -two_fifths), (0, False, 0, one)]


@pytest.mark.parametrize("l", range(5))
def test_coefficients_by_hand(l: int) -> None:
    """l_f = 0 is the unit matrix.  √(4π) Y_l has length √(2l+1), r..r projected √(l!/(2l-1)!!); l → 0 is the transpose,
    of length 1."""
    double, single = sp.factorial2(2 * l + 1), sp.factorial(l)
    assert plain((l, 0, l)) == [(l, False, 0, 1)]
    if l != 1:  # the catalogue's own length
        assert plain((0, l, l)) == [(0, False, 0, sp.sqrt(double / single))]
        assert plain((l, l, 0)) == [(0, False, 0, sp.sqrt(double / (2 * l + 1) / single))]


@pytest.mark.parametrize("degrees", slow_from(DEGREES, [(3, 3)]), ids=str)
def test_a_path_is_its_combination(degrees: tuple[int, int]) -> None:
    """Σ coefficient · n^power · chain against λ⁻¹ Σ_m Y_m Q_m, entry by entry; homogeneous, of one kind."""
    l_in, l_out = degrees
    paths = pair(*degrees).paths
    assert [p.l_f for p in paths] == [j for i, j, o in TRIPLES if (i, o) == degrees]
    for p in paths:
        total = sp.zeros(2 * l_out + 1, 2 * l_in + 1)
        for link in links(p):
            assert link.turned == bool((l_in + p.l_f + l_out) % 2)
            assert p.l_f == 2 * link.power + l_in + l_out - 2 * link.rank + link.turned
            total += link.coefficient * N**link.power * chain(l_in, l_out, link.rank, link.turned)
        ranks = [link.rank for link in links(p)]
        assert ranks == sorted(ranks, reverse=True) and len(set(ranks)) == len(ranks)
        assert same(p.contraction_constant * total, contraction(l_in, p.l_f, l_out))


def test_links_are_data() -> None:
    """Equal where their terms are."""
    assert links(path(2, 2, 2))[0] == Link(*plain((2, 2, 2))[0])


# --- the program ----------------------------------------------------------------------------------------------


def computes(chosen: Pair, r: list[sp.Rational], phi: list[sp.Rational], f: list[sp.Rational]) -> bool:
    """Whether each way to compute Σ_p φ_p K^p(r) f, and the matrix itself, does so at this point, exactly."""
    at = dict(zip(DIRECTION, r, strict=True))
    matrix = sum(
        (s * p.kernel.xreplace(at) for s, p in zip(phi, chosen.paths, strict=True)),
        sp.zeros(2 * chosen.l_out + 1, 2 * chosen.l_in + 1),
    )
    point = [RING.lift(v) for v in (*r, *phi, *f)]
    found = [(form(chosen), point, matrix * sp.Matrix(f)) for form in (chain_form, matrix_form, weighted_messages)]
    found.append((chain_kernel(chosen), point[: 3 + len(phi)], matrix))
    return all(
        [RING.reduce(RING.ring(g)) for g in executed(program, values, RING.lift)] == [RING.normal_form(e) for e in want]
        for program, values, want in found
    )


@pytest.mark.parametrize("degrees", slow_from(DEGREES, [(3, 3)]), ids=str)
def test_programs_at_a_rational_point(degrees: tuple[int, int]) -> None:
    """Every path of every pair, at a point in general position that is not of unit length."""
    whole = pair(*degrees)
    numbers = [sp.Rational((-1) ** n * (2 * n + 3), n + 2) for n in range(3 + len(whole.paths) + 2 * whole.l_in + 1)]
    r, phi, f = numbers[:3], numbers[3 : 3 + len(whole.paths)], numbers[3 + len(whole.paths) :]
    assert computes(whole, r, phi, f)


rationals = st.fractions(-3, 3, max_denominator=9).map(lambda q: sp.Rational(q.numerator, q.denominator))


@st.composite
def some_paths(draw: st.DrawFn) -> Pair:
    """Of any pair that has several some paths, in ascending order."""
    whole = pair(*draw(st.sampled_from([d for d in DEGREES if min(d) > 0 and d != (3, 3)])))
    kept = draw(st.sets(st.sampled_from(whole.paths), min_size=1))
    return Pair(whole.l_in, whole.l_out, tuple(p for p in whole.paths if p in kept))


def values(count: int) -> st.SearchStrategy[list[sp.Rational]]:
    return st.lists(rationals, min_size=count, max_size=count)


@given(some_paths(), st.data())
@settings(deadline=None, max_examples=10, derandomize=True, phases=[Phase.explicit, Phase.generate])
def test_programs_of_some_paths(chosen: Pair, data: st.DataObject) -> None:
    """Any subset, at any point: a chain whose rank nothing turns at, or reaches, is left out rightly."""
    assert computes(chosen, *(data.draw(values(count)) for count in (3, len(chosen.paths), 2 * chosen.l_in + 1)))


def test_every_pair_is_drawn_from() -> None:
    """The random test above may pick any of them."""
    assert len(DEGREES) == (HIGHEST + 1) ** 2 == 16 and len(TRIPLES) == 44
