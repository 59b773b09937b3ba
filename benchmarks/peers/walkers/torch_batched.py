"""All walkers' pairs at once in torch under torch.compile, the network evaluated for each."""

import numpy as np
import torch
from torch import Tensor

from benchmarks.contestant import Contestant
from benchmarks.peers import torch_tools
from benchmarks.peers.cartesian import message
from benchmarks.peers.torch_network import radial
from benchmarks.peers.torch_tools import Layer
from benchmarks.workloads.walkers import Inputs


def with_network(inputs: Inputs, threads: int) -> Contestant:
    network = inputs.network
    arrays = (inputs.positions, network.first, network.second, inputs.features)
    return torch_tools.contestant(torch_tools.compiled(_layer(inputs)), arrays, threads, "network")


def _layer(inputs: Inputs) -> Layer:
    l_out, cutoff, paths = inputs.l_out, inputs.network.cutoff, inputs.network.paths
    walkers, particles = inputs.positions.shape[:2]
    receivers, senders = map(torch.from_numpy, np.nonzero(~np.eye(particles, dtype=bool)))

    def layer(positions: Tensor, first: Tensor, second: Tensor, features: Tensor) -> Tensor:
        """(B, A, 3), (8, H), (H, P C), (B, A, 3, C) -> (B, A, 2 l_out + 1, C)."""
        vectors = positions[:, receivers] - positions[:, senders]
        lengths = torch.linalg.vector_norm(vectors, dim=2, keepdim=True)
        values = radial(lengths, cutoff, first, second).chunk(paths, dim=2)
        units = (vectors / lengths)[..., None].unbind(2)
        parts = torch.stack(message(l_out, units, features[:, senders].unbind(2), values), dim=2)
        return parts.reshape(walkers, particles, particles - 1, *parts.shape[2:]).sum(dim=2)

    return layer
