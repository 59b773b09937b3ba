"""The Cartesian formula and jax.vjp of it, in one jax.jit."""

import jax

from benchmarks.contestant import Contestant
from benchmarks.peers import jax_tools
from benchmarks.peers.streamed.jax_cartesian import cartesian
from benchmarks.workloads.gradients import Inputs


def jitted(inputs: Inputs, threads: int) -> Contestant:
    del threads
    graph = inputs.graph
    layer = cartesian(inputs.l_out, graph.nodes)

    def both(
        senders: jax.Array,
        receivers: jax.Array,
        vectors: jax.Array,
        radial: jax.Array,
        features: jax.Array,
        cotangents: jax.Array,
    ) -> tuple[jax.Array, ...]:
        out, pull = jax.vjp(lambda *given: layer(senders, receivers, *given), vectors, radial, features)
        return out, *pull(cotangents)

    arrays = (graph.indices, graph.receivers, graph.vectors, inputs.radial, inputs.features, inputs.cotangents)
    return jax_tools.contestant(both, arrays, "both", jax_tools.arrays_of)
