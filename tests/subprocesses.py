"""Running a script in a fresh interpreter, where a deadlock is a failure and not a wait."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: What scripts about threads begin with: a problem big enough to be divided, its right answer, and a check.
PREAMBLE = """
import os, sys, threading, time
import numpy as np
from pocket_tfn import cpu
from tests.inputs import problem
from tests.oracles import convolve
from tests.tolerances import assert_close, assert_same_bits, tolerance

cpu.set_num_threads(3)
p = problem(1, [9, 0, 40, 1, 13] * 60, 16, dtype=np.float32, weighted=True)
assert len(p.indices) * 16 > cpu._INLINE_WORK

def check(got):
    want, scale = convolve(1, *p.arguments)
    assert_close(got, want, scale, limit=tolerance(np.float32).total(40), dtype=np.float32, axis=-2)
"""


def run_script(body: str, timeout: float = 60, preamble: str = PREAMBLE) -> str:
    """Run in a fresh interpreter with warnings as errors; fail on a nonzero exit or after the timeout."""
    script = preamble + textwrap.dedent(body)
    try:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", script],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AssertionError(f"deadlock: no end after {timeout} s") from None
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
