"""Where Numba may not write its cache, or may not compile, the module imports and computes the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.oracles import KEYS
from tests.subprocesses import ROOT

#: Every kind of function, for some keys and dtypes, against the definition.
COMPUTE = """
import numpy as np
from tests import oracles
from tests.cases import case
from tests.inputs import DTYPES, problem
from tests.sums import SUMS
from tests.tolerances import assert_close, tolerance

for dtype in DTYPES[:{dtypes}]:
    for key in {keys}:
        for kind in SUMS:
            c = case(kind, key, dtype)
            c.check(c(cpu))
        p = problem(oracles.degree_of(key), [2, 0, 3], 2, dtype=dtype)
        radial = p.radial[:, None, list(oracles.POSITIONS[key])]
        args = p.vectors[:, None], oracles.all_channels(key, radial), p.features
        want, scale = oracles.apply(oracles.degree_of(key), *args), oracles.apply_scale(*args[1:])
        got = getattr(cpu, f"apply_{{key}}")(args[0], radial, p.features)
        assert_close(got, want, scale, limit=tolerance(dtype).value, dtype=dtype, axis=-2)
        size = np.linalg.norm(radial[..., 0], axis=-1)
        want = oracles.kernel(oracles.degree_of(key), args[0], args[1][..., 0])
        got = getattr(cpu, f"kernel_{{key}}")(args[0], radial[..., 0])
        assert_close(got, want, size, limit=tolerance(dtype).value, dtype=dtype, axis=(-2, -1))
print("right")
"""


def run(script: str, folder: Path, *, keys: tuple[str, ...], dtypes: int, **environment: str) -> None:
    """Run this with COMPUTE after it, in a fresh interpreter."""
    script += COMPUTE.format(keys=keys, dtypes=dtypes)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", script],
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
    run(script, tmp_path, keys=("1_1",), dtypes=1, **dict.fromkeys(places, str(file)))


def test_without_compilation(tmp_path: Path) -> None:
    """NUMBA_DISABLE_JIT, for debuggers and measures of coverage: the loops as plain Python."""
    script = """
from pocket_tfn import cpu
assert not hasattr(cpu._convolve_rows_1_1, "py_func")
"""
    run(script, tmp_path, keys=KEYS, dtypes=2, NUMBA_DISABLE_JIT="1")
