"""The right answers, in float64 on the device: the Cartesian forms as matrices, by einsum, some edges at a time.

Nothing is shared with a kernel or a peer.  `self_check.py` holds it against the oracles of the benchmark of the CPU.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from benchmarks.gpu import spline
from benchmarks.gpu.contestant import Answer
from benchmarks.gpu.graphs import DeviceGraph, all_pairs
from benchmarks.gpu.inputs import Inputs, Streamed, Walkers
from benchmarks.oracle import BASIS, DELTA, EPSILON

CHUNK_BYTES = 1 << 30
"""Of the largest intermediate array."""


def answer(inputs: Inputs) -> Answer:
    """The output; with cotangents, those of vectors, radial and features besides."""
    if isinstance(inputs, Walkers):
        return (_walkers(inputs),)
    if inputs.cotangents is None:
        return (_forward(inputs),)
    return (_forward(inputs), *_gradients(inputs, inputs.cotangents))


def forms(l_out: int, units: Tensor) -> Tensor:
    """The catalogue's forms at unit vectors (E, 3): (E, P, 2 l_out + 1, 3), l_f ascending."""
    u = units
    delta, epsilon, basis = (torch.from_numpy(np.ascontiguousarray(x)).to(u) for x in (DELTA, EPSILON, BASIS))
    if l_out == 0:
        return u[:, None, None, :]
    outer = u[:, :, None] * u[:, None, :]
    if l_out == 1:
        cross = torch.einsum("acb,ec->eab", epsilon, u)
        return torch.stack([delta.expand(len(u), 3, 3), cross, 3 * outer - delta], dim=1)
    each = [torch.einsum(f"e{a},{b}->eabc", u, delta) for a, b in (("a", "bc"), ("b", "ac"), ("c", "ab"))]
    twisted = torch.einsum("acd,ebd->eabc", epsilon, outer)
    tensors = [
        each[0] + each[1] - (2 / 3) * each[2],
        (twisted + twisted.transpose(1, 2)) / 2,
        outer[..., None] * u[:, None, None, :] - sum(each) / 5,
    ]
    return torch.einsum("mab,epabc->epmc", basis, torch.stack(tensors, dim=1))


def messages(l_out: int, vectors: Tensor, radial: Tensor, sent: Tensor) -> Tensor:
    """(E, 3), (E, P, C), (E, 3, C) in float64 -> (E, 2 l_out + 1, C)."""
    units = vectors / vectors.norm(dim=1, keepdim=True)
    found = None
    matrices = forms(l_out, units)
    for p in range(matrices.shape[1]):
        moved = sum(matrices[:, p, :, b, None] * sent[:, b, None] for b in range(3))
        part = moved * radial[:, p, None]
        found = part if found is None else found + part
    assert found is not None
    return found


def _pieces(graph: DeviceGraph, channels: int) -> Iterator[slice]:
    step = max(1, CHUNK_BYTES // (8 * 5 * channels))
    return (slice(first, first + step) for first in range(0, graph.edges, step))


def _forward(inputs: Streamed) -> Tensor:
    graph = inputs.graph
    features = inputs.features.double()
    out = torch.zeros(inputs.output_shape, dtype=torch.float64, device=features.device)
    for some in _pieces(graph, features.shape[2]):
        sent = features[graph.indices[some]]
        parts = messages(inputs.l_out, graph.vectors[some].double(), inputs.radial[some].double(), sent)
        out.index_add_(0, graph.receivers[some], parts)
    return out


def _gradients(inputs: Streamed, cotangents: Tensor) -> Answer:
    """Of sum(cotangents * output), edge by edge: autograd of `messages`, then the sum over a sender's edges."""
    graph, wide = inputs.graph, cotangents.double()
    features = inputs.features.double()
    bars = (torch.empty_like(graph.vectors, dtype=torch.float64), torch.empty_like(inputs.radial, dtype=torch.float64))
    sent_bar = torch.zeros_like(features)
    for some in _pieces(graph, features.shape[2]):
        senders = graph.indices[some]
        edge = [graph.vectors[some].double(), inputs.radial[some].double(), features[senders]]
        leaves = [one.detach().clone().requires_grad_() for one in edge]
        with torch.enable_grad():
            total = (messages(inputs.l_out, *leaves) * wide[graph.receivers[some]]).sum()
        bars[0][some], bars[1][some], per_edge = torch.autograd.grad(total, leaves)
        sent_bar.index_add_(0, senders, per_edge)
    return (*bars, sent_bar)


def _walkers(inputs: Walkers) -> Tensor:
    count, particles, _, channels = inputs.features.shape
    step = max(1, CHUNK_BYTES // (8 * 5 * channels * particles**2))
    table: Callable[[Tensor], Tensor] = lambda r: spline.radial(  # noqa: E731
        r, inputs.coefficients.double(), inputs.cutoff, inputs.degree
    )
    return torch.cat([_some(inputs, slice(first, first + step), table) for first in range(0, count, step)])


def _some(inputs: Walkers, walkers: slice, table: Callable[[Tensor], Tensor]) -> Tensor:
    positions = inputs.positions[walkers].double()
    features = inputs.features[walkers].double()
    count, particles = positions.shape[:2]
    senders, receivers = all_pairs(count, particles, str(positions.device))
    flat = positions.reshape(-1, 3)
    vectors = flat[receivers] - flat[senders]
    sent = features.reshape(count * particles, 3, -1)[senders]
    parts = messages(inputs.l_out, vectors, table(vectors.norm(dim=1)), sent)
    summed = parts.reshape(count * particles, particles - 1, *parts.shape[1:]).sum(dim=1)
    return summed.reshape(count, particles, *parts.shape[1:])
