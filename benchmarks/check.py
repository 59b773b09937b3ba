"""A contestant is timed only if its answer is right."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contestant import Answer


class WrongAnswer(Exception):
    """A contestant does not compute the convolution."""


ROUNDINGS = 64
"""How many units of rounding a convolution may lose: tens of neighbours, a few operations each."""


def tolerance(dtype: np.dtype[Any], roundings: int = ROUNDINGS) -> float:
    """The bound on `relative_error` for an answer computed in `dtype`."""
    return roundings * float(np.finfo(dtype).eps)


def relative_error(got: Answer, expected: Answer) -> float:
    """|got - expected| / |expected|, Euclidean norms over the whole answer; NaN if `got` has one.

    One wrong number among all n is still an error of about 1/sqrt(n), far above rounding. Of several arrays the worst.
    """
    if isinstance(got, tuple) and isinstance(expected, tuple):
        return float(np.max([_error_of_one(*pair) for pair in zip(got, expected, strict=True)]))
    if isinstance(got, tuple) or isinstance(expected, tuple):
        raise ValueError("one of answer and oracle is several arrays, the other is one")
    return _error_of_one(got, expected)


def _error_of_one(got: NDArray[Any], expected: NDArray[Any]) -> float:
    if got.shape != expected.shape:
        raise ValueError(f"the answer has shape {got.shape}, not {expected.shape}")
    return float(np.linalg.norm(got.astype(np.float64) - expected) / np.linalg.norm(expected))


def is_right(error: float, dtype: np.dtype[Any], roundings: int = ROUNDINGS) -> bool:
    """False for NaN, since no comparison with NaN holds."""
    return error <= tolerance(dtype, roundings)
