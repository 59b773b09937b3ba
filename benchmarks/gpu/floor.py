"""What the device's memory allows, measured in the run: a large copy and, for information, a large read."""

from dataclasses import dataclass

import torch

from benchmarks.gpu.clock import interleaved

COPY_BYTES = 2 << 30
"""Of the source: forty times the last-level cache of an H100."""


@dataclass(frozen=True)
class Floor:
    """Bytes per second, read and written counted."""

    copy_median: float
    copy_best: float
    read_median: float
    read_best: float
    rounds: int


def measure(device: str, budget: float, size: int = COPY_BYTES) -> Floor:
    source = torch.randn(size // 4, device=device)
    target = torch.empty_like(source)
    found = interleaved({"copy": lambda: target.copy_(source), "read": source.sum}, budget, device)
    copy, read = found["copy"].event, found["read"].event
    return Floor(
        2 * size / copy.median, 2 * size / copy.best, size / read.median, size / read.best, rounds=len(copy.samples)
    )
