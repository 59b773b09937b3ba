"""A weight matrix for each edge in eager torch, as the layer is usually written."""

import torch
from torch import Tensor

from benchmarks.contestant import Contestant
from benchmarks.peers import torch_tools
from benchmarks.peers.forms import moved
from benchmarks.peers.torch_tools import Layer, scatter
from benchmarks.workloads.mixing import Inputs


def eager(inputs: Inputs, threads: int) -> Contestant:
    graph = inputs.graph
    arrays = (graph.indices, graph.receivers, graph.vectors, inputs.basis, inputs.mixing, inputs.features)
    return torch_tools.contestant(_layer(inputs.l_out), arrays, threads, "definition")


def _layer(l_out: int) -> Layer:
    def layer(
        senders: Tensor, receivers: Tensor, vectors: Tensor, basis: Tensor, mixing: Tensor, features: Tensor
    ) -> Tensor:
        """(E,), (E,), (E, 3), (E, K), (K, P, C, O), (N, 3, C) -> (N, 2 l_out + 1, O)."""
        width, paths, channels, mixed = mixing.shape
        matrices = (basis @ mixing.reshape(width, -1)).reshape(-1, paths * channels, mixed)
        units = vectors / torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        sent = features.index_select(0, senders)
        parts = moved(l_out, units[:, :, None].unbind(1), sent.unbind(1))
        rows = torch.stack([torch.cat(part, dim=1) for part in parts], dim=1)
        return scatter(rows @ matrices, receivers, len(features))

    return layer
