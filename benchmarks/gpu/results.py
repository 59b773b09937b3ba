"""What a run finds, as plain data, and as JSON: seconds and bytes throughout, every round's number included."""

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks.gpu.floor import Floor
from benchmarks.gpu.names import OURS
from benchmarks.gpu.plan import Spec
from benchmarks.results import FAILED, TIMED, WRONG
from benchmarks.timing import Timing

SKIPPED = "skipped"


@dataclass(frozen=True)
class Entry:
    """What became of one contestant at one row."""

    name: str
    status: str = TIMED
    note: str = ""
    relative_error: float | None = None
    first_call_seconds: float | None = None
    """Building it and the first call, compilation included."""
    event: Timing | None = None
    host: Timing | None = None
    ours_event: Timing | None = None
    """Ours in the same rounds: the ratio is that of medians within these."""

    @property
    def is_error(self) -> bool:
        """A peer may be missing or broken, but not wrong; ours may be missing alone."""
        return self.status == WRONG or (self.status == FAILED and self.name.startswith(OURS))

    @property
    def ratio(self) -> float | None:
        """Times ours: above 1, ours is faster."""
        if self.event is None or self.ours_event is None:
            return None
        return self.event.median / self.ours_event.median


@dataclass(frozen=True)
class Row:
    """One product of a workload; entries[0] is ours."""

    spec: Spec
    sizes: dict[str, int]
    useful_bytes: int
    entries: tuple[Entry, ...]

    def entry(self, name: str) -> Entry | None:
        return next((one for one in self.entries if one.name == name), None)

    @property
    def peers(self) -> tuple[Entry, ...]:
        """All that were timed beside ours."""
        return tuple(one for one in self.entries if one.ratio is not None)


@dataclass
class Results:
    """Grows row by row, and is written after each."""

    machine: dict[str, Any]
    settings: dict[str, Any]
    floor: Floor
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def has_error(self) -> bool:
        """A wrong answer, whoever's, or ours that broke."""
        return any(entry.is_error for row in self.rows for entry in row.entries)


def copy_share(entry: Entry, useful_bytes: int, floor: Floor) -> float | None:
    """Useful bytes over time, as a fraction of the median copy bandwidth; its inverse is the time over the floor."""
    return None if entry.event is None else useful_bytes / entry.event.median / floor.copy_median


def as_json(results: Results) -> str:
    """NaN as null; medians, best times and spreads beside the samples."""
    return json.dumps(_plain(asdict(results)), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        found = {key: _plain(item) for key, item in value.items()}
        if set(value) == {"samples"}:
            timing = Timing(tuple(value["samples"]))
            found |= {"median": timing.median, "best": timing.best, "spread": timing.spread}
        return found
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
