"""The emitted matrix product, executed on symbols."""

from __future__ import annotations

from itertools import product
from typing import Any

from ..execution import EmittedModule
from .emitted_loops import CHANNELS, LANES, compared, symbols_array

#: More rows than are computed at once, ranges of them that leave some over and that are too few, and the inner index.
ROWS, INNER = 14, 3
RANGES = ((0, ROWS), (1, ROWS - 1), (2, 5))


def product_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined; other rows than those that were asked for must stay as they were."""
    left, right = symbols_array("l", ROWS, INNER), symbols_array("m", INNER, CHANNELS)
    wanted = left @ right
    found: list[int] = []
    for lanes, (start, stop) in product(LANES, RANGES):
        out = symbols_array("untouched", ROWS, CHANNELS)
        target = out.copy()
        target[start:stop] = wanted[start:stop]
        module.run("_product", start, stop, lanes, left, right, out)
        found += compared(f"{module.name}: _product", out, target)
    return tuple(found)
