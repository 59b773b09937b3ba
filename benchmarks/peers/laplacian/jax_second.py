"""Second derivatives by jax itself: along one coordinate after another, or the whole Hessian.

Features that depend on positions are f + J (x - x0) + L |x - x0|²/(2 D), with Jacobian J and Laplacian L at x0.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from benchmarks.contestant import Contestant, Missing
from benchmarks.peers.laplacian import jax_walker
from benchmarks.peers.laplacian.jax_walker import Formula, Given
from benchmarks.workloads.laplacian import Inputs

LARGEST = 1e8
"""Bytes of the second derivatives of one walker's messages, of which XLA keeps dozens: 30 GB for 16 particles."""


def directional(inputs: Inputs, threads: int) -> Contestant:
    """jvp of jvp in a scan over the coordinates, without the rest of the Hessian; all at once it takes longer."""
    del threads
    return _directional(inputs, jax_walker.with_table(inputs), "table")


def directional_with_network(inputs: Inputs, threads: int) -> Contestant:
    del threads
    return _directional(inputs, jax_walker.with_network(inputs), "network")


def hessian(inputs: Inputs, threads: int) -> Contestant:
    del threads
    formula = jax_walker.with_table(inputs)
    _, particles, components, channels = inputs.features.shape
    size = 9 * particles**3 * (particles - 1) * components * channels * inputs.features.itemsize
    if size > LARGEST:
        raise Missing(f"each intermediate array would have {size / 1e9:.1f} GB for every walker")

    def expanded(positions: jax.Array, given: Given, parameters: Sequence[jax.Array]) -> tuple[jax.Array, ...]:
        function, start = _of_coordinates(formula, positions, given, parameters), jnp.zeros(positions.size)
        jacobian = jnp.moveaxis(jax.jacfwd(function)(start), -1, 0)
        return function(start), jacobian, jnp.trace(jax.hessian(function)(start), axis1=-2, axis2=-1)

    return jax_walker.contestant(inputs, expanded, "table")


def _directional(inputs: Inputs, formula: Formula, oracle: str) -> Contestant:
    def expanded(positions: jax.Array, given: Given, parameters: Sequence[jax.Array]) -> tuple[jax.Array, ...]:
        function, start = _of_coordinates(formula, positions, given, parameters), jnp.zeros(positions.size)
        value = function(start)

        def step(laplacian: jax.Array, axis: jax.Array) -> tuple[jax.Array, jax.Array]:
            def slope(x: jax.Array) -> jax.Array:
                return jax.jvp(function, (x,), (axis,))[1]

            first, second = jax.jvp(slope, (start,), (axis,))
            return laplacian + second, first

        laplacian, jacobian = jax.lax.scan(step, jnp.zeros_like(value), jnp.eye(positions.size))
        return value, jacobian, laplacian

    return jax_walker.contestant(inputs, expanded, oracle)


def _of_coordinates(
    formula: Formula, positions: jax.Array, given: Given, parameters: Sequence[jax.Array]
) -> Callable[[jax.Array], jax.Array]:
    """Of the 3 A displacements from the positions."""

    def function(x: jax.Array) -> jax.Array:
        features = given[0]
        if len(given) > 1:
            _, jacobian, laplacian = given
            features = features + jnp.tensordot(x, jacobian, 1) + laplacian * ((x * x).sum() / (2 * x.size))
        return formula(positions + x.reshape(positions.shape), features, *parameters)

    return function
