"""Exact equality on the unit sphere and the rotation group.

Every identity in this package is a polynomial identity with rational coefficients in

* the components of unit vectors, which satisfy x² + y² + z² = 1,
* the components of a unit quaternion, which satisfy w² + i² + j² + k² = 1,
* square roots of primes, which satisfy s_p² = p, and 1/√π, which satisfies nothing.

Each relation gives the square of one generator of its own (the last component of a unit vector, a root) in terms
of the others, so replacing squares ends in a unique normal form of degree 0 or 1 in these generators.  A zero normal
form proves the identity.  Conversely an identity has normal form zero: a + b z vanishes for both signs of z with
z² = 1 - x² - y² only if a = b = 0, square roots of products of distinct primes are linearly independent over Q
(Besicovitch 1940), and π is transcendental (Lindemann 1882).  No sampling, no floats.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, reduce
from types import SimpleNamespace
from typing import Any

import sympy as sp
from sympy.polys.domains import QQ
from sympy.polys.rings import PolyElement, PolyRing

Monomial = tuple[int, ...]
INVERSE_ROOT_PI = sp.Symbol("invsqrtpi", positive=True)


def surd(prime: int) -> sp.Symbol:
    """The generator that stands for √prime."""
    return sp.Symbol(f"sqrt{prime}", positive=True)


def primes_of(*degrees: int) -> tuple[int, ...]:
    """The primes whose roots occur in couplings of these degrees and in their harmonics, and 2, 3, 5, 7 in any case.

    Coefficients <l_in ..; J .. | l_out ..> are roots of quotients of factorials up to (l_in + J + l_out + 1)!, those of
    harmonics of quotients up to (2 l)! times 2 l + 1 (see :mod:`coupling`, :mod:`harmonics`); with l_in and l_out
    given, J is at most their sum.
    """
    return tuple(sp.primerange(max(7, 2 * sum(degrees) + 1) + 1))


class LiftedTable:
    """A table of numbers as a ring sees it; each is lifted where it is first read."""

    def __init__(self, ring: SphereRing, constants: SimpleNamespace) -> None:
        self._ring, self._constants = ring, constants

    def __getattr__(self, name: str) -> PolyElement:
        value = self._ring.lift(getattr(self._constants, name))
        setattr(self, name, value)
        return value


class SphereRing:
    """Polynomials modulo the unit length of the given tuples of symbols.

    Parameters
    ----------
    free
        Symbols without relations (radial values, features, an unnormalised vector).
    units
        Tuples of symbols, each of unit length: (x, y, z) for a direction, (w, i, j, k) for a quaternion.
    primes
        The primes whose square roots may occur in coefficients.
    """

    def __init__(
        self,
        free: Iterable[sp.Symbol] = (),
        units: Sequence[Sequence[sp.Symbol]] = (),
        primes: Sequence[int] = (2, 3, 5, 7),
    ) -> None:
        self.units = tuple(tuple(unit) for unit in units)
        self.primes = tuple(primes)
        generators = [
            *free,
            *(s for unit in self.units for s in unit),
            *map(surd, primes),
            INVERSE_ROOT_PI,
        ]
        self.ring = PolyRing(generators, QQ, sp.polys.orderings.lex)
        self._generator = dict(zip(generators, self.ring.gens, strict=True))
        self._roots: dict[tuple[sp.Expr, sp.Expr], PolyElement] = {}
        self._position = {s: i for i, s in enumerate(generators)}

    @cached_property
    def _squares(self) -> list[tuple[int, PolyElement]]:
        """(position of g, the polynomial that g² equals), one for each relation."""
        rules = [(self._position[surd(p)], self.ring(p)) for p in self.primes]
        for *others, last in self.units:
            rules.append((self._position[last], 1 - sum(self._generator[s] ** 2 for s in others)))
        return rules

    def lift(self, expression: Any) -> PolyElement:
        """Read a SymPy expression as an element of the ring.

        Raises
        ------
        ValueError
            If the expression is not a polynomial in the ring's generators with coefficients in
            Q(√2, √3, ...)[1/√π]; a float is refused here, by design.
        """
        return self._lift(sp.sympify(expression, rational=False))

    def _lift(self, e: sp.Expr) -> PolyElement:
        if e in self._generator:
            return self._generator[e]
        if e.is_Rational:
            return self.ring(QQ.from_sympy(e))
        if e.is_Add:
            return self.total(map(self._lift, e.args))
        if e.is_Mul:
            return self._product(map(self._lift, e.args))
        if e.is_Pow:
            return self._lift_power(e.base, e.exp)
        raise ValueError(f"not an exact polynomial in {list(map(str, self._generator))}: {e}")

    def total(self, elements: Iterable[PolyElement]) -> PolyElement:
        """The sum, in one go: sums of sums would copy what was there before each time."""
        found: dict[Monomial, Any] = {}
        for element in elements:
            for monomial, coefficient in element.items():
                found[monomial] = found[monomial] + coefficient if monomial in found else coefficient
        return self._element(found)

    def _product(self, factors: Iterable[PolyElement]) -> PolyElement:
        """Likewise, monomials first: most factors are."""
        powers, number, sums = self.ring.zero_monom, QQ.one, []
        for factor in factors:
            if len(factor) != 1:
                sums.append(factor)
                continue
            ((monomial, coefficient),) = factor.items()
            powers, number = self.ring.monomial_mul(powers, monomial), number * coefficient
        return reduce(operator.mul, sums, self._element({powers: number}))

    def _element(self, terms: Mapping[Monomial, Any]) -> PolyElement:
        element = self.ring.zero
        element.update((monomial, c) for monomial, c in terms.items() if c)
        return element

    def _lift_power(self, base: sp.Expr, exponent: sp.Expr) -> PolyElement:
        if exponent.is_Integer and exponent >= 0:
            return self._lift(base) ** int(exponent)
        twice = 2 * exponent
        if base == sp.pi and twice.is_Integer and twice < 0:
            return self._generator[INVERSE_ROOT_PI] ** int(-twice)
        if base.is_Rational and base > 0 and exponent.is_Integer:
            return self.ring(QQ.from_sympy(base**exponent))
        if base.is_Rational and base > 0 and twice.is_Integer:
            if (base, twice) not in self._roots:
                self._roots[base, twice] = self._lift_root(base, int(twice))
            return self._roots[base, twice]
        raise ValueError(f"not an exact polynomial: ({base})**({exponent})")

    def _lift_root(self, base: sp.Rational, odd: int) -> PolyElement:
        """base**(odd/2): √(n/d) = √(n d)/d, and √ is multiplicative over primes."""
        n, d = (base.p, base.q) if odd > 0 else (base.q, base.p)
        value = self.ring(QQ(1, d))
        for prime, power in sp.factorint(n * d).items():
            value *= QQ(prime) ** (power // 2)
            if power % 2:
                symbol = surd(prime)
                if symbol not in self._generator:
                    raise ValueError(f"√{prime} is not among the ring's generators")
                value *= self._generator[symbol]
        return value ** abs(odd)

    def reduce(self, element: PolyElement) -> PolyElement:
        """The unique representative in which every constrained generator occurs to degree 0 or 1."""
        for position, square in self._squares:
            if any(monomial[position] > 1 for monomial in element):
                element = self._reduce_one(element, position, square)
        return element

    def _reduce_one(self, element: PolyElement, position: int, square: PolyElement) -> PolyElement:
        by_power: dict[int, PolyElement] = {}
        for monomial, coefficient in element.items():
            half, rest = divmod(monomial[position], 2)
            key = (*monomial[:position], rest, *monomial[position + 1 :])
            group = by_power.setdefault(half, self.ring.zero)
            group[key] = group.get(key, QQ.zero) + coefficient
        result = self.ring.zero
        for half, group in sorted(by_power.items()):
            group.strip_zero()
            result += group * square**half
        return result

    def normal_form(self, expression: Any) -> PolyElement:
        """Lift and reduce: zero exactly when the expression vanishes identically."""
        element = expression if isinstance(expression, PolyElement) else self.lift(expression)
        return self.reduce(element)

    def table(self, constants: SimpleNamespace) -> LiftedTable:
        """A table of exact numbers as elements of the ring, once they are read: others may hold other roots."""
        return LiftedTable(self, constants)

    def to_sympy(self, element: PolyElement) -> sp.Expr:
        """The ring element as a SymPy expression, with surds and π written out again."""
        values = {surd(p): sp.sqrt(p) for p in self.primes} | {INVERSE_ROOT_PI: 1 / sp.sqrt(sp.pi)}
        return sp.expand(element.as_expr().subs(values))
