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
    """Instructions in the text of the PTX, taken or not; of those of global memory, how many numbers they move."""

    fma: int
    loads: int
    stores: int
    vector_width: int  # the most numbers that one instruction moves
    vector_loads: int = 0  # of two numbers or more
    vector_stores: int = 0
    wide_loads: int = 0  # of 16 bytes
    passing_loads: int = 0  # of what takes no place in the first cache
    divisions: int = 0  # of integers, and remainders


def supported() -> list[tuple[int, int]]:
    """The compute capabilities that this toolkit compiles for, ascending."""
    return sorted(nvrtc.get_supported_ccs())  # type: ignore[attr-defined]  # mypy sees Numba's own, older numba.cuda


def architecture(cc: tuple[int, int]) -> str:
    """sm_90 for (9, 0)."""
    return f"sm_{cc[0]}{cc[1]}"


# --- the kernels of the module ----------------------------------------------------------------------


def kernels(dtype: str) -> Iterator[Kernel]:
    """Every kernel that the public functions launch for arrays of this dtype, in vectors and in single numbers."""
    number = types.float32 if dtype == "float32" else types.float64
    for key in sorted(name.removeprefix("kernel_") for name in gpu.__all__ if name.startswith("kernel_")):
        for name, (stem, signature) in _signatures(number, 2 * int(key.split("_")[1]) + 1).items():
            yield Kernel(f"{name}_{key}", dtype, getattr(gpu, f"_{stem}_{key}").py_func, signature)
    indices = array(types.int64, 1)
    graph = (indices, indices, types.int64, array(types.int32, 1))
    matrix = array(number, 2)
    yield Kernel("product", dtype, gpu._product.py_func, (matrix, matrix, matrix))
    yield Kernel("find_graph_fault", dtype, gpu._find_graph_fault.py_func, graph)
    strided = types.Array(number, 3, "A")
    yield Kernel("copy", dtype, gpu._copy_kernel(3).py_func, (strided, array(number, 1)))


def _signatures(number: Any, n_out: int) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """By function, "@1" if in single numbers, "^" before the degree: the stem of its kernel, and types of arguments."""
    matrix, cube, four, five = (array(number, n) for n in (2, 3, 4, 5))
    solid, plan = types.boolean, typeof((1,) * 3, Purpose.argument)
    graph = (array(types.int64, 1), array(types.int64, 1), matrix)
    ends = (number, number)
    line = array(number, 1)
    found: dict[str, tuple[str, tuple[Any, ...]]] = {
        "kernel": ("kernel_items", (solid, *_broadcasting(2), matrix, matrix, cube)),
        "mixing": ("mixing_rows", (plan, solid, types.int64, *graph, matrix, cube, line, five)),
    }
    for suffix, wide in (("", True), ("@1", False)):
        any_sums, tables = (lanes(number, n_out, room if wide else None) for room in (64, 16))
        found |= {
            f"apply{suffix}": ("apply_items", (any_sums, solid, *_broadcasting(3), matrix, cube, cube, cube)),
            f"convolve{suffix}": ("convolve_rows", (any_sums, plan, solid, *graph, cube, cube, line, cube)),
        }
        for degree, order in gpu._ORDERS.items():
            head = (tables, plan, solid, typeof(order, Purpose.argument))
            end = f"{suffix}^{degree}"
            found[f"tabulated{end}"] = ("tabulated_rows", (*head, *graph, cube, *ends, cube, line, cube))
            found[f"walkers{end}"] = ("walkers", (*head, solid, cube, cube, *ends, four, matrix, four))
    return found


def lanes(number: Any, n_out: int, room: int | None) -> Any:
    """The type of a plan's lanes where the channels allow any; of a single number if there is no room."""
    dtype = np.dtype(str(number))
    width = 1 if room is None else gpu._vector_bytes(n_out, dtype, room) // dtype.itemsize
    return typeof((0,) * width, Purpose.argument)


def _broadcasting(operands: int) -> tuple[Any, Any]:
    """The types of the broadcast shape and of each operand's steps."""
    lead = (1,) * LEADING
    return typeof(lead, Purpose.argument), typeof((lead,) * operands, Purpose.argument)


def array(number: Any, ndim: int) -> Any:
    """The type of a contiguous array."""
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
        arguments = ("-v", f"-arch={architecture(cc)}", "-o", str(Path(folder, "kernel.cubin")))
        command = [path, *arguments, str(source)]
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
    loads, stores = (list(_moves(ptx, operation)) for operation in ("ld", "st"))
    width = max((numbers for numbers, _, _ in loads + stores), default=1)
    vector_loads, vector_stores = (sum(numbers > 1 for numbers, _, _ in found) for found in (loads, stores))
    wide = sum(size == 16 for _, size, _ in loads)
    passing = sum(passes for _, _, passes in loads)
    divisions = len(re.findall(r"\b(?:div|rem)\.[su](?:16|32|64)\b", ptx))
    fma = len(re.findall(r"\bfma\.rn\.f", ptx))
    return Counts(fma, len(loads), len(stores), width, vector_loads, vector_stores, wide, passing, divisions)


def _moves(ptx: str, operation: str) -> Iterator[tuple[int, int, bool]]:
    """By load or store: how many numbers it moves, of how many bytes in all, and whether it passes the first cache.

    From Blackwell on two float32 are one register of 64 bits, as an integer is; those that are added and multiplied in
    pairs are numbers.
    """
    pairs = set(re.findall(r"%rd\d+", " ".join(re.findall(r"\.f32x2\s[^;]*", ptx))))
    kind = rf"\b{operation}(?:\.global)?(?:\.nc)?(?:\.L1::(no_allocate))?(?:\.v([24]))?\.[bfsu](\d+)\b([^;]*)"
    for hint, vector, bits, operands in re.findall(kind, ptx):
        numbers = int(vector or 1)
        paired = not pairs.isdisjoint(re.findall(r"%rd\d+", re.sub(r"\[.*?\]", "", operands)))
        yield numbers * (2 if paired else 1), numbers * int(bits) // 8, bool(hint)
