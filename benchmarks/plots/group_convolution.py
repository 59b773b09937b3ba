"""The group convolution against the number of rotations: its error, which ends at the exact degree, and its cost."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from benchmarks.group_results import COMPILED, NUMPY, TABLE, Point, Results
from benchmarks.plots import style

POLYNOMIAL, BUMPS, LITERAL, POCKET = "#3b6ea8", "#c46a28", "#7a4fa3", "#2f7d4f"
BOTH: dict[str, Any] = {"marker": "D", "markersize": 5, "color": LITERAL, "markerfacecolor": "white", "zorder": 3}
POCKETS = (
    (COMPILED, "given φ", "-", -11),
    (TABLE, "from a table", "-.", 2),
    (NUMPY, "in NumPy", "--", 2),
)
"""Name, label, line, and how many points above the line the label is."""
PLAIN: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
"""Behind words, so that no line runs through them."""
LINE: dict[str, Any] = {"marker": "o", "markersize": 4, "linewidth": 1.4}


def figure(found: Results) -> Figure:
    picture, (error, time) = style.panels(8.2, 3.6, 1, 2)
    exact = found.exact
    _errors(error, found, exact)
    _times(time, found, exact)
    for axis in (error, time):
        axis.axvline(exact.rotations, color=style.QUIET, linewidth=0.8, linestyle=":", zorder=0)
        axis.set(xscale="log", yscale="log", xlabel="rotations in the quadrature over SO(3), M")
        axis.grid(True, which="major", color="#e4e4e4", linewidth=0.5)
        axis.set_axisbelow(True)
    return picture


def _errors(axis: Any, found: Results, exact: Point) -> None:
    rotations = [point.rotations for point in found.points]
    for name, colour in (("bumps", BUMPS), ("polynomial", POLYNOMIAL)):
        axis.plot(rotations, [point.errors[name] for point in found.points], color=colour, **LINE)
    axis.plot(exact.rotations, found.exact_two.error, **BOTH)
    axis.set(ylim=(1e-16, 50))
    axis.set_title("relative error against the pocket kernel", loc="left")
    _note(axis, exact.rotations, 3, f"degree {exact.degree}: M = {exact.rotations}", (4, 0), style.QUIET)
    text = f"a kernel of degree 3 in r̂:\nexact from degree {exact.degree} on"
    _note(axis, exact.rotations, 1e-14, text, (-6, 0), POLYNOMIAL, ha="right")
    middle = max(found.points, key=lambda point: point.degree if point.degree <= found.exact_degree + 1 else 0)
    _note(axis, middle.rotations, middle.errors["bumps"], "bumps, of no\nfinite degree", (8, 2), BUMPS)


def _times(axis: Any, found: Results, exact: Point) -> None:
    one = [(point.rotations, _microseconds(found, point.one)) for point in found.points]
    two = [(point.rotations, _microseconds(found, point.two)) for point in found.points if point.two is not None]
    axis.plot(*zip(*one, strict=True), color=POLYNOMIAL, **LINE)
    axis.plot(*zip(*two, strict=True), color=LITERAL, **LINE)
    both = _microseconds(found, found.exact_two.timing)
    axis.plot(exact.rotations, both, **BOTH)
    axis.set_title("CPU time per edge in µs", loc="left")
    _note(axis, exact.rotations, both, f"two integrals, exact:\n{found.exact_two} matrices κ", (9, -6), LITERAL)
    _note(axis, *two[-2], "two integrals:\nM² matrices κ", (-12, 4), LITERAL, ha="right")
    _note(axis, *one[-1], "one integral:\nM matrices k", (0, -46), POLYNOMIAL, ha="right")
    for name, text, dashes, offset in POCKETS:
        level = _microseconds(found, found.pocket[name])
        axis.axhline(level, color=POCKET, linewidth=1.2, linestyle=dashes)
        times = exact.one.median / found.pocket[name].median
        text = f"pocket, {text} (one integral, M = {exact.rotations}: {float(f'{times:.2g}'):g} times)"
        _note(axis, found.points[-1].rotations, level, text, (0, offset), POCKET, ha="right")
    levels = [_microseconds(found, timing) for timing in found.pocket.values()]
    axis.set_ylim(min(levels) / 4, 4 * max(height for _, height in one + two))


def _microseconds(found: Results, timing: Any) -> float:
    return 1e6 * found.per_edge(timing)


def _note(axis: Any, x: float, y: float, text: str, offset: tuple[float, float], colour: str, ha: str = "left") -> None:
    """Beside a point, in the colour of its curve; the offset is in points of the page."""
    axis.annotate(
        text,
        (x, y),
        offset,
        textcoords="offset points",
        color=colour,
        fontsize=8,
        ha=ha,
        va="bottom",
        linespacing=1.1,
        bbox=PLAIN,
    )
