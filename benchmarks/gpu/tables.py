"""The results in Markdown: our rows with their ratios to the peers, and on a page of its own every measurement."""

from collections.abc import Sequence

from benchmarks.gpu.names import OURS, PEERS
from benchmarks.gpu.results import Entry, Results, Row, copy_share
from benchmarks.gpu.verdicts import verdicts
from benchmarks.results import TIMED


def summary(results: Results) -> str:
    """What the README shows."""
    machine = results.machine
    asked = [name for name in PEERS if any(row.entry(name) for row in results.rows)]
    parts = [
        f"**CUDA kernels on {machine['device']}, {machine['date']}**",
        _table(["ours", "ms", "GB/s", "of copy", "over floor", *(f"{n} /ours" for n in asked)], _ours(results, asked)),
        "\n".join(f"- goal: {verdict}" for verdict in verdicts(results)),
        "\n".join(f"- {note}" for note in _notes(results, asked)),
    ]
    return "\n\n".join(parts) + "\n"


def markdown(results: Results) -> str:
    """Every measurement."""
    machine = results.machine
    parts = [
        f"# CUDA kernels on {machine['device']}, {machine['date']}: every measurement",
        _table(
            ["row", "contestant", "median ms", "best ms", "spread", "rounds", "host ms", "times ours", "of copy",
             "rel. error", "first call s", "note"],
            [cells for row in results.rows for cells in _details(row, results)],
        ),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _ours(results: Results, peers: Sequence[str]) -> list[list[str]]:
    return [_summary(row, results, peers) for row in results.rows]


def _summary(row: Row, results: Results, peers: Sequence[str]) -> list[str]:
    own = row.entry(OURS)
    if own is None or own.event is None:
        first = [f"{row.spec.name} ({own.status}: {own.note})" if own else row.spec.name, "", "", "", ""]
    else:
        share = copy_share(own, row.useful_bytes, results.floor) or float("nan")
        rate = row.useful_bytes / own.event.median
        first = [row.spec.name, _ms(own.event.median), f"{1e-9 * rate:.0f}", f"{100 * share:.1f} %", f"{1 / share:.2f}"]
    return [*first, *(_beside(row.entry(name)) for name in peers)]


def _beside(entry: Entry | None) -> str:
    """A ratio, or what became of the peer; empty where it was not asked."""
    if entry is None:
        return ""
    if entry.status != TIMED:
        return entry.status
    return _ms(entry.event.median) + " ms" if entry.ratio is None and entry.event else f"{entry.ratio:.3g}"


def _details(row: Row, results: Results) -> list[list[str]]:
    return [_detail(row, entry, results) for entry in row.entries]


def _detail(row: Row, entry: Entry, results: Results) -> list[str]:
    if entry.event is None or entry.host is None:
        return [row.spec.name, entry.name, *[""] * 9, f"{entry.status}: {entry.note}"]
    event, share = entry.event, copy_share(entry, row.useful_bytes, results.floor)
    ratio = "1" if entry.name == OURS else "" if entry.ratio is None else f"{entry.ratio:.3g}"
    return [
        row.spec.name,
        entry.name,
        _ms(event.median),
        _ms(event.best),
        f"{100 * event.spread:.1f} %",
        str(len(event.samples)),
        _ms(entry.host.median),
        ratio,
        f"{100 * (share or 0):.1f} %",
        "" if entry.relative_error is None else f"{entry.relative_error:.1e}",
        "" if entry.first_call_seconds is None else f"{entry.first_call_seconds:.2f}",
        entry.note,
    ]


def _notes(results: Results, peers: Sequence[str]) -> list[str]:
    floor, machine = results.floor, results.machine
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items() if version)
    return [
        "Times are medians of interleaved rounds, by CUDA events on one stream, queued behind a spin of a millisecond, "
        "so that what the host does is hidden; each peer in rounds of its own with ours, and the ratio is that of the "
        "medians in these. Host: a call on an idle device by the host's clock, until the device is done.",
        f"Floor: useful bytes, each array moved once, at the median bandwidth of a large device-to-device copy, "
        f"{1e-9 * floor.copy_median:.0f} GB/s, read and written counted (best {1e-9 * floor.copy_best:.0f}; a large "
        f"sum read {1e-9 * floor.read_median:.0f}); {floor.rounds} rounds.",
        "Every answer was compared with a float64 reference before it was timed; our arrays held NaN before. Backward: "
        "output and the cotangents of vectors, radial and features. Random graph: distinct senders, in random order.",
        *(f"{name}: {PEERS[name].what}." for name in peers),
        *results.notes,
        f"{machine['device']}, driver {machine['driver']}, Python {machine['python']}, {machine['date']}; {libraries}.",
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(header) - 1)]
    lines = ([cell.replace("|", "\\|").replace("\n", " ") for cell in cells] for cells in (header, rule, *rows))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.4g}"
