"""The CUDA module computes and refuses what it must: in Numba's simulator, and on a GPU where there is one.

The files named below hold the cases.  They run in a process of their own, since the simulator is chosen by an
environment variable that must be set before Numba's first import.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: Cases that each way must run, at least: a file that was collected in part must not pass.
LEAST = {
    "simulator": {
        "cuda_cases.py": 279,
        "cuda_sum_cases.py": 286,
        "cuda_plan_cases.py": 129,
        "cuda_memory_cases.py": 159,
        "cuda_refusals.py": 482,
        "cuda_checked_cases.py": 61,
        "cuda_stream_cases.py": 44,
    },
    "hardware": {
        "cuda_cases.py": 284,
        "cuda_sum_cases.py": 286,
        "cuda_plan_cases.py": 155,
        "cuda_memory_cases.py": 163,
        "cuda_refusals.py": 482,
        "cuda_checked_cases.py": 61,
        "cuda_stream_cases.py": 38,
        "cuda_hardware_cases.py": 13,  # without PyTorch and CuPy
    },
}
#: A quarter of the simulator's time; T11 executes the same kernels on symbols.
LONG = "cuda_sum_cases.py"


def _marks(file: str, way: str) -> list[pytest.MarkDecorator]:
    if way == "hardware":
        return [pytest.mark.gpu]
    return [pytest.mark.slow] if file == LONG else []


CASES = [pytest.param(file, way, marks=_marks(file, way)) for way, files in LEAST.items() for file in files]


def run_cases(file: str, simulate: bool, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """One file of cases under pytest, in a fresh interpreter; options of pytest, and further environment variables."""
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": str(int(simulate)), "PYTEST_ADDOPTS": ""} | variables
    # Neither pytest's plugins nor an outer xdist worker should divide these cases further.
    environment = {key: value for key, value in environment.items() if not key.startswith("PYTEST_XDIST")}
    plugins = ("-p", "no:cacheprovider", "-p", "no:xdist")
    command = [sys.executable, "-m", "pytest", "-q", *plugins, *options, f"tests/{file}"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def no_gpu() -> str | None:
    """Why the cases cannot run on hardware, or None if they can."""
    if importlib.util.find_spec("numba_cuda") is None:
        return "numba-cuda is not installed"
    from numba import cuda

    return None if cuda.is_available() else "no NVIDIA GPU, or no driver, on this machine"


@pytest.mark.parametrize(("file", "way"), CASES)
def test_cases(file: str, way: str) -> None:
    """All cases of one file pass, and they are as many as they should be."""
    if way == "simulator" and importlib.util.find_spec("numba_cuda") is None:
        pytest.skip("numba-cuda is not installed")
    if way == "hardware" and (reason := no_gpu()):
        pytest.skip(reason)
    # Simulated, the CPU module that results are compared with is plain Python: to compile it would take minutes.
    variables = {"NUMBA_DISABLE_JIT": "1"} if way == "simulator" else {}
    done = run_cases(file, way == "simulator", **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= LEAST[way][file], done.stdout


def test_every_file_of_cases_is_run() -> None:
    """A file that is added must not be forgotten."""
    from tests.test_cuda_derivatives import FILES

    files = {path.name for path in Path(__file__).parent.glob("cuda_*.py") if "def test_" in path.read_text()}
    assert files == {*LEAST["hardware"], *FILES}
    assert set(LEAST["simulator"]) == set(LEAST["hardware"]) - {"cuda_hardware_cases.py"}
