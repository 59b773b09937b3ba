"""The kernels of `pocket_tfn.cuda_derivatives`, for benchmarks/ptx.py to compile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pocket_tfn.cuda_derivatives as derivatives
from numba import types
from numba.cuda.typing.typeof import Purpose, typeof

from .ptx import LEADING, Kernel, lanes

#: The stems of those that each pair has.
STEMS = (
    "vjp_edges",
    "vjp_senders",
    "jvp_rows",
    "hvp_edges",
    "hvp_senders",
    "laplacian_rows",
    "laplacian_jacobian",
)


def kernels(dtype: str) -> Iterator[Kernel]:
    """Every kernel that the public functions launch, for arrays of this dtype, in the widest vectors."""
    number = types.float32 if dtype == "float32" else types.float64
    for key in sorted(n.removeprefix("vjp_apply_") for n in derivatives.__all__ if n.startswith("vjp_apply_")):
        signatures = _signatures(number, 2 * int(key.split("_")[1]) + 1)
        for stem in STEMS:
            yield Kernel(f"{stem}_{key}", dtype, _function(f"{stem}_{key}"), signatures[stem])
    signatures = _signatures(number, 1)
    for name in ("sum_nodes", "sum_repeats", "repeat", "find_transposed_fault", "count_up"):
        yield Kernel(name, dtype, _function(name), signatures[name])


def _function(name: str) -> Callable[..., None]:
    function: Callable[..., None] = getattr(derivatives, f"_{name}").py_func
    return function


def _signatures(number: Any, n_out: int) -> dict[str, tuple[Any, ...]]:
    integer, lead = types.int64, typeof((1,) * LEADING, Purpose.argument)
    place, line, matrix, cube, four = (
        types.Array(t, n, "C") for t, n in ((integer, 1), (number, 1), (number, 2), (number, 3), (number, 4))
    )
    fault = types.Array(types.int32, 1, "C")
    edge_tangents = (matrix, cube, cube, line)
    read, results = (matrix, cube, cube, line, cube), (matrix, cube, line)
    plan = typeof((1,) * 3, Purpose.argument)
    first, second = (lanes(number, n_out, 12), plan), (lanes(number, n_out, 0), plan)
    by_edge = (integer, place, place, *read)
    by_sender = (integer, place, place, place, matrix, cube, line, cube)
    of_laplacian = (integer, place, place, matrix, cube, cube, cube, cube, line, four)
    return {
        "laplacian_rows": (*of_laplacian, cube, cube, cube),
        "laplacian_jacobian": (*of_laplacian, four),
        "vjp_edges": (*first, *by_edge, *results),
        "hvp_edges": (*second, *by_edge, *edge_tangents, *results),
        "vjp_senders": (*first, *by_sender, cube),
        "hvp_senders": (*second, *by_sender, matrix, cube, line, cube),
        "jvp_rows": (*second, integer, place, place, matrix, cube, cube, line, *edge_tangents, cube, cube),
        "sum_nodes": (place, place, place, matrix, matrix),
        "sum_repeats": (lead, lead, lead, lead, integer, matrix, cube),
        "repeat": (lead, lead, matrix, matrix),
        "find_transposed_fault": (place, place, place, place, place, fault),
        "count_up": (place,),
    }
