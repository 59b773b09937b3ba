"""The tabulated layer of torch, its energy and forces; eager and under torch.compile."""

from benchmarks.contestant import Contestant
from benchmarks.peers import torch_tools
from benchmarks.peers.forces.torch_energy import contestant, energy
from benchmarks.peers.tabulated.torch_layer import with_network
from benchmarks.peers.torch_tools import Layer
from benchmarks.workloads.forces import Inputs


def eager(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, energy(with_network(inputs.layer)))


def compiled(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, torch_tools.compiled(energy(with_network(inputs.layer))))


def _contestant(inputs: Inputs, threads: int, function: Layer) -> Contestant:
    layer, network = inputs.layer, inputs.layer.network
    arrays = (layer.graph.vectors, network.first, network.second, layer.features)
    return contestant(function, inputs, arrays, inputs.cotangents, threads)
