"""Arrays on a GPU, or on the simulated one, with any strides that a NumPy view can have."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import cuda
from numba.cuda.core.config import ENABLE_CUDASIM

Array = npt.NDArray[Any]
SIMULATED = bool(ENABLE_CUDASIM)


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
