"""The radial network in torch."""

import math

import torch
from torch import Tensor

from benchmarks.inputs.network import BESSEL


def radial(lengths: Tensor, cutoff: float, first: Tensor, second: Tensor) -> Tensor:
    """(M, 1), (8, H), (H, P C) -> (M, P C); lengths are not zero."""
    waves = torch.arange(1, BESSEL + 1, dtype=lengths.dtype) * (math.pi / cutoff)
    inside = (lengths < cutoff).to(lengths.dtype)
    basis = math.sqrt(2 / cutoff) * torch.sin(waves * lengths) * (inside / lengths)
    return torch.nn.functional.silu(basis @ first) @ second
