"""What a pair's functions are defined to be, as elements of a polynomial ring, in which they are multiplied, summed and differentiated.

Nothing here knows how they are computed: only the entries of the kernels K^p(r̂), as the catalogue has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sympy as sp
from sympy.polys.rings import PolyElement

from ..catalogue import Pair
from ..exact import SphereRing
from ..symbols import DIRECTION

Elements = list[PolyElement]


class Kernels:
    """The kernels of a pair's paths in a ring that has x, y, z.

    Attributes
    ----------
    matrices
        K^p_ab by p, a, b.
    """

    def __init__(self, pair: Pair, ring: SphereRing) -> None:
        self.ring = ring
        self.matrices = [[[ring.lift(e) for e in row] for row in p.kernel.tolist()] for p in pair.paths]

    def messages(self, field: Sequence[sp.Symbol]) -> Elements:
        """K^p f of every path, path by path."""
        f = lifted(self.ring, field)
        return [_product(self.ring, row, f) for matrix in self.matrices for row in matrix]

    def adjoints(self, cotangents: Sequence[sp.Symbol]) -> Elements:
        """(K^p)ᵀ g of every path, path by path."""
        g = lifted(self.ring, cotangents)
        return [_product(self.ring, column, g) for matrix in self.matrices for column in zip(*matrix, strict=True)]

    def entries(self, radial: Sequence[sp.Symbol]) -> Elements:
        """Σ_p φ_p K^p, row by row."""
        phi = lifted(self.ring, radial)
        whole = ([e for row in matrix for e in row] for matrix in self.matrices)
        return [_product(self.ring, phi, same) for same in zip(*whole, strict=True)]

    def applied(self, radial: Sequence[sp.Symbol], field: Sequence[sp.Symbol]) -> Elements:
        """Σ_p φ_p K^p f."""
        phi, every = lifted(self.ring, radial), self.messages(field)
        n_out = len(every) // len(phi)
        return [_product(self.ring, phi, every[a::n_out]) for a in range(n_out)]


def lifted(ring: SphereRing, values: Iterable[sp.Expr]) -> Elements:
    """Each as an element of the ring."""
    return list(map(ring.lift, values))


def _product(ring: SphereRing, left: Iterable[PolyElement], right: Iterable[PolyElement]) -> PolyElement:
    return ring.total(a * b for a, b in zip(left, right, strict=True))


def tangent(
    ring: SphereRing, value: PolyElement, moving: Sequence[sp.Symbol], moves: Sequence[sp.Symbol]
) -> PolyElement:
    """Σ ∂value/∂s · d_s: how a value changes along the tangents of what moves."""
    slopes = map(value.diff, lifted(ring, moving))
    return ring.total(slope * d for slope, d in zip(slopes, lifted(ring, moves), strict=True) if slope)


def gradient(ring: SphereRing, value: PolyElement) -> Iterator[PolyElement]:
    """The derivatives along the direction's three axes."""
    return map(value.diff, lifted(ring, DIRECTION))
