"""Blocks of threads that are executed on symbols: what depends on the order of threads is refused, the rest is not."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from pocket_tfn.derive.execution import EmittedModule
from pocket_tfn.derive.proofs import ProofError
from pocket_tfn.derive.proofs.thread_blocks import Device, Target

THREADS = 8
#: A kernel in which each thread of a group of four tells its successor what it is, or something else.
TOLD = """
    @_global
    def told(out):
        shared = cuda.shared.array((8, 4), int, 16)
        slot = cuda.threadIdx.x
        lane = slot % 4
        base = slot - lane
        shared[slot, 0] = slot
        WAIT
        out[cuda.grid(1)] = READ
"""
SUCCESSOR = "shared[base + (lane + 1) % 4, 0]"


def run(wait: str, read: str, size: int = THREADS) -> list[Any]:
    """What the block writes."""
    device, out = Device(THREADS), Target((size,))
    text = dedent(TOLD.replace("WAIT", wait).replace("READ", read))
    kernel = EmittedModule("cuda.py", text).function("told", **device.world)
    device.run_block("told", 0, kernel, (out,))
    return list(out.values)


@pytest.mark.parametrize("wait", ["_wait(slot, lane, 4)", "_wait(slot, slot, 8)", "cuda.syncthreads()"])
def test_who_waits_knows(wait: str) -> None:
    """For the group, or for more."""
    assert run(wait, SUCCESSOR) == [1, 2, 3, 0, 5, 6, 7, 4]


@pytest.mark.parametrize(
    ("wait", "read"),
    [
        ("pass", SUCCESSOR),
        ("_wait(slot, slot % 2, 2)", SUCCESSOR),
        ("_wait(slot, lane, 4)", "shared[(slot + 4) % 8, 0]"),
        ("_wait(slot, lane, 4); shared[slot, 0] = 0", SUCCESSOR),
        ("_wait(slot, lane, 4)", "shared[slot, 1]"),
        ("_wait(slot, lane, 4) if lane else None", "slot"),
        ("_wait(slot, lane, 4) if slot < 6 else cuda.syncthreads()", "slot"),
        ("_wait(slot, 0, 4)", "slot"),
        ("_wait(lane, lane, 4)", "slot"),
        ("_wait(slot, slot % 3, 3)", "slot"),
        ("_wait(slot, slot, 16)", "slot"),
        ("wait = cuda.syncthreads; wait()", "slot"),
        ("cuda.syncthreads()", "shared[slot - 1, 0]"),
        ("out[0] = 0", "slot"),
        ("pass", "out[slot]"),
    ],
)
def test_what_depends_on_the_order_is_refused(wait: str, read: str) -> None:
    """Or hangs, or lies outside; whether a thread is first to write or to read."""
    with pytest.raises(ProofError):
        run(wait, read)


def test_a_thread_outside_is_refused() -> None:
    """Nothing is counted from the end."""
    with pytest.raises(ProofError):
        run("pass", "slot", THREADS - 1)
    out = Target((2,))
    with pytest.raises(IndexError):
        out[-1,] = 0


def test_vectors() -> None:
    """They lie at multiples of their size, in arrays that begin at one."""
    device = Device(1)
    load, array = device.world["_load"], np.arange(8).reshape(2, 4).astype(object)
    assert list(load(array, (1, 2), (0, 0))) == [6, 7]
    for place, count in (((1, 1), 2), ((1, 2), 4), ((1, 4), 1), ((2, 0), 1)):
        with pytest.raises(IndexError):
            load(array, place, (0,) * count)
    for alignment, column in ((None, 0), (16, 1)):
        shared = Device(1).shared.array((1, 4), object, alignment)
        with pytest.raises(IndexError):
            device.world["_store"](shared, (0, column), np.array([1, 2], dtype=object))
