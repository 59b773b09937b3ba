"""Provers refuse what is wrong for any degrees: coefficients, harmonics, lengths, kernels, and the emitted text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from types import MappingProxyType

import pytest
import sympy as sp
from pocket_tfn.derive import coupling, harmonics
from pocket_tfn.derive.catalogue import Pair, Path, pair
from pocket_tfn.derive.emission import CODE_MODULES, code_files
from pocket_tfn.derive.proofs import THEOREMS, t02_coupling, t11_emitted, t14_emitted_derivatives
from pocket_tfn.derive.proofs import t04_contraction as t04
from pocket_tfn.derive.symbols import DIRECTION

from tests.derivation import Edit, edited, patched, refused
from tests.general import slow_from

LITTLE = sp.Rational(1, 10**30)


def of_pairs(name: str, *pairs: Pair) -> Callable[[], object]:
    """A theorem that needs no emitted text, for some pairs."""
    return lambda: THEOREMS[name](pairs, {})


# --- coupling -------------------------------------------------------------------------------------------------


def corrupted(q: sp.NDimArray, place: int, factor: sp.Expr) -> sp.ImmutableDenseNDimArray:
    """The coefficients with one of the nonzero ones multiplied."""
    values = list(sp.flatten(q))
    nonzero = [i for i, v in enumerate(values) if v != 0]
    values[nonzero[place]] *= factor
    return sp.ImmutableDenseNDimArray(values, q.shape)


#: The degrees, and which of the coefficients.
PLACES = [(2, 2, 1, 0), (2, 1, 3, 5), (2, 4, 3, -1), (0, 2, 2, 1)]


@pytest.mark.parametrize("factor", [-sp.S.One, 1 + LITTLE, sp.S.Zero], ids=str)
@pytest.mark.parametrize("at", slow_from(PLACES, [(2, 4, 3, -1)]), ids=str)
def test_wrong_clebsch_gordan(at: tuple[int, int, int, int], factor: sp.Expr) -> None:
    """One coefficient negated, scaled or lost: T2 sees it, and where the kernel is defined by it, so do T5 and T16."""
    *degrees, place = at
    with patched() as patch:
        original = coupling.real_clebsch_gordan

        def wrong(*which: int) -> sp.ImmutableDenseNDimArray:
            q = original(*which)
            return corrupted(q, place, factor) if which == tuple(degrees) else q

        for module in (coupling, t02_coupling, t04):
            patch.setattr(module, "real_clebsch_gordan", wrong)
        whole = pair(degrees[0], degrees[2])
        victim = Pair(whole.l_in, whole.l_out, tuple(p for p in whole.paths if p.l_f == degrees[1]))
        for name in ("T2", "T5", "T16"):
            refused(of_pairs(name, victim))


def test_wrong_sign_of_a_whole_path() -> None:
    """That is a convention, which e3nn and the 3j symbols fix (test_derive_generic.py): theorems hold for either."""
    with patched() as patch:
        original = coupling.real_clebsch_gordan
        for module in (coupling, t02_coupling, t04):
            patch.setattr(module, "real_clebsch_gordan", lambda *which: -original(*which))
        assert of_pairs("T2", pair(2, 1))() and of_pairs("T16", pair(2, 1))()


# --- harmonics ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degree", slow_from([(4, 0), (4, -3), (4, 4)], [(4, 0), (4, 4)]), ids=str)
def test_wrong_harmonic(degree: tuple[int, int]) -> None:
    """A monomial too many in one harmonic of degree 4, which 2→2 needs: not harmonic, and not a representation."""
    with patched() as patch:
        original = harmonics.solid_polynomial
        extra = LITTLE * DIRECTION[0] ** 4
        patch.setattr(harmonics, "solid_polynomial", lambda l, m: original(l, m) + (extra if (l, m) == degree else 0))
        highest = Pair(2, 2, pair(2, 2).paths[-1:])
        for name in ("T1", "T2"):
            refused(of_pairs(name, highest))
        refused(of_pairs("T16", highest))


@pytest.mark.parametrize("degree", slow_from([(4, 0), (4, 2), (2, 0)], [(4, 0), (2, 0)]), ids=str)
def test_wrong_length(degree: tuple[int, int]) -> None:
    """One harmonic 1 + 1e-30 times too large: harmonic still, but not of norm 1."""
    with patched() as patch:
        original = harmonics.normalisation
        patch.setattr(
            harmonics, "normalisation", lambda l, m: original(l, m) * (1 + (LITTLE if (l, m) == degree else 0))
        )
        refused(of_pairs("T1", Pair(2, 2, pair(2, 2).paths[-1:])))


# --- kernels --------------------------------------------------------------------------------------------------


def with_kernel(path: Path, kernel: sp.Matrix) -> Path:
    """A path that claims another kernel."""
    other = replace(path)
    other.__dict__["kernel"] = sp.ImmutableMatrix(kernel)
    return other


def changed_kernels(whole: Pair) -> dict[str, tuple[Path, ...]]:
    """Of a pair with five paths: two exchanged, one twice as another, transposed, scaled along an axis, mixed."""
    zero, one, two, three, four = whole.paths
    flipped = {DIRECTION[2]: -DIRECTION[2]}
    return {
        "exchanged": (zero, with_kernel(one, three.kernel), two, with_kernel(three, one.kernel), four),
        "twice the same": (zero, one, with_kernel(two, four.kernel), three, four),
        "reflected": (zero, with_kernel(one, one.kernel.subs(flipped)), two, three, four),
        "an entry's sign": (zero, one, with_kernel(two, _negated(two.kernel)), three, four),
        "rows exchanged": (zero, one, with_kernel(two, two.kernel[::-1, :]), three, four),
    }


def _negated(kernel: sp.Matrix) -> sp.Matrix:
    copy = sp.Matrix(kernel)
    at = next((a, b) for a in range(copy.rows) for b in range(copy.cols) if copy[a, b] != 0)
    copy[at] = -copy[at]
    return copy


#: What sees it: T4 whatever is not the contraction, T5 what is not equivariant, T6 what is no basis, T12 what is not
#: harmonic of the path's degree, T16 what is no combination of chains.
SEEN_BY = {
    "exchanged": ("T4", "T12", "T16"),
    "twice the same": ("T4", "T6", "T12", "T16"),
    "reflected": ("T4", "T5", "T16"),
    "an entry's sign": ("T4", "T5", "T16"),
    "rows exchanged": ("T4", "T5", "T16"),
}


@pytest.mark.parametrize("change", SEEN_BY)
def test_wrong_kernel(change: str) -> None:
    """Kernels of 2→2 that are not those of their paths."""
    with patched():
        wrong = Pair(2, 2, changed_kernels(pair(2, 2))[change])
        for name in SEEN_BY[change]:
            refused(of_pairs(name, wrong))


# --- the emitted text -----------------------------------------------------------------------------------------
# Slow ones: modules are emitted with all derivatives, and read anew for each edit.

MISTAKES = {" + ": " - ", " - ": " + ", " * ": " + "}
#: Functions of a pair, of which there are one for each of the derivatives as well.
FORWARD = ("edge", "apply_channel", "kernel_channel", "message_channel", "add_channel")
BACKWARD = ("vjp_edge", "vjp_channel", "jvp_channel", "hvp_channel", "gradient_channel", "contraction_channel")


@cache
def modules_for(l_in: int, l_out: int) -> MappingProxyType[str, str]:
    """All modules with one pair alone."""
    code = code_files([pair(l_in, l_out)])
    return MappingProxyType({name: code[name] for name in CODE_MODULES})


def formulas(text: str, function: str) -> list[str]:
    """The lines of a function that compute something."""
    assert text.count(f"\ndef {function}(") == 1, f"there is no function {function}"
    body = text.split(f"\ndef {function}(")[1].split("\n\n\n")[0].splitlines()[1:]
    return [line for line in body if '"""' not in line and re.search(r" [+*-] ", line)]


def mistakes(text: str, function: str, count: int = 3) -> list[Edit]:
    """A line near the beginning, the middle and the end, each with one operator mistaken for another."""
    lines = formulas(text, function)
    chosen = {lines[(len(lines) - 1) * i // max(1, count - 1)] for i in range(count)}
    found = []
    for line in sorted(chosen):
        old = next(operator for operator in MISTAKES if operator in line)
        found.append(Edit(line.strip(), f"\n{line}\n", f"\n{line.replace(old, MISTAKES[old], 1)}\n", function))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORWARD)
@pytest.mark.parametrize("degrees", [(2, 1), (2, 2)], ids=str)
def test_wrong_code(degrees: tuple[int, int], kind: str) -> None:
    """T11 refuses any operator mistaken for another in what is emitted for 2→1 and 2→2, on CPU and GPU."""
    pairs, files = [pair(*degrees)], modules_for(*degrees)
    for module in ("cpu.py", "cuda.py"):
        for edit in mistakes(files[module], f"_{kind}_{pairs[0].key}"):
            text = edited(files[module], edit)
            refused(partial(t11_emitted.prove, pairs, {module: text}))


@pytest.mark.slow
@pytest.mark.parametrize("kind", BACKWARD)
@pytest.mark.parametrize("degrees", [(2, 1), (2, 2)], ids=str)
def test_wrong_derivatives(degrees: tuple[int, int], kind: str) -> None:
    """T14 refuses it in the derivatives."""
    module, beside = "cpu_derivatives.py", "cpu.py"
    pairs, files = [pair(*degrees)], modules_for(*degrees)
    for edit in mistakes(files[module], f"_{kind}_{pairs[0].key}", 2):
        text = edited(files[module], edit)
        refused(partial(t14_emitted_derivatives.prove, pairs, {module: text, beside: files[beside]}))
