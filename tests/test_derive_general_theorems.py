"""Theorems for any degrees: they hold and print for requests other than the default catalogue, whole pairs or not."""

from __future__ import annotations

from itertools import product
from types import MappingProxyType

import pytest
import sympy as sp
from pocket_tfn.derive.catalogue import Pair, Path, pair, variants
from pocket_tfn.derive.coupling import contraction
from pocket_tfn.derive.emission import CODE_MODULES, code_files
from pocket_tfn.derive.exact import SphereRing
from pocket_tfn.derive.harmonics import component_generator
from pocket_tfn.derive.latex import book_file, theorem_file
from pocket_tfn.derive.proofs import THEOREMS, ProofError, t11_emitted
from pocket_tfn.derive.symbols import DIRECTION

PAIRS = [pair(*d) for d in ((2, 1), (2, 2), (0, 2), (1, 3))]
PATHS = [(p, path) for p in PAIRS for path in p.paths]
PATH_IDS = [path.key for _, path in PATHS]
slow = pytest.mark.slow


# --- the mathematics --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("chosen", "path"), PATHS, ids=PATH_IDS)
def test_kernel_is_the_contraction(chosen: Pair, path: Path) -> None:
    """What T4 says where there is a closed form holds by definition: Σ_m Y_m Q_m = K / √(4π)."""
    ring = SphereRing(units=[DIRECTION])
    assert sp.simplify(path.contraction_constant - 1 / (2 * sp.sqrt(sp.pi))) == 0
    difference = contraction(path.l_in, path.l_f, path.l_out) - path.contraction_constant * path.kernel
    assert not any(ring.normal_form(e) for e in difference)
    assert path.kernel.shape == (2 * chosen.l_out + 1, 2 * chosen.l_in + 1)


@pytest.mark.parametrize(("chosen", "path"), PATHS, ids=PATH_IDS)
def test_kernel_is_equivariant(chosen: Pair, path: Path) -> None:
    """(e_k × r)·∇K = G_out K - K G_in for all three axes, hence for all rotations."""
    for axis in range(3):
        a, b = DIRECTION[(axis + 1) % 3], DIRECTION[(axis + 2) % 3]
        turned = path.kernel.applyfunc(lambda e, a=a, b=b: a * sp.diff(e, b) - b * sp.diff(e, a))
        g_out, g_in = component_generator(chosen.l_out, axis), component_generator(chosen.l_in, axis)
        assert (turned - g_out * path.kernel + path.kernel * g_in).expand().is_zero_matrix


# --- the theorems -------------------------------------------------------------------------------------------


def some(l_in: int, l_out: int, *degrees: int) -> list[Pair]:
    """One pair with the paths of these l_f alone."""
    return [Pair(l_in, l_out, tuple(p for p in pair(l_in, l_out).paths if p.l_f in degrees))]


#: What is asked for.  None of the pairs with a path of its own has a closed form in index notation.
REQUESTS = {
    "0->0": variants(pair(0, 0)),
    "2->1": variants(pair(2, 1)),
    "2->2:1,2": some(2, 2, 1, 2),
    "3->3": [pair(3, 3)],
}
#: Theorems about the text of the modules.
ABOUT_TEXT = {name for name in THEOREMS if name in ("T11", "T14", "T15")}


@pytest.mark.parametrize("request_", ["0->0", *(pytest.param(k, marks=slow) for k in ("2->1", "2->2:1,2"))])
def test_every_theorem_holds_and_prints(request_: str) -> None:
    """No prover leans on a closed form being there, none on the degrees of the catalogue or on all paths."""
    pairs = REQUESTS[request_]
    code = code_files(pairs)
    modules = {name: code[name] for name in CODE_MODULES}
    proofs = [prove(pairs, modules) for prove in THEOREMS.values()]
    for proof in proofs:
        assert proof.name in theorem_file(proof)[1]
    assert rf"${request_[0]} \to {request_[3]}$" in book_file(pairs, proofs)[1]


@pytest.mark.parametrize("request_", ["0->0", "2->1", *(pytest.param(k, marks=slow) for k in ("2->2:1,2", "3->3"))])
@pytest.mark.parametrize("name", [n for n in THEOREMS if n not in ABOUT_TEXT])
def test_theorem_holds(name: str, request_: str) -> None:
    """Those that need no emitted text, one by one, up to the largest degrees that are promised."""
    found = THEOREMS[name](REQUESTS[request_], {})
    assert found.identities > 0 and all(r == 0 for s in found.steps for e in s.equations for r in e.residuals)
    assert found.name in theorem_file(found)[1]


# --- the emitted code -----------------------------------------------------------------------------------------

EMITTED = [variant for p in PAIRS for variant in variants(p)]


@pytest.fixture(scope="module")
def files() -> MappingProxyType[str, str]:
    """All emitted files, by name."""
    return MappingProxyType(code_files(EMITTED))


@slow
def test_emitted_code_is_proved(files: MappingProxyType[str, str]) -> None:
    """T11 for both modules, and its refusal of an edit."""
    modules = {name: files[name] for name in CODE_MODULES}
    assert t11_emitted.prove(EMITTED, modules).identities > 1000
    line = next(line for line in files["cpu.py"].splitlines() if line.startswith("    m01 = ") and " + " in line)
    edited = files["cpu.py"].replace(line, line.replace(" + ", " - ", 1))
    with pytest.raises(ProofError):
        t11_emitted.prove(EMITTED, {"cpu.py": edited})


@slow
def test_catalogue_has_every_path(files: MappingProxyType[str, str]) -> None:
    """Also of pairs that nobody wrote a form for."""
    for _, path in PATHS:
        assert f'"path": "{path.key}"' in files["catalogue.json"]
    assert list(product([2], [1, 2, 3], [1])) == [(p.l_in, p.l_f, p.l_out) for p in pair(2, 1).paths]
