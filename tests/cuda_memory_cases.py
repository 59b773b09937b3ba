"""Where the arrays of a sum over neighbours lie on a GPU: any layout, any `out`, and arrays of other libraries.

test_cuda_simulator.py runs these cases, simulated and on a GPU.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cuda as gpu

from .cases import Case
from .cuda_arrays import SIMULATED, Array, Layout, every_layout, foreign, on_device, on_host
from .cuda_sums import KINDS, call, each_kind, on_gpu, quiet, small
from .tolerances import assert_same_bits

pytestmark = quiet


@cache
def usual(kind: str) -> tuple[Case, Array]:
    """A call, and its result from contiguous arrays."""
    case = small(kind, "1_1", "float32", channels=4)
    return case, call(case)


ARRAYS = [
    (kind, name)
    for kind in KINDS
    for name, value in small(kind, "1_1", channels=4).arguments.items()
    if isinstance(value, np.ndarray)
]


@every_layout
@pytest.mark.parametrize(("kind", "name"), ARRAYS)
def test_strided_arrays(kind: str, name: str, layout: Layout) -> None:
    """One argument at a time: gaps, negative strides, columns first, a window into a larger array."""
    case, want = usual(kind)
    assert_same_bits(call(case.changed(**{name: layout(case.arguments[name])})), want)


@each_kind
def test_everything_strided(kind: str) -> None:
    """All at once, read-only as well."""
    case, want = usual(kind)
    arrays = {n: np.repeat(a[..., None], 2, -1)[..., 0] for n, a in case.arguments.items() if isinstance(a, np.ndarray)}
    for array in arrays.values():
        array.flags.writeable = False
    assert_same_bits(call(case.changed(**arrays)), want)


@each_kind
def test_inputs_are_left_alone(kind: str) -> None:
    """Whatever is copied or reshaped on the way, the arguments keep their bits."""
    case, _ = usual(kind)
    given = on_gpu(case.arguments)
    getattr(gpu, case.name)(**given)
    for name, value in case.arguments.items():
        if isinstance(value, np.ndarray):
            assert_same_bits(on_host(given[name]), value)
        else:
            assert given[name] == value


@each_kind
def test_out_is_filled_and_returned(kind: str) -> None:
    """The caller's own array comes back, with the bits of a fresh one, and nothing around it is written."""
    case, want = usual(kind)
    room = on_device(np.full(want.size + 8, np.nan, want.dtype))
    out = room[4:-4].reshape(want.shape)
    assert getattr(gpu, case.name)(**on_gpu(case.arguments), out=out) is out
    assert_same_bits(on_host(out), want)
    assert np.isnan(np.delete(on_host(room), slice(4, -4))).all()


FLOATS = [(kind, name) for kind, name in ARRAYS if name not in ("indptr", "indices")]


@pytest.mark.parametrize(("kind", "name"), FLOATS)
@pytest.mark.parametrize("shift", [-4, 0, 4])
def test_out_may_overlap_any_input(kind: str, name: str, shift: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out begins before the input, with it or within it: other threads still need what one would overwrite.

    Few threads may be lucky, so that the array beside out is looked for, too.
    """
    case, want = usual(kind)
    made: list[tuple[int, ...]] = []
    plain = gpu._empty

    def empty(shape: tuple[int, ...], dtype: Any) -> Any:
        made.append(shape)
        return plain(shape, dtype)

    monkeypatch.setattr(gpu, "_empty", empty)
    array = case.arguments[name]
    memory = np.zeros(8 + array.size + want.size, want.dtype)
    memory[4 : 4 + array.size] = array.ravel()
    buffer = on_device(memory)
    given = on_gpu(case.arguments) | {name: buffer[4 : 4 + array.size].reshape(array.shape)}
    out = buffer[4 + shift : 4 + shift + want.size].reshape(want.shape)
    assert getattr(gpu, case.name)(**given, out=out) is out
    assert want.shape in made
    assert_same_bits(on_host(out), want)


@each_kind
def test_results_are_arrays_of_the_gpu(kind: str) -> None:
    """C-contiguous, of the inputs' dtype, and no two calls share memory."""
    case, want = usual(kind)
    given = on_gpu(case.arguments)
    first, second = (getattr(gpu, case.name)(**given) for _ in range(2))
    assert first.is_c_contiguous() and first.dtype == want.dtype
    assert not gpu._overlap(first, second)
    assert_same_bits(on_host(first), want)


@pytest.mark.skipif(SIMULATED, reason="the simulator knows no arrays of other libraries")
@each_kind
def test_arrays_of_other_libraries(kind: str) -> None:
    """The CUDA array interface is all that is asked for, of inputs and of out."""
    case, want = usual(kind)
    given = {n: foreign(a) if hasattr(a, "copy_to_host") else a for n, a in on_gpu(case.arguments).items()}
    memory = on_device(np.zeros_like(want))
    out = foreign(memory)
    assert getattr(gpu, case.name)(**given, out=out) is out
    assert_same_bits(on_host(memory), want)
