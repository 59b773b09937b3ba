"""Blocks of GPU threads, executed on symbols one thread at a time, as CUDA defines them.

The threads of a block share memory, and wait for each other where the kernel says so: all of them, or the neighbours
that are a group.  Otherwise their order is not known: what one has written another may read or write only if it has
waited for it since, and likewise write what another has read.  Here threads take turns, each until it waits or ends, and
each knows how far the others had come when it last waited for them, directly or not; whoever breaks that rule, or leaves
others waiting, ends the proof.  That does not depend on the order of turns, and so neither does what is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import GeneratorType, SimpleNamespace
from typing import Any

import numpy as np

from ..exact_lanes import LANES
from .proof import ProofError

#: Threads that can wait for each other without the rest of their block.
WARP = 32
_ENDED = object()


class RaceError(Exception):
    """What a kernel computes would depend on which of its threads comes first."""


class Device:
    """Stands for numba.cuda inside of a kernel: who the thread is, what its block shares, and where it waits."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.shared = SimpleNamespace(array=self._shared_array)
        self._begin(0)

    @property
    def world(self) -> dict[str, Any]:
        """What the emitted functions of groups, and vectors in shared memory, are to a kernel on this device."""
        given = {"_load": self._load, "_load_once": _aligned_load, "_store": self._store}
        return {"cuda": self, "_wait": self._wait, **given}

    def run_block(self, where: str, block: int, kernel: Callable[..., Any], arguments: Sequence[Any]) -> None:
        """All threads of a block, until each has ended; a ProofError if they cannot be."""
        self._begin(block)
        try:
            left = {thread: _turns(kernel, arguments) for thread in range(self.threads)}
            while left:
                left = {thread: turns for thread, turns in left.items() if self._goes_on(thread, turns)}
                self._end_of_waiting()
        except Exception as error:
            raise ProofError(f"{where} fails on symbols: {error!r}") from error

    def _begin(self, block: int) -> None:
        """Each thread counts how often it has waited, and knows how far every other had come."""
        self._block, self._current = block, 0
        self._arrays: list[_Shared] = []
        self._asked = [0] * self.threads
        self._known = [[int(t == other) for other in range(self.threads)] for t in range(self.threads)]
        self._waiting: dict[int, range] = {}
        self._brought: list[list[Any]] = [[] for _ in range(self.threads)]

    def _goes_on(self, thread: int, turns: Iterator[Any]) -> bool:
        """Whether a thread has not ended after its turn; it has none while it waits for others."""
        if thread in self._waiting:
            return True
        self._current = thread
        ended = next(turns, _ENDED) is _ENDED
        if ended == (thread in self._waiting):
            raise RaceError("a thread waits and goes on, or stops and does not wait")
        return not ended

    def _end_of_waiting(self) -> None:
        groups = set(self._waiting.values())
        met = [group for group in groups if all(self._waiting.get(thread) == group for thread in group)]
        if groups and not met:
            raise RaceError("some threads wait for others that have ended, or that wait for others")
        for group in met:
            self._meet(group)

    def _meet(self, group: range) -> None:
        known = [max(column) for column in zip(*(self._known[thread] for thread in group), strict=True)]
        for thread in group:
            del self._waiting[thread]
            self._known[thread] = list(known)
            self._known[thread][thread] += 1

    # What shared memory asks.

    @property
    def now(self) -> tuple[int, int]:
        """Which thread has its turn, and how far it has come; RaceError if it should be waiting."""
        if self._current in self._waiting:
            raise RaceError("a thread goes on where it waits")
        return self._current, self._known[self._current][self._current]

    def knows(self, thread: int, moment: int) -> bool:
        """Whether the thread that has its turn has waited for another since then."""
        return thread == self._current or self._known[self._current][thread] >= moment

    # What a kernel sees.

    def grid(self, dimensions: int) -> int:
        if dimensions != 1:
            raise ValueError("the grid has one dimension")
        return self._block * self.threads + self._current

    @property
    def threadIdx(self) -> SimpleNamespace:
        return SimpleNamespace(x=self._current)

    @property
    def blockIdx(self) -> SimpleNamespace:
        return SimpleNamespace(x=self._block)

    def syncthreads(self) -> None:
        self._wait_for(range(self.threads))

    def _wait(self, slot: int, lane: int, group: int) -> None:
        """For the threads that are neighbours in one warp: their number is a power of two, and they begin at a multiple."""
        if not 0 < group <= WARP or group & (group - 1) or slot != self._current or lane != slot % group:
            raise ValueError(f"thread {self._current} cannot wait as {slot}, which is {lane} of {group}")
        if slot - lane + group > self.threads:
            raise ValueError(f"a block of {self.threads} threads ends within a group of {group}")
        self._wait_for(range(slot - lane, slot - lane + group))

    def shfl_xor_sync(self, mask: int, value: Any, half: int) -> Iterator[Any]:
        """What the thread has whose number differs from the caller's in one binary digit; those of the mask take part."""
        me = self._current
        first = me - me % WARP
        group = [first + place for place in range(WARP) if mask >> place & 1]
        if mask >> WARP or me not in group or me ^ half not in group or group != list(range(group[0], group[-1] + 1)):
            raise ValueError(f"thread {me} cannot exchange with {me ^ half} among those of {mask:b}")
        self._brought[me].append(value)
        self._wait_for(range(group[0], group[-1] + 1))
        yield
        return self._brought[me ^ half][len(self._brought[me]) - 1]

    def _wait_for(self, group: range) -> None:
        """Until they have come so far; the kernel, being a generator, yields to them."""
        thread, _ = self.now
        self._waiting[thread] = group

    def _shared_array(self, shape: tuple[int, ...], dtype: Any, alignment: int | None = None) -> _Shared:
        """The first array that a thread asks for is the first of its block, and so on."""
        number = self._asked[self._current]
        self._asked[self._current] += 1
        if number == len(self._arrays):
            self._arrays.append(_Shared(shape, alignment, self))
        if (self._arrays[number].shape, self._arrays[number].alignment) != (shape, alignment):
            raise ValueError("threads of a block share arrays of other shapes")
        return self._arrays[number]

    def _load(self, array: Any, place: tuple[int, ...], lanes: Sequence[Any]) -> Any:
        if not isinstance(array, _Shared):
            return _aligned_load(array, place, lanes)
        array.require_aligned(place, len(lanes))
        return np.array([array[(*place[:-1], place[-1] + n)] for n in range(len(lanes))], dtype=object)

    def _store(self, array: Any, place: tuple[int, ...], lanes: Sequence[Any]) -> None:
        if isinstance(array, np.ndarray):
            _require_aligned(array, place, len(lanes))
            LANES["_store"](array, place, lanes)
            return
        array.require_aligned(place, len(lanes))
        for n, value in enumerate(lanes):
            array[(*place[:-1], place[-1] + n)] = value


def _aligned_load(array: np.ndarray, place: tuple[int, ...], lanes: Sequence[Any]) -> np.ndarray:
    _require_aligned(array, place, len(lanes))
    loaded: np.ndarray = LANES["_load"](array, place, lanes)
    return loaded


def _require_aligned(array: np.ndarray, place: tuple[int, ...], count: int) -> None:
    """IndexError for a vector that does not lie at a multiple of its size, if the array does; a GPU would end the kernel."""
    if sum(i * step for i, step in zip(place, array.strides, strict=True)) // array.itemsize % count:
        raise IndexError(f"{count} elements from {place} on do not lie at a multiple of their size")


def _turns(kernel: Callable[..., Any], arguments: Sequence[Any]) -> Iterator[Any]:
    """A kernel, executed from where it waits to where it waits next; at once, if it never does."""
    found = kernel(*arguments)
    if isinstance(found, GeneratorType):
        yield from found


class _Places:
    """An array with the places that its shape has, and no others: not those that are counted from the end."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def require(self, place: tuple[int, ...]) -> None:
        if len(place) != len(self.shape) or not all(0 <= i < n for i, n in zip(place, self.shape, strict=True)):
            raise IndexError(f"{place} does not lie within {self.shape}")

    def require_aligned(self, place: tuple[int, ...], count: int) -> None:
        """IndexError for a vector that does not lie at a multiple of its size, as _require_aligned has it."""
        at = 0
        for i, n in zip(place, self.shape, strict=True):
            at = at * n + i
        if at % count:
            raise IndexError(f"{count} elements from {place} on do not lie at a multiple of their size")


class _Shared(_Places):
    """An array of a block, which knows who has written each element, who has read it since, and when."""

    def __init__(self, shape: tuple[int, ...], alignment: int | None, device: Device) -> None:
        super().__init__(shape)
        self.alignment, self._device = alignment, device
        self._values: dict[tuple[int, ...], Any] = {}
        self._readers: dict[tuple[int, ...], dict[int, int]] = {}
        self._writers: dict[tuple[int, ...], tuple[int, int]] = {}

    def __getitem__(self, place: tuple[int, ...]) -> Any:
        self.require(place)
        if place not in self._writers:
            raise RaceError(f"an element is read that nobody has written: {place}")
        if not self._device.knows(*self._writers[place]):
            raise RaceError(f"an element is read that another thread writes: {place}")
        self._readers.setdefault(place, {}).update([self._device.now])
        return self._values[place]

    def __setitem__(self, place: tuple[int, ...], value: Any) -> None:
        self.require(place)
        others = [*self._readers.pop(place, {}).items(), self._writers.get(place, self._device.now)]
        if not all(self._device.knows(*other) for other in others):
            raise RaceError(f"an element is written that another thread reads or writes: {place}")
        self._writers[place] = self._device.now
        self._values[place] = value

    def require_aligned(self, place: tuple[int, ...], count: int) -> None:
        """Likewise; and where the array begins must have been asked for, as it may begin anywhere."""
        super().require_aligned(place, count)
        if count > 1 and self.alignment is None:
            raise IndexError("a vector is moved to or from a shared array of no alignment")


class Target(_Places):
    """What a kernel writes: each element once, by whichever thread, so that no order matters; reading it is an error."""

    dtype = np.dtype(object)

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(shape)
        self.values = np.full(shape, None, dtype=object)
        self.size = self.values.size

    def __setitem__(self, place: int | tuple[int, ...], value: Any) -> None:
        place = place if isinstance(place, tuple) else (place,)
        self.require(place)
        if self.values[place] is not None:
            raise RaceError(f"an element is written twice: {place}")
        self.values[place] = value


def left_out(dimensions: int) -> np.ndarray:
    """What a kernel is given in place of an array."""
    return np.empty((0,) * dimensions, dtype=object)
