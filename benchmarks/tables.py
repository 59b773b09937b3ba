"""The results as tables, wherever they will be printed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.floor import PRODUCT_STREAM, READ, TRIAD
from benchmarks.peers import OURS
from benchmarks.quantities import exponent, product_seconds
from benchmarks.results import PRODUCT, TIMED, Comparison, FirstCall, Results, Row, ScalingPoint
from benchmarks.timing import Timing, ratio

MS, GB, MB = 1e3, 1e-9, 1e-6
NOISY = 0.2
"""Every contestant whose timings spread by more than this is named."""


@dataclass(frozen=True)
class Table:
    """The first column is text, the others are numbers."""

    title: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)


def tables(results: Results) -> list[Table]:
    measured = results.measured
    found = [_comparison(run) for run in measured.comparisons]
    if measured.sweep:
        found.append(_sweep(measured.sweep))
    if measured.scaling:
        found.append(_scaling(results.dtype, measured.scaling))
    if measured.first_calls:
        found.append(_first_calls(results.dtype, measured.first_calls))
    return found


def _comparison(run: Comparison) -> Table:
    ours, floor = run.timing(OURS), run.floor
    rows = [_row(row, ours, floor.seconds) for row in run.rows]
    rows += [_part(name, timing, ours) for name, timing in run.parts.items() if name not in _RATES]
    for name, seconds in (
        ("floor: every array moved once", floor.memory_seconds),
        ("floor: every operation once", floor.arithmetic_seconds),
    ):
        rows.append([name, "", _ms(seconds), "", f"{seconds / ours.median:.2g}" if ours else "", "", "", ""])
    return Table(
        title=f"{run.workload} {run.l_in}→{run.l_out}, {run.dtype}: {_sizes(run.sizes)}",
        header=["", "median ms", "best ms", "spread", "times ours", "of floor", "first call s", "rel. error"],
        rows=rows,
        notes=_comparison_notes(run),
    )


_RATES = (READ, TRIAD, PRODUCT_STREAM)


def _comparison_notes(run: Comparison) -> list[str]:
    floor = run.floor
    notes = [
        f"Floor, the larger of two: {floor.bytes_moved * MB:.1f} MB at {floor.read_bandwidth * GB:.1f} GB/s, the best "
        f"round of a read-only stream on the same threads (a triad reached {floor.triad_bandwidth * GB:.1f} GB/s); "
        f"{floor.flops * 1e-6:.0f} Mflop at {floor.flop_rate * GB:.0f} Gflop/s, the best round of a matrix product.",
        *run.notes,
    ]
    seconds = product_seconds(run)
    if seconds is not None:
        share = run.parts[PRODUCT].median / seconds
        notes.append(f"The product takes {_ms(seconds)} ms of our call: {_percent(share)} of NumPy's rate alone.")
    erratic = [row.name for row in run.rows if row.timing and row.timing.spread > NOISY]
    if erratic:
        notes.append(
            f"Spread above {_percent(NOISY)}: {'; '.join(erratic)}. Unless the machine was otherwise idle, measure "
            "again before quoting these."
        )
    return notes


def _row(row: Row, ours: Timing | None, floor_seconds: float) -> list[str]:
    if row.timing is None:
        return [f"{row.name} ({row.status}: {row.note})", *[""] * 7]
    error, first = row.relative_error, row.first_call_seconds
    return [
        *_part(row.name, row.timing, ours)[:5],
        _percent(floor_seconds / row.timing.median),
        "" if first is None else f"{first:.2f}",
        "" if error is None else f"{error:.1e}",
    ]


def _part(name: str, timing: Timing, ours: Timing | None) -> list[str]:
    times = [_ms(timing.median), _ms(timing.best), _percent(timing.spread)]
    return [name, *times, _versus(timing, ours), "", "", ""]


def _versus(theirs: Timing, ours: Timing | None) -> str:
    """The ratio of medians, and the quartiles of the ratio within a round."""
    if ours is None or theirs is ours:
        return "1" if ours else ""
    found = ratio(theirs, ours)
    return f"{found.of_medians:.3g} ({found.low:.3g} to {found.high:.3g})"


def _sweep(runs: Sequence[Comparison]) -> Table:
    names = list(dict.fromkeys(row.name for run in runs for row in run.rows))
    return Table(
        title=f"{runs[0].workload} 1→{runs[0].l_out}, {runs[0].dtype}: microseconds per walker",
        header=["", *names],
        rows=[[_sizes(run.sizes), *(_per_walker(run, name) for name in names)] for run in runs],
        notes=["Medians."],
    )


def _per_walker(run: Comparison, name: str) -> str:
    row = run.row(name)
    if row is None or row.timing is None:
        return "" if row is None or row.status == TIMED else row.status
    return f"{1e6 * row.timing.median / run.sizes['walkers']:.3g}"


def _scaling(dtype: str, points: Sequence[ScalingPoint]) -> Table:
    found = exponent(points)
    fitted = (
        "" if found is None else f"Time grows as nodes^{found:.3f}, the least-squares line through the logarithms. "
    )
    return Table(
        title=f"scaling of convolve_tabulated_1_1, {dtype}",
        header=["nodes", "edges", "median ms", "spread", "ns per edge", "inputs + output MB", "peak / that", "graph s"],
        rows=[
            [
                str(p.nodes),
                str(p.edges),
                _ms(p.timing.median),
                _percent(p.timing.spread),
                f"{1e9 * p.timing.median / p.edges:.3g}",
                f"{(p.input_bytes + p.output_bytes) * MB:.1f}",
                "not measured" if p.overhead is None else f"{p.overhead:.3f}",
                f"{p.graph_seconds:.2f}",
            ]
            for p in points
        ],
        notes=[
            f"{fitted}Peak: resident memory at its highest during a call, its inputs included, each size in a process "
            "of its own. Graph: finding the neighbours with layers.radius_graph, for comparison."
        ],
    )


def _first_calls(dtype: str, calls: Sequence[FirstCall]) -> Table:
    return Table(
        title=f"first call in a fresh process, {dtype}",
        header=["", "import s", "first call s, cold", "first call s, cached"],
        rows=[
            [call.function, f"{call.import_seconds:.2f}", f"{call.cold_seconds:.2f}", f"{call.cached_seconds:.3f}"]
            for call in calls
        ],
        notes=["Cold: Numba's cache is empty. Cached: an earlier process filled it. Import: NumPy and Numba included."],
    )


def _sizes(sizes: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sizes.items())


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f} %" if fraction >= 0.1 else f"{100 * fraction:.2g} %"


def _ms(seconds: float) -> str:
    return f"{MS * seconds:.4g}" if seconds < 1 else f"{MS * seconds:.0f}"
