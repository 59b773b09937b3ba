"""What the contestants in jax share. XLA's CPU client took its threads from the process at start: see machine.py."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from benchmarks.contestant import Answer, Contestant


def arrays_of(result: Sequence[jax.Array]) -> Answer:
    """For `contestant`, where the layer returns several."""
    return tuple(map(np.asarray, result))


def contestant(
    layer: Callable[..., Any],
    arrays: Sequence[NDArray[Any]],
    oracle: str,
    answer: Callable[[Any], Answer] = np.asarray,
) -> Contestant:
    """`layer` under jax.jit. The last of the arrays tells the precision; indices become 32-bit, jax's own choice."""
    jax.config.update("jax_enable_x64", arrays[-1].dtype == np.float64)
    arguments = [jnp.asarray(a.astype(np.int32) if a.dtype.kind == "i" else a) for a in arrays]
    compiled = jax.jit(layer)

    def run() -> Any:
        return jax.block_until_ready(compiled(*arguments))

    return Contestant(run, answer, oracle)


def columns(array: jax.Array, axis: int) -> list[jax.Array]:
    """The slices along an axis, which disappears."""
    return [jax.lax.index_in_dim(array, k, axis, keepdims=False) for k in range(array.shape[axis])]


def scatter(messages: jax.Array, receivers: jax.Array, nodes: int) -> jax.Array:
    """(E, ...) -> (N, ...): the sum of each receiver's messages."""
    return jax.ops.segment_sum(messages, receivers, num_segments=nodes, indices_are_sorted=True)
