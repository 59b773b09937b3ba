"""The benchmark on the GPU, as far as a CPU can tell: peers and reference at small size, the report on made-up rows."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.check import WrongAnswer
from benchmarks.gpu import check, cli, clock, inputs, layered, measure, peers, reference, self_check, spline
from benchmarks.gpu.contestant import Contestant, Missing
from benchmarks.gpu.cost import useful_bytes
from benchmarks.gpu.floor import Floor
from benchmarks.gpu.graphs import fluid_graph, random_graph
from benchmarks.gpu.names import BACKWARD, CUE, E3NN, OEQ, OURS, PEERS, STREAMED, TORCH, WALKERS, WORKLOADS
from benchmarks.gpu.plan import ALL_PAIRS, FLUID, RANDOM, Sizes, Spec, peers_of, rows
from benchmarks.gpu.reading import from_json
from benchmarks.gpu.results import Entry, Results, Row, as_json
from benchmarks.gpu.tables import markdown, summary
from benchmarks.gpu.verdicts import verdicts
from benchmarks.results import FAILED, MISSING, WRONG
from benchmarks.timing import Timing

COMMITTED = Path(__file__).resolve().parent.parent / "benchmarks" / "results"
TINY = Sizes(nodes=30, neighbours=4, channels=(32,), walkers=4, particles=3, walker_channels=32)
LAYERS = [E3NN, TORCH, pytest.param(CUE, marks=pytest.mark.skipif(not find_spec("cuequivariance_torch"), reason=CUE))]
FLOOR = Floor(copy_median=1e12, copy_best=1.1e12, read_median=0.9e12, read_best=1e12, rounds=7)
MACHINE = {"device": "Made Up 1", "driver": "1", "python": "3", "date": "2000-01-01", "libraries": {"torch": "2"}}


def made(workload: str, l_out: int, dtype: str = "float64") -> inputs.Inputs:
    graph = ALL_PAIRS if workload == WALKERS else RANDOM
    return inputs.make(Spec(workload, graph, l_out, dtype, 32), TINY, "cpu", seed=3, backward=workload == BACKWARD)


@pytest.mark.parametrize("l_out", [0, 1, 2])
def test_reference_is_the_oracle(l_out: int) -> None:
    assert max(self_check.errors(l_out, "cpu")) < self_check.BOUND


def test_a_wrong_reference_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    forms = reference.forms
    monkeypatch.setattr(reference, "forms", lambda l_out, units: forms(l_out, -units))
    with pytest.raises(WrongAnswer, match="away from the oracle"):
        self_check.run("cpu")


@pytest.mark.parametrize("workload", [STREAMED, WALKERS, BACKWARD])
@pytest.mark.parametrize("name", LAYERS)
def test_peers_compute_the_layer(name: str, workload: str) -> None:
    for l_out, dtype in ((0, "float64"), (1, "float64"), (2, "float32")):
        given = made(workload, l_out, dtype)
        one = peers.build(name, given)
        check.require_right(check.relative_error(one.answer(one.run()), reference.answer(given)), dtype)


@pytest.mark.parametrize("workload", [STREAMED, WALKERS, BACKWARD])
def test_pieces_make_the_same_whole(workload: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = made(workload, 1)
    monkeypatch.setattr(layered, "SCRATCH", 1.5e5 if workload == WALKERS else 3e5)
    one = peers.build(TORCH, given)
    assert "pieces" in one.note
    check.require_right(check.relative_error(one.answer(one.run()), reference.answer(given)), "float64")


@pytest.mark.parametrize("name", [name for name in PEERS if name not in (E3NN, TORCH, CUE)])
def test_what_is_not_to_be_had_says_so(name: str) -> None:
    given = made(STREAMED, 1)
    if name == "torch.compile":
        assert peers.build(name, given).run is not None  # compiled by its first call, not here
        return
    with pytest.raises(Missing, match=r"GPUs alone|long compilation|not installed"):
        peers.build(name, given)


@pytest.mark.skipif(not find_spec("openequivariance"), reason="openequivariance is not installed")
def test_openequivariance_is_asked_for_the_same_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OEQ_NOTORCH", "1")
    import openequivariance as oeq  # type: ignore[import-not-found, unused-ignore]

    from benchmarks.gpu.peers.openequivariance_layer import problem

    made_up = problem(oeq, 2, 64, torch.float32)
    assert made_up.weight_numel == 3 * 64


def test_neither_nan_nor_another_shape_passes() -> None:
    right = torch.ones(3, 2, dtype=torch.float64)
    with pytest.raises(WrongAnswer, match="nan"):
        check.require_right(check.relative_error((right / 0 * 0,), (right,)), "float32")
    with pytest.raises(WrongAnswer):
        check.require_right(check.relative_error((right, right * (1 + 1e-4)), (right, right)), "float32")
    check.require_right(check.relative_error((right * (1 + 1e-6),), (right,)), "float32")
    with pytest.raises(ValueError, match="shape"):
        check.relative_error((right.T,), (right,))
    with pytest.raises(ValueError, match="arrays"):
        check.relative_error((right,), (right, right))


def session(said: list[str]) -> measure.Session:
    return measure.Session("cpu", TINY, 3, 0.01, math.inf, FLOOR, said.append)


def test_a_row_has_what_became_of_everyone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours is right, one peer is right, one wrong, one breaks, one is missing; the row goes on."""
    build = peers.build

    def broken(name: str, given: inputs.Inputs) -> Contestant:
        if name == OEQ:
            raise RuntimeError("out\nof memory")
        one = build(name, given)
        return replace(one, answer=lambda found: (one.answer(found)[0] * 1.001,)) if name == TORCH else one

    monkeypatch.setattr(peers, "build", broken)
    monkeypatch.setattr(measure.ours, "contestants", lambda given, both: [(OURS, lambda: build(E3NN, given))])
    said: list[str] = []
    row = measure.measure(Spec(STREAMED, RANDOM, 1, "float32", 32), [E3NN, TORCH, OEQ, "flashtp"], session(said))
    assert [(one.name, one.status) for one in row.entries] == [
        (OURS, "timed"), (E3NN, "timed"), (TORCH, WRONG), (OEQ, FAILED), ("flashtp", MISSING),
    ]  # fmt: skip
    assert row.entries[3].note == "RuntimeError: out of memory"
    assert [one.is_error for one in row.entries] == [False, False, True, False, False]
    assert replace(row.entries[3], name=OURS).is_error and not replace(row.entries[4], name=OURS).is_error
    assert row.peers == (row.entries[1],) and row.entries[1].ratio is not None
    assert len(said) == 5 and all("\n" not in line for line in said)


def test_ours_that_leaves_its_output_alone_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    given = made(STREAMED, 0)
    assert isinstance(given, inputs.Streamed)
    (kept,) = reference.answer(given)

    def spoil() -> None:
        kept.fill_(math.nan)

    lazy = Contestant(run=lambda: kept, answer=lambda found: (kept,), poison=spoil)
    monkeypatch.setattr(measure.ours, "contestants", lambda given, both: [(OURS, lambda: lazy)])
    row = measure.measure(Spec(STREAMED, RANDOM, 0, "float64", 32), [], session([]))
    assert row.entries[0].status == WRONG


def test_rounds_are_interleaved() -> None:
    called: list[str] = []
    found = clock.interleaved({"a": lambda: called.append("a"), "b": lambda: called.append("b")}, 0, "cpu")
    assert [len(one.event.samples) for one in found.values()] == [clock.LEAST_ROUNDS] * 2
    timed = called[4:]
    assert all(set(timed[k : k + 2]) == {"a", "b"} for k in range(0, len(timed), 2))


def test_useful_bytes_are_those_of_the_other_benchmark() -> None:
    from benchmarks.inputs.graph import Graph
    from benchmarks.workloads import gradients, streamed

    for workload in (STREAMED, BACKWARD):
        given = made(workload, 2, "float32")
        assert isinstance(given, inputs.Streamed)
        graph = Graph(*(one.numpy() for one in (given.graph.indptr, given.graph.indices, given.graph.vectors)))
        arrays = (given.radial.numpy(), given.features.numpy())
        if given.cotangents is None:
            expected = streamed._cost(streamed.Inputs(2, graph, *arrays), "float32")
        else:
            expected = gradients._cost(gradients.Inputs(2, graph, *arrays, given.cotangents.numpy()), "float32")
        assert useful_bytes(given) == expected.bytes_moved


def test_random_graphs_have_distinct_senders_in_no_order() -> None:
    graph = random_graph(40, 10, torch.float32, torch.Generator().manual_seed(0))
    senders = graph.indices.reshape(40, 10)
    assert all(len(set(row.tolist()) - {i}) == 10 for i, row in enumerate(senders))
    assert int(senders.min()) == 0 and int(senders.max()) == 39
    assert (senders.diff(dim=1) < 0).float().mean() > 0.3
    assert (graph.vectors < 0).float().mean().item() == pytest.approx(0.5, abs=0.1)
    every = random_graph(5, 4, torch.float32, torch.Generator().manual_seed(0))
    assert all(set(row.tolist()) == set(range(5)) - {i} for i, row in enumerate(every.indices.reshape(5, 4)))
    with pytest.raises(ValueError, match="neighbours"):
        random_graph(4, 4, torch.float32, torch.Generator())


def test_fluids_are_those_of_the_other_benchmark() -> None:
    graph = fluid_graph(200, 10, "float32", 0, "cpu")
    assert graph.nodes == 200 and graph.vectors.dtype == torch.float32
    assert torch.equal(graph.receivers.bincount(minlength=200), graph.indptr.diff())
    assert 8 < graph.edges / 200 < 12


def test_splines_end_at_the_cutoff() -> None:
    table = torch.ones(4 + 3, 2, dtype=torch.float64)
    found = spline.radial(torch.tensor([0.0, 1.0, 1.999, 2.0, 3.0], dtype=torch.float64), table, 2.0, 3)
    np.testing.assert_allclose(found[:, 0], [1, 1, 1, 0, 0], rtol=1e-14)


def test_the_plan_has_every_row_once() -> None:
    found = rows(Sizes(), list(WORKLOADS))
    assert len(set(found)) == len(found) == 12 + 12 + 6 + 6
    assert {spec.workload for spec in rows(Sizes(), [BACKWARD])} == {BACKWARD}
    first = found[0]
    assert peers_of(first, list(PEERS), []) == list(PEERS)
    assert peers_of(replace(first, channels=128), list(PEERS), []) == [E3NN, CUE, OEQ, "flashtp"]
    assert peers_of(replace(first, graph=FLUID), list(PEERS), [CUE]) == [CUE]


def made_up(ours: float, **peers_seconds: float) -> Row:
    """A row that moves 1e9 bytes, a millisecond at the made-up bandwidth."""

    def timing(seconds: float) -> Timing:
        return Timing((seconds, seconds, 2 * seconds))

    own = Entry(OURS, relative_error=1e-7, first_call_seconds=1.0, event=timing(ours), host=timing(ours))
    others = [
        replace(own, name=name, event=timing(seconds), ours_event=timing(ours))
        for name, seconds in peers_seconds.items()
    ]
    missing = Entry(OEQ, MISSING, "not installed")
    return Row(Spec(STREAMED, RANDOM, 1, "float32", 64), {"nodes": 1}, 10**9, (own, *others, missing))


def test_goals_are_judged_by_their_worst_row() -> None:
    good, bad = made_up(1.2e-3, e3nn=40e-3, torch=1.3e-3), made_up(1.3e-3, e3nn=26e-3, torch=1.2e-3)
    share, fastest, e3nn = verdicts(Results(MACHINE, {}, FLOOR, [good]))
    assert share.met and share.worst == pytest.approx(1 / 1.2)
    assert fastest.met and fastest.worst == pytest.approx(1.3 / 1.2)
    assert e3nn.met and e3nn.worst == pytest.approx(40 / 1.2)
    both = verdicts(Results(MACHINE, {}, FLOOR, [good, bad]))
    assert not any(verdict.met for verdict in both)
    assert [verdict.rows_met for verdict in both] == [1, 1, 1]
    assert "NOT met; worst 20 at streamed" in str(both[2])
    own, e3nn_alone = good.entries[0], replace(good.entries[1], ours_event=None)
    without_ours = replace(good, entries=(replace(own, status=FAILED, event=None, host=None), e3nn_alone))
    missed = verdicts(Results(MACHINE, {}, FLOOR, [good, without_ours]))
    assert not any(verdict.met for verdict in missed) and all(math.isnan(v.worst or 0) for v in missed)
    nothing = verdicts(Results(MACHINE, {}, FLOOR))
    assert not any(verdict.met for verdict in nothing) and "not measured" in str(nothing[0])


def test_the_pages_show_what_was_measured() -> None:
    results = Results(MACHINE, {}, FLOOR, [made_up(1.25e-3, e3nn=50e-3)], notes=["No time."])
    short, long = summary(results), markdown(results)
    assert "**CUDA kernels on Made Up 1, 2000-01-01" in short and "# CUDA kernels on Made Up 1, 2000-01-01" in long
    assert "| streamed 1→1 float32 C=64 random | 1.25 | 800 | 80.0 % | 1.25 | 40 | missing |" in short
    row = "| streamed 1→1 float32 C=64 random | e3nn | 50 | 50 | 50.0 % | 3 | 1.25 | 40 | 2.0 % | 1.0e-07 | 1.00 |  |"
    assert row in long and "missing: not installed |" in long
    assert "- No time." in short and "1000 GB/s" in short


def test_tables_are_written_anew_from_json(tmp_path: Path) -> None:
    """NaN, missing peers and notes come back as they were."""
    row = made_up(1e-3, e3nn=2e-3)
    results = Results(MACHINE, {"seed": 0}, FLOOR, [row], notes=["No time."])
    assert as_json(from_json(as_json(results))) == as_json(results)
    (tmp_path / "cuda-made-up-1.json").write_text(as_json(results), encoding="utf-8")
    assert cli.main(["--tables", str(tmp_path / "cuda-made-up-1.json")]) == 0
    assert (tmp_path / "cuda-made-up-1-summary.md").read_text(encoding="utf-8") == summary(results)


@pytest.mark.parametrize("source", sorted(COMMITTED.glob("cuda-*.json")), ids=lambda path: path.stem)
def test_committed_tables_are_those_of_their_json(source: Path) -> None:
    results = from_json(source.read_text(encoding="utf-8"))
    assert source.with_name(f"{source.stem}.md").read_text(encoding="utf-8") == markdown(results)
    assert source.with_name(f"{source.stem}-summary.md").read_text(encoding="utf-8") == summary(results)


def test_json_has_every_round() -> None:
    row = made_up(1e-3, e3nn=2e-3)
    row = replace(row, entries=(replace(row.entries[0], relative_error=math.nan), *row.entries[1:]))
    read = json.loads(as_json(Results(MACHINE, {"seed": 0}, FLOOR, [row])))
    own, e3nn, missing = read["rows"][0]["entries"]
    assert own["relative_error"] is None and own["event"] == {
        "samples": [1e-3, 1e-3, 2e-3], "median": 1e-3, "best": 1e-3, "spread": pytest.approx(0.5),
    }  # fmt: skip
    assert e3nn["ours_event"]["median"] == 1e-3 and missing["event"] is None
    assert read["floor"]["copy_median"] == 1e12


def test_help_needs_no_gpu_and_loads_nothing_heavy() -> None:
    lines = ("import sys; from benchmarks.gpu.cli import parse", "try: parse(['--help'])")
    command = "\n".join((*lines, "finally: print(bool({'torch', 'numba', 'numpy'} & sys.modules.keys()))"))
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.rstrip().endswith("False"), done.stderr
    assert all(name in done.stdout for name in (*PEERS, *WORKLOADS, "--budget"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.gpu.cli import main

    assert main([]) == 1
    assert "no CUDA device" in capsys.readouterr().out
