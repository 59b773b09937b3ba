"""What a contestant is: something that can be run, and whose answer can be read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Answer = NDArray[Any] | tuple[NDArray[Any], ...]
"""One array, or several: the output and its gradients, say."""


class Missing(Exception):
    """A contestant's package is not installed, or lacks the function."""


@dataclass(frozen=True)
class Contestant:
    """One way of computing a workload's answer.

    Inputs are converted to the contestant's own layout before, and its answer to ours after:
    neither is timed.
    """

    run: Callable[[], Any]
    """Computes the answer once; returns only when the result is in memory."""

    answer: Callable[[Any], Answer]
    """Turns what `run` returned into the oracle's shape: if one, (N, 2 l_out + 1, C) or (B, A, 2 l_out + 1, C)."""

    oracle: str = "definition"
    """Which of the case's oracles it must agree with."""
