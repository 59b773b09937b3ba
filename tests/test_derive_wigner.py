"""D^J(q), exactly: against integrals over the sphere, rotations about one axis, characters and e3nn; and T3, which
refuses matrices that are wrong in any way.

Exact points are unit quaternions with rational components; SymPy's quaternions turn vectors here, not
derive/rotations.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import prod

import numpy as np
import pytest
import sympy as sp
import torch
from e3nn import o3
from pocket_tfn.derive import wigner
from pocket_tfn.derive.cartesian import component_basis
from pocket_tfn.derive.catalogue import pair
from pocket_tfn.derive.harmonics import generator, orders, real_harmonics, sphere_integral
from pocket_tfn.derive.proofs import Proof, ProofError, null_vectors, scaled_wigner, t03_steerability
from pocket_tfn.derive.proofs.quaternion_ring import differences
from pocket_tfn.derive.rotations import rotation_matrix
from pocket_tfn.derive.symbols import DIRECTION, QUATERNION
from pocket_tfn.derive.wigner import QUATERNION_RING, component_wigner_matrix, integer_matrix, root, wigner_matrix
from scipy.spatial.transform import Rotation
from sympy.polys.rings import PolyElement

from tests.derivation import patched, refused

Numbers = tuple[sp.Rational, ...]
#: Unit quaternions: turns by 120 degrees about a diagonal and by others about axes and in general position.
POINTS: list[Numbers] = [
    tuple(sp.Rational(n, d) for n in numbers)
    for *numbers, d in [
        (1, 1, 1, 1, 2),
        (3, 4, 0, 0, 5),
        (5, 0, -12, 0, 13),
        (1, 2, -4, 2, 5),
        (2, -4, 5, 6, 9),
        (0, 2, -3, 6, 7),
        (-4, 1, 2, 2, 5),
    ]
]


def turned(q: Numbers, vector: sp.Matrix) -> sp.Matrix:
    """q v q̄, by SymPy's quaternions."""
    unit = sp.Quaternion(*q)
    image = unit * sp.Quaternion(0, *vector) * unit.conjugate()
    return sp.Matrix([image.b, image.c, image.d]).expand()


def matrix_at(q: Numbers) -> sp.Matrix:
    """The rotation as a matrix of rationals."""
    return sp.Matrix.hstack(*(turned(q, sp.eye(3)[:, i]) for i in range(3)))


def numbers(l: int, q: Numbers) -> list[list[Fraction]]:
    """The integer polynomials of D^l at a quaternion."""
    exact = [Fraction(c.p, c.q) for c in q]

    def at(polynomial: PolyElement) -> Fraction:
        return sum(
            (c * prod(s**n for s, n in zip(exact, powers, strict=True)) for powers, c in polynomial.terms()),
            Fraction(0),
        )

    return [[at(e) for e in row] for row in integer_matrix(l)]


def value(l: int, q: Numbers) -> sp.Matrix:
    """D^l at a quaternion."""
    f, t = numbers(l, q), [root(l, m) for m in orders(l)]
    return sp.Matrix(2 * l + 1, 2 * l + 1, lambda i, j: t[i] / t[j] * sp.Rational(f[i][j]))


# --- against other ways to the same matrix ----------------------------------------------------------------


@pytest.mark.parametrize("q", POINTS[3:5], ids=str)
@pytest.mark.parametrize("l", [0, 1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_equals_integrals(l: int, q: Numbers) -> None:
    """D_mn = ∫ Y_m(R r̂) Y_n(r̂) dΩ, with ==."""
    here = real_harmonics(l)
    there = here.subs(dict(zip(DIRECTION, turned(q, sp.Matrix(DIRECTION)), strict=True)), simultaneous=True).expand()
    values = wigner_matrix(l).subs(dict(zip(QUATERNION, q, strict=True)))
    for m in range(2 * l + 1):
        for n in range(2 * l + 1):
            assert sp.expand(sphere_integral(sp.expand(there[m] * here[n])) - values[m, n]) == 0, (m, n)


@pytest.mark.parametrize("l", range(7))
def test_rotations_about_z(l: int) -> None:
    """ρ^m is multiplied by exp(imθ): cos mθ and sin mθ between m and -m, nothing elsewhere."""
    c, s = sp.Rational(5, 13), sp.Rational(12, 13)
    got, want = value(l, (c, sp.S.Zero, sp.S.Zero, s)), sp.eye(2 * l + 1)
    for m in range(1, l + 1):
        cosine, sine = sp.expand((c + sp.I * s) ** (2 * m)).as_real_imag()
        want[l + m, l + m], want[l + m, l - m] = cosine, -sine
        want[l - m, l + m], want[l - m, l - m] = sine, cosine
    assert got == want


@pytest.mark.parametrize("l", range(7))
def test_character(l: int) -> None:
    """tr D^l = Σ cos mθ is Chebyshev's U_2l at cos θ/2 = q0/|q|, for all q at once (H. Weyl)."""
    t = sp.Symbol("t")
    w, *others = QUATERNION_RING.gens
    square = w**2 + sum(s**2 for s in others)
    want = sum(int(c) * w**n * square ** ((2 * l - n) // 2) for (n,), c in sp.Poly(sp.chebyshevu(2 * l, t), t).terms())
    assert sum(integer_matrix(l)[i][i] for i in range(2 * l + 1)) == want


@pytest.fixture
def double() -> Iterator[None]:
    """e3nn computes generators in torch's default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("q", POINTS, ids=str)
@pytest.mark.parametrize("l", range(7))
def test_is_e3nns(l: int, q: Numbers) -> None:
    """e3nn's polar axis is y: given (y, z, x) for its (x, y, z) its harmonics are ours in order, sign and all, and so
    is the matrix of the rotation written in these axes."""
    cyclic = [1, 2, 0]
    r = np.array(matrix_at(q), float)[np.ix_(cyclic, cyclic)]
    angles = Rotation.from_matrix(r).as_euler("YXY")
    theirs = o3.wigner_D(l, *(torch.tensor(a, dtype=torch.float64) for a in angles)).numpy()
    np.testing.assert_allclose(np.array(value(l, q), float), theirs, rtol=0, atol=1e-13)


def test_vector_and_tensor_components() -> None:
    """R v for a vector; the components of R T Rᵀ for a symmetric traceless T: for every v and T, at exact points."""
    v = sp.Matrix(sp.symbols("v0:3"))
    t = sp.Matrix(sp.symbols("t0:5"))
    basis = [sp.Matrix(e.tolist()) for e in component_basis(2)]
    tensor = sum((t[m] * e for m, e in enumerate(basis)), sp.zeros(3))
    for q in POINTS:
        here, r = dict(zip(QUATERNION, q, strict=True)), matrix_at(q)
        assert (component_wigner_matrix(1).subs(here) * v - turned(q, v)).expand() == sp.zeros(3, 1)
        image = r * tensor * r.T
        got = component_wigner_matrix(2).subs(here) * t
        assert all(sp.expand(got[m] - (e.T * image).trace()) == 0 for m, e in enumerate(basis))


def test_slopes_are_the_generators() -> None:
    """Half the derivative at q = 1, as found with integrals in derive/harmonics.py."""
    one = dict(zip(QUATERNION, (1, 0, 0, 0), strict=True))
    for l in range(3):
        for axis in range(3):
            assert wigner_matrix(l).diff(QUATERNION[axis + 1]).subs(one) == 2 * generator(l, axis)


# --- any degree -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("l", [0, 1, 2, 5, 8])
def test_orthogonal_at_exact_points(l: int) -> None:
    """Dᵀ D = 1 and D Dᵀ = 1, with rational numbers: D_mn D_mk = t_m²/(t_n t_k) times integers."""
    squares = [int(root(l, m) ** 2) for m in orders(l)]
    for q in POINTS[3:5]:
        f = numbers(l, q)
        for i in range(2 * l + 1):
            for j in range(2 * l + 1):
                columns = sum(s * row[i] * row[j] for s, row in zip(squares, f, strict=True))
                rows = sum(f[i][k] * f[j][k] / s for k, s in enumerate(squares))
                assert (columns, rows) == ((squares[i], Fraction(1, squares[i])) if i == j else (0, 0))


@pytest.mark.parametrize("l", [0, 1, 3, pytest.param(8, marks=pytest.mark.slow)])
def test_matrix_is_roots_times_polynomials(l: int) -> None:
    """Nothing is lost in writing it for SymPy, and every entry is homogeneous of degree 2l without a float."""
    point, some = POINTS[4], slice(None, None, 1 + l // 2)
    got = wigner_matrix(l)[some, :].subs(dict(zip(QUATERNION, point, strict=True)))
    assert not any((got - value(l, point)[some, :]).expand())
    for row in integer_matrix(l):
        assert all(sum(powers) == 2 * l for e in row for powers in e.monoms())
    assert not wigner_matrix(l).has(sp.Float)


@pytest.mark.parametrize("l", [-1, -7])
def test_no_negative_degree(l: int) -> None:
    """One line that says which."""
    for function in (wigner_matrix, component_wigner_matrix, integer_matrix):
        with pytest.raises(ValueError, match=f"got l = {l}"):
            function(l)


# --- T3 -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_holds_to_degree_six() -> None:
    """As for all paths with l <= 3."""
    proof = t03_steerability.prove([pair(3, 3)])
    assert "up to 6" in proof.statement
    assert all(step.identities for step in proof.steps)
    assert "it was not" not in text(proof)


@pytest.mark.slow
def test_holds_to_degree_eight() -> None:
    """And the text says for which degrees Dᵀ D was multiplied out."""
    proof = t03_steerability.prove([pair(4, 4)])
    assert "up to 8" in proof.statement
    assert all(step.identities for step in proof.steps)
    assert r"For $J = 0, \dots, 6$ the product" in text(proof) and "for $J = 7, 8$ it was not" in text(proof)


def text(proof: Proof) -> str:
    """What surrounds the displays."""
    return " ".join(part for step in proof.steps for part in (step.text, step.after))


#: |q|² - 1: nothing for a rotation, yet not nothing.
OFF_SPHERE = sum(s**2 for s in QUATERNION) - 1
Change = Callable[[sp.Matrix], sp.Matrix]


def with_entry(i: int, j: int, change: Callable[[sp.Expr], sp.Expr]) -> Change:
    """The matrix with one entry changed."""

    def changed(d: sp.Matrix) -> sp.Matrix:
        new = sp.Matrix(d)
        new[i, j] = change(new[i, j])
        return new

    return changed


WRONG: dict[str, Change] = {
    "a sign": with_entry(0, 1, lambda e: -e),
    "a root": with_entry(2, 0, lambda e: sp.expand(sp.sqrt(2) * e)),
    "a coefficient": with_entry(1, 1, lambda e: e + sp.Rational(1, 10**30) * QUATERNION[0] ** 2 * QUATERNION[3] ** 2),
    "a monomial": with_entry(0, 0, lambda e: e + QUATERNION[0] ** 4),
    "on the sphere alone": with_entry(1, 1, lambda e: sp.expand(e + OFF_SPHERE)),
    "two rows": lambda d: sp.Matrix.vstack(d[1, :], d[0, :], d[2:, :]),
    "transposed": lambda d: d.T,
    "reversed orders": lambda d: d[::-1, ::-1],
    "negative": lambda d: -d,
    "twice": lambda d: 2 * d,
    "the unit matrix": lambda d: sp.eye(d.rows),
    "nothing": lambda d: sp.zeros(d.rows),
    "a float": with_entry(0, 0, lambda e: e * 1.0),
    "not a polynomial": with_entry(0, 0, lambda e: sp.sin(QUATERNION[0])),
    "a quotient": with_entry(0, 0, lambda e: 1 / QUATERNION[0]),
}


def prove() -> Proof:
    """T3 to degree 2, which is enough to see a mistake there."""
    return t03_steerability.prove([pair(1, 0)])


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_matrix(wrong: str) -> None:
    """A D² that is not right."""
    with patched() as patch:
        patch.setattr(t03_steerability, "LOWEST_BOUND", 2)
        assert prove()
        right = t03_steerability.wigner_matrix
        patch.setattr(t03_steerability, "wigner_matrix", lambda l: WRONG[wrong](right(l)) if l == 2 else right(l))
        refused(prove)


@pytest.mark.parametrize("wrong", ["a sign", "on the sphere alone", "transposed", "twice", "nothing"])
def test_wrong_matrix_beyond_what_is_multiplied_out(wrong: str) -> None:
    """A D² that is not right, where neither DᵀD nor D(q) D(p) is."""
    with patched() as patch:
        for name, bound in {"LOWEST_BOUND": 2, "MULTIPLIED_OUT": 1, "GRAM_MULTIPLIED_OUT": 1}.items():
            patch.setattr(t03_steerability, name, bound)
        assert "for $J = 2$ it was not" in text(prove())
        right = t03_steerability.wigner_matrix
        patch.setattr(t03_steerability, "wigner_matrix", lambda l: WRONG[wrong](right(l)) if l == 2 else right(l))
        refused(prove)


def test_wrong_product() -> None:
    """A product of quaternions of which q̄ q is not |q|²; one in the other order, of which it is."""
    right = t03_steerability.quaternion_product
    for wrong in (lambda p, q: right(p, (q[0], q[1], q[2], -q[3])), lambda p, q: right(q, p)):
        with patched() as patch:
            patch.setattr(t03_steerability, "LOWEST_BOUND", 1)
            patch.setattr(t03_steerability, "quaternion_product", wrong)
            refused(prove)
    with patched() as patch:
        patch.setattr(t03_steerability, "conjugate", tuple)
        refused(lambda: t03_steerability._orthogonality([scaled_wigner.scaled_wigner(1, wigner_matrix(1))]))


@pytest.mark.parametrize("axis", range(3))
def test_wrong_convention(axis: int) -> None:
    """The matrices of rotations the other way about an axis: a homomorphism of another group action, orthogonal too."""
    with patched() as patch:
        patch.setattr(t03_steerability, "LOWEST_BOUND", 2)
        right, flip = t03_steerability.wigner_matrix, {QUATERNION[axis + 1]: -QUATERNION[axis + 1]}
        patch.setattr(t03_steerability, "wigner_matrix", lambda l: right(l).subs(flip))
        refused(prove)


@pytest.mark.parametrize("change", [lambda r: r.T, lambda r: -r, lambda r: r * sp.diag(1, 1, -1)])
def test_wrong_rotation(change: Change) -> None:
    """R(q) inverted, with an inversion, with a reflection."""
    with patched() as patch:
        patch.setattr(t03_steerability, "LOWEST_BOUND", 2)
        patch.setattr(t03_steerability, "rotation_matrix", lambda: change(rotation_matrix()))
        refused(prove)


@pytest.mark.parametrize("l", [1, 2])
def test_wrong_components(l: int) -> None:
    """Components of a vector in the order of m; two components of a tensor exchanged."""
    exchange = sp.Matrix(sp.eye(5))
    exchange.row_swap(0, 1)
    wrong = wigner_matrix(1) if l == 1 else exchange * wigner_matrix(2) * exchange
    with patched() as patch:
        patch.setattr(t03_steerability, "LOWEST_BOUND", 2)
        patch.setattr(
            t03_steerability, "component_wigner_matrix", lambda k: wrong if k == l else component_wigner_matrix(k)
        )
        refused(prove)


def test_wrong_construction() -> None:
    """A sign within derive/wigner.py, and roots without their factor 2, are seen as well."""
    for name, wrong in (
        ("_power", lambda name, plain, conjugate, right=wigner._power: right(name, conjugate, plain)),
        ("root", lambda l, m: sp.sqrt(sp.factorial(l - m) * sp.factorial(l + m))),
    ):
        with patched() as patch:
            patch.setattr(t03_steerability, "LOWEST_BOUND", 2)
            patch.setattr(wigner, name, wrong)
            refused(prove)


def test_wrong_harmonics() -> None:
    """Harmonics that are not normalised, or have the Condon-Shortley sign, are not those that null vectors generate."""
    right = scaled_wigner.real_harmonic
    for wrong in (lambda l, m: 2 * right(l, m), lambda l, m: sp.expand((-1) ** abs(m) * right(l, m))):
        with patched() as patch:
            patch.setattr(t03_steerability, "LOWEST_BOUND", 2)
            patch.setattr(scaled_wigner, "real_harmonic", wrong)
            refused(prove)


def test_no_null_vector() -> None:
    """A sign in n(u, v)."""
    with patched() as patch:
        patch.setattr(t03_steerability, "LOWEST_BOUND", 2)
        right = null_vectors.null_vector
        patch.setattr(null_vectors, "null_vector", lambda u, v, r: right(u, -v, r))
        refused(prove)


#: Each identity of the proof, and a matrix that this identity alone can refuse.
IDENTITIES: dict[str, tuple[Callable[[scaled_wigner.ScaledWigner], scaled_wigner.Sides], str]] = {
    "harmonics": (lambda s: s.turned_harmonics(rotation_matrix()), "a coefficient"),
    "degrees": (scaled_wigner.ScaledWigner.degrees, "on the sphere alone"),
    "at one": (scaled_wigner.ScaledWigner.at_one, "nothing"),
    "at a number": (scaled_wigner.ScaledWigner.at_number, "on the sphere alone"),
    "transposed": (scaled_wigner.ScaledWigner.transposed, "a sign"),
    "gram": (scaled_wigner.ScaledWigner.gram, "twice"),
    "composed": (scaled_wigner.ScaledWigner.composed, "transposed"),
    "slopes": (lambda s: s.slopes(1), "the unit matrix"),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_every_identity_can_fail(name: str) -> None:
    """Zero for the right matrix, not for the wrong one: no line of the proof is idle."""
    sides, wrong = IDENTITIES[name]
    right = wigner_matrix(2)
    assert not any(differences(*sides(scaled_wigner.scaled_wigner(2, right))))
    assert any(differences(*sides(scaled_wigner.scaled_wigner(2, WRONG[wrong](right)))))


def test_odd_degree_is_refused() -> None:
    """D(-q) = -D(q) for a matrix of odd degree, such as one of a spinor would have."""
    odd = scaled_wigner.scaled_wigner(1, (wigner_matrix(1) * QUATERNION[0]).expand())
    assert any(differences(*odd.reversed()))


def test_roots_that_remain_are_refused() -> None:
    """Read, a matrix must lose its roots against those of the harmonics."""
    with pytest.raises(ValueError, match="not a monomial"):
        scaled_wigner.scaled_wigner(2, WRONG["a root"](wigner_matrix(2)))
    with patched() as patch, pytest.raises(ProofError, match="not a monomial"):
        patch.setattr(t03_steerability, "wigner_matrix", lambda l: sp.sqrt(2) * wigner_matrix(l))
        prove()
