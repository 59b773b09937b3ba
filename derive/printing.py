"""Exact expressions as Python source, in one dtype throughout.

A bare literal would promote float32 to float64, so every number other than ±1 is read from ``k``, a table of typed
constants whose fields are named after the exact value (see :mod:`constants`).
"""

from __future__ import annotations

import sympy as sp

from .constants import constant_name
from .program import split_constant


def source(e: sp.Expr) -> str:
    """An expression as Python source over the typed constants ``k``."""
    terms = [split_constant(t) for t in sorted(sp.Add.make_args(sp.sympify(e)), key=sp.default_sort_key)]
    terms.sort(key=lambda t: t[0].is_negative)  # a leading minus costs an operation
    text = ""
    for position, (constant, factors) in enumerate(terms):
        minus = bool(constant.is_negative)
        joint = ("-" if minus else "") if position == 0 else (" - " if minus else " + ")
        text += joint + _product(abs(constant), factors)
    return text


def _product(constant: sp.Expr, factors: list[sp.Expr]) -> str:
    if constant == 0:
        return "k.zero"
    names = [f"({source(f)})" if f.is_Add else str(f) for f in factors]
    if constant != 1:
        names.insert(0, f"k.{constant_name(constant)}")
    return " * ".join(names) if names else "k.one"
