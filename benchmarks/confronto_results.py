"""What the comparison of the general TFN with the pocket kernel found, as data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.confronto_counts import Counts, Quadratic
from benchmarks.results import Comparison

POCKET = 1
"""The slides' kernel is l = 1: what all others are in proportion to."""


@dataclass(frozen=True)
class Confronto:
    machine: dict[str, Any]
    settings: dict[str, int]
    counts: tuple[Counts, ...]
    """For l = 0, 1, ..., ascending."""
    comparisons: tuple[Comparison, ...]
    """`general` l → l for the same l, precision by precision."""
    chain: Quadratic | None = None
    """The law of the chain's operations, if they were counted far enough and have one."""

    @property
    def dtypes(self) -> list[str]:
        return list(dict.fromkeys(run.dtype for run in self.comparisons))

    def nanoseconds(self, l: int, dtype: str, *names: str) -> float | None:
        """Median time for an edge with all its channels, of the fastest of these; None where none was timed."""
        run = next((run for run in self.comparisons if run.degrees == (l, l) and run.dtype == dtype), None)
        medians = [timing.median for name in names if run is not None and (timing := run.timing(name)) is not None]
        if run is None or not medians:
            return None
        return 1e9 * min(medians) / (run.sizes["nodes"] * run.sizes["neighbours"])


def slides_law(l: float) -> float:
    """(2l + 1)², in proportion to l = 1: what the slides say that the general kernel costs."""
    return (2 * l + 1) ** 2 / (2 * POCKET + 1) ** 2


def growth(of: Callable[[int], float | None], l: int) -> float | None:
    """In proportion to l = 1."""
    here, pocket = of(l), of(POCKET)
    return here / pocket if here is not None and pocket else None


def exponent(of: Callable[[int], float | None], degrees: Sequence[int]) -> float | None:
    """x in (2l + 1)^x: the straight line through the logarithms from l = 1 on, least squares."""
    points = [(2 * l + 1, value) for l in degrees if l >= POCKET and (value := of(l))]
    if len(points) < 2:
        return None
    sizes, values = np.log(np.array(points, float)).T
    slope, _ = np.polyfit(sizes, values, 1)
    return float(slope)
