"""Results from their JSON, so that tables can be written anew where there is no GPU."""

import json
import math
from typing import Any

from benchmarks.gpu.floor import Floor
from benchmarks.gpu.plan import Spec
from benchmarks.gpu.results import Entry, Results, Row
from benchmarks.timing import Timing

TIMINGS = ("event", "host", "ours_event")


def from_json(text: str) -> Results:
    """What `results.as_json` wrote; KeyError or TypeError for anything else."""
    found = json.loads(text)
    return Results(
        found["machine"], found["settings"], Floor(**found["floor"]), [_row(r) for r in found["rows"]], found["notes"]
    )


def _row(row: dict[str, Any]) -> Row:
    return Row(Spec(**row["spec"]), row["sizes"], row["useful_bytes"], tuple(_entry(e) for e in row["entries"]))


def _entry(entry: dict[str, Any]) -> Entry:
    timings: dict[str, Any] = {key: _timing(entry[key]) for key in TIMINGS}
    return Entry(**(entry | timings))


def _timing(value: dict[str, Any] | None) -> Timing | None:
    """Of the samples alone: the rest follows from them."""
    return None if value is None else Timing(tuple(math.nan if s is None else s for s in value["samples"]))
