"""Z[x, y, z, q0..q3, p0..p3]: where identities between rotated vectors are multiplied out, q and p any quaternions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp
from sympy.polys.domains import ZZ
from sympy.polys.rings import PolyElement, PolyRing

from ..symbols import DIRECTION, QUATERNION

#: A second quaternion.
OTHER = sp.symbols("p0 p1 p2 p3", real=True)
RING = PolyRing((*DIRECTION, *QUATERNION, *OTHER), ZZ, sp.polys.orderings.lex)


def lifted(expressions: Sequence[sp.Expr]) -> list[PolyElement]:
    """Polynomials with integer coefficients as elements of the ring; raises ValueError for anything else."""
    return [RING.from_expr(sp.expand(e)) for e in expressions]


class Substitution:
    """Polynomials put in for some of the symbols; products of them are kept, as entries of one matrix share them."""

    def __init__(self, images: Mapping[sp.Symbol, PolyElement]) -> None:
        self._images = {RING.symbols.index(s): image for s, image in images.items()}
        self._products: dict[tuple[int, ...], PolyElement] = {}

    def __call__(self, polynomial: PolyElement) -> PolyElement:
        by_product: dict[tuple[int, ...], PolyElement] = {}
        for powers, coefficient in polynomial.terms():
            replaced = tuple(n if i in self._images else 0 for i, n in enumerate(powers))
            rest = tuple(n - m for n, m in zip(powers, replaced, strict=True))
            by_product.setdefault(replaced, RING.zero)[rest] = coefficient
        return sum((self._product(p) * rest for p, rest in by_product.items()), RING.zero)

    def _product(self, powers: tuple[int, ...]) -> PolyElement:
        if powers not in self._products:
            first = next((i for i, n in enumerate(powers) if n), None)
            if first is None:
                return RING.one
            fewer = (*powers[:first], powers[first] - 1, *powers[first + 1 :])
            self._products[powers] = self._product(fewer) * self._images[first]
        return self._products[powers]


def at_quaternion(components: Sequence[PolyElement]) -> Substitution:
    """These for q0..q3."""
    return Substitution(dict(zip(QUATERNION, components, strict=True)))


def flipped(polynomial: PolyElement, symbols: Sequence[sp.Symbol]) -> PolyElement:
    """The polynomial with the signs of these symbols changed."""
    places = [RING.symbols.index(s) for s in symbols]
    return RING.from_dict({powers: -c if sum(powers[i] for i in places) % 2 else c for powers, c in polynomial.terms()})


def conjugated(polynomial: PolyElement) -> PolyElement:
    """At q̄ = (q0, -q1, -q2, -q3)."""
    return flipped(polynomial, QUATERNION[1:])


def square() -> PolyElement:
    """|q|²."""
    return sum((s**2 for s in lifted(QUATERNION)), RING.zero)


def differences(left: Sequence[PolyElement], right: Sequence[PolyElement]) -> tuple[PolyElement, ...]:
    """Entry by entry; in this ring the zero polynomial alone is zero, as nothing is reduced."""
    return tuple(a - b for a, b in zip(left, right, strict=True))
