"""Streamed: radial values are given for every edge, and reading them is most of the work.

out[i] = sum over the edges e into i, paths p: form_p(e) radial[e, p] features[sender(e)]
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks import oracle
from benchmarks.case import Case
from benchmarks.cost import Cost, form_flops, output_bytes, total_bytes
from benchmarks.inputs.graph import PATHS, FloatArray, Graph, normal, random_graph
from benchmarks.measure import compare
from benchmarks.peers import chosen
from benchmarks.results import Measured
from benchmarks.session import Session


@dataclass(frozen=True)
class Inputs:
    l_out: int
    graph: Graph
    radial: FloatArray  # (E, P, C)
    features: FloatArray  # (N, 3, C)

    @property
    def output_shape(self) -> tuple[int, int, int]:
        return self.graph.nodes, 2 * self.l_out + 1, self.features.shape[2]


def measure(session: Session) -> Measured:
    names = chosen("streamed", session.families)
    cases = (case(l_out, session.sizes, session.dtype, session.seed) for l_out in session.l_out)
    return Measured(comparisons=tuple(compare(one, names, session) for one in cases))


def case(l_out: int, sizes: Mapping[str, int], dtype: str, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    graph = random_graph(sizes["nodes"], sizes["neighbours"], dtype, rng)
    channels = sizes["channels"]
    inputs = Inputs(
        l_out,
        graph,
        radial=normal(rng, dtype, graph.edges, len(PATHS[l_out]), channels),
        features=normal(rng, dtype, graph.nodes, 3, channels),
    )
    return Case(
        workload="streamed",
        l_out=l_out,
        dtype=dtype,
        sizes=sizes,
        inputs=inputs,
        oracles={"definition": lambda: oracle.convolve(l_out, graph, inputs.radial, inputs.features)},
        cost=_cost(inputs, dtype),
    )


def _cost(inputs: Inputs, dtype: str) -> Cost:
    moved = inputs.graph.nbytes + total_bytes(inputs.radial, inputs.features)
    flops = inputs.graph.edges * inputs.features.shape[2] * form_flops(inputs.l_out)
    return Cost(moved + output_bytes(inputs.output_shape, dtype), flops)
