"""Time per walker of value, gradient and Laplacian against the number of particles: ours, folx and jax."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from benchmarks.plots import style
from benchmarks.plots.walkers import curves
from benchmarks.results import Results

TITLES = {"laplacian": "features given", "laplacian-chained": "features that depend on positions"}


def figure(found: Sequence[Results]) -> Figure | None:
    sweeps = [(results.workload, results.measured.sweep) for results in found if results.workload in TITLES]
    sweeps = [(workload, sweep) for workload, sweep in sweeps if sweep]
    if not sweeps:
        return None
    names = [workload for workload in TITLES if workload in dict(sweeps)]
    picture, axes = style.panels(7.5, 3.4, 1, len(names), sharey=True)
    for axis, name in zip(axes, names, strict=True):
        for workload, sweep in sweeps:
            if workload == name:
                curves(axis, "particles", sweep)
        axis.set(yscale="log", xlabel="particles A")
        axis.set_xscale("log", base=2)
        axis.set_title(TITLES[name], loc="left")
        axis.grid(True, which="major", color="#dddddd", linewidth=0.5)
    axes[0].set_ylabel("µs per walker (medians)")
    axes[0].legend(frameon=False, fontsize=7)
    return picture
