"""What the contestants in torch share: with and without gradients, compiling for fixed shapes, summing per receiver."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.contestant import Answer, Contestant

Layer = Callable[..., Tensor]


def compiled(layer: Layer) -> Layer:
    """Compiled for exactly these shapes: `dynamic=False` is the faster choice for torch."""
    return torch.compile(layer, fullgraph=True, dynamic=False)


def scatter(messages: Tensor, receivers: Tensor, nodes: int) -> Tensor:
    """(E, ...) -> (N, ...): the sum of each receiver's messages."""
    out = messages.new_zeros((nodes, *messages.shape[1:]))
    return out.index_add_(0, receivers, messages)


def arrays_of(found: Sequence[Tensor]) -> Answer:
    """For `differentiated`, where all layouts are ours."""
    return tuple(one.numpy() for one in found)


def contestant(
    layer: Layer,
    arrays: Sequence[NDArray[Any]],
    threads: int,
    oracle: str,
    answer: Callable[[Tensor], NDArray[Any]] = Tensor.numpy,
) -> Contestant:
    """`layer(*arrays)`, without what gradients would need."""
    torch.set_num_threads(threads)
    arguments = [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]

    def run() -> Tensor:
        with torch.inference_mode():
            return layer(*arguments)

    return Contestant(run, answer, oracle)


def differentiated(
    layer: Layer,
    arrays: Sequence[NDArray[Any]],
    wanted: Sequence[int],
    cotangents: NDArray[Any],
    threads: int,
    oracle: str,
    answer: Callable[[Sequence[Tensor]], Answer],
) -> Contestant:
    """`layer(*arrays)`, and by autograd what the cotangents of its result are for the `wanted` of the arrays.

    `answer` is given the result and these, in this order.
    """
    torch.set_num_threads(threads)
    arguments = [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]
    leaves = [arguments[k].requires_grad_() for k in wanted]
    given = torch.from_numpy(np.ascontiguousarray(cotangents))

    def run() -> list[Tensor]:
        result = layer(*arguments)
        return [result.detach(), *torch.autograd.grad(result, leaves, given)]

    return Contestant(run, answer, oracle)
