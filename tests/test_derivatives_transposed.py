"""The transposed graph: edges by sender, each once and in order; position_cotangents: the adjoint of x_i - x_j."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn import cpu_derivatives
from pocket_tfn.cpu_derivatives import Transposed

from tests import inputs
from tests.derivative_cases import convolve_case
from tests.tolerances import Array, assert_same_bits


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Array, Array]:
    """indptr and indices, of either type; no nodes, no edges, loops and repeats among them."""
    degrees = draw(st.lists(st.integers(0, 6), max_size=9))
    senders = st.integers(0, max(len(degrees) - 1, 0))
    indices = draw(st.lists(senders, min_size=sum(degrees), max_size=sum(degrees)))
    kinds = draw(st.tuples(*[st.sampled_from(inputs.INDEX_TYPES)] * 2))
    return np.concatenate([[0], np.cumsum(degrees)]).astype(kinds[0]), np.array(indices).astype(kinds[1])


@given(graphs())
@settings(deadline=None, max_examples=200, derandomize=True)
def test_edges_by_sender(graph: tuple[Array, Array]) -> None:
    """A stable sort."""
    indptr, indices = graph
    got = cpu_derivatives.transpose(indptr, indices)
    order = np.argsort(indices, kind="stable").astype(np.int64)
    counts = np.bincount(indices.astype(np.int64), minlength=len(indptr) - 1)
    assert type(got) is Transposed
    assert_same_bits(got.indptr, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))
    assert_same_bits(got.edges, order)
    assert_same_bits(got.receivers, np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))[order].astype(np.int64))
    assert not any(a.flags.writeable for a in got)


@given(graphs(), st.sampled_from(inputs.DTYPES), st.booleans(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=200, derandomize=True)
def test_position_cotangents(graph: tuple[Array, Array], dtype: Any, keep: bool, seed: int) -> None:
    """What edges have goes to their receiver, and with the other sign to their sender: exactly, in whole numbers."""
    indptr, indices = graph
    rng = np.random.default_rng(seed)
    edge = rng.integers(-100, 100, (len(indices), 3)).astype(dtype)
    want = np.zeros((len(indptr) - 1, 3), dtype)
    np.add.at(want, np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)), edge)
    np.subtract.at(want, indices, edge)
    kept = cpu_derivatives.transpose(indptr, indices) if keep else None
    got = cpu_derivatives.position_cotangents(indptr, indices, edge, kept)
    assert got.dtype == dtype and np.array_equal(got, want)
    assert not got.sum(axis=0).any()


@pytest.mark.parametrize("name", inputs.LAYOUTS)
def test_layouts(name: str) -> None:
    """Awkward memory gives the same bits."""
    case, layout = convolve_case("1_0", seed=1), inputs.LAYOUTS[name]
    args: list[Any] = [*case.fixed.values(), case.inputs["vectors"]]
    awkward: list[Any] = [layout(a) for a in args]
    assert_same_bits(cpu_derivatives.position_cotangents(*awkward), cpu_derivatives.position_cotangents(*args))
    for got, want in zip(cpu_derivatives.transpose(*awkward[:2]), cpu_derivatives.transpose(*args[:2]), strict=True):
        assert_same_bits(got, want)


# --- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [[1, 2], [0, 3], [0, 1], [], [[0, 2]], [0, 3, 2]], ids=str)
def test_malformed_graphs(bad: Any) -> None:
    """indptr that does not rise from 0 to E: ValueError, by name."""
    with pytest.raises(ValueError, match=r"^transpose: indptr "):
        cpu_derivatives.transpose(np.array(bad, np.int64), np.array([0, 0]))
    with pytest.raises(ValueError, match=r"^position_cotangents: \w+ "):
        cpu_derivatives.position_cotangents(np.array(bad, np.int64), np.array([0, 0]), np.ones((2, 3)))


@pytest.mark.parametrize("sender", [-1, 1, 2**40])
def test_senders_out_of_range(sender: int) -> None:
    """Numba would write there."""
    with pytest.raises(ValueError, match=r"^transpose: indices must lie in 0\.\.0"):
        cpu_derivatives.transpose(np.array([0, 2]), np.array([0, sender]))


@pytest.mark.parametrize("dtype", ["f8", "u8", "i2", "?", ">i8"])
def test_index_types(dtype: str) -> None:
    """int32 and int64 only: TypeError."""
    good = np.array([0, 1]), np.array([0])
    for bad in ((good[0].astype(dtype), good[1]), (good[0], good[1].astype(dtype))):
        with pytest.raises(TypeError, match=r"^transpose: "):
            cpu_derivatives.transpose(*bad)
        with pytest.raises(TypeError, match=r"^position_cotangents: "):
            cpu_derivatives.position_cotangents(*bad, np.ones((1, 3)))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (1, 4), (1, 2), (1, 3, 1)])
def test_shapes_of_vectors(shape: tuple[int, ...]) -> None:
    """(E, 3): ValueError."""
    with pytest.raises(ValueError, match=r"^position_cotangents: vectors "):
        cpu_derivatives.position_cotangents(np.array([0, 1]), np.array([0]), np.ones(shape))


@pytest.mark.parametrize("dtype", ["f2", "i8", "c16", ">f8", "O"])
def test_types_of_vectors(dtype: str) -> None:
    """float32 and float64: TypeError."""
    with pytest.raises(TypeError, match=r"^position_cotangents: vectors "):
        cpu_derivatives.position_cotangents(np.array([0, 1]), np.array([0]), np.ones((1, 3)).astype(dtype))
