"""A prover that cannot fail proves nothing: each one is given something wrong, and must refuse it.

Here the mathematics is corrupted, patched in before anything is derived (every cache is emptied around each
test); edits of
the emitted text are refused in test_derive_mutation_text.py.
"""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp
from pocket_tfn.derive import catalogue, coupling, harmonics
from pocket_tfn.derive.cartesian import Factor, IndexExpression, Term, delta, epsilon, r
from pocket_tfn.derive.catalogue import Pair, emitted_pairs, pair, wholes
from pocket_tfn.derive.proofs import index_lemma, t02_coupling, t05_equivariance
from pocket_tfn.derive.proofs import t01_harmonics as t01
from pocket_tfn.derive.proofs import t04_contraction as t04
from pocket_tfn.derive.proofs import t06_completeness as t06
from pocket_tfn.derive.proofs import t07_slides as t07
from pocket_tfn.derive.proofs import t10_origin as t10
from pocket_tfn.derive.rotations import rotation_matrix
from pocket_tfn.derive.slides import SLIDES_TO_CANONICAL
from pocket_tfn.derive.symbols import DIRECTION

from tests.derivation import patched, refused, replace_form

# --- the catalogue's forms ----------------------------------------------------------------------------

#: A wrong form for each path, all of them equivariant, so that T5 has no quarrel with them: only T4 can tell.
WRONG_FORMS: dict[tuple[int, int, int], IndexExpression] = {
    (1, 2, 1): 3 * (r("a") * r("c")) + delta("ac"),
    (1, 1, 1): epsilon("adc") * r("d") + delta("ac"),
    (1, 1, 2): r("a") * delta("bc") + r("b") * delta("ac") - sp.Rational(1, 3) * (delta("ab") * r("c")),
    (1, 3, 2): r("a") * r("b") * r("c")
    - sp.Rational(1, 5) * (delta("ab") * r("c") + delta("ac") * r("b") - delta("bc") * r("a")),
    (1, 2, 2): epsilon("acd") * r("b") * r("d"),
}


@pytest.mark.parametrize("degrees", [(1, 2, 1), (1, 1, 1), (1, 3, 2)], ids=str)
def test_wrong_form(degrees: tuple[int, int, int]) -> None:
    """A sign in Q, an admixture in the cross product, a sign in the octupole: not the contraction, not orthogonal."""
    with patched() as patch:
        replace_form(patch, degrees, WRONG_FORMS[degrees])
        pairs = [pair(degrees[0], degrees[2])]
        refused(lambda: t04.prove(pairs))
        refused(lambda: t06.prove(pairs))
        if degrees != (1, 3, 2):  # δ has a mean; an odd form has none, right or wrong
            refused(lambda: t10.prove(pairs))
        assert t05_equivariance.prove(pairs).identities  # each term is equivariant: T5 alone would not have seen it


def test_unsymmetrised_twist() -> None:
    """ε_acd r̂_b r̂_d has the right symmetric part, which is all that components see; T4 compares the tensors."""
    with patched() as patch:
        before = pair(1, 2).paths[1].kernel
        replace_form(patch, (1, 2, 2), WRONG_FORMS[1, 2, 2])
        catalogue.path.cache_clear()
        catalogue.pair.cache_clear()
        assert pair(1, 2).paths[1].kernel == before
        refused(lambda: t04.prove([pair(1, 2)]))


def test_wrong_trace() -> None:
    """The trace term of the dyad vanishes in components, so that a wrong one changes no kernel; T4 and T7, which
    compare all 27 Cartesian components, refuse it nevertheless."""
    with patched() as patch:
        before = pair(1, 2).paths[0].kernel
        replace_form(patch, (1, 1, 2), WRONG_FORMS[1, 1, 2])
        catalogue.path.cache_clear()
        catalogue.pair.cache_clear()
        chosen = pair(1, 2)
        assert chosen.paths[0].kernel == before
        refused(lambda: t04.prove([chosen]))
        refused(t07.prove)


def test_flipped_cross_product_changes_lambda() -> None:
    """ε_acd instead of ε_adc is a form of its own with -λ; the published λ would then be wrong, and T4's sign shows."""
    with patched() as patch:
        right = pair(1, 1).paths[1].contraction_constant
        patch.setitem(catalogue.CLOSED_FORMS, (1, 1, 1), ("cross", "b", epsilon("acd") * r("d")))
        catalogue.path.cache_clear()
        assert catalogue.path(1, 1, 1).contraction_constant == -right


@pytest.mark.parametrize("factor", [-1, 2, sp.Rational(1, 3), sp.sqrt(2), 1 + sp.Rational(1, 10**30)], ids=str)
@pytest.mark.parametrize("key", ["1_0", "1_1", "1_2"])
def test_wrong_lambda(key: str, factor: sp.Expr) -> None:
    """λ with a wrong sign or size, by however little."""
    with patched():
        (chosen,) = [p for p in emitted_pairs() if p.key == key]
        path = chosen.paths[-1]
        path.__dict__["contraction_constant"] = factor * path.contraction_constant
        refused(lambda: t04.prove([chosen]))


@pytest.mark.parametrize("key", ["1_0", "1_1", "1_2"])
def test_missing_and_repeated_row(key: str) -> None:
    """Among all paths, one that is missing, or there twice."""
    (whole,) = [p for p in emitted_pairs() if p.key == key]
    for index in range(len(whole.paths)):
        fewer = Pair(whole.l_in, whole.l_out, (*whole.paths[:index], *whole.paths[index + 1 :]))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(t06, "completed", lambda some: some)
            refused(lambda some=fewer: t06.prove([some]))  # type: ignore[misc]
    more = (*whole.paths, whole.paths[0])
    refused(lambda: t06.prove([Pair(whole.l_in, whole.l_out, more)]))
    if len(whole.paths) > 1:
        twice = (*whole.paths[:-1], whole.paths[0])
        refused(lambda: t06.prove([Pair(whole.l_in, whole.l_out, twice)]))


@pytest.mark.parametrize("kept", [(1,), (0, 2)], ids=str)
def test_some_paths_alone(kept: tuple[int, ...]) -> None:
    """Where some paths are emitted, T6 and T10 are about all, and say which those are."""
    some = Pair(1, 1, tuple(pair(1, 1).paths[l_f] for l_f in kept))
    completeness, origin = t06.prove([some]), t10.prove([some])
    assert r"number is $3\ (1\to1)$" in completeness.statement
    assert rf"for $1 \to 1$ those with $J = {', '.join(map(str, kept))}$ alone" in completeness.statement
    others = 3 * 9 * (3 - len(kept))  # what other theorems prove of paths that are emitted
    assert completeness.identities == t06.prove([pair(1, 1)]).identities + others
    assert origin.identities == t10.prove([pair(1, 1)]).identities
    assert (r"$1 \otimes 0 \to 1$ survives" if 0 in kept else "none survives") in origin.statement


def test_inhomogeneous_form_at_the_origin() -> None:
    """3 r r - δ left as it is would give -δ at r = 0, which no continuous kernel has."""
    with patched() as patch:
        original = IndexExpression.components

        def inhomogeneous(self: IndexExpression, order: str, tensors: Any, homogeneous: bool = False) -> Any:
            return original(self, order, tensors)

        patch.setattr(IndexExpression, "components", inhomogeneous)
        pairs = [pair(1, 1)]
        assert pairs[0].paths[2].kernel.subs(dict.fromkeys(DIRECTION, 0)) == -sp.eye(3)
        refused(lambda: t10.prove(pairs))


# --- harmonics and coupling -----------------------------------------------------------------------------


def test_wrong_norm() -> None:
    """One harmonic 1 + 1e-30 times too large: harmonic still, but not of norm 1."""
    with patched() as patch:
        original = harmonics.normalisation
        off = 1 + sp.Rational(1, 10**30)
        patch.setattr(harmonics, "normalisation", lambda l, m: original(l, m) * (off if (l, m) == (2, 1) else 1))
        refused(lambda: t01.prove([pair(1, 1)]))


@pytest.mark.parametrize("degree", [(1, 0), (2, 0), (2, -2), (3, 1)])
def test_wrong_coefficient(degree: tuple[int, int]) -> None:
    """A monomial too many in one harmonic: not harmonic, or not orthogonal to the others."""
    with patched() as patch:
        original = harmonics.solid_polynomial
        x, y, _ = DIRECTION
        extra = sp.Rational(1, 1000) * {1: y, 2: x * x, 3: x * x * y}[degree[0]]

        def wrong(l: int, m: int) -> sp.Expr:
            return original(l, m) + (extra if (l, m) == degree else 0)

        patch.setattr(harmonics, "solid_polynomial", wrong)
        refused(lambda: t01.prove([pair(1, 2)]))


def test_harmonics_out_of_order() -> None:
    """m = 1, 0, -1 instead of -1, 0, 1: still orthonormal and harmonic, but (x, z, y)."""
    with patched() as patch:
        original = harmonics.solid_polynomial
        patch.setattr(harmonics, "solid_polynomial", lambda l, m: original(l, -m))
        refused(lambda: t01.prove([pair(1, 1)]))


def corrupted(q: sp.NDimArray, factor: sp.Expr) -> sp.ImmutableDenseNDimArray:
    """The coefficients with the first nonzero one multiplied."""
    values = list(sp.flatten(q))
    first = next(i for i, v in enumerate(values) if v != 0)
    values[first] *= factor
    return sp.ImmutableDenseNDimArray(values, q.shape)


@pytest.mark.parametrize("factor", [-1, 1 + sp.Rational(1, 10**30), 0], ids=str)
@pytest.mark.parametrize("degrees", [(1, 1, 0), (1, 1, 1), (1, 2, 1), (1, 2, 2), (1, 3, 2)], ids=str)
def test_wrong_clebsch_gordan(degrees: tuple[int, int, int], factor: sp.Expr) -> None:
    """One coefficient negated, scaled or lost."""
    with patched() as patch:
        original = coupling.real_clebsch_gordan

        def wrong(*which: int) -> sp.ImmutableDenseNDimArray:
            q = original(*which)
            return corrupted(q, factor) if which == degrees else q

        for module in (coupling, t02_coupling, t04):
            patch.setattr(module, "real_clebsch_gordan", wrong)
        chosen = pair(degrees[0], degrees[2])
        refused(lambda: t02_coupling.prove([chosen, *wholes(emitted_pairs())[1:]]))
        refused(lambda: t04.prove([chosen]))


def test_unrotated_clebsch_gordan() -> None:
    """A coupling that is orthonormal but belongs to no rotation: two components of the output exchanged."""
    with patched() as patch:
        original = coupling.real_clebsch_gordan

        def wrong(*which: int) -> sp.ImmutableDenseNDimArray:
            q = original(*which)
            n, rows, columns = q.shape
            order = [1, 0, *range(2, rows)]
            entries = [q[m, order[a], b] for m in range(n) for a in range(rows) for b in range(columns)]
            return sp.ImmutableDenseNDimArray(entries, q.shape)

        patch.setattr(t02_coupling, "real_clebsch_gordan", wrong)
        refused(lambda: t02_coupling.prove([pair(1, 1)]))


# --- rotations --------------------------------------------------------------------------------------------


def test_transposed_rotation_in_the_lemma() -> None:
    """r̂'_i = R_i'i r̂_i' instead of R_ii' r̂_i', the classic slip of index calculus."""
    with patched() as patch:
        original = index_lemma.substituted

        def transposed(form: IndexExpression) -> IndexExpression:
            def turn(factor: Factor) -> Factor:
                return Factor("R", factor.indices[::-1]) if factor.name == "R" else factor

            return original(form).map(lambda t: Term(t.coefficient, tuple(map(turn, t.factors))))

        patch.setattr(t05_equivariance, "substituted", transposed)
        refused(lambda: t05_equivariance.prove([pair(1, 1)]))


def test_unturned_index_in_the_lemma() -> None:
    """The invariance of δ and ε written with one factor R too few."""
    with patched() as patch:
        original = index_lemma.invariants_turned
        patch.setattr(
            t05_equivariance,
            "invariants_turned",
            lambda form: original(form).map(
                lambda t: Term(
                    t.coefficient,
                    tuple(Factor("delta", f.indices) if f == Factor("R", ("a", "a1")) else f for f in t.factors),
                )
            ),
        )
        refused(lambda: t05_equivariance.prove([pair(1, 1)]))


R = rotation_matrix()
WRONG_ROTATIONS = {
    "the inverse": R.T,
    "a reflection": -R,
    "a rotation times 2": 2 * R,
    "a shear": sp.Matrix([[1, 1, 0], [0, 1, 0], [0, 0, 1]]),
    "one entry": sp.Matrix(3, 3, lambda i, j: R[i, j] + (sp.Rational(1, 10**20) if (i, j) == (2, 1) else 0)),
    "another axis": R.subs(
        dict(zip(sp.symbols("q1 q2", real=True), sp.symbols("q2 q1", real=True), strict=True)), simultaneous=True
    ),
}


@pytest.mark.parametrize("name", WRONG_ROTATIONS)
def test_wrong_rotation(name: str) -> None:
    """What is not the rotation of the quaternion, orthogonal or not."""
    refused(lambda: t05_equivariance.prove([pair(1, 0)], rotation=WRONG_ROTATIONS[name]))


def test_form_that_does_not_turn() -> None:
    """A kernel with a preferred axis is not equivariant; the lemma's last link breaks."""
    with patched() as patch:
        original = t05_equivariance._ring_element
        calls = iter(range(10**6))
        patch.setattr(
            t05_equivariance,
            "_ring_element",
            lambda world, value: original(world, value) + (world.r[2] if next(calls) == 0 else 0),
        )
        refused(lambda: t05_equivariance.prove([pair(1, 1)]))


# --- the slides' forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("row", "column"), [(row, column) for row in range(3) for column in range(2)])
@pytest.mark.parametrize("error", [sp.Integer(1), sp.Rational(-6, 5), sp.Rational(1, 10**30)], ids=str)
def test_wrong_slide_coefficient(row: int, column: int, error: sp.Rational) -> None:
    """Any of the six coefficients, by any amount; -6/5 turns 3/5 into -3/5."""
    wrong = [list(r) for r in SLIDES_TO_CANONICAL]
    wrong[row][column] += error
    refused(lambda: t07.prove(coefficients=wrong))
