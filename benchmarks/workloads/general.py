"""General: streamed, for any degrees, all paths between them.

out[i] = sum over the edges e into i, paths p: K^p(e) radial[e, p] features[sender(e)]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from benchmarks import oracle_general
from benchmarks.case import Case
from benchmarks.cost import Cost, output_bytes, total_bytes
from benchmarks.inputs import emitted
from benchmarks.inputs.coupling import degrees_f
from benchmarks.inputs.graph import FloatArray, Graph, normal, random_graph
from benchmarks.measure import compare
from benchmarks.peers import chosen
from benchmarks.results import Measured
from benchmarks.session import Session


@dataclass(frozen=True)
class Inputs:
    l_in: int
    l_out: int
    graph: Graph
    radial: FloatArray  # (E, P, C)
    features: FloatArray  # (N, 2 l_in + 1, C)
    module: ModuleType
    """Ours, emitted for these degrees among others."""

    @property
    def output_shape(self) -> tuple[int, int, int]:
        return self.graph.nodes, 2 * self.l_out + 1, self.features.shape[2]


def measure(session: Session) -> Measured:
    names = chosen("general", session.families)
    session.say("general: emitting " + ", ".join(f"{l_in}→{l_out}" for l_in, l_out in session.degrees))
    module = emitted.module(session.degrees)
    cases = (case(*degrees, session.sizes, session.dtype, session.seed, module) for degrees in session.degrees)
    return Measured(comparisons=tuple(compare(one, names, session) for one in cases))


def case(l_in: int, l_out: int, sizes: Mapping[str, int], dtype: str, seed: int, module: ModuleType) -> Case:
    rng = np.random.default_rng(seed)
    graph = random_graph(sizes["nodes"], sizes["neighbours"], dtype, rng)
    channels = sizes["channels"]
    inputs = Inputs(
        l_in,
        l_out,
        graph,
        radial=normal(rng, dtype, graph.edges, len(degrees_f(l_in, l_out)), channels),
        features=normal(rng, dtype, graph.nodes, 2 * l_in + 1, channels),
        module=module,
    )
    return Case(
        workload="general",
        l_in=l_in,
        l_out=l_out,
        dtype=dtype,
        sizes=sizes,
        inputs=inputs,
        oracles={"definition": lambda: oracle_general.convolve(l_in, l_out, graph, inputs.radial, inputs.features)},
        cost=_cost(inputs, dtype),
    )


def _cost(inputs: Inputs, dtype: str) -> Cost:
    moved = inputs.graph.nbytes + total_bytes(inputs.radial, inputs.features)
    flops = inputs.graph.edges * inputs.features.shape[2] * emitted.flops(inputs.l_in, inputs.l_out)
    return Cost(moved + output_bytes(inputs.output_shape, dtype), flops)
