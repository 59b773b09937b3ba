"""D^J with its roots taken out: identities of D as identities between polynomials with integer coefficients.

Each harmonic is a constant c_m times a polynomial P_m over Z, so D_mn c_n/c_m takes the P_n to the P_m and has rational
coefficients; f_mn is that times their common denominator.  Nothing here knows how D was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy as sp
from sympy.polys.domains import QQ, ZZ
from sympy.polys.rings import PolyElement, PolyRing

from ..haar import quaternion_product
from ..harmonics import orders, real_harmonic, sphere_integral
from ..symbols import DIRECTION, QUATERNION
from .quaternion_ring import (
    OTHER,
    RING,
    Substitution,
    at_quaternion,
    conjugated,
    flipped,
    lifted,
    square,
)

#: Two sides of an identity, entry by entry.
Sides = tuple[list[PolyElement], list[PolyElement]]
_RATIONAL = PolyRing(QUATERNION, QQ, sp.polys.orderings.lex)
_INTEGRAL = PolyRing(QUATERNION, ZZ, sp.polys.orderings.lex)


@dataclass(frozen=True)
class ScaledWigner:
    """D_mn(q) = f_mn(q)/denominator · c_m/c_n.

    Attributes
    ----------
    entries
        The f_mn, m and n = -l..l.
    weights
        Integers in the ratios of the c_m².
    contents, primitives
        c_m and P_m, with r^l Y_lm = c_m P_m(r).
    """

    l: int
    entries: list[list[PolyElement]]
    denominator: int
    weights: list[int]
    contents: list[sp.Expr]
    primitives: list[PolyElement]

    @property
    def places(self) -> list[tuple[int, int]]:
        n = range(2 * self.l + 1)
        return [(i, j) for i in n for j in n]

    def turned_harmonics(self, rotation: sp.Matrix) -> Sides:
        """Y(R r) and D Y(r), row by row, over c_m and times the denominator."""
        image = lifted(list(rotation * sp.Matrix(DIRECTION)))
        turn = Substitution(dict(zip(DIRECTION, image, strict=True)))
        left = [self.denominator * turn(p) for p in self.primitives]
        right = [sum((f * p for f, p in zip(row, self.primitives, strict=True)), RING.zero) for row in self.entries]
        return left, right

    def degrees(self) -> Sides:
        """Σ q_k ∂D/∂q_k and 2l D (Euler)."""
        symbols = lifted(QUATERNION)
        euler = [sum((s * e.diff(s) for s in symbols), RING.zero) for row in self.entries for e in row]
        return euler, [2 * self.l * e for row in self.entries for e in row]

    def at_one(self) -> Sides:
        """D(1) and the unit matrix."""
        one = at_quaternion([RING.one, RING.zero, RING.zero, RING.zero])
        return [one(e) for row in self.entries for e in row], [
            RING(self.denominator if i == j else 0) for i, j in self.places
        ]

    def at_number(self) -> Sides:
        """D(s) and s^(2l) 1 for a number s, of which q0 has the name."""
        number = lifted(QUATERNION)[0]
        there = at_quaternion([number, RING.zero, RING.zero, RING.zero])
        unit = self.denominator * number ** (2 * self.l)
        left = [there(e) for row in self.entries for e in row]
        return left, [unit if i == j else RING.zero for i, j in self.places]

    def reversed(self) -> Sides:
        """D(-q) and D(q)."""
        return [flipped(e, QUATERNION) for row in self.entries for e in row], [e for row in self.entries for e in row]

    def transposed(self) -> Sides:
        """D(q)ᵀ and D(q̄)."""
        left = [self.weights[j] * self.entries[j][i] for i, j in self.places]
        return left, [self.weights[i] * conjugated(self.entries[i][j]) for i, j in self.places]

    def gram(self) -> Sides:
        """D(q)ᵀ D(q) and |q|^(4l) 1, on and above the diagonal, as both are symmetric."""
        columns = list(zip(*([e.set_ring(_INTEGRAL) for e in row] for row in self.entries), strict=True))
        weighted = [[w * e for w, e in zip(self.weights, column, strict=True)] for column in columns]
        unit = self.denominator**2 * square().set_ring(_INTEGRAL) ** (2 * self.l)
        left, right = [], []
        for i, j in self.places:
            if i <= j:
                left.append(sum((a * b for a, b in zip(weighted[i], columns[j], strict=True)), _INTEGRAL.zero))
                right.append(self.weights[i] * unit if i == j else _INTEGRAL.zero)
        return left, right

    def composed(self) -> Sides:
        """D(q) D(p) and D(qp)."""
        q, p = lifted(QUATERNION), lifted(OTHER)
        at_p, at_qp = at_quaternion(p), at_quaternion(quaternion_product(q, p))
        other = [[at_p(e) for e in row] for row in self.entries]
        left = [
            sum((a * row[j] for a, row in zip(self.entries[i], other, strict=True)), RING.zero) for i, j in self.places
        ]
        return left, [self.denominator * at_qp(self.entries[i][j]) for i, j in self.places]

    def slopes(self, axis: int) -> Sides:
        """Y near q = 1: the derivative of D by q_k at q = 1, times Y(r), and 2 (e_k × r)·∇ Y, k = 1, 2, 3 for the axes."""
        one = at_quaternion([RING.one, RING.zero, RING.zero, RING.zero])
        symbol, r = lifted(QUATERNION)[axis + 1], lifted(DIRECTION)
        a, b = r[(axis + 1) % 3], r[(axis + 2) % 3]
        slope = [[one(e.diff(symbol)) for e in row] for row in self.entries]
        left = [sum((f * p for f, p in zip(row, self.primitives, strict=True)), RING.zero) for row in slope]
        return left, [2 * self.denominator * (a * p.diff(b) - b * p.diff(a)) for p in self.primitives]

    def overlaps(self) -> tuple[list[sp.Expr], list[int]]:
        """∫ Y_lm Y_ln dΩ for m <= n, and δ_mn."""
        upper = [(i, j) for i, j in self.places if i <= j]
        integrals = [sphere_mean(self.primitives[i] * self.primitives[j]) for i, j in upper]
        scale = [4 * sp.pi * self.contents[i] * self.contents[j] for i, j in upper]
        return [sp.expand(c * v) for c, v in zip(scale, integrals, strict=True)], [int(i == j) for i, j in upper]


def sphere_mean(polynomial: PolyElement) -> sp.Rational:
    """Over |r| = 1, monomial by monomial (T1)."""
    return sum((int(c) * _monomial_mean(powers[:3]) for powers, c in polynomial.terms()), sp.S.Zero)


@cache
def _monomial_mean(powers: tuple[int, int, int]) -> sp.Rational:
    monomial = sp.Mul(*(s**n for s, n in zip(DIRECTION, powers, strict=True)))
    return sp.Rational(sphere_integral(monomial) / (4 * sp.pi))


@cache
def primitive_harmonic(l: int, m: int) -> tuple[sp.Expr, sp.Expr]:
    """r^l Y_lm as a positive root of a rational, over √π, times a polynomial with coprime integer coefficients.

    Raises ValueError where it has no such form.
    """
    polynomial = sp.Poly(real_harmonic(l, m), *DIRECTION)
    leading = abs(polynomial.LC())
    ratios = [sp.expand(c / leading) for c in polynomial.coeffs()]
    if not all(c.is_Rational for c in ratios):
        raise ValueError(f"Y_{l},{m} is not a constant times a polynomial over Q")
    size = sp.ilcm(1, 1, *(c.q for c in ratios))
    primitive = [
        size * c * sp.Mul(*(s**n for s, n in zip(DIRECTION, powers, strict=True)))
        for c, powers in zip(ratios, polynomial.monoms(), strict=True)
    ]
    return sp.sqrt(sp.expand(leading**2 * sp.pi / size**2)) / sp.sqrt(sp.pi), sp.Add(*primitive)


def scaled_wigner(l: int, matrix: sp.Matrix) -> ScaledWigner:
    """Read the matrix D^l(q); raises ValueError where roots remain, or an entry is not a polynomial in q."""
    parts = [primitive_harmonic(l, m) for m in orders(l)]
    contents = [content for content, _ in parts]
    rows = [
        [_rational(matrix[i, j], _ratio(c_j, c_i)) for j, c_j in enumerate(contents)] for i, c_i in enumerate(contents)
    ]
    denominator = int(sp.ilcm(1, 1, *(c.denominator for row in rows for e in row for c in e.coeffs())))
    squares = [sp.Rational(sp.expand(c**2 * sp.pi)) for c in contents]
    common = sp.ilcm(1, 1, *(s.q for s in squares))
    return ScaledWigner(
        l,
        [[_integral(e, denominator) for e in row] for row in rows],
        denominator,
        [int(common * s) for s in squares],
        contents,
        lifted([primitive for _, primitive in parts]),
    )


def _ratio(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """a/b for positive a and b, each a root of a rational over √π, as one root."""
    return sp.sqrt(sp.expand(a**2 / b**2))


def _rational(entry: sp.Expr, factor: sp.Expr) -> PolyElement:
    """factor x entry, in which no root may be left."""
    terms: dict[tuple[int, ...], sp.Rational] = {}
    product = cache(lambda number: number * factor)  # an entry has one root, seldom two
    for term in sp.Add.make_args(entry):
        coefficient, rest = term.as_coeff_Mul()
        powers = rest.as_powers_dict()
        monomial = tuple(powers.pop(s, 0) for s in QUATERNION)
        number = coefficient * product(sp.Mul(*(base**n for base, n in powers.items())))
        if not (number.is_Rational and all(n == int(n) >= 0 for n in monomial)):
            raise ValueError(f"{term} times {factor} is not a monomial in {', '.join(map(str, QUATERNION))} over Q")
        key = tuple(map(int, monomial))
        terms[key] = terms.get(key, sp.S.Zero) + number
    return _RATIONAL.from_dict({key: QQ.from_sympy(c) for key, c in terms.items() if c})


def _integral(element: PolyElement, denominator: int) -> PolyElement:
    before, after = (0,) * len(DIRECTION), (0,) * len(OTHER)
    return RING.from_dict({(*before, *powers, *after): int(c * denominator) for powers, c in element.terms()})
