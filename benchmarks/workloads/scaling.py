"""Scaling: convolve_tabulated_1_1 against the number of nodes, at a fixed density and a fixed mean of neighbours.

Each size is built and timed in a process of its own, so that its memory is its own, too.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.results import Measured, ScalingPoint
from benchmarks.session import Session
from benchmarks.timing import Timing

SMALLEST = 1000
_ROOT = Path(__file__).resolve().parents[2]


def measure(session: Session) -> Measured:
    points: list[ScalingPoint] = []
    faults: list[str] = []
    steps = list(nodes_up_to(session.sizes["largest"]))
    with session.bar(f"scaling {session.dtype}", len(steps)) as advance:
        for nodes in steps:
            try:
                points.append(_point(nodes, session))
            except RuntimeError as error:
                faults.append(f"{nodes} nodes: {error}")
                session.say(faults[-1])
            advance()
    return Measured(scaling=tuple(points), faults=tuple(faults))


def nodes_up_to(largest: int) -> Iterator[int]:
    """1000, 3000, 10 000, ... up to the largest."""
    decade = SMALLEST
    while decade <= largest:
        yield from (nodes for nodes in (decade, 3 * decade) if nodes <= largest)
        decade *= 10


def _point(nodes: int, session: Session) -> ScalingPoint:
    sizes = session.sizes
    numbers = (nodes, sizes["neighbours"], sizes["channels"], session.threads, session.seed)
    command = [sys.executable, "-m", "benchmarks.workloads.scaling_child", session.dtype, *map(str, numbers)]
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(1 << 16)}  # see memory.py
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise RuntimeError(lines[-1])
    found = json.loads(done.stdout)
    timing = Timing(tuple(found.pop("samples")))
    return ScalingPoint(nodes=nodes, timing=timing, **found)
