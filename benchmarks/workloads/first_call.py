"""What a user waits for: the import, the first call ever, the first call of every later process."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.results import FirstCall, Measured
from benchmarks.session import Session

FUNCTIONS = ("convolve", "convolve_tabulated", "convolve_mixing", "convolve_walkers")

_ROOT = Path(__file__).resolve().parents[2]


def measure(session: Session) -> Measured:
    calls: list[FirstCall] = []
    faults: list[str] = []
    names = [f"{function}_1_{l_out}" for l_out in session.l_out for function in FUNCTIONS]
    with session.bar(f"first calls {session.dtype}", len(names)) as advance:
        for name in names:
            try:
                calls.append(_first_call(name, session.dtype, session.sizes["processes"]))
            except RuntimeError as error:
                faults.append(f"{name}: {error}")
                session.say(faults[-1])
            advance()
    return Measured(first_calls=tuple(calls), faults=tuple(faults))


def _first_call(function: str, dtype: str, processes: int) -> FirstCall:
    """Medians over fresh interpreters, each pair of them (cold, then cached) on a fresh NUMBA_CACHE_DIR."""
    cold, cached = [], []
    for _ in range(processes):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(_child(function, dtype, cache))
            cached.append(_child(function, dtype, cache))
    return FirstCall(
        function=function,
        import_seconds=_median(cold + cached, "import"),
        cold_seconds=_median(cold, "first_call"),
        cached_seconds=_median(cached, "first_call"),
    )


def _child(function: str, dtype: str, cache: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.workloads.first_call_child", function, dtype]
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise RuntimeError(lines[-1])
    return dict(json.loads(done.stdout))


def _median(runs: list[dict[str, float]], key: str) -> float:
    return float(np.median([run[key] for run in runs]))
