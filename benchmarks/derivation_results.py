"""What deriving takes, as data, as tables."""

from dataclasses import dataclass
from typing import Any

from benchmarks.report import markdown_table
from benchmarks.tables import Table

GOALS = {2: 40.0, 3: 180.0}
"""Seconds that all paths with degrees up to l may take, on two processes."""


@dataclass(frozen=True)
class Run:
    """All paths with l_in and l_out up to `highest`, derived, proved and emitted."""

    highest: int
    paths: int
    processes: int
    bytes: int
    """Of all files."""
    theorems: dict[str, float]
    """Seconds of each, in the process that proved it."""
    first: float
    """Until the first task was done."""
    seconds: float
    """Wall time of all, without starting Python."""
    wall: float
    """The same, with it."""


@dataclass(frozen=True)
class Times:
    machine: dict[str, Any]
    runs: tuple[Run, ...]


def table(found: Times) -> Table:
    names = dict.fromkeys(name for run in found.runs for name in run.theorems)
    rows = [
        ["paths", *(str(run.paths) for run in found.runs)],
        ["MB written", *(f"{run.bytes / 1e6:.2f}" for run in found.runs)],
        *([name, *(_seconds(run.theorems.get(name)) for run in found.runs)] for name in names),
        ["all theorems", *(_seconds(sum(run.theorems.values())) for run in found.runs)],
        ["wall time", *(_seconds(run.wall) for run in found.runs)],
        ["goal", *(_goal(run) for run in found.runs)],
    ]
    return Table(
        title="Seconds to derive, prove and emit all paths with l_in, l_out up to L",
        header=["", *(f"L = {run.highest}" for run in found.runs)],
        rows=rows,
    )


def markdown(found: Times) -> str:
    here, processes = found.machine, sorted({run.processes for run in found.runs})
    notes = [
        f"Each L in a fresh Python, on {' or '.join(map(str, processes))} process{'es' if processes != [1] else ''}; "
        "wall time includes starting it. A theorem's seconds are those of the process that proved it, and whichever "
        "needs a kernel first derives it, so they do not add up to the wall time.",
        f"{here['cpu']}, {here['system']}, Python {here['python']}, {here['date']}.",
    ]
    return markdown_table(table(found)) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def _goal(run: Run) -> str:
    if run.highest not in GOALS:
        return ""
    bound = GOALS[run.highest]
    return f"{bound:g}, {'met' if run.wall < bound else 'NOT met'}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value >= 1 else f"{value:.2f}"
