"""One walker's formula in jax, and walker after walker: their intermediate arrays stay in the cache.

All walkers at once, under jax.vmap, took folx six times as long and the others the same; four at a time, three times.
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
from benchmarks.workloads.laplacian import Inputs

Formula = Callable[..., jax.Array]
"""(A, 3), (A, 3, C) and the parameters of the radial functions -> (A, 2 l_out + 1, C)."""

Given = tuple[jax.Array, ...]
"""Features (A, 3, C), and with them either nothing or their Jacobian (3 A, A, 3, C) and Laplacian (A, 3, C)."""

Expanded = Callable[[jax.Array, Given, Sequence[jax.Array]], tuple[jax.Array, ...]]
"""Positions (A, 3), what is given of the features, parameters -> value, Jacobian, Laplacian of one walker."""


def with_table(inputs: Inputs) -> Formula:
    return _formula(inputs, lambda *given: jax_radial.table_product(inputs.table, *given))


def with_network(inputs: Inputs) -> Formula:
    return _formula(inputs, lambda *given: jax_radial.network(inputs.network, *given))


def _formula(inputs: Inputs, radial: Callable[..., list[jax.Array]]) -> Formula:
    particles, l_out = inputs.positions.shape[1], inputs.l_out
    receivers, senders = np.nonzero(~np.eye(particles, dtype=bool))

    def formula(positions: jax.Array, features: jax.Array, *parameters: jax.Array) -> jax.Array:
        vectors = positions[receivers] - positions[senders]
        lengths = jnp.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
        units = columns((vectors / lengths)[:, :, None], 1)
        parts = message(l_out, units, columns(features[senders], 1), radial(lengths, *parameters))
        return jnp.stack(parts, axis=1).reshape(particles, particles - 1, 2 * l_out + 1, -1).sum(axis=1)

    return formula


def contestant(inputs: Inputs, expanded: Expanded, oracle: str) -> Contestant:
    """`oracle` also says what the parameters are: of the table, or of the network."""
    table, network = inputs.table, inputs.network
    parameters = (table.coefficients,) if oracle == "table" else (network.first, network.second)
    own = () if inputs.jacobian is None or inputs.laplacian is None else (inputs.jacobian, inputs.laplacian)
    arrays: tuple[FloatArray, ...] = (*parameters, inputs.positions, inputs.features, *own)

    def layer(*arguments: jax.Array) -> tuple[jax.Array, ...]:
        fixed, batched = arguments[: len(parameters)], arguments[len(parameters) :]
        return jax.lax.map(lambda one: expanded(one[0], one[1:], fixed), batched)

    return jax_tools.contestant(layer, arrays, oracle, jax_tools.arrays_of)
