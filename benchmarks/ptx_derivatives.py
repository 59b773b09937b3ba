"""The kernels of `pocket_tfn.cuda_derivatives`, for benchmarks/ptx.py to compile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pocket_tfn.cuda as gpu
import pocket_tfn.cuda_derivatives as derivatives
from numba import types
from numba.cuda.typing.typeof import Purpose, typeof

from .ptx import LEADING, Kernel

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
    """Every kernel that the public functions launch, for arrays of this dtype."""
    number = types.float32 if dtype == "float32" else types.float64
    signatures = _signatures(number)
    for key in sorted(n.removeprefix("vjp_apply_") for n in derivatives.__all__ if n.startswith("vjp_apply_")):
        for stem in STEMS:
            yield Kernel(f"{stem}_{key}", dtype, _function(f"{stem}_{key}"), signatures[stem])
    for name in ("sum_nodes", "sum_repeats", "repeat", "fill_receivers", "find_transposed_fault", "count_up"):
        yield Kernel(name, dtype, _function(name), signatures[name])


def _function(name: str) -> Callable[..., None]:
    function: Callable[..., None] = getattr(derivatives, f"_{name}").py_func
    return function


def _signatures(number: Any) -> dict[str, tuple[Any, ...]]:
    k = typeof(gpu._TABLES[np.dtype(str(number))], Purpose.argument)
    integer, lead = types.int64, typeof((1,) * LEADING, Purpose.argument)
    place, line, matrix, cube, four = (
        types.Array(t, n, "C") for t, n in ((integer, 1), (number, 1), (number, 2), (number, 3), (number, 4))
    )
    fault = types.Array(types.int32, 1, "C")
    edge_tangents = (matrix, cube, cube, line)
    read, results = (matrix, cube, cube, line, cube), (matrix, cube, line)
    by_edge, by_sender = (
        (k, integer, integer, place, place, *read),
        (k, integer, place, place, place, matrix, cube, line, cube),
    )
    of_laplacian = (k, integer, place, place, matrix, cube, cube, cube, cube, line, four)
    return {
        "laplacian_rows": (*of_laplacian, cube, cube, cube),
        "laplacian_jacobian": (*of_laplacian, four),
        "vjp_edges": (*by_edge, *results),
        "hvp_edges": (*by_edge, *edge_tangents, *results),
        "vjp_senders": (*by_sender, cube),
        "hvp_senders": (*by_sender, matrix, cube, line, cube),
        "jvp_rows": (k, integer, place, place, matrix, cube, cube, line, *edge_tangents, cube, cube),
        "sum_nodes": (k, place, place, place, matrix, matrix),
        "sum_repeats": (k, lead, lead, lead, lead, integer, matrix, cube),
        "repeat": (lead, lead, matrix, matrix),
        "fill_receivers": (place, place),
        "find_transposed_fault": (place, place, place, place, place, fault),
        "count_up": (place,),
    }
