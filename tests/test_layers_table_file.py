"""Tables in files: every bit comes back, equal tables make equal files, anything else is refused with its reason."""

from __future__ import annotations

import pickle
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pocket_tfn.layers import RadialTable, TableErrors

from tests.tolerances import assert_same_bits


def table(dtype: Any = np.float32) -> RadialTable:
    """A fitted one."""
    return RadialTable.fit(lambda r: np.exp(-r * r) * (1 - r / 3) ** 3, 3.0, 1e-5, dtype=dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["table.npz", "table.bin", "table"])
def test_round_trip(tmp_path: Path, name: str, dtype: Any) -> None:
    """At exactly the path given, bit for bit, and the same bytes again."""
    before = table(dtype)
    before.save(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    after = RadialTable.load(str(tmp_path / name))
    assert_same_bits(after.coefficients, before.coefficients)
    assert (after.cutoff, after.degree, after.tolerance) == (before.cutoff, before.degree, before.tolerance)
    assert after.errors is not None and before.errors is not None
    for field in fields(TableErrors):
        assert_same_bits(getattr(after.errors, field.name), getattr(before.errors, field.name))
    assert repr(after) == repr(before)
    first = (tmp_path / name).read_bytes()
    after.save(tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_round_trip_of_a_table_that_nobody_measured(tmp_path: Path) -> None:
    """No tolerance, no errors; other byte orders and strides become native."""
    strange = np.random.default_rng(0).standard_normal((3, 2, 9)).astype(">f8").T
    RadialTable(strange, 1.5, 3).save(tmp_path / "t")
    again = RadialTable.load(tmp_path / "t")
    assert again.errors is None and again.tolerance is None
    assert_same_bits(again.coefficients, np.ascontiguousarray(strange, np.float64))


def content(**changes: Any) -> dict[str, Any]:
    """What a good file holds, with changes; None removes an entry."""
    zeros = np.zeros((3, 2))
    good: dict[str, Any] = {
        "format": "pocket_tfn.RadialTable",
        "version": 1,
        "coefficients": np.ones((9, 2, 3)),
        "cutoff": 2.0,
        "degree": 5,
        "tolerance": 1e-3,
        "absolute": zeros,
        "scale": zeros + 1,
        "uncertainty": zeros,
        "jump": zeros,
    }
    return {k: v for k, v in (good | changes).items() if v is not None}


def test_the_good_content_is_good(tmp_path: Path) -> None:
    """Else the refusals below would prove nothing."""
    np.savez(tmp_path / "t.npz", **content())
    assert RadialTable.load(tmp_path / "t.npz").n_intervals == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": None}, "format"),
        ({"format": "other"}, "other"),
        ({"version": 2}, "version is 2, this release reads 1"),
        ({"coefficients": None}, "coefficients"),
        ({"coefficients": np.ones((9, 2))}, "shape"),
        ({"coefficients": np.ones((9, 2, 3), int)}, "int64"),
        ({"coefficients": np.full((9, 2, 3), np.nan)}, "NaN"),
        ({"coefficients": np.array([object()])}, "pickle"),
        ({"cutoff": -2.0}, "cutoff"),
        ({"cutoff": np.ones(3)}, "is not a radial table"),
        ({"degree": 4}, "degree"),
        ({"tolerance": None}, "tolerance"),
        ({"scale": None}, "scale"),
        ({"scale": np.ones((2, 2))}, "scale"),
        ({"absolute": np.full((3, 2), np.nan)}, "absolute"),
        ({"absolute": np.zeros((3, 1))}, "different shapes"),
        ({k: np.ones((3, 5)) for k in ("absolute", "scale", "uncertainty", "jump")}, "number of paths"),
    ],
)
def test_wrong_content(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = tmp_path / "t.npz"
    np.savez(path, **content(**changes))
    with pytest.raises(ValueError, match=message) as caught:
        RadialTable.load(path)
    assert "t.npz is not a radial table" in str(caught.value)


class Bomb:
    """Unpickling this would raise something else."""

    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('unpickled')",))


def test_other_files(tmp_path: Path) -> None:
    """Text, pickles, single arrays, truncated and corrupted tables; an absent file is an absent file."""
    path = tmp_path / "t.npz"
    table().save(path)
    whole = path.read_bytes()
    place = whole.index(table().coefficients.tobytes()[:64])
    corrupted = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    np.save(tmp_path / "single.npy", np.ones(3))
    single = (tmp_path / "single.npy").read_bytes()
    for bad in (b"", b"radial table", pickle.dumps(Bomb()), single, whole[: len(whole) // 2], whole[:-1], corrupted):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match=r"t\.npz is not a radial table: ."):
            RadialTable.load(path)
    with pytest.raises(FileNotFoundError):
        RadialTable.load(tmp_path / "absent.npz")
