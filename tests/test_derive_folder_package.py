"""A folder that was asked for is a package of its own: imported from anywhere, with NumPy and Numba alone, and right.

The oracle evaluates SymPy's kernels in numbers and contracts them with einsum.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from pocket_tfn.derive.catalogue import Pair
from pocket_tfn.derive.emission import code_files
from pocket_tfn.derive.requests import Request
from pocket_tfn.derive.symbols import DIRECTION

from tests import inputs
from tests.tolerances import Array, assert_close, tolerance

pytestmark = pytest.mark.slow  # a request is emitted and compiled

PATHS = "0->0, 2->1:1,3, 1->2:polar"
#: Nodes, channels, and the edges of each receiver.
NODES, CHANNELS, INDPTR = 5, 3, np.array([0, 3, 3, 4, 8, 9])

SCRIPT = """
import sys
place, data = sys.argv[1:]
sys.path.insert(0, place)
import numpy as np
import tfn
from tfn import cpu, cpu_derivatives
assert cpu.__file__.startswith(place) and cpu is tfn.cpu
foreign = {"sympy", "jinja2", "rich", "pocket_tfn", "mpmath", "torch"} & set(sys.modules)
assert not foreign, foreign
try:
    tfn.__version__
    raise SystemExit("a copy has no version of the library's")
except AttributeError:
    pass
given, found = np.load(data), {}
for key in ("0_0", "2_1", "1_2_polar"):
    r, radial, f, g = (given[f"{name}_{key}"] for name in ("vectors", "radial", "features", "cotangents"))
    indptr, indices = given["indptr"], given["indices"]
    found[f"kernel_{key}"] = getattr(cpu, f"kernel_{key}")(r, np.ascontiguousarray(radial[..., 0]))
    found[f"apply_{key}"] = getattr(cpu, f"apply_{key}")(r, radial, f[indices])
    found[f"convolve_{key}"] = getattr(cpu, f"convolve_{key}")(indptr, indices, r, radial, f)
    vjp = getattr(cpu_derivatives, f"vjp_apply_{key}")(r, radial, f[indices], g)
    for name in ("radial", "features"):
        found[f"vjp_{name}_{key}"] = getattr(vjp, name)
np.savez(data, **found)
"""


@cache
def request() -> Request:
    made = Request.parse(paths=PATHS)
    assert made is not None
    return made


@cache
def files() -> dict[str, str]:
    """What is emitted; its proofs are for test_derive_generic."""
    return code_files(request().pairs)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The request as it would be written, under a name of its own."""
    place = tmp_path / "anywhere" / "tfn"
    place.mkdir(parents=True)
    for name, text in files().items():
        (place / name).write_text(text, encoding="utf-8")
    return place


def isolated(script: str, *arguments: str | Path, cwd: Path) -> None:
    """Run in an interpreter that sees neither this checkout nor the environment, warnings being errors."""
    command = [sys.executable, "-I", "-W", "error", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def kernels(pair: Pair, vectors: Array) -> Array:
    """(E, P, 2 l_out + 1, 2 l_in + 1), by SymPy, of unit vectors."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    each = [sp.lambdify(DIRECTION, p.kernel.tolist(), "math") for p in pair.paths]
    return np.array([[kernel(*map(float, r)) for kernel in each] for r in unit])


def arrays(pair: Pair, dtype: type) -> dict[str, Array]:
    """What the functions of a pair are called with."""
    rng = np.random.default_rng([pair.l_in, pair.l_out])
    edges, n_in, n_out = int(INDPTR[-1]), 2 * pair.l_in + 1, 2 * pair.l_out + 1
    shapes = {
        "vectors": (edges, 3),
        "radial": (edges, len(pair.paths), CHANNELS),
        "features": (NODES, n_in, CHANNELS),
        "cotangents": (edges, n_out, CHANNELS),
    }
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


@pytest.mark.parametrize("dtype", inputs.DTYPES)
def test_package_computes(folder: Path, dtype: type, tmp_path: Path) -> None:
    """kernel, apply, convolve and a vector-Jacobian product, from another folder."""
    indices = np.random.default_rng(1).integers(0, NODES, INDPTR[-1])
    given = {pair.key: arrays(pair, dtype) for pair in request().pairs}
    data = tmp_path / "data.npz"
    flat = {f"{name}_{key}": array for key, found in given.items() for name, array in found.items()}
    every: dict[str, Any] = {"indptr": INDPTR, "indices": indices, **flat}
    np.savez(data, **every)
    isolated(SCRIPT, folder.parent, data, cwd=tmp_path)
    found = np.load(data)
    assert len(found.files) == 15
    receivers = np.repeat(np.arange(NODES), np.diff(INDPTR))
    for pair in request().pairs:
        r, radial, features, g = (a.astype(float) for a in given[pair.key].values())
        k, f = kernels(pair, r), features[indices]
        messages = np.einsum("epab,epc,ebc->eac", k, radial, f)
        summed = np.zeros((NODES, *messages.shape[1:]))
        np.add.at(summed, receivers, messages)
        wanted = {
            "kernel": np.einsum("epab,ep->eab", k, radial[..., 0]),
            "apply": messages,
            "convolve": summed,
            "vjp_radial": np.einsum("epab,ebc,eac->epc", k, f, g),
            "vjp_features": np.einsum("epab,epc,eac->ebc", k, radial, g),
        }
        for name, want in wanted.items():
            got = found[f"{name}_{pair.key}"]
            assert got.dtype == dtype and got.shape == want.shape
            size = float(np.abs(k).max()) * 8 * max(1.0, float(np.abs(want).max()))
            assert_close(got, want, size, limit=tolerance(dtype).total(4), dtype=dtype)


def test_cpu_alone(folder: Path, tmp_path: Path) -> None:
    """cpu.py is copied into someone's project under their name, without what else there is."""
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(folder / "cpu.py", alone / "borrowed.py")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import borrowed, numpy as np\n"
        "k = borrowed.kernel_0_0(np.ones((1, 3)), np.full((1, 1), 2.0))\n"
        "assert k.shape == (1, 1, 1) and k[0, 0, 0] == 2, k"
    )
    isolated(script, alone, cwd=tmp_path)


def test_compiled_code_is_cached(folder: Path, tmp_path: Path) -> None:
    """Beside the modules, as Numba does; a second process finds it there and compiles nothing anew."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import numpy as np; from tfn import cpu\n"
        "cpu.kernel_0_0(np.ones((1, 3)), np.ones((1, 1)))"
    )

    def cached() -> dict[str, int]:
        return {f.name: f.stat().st_mtime_ns for f in (folder / "__pycache__").glob("*.nb[ci]")}

    isolated(script, folder.parent, cwd=tmp_path)
    first = cached()
    assert first and all(name.startswith("cpu.") for name in first)
    isolated(script, folder.parent, cwd=tmp_path)
    assert cached() == first


def test_imports_are_relative() -> None:
    """Between the modules; else NumPy, Numba, what Numba brings, and the standard library."""
    known = {"numpy", "numba", "llvmlite", *sys.stdlib_module_names}
    for name, text in files().items():
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import):
                    assert {a.name.partition(".")[0] for a in node.names} <= known, name
                elif isinstance(node, ast.ImportFrom) and node.level:
                    assert (name, node.level, node.module) in {
                        ("cpu_derivatives.py", 1, "cpu"),
                        ("cuda_derivatives.py", 1, "cuda"),
                    }
                elif isinstance(node, ast.ImportFrom):
                    assert str(node.module).partition(".")[0] in known, name


def test_nothing_claims_to_be_the_library() -> None:
    """The library is named where the package looks whether it is it, and by its threads."""
    for name, text in files().items():
        lines = [line for line in text.splitlines() if "pocket_tfn" in line or "pocket-tfn" in line]
        lines = [line for line in lines if "thread_name_prefix" not in line]
        assert len(lines) == (3 if name == "__init__.py" else 0), (name, lines)
