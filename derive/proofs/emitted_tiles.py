"""The emitted matrix product of the GPU, executed on symbols: each block has a tile of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from ..execution import EmittedModule
from .emitted_kernels import kernel_differences
from .emitted_loops import symbols_array
from .proof import ProofError

#: Threads of a small block, and how much of the inner index it shares at once.
SMALL = {"_THREADS": 8, "_INNER": 2}
#: Rows, inner index and columns: of tiles of 8 x 64 some are full and some are not, in either direction or in both.
SIZES = ((9, 3, 65), (9, 2, 64), (8, 5, 37), (17, 1, 2))
#: The same for blocks as they are: all that they share must be filled.
WHOLE = ((2, 3, 2),)


def tile_residuals(module: EmittedModule) -> tuple[int, ...]:
    """Computed minus defined, for small blocks and for a whole one."""
    small, whole = (module.numbers(ENABLE_CUDASIM=False, **sizes) for sizes in (SMALL, {}))
    return (*_products(module, small, SIZES), *_products(module, whole, WHOLE))


def _products(
    module: EmittedModule, numbers: Mapping[str, Any], sizes: tuple[tuple[int, int, int], ...]
) -> Iterator[int]:
    """The blocks are those that the host asks for, and one more."""
    launched: list[tuple[Any, ...]] = []
    world = module.world(**{**numbers, "_launch": lambda *arguments: launched.append(arguments)})
    for rows, inner, columns in sizes:
        left, right = symbols_array("l", rows, inner), symbols_array("m", inner, columns)
        out = symbols_array("untouched", rows, columns)
        module.call(world, "_launch_product", left, right, out)
        ((kernel, needed, *arguments),) = launched
        same = [ours is theirs for ours, theirs in zip(arguments, (left, right, out), strict=True)]
        if kernel is not world["_product"] or not isinstance(needed, int) or not all(same):
            raise ProofError(f"{module.name}: _launch_product launches {kernel} for {needed} threads")
        given = {**numbers, "_constants": lambda like: SimpleNamespace(zero=0)}
        threads = (needed, numbers["_THREADS"])
        yield from kernel_differences(module, given, "_product", threads, (left, right), left @ right)
        launched.clear()
