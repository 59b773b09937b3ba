"""The contestants, one module each, imported when asked for: a missing one is named, not silent."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line reads the names below before NumPy may be imported
    from benchmarks.contestant import Contestant
    from benchmarks.workload import Workload

OURS = "pocket-tfn"
OURS_OUT = "pocket-tfn, out="


@dataclass(frozen=True)
class Entry:
    """Where a contestant is built: `function(work, threads)` in `module` of this package."""

    module: str
    function: str
    what: str


ENTRIES: dict[str, Entry] = {
    OURS: Entry("ours", "allocating", "pocket_tfn.cpu.convolve_1_L, result allocated by the call"),
    OURS_OUT: Entry("ours", "into_buffer", "the same into a given array"),
    "e3nn": Entry(
        "e3nn_layer",
        "eager",
        "SphericalHarmonics, uvu TensorProduct with weights per edge, index_add",
    ),
    "e3nn + torch.compile": Entry("e3nn_layer", "compiled", "the same layer under torch.compile"),
    "torch": Entry("torch_cartesian", "eager", "the Cartesian formula in eager torch"),
    "torch.compile": Entry("torch_cartesian", "compiled", "the same under torch.compile"),
    "jax.jit": Entry("jax_cartesian", "jitted", "the same Cartesian formula under jax.jit"),
}

PEERS = tuple(name for name in ENTRIES if name not in (OURS, OURS_OUT))


class NotInstalled(Exception):
    """A peer's package is missing."""


def build(name: str, work: Workload, threads: int) -> Contestant:
    """The named contestant, its inputs ready. NotInstalled tells what to install."""
    entry = ENTRIES[name]
    try:
        module = importlib.import_module(f"benchmarks.peers.{entry.module}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("benchmarks", "pocket_tfn", ""):
            raise
        raise NotInstalled("pip install 'pocket-tfn[bench]'") from error
    contestant: Contestant = getattr(module, entry.function)(work, threads)
    return contestant
