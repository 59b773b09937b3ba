"""Time and peak memory against the number of nodes at fixed density, with the fitted exponent."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from benchmarks.plots import style
from benchmarks.quantities import exponent
from benchmarks.results import Results


def figure(found: Sequence[Results]) -> Figure | None:
    curves = [(results.dtype, results.measured.scaling) for results in found if results.measured.scaling]
    if not curves:
        return None
    picture, (time, memory) = style.panels(7.5, 3.4, 1, 2)
    for dtype, points in curves:
        look = {"color": style.COLOURS[dtype], "marker": style.MARKERS[dtype], "markersize": 4, "linewidth": 1.2}
        nodes = [p.nodes for p in points]
        slope = exponent(points)
        label = dtype if slope is None else f"{dtype}: nodes^{slope:.3f}"
        time.plot(nodes, [1e3 * p.timing.median for p in points], label=label, **look)
        measured = [p for p in points if p.peak_bytes is not None]
        memory.plot([p.nodes for p in measured], [p.peak_bytes / 1e6 for p in measured if p.peak_bytes], **look)
        needed = [(p.input_bytes + p.output_bytes) / 1e6 for p in points]
        memory.plot(
            nodes,
            needed,
            color=style.QUIET,
            linestyle=":",
            linewidth=1.2,
            zorder=3,
            label=style.once(memory, "inputs + output"),
        )
    for axis, label in ((time, "ms per call (medians)"), (memory, "peak memory of a call, MB")):
        axis.set(xscale="log", yscale="log", xlabel="nodes", ylabel=label)
        axis.grid(True, which="major", color="#dddddd", linewidth=0.5)
        axis.legend(frameon=False, fontsize=7)
    return picture
