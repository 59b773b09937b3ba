"""The speed that the design asks for, held against what was measured."""

from dataclasses import dataclass

from benchmarks import peers
from benchmarks.measure import Comparison
from benchmarks.timing import ratio

GOALS = {"e3nn": 60.0, "jax.jit": 8.0}
"""How many times faster convolve_1_1 must be than each of these."""

THREADS = 2
WORKLOAD = (1, 2000, 64_000, 64, "float32")
"""Where the goals apply: (l_out, nodes, edges, channels, dtype)."""


@dataclass(frozen=True)
class Verdict:
    """One goal. `ratio` is None where it could not be measured."""

    peer: str
    goal: float
    ratio: float | None

    @property
    def met(self) -> bool:
        return self.ratio is not None and self.ratio >= self.goal

    def __str__(self) -> str:
        goal = f"goal: convolve_1_1 at least {self.goal:g}x faster than {self.peer}"
        if self.ratio is None:
            return f"{goal}: not measured"
        return f"{goal}: {self.ratio:.1f}x, {'met' if self.met else 'NOT met'}"


def verdicts(comparisons: list[Comparison], threads: int) -> list[Verdict]:
    """The goals that apply to this run: none but for the design's workload on two threads."""
    found = []
    for run in comparisons:
        if (
            run.l_out,
            run.nodes,
            run.edges,
            run.channels,
            run.dtype,
        ) != WORKLOAD or threads != THREADS:
            continue
        ours = run.timing(peers.OURS)
        for peer, goal in GOALS.items():
            theirs = run.timing(peer)
            measured = ratio(theirs, ours).of_medians if ours and theirs else None
            found.append(Verdict(peer, goal, measured))
    return found
