"""The example: equivariant on real structures, a picture, clear errors; and it notices when it is not equivariant."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture
def molecule(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """examples/molecule.py as a module."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import molecule

    return molecule


@pytest.mark.parametrize("structure, dtype", [("H2O", "float64"), ("C6H6", "float32"), ("icosahedron:Au:2", "float64")])
def test_runs_and_draws(molecule: ModuleType, structure: str, dtype: str, tmp_path: Path, capsys: Any) -> None:
    """Exit status 0, the errors beside machine epsilon, and a picture that is not blank."""
    picture = tmp_path / "out.png"
    assert molecule.main(["--structure", structure, "--dtype", dtype, "--output", str(picture)]) == 0
    printed = capsys.readouterr().out
    assert "rotation" in printed.lower() and "eps" in printed.lower()
    pixels = np.asarray(Image.open(picture).convert("L"))
    assert pixels.std() > 5


def test_unknown_structure_is_one_line(molecule: ModuleType, tmp_path: Path, capsys: Any) -> None:
    """A name that ASE does not know: exit status 2 and one line."""
    with pytest.raises(SystemExit) as stop:
        raise SystemExit(molecule.main(["--structure", "unobtainium", "--output", str(tmp_path / "x.png")]))
    assert stop.value.code == 2
    assert "unobtainium" in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()


def test_a_convolution_that_is_not_equivariant_is_noticed(
    molecule: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A flipped output component gives exit status 1 and no picture."""
    right = molecule.CONVOLUTIONS[1]

    def wrong(*arguments: Any, **options: Any) -> Any:
        out = right(*arguments, **options)
        out[:, 0] *= -1
        return out

    monkeypatch.setitem(molecule.CONVOLUTIONS, 1, wrong)
    assert molecule.main(["--structure", "H2O", "--output", str(tmp_path / "x.png")]) == 1
    assert not (tmp_path / "x.png").exists()


def test_the_committed_picture_is_readable() -> None:
    """The picture of the README is there, large enough to look at and small enough to load."""
    picture = FOLDER / "molecule.png"
    with Image.open(picture) as image:
        assert image.width >= 1200
    assert picture.stat().st_size < 800_000
