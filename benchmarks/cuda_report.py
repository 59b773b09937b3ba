"""Print what each CUDA kernel costs a thread: `python -m benchmarks.cuda_report`.  No GPU is needed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks import ptx, ptx_derivatives

COLUMNS = (
    "kernel",
    "dtype",
    "arch",
    "registers",
    "spills",
    "stack",
    "fma",
    "loads",
    "16 bytes",
    "stores",
    "width",
    "f64",
)
#: The longest is laplacian_jacobian_1_2_polar.
WIDTHS = (29, 8, 7, *(len(name) + 1 for name in COLUMNS[3:]))


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cuda_report",
        description="Compiles every CUDA kernel with NVVM and ptxas and prints registers, spills and stack (bytes) and "
        "the PTX's fused multiply-adds, global loads, how many of these are of 16 bytes, stores, the vector width of "
        "both, and whether it has any f64.  Names: @1 is in single numbers, ^3 and ^5 with a spline of that degree.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    supported = [ptx.architecture(cc) for cc in ptx.supported()]
    default = ["sm_80", "sm_90", supported[-1]]
    architectures = f"GPU architectures, of {', '.join(supported)}"
    parser.add_argument("--arch", nargs="+", choices=supported, default=default, metavar="SM", help=architectures)
    parser.add_argument("--dtype", nargs="+", choices=ptx.DTYPES, default=ptx.DTYPES, help="dtypes of the arrays")
    parser.add_argument("--kernel", default="", metavar="TEXT", help="only kernels whose name contains TEXT")
    return parser.parse_args(arguments)


def row(kernel: ptx.Kernel, cc: tuple[int, int]) -> tuple[str, ...]:
    """One line of the table."""
    text = ptx.compile_ptx(kernel, cc)
    used, counts = ptx.assemble(kernel, cc), ptx.count(text)
    spills = used.spill_stores + used.spill_loads
    loads = (counts.loads, counts.wide_loads)
    numbers = (used.registers, spills, used.stack, counts.fma, *loads, counts.stores, counts.vector_width)
    f64 = "yes" if ptx.uses_float64(text) else "no"
    return (kernel.name, kernel.dtype, ptx.architecture(cc), *map(str, numbers), f64)


def show(cells: Sequence[str]) -> None:
    left, right = zip(cells[:3], WIDTHS[:3], strict=True), zip(cells[3:], WIDTHS[3:], strict=True)
    print(*(c.ljust(w) for c, w in left), *(c.rjust(w) for c, w in right), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    capabilities = [cc for cc in ptx.supported() if ptx.architecture(cc) in options.arch]
    show(COLUMNS)
    try:
        for dtype in options.dtype:
            for kernel in (*ptx.kernels(dtype), *ptx_derivatives.kernels(dtype)):
                if options.kernel in kernel.name:
                    for cc in capabilities:
                        show(row(kernel, cc))
    except ptx.Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
