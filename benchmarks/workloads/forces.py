"""Forces: the tabulated layer of a molecular-dynamics step, energy and forces instead of the field.

    E = sum(cotangents * out),    forces[k] = -dE/d positions[k],    r_e = x_receiver - x_sender + shift_e

on the inputs of `tabulated`. Their vectors belong to no positions, as under periodic boundaries, where every edge has a
shift of its own: the peers differentiate with respect to displacements of the nodes, at zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks import oracle, oracle_derivatives
from benchmarks.case import Case
from benchmarks.cost import Cost, form_flops, output_bytes, spline_flops, total_bytes
from benchmarks.inputs.graph import PATHS, Float64, FloatArray, normal
from benchmarks.inputs.network import Network
from benchmarks.inputs.table import Table
from benchmarks.measure import compare
from benchmarks.peers import chosen
from benchmarks.results import Measured
from benchmarks.session import Session
from benchmarks.workloads import tabulated

Answer = tuple[Float64, ...]


@dataclass(frozen=True)
class Inputs:
    layer: tabulated.Inputs
    cotangents: FloatArray  # (N, 2 l_out + 1, C)


def measure(session: Session) -> Measured:
    names = chosen("forces", session.families)
    cases = (case(l_out, session.sizes, session.dtype, session.seed) for l_out in session.l_out)
    return Measured(comparisons=tuple(compare(one, names, session) for one in cases))


def case(l_out: int, sizes: Mapping[str, int], dtype: str, seed: int) -> Case:
    same = tabulated.case(l_out, sizes, dtype, seed)
    layer: tabulated.Inputs = same.inputs
    inputs = Inputs(layer, normal(np.random.default_rng([seed, 1]), dtype, *layer.output_shape))
    return Case(
        workload="forces",
        l_out=l_out,
        dtype=dtype,
        sizes=sizes,
        inputs=inputs,
        oracles={
            "table": partial(_expected, inputs, layer.table),
            "table, energy": lambda: _energy(inputs, layer.table),
            "network": partial(_expected, inputs, layer.network),
        },
        cost=_cost(inputs, dtype),
        notes=same.notes[:1],
    )


def _energy(inputs: Inputs, radial: Table | Network) -> Float64:
    """(1,)"""
    layer = inputs.layer
    values = radial(oracle.lengths(layer.graph.vectors))
    out = oracle.convolve(layer.l_out, layer.graph, values, layer.features)
    return np.array([np.vdot(inputs.cotangents.astype(np.float64), out)])


def _expected(inputs: Inputs, radial: Table | Network) -> Answer:
    """Energy (1,) and forces (N, 3)."""
    layer, graph = inputs.layer, inputs.layer.graph
    slopes = oracle_derivatives.vjp_of_lengths(layer.l_out, graph, radial, layer.features, inputs.cotangents)
    forces = np.zeros((graph.nodes, 3))
    np.add.at(forces, graph.receivers, -slopes)
    np.add.at(forces, graph.indices, slopes)
    return _energy(inputs, radial), forces


def _cost(inputs: Inputs, dtype: str) -> Cost:
    """Value and slope of the table; the message, its derivative by r and its product with the cotangents."""
    layer = inputs.layer
    table, graph = layer.table, layer.graph
    per_channel = 2 * form_flops(layer.l_out) + 2 * spline_flops(len(PATHS[layer.l_out]), table.degree)
    moved = graph.nbytes + total_bytes(table.coefficients, layer.features, inputs.cotangents)
    return Cost(moved + output_bytes((graph.nodes, 3), dtype), graph.edges * layer.features.shape[2] * per_channel)
