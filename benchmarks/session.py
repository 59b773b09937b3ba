"""What every workload is told: precision, sizes, threads, patience, and where to report progress."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

Say = Callable[[str], None]
Bar = Callable[[str, int], AbstractContextManager[Callable[[], None]]]


@dataclass(frozen=True)
class Session:
    """The part of the command line that measuring needs."""

    dtype: str
    sizes: Mapping[str, int]
    l_out: tuple[int, ...]
    """Of 1 → l_out; for `general`, of those l → l that are among its degrees."""
    families: tuple[str, ...]
    threads: int
    repeats: int
    budget: float
    seed: int
    quick: bool
    say: Say
    bar: Bar
    degrees: tuple[tuple[int, int], ...] = ()
    """The pairs (l_in, l_out) of `general`."""
