"""Every CUDA kernel is compiled for real, without a GPU, and what the compiler made of it is held to a plan.

The simulator cannot see these faults: a stray literal that turns float32 into float64 arithmetic, a loop that was not
unrolled and keeps its tuple in local memory, a function that grew until its registers spill.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda is not installed")

from numba import cuda, types

from benchmarks import ptx
from tests.oracles import KEYS, SUBSETS

#: Ampere's and Hopper's data-centre parts, and the newest that this toolkit knows.
CAPABILITIES = ((8, 0), (9, 0), ptx.supported()[-1])
KERNELS = [kernel for dtype in ptx.DTYPES for kernel in ptx.kernels(dtype)]
#: The paths of one parity are parts of the whole: one part of the hardware tells enough of them.
#: Of the rest, for one part float32 and the largest of float64 are compiled at once, the others with the slow tests.
CASES = [
    pytest.param(
        kernel,
        cc,
        marks=[]
        if cc == CAPABILITIES[1] and (kernel.dtype == "float32" or kernel.name.endswith("1_2"))
        else [pytest.mark.slow],
    )
    for kernel in KERNELS
    for cc in CAPABILITIES
    if cc == CAPABILITIES[1] or not kernel.name.endswith(SUBSETS)
]

# A multiprocessor has 65536 registers for at most 64 warps of 32 threads (48 on consumer parts), here in blocks of 4.
# Convolutions wait for memory, with up to 12 loads of a thread in flight at once: 64 registers leave 32 warps.  A
# float64 takes two registers, which doubles the values but not the addresses: 80 leave 24 warps.  Where a thread makes
# one item, there is less in flight and more warps are wanted: 40 registers leave 48, 56 leave 36.  What only moves or
# compares numbers runs at full occupancy: 32 leave 64.
MOST_REGISTERS = {
    ("convolve", "float32"): 64,
    ("convolve", "float64"): 80,
    ("kernel", "float32"): 40,
    ("kernel", "float64"): 56,
    ("apply", "float32"): 40,
    ("apply", "float64"): 56,
}
FEW_REGISTERS = 32


def _available(function: Any, *args: Any) -> Any:
    """The function's result; skip, saying why, where a part of the toolkit is missing."""
    try:
        return function(*args)
    except ptx.Unavailable as missing:
        pytest.skip(str(missing))


def _identity(value: Any) -> str:
    return f"{value.name}-{value.dtype}" if isinstance(value, ptx.Kernel) else ptx.architecture(value)


@pytest.mark.parametrize(("kernel", "cc"), CASES, ids=_identity)
def test_compiled_kernel_keeps_to_its_plan(kernel: ptx.Kernel, cc: tuple[int, int]) -> None:
    """float32 stays float32, nothing spills, registers leave enough warps, and products are fused into sums."""
    text = _available(ptx.compile_ptx, kernel, cc)
    assert kernel.dtype == "float64" or not ptx.uses_float64(text), "float32 was promoted to float64"
    assert not ptx.uses_local_memory(text), "a tuple or an array went to local memory"
    computes = kernel.name.partition("_")[0] in ("kernel", "apply", "convolve")
    assert not computes or ptx.count(text).fma > 0, "no fused multiply-add"

    used = _available(ptx.assemble, kernel, cc)
    assert (used.stack, used.spill_stores, used.spill_loads) == (0, 0, 0), f"local memory: {used}"
    most = MOST_REGISTERS.get((kernel.name.partition("_")[0], kernel.dtype), FEW_REGISTERS)
    assert used.registers <= most, f"{used.registers} registers, planned for {most}"


def test_every_kernel_of_the_module_is_compiled() -> None:
    """A kernel that the module gains must not escape the checks above."""
    from pocket_tfn import cuda as gpu

    dispatchers = [f for f in vars(gpu).values() if isinstance(f, type(gpu._find_graph_fault))]
    launched = {f.py_func for f in dispatchers if not f.targetoptions.get("device")}
    assert launched <= {kernel.function for kernel in KERNELS}
    assert len(launched) == 4 * len(KEYS) + 1


@pytest.mark.parametrize("dtype", ptx.DTYPES)
def test_constants_are_of_the_arrays_type(dtype: str) -> None:
    """Numba must see the table as a tuple of this one type: Python floats in it would compute in float64."""
    (constants,) = {kernel.signature[0] for kernel in ptx.kernels(dtype) if kernel.name.startswith("apply")}
    assert constants.dtype == getattr(types, dtype)


def _compile(function: Any, dtype: Any) -> str:
    kernel = ptx.Kernel(function.__name__, str(dtype), function, (types.Array(dtype, 1, "C"),))
    return str(_available(ptx.compile_ptx, kernel, CAPABILITIES[0]))


def promotes(x):  # type: ignore[no-untyped-def]
    """What the templates must never emit: a bare literal."""
    x[0] = x[0] * 0.1


def stays(x):  # type: ignore[no-untyped-def]
    x[0] = math.sqrt(x[0] * x[1] + x[2])


def indexes_a_tuple(x):  # type: ignore[no-untyped-def]
    """A local array with an index known only at run time."""
    scratch = cuda.local.array(64, types.float32)
    for i in range(64):
        scratch[i] = x[i]
    x[0] = scratch[int(x[1])]


def test_the_detectors_fire() -> None:
    """A check that cannot fail checks nothing: kernels made to offend are found out, an innocent one is not."""
    assert ptx.uses_float64(_compile(promotes, types.float32))
    assert ptx.uses_local_memory(_compile(indexes_a_tuple, types.float32))
    innocent = _compile(stays, types.float32)
    assert not ptx.uses_float64(innocent)
    assert not ptx.uses_local_memory(innocent)
    assert ptx.count(innocent) == ptx.Counts(fma=1, loads=3, stores=1, vector_width=1)


def test_spills_are_read_from_the_log() -> None:
    """The numbers of ptxas, in its own words."""
    log = """ptxas info    : Function properties for k
    16 bytes stack frame, 4 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 40 registers, used 0 barriers, 16 bytes cumulative stack size, 480 bytes cmem[0]
"""
    assert ptx.read_log(log) == ptx.Resources(registers=40, stack=16, spill_stores=4, spill_loads=8)


def test_vector_loads_are_counted() -> None:
    """Width and kind of global accesses, parameters apart."""
    text = "ld.param.u64 %rd1;\nld.global.nc.v4.f32 {a};\nld.global.f32 b;\nst.global.v2.f32 c;\nfma.rn.f32 d;\n"
    assert ptx.count(text) == ptx.Counts(fma=1, loads=2, stores=1, vector_width=4)
