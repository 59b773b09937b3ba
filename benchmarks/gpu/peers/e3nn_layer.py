"""The layer as e3nn's users write it: harmonics, a uvu tensor product weighted per edge, index_add; eager."""

import torch
from torch import Tensor

from benchmarks.gpu.inputs import Inputs
from benchmarks.gpu.kit import MUL_IR, Graph, Kit
from benchmarks.inputs.graph import PATHS
from benchmarks.peers.e3nn_coupling import Messages, check_path_constants, default_dtype, path_constants
from benchmarks.peers.torch_tools import scatter


def kit(inputs: Inputs) -> Kit:
    l_out, features = inputs.l_out, inputs.features
    check_path_constants(l_out)
    with default_dtype(features.dtype):
        messages = Messages(l_out, features.shape[-1]).to(features.device)

    def layer(graph: Graph, vectors: Tensor, weights: Tensor, features: Tensor) -> Tensor:
        senders, receivers = graph
        return scatter(messages(vectors, weights, features.index_select(0, senders)), receivers, len(features))

    # For an edge: its features and messages, path by path, and the largest product of components with harmonics.
    paths = PATHS[l_out]
    numbers = 3 + 3 * (2 * max(paths) + 1) + (len(paths) + 1) * (2 * l_out + 1) + len(paths)
    scale = scales(l_out, features)
    return Kit(
        layer,
        MUL_IR,
        weights=lambda radial: (radial / scale).reshape(len(radial), -1),
        weights_cotangent=lambda bar: bar.reshape(len(bar), len(paths), -1) / scale,
        scratch=numbers * features.shape[-1] * features.element_size(),
    )


def scales(l_out: int, like: Tensor) -> Tensor:
    """(P, 1): e3nn's path p is this times our form."""
    return torch.from_numpy(path_constants(l_out)).to(like)[:, None]
