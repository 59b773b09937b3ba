"""derive/polynomials.py held against SymPy: the same ring, one way to write each, nothing but integers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from pocket_tfn.derive.polynomials import ZERO, Polynomial, root, symbol, value_of

NAMES = ("a", "b", "b_1", "B", "a1")
SYMBOLS = sp.symbols(NAMES)

#: What could be read as a sum, a product, a number or two arguments, or has brackets that do not match.
NO_NAMES = (
    "a + b; a*b; a - b; -a; 2; 2a; a b; a,b; a, b; f(a; f(a)); f)(; f(a)*g(b); f(a) + g(b); f(a)(b); (a); √; √(); √a; "
    "√(a)b; f(a)b"
)

products = st.lists(st.sampled_from(NAMES), max_size=3).map(lambda names: tuple(sorted(names)))
polynomials = st.dictionaries(products, st.integers(-3, 3), max_size=4).map(Polynomial)
#: Few enough that equal ones are drawn.
few = st.dictionaries(st.sampled_from([(), ("a",), ("a", "a")]), st.integers(-1, 1)).map(Polynomial)


def as_sympy(value: Polynomial) -> sp.Poly:
    """The same in SymPy."""
    known = dict(zip(NAMES, SYMBOLS, strict=True))
    terms = (c * sp.prod([known[name] for name in product]) for product, c in value.terms.items())
    return sp.Poly(sum(terms, sp.S.Zero), *SYMBOLS)


@given(polynomials, polynomials)
def test_arithmetic(p: Polynomial, q: Polynomial) -> None:
    """Sums, differences, products and opposites are SymPy's."""
    left, right = as_sympy(p), as_sympy(q)
    assert as_sympy(p + q) == left + right
    assert as_sympy(p - q) == left - right
    assert as_sympy(p * q) == left * right
    assert as_sympy(-p) == -left


@given(polynomials, polynomials, polynomials)
def test_ring(p: Polynomial, q: Polynomial, r: Polynomial) -> None:
    """The laws of a commutative ring."""
    assert p + q == q + p and p * q == q * p
    assert (p + q) + r == p + (q + r) and (p * q) * r == p * (q * r)
    assert p * (q + r) == p * q + p * r
    assert p + 0 == p == 1 * p and p - p == 0 == 0 * p and 2 - p == -(p - 2)


@given(few, few)
def test_equality(p: Polynomial, q: Polynomial) -> None:
    """Equal if and only if SymPy says so; then hashes and names are equal, and else names are not."""
    equal = as_sympy(p) == as_sympy(q)
    assert (p == q) is equal
    assert (repr(p) == repr(q)) is equal
    assert (root(p) == root(q)) is equal
    assert hash(p) == hash(q) or not equal


@given(polynomials)
def test_text(p: Polynomial) -> None:
    """What is printed is read by SymPy as the same, in whatever order the terms came."""
    assert sp.Poly(sp.sympify(repr(p), locals=dict(zip(NAMES, SYMBOLS, strict=True))), *SYMBOLS) == as_sympy(p)
    assert repr(Polynomial(dict(reversed(p.terms.items())))) == repr(p)


@given(polynomials)
def test_sign(p: Polynomial) -> None:
    """Of opposite polynomials opposite; zero for zero alone."""
    assert p.sign in (-1, 0, 1)
    assert (-p).sign == -p.sign
    assert (p.sign == 0) is (p == 0)


@given(st.integers())
def test_constants(n: int) -> None:
    """A constant is the integer: equal, and found in its place in a dictionary."""
    constant = Polynomial({(): n})
    assert constant == n == constant and constant == sp.Integer(n)
    assert hash(constant) == hash(n)
    assert {n: "found"}[constant] == "found" == {constant: "found"}[n]  # type: ignore[index]
    assert repr(constant) == str(n)


def test_order_of_terms() -> None:
    """a + b and b + a are one polynomial, with one root and one value of a function."""
    a, b = symbol("a"), symbol("b")
    assert repr(a + b) == repr(b + a) == "a + b"
    assert root(a + b) == root(b + a)
    assert value_of("K", (a + b,)) == value_of("K", (b + a,))
    assert repr(b - 2 * a * a) == "-2*a*a + b"
    assert root(a - a) == 0 == root(ZERO)


@pytest.mark.parametrize(
    "other", [1.0, float("nan"), True, np.float64(1), np.bool_(True), sp.Rational(1, 2), Fraction(1, 2), "a", None, 1j]
)
def test_refused_numbers(other: object) -> None:
    """Neither floats nor truth values nor fractions: no operator takes them, and nothing equals them."""
    p = symbol("a")
    for compute in (
        lambda: p + other,  # type: ignore[operator]
        lambda: p - other,  # type: ignore[operator]
        lambda: p * other,  # type: ignore[operator]
        lambda: other + p,  # type: ignore[operator]
        lambda: other - p,  # type: ignore[operator]
        lambda: other * p,  # type: ignore[operator]
    ):
        with pytest.raises(TypeError):
            compute()
    assert Polynomial({(): 1}) != other
    with pytest.raises(TypeError):
        Polynomial({("a",): other})  # type: ignore[dict-item]
    value_of("K", (1,))  # what is cached for 1 is not found for what equals 1
    with pytest.raises(TypeError, match="polynomials"):
        value_of("K", (other,))


def test_refused_terms() -> None:
    """There is one way to write a product."""
    for product in ("ab", ["a"], (1,), None):
        with pytest.raises(TypeError):
            Polynomial({product if not isinstance(product, list) else (tuple(product),): 1})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="sorted"):
        Polynomial({("b", "a"): 1})


@pytest.mark.parametrize("name", ["", "a\n", *NO_NAMES.split("; ")])
def test_refused_names(name: str) -> None:
    """Names must not be mistaken for anything else."""
    with pytest.raises(ValueError, match="not a name"):
        symbol(name)


@pytest.mark.parametrize("name", ["a", "_unit_0", "f(a, b)", "√(a*a + b)", "f(-g(a; b), 2*√(c); d)", "f()", "B0t_self"])
def test_names(name: str) -> None:
    """What stands in brackets belongs to the name."""
    assert repr(2 * symbol(name)) == f"2*{name}"


def test_arguments() -> None:
    """Groups of arguments are told apart, and so is one argument from two."""
    a, b, c = map(symbol, "abc")
    values = [
        value_of("K", (a, b), (c,)),
        value_of("K", (a,), (b, c)),
        value_of("K", (a, b, c)),
        value_of("K", (a + b, c)),
        value_of("K", (a * b, c)),
        value_of("K", (value_of("K", (a, b)), c)),
        value_of("K", (a, b), (-c,)),
        value_of("K1", (a, b), (c,)),
    ]
    assert len(set(map(repr, values))) == len(set(values)) == len(values)


@pytest.mark.parametrize("value", [symbol("a"), ZERO, Polynomial({(): 1})])
def test_truth(value: Polynomial) -> None:
    """A branch on a symbol would decide what it is."""
    with pytest.raises(TypeError, match="depends"):
        bool(value)
