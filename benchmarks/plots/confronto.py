"""Operations and time of l→l against l, beside the two laws of the slides."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from benchmarks.confronto_columns import Column, counted, timed
from benchmarks.confronto_results import NOISY, POCKET, SLIDES_POCKET, Confronto, slides_count
from benchmarks.plots import style

COUNTS_INK = ("#3b6ea8", "#6a9a4b", "#c46a28", "#8a5a9e")
"""As emitted, one matrix, nonzero coefficients, as defined."""
TIMES_INK = (*COUNTS_INK[:3], "#555555")
"""What computes these, and e3nn."""
ROOM = 0.45
"""To the right of the points, as a share of them, for names."""


def figure(found: Confronto) -> Figure:
    picture, (operations, times) = style.panels(8, 3.6, 1, 2)
    degrees, dtype = [c.l for c in found.counts], found.dtypes[0]
    _curves(operations, degrees, counted(found), COUNTS_INK)
    operations.set_title("operations for an edge and channel", loc="left")
    _curves(times, degrees, timed(found, dtype), TIMES_INK)
    times.set_title(f"ns for an edge of {found.settings['channels']} channels, {dtype}", loc="left")
    for axis in (operations, times):
        axis.set(yscale="log", xlabel="l, of l→l with all paths")
        axis.set_xlim(degrees[0] - 0.1, degrees[-1] + ROOM * (degrees[-1] - degrees[0]))
        axis.set_xticks(degrees)
        axis.grid(True, which="major", color="#dddddd", linewidth=0.5)
        axis.legend(frameon=False, fontsize=7.5, loc="lower right")
    return picture


def _curves(axis: Any, degrees: Sequence[int], columns: Sequence[Column], inks: Sequence[str]) -> None:
    """Each with its name beside its last point."""
    _laws(axis, degrees, columns[0].of(POCKET))
    for column, ink, marker in zip(columns, inks, "osD^", strict=False):
        points = [(l, height) for l in degrees if (height := column.of(l)) is not None]
        axis.plot(*zip(*points, strict=True), color=ink, marker=marker, markersize=4, linewidth=1.4)
        noisy = [(l, height) for l, height in points if column.is_noisy(l)]
        if noisy:
            label = style.once(axis, f"hollow: spread over {100 * NOISY:.0f} %")
            look = {"color": ink, "marker": marker, "markersize": 4, "linestyle": ""}
            axis.plot(*zip(*noisy, strict=True), markerfacecolor="white", label=label, **look)
        axis.text(points[-1][0] + 0.1, points[-1][1], column.title, color=ink, fontsize=8, va="center")


def _laws(axis: Any, degrees: Sequence[int], pocket: float | None) -> None:
    """The slides' pocket kernel drawn at ours, and their general one in the slides' own proportion to it."""
    if pocket is None:
        return
    fine = [degrees[0] + (degrees[-1] - degrees[0]) * k / 60 for k in range(61)]
    look = {"color": style.QUIET, "linewidth": 0.8}
    general = [pocket / SLIDES_POCKET * slides_count(l) for l in fine]
    axis.plot(fine, general, linestyle="--", label=f"the slides: TFN, (2l+1)² against {SLIDES_POCKET}", **look)
    axis.plot(
        fine, [pocket] * len(fine), linestyle=":", label=f"the slides: pocket, {SLIDES_POCKET}, drawn at ours", **look
    )
