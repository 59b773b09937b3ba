"""The Cartesian formula in eager torch."""

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.gpu.inputs import Inputs, Walkers
from benchmarks.gpu.kit import OURS, Graph, Kit
from benchmarks.peers.cartesian import message
from benchmarks.peers.torch_tools import scatter


def kit(inputs: Inputs) -> Kit:
    features = inputs.features
    size = features.shape[-1] * features.element_size()
    return Kit(layer_of(inputs), OURS, scratch=30 * size)


def layer_of(inputs: Inputs) -> Callable[[Graph, Tensor, Tensor, Tensor], Tensor]:
    """1 -> l_out.  Walkers have the same number of edges at each receiver, which a user would sum by `sum`."""
    l_out = inputs.l_out
    degree = inputs.features.shape[1] - 1 if isinstance(inputs, Walkers) else None

    def layer(graph: Graph, vectors: Tensor, radial: Tensor, features: Tensor) -> Tensor:
        senders, receivers = graph
        units = vectors / torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        sent = features.index_select(0, senders)
        parts = message(l_out, units[:, :, None].unbind(1), sent.unbind(1), radial.unbind(1))
        if degree is not None:
            return torch.stack([part.reshape(len(features), degree, -1).sum(dim=1) for part in parts], dim=1)
        return scatter(torch.stack(parts, dim=1), receivers, len(features))

    return layer
