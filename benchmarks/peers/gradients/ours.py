"""pocket_tfn.cpu.convolve_1_L and vjp_convolve_1_L, together and one by one; the transposed graph is kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
from pocket_tfn import cpu

from benchmarks.contestant import Contestant
from benchmarks.peers.ours import function, ours
from benchmarks.workloads.gradients import Inputs


def both(inputs: Inputs, threads: int) -> Contestant:
    convolve, pull = function(f"convolve_1_{inputs.l_out}"), _vjp(inputs, threads)

    def run() -> tuple[Any, ...]:
        return convolve(*_arguments(inputs)), *_gradients(pull())

    return Contestant(run, answer=tuple, oracle="both")


def into_buffers(inputs: Inputs, threads: int) -> Contestant:
    """`out=` given to both, as in a loop over many steps."""
    convolve, pull = function(f"convolve_1_{inputs.l_out}"), _vjp(inputs, threads)
    value, bars = np.empty_like(inputs.cotangents), pull()

    def run() -> tuple[Any, ...]:
        return convolve(*_arguments(inputs), out=value), *_gradients(pull(bars))

    return Contestant(run, answer=tuple, oracle="both")


def forward(inputs: Inputs, threads: int) -> Contestant:
    return ours(f"convolve_1_{inputs.l_out}", _arguments(inputs), threads, None, "forward")


def vjp(inputs: Inputs, threads: int) -> Contestant:
    return Contestant(_vjp(inputs, threads), answer=_gradients, oracle="gradients")


def _vjp(inputs: Inputs, threads: int) -> Callable[..., Any]:
    cpu.set_num_threads(threads)
    pull = function(f"vjp_convolve_1_{inputs.l_out}")
    transposed = function("transpose")(inputs.graph.indptr, inputs.graph.indices)
    return lambda out=None: pull(*_arguments(inputs), inputs.cotangents, transposed=transposed, out=out)


def _arguments(inputs: Inputs) -> tuple[Any, ...]:
    graph = inputs.graph
    return graph.indptr, graph.indices, graph.vectors, inputs.radial, inputs.features


def _gradients(found: Any) -> tuple[Any, ...]:
    return tuple(map(np.asarray, (found.vectors, found.radial, found.features)))
