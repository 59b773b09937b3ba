"""What the CUDA module must compute, compared with the CPU module.

test_cuda_simulator.py runs these cases, simulated and on a GPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu
from pocket_tfn import cuda as gpu

from .cases import CHANNELS
from .cuda_arrays import SIMULATED, Array, Layout, every_layout, foreign, on_device, on_host
from .cuda_inputs import DTYPES, INDICES, INDPTR, L_OUT, Lead, apply_inputs, convolve_inputs, kernel_inputs, numbers
from .oracles import POSITIONS, SUBSETS
from .tolerances import assert_close, assert_same_bits, tolerance

TERMS = int(np.diff(INDPTR).max())
both_dtypes = pytest.mark.parametrize("dtype", DTYPES)
all_degrees = pytest.mark.parametrize("l_out", L_OUT)


def assert_agrees(got: Any, want: Array) -> None:
    """Two computations of the same formula in the same dtype, compared norm-wise."""
    limit = tolerance(want.dtype).pair(TERMS)
    assert_close(on_host(got), want, np.linalg.norm(want), limit=limit, dtype=want.dtype)


def check(name: str, arrays: dict[str, Array]) -> None:
    """The GPU's result against the CPU's."""
    got = getattr(gpu, name)(**{key: on_device(array) for key, array in arrays.items()})
    assert_agrees(got, getattr(cpu, name)(**arrays))


# --- broadcasting ---------------------------------------------------------------------------------

KERNEL_LEADS: list[tuple[Lead, Lead]] = [
    ((), ()),
    ((5,), (5,)),
    ((5,), ()),
    ((), (5,)),
    ((5,), (1,)),
    ((2, 1), (3,)),
    ((2, 1, 2), (3, 1)),
    ((0,), (0,)),
    ((2, 0), (1, 1)),
    ((0, 3), (3,)),
]
APPLY_LEADS: list[tuple[Lead, Lead, Lead]] = [
    ((), (), ()),
    ((5,), (5,), (5,)),
    ((5,), (), (1,)),
    ((), (5,), ()),
    ((2, 1), (3,), (2, 3)),
    ((2, 1, 1), (1, 3, 1), (2,)),
    ((0,), (0,), (0,)),
    ((2, 0), (), (1, 1)),
]


@all_degrees
@both_dtypes
@pytest.mark.parametrize("leads", KERNEL_LEADS, ids=str)
def test_kernel_broadcasts(l_out: int, dtype: str, leads: tuple[Lead, Lead]) -> None:
    """Leading dimensions: none, equal, missing, of length one, partly shared, empty."""
    check(f"kernel_1_{l_out}", kernel_inputs(l_out, dtype, leads))


@all_degrees
@both_dtypes
@pytest.mark.parametrize("leads", APPLY_LEADS, ids=str)
def test_apply_broadcasts(l_out: int, dtype: str, leads: tuple[Lead, Lead, Lead]) -> None:
    """The same for three operands."""
    check(f"apply_1_{l_out}", apply_inputs(l_out, dtype, 2, leads))


# --- sizes ----------------------------------------------------------------------------------------


@all_degrees
@both_dtypes
@pytest.mark.parametrize("channels", [0, 1, 13])
def test_apply_takes_any_number_of_channels(l_out: int, dtype: str, channels: int) -> None:
    """No channel, one, and a number that divides no block."""
    check(f"apply_1_{l_out}", apply_inputs(l_out, dtype, channels))


@all_degrees
@both_dtypes
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("channels", [0, 1, 13])
def test_convolve_takes_any_number_of_channels(l_out: int, dtype: str, weighted: bool, channels: int) -> None:
    """Both kernels; the graph has an isolated receiver, a repeated sender and a loop."""
    check(f"convolve_1_{l_out}", convolve_inputs(l_out, dtype, channels, weighted=weighted))


@all_degrees
@pytest.mark.parametrize("index_types", [("i4", "i4"), ("i4", "i8"), ("i8", "i4"), ("i8", "i8")], ids="-".join)
def test_convolve_takes_both_index_types(l_out: int, index_types: tuple[str, str]) -> None:
    """indptr and indices choose between int32 and int64 independently."""
    indptr, indices = INDPTR.astype(index_types[0]), INDICES.astype(index_types[1])
    check(f"convolve_1_{l_out}", convolve_inputs(l_out, "float32", indptr=indptr, indices=indices))


@all_degrees
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("nodes", [0, 1, 3])
def test_convolve_without_edges(l_out: int, weighted: bool, nodes: int) -> None:
    """No edge: zeros, and no node: nothing.  A grid of no blocks would be an error."""
    indptr, indices = np.zeros(nodes + 1, np.int64), np.zeros(0, np.int64)
    inputs = convolve_inputs(l_out, "float32", weighted=weighted, indptr=indptr, indices=indices)
    check(f"convolve_1_{l_out}", inputs)
    no_channels = {key: inputs[key][..., :0] for key in ("radial", "features")}
    check(f"convolve_1_{l_out}", inputs | no_channels)


def test_isolated_receiver_is_zero_whatever_out_held() -> None:
    """out is overwritten, not added to."""
    inputs = convolve_inputs(1, "float64")
    out = on_device(np.full((4, 3, 2), np.nan))
    gpu.convolve_1_1(**{key: on_device(array) for key, array in inputs.items()}, out=out)
    assert (on_host(out)[1] == 0).all()
    assert not np.isnan(on_host(out)).any()


MAGNITUDES = [("float32", n) for n in (-44, -20, 18, 37)] + [("float64", n) for n in (-320, -160, 153, 307)]


@pytest.mark.filterwarnings("ignore:.*overflow encountered")  # by the NumPy scalars that the simulator computes with
@pytest.mark.parametrize(("dtype", "exponent"), MAGNITUDES)
def test_direction_of_vectors_of_any_length(dtype: str, exponent: int) -> None:
    """Squares under- and overflow long before lengths do; at r = 0 only l_f = 0 survives."""
    vectors = (numbers(5, (3, 3), "float64") * 10.0**exponent).astype(dtype)
    vectors[1] = 0
    check("kernel_1_1", {"vectors": vectors, "radial": numbers(2, (3, 3), dtype)})


@both_dtypes
def test_nan_passes_through(dtype: str) -> None:
    """A NaN in one vector spoils that item, wholly, and no other."""
    inputs = kernel_inputs(2, dtype)
    inputs["vectors"][1, 2] = np.nan
    got = on_host(gpu.kernel_1_2(**{key: on_device(array) for key, array in inputs.items()}))
    assert np.isnan(got).all(axis=(1, 2)).tolist() == [False, True, False, False]
    assert not np.isnan(np.delete(got, 1, axis=0)).any()


# --- the paths of one parity ------------------------------------------------------------------------


@both_dtypes
@pytest.mark.parametrize("key", SUBSETS)
def test_paths_of_one_parity(key: str, dtype: str) -> None:
    """kernel, apply and convolve of some paths, where radial has as many rows; r = 0 included."""
    l_out, some = int(key[2]), slice(0, len(POSITIONS[key]))
    kernel, apply = kernel_inputs(l_out, dtype), apply_inputs(l_out, dtype, CHANNELS)
    convolve = convolve_inputs(l_out, dtype, CHANNELS, weighted=True)
    for name, inputs in (("kernel", kernel), ("apply", apply), ("convolve", convolve)):
        inputs["vectors"][0] = 0
        check(f"{name}_{key}", inputs | {"radial": inputs["radial"][:, some]})
    unweighted = convolve | {"radial": convolve["radial"][:, some]}
    del unweighted["weights"]
    ones = unweighted | {"weights": np.ones(len(INDICES), dtype)}
    got = on_host(getattr(gpu, f"convolve_{key}")(**{n: on_device(a) for n, a in unweighted.items()}))
    want = on_host(getattr(gpu, f"convolve_{key}")(**{n: on_device(a) for n, a in ones.items()}))
    assert_same_bits(got, want)


# --- memory layouts ---------------------------------------------------------------------------------


@every_layout
@pytest.mark.parametrize("argument", ["indptr", "indices", "vectors", "radial", "features", "weights"])
def test_convolve_takes_strided_arrays(layout: Layout, argument: str) -> None:
    """One argument at a time: gaps, negative strides, columns first, a window into a larger array."""
    inputs = convolve_inputs(2, "float32", weighted=True)
    check("convolve_1_2", inputs | {argument: layout(inputs[argument])})


@every_layout
@pytest.mark.parametrize("argument", ["vectors", "radial", "features"])
def test_apply_takes_strided_arrays(layout: Layout, argument: str) -> None:
    """Up to four dimensions, every one of which a copy must get right."""
    inputs = apply_inputs(2, "float64", 2, ((2, 3), (2, 3), (2, 3)))
    check("apply_1_2", inputs | {argument: layout(inputs[argument])})


@every_layout
@pytest.mark.parametrize("shape", [(5,), (5, 3), (4, 3, 2), (2, 3, 2, 3)], ids=str)
def test_packing(layout: Layout, shape: tuple[int, ...]) -> None:
    """What is contiguous is not copied, what is not becomes so: NumPy, inside the simulator, reshapes anything."""
    array = layout(numbers(7, shape, "float64"))
    strided = on_device(array)
    packed = gpu._packed(strided)
    assert (packed is strided) == array.flags.c_contiguous
    assert packed.is_c_contiguous()
    assert_same_bits(on_host(packed), np.ascontiguousarray(array))


@pytest.mark.parametrize("argument", ["vectors", "radial", "features"])
def test_apply_takes_arrays_that_were_broadcast(argument: str) -> None:
    """Strides of zero, as numpy.broadcast_to and torch.expand make them."""
    inputs = apply_inputs(1, "float32", 3, ((2, 1), (2, 1), (2, 1)))
    wide = np.broadcast_to(inputs[argument], (2, 4, *inputs[argument].shape[2:]))
    check("apply_1_1", inputs | {argument: wide})
    check("apply_1_1", inputs | {argument: wide[:, :1]})
    flat = np.broadcast_to(inputs[argument][..., :1], inputs[argument].shape)
    check("apply_1_1", inputs | {argument: flat})


# --- out ------------------------------------------------------------------------------------------

NAMED_INPUTS: list[tuple[str, dict[str, Array], tuple[int, ...]]] = [
    ("kernel_1_2", kernel_inputs(2, "float64", ((2, 1), (3,))), (2, 3, 5, 3)),
    ("apply_1_2", apply_inputs(2, "float64"), (4, 5, 2)),
    ("convolve_1_2", convolve_inputs(2, "float64", weighted=True), (4, 5, 2)),
    ("convolve_1_0", convolve_inputs(0, "float32", channels=0), (4, 1, 0)),
]


@pytest.mark.parametrize(("name", "inputs", "shape"), NAMED_INPUTS, ids=[case[0] for case in NAMED_INPUTS])
def test_out_is_filled_and_returned(name: str, inputs: dict[str, Array], shape: tuple[int, ...]) -> None:
    """The caller's own object comes back, with the bits that a fresh array would have."""
    arrays = {key: on_device(array) for key, array in inputs.items()}
    dtype = inputs["vectors"].dtype
    out = on_device(np.full(shape, np.nan, dtype))
    assert getattr(gpu, name)(**arrays, out=out) is out
    assert_same_bits(on_host(out), on_host(getattr(gpu, name)(**arrays)))


@pytest.mark.parametrize("name", ["apply_1_1", "convolve_1_1"])
def test_out_may_be_an_input(name: str) -> None:
    """Features replaced by the result: other threads still need the old ones."""
    inputs = apply_inputs(1, "float32") if name == "apply_1_1" else convolve_inputs(1, "float32")
    arrays = {key: on_device(array) for key, array in inputs.items()}
    want = getattr(cpu, name)(**inputs)
    assert getattr(gpu, name)(**arrays, out=arrays["features"]) is arrays["features"]
    assert_agrees(arrays["features"], want)


@pytest.mark.parametrize("shift", [-7, -1, 1, 23, 24, 40])
def test_out_may_overlap_an_input(shift: int) -> None:
    """Out begins before or within the features, or just behind them."""
    inputs = convolve_inputs(1, "float64")
    size = inputs["features"].size
    memory = np.zeros(2 * size + 100)
    memory[40 : 40 + size] = inputs["features"].ravel()
    buffer = on_device(memory)
    features = buffer[40 : 40 + size].reshape(4, 3, 2)
    out = buffer[40 + shift : 40 + shift + size].reshape(4, 3, 2)
    arrays = {key: on_device(array) for key, array in inputs.items()} | {"features": features}
    gpu.convolve_1_1(**arrays, out=out)
    assert_agrees(out, cpu.convolve_1_1(**inputs))


def test_inputs_are_left_alone() -> None:
    """Whatever is copied or reshaped on the way, the arguments keep their bits."""
    inputs = convolve_inputs(2, "float32", weighted=True)
    arrays = {key: on_device(array) for key, array in inputs.items()}
    gpu.convolve_1_2(**arrays)
    for key, array in inputs.items():
        assert_same_bits(on_host(arrays[key]), array)


# --- where a real GPU differs from the simulated ------------------------------------------------------

on_hardware = pytest.mark.skipif(SIMULATED, reason="the simulator knows no arrays of other libraries, and few threads")


@on_hardware
@pytest.mark.parametrize(("name", "inputs", "shape"), NAMED_INPUTS, ids=[case[0] for case in NAMED_INPUTS])
def test_arrays_of_other_libraries(name: str, inputs: dict[str, Array], shape: tuple[int, ...]) -> None:
    """The CUDA array interface is all that is asked for, of inputs and of out."""
    arrays = {key: foreign(on_device(array)) for key, array in inputs.items()}
    memory = on_device(np.zeros(shape, inputs["vectors"].dtype))
    out = foreign(memory)
    assert getattr(gpu, name)(**arrays, out=out) is out
    assert_agrees(memory, getattr(cpu, name)(**inputs))


@on_hardware
def test_same_bits_from_run_to_run() -> None:
    """Many threads, many blocks: one receiver is still summed by one thread in the order of its edges."""
    generator = np.random.default_rng(6)
    nodes, degree = 2000, 17
    indptr, indices = np.arange(nodes + 1) * degree, generator.integers(0, nodes, nodes * degree)
    inputs = convolve_inputs(1, "float32", 13, weighted=True, indptr=indptr, indices=indices)
    arrays = {key: on_device(array) for key, array in inputs.items()}
    first = on_host(gpu.convolve_1_1(**arrays))
    for _ in range(3):
        assert_same_bits(on_host(gpu.convolve_1_1(**arrays)), first)
    want = cpu.convolve_1_1(**inputs)
    limit = tolerance("float32").pair(degree)
    assert_close(first, want, np.linalg.norm(want), limit=limit, dtype="float32")
