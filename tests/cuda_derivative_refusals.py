"""What the CUDA module of derivatives must refuse: run by test_cuda_derivatives.py, simulated and on a GPU.

Each message is that of the CPU module where that refuses the same, and out is as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu_derivatives as host
from pocket_tfn import cuda_derivatives as gpu

from .cuda_arrays import Array, on_device, on_host, read_only
from .cuda_inputs import INDICES, INDPTR, numbers
from .derivative_cases import Case

TANGENTS = ("vectors", "radial", "features", "weights")
Change = Callable[[Array], Array]


def _case(kind: str) -> Case:
    """Small numbers of one dtype, contiguous."""
    lead: tuple[int, ...] = (7,) if kind == "convolve" else (2, 3)
    node = (4,) if kind == "convolve" else lead
    shapes = {"vectors": (*lead, 3), "radial": (*lead, 3, 2), "features": (*node, 3, 2)}
    shapes |= {"weights": lead} if kind == "convolve" else {}
    fixed = {"indptr": INDPTR, "indices": INDICES} if kind == "convolve" else {}
    given = {n: numbers(i, s, "float32") for i, (n, s) in enumerate(shapes.items())}
    tangents = {n: numbers(9, s, "float32") for n, s in shapes.items()}
    return Case(kind, "1_1", fixed, given, numbers(5, (*node, 3, 2), "float32"), tangents)


CASES = {kind: _case(kind) for kind in ("convolve", "apply")}
CALLS = [(kind, order) for kind in CASES for order in ("vjp", "jvp", "hvp")]


def on_gpu(arguments: dict[str, Any]) -> dict[str, Any]:
    return {n: on_device(a) for n, a in arguments.items()}


def refused(kind: str, order: str, error: type[Exception], **changes: Any) -> str:
    """The message with which a call is refused, after the CPU's, which must be the same."""
    name = f"{order}_{kind}_1_1"
    arguments = {**CASES[kind].arguments(order), **changes}
    with pytest.raises(error) as there:
        getattr(host, name)(**arguments)
    with pytest.raises(error) as here:
        getattr(gpu, name)(**on_gpu(arguments))
    assert type(here.value) is error
    assert str(here.value) == str(there.value)
    assert str(here.value).startswith(f"{name}: ")
    return str(here.value)


def floats(kind: str, order: str) -> list[str]:
    return [n for n, a in CASES[kind].arguments(order).items() if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


FLOATS = [(kind, order, name) for kind, order in CALLS for name in floats(kind, order)]


def changed(kind: str, order: str, name: str, change: Change) -> dict[str, Array]:
    return {name: np.ascontiguousarray(change(CASES[kind].arguments(order)[name]))}


@pytest.mark.parametrize(("kind", "order", "name"), FLOATS)
def test_dtypes(kind: str, order: str, name: str) -> None:
    """Neither converted nor reinterpreted."""
    array = CASES[kind].arguments(order)[name]
    for dtype in ("float64", "float16", "int32"):
        assert name in refused(kind, order, TypeError, **{name: array.astype(dtype)})


@pytest.mark.parametrize(("kind", "order", "name"), FLOATS)
def test_shapes(kind: str, order: str, name: str) -> None:
    """Too short along the last dimension; of graphs, too short along the first as well."""
    message = refused(kind, order, ValueError, **changed(kind, order, name, lambda a: a[..., :1]))
    assert name in message or name == "features"  # which tell how many channels there are
    if kind == "convolve":
        refused(kind, order, ValueError, **changed(kind, order, name, lambda a: a[:-1]))
    else:
        message = refused(kind, order, ValueError, **changed(kind, order, name, lambda a: np.concatenate([a, a, a])))
        fits_no_longer = "must have shape that of" if order != "vjp" and name != "cotangents" else "do not broadcast"
        assert fits_no_longer in message


@pytest.mark.parametrize(("kind", "order", "name"), FLOATS)
def test_host_memory(kind: str, order: str, name: str) -> None:
    """Never copied to the GPU behind the caller's back."""
    arguments = CASES[kind].arguments(order)
    with pytest.raises(ValueError, match=f"_{kind}_1_1: {name} .* is not on a GPU"):
        getattr(gpu, f"{order}_{kind}_1_1")(**on_gpu(arguments) | {name: arguments[name]})


@pytest.mark.parametrize("order", ["vjp", "jvp", "hvp"])
def test_graphs(order: str) -> None:
    """Wrong types of indices, and rules that a graph may break."""
    for name in ("indptr", "indices"):
        assert name in refused(
            "convolve", order, TypeError, **changed("convolve", order, name, lambda a: a.astype("f4"))
        )
    wrong = INDICES.copy()
    wrong[3] = 4
    assert "indices must lie in 0..3" in refused("convolve", order, ValueError, indices=wrong)
    assert "indptr must not decrease" in refused("convolve", order, ValueError, indptr=np.array([0, 3, 1, 4, 7]))
    assert "indptr must end with" in refused("convolve", order, ValueError, indptr=np.array([0, 3, 3, 4, 6]))


@pytest.mark.parametrize(("kind", "order"), CALLS)
def test_options(kind: str, order: str) -> None:
    """normalize and of."""
    assert "normalize must be True or False" in refused(kind, order, TypeError, normalize=1)
    if order != "jvp":
        assert "positions" in refused(kind, order, ValueError, of=("vectors", "positions"))


def test_tangent_of_absent_weights() -> None:
    """Weights are one then, and do not move."""
    for order in ("jvp", "hvp"):
        message = refused("convolve", order, ValueError, weights=None)
        assert "weights_tangent without weights" in message


# --- graphs by sender ---------------------------------------------------------------------------------

GOOD = host.transpose(INDPTR, INDICES)


def _with(array: Array, place: int, value: int) -> Array:
    copy = array.copy()
    copy[place] = value
    return copy


def _swapped(first: int, second: int) -> dict[str, Array]:
    order = np.arange(len(INDICES))
    order[[first, second]] = second, first
    return {"receivers": GOOD.receivers[order], "edges": GOOD.edges[order]}


WRONG = [
    {"indptr": _with(GOOD.indptr, 0, -1)},
    {"indptr": _with(GOOD.indptr, 4, 6)},
    {"indptr": _with(GOOD.indptr, 1, 4)},
    {"indptr": GOOD.indptr[:-1]},
    {"edges": GOOD.edges[:-1]},
    {"receivers": GOOD.receivers[:-1]},
    {"receivers": _with(GOOD.receivers, 2, 1)},
    {"receivers": _with(GOOD.receivers, 2, 4)},
    {"receivers": _with(GOOD.receivers, 2, -1)},
    {"edges": _with(GOOD.edges, 1, 7)},
    {"edges": _with(GOOD.edges, 1, -1)},
    {"edges": _with(GOOD.edges, 1, GOOD.edges[0]), "receivers": _with(GOOD.receivers, 1, GOOD.receivers[0])},
    _swapped(0, 1),
    _swapped(0, 6),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda w: "-".join(f"{n}-{a.tolist()}" for n, a in w.items()))
def test_other_graphs(wrong: dict[str, Array]) -> None:
    """What does not list each edge once by its sender: it would be read out of bounds, or summed wrongly."""
    given = GOOD._replace(**wrong)
    arguments = CASES["convolve"].arguments("vjp")
    with pytest.raises(ValueError, match="vjp_convolve_1_1: transposed belongs to another graph"):
        host.vjp_convolve_1_1(**arguments, transposed=given)
    device = gpu.Transposed(*map(on_device, given))
    with pytest.raises(ValueError, match="vjp_convolve_1_1: transposed belongs to another graph"):
        gpu.vjp_convolve_1_1(**on_gpu(arguments), transposed=device)
    vectors = on_device(CASES["convolve"].inputs["vectors"])
    with pytest.raises(ValueError, match="position_cotangents: transposed belongs to another graph"):
        gpu.position_cotangents(on_device(INDPTR), on_device(INDICES), vectors, device)


#: Senders of nothing: first, in the middle and last, whose bounds no edge is compared with.
SILENT = [
    (INDICES + 1, 0, -1),
    (INDICES + (INDICES == 2), 2, 7),
    (INDICES, 4, 8),
]


@pytest.mark.parametrize(("indices", "place", "value"), SILENT)
def test_bounds_of_silent_senders(indices: Array, place: int, value: int) -> None:
    """Though each edge lies between its sender's bounds, they must be in order: others' edges would be added."""
    good = host.transpose(INDPTR, indices)
    wrong = good._replace(indptr=_with(good.indptr, place, value))
    vectors = CASES["convolve"].inputs["vectors"]
    with pytest.raises(ValueError, match="transposed belongs to another graph"):
        host.position_cotangents(INDPTR, indices, vectors, wrong)
    device = on_gpu({"indptr": INDPTR, "indices": indices, "vectors": vectors})
    gpu.position_cotangents(**device, transposed=gpu.Transposed(*map(on_device, good)))
    with pytest.raises(ValueError, match="transposed belongs to another graph"):
        gpu.position_cotangents(**device, transposed=gpu.Transposed(*map(on_device, wrong)))


def test_what_is_not_transposed() -> None:
    """Neither tuples, nor the CPU's, nor arrays of other types or places."""
    arguments = on_gpu(CASES["convolve"].arguments("hvp"))
    others: list[Any] = [tuple(GOOD), GOOD, (INDPTR, INDICES)]
    for given in others:
        with pytest.raises(TypeError, match="transposed must be what transpose"):
            gpu.hvp_convolve_1_1(**arguments, transposed=given)
    with pytest.raises(ValueError, match=r"transposed.indptr .* is not on a GPU"):
        gpu.hvp_convolve_1_1(**arguments, transposed=gpu.Transposed(*GOOD))
    device = gpu.Transposed(*map(on_device, GOOD))
    with pytest.raises(TypeError, match=r"transposed.edges is float64"):
        gpu.hvp_convolve_1_1(**arguments, transposed=device._replace(edges=on_device(GOOD.edges.astype(float))))


def test_transpose_refuses() -> None:
    """As the CPU's does, in the same words."""
    wrong: list[tuple[type[Exception], Any, Any]] = [
        (TypeError, INDPTR.astype(float), INDICES),
        (TypeError, INDPTR, INDICES.astype("u8")),
        (ValueError, INDPTR[:0], INDICES),
        (ValueError, INDPTR[:, None], INDICES),
        (ValueError, INDPTR, INDICES[:, None]),
        (ValueError, INDPTR, _with(INDICES, 0, 4)),
        (ValueError, _with(INDPTR, 1, 5), INDICES),
    ]
    for error, indptr, indices in wrong:
        with pytest.raises(error) as there:
            host.transpose(indptr, indices)
        with pytest.raises(error) as here:
            gpu.transpose(on_device(indptr), on_device(indices))
        assert str(here.value) == str(there.value)
    with pytest.raises(ValueError, match=r"indptr .* is not on a GPU"):
        gpu.transpose(INDPTR, on_device(INDICES))


def test_position_cotangents_refuses() -> None:
    """As the CPU's does, in the same words."""
    vectors = CASES["convolve"].inputs["vectors"]
    for error, changes in (
        (TypeError, {"vectors": vectors.astype("f2")}),
        (ValueError, {"vectors": vectors[:-1]}),
        (ValueError, {"indptr": np.array([0, 3, 1, 4, 7])}),
        (TypeError, {"indices": INDICES.astype("i2")}),
    ):
        arguments: dict[str, Any] = {"indptr": INDPTR, "indices": INDICES, "vectors": vectors, **changes}
        with pytest.raises(error) as there:
            host.position_cotangents(**arguments)
        with pytest.raises(error) as here:
            gpu.position_cotangents(**on_gpu(arguments))
        assert str(here.value) == str(there.value)


# --- out ----------------------------------------------------------------------------------------------

SENTINEL = 7.5


@pytest.mark.parametrize("name", TANGENTS)
@pytest.mark.parametrize("order", ["vjp", "hvp"])
def test_unfit_out(order: str, name: str) -> None:
    """A wrong dtype, shape, place or layout, or memory that must not be written to; none of the others is touched."""
    case = CASES["convolve"]
    arguments = on_gpu(case.arguments(order))
    call = getattr(gpu, f"{order}_convolve_1_1")
    full = np.full(case.inputs[name].shape, SENTINEL, "float32")
    rows = (
        np.full((len(full), 2), SENTINEL, "float32")[:, 0]
        if full.ndim == 1
        else np.full(full.shape[::-1], SENTINEL, "float32").T
    )
    for error, words, wrong in (
        (TypeError, "out is int32", on_device(full.astype("int32"))),
        (ValueError, "out must have shape", on_device(full[:-1].copy())),
        (ValueError, "out .* is not on a GPU", full),
        (ValueError, "out must be C-contiguous", on_device(rows)),
        (ValueError, "out is read-only", read_only(on_device(full))),
    ):
        others = {n: on_device(np.full(case.inputs[n].shape, SENTINEL, "float32")) for n in TANGENTS if n != name}
        with pytest.raises(error, match=f"{order}_convolve_1_1: out.{name}: {words}"):
            call(**arguments, out=gpu.Cotangents(**others, **{name: wrong}))
        assert all((on_host(a) == SENTINEL).all() for a in others.values())
    with pytest.raises(TypeError, match="out must be Cotangents"):
        call(**arguments, out=on_device(full))


@pytest.mark.parametrize("order", ["vjp", "hvp"])
def test_arrays_of_out_are_apart(order: str) -> None:
    """Two that share memory: nothing is written."""
    case = CASES["convolve"]
    arguments = on_gpu(case.arguments(order))
    vectors = on_device(np.full(case.inputs["vectors"].shape, SENTINEL, "float32"))
    shared = gpu.Cotangents(vectors=vectors, weights=vectors.reshape(vectors.size)[2 : 2 + len(vectors)])
    with pytest.raises(ValueError, match=f"^{order}_convolve_1_1: out.vectors and out.weights share memory$"):
        getattr(gpu, f"{order}_convolve_1_1")(**arguments, out=shared)
    assert (on_host(vectors) == SENTINEL).all()
