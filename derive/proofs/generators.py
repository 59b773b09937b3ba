"""Rotations by their generators: what a kernel must satisfy about each axis, as residuals.

A kernel with K(R r) = D_out(R) K(r) D_in(R)ᵀ for all rotations satisfies, about each axis k,

    (e_k × r)·∇ K = G_out K - K G_in

and one that satisfies these obeys the law along every one-parameter group, hence for all rotations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

import sympy as sp
from sympy.polys.rings import PolyElement

from ..catalogue import Path
from ..exact import SphereRing
from ..harmonics import component_generator
from ..symbols import DIRECTION

#: A matrix row by row.
Elements = list[list[PolyElement]]


def root_primes(matrices: Iterable[sp.Matrix]) -> tuple[int, ...]:
    """The primes under the square roots in the entries."""
    roots = [a for m in matrices for e in m for a in e.atoms(sp.Pow) if a.base.is_Rational and not a.exp.is_Integer]
    return tuple(sorted({prime for a in roots for prime in sp.factorint(a.base.p * a.base.q)}))


def path_primes(paths: Iterable[Path]) -> tuple[int, ...]:
    """Of the kernels and of the generators on both sides."""
    paths = list(paths)
    degrees = {l for p in paths for l in (p.l_in, p.l_out)}
    return root_primes([*(p.kernel for p in paths), *(component_generator(l, 1) for l in degrees)])


def lifted(matrix: sp.Matrix, ring: SphereRing) -> Elements:
    """A matrix row by row as elements of the ring."""
    return [[ring.lift(e) for e in matrix.row(i)] for i in range(matrix.rows)]


def evaluated(entry: sp.Expr, vector: Sequence[PolyElement], ring: SphereRing) -> PolyElement:
    """A polynomial in DIRECTION at a vector of elements of the ring."""
    value = ring.ring.zero
    for powers, c in sp.Poly(entry, *DIRECTION).terms():
        if c:
            value += ring.lift(c) * prod((v**n for v, n in zip(vector, powers, strict=True)), start=ring.ring.one)
    return value


def product(left: Elements, right: Elements, ring: SphereRing) -> Elements:
    """The matrix product, not reduced; zeros, which are many, cost nothing."""
    columns = list(zip(*right, strict=True))
    return [
        [sum((u * v for u, v in zip(row, c, strict=True) if u and v), ring.ring.zero) for c in columns] for row in left
    ]


def turned(element: PolyElement, vector: Sequence[PolyElement], axis: int) -> PolyElement:
    """(e_k × r)·∇ of an element, r the vector of these three generators."""
    a, b = vector[(axis + 1) % 3], vector[(axis + 2) % 3]
    return a * element.diff(b) - b * element.diff(a)


def equivariance_residuals(path: Path) -> list[Any]:
    """(e_k × r)·∇ K - G_out K + K G_in for the three axes, entry by entry, r any vector."""
    ring = SphereRing(free=DIRECTION, primes=path_primes([path]))
    r, kernel = [ring.lift(s) for s in DIRECTION], lifted(path.kernel, ring)
    found = []
    for axis in range(3):
        g_out, g_in = (lifted(component_generator(l, axis), ring) for l in (path.l_out, path.l_in))
        both = zip(flat(product(g_out, kernel, ring)), flat(product(kernel, g_in, ring)), strict=True)
        rates = (turned(entry, r, axis) for entry in flat(kernel))
        found += [ring.reduce(rate - left + right) for rate, (left, right) in zip(rates, both, strict=True)]
    return found


def flat(rows: Iterable[Iterable[PolyElement]]) -> list[PolyElement]:
    """The entries row by row."""
    return [entry for row in rows for entry in row]
