"""The layer as e3nn users write it: harmonics, a uvu tensor product weighted per edge, index_add."""

from collections.abc import Callable

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
from benchmarks.peers.torch_tools import Layer, scatter
from benchmarks.workloads.streamed import Inputs


def eager(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, lambda layer: layer)


def compiled(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, torch_tools.compiled)


class Convolution(torch.nn.Module):
    """The e3nn layer 1 -> l_out for C channels."""

    def __init__(self, l_out: int, channels: int) -> None:
        super().__init__()
        self.messages = Messages(l_out, channels)

    def forward(self, senders: Tensor, receivers: Tensor, vectors: Tensor, weights: Tensor, features: Tensor) -> Tensor:
        """(E,), (E,), (E, 3), (E, P C), (N, 3 C) -> (N, (2 l_out + 1) C), components innermost."""
        sent = features.index_select(0, senders)
        return scatter(self.messages(vectors, weights, sent), receivers, len(features))


def _contestant(inputs: Inputs, threads: int, transform: Callable[[Layer], Layer]) -> Contestant:
    check_path_constants(inputs.l_out)
    graph, l_out = inputs.graph, inputs.l_out
    weights = inputs.radial / path_constants(l_out).astype(inputs.radial.dtype)[:, None]
    arrays = (
        graph.indices,
        graph.receivers,
        graph.vectors[:, CYCLE],
        weights.reshape(graph.edges, -1),
        their_features(inputs.features),
    )
    with default_dtype(torch.from_numpy(arrays[-1]).dtype):
        layer = transform(Convolution(l_out, inputs.features.shape[2]))
    return torch_tools.contestant(layer, arrays, threads, "definition", lambda result: our_answer(l_out, result))
