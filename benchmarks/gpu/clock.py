"""Interleaved timing: a round times every contestant once, in random order, by CUDA events and by the host's clock."""

import gc
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.timing import Timing

LEAST_ROUNDS = 5
MOST_ROUNDS = 60
AHEAD_CYCLES = 2_000_000
"""The device spins for about a millisecond before the first event, while the host queues the call behind it."""


@dataclass(frozen=True)
class Timed:
    """Seconds, one number per round: on the device between two events, and of a second call by the host's clock.

    Between the events there is the work of the device alone, unless the host takes longer than the spin to queue the
    call, or waits for the device within it.  The second call starts on an idle device and ends when that is done.
    """

    event: Timing
    host: Timing


def synchronise(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def once(run: Callable[[], Any], device: str) -> tuple[float, float]:
    """Seconds of a call by events, and of another by the host's clock; without a GPU one call serves for both."""
    if not device.startswith("cuda"):
        taken = _by_host(run, device)
        return taken, taken
    before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda._sleep(AHEAD_CYCLES)
    before.record()
    run()
    after.record()
    torch.cuda.synchronize()
    return 1e-3 * before.elapsed_time(after), _by_host(run, device)


def _by_host(run: Callable[[], Any], device: str) -> float:
    start = time.perf_counter()
    run()
    synchronise(device)
    return time.perf_counter() - start


def interleaved(runs: Mapping[str, Callable[[], Any]], budget: float, device: str, warm: int = 2) -> dict[str, Timed]:
    """`warm` untimed calls each; then rounds until `budget` seconds are over, at least LEAST_ROUNDS."""
    for run in runs.values():
        for _ in range(warm):
            run()
    synchronise(device)
    order, shuffle = list(runs), random.Random(0).shuffle
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in order}
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        for done in range(MOST_ROUNDS):
            if done >= LEAST_ROUNDS and time.perf_counter() - start > budget:
                break
            shuffle(order)
            for name in order:
                samples[name].append(once(runs[name], device))
    finally:
        gc.enable()
    return {name: Timed(*(Timing(tuple(one)) for one in zip(*found, strict=True))) for name, found in samples.items()}
