"""Blocks of GPU threads, executed on symbols one thread at a time, as CUDA defines them.

The threads of a block share memory and wait for each other where the kernel says so.  Between two such barriers their
order is not known: what one has written another may not read, nor write, nor may it write what another has read.  Here
the threads of a block take turns, each until it comes to a barrier or to its end; whoever breaks that rule, or leaves
others waiting, ends the proof, so that the order of their turns does not matter.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from .proof import ProofError


class RaceError(Exception):
    """What a kernel computes would depend on which of its threads comes first."""


class Device:
    """Stands for numba.cuda inside of a kernel: who the thread is, what its block shares, and where it waits."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.shared = SimpleNamespace(array=self._shared_array)
        self._block, self._turns, self._current = 0, [_Turns(lambda: None)], 0
        self._arrays: list[_Shared] = []
        self._asked = [0]

    def run_block(self, where: str, block: int, kernel: Callable[..., None], arguments: Sequence[Any]) -> None:
        """All threads of a block, from barrier to barrier; a ProofError if they cannot be."""
        self._block, self._arrays, self._asked = block, [], [0] * self.threads
        self._turns = [_Turns(lambda: kernel(*arguments)) for _ in range(self.threads)]
        try:
            while not all(turns.ended for turns in self._turns):
                self._to_the_barrier()
        except Exception as error:
            raise ProofError(f"{where} fails on symbols: {error!r}") from error
        finally:
            for turns in self._turns:
                turns.stop()

    def _to_the_barrier(self) -> None:
        for array in self._arrays:
            array.forget()
        for thread, turns in enumerate(self._turns):
            self._current = thread
            turns.next()
        if len({turns.ended for turns in self._turns}) > 1:
            raise RaceError("some threads of a block wait for others that have ended")

    # What a kernel sees.

    def grid(self, dimensions: int) -> int:
        if dimensions != 1:
            raise ValueError("the grid has one dimension")
        return self._block * self.threads + self._current

    @property
    def threadIdx(self) -> SimpleNamespace:
        return SimpleNamespace(x=self._current)

    def syncthreads(self) -> None:
        self._turns[self._current].wait()

    def _shared_array(self, shape: tuple[int, ...], dtype: Any) -> _Shared:
        """The first array that a thread asks for is the first of its block, and so on."""
        number = self._asked[self._current]
        self._asked[self._current] += 1
        if number == len(self._arrays):
            self._arrays.append(_Shared(shape, lambda: self._current))
        if self._arrays[number].shape != shape:
            raise ValueError("threads of a block share arrays of other shapes")
        return self._arrays[number]


class _Shared:
    """An array of a block, which knows who has read and written each element since the last barrier."""

    def __init__(self, shape: tuple[int, ...], current: Callable[[], int]) -> None:
        self.shape, self._current = shape, current
        self._values: dict[tuple[int, ...], Any] = {}
        self.forget()

    def forget(self) -> None:
        self._readers: dict[tuple[int, ...], set[int]] = {}
        self._writers: dict[tuple[int, ...], set[int]] = {}

    def __getitem__(self, place: tuple[int, ...]) -> Any:
        me = self._own(place)
        if self._writers.get(place, me) != me:
            raise RaceError(f"an element is read that another thread writes: {place}")
        self._readers.setdefault(place, set()).update(me)
        return self._values[place]

    def __setitem__(self, place: tuple[int, ...], value: Any) -> None:
        me = self._own(place)
        if self._writers.get(place, me) != me or self._readers.get(place, me) != me:
            raise RaceError(f"an element is written that another thread reads or writes: {place}")
        self._writers[place] = me
        self._values[place] = value

    def _own(self, place: tuple[int, ...]) -> set[int]:
        if len(place) != len(self.shape) or not all(0 <= i < n for i, n in zip(place, self.shape, strict=True)):
            raise IndexError(f"{place} does not lie within {self.shape}")
        return {self._current()}


class _Stopped(BaseException):
    """The proof has ended while a thread waited."""


class _Turns:
    """A function that is executed in turns: until it waits, and on from there."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function, self._stopped = function, False
        self._mine, self._others = threading.Semaphore(0), threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self.ended = False

    def next(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._mine.release()
        self._others.acquire()
        if self._error is not None:
            raise self._error

    def wait(self) -> None:
        self._others.release()
        self._mine.acquire()
        if self._stopped:
            raise _Stopped

    def stop(self) -> None:
        if self._thread is not None and not self.ended:
            self._stopped = True
            self._mine.release()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        self._mine.acquire()
        try:
            self._function()
        except _Stopped:
            pass
        except BaseException as error:  # handed to whoever gave this turn
            self._error = error
        self.ended = True
        self._others.release()


def left_out(dimensions: int) -> np.ndarray:
    """What a kernel is given in place of an array."""
    return np.empty((0,) * dimensions, dtype=object)
