"""How many times longer the others take, one panel per workload and degrees, most of them 1→1; the goals are marked."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from benchmarks.goals import FASTEST, GOALS, L_OUT, Goal
from benchmarks.peers import OURS, OURS_OUT, family
from benchmarks.plots import style
from benchmarks.results import Comparison, Results
from benchmarks.timing import ratio
from benchmarks.workloads import WORKLOADS

BAR = 0.38
"""Inches for each contestant, which has a bar for each precision."""


def figure(found: Sequence[Results]) -> Figure | None:
    runs = [run for results in found for run in results.measured.comparisons if _has_panel(run)]
    keys = dict.fromkeys((run.workload, run.degrees) for run in runs)
    panels = {key: [run for run in runs if (run.workload, run.degrees) == key] for key in keys}
    names = {key: _names(those) for key, those in panels.items()}
    panels = {key: those for key, those in panels.items() if names[key]}
    if not panels:
        return None
    counts = [len(names[key]) for key in panels]
    height = BAR * (sum(counts) + 2 * len(counts))
    picture, axes = style.panels(7, height, len(panels), 1, sharex=True, height_ratios=counts)
    for axis, (key, those) in zip(axes, panels.items(), strict=True):
        _panel(axis, key[0], those, names[key])
    picture.legend(*axes[0].get_legend_handles_labels(), frameon=False, loc="outside upper right", ncols=2)
    axes[-1].set_xlabel("times as long as pocket-tfn, 1→1 unless said otherwise (medians); the black line is the goal")
    return picture


def _panel(axis: Any, workload: str, runs: Sequence[Comparison], names: Sequence[str]) -> None:
    height = 0.8 / len(runs)
    for k, run in enumerate(runs):
        for place, name in enumerate(names):
            times = _times(run, name)
            if times is not None:
                y = place + (k - (len(runs) - 1) / 2) * height
                axis.barh(
                    y, times - 1, height, left=1, color=style.COLOURS[run.dtype], label=style.once(axis, run.dtype)
                )
                axis.text(max(times, 1), y, f" {float(f'{times:.3g}'):g}", va="center", fontsize=7)
    for goal in GOALS if dict(runs[0].sizes) == dict(WORKLOADS[workload].sizes) else ():
        about = goal.workload == workload and goal.degrees == runs[0].degrees
        for place, name in enumerate(names):
            if about and goal.at_least is not None and _is_about(goal, name):
                axis.plot([goal.at_least] * 2, [place - 0.46, place + 0.46], color="black", linewidth=1.6)
    axis.set_xscale("log")
    axis.axvline(1, color=style.QUIET, linewidth=0.8)
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    sizes = ", ".join(f"{number} {name}" for name, number in runs[0].sizes.items())
    which = workload if runs[0].degrees == (1, L_OUT) else "{} {}→{}".format(workload, *runs[0].degrees)
    axis.set_title(f"{which}: {sizes}", loc="left")


def _is_about(goal: Goal, name: str) -> bool:
    """The contestant itself, or all of its family where the fastest of these counts."""
    return goal.of == (family(name) if goal.quantity == FASTEST else name)


def _has_panel(run: Comparison) -> bool:
    """1→1 in every workload but `general`, which has it for reference alone and goals for others."""
    if run.workload == "general":
        return any(goal.workload == run.workload and goal.degrees == run.degrees for goal in GOALS)
    return run.l_out == L_OUT


def _names(runs: Sequence[Comparison]) -> list[str]:
    """Contestants that were timed beside ours somewhere, in the order of the table."""
    rows = [row.name for run in runs for row in run.rows if _times(run, row.name) is not None]
    return [name for name in dict.fromkeys(rows) if name not in (OURS, OURS_OUT)]


def _times(run: Comparison, name: str) -> float | None:
    ours, theirs = run.timing(OURS), run.timing(name)
    return ratio(theirs, ours).of_medians if ours and theirs else None
