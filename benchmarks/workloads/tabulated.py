"""Tabulated: radial functions of the distance, ours read from a spline table, the peers' computed by an MLP per edge.

    out[i] = sum over the edges e into i, paths p: form_p(e) R(|r_e|)[p] features[sender(e)]

Three right answers: R the network itself, and R either table that stands for it, as exactly as float64 can tell. Each
contestant must agree with its own; how far the tables are from the network is noted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks import oracle
from benchmarks.case import Case
from benchmarks.cost import Cost, form_flops, output_bytes, spline_flops, total_bytes
from benchmarks.inputs.graph import PATHS, Float64, FloatArray, Graph, normal, random_graph
from benchmarks.inputs.network import Network
from benchmarks.inputs.radial import cubic_table, radial_functions, table_note
from benchmarks.inputs.table import Table
from benchmarks.measure import compare
from benchmarks.peers import chosen
from benchmarks.results import Measured
from benchmarks.session import Session


@dataclass(frozen=True)
class Inputs:
    l_out: int
    graph: Graph
    network: Network
    table: Table
    cubic: Table
    features: FloatArray  # (N, 3, C)

    @property
    def output_shape(self) -> tuple[int, int, int]:
        return self.graph.nodes, 2 * self.l_out + 1, self.features.shape[2]


def measure(session: Session) -> Measured:
    names = chosen("tabulated", session.families)
    cases = (case(l_out, session.sizes, session.dtype, session.seed) for l_out in session.l_out)
    return Measured(comparisons=tuple(compare(one, names, session) for one in cases))


def case(l_out: int, sizes: Mapping[str, int], dtype: str, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    graph = random_graph(sizes["nodes"], sizes["neighbours"], dtype, rng)
    network, table = radial_functions(l_out, sizes["channels"], dtype, seed)
    features = normal(rng, dtype, graph.nodes, 3, sizes["channels"])
    cubic = cubic_table(l_out, sizes["channels"], dtype, seed)
    inputs = Inputs(l_out, graph, network, table, cubic, features)
    return Case(
        workload="tabulated",
        l_out=l_out,
        dtype=dtype,
        sizes=sizes,
        inputs=inputs,
        oracles={
            "table": lambda: _expected(inputs, table),
            "cubic": lambda: _expected(inputs, cubic),
            "network": lambda: _expected(inputs, network),
        },
        cost=_cost(inputs, dtype),
        notes=(table_note(network, table), table_note(network, cubic)),
    )


def _expected(inputs: Inputs, radial: Table | Network) -> Float64:
    values = radial(oracle.lengths(inputs.graph.vectors))
    return oracle.convolve(inputs.l_out, inputs.graph, values, inputs.features)


def _cost(inputs: Inputs, dtype: str) -> Cost:
    table, features = inputs.table, inputs.features
    per_channel = form_flops(inputs.l_out) + spline_flops(len(PATHS[inputs.l_out]), table.degree)
    return Cost(
        inputs.graph.nbytes + total_bytes(table.coefficients, features) + output_bytes(inputs.output_shape, dtype),
        inputs.graph.edges * features.shape[2] * per_channel,
    )
