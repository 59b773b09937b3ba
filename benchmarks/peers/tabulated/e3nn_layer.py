"""The whole layer as e3nn users write it: Bessel functions, an MLP, harmonics, a tensor product, index_add."""

from collections.abc import Callable

import numpy as np
import torch
from e3nn.math import (  # type: ignore[import-untyped, import-not-found, unused-ignore]
    normalize2mom,
    soft_one_hot_linspace,
)
from e3nn.nn import FullyConnectedNet  # type: ignore[import-untyped, import-not-found, unused-ignore]
from torch import Tensor

from benchmarks.contestant import Contestant
from benchmarks.inputs.network import BESSEL, HIDDEN, Network
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
from benchmarks.workloads.tabulated import Inputs


def eager(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, lambda layer: layer)


def compiled(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, torch_tools.compiled)


class Convolution(torch.nn.Module):
    """The e3nn layer 1 -> l_out for C channels, weights computed from the distance."""

    def __init__(self, l_out: int, channels: int, network: Network) -> None:
        super().__init__()
        self.cutoff = network.cutoff
        self.radial = _radial(l_out, network)
        self.messages = Messages(l_out, channels)

    def forward(self, senders: Tensor, receivers: Tensor, vectors: Tensor, features: Tensor) -> Tensor:
        """(E,), (E,), (E, 3), (N, 3 C) -> (N, (2 l_out + 1) C), components innermost."""
        lengths = torch.linalg.vector_norm(vectors, dim=1)
        weights = self.radial(soft_one_hot_linspace(lengths, 0.0, self.cutoff, BESSEL, basis="bessel", cutoff=True))
        sent = features.index_select(0, senders)
        return scatter(self.messages(vectors, weights, sent), receivers, len(features))


def _radial(l_out: int, network: Network) -> torch.nn.Module:
    """e3nn's MLP with our weights, times what each layer divides by; path constants are divided out."""
    outputs = network.second.shape[1]
    perceptron = FullyConnectedNet([BESSEL, HIDDEN, outputs], torch.nn.functional.silu)
    second_moment = normalize2mom(torch.nn.functional.silu).cst
    constants = np.repeat(path_constants(l_out), outputs // network.paths)
    weights = network.first * np.sqrt(BESSEL), network.second * (np.sqrt(HIDDEN) / second_moment) / constants
    with torch.no_grad():
        for layer, weight in zip(perceptron, weights, strict=True):
            layer.weight.copy_(torch.from_numpy(weight))
    module: torch.nn.Module = perceptron
    return module


def _contestant(inputs: Inputs, threads: int, transform: Callable[[Layer], Layer]) -> Contestant:
    check_path_constants(inputs.l_out)
    graph, l_out = inputs.graph, inputs.l_out
    arrays = (graph.indices, graph.receivers, graph.vectors[:, CYCLE], their_features(inputs.features))
    with default_dtype(torch.from_numpy(arrays[-1]).dtype):
        layer = transform(Convolution(l_out, inputs.features.shape[2], inputs.network))
    return torch_tools.contestant(layer, arrays, threads, "network", lambda result: our_answer(l_out, result))
