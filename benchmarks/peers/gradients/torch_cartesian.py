"""The Cartesian formula in torch with autograd, eager and under torch.compile."""

from benchmarks.contestant import Contestant
from benchmarks.peers import torch_tools
from benchmarks.peers.streamed.torch_cartesian import cartesian
from benchmarks.peers.torch_tools import Layer
from benchmarks.workloads.gradients import Inputs


def eager(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, cartesian(inputs.l_out))


def compiled(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, torch_tools.compiled(cartesian(inputs.l_out)))


def _contestant(inputs: Inputs, threads: int, layer: Layer) -> Contestant:
    graph = inputs.graph
    arrays = (graph.indices, graph.receivers, graph.vectors, inputs.radial, inputs.features)
    return torch_tools.differentiated(
        layer, arrays, (2, 3, 4), inputs.cotangents, threads, "both", torch_tools.arrays_of
    )
