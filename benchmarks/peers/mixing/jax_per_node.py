"""Our order under jax.jit: aggregated per node, one radial function at a time, and multiplied there.

All radial functions at once, (E, K, 2 l_out + 1, P, C) in memory, took three times as long.
"""

import jax
import jax.numpy as jnp

from benchmarks.contestant import Contestant
from benchmarks.peers import jax_tools
from benchmarks.peers.forms import moved
from benchmarks.peers.jax_tools import columns, scatter
from benchmarks.workloads.mixing import Inputs


def jitted(inputs: Inputs, threads: int) -> Contestant:
    del threads
    graph, l_out = inputs.graph, inputs.l_out

    def layer(
        senders: jax.Array,
        receivers: jax.Array,
        vectors: jax.Array,
        basis: jax.Array,
        mixing: jax.Array,
        features: jax.Array,
    ) -> jax.Array:
        """(E,), (E,), (E, 3), (E, K), (K, P, C, O), (N, 3, C) -> (N, 2 l_out + 1, O)."""
        units = vectors / jnp.linalg.norm(vectors, axis=1, keepdims=True)
        parts = moved(l_out, columns(units[:, :, None], 1), columns(features[senders], 1))
        rows = jnp.concatenate([x for part in parts for x in part], axis=1)

        def add(out: jax.Array, k: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            weight, matrix = k
            sums = scatter(weight[:, None] * rows, receivers, graph.nodes)
            return out + sums.reshape(graph.nodes, len(parts), -1) @ matrix.reshape(-1, matrix.shape[-1]), None

        start = jnp.zeros((graph.nodes, len(parts), mixing.shape[3]), features.dtype)
        return jax.lax.scan(add, start, (basis.T, mixing))[0]

    arrays = (graph.indices, graph.receivers, graph.vectors, inputs.basis, inputs.mixing, inputs.features)
    return jax_tools.contestant(layer, arrays, "definition")
