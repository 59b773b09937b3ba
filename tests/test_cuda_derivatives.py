"""The CUDA module of derivatives computes and refuses what it must, in Numba's simulator and on a GPU.

FILES hold the cases; see test_cuda_simulator.py.
"""

from __future__ import annotations

import importlib.util
import re

import pytest

from tests.oracles import KEYS
from tests.test_cuda_missing import CALL_EVERYTHING, NO_MODULE, NO_REDIRECTION, TELL_IMPORT_ERROR, tell
from tests.test_cuda_simulator import no_gpu, run_cases

FILES = ("cuda_derivative_cases.py", "cuda_derivative_refusals.py", "cuda_laplacian_cases.py")
#: Cases that each way must run, at least: a file that was collected in part must not pass.
LEAST = {
    "simulator": {"cuda_derivative_cases.py": 117, "cuda_derivative_refusals.py": 157, "cuda_laplacian_cases.py": 53},
    "hardware": {"cuda_derivative_cases.py": 140, "cuda_derivative_refusals.py": 157, "cuda_laplacian_cases.py": 53},
}


def run(file: str, way: str, *options: str) -> int:
    """How many cases of one file pass; all must."""
    simulate = way == "simulator"
    if simulate and importlib.util.find_spec("numba_cuda") is None:
        pytest.skip("numba-cuda is not installed")
    if not simulate and (reason := no_gpu()):
        pytest.skip(reason)
    # Simulated, the CPU module that results are compared with is plain Python: to compile it would take minutes.
    variables = {"NUMBA_DISABLE_JIT": "1"} if simulate else {}
    done = run_cases(file, simulate, *options, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    return int(passed)


#: The first takes a minute; T14 executes the same kernels on symbols.
SIMULATED = [pytest.param(FILES[0], marks=pytest.mark.slow), *FILES[1:]]


@pytest.mark.parametrize("file", SIMULATED)
def test_simulated(file: str) -> None:
    """All cases but the slow ones pass, and they are as many as they should be."""
    assert run(file, "simulator", "-m", "not slow") >= LEAST["simulator"][file]


@pytest.mark.slow
def test_simulated_slow_ones() -> None:
    """The others."""
    assert run(FILES[0], "simulator", "-m", "slow") >= 18


@pytest.mark.parametrize("obstacle", [NO_REDIRECTION, NO_MODULE], ids=["older numba.cuda", "no numba.cuda"])
def test_import_without_numba_cuda(obstacle: str) -> None:
    """The extra is named, whichever module is imported first."""
    kind, message = tell(obstacle + TELL_IMPORT_ERROR.replace("pocket_tfn.cuda", "pocket_tfn.cuda_derivatives"))
    assert (kind, message.partition(" (")[0]) == (
        "ImportError",
        "pocket_tfn.cuda needs numba-cuda: pip install 'numba-cuda[cu13]>=0.30'",
    )


DERIVATIVES = "from pocket_tfn import cuda_derivatives as module\nMODULES = [(module, module.__all__)]\n"


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
def test_call_without_gpu() -> None:
    """One sentence says what is missing; all functions that there should be are there."""
    answers = tell(DERIVATIVES + CALL_EVERYTHING, NUMBA_DISABLE_CUDA="1")
    derivatives = {
        f"{order}_{of}_{key}" for order in ("vjp", "jvp", "hvp") for of in ("apply", "convolve") for key in KEYS
    }
    laplacians = {f"laplacian_convolve_{key}" for key in KEYS}
    assert set(answers) == derivatives | laplacians | {"transpose", "position_cotangents"}
    for name, (kind, message) in answers.items():
        assert kind == "RuntimeError"
        assert message == f"{name}: no CUDA device is available (driver missing, or no GPU)"


SIGNATURES = """
import inspect, json, sys
from pocket_tfn import cpu_derivatives, cuda_derivatives
def shape(module, name):
    parameters = inspect.signature(getattr(module, name)).parameters.values()
    return [[p.name, repr(p.default)] for p in parameters]
print(json.dumps([[shape(m, name) for m in (cpu_derivatives, cuda_derivatives)] for name in cuda_derivatives.__all__]))
"""


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
def test_signatures() -> None:
    """Those of the CPU module, defaults included."""
    for ours, theirs in tell(SIGNATURES):
        assert ours == theirs


@pytest.mark.gpu
@pytest.mark.parametrize("file", FILES)
def test_on_a_gpu(file: str) -> None:
    """The same cases, and those that need hardware."""
    assert run(file, "hardware") >= LEAST["hardware"][file]
