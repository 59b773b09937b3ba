"""How the emitted GPU kernels add the sums of the threads of a group, for more edges at once than small graphs have.

Here no edge is near enough to count, and what each thread begins with, which else is zero, is a symbol of its own: so
these must be added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..catalogue import Pair
from ..execution import EmittedModule
from ..polynomials import Polynomial, symbol
from .emitted_convolutions import zeros
from .emitted_groups import Sharing
from .emitted_kernels import device_differences
from .thread_blocks import WARP, Device, left_out

#: A warp takes as many edges as it has threads, or eight by four threads of which one is idle; a group takes two.
TREES = (Sharing(2, 2, 0, 5, WARP), Sharing(3, 1, 2, 3, 2 * WARP), Sharing(5, 1, 1, 1, 8))
RECEIVERS = 2


def tree_residuals(pair: Pair, module: EmittedModule) -> tuple[int, ...]:
    """Computed minus defined, for every kernel of groups."""
    return tuple(r for sharing in TREES for r in _trees(pair, module, sharing))


def _trees(pair: Pair, module: EmittedModule, sharing: Sharing) -> Iterator[int]:
    wanted = zeros(RECEIVERS, 2 * pair.l_out + 1, sharing.channels)
    group, across = 1 << sharing.wide + sharing.long, 1 << sharing.wide
    for i, a, c in np.ndindex(*wanted.shape):
        part, x = divmod(c // sharing.width, across)
        threads = [(i * sharing.parts + part) * group + first * across + x for first in range(1 << sharing.long)]
        wanted[i, a, c] = sum((_begun(thread, a, c % sharing.width) for thread in threads), wanted[i, a, c])
    first = (sharing.lanes, sharing.plan, False)
    graph, order = (np.zeros(RECEIVERS + 1, np.int64), left_out(1), left_out(2)), (0,) * 4
    positions, walkers = np.zeros((1, RECEIVERS, 3), object), wanted[None]
    calls: tuple[tuple[str, tuple[Any, ...], np.ndarray], ...] = (
        ("_convolve_rows", (*first, *graph, left_out(3), left_out(3), left_out(1)), wanted),
        ("_tabulated_rows", (*first, order, *graph, None, None, None, left_out(3), left_out(1)), wanted),
        ("_walkers", (*first, order, False, positions, None, None, None, left_out(4), left_out(2)), walkers),
    )
    for name, arguments, result in calls:
        device, needed = Device(sharing.block), sharing.threads(RECEIVERS)[0]
        world = {"_splat": _Beginnings(device).splat, "_set_frame": lambda *of: None, "_set_splines": _far_away}
        yield from device_differences(module, world, f"{name}_{pair.key}", needed, device, arguments, result)


def _begun(thread: int, component: int, lane: int) -> Polynomial:
    return symbol(f"begun_{thread}_{component}_{lane}")


class _Beginnings:
    """What the threads begin their sums with, component by component."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._asked: Counter[int] = Counter()

    def splat(self, value: Any, lanes: tuple[int, ...]) -> np.ndarray:
        """In place of zero, one symbol for each lane."""
        if value != 0:
            raise ValueError(f"a sum begins with {value}")
        thread = self._device.grid(1)
        self._asked[thread] += 1
        return np.array([_begun(thread, self._asked[thread] - 1, n) for n in range(len(lanes))], dtype=object)


def _far_away(splines: Any, intervals: Any, slot: int, *others: Any) -> None:
    """In place of what finds a length's interval: beyond the cutoff."""
    intervals[slot, 0] = -1
