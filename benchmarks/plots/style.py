"""What the pictures share: colours, fonts, and an SVG without dates or random identifiers."""

from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

COLOURS = {"float32": "#3b6ea8", "float64": "#c46a28"}
MARKERS = {"float32": "o", "float64": "s"}
DASHES = ("--", ":", "-.")
"""Of the contestants beside ours."""
QUIET = "#777777"

_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "pocket-tfn",
    "svg.fonttype": "none",  # text stays text: small files, and words that can be searched
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def panels(width: float, height: float, rows: int, columns: int, **options: Any) -> tuple[Figure, list[Any]]:
    """A white figure, in inches, and its axes. Drawn with `matplotlib.figure` alone: no window, no global state."""
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
        axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(axes.flat)


def save(figure: Figure, path: Path) -> Path:
    with matplotlib.rc_context(_SETTINGS):
        figure.savefig(path, format="svg", metadata={"Date": None})
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
    return path


def once(axis: Any, label: str) -> str:
    """The label the first time, and then one that the legend leaves out."""
    return f"_{label}" if label in axis.get_legend_handles_labels()[1] else label
