"""Gradients: the streamed convolution, and the cotangents of its three arguments for a given one of its result.

    out[i] = sum over the edges e into i, paths p: form_p(e) radial[e, p] features[sender(e)]

with the derivatives of sum(cotangents * out) by vectors, radial and features: what a step of training needs.
Ours is timed in its two halves as well, each held to its part of the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks import oracle, oracle_derivatives
from benchmarks.case import Case
from benchmarks.cost import Cost, form_flops, output_bytes, total_bytes
from benchmarks.inputs.graph import PATHS, Float64, FloatArray, Graph, normal, random_graph
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
    cotangents: FloatArray  # (N, 2 l_out + 1, C)


def measure(session: Session) -> Measured:
    names = chosen("gradients", session.families)
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
        cotangents=normal(rng, dtype, graph.nodes, 2 * l_out + 1, channels),
    )

    @cache
    def forward() -> Float64:
        return oracle.convolve(l_out, graph, inputs.radial, inputs.features)

    @cache
    def gradients() -> tuple[Float64, ...]:
        return tuple(oracle_derivatives.vjp(l_out, graph, inputs.radial, inputs.features, inputs.cotangents))

    return Case(
        workload="gradients",
        l_out=l_out,
        dtype=dtype,
        sizes=sizes,
        inputs=inputs,
        oracles={"both": lambda: (forward(), *gradients()), "forward": forward, "gradients": gradients},
        cost=_cost(inputs, dtype),
    )


def _cost(inputs: Inputs, dtype: str) -> Cost:
    """Arguments and cotangents read, the result and three gradients written.

    A message is linear in each of radial, features and unit vector's forms, so that every one of the derivatives takes
    about as many operations as the message.
    """
    graph, channels = inputs.graph, inputs.features.shape[2]
    gradients = total_bytes(graph.vectors, inputs.radial, inputs.features)
    arguments = graph.nbytes + total_bytes(inputs.radial, inputs.features, inputs.cotangents)
    moved = arguments + output_bytes(inputs.cotangents.shape, dtype) + gradients
    return Cost(moved, 4 * graph.edges * channels * form_flops(inputs.l_out))
