"""Rounds: every contestant once in each, untimed before if it is short, and no more of them than there is time for."""

from __future__ import annotations

import time

import pytest

from benchmarks import timing
from benchmarks.timing import Timing, interleaved, ratio


def test_each_is_timed_once_in_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many samples as rounds; a short call is also run untimed, a long one only before its first sample."""
    monkeypatch.setattr(timing, "SPIN_SECONDS", 0.0)
    monkeypatch.setattr(timing, "WARM_SECONDS", 0.0)
    monkeypatch.setattr(timing, "LONG_SECONDS", 0.005)
    calls = {"short": 0, "long": 0}

    def short() -> None:
        calls["short"] += 1

    def long() -> None:
        calls["long"] += 1
        time.sleep(0.01)

    found = interleaved({"short": short, "long": long}, rounds=3)
    assert {name: len(one.samples) for name, one in found.items()} == {"short": 3, "long": 3}
    assert calls == {"short": 6, "long": 4}


def test_the_budget_ends_the_rounds_but_not_too_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "SPIN_SECONDS", 0.0)
    found = interleaved({"one": lambda: None}, rounds=100, budget=0.0)
    assert len(found["one"].samples) == timing.LEAST_ROUNDS


def test_ratios() -> None:
    """Of medians, and the quartiles of what it was within a round."""
    found = ratio(Timing((2.0, 4.0, 6.0)), Timing((1.0, 1.0, 2.0)))
    assert (found.of_medians, found.low, found.high) == (4.0, 2.5, 3.5)
