"""The CUDA module computes and refuses what it must: in Numba's simulator, and on a GPU where there is one.

cuda_cases.py and cuda_refusals.py hold the cases.  They run in a process of their own, since the simulator is chosen by
an environment variable that must be set before Numba's first import.
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
CASES = ("cuda_cases.py", "cuda_refusals.py")
#: Cases in each file, at least: a file that was collected in part must not pass.
LEAST = {"cuda_cases.py": 258, "cuda_refusals.py": 140}


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


@pytest.mark.parametrize("file", CASES)
@pytest.mark.parametrize("way", ["simulator", pytest.param("hardware", marks=pytest.mark.gpu)])
def test_cases(file: str, way: str) -> None:
    """All cases of one file pass, and they are as many as they should be."""
    if way == "simulator" and importlib.util.find_spec("numba_cuda") is None:
        pytest.skip("numba-cuda is not installed")
    if way == "hardware" and (reason := no_gpu()):
        pytest.skip(reason)
    done = run_cases(file, simulate=way == "simulator")
    assert done.returncode == 0, done.stdout + done.stderr
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= LEAST[file], done.stdout
