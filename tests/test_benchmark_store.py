"""Results survive JSON, and what cannot be written there becomes null."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from benchmarks.results import Measured, Row
from benchmarks.store import as_json, from_json
from tests.benchmark_results import comparison, everything, results


def test_json_round_trip() -> None:
    """Every kind of result, to the last bit."""
    found = everything()
    assert from_json(as_json(found)) == found


def test_derived_numbers_are_there_for_other_readers() -> None:
    """Medians and floors, though reading them back is not needed."""
    run = json.loads(as_json(everything()))[0]["measured"]["comparisons"][0]
    assert run["rows"][0]["timing"]["median"] == 1.2e-3
    assert run["floor"]["seconds"] == run["floor"]["memory_seconds"] == 1e-3


def test_nan_is_null() -> None:
    """A wrong answer's error may be NaN, which JSON does not have."""
    run = comparison("streamed", {"pocket-tfn": 1.0})
    run = replace(run, rows=(Row("e3nn", "wrong answer", relative_error=math.nan),))
    back = from_json(as_json([results("streamed", Measured(comparisons=(run,)))]))[0]
    assert back.measured.comparisons[0].rows[0].relative_error is None
    assert back.has_error
