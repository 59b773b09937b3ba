"""What a user waits for: the import, the first call ever, the first call of every later process."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROCESSES = 3
"""How many processes each median is over."""

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class FirstCall:
    """Medians in seconds. Cold: Numba's cache is empty; cached: an earlier process filled it."""

    l_out: int
    import_seconds: float
    cold_seconds: float
    cached_seconds: float


def measure_first_call(l_out: int, dtype: str) -> FirstCall:
    """Fresh interpreters, each pair of them (cold, then cached) on a fresh NUMBA_CACHE_DIR."""
    cold, cached = [], []
    for _ in range(PROCESSES):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(_child(l_out, dtype, cache))
            cached.append(_child(l_out, dtype, cache))
    return FirstCall(
        l_out=l_out,
        import_seconds=_median(cold + cached, "import"),
        cold_seconds=_median(cold, "first_call"),
        cached_seconds=_median(cached, "first_call"),
    )


def _child(l_out: int, dtype: str, cache: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.first_call_child", str(l_out), dtype]
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise RuntimeError(f"the first call in a fresh process failed: {lines[-1]}")
    return dict(json.loads(done.stdout))


def _median(runs: list[dict[str, float]], key: str) -> float:
    return float(np.median([run[key] for run in runs]))
