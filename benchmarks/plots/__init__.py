"""Pictures of saved results, one module each: SVG, the same bytes for the same numbers."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.plots import laplacian, ratios, scaling, walkers
from benchmarks.plots.style import save
from benchmarks.results import Results


def draw(found: Sequence[Results], folder: Path, suffix: str) -> list[Path]:
    """Writes every picture that there are numbers for; returns the paths."""
    written = []
    for name, figure in (
        ("ratios", ratios.figure(found)),
        ("walkers", walkers.figure(found)),
        ("laplacian", laplacian.figure(found)),
        ("scaling", scaling.figure(found)),
    ):
        if figure is not None:
            written.append(save(figure, folder / f"{name}-{suffix}.svg"))
    return written
