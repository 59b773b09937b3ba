"""pocket_tfn.cpu.laplacian_walkers_1_L."""

from typing import Any

import numpy as np
from pocket_tfn import cpu

from benchmarks.contestant import Contestant
from benchmarks.peers.ours import function
from benchmarks.workloads.laplacian import Inputs


def allocating(inputs: Inputs, threads: int) -> Contestant:
    cpu.set_num_threads(threads)
    laplacian, table = function(f"laplacian_walkers_1_{inputs.l_out}"), inputs.table
    arguments = (inputs.positions, table.coefficients, table.cutoff, inputs.features)

    def run() -> Any:
        return laplacian(*arguments, features_jacobian=inputs.jacobian, features_laplacian=inputs.laplacian)

    def answer(found: Any) -> tuple[Any, ...]:
        return tuple(map(np.asarray, (found.value, found.jacobian, found.laplacian)))

    return Contestant(run, answer, "table")
