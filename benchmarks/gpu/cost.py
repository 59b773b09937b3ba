"""Useful bytes: each array that must be read or written, once, as the benchmark of the CPU counts them."""

from math import prod

from torch import Tensor

from benchmarks.gpu.inputs import Inputs, Streamed


def useful_bytes(inputs: Inputs) -> int:
    """Streamed: arguments and output; with cotangents, these and the three that are sought besides."""
    item = inputs.features.element_size()
    output = prod(inputs.output_shape) * item
    if not isinstance(inputs, Streamed):
        return _bytes(inputs.positions, inputs.coefficients, inputs.features) + output
    graph = inputs.graph
    arguments = _bytes(graph.indptr, graph.indices, graph.vectors, inputs.radial, inputs.features)
    if inputs.cotangents is None:
        return arguments + output
    gradients = _bytes(graph.vectors, inputs.radial, inputs.features)
    return arguments + output + _bytes(inputs.cotangents) + gradients


def _bytes(*arrays: Tensor) -> int:
    return sum(array.numel() * array.element_size() for array in arrays)
