"""Run in a fresh interpreter: one size of the scaling workload.

    python -m benchmarks.workloads.scaling_child DTYPE NODES NEIGHBOURS CHANNELS THREADS SEED

prints the fields of a ScalingPoint, with `samples` for its timing.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from pocket_tfn import cpu

from benchmarks import timing
from benchmarks.cost import total_bytes
from benchmarks.inputs.fluid import fluid_graph
from benchmarks.inputs.graph import CUTOFF, normal
from benchmarks.inputs.table import DEGREE
from benchmarks.workloads import memory

INTERVALS = 128
"""About what a radial network needs in float32; what the numbers are does not matter here."""

SECONDS = 1.0
LEAST_CALLS = 5
MOST_CALLS = 50


def main(dtype: str, nodes: int, neighbours: int, channels: int, threads: int, seed: int) -> None:
    if not hasattr(cpu, "convolve_tabulated_1_1"):
        sys.exit("pocket_tfn.cpu has no convolve_tabulated_1_1")
    cpu.set_num_threads(threads)
    rng = np.random.default_rng(seed)
    _prepare(dtype, channels, neighbours, rng)
    start = time.perf_counter()
    graph = fluid_graph(nodes, neighbours, dtype, rng)
    graph_seconds = time.perf_counter() - start
    coefficients = normal(rng, dtype, INTERVALS + DEGREE, 3, channels)
    features = _chunked_normal(rng, dtype, nodes, channels)

    def run() -> Any:
        return cpu.convolve_tabulated_1_1(graph.indptr, graph.indices, graph.vectors, coefficients, CUTOFF, features)

    added, out = memory.added_by(run)
    inputs = graph.nbytes + total_bytes(coefficients, features)
    found = {
        "edges": graph.edges,
        "samples": _samples(run),
        "graph_seconds": graph_seconds,
        "input_bytes": inputs,
        "output_bytes": out.nbytes,
        "peak_bytes": None if added is None else inputs + added,
    }
    print(json.dumps(found))


def _prepare(dtype: str, channels: int, neighbours: int, rng: np.random.Generator) -> None:
    """Compiles, and starts the threads, on a small graph that still has work for every thread."""
    graph = fluid_graph(1000, neighbours, dtype, rng)
    coefficients = np.ones((1 + DEGREE, 3, channels), dtype)
    features = normal(rng, dtype, graph.nodes, 3, channels)
    cpu.convolve_tabulated_1_1(graph.indptr, graph.indices, graph.vectors, coefficients, CUTOFF, features)


def _chunked_normal(rng: np.random.Generator, dtype: str, nodes: int, channels: int) -> Any:
    """Like `normal`, without a float64 copy of it all."""
    features = np.empty((nodes, 3, channels), dtype)
    for first in range(0, nodes, 4096):
        part = features[first : first + 4096]
        part[...] = rng.standard_normal(part.shape)
    return features


def _samples(run: Callable[[], Any]) -> list[float]:
    """Times of single calls, for about a second, after one that nobody counts."""
    run()
    samples: list[float] = []
    while len(samples) < LEAST_CALLS or (sum(samples) < SECONDS and len(samples) < MOST_CALLS):
        samples.append(timing.seconds(run)[0])
    return samples


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
