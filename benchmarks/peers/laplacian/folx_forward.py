"""folx: values with their Jacobians and Laplacians through the formula, sparse Jacobians as long as they are.

Of the thresholds 0 (all dense), 6 (a pair's coordinates), 12 and 0.6, 6 and 12 are equally fast and the others slower.
"""

from collections.abc import Sequence

import folx  # type: ignore[import-untyped, import-not-found, unused-ignore]
import jax
import jax.numpy as jnp
import numpy as np
from folx.api import FwdJacobian, FwdLaplArray  # type: ignore[import-untyped, import-not-found, unused-ignore]

from benchmarks.contestant import Contestant
from benchmarks.peers.laplacian import jax_walker
from benchmarks.peers.laplacian.jax_walker import Formula, Given
from benchmarks.workloads.laplacian import Inputs

THRESHOLD = 6


def with_table(inputs: Inputs, threads: int) -> Contestant:
    del threads
    return _contestant(inputs, jax_walker.with_table(inputs), "table")


def with_network(inputs: Inputs, threads: int) -> Contestant:
    del threads
    return _contestant(inputs, jax_walker.with_network(inputs), "network")


def _contestant(inputs: Inputs, formula: Formula, oracle: str) -> Contestant:
    def expanded(positions: jax.Array, given: Given, parameters: Sequence[jax.Array]) -> tuple[jax.Array, ...]:
        def of_both(x: jax.Array, features: jax.Array) -> jax.Array:
            return formula(x, features, *parameters)

        def of_positions(x: jax.Array) -> jax.Array:
            return of_both(x, given[0])

        if len(given) == 1:
            forward = folx.forward_laplacian(of_positions, THRESHOLD, disable_jit=True)
            found = forward(positions)
        else:
            forward = folx.forward_laplacian(of_both, THRESHOLD, disable_jit=True)
            found = forward(_coordinates(positions), _dense(*given))
        return found.x, found.jacobian.dense_array, found.laplacian

    return jax_walker.contestant(inputs, expanded, oracle)


def _coordinates(positions: jax.Array) -> FwdLaplArray:
    """As folx itself begins: the Jacobian is the identity, of which it stores the ones and where they are."""
    ones = jnp.ones_like(positions)[None]
    places = np.arange(positions.size).reshape(1, *positions.shape)
    return FwdLaplArray(positions, FwdJacobian(ones, places), jnp.zeros_like(positions))


def _dense(features: jax.Array, jacobian: jax.Array, laplacian: jax.Array) -> FwdLaplArray:
    return FwdLaplArray(features, FwdJacobian.from_dense(jacobian), laplacian)
