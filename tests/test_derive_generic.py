"""The toolkit is generic over (l_in, l_f, l_out), though only the catalogue is emitted by default.

A module is emitted for pairs without any closed form, proved like the default one, imported, and compared with e3nn.
"""

from __future__ import annotations

import importlib.util
from itertools import product
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
import pytest
import sympy as sp
import torch
from e3nn import o3
from pocket_tfn.derive.catalogue import Pair, pair, variants
from pocket_tfn.derive.coupling import contraction
from pocket_tfn.derive.emission import CODE_MODULES, code_files
from pocket_tfn.derive.exact import SphereRing
from pocket_tfn.derive.harmonics import component_generator, components_from_orders
from pocket_tfn.derive.latex import book_file, theorem_file
from pocket_tfn.derive.proofs import THEOREMS, ProofError, t11_emitted
from pocket_tfn.derive.symbols import DIRECTION

from tests import inputs
from tests.tolerances import Array, assert_close, tolerance

DEGREES = [(2, 1), (2, 2), (0, 2), (1, 3)]
PAIRS = [pair(*d) for d in DEGREES]
EMITTED = [variant for p in PAIRS for variant in variants(p)]
PATHS = [(p, path) for p in PAIRS for path in p.paths]
PATH_IDS = [path.key for _, path in PATHS]


@pytest.fixture(scope="module")
def files() -> MappingProxyType[str, str]:
    """All emitted files, by name."""
    return MappingProxyType(code_files(EMITTED))


@pytest.fixture(scope="module")
def module(files: MappingProxyType[str, str], tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The emitted cpu.py, imported from a folder of its own."""
    place: Path = tmp_path_factory.mktemp("generic") / "generic_cpu.py"
    place.write_text(files["cpu.py"], encoding="utf-8")
    spec = importlib.util.spec_from_file_location("generic_cpu", place)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


# --- the mathematics --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("chosen", "path"), PATHS, ids=PATH_IDS)
def test_kernel_is_the_contraction(chosen: Pair, path: Any) -> None:
    """What T4 says where there is a closed form holds by definition: Σ_m Y_m Q_m = K / √(4π)."""
    ring = SphereRing(units=[DIRECTION])
    assert sp.simplify(path.contraction_constant - 1 / (2 * sp.sqrt(sp.pi))) == 0
    difference = contraction(path.l_in, path.l_f, path.l_out) - path.contraction_constant * path.kernel
    assert not any(ring.normal_form(e) for e in difference)
    assert path.kernel.shape == (2 * chosen.l_out + 1, 2 * chosen.l_in + 1)


@pytest.mark.parametrize(("chosen", "path"), PATHS, ids=PATH_IDS)
def test_kernel_is_equivariant(chosen: Pair, path: Any) -> None:
    """(e_k × r)·∇K = G_out K - K G_in for all three axes, hence for all rotations."""
    for axis in range(3):
        a, b = DIRECTION[(axis + 1) % 3], DIRECTION[(axis + 2) % 3]
        turned = path.kernel.applyfunc(lambda e, a=a, b=b: a * sp.diff(e, b) - b * sp.diff(e, a))
        g_out, g_in = component_generator(chosen.l_out, axis), component_generator(chosen.l_in, axis)
        assert (turned - g_out * path.kernel + path.kernel * g_in).expand().is_zero_matrix


@pytest.mark.parametrize("degrees", [pytest.param((2, 1), marks=pytest.mark.slow), (0, 0)], ids=str)
def test_every_theorem_holds_and_prints(degrees: tuple[int, int]) -> None:
    """No prover leans on a closed form being there, and none on the degrees of the catalogue."""
    pairs = variants(pair(*degrees))
    code = code_files(pairs)
    modules = {name: code[name] for name in CODE_MODULES}
    proofs = [prove(pairs, modules) for prove in THEOREMS.values()]
    for proof in proofs:
        assert proof.name in theorem_file(proof)[1]
    assert rf"${degrees[0]} \to {degrees[1]}$" in book_file(pairs, proofs)[1]


# --- the emitted code -------------------------------------------------------------------------------------
# Slow ones: the code of four pairs is emitted and compiled.

slow = pytest.mark.slow


@slow
def test_names_and_docstrings(files: MappingProxyType[str, str], module: ModuleType) -> None:
    """Every pair's three functions, documented with their own shapes; nothing of the slides' conversion."""
    for p in PAIRS:
        for kind in ("kernel", "apply", "convolve"):
            name = f"{kind}_{p.key}"
            assert name in module.__all__
            assert f"(..., {2 * p.l_out + 1}," in getattr(module, name).__doc__ or kind == "convolve"
    assert not any("slides" in name for name in module.__all__)
    assert "2→1, 2→2, 0→2, 1→3" in files["cpu.py"]
    assert "K_abc,c" not in files["cpu.py"]


@slow
def test_emitted_code_is_proved(files: MappingProxyType[str, str]) -> None:
    """T11 for both modules, and its refusal of an edit."""
    modules = {name: files[name] for name in CODE_MODULES}
    assert t11_emitted.prove(EMITTED, modules).identities > 1000
    line = next(line for line in files["cpu.py"].splitlines() if line.startswith("    m01 = ") and " + " in line)
    edited = files["cpu.py"].replace(line, line.replace(" + ", " - ", 1))
    with pytest.raises(ProofError):
        t11_emitted.prove(EMITTED, {"cpu.py": edited})


def e3nn_kernel(path: Any, vectors: Array) -> Array:
    """√(2 l_out + 1) Σ_m w Y_m in our components: what our kernel is, up to a sign (see tests/test_e3nn.py)."""
    r = torch.tensor(vectors[:, [1, 2, 0]].astype(float))
    harmonics = o3.spherical_harmonics(path.l_f, r, normalize=True, normalization="component")
    w = o3.wigner_3j(path.l_in, path.l_f, path.l_out, dtype=torch.float64)
    kernel = torch.einsum("bma,nm->nab", w, harmonics).numpy() * np.sqrt(2 * path.l_out + 1)
    rows, columns = (np.array(components_from_orders(l).tolist(), float) for l in (path.l_out, path.l_in))
    return np.asarray(rows @ kernel @ columns.T)


@slow
@pytest.mark.parametrize("dtype", inputs.DTYPES)
@pytest.mark.parametrize("degrees", DEGREES, ids=str)
def test_kernels_are_e3nns(degrees: tuple[int, int], dtype: Any, module: ModuleType) -> None:
    """One sign for each path, and no other factor, for all vectors."""
    chosen = pair(*degrees)
    vectors = inputs.directions(np.random.default_rng(5), 200).astype(dtype)
    size = float(np.sqrt(2 * chosen.l_out + 1))  # the Frobenius norm of every kernel
    for index, path in enumerate(chosen.paths):
        radial = np.zeros((200, len(chosen.paths)), dtype)
        radial[:, index] = 1
        got = getattr(module, f"kernel_{chosen.key}")(vectors, radial)
        want = e3nn_kernel(path, vectors)
        want *= np.sign(np.vdot(want, got.astype(float)))
        limit = 2 * tolerance(dtype).peer  # polynomials of degree up to 4
        assert_close(got, want, size, limit=limit, dtype=dtype, axis=(-2, -1))


@slow
@pytest.mark.parametrize("degrees", DEGREES, ids=str)
def test_apply_is_the_kernel_acting(degrees: tuple[int, int], module: ModuleType) -> None:
    """apply = kernel · f, with radial functions of every path at once."""
    chosen = pair(*degrees)
    rng = np.random.default_rng(6)
    vectors = rng.normal(size=(30, 3))
    radial = rng.normal(size=(30, len(chosen.paths), 2))
    features = rng.normal(size=(30, 2 * chosen.l_in + 1, 2))
    got = getattr(module, f"apply_{chosen.key}")(vectors, radial, features)
    kernels = [getattr(module, f"kernel_{chosen.key}")(vectors, np.ascontiguousarray(radial[..., c])) for c in range(2)]
    want = np.stack([np.einsum("nab,nb->na", k, features[..., c]) for c, k in enumerate(kernels)], axis=-1)
    scale = np.sqrt(7) * np.sqrt((radial**2).sum((1, 2)) * (features**2).sum((1, 2)))
    assert_close(got, want, scale, limit=tolerance(float).peer, dtype=float, axis=(-2, -1))


@slow
@pytest.mark.parametrize("dtype", inputs.DTYPES)
def test_convolution_is_the_sum(dtype: Any, module: ModuleType) -> None:
    """convolve_2_1 on a small graph, weighted, against apply summed edge by edge."""
    rng = np.random.default_rng(7)
    indptr, indices = np.array([0, 2, 2, 5]), np.array([1, 2, 0, 0, 1])
    vectors, weights = rng.normal(size=(5, 3)).astype(dtype), rng.normal(size=5).astype(dtype)
    radial, features = rng.normal(size=(5, 3, 4)).astype(dtype), rng.normal(size=(3, 5, 4)).astype(dtype)
    got = module.convolve_2_1(indptr, indices, vectors, radial, features, weights)
    each = module.apply_2_1(vectors.astype(float), radial.astype(float), features[indices].astype(float))
    want = np.zeros((3, 3, 4))
    for i in range(3):
        for e in range(indptr[i], indptr[i + 1]):
            want[i] += weights[e] * each[e]
    scale = float(np.abs(radial).sum() * np.abs(features).sum() * np.abs(weights).max())
    assert_close(got, want, scale, limit=tolerance(dtype).total(3), dtype=dtype)


@slow
def test_catalogue_has_every_path(files: MappingProxyType[str, str]) -> None:
    """Also of pairs that nobody wrote a form for."""
    for _, path in PATHS:
        assert f'"path": "{path.key}"' in files["catalogue.json"]
    assert list(product([2], [1, 2, 3], [1])) == [(p.l_in, p.l_f, p.l_out) for p in pair(2, 1).paths]
