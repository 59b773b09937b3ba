"""The Cartesian formula under torch.compile, for exactly these shapes."""

from dataclasses import replace

import torch

from benchmarks.gpu.inputs import Inputs, Walkers
from benchmarks.gpu.kit import Kit
from benchmarks.gpu.peers import torch_cartesian
from benchmarks.peers.torch_tools import compiled


def kit(inputs: Inputs) -> Kit:
    """The messages alone are temporary, if those: what is computed for an edge and channel is fused."""
    torch._dynamo.reset()
    plain = torch_cartesian.kit(inputs)
    fused = plain.scratch // 30 * (6 if isinstance(inputs, Walkers) else 10)
    return replace(plain, transform=compiled, scratch=fused)
