"""Our order under torch.compile: aggregated per node, one radial function at a time, and multiplied there."""

import torch
from torch import Tensor

from benchmarks.contestant import Contestant
from benchmarks.peers import torch_tools
from benchmarks.peers.forms import moved
from benchmarks.peers.torch_tools import Layer, scatter
from benchmarks.workloads.mixing import Inputs


def compiled(inputs: Inputs, threads: int) -> Contestant:
    graph = inputs.graph
    arrays = (graph.indices, graph.receivers, graph.vectors, inputs.basis, inputs.mixing, inputs.features)
    return torch_tools.contestant(torch_tools.compiled(_layer(inputs.l_out)), arrays, threads, "definition")


def _layer(l_out: int) -> Layer:
    def layer(
        senders: Tensor, receivers: Tensor, vectors: Tensor, basis: Tensor, mixing: Tensor, features: Tensor
    ) -> Tensor:
        """(E,), (E,), (E, 3), (E, K), (K, P, C, O), (N, 3, C) -> (N, 2 l_out + 1, O)."""
        nodes = len(features)
        units = vectors / torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        sent = features.index_select(0, senders)
        parts = moved(l_out, units[:, :, None].unbind(1), sent.unbind(1))
        rows = torch.cat([x for part in parts for x in part], dim=1)
        out = features.new_zeros((nodes, len(parts), mixing.shape[3]))
        for weight, matrix in zip(basis.unbind(1), mixing.unbind(0), strict=True):
            sums = scatter(weight[:, None] * rows, receivers, nodes)
            out += sums.reshape(nodes, len(parts), -1) @ matrix.reshape(-1, matrix.shape[-1])
        return out

    return layer
