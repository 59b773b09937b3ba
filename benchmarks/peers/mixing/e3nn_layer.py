"""The layer as e3nn users write it: a weight matrix per edge from a linear map, a uvw tensor product, index_add."""

import numpy as np
import torch
from torch import Tensor

from benchmarks.contestant import Contestant
from benchmarks.peers import torch_tools
from benchmarks.peers.e3nn_coupling import (
    CYCLE,
    Messages,
    check_path_constants,
    default_dtype,
    our_answer,
    path_constants,
    their_features,
)
from benchmarks.peers.torch_tools import scatter
from benchmarks.workloads.mixing import Inputs


class Convolution(torch.nn.Module):
    """The e3nn layer 1 -> l_out that mixes C channels."""

    def __init__(self, l_out: int, channels: int) -> None:
        super().__init__()
        self.messages = Messages(l_out, channels, mode="uvw")

    def forward(
        self, senders: Tensor, receivers: Tensor, vectors: Tensor, basis: Tensor, mixing: Tensor, features: Tensor
    ) -> Tensor:
        """(E,), (E,), (E, 3), (E, K), (K, P C C), (N, 3 C) -> (N, (2 l_out + 1) C), components innermost."""
        sent = features.index_select(0, senders)
        return scatter(self.messages(vectors, basis @ mixing, sent), receivers, len(features))


def eager(inputs: Inputs, threads: int) -> Contestant:
    check_path_constants(inputs.l_out, mode="uvw")
    graph, l_out = inputs.graph, inputs.l_out
    width, paths, channels, _ = inputs.mixing.shape
    constants = path_constants(l_out).reshape(paths, 1, 1) / np.sqrt(channels)
    arrays = (
        graph.indices,
        graph.receivers,
        graph.vectors[:, CYCLE],
        inputs.basis,
        (inputs.mixing / constants).astype(inputs.mixing.dtype).reshape(width, -1),
        their_features(inputs.features),
    )
    with default_dtype(torch.from_numpy(arrays[-1]).dtype):
        layer = Convolution(l_out, channels)
    return torch_tools.contestant(layer, arrays, threads, "definition", lambda result: our_answer(l_out, result))
