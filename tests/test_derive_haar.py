"""T8: means over circle, spheres and rotations, averages of kernels worked out by hand, and a prover that refuses."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import sympy as sp
from pocket_tfn.derive import haar
from pocket_tfn.derive.cartesian import IndexExpression, delta, epsilon, r
from pocket_tfn.derive.catalogue import Pair, emitted_pairs, pair, path, variants
from pocket_tfn.derive.haar import monomial_mean, quaternion_product, unit_mean
from pocket_tfn.derive.harmonics import component_generator
from pocket_tfn.derive.proofs import generators, haar_integrals, haar_measure, mean_formulas
from pocket_tfn.derive.proofs import t08_haar as t08
from pocket_tfn.derive.rotations import rotation_matrix
from pocket_tfn.derive.symbols import DIRECTION, QUATERNION
from pocket_tfn.derive.wigner import component_wigner_matrix

from tests.derivation import patched, refused, replace_form

X, Y, Z = DIRECTION
R = rotation_matrix()
DISTANCE = sp.Symbol("r", positive=True)

# --- means of rotations and of kernels, by the moments that are tested below ----------------------------------


def rotation_mean(polynomial: sp.Expr) -> sp.Expr:
    """∫ over SO(3) of a polynomial in QUATERNION, dR of total mass 1; other symbols are constants."""
    assert not any(sum(powers) % 2 for powers in sp.Poly(polynomial, *QUATERNION).monoms()), "no function of R(q)"
    return unit_mean(polynomial, QUATERNION)


def spherical_means(kernel: sp.Matrix, chosen: Pair, distance: sp.Expr) -> tuple[sp.Expr, ...]:
    """ρ_J(distance) = mean over n of <K^J(n), k(distance n)> / |K^J|² for each path, as T8 has it; k in DIRECTION."""
    scaled = kernel.xreplace({s: distance * s for s in DIRECTION})
    return tuple(inner_mean(p.kernel, scaled) / inner_mean(p.kernel, p.kernel) for p in chosen.paths)


def inner_mean(form: sp.Matrix, kernel: sp.Matrix) -> sp.Expr:
    """The mean of tr formᵀ kernel over the sphere."""
    return unit_mean(sum((u * v for u, v in zip(form, kernel, strict=True)), sp.S.Zero), DIRECTION)


# --- exact means --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("powers", "value"),
    [
        ((2, 0), "1/2"),
        ((4, 0), "3/8"),
        ((2, 2), "1/8"),
        ((2, 0, 0), "1/3"),
        ((2, 2, 0), "1/15"),
        ((2, 2, 2), "1/105"),
        ((2, 0, 0, 0), "1/4"),
        ((4, 0, 0, 0), "1/8"),
        ((2, 2, 0, 0), "1/24"),
        ((1, 1, 0, 0), "0"),
        ((3, 0, 2, 0), "0"),
        ((0, 0, 0, 0), "1"),
    ],
    ids=str,
)
def test_moments_by_hand(powers: tuple[int, ...], value: str) -> None:
    """Of circle, sphere and unit quaternions."""
    assert monomial_mean(powers) == sp.Rational(value)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_moments_are_quotients_of_gammas(n: int) -> None:
    """∫ Π s_i^p_i over the sphere is 2 Π Γ((p_i+1)/2) / Γ((n + Σ p_i)/2), divided by the area."""
    for powers in product((0, 2, 4), repeat=n):
        quotient = sp.prod([sp.gamma(sp.Rational(p + 1, 2)) for p in powers]) / sp.gamma(
            sp.Rational(n + sum(powers), 2)
        )
        assert monomial_mean(powers) == quotient * sp.gamma(sp.Rational(n, 2)) / sp.sqrt(sp.pi) ** n


def test_second_moments_of_rotations() -> None:
    """∫ R_ij = 0 and ∫ R_ij R_kl = δ_ik δ_jl / 3."""
    for i, j in product(range(3), repeat=2):
        assert rotation_mean(R[i, j]) == 0
        for k, l in product(range(3), repeat=2):
            assert rotation_mean(R[i, j] * R[k, l]) == sp.Rational(int((i, j) == (k, l)), 3)


@pytest.mark.parametrize("rows", [(0, 1, 2), (2, 1, 0), (0, 0, 1)], ids=str)
def test_third_moments_of_rotations(rows: tuple[int, int, int]) -> None:
    """∫ R_ij R_kl R_mn = ε_ikm ε_jln / 6."""
    for columns in product(range(3), repeat=3):
        found = rotation_mean(sp.prod([R[i, j] for i, j in zip(rows, columns, strict=True)]))
        assert found == sp.Rational(int(sp.LeviCivita(*rows) * sp.LeviCivita(*columns)), 6)


def test_entries_of_wigner_matrices_are_orthogonal() -> None:
    """∫ D^l_mn D^l'_m'n' = δ_ll' δ_mm' δ_nn' / (2l + 1): Schur's lemma, over a row and a column."""
    one, two = component_wigner_matrix(1), component_wigner_matrix(2)
    some = [(0, 0), (0, 1), (0, 2), (2, 1), (4, 1)]
    for at, other in product(some, repeat=2):
        assert rotation_mean(two[at] * two[other]) == sp.Rational(int(at == other), 5)
    assert all(rotation_mean(one[0, n] * two[at]) == 0 for n in range(3) for at in some)


def test_other_symbols_are_constants() -> None:
    """Whatever they are called."""
    a = sp.Symbol("a")
    assert unit_mean(a * X**2 + sp.sqrt(a) * Y + a**3, DIRECTION) == a / 3 + a**3


def test_quaternions() -> None:
    """ij = k, jk = i, ki = j, and squares -1; q_k(θ) turns about axis k."""
    one, i, j, k = (tuple(int(n == m) for n in range(4)) for m in range(4))
    for p, q, both in ((i, j, k), (j, k, i), (k, i, j), (one, j, j)):
        assert quaternion_product(p, q) == both
    assert all(quaternion_product(p, p) == (-1, 0, 0, 0) for p in (i, j, k))
    quarter = haar_measure.rotation_at((1 / sp.sqrt(2), 0, 0, 1 / sp.sqrt(2)))
    assert quarter * sp.Matrix([1, 0, 0]) == sp.Matrix([0, 1, 0])


# --- averages worked out by hand ------------------------------------------------------------------------------

SINGLE = {(a, c): sp.Matrix(3, 3, lambda i, j, a=a, c=c: int((i, j) == (a, c))) for a in range(3) for c in range(3)}
M = sp.Matrix(3, 3, sp.symbols("m0:9"))
#: (degrees, k, radial functions at distance r by hand).
BY_HAND: list[tuple[tuple[int, int], sp.Matrix, tuple[Any, ...]]] = [
    ((1, 1), sp.Matrix([X, Y, Z]) * sp.Matrix([[X, Y, Z]]), (DISTANCE**2 / 3, 0, DISTANCE**2 / 3)),
    ((1, 1), M, (M.trace() / 3, 0, 0)),
    ((1, 1), Z * SINGLE[0, 1], (0, -DISTANCE / 6, 0)),
    ((1, 1), Z * SINGLE[1, 0], (0, DISTANCE / 6, 0)),
    ((1, 1), Z * SINGLE[2, 0], (0, 0, 0)),
    ((1, 1), Z**2 * SINGLE[2, 2], (DISTANCE**2 / 9, 0, DISTANCE**2 * 2 / 45)),
    ((1, 0), sp.Matrix([[X, 0, 0]]), (DISTANCE / 3,)),
    ((1, 0), sp.Matrix([[Z, X, Y]]), (0,)),
    # E^xy = (e_x e_y + e_y e_x)/√2: α = (3/10) mean of n_a k_ab,b, of which n_y k_yx,x alone is there.
    ((1, 2), sp.Matrix(5, 3, lambda m, c: Y if (m, c) == (0, 0) else 0), (DISTANCE * sp.sqrt(2) / 20, 0, 0)),
]


@pytest.mark.parametrize(("degrees", "kernel", "radial"), BY_HAND, ids=[str(n) for n in range(len(BY_HAND))])
def test_spherical_means_by_hand(degrees: tuple[int, int], kernel: sp.Matrix, radial: tuple[Any, ...]) -> None:
    """And the average over SO(3) itself, integrated in q, is the sum of the forms with them."""
    chosen = pair(*degrees)
    assert tuple(map(sp.expand, spherical_means(kernel, chosen, DISTANCE))) == radial
    d_out, d_in = component_wigner_matrix(chosen.l_out), component_wigner_matrix(chosen.l_in)
    rotated = kernel.subs(dict(zip(DIRECTION, R * sp.Matrix([0, 0, DISTANCE]), strict=True)), simultaneous=True)
    average = (d_out.T * rotated * d_in).applyfunc(lambda e: rotation_mean(sp.expand(e)))
    forms = [p.kernel.subs({X: 0, Y: 0, Z: 1}) * rho for p, rho in zip(chosen.paths, radial, strict=True)]
    assert (average - sum(forms, sp.zeros(*average.shape))).expand().is_zero_matrix


# --- the theorem ------------------------------------------------------------------------------------------------


def test_formulas_on_the_page() -> None:
    """The means for the catalogue, as derived by hand from its forms and norms."""
    shown = t08._means(emitted_pairs()).display
    mean = r"\,\operatorname*{mean}_n\, "
    for text in (
        rf"a_{{1\to1}}(r) &= \frac{{1}}{{3}}{mean}k_{{a a}}",
        rf"b_{{1\to1}}(r) &= \frac{{1}}{{2}}{mean}\varepsilon_{{a d c}}\, n_{{d}}\, k_{{a c}}",
        rf"c_{{1\to1}}(r) &= \frac{{1}}{{6}}{mean}\bigl(3n_{{a}}\, n_{{c}}\, k_{{a c}} - k_{{a a}}\bigr)",
        rf"\alpha_{{1\to2}}(r) &= \frac{{3}}{{10}}{mean}n_{{a}}\, k_{{a b,b}}",
    ):
        assert text in shown


@pytest.mark.parametrize("degrees", [(0, 0), (0, 2), pytest.param((2, 2), marks=pytest.mark.slow), (1, 3)], ids=str)
def test_holds_for_any_degrees(degrees: tuple[int, int]) -> None:
    """Also where the full integral is out of reach, and where there is no closed form."""
    proof = t08.prove([pair(*degrees)])
    assert proof.identities > 0 and all(step.text for step in proof.steps)
    assert any(step.text.startswith(r"\emph{Independently}") for step in proof.steps) == (sum(degrees) <= 3)


def test_some_of_the_paths() -> None:
    """The average has all forms, whichever of them are asked for."""
    whole, *some = variants(pair(1, 1))
    assert t08.prove(some[:1]) == t08.prove([whole])


@pytest.mark.slow
def test_holds_up_to_degree_three() -> None:
    """All pairs at once."""
    assert t08.prove([pair(i, o) for i in range(4) for o in range(4)]).identities > 10000


# --- what it refuses ----------------------------------------------------------------------------------------------

#: Equivariant forms, but no basis that is orthogonal.
WRONG_FORMS: dict[tuple[int, int, int], IndexExpression] = {
    (1, 2, 1): 3 * (r("a") * r("c")) + delta("ac"),
    (1, 1, 1): epsilon("adc") * r("d") + delta("ac"),
}


@pytest.mark.parametrize("degrees", WRONG_FORMS, ids=str)
def test_wrong_form(degrees: tuple[int, int, int]) -> None:
    """A sign in Q, an admixture in the cross product."""
    with patched() as patch:
        replace_form(patch, degrees, WRONG_FORMS[degrees])
        refused(lambda: t08.prove([pair(1, 1)]))


def test_missing_path() -> None:
    """Without the cross product the average of an arbitrary matrix is not in the span."""
    p = pair(1, 1)
    refused(lambda: t08._averaged([Pair(1, 1, (p.paths[0], p.paths[2]))], shown=True))


def test_wrong_norm() -> None:
    """Twice the norm: the projection is not one."""
    with patched() as patch:
        right = t08.squared_norm
        patch.setattr(t08, "squared_norm", lambda p: 2 * right(p))
        refused(lambda: t08.prove([pair(1, 0)]))


def test_wrong_norm_in_the_formulas_alone() -> None:
    """The formulas for the radial functions compare norms once more."""
    symbols = t08.symbols_of(1, 1)
    refused(lambda: list(mean_formulas.mean_lines(pair(1, 1), symbols, lambda p: 2 * t08.squared_norm(p))))
    refused(lambda: list(mean_formulas.mean_lines(pair(2, 1), t08.symbols_of(2, 1), lambda p: sp.Integer(4))))


def test_formula_that_lost_a_term() -> None:
    """What is printed is compared with the form."""
    with patched() as patch:
        right = mean_formulas._contracted
        patch.setattr(mean_formulas, "_contracted", lambda p: IndexExpression(right(p).terms[:1]))
        refused(lambda: t08.prove([pair(1, 1)]))


def wrong_moment(powers: tuple[int, ...]) -> sp.Rational:
    """Of a sphere of one dimension more."""
    return monomial_mean((*powers, 0))


@pytest.mark.parametrize("module", [haar, haar_measure, haar_integrals], ids=lambda m: m.__name__.rpartition(".")[2])
def test_wrong_measure(module: Any) -> None:
    """Wherever the means are taken: about the axis, in the check of the formula, over all rotations."""
    with patched() as patch:
        patch.setattr(module, "monomial_mean", wrong_moment)
        refused(lambda: t08.prove([pair(1, 1)]))


def test_moments_that_are_not_invariant() -> None:
    """A sphere weighted towards its poles, normalised as it should be."""
    with patched() as patch:
        patch.setattr(haar_measure, "monomial_mean", lambda powers: monomial_mean((*powers[:-1], powers[-1] + 2)) * 4)
        refused(lambda: haar_measure.moments({4: 4}))


@pytest.mark.parametrize("parity", [0, 1], ids=["even", "odd"])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_moments_that_should_be_zero(n: int, parity: int) -> None:
    """1/7 for monomials with odd powers, whose total degree is even or odd."""

    def wrong(powers: tuple[int, ...]) -> sp.Rational:
        vanishing = any(p % 2 for p in powers) and sum(powers) % 2 == parity
        return sp.Rational(1, 7) if vanishing else monomial_mean(powers)

    assert not any(haar_measure.moments({n: 3}).residuals)
    with patched() as patch:
        patch.setattr(haar_measure, "monomial_mean", wrong)
        refused(lambda: haar_measure.moments({n: 3}))


def wrong_product(p: Any, q: Any) -> Any:
    """A sign in the last component."""
    *first, last = quaternion_product(p, q)
    return (*first, last - 2 * p[1] * q[2])


STEPS: dict[str, tuple[Any, str, Any, Callable[[], Any]]] = {
    "product": (haar_measure, "quaternion_product", wrong_product, haar_measure.invariance),
    "no conjugate": (haar_measure, "conjugate", tuple, haar_measure.invariance),
    "coordinates": (
        haar_measure,
        "quaternion_product",
        lambda p, q: quaternion_product(q, p),
        haar_measure.coordinates,
    ),
    "turn": (t08, "turn_about_z", lambda l: sp.eye(2 * l + 1), lambda: t08._turns([pair(1, 0)])),
    "sense": (t08, "component_generator", lambda l, k: -component_generator(l, k), lambda: t08._turns([pair(1, 0)])),
    "wigner": (
        haar_integrals,
        "component_wigner_matrix",
        lambda l: component_wigner_matrix(l).T,
        lambda: haar_integrals.integrals([pair(1, 0)]),
    ),
    "rotations of the group": (t08, "rotation_matrix", lambda: 2 * rotation_matrix(), t08._group_convolution),
    "motions": (t08, "motion", lambda shift, turn, right=t08.motion: right(shift, turn.T), t08._group_convolution),
    "order of a product": (t08, "quaternion_product", lambda p, q: quaternion_product(q, p), t08._projection),
    "inverse": (t08, "conjugate", tuple, t08._projection),
    "generators": (
        generators,
        "component_generator",
        lambda l, k: sp.zeros(2 * l + 1),
        lambda: t08._transport([pair(1, 0)]),
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_wrong_step(name: str) -> None:
    """Each step refuses what it is about, and holds otherwise."""
    module, attribute, wrong, step = STEPS[name]
    step()
    with patched() as patch:
        patch.setattr(module, attribute, wrong)
        refused(step)


def test_forms_are_turned_about_every_axis() -> None:
    """One wrong entry in a kernel shows."""
    chosen = path(1, 1, 1)
    corrupted = sp.Matrix(chosen.kernel)
    corrupted[0, 1] *= -1
    fresh = type(chosen)(1, 1, 1, "cross", "b", chosen.form)
    vars(fresh)["kernel"] = sp.ImmutableMatrix(corrupted)
    assert not any(generators.equivariance_residuals(chosen))
    assert any(generators.equivariance_residuals(fresh))
