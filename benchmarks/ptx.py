"""What the CUDA kernels become: PTX from NVVM and registers from ptxas, on a machine without a GPU.

The kernels of `pocket_tfn.cuda` are compiled for the types that their launches pass, so registers, spills and
instructions are those of a real call.  Nothing here needs the driver.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pocket_tfn.cuda as gpu
from numba import cuda, types
from numba.cuda.cudadrv import nvrtc, nvvm
from numba.cuda.typing.typeof import Purpose, typeof

DTYPES = ("float32", "float64")
#: Two leading dimensions, so that the arithmetic of broadcasting is in what is measured.
LEADING = 2


class Unavailable(RuntimeError):
    """A part of the toolkit that is not on this machine; the message says which."""


@dataclass(frozen=True)
class Kernel:
    """A kernel, as the Python function that Numba compiles, and the types of its arguments."""

    name: str
    dtype: str
    function: Callable[..., None]
    signature: tuple[Any, ...]


@dataclass(frozen=True)
class Resources:
    """What one thread takes, from ptxas: registers, and bytes of stack and of spills."""

    registers: int
    stack: int
    spill_stores: int
    spill_loads: int


@dataclass(frozen=True)
class Counts:
    """Instructions in the text of the PTX, taken or not."""

    fma: int
    loads: int
    stores: int
    vector_width: int


def supported() -> list[tuple[int, int]]:
    """The compute capabilities that this toolkit compiles for, ascending."""
    return sorted(nvrtc.get_supported_ccs())  # type: ignore[attr-defined]  # mypy sees Numba's own, older numba.cuda


def architecture(cc: tuple[int, int]) -> str:
    """sm_90 for (9, 0)."""
    return f"sm_{cc[0]}{cc[1]}"


# --- the kernels of the module ----------------------------------------------------------------------


def kernels(dtype: str) -> Iterator[Kernel]:
    """Every kernel that the public functions launch, for arrays of this dtype."""
    number = types.float32 if dtype == "float32" else types.float64
    for key in sorted(name.removeprefix("kernel_") for name in gpu.__all__ if name.startswith("kernel_")):
        for name, signature in _signatures(number).items():
            stem = {"kernel": "kernel_items", "apply": "apply_items"}.get(name, "convolve_rows")
            suffix = "_weighted" if name.endswith("_weighted") else ""
            yield Kernel(f"{name}_{key}", dtype, getattr(gpu, f"_{stem}_{key}{suffix}").py_func, signature)
    indices = _array(types.int64, 1)
    graph = (indices, indices, types.int64, _array(types.int32, 1))
    yield Kernel("find_graph_fault", dtype, gpu._find_graph_fault.py_func, graph)
    strided = types.Array(number, 3, "A")
    yield Kernel("copy", dtype, gpu._copy_kernel(3).py_func, (strided, _array(number, 1)))


def _signatures(number: Any) -> dict[str, tuple[Any, ...]]:
    k = typeof(gpu._TABLES[np.dtype(str(number))], Purpose.argument)
    matrix, cube = _array(number, 2), _array(number, 3)
    graph = (_array(types.int64, 1), _array(types.int64, 1))
    return {
        "kernel": (k, types.boolean, *_broadcasting(2), matrix, matrix, cube),
        "apply": (k, types.boolean, *_broadcasting(3), matrix, cube, cube, cube),
        "convolve": (k, types.boolean, *graph, matrix, cube, cube, cube),
        "convolve_weighted": (k, types.boolean, *graph, matrix, cube, cube, _array(number, 1), cube),
    }


def _broadcasting(operands: int) -> tuple[Any, Any]:
    """The types of the broadcast shape and of each operand's steps."""
    lead = (1,) * LEADING
    return typeof(lead, Purpose.argument), typeof((lead,) * operands, Purpose.argument)


def _array(number: Any, ndim: int) -> Any:
    return types.Array(number, ndim, "C")


# --- compilation ------------------------------------------------------------------------------------


@cache
def compile_ptx(kernel: Kernel, cc: tuple[int, int]) -> str:
    """The kernel's PTX; Unavailable without NVVM."""
    if not nvvm.is_available():
        raise Unavailable("libNVVM is missing: pip install 'numba-cuda[cu13]'")
    ptx, _ = cuda.compile(kernel.function, kernel.signature, device=False, abi="numba", cc=cc)
    return str(ptx)


@cache
def assemble(kernel: Kernel, cc: tuple[int, int]) -> Resources:
    """What ptxas says of the kernel; Unavailable without a ptxas that is new enough."""
    ptx = compile_ptx(kernel, cc)
    header = re.search(r"^\.version .*\n\.target .*\n\.address_size .*\n", ptx, re.MULTILINE)
    assert header, "PTX begins with version, target and address size"
    return read_log(_ptxas(find_ptxas(header[0], cc), ptx, cc))


@cache
def find_ptxas(header: str, cc: tuple[int, int]) -> str:
    """The first ptxas that takes PTX with this header: the toolkit's own wheel, then the PATH."""
    refusals = []
    for path in [*_wheel_ptxas(), *filter(None, [shutil.which("ptxas")])]:
        try:
            _ptxas(path, header, cc)
        except subprocess.CalledProcessError as error:
            refusals.append(f"{path}: {error.stderr.strip().splitlines()[0]}")
        else:
            return path
    raise Unavailable("; ".join(refusals) or "ptxas is missing: pip install 'pocket-tfn[ptxas]'")


def _wheel_ptxas() -> list[str]:
    try:
        files = metadata.files("nvidia-cuda-nvcc") or []
    except metadata.PackageNotFoundError:
        return []
    return [str(f.locate()) for f in files if f.name in ("ptxas", "ptxas.exe")]


def _ptxas(path: str, ptx: str, cc: tuple[int, int]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "kernel.ptx")
        source.write_text(ptx)
        command = [path, "-v", f"-arch={architecture(cc)}", "-o", str(Path(folder, "kernel.cubin")), str(source)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stderr


# --- reading ----------------------------------------------------------------------------------------


def read_log(log: str) -> Resources:
    """The resources of the one kernel in a log of `ptxas -v`."""
    (registers,) = re.findall(r"Used (\d+) registers", log)
    ((stack, stores, loads),) = re.findall(
        r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", log
    )
    return Resources(int(registers), int(stack), int(stores), int(loads))


def uses_float64(ptx: str) -> bool:
    """Whether anything in the PTX is of type f64, declarations included."""
    return re.search(r"\.f64\b", ptx) is not None


def uses_local_memory(ptx: str) -> bool:
    """Whether the PTX has local arrays, or loads from or stores to local memory."""
    return re.search(r"\.local\b", ptx) is not None


def uses_atomics(ptx: str) -> bool:
    """Whether anything is read, changed and written in one, in an order that no one knows."""
    return re.search(r"\b(atom|red)\.", ptx) is not None


def count(ptx: str) -> Counts:
    """Instructions by kind; loads and stores are those of global memory, as such or through a generic address."""
    operand = r"(?:\.global)?(?:\.nc)?(?:\.v([24]))?\.[bfsu]\d+\b"
    loads, stores = (re.findall(rf"\b{operation}{operand}", ptx) for operation in ("ld", "st"))
    width = max((int(v or 1) for v in loads + stores), default=1)
    return Counts(len(re.findall(r"\bfma\.rn\.f", ptx)), len(loads), len(stores), width)
