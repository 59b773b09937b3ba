"""The report of a run: on the terminal, or as Markdown."""

import sys
from collections.abc import Sequence

from benchmarks.results import Results
from benchmarks.tables import Table, tables


def closing_notes(results: Results) -> list[str]:
    """How to read the tables, the goals, and the machine they were measured on."""
    notes = []
    measured = results.measured
    if measured.comparisons:
        rounds = sorted({run.rounds for run in measured.comparisons})
        notes.append(
            f"Interleaved rounds: {' or '.join(map(str, rounds))}. Spread: interquartile range over median. "
            "Times ours: ratio of medians (quartiles of the ratio within a round). "
            "First call: in this process, compilation included, all caches empty."
        )
    notes += [f"NOT measured: {fault}" for fault in measured.faults]
    notes += [f"goal: {verdict}" for verdict in results.goals]
    return [*notes, *machine_notes(results)]


def machine_notes(results: Results) -> list[str]:
    machine = results.machine
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items() if version)
    return [
        f"{machine['cpu']}, {machine['threads']} threads, {machine['system']}, "
        f"Python {machine['python']}, {machine['date']}."
        + (" Freed memory is kept." if machine.get("keeps_memory") else ""),
        f"{libraries}.",
    ]


def markdown(results: Results) -> str:
    """One workload in one precision as Markdown."""
    parts = [markdown_table(table) for table in tables(results)]
    notes = "\n".join(f"- {note}" for note in closing_notes(results))
    return "\n\n".join([*parts, notes]) + "\n"


def markdown_table(table: Table) -> str:
    rule = ["---", *["---:"] * (len(table.header) - 1)]
    lines = ["| " + " | ".join(cells).replace("\n", " ") + " |" for cells in (table.header, rule, *table.rows)]
    return "\n\n".join([f"### {table.title}", "\n".join(lines), *table.notes])


def show(found: Sequence[Results]) -> None:
    """Prints the report on the terminal; without rich, as Markdown."""
    try:
        from rich import box
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text
    except ModuleNotFoundError:
        print("\n".join(markdown(results) for results in found))
        return
    console = Console(width=None if sys.stdout.isatty() else 140)
    for results in found:
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
        console.print()
