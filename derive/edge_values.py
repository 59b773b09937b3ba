"""Values of the edge, computed outside the channel loop: polynomials of r̂, in two ways."""

from __future__ import annotations

import sympy as sp

from .constants import constant_name
from .program import Builder, monomial, split_constant


def hoisted(builder: Builder, value: sp.Expr) -> sp.Expr:
    """A constant times a monomial as one value, e.g. x_sqrt2 = √2 x; the sign stays outside."""
    constant, factors = split_constant(sp.sympify(value))
    if not factors:
        return constant
    sign = -1 if constant.is_negative else 1
    product = monomial(builder, factors)
    if abs(constant) == 1:
        return sign * product
    suffix = constant_name(abs(constant)).removeprefix("c")
    return sign * builder.let("_".join([*map(str, factors), suffix]), abs(constant) * product)


def hoisted_sum(builder: Builder, value: sp.Expr) -> sp.Expr:
    """A polynomial as the sum of its terms, each a value of its own: for few terms that others share."""
    parts = [hoisted(builder, t) for t in _terms(value)]
    return parts[0] if len(parts) == 1 else builder.let("e", sum(parts))


def polynomial(builder: Builder, value: sp.Expr, name: str) -> sp.Expr:
    """A polynomial as one value: its monomials shared, then one sum with numbers."""
    total = sp.S.Zero
    for term in _terms(value):
        constant, factors = split_constant(term)
        total += constant * monomial(builder, factors)
    return builder.let(name, total)


def _terms(value: sp.Expr) -> list[sp.Expr]:
    return sorted(sp.Add.make_args(sp.expand(value)), key=sp.default_sort_key)
