"""The Cartesian formula under jax.jit."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from benchmarks.contestant import Contestant
from benchmarks.peers import jax_tools
from benchmarks.peers.cartesian import message
from benchmarks.peers.jax_tools import columns, scatter
from benchmarks.workloads.streamed import Inputs


def jitted(inputs: Inputs, threads: int) -> Contestant:
    del threads
    graph = inputs.graph
    arrays = (graph.indices, graph.receivers, graph.vectors, inputs.radial, inputs.features)
    return jax_tools.contestant(cartesian(inputs.l_out, graph.nodes), arrays, "definition")


def cartesian(l_out: int, nodes: int) -> Callable[..., jax.Array]:
    """The layer 1 -> l_out on so many nodes."""

    def layer(
        senders: jax.Array, receivers: jax.Array, vectors: jax.Array, radial: jax.Array, features: jax.Array
    ) -> jax.Array:
        """(E,), (E,), (E, 3), (E, P, C), (N, 3, C) -> (N, 2 l_out + 1, C)."""
        units = vectors / jnp.linalg.norm(vectors, axis=1, keepdims=True)
        parts = message(l_out, columns(units[:, :, None], 1), columns(features[senders], 1), columns(radial, 1))
        return scatter(jnp.stack(parts, axis=1), receivers, nodes)

    return layer
