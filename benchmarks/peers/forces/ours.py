"""pocket_tfn.cpu.convolve_tabulated_1_L, and the gradient of the energy through its vjp to the positions."""

from typing import Any

import numpy as np
from pocket_tfn import cpu

from benchmarks.contestant import Contestant
from benchmarks.peers.ours import function
from benchmarks.workloads.forces import Inputs


def both(inputs: Inputs, threads: int) -> Contestant:
    """The transposed graph is kept; of the cotangents only those of the vectors are computed."""
    cpu.set_num_threads(threads)
    name = f"convolve_tabulated_1_{inputs.layer.l_out}"
    convolve, pull, to_positions = function(name), function(f"vjp_{name}"), function("position_cotangents")
    graph, given = inputs.layer.graph, inputs.cotangents
    edges = graph.indptr, graph.indices
    transposed = function("transpose")(*edges)

    def run() -> tuple[Any, ...]:
        energy = np.vdot(given, convolve(*_arguments(inputs)))
        vectors = pull(*_arguments(inputs), given, transposed=transposed, of="vectors").vectors
        return energy, -to_positions(*edges, vectors, transposed=transposed)

    return Contestant(run, lambda found: (np.reshape(found[0], 1), found[1]), "table")


def forward(inputs: Inputs, threads: int) -> Contestant:
    cpu.set_num_threads(threads)
    convolve = function(f"convolve_tabulated_1_{inputs.layer.l_out}")

    def run() -> Any:
        return np.vdot(inputs.cotangents, convolve(*_arguments(inputs)))

    return Contestant(run, lambda energy: np.reshape(energy, 1), "table, energy")


def _arguments(inputs: Inputs) -> tuple[Any, ...]:
    graph, table = inputs.layer.graph, inputs.layer.table
    return graph.indptr, graph.indices, graph.vectors, table.coefficients, table.cutoff, inputs.layer.features
