"""`out=`: the same object comes back, overwritten whole, wherever it lies in memory, even over an input."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu

from tests import inputs, oracles
from tests.promises import check_filled
from tests.tolerances import assert_same_bits

each_l = pytest.mark.parametrize("l_out", oracles.L_OUT)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
KINDS = ("kernel", "apply", "convolve")


def call(kind: str, l_out: int, dtype: Any) -> tuple[Any, list[Any]]:
    """A function and arguments for it; every float argument is writable and owned."""
    p = inputs.problem(l_out, [3, 0, 2, 1], 3, dtype=dtype, weighted=True, seed=4)
    arguments: dict[str, list[Any]] = {
        "kernel": [p.vectors, p.radial[..., 0].copy()],
        "apply": [p.vectors, p.radial, p.features[p.indices]],
        "convolve": [p.indptr, p.indices, p.vectors, p.radial, p.features, p.weights],
    }
    return getattr(cpu, f"{kind}_1_{l_out}"), arguments[kind]


@each_l
@both_dtypes
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", ["contiguous", "strided", "fortran", "unaligned"])
def test_out_is_filled_and_returned(l_out: int, dtype: Any, kind: str, layout: str) -> None:
    """What out held (NaN) is gone, isolated nodes included; its neighbours in memory are untouched."""
    function, arguments = call(kind, l_out, dtype)
    want = function(*arguments)
    blank = np.full_like(want, np.nan)
    out = blank if layout == "contiguous" else inputs.LAYOUTS[layout](blank)
    check_filled(partial(function, *arguments), out, want)


@each_l
@both_dtypes
@pytest.mark.parametrize("kind", KINDS)
def test_out_may_overlap_any_input(l_out: int, dtype: Any, kind: str) -> None:
    """Out shares memory with each float argument in turn, one element off; the result is as with separate memory."""
    function, arguments = call(kind, l_out, dtype)
    want = function(*arguments)
    for i, argument in enumerate(arguments):
        if argument.dtype != dtype:
            continue
        room = np.full(argument.size + want.size + 1, np.nan, dtype)
        inside = room[1 : 1 + argument.size].reshape(argument.shape)
        inside[...] = argument
        out = room[: want.size].reshape(want.shape)
        assert np.shares_memory(inside, out)
        got = function(*arguments[:i], inside, *arguments[i + 1 :], out=out)
        assert got is out
        assert_same_bits(got.copy(), want)


@both_dtypes
@pytest.mark.parametrize("kind", ["apply", "convolve"])
def test_features_may_be_out(dtype: Any, kind: str) -> None:
    """In place: 1→1, whose outputs are shaped like its features, may write over them."""
    function, arguments = call(kind, 1, dtype)
    want = function(*arguments)
    features = arguments[4 if kind == "convolve" else 2]
    assert function(*arguments, out=features) is features
    assert_same_bits(features, want)
