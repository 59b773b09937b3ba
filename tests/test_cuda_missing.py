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
    assert message.startswith("pocket_tfn.cuda needs numba-cuda: pip install 'pocket-tfn[cuda]' (")
    assert "\n" not in message


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
def test_import_with_numba_cuda() -> None:
    """The obstacles above are what made the difference."""
    assert tell(TELL_IMPORT_ERROR) is None


CALL_EVERYTHING = """
import json
from pocket_tfn import cuda
found = {}
for name in cuda.__all__:
    count = {"kernel": 2, "apply": 3, "convolve": 5}[name.partition("_")[0]]
    try:
        getattr(cuda, name)(*[None] * count)
    except Exception as error:
        found[name] = [type(error).__name__, str(error)]
    else:
        found[name] = None
print(json.dumps(found))
"""


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
def test_call_without_gpu() -> None:
    """Import works, as for documentation and tests; each call says in one sentence what is missing."""
    answers = tell(CALL_EVERYTHING, NUMBA_DISABLE_CUDA="1")
    assert set(answers) == {f"{kind}_{key}" for kind in ("kernel", "apply", "convolve") for key in KEYS}
    for name, (kind, message) in answers.items():
        assert kind == "RuntimeError"
        assert message == f"{name}: no CUDA device is available (driver missing, or no GPU)"


@pytest.mark.parametrize("module", ["pocket_tfn", "pocket_tfn.cpu"])
def test_cpu_users_import_no_cuda(module: str) -> None:
    """numba.cuda takes time to import and looks for a toolkit; only pocket_tfn.cuda may do so."""
    program = f"import {module}, json, sys; print(json.dumps([m for m in sys.modules if m.startswith('numba.cuda')]))"
    assert tell(program) == []
