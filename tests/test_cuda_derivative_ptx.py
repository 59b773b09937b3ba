"""The CUDA kernels of derivatives are compiled for real, without a GPU: see test_cuda_ptx.py."""

from __future__ import annotations

import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda is not installed")

from benchmarks import ptx, ptx_derivatives
from tests.oracles import KEYS
from tests.test_cuda_ptx import CAPABILITIES, _available, _identity

KERNELS = [kernel for dtype in ptx.DTYPES for kernel in ptx_derivatives.kernels(dtype)]
HOPPER = CAPABILITIES[1]
#: Every template of a kernel, and the two that keep the most numbers; the others take minutes.
SOON = {("1_1", "float32"), ("hvp_edges_1_1", "float64"), ("hvp_edges_1_2", "float32"), ("hvp_edges_1_2", "float64")}

# Of 65536 registers, blocks of 128 threads: 80 registers leave 24 warps, 96 leave 20, 128 leave 16.  What sums the
# cotangents of features holds few values, as the forward kernels do.  By edge a thread has sums over its channels
# beside all inputs, and in second derivatives their tangents: of 1→2 these take nearly all that a thread may have,
# 255, which leaves 8 warps with 8 to 20 loads each in flight.  The forward Laplacian keeps three functions of each path
# and, by receiver, the gradients of features along three axes, or else of three coordinates all components.
MOST_REGISTERS = {
    ("vjp_edges", "float32"): 128,
    ("vjp_edges", "float64"): 128,
    ("vjp_senders", "float32"): 80,
    ("vjp_senders", "float64"): 80,
    ("jvp_rows", "float32"): 128,
    ("jvp_rows", "float64"): 144,
    ("hvp_edges", "float32"): 255,
    ("hvp_edges", "float64"): 216,
    ("hvp_senders", "float32"): 96,
    ("hvp_senders", "float64"): 104,
    ("laplacian_rows", "float32"): 128,
    ("laplacian_rows", "float64"): 200,
    ("laplacian_jacobian", "float32"): 120,
    ("laplacian_jacobian", "float64"): 160,
}
MOST_OF_HELPERS = 48


def _stem(kernel: ptx.Kernel) -> str:
    stem = "_".join(kernel.name.split("_")[:2])
    return stem if stem in ptx_derivatives.STEMS else ""


def _soon(kernel: ptx.Kernel) -> bool:
    key = kernel.name.removeprefix(f"{_stem(kernel)}_")
    return not _stem(kernel) or bool({(key, kernel.dtype), (kernel.name, kernel.dtype)} & SOON)


#: One part of the hardware tells enough of most.
CASES = [
    pytest.param(kernel, cc, id=f"{_identity(kernel)}-{_identity(cc)}", marks=[] if soon else [pytest.mark.slow])
    for kernel in KERNELS
    for cc in CAPABILITIES
    if (soon := cc == HOPPER and _soon(kernel))
    or cc == HOPPER
    or (kernel.name.endswith("_1_2") and kernel.dtype == "float32")
]


@pytest.mark.parametrize(("kernel", "cc"), CASES)
def test_compiled_kernel_keeps_to_its_plan(kernel: ptx.Kernel, cc: tuple[int, int]) -> None:
    """float32 stays float32, nothing spills, registers leave enough warps, and products are fused into sums."""
    text = _available(ptx.compile_ptx, kernel, cc)
    assert kernel.dtype == "float64" or not ptx.uses_float64(text), "float32 was promoted to float64"
    assert not ptx.uses_local_memory(text), "a tuple or an array went to local memory"
    assert not ptx.uses_atomics(text), "an order of additions that no one knows"
    assert not _stem(kernel) or ptx.count(text).fma > 0, "no fused multiply-add"
    used = _available(ptx.assemble, kernel, cc)
    assert (used.stack, used.spill_stores, used.spill_loads) == (0, 0, 0), f"local memory: {used}"
    most = MOST_REGISTERS.get((_stem(kernel), kernel.dtype), MOST_OF_HELPERS)
    assert used.registers <= most, f"{used.registers} registers, planned for {most}"


def test_every_kernel_of_the_module_is_compiled() -> None:
    """A kernel that the module gains must not escape the checks above."""
    from pocket_tfn import cuda_derivatives as gpu

    own = [f for f in vars(gpu).values() if isinstance(f, type(gpu._count_up)) and f.py_func.__module__ == gpu.__name__]
    launched = {f.py_func for f in own if not f.targetoptions.get("device")}
    assert launched == {kernel.function for kernel in KERNELS}
    assert len(launched) == len(ptx_derivatives.STEMS) * len(KEYS) + 5


def test_atomics_are_seen() -> None:
    """In the words of PTX."""
    assert ptx.uses_atomics("atom.global.add.f32 %f1, [%rd1], %f2;")
    assert ptx.uses_atomics("red.global.add.f32 [%rd1], %f2;")
    assert not ptx.uses_atomics("add.f32 %f1, %f2, %f3; // red, atom")
