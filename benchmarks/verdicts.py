"""Goals held against what was measured."""

from collections.abc import Mapping

from benchmarks.goals import GOALS, L_OUT, THREADS
from benchmarks.quantities import QUANTITIES
from benchmarks.results import Measured, Verdict
from benchmarks.workloads import WORKLOADS


def verdicts(
    workload: str, sizes: Mapping[str, int], l_out: tuple[int, ...], threads: int, measured: Measured
) -> tuple[Verdict, ...]:
    """The goals that apply to this run: none but for the workload's own sizes on two threads."""
    if threads != THREADS or dict(sizes) != dict(WORKLOADS[workload].sizes) or L_OUT not in l_out:
        return ()
    found = []
    for goal in GOALS:
        if goal.workload == workload:
            number = QUANTITIES[goal.quantity](measured, goal.of)
            found.append(Verdict(str(goal), number, number is not None and goal.met_by(number)))
    return tuple(found)
