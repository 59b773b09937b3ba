"""Interleaved timing: a round times every contestant once, so disturbances hit all alike."""

import gc
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

SPIN_SECONDS = 0.02
WARM_SECONDS = 0.01
LONG_SECONDS = 0.1
LEAST_ROUNDS = 5
"""Fewer rounds than this have no quartiles worth the name, however long they take."""


@dataclass(frozen=True)
class Timing:
    """Seconds of one contestant, one number per round."""

    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        return float(np.median(self.samples))

    @property
    def best(self) -> float:
        return min(self.samples)

    @property
    def spread(self) -> float:
        """Interquartile range over median: 0.02 on a quiet machine; at 0.3 believe nothing."""
        low, high = np.quantile(self.samples, (0.25, 0.75))
        return float(high - low) / self.median


@dataclass(frozen=True)
class Ratio:
    """How many times longer one contestant takes than another."""

    of_medians: float
    low: float  # first and third quartile of the ratio within a round
    high: float


def ratio(slow: Timing, fast: Timing) -> Ratio:
    low, high = np.quantile(np.divide(slow.samples, fast.samples), (0.25, 0.75))
    return Ratio(slow.median / fast.median, float(low), float(high))


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """The wall time of one call, and what it returned."""
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


@contextmanager
def _collector_held() -> Iterator[Callable[[], int]]:
    """Garbage is collected only when asked for, and what torch and jax have loaded is not searched."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield gc.collect
    finally:
        gc.enable()
        gc.unfreeze()


def _settle(run: Callable[[], Any], before: list[float]) -> None:
    """Makes a contestant's timing independent of who ran before it; its own earlier times are in `before`.

    Idle OpenMP workers spin for some milliseconds, on the same cores, before they sleep: wait for
    that. Then run untimed, which brings caches and clock to where a loop over this contestant alone
    would have them. A long call has done so itself before much of it is over.
    """
    time.sleep(SPIN_SECONDS)
    if before and min(before) > LONG_SECONDS:
        return
    start = time.perf_counter()
    run()
    while time.perf_counter() - start < WARM_SECONDS:
        run()


def interleaved(
    runs: Mapping[str, Callable[[], Any]],
    rounds: int,
    budget: float = float("inf"),
    after_each: Callable[[], None] = lambda: None,
    seed: int = 0,
) -> dict[str, Timing]:
    """Times each of `runs` once per round, in a new random order every round.

    After `budget` seconds no further round begins, unless there have been fewer than LEAST_ROUNDS.
    """
    order = list(runs)
    shuffle = random.Random(seed).shuffle
    samples: dict[str, list[float]] = {name: [] for name in order}
    start = time.perf_counter()
    with _collector_held() as collect:
        for done in range(rounds):
            if done >= LEAST_ROUNDS and time.perf_counter() - start > budget:
                break
            shuffle(order)
            collect()
            for name in order:
                _settle(runs[name], samples[name])
                samples[name].append(seconds(runs[name])[0])
                after_each()
    return {name: Timing(tuple(times)) for name, times in samples.items()}
