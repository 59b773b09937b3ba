"""The tabulated layers of jax, energy and forces by jax.value_and_grad, in one jax.jit."""

from collections.abc import Callable, Sequence

import jax
import numpy as np

from benchmarks.contestant import Contestant
from benchmarks.inputs.graph import FloatArray
from benchmarks.peers import jax_radial, jax_tools
from benchmarks.peers.tabulated.jax_layer import network_layer, table_layer
from benchmarks.workloads.forces import Inputs


def with_network(inputs: Inputs, threads: int) -> Contestant:
    del threads
    network = inputs.layer.network
    return _contestant(inputs, network_layer(inputs.layer), (network.first, network.second), "network")


def with_table(inputs: Inputs, threads: int) -> Contestant:
    del threads
    layer = table_layer(inputs.layer, jax_radial.table_product)
    return _contestant(inputs, layer, (inputs.layer.table.coefficients,), "table")


def _contestant(
    inputs: Inputs, layer: Callable[..., jax.Array], parameters: Sequence[FloatArray], oracle: str
) -> Contestant:
    graph, features = inputs.layer.graph, inputs.layer.features

    def energy(
        displaced: jax.Array,
        cotangents: jax.Array,
        senders: jax.Array,
        receivers: jax.Array,
        vectors: jax.Array,
        *rest: jax.Array,
    ) -> jax.Array:
        moved = vectors + displaced[receivers] - displaced[senders]
        return (layer(senders, receivers, moved, *rest) * cotangents).sum()

    def both(*arguments: jax.Array) -> tuple[jax.Array, ...]:
        value, gradient = jax.value_and_grad(energy)(*arguments)
        return value.reshape(1), -gradient

    displaced = np.zeros((graph.nodes, 3), features.dtype)
    edges = (graph.indices, graph.receivers, graph.vectors)
    arrays = (displaced, inputs.cotangents, *edges, *parameters, features)
    return jax_tools.contestant(both, arrays, oracle, jax_tools.arrays_of)
