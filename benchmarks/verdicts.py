"""Goals held against what was measured."""

from collections.abc import Mapping
from dataclasses import replace

from benchmarks.goals import GOALS, THREADS, Goal
from benchmarks.quantities import QUANTITIES
from benchmarks.results import Measured, Verdict
from benchmarks.workloads import WORKLOADS


def verdicts(
    workload: str, sizes: Mapping[str, int], l_out: tuple[int, ...], threads: int, measured: Measured
) -> tuple[Verdict, ...]:
    """The goals that apply to this run: none but for the workload's own sizes on two threads."""
    if threads != THREADS or dict(sizes) != dict(WORKLOADS[workload].sizes):
        return ()
    found = []
    for goal in GOALS:
        if goal.workload == workload and goal.degrees[1] in l_out:
            number = QUANTITIES[goal.quantity](_about(goal, measured), goal.of)
            found.append(Verdict(str(goal), number, number is not None and goal.met_by(number)))
    return tuple(found)


def _about(goal: Goal, measured: Measured) -> Measured:
    """Of comparisons, those of the goal's degrees."""
    return replace(measured, comparisons=tuple(run for run in measured.comparisons if run.degrees == goal.degrees))
