"""The whole layer under jax.jit, with the network or with our table, and the Cartesian formula."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from benchmarks.contestant import Contestant
from benchmarks.peers import jax_radial, jax_tools
from benchmarks.peers.cartesian import message
from benchmarks.peers.jax_tools import columns, scatter
from benchmarks.workloads.tabulated import Inputs

Layer = Callable[..., jax.Array]


def with_network(inputs: Inputs, threads: int) -> Contestant:
    del threads
    graph, network = inputs.graph, inputs.network
    arrays = (graph.indices, graph.receivers, graph.vectors, network.first, network.second, inputs.features)
    return jax_tools.contestant(network_layer(inputs), arrays, "network")


def with_table(inputs: Inputs, threads: int) -> Contestant:
    del threads
    graph, table = inputs.graph, inputs.table
    arrays = (graph.indices, graph.receivers, graph.vectors, table.coefficients, inputs.features)
    return jax_tools.contestant(table_layer(inputs, jax_radial.table), arrays, "table")


def network_layer(inputs: Inputs) -> Layer:
    def layer(
        senders: jax.Array,
        receivers: jax.Array,
        vectors: jax.Array,
        first: jax.Array,
        second: jax.Array,
        features: jax.Array,
    ) -> jax.Array:
        lengths = jnp.linalg.norm(vectors, axis=1, keepdims=True)
        radial = jax_radial.network(inputs.network, lengths, first, second)
        return _convolve(inputs, senders, receivers, vectors / lengths, radial, features)

    return layer


def table_layer(inputs: Inputs, read: jax_radial.Read) -> Layer:
    """`read` is one of the ways to read a table that `jax_radial` has."""

    def layer(
        senders: jax.Array, receivers: jax.Array, vectors: jax.Array, coefficients: jax.Array, features: jax.Array
    ) -> jax.Array:
        lengths = jnp.linalg.norm(vectors, axis=1, keepdims=True)
        radial = read(inputs.table, lengths, coefficients)
        return _convolve(inputs, senders, receivers, vectors / lengths, radial, features)

    return layer


def _convolve(
    inputs: Inputs,
    senders: jax.Array,
    receivers: jax.Array,
    units: jax.Array,
    radial: list[jax.Array],
    features: jax.Array,
) -> jax.Array:
    parts = message(inputs.l_out, columns(units[:, :, None], 1), columns(features[senders], 1), radial)
    return scatter(jnp.stack(parts, axis=1), receivers, inputs.graph.nodes)
