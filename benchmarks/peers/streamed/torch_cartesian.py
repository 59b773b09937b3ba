"""The Cartesian formula in torch, eager and under torch.compile."""

import torch
from torch import Tensor

from benchmarks.contestant import Contestant
from benchmarks.peers import torch_tools
from benchmarks.peers.cartesian import message
from benchmarks.peers.torch_tools import Layer, scatter
from benchmarks.workloads.streamed import Inputs


def eager(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, cartesian(inputs.l_out))


def compiled(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, torch_tools.compiled(cartesian(inputs.l_out)))


def cartesian(l_out: int) -> Layer:
    """The layer 1 -> l_out."""

    def layer(senders: Tensor, receivers: Tensor, vectors: Tensor, radial: Tensor, features: Tensor) -> Tensor:
        """(E,), (E,), (E, 3), (E, P, C), (N, 3, C) -> (N, 2 l_out + 1, C)."""
        units = vectors / torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        sent = features.index_select(0, senders)
        parts = message(l_out, units[:, :, None].unbind(1), sent.unbind(1), radial.unbind(1))
        return scatter(torch.stack(parts, dim=1), receivers, len(features))

    return layer


def _contestant(inputs: Inputs, threads: int, layer: Layer) -> Contestant:
    graph = inputs.graph
    arrays = (graph.indices, graph.receivers, graph.vectors, inputs.radial, inputs.features)
    return torch_tools.contestant(layer, arrays, threads, "definition")
