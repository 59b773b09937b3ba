"""Graphs that are checked once: what checked_graph accepts and refuses, and when calls check again.

test_cuda_simulator.py runs these cases, simulated and on a GPU.
"""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cuda as gpu

from .cases import Case
from .cuda_arrays import SIMULATED, Array, Foreign, Layout, every_layout, foreign, on_device, on_host
from .cuda_inputs import INDICES, INDPTR
from .cuda_refusals import BAD_GRAPHS
from .cuda_sums import GRAPHS, call, on_gpu, quiet, small
from .tolerances import assert_same_bits

pytestmark = quiet
each_graph_kind = pytest.mark.parametrize("kind", GRAPHS)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who has had a graph checked."""
    found: list[str] = []
    plain = gpu._check_graph

    def check(where: str, *args: Any) -> None:
        found.append(where)
        plain(where, *args)

    monkeypatch.setattr(gpu, "_check_graph", check)
    return found


def graph(dtype: str = "int64", indptr: Array = INDPTR, indices: Array = INDICES) -> tuple[Any, Any]:
    return on_device(indptr.astype(dtype)), on_device(indices.astype(dtype))


def usual(kind: str, indices: Array = INDICES) -> Case:
    """Four nodes and the seven edges of INDPTR."""
    return small(kind, "1_1", degrees=tuple(np.diff(INDPTR))).changed(indptr=INDPTR, indices=indices)


def run(case: Case, indptr: Any, indices: Any, **options: Any) -> Array:
    return on_host(
        getattr(gpu, case.name)(**on_gpu(case.arguments) | {"indptr": indptr, "indices": indices}, **options)
    )


@each_graph_kind
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_calls_do_not_check_again(kind: str, dtype: str, checks: list[str]) -> None:
    """Once by checked_graph, and never by calls with what it returned; the results have the same bits."""
    case = usual(kind)
    want = call(case)
    assert checks == [case.name]
    indptr, indices = gpu.checked_graph(*graph(dtype))
    for _ in range(2):
        assert_same_bits(run(case, indptr, indices), want)
    assert checks == [case.name, "checked_graph"]


@every_layout
def test_strided_graphs(layout: Layout) -> None:
    """Packed once, and kept so."""
    case = usual("convolve")
    indptr, indices = gpu.checked_graph(on_device(layout(INDPTR)), on_device(layout(INDICES)))
    assert indptr.is_c_contiguous() and indices.is_c_contiguous()
    assert_same_bits(on_host(indptr), INDPTR)
    assert_same_bits(on_host(indices), INDICES)
    assert_same_bits(run(case, indptr, indices), call(case))


def test_contiguous_graphs_are_not_copied() -> None:
    """Views of what was given, which itself is not marked."""
    given = graph()
    checked = gpu.checked_graph(*given)
    for view, array in zip(checked, given, strict=True):
        assert view is not array
        assert gpu._overlap(view, array)
    assert not gpu._is_checked(*given, 4)
    assert gpu._is_checked(*checked, 4)


def test_arrays_of_other_libraries_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their memory would be given to others, and what is there then read without a check."""
    if SIMULATED:  # it knows no such arrays
        monkeypatch.setattr(gpu, "_described", lambda address, *_: on_device(INDPTR if address == 8 else INDICES))
    given: list[Any] = []
    for place, array in enumerate((INDPTR, INDICES), 1):
        there = on_device(array)
        interface = {"shape": array.shape, "typestr": array.dtype.str, "data": (8 * place, False), "version": 3}
        given.append(Foreign(interface, there) if SIMULATED else foreign(there))
    owners = [weakref.ref(array) for array in given]
    checked = gpu.checked_graph(*given)
    del given, there
    gc.collect()
    assert all(owner() is not None for owner in owners)
    del checked


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize(("words", "changes"), BAD_GRAPHS)
def test_malformed_graphs(words: str, changes: dict[str, Array], dtype: str) -> None:
    """The rules of calls, in the same words."""
    with pytest.raises(ValueError, match=f"^checked_graph: {words}"):
        gpu.checked_graph(*graph(dtype, **changes))


@pytest.mark.parametrize("name", ["indptr", "indices"])
@pytest.mark.parametrize("dtype", ["int16", "uint32", "float64", "bool"])
def test_other_index_dtypes(name: str, dtype: str) -> None:
    """int32 and int64 only."""
    given = dict(zip(("indptr", "indices"), graph(), strict=True))
    given[name] = on_device(on_host(given[name]).astype(dtype))
    with pytest.raises(TypeError, match=f"^checked_graph: {name} is {dtype}; int32 and int64 are supported$"):
        gpu.checked_graph(**given)


@pytest.mark.parametrize(
    ("name", "shape"), [("indptr", (0,)), ("indptr", (5, 1)), ("indptr", ()), ("indices", (7, 1)), ("indices", ())]
)
def test_wrong_shapes(name: str, shape: tuple[int, ...]) -> None:
    """One dimension, and at least one row pointer."""
    given = dict(zip(("indptr", "indices"), graph(), strict=True)) | {name: on_device(np.zeros(shape, np.int64))}
    with pytest.raises(ValueError, match=rf"^checked_graph: {name} must have shape \("):
        gpu.checked_graph(**given)


@pytest.mark.parametrize("place", [0, 1])
def test_host_memory(place: int) -> None:
    """Never copied to the GPU behind the caller's back."""
    given: list[Any] = list(graph())
    given[place] = (INDPTR, INDICES)[place]
    with pytest.raises(ValueError, match=r"^checked_graph: ind\w+ \(ndarray\) is not on a GPU"):
        gpu.checked_graph(*given)


def test_masked_graphs() -> None:
    """The mask would be dropped in silence."""
    masked = Foreign({"shape": (5,), "typestr": "<i8", "data": (0, False), "version": 3, "mask": object()}, None)
    with pytest.raises(
        TypeError, match=r"^checked_graph: indptr is a masked array, whose mask would be ignored; fill it$"
    ):
        gpu.checked_graph(masked, graph()[1])


@pytest.mark.parametrize("change", [{"data": (4, False)}, {"data": (8, False), "strides": (12,)}], ids=str)
def test_elements_that_no_load_can_reach(change: dict[str, Any]) -> None:
    """A load from there would end the process's work on the GPU."""
    odd = Foreign({"shape": (5,), "typestr": "<i8", "version": 3} | change, None)
    words = "checked_graph: indptr does not lie at multiples of its elements' size, 8"
    with pytest.raises(ValueError, match=f"^{words}$"):
        gpu.checked_graph(odd, graph()[1])


def test_arrays_that_want_a_gradient() -> None:
    """PyTorch raises at the mere look at their interface."""

    class Parameter:
        @property
        def __cuda_array_interface__(self) -> Any:
            raise RuntimeError("Can't get __cuda_array_interface__ on Variable that requires grad.")

    words = r"^checked_graph: indptr requires a gradient; give indptr\.detach\(\), gradients come from"
    with pytest.raises(ValueError, match=words):
        gpu.checked_graph(Parameter(), graph()[1])


@pytest.mark.parametrize("nodes", [4.0, "4", [4]], ids=str)
def test_nodes_are_a_whole_number(nodes: Any) -> None:
    """Not a float, not text."""
    with pytest.raises(TypeError):
        gpu.checked_graph(*graph(), nodes)


def test_empty_graphs() -> None:
    """No edge; no node."""
    for nodes in (0, 3):
        indptr, indices = gpu.checked_graph(*graph(indptr=np.zeros(nodes + 1), indices=np.zeros(0)))
        assert (len(on_host(indptr)), len(on_host(indices))) == (nodes + 1, 0)
    with pytest.raises(ValueError, match=r"^checked_graph: indices must lie in"):
        gpu.checked_graph(*graph(), nodes=0)


# --- other features, other arrays -------------------------------------------------------------------------


@each_graph_kind
def test_features_of_fewer_rows_are_refused(kind: str, checks: list[str]) -> None:
    """A graph that was checked for nine senders, used with four: checked again, and out is as it was."""
    beyond = INDICES.copy()
    beyond[3] = 8
    indptr, indices = gpu.checked_graph(*graph(indices=beyond), nodes=9)
    case = usual(kind)
    out = on_device(np.full(call(case).shape, 7.5))
    with pytest.raises(ValueError, match=rf"^{case.name}: indices must lie in 0..3, the rows of features$"):
        run(case, indptr, indices, out=out)
    assert (on_host(out) == 7.5).all()
    indptr, indices = gpu.checked_graph(*graph(), nodes=9)
    checks.clear()
    assert_same_bits(run(case, indptr, indices), call(case))
    assert checks == [case.name] * 2, "no index is too large, but who is to know?"


@each_graph_kind
def test_features_of_more_rows_are_accepted(kind: str, checks: list[str]) -> None:
    """Fewer senders than there are rows: nothing to check again."""
    case = usual(kind, np.minimum(INDICES, 1))
    want = call(case)
    indptr, indices = gpu.checked_graph(*graph(indices=np.minimum(INDICES, 1)), nodes=2)
    checks.clear()
    assert_same_bits(run(case, indptr, indices), want)
    assert checks == []


@each_graph_kind
def test_other_indices_are_checked(kind: str, checks: list[str]) -> None:
    """A checked indptr with indices that were not checked beside it: others, or the same numbers in another array."""
    indptr, indices = gpu.checked_graph(*graph())
    case = usual(kind)
    bad = INDICES.copy()
    bad[0] = 4
    checks.clear()
    with pytest.raises(ValueError, match=rf"^{case.name}: indices must lie in 0..3"):
        run(case, indptr, on_device(bad))
    other, same = gpu.checked_graph(*graph())
    want = call(case)
    checks.clear()
    for rows, senders in ((indptr, on_device(INDICES)), (indptr, same), (on_device(INDPTR), indices), (other, indices)):
        assert_same_bits(run(case, rows, senders), want)
    assert checks == [case.name] * 4


@each_graph_kind
def test_wrong_number_of_rows(kind: str) -> None:
    """A checked graph has the shape of its features still looked at."""
    indptr, indices = gpu.checked_graph(*graph())
    case = usual(kind)
    features = case.arguments["features"]
    for rows in (features[:3], np.concatenate([features, features])):
        with pytest.raises(ValueError, match=rf"^{case.name}: indptr must have shape \(N \+ 1,\)"):
            run(case.changed(features=rows), indptr, indices)
