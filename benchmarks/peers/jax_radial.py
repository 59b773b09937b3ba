"""The radial functions in jax: the network itself, and our table."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.inputs.network import BESSEL, Network
from benchmarks.inputs.table import Table
from benchmarks.peers.cardinal import weights


def network(model: Network, lengths: jax.Array, first: Any, second: Any) -> list[jax.Array]:
    """(M, 1), not zero -> P arrays (M, C)."""
    waves = jnp.arange(1, BESSEL + 1, dtype=lengths.dtype) * (math.pi / model.cutoff)
    inside = (lengths < model.cutoff).astype(lengths.dtype)
    basis = math.sqrt(2 / model.cutoff) * jnp.sin(waves * lengths) * (inside / lengths)
    return jnp.split(jax.nn.silu(basis @ first) @ second, model.paths, axis=1)


def table(model: Table, lengths: jax.Array, coefficients: Any) -> list[jax.Array]:
    """(M, 1) -> P arrays (M, C), each a sum of degree + 1 rows of the table."""
    scaled = jnp.minimum(lengths, model.cutoff) * (model.intervals / model.cutoff)
    start = jnp.minimum(jnp.floor(scaled), model.intervals - 1)
    place = weights(scaled - start, model.degree)
    inside = (lengths < model.cutoff).astype(lengths.dtype)
    rows = start[:, 0].astype(jnp.int32)
    paths = range(coefficients.shape[1])
    return [inside * sum(w * coefficients[rows + q, p] for q, w in enumerate(place)) for p in paths]
