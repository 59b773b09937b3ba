"""One walker's formula, vectorised over walkers with jax.vmap under jax.jit, or mapped over some walkers at a time.

Pairs are listed without the diagonal: A x A with a mask took twice as long. The degree + 1 rows of the table are read
one after the other: one gather for all rows took three times as long, a product with a one-hot matrix twice.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contestant import Contestant
from benchmarks.inputs.graph import FloatArray
from benchmarks.peers import jax_radial, jax_tools
from benchmarks.peers.cartesian import message
from benchmarks.peers.jax_tools import columns
from benchmarks.workloads.walkers import Inputs

CHUNK = 16
"""So many walkers at a time; their pairs' radial values are 1.5 MB in float32 at 16 particles and 32 channels."""

Radial = Callable[..., list[jax.Array]]


def with_table(inputs: Inputs, threads: int) -> Contestant:
    del threads
    return _contestant(inputs, _table(inputs), (inputs.table.coefficients,), "table", chunk=0)


def with_table_chunked(inputs: Inputs, threads: int) -> Contestant:
    del threads
    return _contestant(inputs, _table(inputs), (inputs.table.coefficients,), "table", CHUNK)


def with_network(inputs: Inputs, threads: int) -> Contestant:
    del threads
    network = inputs.network

    def radial(lengths: jax.Array, first: jax.Array, second: jax.Array) -> list[jax.Array]:
        return jax_radial.network(network, lengths, first, second)

    return _contestant(inputs, radial, (network.first, network.second), "network", chunk=0)


def _table(inputs: Inputs) -> Radial:
    return lambda lengths, coefficients: jax_radial.table(inputs.table, lengths, coefficients)


def _contestant(
    inputs: Inputs, radial: Radial, parameters: Sequence[FloatArray], oracle: str, chunk: int
) -> Contestant:
    particles, l_out = inputs.positions.shape[1], inputs.l_out
    receivers, senders = np.nonzero(~np.eye(particles, dtype=bool))

    def walker(positions: jax.Array, features: jax.Array, *rest: jax.Array) -> jax.Array:
        """(A, 3), (A, 3, C) -> (A, 2 l_out + 1, C)."""
        vectors = positions[receivers] - positions[senders]
        lengths = jnp.linalg.norm(vectors, axis=1, keepdims=True)
        units = columns((vectors / lengths)[:, :, None], 1)
        parts = jnp.stack(message(l_out, units, columns(features[senders], 1), radial(lengths, *rest)), axis=1)
        return parts.reshape(particles, particles - 1, *parts.shape[1:]).sum(axis=1)

    def layer(positions: jax.Array, *rest: jax.Array) -> jax.Array:
        *given, features = rest
        if chunk:
            return jax.lax.map(lambda one: walker(*one, *given), (positions, features), batch_size=chunk)
        return jax.vmap(lambda x, f: walker(x, f, *given))(positions, features)

    return jax_tools.contestant(layer, (inputs.positions, *parameters, inputs.features), oracle)
