"""The group convolution against the number of rotations: its error, which ends at the exact degree, and its cost."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from benchmarks.group_results import COMPILED, NUMPY, Point, Results
from benchmarks.plots import style

POLYNOMIAL, BUMPS, LITERAL, POCKET = "#3b6ea8", "#c46a28", "#7a4fa3", "#2f7d4f"
LINE: dict[str, Any] = {"marker": "o", "markersize": 4, "linewidth": 1.4}


def figure(found: Results) -> Figure:
    picture, (error, time) = style.panels(8.2, 3.6, 1, 2)
    exact = next(point for point in found.points if point.degree == found.exact_degree)
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
    axis.set_title("CPU time per edge in µs", loc="left")
    _note(axis, *two[-1], "two integrals:\nM² matrices κ", (-34, -16), LITERAL, ha="right")
    _note(axis, *one[-1], "one integral:\nM matrices k", (0, -46), POLYNOMIAL, ha="right")
    for name, text, dashes in ((COMPILED, "emitted", "-"), (NUMPY, "in NumPy", "--")):
        level = _microseconds(found, found.pocket[name])
        axis.axhline(level, color=POCKET, linewidth=1.4, linestyle=dashes)
        times = exact.one.median / found.pocket[name].median
        text = f"pocket kernel, {text} (M = {exact.rotations}: {float(f'{times:.2g}'):g} times that)"
        _note(axis, found.points[-1].rotations, level, text, (0, 3), POCKET, ha="right")


def _microseconds(found: Results, timing: Any) -> float:
    return 1e6 * found.per_edge(timing)


def _note(axis: Any, x: float, y: float, text: str, offset: tuple[float, float], colour: str, ha: str = "left") -> None:
    """Beside a point, in the colour of its curve; the offset is in points of the page."""
    axis.annotate(
        text, (x, y), offset, textcoords="offset points", color=colour, fontsize=8, ha=ha, va="bottom", linespacing=1.1
    )
