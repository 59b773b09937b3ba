"""The emitted changes of basis against e3nn and SciPy themselves, and theorem T15 on what is wrong.

The text is emitted afresh for l <= 6; `test_the_package_has_them` asks the package itself.
"""

from __future__ import annotations

import dataclasses
import math
from functools import cache
from typing import Any

import numpy as np
import pocket_tfn
import pytest
import sympy as sp
import torch
from e3nn import o3
from pocket_tfn.derive import conventions, emission
from pocket_tfn.derive.catalogue import Pair, pair
from pocket_tfn.derive.convention_text import conventions_context
from pocket_tfn.derive.coupling import real_clebsch_gordan
from pocket_tfn.derive.harmonics import component_generator, components_from_orders, real_harmonics
from pocket_tfn.derive.proofs import t15_conventions
from pocket_tfn.derive.symbols import DIRECTION
from scipy.special import sph_harm_y

from benchmarks.peers.e3nn_coupling import default_dtype
from tests import inputs, oracles
from tests.derivation import patched, refused
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance

DEGREES = range(7)
NAMES = ("to_e3nn", "to_condon_shortley", "to_scipy")
LIMIT = tolerance(float).peer
#: All of 0..6, as l_in, l_f or l_out; and a pair whose proof is quick.
ALL, SMALL = (pair(3, 3),), (pair(1, 1),)
PATHS = [(i, f, o) for i in range(4) for o in range(4) for f in range(abs(i - o), i + o + 1)]


def emitted(pairs: tuple[Pair, ...]) -> str:
    return emission.render("conventions.py.jinja", **conventions_context(pairs))


@cache
def world() -> dict[str, Any]:
    """The emitted module for l <= 6, run."""
    names: dict[str, Any] = {"__name__": "conventions"}
    exec(compile(emitted(ALL), "conventions.py", "exec"), names)
    return names


def basis(name: str, l: int) -> Array:
    return np.asarray(world()[name](l))


@cache
def points() -> Array:
    """Random directions of every kind, and both ends of each axis: the poles of one convention or another."""
    random = oracles.unit(inputs.directions(np.random.default_rng(0), 200), np.float64)
    return np.concatenate([random, np.eye(3), -np.eye(3)])


@cache
def our_harmonics(l: int) -> Array:
    """(points, components)."""
    columns = sp.lambdify(DIRECTION, list(components_from_orders(l) * real_harmonics(l)), "numpy")(*points().T)
    return np.stack([np.broadcast_to(c, len(points())) for c in columns], axis=-1).astype(float)


def size(l: int) -> float:
    """|Y_l|, the same for all directions."""
    return math.sqrt((2 * l + 1) / (4 * math.pi))


def harmonic_limit(l: int) -> float:
    """Expanded polynomials of degree l cancel among terms that grow with l: 2^l eps is ample (tests/test_scipy.py)."""
    return LIMIT * 2**l


# --- against e3nn and SciPy ---------------------------------------------------------------------------


@pytest.mark.parametrize("l", DEGREES)
@pytest.mark.parametrize("normalization", ["integral", "component", "norm"])
def test_harmonics_of_e3nn(l: int, normalization: str) -> None:
    """B Y, times the factor that the docstring gives for each normalisation."""
    factor = {"integral": 1.0, "component": math.sqrt(4 * math.pi), "norm": math.sqrt(4 * math.pi / (2 * l + 1))}
    want = o3.spherical_harmonics(l, torch.tensor(points()), normalize=True, normalization=normalization).numpy()
    got = factor[normalization] * our_harmonics(l) @ basis("to_e3nn", l).T
    assert_close(got, want, factor[normalization] * size(l), limit=harmonic_limit(l), dtype=float, axis=-1)


def scipys(l: int) -> Array:
    """(points, m = -l..l), complex."""
    x, y, z = points().T
    polar, azimuth = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
    return np.stack([sph_harm_y(l, m, polar, azimuth) for m in range(-l, l + 1)], axis=-1)


@pytest.mark.parametrize("l", DEGREES)
def test_harmonics_of_scipy(l: int) -> None:
    """Of either sign of m, at the poles too."""
    got, want = our_harmonics(l) @ basis("to_scipy", l).T, scipys(l)
    for part in ("real", "imag"):
        assert_close(getattr(got, part), getattr(want, part), size(l), limit=harmonic_limit(l), dtype=float, axis=-1)


@pytest.mark.parametrize("l", DEGREES)
def test_harmonics_of_condon_and_shortley(l: int) -> None:
    """√2 Im, plain, √2 Re of SciPy's for m >= 0, which carry the sign."""
    upper = scipys(l)[:, l:]
    want = np.concatenate([math.sqrt(2) * upper[:, :0:-1].imag, upper[:, :1].real, math.sqrt(2) * upper[:, 1:].real], 1)
    got = our_harmonics(l) @ basis("to_condon_shortley", l).T
    assert_close(got, want, size(l), limit=harmonic_limit(l), dtype=float, axis=-1)


def turned(l: int, axis: int, angle: float) -> Array:
    """D^l of the rotation by an angle about x, y or z, on our components: the exponential of the exact generator."""
    generator = torch.tensor(np.array(component_generator(l, axis).tolist(), float))
    return np.asarray(torch.matrix_exp(angle * generator).numpy())


@pytest.mark.parametrize("l", [pytest.param(l, marks=[pytest.mark.slow] if l > 3 else []) for l in DEGREES])
def test_rotation_matrices_of_e3nn(l: int) -> None:
    """B D(R) Bᵀ is e3nn's wigner_D, for R by α about y after β about x after γ about y."""
    rng, b, irreps = np.random.default_rng(l), basis("to_e3nn", l), o3.Irreps([(1, (l, 1))])
    for _ in range(10):
        angles = rng.uniform(0, 2 * math.pi, 3)
        with default_dtype(torch.float64):  # in which e3nn makes its generators
            want = irreps.D_from_angles(*map(torch.tensor, angles)).numpy()
        alpha, beta, gamma = (turned(l, axis, angle) for axis, angle in zip((1, 0, 1), angles, strict=True))
        # Three exponentials on either side, of matrices of norm 2πl at most, each computed to that many roundings: the
        # norm enters by scaling and squaring (Higham, Functions of Matrices, 2008, §10.3).
        limit = 2 * 3 * 2 * math.pi * max(l, 1) * tolerance(float).eps
        assert_close(b @ alpha @ beta @ gamma @ b.T, want, 1, limit=limit, dtype=float, axis=-1)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_couplings_of_e3nn(path: tuple[int, int, int]) -> None:
    """In e3nn's basis Q is its wigner_3j but for √(2 l_out + 1) and the sign (-1)^(l_in + l_f + l_out)."""
    l_in, l_f, l_out = path
    q = np.array(real_clebsch_gordan(*path).tolist(), float)
    orders = np.array(components_from_orders(l_f).tolist(), float)
    turned = np.einsum(
        "km,mn,ai,bj,nij->bka", basis("to_e3nn", l_f), orders, basis("to_e3nn", l_out), basis("to_e3nn", l_in), q
    )
    factor = (-1) ** sum(path) * math.sqrt(2 * l_out + 1)
    w = o3.wigner_3j(*path, dtype=torch.float64).numpy()
    assert_close(turned, factor * w, math.sqrt(2 * l_out + 1), limit=LIMIT, dtype=float)


def test_a_kernel_in_the_basis_of_e3nn() -> None:
    """K_new = B_out K B_in^†: a 2 → 2 kernel with l_f = 2 in e3nn's components is e3nn's contraction."""
    vectors, b = torch.tensor(points()), basis("to_e3nn", 2)
    q = np.array(real_clebsch_gordan(2, 2, 2).tolist(), float)
    kernel = np.einsum("nm,mab->nab", our_harmonics(2), q)
    harmonics = o3.spherical_harmonics(2, vectors, normalize=True, normalization="integral")
    want = math.sqrt(5) * torch.einsum("bma,nm->nab", o3.wigner_3j(2, 2, 2, dtype=torch.float64), harmonics).numpy()
    assert_close(b @ kernel @ b.conj().T, want, size(2), limit=4 * LIMIT, dtype=float, axis=(-2, -1))


# --- the emitted module -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("l", DEGREES)
def test_arrays(name: str, l: int) -> None:
    """Shape, dtype, read-only, unitary to rounding, and the same array for any kind of integer."""
    b = basis(name, l)
    assert b.shape == (2 * l + 1, 2 * l + 1)
    assert b.dtype == (np.complex128 if name == "to_scipy" else np.float64)
    assert not b.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        b[0, 0] = 2
    assert np.abs(b @ b.conj().T - np.eye(2 * l + 1)).max() <= tolerance(float).value
    assert world()[name](np.int64(l)) is world()[name](l)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("l", [7, -1, 10**30, 1.5, 2.0, "2", None])
def test_degrees_that_are_not_there(name: str, l: Any) -> None:
    """One line that says which there are."""
    with pytest.raises(ValueError, match="no change of basis for degree") as caught:
        world()[name](l)
    assert str(caught.value).endswith("this module has those for 0, 1, 2, 3, 4, 5, 6")
    assert "\n" not in str(caught.value)


def test_the_exact_matrices_refuse_negative_degrees() -> None:
    for matrix in conventions.CONVENTIONS.values():
        with pytest.raises(ValueError, match=">= 0"):
            matrix(-1)


def test_only_the_degrees_that_occur() -> None:
    """1 → 1 has 0, 1 and 2; and the file is emitted with the others."""
    assert [m.degree for m in conventions_context(SMALL)["matrices"]["e3nn"]] == [0, 1, 2]
    assert emission.code_files(SMALL)["conventions.py"] == emitted(SMALL)


def test_the_package_has_them() -> None:
    """generated/conventions.py, reached without an import of its own, to the bit."""
    published = pocket_tfn.conventions
    assert set(published.__all__) == set(NAMES)
    for name in NAMES:
        for l in (0, 1, 2):
            assert_same_bits(getattr(published, name)(l), basis(name, l))


# --- theorem T15 --------------------------------------------------------------------------------------


def prove(pairs: tuple[Pair, ...] = SMALL, old: str = "", new: str = "") -> Any:
    """T15 for the pairs; the emitted text may be edited, which must change it."""
    text = emitted(pairs)
    edited = text.replace(old, new, 1) if old else text
    assert not old or edited != text
    return t15_conventions.prove(pairs, {"conventions.py": edited})


@pytest.mark.parametrize("pairs", [SMALL, pytest.param(ALL, marks=pytest.mark.slow)])
def test_holds(pairs: tuple[Pair, ...]) -> None:
    """Each step checks something."""
    proof = prove(pairs)
    assert all(step.identities for step in proof.steps)
    assert proof.identities > 500


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("l", [0, 1, 2])
def test_wrong_matrices_are_refused(name: str, l: int) -> None:
    """A sign in one row; two rows exchanged; the inverse."""
    (convention,) = (c for c in t15_conventions.CONVENTIONS if c.function == name)
    right = convention.matrix(l)
    wrong = [sp.diag(*[-1] + [1] * (2 * l)) * right]
    if l:
        rows = list(range(2 * l + 1))
        wrong += [right.extract([rows[1], rows[0], *rows[2:]], rows)]
    if right != right.H:
        wrong += [right.H]
    for matrix in wrong:

        def instead(k: int, wrong: sp.Matrix = matrix) -> sp.Matrix:
            return wrong if k == l else convention.matrix(k)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(t15_conventions, "CONVENTIONS", (dataclasses.replace(convention, matrix=instead),))
            refused(prove)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", ["harmonics", "generators"])
def test_wrong_definitions_are_refused(name: str, what: str) -> None:
    """Another convention's harmonics or generators: what is compared with is not B itself."""
    mine, other = (
        next(c for c in t15_conventions.CONVENTIONS if (c.function == name) is same) for same in (True, False)
    )
    with pytest.MonkeyPatch.context() as patch:
        mixed = dataclasses.replace(mine, **{what: getattr(other, what)})
        patch.setattr(t15_conventions, "CONVENTIONS", (mixed,))
        refused(prove)


def test_a_wrong_convention_in_derive_is_refused() -> None:
    """Where the text is emitted from the same wrong matrices: entries without their signs."""
    root = conventions.over_root
    with patched() as patch:
        patch.setattr(conventions, "over_root", lambda value, square: abs(root(value, square)))
        refused(prove)


EDITS = {
    "a sign": ("-sqrt3_4", "sqrt3_4"),
    "another number": ("-sqrt3_4", "-c1_2"),
    "the next float": ("0x1.bb67ae8584caap-1", "0x1.bb67ae8584cabp-1"),
    "a zero": ("[0, 0, -c1_2", "[c1_2, 0, -c1_2"),
    "an imaginary part": ("complex(0, -sqrt1_2)", "complex(sqrt1_2, 0)"),
    "an imaginary sign": ("complex(0, -sqrt1_2)", "complex(0, sqrt1_2)"),
    "another table": ("_matrix(_CONDON_SHORTLEY, l)", "_matrix(_E3NN, l)"),
    "single precision": ("np.float64,\n", "np.float32,\n"),
    "writeable": ("writeable = False", "writeable = True"),
    "not Python": ("[0, 0, -c1_2", "[0, 0 -c1_2"),
    "a missing number": ("c1_2 =", "c1_3 ="),
    "a missing degree": ("        2: [", "        9: ["),
    "a missing function": ("def to_scipy", "def to_sympy"),
    "a missing name": ('"to_e3nn", ', ""),
    "another name": ('"to_e3nn", ', '"to_e3nn", "operator", '),
    "small integers": ("_CONDON_SHORTLEY = _arrays(\n    np.float64", "_CONDON_SHORTLEY = _arrays(\n    np.int8"),
    "objects": ("_CONDON_SHORTLEY = _arrays(\n    np.float64", "_CONDON_SHORTLEY = _arrays(\n    object"),
    "complex numbers": ("_E3NN = _arrays(\n    np.float64", "_E3NN = _arrays(\n    np.complex128"),
    "real numbers": ("_SCIPY = _arrays(\n    np.complex128", "_SCIPY = _arrays(\n    np.float64"),
    "long numbers": ("_E3NN = _arrays(\n    np.float64", "_E3NN = _arrays(\n    np.longdouble"),
    "another order of bytes": ("_E3NN = _arrays(\n    np.float64", '_E3NN = _arrays(\n    np.dtype(">f8")'),
    "a class of its own": ("return _matrix(_E3NN, l)", "return _matrix(_E3NN, l).view(np.matrix)"),
    "a list": ("return _matrix(_E3NN, l)", "return _matrix(_E3NN, l).tolist()"),
    "nothing": ("return _matrix(_SCIPY, l)", "_matrix(_SCIPY, l)"),
    "not a number": ("c1_2 = ", 'c1_2 = float("nan") or '),
    "infinity": ("c1_2 = ", 'c1_2 = float("inf") or '),
    "an exit": ("import operator\n", "import operator\nraise SystemExit(0)\n"),
    "an exit when called": ("return _matrix(_E3NN, l)", "raise SystemExit(0)"),
}


@pytest.mark.parametrize("name", EDITS)
def test_edits_of_the_text_are_refused(name: str) -> None:
    refused(lambda: prove(SMALL, *EDITS[name]))


@pytest.mark.parametrize("what", ["acted", "rates"])
@pytest.mark.parametrize("name", NAMES)
def test_kernels_in_a_basis_that_is_not_unitary_are_refused(name: str, what: str) -> None:
    """Twice B on one side or generators the other way: each identity on kernels can fail by itself."""
    (convention,) = (c for c in t15_conventions.CONVENTIONS if c.function == name)
    check = getattr(t15_conventions, f"_{what}")
    assert not any(check(convention, 1, 2))
    wrong: dict[str, dict[str, Any]] = {
        "acted": {"matrix": lambda l: 2 * convention.matrix(l)},
        "rates": {"generators": lambda l: [-g for g in convention.generators(l)]},
    }
    assert any(check(dataclasses.replace(convention, **wrong[what]), 1, 2))


def test_the_text_must_be_there() -> None:
    refused(lambda: t15_conventions.prove(SMALL, {}))
