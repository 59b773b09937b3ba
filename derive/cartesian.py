"""Cartesian tensors in index notation: written once, printed as LaTeX and evaluated exactly.

An :class:`IndexExpression` is a sum of terms, each a rational coefficient times named tensors with index labels, e.g.
½ ε_acd r̂_b r̂_d.  A label that occurs twice in a term is summed over 1..3; the labels that occur once are free.

The same object serves the readable proofs (it prints itself), the exact ones (its components are polynomials) and
the lowering (its structure says which contractions are cheap).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product
from typing import Any

import sympy as sp

from .harmonics import components_from_orders, orders, solid_polynomial
from .symbols import DIRECTION

#: How a tensor's name is typeset and written in plain text; R and f are a rotation and a feature.
LATEX_NAMES = {"delta": r"\delta", "epsilon": r"\varepsilon", "r": r"\hat r", "r'": r"\hat r'", "R": "R", "f": "f"}
TEXT_NAMES = {"delta": "δ", "epsilon": "ε", "r": "r̂", "R": "R", "f": "f"}


@dataclass(frozen=True, order=True)
class Factor:
    """One tensor with its index labels, such as δ_ab."""

    name: str
    indices: tuple[str, ...]

    def renamed(self, labels: Mapping[str, str]) -> Factor:
        return Factor(self.name, tuple(labels.get(i, i) for i in self.indices))

    def latex(self) -> str:
        return f"{LATEX_NAMES[self.name]}_{{{' '.join(map(_label_latex, self.indices))}}}"


def _label_latex(label: str) -> str:
    """a1 prints as a', c2 as c''."""
    return label[0] + "'" * int(label[1:] or 0)


@dataclass(frozen=True)
class Term:
    """coefficient x product of tensors."""

    coefficient: sp.Rational
    factors: tuple[Factor, ...]

    @property
    def labels(self) -> Counter[str]:
        return Counter(i for factor in self.factors for i in factor.indices)

    @property
    def free(self) -> frozenset[str]:
        return frozenset(i for i, n in self.labels.items() if n == 1)

    def degree(self, name: str = "r") -> int:
        return sum(factor.name == name for factor in self.factors)

    def renamed(self, labels: Mapping[str, str]) -> Term:
        return Term(self.coefficient, tuple(f.renamed(labels) for f in self.factors))

    def latex(self) -> str:
        return " ".join(f.latex() for f in self.factors)


@dataclass(frozen=True)
class IndexExpression:
    """A sum of terms with the same free labels."""

    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        for term in self.terms:
            if any(n > 2 for n in term.labels.values()):
                raise ValueError(f"an index occurs more than twice in {term.latex()}")
            if term.free != self.terms[0].free:
                raise ValueError(f"free indices differ between terms of {self.latex()}")

    @property
    def free(self) -> frozenset[str]:
        return self.terms[0].free

    @property
    def degree(self) -> int:
        """The degree in r̂ of the leading terms."""
        return max(term.degree() for term in self.terms)

    def __add__(self, other: IndexExpression) -> IndexExpression:
        return IndexExpression(self.terms + other.terms)

    def __sub__(self, other: IndexExpression) -> IndexExpression:
        return self + (-1) * other

    def __mul__(self, other: IndexExpression) -> IndexExpression:
        return IndexExpression(
            tuple(Term(s.coefficient * t.coefficient, s.factors + t.factors) for s in self.terms for t in other.terms)
        )

    def __rmul__(self, number: int | sp.Rational) -> IndexExpression:
        return self.map(lambda t: Term(sp.Rational(number) * t.coefficient, t.factors))

    def map(self, change: Callable[[Term], Term]) -> IndexExpression:
        """The expression with every term changed."""
        return IndexExpression(tuple(change(t) for t in self.terms))

    def renamed(self, labels: Mapping[str, str]) -> IndexExpression:
        """The expression with index labels renamed."""
        return self.map(lambda t: t.renamed(labels))

    def latex(self) -> str:
        """In index notation, common rational factors taken out of no term."""
        text = ""
        for position, term in enumerate(self.terms):
            c = term.coefficient
            sign = "-" if c < 0 else ("+" if position else "")
            size = "" if abs(c) == 1 and term.factors else _rational_latex(abs(c))
            text += f" {sign} {size} {term.latex()}"
        return " ".join(text.split())

    def text(self) -> str:
        """In index notation, as plain Unicode text for docstrings."""
        text = ""
        for position, term in enumerate(self.terms):
            c = term.coefficient
            sign = "-" if c < 0 else ("+" if position else "")
            size = "" if abs(c) == 1 else (f"{abs(c)}" if c.is_Integer else f"({abs(c)})")
            factors = " ".join(f"{TEXT_NAMES[f.name]}_{''.join(f.indices)}" for f in term.factors)
            text += f" {sign} {size} {factors}"
        return " ".join(text.split())

    def components(
        self, order: str, tensors: Mapping[str, Any], homogeneous: bool = False
    ) -> dict[tuple[int, ...], Any]:
        """All components, by the free labels in the given order.

        Parameters
        ----------
        order
            The free labels, e.g. ``"abc"``.
        tensors
            Values of the named tensors as nested sequences (r: three entries; R: 3 x 3), of any ring.
        homogeneous
            Multiply lower-degree terms by powers of |r|², so that every component has the same degree in r.
        """
        if sorted(order) != sorted(self.free):
            raise ValueError(f"free indices are {sorted(self.free)}, not {order}")
        return {
            at: self._component(dict(zip(order, at, strict=True)), tensors, homogeneous)
            for at in product(range(3), repeat=len(order))
        }

    def _component(self, fixed: Mapping[str, int], tensors: Mapping[str, Any], homogeneous: bool) -> Any:
        total: Any = 0
        for term in self.terms:
            value = sum((v for v in _summed(term, fixed, tensors)), 0)
            if homogeneous and (missing := self.degree - term.degree()):
                value = value * sum(u * u for u in tensors["r"]) ** (missing // 2)
            total = total + value * _exact(term.coefficient)
        return total


def _exact(number: sp.Rational) -> Any:
    """An integer as a plain int, so that it multiplies elements of any ring; other rationals as they are."""
    return int(number) if number.is_Integer else sp.Rational(number)


def _rational_latex(c: sp.Rational) -> str:
    return sp.latex(c) if c.is_Integer else rf"\tfrac{{{c.p}}}{{{c.q}}}"


def _summed(term: Term, fixed: Mapping[str, int], tensors: Mapping[str, Any]) -> Iterator[Any]:
    """The products of components over all values of the summed labels; δ and ε prune at once."""
    dummies = sorted(i for i, n in term.labels.items() if n == 2)
    for values in product(range(3), repeat=len(dummies)):
        at = {**fixed, **dict(zip(dummies, values, strict=True))}
        value: Any = 1
        for factor in sorted(term.factors, key=lambda f: f.name not in ("delta", "epsilon")):
            value = value * _entry(factor, [at[i] for i in factor.indices], tensors)
            if isinstance(value, int) and value == 0:
                break
        else:
            yield value


def _entry(factor: Factor, at: list[int], tensors: Mapping[str, Any]) -> Any:
    if factor.name == "delta":
        return int(at[0] == at[1])
    if factor.name == "epsilon":
        return int(sp.LeviCivita(*at))
    value = tensors[factor.name]
    for i in at:
        value = value[i]
    return value


def tensor(name: str, indices: str) -> IndexExpression:
    """A single tensor, e.g. tensor("delta", "ab")."""
    return IndexExpression((Term(sp.Integer(1), (Factor(name, tuple(indices)),)),))


def delta(indices: str) -> IndexExpression:
    """δ_ab."""
    return tensor("delta", indices)


def epsilon(indices: str) -> IndexExpression:
    """ε_abc, with ε_xyz = +1."""
    return tensor("epsilon", indices)


def r(index: str) -> IndexExpression:
    """r̂_a."""
    return tensor("r", index)


def symmetric_traceless(x: IndexExpression, a: str = "a", b: str = "b") -> IndexExpression:
    """ST(X_ab) = ½ (X_ab + X_ba) - ⅓ δ_ab X_dd, on two of the free labels (slides, table)."""
    swapped = x.renamed({a: b, b: a})
    half, third = sp.Rational(1, 2), sp.Rational(1, 3)
    traced = x.map(lambda t: _traced(t, a, b))
    return half * x + half * swapped - third * (delta(a + b) * traced)


def _traced(term: Term, a: str, b: str) -> Term:
    """Set b = a and sum, with a label of its own."""
    unused = next(s for s in "defgh" if s not in term.labels)
    return term.renamed({a: unused, b: unused})


@cache
def component_basis(l: int) -> tuple[sp.ImmutableDenseNDimArray, ...]:
    """E^m, m over components: an orthonormal basis (Frobenius) of the symmetric traceless tensors of rank l.

    E^m is the tensor with E^m_{a1..al} r_a1 .. r_al proportional to r^l Y_lm(r̂) with a positive factor, so t_m = E^m·T
    transforms as Y_lm does, and |t| = |T|.  l = 0: 1.  l = 1: e_x, e_y, e_z.  l = 2: the five matrices xy, yz,
    3zz-rr, xz, xx-yy.
    """
    tensors = [_tensor_of_polynomial(solid_polynomial(l, m), l) for m in orders(l)]
    scaled = [t / sp.sqrt(sum(v**2 for v in sp.flatten(t))) if l else t for t in tensors]
    p = components_from_orders(l)
    return tuple(scaled[next(m for m in range(2 * l + 1) if p[i, m])] for i in range(2 * l + 1))


def _tensor_of_polynomial(polynomial: sp.Expr, l: int) -> sp.ImmutableDenseNDimArray:
    """The symmetric tensor of a homogeneous polynomial: every monomial shared equally among its index orders."""
    entries = {at: sp.Integer(0) for at in product(range(3), repeat=l)}
    for powers, coefficient in sp.Poly(polynomial, *DIRECTION).terms():
        letters = [axis for axis, n in enumerate(powers) for _ in range(n)]
        places = set(permutations(letters))
        for at in places:
            entries[at] += coefficient / len(places)
    return sp.ImmutableDenseNDimArray(list(entries.values()), (3,) * l)
