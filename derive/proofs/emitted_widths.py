"""What the emitted functions between a call and the loops decide on numbers: widths, room, cuts and scales."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..bsplines import DEGREES
from ..execution import EmittedModule
from .emitted_convolutions import room_places, zeros
from .emitted_loops import MOST_CHANNELS, Size, compared, symbols_array
from .proof import ProofError

VECTOR_BYTES, ITEM_SIZES = (16, 32, 64), (4, 8)
#: Steps between numbers of a coarse arithmetic.
STEP = Fraction(1, 8)


def width_residuals(module: EmittedModule) -> tuple[int, ...]:
    """How many channels are computed at once: the largest power of two that fits; and whether that leaves some over."""
    found: list[Any] = []
    wanted: list[Any] = []
    for size, item in product(VECTOR_BYTES, ITEM_SIZES):
        world, dtype = module.world(_VECTOR_BYTES=size), SimpleNamespace(itemsize=item)
        for vectors, channels in product((1, 2), range(MOST_CHANNELS)):
            width = _widest(min(vectors * size // item, max(channels, 1)))
            found.append(world["_lanes"](channels, dtype, vectors))
            wanted.append((0,) * width)
            if vectors == 1:
                found.append(world["_channel_steps"](channels, dtype))
                wanted.append(Size(channels, width).steps)
    return _agree(f"{module.name}: widths of vectors", found, wanted)


def _widest(most: int) -> int:
    width = 1
    while 2 * width <= most:
        width *= 2
    return width


def _agree(where: str, found: list[Any], wanted: list[Any]) -> tuple[int, ...]:
    for ours, theirs in zip(found, wanted, strict=True):
        if repr(ours) != repr(theirs):  # True is not 1
            raise ProofError(f"{where}: {ours} where {theirs} should be")
    return (0,) * len(found)


def room_residuals(module: EmittedModule) -> tuple[int, ...]:
    """Mixing matrices with room for whole vectors of channels: where the sums put each channel, and zero elsewhere."""
    left: list[int] = []
    for size in (Size(channels, width) for width in (1, 2, 4, 8) for channels in range(width, 3 * width + 1)):
        mixing = symbols_array("m", 2, 2, size.channels, 3)
        wanted = zeros(2, 2, size.room, 3)
        wanted[:, :, room_places(size)] = mixing
        left += compared(f"{module.name}: _with_room", module.run_all("_with_room", mixing, size.width), wanted)
    return tuple(left)


def bounds_residuals(module: EmittedModule) -> tuple[int, ...]:
    """Cuts for the threads: from the first to the last, and never back."""
    checked = 0
    for threads, work in product(range(1, 6), (0, 1)):
        bounds = module.world(_threads=threads, _INLINE_WORK=1)["_bounds"]
        for total in range(100):
            cuts = bounds(total, work)
            if (cuts[0], cuts[-1]) != (0, total) or any(a > b for a, b in pairwise(cuts)):
                raise ProofError(f"{module.name}: _bounds cuts {total} at {cuts}")
            checked += 1
    return (0,) * checked


class _Coarse(Fraction):
    """Numbers of which products are cut off after a few places, as floats are rounded."""

    def __mul__(self, other: Any) -> Any:
        return cut(Fraction(self) * Fraction(other))


def cut(value: Fraction) -> _Coarse:
    """The last number of the coarse arithmetic that is not greater."""
    return _Coarse(value // STEP * STEP)


class _Coefficients:
    """The shape of a table, and the arithmetic that it is in."""

    def __init__(self, number: Any, *shape: int) -> None:
        self.shape, self.ndim, self.dtype = shape, len(shape), SimpleNamespace(type=number)

    def __len__(self) -> int:
        return self.shape[0]


def scale_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """A table of M intervals ends at M; its scale is M over the cutoff, rounded the first from there that reaches M."""
    numpy = SimpleNamespace(integer=np.integer, floating=np.floating, inf=STEP, nextafter=lambda s, _: cut(s + STEP))
    left: list[Any] = []
    for degree, intervals, cutoff in product(DEGREES, range(1, 8), (Fraction(1, 3), Fraction(5), Fraction(7, 2))):
        for number in (Fraction, cut):
            coefficients = _Coefficients(number, intervals + degree, 2, 3)
            arguments = ("a call", 2, coefficients, cutoff, degree, 3)
            order, same, scale, end = module.run_all("_table", *arguments, float=Fraction, np=numpy)
            wanted = _scale(number, intervals, cutoff)
            left += [len(order) - degree - 1, int(same is not coefficients), end - intervals, scale - wanted]
    return tuple(_whole(r) for r in left)


def _scale(number: Any, intervals: int, cutoff: Fraction) -> Fraction:
    if number is Fraction:
        return intervals / cutoff
    scale = cut(intervals / cutoff)
    return next(s for n in range(100) if cut(cutoff) * (s := cut(scale + n * STEP)) >= intervals)


def _whole(residual: Any) -> int:
    """0 for zero, 1 for all else: a Fraction is none of the numbers that a proof counts."""
    return int(residual != 0)
