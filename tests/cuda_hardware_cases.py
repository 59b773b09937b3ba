"""What can be seen on a GPU alone: the order of work on its streams, arrays of other libraries, CUDA graphs.

test_cuda_simulator.py runs these cases where there is a GPU.  Producers are slow on purpose: work that does not wait
for them reads what they have not written yet.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import cuda as numba_cuda
from pocket_tfn import cuda as gpu

from .cases import Case
from .cuda_arrays import SIMULATED, Array, on_host
from .cuda_sums import GRAPHS, KINDS, PLANNED, call, each_kind, on_gpu, quiet, small
from .tolerances import assert_same_bits

cuda: Any = numba_cuda  # mypy sees Numba's own, older module
pytestmark = [quiet, pytest.mark.skipif(SIMULATED, reason="the simulator has no streams")]
#: About a fifth of a second at 1 to 2 GHz; calls take a thousandth of that.
CYCLES = 300_000_000


def usual(kind: str) -> Case:
    """Many receivers, vectors of 16 bytes."""
    if kind == "convolve_walkers":
        return small(kind, "1_1", "float32", channels=16, walkers=50, particles=11)
    return small(kind, "1_1", "float32", channels=16, degrees=(3, 0, 18, 1) * 50)


def prepared(kind: str) -> tuple[Case, Array, Any]:
    """A call, its result, and its function, compiled."""
    case = usual(kind)
    return case, call(case), getattr(gpu, case.name)


def torch_on_gpu() -> Any:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    if not torch.cuda.is_available():
        pytest.skip("this PyTorch has no CUDA")
    return torch


def cupy_on_gpu() -> Any:
    return pytest.importorskip("cupy", reason="CuPy is not installed")


# --- Numba alone ------------------------------------------------------------------------------------------


@cuda.jit
def _produce(source, target, milliseconds):  # type: ignore[no-untyped-def]
    """Copies, but late."""
    for _ in range(milliseconds):
        cuda.nanosleep(1_000_000)
    for n in range(cuda.grid(1), target.shape[0], cuda.gridsize(1)):
        target[n] = source[n]


def non_blocking() -> int:
    """The handle of a stream that does not wait for the default stream, nor that for it."""
    from numba.cuda.cudadrv.driver import binding, driver

    return int(driver.cuStreamCreate(binding.CUstream_flags.CU_STREAM_NON_BLOCKING.value))


@each_kind
def test_work_is_ordered_on_the_chosen_stream(kind: str) -> None:
    """After a slow producer on a stream that nothing else waits for; the host has not waited either."""
    case, want, function = prepared(kind)
    given = on_gpu(case.arguments)
    if kind in GRAPHS:
        given["indptr"], given["indices"] = gpu.checked_graph(given["indptr"], given["indices"])
    late = cuda.device_array_like(given["features"])
    late.copy_to_device(np.zeros_like(case.arguments["features"]))
    _produce[64, 128](given["features"].reshape(-1), late.reshape(-1), 0)
    cuda.synchronize()
    handle = non_blocking()
    stream, done = cuda.external_stream(handle), cuda.event(timing=False)
    _produce[64, 128, stream](given["features"].reshape(-1), late.reshape(-1), 300)
    with gpu.on_stream(handle):
        got = function(**given | {"features": late})
    done.record(stream)
    assert not done.query(), "the host waited, or the producer was too quick"
    stream.synchronize()
    assert_same_bits(on_host(got), want)


@each_kind
def test_the_default_stream_gets_nothing(kind: str) -> None:
    """It is busy, and the chosen stream is done before it."""
    case, want, function = prepared(kind)
    given = on_gpu(case.arguments)
    out, room, busy = cuda.to_device(np.zeros_like(want)), cuda.device_array(1, "f4"), cuda.event(timing=False)
    if kind in GRAPHS:
        given["indptr"], given["indices"] = gpu.checked_graph(given["indptr"], given["indices"])
    _produce[1, 1](room, room, 0)
    cuda.synchronize()
    handle = non_blocking()
    _produce[1, 1](room, room, 1000)
    busy.record()
    with gpu.on_stream(handle):
        function(**given, out=out)
    cuda.external_stream(handle).synchronize()
    assert not busy.query(), "the default stream was waited for"
    cuda.synchronize()
    assert_same_bits(on_host(out), want)


@each_kind
def test_same_bits_on_any_stream(kind: str) -> None:
    """Three times on each."""
    case, want, _ = prepared(kind)
    for stream in (None, cuda.stream(), non_blocking()):
        with gpu.on_stream(stream):
            for _ in range(3):
                assert_same_bits(call(case), want)


def test_results_on_the_default_stream_do_not_name_zero() -> None:
    """None, or 1; CuPy and others refuse 0, and captures would wait for what is not captured."""
    case, _, function = prepared("convolve")
    for default in (None, 0, 1):
        with gpu.on_stream(default):
            assert function(**on_gpu(case.arguments)).__cuda_array_interface__["stream"] in (None, 1)


def test_results_name_their_stream() -> None:
    """Whoever takes them, and does not ask the caller, waits for it."""
    case, _, function = prepared("convolve")
    handle = non_blocking()
    with gpu.on_stream(handle):
        assert function(**on_gpu(case.arguments)).__cuda_array_interface__["stream"] == handle


# --- PyTorch ----------------------------------------------------------------------------------------------


def tensors(torch: Any, case: Case) -> dict[str, Any]:
    arrays = {n: a for n, a in case.arguments.items() if isinstance(a, np.ndarray)}
    return {**case.arguments, **{n: torch.as_tensor(a, device="cuda") for n, a in arrays.items()}}


@each_kind
def test_tensors_are_taken_without_a_copy(kind: str) -> None:
    """Those of the inputs, read where they are; out, written where it is; the result, seen by PyTorch where it is."""
    torch = torch_on_gpu()
    case, want, function = prepared(kind)
    given = tensors(torch, case)
    out = torch.zeros(want.shape, device="cuda")
    before = torch.cuda.memory_allocated()
    assert function(**given, out=out) is out
    assert torch.cuda.memory_allocated() == before
    assert_same_bits(out.cpu().numpy(), want)
    for name, tensor in given.items():
        if hasattr(tensor, "data_ptr"):
            (view,) = gpu._on_device("here", **{name: tensor})
            assert gpu._address(view) == tensor.data_ptr()
    result = function(**given)
    seen = torch.as_tensor(result, device="cuda")
    assert seen.data_ptr() == gpu._address(result)
    assert_same_bits(seen.cpu().numpy(), want)


@each_kind
def test_work_is_ordered_on_the_current_stream_of_pytorch(kind: str) -> None:
    """After a slow producer there, before a consumer there, and the default stream gets nothing."""
    torch = torch_on_gpu()
    case, want, function = prepared(kind)
    given = tensors(torch, case)
    late = torch.zeros_like(given["features"])
    if kind in GRAPHS:
        given["indptr"], given["indices"] = gpu.checked_graph(given["indptr"], given["indices"])
    function(**given)
    side = torch.cuda.Stream()
    torch.cuda._sleep(1000)
    torch.cuda.synchronize()
    torch.cuda._sleep(10 * CYCLES)  # on the default stream
    with torch.cuda.stream(side):
        torch.cuda._sleep(CYCLES)
        late.copy_(given["features"])
        got = function(**given | {"features": late})
        assert not side.query(), "the host waited, or the producer was too quick"
        seen = torch.as_tensor(got, device="cuda").clone()
    side.synchronize()
    assert not torch.cuda.default_stream().query(), "the default stream was waited for"
    assert_same_bits(seen.cpu().numpy(), want)


@pytest.mark.parametrize("kind", PLANNED)
def test_calls_are_captured(kind: str) -> None:
    """A call with a checked graph and an out becomes part of a CUDA graph, and is replayed with changed inputs."""
    torch = torch_on_gpu()
    case, want, function = prepared(kind)
    given = tensors(torch, case)
    if kind in GRAPHS:
        given["indptr"], given["indices"] = gpu.checked_graph(given["indptr"], given["indices"])
    out = torch.zeros(want.shape, device="cuda")
    function(**given, out=out)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        function(**given, out=out)
    other = case.changed(features=case.arguments["features"][::-1].copy())
    for features, answer in ((other.arguments["features"], call(other)), (case.arguments["features"], want)):
        given["features"].copy_(torch.as_tensor(features))
        out.fill_(float("nan"))
        graph.replay()
        torch.cuda.synchronize()
        assert_same_bits(out.cpu().numpy(), answer)


# --- CuPy -------------------------------------------------------------------------------------------------

SPIN = 'extern "C" __global__ void spin(long long n) { long long t = clock64(); while (clock64() - t < n) {} }'


def cupy_arrays(cupy: Any, case: Case) -> dict[str, Any]:
    return {n: cupy.asarray(a) if isinstance(a, np.ndarray) else a for n, a in case.arguments.items()}


@each_kind
def test_arrays_of_cupy_are_taken_without_a_copy(kind: str) -> None:
    """As tensors are."""
    cupy = cupy_on_gpu()
    case, want, function = prepared(kind)
    given, out = cupy_arrays(cupy, case), cupy.zeros(want.shape, "f4")
    assert function(**given, out=out) is out
    assert_same_bits(cupy.asnumpy(out), want)
    for name, array in given.items():
        if hasattr(array, "data"):
            (view,) = gpu._on_device("here", **{name: array})
            assert gpu._address(view) == array.data.ptr
    result = function(**given)
    seen = cupy.asarray(result)
    assert seen.data.ptr == gpu._address(result)
    assert_same_bits(cupy.asnumpy(seen), want)


@pytest.mark.parametrize("kind", KINDS)
def test_work_is_ordered_on_the_current_stream_of_cupy(kind: str) -> None:
    """As PyTorch's."""
    cupy = cupy_on_gpu()
    case, want, function = prepared(kind)
    given = cupy_arrays(cupy, case)
    late = cupy.zeros_like(given["features"])
    if kind in GRAPHS:
        given["indptr"], given["indices"] = gpu.checked_graph(given["indptr"], given["indices"])
    function(**given)
    spin, side, busy = cupy.RawKernel(SPIN, "spin"), cupy.cuda.Stream(non_blocking=True), cupy.cuda.Event()
    spin((1,), (1,), (np.int64(1000),))
    cupy.cuda.Device().synchronize()
    spin((1,), (1,), (np.int64(10 * CYCLES),))  # on the default stream
    busy.record()
    with side:
        spin((1,), (1,), (np.int64(CYCLES),))
        cupy.copyto(late, given["features"])
        got = function(**given | {"features": late})
        assert not side.done, "the host waited, or the producer was too quick"
        seen = cupy.asarray(got).copy()
    side.synchronize()
    assert not busy.done, "the default stream was waited for"
    assert_same_bits(cupy.asnumpy(seen), want)
