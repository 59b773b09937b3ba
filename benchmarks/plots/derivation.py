"""Seconds of each theorem and of the whole derivation against the highest degree."""

from matplotlib.figure import Figure

from benchmarks.derivation_results import GOALS, Times
from benchmarks.plots import style

SHOWN = 6
"""So many theorems, those that take longest at the highest degree, are lines of their own colour and name."""
INK = ("#3b6ea8", "#c46a28", "#6a9a4b", "#8a5a9e", "#a8433b", "#3b9a98")


def figure(found: Times) -> Figure:
    picture, (axis,) = style.panels(6, 3.7, 1, 1)
    degrees = [run.highest for run in found.runs]
    last = found.runs[-1].theorems
    slowest = sorted(last, key=lambda name: -last[name])
    for place, name in reversed(list(enumerate(slowest))):
        shown = place < SHOWN
        points = [(run.highest, run.theorems[name]) for run in found.runs if name in run.theorems]
        axis.plot(
            *zip(*points, strict=True),
            color=INK[place] if shown else "#cccccc",
            linewidth=1.2 if shown else 0.7,
            marker="o" if shown else "",
            markersize=3,
            label=name if shown else "_",
        )
    axis.plot(
        degrees,
        [run.wall for run in found.runs],
        color="black",
        marker="s",
        markersize=4,
        linewidth=1.6,
        label="wall time",
    )
    for highest, bound in GOALS.items():
        if highest in degrees:
            label = style.once(axis, "goal")
            axis.plot(
                [highest - 0.15, highest + 0.15], [bound] * 2, color="black", linewidth=1, linestyle=":", label=label
            )
    axis.set(yscale="log", xlabel="L: all paths with l_in, l_out up to L", ylabel="seconds")
    axis.set_xticks(degrees)
    axis.grid(True, which="major", color="#dddddd", linewidth=0.5)
    axis.legend(*(list(reversed(each)) for each in axis.get_legend_handles_labels()), frameon=False, fontsize=7.5)
    return picture
