"""The radial functions in jax: the network itself, and our table."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.inputs.network import BESSEL, Network
from benchmarks.inputs.table import Table
from benchmarks.peers.cardinal import weights
from benchmarks.peers.jax_tools import columns

Read = Callable[[Table, jax.Array, Any], list[jax.Array]]


def network(model: Network, lengths: jax.Array, first: Any, second: Any) -> list[jax.Array]:
    """(M, 1), not zero -> P arrays (M, C)."""
    waves = jnp.arange(1, BESSEL + 1, dtype=lengths.dtype) * (math.pi / model.cutoff)
    inside = (lengths < model.cutoff).astype(lengths.dtype)
    basis = math.sqrt(2 / model.cutoff) * jnp.sin(waves * lengths) * (inside / lengths)
    return jnp.split(jax.nn.silu(basis @ first) @ second, model.paths, axis=1)


def table(model: Table, lengths: jax.Array, coefficients: Any) -> list[jax.Array]:
    """(M, 1) -> P arrays (M, C), each a sum of degree + 1 rows of the table."""
    start, place, inside = _places(model, lengths)
    rows = start[:, 0].astype(jnp.int32)
    paths = range(coefficients.shape[1])
    return [inside * sum(w * coefficients[rows + q, p] for q, w in enumerate(place)) for p in paths]


def table_product(model: Table, lengths: jax.Array, coefficients: Any) -> list[jax.Array]:
    """The same, all rows read at once: slower alone, but its derivatives are some forty times as fast in XLA."""
    start, place, inside = _places(model, lengths)
    rows = start.astype(jnp.int32) + np.arange(model.degree + 1)
    values = jnp.einsum("mq,mqpc->mpc", inside * jnp.concatenate(place, axis=1), coefficients[rows])
    return columns(values, 1)


def _places(model: Table, lengths: jax.Array) -> tuple[jax.Array, list[jax.Array], jax.Array]:
    """The interval of each, the weights of the coefficients from there on, and whether it is below the cutoff."""
    scaled = jnp.minimum(lengths, model.cutoff) * (model.intervals / model.cutoff)
    start = jnp.minimum(jnp.floor(jax.lax.stop_gradient(scaled)), model.intervals - 1)
    inside = (lengths < model.cutoff).astype(lengths.dtype)
    return start, weights(scaled - start, model.degree), inside
