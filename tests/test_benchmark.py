"""The benchmark's command line: answers are checked before they are timed, missing peers named, files written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import store
from benchmarks.results import MISSING, TIMED, Results

ROOT = Path(__file__).resolve().parent.parent
SMALL = ["--quick", "--repeats", "2", "--threads", "1"]
SOME = ["streamed", "gradients"]
COMPARED = ["streamed", "tabulated", "mixing", "walkers", "gradients", "forces", "laplacian", "laplacian-chained"]


def run(*arguments: str, timeout: float = 600, **environment: str) -> subprocess.CompletedProcess[str]:
    """python -m benchmarks, tiny."""
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments, *SMALL],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def read(path: Path) -> list[Results]:
    return store.from_json(path.read_text(encoding="utf-8"))


def check_all_timed(found: list[Results]) -> None:
    """Every contestant was right (a wrong one is not timed), and nothing that is timed beside them was left out."""
    for results in found:
        for comparison in (*results.measured.comparisons, *results.measured.sweep):
            status = {row.name: row.status for row in comparison.rows}
            assert {"pocket-tfn", "jax.jit"} <= set(status) and set(status.values()) == {TIMED}, status
            assert not [note for note in comparison.notes if note.startswith("Not timed")]


def test_all_agree_and_the_results_are_written(tmp_path: Path) -> None:
    """Ours and every peer that needs no compiler of torch's, on two workloads of eight, and both files hold them."""
    numbers, table = tmp_path / "out.json", tmp_path / "out.md"
    files = ["--json", str(numbers), "--markdown", str(table)]
    done = run(*SOME, "--dtype", "float32", "--peers", "e3nn", "torch", "jax.jit", *files)
    assert done.returncode == 0, done.stdout + done.stderr
    found = read(numbers)
    assert [results.workload for results in found] == SOME
    check_all_timed(found)
    for workload in SOME:
        assert f"### {workload} 1→1, float32" in table.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workload", "dtype", "l_out"),
    [
        (w, *run)
        for w in COMPARED
        for run in (("float32", 0), ("float64", 2))
        if run[1] or not w.startswith("laplacian")
    ],
)
def test_all_agree(workload: str, dtype: str, l_out: int, tmp_path: Path) -> None:
    """With what torch compiles, which takes most of the time; 1→1 in float32 is above."""
    numbers = tmp_path / "out.json"
    done = run(workload, "--l-out", str(l_out), "--dtype", dtype, "--json", str(numbers))
    assert done.returncode == 0, done.stdout + done.stderr
    found = read(numbers)
    assert [results.dtype for results in found] == [dtype]
    assert all([run.l_out for run in results.measured.comparisons] == [l_out] for results in found)
    check_all_timed(found)


@pytest.mark.slow
def test_scaling_runs_and_is_drawn(tmp_path: Path) -> None:
    """Every size is measured, in a process of its own, and --save draws."""
    done = run("scaling", "--dtype", "float32", "--save", "--results", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    points = read(tmp_path / "scaling-float32-1-threads.json")[0].measured.scaling
    assert [point.nodes for point in points] == [1000, 3000]
    assert all(point.edges > 30 * point.nodes for point in points)
    assert (tmp_path / "scaling-1-threads.svg").exists()


@pytest.mark.slow
def test_first_calls_run(tmp_path: Path) -> None:
    """Every function is called in fresh processes."""
    numbers = tmp_path / "out.json"
    done = run("first-call", "--dtype", "float32", "--json", str(numbers))
    assert done.returncode == 0, done.stdout + done.stderr
    names = [call.function for call in read(numbers)[0].measured.first_calls]
    assert names == [f"convolve{kind}_1_1" for kind in ("", "_tabulated", "_mixing", "_walkers")]


def test_a_missing_peer_is_named_not_hidden(tmp_path: Path) -> None:
    """Without jax the run succeeds and says so."""
    (tmp_path / "jax.py").write_text("raise ModuleNotFoundError('not here', name='jax')\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    numbers = tmp_path / "out.json"
    done = run("streamed", "--dtype", "float32", "--peers", "jax.jit", "--json", str(numbers), PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert "jax is not installed" in done.stdout
    row = read(numbers)[0].measured.comparisons[0].row("jax.jit")
    assert row is not None and row.status == MISSING


BROKEN = """
import sys
from benchmarks import cli, peers

build = peers.build

def broken(workload, name, inputs, threads):
    contestant = build(workload, name, inputs, threads)
    if name == peers.OURS:
        right = contestant.run
        def wrong():
            out = right()
            out[0, 0, 0] += 1
            return out
        contestant = type(contestant)(wrong, contestant.answer, contestant.oracle)
    return contestant

peers.build = broken
sys.exit(cli.main(sys.argv[1:]))
"""


def test_a_wrong_answer_is_an_error() -> None:
    """If our convolution is wrong it is reported, not timed, and the exit status is 1."""
    command = [sys.executable, "-c", BROKEN, "streamed", *SMALL, "--dtype", "float32", "--peers"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "wrong answer" in done.stdout


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["nonsense"], "nonsense is none of streamed"),
        (["streamed", "--nodes", "5", "--neighbours", "5"], "needs more than that many --nodes"),
        (["streamed", "--threads", "100000"], "CPUs are available"),
        (["streamed", "--repeats", "0"], "not a positive number"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], complaint: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and complaint in done.stderr


@pytest.mark.slow
def test_goals_can_be_required() -> None:
    """At other sizes than the goals' none is judged, so --require-goals fails."""
    assert run("streamed", "--dtype", "float32", "--peers", "--require-goals").returncode == 1
