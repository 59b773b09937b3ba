"""Time per walker against the number of particles, and against the number of walkers: ours and jax."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from benchmarks.peers import OURS
from benchmarks.plots import style
from benchmarks.results import Comparison, Results

LABELS = {"particles": "particles A", "walkers": "walkers B"}


def figure(found: Sequence[Results]) -> Figure | None:
    sweeps = [results.measured.sweep for results in found if results.workload == "walkers" and results.measured.sweep]
    if not sweeps:
        return None
    picture, axes = style.panels(7.5, 3.4, 1, 2, sharey=True)
    for axis, (size, label) in zip(axes, LABELS.items(), strict=True):
        for sweep in sweeps:
            curves(axis, size, sweep)
        axis.set(yscale="log", xlabel=label)
        axis.set_xscale("log", base=2)
        axis.grid(True, which="major", color="#dddddd", linewidth=0.5)
    axes[0].set_ylabel("µs per walker (medians)")
    axes[0].legend(frameon=False, fontsize=7)
    return picture


def along(size: str, sweep: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons between which `size` alone differs, ascending; of several such sets the largest."""
    groups: dict[tuple[tuple[str, int], ...], dict[int, Comparison]] = {}
    for run in sweep:
        rest = tuple((name, number) for name, number in run.sizes.items() if name != size)
        groups.setdefault(rest, {})[run.sizes[size]] = run
    largest = max(groups.values(), key=len)
    return [largest[number] for number in sorted(largest)]


def curves(axis: Any, size: str, sweep: Sequence[Comparison]) -> None:
    """One for each contestant; each further one has its own dashes."""
    runs = along(size, sweep)
    names = dict.fromkeys(row.name for run in runs for row in run.rows if row.timing)
    dashes = dict(zip([name for name in names if name != OURS], style.DASHES, strict=False))
    for name in names:
        timed = [(run, timing) for run in runs if (timing := run.timing(name)) is not None]
        dtype = runs[0].dtype
        axis.plot(
            [run.sizes[size] for run, _ in timed],
            [1e6 * timing.median / run.sizes["walkers"] for run, timing in timed],
            color=style.COLOURS[dtype],
            marker=style.MARKERS[dtype],
            markersize=3.5,
            linewidth=1.2,
            linestyle=dashes.get(name, "-"),
            label=f"{name}, {dtype}",
        )
    fixed = ", ".join(f"{number} {name}" for name, number in runs[0].sizes.items() if name != size)
    axis.set_title(fixed, loc="left")
