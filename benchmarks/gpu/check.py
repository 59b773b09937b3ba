"""A contestant is timed only if its answer is right: the bounds of benchmarks/check.py, on the device."""

import numpy as np
from torch import Tensor

from benchmarks.check import WrongAnswer, is_right, tolerance
from benchmarks.gpu.contestant import Answer


def relative_error(got: Answer, expected: Answer) -> float:
    """The worst of |got - expected| / |expected| over the arrays; NaN if one has a NaN."""
    if len(got) != len(expected):
        raise ValueError(f"the answer has {len(got)} arrays, not {len(expected)}")
    return float(np.max([_error(one, right) for one, right in zip(got, expected, strict=True)]))


def require_right(error: float, dtype: str) -> None:
    """WrongAnswer unless the error is within rounding; NaN never is."""
    kind = np.dtype(dtype)
    if not is_right(error, kind):
        raise WrongAnswer(f"relative error {error:.1e}, more than {tolerance(kind):.1e}")


def _error(got: Tensor, expected: Tensor) -> float:
    if got.shape != expected.shape:
        raise ValueError(f"the answer has shape {tuple(got.shape)}, not {tuple(expected.shape)}")
    return float((got.double() - expected).norm() / expected.norm())
