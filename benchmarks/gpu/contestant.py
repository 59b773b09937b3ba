"""What a contestant is here: a call on the device whose answer can be read in our layout."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

Answer = tuple[Tensor, ...]
"""The output, and the cotangents of vectors, radial and features if the workload is backward."""


class Missing(Exception):
    """A contestant cannot be had here; the text says why, in one line."""


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Contestant:
    """Conversions to the contestant's layout are done before, those of its answer after: neither is timed."""

    run: Callable[[], Any]
    """Queues the whole computation; need not wait for it."""
    answer: Callable[[Any], Answer]
    """Turns what `run` returned into our layout."""
    poison: Callable[[], None] = _nothing
    """Fills arrays that `run` is to overwrite with NaN, which never passes the check."""
    parts: tuple[int, ...] | None = None
    """Which parts of the reference's answer it has; None: all."""
    note: str = ""
