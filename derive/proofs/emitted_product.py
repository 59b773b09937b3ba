"""The emitted matrix product, executed on symbols."""

from __future__ import annotations

from itertools import product
from typing import Any

from ..execution import EmittedModule
from .emitted_loops import MORE_SIZES, SIZES, compared, symbols_array

#: More rows than are computed at once, ranges of them that leave some over and that are too few, and the inner index.
ROWS, INNER = 14, 3
RANGES = ((0, ROWS), (1, ROWS - 1), (2, 5))


def product_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined; other rows than those that were asked for must stay as they were."""
    found: list[int] = []
    for size, (start, stop) in product((*SIZES, *MORE_SIZES), RANGES):
        left, right = symbols_array("l", ROWS, INNER), symbols_array("m", INNER, size.channels)
        out = symbols_array("untouched", ROWS, size.channels)
        wanted = out.copy()
        wanted[start:stop] = left[start:stop] @ right
        module.run("_product", start, stop, size.lanes, left, right, out)
        found += compared(f"{module.name}: _product", out, wanted)
    return tuple(found)
