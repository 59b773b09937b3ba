"""Vectors of channels: every width computes what one channel at a time does, in whatever number channels come."""

from __future__ import annotations

import math
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
from tests.subprocesses import run_script
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
    ask = numba.njit(lambda a, row, first: LANES._prefetch(a, row, first))
    for first in (0, 7, 10**9):
        ask(np.ones((2, 3, 8), dtype), row, first)
    assert interpreted._prefetch(None, row, 0) is None


@both_dtypes
@pytest.mark.parametrize("vectors", [1, 2])
@pytest.mark.parametrize("size", [16, 32, 64])
def test_lanes(dtype: Any, vectors: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The widest power of two that so many vectors hold and that there are channels for; one where there are none."""
    monkeypatch.setattr(cpu, "_VECTOR_BYTES", size)
    room = vectors * size // np.dtype(dtype).itemsize
    for channels in range(150):
        width = max(2**n for n in range(9) if 2**n <= min(room, max(channels, 1)))
        assert cpu._lanes(channels, np.dtype(dtype), vectors) == (0,) * width


@both_dtypes
@pytest.mark.parametrize("size", [16, 32, 64])
def test_channel_steps(dtype: Any, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every channel lies in a vector, and no other; whether the last is moved back for that is known beforehand."""
    monkeypatch.setattr(cpu, "_VECTOR_BYTES", size)
    for channels in range(1, 150):
        lanes, uneven = cpu._channel_steps(channels, np.dtype(dtype))
        width = len(lanes)
        assert lanes == cpu._lanes(channels, np.dtype(dtype))
        assert uneven is (None if channels % width == 0 else True)
        places = range(0, interpreted._room(channels, lanes), width)
        begins = [interpreted._moved_back(v, uneven, channels, lanes) for v in places]
        assert begins[:-1] == list(places[:-1]) and begins[-1] == channels - width <= places[-1]
        assert sorted({c for first in begins for c in range(first, first + width)}) == list(range(channels))


@both_dtypes
@pytest.mark.parametrize("width", WIDTHS)
def test_room_for_whole_vectors(dtype: Any, width: int) -> None:
    """Zeros just where the last vector shares channels with the one before; else every channel once, in order.

    Read-only, as what needs no room is: one compiled product serves both.
    """
    for channels in range(width, 3 * width + 1):
        mixing = cpu._frozen(1 + np.arange(2 * 3 * channels * 5, dtype=dtype).reshape(2, 3, channels, 5))
        wider = cpu._with_room(mixing, width)
        shared = -channels % width
        zeros = channels + shared - width + np.arange(shared)
        assert wider.shape == (2, 3, channels + shared, 5) and wider.flags.c_contiguous and not wider.flags.writeable
        assert not wider[:, :, zeros].any()
        assert_same_bits(np.delete(wider, zeros, axis=2), mixing)
        assert (wider is mixing) == (shared == 0)


#: Of each kind, the key of which every width is compiled, here and in its own test file.
EVERY_WIDTH = {
    "convolve": "1_2_polar",
    "convolve_tabulated": "1_1",
    "convolve_mixing": "1_2",
    "convolve_walkers": "1_1",
}
#: Loops behind them: the kind, what their number of channels is called there, and how they go through that many.
LOOPS = {
    "_convolve_rows_1_2_polar": ("convolve", "channels", "cpu._channel_steps(count, dtype)"),
    "_tabulated_rows_1_1": ("convolve_tabulated", "channels", "cpu._channel_steps(count, dtype)"),
    "_mixing_rows_1_2": ("convolve_mixing", "channels", "cpu._lanes(count, dtype)"),
    "_product": ("convolve_mixing", "mixed", "cpu._lanes(count, dtype, vectors=2)"),
    "_walkers_1_1": ("convolve_walkers", "channels", "cpu._channel_steps(count, dtype)"),
}


#: Each is compiled for six numbers of channels: one in every run.
EACH = [pytest.param(name, marks=[] if name.startswith("_convolve") else [pytest.mark.slow]) for name in LOOPS]


@pytest.mark.parametrize("loop", EACH)
def test_one_loop_for_many_numbers_of_channels(loop: str) -> None:
    """What a fresh interpreter compiles for 13 channels serves 9 to 15; in all, no more than there are ways to step."""
    kind, channels, steps = LOOPS[loop]
    script = f"""
    import numpy as np
    from pocket_tfn import cpu
    from tests import cases

    def compiled(counts):
        for count in counts:
            cases.case("{kind}", "{EVERY_WIDTH[kind]}", dtype, {channels}=count)()
        return len(cpu.{loop}.signatures)

    dtype = np.dtype(np.float32)
    assert compiled([]) == 0
    assert compiled([13]) == 1
    assert compiled(range(9, 16)) == 1
    assert compiled(range(1, 38)) == len({{{steps} for count in range(1, 38)}})
    """
    run_script(script, timeout=600, preamble="")


#: So many elements on either side of what is written must stay as they are.
MARGIN = 64


def surrounded(case: Case, shape: tuple[int, ...]) -> Array:
    """What the call writes to an array of this shape; nothing may be written beside it."""
    room = np.full(MARGIN + math.prod(shape) + MARGIN, 99, case.dtype)
    out = room[MARGIN:-MARGIN].reshape(shape)
    assert case(out=out) is out
    assert (room[:MARGIN] == 99).all() and (room[-MARGIN:] == 99).all()
    return out


def of_channels(case: Case, chosen: slice) -> Case:
    """The call for some channels of the input alone."""
    arrays = {name: case.arguments[name] for name in ("radial", "coefficients", "features") if name in case.arguments}
    changes: dict[str, Any] = {name: array[..., chosen] for name, array in arrays.items()}
    if "mixing" in case.arguments:
        changes["mixing"] = case.arguments["mixing"][:, :, chosen]
    return case.changed(**changes)


@inputs.float32_first
@pytest.mark.parametrize("kind", [kind for kind in SUMS if kind != "convolve_mixing"])
def test_a_channel_does_not_depend_on_its_neighbours(kind: str, dtype: Any) -> None:
    """Of 37 channels each has the bits that it has alone, and the first and the last of them, however many, theirs."""
    case = cases.case(kind, EVERY_WIDTH[kind], dtype, channels=37)
    want = case()
    alone = [slice(c, c + 1) for c in range(37)]
    together = [chosen for count in range(1, 38) for chosen in (slice(count), slice(37 - count, 37))]
    for chosen in (*alone, *together):
        assert_same_bits(surrounded(of_channels(case, chosen), want[..., chosen].shape), want[..., chosen])


@inputs.float32_first
def test_a_mixed_channel_does_not_depend_on_its_neighbours(dtype: Any) -> None:
    """The same for channels that are mixed into: 53 have the bits of each alone, and of the first, however many."""
    case = cases.case("convolve_mixing", EVERY_WIDTH["convolve_mixing"], dtype, mixed=53)
    want = case()
    for chosen in (*(slice(c, c + 1) for c in range(53)), *(slice(count) for count in range(1, 54))):
        some = case.changed(mixing=case.arguments["mixing"][..., chosen])
        assert_same_bits(surrounded(some, want[..., chosen].shape), want[..., chosen])


@inputs.float32_first
def test_channels_that_weigh_nothing(dtype: Any) -> None:
    """Those of 37 whose matrices are zero may as well not be there: the same bits, but for the sign of zero."""
    case = cases.case("convolve_mixing", EVERY_WIDTH["convolve_mixing"], dtype, channels=37, mixed=13)
    shape = case().shape
    for count in range(1, 38):
        mixing = case.arguments["mixing"].copy()
        mixing[:, :, count:] = 0
        want = case.changed(mixing=mixing)()
        assert_same_bits(surrounded(of_channels(case, slice(count)), shape) + 0, want + 0)


@both_dtypes
@pytest.mark.parametrize("kind", SUMS)
def test_narrower_vectors_give_the_same_bits(kind: str, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another machine would do, down to one channel at a time."""
    for channels in (13, 16):
        case = cases.case(kind, EVERY_WIDTH[kind], dtype, channels=channels)
        with monkeypatch.context() as narrower:
            want = case()
            for size in (16, 8, np.dtype(dtype).itemsize):
                narrower.setattr(cpu, "_VECTOR_BYTES", size)
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
