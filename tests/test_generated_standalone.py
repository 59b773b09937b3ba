"""generated/cpu.py copied alone into someone else's folder imports and computes, without this package on the path."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.subprocesses import ROOT

SCRIPT = """
import sys, cpu, numpy as np
assert cpu.__file__.startswith(sys.argv[1]), cpu.__file__
foreign = {"sympy", "jinja2", "rich", "pocket_tfn", "mpmath", "torch"} & set(sys.modules)
assert not foreign, foreign
r = np.array([[0.0, 3.0, 4.0]], np.float32)
radial = np.array([[[1.0], [1.0], [0.0]]], np.float32)
features = np.array([[[1.0], [0.0], [0.0]]], np.float32)
got = cpu.apply_1_1(r, radial, features)
want = np.array([[[1.0], [0.8], [-0.6]]], np.float32)  # f + r̂ × f
assert got.dtype == np.float32 and np.array_equal(got, want), got
print("right")
"""


def test_copied_alone(tmp_path: Path) -> None:
    """In an empty folder, isolated from the environment and the current directory."""
    shutil.copy(ROOT / "generated" / "cpu.py", tmp_path)
    script = f"import sys; sys.path.insert(0, sys.argv[1]){SCRIPT}"
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", script, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "right\n"
