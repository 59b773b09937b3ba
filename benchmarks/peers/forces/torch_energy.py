"""Energy and forces of a layer in torch, e3nn's or another: autograd with respect to displacements of the nodes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.contestant import Contestant
from benchmarks.inputs.graph import FloatArray
from benchmarks.peers import torch_tools
from benchmarks.peers.torch_tools import Layer
from benchmarks.workloads.forces import Inputs


def energy(layer: Layer) -> Layer:
    """Of a layer (senders, receivers, vectors, ...) -> (N, ...)."""

    def function(
        displaced: Tensor, cotangents: Tensor, senders: Tensor, receivers: Tensor, vectors: Tensor, *rest: Tensor
    ) -> Tensor:
        """(N, 3), that of the result, (E,), (E,), (E, 3), ... -> (1,)."""
        moved = vectors + displaced.index_select(0, receivers) - displaced.index_select(0, senders)
        return (layer(senders, receivers, moved, *rest) * cotangents).sum().reshape(1)

    return function


def contestant(
    function: Layer,
    inputs: Inputs,
    arrays: Sequence[FloatArray],
    cotangents: FloatArray,
    threads: int,
    axes: Sequence[int] = (0, 1, 2),
) -> Contestant:
    """`arrays` are those of the layer from the vectors on; `axes` says where x, y, z are in its results."""
    graph = inputs.layer.graph
    displaced = np.zeros((graph.nodes, 3), cotangents.dtype)
    everything = (displaced, cotangents, graph.indices, graph.receivers, *arrays)

    def answer(found: Sequence[Tensor]) -> tuple[NDArray[np.floating], ...]:
        value, gradient = found
        return value.numpy(), -gradient.numpy()[:, axes]

    one = np.ones(1, cotangents.dtype)
    return torch_tools.differentiated(function, everything, (0,), one, threads, "network", answer)
