"""The wheel, installed with its dependencies alone: small, complete, right, and imported in less than half a second."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.subprocesses import ROOT

pytestmark = pytest.mark.slow

COMPUTES = """
import importlib.util, json
for absent in ("sympy", "jinja2", "rich", "scipy", "torch"):
    assert importlib.util.find_spec(absent) is None, absent
from pathlib import Path
import numpy as np, pocket_tfn
from pocket_tfn import cpu
home = Path(pocket_tfn.__path__[0])
assert len(json.loads((home / "catalogue.json").read_text())["paths"]) == 7
got = cpu.convolve_1_1(
    np.array([0, 1]), np.array([0]), np.array([[0.0, 3.0, 4.0]]),
    np.array([[[1.0], [1.0], [0.0]]]), np.array([[[1.0], [0.0], [0.0]]]),
)
assert np.abs(got - [[[1.0], [0.8], [-0.6]]]).max() < 4 * np.finfo(float).eps, got  # f + r̂ × f
"""
TIMES = """
import time, numpy, numba
start = time.perf_counter()
import pocket_tfn.cpu
print(time.perf_counter() - start)
"""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with the backend that is here, from a copy of the sources: the build leaves traces where it runs."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    for name in ("derive", "templates", "generated", "layers"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
    run(*build, "--outdir", folder, source, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    return python


def test_everything_generated_ships(wheel: Path) -> None:
    """Each file under generated/, catalogue and proofs among them, with the same bytes; no cache and no tests."""
    generated = ROOT / "generated"
    want = {
        f"pocket_tfn/{p.relative_to(generated).as_posix()}": p.read_bytes()
        for p in generated.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert "pocket_tfn/catalogue.json" in want
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for name, content in want.items():
            assert name in names, name
            assert archive.read(name) == content, name
    assert any(n.startswith("pocket_tfn/proofs/") and n.endswith(".tex") for n in names)
    assert not [n for n in names if "__pycache__" in n or n.startswith(("tests", "benchmarks"))]


def test_dependencies_are_numpy_and_numba(python: Path) -> None:
    """And what those need; nothing of the derivation."""
    listed = json.loads(run(python, "-m", "pip", "list", "--format", "json", cwd=python.parent))
    names = {entry["name"].lower().replace("_", "-") for entry in listed}
    assert names <= {"pocket-tfn", "numpy", "numba", "llvmlite", "pip", "setuptools", "wheel"}


def test_computes(python: Path) -> None:
    """From an empty folder, without SymPy, with warnings as errors."""
    run(python, "-I", "-W", "error", "-c", COMPUTES, cwd=python.parent)


def test_import_time(python: Path) -> None:
    """Under 0.5 s beside NumPy's and Numba's own; the best of three, for a shared machine."""
    times = [float(run(python, "-I", "-c", TIMES, cwd=python.parent)) for _ in range(3)]
    print(f"import pocket_tfn.cpu: {min(times):.3f} s")
    assert min(times) < 0.5
