"""Index notation: what an expression's components are, what it refuses, and how it is printed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product

import pytest
import sympy as sp
from pocket_tfn.derive.cartesian import (
    Factor,
    IndexExpression,
    Term,
    component_basis,
    delta,
    epsilon,
    r,
    symmetric_traceless,
    tensor,
)
from pocket_tfn.derive.catalogue import CLOSED_FORMS, path
from pocket_tfn.derive.harmonics import orders, real_harmonics
from pocket_tfn.derive.symbols import DIRECTION

HALF, THIRD = sp.Rational(1, 2), sp.Rational(1, 3)
R = {"r": DIRECTION}
VECTOR = sp.symbols("f0:3")


def same(expression: IndexExpression, order: str, wanted: Callable[..., sp.Expr]) -> bool:
    """All components, against a function of the indices."""
    found = expression.components(order, {**R, "f": VECTOR})
    assert set(found) == set(product(range(3), repeat=len(order)))
    return all(sp.expand(value - wanted(*at)) == 0 for at, value in found.items())


# --- algebra ----------------------------------------------------------------------------------------------


def test_components_of_named_tensors() -> None:
    """δ, ε with ε_xyz = 1, and r̂."""
    assert same(delta("ab"), "ab", lambda a, b: int(a == b))
    assert same(epsilon("abc"), "abc", lambda a, b, c: int(sp.LeviCivita(a, b, c)))
    assert epsilon("abc").components("abc", {})[0, 1, 2] == 1
    assert same(r("a"), "a", lambda a: DIRECTION[a])


def test_repeated_labels_are_summed() -> None:
    """δ_dd = 3, ε_acd ε_bcd = 2 δ_ab, and the double cross product."""
    assert (delta("dd")).components("", {}) == {(): 3}
    assert same(epsilon("acd") * epsilon("bcd"), "ab", lambda a, b: 2 * int(a == b))
    triple = epsilon("adc") * r("d") * (epsilon("cef") * r("e") * tensor("f", "f"))
    rr, rf = sum(s * s for s in DIRECTION), sum(s * t for s, t in zip(DIRECTION, VECTOR, strict=True))
    assert same(triple, "a", lambda a: DIRECTION[a] * rf - VECTOR[a] * rr)


def test_order_of_free_labels() -> None:
    """The caller says which label is which axis."""
    cross = epsilon("adc") * r("d")
    forward, backward = cross.components("ac", R), cross.components("ca", R)
    assert all(forward[a, c] == backward[c, a] for a, c in product(range(3), repeat=2))
    assert forward != backward


def test_sums_differences_and_numbers() -> None:
    """+, -, and exact factors."""
    q = 3 * (r("a") * r("b")) - delta("ab")
    assert same(q, "ab", lambda a, b: 3 * DIRECTION[a] * DIRECTION[b] - int(a == b))
    assert same(
        sp.Rational(2, 3) * q - HALF * q, "ab", lambda a, b: (3 * DIRECTION[a] * DIRECTION[b] - int(a == b)) / 6
    )
    assert (q + q).terms == q.terms * 2


def test_homogeneous_components() -> None:
    """Terms of lower degree get powers of |r|²; at |r| = 1 nothing changes."""
    q = 3 * (r("a") * r("b")) - delta("ab")
    square = sum(s * s for s in DIRECTION)
    found = q.components("ab", R, homogeneous=True)
    for (a, b), value in found.items():
        assert sp.expand(value - 3 * DIRECTION[a] * DIRECTION[b] + square * int(a == b)) == 0
    assert q.degree == 2


def test_any_ring() -> None:
    """Integers in, integers out: components are computed in the ring of the given tensors."""
    q = 3 * (r("a") * r("b")) - delta("ab")
    values = q.components("ab", {"r": (1, 2, -2)}).values()
    assert list(values) == [2, 6, -6, 6, 11, -12, -6, -12, 11] and all(type(v) is int for v in values)


# --- refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["", "a", "abc", "ac", "aab"])
def test_wrong_free_labels(wrong: str) -> None:
    """The labels asked for must be the free ones, each once; the message names them."""
    with pytest.raises(ValueError, match=r"free indices are \['a', 'b'\]"):
        delta("ab").components(wrong, {})


def test_terms_must_agree() -> None:
    """r̂_a + r̂_b means nothing, nor does a label that occurs three times."""
    with pytest.raises(ValueError, match="free indices differ"):
        r("a") + r("b")
    with pytest.raises(ValueError, match="free indices differ"):
        delta("ab") - r("a")
    with pytest.raises(ValueError, match="more than twice"):
        delta("aa") * r("a")


# --- symmetric traceless part -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "x",
    [
        r("a") * r("b"),
        delta("ab"),
        epsilon("abd") * r("d"),
        r("a") * tensor("f", "b"),
        r("a") * delta("bc") + r("b") * delta("ac"),
        epsilon("acd") * r("b") * r("d"),
    ],
    ids=lambda x: x.text(),
)
def test_symmetric_traceless(x: IndexExpression) -> None:
    """ST(X) is ½ (X + Xᵀ) - ⅓ tr X: symmetric, traceless, and ST of it again is itself."""
    order = "".join(sorted(x.free))
    st, again, plain = (
        e.components(order, {**R, "f": VECTOR})
        for e in (symmetric_traceless(x), symmetric_traceless(symmetric_traceless(x)), x)
    )
    rest = list(product(range(3), repeat=len(order) - 2))
    for tail in rest:
        trace = sum(plain[(d, d, *tail)] for d in range(3))
        assert sp.expand(sum(st[(d, d, *tail)] for d in range(3))) == 0
        for a, b in product(range(3), repeat=2):
            wanted = HALF * (plain[(a, b, *tail)] + plain[(b, a, *tail)]) - THIRD * int(a == b) * trace
            assert sp.expand(st[(a, b, *tail)] - wanted) == 0
            assert sp.expand(st[(a, b, *tail)] - st[(b, a, *tail)]) == 0
            assert sp.expand(st[(a, b, *tail)] - again[(a, b, *tail)]) == 0


def test_forms_of_tensors_are_symmetric_and_traceless() -> None:
    """In a, b, for every l_out = 2 form; the five components lose nothing."""
    for degrees, (_, _, form) in CLOSED_FORMS.items():
        if degrees[2] == 2:
            square = sum(s * s for s in DIRECTION)
            t = form.components("abc", R, homogeneous=True)
            for a, b, c in product(range(3), repeat=3):
                assert sp.expand(t[a, b, c] - t[b, a, c]) == 0
            assert all(sp.expand(sum(t[d, d, c] for d in range(3))) == 0 for c in range(3))
            five = path(*degrees).kernel
            assert sp.expand(sum(v**2 for v in five) - sum(v**2 for v in t.values())) == 0
            assert square.is_polynomial(*DIRECTION)


# --- printing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "latex", "text"),
    [
        (r("c"), r"\hat r_{c}", "r̂_c"),
        (-1 * r("c"), r"- \hat r_{c}", "- r̂_c"),
        (delta("ac"), r"\delta_{a c}", "δ_ac"),
        (3 * (r("a") * r("c")) - delta("ac"), r"3 \hat r_{a} \hat r_{c} - \delta_{a c}", "3 r̂_a r̂_c - δ_ac"),
        (epsilon("adc") * r("d"), r"\varepsilon_{a d c} \hat r_{d}", "ε_adc r̂_d"),
        (
            HALF * (epsilon("acd") * r("b") * r("d")),
            r"\tfrac{1}{2} \varepsilon_{a c d} \hat r_{b} \hat r_{d}",
            "(1/2) ε_acd r̂_b r̂_d",
        ),
        (r("a") - sp.Rational(2, 3) * r("a"), r"\hat r_{a} - \tfrac{2}{3} \hat r_{a}", "r̂_a - (2/3) r̂_a"),
        (tensor("R", "ab") * tensor("f", "b"), "R_{a b} f_{b}", "R_ab f_b"),
    ],
    ids=str,
)
def test_printing(expression: IndexExpression, latex: str, text: str) -> None:
    """Exact strings."""
    assert expression.latex() == latex
    assert expression.text() == text


def test_primes() -> None:
    """a1 prints as a', a2 as a''; r' is the rotated direction."""
    primed = IndexExpression((Term(sp.Integer(1), (Factor("R", ("a", "a1")), Factor("r'", ("a1",)))),))
    assert primed.latex() == r"R_{a a'} \hat r'_{a'}"
    assert tensor("R", ["a2", "b"]).latex() == "R_{a'' b}"  # type: ignore[arg-type]


# --- component bases --------------------------------------------------------------------------------------


@pytest.mark.parametrize("l", range(5))
def test_component_basis(l: int) -> None:
    """2l + 1 tensors of rank l: orthonormal, symmetric, traceless; contracted with r..r the harmonics, positively."""
    basis = component_basis(l)
    assert len(basis) == 2 * l + 1
    entries = list(product(range(3), repeat=l))

    def entry(e: sp.NDimArray, at: tuple[int, ...]) -> sp.Expr:
        return e[at] if at else e[()]

    for m, n in product(range(2 * l + 1), repeat=2):
        assert sum(entry(basis[m], at) * entry(basis[n], at) for at in entries) == int(m == n)
    for e in basis:
        for at in entries:
            assert all(entry(e, at) == entry(e, other) for other in permutations(at))
        if l >= 2:
            for tail in product(range(3), repeat=l - 2):
                assert sp.expand(sum(entry(e, (d, d, *tail)) for d in range(3))) == 0
    contracted = [sum(entry(e, at) * sp.prod([DIRECTION[i] for i in at]) for at in entries) for e in basis]
    harmonics = list(real_harmonics(l)) if l != 1 else [real_harmonics(1)[i] for i in (2, 0, 1)]
    ratios = [sp.simplify(c / h) for c, h in zip(contracted, harmonics, strict=True)]
    assert len(ratios) == len(orders(l))
    assert all(sp.simplify(q - ratios[0]) == 0 and q.is_positive for q in ratios)


def test_tensor_components_by_hand() -> None:
    """xy, yz, 3zz-rr, xz, xx-yy."""
    root = sp.sqrt(2)
    xy, yz, zz, xz, xx = (sp.Matrix(e.tolist()) for e in component_basis(2))
    assert xy == sp.Matrix([[0, 1, 0], [1, 0, 0], [0, 0, 0]]) / root
    assert yz == sp.Matrix([[0, 0, 0], [0, 0, 1], [0, 1, 0]]) / root
    assert zz == sp.diag(-1, -1, 2) / sp.sqrt(6)
    assert xz == sp.Matrix([[0, 0, 1], [0, 0, 0], [1, 0, 0]]) / root
    assert xx == sp.diag(1, -1, 0) / root
