"""The benchmark of the group convolution: inputs, answers, refusals; table and picture are of the saved numbers."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from benchmarks import group_convolution
from benchmarks.group_convolution import RESULTS, STEM, WrongAnswer
from benchmarks.group_problem import DEGREE, Problem, cage
from benchmarks.group_results import as_json, from_json, markdown
from benchmarks.plots import group_convolution as picture
from benchmarks.plots.style import save


def test_cage() -> None:
    """60 atoms at one distance of the centre, three bonds of one length each."""
    x = cage()
    assert x.shape == (60, 3)
    assert np.abs(np.linalg.norm(x, axis=1) - 3.55).max() < 1e-14
    distances = np.sort(np.linalg.norm(x[:, None] - x, axis=-1), axis=1)
    bond = 3.55 * 4 / np.sqrt(58 + 18 * np.sqrt(5))
    assert np.abs(distances[:, 1:4] - bond).max() < 1e-14 and distances[:, 4].min() > 1.5 * bond


def test_answers() -> None:
    """All ways agree from the exact degree on, and not before."""
    problem, exact = Problem(1.6, 8), DEGREE + 2
    assert problem.error(problem.in_numpy()) < 1e-14 and 0 < problem.error(problem.tabulated()) < 1e-6
    assert problem.error(problem.one_integral("polynomial", exact)()) < 1e-14
    assert problem.error(problem.one_integral("polynomial", exact - 1)()) > 1e-3
    one, two = problem.one_integral("polynomial", 2)(), problem.two_integrals(2)()
    assert np.abs(one - two).max() < 1e-14 * np.abs(one).max()
    both = problem.exact_two()
    assert problem.error(both(problem.graph, problem.features)) < 1e-14
    assert (len(both.receivers), len(both.senders)) == (84, 18)
    assert 1e-9 < problem.error(problem.one_integral("bumps", exact)(), "bumps") < 0.1


def test_wrong_answers_stop_it() -> None:
    """An error where there must be none, none where there must be one, and NaN."""
    for error, exact in ((1e-12, True), (1e-15, False), (float("nan"), True), (float("nan"), False)):
        with pytest.raises(WrongAnswer, match="the relative error is"):
            group_convolution._checked("name", error, exact)
    assert group_convolution._checked("name", 1e-15, True) == 1e-15


def test_saved_numbers(tmp_path_factory: pytest.TempPathFactory) -> None:
    """JSON comes back as it was; the table and the picture beside it are drawn from it."""
    text = (RESULTS / f"{STEM}.json").read_text(encoding="utf-8")
    found = from_json(text)
    assert as_json(found) == text
    assert markdown(found) == (RESULTS / f"{STEM}.md").read_text(encoding="utf-8")
    drawn = save(picture.figure(found), tmp_path_factory.mktemp("picture") / "drawn.svg")
    committed = RESULTS / f"{STEM}.svg"
    if f"Matplotlib v{metadata.version('matplotlib')}," in committed.read_text(encoding="utf-8"):
        assert drawn.read_bytes() == committed.read_bytes()
    assert found.exact_two.error < 1e-13 and found.exact_two.rotations == (84, 18)
    for point in found.points:
        assert (point.errors["polynomial"] < 1e-13) == (point.degree >= found.exact_degree)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--degrees", "4"], "--degrees must be at least 5, not 4"),
        (["--cutoff", "nan"], "--cutoff must exceed the bonds"),
    ],
)
def test_bad_requests(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2 and one clear line."""
    with pytest.raises(SystemExit) as stopped:
        group_convolution.parse(arguments)
    assert stopped.value.code == 2 and message in capsys.readouterr().err


def test_again_without_numbers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear line, by either name of the option."""
    assert group_convolution.parse(["--draw"]).again
    monkeypatch.setattr(group_convolution, "RESULTS", tmp_path)
    for option in ("--again", "--draw"):
        with pytest.raises(SystemExit) as stopped:
            group_convolution.parse([option])
        assert stopped.value.code == 2 and "--again, but there is no" in capsys.readouterr().err
