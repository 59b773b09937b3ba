"""The tabulated layer of e3nn, its energy and forces by autograd."""

import numpy as np
import torch

from benchmarks.contestant import Contestant
from benchmarks.peers.e3nn_coupling import CYCLE, check_path_constants, default_dtype, their_features, their_order
from benchmarks.peers.forces.torch_energy import contestant, energy
from benchmarks.peers.tabulated.e3nn_layer import Convolution
from benchmarks.workloads.forces import Inputs


def eager(inputs: Inputs, threads: int) -> Contestant:
    layer, l_out = inputs.layer, inputs.layer.l_out
    check_path_constants(l_out)
    arrays = (layer.graph.vectors[:, CYCLE], their_features(layer.features))
    with default_dtype(torch.from_numpy(arrays[-1]).dtype):
        convolution = Convolution(l_out, layer.features.shape[2], layer.network)
    cotangents = their_order(l_out, inputs.cotangents)
    axes = [int(axis) for axis in np.argsort(CYCLE)]
    return contestant(energy(convolution), inputs, arrays, cotangents, threads, axes)
