"""Each malformed call raises the documented exception, names the function and the argument, and leaves `out` alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu

from tests.cases import case
from tests.oracles import KEYS, POSITIONS, degree_of
from tests.tolerances import assert_same_bits

Arguments = dict[str, Any]
Change = Callable[[Any], Any]
ITEMS = ("kernel", "apply")
SUMS = ("convolve", "convolve_tabulated", "convolve_mixing", "convolve_walkers")
GRAPHS = SUMS[:3]
TABLES = ("convolve_tabulated", "convolve_walkers")
KINDS = ITEMS + SUMS
SENTINEL = 12345.0
#: Each l_out, and some paths only; where keys share the checks, one.
each_key = pytest.mark.parametrize("key", ["1_0", "1_1", "1_2_polar"])
one_key = pytest.mark.parametrize("key", ["1_2_polar"])


def arguments(kind: str, key: str) -> Arguments:
    """A well-formed call: 3 nodes, 5 edges or items, 8 channels (into 7); or 2 systems of 3 particles."""
    paths, n_out = len(POSITIONS[key]), 2 * degree_of(key) + 1
    rng = np.random.default_rng(0)
    if kind == "kernel":
        return {"vectors": rng.random((5, 3)), "radial": rng.random((5, paths)), "out": _sentinel(5, n_out, 3)}
    if kind == "apply":
        arrays = {"vectors": rng.random((5, 3)), "radial": rng.random((5, paths, 8)), "features": rng.random((5, 3, 8))}
        return {**arrays, "out": _sentinel(5, n_out, 8)}
    if kind == "convolve_walkers":
        args = case(kind, key, np.float64, walkers=2, particles=3).arguments
        return {**args, "out": _sentinel(2, 3, n_out, 8)}
    options = {"mixed": 7} if kind == "convolve_mixing" else {}
    args = case(kind, key, np.float64, degrees=(2, 0, 3), **options).arguments
    return {**args, "out": _sentinel(3, n_out, 7 if options else 8)}


def _sentinel(*shape: int) -> Any:
    return np.full(shape, SENTINEL)


def refuse(kind: str, key: str, name: str, change: Change, error: type[Exception]) -> None:
    """Change one argument of a good call and demand the exception, its words, and an untouched out."""
    args = arguments(kind, key)
    out = args["out"]
    args[name] = change(args[name])
    function = f"{kind}_{key}"
    with pytest.raises(error) as caught:
        getattr(cpu, function)(**args)
    assert type(caught.value) is error
    message = str(caught.value)
    assert message.startswith(f"{function}: ")
    assert re.search(rf"\b{name}\b", message), message
    assert (out == SENTINEL).all()


def has(kind: str, *names: str) -> list[tuple[str, str]]:
    return [(kind, name) for name in names if name in arguments(kind, "1_0")]


def cases(*names: str) -> list[tuple[str, str]]:
    """(function, argument) wherever a function has the argument."""
    return [found for kind in KINDS for found in has(kind, *names)]


FLOATS = ("vectors", "positions", "radial", "coefficients", "basis", "mixing", "features", "weights")
INDICES = ("indptr", "indices")

FOREIGN_DTYPES = ["f2", "i4", "i8", "u1", "?", "c8", "c16", ">f4", ">f8", "O", "U8", "M8[s]"]
if np.dtype(np.longdouble) != np.float64:
    FOREIGN_DTYPES.append("g")


@each_key
@pytest.mark.parametrize("kind", KINDS)
def test_the_unchanged_call_works(kind: str, key: str) -> None:
    """Else everything below would be vacuous."""
    args = arguments(kind, key)
    assert set(args) - {"out"} <= {*FLOATS, *INDICES, "cutoff", "degree", "loops"}
    assert (getattr(cpu, f"{kind}_{key}")(**args) != SENTINEL).all()


@one_key
@pytest.mark.parametrize(("kind", "name"), cases(*FLOATS, "out"))
@pytest.mark.parametrize("dtype", FOREIGN_DTYPES)
def test_foreign_dtypes(kind: str, key: str, name: str, dtype: str) -> None:
    """Half, extended, integer, complex, foreign byte order, object, text, time: TypeError."""
    refuse(kind, key, name, lambda a: np.zeros(a.shape, dtype), TypeError)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["f2", "i8", "c16", ">f8", "O"])
def test_foreign_dtypes_throughout(kind: str, key: str, dtype: str) -> None:
    """The same where all arrays agree: half precision, above all, is not computed in silence."""
    args = arguments(kind, key)
    foreign = {n: np.zeros(a.shape, dtype) if n in (*FLOATS, "out") else a for n, a in args.items()}
    function, first = f"{kind}_{key}", "positions" if "positions" in args else "vectors"
    for out in (foreign["out"], None):
        with pytest.raises(TypeError, match=f"^{function}: {first} is .*float32 and float64 are supported"):
            getattr(cpu, function)(**{**foreign, "out": out})


@one_key
@pytest.mark.parametrize(("kind", "name"), cases(*FLOATS, "out"))
def test_mixed_precision(kind: str, key: str, name: str) -> None:
    """float32 among float64 is neither promoted nor demoted: TypeError."""
    refuse(kind, key, name, lambda a: a.astype(np.float32), TypeError)


@one_key
@pytest.mark.parametrize(("kind", "name"), cases(*INDICES))
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "u4", "u8", "?", ">i4", ">i8", "O"])
def test_index_dtypes(kind: str, key: str, name: str, dtype: str) -> None:
    """Only int32 and int64 are indices: TypeError."""
    refuse(kind, key, name, lambda a: a.astype(dtype), TypeError)


@one_key
@pytest.mark.parametrize("out", [[[0.0]], "text", 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_out_must_be_an_array(kind: str, key: str, out: Any) -> None:
    """Lists cannot be filled: TypeError."""
    refuse(kind, key, "out", lambda _: out, TypeError)


#: Shapes that do not fit, P standing for the number of paths and M for that of output components.
WRONG_SHAPES: dict[tuple[str, str], list[tuple[Any, ...]]] = {
    ("kernel", "vectors"): [(), (5, 4), (5, 2), (5, 0), (4, 3)],
    ("kernel", "radial"): [(), (5, "P+1"), (5, 0), (4, "P"), (2, 4, "P")],
    ("kernel", "out"): [(5, "M", 2), (4, "M", 3), ("M", 3), (1, 5, "M", 3), (5, 3, "M+1")],
    ("apply", "vectors"): [(), (5, 4), (5, 2), (4, 3), (5, 0)],
    ("apply", "radial"): [(), ("P",), (5, "P", 9), (5, "P", 1), (5, "P+1", 8), (4, "P", 8)],
    ("apply", "features"): [(), (8,), (3,), (5, 4, 8), (5, 2, 8), (4, 3, 8), (5, 8, 3)],
    ("apply", "out"): [(5, "M", 9), (4, "M", 8), ("M", 8), (1, 5, "M", 8), (5, "M+1", 8)],
    ("convolve", "radial"): [(), (5, "P", 9), (5, "P+1", 8), (4, "P", 8), (5, "P"), (1, "P", 8)],
    ("convolve", "out"): [(3, "M", 9), (4, "M", 8), ("M", 8), (1, 3, "M", 8), (3, "M+1", 8)],
    ("convolve_tabulated", "coefficients"): [
        *[(), (15,), (15, "P"), (15, "P", 9), (15, "P", 1), (15, "P+1", 8), (1, 15, "P", 8), ("P", 15, 8)],
        *[(n, "P", 8) for n in range(6)],
    ],
    ("convolve_tabulated", "out"): [(3, "M", 9), (4, "M", 8), ("M", 8), (1, 3, "M", 8), (3, "M+1", 8)],
    ("convolve_mixing", "basis"): [(), (5,), (2, 5), (4, 2), (5, 3), (5, 1), (5, 0), (1, 5, 2), (5, 2, 1)],
    ("convolve_mixing", "mixing"): [
        *[(), (7,), (8, 7), (2, "P", 8), (2, "P", 7, 8), (2, "P", 9, 7), (2, "P", 1, 7), (2, "P+1", 8, 7)],
        *[(1, "P", 8, 7), (0, "P", 8, 7), (5, "P", 8, 7), (1, 2, "P", 8, 7)],
    ],
    ("convolve_mixing", "out"): [(3, "M", 8), (4, "M", 7), ("M", 7), (1, 3, "M", 7), (3, "M+1", 7)],
    ("convolve_walkers", "positions"): [
        (),
        (3,),
        (3, 3),
        (6, 3),
        (1, 3, 3),
        (2, 2, 3),
        (2, 3, 2),
        (2, 3, 4),
        (1, 2, 3, 3),
    ],
    ("convolve_walkers", "coefficients"): [(), (15, "P"), (15, "P", 9), (15, "P+1", 8), (5, "P", 8), (0, "P", 8)],
    ("convolve_walkers", "features"): [
        (),
        (3, 3, 8),
        (2, 3, 4, 8),
        (2, 3, 2, 8),
        (2, 3, 8, 3),
        (2, 3, 3),
        (1, 2, 3, 3, 8),
    ],
    ("convolve_walkers", "weights"): [(), (2,), (3,), (6,), (2, 2), (3, 2), (1, 3), (2, 3, 1), (2, 3, 3)],
    ("convolve_walkers", "out"): [(2, 3, "M", 9), (2, 2, "M", 8), (3, "M", 8), (6, "M", 8), (2, 3, "M+1", 8)],
}
for kind in GRAPHS:
    WRONG_SHAPES |= {
        (kind, "indptr"): [(), (0,), (3,), (5,), (4, 1)],
        (kind, "indices"): [(), (5, 1), (1, 5)],
        (kind, "vectors"): [(), (5, 4), (4, 3), (15,), (1, 5, 3)],
        (kind, "features"): [(), (3, 4, 8), (3, 3), (3, 3, 8, 1), (3, 8, 3)],
        (kind, "weights"): [(), (4,), (6,), (5, 1), (1,)],
    }


@each_key
@pytest.mark.parametrize(("kind", "name", "shape"), [(*key, s) for key, shapes in WRONG_SHAPES.items() for s in shapes])
def test_shapes(kind: str, key: str, name: str, shape: tuple[Any, ...]) -> None:
    """Dimensions too many, too few, too long or too short: ValueError that names the argument."""
    paths, n_out = len(POSITIONS[key]), 2 * degree_of(key) + 1
    sizes = {"P": paths, "P+1": paths + 1, "M": n_out, "M+1": n_out + 1}
    numbers = [sizes.get(n, n) for n in shape]
    refuse(kind, key, name, lambda a: np.zeros(numbers, a.dtype), ValueError)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_shapes_is_complete(kind: str) -> None:
    """Every array of every function has wrong shapes above."""
    arrays = {name for name, value in arguments(kind, "1_0").items() if isinstance(value, np.ndarray)}
    assert {name for k, name in WRONG_SHAPES if k == kind} == arrays


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


@one_key
@pytest.mark.parametrize("kind", GRAPHS)
@pytest.mark.parametrize("fault", BAD_INDPTR)
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_indptr(kind: str, key: str, fault: str, dtype: Any) -> None:
    """indptr must rise monotonically from 0 to E."""
    values = np.array(BAD_INDPTR[fault])
    if dtype is np.int32 and np.abs(values).max() > np.iinfo(dtype).max:
        dtype = np.int64
    refuse(kind, key, "indptr", lambda _: values.astype(dtype), ValueError)


@one_key
@pytest.mark.parametrize("kind", GRAPHS)
@pytest.mark.parametrize("bad", [-1, 3, 1000, 2**31 - 1, -(2**31), 2**62, -(2**62)])
@pytest.mark.parametrize("position", [0, 2, 4])
def test_indices(kind: str, key: str, bad: int, position: int) -> None:
    """Negative and too large senders, first, middle and last: Numba would read them without a word."""

    def change(indices: Any) -> Any:
        indices[position] = bad
        return indices

    refuse(kind, key, "indices", change, ValueError)
    if abs(bad) < 2**31:
        refuse(kind, key, "indices", lambda a: change(a).astype(np.int32), ValueError)


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


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("degree", [4, 0, 1, 2, 6, -3, 3.5, "5", None, True, [5], (3, 5), np.array([3, 5])], ids=repr)
def test_degree(kind: str, degree: Any) -> None:
    """Splines of degree 3 and 5 are compiled, no others: ValueError."""
    refuse(kind, "1_1", "degree", lambda _: degree, ValueError)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("cutoff", [0, -0.0, -1, np.nan, np.inf, -np.inf, 5e-324, 1e-31, 1e31, 1e300, 10**40], ids=str)
def test_cutoff(kind: str, cutoff: Any) -> None:
    """No positive length, or one whose inverse has no place in float32: ValueError, in either dtype."""
    refuse(kind, "1_1", "cutoff", lambda _: cutoff, ValueError)
    single = case(kind, "1_1", np.float32).changed(cutoff=cutoff)
    with pytest.raises(ValueError, match=f"^{single.name}: cutoff "):
        single()


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("cutoff", ["3", None, True, [1.0], [1, 2], 1j, np.array([1.0]), np.ones(3)], ids=repr)
def test_cutoff_must_be_a_number(kind: str, cutoff: Any) -> None:
    """One number for all edges: TypeError."""
    refuse(kind, "1_1", "cutoff", lambda _: cutoff, TypeError)


@pytest.mark.parametrize("loops", ["no", None, 0, 2.5, np.array([True, False]), np.zeros(3)], ids=repr)
def test_loops(loops: Any) -> None:
    """True or False; text and arrays (such as out, out of place) are neither: TypeError."""
    refuse("convolve_walkers", "1_1", "loops", lambda _: loops, TypeError)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("number", [np.float32, np.float64, int, np.int64, np.longdouble])
def test_numbers_of_any_type(kind: str, number: Any) -> None:
    """The cutoff and the degree may be NumPy's, of any precision, and the cutoff whole."""
    for dtype in (np.float32, np.float64):
        c = case(kind, "1_1", dtype, cutoff=4.0)
        want = c()
        assert_same_bits(c.changed(cutoff=number(4), degree=np.int32(5))(), want)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("cutoff", [1e-30, 1e30])
def test_the_shortest_and_the_longest_cutoff(kind: str, cutoff: float) -> None:
    """The bounds that the message names are allowed, in either precision."""
    for dtype in (np.float32, np.float64):
        assert np.isfinite(case(kind, "1_1", dtype).changed(cutoff=cutoff)()).all()


@each_key
@pytest.mark.parametrize(("kind", "name"), cases(*FLOATS, *INDICES))
def test_masked_arrays(kind: str, key: str, name: str) -> None:
    """Their masks would be dropped in silence: TypeError."""
    refuse(kind, key, name, np.ma.masked_array, TypeError)


class OnGpu:
    """What CuPy, Torch and Numba's arrays show of themselves."""

    def __init__(self, like: Any) -> None:
        self.shape, self.dtype, self.ndim = like.shape, like.dtype, like.ndim
        self.__cuda_array_interface__ = {"shape": like.shape, "typestr": like.dtype.str}

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("an array on a GPU was copied in silence")


@each_key
@pytest.mark.parametrize(("kind", "name"), cases(*FLOATS, *INDICES, "out"))
def test_arrays_on_a_gpu(kind: str, key: str, name: str) -> None:
    """The wrong device: ValueError, without a copy."""
    refuse(kind, key, name, OnGpu, ValueError)


@each_key
@pytest.mark.parametrize("kind", KINDS)
def test_read_only_out(kind: str, key: str) -> None:
    """Nothing can be written there: ValueError."""

    def change(out: Any) -> Any:
        out.flags.writeable = False
        return out

    refuse(kind, key, "out", change, ValueError)


@each_key
def test_lead_of_wrong_length_is_named(key: str) -> None:
    """Leading dimensions that do not broadcast are told by name and shape."""
    vectors, radial = np.ones((2, 7, 3)), np.ones((5, len(POSITIONS[key])))
    with pytest.raises(ValueError, match=r"\(2, 7\) of vectors, \(5,\) of radial"):
        getattr(cpu, f"kernel_{key}")(vectors, radial)
