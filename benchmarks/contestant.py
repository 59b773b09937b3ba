"""What a contestant is: something that can be run, and whose answer can be read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.workload import FloatArray


@dataclass(frozen=True)
class Contestant:
    """One way of computing the workload's convolution.

    Inputs are converted to the contestant's own layout before, and its answer to ours after:
    neither is timed.
    """

    run: Callable[[], Any]
    """Computes the convolution once; returns only when the result is in memory."""

    answer: Callable[[Any], FloatArray]
    """Turns what `run` returned into (N, 2 l_out + 1, C)."""
