"""Each malformed call raises the documented exception, names the function and the argument, and leaves `out` alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu

from tests import oracles

each_l = pytest.mark.parametrize("l_out", oracles.L_OUT)
Arguments = dict[str, Any]
Change = Callable[[Any], Any]
KINDS = ("kernel", "apply", "convolve")
SENTINEL = 12345.0


def arguments(kind: str, l_out: int) -> Arguments:
    """A well-formed call: 3 nodes, 5 edges or items, 2 channels."""
    rng = np.random.default_rng(0)
    paths = oracles.n_paths(l_out)
    vectors, radial = rng.standard_normal((5, 3)), rng.standard_normal((5, paths, 2))
    n_out = 2 * l_out + 1
    if kind == "kernel":
        return {"vectors": vectors, "radial": radial[..., 0].copy(), "out": _sentinel(5, n_out, 3)}
    if kind == "apply":
        features = rng.standard_normal((5, 3, 2))
        return {
            "vectors": vectors,
            "radial": radial,
            "features": features,
            "out": _sentinel(5, n_out, 2),
        }
    return {
        "indptr": np.array([0, 2, 2, 5]),
        "indices": np.array([0, 1, 2, 0, 1]),
        "vectors": vectors,
        "radial": radial,
        "features": rng.standard_normal((3, 3, 2)),
        "weights": rng.standard_normal(5),
        "out": _sentinel(3, n_out, 2),
    }


def _sentinel(*shape: int) -> Any:
    return np.full(shape, SENTINEL)


def refuse(kind: str, l_out: int, name: str, change: Change, error: type[Exception]) -> None:
    """Change one argument of a good call and demand the exception, its words, and an untouched out."""
    args = arguments(kind, l_out)
    out = args["out"]
    args[name] = change(args[name])
    function = f"{kind}_1_{l_out}"
    with pytest.raises(error) as caught:
        getattr(cpu, function)(**args)
    assert type(caught.value) is error
    message = str(caught.value)
    assert message.startswith(f"{function}: ")
    assert re.search(rf"\b{name}\b", message), message
    assert (out == SENTINEL).all()


def cases(*names: str) -> list[tuple[str, str]]:
    """(function, argument) wherever a function has the argument."""
    found = [(kind, name) for kind in KINDS for name in names if name in arguments(kind, 0)]
    assert found
    return found


FLOATS = ("vectors", "radial", "features", "weights")
INDICES = ("indptr", "indices")

FOREIGN_DTYPES = ["f2", "i4", "i8", "u1", "?", "c8", "c16", ">f4", ">f8", "O", "U8", "M8[s]"]
if np.dtype(np.longdouble) != np.float64:
    FOREIGN_DTYPES.append("g")


@each_l
@pytest.mark.parametrize("kind", KINDS)
def test_the_unchanged_call_works(kind: str, l_out: int) -> None:
    """Else everything below would be vacuous."""
    args = arguments(kind, l_out)
    assert (getattr(cpu, f"{kind}_1_{l_out}")(**args) != SENTINEL).all()


@each_l
@pytest.mark.parametrize(("kind", "name"), cases(*FLOATS, "out"))
@pytest.mark.parametrize("dtype", FOREIGN_DTYPES)
def test_foreign_dtypes(kind: str, l_out: int, name: str, dtype: str) -> None:
    """Half, extended, integer, complex, foreign byte order, object, text, time: TypeError."""
    refuse(kind, l_out, name, lambda a: np.zeros(a.shape, dtype), TypeError)


@each_l
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", FOREIGN_DTYPES)
def test_foreign_dtypes_throughout(kind: str, l_out: int, dtype: str) -> None:
    """The same where all arrays agree: half precision, above all, is not computed in silence."""
    args = arguments(kind, l_out)
    foreign = {n: np.zeros(a.shape, dtype) if n in (*FLOATS, "out") else a for n, a in args.items()}
    function = f"{kind}_1_{l_out}"
    for out in (foreign["out"], None):
        with pytest.raises(TypeError, match=f"^{function}: vectors is .*float32 and float64 are supported"):
            getattr(cpu, function)(**{**foreign, "out": out})


@each_l
@pytest.mark.parametrize(("kind", "name"), cases(*FLOATS, "out"))
def test_mixed_precision(kind: str, l_out: int, name: str) -> None:
    """float32 among float64 is neither promoted nor demoted: TypeError."""
    refuse(kind, l_out, name, lambda a: a.astype(np.float32), TypeError)


@each_l
@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "u4", "u8", "?", ">i4", ">i8", "O"])
def test_index_dtypes(l_out: int, name: str, dtype: str) -> None:
    """Only int32 and int64 are indices: TypeError."""
    refuse("convolve", l_out, name, lambda a: a.astype(dtype), TypeError)


@each_l
@pytest.mark.parametrize("out", [[[0.0]], "text", 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_out_must_be_an_array(kind: str, l_out: int, out: Any) -> None:
    """Lists cannot be filled: TypeError."""
    refuse(kind, l_out, "out", lambda _: out, TypeError)


#: Shapes that do not fit, P standing for the number of paths and M for that of output components.
WRONG_SHAPES: dict[tuple[str, str], list[tuple[Any, ...]]] = {
    ("kernel", "vectors"): [(), (5, 4), (5, 2), (5, 0), (4, 3)],
    ("kernel", "radial"): [(), (5, "P+1"), (5, 0), (4, "P"), (2, 4, "P")],
    ("kernel", "out"): [(5, "M", 2), (4, "M", 3), ("M", 3), (1, 5, "M", 3), (5, 3, "M+1")],
    ("apply", "vectors"): [(), (5, 4), (5, 2), (4, 3), (5, 0)],
    ("apply", "radial"): [(), ("P",), (5, "P", 3), (5, "P", 1), (5, "P+1", 2), (4, "P", 2)],
    ("apply", "features"): [(), (2,), (3,), (5, 4, 2), (5, 2, 2), (4, 3, 2), (5, 2, 3)],
    ("apply", "out"): [(5, "M", 3), (4, "M", 2), ("M", 2), (1, 5, "M", 2), (5, "M+1", 2)],
    ("convolve", "indptr"): [(), (0,), (3,), (5,), (4, 1)],
    ("convolve", "indices"): [(), (5, 1), (1, 5)],
    ("convolve", "vectors"): [(), (5, 4), (4, 3), (15,), (1, 5, 3)],
    ("convolve", "radial"): [(), (5, "P", 3), (5, "P+1", 2), (4, "P", 2), (5, "P"), (1, "P", 2)],
    ("convolve", "features"): [(), (3, 4, 2), (3, 3), (3, 3, 2, 1), (3, 2, 3)],
    ("convolve", "weights"): [(), (4,), (6,), (5, 1), (1,)],
    ("convolve", "out"): [(3, "M", 3), (4, "M", 2), ("M", 2), (1, 3, "M", 2), (3, "M+1", 2)],
}


@each_l
@pytest.mark.parametrize(("kind", "name", "shape"), [(*key, s) for key, shapes in WRONG_SHAPES.items() for s in shapes])
def test_shapes(kind: str, l_out: int, name: str, shape: tuple[Any, ...]) -> None:
    """Dimensions too many, too few, too long or too short: ValueError that names the argument."""
    paths, n_out = oracles.n_paths(l_out), 2 * l_out + 1
    sizes = {"P": paths, "P+1": paths + 1, "M": n_out, "M+1": n_out + 1}
    numbers = [sizes.get(n, n) for n in shape]
    refuse(kind, l_out, name, lambda a: np.zeros(numbers, a.dtype), ValueError)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_shapes_is_complete(kind: str) -> None:
    """Every argument of every function has wrong shapes above."""
    assert {name for k, name in WRONG_SHAPES if k == kind} == set(arguments(kind, 0))


BAD_INDPTR = {
    "starts late": [1, 2, 2, 5],
    "starts below zero": [-1, 2, 2, 5],
    "decreases": [0, 3, 2, 5],
    "decreases below zero": [0, -2, 2, 5],
    "overshoots": [0, 2, 2, 6],
    "falls short": [0, 2, 2, 4],
    "overshoots and returns": [0, 9, 9, 5],
    "overflows 32 bits": [0, 2**40, 2**40, 5],
}


@each_l
@pytest.mark.parametrize("fault", BAD_INDPTR)
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_indptr(l_out: int, fault: str, dtype: Any) -> None:
    """indptr must rise monotonically from 0 to E."""
    values = np.array(BAD_INDPTR[fault])
    if dtype is np.int32 and np.abs(values).max() > np.iinfo(dtype).max:
        dtype = np.int64
    refuse("convolve", l_out, "indptr", lambda _: values.astype(dtype), ValueError)


@each_l
@pytest.mark.parametrize("bad", [-1, 3, 1000, 2**31 - 1, -(2**31), 2**62, -(2**62)])
@pytest.mark.parametrize("position", [0, 2, 4])
def test_indices(l_out: int, bad: int, position: int) -> None:
    """Negative and too large senders, first, middle and last: Numba would read them without a word."""

    def change(indices: Any) -> Any:
        indices[position] = bad
        return indices

    refuse("convolve", l_out, "indices", change, ValueError)
    if abs(bad) < 2**31:
        refuse("convolve", l_out, "indices", lambda a: change(a).astype(np.int32), ValueError)


def test_edges_without_nodes() -> None:
    """Edges need a receiver: where there are no nodes, indptr = [0] ends too early."""
    with pytest.raises(ValueError, match=r"^convolve_1_0: indptr must end"):
        cpu.convolve_1_0(
            np.array([0]),
            np.array([0]),
            np.ones((1, 3)),
            np.ones((1, 1, 2)),
            np.ones((0, 3, 2)),
        )


class OnGpu:
    """What CuPy, Torch and Numba's arrays show of themselves."""

    def __init__(self, like: Any) -> None:
        self.shape, self.dtype, self.ndim = like.shape, like.dtype, like.ndim
        self.__cuda_array_interface__ = {"shape": like.shape, "typestr": like.dtype.str}

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("an array on a GPU was copied in silence")


@each_l
@pytest.mark.parametrize(("kind", "name"), cases(*FLOATS, *INDICES, "out"))
def test_arrays_on_a_gpu(kind: str, l_out: int, name: str) -> None:
    """The wrong device: ValueError, without a copy."""
    refuse(kind, l_out, name, OnGpu, ValueError)


@each_l
@pytest.mark.parametrize("kind", KINDS)
def test_read_only_out(kind: str, l_out: int) -> None:
    """Nothing can be written there: ValueError."""

    def change(out: Any) -> Any:
        out.flags.writeable = False
        return out

    refuse(kind, l_out, "out", change, ValueError)


@each_l
def test_lead_of_wrong_length_is_named(l_out: int) -> None:
    """Leading dimensions that do not broadcast are told by name and shape."""
    vectors, radial = np.ones((2, 7, 3)), np.ones((5, oracles.n_paths(l_out)))
    with pytest.raises(ValueError, match=r"\(2, 7\) of vectors, \(5,\) of radial"):
        getattr(cpu, f"kernel_1_{l_out}")(vectors, radial)
