"""What the comparison of the general TFN with the pocket kernel found, as data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.confronto_counts import Counts, Quadratic
from benchmarks.results import Comparison
from benchmarks.timing import Timing

POCKET = 1
"""The slides' kernel is l = 1: what all others are in proportion to."""
SLIDES_POCKET = 3
"""What the slides count for it, for each pair of channels: its angular channels."""
NOISY = 0.25
"""A spread above which a time is no finding: 0.02 is usual on a quiet machine."""


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

    def fastest(self, l: int, dtype: str, *names: str) -> Timing | None:
        """Of these contestants, the one with the least median; None where none was timed."""
        run = next((run for run in self.comparisons if run.degrees == (l, l) and run.dtype == dtype), None)
        timings = [timing for name in names if run is not None and (timing := run.timing(name)) is not None]
        return min(timings, key=lambda timing: timing.median, default=None)

    def nanoseconds(self, l: int, dtype: str, *names: str) -> float | None:
        """Median time for an edge with all its channels, of the fastest of these; None where none was timed."""
        timing = self.fastest(l, dtype, *names)
        edges = self.settings["nodes"] * self.settings["neighbours"]
        return 1e9 * timing.median / edges if timing else None

    def spread(self, l: int, dtype: str, *names: str) -> float | None:
        """Interquartile range over median, of the same."""
        timing = self.fastest(l, dtype, *names)
        return timing.spread if timing else None


def slides_count(l: float) -> float:
    """(2l + 1)²: what the slides count for the general kernel with l_max = l, for each pair of channels."""
    return (2 * l + 1) ** 2


def slides_law(l: float) -> float:
    """The same in proportion to itself at l = 1."""
    return slides_count(l) / slides_count(POCKET)


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
