"""Mixing: every edge has a matrix over channels, linear in a radial basis.

    out[i, a, o] = sum over the edges e into i, and k, p, c:
                   basis[e, k] mixing[k, p, c, o] (form_p(e) features[sender(e)])[a, c]

Formed per edge, the matrices are the bulk of the work. By linearity the basis can be summed over the edges first, and
the product with `mixing` be taken once per receiver.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pocket_tfn import cpu

from benchmarks import oracle
from benchmarks.case import Case
from benchmarks.contestant import Missing
from benchmarks.cost import Cost, form_flops, output_bytes, total_bytes
from benchmarks.inputs.graph import PATHS, Float64, FloatArray, Graph, normal, random_graph
from benchmarks.measure import compare
from benchmarks.peers import chosen
from benchmarks.results import AGGREGATION, PRODUCT, Measured
from benchmarks.session import Session


@dataclass(frozen=True)
class Inputs:
    l_out: int
    graph: Graph
    basis: FloatArray  # (E, K)
    mixing: FloatArray  # (K, P, C_in, C_out)
    features: FloatArray  # (N, 3, C_in)

    @property
    def output_shape(self) -> tuple[int, int, int]:
        return self.graph.nodes, 2 * self.l_out + 1, self.mixing.shape[3]


def measure(session: Session) -> Measured:
    names = chosen("mixing", session.families)
    cases = (case(l_out, session.sizes, session.dtype, session.seed) for l_out in session.l_out)
    return Measured(comparisons=tuple(compare(one, names, session) for one in cases))


def case(l_out: int, sizes: Mapping[str, int], dtype: str, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    graph = random_graph(sizes["nodes"], sizes["neighbours"], dtype, rng)
    channels, width, paths = sizes["channels"], sizes["basis"], len(PATHS[l_out])
    size = 1 / np.sqrt(width * paths * channels)
    inputs = Inputs(
        l_out,
        graph,
        basis=normal(rng, dtype, graph.edges, width),
        mixing=(size * rng.standard_normal((width, paths, channels, channels))).astype(dtype),
        features=normal(rng, dtype, graph.nodes, 3, channels),
    )
    return Case(
        workload="mixing",
        l_out=l_out,
        dtype=dtype,
        sizes=sizes,
        inputs=inputs,
        oracles={"definition": lambda: _expected(inputs)},
        cost=_cost(inputs, dtype),
        parts={AGGREGATION: _aggregation, PRODUCT: _product},
    )


def _expected(inputs: Inputs) -> Float64:
    graph = inputs.graph
    units = oracle.unit(graph.vectors)
    basis, mixing, features = (x.astype(np.float64) for x in (inputs.basis, inputs.mixing, inputs.features))
    out = np.zeros(inputs.output_shape)
    for i in range(graph.nodes):
        edges = slice(graph.indptr[i], graph.indptr[i + 1])
        moved = np.einsum("epab,ebc->eapc", oracle.forms(inputs.l_out, units[edges]), features[graph.indices[edges]])
        out[i] = np.tensordot(np.einsum("ek,eapc->akpc", basis[edges], moved), mixing, axes=3)
    return out


def _cost(inputs: Inputs, dtype: str) -> Cost:
    """Aggregated per receiver first: the order with fewer operations wherever receivers have several senders."""
    width, paths, sent, received = inputs.mixing.shape
    components = 2 * inputs.l_out + 1
    per_channel = form_flops(inputs.l_out) + 2 * width * paths * components
    products = 2 * inputs.graph.nodes * components * width * paths * sent * received
    return Cost(
        inputs.graph.nbytes
        + total_bytes(inputs.basis, inputs.mixing, inputs.features)
        + output_bytes(inputs.output_shape, dtype),
        inputs.graph.edges * sent * per_channel + products,
    )


def _aggregation(inputs: Inputs, threads: int) -> Callable[[], Any]:
    """Our call with no output channels: it aggregates, and there is nothing left to multiply."""
    name = f"convolve_mixing_1_{inputs.l_out}"
    convolve = getattr(cpu, name, None)
    if convolve is None:
        raise Missing(f"pocket_tfn.cpu has no {name}")
    cpu.set_num_threads(threads)
    graph, nothing = inputs.graph, inputs.mixing[..., :0]
    return lambda: convolve(graph.indptr, graph.indices, graph.vectors, inputs.basis, nothing, inputs.features)


def _product(inputs: Inputs, threads: int) -> Callable[[], Any]:
    """NumPy's product of matrices shaped like those of our second step, nothing else."""
    del threads  # BLAS took them from the environment at start: see machine.limit_threads
    rows = inputs.graph.nodes * (2 * inputs.l_out + 1)
    weights = inputs.mixing.reshape(-1, inputs.mixing.shape[3])
    aggregated = np.ones((rows, len(weights)), weights.dtype)
    out = np.empty((rows, weights.shape[1]), weights.dtype)
    return lambda: np.matmul(aggregated, weights, out=out)
