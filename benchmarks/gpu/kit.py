"""What a peer in torch is made of: one layer over edges, and how its arrays are laid out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

CYCLE = [1, 2, 0]
"""e3nn's (x, y, z) are our (y, z, x), see benchmarks/peers/e3nn_coupling.py, which needs e3nn."""

Graph = tuple[Any, ...]
"""What a layer needs of a graph, in its own form: tensors, and numbers."""

BACK = sorted(range(3), key=CYCLE.__getitem__)
"""Undoes CYCLE."""


@dataclass(frozen=True)
class Layout:
    """Of features and outputs.  `cycled`: l = 1 is handed over as (y, z, x), see e3nn_coupling.py."""

    cycled: bool = False
    flat: bool = False  # (N, (2 l + 1) C) in place of (N, 2 l + 1, C)
    components_innermost: bool = False  # e3nn's mul_ir; else ir_mul, components before channels, as ours

    def into(self, l: int, ours: Tensor) -> Tensor:
        """(N, 2 l + 1, C) in their layout, contiguous."""
        theirs = ours[:, CYCLE] if self.cycled and l == 1 else ours
        theirs = theirs.transpose(1, 2) if self.components_innermost else theirs
        return (theirs.reshape(len(ours), -1) if self.flat else theirs).contiguous()

    def back(self, l: int, theirs: Tensor) -> Tensor:
        """The inverse."""
        size = 2 * l + 1
        if self.components_innermost:
            ours = theirs.reshape(len(theirs), -1, size).transpose(1, 2)
        else:
            ours = theirs.reshape(len(theirs), size, -1)
        return ours[:, BACK] if self.cycled and l == 1 else ours

    def vectors(self, ours: Tensor) -> Tensor:
        return ours[..., CYCLE].contiguous() if self.cycled else ours

    def vectors_back(self, theirs: Tensor) -> Tensor:
        return theirs[..., BACK] if self.cycled else theirs


OURS = Layout()
IR_MUL = Layout(cycled=True, flat=True)
MUL_IR = Layout(cycled=True, flat=True, components_innermost=True)


def _pair(senders: Tensor, receivers: Tensor) -> Graph:
    return senders, receivers


def _same(x: Any) -> Any:
    return x


@dataclass(frozen=True)
class Kit:
    """`layer(graph, vectors, weights, features)` is the convolution, all in the peer's layout."""

    layer: Callable[[Graph, Tensor, Tensor, Tensor], Tensor]
    layout: Layout
    weights: Callable[[Tensor], Tensor] = _same
    """(M, P, C) -> what weights the paths, row by row and linearly: a table may be converted like the values."""
    weights_cotangent: Callable[[Tensor], Tensor] = _same
    """The cotangents of (M, P, C) from those of what `weights` returned: its transpose."""
    graph: Callable[[Tensor, Tensor], Graph] = _pair
    """Senders and receivers in the layer's form, once for a graph."""
    transform: Callable[[Any], Any] = _same
    """torch.compile, for one: of the layer, or of all that is done with some walkers."""
    scratch: int = 0
    """Bytes of temporary arrays for an edge: what decides whether edges are taken some at a time."""
    note: str = ""


def item_bytes(dtype: torch.dtype) -> int:
    return torch.empty((), dtype=dtype).element_size()
