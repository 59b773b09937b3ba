"""The Cartesian formula under jax.jit."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contestant import Contestant
from benchmarks.peers.cartesian import message
from benchmarks.workload import Workload


def jitted(work: Workload, threads: int) -> Contestant:
    """XLA's CPU client took its threads from the process at start: see machine.limit_threads."""
    if work.dtype == np.float64:
        jax.config.update("jax_enable_x64", True)
    arrays = (
        work.indices.astype(np.int32),
        work.receivers.astype(np.int32),
        work.vectors,
        work.radial,
        work.features,
    )
    arguments = [jnp.asarray(array) for array in arrays]
    l_out, nodes = work.l_out, work.nodes

    @jax.jit
    def layer(
        senders: jax.Array,
        receivers: jax.Array,
        vectors: jax.Array,
        radial: jax.Array,
        features: jax.Array,
    ) -> jax.Array:
        """(E,), (E,), (E, 3), (E, P, C), (N, 3, C) -> (N, 2 l_out + 1, C)."""
        units = vectors / jnp.linalg.norm(vectors, axis=1, keepdims=True)
        messages = jnp.stack(
            message(
                l_out,
                u=[units[:, k, None] for k in range(3)],
                f=_unstack(features[senders]),
                radial=_unstack(radial),
            ),
            axis=1,
        )
        return jax.ops.segment_sum(messages, receivers, num_segments=nodes, indices_are_sorted=True)

    def run() -> Any:
        return jax.block_until_ready(layer(*arguments))

    return Contestant(run, answer=np.asarray)


def _unstack(array: jax.Array) -> list[jax.Array]:
    """The slices of axis 1, (E, n, C) -> n times (E, C)."""
    return [array[:, k] for k in range(array.shape[1])]
