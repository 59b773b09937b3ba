"""How the emitted code shares out channels and edges among the threads of a GPU, counted out for all small numbers."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..catalogue import Pair
from ..execution import EmittedModule
from .emitted_loops import MOST_CHANNELS
from .proof import ProofError
from .thread_blocks import WARP, left_out

#: In a vector; no more than the first of these are moved by one instruction.
VECTOR_BYTES, ITEM_SIZES = (16, 8), (4, 8)
#: Edges for each receiver, in the mean.
DEGREES = (Fraction(0), Fraction(1), Fraction(15, 2), Fraction(40))
#: Before which element of memory the arrays that are moved as vectors begin.
STARTS = ((0, 4, 8), (2, 4), (8, 1), (12, 6, 5), ())
#: What sums over edges read of a graph.
READ = ("indptr", "indices", "vectors", "features", "weights")
#: Of a result.
COMPONENTS = (1, 3, 5)
#: Receivers that the threads are counted out for.
RECEIVERS = 2


def plan_residuals(pair: Pair, module: EmittedModule) -> tuple[int, ...]:
    """ProofError unless every plan is as it should be, and every channel of a receiver belongs to one thread."""
    numbers = module.numbers(ENABLE_CUDASIM=False)
    world = module.world(**{**numbers, "_address": lambda address: address})
    checked, plans = 0, set()
    for most, item, channels, starts in product(VECTOR_BYTES, ITEM_SIZES, range(1, MOST_CHANNELS + 1), STARTS):
        dtype, addresses = SimpleNamespace(itemsize=item), tuple(start * item for start in starts)
        for degree in DEGREES:
            plan = module.call(world, "_plan", channels, dtype, degree, addresses, most)
            if faults := [*_faults(plan, channels, degree), *_lane_faults(plan.lanes, channels, item, addresses, most)]:
                raise ProofError(f"{module.name}: the plan {plan} for {channels} channels: {faults[0]}")
            if plan.threads(RECEIVERS) != RECEIVERS * plan.parts << plan.wide + plan.long:
                raise ProofError(
                    f"{module.name}: {plan.threads(RECEIVERS)} threads for {RECEIVERS} receivers of {plan}"
                )
            plans.add((channels, plan.lanes, plan.numbers, plan.threads(RECEIVERS)))
            checked += 1
    own = partial(_owners, pair, module, numbers)
    for channels, *plan in sorted(plans):
        if own(channels, *plan) != Counter(product(range(RECEIVERS), range(channels))):
            raise ProofError(f"{module.name}: with {plan} threads do not share {channels} channels out")
        checked += 1
    return (0,) * (checked + _exponent_residuals(module, world) + _byte_residuals(module, world))


def _byte_residuals(module: EmittedModule, world: dict[str, Any]) -> int:
    """Vectors are as long as was counted out, whatever the number of components."""
    cases = list(product(range(1, 2 * max(COMPONENTS)), ITEM_SIZES, range(2 * VECTOR_BYTES[0])))
    for n_out, item, room in cases:
        found = module.call(world, "_vector_bytes", n_out, SimpleNamespace(itemsize=item), room)
        if found not in VECTOR_BYTES:
            raise ProofError(f"{module.name}: vectors of {found} bytes for {n_out} components")
    return len(cases)


def _exponent_residuals(module: EmittedModule, world: dict[str, Any]) -> int:
    """The largest power of two that is not greater."""
    numbers = [Fraction(n, 4) for n in range(4 * MOST_CHANNELS)]
    for number in numbers:
        exponent = module.call(world, "_exponent", number)
        if exponent < 0 or not (2**exponent <= max(number, 1) < 2 ** (exponent + 1)):
            raise ProofError(f"{module.name}: 2^{exponent} is not the largest power of two up to {number}")
    return len(numbers)


def _faults(plan: Any, channels: int, degree: Fraction) -> list[str]:
    """What is wrong with a plan; nothing if it is as it should be."""
    if min(plan.wide, plan.long) < 0:
        return ["there is no such power of two"]
    across, group, width = 1 << plan.wide, 1 << plan.wide + plan.long, len(plan.lanes)
    faults = {
        "a group is more than a warp": group > WARP,
        "vectors have no thread": plan.parts * across * width < channels,
        "a part has no vector": (plan.parts - 1) * across * width >= channels,
        "half of the threads across would do": plan.wide > 0 and across // 2 * width >= channels,
        "a group is less than a warp, though vectors have none left": across < min(WARP, -(-channels // width)),
        "more edges at once than there are": 1 << plan.long > max(degree, 1),
        "fewer edges at once than there are threads for": 2 * group <= WARP and 2 << plan.long <= degree,
        "the numbers are others": plan.numbers != (plan.wide, plan.long, plan.parts),
    }
    return [fault for fault, found in faults.items() if found]


def _lane_faults(lanes: tuple[int, ...], channels: int, item: int, addresses: tuple[int, ...], most: int) -> list[str]:
    """The most neighbours that are moved at once, a power of two."""

    def fits(width: int) -> bool:
        size = width * item
        return size <= most and not channels % width and not any(a % size for a in addresses)

    widest = max(width for width in (1, 2, 4, 8) if fits(width))
    return [] if lanes == (0,) * widest else [f"{widest} channels fit into a vector"]


def _owners(
    pair: Pair,
    module: EmittedModule,
    numbers: dict[str, Any],
    channels: int,
    lanes: tuple[int, ...],
    plan: tuple[int, int, int],
    threads: int,
) -> Counter[tuple[int, int]]:
    """Which channels of which receivers are written, and how often: by the kernel, thread by thread, of no edges."""
    written: Counter[tuple[int, int]] = Counter()
    out, frames = SimpleNamespace(shape=(RECEIVERS, 2 * pair.l_out + 1, channels)), object()

    def store(array: Any, place: tuple[int, ...], values: Any) -> None:
        if array is out and place[1] == 0:
            written.update((place[0], place[2] + n) for n in range(len(lanes)))

    cuda = SimpleNamespace()
    world = {
        **numbers,
        "cuda": cuda,
        "_wait": lambda slot, lane, group: None,
        "_constants": lambda like: module.constants,
        "_shared_frames": lambda like: frames,
        "_shared_senders": lambda: None,
        "_splat": lambda value, like: 0,
        "_load": lambda array, place, like: 0,
        "_store": store,
    }
    kernel = module.function(f"_convolve_rows_{pair.key}", **world)
    arrays = [left_out(n) for n in (1, 2, 3, 3, 1)]
    for thread in range(threads):
        cuda.threadIdx, cuda.grid = SimpleNamespace(x=thread % numbers["_THREADS"]), lambda _, thread=thread: thread
        for _ in kernel(lanes, plan, False, np.zeros(RECEIVERS + 1, np.int64), *arrays, out):
            pass
    return written


def mixing_plan_residuals(module: EmittedModule) -> tuple[int, ...]:
    """ProofError unless the plans of sums that are to be mixed, which have a channel for each thread, are so too."""
    launched: list[Any] = []
    world = module.world(
        _launch=lambda kernel, threads, *arguments: launched.append((threads, arguments[0])),
        _launch_product=lambda left, right, out: None,
        _empty=lambda shape, dtype: np.empty(shape, object),
        **module.numbers(ENABLE_CUDASIM=False),
    )
    for channels in range(1, MOST_CHANNELS + 1):
        graph = SimpleNamespace(
            channels=channels, dtype=SimpleNamespace(itemsize=8), **dict.fromkeys(READ, left_out(1))
        )
        mixing, out = np.empty((1, 1, channels, 1), object), np.empty((RECEIVERS, 1, 1), object)
        module.call(world, "_mix", "a kernel", False, graph, left_out(2), mixing, out)
        ((threads, (wide, long, parts)),) = launched
        plan = SimpleNamespace(lanes=(0,), wide=wide, long=long, parts=parts, numbers=(wide, long, parts))
        faults = _faults(plan, channels, Fraction(0))
        if faults or threads != RECEIVERS * parts << wide + long:
            raise ProofError(f"{module.name}: _mix launches {threads} threads as {plan.numbers}: {', '.join(faults)}")
        launched.clear()
    return (0,) * MOST_CHANNELS
