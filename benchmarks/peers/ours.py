"""The generated kernels, called as a user calls them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pocket_tfn import cpu

from benchmarks.contestant import Contestant, Missing


def ours(name: str, arguments: tuple[Any, ...], threads: int, out: NDArray[Any] | None, oracle: str) -> Contestant:
    """`pocket_tfn.cpu.NAME(*arguments, out=out)`; with None the call allocates its result, as all others do."""
    cpu.set_num_threads(threads)
    convolve = getattr(cpu, name, None)
    if convolve is None:
        raise Missing(f"pocket_tfn.cpu has no {name}")

    def run() -> Any:
        return convolve(*arguments, out=out)

    return Contestant(run, answer=np.asarray, oracle=oracle)
