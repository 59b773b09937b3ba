"""Every CUDA kernel is compiled for real, without a GPU, and what the compiler made of it is held to a plan.

The simulator cannot see these faults: a stray literal that turns float32 into float64 arithmetic, a loop that was not
unrolled and keeps its tuple in local memory, a function that grew until its registers spill, vectors that the compiler
takes apart.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda is not installed")

from numba import cuda, types

from benchmarks import cuda_report, ptx
from tests.oracles import KEYS, POSITIONS, SUBSETS, degree_of

#: Ampere's and Hopper's data-centre parts, and the newest that this toolkit knows.
HOPPER = (9, 0)
CAPABILITIES = ((8, 0), HOPPER, ptx.supported()[-1])
KERNELS = [kernel for dtype in ptx.DTYPES for kernel in ptx.kernels(dtype)]


def _soon(kernel: ptx.Kernel) -> bool:
    """Every kind of kernel of one pair, and those with the most numbers in vectors: the others take minutes."""
    of = {"1_1": "float32", "1_2": "float64"}.get("_".join(kernel.name.split("_")[-2:]))
    return (of == kernel.dtype and (of == "float32" or "@" not in kernel.name)) or kernel.name == "product"


#: The paths of one parity are parts of the whole: one part of the hardware tells enough of them.
#: Of the rest, for one part of it some are compiled at once, the others with the slow tests.
CASES = [
    pytest.param(
        kernel,
        cc,
        marks=[] if cc == CAPABILITIES[1] and _soon(kernel) else [pytest.mark.slow],
    )
    for kernel in KERNELS
    for cc in CAPABILITIES
    if cc == CAPABILITIES[1] or not kernel.name.endswith(SUBSETS)
]

# A multiprocessor has 65536 registers for at most 64 warps of 32 threads (48 on consumer parts), here in blocks of 4,
# and gives them out by eight to a thread: 32 registers leave 64 warps, 40 leave 48, 48 leave 40, 56 leave 36, 64 leave
# 32, 80 leave 24, 96 leave 20, 112 and 128 leave 16, up to 168 leave 12, up to 255 leave 8.
# Sums wait for memory.  In single numbers ("@1") a thread has 6 loads in flight, or of tables up to 21, and 32 warps
# are enough, or 24 of float64, which takes two registers.  In vectors of 16 bytes each load moves up to four times as
# much, so that 20 warps have as many bytes in flight as 64 have in single numbers.  Mixing keeps sums of several
# functions, and a product 64 elements, for which each number that is loaded serves eight: 20 and 12 warps, of float64
# 12 and 8.
# Where a thread makes one item, there is less in flight and more warps are wanted.  What only moves or compares numbers
# runs at full occupancy.
MOST_REGISTERS = {
    ("kernel", "float32"): 32,
    ("kernel", "float64"): 40,
    ("apply", "float32"): 56,
    ("apply", "float64"): 48,
    ("apply@1", "float32"): 32,
    ("apply@1", "float64"): 40,
    ("convolve", "float32"): 96,
    ("convolve", "float64"): 112,
    ("convolve@1", "float32"): 64,
    ("convolve@1", "float64"): 80,
    ("tabulated", "float32"): 96,
    ("tabulated", "float64"): 80,
    ("tabulated@1", "float32"): 64,
    ("tabulated@1", "float64"): 80,
    ("walkers", "float32"): 80,
    ("walkers", "float64"): 80,
    ("walkers@1", "float32"): 64,
    ("walkers@1", "float64"): 80,
    ("mixing", "float32"): 96,
    ("mixing", "float64"): 160,
    ("product", "float32"): 168,
    ("product", "float64"): 240,
}
FEW_REGISTERS = 32
# Divisions of integers take dozens of instructions each, and there are two of each, one for numbers below 2^32.  A
# group divides once to find its receiver and its channels, of walkers once more; an item for each operand and leading
# dimension.  There is none for an edge.  (Of walkers, NVVM divides twice for a quotient and remainder on some parts.)
MOST_DIVISIONS = {"kernel": 8, "apply": 14, "copy": 6}
MOST_DIVISIONS |= {"convolve": 4, "tabulated": 4, "walkers": 8, "mixing": 4, "product": 4}


def _kind(kernel: ptx.Kernel) -> str:
    """The name without the degree of a spline and the pair: tabulated@1 of tabulated@1^3_1_2."""
    return kernel.name.partition("_")[0].partition("^")[0]


def _vectors(kernel: ptx.Kernel) -> tuple[int, int, int, int]:
    """What ptx.count should find: loads and stores of vectors, loads of 16 bytes, loads that pass the first cache."""
    kind, key = _kind(kernel).removesuffix("@1"), kernel.name.partition("_")[2]
    if key not in KEYS or kind in ("kernel", "mixing"):
        return 0, 0, 0, 0
    paths, width = len(POSITIONS[key]), kernel.signature[0].count
    weights = int(kernel.name.partition("^")[2][0]) + 1 if "^" in kernel.name else 1
    loads, stores = paths * weights + 3, 2 * degree_of(key) + 1
    passing = paths if kind == "convolve" else 0
    wide = width * np.dtype(kernel.dtype).itemsize == 16
    return (width > 1) * loads, (width > 1) * stores, wide * loads, passing


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
    assert kernel.name == "find_graph_fault" or not ptx.uses_atomics(text), "an order of additions that no one knows"
    counts = ptx.count(text)
    assert _kind(kernel) in ("find", "copy") or counts.fma > 0, "no fused multiply-add"
    found = (counts.vector_loads, counts.vector_stores, counts.wide_loads, counts.passing_loads)
    assert found == _vectors(kernel), f"{counts}"
    few = MOST_DIVISIONS.get(_kind(kernel).partition("@")[0], 0)
    assert counts.divisions <= (few if cc == HOPPER and _soon(kernel) else 2 * few), f"divisions: {counts}"

    used = _available(ptx.assemble, kernel, cc)
    assert (used.stack, used.spill_stores, used.spill_loads) == (0, 0, 0), f"local memory: {used}"
    planned = MOST_REGISTERS.get((_kind(kernel), kernel.dtype), FEW_REGISTERS)
    most = (
        planned if cc == HOPPER and _soon(kernel) else min(3 * planned // 2, 255)
    )  # elsewhere other code is made of the same
    assert used.registers <= most, f"{used.registers} registers, planned for {most}"


def test_every_kernel_of_the_module_is_compiled() -> None:
    """A kernel that the module gains must not escape the checks above."""
    from pocket_tfn import cuda as gpu

    dispatchers = [f for f in vars(gpu).values() if isinstance(f, type(gpu._find_graph_fault))]
    launched = {f.py_func for f in dispatchers if not f.targetoptions.get("device")}
    assert launched <= {kernel.function for kernel in KERNELS}
    assert len(launched) == 6 * len(KEYS) + 2


def test_every_kind_has_a_plan() -> None:
    """Of registers, or that of what only moves numbers; one that no kernel keeps to any more is left over."""
    planned = {(_kind(kernel), kernel.dtype) for kernel in KERNELS}
    helpers = {(kind, dtype) for kind in ("find", "copy") for dtype in ptx.DTYPES}
    assert planned - helpers == set(MOST_REGISTERS)
    assert {kind.partition("@")[0] for kind, _ in planned} - {"find"} == set(MOST_DIVISIONS)


@pytest.mark.parametrize("dtype", ptx.DTYPES)
def test_constants_are_of_the_arrays_type(dtype: str) -> None:
    """Python floats in the table would compute in float64."""
    from pocket_tfn import cuda as gpu

    assert {type(number) for number in gpu._TABLES[np.dtype(dtype)]} == {np.dtype(dtype).type}


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
    """Width and kind of global accesses, parameters and shared memory apart."""
    text = """
    ld.param.u64 %rd1; ld.shared.v4.f32 {a}; st.shared.f32 a;
    ld.global.nc.v4.f32 {a}; ld.global.f32 b; ld.v2.f64 {b};
    ld.global.nc.L1::no_allocate.v2.f64 {c}; ld.global.nc.L1::no_allocate.f32 c;
    st.global.v2.f32 {c}; st.v4.b32 {c}; fma.rn.f32 d;
    """
    want = ptx.Counts(1, 5, 2, vector_width=4, vector_loads=3, vector_stores=2, wide_loads=3, passing_loads=2)
    assert ptx.count(text) == want


def test_pairs_are_vectors() -> None:
    """Two float32 in a register of 64 bits are two numbers, an index or an address there is one."""
    text = """
    ld.global.b64 %rd1, [%rd9]; ld.global.v2.b64 {%rd2, %rd3}, [%rd8]; ld.global.b64 %rd4, [%rd2];
    add.f32x2 %rd5, %rd1, %rd2; mul.f32x2 %rd6, %rd5, %rd3; st.global.b64 [%rd7], %rd6; st.global.b64 [%rd6], %rd4;
    """
    want = ptx.Counts(0, 3, 2, vector_width=4, vector_loads=2, vector_stores=1, wide_loads=1)
    assert ptx.count(text) == want


def test_divisions_are_counted() -> None:
    """Of integers alone."""
    text = "div.s64 %rd1; rem.u32 %r1; div.rn.f32 %f1; rem.s16 %rs1; // divide"
    assert ptx.count(text).divisions == 3


# --- the report -----------------------------------------------------------------------------------------


def test_the_report_has_a_column_for_each_number(capsys: pytest.CaptureFixture[str]) -> None:
    """One line under the other, names included."""
    (kernel,) = (k for k in ptx.kernels("float32") if k.name == "convolve_1_1")
    cells = _available(cuda_report.row, kernel, CAPABILITIES[1])
    assert len(cells) == len(cuda_report.COLUMNS) == len(cuda_report.WIDTHS)
    numbers = dict(zip(cuda_report.COLUMNS, cells, strict=True))
    assert (numbers["16 bytes"], numbers["width"], numbers["f64"]) == ("6", "4", "no")
    assert int(numbers["loads"]) > 6 and int(numbers["registers"]) > 0
    for line in (cuda_report.COLUMNS, cells):
        cuda_report.show(line)
    heading, line = capsys.readouterr().out.splitlines()
    assert len(heading) == len(line)
    for name in ("arch", "dtype"):
        assert line.index(numbers[name]) == heading.index(name)
    for name in ("registers", "16 bytes", "f64"):
        end = heading.index(name) + len(name)
        assert line[:end].endswith(f" {numbers[name]}")


def test_names_fit_into_their_column() -> None:
    """With a space behind."""
    longest = max(len(kernel.name) for kernel in KERNELS)
    assert longest < cuda_report.WIDTHS[0]


def test_the_report_tells_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    """And what its names mean."""
    with pytest.raises(SystemExit) as left:
        cuda_report.parse(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert left.value.code == 0
    for words in ("--arch", "--dtype", "--kernel", "16 bytes", "@1", "^3"):
        assert words in told
