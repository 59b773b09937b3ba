"""Calls from several Python threads at once and after fork: right bits, no deadlock, no abort.

Numba's own parallel layers fail both (workqueue aborts on the former, OpenMP on the latter).  Each case runs in a
process of its own with a timeout.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu

from tests.subprocesses import run_script

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

#: A child that computes, checks itself and reports; the parent waits for it.
FORK = """
def fork_and_check():
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            assert_same_bits(cpu.convolve_1_1(*p.arguments), want)
            cpu.set_num_threads(2)
            assert_same_bits(cpu.convolve_1_1(*p.arguments), want)
            code = 0
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""


def test_eight_threads_at_once() -> None:
    """Eight threads, every kind of function: the same to the last bit, and what the definition gives."""
    run_script(
        """
        from tests.cases import case
        degrees = (9, 0, 40, 1, 13) * 80
        kinds = ("convolve_tabulated", "convolve_mixing")
        cases = {kind: case(kind, "1_1", np.float32, degrees=degrees) for kind in kinds}
        cases["convolve_walkers"] = case("convolve_walkers", "1_1", np.float32, walkers=200)
        calls = {
            **cases,
            "convolve": lambda: cpu.convolve_1_1(*p.arguments),
            "apply": lambda: cpu.apply_1_1(p.vectors, p.radial, p.features[p.indices]),
            "kernel": lambda: cpu.kernel_1_1(np.tile(p.vectors, (9, 1, 1)), p.radial[..., 0]),
        }
        gate, faults = threading.Barrier(8), []
        expected = {}

        def work():
            try:
                gate.wait()  # the first calls too, which compile or load, come all at once
                for _ in range(15):
                    for name, call in calls.items():
                        assert_same_bits(call(), expected.setdefault(name, call()))
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert not faults, faults
        check(expected["convolve"])
        for kind, c in cases.items():
            c.check(expected[kind])
        """,
        timeout=120,
    )


def test_threads_may_change_the_number_of_threads() -> None:
    """set_num_threads while others compute."""
    run_script(
        """
        want, faults, stop = cpu.convolve_1_1(*p.arguments), [], threading.Event()
        check(want)

        def work():
            try:
                while not stop.is_set():
                    assert_same_bits(cpu.convolve_1_1(*p.arguments), want)
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        [t.start() for t in threads]
        for i in range(200):
            cpu.set_num_threads(1 + i % 5)
            time.sleep(0.002)
        stop.set()
        [t.join() for t in threads]
        assert not faults, faults
        """
    )


@needs_fork
def test_fork_after_the_first_call() -> None:
    """The child inherits the record of a pool whose threads it does not have."""
    run_script(
        FORK
        + """
want = cpu.convolve_1_1(*p.arguments)
check(want)
for _ in range(3):
    fork_and_check()
assert_same_bits(cpu.convolve_1_1(*p.arguments), want)
"""
    )


@needs_fork
def test_fork_while_threads_compute() -> None:
    """At the moment of the fork, other threads hold whatever locks they hold."""
    run_script(
        FORK
        + """
want, stop, faults = cpu.convolve_1_1(*p.arguments), threading.Event(), []

def work():
    try:
        while not stop.is_set():
            cpu.set_num_threads(3)  # takes the lock of the pool, and makes a new one
            assert_same_bits(cpu.convolve_1_1(*p.arguments), want)
    except BaseException as error:
        faults.append(error)

threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
for _ in range(20):
    fork_and_check()
stop.set()
[t.join() for t in threads]
assert not faults, faults
"""
    )


@needs_fork
def test_fork_while_the_lock_of_the_pool_is_held() -> None:
    """The same, not left to chance."""
    run_script(
        FORK
        + """
want = cpu.convolve_1_1(*p.arguments)
held, done = threading.Event(), threading.Event()

def hold():
    with cpu._pool_lock:
        held.set()
        done.wait()

holder = threading.Thread(target=hold)
holder.start()
held.wait()
fork_and_check()
done.set()
holder.join()
"""
    )


@needs_fork
def test_multiprocessing_pool_with_fork() -> None:
    """The way users meet fork: a pool of workers, each result right."""
    run_script(
        """
        import multiprocessing

        def call(_):
            return cpu.convolve_1_1(*p.arguments)

        want = call(0)
        with multiprocessing.get_context("fork").Pool(3) as pool:
            for got in pool.map(call, range(12)):
                assert_same_bits(got, want)
        """
    )


def test_a_thread_that_outlives_the_main_thread() -> None:
    """While the interpreter shuts down no pool takes work any more; the call then does it alone."""
    out = run_script(
        """
        want = cpu.convolve_1_1(*p.arguments)

        def late():
            threading.main_thread().join()
            assert_same_bits(cpu.convolve_1_1(*p.arguments), want)
            cpu.set_num_threads(5)
            assert_same_bits(cpu.convolve_1_1(*p.arguments), want)
            print("late but right", flush=True)

        threading.Thread(target=late).start()
        """
    )
    assert out == "late but right\n"


@pytest.mark.parametrize("bad", [0, -1, 1.0, 2.5, "2", None, True, [2], float("nan")])
def test_bad_number_of_threads(bad: Any, keep_threads: None) -> None:
    """ValueError, and the number stays what it was."""
    before = cpu.get_num_threads()
    with pytest.raises(ValueError, match="positive integer"):
        cpu.set_num_threads(bad)
    assert cpu.get_num_threads() == before


def test_an_error_in_one_part_reaches_the_caller(keep_threads: None) -> None:
    """An exception in a helper thread is raised, and the pool serves the next call."""
    cpu.set_num_threads(3)
    main = threading.get_ident()
    reached = threading.Event()

    def faulty(start: int, stop: int) -> None:
        if threading.get_ident() == main:
            assert reached.wait(30)
        else:
            reached.set()
            raise ArithmeticError("in a helper")

    with pytest.raises(ArithmeticError, match="in a helper"):
        cpu._spread(faulty, list(range(9)), ())
    seen: list[int] = []
    cpu._spread(lambda start, stop: seen.append(start), list(range(9)), ())
    assert sorted(seen) == list(range(8))


class Parts:
    """A loop that records its parts; the helpers' are slow, and the caller's raise once a helper is at work."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.begun: list[int] = []
        self.done: list[int] = []
        self.helped = threading.Event()

    def __call__(self, start: int, stop: int) -> None:
        self.begun.append(start)
        if threading.current_thread() is not threading.main_thread():
            self.helped.set()
            time.sleep(0.2)
        elif self.error is not None:
            assert self.helped.wait(30)
            raise self.error
        self.done.append(start)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), ArithmeticError()], ids=repr)
def test_an_error_in_the_caller_stops_the_helpers(error: BaseException, keep_threads: None) -> None:
    """After Ctrl-C nobody writes to the caller's arrays, and the parts not begun are left."""
    cpu.set_num_threads(3)
    parts = Parts(error)
    with pytest.raises(type(error)) as caught:
        cpu._spread(parts, list(range(101)), ())
    assert caught.value is error
    begun, done = list(parts.begun), list(parts.done)
    assert len(begun) == len(done) + 1 < 10, "a helper was left at work, or drew what was left"
    time.sleep(0.3)
    assert (parts.begun, parts.done) == (begun, done)


def test_an_interrupt_while_waiting_for_helpers(keep_threads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second Ctrl-C does not leave them behind either."""
    cpu.set_num_threads(2)
    wait_for = threading.Condition.wait_for
    interrupts = iter([KeyboardInterrupt(), KeyboardInterrupt()])

    def interrupted(self: Any, predicate: Any, timeout: Any = None) -> Any:
        if (interrupt := next(interrupts, None)) is not None:
            raise interrupt
        return wait_for(self, predicate, timeout)

    monkeypatch.setattr(threading.Condition, "wait_for", interrupted)
    parts = Parts(ArithmeticError("first"))
    with pytest.raises(ArithmeticError, match="first"):
        cpu._spread(parts, list(range(9)), ())
    assert len(parts.begun) == len(parts.done) + 1


@pytest.mark.parametrize("refused", range(4))
def test_threads_that_do_not_start(refused: int, keep_threads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller does what is left alone; a helper that comes after the call finds nothing to do.

    The pool queues a piece of work before it starts a thread for it, so a failed start leaves it queued.
    """
    cpu.set_num_threads(4)
    start, starts = threading.Thread.start, iter(range(100))

    def limited(self: threading.Thread) -> None:
        if next(starts) >= refused:
            raise RuntimeError("can't start new thread")
        start(self)

    def slow(first: int, last: int, seen: list[int]) -> None:
        time.sleep(0.01)
        seen.append(first)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", limited)
        seen: list[int] = []
        cpu._spread(slow, list(range(21)), (seen,))
    assert sorted(seen) == list(range(20))
    later: list[int] = []
    cpu._spread(slow, list(range(21)), (later,))  # threads now start, and take what was queued
    assert sorted(later) == list(range(20))
    time.sleep(0.1)
    assert sorted(seen) == list(range(20))


def test_a_late_helper_does_nothing(keep_threads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call does not wait for helpers that have not begun, and releases its arrays."""
    cpu.set_num_threads(3)
    queued: list[Any] = []

    class Busy(ThreadPoolExecutor):
        def submit(self, work: Any, *args: Any) -> Any:  # type: ignore[override]
            queued.append(work)

    monkeypatch.setattr(cpu, "ThreadPoolExecutor", Busy)
    cpu.set_num_threads(3)
    parts = Parts()
    cpu._spread(parts, list(range(9)), ())
    assert parts.done == list(range(8)) and len(queued) == 2
    for late in queued:
        late()
    assert parts.begun == list(range(8))
    assert not any(late.__self__._args for late in queued)


@pytest.mark.parametrize("count", [3, np.int64(3), np.uint8(3), np.array(3)], ids=repr)
def test_any_integer_is_a_number_of_threads(count: Any, keep_threads: None) -> None:
    """As operator.index has it; the number kept is Python's."""
    cpu.set_num_threads(count)
    assert cpu.get_num_threads() == 3 and type(cpu.get_num_threads()) is int


def test_a_very_large_number_of_threads(keep_threads: None) -> None:
    """Threads start as they find work; no more than there are parts."""
    cpu.set_num_threads(10**30)
    seen: list[int] = []
    cpu._spread(lambda start, stop: seen.append(start), list(range(9)), ())
    assert sorted(seen) == list(range(8))
