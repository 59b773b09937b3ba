"""The theorems hold, say what was checked, and state the numbers that were worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp
from pocket_tfn.derive.catalogue import emitted_pairs
from pocket_tfn.derive.exact import SphereRing
from pocket_tfn.derive.proofs import THEOREMS, ProofError, t07_slides
from pocket_tfn.derive.proofs.proof import Equation, chain, equation, residuals, unseen
from pocket_tfn.derive.slides import SLIDES_TO_CANONICAL, radial_from_slides, slides_from_radial
from pocket_tfn.derive.symbols import DIRECTION

from tests.derivation import proof, proofs

X, Y, Z = DIRECTION
SPHERE = SphereRing(units=[DIRECTION])
#: Written by hand: |Σ Y Q|² = (2 l_out + 1)/4π over the squared norm of the form, with the sign of the coupling.
LAMBDA = {
    "1x1->0": 1 / (2 * sp.sqrt(sp.pi)),
    "1x0->1": 1 / (2 * sp.sqrt(sp.pi)),
    "1x1->1": sp.sqrt(6) / (4 * sp.sqrt(sp.pi)),
    "1x2->1": sp.sqrt(2) / (4 * sp.sqrt(sp.pi)),
    "1x1->2": sp.sqrt(3) / (4 * sp.sqrt(sp.pi)),
    "1x2->2": -sp.sqrt(5) / (2 * sp.sqrt(sp.pi)),
    "1x3->2": 5 * sp.sqrt(2) / (4 * sp.sqrt(sp.pi)),
}
SQUARED_NORMS = {"1x1->0": 1, "1x0->1": 3, "1x1->1": 2, "1x2->1": 6, "1x1->2": sp.Rational(20, 3)}


def test_the_theorems_that_there_should_be() -> None:
    """None is lost from the table: what is not in it is not proved."""
    assert {"T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11"} <= set(THEOREMS)


@pytest.mark.slow
@pytest.mark.parametrize("name", THEOREMS)
def test_holds_and_says_what_was_checked(name: str) -> None:
    """Every step that shows an equation counts identities; every equation has residuals of its own, all zero."""
    found = proof(name)
    assert found.name == name
    assert found.statement and found.title and found.hypotheses and found.steps
    for step in (*found.steps, *found.remarks):
        assert bool(step.equations) == (step.identities > 0)
        for shown in step.equations:
            assert len(shown.residuals) > 0
            assert all(r == 0 for r in shown.residuals)
    assert found.identities == sum(len(e.residuals) for s in (*found.steps, *found.remarks) for e in s.equations)
    assert any(step.display for step in found.steps)


@pytest.mark.slow
def test_steps_without_equations_are_arguments_in_words() -> None:
    """From generators to all rotations (T2), how to read what follows (T4), transitivity on spheres (T6); a step that
    loses its equations shows here."""
    bare = {name: [s.text for s in p.steps if not s.identities] for name, p in proofs().items()}
    known = {"T2": "Every rotation is", "T4": "One component", "T6": "Rotations act transitively"}
    for name in ("T1", "T2", "T3", "T4", "T5", "T6", "T7", "T10", "T11"):
        assert len(bare[name]) == (name in known)
        assert all(text.startswith(known[name]) for text in bare[name])


@pytest.mark.slow
def test_numbers_are_unique() -> None:
    """Each theorem has a file of its own."""
    assert len({p.file_name for p in proofs().values()}) == len(proofs())
    assert [p.number for p in proofs().values()] == sorted(p.number for p in proofs().values())


# --- what an equation accepts -------------------------------------------------------------------------------

NOT_ZERO: list[Any] = [
    1,
    -1,
    X,
    sp.Rational(1, 10**50),
    0.0,
    -0.0,
    sp.Float(0),
    1e-300,
    float("nan"),
    sp.nan,
    sp.zoo,
    None,
    False,
    sp.false,
    "0",
    sp.Add(X, -X, evaluate=False),
    sp.Mul(0, X, evaluate=False),
    sp.sin(X) ** 2 + sp.cos(X) ** 2 - 1,
    sp.Integral(0, X),
    sp.zeros(2, 2),
    (),
    SPHERE.ring(1),
    SPHERE.lift(X**2 + Y**2 + Z**2 - 1),  # zero on the sphere, but nobody reduced it
]


@pytest.mark.parametrize("residual", NOT_ZERO, ids=repr)
def test_equation_refuses(residual: Any) -> None:
    """Whatever is not the exact zero of its ring -- also where zeros stand before it."""
    with pytest.raises(ProofError, match="left = right leaves"):
        Equation(("left", "right"), (residual,))
    with pytest.raises(ProofError):
        Equation(("left", "right"), (0, sp.S.Zero, SPHERE.ring.zero, residual))


def test_equation_refuses_to_check_nothing() -> None:
    """An empty comparison is not a proof."""
    with pytest.raises(ProofError, match="nothing was checked: a = b"):
        Equation(("a", "b"), ())
    for nothing in (
        lambda: unseen(),
        lambda: unseen([], []),
        lambda: equation([], [], ("a", "b")),
        lambda: chain([1], ("a",)),
    ):
        with pytest.raises(ProofError, match="nothing was checked"):
            nothing()


@pytest.mark.parametrize("zero", [0, sp.S.Zero, SPHERE.ring.zero], ids=repr)
def test_equation_accepts_exact_zeros(zero: Any) -> None:
    """In the three rings that are used."""
    assert Equation(("a", "b"), (zero,)).residuals == (zero,)


def test_residuals_compare_everything() -> None:
    """Shapes that differ, and sides that are not exact, are refused rather than cut to fit."""
    assert residuals(sp.Matrix([[X, 1]]), [X, 1]) == (0, 0)
    assert residuals({(1,): X, (0,): Y}, [Y, X]) == (0, 0)
    with pytest.raises(ProofError):
        residuals([X, Y], [X])
    with pytest.raises(ProofError):
        residuals([X], [])
    with pytest.raises(ProofError, match="not an exact polynomial"):
        residuals([0.5 * X], [X], SPHERE)
    with pytest.raises(ProofError):
        equation(0.5 * X, 0.5 * Y, ("a", "b"), SPHERE)


def test_chain_checks_every_link() -> None:
    """A wrong side in the middle is seen even where the ends agree."""
    assert len(chain([[X, Y]] * 4, ("a",)).residuals) == 6
    with pytest.raises(ProofError):
        chain([X, Y, X], ("a", "b", "c"))


# --- numbers worked out by hand -------------------------------------------------------------------------------


def test_lambda() -> None:
    """T4's constants, exactly, and against the norm of each form."""
    paths = {p.key: p for pair in emitted_pairs() for p in pair.paths}
    assert set(paths) == set(LAMBDA)
    for key, path in paths.items():
        assert sp.simplify(path.contraction_constant - LAMBDA[key]) == 0, key
        assert path.contraction_constant.is_negative == (key == "1x2->2")
    for key, norm in SQUARED_NORMS.items():
        assert LAMBDA[key] ** 2 * norm == sp.Rational(2 * paths[key].l_out + 1, 4) / sp.pi


def test_lambda_on_the_page() -> None:
    """The dictionary prints the same numbers."""
    dictionary = proof("T4").steps[-1].display
    for text in (
        r"b_{1\to1}(r) &= \frac{\sqrt{6}}{4\sqrt{\pi}}\,\varphi_1(r)",
        r"\beta_{1\to2}(r) &= -\frac{\sqrt{5}}{2\sqrt{\pi}}\,\varphi_2(r)",
        r"\gamma_{1\to2}(r) &= \frac{5 \sqrt{2}}{4\sqrt{\pi}}\,\varphi_3(r)",
    ):
        assert text in dictionary


def test_slides_coefficients() -> None:
    """ST(Q r̂) is 3 K(3) + 3/5 K(1), and nothing of K(2)."""
    assert ((1, sp.Rational(3, 5)), (0, 0), (0, 3)) == SLIDES_TO_CANONICAL
    assert r"= 3\,K^{(3)} + \frac{3}{5}\,K^{(1)}" in proof("T7").statement


def test_slides_there_and_back() -> None:
    """(α, β) to canonical and back, and canonical to (α, β) and back, in symbols."""
    alpha, beta, first, third = sp.symbols("alpha beta first third")
    assert radial_from_slides(alpha, beta) == (alpha + 3 * beta / 5, 0, 3 * beta)
    assert slides_from_radial(*radial_from_slides(alpha, beta)) == (alpha, beta)
    back = slides_from_radial(first, sp.Integer(0), third)
    assert back == (first - third / 5, third / 3)
    assert [sp.expand(e) for e in radial_from_slides(*back)] == [first, 0, third]


@pytest.mark.parametrize("second", [sp.Integer(1), sp.Rational(1, 10**30), sp.Symbol("phi"), sp.sqrt(2) - 1])
def test_slides_do_not_hold_the_second_channel(second: sp.Expr) -> None:
    """A kernel with l_f = 2 has no slides' form."""
    with pytest.raises(ValueError, match="l_f = 2"):
        slides_from_radial(sp.Integer(1), second, sp.Integer(1))


def test_slides_accept_a_second_channel_that_is_zero_in_disguise() -> None:
    """Zero is decided by algebra, not by appearance."""
    phi = sp.Symbol("phi")
    nothing = (phi + 1) ** 2 - phi**2 - 2 * phi - 1
    assert slides_from_radial(sp.Integer(1), nothing, sp.Integer(0)) == (1, 0)


def test_remarks_contradict_the_slides() -> None:
    """T5 and T7 say where the slides are wrong."""
    remarks = "".join(s.text + s.after for s in t07_slides.prove().remarks)
    assert r"The slides tag this form $1 \otimes 2 \to 2$" in remarks
