"""The slides' table "Confronto con Tensor Field Networks", from what was counted and measured: Markdown and LaTeX."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.confronto_results import POCKET, Confronto, exponent, growth, slides_law
from benchmarks.peers import C_HOISTED, C_NONZERO, C_ROWS, OURS
from benchmarks.report import markdown_table
from benchmarks.tables import Table

TIMED = {
    "ours": (OURS,),
    "C, hoisted": (C_HOISTED, C_ROWS),
    "C, nonzero CG": (C_NONZERO,),
    "e3nn": ("e3nn",),
}
"""Columns, and the contestants in them; of several, at each l, the fastest."""

Quantity = Callable[[int], float | None]


@dataclass(frozen=True)
class Column:
    """A quantity of l, and how its growth is called."""

    title: str
    of: Quantity


def counted(found: Confronto) -> list[Column]:
    by_degree = {c.l: c for c in found.counts}
    return [
        Column("as emitted", lambda l: by_degree[l].chosen),
        Column("one matrix", lambda l: by_degree[l].matrix),
        Column("nonzero CG", lambda l: by_degree[l].loop),
        Column("as defined", lambda l: by_degree[l].definition),
    ]


def timed(found: Confronto, dtype: str) -> list[Column]:
    """Nanoseconds for an edge."""
    return [
        Column(title, lambda l, names=names: found.nanoseconds(l, dtype, *names))  # type: ignore[misc]
        for title, names in TIMED.items()
        if any(found.nanoseconds(c.l, dtype, *names) is not None for c in found.counts)
    ]


def tables(found: Confronto) -> list[Table]:
    return [_operations(found), *(_times(found, dtype) for dtype in found.dtypes), _growth(found)]


def markdown(found: Confronto) -> str:
    notes = "\n".join(f"- {note}" for note in notes_of(found))
    return "\n\n".join([*map(markdown_table, tables(found)), notes]) + "\n"


def _operations(found: Confronto) -> Table:
    columns = counted(found)
    rows = [
        [
            _kernel(c.l),
            f"{c.paths}: J = 0..{2 * c.l}" if c.l else "1: J = 0",
            *(f"{column.of(c.l):.0f}" for column in columns),
            str(c.chosen_once),
        ]
        for c in found.counts
    ]
    return Table(
        title="Operations for an edge and channel, all paths l→l",
        header=["", "angular channels", *(column.title for column in columns), "once for an edge"],
        rows=rows,
    )


def _times(found: Confronto, dtype: str) -> Table:
    columns = timed(found, dtype)
    return Table(
        title=f"Time for an edge of {found.settings['channels']} channels in ns, {dtype}",
        header=["", *(column.title for column in columns), *(f"{column.title} / ours" for column in columns[1:])],
        rows=[
            [
                _kernel(c.l),
                *(_number(column.of(c.l)) for column in columns),
                *(_number(_ratio(column.of(c.l), columns[0].of(c.l))) for column in columns[1:]),
            ]
            for c in found.counts
        ],
    )


def _growth(found: Confronto) -> Table:
    """In proportion to 1→1, and as a power of 2l + 1."""
    degrees = [c.l for c in found.counts]
    lines = [Column("the slides: (2l+1)²", lambda l: slides_law(l))]
    lines += [Column(f"operations, {column.title}", column.of) for column in counted(found)]
    for dtype in found.dtypes:
        lines += [Column(f"time, {column.title}, {dtype}", column.of) for column in timed(found, dtype)]
    return Table(
        title="Growth in proportion to the pocket kernel, and the exponent x of (2l+1)^x from l = 1 on",
        header=["", *(_kernel(l) for l in degrees), "x"],
        rows=[
            [line.title, *(_number(growth(line.of, l)) for l in degrees), _fixed(exponent(line.of, degrees))]
            for line in lines
        ],
    )


def notes_of(found: Confronto) -> list[str]:
    """What the columns are, whether the slides' law holds, and the machine."""
    sizes, machine = found.settings, found.machine
    return [
        "As emitted: the program with the fewest operations, which is the chain of derive/chain_form.py; one matrix: "
        "Σ_J φ_J K^J(r̂), then its product with f; nonzero CG: three for each nonzero coefficient; as defined: the "
        "polynomials multiplied out, nothing shared. What depends on the edge alone has a column of its own.",
        *_verdict(found),
        f"Streamed, {sizes['nodes']} nodes, {sizes['neighbours']} neighbours, {sizes['channels']} channels, each with "
        "radial values of its own and not mixed: C stands for C_in C_out. C, hoisted: the faster of two forms. Medians "
        "of interleaved rounds, every answer checked before.",
        f"{machine['cpu']}, {machine['threads']} threads, {machine['system']}, Python {machine['python']}, "
        f"{machine['date']}.",
    ]


def _verdict(found: Confronto) -> list[str]:
    """The slides' question, answered by the exponents that were found."""
    degrees = [c.l for c in found.counts]
    if len([l for l in degrees if l >= POCKET]) < 2:
        return []
    chosen, matrix, _, definition = (exponent(column.of, degrees) for column in counted(found))
    highest = degrees[-1]
    operations = growth(counted(found)[0].of, highest)
    times = ", ".join(
        f"{_number(growth(timed(found, dtype)[0].of, highest))} in {dtype}"
        for dtype in found.dtypes
        if timed(found, dtype)
    )
    return [
        f"Does (2l+1)² against 3² hold? From 1→1 to {highest}→{highest} it says {_number(slides_law(highest))} times; "
        f"operations as emitted grow {_number(operations)} times, time {times}. (2l+1)² counts the entries of one "
        "matrix and leaves out that 2l+1 paths fill it: a matrix for each channel costs "
        f"(2l+1)^{_fixed(matrix)} here and (2l+1)³ for large l, the definition (2l+1)^{_fixed(definition)}.",
        "The chain goes down to scalars and up again: 2j+1 rows at each rank j, a bounded number of terms in each, a "
        "quadratic polynomial in l in all. So the slides' law holds for it, with lower terms that make it "
        f"(2l+1)^{_fixed(chosen)} over these l.{_chain(found)}",
    ]


def _chain(found: Confronto) -> str:
    if found.chain is None:
        return ""
    pocket = counted(found)[0].of(POCKET)
    constant = found.chain.a / (4 * pocket / (2 * POCKET + 1) ** 2) if pocket else None
    return (
        f" Counted for l = 1 to {found.chain.highest}, it is {found.chain} exactly: for large l {_number(constant)} "
        "times the law drawn through 1→1."
    )


# --- LaTeX ----------------------------------------------------------------------------------------------------------


def latex(found: Confronto) -> str:
    """A tabular of the slides' columns, one row for each l; needs no package."""
    dtype = found.dtypes[0]
    columns, clocks = counted(found), timed(found, dtype)
    header = [
        r"$\ell \to \ell$",
        "$J$",
        r"$(2\ell+1)^2/9$",
        *(column.title for column in columns),
        *(clock.title for clock in clocks),
        "ops",
        "time",
    ]
    groups = [
        "",
        "",
        "",
        rf"\multicolumn{{{len(columns)}}}{{c|}}{{operations per edge and channel}}",
        rf"\multicolumn{{{len(clocks)}}}{{c|}}{{ns per edge, $C = {found.settings['channels']}$}}",
        r"\multicolumn{2}{c}{over $1 \to 1$}",
    ]
    rows = [_latex_row(found, c.l, c.paths, columns, clocks) for c in found.counts]
    shape = "lrr|" + "r" * len(columns) + "|" + "r" * len(clocks) + "|rr"
    lines = [
        "% Generated by `python -m benchmarks.confronto --save`; do not edit.",
        rf"\begin{{tabular}}{{{shape}}}",
        " & ".join(groups) + r" \\",
        " & ".join(header) + r" \\ \hline",
        *(" & ".join(row) + r" \\" for row in rows),
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _latex_row(found: Confronto, l: int, paths: int, columns: Sequence[Column], clocks: Sequence[Column]) -> list[str]:
    name = rf"${l} \to {l}$" + (" (pocket)" if l == POCKET else "")
    return [
        name,
        str(paths),
        _number(slides_law(l)),
        *(f"{column.of(l):.0f}" for column in columns),
        *(_number(clock.of(l)) for clock in clocks),
        _number(growth(columns[0].of, l)),
        _number(growth(clocks[0].of, l) if clocks else None),
    ]


# --- numbers --------------------------------------------------------------------------------------------------------


def _kernel(l: int) -> str:
    return f"{l}→{l}" + (", pocket" if l == POCKET else "")


def _ratio(a: float | None, b: float | None) -> float | None:
    return a / b if a is not None and b else None


def _number(value: float | None) -> str:
    """Three digits, never in powers of ten."""
    if value is None:
        return ""
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if rounded >= 100 else f"{rounded:g}"


def _fixed(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
