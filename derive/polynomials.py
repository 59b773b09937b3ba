"""Polynomials with integer coefficients in any number of symbols: all that loops over edges and channels do to numbers.

SymPy can do this and much else; these are sums of products and nothing else, always expanded, and so fast that every
loop can be executed on symbols for every element of its arrays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sympy as sp

#: A product of symbols as its sorted names.
Product = tuple[str, ...]
#: A word, or the sign of a root, and arguments in brackets: outside them nothing that sums are written with.
NAME = re.compile(r"(?:[^\W\d]\w*(?:\((.*)\))?|√\((.+)\))", re.DOTALL)


class Polynomial:
    """Σ coefficient x product of symbols.  Equal if and only if identical, as there is one way to write each.

    Attributes
    ----------
    terms
        From products, as sorted names, to coefficients, none of them zero.
    """

    __slots__ = ("_hash", "terms")

    terms: dict[Product, int]
    _hash: int | None

    def __init__(self, terms: Mapping[Product, int]) -> None:
        for product, coefficient in terms.items():
            _check(product, coefficient)
        self.terms = {product: c for product, c in terms.items() if c}
        self._hash = None

    @property
    def sign(self) -> int:
        """Of the coefficient of the first product by name; 0 for zero.  Opposite for opposite polynomials."""
        first = min(self.terms, default=None)
        return 0 if first is None else 1 if self.terms[first] > 0 else -1

    def __add__(self, other: Any) -> Polynomial:
        number = _polynomial(other)
        if number is None:
            return NotImplemented
        few, many = sorted((self.terms, number.terms), key=len)
        terms = dict(many)
        for product, c in few.items():
            if total := terms.get(product, 0) + c:
                terms[product] = total
            else:
                del terms[product]
        return _computed(terms)

    def __mul__(self, other: Any) -> Polynomial:
        number = _polynomial(other)
        if number is None:
            return NotImplemented
        terms: dict[Product, int] = {}
        for left, a in self.terms.items():
            for right, b in number.terms.items():
                product = tuple(sorted(left + right)) if left and right else left or right
                terms[product] = terms.get(product, 0) + a * b
        return _computed({product: c for product, c in terms.items() if c})

    def __neg__(self) -> Polynomial:
        return _computed({product: -c for product, c in self.terms.items()})

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
        if self._hash is None:
            constant = not self.terms or self.terms.keys() == {()}  # which equals an int, and so hashes like it
            self._hash = hash(self.terms.get((), 0) if constant else frozenset(self.terms.items()))
        return self._hash

    def __bool__(self) -> bool:
        raise TypeError(f"whether {self} is zero depends on its symbols")

    def __repr__(self) -> str:
        """Sorted by products: equal ones are written alike; names being what they are, different ones are not."""
        text = "".join(_term(product, c) for product, c in sorted(self.terms.items()))
        return text.removeprefix(" + ").replace(" - ", "-", 1 if text.startswith(" - ") else 0) or "0"


def _term(product: Product, coefficient: int) -> str:
    number = [] if abs(coefficient) == 1 and product else [str(abs(coefficient))]
    return (" - " if coefficient < 0 else " + ") + "*".join([*number, *product])


def _computed(terms: dict[Product, int]) -> Polynomial:
    """What arithmetic makes of polynomials, no coefficient zero: checking it again would take most of the time."""
    made = Polynomial.__new__(Polynomial)
    made.terms = terms
    made._hash = None
    return made


def _check(product: Any, coefficient: Any) -> None:
    """TypeError or ValueError unless this is a term in the one way to write it."""
    if isinstance(coefficient, bool) or not isinstance(coefficient, int):
        raise TypeError(f"{coefficient!r} is not an integer")
    if not isinstance(product, tuple) or not all(isinstance(name, str) for name in product):
        raise TypeError(f"{product!r} is not a tuple of names")
    for name in product:
        _check_name(name)
    if list(product) != sorted(product):
        raise ValueError(f"the names {product!r} are not sorted")


@lru_cache(maxsize=1 << 14)
def _check_name(name: str) -> None:
    """ValueError unless no two products or sums of such names can be written alike."""
    found = NAME.fullmatch(name)
    if not found or not all(_is_balanced(inner) for inner in found.groups() if inner):
        raise ValueError(f"{name!r} is not a name, or a name and arguments in brackets")


def _is_balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0


def _polynomial(value: Any) -> Polynomial | None:
    """Exact integers as polynomials; None for what is neither, floats and truth values among it."""
    if isinstance(value, Polynomial):
        return value
    if isinstance(value, (int, sp.Integer)) and not isinstance(value, bool):
        return _computed({(): int(value)} if value else {})
    return None


ZERO = Polynomial({})


def symbol(name: str) -> Polynomial:
    """The polynomial that is one symbol; ValueError unless its name can be told from sums and products of others."""
    return Polynomial({(name,): 1})


def value_of(name: str, *groups: tuple[Any, ...]) -> Polynomial:
    """A symbol that stands for a function's value at groups of arguments; TypeError unless these are polynomials.

    Commas and semicolons stand in names inside brackets alone, so that different arguments make different names.
    """
    numbers = tuple(tuple(map(_polynomial, group)) for group in groups)
    if any(number is None for group in numbers for number in group):
        raise TypeError(f"{name} of {groups}, which are not all polynomials")
    return _value(name, numbers)


@lru_cache(maxsize=1 << 15)  # only now, as 1.0 and True are equal to 1
def _value(name: str, groups: tuple[tuple[Polynomial, ...], ...]) -> Polynomial:
    return symbol(f"{name}({'; '.join(', '.join(map(str, group)) for group in groups)})")


def root(value: Polynomial) -> Polynomial:
    """A symbol that stands for the square root; the root of zero is zero."""
    return symbol(f"√({value})") if value != 0 else ZERO
