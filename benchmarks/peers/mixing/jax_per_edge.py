"""A weight matrix for each edge under jax.jit, as the layer is usually written; for all edges at once, or in chunks."""

import jax
import jax.numpy as jnp

from benchmarks.contestant import Contestant
from benchmarks.peers import jax_tools
from benchmarks.peers.forms import moved
from benchmarks.peers.jax_tools import columns, scatter
from benchmarks.workloads.mixing import Inputs

CHUNK = 1000
"""So many edges' matrices, 12 MB in float32 at 3 paths and 32 channels: of 64, 256, 1000 and 4000 the fastest."""


def jitted(inputs: Inputs, threads: int) -> Contestant:
    del threads
    return _contestant(inputs, inputs.graph.edges)


def chunked(inputs: Inputs, threads: int) -> Contestant:
    del threads
    edges = inputs.graph.edges
    return _contestant(inputs, next(size for size in range(min(CHUNK, edges), 0, -1) if edges % size == 0))


def _contestant(inputs: Inputs, chunk: int) -> Contestant:
    graph, l_out = inputs.graph, inputs.l_out

    def messages(vectors: jax.Array, basis: jax.Array, mixing: jax.Array, sent: jax.Array) -> jax.Array:
        """(E, 3), (E, K), (K, P, C, O), (E, 3, C) -> (E, 2 l_out + 1, O)."""
        width, paths, channels, mixed = mixing.shape
        matrices = (basis @ mixing.reshape(width, -1)).reshape(-1, paths * channels, mixed)
        units = vectors / jnp.linalg.norm(vectors, axis=1, keepdims=True)
        parts = moved(l_out, columns(units[:, :, None], 1), columns(sent, 1))
        rows = jnp.stack([jnp.concatenate(part, axis=1) for part in parts], axis=1)
        return jnp.einsum("eax,exo->eao", rows, matrices)

    def layer(
        senders: jax.Array,
        receivers: jax.Array,
        vectors: jax.Array,
        basis: jax.Array,
        mixing: jax.Array,
        features: jax.Array,
    ) -> jax.Array:
        """(E,), (E,), (E, 3), (E, K), (K, P, C, O), (N, 3, C) -> (N, 2 l_out + 1, O)."""
        if chunk == graph.edges:
            return scatter(messages(vectors, basis, mixing, features[senders]), receivers, graph.nodes)
        pieces = [a.reshape(-1, chunk, *a.shape[1:]) for a in (senders, vectors, basis)]
        found = jax.lax.map(lambda piece: messages(piece[1], piece[2], mixing, features[piece[0]]), pieces)
        return scatter(found.reshape(graph.edges, *found.shape[2:]), receivers, graph.nodes)

    arrays = (graph.indices, graph.receivers, graph.vectors, inputs.basis, inputs.mixing, inputs.features)
    return jax_tools.contestant(layer, arrays, "definition")
