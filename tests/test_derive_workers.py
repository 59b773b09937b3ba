"""Work in processes: the same files whatever their number, the same refusals, and nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from pocket_tfn.derive import pipeline
from pocket_tfn.derive.exact import SphereRing, primes_of
from pocket_tfn.derive.pipeline import CODE, Derivation
from pocket_tfn.derive.proofs import THEOREMS, Proof, ProofError
from pocket_tfn.derive.proofs.proof import Equation, Step
from pocket_tfn.derive.workers import LostWorkerError, WorkerError, Workers, in_processes

from .derivation import refused


def stand_in(name: str, seconds: float = 0.0) -> Proof:
    """A proof of 0 = 0, after a while."""
    time.sleep(seconds)
    step = Step("Nothing:", (Equation(("1 - 1", "0"), (SphereRing().ring.zero, sp.S.Zero)),))
    return Proof(int(name[1:]), "nothing", "Nothing", "Nothing.", ("None.",), (step,))


def failing(name: str, seconds: float = 0.0) -> Any:
    """A prover that refuses, after a while."""

    def prove(*_: Any) -> Proof:
        time.sleep(seconds)
        raise ProofError(f"{name} leaves x")

    return prove


@pytest.fixture
def provers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stand-ins, which can be replaced here; the earlier the longer."""
    found = {
        name: (lambda *_, name=name, n=n: stand_in(name, (len(THEOREMS) - n) / 200)) for n, name in enumerate(THEOREMS)
    }
    monkeypatch.setattr(pipeline, "code_files", lambda pairs, modules: {"cpu.py": f"made by {len(pairs)} pairs\n"})
    monkeypatch.setattr(pipeline, "THEOREMS", found)
    return found


@pytest.mark.parametrize("jobs", [2, 3, 40])
def test_the_same_whatever_their_number(provers: dict[str, Any], jobs: int) -> None:
    """Files and proofs, in order, as from one process; each task is said to be done once."""
    alone, together = Derivation(), Derivation(jobs=jobs)
    assert list(alone.run()) == alone.tasks
    assert sorted(together.run()) == sorted(alone.tasks)
    assert together.files == alone.files
    assert [p for p, _ in together.proofs] == [p for p, _ in alone.proofs]
    assert [p.identities for p, _ in together.proofs] == [2] * len(THEOREMS)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_the_first_refusal_is_reported(provers: dict[str, Any], jobs: int) -> None:
    """Of two theorems that do not hold the first, though the other is found out earlier; nothing is made."""
    provers |= {"T4": failing("T4", 0.3), "T9": failing("T9")}
    derivation = Derivation(jobs=jobs)
    with pytest.raises(ProofError, match=r"^T4 does not hold: T4 leaves x$"):
        list(derivation.run())
    assert not derivation.files


@pytest.mark.parametrize("name", ["T11", "T14", "T15"])
def test_refusals_about_the_code(provers: dict[str, Any], name: str) -> None:
    """Those that wait for the code, or are proved where it was made."""
    provers[name] = failing(name)
    refused(lambda: list(Derivation(jobs=2).run()))


def test_others_errors_come_with_where_they_were(provers: dict[str, Any]) -> None:
    """What is no refusal is a mistake in the program: its traceback must not be lost."""
    provers["T5"] = lambda *_: 1 // 0
    with pytest.raises(WorkerError, match=r"(?s)in _prove.*ZeroDivisionError"):
        list(Derivation(jobs=2).run())


def test_who_ends_without_a_word(provers: dict[str, Any]) -> None:
    """Killed for memory, say."""
    provers["T5"] = lambda *_: os._exit(3)
    with pytest.raises(LostWorkerError, match="prove T5 ended without a word"):
        list(Derivation(jobs=2).run())


def test_nobody_is_left_when_the_context_is() -> None:
    """Whoever still works is ended."""

    def work() -> Iterator[Any]:
        yield os.getpid()
        time.sleep(60)
        yield 0

    with Workers(2) as workers:
        workers.start(("first", "second"), work)
        ((name, process),) = workers.results()
        assert name == "first" and workers.working == ["second"]
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_no_more_at_a_time_than_asked_for() -> None:
    """Counted by those who work."""

    def work(n: int) -> Any:
        def timed() -> Iterator[Any]:
            start = time.monotonic()
            time.sleep(0.05)
            yield start, time.monotonic()

        return timed

    works: dict[tuple[str, ...], Any] = {(f"{n}",): work(n) for n in range(5)}
    found = [span for _, span in in_processes(works, [f"{n}" for n in range(5)], lambda *_: {}, 2)]
    assert len(found) == 5
    assert max(sum(a <= start < b for a, b in found) for start, _ in found) <= 2


STUCK = """
import os, sys, time
from pocket_tfn.derive import cli, pipeline
from pocket_tfn.derive.proofs import THEOREMS
def stuck(*_):
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(60)
pipeline.code_files = lambda pairs, modules: {}
pipeline.THEOREMS = {name: stuck for name in THEOREMS}
sys.exit(cli.main(["--out", sys.argv[1], "--quiet", "--jobs", "2"]))
"""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)], ids=str
)
def test_interrupted(number: signal.Signals, status: int, tmp_path: Path) -> None:
    """While two processes prove: the usual status, nothing written, and soon nobody there -- even after SIGKILL."""
    command = [sys.executable, "-c", STUCK, str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        workers = [int(process.stdout.readline()) for _ in range(2)]
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == status
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())
    assert not [w for w in workers if _goes_on(w)]


def _goes_on(process: int, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_wrong_numbers_of_processes(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused in one line, before anything is done."""
    from pocket_tfn.derive import cli

    with pytest.raises(SystemExit) as caught:
        cli.main(["--jobs", text])
    assert caught.value.code == 2
    assert "--jobs" in capsys.readouterr().err.splitlines()[-1]


def test_the_code_is_the_first_task() -> None:
    """Which the progress bar begins with."""
    assert Derivation().tasks[0] == CODE


# --- rings with many roots --------------------------------------------------------------------------------


def test_primes_of_degrees() -> None:
    """All up to 2 (l_in + l_out) + 1, the last harmonic's 2 l + 1, and the four that smaller degrees need."""
    assert primes_of(1, 2) == (2, 3, 5, 7)
    assert primes_of(3, 3) == (2, 3, 5, 7, 11, 13)
    assert primes_of(6, 6) == (2, 3, 5, 7, 11, 13, 17, 19, 23)


def test_many_roots_stay_apart() -> None:
    """Products of different roots are different; squares are numbers; of primes beyond the ring's none is read."""
    ring = SphereRing(primes=primes_of(6, 6))
    numbers = [sp.sqrt(n) for n in (11, 13, 17, 19, 23, 11 * 13, 17 * 23)]
    for n, a in enumerate(numbers):
        assert not ring.normal_form(a**2 - a**2 * sp.sqrt(23) / sp.sqrt(23))
        assert not ring.normal_form(1 / a - a / sp.Integer(a**2))
        assert all(bool(ring.normal_form(a - b)) == (n != m) for m, b in enumerate(numbers))
    assert ring.normal_form(ring.lift(sp.sqrt(11)) * ring.lift(sp.sqrt(13)) - ring.lift(sp.sqrt(143))) == 0
    with pytest.raises(ValueError, match="√29 is not among"):
        ring.lift(sp.sqrt(29))
