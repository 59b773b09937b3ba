"""Goals are data, and each is judged by the right number: here on results whose numbers are known."""

from __future__ import annotations

import math

import pytest

from benchmarks import peers
from benchmarks.goals import GOALS, Goal
from benchmarks.quantities import QUANTITIES, exponent
from benchmarks.results import FirstCall, Measured, Verdict
from benchmarks.verdicts import verdicts
from benchmarks.workloads import WORKLOADS
from tests.benchmark_results import comparison, point

MIXING = Measured(comparisons=(comparison("mixing", {"pocket-tfn": 2.0, "jax.jit": 44.0}),))
SCALING = Measured(scaling=(point(10**4, 1.0, 3.0), point(10**5, 10.0, 1.05), point(10**6, 100.0, 1.02)))
FIRST = Measured(first_calls=(FirstCall("convolve_1_1", 0.3, 1.5, 0.08), FirstCall("convolve_1_2", 0.3, 1.9, 0.2)))


@pytest.mark.parametrize(
    "quantity, of, measured, expected",
    [
        ("times faster than", "jax.jit", MIXING, 22.0),
        ("times faster than", "jax.jit, table", MIXING, None),
        ("time over", "jax.jit", MIXING, 1 / 22),
        ("time over", "e3nn", MIXING, None),
        ("times faster than", "e3nn", MIXING, None),
        ("time over the memory floor", "", MIXING, 2.0),
        ("rate of the product over", "numpy.matmul", MIXING, 0.8),  # ours less aggregation: 1.0 ms; NumPy: 0.8
        ("exponent of time against nodes, distance from 1", "", SCALING, 0.0),
        ("peak memory over inputs and output", "", SCALING, 1.05),  # the smallest, 30 MB, is not noticeable
        ("seconds", "cold", FIRST, 1.9),
        ("seconds", "cached", FIRST, 0.2),
        ("seconds", "cold", Measured(), None),
        ("time over the memory floor", "", Measured(), None),
    ],
)
def test_quantities(quantity: str, of: str, measured: Measured, expected: float | None) -> None:
    """Each quantity is what it says, or None where something that it needs is missing."""
    assert QUANTITIES[quantity](measured, of) == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_a_size_whose_memory_was_not_measured_leaves_the_goal_open() -> None:
    """Rather than judging the others alone."""
    some = Measured(scaling=(point(10**5, 1.0, None), point(10**6, 10.0, 1.0)))
    assert QUANTITIES["peak memory over inputs and output"](some, "") is None


def test_the_exponent_is_that_of_the_power_law() -> None:
    """time = nodes^1.2 exactly."""
    assert exponent([point(n, n**1.2) for n in (10, 100, 1000)]) == pytest.approx(1.2)
    assert exponent([point(10, 1.0)]) is None


def test_every_goal_can_be_judged() -> None:
    """It names a workload, a quantity, one bound and, where it is about a contestant, one that exists."""
    for goal in GOALS:
        assert goal.workload in WORKLOADS and goal.quantity in QUANTITIES
        assert (goal.at_least is None) != (goal.at_most is None)
        if goal.quantity in ("times faster than", "time over"):
            assert goal.of in peers.ENTRIES[goal.workload]


def test_bounds() -> None:
    """Inclusive, and never met by NaN."""
    least, most = Goal("streamed", "x", at_least=2), Goal("streamed", "x", at_most=2)
    assert [least.met_by(x) for x in (1.9, 2.0, 2.1, math.nan)] == [False, True, True, False]
    assert [most.met_by(x) for x in (1.9, 2.0, 2.1, math.nan)] == [True, True, False, False]


def test_verdicts() -> None:
    """Goals of the workload alone, at its sizes alone, met or not, or not measured."""
    sizes = WORKLOADS["mixing"].sizes
    found = {v.goal: v for v in verdicts("mixing", sizes, (1,), 2, MIXING)}
    assert len(found) == sum(goal.workload == "mixing" for goal in GOALS)
    assert str(found["mixing: times faster than jax.jit, at least 20"]).endswith("22, met")
    chunks = found["mixing: times faster than jax.jit, in chunks, at least 20"]
    assert not chunks.met and str(chunks).endswith("not measured")
    assert verdicts("mixing", {**sizes, "nodes": 7}, (1,), 2, MIXING) == ()
    assert verdicts("mixing", sizes, (1,), 1, MIXING) == ()
    assert verdicts("mixing", sizes, (0, 2), 2, MIXING) == ()


def test_a_missed_goal_says_so() -> None:
    assert str(Verdict("speed, at least 2", 1.234, False)) == "speed, at least 2: 1.23, NOT met"
