"""What any algorithm must do for a case: bytes to move, operations to carry out."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cost:
    """What any algorithm must do for a case."""

    bytes_moved: int
    """Bytes of every input and of the output, each counted once, whatever is reread."""
    flops: int
    """Multiplications and additions of the formula, as the generated code counts them."""


def total_bytes(*arrays: NDArray[Any]) -> int:
    return sum(array.nbytes for array in arrays)


def output_bytes(shape: tuple[int, ...], dtype: str) -> int:
    return int(np.prod(shape)) * np.dtype(dtype).itemsize


def form_flops(l_out: int) -> int:
    """Operations for one edge and channel: the message as generated, and adding it to the output."""
    counts = _functions()[f"apply_1_{l_out}"]["per_channel"]
    return int(counts["multiplications"] + counts["additions"] + 2 * l_out + 1)


def spline_flops(paths: int, degree: int) -> int:
    """Operations for the radial values of one edge and channel, its B-splines given."""
    return paths * (2 * degree + 1)


@cache
def _functions() -> dict[str, Any]:
    text = resources.files("pocket_tfn").joinpath("catalogue.json").read_text(encoding="utf-8")
    return dict(json.loads(text)["functions"])
