"""A contestant is timed only if its answer is right."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class WrongAnswer(Exception):
    """A contestant does not compute the convolution."""


ROUNDINGS = 64
"""How many units of rounding a convolution may lose: tens of neighbours, a few operations each."""


def tolerance(dtype: np.dtype[Any]) -> float:
    """The bound on `relative_error` for an answer computed in `dtype`."""
    return ROUNDINGS * float(np.finfo(dtype).eps)


def relative_error(got: NDArray[Any], expected: NDArray[np.float64]) -> float:
    """|got - expected| / |expected|, Euclidean norms over the whole answer; NaN if `got` has one.

    One wrong number among all n is still an error of about 1/sqrt(n), far above rounding.
    """
    if got.shape != expected.shape:
        raise ValueError(f"the answer has shape {got.shape}, not {expected.shape}")
    return float(np.linalg.norm(got.astype(np.float64) - expected) / np.linalg.norm(expected))


def is_right(error: float, dtype: np.dtype[Any]) -> bool:
    """False for NaN, since no comparison with NaN holds."""
    return error <= tolerance(dtype)
