"""The benchmark: answers are checked before they are timed, missing peers are named, the tables are written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SMALL = ["--nodes", "40", "--neighbours", "8", "--channels", "5", "--repeats", "2", "--no-first-call", "--threads", "1"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """python -m benchmarks with a small workload."""
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *SMALL, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_peers_agree_and_the_results_are_written(tmp_path: Path) -> None:
    """Ours, e3nn, jax and eager torch are right for every l_out (a wrong one is not timed), and both files hold
    them."""
    numbers, table = tmp_path / "out.json", tmp_path / "out.md"
    peers = ["e3nn", "torch", "jax.jit"]
    done = run("--peers", *peers, "--json", str(numbers), "--markdown", str(table))
    assert done.returncode == 0, done.stderr
    comparisons = json.loads(numbers.read_text())["comparisons"]
    assert [c["l_out"] for c in comparisons] == [0, 1, 2]
    for comparison in comparisons:
        status = {row["name"]: row["status"] for row in comparison["rows"]}
        assert {status[name] for name in ("pocket-tfn", *peers)} == {"timed"}, status
    assert "e3nn" in table.read_text() and "floor" in table.read_text().lower()


def test_a_missing_peer_is_named_not_hidden(tmp_path: Path) -> None:
    """Without jax the run succeeds and says so."""
    (tmp_path / "jax.py").write_text("raise ModuleNotFoundError('not here', name='jax')\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = run("--l-out", "1", "--peers", "jax.jit", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert "not installed" in done.stdout and "jax" in done.stdout


BROKEN = """
import sys
from benchmarks import cli, peers

build = peers.build

def broken(name, work, threads):
    contestant = build(name, work, threads)
    if name == peers.OURS:
        right = contestant.run
        def wrong():
            out = right()
            out[0, 0, 0] += 1
            return out
        contestant = type(contestant)(wrong, answer=contestant.answer)
    return contestant

peers.build = broken
sys.exit(cli.main(sys.argv[1:]))
"""


def test_a_wrong_answer_is_an_error() -> None:
    """If our convolution is wrong it is reported, not timed, and the exit status is 1."""
    command = [sys.executable, "-c", BROKEN, *SMALL, "--l-out", "1", "--peers"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "wrong answer" in done.stdout
