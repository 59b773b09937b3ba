"""Operations and time of l→l against l, beside the two laws of the slides."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from benchmarks.confronto_results import POCKET, Confronto, slides_law
from benchmarks.confronto_tables import Column, counted, timed
from benchmarks.plots import style

INK = ("#3b6ea8", "#6a9a4b", "#c46a28", "#8a5a9e")
"""Of ours, then of the others in the order of the tables."""


def figure(found: Confronto) -> Figure:
    picture, (operations, times) = style.panels(8, 3.7, 1, 2)
    degrees = [c.l for c in found.counts]
    _curves(operations, degrees, counted(found))
    operations.set_title("operations for an edge and channel", loc="left")
    dtype = found.dtypes[0]
    _curves(times, degrees, timed(found, dtype))
    times.set_title(f"ns for an edge of {found.settings['channels']} channels, {dtype}", loc="left")
    for axis in (operations, times):
        axis.set(yscale="log", xlabel="l, of l→l with all paths")
        axis.set_xticks(degrees)
        axis.grid(True, which="major", color="#dddddd", linewidth=0.5)
        axis.legend(frameon=False, fontsize=7.5, loc="upper left")
    return picture


def _curves(axis: Any, degrees: Sequence[int], columns: Sequence[Column]) -> None:
    for column, colour, marker in zip(columns, INK, "osD^", strict=False):
        points = [(l, value) for l in degrees if (value := column.of(l)) is not None]
        axis.plot(
            *zip(*points, strict=True), color=colour, marker=marker, markersize=4, linewidth=1.4, label=column.title
        )
    _laws(axis, degrees, columns[0].of(POCKET))


def _laws(axis: Any, degrees: Sequence[int], pocket: float | None) -> None:
    """Both in proportion to ours at l = 1."""
    if pocket is None:
        return
    fine = [degrees[0] + (degrees[-1] - degrees[0]) * k / 60 for k in range(61)]
    law = [pocket * (2 * l + 1) ** 2 / (2 * POCKET + 1) ** 2 for l in fine]
    assert abs(law[-1] - pocket * slides_law(degrees[-1])) < 1e-9 * law[-1]
    axis.plot(fine, law, color=style.QUIET, linewidth=0.8, linestyle="--", label="slides, TFN: (2l+1)²")
    axis.plot(
        fine, [pocket] * len(fine), color=style.QUIET, linewidth=0.8, linestyle=":", label="slides, pocket: constant"
    )
