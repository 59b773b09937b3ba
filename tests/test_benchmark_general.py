"""The benchmark of general kernels: its oracle, its C loops, what wrong ones come to, and the tables made of it."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest
from pocket_tfn.derive.catalogue import pair
from pocket_tfn.derive.coupling import real_clebsch_gordan

from benchmarks import (
    check,
    confronto,
    confronto_columns,
    confronto_tables,
    confronto_text,
    derivation,
    oracle,
    peers,
    store,
)
from benchmarks.case import Case
from benchmarks.confronto_counts import Counts, Quadratic, chain_law, counts
from benchmarks.confronto_results import Confronto, exponent, growth, slides_law
from benchmarks.contestant import Missing
from benchmarks.cost import form_flops
from benchmarks.derivation_results import Run, Times, markdown
from benchmarks.goals import GOALS
from benchmarks.inputs import coupling, emitted
from benchmarks.measure import _admit
from benchmarks.peers import C_HOISTED, C_NONZERO, C_ROWS, C_SPARSE, OURS
from benchmarks.peers.general import c_loops, c_text, e3nn_layer
from benchmarks.results import MISSING, TIMED, WRONG, Comparison, Measured, Row
from benchmarks.timing import Timing
from benchmarks.verdicts import verdicts
from benchmarks.workloads import WORKLOADS, general
from tests.benchmark_results import FLOOR, MACHINE, timing

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"nodes": 12, "neighbours": 4, "channels": 5}
NOBODY = ModuleType("nobody")
DEGREES = [(l_in, l_out) for l_in in range(4) for l_out in range(4)]
needs_compiler = pytest.mark.skipif(not (shutil.which("cc") or shutil.which("gcc")), reason="no C compiler")


def small(l_in: int, l_out: int, dtype: str, module: ModuleType = NOBODY) -> Case:
    return general.case(l_in, l_out, SIZES, dtype, 3, module)


def admitted(name: str, case: Case) -> Row:
    """What the benchmark makes of a contestant."""
    return _admit(name, case, 1, {key: right() for key, right in case.oracles.items()})[0]


# --- the oracle -------------------------------------------------------------------------------------------


def test_harmonics_are_orthonormal() -> None:
    """By a quadrature exact up to degree 6: Gauss in z, equal steps about it."""
    z, weights = np.polynomial.legendre.leggauss(4)
    angle = 2 * np.pi * np.arange(8) / 8
    rho = np.sqrt(1 - z**2)
    units = np.stack([np.outer(rho, np.cos(angle)), np.outer(rho, np.sin(angle)), np.outer(z, np.ones(8))], axis=-1)
    values = np.concatenate([coupling.harmonics(l, units.reshape(-1, 3)) for l in range(4)], axis=1)
    area = np.repeat(weights, 8) * 2 * np.pi / 8
    np.testing.assert_allclose(values.T * area @ values, np.eye(16), atol=1e-13)


@pytest.mark.parametrize("l_out", [0, 1, 2])
def test_the_definition_is_the_cartesian_form(l_out: int) -> None:
    """The other oracle, made of delta and epsilon, at random directions."""
    units = oracle.unit(np.random.default_rng(1).standard_normal((9, 3)))
    np.testing.assert_allclose(coupling.kernels(1, l_out, units), oracle.forms(l_out, units), atol=1e-14)


@pytest.mark.parametrize(
    "degrees", [d if max(d) < 3 else pytest.param(d, marks=pytest.mark.slow) for d in DEGREES], ids=str
)
def test_e3nn_has_the_same_kernels(degrees: tuple[int, int]) -> None:
    """Path by path up to a constant, of the size that its normalisation says: each path's share of 2 l_out + 1."""
    l_in, l_out = degrees
    found = e3nn_layer.constants(l_in, l_out)
    forms = coupling.kernels(l_in, l_out, np.array([[0.0, 0.6, 0.8]]))[0]
    share = np.sqrt((2 * l_out + 1) / len(forms))
    np.testing.assert_allclose(np.abs(found) * np.linalg.norm(forms, axis=(1, 2)), share, rtol=1e-12)


def test_another_kernel_is_not_e3nns(monkeypatch: pytest.MonkeyPatch) -> None:
    """One component's sign is enough to be refused."""

    def wrong(l_in: int, l_out: int, units: np.ndarray) -> np.ndarray:
        found = coupling.kernels(l_in, l_out, units)
        found[:, 1, 0] *= -1
        return found

    monkeypatch.setattr(e3nn_layer, "kernels", wrong)
    with pytest.raises(check.WrongAnswer, match="path 1 of 2→1"):
        e3nn_layer.constants.__wrapped__(2, 1)


# --- contestants ------------------------------------------------------------------------------------------


def test_the_table_of_terms_is_the_coupling() -> None:
    """Every nonzero coefficient once, divided by λ, where it belongs."""
    first = 0
    table = c_text.terms(2, 1)
    for p, path in enumerate(pair(2, 1).paths):
        size = 2 * path.l_f + 1
        q = np.zeros((size, 3, 5))
        for t in table:
            if t.path == p:
                q[t.m - first, t.a, t.b] = t.q
        first += size
        exact = real_clebsch_gordan(2, path.l_f, 1)
        want = np.array([float(exact[k] / path.contraction_constant) for k in np.ndindex(size, 3, 5)])
        np.testing.assert_allclose(q.ravel(), want, rtol=1e-15)
        assert np.array_equal(q.ravel() != 0, want != 0)
    assert len(table) == len({t[:4] for t in table})


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [C_NONZERO, C_HOISTED, C_ROWS, C_SPARSE])
def test_the_c_loops_are_right(name: str, dtype: str) -> None:
    """Also where degrees differ and channels fill no vector."""
    row = admitted(name, small(2, 1, dtype))
    assert row.status == TIMED and row.relative_error is not None
    assert 0 < row.relative_error < check.tolerance(np.dtype(dtype))


@needs_compiler
@pytest.mark.parametrize("name", [C_NONZERO, C_HOISTED, C_ROWS, C_SPARSE])
def test_a_wrong_coefficient_is_a_wrong_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sign of one term of many: reported, not timed."""
    right = c_text.terms

    def wrong(l_in: int, l_out: int) -> list[c_text.Term]:
        table = right(l_in, l_out)
        return [table[0]._replace(q=-table[0].q), *table[1:]]

    monkeypatch.setattr(c_text, "terms", wrong)
    row = admitted(name, small(2, 1, "float64"))
    assert row.status == WRONG and row.is_error and "relative error" in row.note


@needs_compiler
def test_a_wrong_loop_is_a_wrong_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The last channel left out."""
    broken = tmp_path / "loops.c"
    broken.write_text(c_loops.SOURCE.read_text().replace("c < CHANNELS", "c < CHANNELS - 1"))
    monkeypatch.setattr(c_loops, "SOURCE", broken)
    assert admitted(C_NONZERO, small(2, 1, "float32")).status == WRONG


def test_without_a_compiler_the_c_loops_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is said, and is no error."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    row = admitted(C_HOISTED, small(1, 0, "float32"))
    assert row.status == MISSING and "no C compiler" in row.note and not row.is_error


@needs_compiler
def test_what_does_not_compile_is_missing() -> None:
    with pytest.raises(Missing, match="error"):
        c_loops.built("nonsense", "")


def test_a_wrong_kernel_of_ours_is_an_error() -> None:
    """One number of all."""
    case = small(2, 1, "float64")
    right = case.oracles["definition"]()
    assert isinstance(right, np.ndarray)
    module = ModuleType("ours")
    module.set_num_threads = lambda threads: None  # type: ignore[attr-defined]
    module.convolve_2_1 = lambda *given, out=None: right  # type: ignore[attr-defined]
    case = small(2, 1, "float64", module)
    assert admitted(OURS, case).status == TIMED
    wrong = right.copy()
    wrong[0, 0, 0] += 1
    module.convolve_2_1 = lambda *given, out=None: wrong  # type: ignore[attr-defined]
    row = admitted(OURS, case)
    assert row.status == WRONG and row.is_error


@pytest.mark.slow
def test_ours_and_e3nn_are_right(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of a module emitted on the spot, and read back the next time."""
    monkeypatch.setattr(emitted, "KEPT", tmp_path)
    module = emitted.module.__wrapped__(((0, 1),))
    case = small(0, 1, "float64", module)
    assert [admitted(name, case).status for name in (OURS, peers.OURS_OUT, "e3nn")] == [TIMED] * 3
    assert list(tmp_path.glob("*.py")) and emitted.module.__wrapped__(((0, 1),)).__file__ == module.__file__


def test_operations_are_those_of_the_catalogue() -> None:
    """Where the committed catalogue counts them too."""
    assert [emitted.flops(1, l) for l in (0, 1, 2)] == [form_flops(l) for l in (0, 1, 2)]


@pytest.mark.slow
def test_the_workload_runs() -> None:
    """All contestants but compiled e3nn, through the command line."""
    command = [sys.executable, "-m", "benchmarks", "general", "--quick", "--repeats", "2", "--threads", "1"]
    options = ["--degrees", "2,2", "0,2", "--peers", "C loop", "e3nn", "--dtype", "float32"]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "general 2→2, float32" in done.stdout and "general 0→2, float32" in done.stdout
    assert "wrong answer" not in done.stdout and "failed" not in done.stdout


@pytest.mark.parametrize("text", ["2", "2,5", "-1,2", "a,b", "1,2,3"])
def test_degrees_that_make_no_sense_are_refused(text: str) -> None:
    command = [sys.executable, "-m", "benchmarks", "general", f"--degrees={text}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and f"{text} is not two degrees" in done.stderr


# --- goals ------------------------------------------------------------------------------------------------


def comparison(l: int, dtype: str, **times: float) -> Comparison:
    """Milliseconds, by contestant."""
    names = {
        "ours": OURS,
        "nonzero": C_NONZERO,
        "hoisted": C_HOISTED,
        "rows": C_ROWS,
        "sparse": C_SPARSE,
        "e3nn": "e3nn",
    }
    rows = tuple(Row(names[key], timing=timing(ms)) for key, ms in times.items())
    return Comparison("general", l, dtype, dict(WORKLOADS["general"].sizes), 3, FLOOR, rows, {}, l_in=l)


def test_goals_are_judged_by_their_own_degrees() -> None:
    """3→3 is slower than a C loop here, 2→2 is not."""
    runs = (
        comparison(1, "float32", ours=1, nonzero=0.5, hoisted=0.5, e3nn=1),
        comparison(2, "float32", ours=1, nonzero=3, hoisted=2, rows=1.5, sparse=1, e3nn=40),
        comparison(3, "float32", ours=1, nonzero=3, hoisted=0.9, rows=2, sparse=1, e3nn=29),
    )
    sizes = WORKLOADS["general"].sizes
    found = {v.goal: v for v in verdicts("general", sizes, (1, 2, 3), 2, Measured(comparisons=runs))}
    assert len(found) == sum(goal.workload == "general" for goal in GOALS) == 4
    assert [v.measured for v in found.values()] == pytest.approx([1, 40, 0.9, 29])
    assert [v.met for v in found.values()] == [True, True, False, False]
    assert "general 3→3: times faster than e3nn, at least 30" in found
    assert len(verdicts("general", sizes, (2,), 2, Measured(comparisons=runs))) == 2
    assert verdicts("general", sizes, (), 2, Measured(comparisons=runs)) == ()


# --- the tables -------------------------------------------------------------------------------------------


def made_up() -> Confronto:
    """Times as the square and the cube of 2l + 1."""
    laws = {"ours": 2, "rows": 3, "hoisted": 3.5, "nonzero": 3, "e3nn": 3}
    sizes = WORKLOADS["general"].sizes
    edges = sizes["nodes"] * sizes["neighbours"]
    runs = tuple(
        comparison(l, dtype, **{name: 1e-6 * edges * (2 * l + 1) ** x for name, x in laws.items()})
        for dtype in ("float32", "float64")
        for l in range(4)
    )
    counted = tuple(Counts(l, 2 * l + 1, (2 * l + 1) ** 2, 7, (2 * l + 1) ** 3, 10, (2 * l + 1) ** 5) for l in range(4))
    return Confronto(MACHINE, {"repeats": 3, **sizes}, counted, runs, Quadratic(33, -10, 9, 5))


def test_growth_is_that_of_the_power_law() -> None:
    found = made_up()
    columns = confronto_columns.timed(found, "float32")
    assert [column.title for column in columns] == ["ours", "C, hoisted", "C, nonzero CG", "e3nn"]
    assert [exponent(column.of, range(4)) for column in columns] == pytest.approx([2, 3, 3, 3])
    assert growth(columns[0].of, 3) == pytest.approx(slides_law(3)) == pytest.approx(49 / 9)
    assert found.nanoseconds(2, "float32", OURS) == pytest.approx(25)
    assert found.nanoseconds(2, "float32", "torch") is None and exponent(columns[0].of, (0, 1)) is None


def test_the_numbers_are_in_the_tables() -> None:
    text = confronto_tables.markdown(made_up())
    assert "| 2→2 | 5: J = 0..4 | 25 | 125 | 30 | 3125 | 7 |" in text
    assert "| 2→2 | 25 (15 %) | 125 (15 %) | 125 (15 %) | 125 (15 %) | 5 | 5 | 5 |" in text
    assert "| the slides' general TFN: (2l+1)² | 0.111 | 1 | 2.78 | 5.44 | 2.00 |" in text
    assert "counted for l = 1 to 5, are 33l² - 10l + 9" in text and "the other 2 fit exactly" in text
    assert "†" not in text.partition("†: it exceeds 25 %")[0] and "dagger" not in confronto_tables.latex(made_up())
    assert "\\infty" not in text and "nan" not in text


def noisy(found: Confronto, l: int) -> Confronto:
    """Our float32 times of l→l far apart, with the same median."""

    def spread_out(run: Comparison) -> Comparison:
        first, *others = run.rows
        middle = first.timing.median if first.timing else 0.0
        loud = replace(first, timing=Timing((0.2 * middle, middle, 2 * middle)))
        return replace(run, rows=(loud, *others)) if run.degrees == (l, l) and run.dtype == "float32" else run

    return replace(found, comparisons=tuple(map(spread_out, found.comparisons)))


def test_noise_is_marked_and_not_told_as_a_finding() -> None:
    """Wherever the time goes into, and nowhere else."""
    found = noisy(made_up(), 3)
    text, tex = confronto_tables.markdown(found), confronto_tables.latex(found)
    assert "| 3→3 | 49 (90 %)† | 343 (15 %) | 343 (15 %) | 343 (15 %) | 7† | 7† | 7† |" in text
    assert "| time, ours, float32 | 0.111 | 1 | 2.78 | 5.44† | 2.00† |" in text
    assert "| time, ours, float64 | 0.111 | 1 | 2.78 | 5.44 | 2.00 |" in text
    assert "time 5.44† times (too noisy to compare) in float32, time 5.44 times (as much) in float64" in text
    assert r"49$^\dagger$" in tex and r"5.44$^\dagger$" in tex and r"25\,\% of the median" in tex
    assert "9.0 †" not in text and "| 1→1, pocket | 9 (15 %) |" in text


def test_verdicts_follow_the_numbers() -> None:
    """Other counts, other words: no sentence is a constant."""
    found = made_up()
    text = "\n".join(confronto_text.notes_of(found))
    assert "= 9 for l_max = 1 and 3 for the pocket kernel, 3 times" in text
    assert "takes 30 (nonzero CG) or 243 (as defined) operations for an edge and channel against 9: 3.33 or 27 " in text
    assert "grow 5.44 times (as much)" in text and "not what is emitted for l = [1, 2, 3]" in text
    counts_ = [replace(c, chosen=(2 * c.l + 1) ** 3) for c in found.counts]
    steep = "\n".join(confronto_text.notes_of(replace(found, counts=tuple(counts_), chain=None)))
    assert "grow 12.7 times (more)" in steep and "No law of the chain's operations" in steep
    flat = "\n".join(confronto_text.notes_of(replace(found, counts=tuple(replace(c, chosen=9) for c in found.counts))))
    assert "grow 1 times (less)" in flat
    law = tuple(replace(c, chosen=33 * c.l**2 - 10 * c.l + 9) for c in found.counts)
    assert "what is emitted above is that chain" in "\n".join(confronto_text.notes_of(replace(found, counts=law)))


@pytest.mark.parametrize("command", [confronto, derivation])
def test_nothing_stored_is_one_clear_line(
    command: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        command.main(["--again", "--results", str(tmp_path)])
    assert stopped.value.code == 2 and "--again, but there is no" in capsys.readouterr().err


def test_a_contestant_that_was_not_timed_has_no_column() -> None:
    found = made_up()
    runs = tuple(comparison(l, "float32", ours=1 + l) for l in range(4))
    without = Confronto(found.machine, found.settings, found.counts, runs)
    assert "e3nn" not in confronto_tables.markdown(without) and "e3nn" not in confronto_tables.latex(without)


def test_the_chain_is_counted() -> None:
    """Small degrees: as the catalogue has them, and what the definition costs."""
    found = [counts(l) for l in (0, 1)]
    assert [c.chosen for c in found] == [1, form_flops(1) - 3]
    assert [c.coefficients for c in found] == [1, 20] and found[1].loop == 60
    assert found[1].chosen < found[1].matrix < found[1].definition


@pytest.mark.slow
def test_the_chains_operations_are_a_quadratic_polynomial() -> None:
    """Of four counts the last is predicted."""
    assert chain_law(4) == Quadratic(33, -10, 9, 4) and chain_law(3) is None


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX")
def test_the_latex_compiles(tmp_path: Path) -> None:
    """With no package at all."""
    table = confronto_tables.latex(made_up())
    (tmp_path / "a.tex").write_text(f"\\documentclass{{article}}\\begin{{document}}\\tiny\n{table}\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_all_is_written_twice_the_same(tmp_path: Path) -> None:
    """And what is stored makes the same tables and picture again."""
    for folder in ("a", "b"):
        confronto.write(made_up(), tmp_path / folder)
    assert confronto.main(["--again", "--results", str(tmp_path / "b")]) == 0
    for kind in ("json", "md", "tex", "svg"):
        first, second = ((tmp_path / folder / f"confronto.{kind}").read_bytes() for folder in "ab")
        assert first == second and len(first) < 200_000
    ElementTree.parse(tmp_path / "a" / "confronto.svg")


def as_committed(stored: Path, drawn: Path) -> bool:
    """Whether the pictures are the same; skipped where another matplotlib drew the committed one."""
    version = f"Matplotlib v{importlib.metadata.version('matplotlib')},"
    if version not in stored.read_text(encoding="utf-8"):
        pytest.skip("the committed picture is another matplotlib's")
    return stored.read_bytes() == drawn.read_bytes()


@pytest.mark.parametrize(("command", "name"), [(confronto, "confronto"), (derivation, "derivation-times")])
def test_what_is_committed_is_made_of_the_committed_numbers(command: ModuleType, name: str, tmp_path: Path) -> None:
    """Tables and, by the same matplotlib, pictures."""
    stored = ROOT / "benchmarks" / "results" / f"{name}.json"
    if not stored.exists():
        pytest.skip("not measured yet")
    shutil.copy(stored, tmp_path)
    assert command.main(["--again", "--results", str(tmp_path)]) == 0
    written = sorted(path.name for path in tmp_path.iterdir())
    for path in (stored.with_name(file) for file in written if not file.endswith("svg")):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()
    assert as_committed(stored.with_suffix(".svg"), tmp_path / f"{name}.svg")


def test_the_committed_counts_are_those_of_the_code() -> None:
    stored = ROOT / "benchmarks" / "results" / "confronto.json"
    for count in store.loaded(Confronto, stored.read_text(encoding="utf-8")).counts[:2]:
        assert count == counts(count.l)


# --- time to derive ---------------------------------------------------------------------------------------


def test_times_of_derivation_are_tabulated_and_drawn(tmp_path: Path) -> None:
    """Theorems, goals, and the same from what was stored."""
    runs = tuple(
        Run(l, (l + 1) ** 3, 2, 10**6, {"T1": 0.1 * l, "T5": 9.0 * l}, 0.5, 20.0 * l, 21.0 * l) for l in range(4)
    )
    found = Times(MACHINE, runs)
    text = markdown(found)
    assert "| T5 | 0.00 | 9.0 | 18.0 | 27.0 |" in text
    assert "| goal |  |  | 40, NOT met | 180, met |" in text
    derivation.write(found, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {f"derivation-times.{kind}" for kind in ("json", "md", "svg")}
    assert derivation.main(["--again", "--results", str(tmp_path)]) == 0
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@pytest.mark.slow
def test_a_derivation_is_timed() -> None:
    """Scalars to scalars, in a process of its own."""
    run = derivation.run(0, 1)
    assert run.paths == 1 and run.theorems and run.wall > run.seconds > sum(run.theorems.values()) > 0


def test_the_c_loops_leave_denormals_alone() -> None:
    """Linked with -ffast-math, the library would have whatever this process computes round them to zero."""
    assert admitted("C loop, sparse", small(1, 1, "float32")).status == "timed"
    smallest = np.nextafter(np.zeros(1), 1)
    assert (2 * smallest > 0).all()
