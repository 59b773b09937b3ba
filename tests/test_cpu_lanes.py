"""Vectors of channels: every width computes what one channel at a time does, in whatever number channels come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from numba.core.errors import NumbaError
from pocket_tfn import cpu

from tests import cases, inputs
from tests.cases import Case
from tests.interpreted import interpreted
from tests.sums import SUMS
from tests.tolerances import Array, assert_same_bits

#: The module whose intrinsics are called here; mypy would want the argument that the compiler adds.
LANES: Any = cpu
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
WIDTHS = (1, 2, 4, 8, 16, 32)


def arithmetic(module: Any) -> Callable[..., None]:
    """All operators, between lanes and numbers in either order, on the channels from `first` on."""
    load, store = module._load, module._store

    def compute(lanes: Any, first: Any, number: Any, a: Any, b: Any, out: Any) -> None:
        x = load(a, (1, first), lanes)
        y = load(b, (0, 2, first), lanes)
        store(out, (0, first), x + y)
        store(out, (1, first), x - y)
        store(out, (2, first), x * y)
        store(out, (3, first), number + x)
        store(out, (4, first), number - x)
        store(out, (5, first), number * x)
        store(out, (6, first), x + number)
        store(out, (7, first), x - number)
        store(out, (8, first), x * number)
        store(out, (9, first), -x)

    return compute


@both_dtypes
@pytest.mark.parametrize("width", WIDTHS)
def test_arithmetic(dtype: Any, width: int) -> None:
    """The bits of NumPy, at places that are not aligned to vectors, and nothing is written beside them."""
    rng = np.random.default_rng(width)
    a, b = inputs.signed(rng, (2, 40)).astype(dtype), inputs.signed(rng, (1, 3, 40)).astype(dtype)
    number = dtype(rng.standard_normal())
    x, y = a[1], b[0, 2]
    x[:3] = np.nan, np.inf, -0.0
    rows = [x + y, x - y, x * y, number + x, number - x, number * x, x + number, x - number, x * number, -x]
    for first in (0, 3):
        want = np.full((10, 40), 99, dtype)
        want[:, first : first + width] = np.stack(rows)[:, first : first + width]
        for run in (numba.njit(arithmetic(cpu)), arithmetic(interpreted)):
            out = np.full((10, 40), 99, dtype)
            run((0,) * width, first, number, a, b, out)
            assert_same_bits(out, want)


def test_precisions_do_not_mix() -> None:
    """float32 lanes with a float64 number, or with float64 lanes, do not compile: nothing is promoted in silence."""

    @numba.njit
    def mix(lanes: Any, a: Any, b: Any, out: Any) -> None:
        LANES._store(out, (0,), LANES._load(a, (0,), lanes) * b)

    @numba.njit
    def mix_lanes(lanes: Any, a: Any, b: Any, out: Any) -> None:
        LANES._store(out, (0,), LANES._load(a, (0,), lanes) * LANES._load(b, (0,), lanes))

    single, double = np.ones(4, np.float32), np.ones(4)
    mix((0,) * 4, single, np.float32(2), single)
    assert single.tolist() == [2] * 4
    for other in (1.5, np.float64(1.5), 2):
        with pytest.raises(NumbaError):
            mix((0,) * 4, single, other, single)
    with pytest.raises(NumbaError):
        mix_lanes((0,) * 4, single, double, single)


@both_dtypes
def test_take_and_line(dtype: Any) -> None:
    """A column's first entries, and the elements of a line."""
    array = np.arange(12, dtype=dtype).reshape(4, 3)
    take = numba.njit(lambda a, like: LANES._take(a, 2, like))
    assert take(array, (0, 0, 0)) == (2, 5, 8) == interpreted._take(array, 2, (0, 0, 0))
    assert numba.njit(lambda a: LANES._line(a))(array) == cpu._LINE // np.dtype(dtype).itemsize


@both_dtypes
@pytest.mark.parametrize("row", [0, 1, 10**6, -(10**6), 2**40])
def test_asking_ahead_of_the_end(dtype: Any, row: int) -> None:
    """Rows that do not exist may be asked for: a hint to the cache is no access."""
    ask = numba.njit(lambda a, row, first: LANES._ask(a, row, first))
    for first in (0, 7, 10**9):
        ask(np.ones((2, 3, 8), dtype), row, first)
    assert interpreted._ask(None, row, 0) is None


@both_dtypes
@pytest.mark.parametrize("vectors", [1, 2])
@pytest.mark.parametrize("size", [16, 32, 64])
def test_spans(dtype: Any, vectors: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every channel once, in order, in whole vectors: the widest first, each leftover width at most once."""
    monkeypatch.setattr(cpu, "_VECTOR_BYTES", size)
    full = vectors * size // np.dtype(dtype).itemsize
    for channels in range(150):
        spans = [(len(lanes), *span) for lanes, span in cpu._spans(channels, np.dtype(dtype), vectors)]
        assert [c for width, first, last in spans for c in range(first, last)] == list(range(channels))
        widths = [width for width, _, _ in spans]
        assert widths == sorted(set(widths), reverse=True) and set(widths) <= {full >> n for n in range(9)}
        assert all((last - first) % width == 0 and last > first for width, first, last in spans)
        assert all(last - first == width for width, first, last in spans if width < full)


#: Of each kind, the key of which every width is compiled, here and in its own test file.
EVERY_WIDTH = {
    "convolve": "1_2_polar",
    "convolve_tabulated": "1_1",
    "convolve_mixing": "1_2",
    "convolve_walkers": "1_1",
}


def channel(case: Case, c: int) -> Case:
    """The call for one channel of the input alone."""
    chosen: dict[str, Any] = {
        name: case.arguments[name][..., c : c + 1]
        for name in ("radial", "coefficients", "features")
        if name in case.arguments
    }
    if "mixing" in case.arguments:
        chosen["mixing"] = case.arguments["mixing"][:, :, c : c + 1]
    return case.changed(**chosen)


@both_dtypes
@pytest.mark.parametrize("kind", [kind for kind in SUMS if kind != "convolve_mixing"])
def test_a_channel_does_not_depend_on_its_neighbours(kind: str, dtype: Any) -> None:
    """37 channels have the bits of each alone: no vector width rounds otherwise."""
    case = cases.case(kind, EVERY_WIDTH[kind], dtype, channels=37)
    want = case()
    for c in range(37):
        assert_same_bits(channel(case, c)(), want[..., c : c + 1])


@both_dtypes
def test_a_mixed_channel_does_not_depend_on_its_neighbours(dtype: Any) -> None:
    """The same for channels that are mixed into: 53 of them have the bits of each alone."""
    case = cases.case("convolve_mixing", EVERY_WIDTH["convolve_mixing"], dtype, mixed=53)
    want = case()
    for c in range(53):
        alone = case.changed(mixing=case.arguments["mixing"][..., c : c + 1])
        assert_same_bits(alone(), want[..., c : c + 1])


@both_dtypes
@pytest.mark.parametrize("kind", SUMS)
def test_narrower_vectors_give_the_same_bits(kind: str, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another machine would do, down to one channel at a time."""
    case = cases.case(kind, EVERY_WIDTH[kind], dtype, channels=16)
    want = case()
    for size in (16, 8, np.dtype(dtype).itemsize):
        monkeypatch.setattr(cpu, "_VECTOR_BYTES", size)
        assert_same_bits(case(), want)


@both_dtypes
@pytest.mark.parametrize("kind", SUMS)
def test_rows_of_any_alignment(kind: str, dtype: Any) -> None:
    """Arrays that begin anywhere in memory, an element apart: the same bits."""
    case = cases.case(kind, EVERY_WIDTH[kind], dtype)
    want = case()
    for shift in (1, 2, 3, 5, 7):
        moved = {name: _moved(array, shift) for name, array in case.floats().items()}
        out = _moved(np.full_like(want, np.nan), shift)
        assert case.changed(**moved)(out=out) is out
        assert_same_bits(out, want)


def _moved(array: Array, shift: int) -> Array:
    room = np.zeros(array.size + shift, array.dtype)
    room[shift:] = array.ravel()
    return room[shift:].reshape(array.shape)
