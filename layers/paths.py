"""Which paths a kernel from vectors has, as the catalogue tells them, and what the kernel of some of them is called."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

#: Parities of l_in + l_f + l_out: all; true vectors to true tensors; true vectors to pseudotensors.
PARITIES = {"": (0, 1), "polar": (0,), "axial": (1,)}


def paths(l_out: int, parity: str) -> list[dict[str, Any]]:
    """The catalogue's records of the paths 1 → l_out of this parity, in the order of the radial functions."""
    records = (p for p in _catalogue() if (p["l_in"], p["l_out"]) == (1, l_out))
    return [p for p in records if (p["l_in"] + p["l_f"] + p["l_out"]) % 2 in PARITIES[parity]]


def suffix(l_out: int, parity: str) -> str:
    """The end of a function's name, such as 1_2_polar; nothing of parity where all paths are of one."""
    everything = paths(l_out, parity) == paths(l_out, "")
    return "_".join(filter(None, ["1", str(l_out), "" if everything else parity]))


def named(path: dict[str, Any]) -> str:
    """Such as b (l_f = 1)."""
    return f"{path['radial']} (l_f = {path['l_f']})"


@cache
def _catalogue() -> list[dict[str, Any]]:
    text = resources.files("pocket_tfn").joinpath("catalogue.json").read_text(encoding="utf-8")
    return list(json.loads(text)["paths"])
