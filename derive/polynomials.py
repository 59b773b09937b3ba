"""Polynomials with integer coefficients in any number of symbols: all that loops over edges and channels do to numbers.

SymPy can do this and much else; these are sums of products and nothing else, always expanded, and so fast that every
loop can be executed on symbols for every element of its arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp


class Polynomial:
    """Σ coefficient x product of symbols.  Equal if and only if identical, as there is one way to write each.

    Attributes
    ----------
    terms
        From products, as sorted names, to coefficients, none of them zero.
    """

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: Mapping[tuple[str, ...], int]) -> None:
        self.terms = {product: c for product, c in terms.items() if c}
        self._hash = hash(frozenset(self.terms.items()))

    @property
    def sign(self) -> int:
        """Of the coefficient of the first product by name; 0 for zero.  Opposite for opposite polynomials."""
        first = min(self.terms, default=None)
        return 0 if first is None else 1 if self.terms[first] > 0 else -1

    def __add__(self, other: Any) -> Polynomial:
        number = _polynomial(other)
        if number is None:
            return NotImplemented
        terms = dict(self.terms)
        for product, c in number.terms.items():
            terms[product] = terms.get(product, 0) + c
        return Polynomial(terms)

    def __mul__(self, other: Any) -> Polynomial:
        number = _polynomial(other)
        if number is None:
            return NotImplemented
        terms: dict[tuple[str, ...], int] = {}
        for left, a in self.terms.items():
            for right, b in number.terms.items():
                product = tuple(sorted(left + right))
                terms[product] = terms.get(product, 0) + a * b
        return Polynomial(terms)

    def __neg__(self) -> Polynomial:
        return Polynomial({product: -c for product, c in self.terms.items()})

    def __sub__(self, other: Any) -> Polynomial:
        number = _polynomial(other)
        return NotImplemented if number is None else self + -number

    def __rsub__(self, other: Any) -> Polynomial:
        return -self + other

    __radd__, __rmul__ = __add__, __mul__

    def __eq__(self, other: object) -> bool:
        number = _polynomial(other)
        return number is not None and self.terms == number.terms

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        products = [
            "*".join([*([] if abs(c) == 1 and product else [str(abs(c))]), *product])
            for product, c in self.terms.items()
        ]
        signs = ["-" if c < 0 else "+" for c in self.terms.values()]
        text = " ".join(f"{sign} {product}" for sign, product in zip(signs, products, strict=True))
        return text.removeprefix("+ ").replace("- ", "-", 1 if text.startswith("-") else 0) or "0"


def _polynomial(value: Any) -> Polynomial | None:
    """Exact integers as polynomials; None for what is neither, floats and truth values among it."""
    if isinstance(value, Polynomial):
        return value
    if isinstance(value, (int, sp.Integer)) and not isinstance(value, bool):
        return Polynomial({(): int(value)})
    return None


ZERO = Polynomial({})


def symbol(name: str) -> Polynomial:
    """The polynomial that is one symbol."""
    return Polynomial({(name,): 1})


def root(value: Polynomial) -> Polynomial:
    """A symbol that stands for the square root; the root of zero is zero."""
    return symbol(f"√({value})") if value != 0 else ZERO
