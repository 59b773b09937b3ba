"""Emitted text that is run on exact numbers: loops end, or are refused."""

from __future__ import annotations

from textwrap import dedent

import pytest
from pocket_tfn.derive.execution import MOST_TURNS, EmittedCodeError, EmittedModule

COUNTING = """
    @_compiled
    def count(most):
        turns = found = 0
        while turns < most:
            turns += STEP
            if turns % 3 == 0:
                continue
            while True:
                found += 1
                if found % 2:
                    break
        return turns, found
"""


def counted(step: int, most: int) -> tuple[int, int]:
    """What the emitted function says."""
    return EmittedModule("cpu.py", dedent(COUNTING.replace("STEP", str(step)))).run("count", most)


def test_loops_that_end() -> None:
    """As Python runs them, left early or not, one within the other; not at all; as often as may be."""
    assert counted(1, 7) == (7, 9)
    assert counted(1, 0) == (0, 0)
    assert counted(1, MOST_TURNS)[0] == MOST_TURNS


@pytest.mark.parametrize("step", [0, -1])
def test_a_loop_that_never_ends_is_refused(step: int) -> None:
    """It would hang the proof."""
    with pytest.raises(EmittedCodeError, match="has not ended"):
        counted(step, 7)


def test_else_of_a_loop_is_refused() -> None:
    """Nothing that is emitted has one."""
    text = "@_compiled\ndef f(x):\n    while x:\n        x -= 1\n    else:\n        x = 7\n    return x\n"
    with pytest.raises(EmittedCodeError, match="else"):
        EmittedModule("cpu.py", text).run("f", 2)
