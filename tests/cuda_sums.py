"""Sums over neighbours on a GPU, beside the oracle and the CPU module: what the files of cases share.

The arguments are those of tests/cases.py, but few: a simulated thread takes a tenth of a millisecond.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pocket_tfn import cuda as gpu

from .cases import Case, case
from .cuda_arrays import Array, on_device, on_host
from .test_cpu_solid import expected, unscaled
from .tolerances import assert_close, assert_same_bits

GRAPHS = ("convolve", "convolve_tabulated", "convolve_mixing")
KINDS = (*GRAPHS, "convolve_walkers")
#: Those whose threads have vectors of channels, by a plan; products mix what has one channel a thread.
PLANNED = ("convolve", "convolve_tabulated", "convolve_walkers")
TABLES = ("convolve_tabulated", "convolve_walkers")
FULL = ("1_0", "1_1", "1_2")
each_kind = pytest.mark.parametrize("kind", KINDS)
both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])
#: By the NumPy scalars that the simulator computes with, where a GPU rounds in silence.
quiet = pytest.mark.filterwarnings("ignore:.*(overflow|invalid value|divide by zero) encountered")

#: An isolated receiver, and more edges than a group of four takes at once.
SMALL: dict[str, dict[str, Any]] = {
    "convolve": {"degrees": (3, 0, 5, 1), "channels": 3},
    "convolve_tabulated": {"degrees": (3, 0, 5, 1), "channels": 3, "intervals": 4},
    "convolve_mixing": {"degrees": (3, 0, 5, 1), "channels": 3, "functions": 2, "mixed": 2},
    "convolve_walkers": {"walkers": 2, "particles": 3, "channels": 3, "intervals": 4},
}


def small(kind: str, key: str, dtype: Any = np.float64, **options: Any) -> Case:
    """The usual case of a kind, but small."""
    c = case(kind, key, np.dtype(dtype).type, **{**SMALL[kind], **options})
    return c.changed(**{n: np.ascontiguousarray(a) for n, a in c.arguments.items() if isinstance(a, np.ndarray)})


def on_gpu(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arrays there, all else as it is."""
    return {name: on_device(value) for name, value in arguments.items()}


def call(c: Case, **options: Any) -> Array:
    """The result of the GPU module, on the host."""
    return on_host(getattr(gpu, c.name)(**on_gpu(c.arguments), **options))


def on_cpu(c: Case, **options: Any) -> Array:
    """The CPU module's, in silence: it may be interpreted here."""
    with np.errstate(all="ignore"):
        return c(**options)


def check(c: Case, normalize: bool = True) -> Array:
    """The GPU's result, which is what the oracle and the CPU module say."""
    if normalize:
        got = call(c)
        want, scale = c.expected()
    else:
        c = unscaled(c)
        got = call(c, normalize=False)
        want, scale = expected(c)
    assert_close(got, want, scale, limit=c.limit, dtype=c.dtype, axis=-2)
    assert_close(got, on_cpu(c, normalize=normalize), scale, limit=2 * c.limit, dtype=c.dtype, axis=-2)
    return got


def check_spoilt(c: Case, where: Any, **changes: Any) -> None:
    """Changed arguments, which hold NaN, make NaN of got[where] and leave every bit elsewhere."""
    want, got = call(c), call(c.changed(**changes))
    assert not np.isnan(want).any()
    spoilt = np.zeros(want.shape, bool)
    spoilt[where] = True
    assert spoilt.any()
    assert np.isnan(got[spoilt]).all()
    assert_same_bits(got[~spoilt], want[~spoilt])
