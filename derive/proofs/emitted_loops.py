"""The emitted loops, executed on small arrays of symbols: how they are run, and those over items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from ..catalogue import Pair
from ..execution import EmittedModule
from ..polynomials import symbol
from .proof import ProofError
from .stand_ins import StandIns, argument, entries, sums

#: Of nodes, particles, components and paths there is another number, so that none of them can be taken for the channels.
CHANNELS = 4


class Size(NamedTuple):
    """How many channels there are, and how many of them a CPU loop computes at once."""

    channels: int
    width: int

    @property
    def lanes(self) -> tuple[int, ...]:
        return (0,) * self.width

    @property
    def steps(self) -> tuple[tuple[int, ...], bool | None]:
        """What a loop is given: lanes, and whether the last of them must be moved back."""
        return self.lanes, True if self.channels % self.width else None

    @property
    def room(self) -> int:
        """So many channels fill whole vectors."""
        return -(-self.channels // self.width) * self.width

    @property
    def shared(self) -> int:
        """So many channels are in the last vector, and in the one before it too."""
        return self.room - self.channels


#: Sizes that every loop is executed at: the last vector shares none, two, one or none of its channels.
SIZES = (Size(CHANNELS, 1), Size(CHANNELS, 3), Size(5, 3), Size(CHANNELS, 2))
#: Sizes for the pair with the fewest terms: of four channels it shares three, two and one; three vectors and a last one.
MORE_SIZES = (Size(5, 4), Size(6, 4), Size(7, 4), Size(11, 3))
#: All widths and channels for which the steps over channels are counted out.
WIDTHS, MOST_CHANNELS = range(1, 65), 200
#: Items of `apply` and `kernel`, and how far apart lie the rows of vectors, radial and features that they read: 0 for
#: an operand that all items share, as a broadcast dimension does.
ITEMS, STEPS = 2, (0, 1, 2)
#: A broadcast shape with dimensions of all lengths different.
SHAPE = (2, 3, 4)


def symbols_array(name: str, *shape: int) -> np.ndarray:
    """An object array whose every element is a symbol of its own."""
    array = np.empty(shape, dtype=object)
    for at in product(*map(range, shape)):
        array[at] = symbol(f"{name}_{'_'.join(map(str, at))}")
    return array


class ItemCase(NamedTuple):
    """Items of `apply` or `kernel`: what a loop over them is given, and what it must write."""

    kind: str
    arguments: tuple[Any, ...]
    wanted: np.ndarray


def item_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the pair's loops over items write."""
    left: list[Any] = []
    for kind, arguments, wanted in item_cases(pair):
        left += differences(module, StandIns(pair, module), f"_{kind}_items_{pair.key}", arguments, wanted)
    return tuple(left)


def item_cases(pair: Pair) -> Iterator[ItemCase]:
    """Both kinds of both kinds of harmonics."""
    yield from (_items(kind, pair, solid) for kind, solid in product(("apply", "kernel"), (False, True)))


def operand_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Where an item of a broadcast shape lies in an operand, whatever the operand's steps."""
    left = []
    for dims in range(1, len(SHAPE) + 1):
        shape, steps = SHAPE[:dims], sp.symbols(f"s:{dims}")
        for item, index in enumerate(product(*map(range, shape))):
            place = sum(i * s for i, s in zip(index, steps, strict=True))
            left.append(sp.expand(module.run("_operand", item, shape, steps) - place))
    return tuple(left)


def step_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Room for whole vectors, and where each of them begins: the last ends with the last channel."""
    room, moved = module.function("_room"), module.function("_moved_back")
    sizes = [Size(c, w) for w in WIDTHS for c in range(w, MOST_CHANNELS + 1)]
    for size in sizes:
        lanes, uneven = size.steps
        places = range(0, size.room, size.width)
        found = [moved(v, uneven, size.channels, lanes) for v in places]
        if (room(size.channels, lanes), *found) != (size.room, *places[:-1], size.channels - size.width):
            raise ProofError(f"{module.name}: of {size} the vectors begin at {found}, of {room(size.channels, lanes)}")
    return (0,) * len(sizes)


def differences(
    module: EmittedModule,
    stand_ins: StandIns,
    name: str,
    arguments: Sequence[Any],
    wanted: np.ndarray,
    first: int = 0,
    **overrides: Any,
) -> list[Any]:
    """What a loop writes, less what it should: zeros, or a ProofError that names the loop.

    It is run over all rows, over the first and over the others, counted from `first`, and must leave the rest as it was.
    """
    k, world, where = module.constants, {**stand_ins.functions, **overrides}, f"{module.name}: {name}"
    untouched = symbols_array("untouched", *wanted.shape)
    left: list[Any] = []
    for start, stop in ((0, len(wanted)), (0, 1), (1, len(wanted))):
        out, target = untouched.copy(), untouched.copy()
        target[start:stop] = wanted[start:stop]
        module.run(name, first + start, first + stop, k, *arguments, out, **world)
        left += compared(where, out, target)
    return left


def compared(where: str, computed: np.ndarray, wanted: np.ndarray) -> list[int]:
    """Computed minus wanted, element by element; a ProofError at the first that is not zero, as nothing then holds."""
    if computed.shape != wanted.shape:
        raise ProofError(f"{where} gives {computed.shape} numbers instead of {wanted.shape}")
    for ours, theirs in zip(computed.flat, wanted.flat, strict=True):
        if ours is not theirs and theirs != ours:
            raise ProofError(f"{where} writes {ours}, where {theirs} should be")
    return [0] * wanted.size


def _items(kind: str, pair: Pair, solid: bool) -> ItemCase:
    vectors, radial = symbols_array("v", ITEMS, 3), symbols_array("p", ITEMS, len(pair.paths), CHANNELS)
    fields, taken = symbols_array("f", 2 * ITEMS, 2 * pair.l_in + 1, CHANNELS), argument(vectors, solid)
    rows = [tuple(i * step for step in STEPS) for i in range(ITEMS)]
    if kind == "apply":
        operands = [vectors, radial, fields]
        by_channel = [
            [sums(pair, tuple(radial[p, :, c]), tuple(taken[v]), tuple(fields[f, :, c])) for c in range(CHANNELS)]
            for v, p, f in rows
        ]
        wanted = np.array(by_channel, dtype=object).swapaxes(1, 2)
    else:
        operands = [vectors, radial[:, :, 0]]
        by_row = [entries(pair, tuple(radial[p, :, 0]), tuple(taken[v])) for v, p, _ in rows]
        wanted = np.array(by_row, dtype=object).reshape(ITEMS, 2 * pair.l_out + 1, 2 * pair.l_in + 1)
    steps = tuple((s,) for s in STEPS[: len(operands)])
    return ItemCase(kind, (solid, (ITEMS,), steps, *operands), wanted)
