"""What a case is: one set of inputs, the right answers to it, and what the hardware must do for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.check import ROUNDINGS
from benchmarks.contestant import Answer
from benchmarks.cost import Cost

Part = Callable[[Any, int], Callable[[], Any]]
"""Builds, from the inputs and the number of threads, something that is timed beside the contestants."""


@dataclass(frozen=True)
class Case:
    """One product of one workload, at one size, in one precision."""

    workload: str
    l_out: int
    dtype: str
    sizes: Mapping[str, int]
    inputs: Any
    """What contestants are built from: a dataclass of the workload's own."""
    oracles: Mapping[str, Callable[[], Answer]]
    """Right answers in float64, by name; more than one where contestants may approximate differently."""
    cost: Cost
    parts: Mapping[str, Part] = field(default_factory=dict)
    """What has no answer of its own to check, a step of ours or a bare matrix product."""
    notes: tuple[str, ...] = ()
    roundings: int = ROUNDINGS
    """How many units of rounding an answer may be away from the right one."""
    l_in: int = 1

    @property
    def name(self) -> str:
        return f"{self.workload} {self.l_in}→{self.l_out} {self.dtype}"
