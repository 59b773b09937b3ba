"""The results as tables (terminal or Markdown) and as raw numbers (JSON)."""

import json
import math
import sys
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from benchmarks import peers
from benchmarks.first_call import FirstCall
from benchmarks.floor import Floor
from benchmarks.goals import Verdict
from benchmarks.measure import Comparison, Row
from benchmarks.timing import Timing, ratio

MS = 1e3
GB = 1e-9
NOISY = 0.2
"""The report names every contestant whose timings spread by more than this."""


@dataclass(frozen=True)
class Results:
    """Everything one run of the benchmark found."""

    machine: dict[str, Any]
    settings: dict[str, Any]
    comparisons: list[Comparison]
    first_calls: list[FirstCall]
    goals: list[Verdict]


@dataclass(frozen=True)
class Table:
    """A table, wherever it will be printed. The first column is text, the others are numbers."""

    title: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)


def tables(results: Results) -> list[Table]:
    found = [_comparison(run) for run in results.comparisons]
    if results.first_calls:
        found.append(_first_calls(results.first_calls))
    return found


def _comparison(run: Comparison) -> Table:
    ours = run.timing(peers.OURS)
    floor = run.floor
    versus = f"{floor.seconds / ours.median:.2f}" if ours else ""
    notes = [
        f"Floor: {floor.bytes_moved / 1e6:.1f} MB at {floor.read_bandwidth * GB:.1f} GB/s, the "
        "best round of a read-only stream on the same threads; a triad reached "
        f"{floor.triad_bandwidth * GB:.1f} GB/s."
    ]
    erratic = [row.name for row in run.rows if row.timing and row.timing.spread > NOISY]
    if erratic:
        notes.append(
            f"Spread above {_percent(NOISY)}: {'; '.join(erratic)}. Unless the machine was otherwise "
            "idle, measure again before quoting these."
        )
    bottom = ["floor: every array moved once", "", _ms(floor.seconds), "", versus, "100 %", "", ""]
    return Table(
        title=f"convolve_1_{run.l_out}, {run.dtype}: {run.nodes} nodes, {run.edges} edges, {run.channels} channels",
        header=[
            "",
            "median ms",
            "best ms",
            "spread",
            "times ours",
            "of floor",
            "first call s",
            "rel. error",
        ],
        rows=[*(_row(row, ours, floor.seconds) for row in run.rows), bottom],
        notes=notes,
    )


def _row(row: Row, ours: Timing | None, floor_seconds: float) -> list[str]:
    if row.timing is None:
        return [f"{row.name} ({row.status}: {row.note})", *[""] * 7]
    error, first = row.relative_error, row.first_call_seconds
    return [
        row.name,
        _ms(row.timing.median),
        _ms(row.timing.best),
        _percent(row.timing.spread),
        _versus(row.timing, ours),
        _percent(floor_seconds / row.timing.median),
        "" if first is None else f"{first:.2f}",
        "" if error is None else f"{error:.1e}",
    ]


def _versus(theirs: Timing, ours: Timing | None) -> str:
    """The ratio of medians, and the quartiles of the ratio within a round."""
    if ours is None or theirs is ours:
        return "1" if ours else ""
    found = ratio(theirs, ours)
    return f"{found.of_medians:.3g} ({found.low:.3g} to {found.high:.3g})"


def _first_calls(calls: list[FirstCall]) -> Table:
    return Table(
        title="pocket-tfn in a fresh process",
        header=["", "import s", "first call s, cold", "first call s, cached"],
        rows=[
            [
                f"convolve_1_{call.l_out}",
                f"{call.import_seconds:.2f}",
                f"{call.cold_seconds:.2f}",
                f"{call.cached_seconds:.3f}",
            ]
            for call in calls
        ],
        notes=[
            "Cold: Numba's cache is empty. Cached: an earlier process filled it. Import: NumPy and Numba included.",
        ],
    )


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f} %" if fraction >= 0.1 else f"{100 * fraction:.2g} %"


def _ms(seconds: float) -> str:
    return f"{MS * seconds:.4g}" if seconds < 1 else f"{MS * seconds:.0f}"


def closing_notes(results: Results) -> list[str]:
    """How to read the tables, the goals, and the machine they were measured on."""
    machine, settings = results.machine, results.settings
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items() if version)
    return [
        f"Interleaved rounds: {settings['repeats']}. Spread: interquartile range over median. "
        "Times ours: ratio of medians (quartiles of the ratio within a round). "
        "First call: in this process, compilation included, all caches empty.",
        *(str(verdict) for verdict in results.goals),
        f"{machine['cpu']}, {machine['threads']} threads, {machine['system']}, "
        f"Python {machine['python']}, "
        f"{machine['date']}.",
        f"{libraries}.",
    ]


def markdown(results: Results) -> str:
    """The whole report as Markdown."""
    parts = [_markdown_table(table) for table in tables(results)]
    notes = "\n".join(f"- {note}" for note in closing_notes(results))
    return "\n\n".join([*parts, notes]) + "\n"


def _markdown_table(table: Table) -> str:
    rule = ["---", *["---:"] * (len(table.header) - 1)]
    lines = ["| " + " | ".join(cells).replace("\n", " ") + " |" for cells in (table.header, rule, *table.rows)]
    return "\n\n".join([f"### {table.title}", "\n".join(lines), *table.notes])


def as_json(results: Results) -> str:
    """The raw numbers, every round's included; seconds and bytes throughout, NaN as null."""
    return json.dumps(_plain(results), indent=1, allow_nan=False) + "\n"


DERIVED: dict[type, tuple[str, ...]] = {
    Timing: ("median", "best", "spread"),
    Floor: ("seconds",),
    Verdict: ("met",),
}
"""Properties that the JSON has beside the fields."""


def _plain(value: Any) -> Any:
    """Dataclasses as dictionaries, all the way down."""
    if is_dataclass(value):
        names = [f.name for f in fields(value)] + list(DERIVED.get(type(value), ()))
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def show(results: Results) -> None:
    """Prints the report on the terminal; without rich, as Markdown."""
    try:
        from rich import box
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text
    except ModuleNotFoundError:
        print(markdown(results))
        return
    console = Console(width=None if sys.stdout.isatty() else 140)
    for table in tables(results):
        grid = RichTable(title=table.title, title_justify="left", box=box.SIMPLE_HEAD)
        for k, name in enumerate(table.header):
            grid.add_column(name, justify="right" if k else "left", no_wrap=bool(k))
        for cells in table.rows:
            grid.add_row(*map(Text, cells))
        console.print(grid)
        for note in table.notes:
            console.print(Text(note))
        console.print()
    for note in closing_notes(results):
        console.print(Text(note))
