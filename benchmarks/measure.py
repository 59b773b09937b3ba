"""One comparison: build every contestant, check its answer, then time all in the same rounds."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from benchmarks import check, peers, timing
from benchmarks.contestant import Contestant
from benchmarks.floor import Floor, Streams
from benchmarks.peers import oracle
from benchmarks.timing import Timing
from benchmarks.workload import Workload

TIMED, NOT_INSTALLED, FAILED, WRONG = "timed", "not installed", "failed", "wrong answer"

Say = Callable[[str], None]
Bar = Callable[[str, int], AbstractContextManager[Callable[[], None]]]


@dataclass
class Row:
    """What became of one contestant."""

    name: str
    status: str = TIMED
    note: str = ""
    relative_error: float | None = None
    first_call_seconds: float | None = None
    """The first run in this process with every compiler cache empty, compilation included."""
    timing: Timing | None = None

    @property
    def is_error(self) -> bool:
        """A peer may be missing or broken, but not wrong; ours may be neither."""
        ours = self.name in (peers.OURS, peers.OURS_OUT)
        return self.status == WRONG or (ours and self.status != TIMED)


@dataclass(frozen=True)
class Comparison:
    """All contestants on one workload."""

    l_out: int
    nodes: int
    edges: int
    channels: int
    dtype: str
    floor: Floor
    read: Timing
    triad: Timing
    rows: tuple[Row, ...]

    def row(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)

    def timing(self, name: str) -> Timing | None:
        row = self.row(name)
        return row.timing if row else None


def compare(work: Workload, names: Sequence[str], threads: int, rounds: int, say: Say, bar: Bar) -> Comparison:
    """Runs the contestants `names` on `work`; what is missing, fails or is wrong is not timed."""
    say(f"l_out = {work.l_out}: the answer, by einsum in float64")
    expected = oracle.convolve(work)
    rows: list[Row] = []
    runs: dict[str, Callable[[], Any]] = {}
    for name in names:
        say(f"l_out = {work.l_out}: {name}, first call")
        row, contestant = _admit(name, work, threads, expected)
        rows.append(row)
        if contestant is not None:
            runs[name] = contestant.run

    streams = Streams(work, threads)
    read, triad = "read stream", "triad stream"
    all_runs = {**runs, read: streams.read, triad: streams.triad}
    with bar(f"l_out = {work.l_out}: timing", rounds * len(all_runs)) as advance:
        timings = timing.interleaved(all_runs, rounds, after_each=advance)
    for row in rows:
        row.timing = timings.get(row.name)
    return Comparison(
        l_out=work.l_out,
        nodes=work.nodes,
        edges=work.edges,
        channels=work.channels,
        dtype=work.dtype.name,
        floor=streams.floor(work, timings[read].best, timings[triad].best),
        read=timings[read],
        triad=timings[triad],
        rows=tuple(rows),
    )


def _admit(name: str, work: Workload, threads: int, expected: Any) -> tuple[Row, Contestant | None]:
    """Builds a contestant, runs it once, checks the answer; None in its place: not to be timed."""
    row = Row(name)
    try:
        contestant = peers.build(name, work, threads)
        row.first_call_seconds, result = timing.seconds(contestant.run)
        row.relative_error = check.relative_error(contestant.answer(result), expected)
        if not check.is_right(row.relative_error, work.dtype):
            bound = check.tolerance(work.dtype)
            raise check.WrongAnswer(f"relative error {row.relative_error:.1e}, allowed {bound:.1e}")
    except peers.NotInstalled as error:
        row.status, row.note = NOT_INSTALLED, str(error)
    except check.WrongAnswer as error:
        row.status, row.note = WRONG, str(error)
    except Exception as error:  # a peer that cannot run, for whatever reason, is reported and passed over
        row.status, row.note = FAILED, _one_line(error)
    else:
        return row, contestant
    return row, None


def _one_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:160]
