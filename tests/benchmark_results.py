"""Results that no machine measured: what tests of the benchmark's reports are made of."""

from __future__ import annotations

from benchmarks.results import (
    AGGREGATION,
    MISSING,
    PRODUCT,
    Comparison,
    FirstCall,
    Floor,
    Measured,
    Results,
    Row,
    ScalingPoint,
)
from benchmarks.timing import Timing
from benchmarks.workloads import WORKLOADS

FLOOR = Floor(bytes_moved=10**7, flops=10**8, read_bandwidth=1e10, triad_bandwidth=5e9, flop_rate=1e11)
"""1 ms of memory, 1 ms of arithmetic."""

MACHINE = {
    "cpu": "abacus",
    "threads": 2,
    "system": "Linux x86_64",
    "python": "3.11.0",
    "libraries": {"numpy": "2.0", "jax": None},
    "date": "2026-01-01 00:00 UTC",
}


def timing(milliseconds: float) -> Timing:
    """Three rounds around a median."""
    return Timing(tuple(1e-3 * milliseconds * factor for factor in (0.9, 1.0, 1.2)))


def comparison(workload: str, times: dict[str, float], l_out: int = 1, **sizes: int) -> Comparison:
    """Contestants with these medians, in milliseconds, at the workload's own sizes unless given; jax is missing."""
    rows = [Row(name, timing=timing(ms), relative_error=1e-7, first_call_seconds=1.5) for name, ms in times.items()]
    return Comparison(
        workload=workload,
        l_out=l_out,
        dtype="float32",
        sizes={**WORKLOADS[workload].sizes, **sizes},
        rounds=3,
        floor=FLOOR,
        rows=(*rows, Row("jax.jit, table", MISSING, "jax is not installed")),
        parts={AGGREGATION: timing(1.0), PRODUCT: timing(0.8)} if workload == "mixing" else {},
        notes=("A note.",),
    )


def results(workload: str, measured: Measured, dtype: str = "float32") -> Results:
    return Results(workload, dtype, MACHINE, {"repeats": 3, **WORKLOADS[workload].sizes}, measured)


def point(nodes: int, milliseconds: float, overhead: float | None = 1.0) -> ScalingPoint:
    """32 edges and 3 kB a node."""
    inputs, output = 2000 * nodes, 1000 * nodes
    peak = None if overhead is None else round(overhead * (inputs + output))
    return ScalingPoint(nodes, 32 * nodes, timing(milliseconds), 0.1, inputs, output, peak)


def everything() -> list[Results]:
    """All kinds of results, for pictures and tables."""
    sweep = [comparison("walkers", {"pocket-tfn": 0.1 * b, "jax.jit": 1.0 * b}, walkers=b) for b in (1, 4, 16)]
    sweep += [
        comparison("walkers", {"pocket-tfn": 0.1 * a**2, "jax.jit": a**2}, walkers=16, particles=a)
        for a in (2, 4, 8, 32)
    ]
    grown = [
        comparison("laplacian", {"pocket-tfn": a**2, "folx": 9.0 * a**3}, walkers=4, particles=a) for a in (4, 8, 16)
    ]
    return [
        results("streamed", Measured(comparisons=(comparison("streamed", {"pocket-tfn": 1.2, "e3nn": 130.0}),))),
        results("mixing", Measured(comparisons=(comparison("mixing", {"pocket-tfn": 2.0, "jax.jit": 30.0}),))),
        results("walkers", Measured(sweep=tuple(sweep))),
        results("laplacian", Measured(sweep=tuple(grown))),
        results("scaling", Measured(scaling=tuple(point(n, 1e-3 * n) for n in (10**3, 10**4, 10**5)))),
        results("first-call", Measured(first_calls=(FirstCall("convolve_1_1", 0.3, 1.5, 0.2),), faults=("no luck",))),
    ]
