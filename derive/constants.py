"""Exact constants: their names, and their correctly rounded floats.

Every number in the emitted code is a positive rational or the square root of one.  Its name tells its value: c3 is 3,
c1_5 is 1/5, sqrt2_3 is √(2/3).  Rounding to a float is done in integers, at the very end.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

import sympy as sp


@cache
def constant_name(value: sp.Expr) -> str:
    """The field of ``k`` that holds a positive rational number or the square root of one.

    Raises ValueError for any other number.
    """
    kind, square = ("c", value) if value.is_Rational else ("sqrt", sp.simplify(value**2))
    if not (square.is_Rational and square > 0 and value > 0):
        raise ValueError(f"constants are positive rationals or their square roots, got {value}")
    return kind + (f"{square.p}" if square.q == 1 else f"{square.p}_{square.q}")


def constant_value(name: str) -> sp.Expr:
    """The exact number behind a field name; the inverse of :func:`constant_name`."""
    kind, digits = ("sqrt", name[4:]) if name.startswith("sqrt") else ("c", name[1:])
    numerator, _, denominator = digits.partition("_")
    value = sp.Rational(int(numerator), int(denominator or 1))
    return sp.sqrt(value) if kind == "sqrt" else value


def hex_literal(value: sp.Expr, mantissa: int) -> str:
    """The correctly rounded binary float of an exact positive number, as a hexadecimal literal.

    ``mantissa`` is 24 for float32, 53 for float64.  The rounding is done in integers; ties, which occur for dyadic
    rationals alone, go to the even neighbour.
    """
    square = sp.Rational(value**2)
    exponent = _binary_exponent(square)
    scaled = square / sp.Integer(4) ** (exponent - mantissa + 1)  # value² in units of (last place)²
    digits = _rounded_root(Fraction(scaled.p, scaled.q))
    if digits == 2**mantissa:
        digits, exponent = digits // 2, exponent + 1
    width = -(-(mantissa - 1) // 4)
    fraction = (digits - 2 ** (mantissa - 1)) << (4 * width - mantissa + 1)
    return f"0x1.{fraction:0{width}x}p{exponent:+d}"


def _binary_exponent(square: sp.Rational) -> int:
    """e with 2^e <= √square < 2^(e+1)."""
    e = 0
    while square >= sp.Integer(4) ** (e + 1):
        e += 1
    while square < sp.Integer(4) ** e:
        e -= 1
    return e


def _rounded_root(square: Fraction) -> int:
    """The integer nearest to √square: floor(√square + 1/2), and the even one of two that are as near."""
    doubled = math.isqrt(int(4 * square))  # floor(2 √square)
    nearest = (doubled + 1) // 2
    tie = doubled % 2 == 1 and doubled**2 == 4 * square
    return nearest - nearest % 2 if tie else nearest
