"""Contestants made of a kit: the layer on a graph, with autograd, and on all pairs of walkers.

Edges, or walkers, are taken some at a time where the layer's temporary arrays would not fit into memory otherwise.
"""

from collections.abc import Callable
from math import ceil
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu import spline
from benchmarks.gpu.contestant import Answer, Contestant
from benchmarks.gpu.graphs import all_pairs
from benchmarks.gpu.inputs import Inputs, Streamed, Walkers
from benchmarks.gpu.kit import Kit

SCRATCH = 32e9
"""Bytes of temporary arrays at a time: an H100 has 80e9."""
WALKERS_AT_ONCE = 1 << 15


def contestant(kit: Kit, inputs: Inputs) -> Contestant:
    if isinstance(inputs, Walkers):
        return _walkers(kit, inputs)
    return _forward(kit, inputs) if inputs.cotangents is None else _backward(kit, inputs, inputs.cotangents)


def _slices(edges: int, scratch: float) -> list[slice]:
    pieces = max(1, ceil(edges * scratch / SCRATCH))
    step = ceil(edges / pieces)
    return [slice(first, first + step) for first in range(0, edges, step)]


def _note(kit: Kit, pieces: int, of: str) -> str:
    parts = [kit.note, f"{of} in {pieces} pieces, to fit into memory" if pieces > 1 else ""]
    return "; ".join(filter(None, parts))


def _forward(kit: Kit, inputs: Streamed) -> Contestant:
    graph = inputs.graph
    vectors, weights = kit.layout.vectors(graph.vectors), kit.weights(inputs.radial)
    features = kit.layout.into(1, inputs.features)
    slices = _slices(graph.edges, kit.scratch)
    graphs = [kit.graph(graph.indices[some], graph.receivers[some]) for some in slices]
    layer = kit.transform(kit.layer)

    def run() -> Tensor:
        with torch.no_grad():
            found = layer(graphs[0], vectors[slices[0]], weights[slices[0]], features)
            for one, some in zip(graphs[1:], slices[1:], strict=True):
                found += layer(one, vectors[some], weights[some], features)
            return found  # type: ignore[no-any-return]

    def answer(found: Tensor) -> Answer:
        return (kit.layout.back(inputs.l_out, found),)

    return Contestant(run, answer, note=_note(kit, len(slices), "edges"))


def _backward(kit: Kit, inputs: Streamed, cotangents: Tensor) -> Contestant:
    """The output, then torch.autograd.grad of it with the cotangents: the derivatives of sum(cotangents * output)."""
    graph, layout = inputs.graph, kit.layout
    vectors, weights = layout.vectors(graph.vectors), kit.weights(inputs.radial)
    features = layout.into(1, inputs.features).detach().requires_grad_()
    given = layout.into(inputs.l_out, cotangents)
    slices = _slices(graph.edges, 2 * kit.scratch)
    graphs = [kit.graph(graph.indices[some], graph.receivers[some]) for some in slices]
    leaves = [(vectors[some].detach().requires_grad_(), weights[some].detach().requires_grad_()) for some in slices]
    layer = kit.transform(kit.layer)

    def run() -> list[Any]:
        parts: list[tuple[Tensor, ...]] = []
        for one, (some_vectors, some_weights) in zip(graphs, leaves, strict=True):
            out = layer(one, some_vectors, some_weights, features)
            bars = torch.autograd.grad(out, (some_vectors, some_weights, features), given)
            parts.append((out.detach(), *bars))
        if len(parts) == 1:
            return list(parts[0])
        out, by_vectors, by_weights, by_features = zip(*parts, strict=True)
        return [
            sum(out[1:], out[0]),
            torch.cat(by_vectors),
            torch.cat(by_weights),
            sum(by_features[1:], by_features[0]),
        ]

    def answer(found: list[Tensor]) -> Answer:
        out, by_vectors, by_weights, by_features = found
        return (
            layout.back(inputs.l_out, out),
            layout.vectors_back(by_vectors),
            kit.weights_cotangent(by_weights),
            layout.back(1, by_features),
        )

    return Contestant(run, answer, note=_note(kit, len(slices), "edges"))


def _walkers(kit: Kit, inputs: Walkers) -> Contestant:
    """All pairs of some walkers as one graph, with radial values read from the table in torch."""
    layout, l_out = kit.layout, inputs.l_out
    walkers, particles, _, channels = inputs.features.shape
    per_walker = particles * (particles - 1) * (kit.scratch + _table_bytes(inputs))
    step = min(walkers, WALKERS_AT_ONCE, 1 << max(0, int(SCRATCH / per_walker).bit_length() - 1))
    graph = kit.graph(*all_pairs(step, particles, str(inputs.features.device)))
    senders, receivers = all_pairs(step, particles, str(inputs.features.device))
    places = layout.vectors(inputs.positions.reshape(-1, 3))
    fields = layout.into(1, inputs.features.reshape(walkers * particles, 3, channels))
    table = kit.weights(inputs.coefficients)
    cutoff, degree = inputs.cutoff, inputs.degree

    def piece(places: Tensor, fields: Tensor) -> Tensor:
        vectors = places[receivers] - places[senders]
        weights = spline.radial(vectors.norm(dim=1), table, cutoff, degree)
        return kit.layer(graph, vectors, weights, fields)

    some: Callable[[Tensor, Tensor], Tensor] = kit.transform(piece)
    size = step * particles
    firsts = range(0, walkers * particles, size)
    if walkers % step:
        raise ValueError(f"{walkers} walkers are not a multiple of {step}")

    def run() -> Tensor:
        with torch.no_grad():
            return torch.cat([some(places[n : n + size], fields[n : n + size]) for n in firsts])

    def answer(found: Tensor) -> Answer:
        return (layout.back(l_out, found).reshape(inputs.output_shape),)

    return Contestant(run, answer, note=_note(kit, len(firsts), "walkers"))


def _table_bytes(inputs: Walkers) -> int:
    """Of what reading the table makes for a pair: a gathered row, the sum so far, and the next."""
    return 3 * inputs.coefficients[0].numel() * inputs.coefficients.element_size()
