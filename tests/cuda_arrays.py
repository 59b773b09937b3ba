"""Arrays on a GPU, or on the simulated one, with any strides that a NumPy view can have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numba import cuda
from numba.cuda.core.config import ENABLE_CUDASIM

Array = npt.NDArray[Any]
SIMULATED = bool(ENABLE_CUDASIM)
if SIMULATED:
    from .simulator import mend

    mend()


def on_device(array: Any) -> Any:
    """A device array with the shape and the strides of a NumPy view, over a copy of all the memory that it views.

    Numba itself copies contiguous arrays only, and slices device arrays with positive steps only.
    """
    if not isinstance(array, np.ndarray):
        return array
    if not array.size:
        return cuda.to_device(np.empty(array.shape, array.dtype))
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    memory = cuda.to_device(base)
    offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    if SIMULATED:
        from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray

        return FakeCUDAArray(np.ndarray(array.shape, array.dtype, memory._ary.data, offset, array.strides))
    interface = memory.__cuda_array_interface__
    view = {"shape": array.shape, "strides": array.strides, "data": (interface["data"][0] + offset, False)}
    return cuda.as_cuda_array(Foreign(interface | view, memory))


def on_host(array: Any) -> Array:
    """The contents of a device array."""
    return np.asarray(array.copy_to_host())


def read_only(array: Any) -> Any:
    """The same memory, not to be written to."""
    if SIMULATED:
        array.flags.writeable = False
        return array
    interface = array.__cuda_array_interface__
    return Foreign(interface | {"data": (interface["data"][0], True)}, array)


class Foreign:
    """An array of a library that is not Numba: it has the CUDA array interface and nothing else."""

    def __init__(self, interface: dict[str, Any], owner: Any) -> None:
        self.__cuda_array_interface__ = interface
        self._owner = owner


def foreign(array: Any) -> Foreign:
    """The same memory as another library would hand it over."""
    return Foreign(array.__cuda_array_interface__, array)


def apart(array: Array, numbers: int = 1) -> Any:
    """A device array that begins so many numbers into an allocation: no vector of 16 bytes may be moved there."""
    room = on_device(np.concatenate([np.zeros(numbers, array.dtype), array.ravel()]))
    return room[numbers:].reshape(array.shape)


# --- layouts ------------------------------------------------------------------------------------------

Layout = Callable[[Array], Array]


def every_other(array: Array) -> Array:
    """Gaps hold NaN, so that a stride misread shows."""
    wide = np.full((*array.shape, 2), np.nan if array.dtype.kind == "f" else -99, array.dtype)
    wide[..., 0] = array
    return wide[..., 0]


def reversed_rows(array: Array) -> Array:
    return np.ascontiguousarray(array[::-1])[::-1]


def columns_first(array: Array) -> Array:
    return np.ascontiguousarray(array.T).T


def window(array: Array) -> Array:
    wide = np.concatenate([array[:1], array, array[:1]])
    return wide[1:-1]


LAYOUTS: list[Layout] = [every_other, reversed_rows, columns_first, window]
every_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
