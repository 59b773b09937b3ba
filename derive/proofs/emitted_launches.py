"""The emitted functions that users call on the GPU, executed on symbols with all between them and the kernels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..catalogue import Pair
from ..execution import EmittedModule
from ..polynomials import root
from .emitted_groups import in_shared_memory
from .emitted_host import CALLS, Calls, Case, returned
from .emitted_loops import compared
from .proof import ProofError
from .stand_ins import StandIns
from .thread_blocks import Device

#: A block and a warp of this GPU: groups are smaller than blocks, and fewer than the channels of some calls.
THREADS, WARP = 8, 4
STREAM = "the caller's stream"

#: What every pair is called with, and the pair with the fewest terms: vectors of two channels, one for each of three
#: threads; one channel; more of them than a group has threads; one vector of four, of arrays that must be packed first.
LAUNCHES = (Case(16, 6, 2, True, "features", True, ((2, 1), (3,), ())),)
MORE_LAUNCHES = (
    Case(32, 1, 1, False, "", False, ((), (2,), (2,))),
    Case(16, 5, 2, True, "contiguous", False, ((1,), (1, 1), ())),
    Case(32, 4, 1, True, "strided", True, ((3, 1), (1, 2), (3, 2))),
)


def launch_residuals(pair: Pair, module: EmittedModule, cases: Sequence[Case] = LAUNCHES) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the pair's public functions return."""
    return tuple(r for case in cases for r in returned(_Launches(pair, module, case)))


class _Array(np.ndarray):
    """An array of symbols that the GPU holds."""

    def is_c_contiguous(self) -> bool:
        return self.flags.c_contiguous

    def copy_to_device(self, source: np.ndarray, stream: Any) -> None:
        """On the stream, as all work must be."""
        _require_stream(stream)
        if self.shape != source.shape:
            raise ValueError(f"{source.shape} elements are copied to {self.shape}")
        self[...] = source


def _require_stream(stream: Any) -> None:
    if stream != STREAM:
        raise ValueError("work is put on another stream than the caller's")


class _Gpu(Device):
    """Stands for numba.cuda outside of kernels, too."""

    def jit(self, function: Callable[..., Any]) -> _Kernel:
        return _Kernel(function, self)


class _Kernel:
    """What is launched: block after block of its threads is run.  What it writes comes last, and may be nothing that it
    reads, as blocks come in any order."""

    def __init__(self, function: Callable[..., Any], device: Device) -> None:
        self._function, self._device = function, device

    def __getitem__(self, grid: tuple[int, int, Any]) -> Callable[..., None]:
        blocks, threads, stream = grid
        _require_stream(stream)
        if threads != self._device.threads:
            raise ValueError(f"blocks of {threads} threads are launched")

        def run(*arguments: Any) -> None:
            *read, out = arguments
            if any(np.shares_memory(out, a) for a in read if isinstance(a, np.ndarray)):
                raise ValueError("a kernel reads what it writes")
            for block in range(blocks):
                self._device.run_block("a launched kernel", block, self._function, arguments)

        return run


class _Launches(Calls):
    """The pair's public functions of the GPU."""

    def compared(
        self, kind: str, arguments: Sequence[Any], features: np.ndarray | None, wanted: np.ndarray, **world: Any
    ) -> Iterator[Any]:
        name, out = f"{kind}_{self.pair.key}", self.out(wanted.shape, features)
        if "_tabulated" in world:
            world = in_shared_memory(world)
        if "_MIXING_BYTES" in world:  # two receivers at once
            world["_MIXING_BYTES"] = 2 * 8 * self.size[0] * math.prod(arguments[4].shape[:3])
        known = self.module.world(**{**self._world(), **world})
        loop = CALLS[kind][1].format(self.pair.key)
        if loop not in self.module.function_names:
            raise ProofError(f"{self.module.name} has no function {loop}, or does not compile it")
        known[loop] = _Kernel(known[loop], known["cuda"])
        given = [self._held(a) if isinstance(a, np.ndarray) else a for a in arguments]
        target = None if out is None else given[self._place(arguments, out)] if out is features else out.view(_Array)
        found = self.module.call(known, name, *given, target, not self.case.solid)
        if target is not None and found is not target:
            raise ProofError(f"{self.module.name}: {name} does not return what it was given to fill")
        yield from compared(f"{self.module.name}: {name}", found, wanted)

    @staticmethod
    def _place(arguments: Sequence[Any], out: np.ndarray) -> int:
        return next(n for n, a in enumerate(arguments) if a is out)

    def out(self, shape: tuple[int, ...], features: np.ndarray | None) -> np.ndarray | None:
        """As on the CPU, but contiguous: the GPU's functions take no other."""
        out = super().out(shape, features)
        return out if out is None else np.ascontiguousarray(out)

    def _held(self, array: np.ndarray) -> _Array:
        """As it is, or of another step than one, so that it must be packed."""
        if self.case.out != "strided" or array.dtype != object or array.size == 1:
            return array.view(_Array)
        wider = np.full((*array.shape[:-1], 2 * array.shape[-1]), None, dtype=object)
        wider[..., ::2] = array
        return wider[..., ::2].view(_Array)

    def _world(self) -> dict[str, Any]:
        device = _Gpu(THREADS)
        sizes = {"_THREADS": THREADS, "_LEAST_BLOCKS": 1, "_WARP": WARP, "_VECTOR_BYTES": self.case.vector_bytes}
        return {
            **self.module.numbers(ENABLE_CUDASIM=False, **sizes),
            **StandIns(self.pair, self.module).functions,
            **device.world,
            "_device": lambda function: function,
            "_TABLES": {np.dtype(object): self.module.constants},
            "_constants": lambda like: self.module.constants,
            "_calls": SimpleNamespace(stream=STREAM),
            "_require_device": lambda where: None,
            "_on_device": lambda where, **arrays: list(arrays.values()),
            "_is_checked": lambda indptr, indices, senders: True,
            "_check_out": _checked_out,
            "_empty": _empty,
            "_nothing": lambda dimensions, dtype: _empty((0,) * dimensions, dtype),
            "_vector_bytes": lambda n_out, dtype, room: self.case.vector_bytes,
            "_launch_product": _multiply,
            "_address": lambda array: 0,
            "_overlap": np.shares_memory,
            "math": SimpleNamespace(sqrt=root, prod=math.prod),
        }


def _checked_out(where: str, out: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    if out is not None and (out.shape, out.dtype) != (shape, dtype):
        raise ValueError(f"{where}: {shape} of {dtype} are asked for, and {out.shape} of {out.dtype} are there")
    return out


def _multiply(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> None:
    """What blocks, each with a tile, compute; that is checked by itself."""
    out[...] = left @ right


def _empty(shape: tuple[int, ...], dtype: Any) -> Any:
    if dtype != np.dtype(object):
        raise TypeError(f"an array of {dtype} is asked for")
    return np.full(shape, None, dtype=object).view(_Array)
