"""The generated kernels, called as a user calls them."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pocket_tfn import cpu

from benchmarks.contestant import Contestant, Missing

MODULES = ("pocket_tfn.cpu", "pocket_tfn.cpu_derivatives")
"""Where our functions are, and the names are looked for."""


def function(name: str) -> Callable[..., Any]:
    """`pocket_tfn.cpu.NAME`, or that of one of the modules beside it."""
    for module in MODULES:
        if find_spec(module) is not None:
            found: Callable[..., Any] | None = getattr(import_module(module), name, None)
            if found is not None:
                return found
    raise Missing(f"pocket_tfn.cpu has no {name}")


def ours(name: str, arguments: tuple[Any, ...], threads: int, out: NDArray[Any] | None, oracle: str) -> Contestant:
    """`pocket_tfn.cpu.NAME(*arguments, out=out)`; with None the call allocates its result, as all others do."""
    cpu.set_num_threads(threads)
    convolve = function(name)

    def run() -> Any:
        return convolve(*arguments, out=out)

    return Contestant(run, answer=np.asarray, oracle=oracle)
