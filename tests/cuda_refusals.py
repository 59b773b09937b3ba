"""What the CUDA module must refuse: run by test_cuda_simulator.py, simulated and on a GPU.

Numba checks no bounds and converts types in silence, so whatever is not refused here reads or writes foreign memory.
Each message names the function and what is wrong, in the words of the CPU module where that refuses the same, and out
is as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu
from pocket_tfn import cuda as gpu

from .cuda_arrays import Array, Foreign, on_device, on_host, read_only
from .cuda_inputs import INDICES, INDPTR, apply_inputs, convolve_inputs, kernel_inputs, numbers


def _edges(dtype: str, **others: Any) -> dict[str, Any]:
    """A graph with something else in the place of radial functions."""
    arguments = convolve_inputs(1, dtype, weighted=True)
    del arguments["radial"]
    return arguments | others


def _valid() -> dict[str, tuple[dict[str, Any], tuple[int, ...]]]:
    table = {"coefficients": numbers(5, (8, 3, 2), "float32"), "cutoff": 3.0, "degree": 5}
    walkers: dict[str, Any] = {
        "positions": numbers(6, (2, 3, 3), "float64"),
        "features": numbers(7, (2, 3, 3, 2), "float64"),
    }
    walkers |= {"weights": numbers(8, (2, 3), "float64"), "loops": True}
    mixing = {"basis": numbers(9, (7, 2), "float64"), "mixing": numbers(10, (2, 3, 2, 5), "float64")}
    return {
        "kernel_1_1": (kernel_inputs(1, "float32"), (4, 3, 3)),
        "apply_1_2": (apply_inputs(2, "float64"), (4, 5, 2)),
        "convolve_1_1": (convolve_inputs(1, "float32", weighted=True), (4, 3, 2)),
        "convolve_tabulated_1_1": (_edges("float32", **table), (4, 3, 2)),
        "convolve_mixing_1_1": (_edges("float64", **mixing), (4, 3, 5)),
        "convolve_walkers_1_1": (table | walkers | {"coefficients": numbers(5, (8, 3, 2), "float64")}, (2, 3, 3, 2)),
    }


#: Valid arguments of each function, and the shape of its result.
VALID = _valid()
GRAPHS = [name for name, (inputs, _) in VALID.items() if "indptr" in inputs]
TABLES = [name for name, (inputs, _) in VALID.items() if "cutoff" in inputs]
SENTINEL = 7.5


def dtype_of(name: str) -> Any:
    """Of all floats among the arguments."""
    return next(a.dtype for a in VALID[name][0].values() if isinstance(a, np.ndarray) and a.dtype.kind == "f")


def refused(name: str, error: type[Exception], out: Any = None, **changes: Any) -> str:
    """The message with which a call is refused; fails if it is not, or if `out` was touched."""
    inputs, shape = VALID[name]
    target = on_device(np.full(shape, SENTINEL, dtype_of(name))) if out is None else out
    before = np.array(on_host(target)) if hasattr(target, "copy_to_host") else None
    arrays = {key: on_device(array) for key, array in (inputs | changes).items()}
    with pytest.raises(error) as caught:
        getattr(gpu, name)(**arrays, out=target)
    if before is not None:
        assert on_host(target).tobytes() == before.tobytes()
    assert type(caught.value) is error
    assert str(caught.value).startswith(f"{name}: ")
    return str(caught.value)


def refused_alike(name: str, error: type[Exception], **changes: Any) -> str:
    """The message, after a look at the CPU module's, which must be the same."""
    with pytest.raises(error) as caught:
        getattr(cpu, name)(**(VALID[name][0] | changes))
    message = refused(name, error, **changes)
    assert message == str(caught.value)
    return message


def _changed(name: str, argument: str, change: Callable[[Array], Array]) -> dict[str, Array]:
    return {argument: np.asarray(change(VALID[name][0][argument]))}


ARGUMENTS = [
    (name, key) for name, (inputs, _) in VALID.items() for key, a in inputs.items() if isinstance(a, np.ndarray)
]
FLOATS = [(name, key) for name, key in ARGUMENTS if key not in ("indptr", "indices")]


@pytest.mark.parametrize(("name", "argument"), FLOATS)
@pytest.mark.parametrize("dtype", ["float16", "int32", "int64", "complex64", "bool", ">f4"])
def test_other_dtypes(name: str, argument: str, dtype: str) -> None:
    """Neither converted nor reinterpreted; the other byte order is another dtype."""
    message = refused_alike(name, TypeError, **_changed(name, argument, lambda a: a.astype(dtype)))
    assert argument in message


@pytest.mark.parametrize(("name", "argument"), FLOATS)
def test_mixed_dtypes(name: str, argument: str) -> None:
    """One float64 among float32, or the reverse: which was meant?"""
    other = {"float32": "float64", "float64": "float32"}[str(VALID[name][0][argument].dtype)]
    message = refused_alike(name, TypeError, **_changed(name, argument, lambda a: a.astype(other)))
    assert argument in message


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("argument", ["indptr", "indices"])
@pytest.mark.parametrize("dtype", ["int16", "uint32", "uint64", "float64", "bool"])
def test_other_index_dtypes(name: str, argument: str, dtype: str) -> None:
    """int32 and int64 only."""
    message = refused_alike(name, TypeError, **_changed(name, argument, lambda a: a.astype(dtype)))
    assert argument in message


WRONG_SHAPES: list[tuple[str, str, Callable[[Array], Array]]] = [
    ("kernel_1_1", "vectors", lambda a: a[:, :2]),
    ("kernel_1_1", "vectors", lambda a: a[0, 0]),
    ("kernel_1_1", "radial", lambda a: a[:, :2]),
    ("kernel_1_1", "radial", lambda a: a[0, 0]),
    ("apply_1_2", "vectors", lambda a: a[:, :2]),
    ("apply_1_2", "radial", lambda a: a[:, :2]),
    ("apply_1_2", "radial", lambda a: a[:, :, :1]),
    ("apply_1_2", "radial", lambda a: a[0, 0]),
    ("apply_1_2", "features", lambda a: a[:, :2]),
    ("apply_1_2", "features", lambda a: a[0, 0]),
    ("convolve_1_1", "radial", lambda a: a[:-1]),
    ("convolve_1_1", "radial", lambda a: a[:, :2]),
    ("convolve_1_1", "radial", lambda a: a[:, :, :1]),
    ("convolve_tabulated_1_1", "coefficients", lambda a: a[:, :2]),
    ("convolve_tabulated_1_1", "coefficients", lambda a: a[:, :, :1]),
    ("convolve_tabulated_1_1", "coefficients", lambda a: a[:5]),
    ("convolve_tabulated_1_1", "coefficients", lambda a: a[:0]),
    ("convolve_tabulated_1_1", "coefficients", lambda a: a[0]),
    ("convolve_tabulated_1_1", "coefficients", lambda a: a[0, 0, 0]),
    ("convolve_mixing_1_1", "basis", lambda a: a[:-1]),
    ("convolve_mixing_1_1", "basis", lambda a: a[:, :1]),
    ("convolve_mixing_1_1", "basis", lambda a: a[0]),
    ("convolve_mixing_1_1", "basis", lambda a: a[..., None]),
    ("convolve_mixing_1_1", "mixing", lambda a: a[:1]),
    ("convolve_mixing_1_1", "mixing", lambda a: a[:, :2]),
    ("convolve_mixing_1_1", "mixing", lambda a: a[:, :, :1]),
    ("convolve_mixing_1_1", "mixing", lambda a: a[0]),
    ("convolve_walkers_1_1", "positions", lambda a: a[:-1]),
    ("convolve_walkers_1_1", "positions", lambda a: a[:, :2]),
    ("convolve_walkers_1_1", "positions", lambda a: a[..., :2]),
    ("convolve_walkers_1_1", "positions", lambda a: a[0]),
    ("convolve_walkers_1_1", "coefficients", lambda a: a[:, :2]),
    ("convolve_walkers_1_1", "coefficients", lambda a: a[:, :, :1]),
    ("convolve_walkers_1_1", "coefficients", lambda a: a[:5]),
    ("convolve_walkers_1_1", "features", lambda a: a[:, :, :2]),
    ("convolve_walkers_1_1", "features", lambda a: a[0]),
    ("convolve_walkers_1_1", "weights", lambda a: a[:-1]),
    ("convolve_walkers_1_1", "weights", lambda a: a[:, :2]),
    ("convolve_walkers_1_1", "weights", lambda a: a[..., None]),
]
GRAPH_SHAPES: list[tuple[str, Callable[[Array], Array]]] = [
    ("indptr", lambda a: a[:-1]),
    ("indptr", lambda a: a[:, None]),
    ("indptr", lambda a: a[:0]),
    ("indices", lambda a: a[:, None]),
    ("vectors", lambda a: a[:-1]),
    ("vectors", lambda a: a[:, :2]),
    ("vectors", lambda a: a[0]),
    ("features", lambda a: a[:, :2]),
    ("features", lambda a: a[0]),
    ("weights", lambda a: a[:-1]),
    ("weights", lambda a: a[:, None]),
]
WRONG_SHAPES += [(name, *wrong) for name in GRAPHS for wrong in GRAPH_SHAPES]


@pytest.mark.parametrize(("name", "argument", "change"), WRONG_SHAPES)
def test_wrong_shapes(name: str, argument: str, change: Callable[[Array], Array]) -> None:
    """Too short, too long, too many dimensions or too few."""
    assert argument in refused_alike(name, ValueError, **_changed(name, argument, change))


@pytest.mark.parametrize(("name", "argument"), [case for case in ARGUMENTS if not case[0].startswith("convolve")])
def test_leading_dimensions_that_do_not_broadcast(name: str, argument: str) -> None:
    """3 beside 4."""
    message = refused_alike(name, ValueError, **_changed(name, argument, lambda a: a[:3]))
    assert "leading dimensions" in message
    assert "(3,)" in message


def _with(array: Array, place: int, value: int) -> Array:
    changed = array.copy()
    changed[place] = value
    return changed


BAD_GRAPHS: list[tuple[str, dict[str, Array]]] = [
    ("indptr must start with 0", {"indptr": _with(INDPTR, 0, 1)}),
    ("indptr must start with 0", {"indptr": _with(INDPTR, 0, -1)}),
    ("indptr must not decrease", {"indptr": _with(INDPTR, 2, 5)}),
    ("indptr must not decrease", {"indptr": _with(INDPTR, 1, -1)}),
    ("indptr must end with the number of edges, 7", {"indptr": _with(INDPTR, 4, 6)}),
    ("indptr must end with the number of edges, 7", {"indptr": _with(INDPTR, 4, 8)}),
    ("indices must lie in 0..3", {"indices": _with(INDICES, 0, -1)}),
    ("indices must lie in 0..3", {"indices": _with(INDICES, 6, 4)}),
    ("indptr must start with 0", {"indptr": np.array([1, 0, 0, 0, 9]), "indices": INDICES - 9}),
]


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize(("words", "changes"), BAD_GRAPHS)
def test_malformed_graphs(name: str, words: str, changes: dict[str, Array], dtype: str) -> None:
    """Each rule, at both ends; of several that are broken the first is reported."""
    typed = {key: array.astype(dtype) for key, array in changes.items()}
    assert words in refused_alike(name, ValueError, **typed)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("cutoff", [0, -0.0, -1, np.nan, np.inf, 1e-31, 1e31, 10**40], ids=str)
def test_cutoffs(name: str, cutoff: Any) -> None:
    """No positive length, or one whose inverse has no place in float32."""
    assert "cutoff must be a positive length" in refused_alike(name, ValueError, cutoff=cutoff)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("cutoff", ["3", None, True, [1.0], 1j], ids=repr)
def test_cutoffs_that_are_no_numbers(name: str, cutoff: Any) -> None:
    """One number for all edges."""
    assert "cutoff must be a number" in refused_alike(name, TypeError, cutoff=cutoff)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("degree", [4, 0, 6, -3, 3.5, 5.0, "5", None, True, [5], (3, 5)], ids=repr)
def test_degrees(name: str, degree: Any) -> None:
    """3 and 5 are compiled, no others."""
    assert "degree must be 3 or 5" in refused_alike(name, ValueError, degree=degree)


@pytest.mark.parametrize("loops", ["no", None, 0, 2.5], ids=repr)
def test_loops(loops: Any) -> None:
    """True or False."""
    assert "loops must be True or False" in refused_alike("convolve_walkers_1_1", TypeError, loops=loops)


@pytest.mark.parametrize("name", VALID)
@pytest.mark.parametrize("normalize", ["no", None, 0, 1], ids=repr)
def test_normalize(name: str, normalize: Any) -> None:
    """True or False."""
    assert "normalize must be True or False" in refused_alike(name, TypeError, normalize=normalize)


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_masked_arrays(name: str, argument: str) -> None:
    """Their masks would be dropped in silence."""
    array = VALID[name][0][argument]
    interface = {"shape": array.shape, "typestr": array.dtype.str, "data": (0, False), "version": 3, "mask": object()}
    message = refused(name, TypeError, **{argument: Foreign(interface, None)})
    assert re.match(rf"{name}: {argument} is a masked array, whose mask would be ignored; fill it", message)
    with pytest.raises(TypeError, match=rf"^{name}: {argument} is a masked array"):
        getattr(cpu, name)(**VALID[name][0] | {argument: np.ma.masked_array(array)})


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
@pytest.mark.parametrize("convert", [np.array, np.ndarray.tolist], ids=["array", "list"])
def test_host_memory(name: str, argument: str, convert: Callable[[Array], Any]) -> None:
    """Never copied to the GPU behind the caller's back."""
    inputs, shape = VALID[name]
    out = on_device(np.full(shape, SENTINEL, dtype_of(name)))
    arrays = {key: on_device(array) for key, array in inputs.items()} | {argument: convert(inputs[argument])}
    with pytest.raises(ValueError, match=f"^{name}: {argument} .* is not on a GPU"):
        getattr(gpu, name)(**arrays, out=out)
    assert (on_host(out) == SENTINEL).all()


@pytest.mark.parametrize("name", VALID)
def test_unfit_out(name: str) -> None:
    """A wrong dtype, shape, place or layout, or memory that must not be written to."""
    shape, dtype = VALID[name][1], dtype_of(name)
    full = np.full(shape, SENTINEL, dtype)
    assert "out is int32" in refused(name, TypeError, out=on_device(full.astype("int32")))
    assert "out must have shape" in refused(name, ValueError, out=on_device(full[:-1]))
    assert "out must have shape" in refused(name, ValueError, out=on_device(full[None]))
    assert "out (ndarray) is not on a GPU" in refused(name, ValueError, out=full)
    assert (full == SENTINEL).all()
    transposed = np.full(shape[::-1], SENTINEL, dtype).T
    assert "out must be C-contiguous" in refused(name, ValueError, out=on_device(transposed))
    assert "out is read-only" in refused(name, ValueError, out=read_only(on_device(full)))


def test_arrays_of_another_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """With several GPUs, memory of one that is not current; here every array pretends to be on number 1."""
    monkeypatch.setattr(gpu.cuda, "gpus", [0, 1])
    monkeypatch.setattr(gpu.cuda, "get_current_device", lambda: SimpleNamespace(id=1, compute_capability=(9, 0)))
    monkeypatch.setattr(gpu, "_gpu_of", lambda array: 1)
    inputs, shape = VALID["kernel_1_1"]
    arrays = {key: on_device(array) for key, array in inputs.items()}
    assert gpu.kernel_1_1(**arrays).shape == shape
    monkeypatch.setattr(gpu.cuda, "get_current_device", lambda: SimpleNamespace(id=0, compute_capability=(9, 0)))
    assert "vectors is on GPU 1, not on the current one" in refused("kernel_1_1", ValueError)
