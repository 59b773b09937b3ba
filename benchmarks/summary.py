"""All workloads and precisions on one page: ratios side by side, then the goals."""

from collections.abc import Sequence

from benchmarks.peers import OURS
from benchmarks.report import machine_notes, markdown_table
from benchmarks.results import Comparison, Results, Row
from benchmarks.tables import Table
from benchmarks.timing import ratio


def summary(found: Sequence[Results]) -> str:
    """Markdown. `found` may come from several runs; each of these is then described."""
    machines = dict.fromkeys("\n".join(f"- {note}" for note in machine_notes(results)) for results in found)
    goals = [f"- {results.dtype}, {verdict}" for results in found for verdict in results.goals]
    goals += [f"- {results.dtype}, NOT measured: {fault}" for results in found for fault in results.measured.faults]
    tables = [ratios(some) for some in _by_degrees(found)]
    parts = [*map(markdown_table, tables), "\n".join(goals), *machines]
    return "\n\n".join(part for part in parts if part) + "\n"


def _by_degrees(found: Sequence[Results]) -> list[list[Results]]:
    """Workloads of 1 → l_out, and that of any degrees, whose columns are others."""
    groups = [[r for r in found if (r.workload == "general") is general] for general in (False, True)]
    return [group for group in groups if group]


def ratios(found: Sequence[Results]) -> Table:
    """Ours in milliseconds, all others in multiples of it."""
    runs = [run for results in found for run in results.measured.comparisons]
    columns = list(dict.fromkeys((run.dtype, run.degrees) for run in runs))
    rows = []
    for workload in dict.fromkeys(run.workload for run in runs):
        those = {(run.dtype, run.degrees): run for run in runs if run.workload == workload}
        for name in dict.fromkeys(row.name for run in those.values() for row in run.rows):
            rows.append([f"{workload}: {name}", *(_cell(those.get(column), name) for column in columns)])
    return Table(
        title="Medians: ours in milliseconds, all others in multiples of ours",
        header=["", *(f"{l_in}→{l_out}, {dtype}" for dtype, (l_in, l_out) in columns)],
        rows=rows,
    )


def _cell(run: Comparison | None, name: str) -> str:
    row = run.row(name) if run else None
    if run is None or row is None:
        return ""
    if row.timing is None:
        return row.status
    return f"{1e3 * row.timing.median:.3g} ms" if name == OURS else _times(run, row)


def _times(run: Comparison, row: Row) -> str:
    ours = run.timing(OURS)
    return f"{ratio(row.timing, ours).of_medians:.3g}" if row.timing and ours else ""
