"""Where Numba may not write its cache, or may not compile, the module imports and computes the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.subprocesses import ROOT

#: A convolution for each l_out, an apply with a partial broadcast and a kernel, against the definition.
COMPUTE = """
import numpy as np
from tests.inputs import problem
from tests import oracles
from tests.tolerances import assert_close, tolerance

for l in oracles.L_OUT:
    for dtype in (np.float32, np.float64):
        for weighted in (False, True):
            p = problem(l, [2, 0, 3], 2, dtype=dtype, weighted=weighted)
            want, scale = oracles.convolve(l, *p.arguments)
            got = getattr(cpu, f"convolve_1_{l}")(*p.arguments)
            assert got.dtype == dtype
            assert_close(got, want, scale, limit=tolerance(dtype).total(3), dtype=dtype, axis=-2)
    args = p.vectors[:, None], p.radial[:, None], p.features
    want, scale = oracles.apply(l, *args), oracles.apply_scale(*args[1:])
    got = getattr(cpu, f"apply_1_{l}")(*args)
    assert_close(got, want, scale, limit=tolerance(dtype).value, dtype=dtype, axis=-2)
    assert getattr(cpu, f"kernel_1_{l}")(args[0], args[1][..., 0]).shape == (5, 1, 2 * l + 1, 3)
print("right")
"""


def run(script: str, folder: Path, **environment: str) -> None:
    """Run this with COMPUTE after it, in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", script + COMPUTE],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "right\n"


def test_no_folder_for_the_cache(tmp_path: Path) -> None:
    """Beside the module, at home and at NUMBA_CACHE_DIR alike; files where folders should be stop root as well."""
    shutil.copy(ROOT / "generated" / "cpu.py", tmp_path)
    (tmp_path / "__pycache__").touch()
    file = tmp_path / "file"
    file.touch()
    places = ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "LOCALAPPDATA")
    script = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import numba, cpu
try:
    numba.njit(cache=True)(cpu._unit.py_func)
except RuntimeError:
    pass
else:
    raise AssertionError("there was a folder after all")
"""
    run(script, tmp_path, **dict.fromkeys(places, str(file)))


def test_without_compilation(tmp_path: Path) -> None:
    """NUMBA_DISABLE_JIT, for debuggers and measures of coverage: the loops as plain Python."""
    script = """
from pocket_tfn import cpu
assert not hasattr(cpu._convolve_rows_1_1, "py_func")
"""
    run(script, tmp_path, NUMBA_DISABLE_JIT="1")
