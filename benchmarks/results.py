"""What a run finds, as plain data: everything that is reported, drawn, saved and read back."""

from dataclasses import dataclass
from typing import Any

from benchmarks.peers import OURS
from benchmarks.timing import Timing

AGGREGATION = "pocket-tfn, aggregation alone"
PRODUCT = "numpy.matmul of the same shapes"
"""The two steps of mixing that are timed by themselves."""

TIMED, MISSING, FAILED, WRONG = "timed", "missing", "failed", "wrong answer"


@dataclass(frozen=True)
class Floor:
    """What the hardware allows: what must be done, over the best rates measured."""

    bytes_moved: int
    flops: int
    read_bandwidth: float  # bytes per second
    triad_bandwidth: float  # bytes per second; the write-allocate traffic is not counted
    flop_rate: float  # of a matrix product, per second

    @property
    def memory_seconds(self) -> float:
        return self.bytes_moved / self.read_bandwidth

    @property
    def arithmetic_seconds(self) -> float:
        return self.flops / self.flop_rate

    @property
    def seconds(self) -> float:
        return max(self.memory_seconds, self.arithmetic_seconds)


@dataclass(frozen=True)
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
        ours = self.name.startswith(OURS)
        return self.status == WRONG or (ours and self.status != TIMED)


@dataclass(frozen=True)
class Comparison:
    """All contestants on one case, timed in the same rounds."""

    workload: str
    l_out: int
    dtype: str
    sizes: dict[str, int]
    rounds: int
    floor: Floor
    rows: tuple[Row, ...]
    parts: dict[str, Timing]
    """What was timed in the same rounds without being a contestant."""
    notes: tuple[str, ...] = ()
    l_in: int = 1

    @property
    def degrees(self) -> tuple[int, int]:
        return self.l_in, self.l_out

    def row(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)

    def timing(self, name: str) -> Timing | None:
        row = self.row(name)
        return row.timing if row else None


@dataclass(frozen=True)
class ScalingPoint:
    """One size of the graph, measured in a process of its own."""

    nodes: int
    edges: int
    timing: Timing
    graph_seconds: float
    """What finding the neighbours took, for comparison."""
    input_bytes: int
    output_bytes: int
    peak_bytes: int | None
    """Inputs, and what the call added to the resident memory at its highest; None where it is not measurable."""

    @property
    def overhead(self) -> float | None:
        """Peak memory over inputs + output."""
        needed = self.input_bytes + self.output_bytes
        return None if self.peak_bytes is None else self.peak_bytes / needed


@dataclass(frozen=True)
class FirstCall:
    """Medians in seconds. Cold: Numba's cache is empty; cached: an earlier process filled it."""

    function: str
    import_seconds: float
    cold_seconds: float
    cached_seconds: float


@dataclass(frozen=True)
class Verdict:
    """One goal held against what was measured; None where it could not be."""

    goal: str
    measured: float | None
    met: bool

    def __str__(self) -> str:
        if self.measured is None:
            return f"{self.goal}: not measured"
        return f"{self.goal}: {self.measured:.3g}, {'met' if self.met else 'NOT met'}"


@dataclass(frozen=True)
class Measured:
    """What one workload measured, before anyone judges it."""

    comparisons: tuple[Comparison, ...] = ()
    sweep: tuple[Comparison, ...] = ()
    """Comparisons over a range of sizes, for curves."""
    scaling: tuple[ScalingPoint, ...] = ()
    first_calls: tuple[FirstCall, ...] = ()
    faults: tuple[str, ...] = ()
    """What should have been measured and was not."""


@dataclass(frozen=True)
class Results:
    """One workload in one precision, with all that a reader needs in order to judge the numbers."""

    workload: str
    dtype: str
    machine: dict[str, Any]
    settings: dict[str, int]
    measured: Measured
    goals: tuple[Verdict, ...] = ()

    @property
    def has_error(self) -> bool:
        """Whether an answer was wrong, ours did not run, or something was not measured that should have been."""
        runs = (*self.measured.comparisons, *self.measured.sweep)
        return bool(self.measured.faults) or any(row.is_error for run in runs for row in run.rows)
