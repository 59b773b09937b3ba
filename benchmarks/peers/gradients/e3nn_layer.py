"""The streamed e3nn layer with torch's autograd."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.contestant import Contestant
from benchmarks.peers import torch_tools
from benchmarks.peers.e3nn_coupling import (
    CYCLE,
    check_path_constants,
    default_dtype,
    our_answer,
    path_constants,
    their_features,
    their_order,
)
from benchmarks.peers.streamed.e3nn_layer import Convolution
from benchmarks.workloads.gradients import Inputs


def eager(inputs: Inputs, threads: int) -> Contestant:
    check_path_constants(inputs.l_out)
    graph, l_out = inputs.graph, inputs.l_out
    constants = path_constants(l_out).astype(inputs.radial.dtype)[:, None]
    arrays = (
        graph.indices,
        graph.receivers,
        graph.vectors[:, CYCLE],
        (inputs.radial / constants).reshape(graph.edges, -1),
        their_features(inputs.features),
    )
    with default_dtype(torch.from_numpy(arrays[-1]).dtype):
        layer = Convolution(l_out, inputs.features.shape[2])

    def answer(found: Sequence[Tensor]) -> tuple[NDArray[Any], ...]:
        out, vectors, weights, features = found
        return (
            our_answer(l_out, out),
            vectors.numpy()[:, np.argsort(CYCLE)],
            weights.numpy().reshape(inputs.radial.shape) / constants,
            our_answer(1, features),
        )

    cotangents = their_order(l_out, inputs.cotangents)
    return torch_tools.differentiated(layer, arrays, (2, 3, 4), cotangents, threads, "both", answer)
