"""The layer as e3nn users write it, for any degrees: harmonics, a uvu tensor product weighted per edge, index_add.

Axes, parity and layout are those of `e3nn_coupling`.  Normalisation is read off: each path of e3nn at one vector is a
constant times the definition (`constants`), or else this is refused.  Weights are divided by it beforehand, untimed.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from e3nn import o3  # type: ignore[import-untyped, import-not-found, unused-ignore]
from torch import Tensor

from benchmarks.check import WrongAnswer
from benchmarks.contestant import Contestant
from benchmarks.inputs.coupling import degrees_f, kernels
from benchmarks.inputs.graph import Float64
from benchmarks.peers import torch_tools
from benchmarks.peers.e3nn_coupling import CYCLE, default_dtype, our_answer, our_order, their_order
from benchmarks.peers.torch_tools import Layer, scatter
from benchmarks.workloads.general import Inputs


def eager(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, lambda layer: layer)


def compiled(inputs: Inputs, threads: int) -> Contestant:
    return _contestant(inputs, threads, torch_tools.compiled)


class Messages(torch.nn.Module):
    """Spherical harmonics and their tensor product with features l_in → l_out, weighted per edge and channel."""

    def __init__(self, l_in: int, l_out: int, channels: int) -> None:
        super().__init__()
        harmonics = o3.Irreps([(1, (l_f, 1)) for l_f in degrees_f(l_in, l_out)])
        self.harmonics = o3.SphericalHarmonics(harmonics, normalize=True, normalization="component", irreps_in="1e")
        self.product = o3.TensorProduct(
            o3.Irreps([(channels, (l_in, 1))]),
            harmonics,
            o3.Irreps([(channels, (l_out, 1))]),
            [(0, p, 0, "uvu", True) for p in range(len(harmonics))],
            shared_weights=False,
            internal_weights=False,
        )

    def forward(self, vectors: Tensor, weights: Tensor, sent: Tensor) -> Tensor:
        """(E, 3), (E, P C), (E, (2 l_in + 1) C) -> (E, (2 l_out + 1) C), components innermost."""
        messages: Tensor = self.product(sent, self.harmonics(vectors), weights)
        return messages


class Convolution(torch.nn.Module):
    """The e3nn layer l_in → l_out for C channels."""

    def __init__(self, l_in: int, l_out: int, channels: int) -> None:
        super().__init__()
        self.messages = Messages(l_in, l_out, channels)

    def forward(self, senders: Tensor, receivers: Tensor, vectors: Tensor, weights: Tensor, features: Tensor) -> Tensor:
        """(E,), (E,), (E, 3), (E, P C), (N, (2 l_in + 1) C) -> (N, (2 l_out + 1) C), components innermost."""
        sent = features.index_select(0, senders)
        return scatter(self.messages(vectors, weights, sent), receivers, len(features))


@cache
def constants(l_in: int, l_out: int) -> Float64:
    """lambda_p in (path p of e3nn) = lambda_p (path p as defined), (P,); WrongAnswer if some path has none."""
    vector = np.random.default_rng(1).standard_normal(3)
    expected = kernels(l_in, l_out, vector[None] / np.linalg.norm(vector))[0]
    features = np.eye(2 * l_in + 1)[:, :, None]
    found = []
    with default_dtype(torch.float64), torch.inference_mode():
        layer = Messages(l_in, l_out, channels=1)
        edges = torch.from_numpy(np.tile(vector[CYCLE], (len(features), 1)))
        sent = torch.from_numpy(their_order(l_in, features))
        for p, form in enumerate(expected):
            weights = torch.eye(len(expected))[p].expand(len(features), -1)
            columns = our_order(l_out, layer(edges, weights, sent).numpy().T)
            constant = np.vdot(form, columns) / np.vdot(form, form)
            if not np.linalg.norm(columns - constant * form) < 1e-12 * np.linalg.norm(columns):
                raise WrongAnswer(f"e3nn's path {p} of {l_in}→{l_out} is no multiple of what is defined")
            found.append(constant)
    return np.array(found)


def _contestant(inputs: Inputs, threads: int, transform: Callable[[Layer], Layer]) -> Contestant:
    graph, l_in, l_out = inputs.graph, inputs.l_in, inputs.l_out
    weights = inputs.radial / constants(l_in, l_out).astype(inputs.radial.dtype)[:, None]
    arrays = (
        graph.indices,
        graph.receivers,
        graph.vectors[:, CYCLE],
        weights.reshape(graph.edges, -1),
        their_order(l_in, inputs.features),
    )
    with default_dtype(torch.from_numpy(arrays[-1]).dtype):
        layer = transform(Convolution(l_in, l_out, inputs.features.shape[2]))
    return torch_tools.contestant(layer, arrays, threads, "definition", lambda result: our_answer(l_out, result))
