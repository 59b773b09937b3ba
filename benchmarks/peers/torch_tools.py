"""What the contestants in torch share: running without gradients, compiling for fixed shapes, summing per receiver."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.contestant import Contestant

Layer = Callable[..., Tensor]


def compiled(layer: Layer) -> Layer:
    """Compiled for exactly these shapes: `dynamic=False` is the faster choice for torch."""
    return torch.compile(layer, fullgraph=True, dynamic=False)


def scatter(messages: Tensor, receivers: Tensor, nodes: int) -> Tensor:
    """(E, ...) -> (N, ...): the sum of each receiver's messages."""
    out = messages.new_zeros((nodes, *messages.shape[1:]))
    return out.index_add_(0, receivers, messages)


def contestant(
    layer: Layer,
    arrays: Sequence[NDArray[Any]],
    threads: int,
    oracle: str,
    answer: Callable[[Tensor], NDArray[Any]] = Tensor.numpy,
) -> Contestant:
    torch.set_num_threads(threads)
    arguments = [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]

    def run() -> Tensor:
        with torch.inference_mode():
            return layer(*arguments)

    return Contestant(run, answer, oracle)
