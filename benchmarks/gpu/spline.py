"""The radial table in torch: what a peer's user would write to read it, and with float64 what the reference reads."""

import torch
from torch import Tensor

from benchmarks.peers import cardinal


def radial(distances: Tensor, coefficients: Tensor, cutoff: float, degree: int) -> Tensor:
    """(E,), (M + degree, ...) -> (E, ...): the uniform cardinal B-spline on M intervals of [0, cutoff); zero beyond."""
    intervals = coefficients.shape[0] - degree
    scaled = distances * (intervals / cutoff)
    start = scaled.long().clamp(max=intervals - 1)
    found = _weighted(cardinal.weights(scaled - start, degree), start, coefficients)
    inside = distances < cutoff
    return found * inside.reshape(-1, *[1] * (found.dim() - 1))


def _weighted(weights: list[Tensor], start: Tensor, coefficients: Tensor) -> Tensor:
    shape = (-1, *[1] * (coefficients.dim() - 1))
    found = weights[0].reshape(shape) * coefficients[start]
    for q, weight in enumerate(weights[1:], start=1):
        found = torch.addcmul(found, weight.reshape(shape), coefficients[start + q])
    return found
