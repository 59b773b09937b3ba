"""Tasks in processes of their own: what each made is sent back, whole or not at all.

Processes are forked, so that each has what was computed before it began, and so that nothing depends on their number.
They end with whoever started them: by request where this waits for them and is interrupted or refused, and by
themselves where it is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from .proofs import ProofError

#: Makes results one by one, of the names that it was started with.
Work = Callable[[], Iterator[Any]]
#: Seconds after which a process looks whether it is still wanted.
PULSE = 1.0


class LostWorkerError(RuntimeError):
    """A process was ended from outside, for want of memory say."""


class WorkerError(RuntimeError):
    """A process ended without what it should have made; the message says how."""


def can_fork() -> bool:
    """Whether processes can begin with what is known here; elsewhere there is one alone."""
    return "fork" in multiprocessing.get_all_start_methods()


def usable_cpus() -> int:
    """Those that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """A context in which processes work, at most `jobs` at a time; none of them is left when it is left."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._fork: Any = multiprocessing.get_context("fork")
        self._running: dict[Connection, tuple[Any, list[str]]] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        for process, _ in self._running.values():
            process.kill()
        for connection in list(self._running):
            self._ended(connection)

    @property
    def idle(self) -> bool:
        """Whether another process may begin."""
        return len(self._running) < self.jobs

    @property
    def working(self) -> list[str]:
        """The names of what is being worked on."""
        return [names[0] for _, names in self._running.values()]

    def start(self, names: Sequence[str], work: Work) -> None:
        """Begin to work, in a process of its own."""
        here, there = self._fork.Pipe(duplex=False)
        process = self._fork.Process(target=_worked, args=(there, work, os.getpid()), daemon=True)
        process.start()
        there.close()
        self._running[here] = process, list(names)

    def stop(self, name: str) -> None:
        """End the process that works on this: its results are not wanted any more."""
        for connection, (process, names) in list(self._running.items()):
            if names[0] == name:
                process.kill()
                self._ended(connection)

    def results(self) -> Iterator[tuple[str, Any]]:
        """Wait until someone has a result, or an exception in its place."""
        ready = wait(list(self._running))
        for connection in [c for c in self._running if c in ready]:
            _, names = self._running[connection]
            try:
                result = connection.recv()
            except EOFError:
                result = LostWorkerError(f"the process that worked on {names[0]} ended without a word")
            name = names.pop(0)
            if not names or isinstance(result, BaseException):
                self._ended(connection)
            yield name, result

    def _ended(self, connection: Connection) -> None:
        process, _ = self._running.pop(connection)
        process.join()
        connection.close()


def _worked(there: Connection, work: Work, parent: int) -> None:
    """In the process: send each result, or the exception that ended the work."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever waits is interrupted too, and ends this
    signal.signal(signal.SIGALRM, lambda *_: None if os.getppid() == parent else os._exit(1))
    signal.setitimer(signal.ITIMER_REAL, PULSE, PULSE)
    try:
        for result in work():
            there.send(result)
    except ProofError as error:
        there.send(error)
    except Exception:
        there.send(WorkerError(traceback.format_exc()))


def in_processes(
    works: Mapping[tuple[str, ...], Work],
    order: Sequence[str],
    later: Callable[[str, Any], Mapping[tuple[str, ...], Work]],
    jobs: int,
) -> Iterator[tuple[str, Any]]:
    """Results as they come; the exception of whichever is first in order, as if they had been made one by one.

    Parameters
    ----------
    works
        By the names of what each makes, one result after the other: what can begin at once, the longest first.
    order
        All names.
    later
        What can begin once a result is there.
    """
    waiting, failed = dict(works), dict[str, BaseException]()
    with Workers(jobs) as workers:
        while waiting or workers.working:
            while waiting and workers.idle:
                names = next(iter(waiting))
                workers.start(names, waiting.pop(names))
            for name, result in workers.results():
                if isinstance(result, BaseException):
                    failed[name] = result
                else:
                    waiting |= later(name, result)
                    yield name, result
            if failed:
                first = min(map(order.index, failed))
                waiting = {names: work for names, work in waiting.items() if order.index(names[0]) < first}
                for name in workers.working:
                    if order.index(name) > first:
                        workers.stop(name)
        if failed:
            raise failed[min(failed, key=order.index)]
