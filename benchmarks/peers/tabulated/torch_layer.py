"""The whole layer in torch: Bessel functions, an MLP, the Cartesian formula; eager and under torch.compile."""

import torch
from torch import Tensor

from benchmarks.contestant import Contestant
from benchmarks.peers import torch_tools
from benchmarks.peers.cartesian import message
from benchmarks.peers.torch_network import radial
from benchmarks.peers.torch_tools import Layer, scatter
from benchmarks.workloads.tabulated import Inputs


def eager(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, with_network(inputs))


def compiled(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, torch_tools.compiled(with_network(inputs)))


def with_network(inputs: Inputs) -> Layer:
    """The layer on this network's weights."""
    l_out, cutoff, paths = inputs.l_out, inputs.network.cutoff, inputs.network.paths

    def layer(
        senders: Tensor, receivers: Tensor, vectors: Tensor, first: Tensor, second: Tensor, features: Tensor
    ) -> Tensor:
        """(E,), (E,), (E, 3), (8, H), (H, P C), (N, 3, C) -> (N, 2 l_out + 1, C)."""
        lengths = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        values = radial(lengths, cutoff, first, second).chunk(paths, dim=1)
        sent = features.index_select(0, senders)
        parts = message(l_out, (vectors / lengths)[:, :, None].unbind(1), sent.unbind(1), values)
        return scatter(torch.stack(parts, dim=1), receivers, len(features))

    return layer


def _contestant(inputs: Inputs, threads: int, layer: Layer) -> Contestant:
    graph, network = inputs.graph, inputs.network
    arrays = (graph.indices, graph.receivers, graph.vectors, network.first, network.second, inputs.features)
    return torch_tools.contestant(layer, arrays, threads, "network")
