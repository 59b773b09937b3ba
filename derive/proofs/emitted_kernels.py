"""The emitted GPU kernels, executed on small arrays of symbols: how they are run, and those over items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..catalogue import Pair
from ..execution import EmittedModule
from .emitted_loops import CHANNELS, compared, item_cases
from .stand_ins import StandIns
from .thread_blocks import Device, Target

#: Threads of a block over items: some blocks are full, and the last is not.
ITEM_THREADS = 3
#: How many channels a thread of `apply` has.
ITEM_LANES = (1, 2, 4)


def kernel_differences(
    module: EmittedModule,
    world: Mapping[str, Any],
    name: str,
    threads: tuple[int, int],
    arguments: Sequence[Any],
    wanted: np.ndarray,
) -> list[int]:
    """What a kernel writes, less what it should: zeros, or a ProofError that names the kernel.

    `threads` are those that it needs and those of a block.  As many blocks must write each element once; one more must
    write nothing, and what is read must stay as it is.
    """
    needed, together = threads
    return device_differences(module, world, name, needed, Device(together), arguments, wanted)


def device_differences(
    module: EmittedModule,
    world: Mapping[str, Any],
    name: str,
    needed: int,
    device: Device,
    arguments: Sequence[Any],
    wanted: np.ndarray,
) -> list[int]:
    """The same on a device that is there already."""
    out = Target(wanted.shape)
    return run_differences(module, world, name, needed, device, (*arguments, out), {name: (out, wanted)})


def run_differences(
    module: EmittedModule,
    world: Mapping[str, Any],
    name: str,
    needed: int,
    device: Device,
    arguments: Sequence[Any],
    results: Mapping[str, tuple[Target, np.ndarray]],
) -> list[int]:
    """The same for several results, by name: the targets are among the arguments."""
    numbers = module.numbers(**{"ENABLE_CUDASIM": False, "_THREADS": device.threads, **world})
    seen = {"_constants": lambda like: module.constants, **device.world, **numbers}
    kernel, where = module.function(name, **seen), f"{module.name}: {name}"
    given = [_read_only(a) if isinstance(a, np.ndarray) else a for a in arguments]
    blocks = -(-needed // device.threads)
    for block in range(blocks):
        device.run_block(where, block, kernel, given)
    left = [r for n, (out, wanted) in results.items() for r in compared(f"{module.name}: {n}", out.values, wanted)]
    device.run_block(where, blocks, kernel, given)
    return left


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


def item_kernel_residuals(pair: Pair, module: EmittedModule) -> tuple[int, ...]:
    """Computed minus defined, for every element that the pair's kernels over items write."""
    world = StandIns(pair, module).functions
    left: list[int] = []
    for kind, arguments, wanted in item_cases(pair):
        for width in ITEM_LANES if kind == "apply" else ():
            needed = len(wanted) * CHANNELS // width
            lanes = (0,) * width
            name = f"_apply_items_{pair.key}"
            left += kernel_differences(module, world, name, (needed, ITEM_THREADS), (lanes, *arguments), wanted)
        if kind == "kernel":
            name = f"_kernel_items_{pair.key}"
            left += kernel_differences(module, world, name, (len(wanted), ITEM_THREADS), arguments, wanted)
    return tuple(left)
