"""On which stream the work of a GPU call is put, and that calls leave nothing behind.

test_cuda_simulator.py runs these cases, simulated, where streams are but names, and on a GPU.
"""

from __future__ import annotations

import ctypes
import inspect
import sys
import threading
from collections import namedtuple
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cuda as gpu

from .cuda_arrays import Foreign, every_other, on_device
from .cuda_sums import KINDS, call, each_kind, on_gpu, quiet, small

pytestmark = quiet
LEGACY = 1


class Protocol:
    """A stream of cuda.core, or whoever follows its protocol; another attribute must not come before it."""

    handle = -1

    def __cuda_stream__(self) -> tuple[int, int]:
        return (0, 77)


class Marked(SimpleNamespace):
    """A stream that is but a name."""

    def synchronize(self) -> None:
        pass


# --- handles ----------------------------------------------------------------------------------------------

STREAMS: list[tuple[Any, int]] = [
    (77, 77),
    (2, 2),
    (0, LEGACY),
    (None, LEGACY),
    (SimpleNamespace(cuda_stream=77), 77),
    (SimpleNamespace(cuda_stream=0), LEGACY),
    (SimpleNamespace(ptr=77), 77),
    (SimpleNamespace(ptr=0), LEGACY),
    (SimpleNamespace(handle=77), 77),
    (SimpleNamespace(handle=ctypes.c_void_p(77)), 77),
    (SimpleNamespace(handle=ctypes.c_void_p(0)), LEGACY),
    (ctypes.c_void_p(77), 77),
    (Protocol(), 77),
]


@pytest.mark.parametrize(("stream", "handle"), STREAMS, ids=repr)
def test_handles(stream: Any, handle: int) -> None:
    """Of PyTorch, CuPy, Numba, ctypes and the protocol of cuda.core; 0 and None are the default stream."""
    assert gpu._handle(stream) == handle


@pytest.mark.parametrize("stream", [True, False, 1.0, "stream", [1], object(), np.zeros(3), SimpleNamespace(ptr="7")])
def test_what_is_no_stream(stream: Any) -> None:
    """TypeError, which names it; the choice before is kept."""
    kind = "str" if isinstance(stream, SimpleNamespace) else type(stream).__name__
    with pytest.raises(TypeError, match=rf"^a stream of Numba, .* is needed, or its handle, not {kind}$"):
        gpu._handle(stream)
    before = gpu._calls.chosen
    with pytest.raises(TypeError, match=f"not {kind}$"), gpu.on_stream(stream):
        raise AssertionError("entered")
    assert gpu._calls.chosen is before


def test_streams_of_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled, the handle becomes Numba's stream; the default one is Numba's own."""
    monkeypatch.setattr(gpu, "ENABLE_CUDASIM", False)
    monkeypatch.setattr(gpu.cuda, "external_stream", lambda handle: f"external {handle}")
    monkeypatch.setattr(gpu.cuda, "default_stream", lambda: "default")
    stream = inspect.unwrap(gpu._stream)  # what is kept must not outlive this test
    assert stream(gpu._handle(77)) == "external 77"
    assert stream(2) == "external 2"
    for default in (0, None, LEGACY):
        assert stream(gpu._handle(default)) in ("default", 0)


# --- what arrays name ---------------------------------------------------------------------------------------


def naming(stream: Any) -> Foreign:
    """An array of CuPy's, say."""
    return Foreign({"shape": (0,), "typestr": "<f4", "data": (0, False), "version": 3, "stream": stream}, None)


def tensor(torch: Any, stream: int | None) -> Any:
    """What sys.modules["torch"] is, and a tensor of it, on the CPU if there is no stream."""
    torch.cuda = SimpleNamespace(current_stream=lambda device: SimpleNamespace(cuda_stream=torch.streams[device]))
    torch.Tensor = type("Tensor", (), {"__module__": "torch", "device": "cuda:0", "is_cuda": stream is not None})
    kind = type("Charges", (torch.Tensor,), {"__module__": "a.users"})
    torch.streams = {"cuda:0": stream}
    return kind()


def test_arrays_that_name_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the CUDA array interface; PyTorch's by what is current on their device."""
    for given, want in ((77, 77), (1, 1), (2, 2), (None, None)):
        assert gpu._named_stream(naming(given)) == want
    without = Foreign({"shape": (0,), "typestr": "<f4", "data": (0, False), "version": 2}, None)
    for other in (without, np.zeros(3), None, 3.0, "text", object(), on_device(np.zeros(3))):
        assert gpu._named_stream(other) is None
    for stream, handle in ((77, 77), (0, LEGACY), (None, None)):
        torch = SimpleNamespace()
        monkeypatch.setitem(sys.modules, "torch", torch)
        assert gpu._named_stream(tensor(torch, stream)) == handle


@pytest.fixture
def ordered(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What is done to order streams, here by their numbers."""
    done: list[tuple[str, Any]] = []

    class Event:
        def __init__(self, timing: bool) -> None:
            assert not timing

        def record(self, stream: Any) -> None:
            done.append(("record", stream))

        def wait(self, stream: Any) -> None:
            done.append(("wait", stream))

    monkeypatch.setattr(gpu, "_stream", lambda handle: handle)
    monkeypatch.setattr(gpu.cuda, "event", Event)
    return done


def test_no_stream_named(ordered: list[tuple[str, Any]]) -> None:
    """Numba's default."""
    assert gpu._stream_for([naming(None), np.zeros(3), None, 5]) == 0
    assert gpu._stream_for([]) == 0
    assert ordered == []


def test_one_stream_named(ordered: list[tuple[str, Any]]) -> None:
    """That one, and nothing to wait for, however often it is named."""
    assert gpu._stream_for([None, naming(7), naming(None), naming(7)]) == 7
    assert ordered == []


def test_several_streams_named(ordered: list[tuple[str, Any]]) -> None:
    """The first that is not the default stream, once it has waited for what is queued on each other."""
    assert gpu._stream_for([naming(1), naming(7), naming(8), naming(1), naming(7)]) == 7
    assert ordered == [("record", 8), ("wait", 7), ("record", 1), ("wait", 7)]


# --- calls ------------------------------------------------------------------------------------------------


def test_all_arguments_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """By place or by name, and those within tuples, such as transposed graphs and out."""
    asked: list[Any] = []

    def stream_for(arrays: Any) -> str:
        asked.extend(arrays)
        return "found"

    monkeypatch.setattr(gpu, "_stream_for", stream_for)
    pair = namedtuple("pair", "first second")
    stream = gpu._queued(lambda *args, **named: gpu._calls.stream)(1, (2, 3), out=pair(4, None), of=5)
    assert stream == "found"
    assert asked == [1, 2, 3, 4, None, 5]


def test_the_chosen_stream_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays are not asked then; choices may be nested, and end."""
    monkeypatch.setattr(gpu, "_stream", lambda handle: Marked(number=handle))
    monkeypatch.setattr(gpu, "_stream_for", lambda arrays: "asked")
    at_work = gpu._queued(lambda: gpu._calls.stream)
    with gpu.on_stream(7):
        assert at_work().number == 7
        with gpu.on_stream(SimpleNamespace(ptr=8)):
            assert at_work().number == 8
        assert at_work().number == 7
        with pytest.raises(ZeroDivisionError), gpu.on_stream(9):
            raise ZeroDivisionError
        assert at_work().number == 7
    assert at_work() == "asked"
    assert gpu._calls.stream == 0


def test_choices_are_of_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python thread has chosen nothing."""
    monkeypatch.setattr(gpu, "_numba_stream", gpu._handle)
    seen: list[Any] = []
    with gpu.on_stream(7):
        thread = threading.Thread(target=lambda: seen.append((gpu._calls.chosen, gpu._calls.stream)))
        thread.start()
        thread.join()
    assert seen == [(None, 0)]


@each_kind
def test_the_stream_is_put_back(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a call that is refused, and after one that is not."""
    default = gpu.cuda.default_stream()
    monkeypatch.setattr(gpu, "_stream_for", lambda arrays: default)
    case = small(kind, "1_1")
    given = on_gpu(case.arguments)
    for fault in ({}, {"features": None}, {"normalize": 1}):
        before = gpu._calls.stream
        try:
            getattr(gpu, case.name)(**given | fault)
        except (TypeError, ValueError):
            assert fault
        else:
            assert not fault
        assert gpu._calls.stream is before


def test_launches_name_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how many blocks of how many threads."""
    seen: list[Any] = []

    class Kernel:
        def __getitem__(self, shape: Any) -> Any:
            return lambda *args: seen.append((shape, args))

    monkeypatch.setattr(gpu._calls, "stream", "mine")
    gpu._launch(Kernel(), 1000 * gpu._THREADS + 1, 5, 6)
    gpu._launch(Kernel(), 1, 7)
    assert seen == [((1001, gpu._THREADS, "mine"), (5, 6)), ((gpu._LEAST_BLOCKS, gpu._THREADS, "mine"), (7,))]


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The stream of everything that a call does on a GPU."""
    seen: list[tuple[str, Any]] = []

    def watch(owner: Any, name: str) -> None:
        plain = getattr(owner, name)

        def watched(*args: Any, **named: Any) -> Any:
            seen.append((name, named.get("stream", 0)))
            return plain(*args, **named)

        monkeypatch.setattr(owner, name, watched)

    plain = gpu._launch

    def launch(*args: Any) -> None:
        seen.append(("launch", gpu._calls.stream))
        plain(*args)

    array = type(on_device(np.zeros(3)))
    for name in ("device_array", "to_device"):
        watch(gpu.cuda, name)
    for name in ("copy_to_device", "copy_to_host"):
        watch(array, name)
    monkeypatch.setattr(gpu, "_launch", launch)
    return seen


@pytest.mark.skipif(not gpu.ENABLE_CUDASIM, reason="a stream that is but a name")
@pytest.mark.parametrize("kind", ["kernel", "apply", *KINDS])
def test_everything_is_put_on_the_stream(
    kind: str, streams: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies of strided arrays, checks, results, the copy to an out that overlaps: nothing is on the default stream."""
    mine = Marked(number=7)
    monkeypatch.setattr(gpu, "_stream", lambda handle: mine)
    if kind in KINDS:
        arguments = small(kind, "1_1", channels=2, **({"mixed": 2} if kind == "convolve_mixing" else {})).arguments
        name = "features"
    else:
        arrays = {"vectors": (4, 3), "radial": (4, 3), "features": (4, 3, 3)}
        arguments = {n: np.ones(s if n != "radial" or kind == "kernel" else (4, 3, 3)) for n, s in arrays.items()}
        name = "features" if kind == "apply" else ""
        if kind == "kernel":
            del arguments["features"]
    given = on_gpu(
        {n: every_other(a) if n not in (name, "cutoff", "degree", "loops") else a for n, a in arguments.items()}
    )
    function = getattr(gpu, f"{kind}_1_1")
    function(**given)  # what a thread makes once
    streams.clear()
    with gpu.on_stream(7):
        function(**given, **({"out": given[name]} if name else {}))
    assert {"launch", "device_array"} <= {what for what, _ in streams}
    assert ("copy_to_device" in {what for what, _ in streams}) == bool(name)
    assert all(stream is mine for _, stream in streams), streams


@pytest.mark.parametrize("kind", KINDS)
def test_results_do_not_depend_on_the_stream(kind: str) -> None:
    """By default, chosen, default by name."""
    case = small(kind, "1_1")
    want = call(case)
    for stream in (None, 0, 1, 2):
        with gpu.on_stream(stream):
            assert call(case).tobytes() == want.tobytes()
