"""The oracle's derivatives in float64: of the forms by complex steps and Cauchy's formula, of sums by the product rule.

Nothing of the contestants is here: neither automatic differentiation nor the theorems that our kernels rest on.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import cauchy, oracle
from benchmarks.inputs.graph import Float64, Graph
from benchmarks.inputs.network import Network
from benchmarks.inputs.table import Table

STEP = 1e-30
"""Nothing is subtracted in a complex step: f'(x) = Im f(x + ih)/h up to h²."""

RADIUS = 0.25
"""Of the circle for second derivatives, at unit vectors: r̂ is singular at a distance of 1."""


class Gradients(NamedTuple):
    """The cotangents of a convolution's arguments."""

    vectors: Float64  # (E, 3)
    radial: Float64  # (E, P, C)
    features: Float64  # (N, 3, C)


def slopes(l_out: int, vectors: NDArray[Any]) -> Float64:
    """The derivatives of the forms at vectors (E, 3), (E, P, 2 l_out + 1, 3, 3): the last axis is that of r."""
    units = oracle.unit(vectors)
    steps = [_forms(l_out, units + 1j * STEP * axis).imag / STEP for axis in np.eye(3)]
    return np.asarray(np.stack(steps, axis=-1) / oracle.lengths(vectors)[:, None, None, None, None])


def laplacians(l_out: int, vectors: NDArray[Any]) -> Float64:
    """The Laplacians of the forms with respect to r, (E, P, 2 l_out + 1, 3)."""
    units = oracle.unit(vectors)
    found = sum(_second(l_out, units, axis) for axis in np.eye(3))
    return np.asarray(found / oracle.lengths(vectors)[:, None, None, None] ** 2)


def _second(l_out: int, units: Float64, axis: Float64) -> Float64:
    return cauchy.derivative(lambda z: _forms(l_out, units + z * axis), 2, RADIUS)


def _forms(l_out: int, vectors: Any) -> Any:
    """The forms at complex vectors: r̂ = r/√(r·r), nothing conjugated."""
    return oracle.forms(l_out, vectors / np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True)))


def vjp(l_out: int, graph: Graph, radial: NDArray[Any], features: NDArray[Any], cotangents: NDArray[Any]) -> Gradients:
    """What the cotangents (N, 2 l_out + 1, C) of `oracle.convolve` are for its arguments."""
    exact, given, values = (x.astype(np.float64) for x in (features, cotangents, radial))
    forms, changes = oracle.forms(l_out, oracle.unit(graph.vectors)), slopes(l_out, graph.vectors)
    found = Gradients(np.zeros((graph.edges, 3)), np.zeros(radial.shape), np.zeros(features.shape))
    for i in range(graph.nodes):
        edges = slice(graph.indptr[i], graph.indptr[i + 1])
        senders = graph.indices[edges]
        sent, form, value = exact[senders], forms[edges], values[edges]
        pulled = np.einsum("epab,ak->epbk", form, given[i])
        found.radial[edges] = np.einsum("epbk,ebk->epk", pulled, sent)
        np.add.at(found.features, senders, np.einsum("epbk,epk->ebk", pulled, value))
        weighted = np.einsum("epk,ebk,ak->epab", value, sent, given[i], optimize=True)
        found.vectors[edges] = np.einsum("epabd,epab->ed", changes[edges], weighted)
    return found


def vjp_of_lengths(
    l_out: int, graph: Graph, radial: Table | Network, features: NDArray[Any], cotangents: NDArray[Any]
) -> Float64:
    """The cotangents (E, 3) of the vectors where radial values are functions of their lengths."""
    lengths = oracle.lengths(graph.vectors)
    found = vjp(l_out, graph, radial(lengths), features, cotangents)
    along = np.einsum("epk,epk->e", found.radial, radial.derivative(lengths, 1))
    return np.asarray(found.vectors + along[:, None] * oracle.unit(graph.vectors))
