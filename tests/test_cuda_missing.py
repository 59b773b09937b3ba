"""Machines without a GPU, or without numba-cuda: one clear sentence, and no cost to those who use the CPU alone."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.oracles import KEYS

NO_REDIRECTION = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "redirector" not in type(finder).__module__]
"""
NO_MODULE = """
import sys
sys.modules["numba.cuda"] = None
"""
BROKEN_TOOLKIT = """
import sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "numba.cuda":
            raise RuntimeError("Missing libdevice file.")
sys.meta_path.insert(0, Broken())
"""
TELL_IMPORT_ERROR = """
import json
try:
    import pocket_tfn.cuda
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
else:
    print(json.dumps(None))
"""


def tell(program: str, **environment: str) -> Any:
    """What a fresh interpreter prints last, as JSON."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=inherited | environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "obstacle",
    [
        pytest.param(NO_REDIRECTION, id="Numba's own older numba.cuda"),
        pytest.param(NO_MODULE, id="no numba.cuda"),
        pytest.param(BROKEN_TOOLKIT, id="part of the toolkit missing"),
    ],
)
def test_import_without_numba_cuda(obstacle: str) -> None:
    """Numba ships an older numba.cuda of its own, which would fail later and obscurely; the extra is named instead."""
    kind, message = tell(obstacle + TELL_IMPORT_ERROR)
    assert kind == "ImportError"
    assert message.startswith("pocket_tfn.cuda needs numba-cuda: pip install 'numba-cuda[cu13]>=0.30' (")
    assert "\n" not in message


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
@pytest.mark.parametrize("fault", ["", "nvvm.is_available = lambda: False\n"], ids=["complete", "no compiler"])
def test_import_with_numba_cuda(fault: str) -> None:
    """The obstacles above are what made the difference; neither a GPU nor libNVVM is needed."""
    assert tell("from numba.cuda.cudadrv import nvvm\n" + fault + TELL_IMPORT_ERROR) is None
    assert tell(TELL_IMPORT_ERROR, NUMBA_DISABLE_CUDA="1") is None


CALL_EVERYTHING = """
import inspect, json
found = {}
for module, names in MODULES:
    for name in names:
        function = getattr(module, name)
        if name == "on_stream" or inspect.isclass(function):
            continue
        needed = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
        try:
            function(*[None] * len(needed))
        except Exception as error:
            found[name] = [type(error).__name__, str(error)]
        else:
            found[name] = None
print(json.dumps(found))
"""
FORWARD = "from pocket_tfn import cuda\nMODULES = [(cuda, cuda.__all__)]\n"
#: One pair of each kind, and one derivative.
KINDS = ("kernel", "apply", "convolve", "convolve_tabulated", "convolve_mixing", "convolve_walkers")
SOME = f"""
from pocket_tfn import cuda, cuda_derivatives
MODULES = [(cuda, {[f"{kind}_1_1" for kind in KINDS]}), (cuda_derivatives, ["vjp_convolve_1_1"])]
"""
needs_numba_cuda = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda is not installed"
)


@needs_numba_cuda
def test_call_without_gpu() -> None:
    """Import works, as for documentation and tests; each call says in one sentence what is missing."""
    answers = tell(FORWARD + CALL_EVERYTHING, NUMBA_DISABLE_CUDA="1")
    assert set(answers) == {f"{kind}_{key}" for kind in KINDS for key in KEYS} | {"checked_graph"}
    for name, (kind, message) in answers.items():
        assert kind == "RuntimeError"
        assert message == f"{name}: no CUDA device is available (driver missing, or no GPU)"


@needs_numba_cuda
def test_choose_a_stream_without_gpu() -> None:
    """In the same words."""
    program = """
import json
from pocket_tfn import cuda
try:
    with cuda.on_stream(7):
        pass
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""
    found = tell(program, NUMBA_DISABLE_CUDA="1")
    assert found == ["RuntimeError", "on_stream: no CUDA device is available (driver missing, or no GPU)"]


#: What toolkits compile for.
OLD_TOOLKIT, NEW_TOOLKIT = [(5, 0), (7, 0), (9, 0)], [(7, 5), (9, 0)]
#: A machine with a GPU of this capability, and with a compiler or without one, as far as the module asks.
PRETEND = """
from types import SimpleNamespace
from numba import cuda as driver
from numba.cuda.cudadrv import nvvm
from numba.cuda.cudadrv import nvrtc
from pocket_tfn import cuda as module
module._gpu_is_there = lambda: True
driver.is_available = lambda: {compiler}  # as Numba has it
nvrtc.get_supported_ccs = lambda: {toolkit}
driver.gpus = [None, SimpleNamespace(compute_capability={capability}, id=1)]
driver.get_current_device = lambda: driver.gpus[1]
nvvm.is_available = lambda: {compiler}
"""


@needs_numba_cuda
@pytest.mark.parametrize(
    ("capability", "compiler", "toolkit", "fault"),
    [
        ((6, 1), True, OLD_TOOLKIT, "GPU 1 has compute capability 6.1; 7.0 or newer is needed"),
        (
            (7, 0),
            True,
            NEW_TOOLKIT,
            "GPU 1 has compute capability 7.0; 7.5 or newer is needed with this CUDA toolkit; an older one, "
            "'numba-cuda[cu12]', may do",
        ),
        (
            (9, 0),
            False,
            NEW_TOOLKIT,
            "the CUDA compiler libNVVM was not found: pip install 'numba-cuda[cu13]' or a CUDA toolkit",
        ),
    ],
    ids=["old GPU", "old GPU for the toolkit", "no compiler"],
)
def test_call_on_a_gpu_that_will_not_do(
    capability: tuple[int, int], compiler: bool, toolkit: list[tuple[int, int]], fault: str
) -> None:
    """Import works all the same; each call says what is wrong."""
    pretend = PRETEND.format(capability=capability, compiler=compiler, toolkit=toolkit)
    answers = tell(pretend + SOME + CALL_EVERYTHING)
    assert set(answers) == {f"{kind}_1_1" for kind in KINDS} | {"vjp_convolve_1_1"}
    assert answers == {name: ["RuntimeError", f"{name}: {fault}"] for name in answers}


@needs_numba_cuda
@pytest.mark.parametrize("capability", [(7, 0), (8, 9), (12, 0)], ids=str)
def test_call_on_a_gpu_that_will_do(capability: tuple[int, int]) -> None:
    """The arguments are looked at: None is not on it."""
    pretend = PRETEND.format(capability=capability, compiler=True, toolkit=OLD_TOOLKIT)
    answers = tell(pretend + SOME + CALL_EVERYTHING)
    assert {kind for kind, _ in answers.values()} == {"ValueError"}
    for name, (_, message) in answers.items():
        assert message.startswith(f"{name}: ") and "is not on a GPU" in message


@pytest.mark.parametrize("module", ["pocket_tfn", "pocket_tfn.cpu"])
def test_cpu_users_import_no_cuda(module: str) -> None:
    """numba.cuda takes time to import and looks for a toolkit; only pocket_tfn.cuda may do so."""
    program = f"import {module}, json, sys; print(json.dumps([m for m in sys.modules if m.startswith('numba.cuda')]))"
    assert tell(program) == []
