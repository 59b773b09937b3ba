"""What --save writes: tables, one page over all of them, and pictures, the same bytes every time."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import report
from benchmarks.saving import save, saved
from tests.benchmark_results import everything


def test_everything_is_written_and_read_back(tmp_path: Path) -> None:
    """Numbers and tables per workload, and the summary, which has a line for each contestant and goal."""
    found = everything()
    names = {path.name for path in save(found, tmp_path)}
    assert names == {path.name for path in tmp_path.iterdir()}
    for workload in ("streamed", "mixing", "walkers", "laplacian", "scaling", "first-call"):
        assert {f"{workload}-float32-2-threads.{kind}" for kind in ("json", "md")} <= names
    assert list(saved(tmp_path, threads=2)) == found and list(saved(tmp_path, threads=3)) == []
    text = (tmp_path / "summary-2-threads.md").read_text(encoding="utf-8")
    assert "| streamed: e3nn | 108 |" in text
    assert "NOT measured: no luck" in text and text.count("abacus") == 1


def test_one_workload_can_be_measured_again(tmp_path: Path) -> None:
    """The others stay in the summary."""
    found = everything()
    save(found, tmp_path)
    save(found[:1], tmp_path)
    text = (tmp_path / "summary-2-threads.md").read_text(encoding="utf-8")
    assert "streamed: e3nn" in text and "mixing: jax.jit" in text


def test_pictures_are_svg_and_reproducible(tmp_path: Path) -> None:
    """All pictures, well-formed, small, equal when drawn twice."""
    pictures: dict[str, list[bytes]] = {}
    for folder in (tmp_path / "a", tmp_path / "b"):
        save(everything(), folder)
        for path in folder.glob("*.svg"):
            ElementTree.parse(path)
            pictures.setdefault(path.name, []).append(path.read_bytes())
    assert set(pictures) == {f"{name}-2-threads.svg" for name in ("ratios", "walkers", "laplacian", "scaling")}
    for first, second in pictures.values():
        assert first == second and len(first) < 200_000


def test_without_matplotlib_the_pictures_are_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And everything else is written."""
    for name in [name for name in sys.modules if name.startswith(("matplotlib", "benchmarks.plots"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delattr("benchmarks.plots", raising=False)
    written = save(everything(), tmp_path)
    assert written and not [path for path in written if path.suffix == ".svg"]
    assert "matplotlib is not installed" in capsys.readouterr().err


def test_the_report_names_what_is_missing_and_what_it_means() -> None:
    """A missing contestant is a row of the table; goals and faults are lines below it."""
    text = "\n".join(map(report.markdown, everything()))
    assert "| jax.jit, table (missing: jax is not installed) |" in text
    assert "| e3nn | 130 |" in text
    assert "The product takes 1 ms of our call: 80 % of NumPy's rate alone." in text
    assert "Time grows as nodes^1.000" in text
    assert "NOT measured: no luck" in text
