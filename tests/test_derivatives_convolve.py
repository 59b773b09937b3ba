"""First and second derivatives of convolutions on any graph: gradcheck and gradgradcheck against complex steps."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from tests import inputs, oracles
from tests.derivative_cases import CHANNELS, FIRST, Case, convolutions, convolve_case, forward
from tests.tolerances import assert_close, assert_same_bits, tolerance

#: One key of each test at once: to compile the others takes most of the time, and T14 has the same text for all.
each_key = pytest.mark.parametrize("key", FIRST)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
both = pytest.mark.parametrize("normalize", [True, False])


@given(convolutions())
@settings(deadline=None, max_examples=150, derandomize=True)
def test_gradients_and_second_order(case: Case) -> None:
    """VJP, JVP and second order on any small graph, isolated nodes, no nodes and vectors of length 0 included."""
    case.check(case.every())


@pytest.mark.slow
@given(convolutions(oracles.SUBSETS))
@settings(deadline=None, max_examples=100, derandomize=True)
def test_paths_of_one_parity(case: Case) -> None:
    """The same for the paths of one parity, which share all but their scalar functions."""
    case.check(case.every())


@each_key
@both_dtypes
@both
def test_blocks_of_edges(key: str, dtype: Any, normalize: bool) -> None:
    """Senders and receivers with more edges than have their geometry computed at once, and one with none."""
    case = convolve_case(key, dtype, (3, 0, 150, 64, 1, 63, 65), normalize=normalize, zero_vectors=True, seed=1)
    case.check(case.every())
    senders = case.fixed["indices"].copy()
    senders[:] = np.where(np.arange(len(senders)) % 3, 4, senders)  # one that most edges leave from
    crowded = case.changed(fixed={**case.fixed, "indices": senders})
    crowded.check(crowded.every())


@pytest.mark.parametrize("channels", [1, 13, pytest.param(3, marks=pytest.mark.slow)])
@both_dtypes
@both
@pytest.mark.parametrize("key", ["1_1", *(pytest.param(k, marks=pytest.mark.slow) for k in ("1_0", "1_2"))])
def test_channels(key: str, dtype: Any, channels: int, normalize: bool) -> None:
    """One channel, and numbers that do not fill vectors: each counts once in what is summed over channels."""
    case = convolve_case(key, dtype, (2, 0, 5, 1), channels, normalize=normalize, seed=channels)
    case.check(case.every())


@pytest.mark.parametrize("channels", [17, *(pytest.param(c, marks=pytest.mark.slow) for c in (2, 4, 7, 16, 33, 40))])
@both_dtypes
def test_more_channels(channels: int, dtype: Any) -> None:
    """A part of a vector; one, two and more, filled and not."""
    case = convolve_case("1_1", dtype, (2, 0, 5, 1), channels, seed=channels)
    case.check(case.every())


@each_key
@pytest.mark.parametrize("degrees", [[], [0], [0, 0, 0], [4], [0, 0, 3, 0]])
@pytest.mark.parametrize("channels", [0, CHANNELS])
def test_small_graphs(key: str, degrees: list[int], channels: int) -> None:
    """No nodes, no edges, no channels: empty or zero results of the right shapes."""
    case = convolve_case(key, np.float64, degrees, channels, seed=5)
    case.check(case.every())
    silent = np.bincount(case.fixed["indices"], minlength=len(degrees)) == 0
    for found in (case.vjp(), case.hvp()):
        assert not found["features"][silent].any()
        assert channels or not any(a.any() for a in found.values())


@each_key
@both_dtypes
def test_without_weights(key: str, dtype: Any) -> None:
    """Weights left out are weights of one, and have no cotangents."""
    case = convolve_case(key, dtype, weighted=False, seed=6)
    got = case.every()
    case.check(got)
    assert case.call("vjp").weights is None and case.call("hvp").weights is None
    ones = case.changed(weights=np.ones(len(case.fixed["indices"]), dtype))
    wanted = case.expected()
    for name, array in ones.every().items():
        if name in got:
            case.close(name, array, got[name], wanted[name][1], factor=2)


@each_key
@both_dtypes
@both
def test_the_value_of_the_jvp(key: str, dtype: Any, normalize: bool) -> None:
    """What jvp returns first is what the function itself gives, but for roundings."""
    case = convolve_case(key, dtype, normalize=normalize, seed=7)
    scale = case.expected()["value"][1]
    assert_close(case.jvp()[0], forward(case), scale, limit=2 * case.limit, dtype=dtype, axis=-2)


@inputs.float32_first
@both
def test_tangents_left_out_are_zero(dtype: Any, normalize: bool) -> None:
    """Each alone, the others left out or zero; none at all gives zeros."""
    case = convolve_case("1_1", dtype, seed=8, normalize=normalize)
    zeros = {name: np.zeros_like(a) for name, a in case.tangents.items()}
    for name, tangent in case.tangents.items():
        alone = dataclasses.replace(case, tangents={name: tangent})
        filled = dataclasses.replace(case, tangents={**zeros, name: tangent})
        alone.check(alone.every())
        filled.check(filled.every())
    none = dataclasses.replace(case, tangents={})
    assert not none.jvp()[1].any()
    assert not any(a.any() for a in none.hvp().values())


@each_key
def test_index_types(key: str) -> None:
    """int32 and int64, mixed too, give the same bits; no edges may be an empty list."""
    case = convolve_case(key, seed=9)
    want = case.every()
    for a in inputs.INDEX_TYPES:
        for b in inputs.INDEX_TYPES:
            fixed = {"indptr": case.fixed["indptr"].astype(a), "indices": case.fixed["indices"].astype(b)}
            for name, array in case.changed(fixed=fixed).every().items():
                assert_same_bits(array, want[name])
    empty = convolve_case(key, np.float64, (0, 0))
    empty.check(empty.changed(fixed={"indptr": [0, 0, 0], "indices": []}).every())


def test_the_limits_are_tight() -> None:
    """A relative error of 1e-14, in float64 and in any one quantity, does not pass."""
    case = convolve_case("1_1", seed=10)
    assert case.limit < 64 * tolerance(np.float64).eps
    for name, array in case.every().items():
        with pytest.raises(AssertionError):
            case.check({**case.every(), name: array * (1 + 3e-14)})
