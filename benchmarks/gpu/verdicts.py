"""What was asked of our kernels, held against every row that was measured.

A row tells something if the peers in question were timed there.  Where ours was not, it is NaN, and the goal is missed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.gpu.floor import Floor
from benchmarks.gpu.names import E3NN, OURS, STREAMED
from benchmarks.gpu.results import Entry, Results, Row, copy_share

COPY_SHARE = 0.8
TIMES_E3NN = 25.0


@dataclass(frozen=True)
class Verdict:
    """The worst row decides; None where no row tells."""

    goal: str
    worst: float | None
    where: str
    met: bool
    rows: int
    rows_met: int

    def __str__(self) -> str:
        if self.worst is None:
            return f"{self.goal}: not measured"
        count = f"{self.rows_met} of {self.rows} rows"
        return f"{self.goal}: {'met' if self.met else 'NOT met'}; worst {self.worst:.3g} at {self.where}; {count}"


def verdicts(results: Results) -> list[Verdict]:
    floor = results.floor
    return [
        _judge(
            f"streamed: at least {100 * COPY_SHARE:.0f} % of the copy bandwidth",
            results.rows,
            lambda row: _share(row, floor) if row.spec.workload == STREAMED else None,
            COPY_SHARE,
        ),
        _judge("every row: fastest peer's time over ours, at least 1", results.rows, fastest_ratio, 1.0),
        _judge(
            f"every row: e3nn's time over ours, at least {TIMES_E3NN:g}",
            results.rows,
            lambda row: _ratio(row, E3NN),
            TIMES_E3NN,
        ),
    ]


def fastest_ratio(row: Row) -> float | None:
    """Of the peer that comes nearest to ours."""
    ratios = [_times_ours(one) for one in row.entries if not one.name.startswith(OURS) and one.event is not None]
    return min(ratios) if ratios else None


def _share(row: Row, floor: Floor) -> float | None:
    own = row.entry(OURS)
    share = None if own is None else copy_share(own, row.useful_bytes, floor)
    return math.nan if share is None else share


def _ratio(row: Row, name: str) -> float | None:
    peer = row.entry(name)
    return None if peer is None or peer.event is None else _times_ours(peer)


def _times_ours(peer: Entry) -> float:
    return math.nan if peer.ratio is None else peer.ratio


def _judge(goal: str, rows: Sequence[Row], number: Callable[[Row], float | None], least: float) -> Verdict:
    """False for NaN, since no comparison with NaN holds."""
    found = [(value, row.spec.name) for row in rows if (value := number(row)) is not None]
    good = [value for value, _ in found if value >= least]
    if not found:
        return Verdict(goal, None, "", False, 0, 0)
    worst, where = min(found, key=lambda one: (one[0] == one[0], one[0]))  # NaN first
    return Verdict(goal, worst, where, len(good) == len(found), len(found), len(good))
