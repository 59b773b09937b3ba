"""The numbers that goals are about, each computed from results; None where something that it needs is missing."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks import peers
from benchmarks.goals import FASTEST
from benchmarks.peers import OURS
from benchmarks.results import AGGREGATION, PRODUCT, Comparison, Measured, ScalingPoint
from benchmarks.timing import ratio

NOTICEABLE = 64e6
"""Bytes of inputs and output from which on a tenth of them is more than what an interpreter itself may come to need."""


def times_faster(measured: Measured, peer: str) -> float | None:
    """The ratio of medians."""
    run = _judged(measured)
    ours, theirs = (run.timing(OURS), run.timing(peer)) if run else (None, None)
    return ratio(theirs, ours).of_medians if ours and theirs else None


def times_faster_than_fastest(measured: Measured, family: str) -> float | None:
    """The ratio of medians to the fastest contestant of a family, such as all C loops."""
    run = _judged(measured)
    names = [row.name for row in run.rows if peers.family(row.name) == family] if run else []
    found = [faster for name in names if (faster := times_faster(measured, name)) is not None]
    return min(found, default=None)


def times_over(measured: Measured, other: str) -> float | None:
    """The same ratio the other way round: how many times longer we take."""
    faster = times_faster(measured, other)
    return None if faster is None else 1 / faster


def over_memory_floor(measured: Measured, of: str) -> float | None:
    """Our median over the time that moving every array once would take."""
    del of
    run = _judged(measured)
    ours = run.timing(OURS) if run else None
    return ours.median / run.floor.memory_seconds if run and ours else None


def product_rate(measured: Measured, of: str) -> float | None:
    """NumPy's time for the matrix product over ours: what our call takes beyond its aggregation."""
    del of
    run = _judged(measured)
    product = product_seconds(run) if run else None
    return run.parts[PRODUCT].median / product if run and product else None


def product_seconds(run: Comparison) -> float | None:
    """The median, over rounds, of our call less our aggregation; None if noise makes it negative."""
    ours, aggregation = run.timing(OURS), run.parts.get(AGGREGATION)
    if ours is None or aggregation is None:
        return None
    difference = float(np.median(np.subtract(ours.samples, aggregation.samples)))
    return difference if difference > 0 else None


def exponent(points: Sequence[ScalingPoint]) -> float | None:
    """x in time ~ nodes^x: the straight line through the logarithms, least squares."""
    if len(points) < 2:
        return None
    slope, _ = np.polyfit(np.log([p.nodes for p in points]), np.log([p.timing.median for p in points]), 1)
    return float(slope)


def exponent_distance(measured: Measured, of: str) -> float | None:
    del of
    found = exponent(measured.scaling)
    return None if found is None else abs(found - 1)


def memory_overhead(measured: Measured, of: str) -> float | None:
    """The worst over the sizes where it is noticeable."""
    del of
    noticeable = [p for p in measured.scaling if p.input_bytes + p.output_bytes >= NOTICEABLE]
    overheads = [p.overhead for p in noticeable if p.overhead is not None]
    return max(overheads) if overheads and len(overheads) == len(noticeable) else None


def first_call_seconds(measured: Measured, of: str) -> float | None:
    """The slowest of the functions."""
    found = [call.cold_seconds if of == "cold" else call.cached_seconds for call in measured.first_calls]
    return max(found) if found else None


QUANTITIES: Mapping[str, Callable[[Measured, str], float | None]] = {
    "times faster than": times_faster,
    FASTEST: times_faster_than_fastest,
    "time over": times_over,
    "time over the memory floor": over_memory_floor,
    "rate of the product over": product_rate,
    "exponent of time against nodes, distance from 1": exponent_distance,
    "peak memory over inputs and output": memory_overhead,
    "seconds": first_call_seconds,
}


def _judged(measured: Measured) -> Comparison | None:
    """The comparison of the goal's degrees, the only one that `verdicts` leaves."""
    return next(iter(measured.comparisons), None)
