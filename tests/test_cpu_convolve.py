"""The convolution equals its definition, whatever the graph, the memory layout, the number of threads, and `out`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from pocket_tfn import cpu

from tests import inputs, oracles
from tests.cases import CHANNELS
from tests.inputs import Problem, problem
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance

CONVOLVE = {l: getattr(cpu, f"convolve_1_{l}") for l in oracles.L_OUT}
each_l = pytest.mark.parametrize("l_out", oracles.L_OUT)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)


def run(p: Problem, **options: Any) -> Any:
    return CONVOLVE[p.l_out](*p.arguments, **options)


def check(p: Problem, got: Any) -> None:
    """Compare with the oracle."""
    want, scale = oracles.convolve(p.l_out, *p.arguments)
    limit = tolerance(p.dtype).total(p.degree)
    assert_close(got, want, scale, limit=limit, dtype=p.dtype, axis=-2)


@given(inputs.problems())
@settings(deadline=None, max_examples=150, derandomize=True)
def test_definition(p: Problem) -> None:
    """Σ_e w_e K(r_e) f_j(e) on any small graph, isolated nodes, no nodes and vectors of length 0 included."""
    check(p, run(p))


@each_l
@both_dtypes
@pytest.mark.parametrize("weighted", [False, True])
def test_many_edges(l_out: int, dtype: Any, weighted: bool) -> None:
    """A graph large enough to be shared among threads, one receiver with most of the edges."""
    degrees = [3] * 600 + [0] * 50 + [2000] + [5] * 100
    p = problem(l_out, degrees, CHANNELS, dtype=dtype, weighted=weighted, seed=l_out)
    assert len(p.indices) * CHANNELS >= cpu._INLINE_WORK
    check(p, run(p))


@each_l
@both_dtypes
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7, 8, 13, 16, 31, 32, 33])
def test_channels(l_out: int, dtype: Any, channels: int) -> None:
    """Vector loops have remainders; every channel count is right."""
    p = problem(l_out, [2, 0, 5, 1], channels, dtype=dtype, weighted=True, seed=channels)
    check(p, run(p))


@each_l
@pytest.mark.parametrize("degrees", [[], [0], [0, 0, 0], [4], [0, 0, 3, 0]])
@pytest.mark.parametrize("channels", [0, 1, 13])
def test_small_graphs(l_out: int, degrees: list[int], channels: int) -> None:
    """No nodes, no edges, no channels: empty or zero results of the right shape."""
    p = problem(l_out, degrees, channels, weighted=True, seed=5)
    got = run(p)
    check(p, got)
    isolated = np.array(degrees, int) == 0
    assert not got[isolated].any()


@each_l
@both_dtypes
@pytest.mark.parametrize("name", inputs.LAYOUTS)
def test_layouts(l_out: int, dtype: Any, name: str) -> None:
    """Strided, Fortran-ordered, read-only and unaligned arguments give the bits of contiguous ones, and stay."""
    layout: Callable[[Array], Array] = inputs.LAYOUTS[name]
    p = problem(l_out, [2, 0, 5, 1], 6, dtype=dtype, weighted=True, seed=6)
    awkward = tuple(layout(a) for a in p.arguments)
    before = [a.copy() for a in awkward]
    assert_same_bits(CONVOLVE[l_out](*awkward), run(p))
    for array, copy in zip(awkward, before, strict=True):
        assert_same_bits(np.ascontiguousarray(array), copy)


@each_l
@both_dtypes
def test_index_types(l_out: int, dtype: Any) -> None:
    """int32 and int64, mixed too, give the same bits."""
    p = problem(l_out, [2, 0, 5, 1], CHANNELS, dtype=dtype, weighted=True, seed=7)
    want = run(p)
    for a in inputs.INDEX_TYPES:
        for b in inputs.INDEX_TYPES:
            mixed = dataclasses.replace(p, indptr=p.indptr.astype(a), indices=p.indices.astype(b))
            assert_same_bits(run(mixed), want)


@each_l
@pytest.mark.parametrize("empty", [[], (), np.array([], np.int32)], ids=repr)
def test_no_indices(l_out: int, empty: Any) -> None:
    """NumPy reads an empty list as float64; here it is a graph without edges."""
    paths = oracles.n_paths(l_out)
    arrays = np.zeros((0, 3)), np.zeros((0, paths, CHANNELS)), np.ones((4, 3, CHANNELS))
    got = CONVOLVE[l_out]([0] * 5, empty, *arrays)
    assert_same_bits(got, np.zeros((4, 2 * l_out + 1, CHANNELS)))


@each_l
@both_dtypes
@pytest.mark.parametrize("weighted", [False, True])
def test_blocks_of_edges(l_out: int, dtype: Any, weighted: bool) -> None:
    """Receivers with as many edges as directions are computed in one go, one fewer, one more, and several times."""
    block = cpu._BLOCK
    degrees = [block - 1, block, 0, block + 1, 2 * block, 3 * block + 5, 1]
    p = problem(l_out, degrees, CHANNELS, dtype=dtype, weighted=weighted, seed=10)
    check(p, run(p))


@each_l
@both_dtypes
def test_weights_of_one_change_nothing(l_out: int, dtype: Any) -> None:
    """Weights left out are weights of one."""
    p = problem(l_out, [2, 0, 5, 1], CHANNELS, dtype=dtype, seed=8)
    ones = dataclasses.replace(p, weights=np.ones(len(p.indices), dtype))
    got, want = run(ones), run(p)
    scale = oracles.convolve(l_out, *p.arguments)[1]
    assert_close(got, want, scale, limit=tolerance(dtype).pair(p.degree), dtype=dtype, axis=-2)


@each_l
@both_dtypes
def test_threads_do_not_change_bits(
    l_out: int, dtype: Any, keep_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One, two, three and seven threads give the same bits, and the work was in fact divided."""
    p = problem(l_out, [9, 0, 40, 1, 13] * 60, 16, dtype=dtype, weighted=True, seed=9)
    parts: list[int] = []
    spread = cpu._spread

    def recording(loop: Any, bounds: Any, args: Any) -> None:
        parts.append(len(bounds) - 1)
        spread(loop, bounds, args)

    monkeypatch.setattr(cpu, "_spread", recording)
    results = []
    for count in (1, 2, 3, 7):
        cpu.set_num_threads(count)
        results.append(run(p))
    for other in results[1:]:
        assert_same_bits(other, results[0])
    assert parts == [1, 8, 12, 28]


@given(inputs.problems())
@settings(deadline=None, max_examples=60, derandomize=True)
def test_threads_on_small_graphs(p: Problem) -> None:
    """More threads than rows, parts without rows, rows without edges: the same bits."""
    want = run(p)
    count = cpu.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu, "_INLINE_WORK", 0)
        try:
            for threads in (2, 7):
                cpu.set_num_threads(threads)
                assert_same_bits(run(p), want)
        finally:
            cpu.set_num_threads(count)
