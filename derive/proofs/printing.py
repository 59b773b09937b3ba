"""How exact expressions look on the page."""

from __future__ import annotations

import sympy as sp
from sympy.printing.latex import LatexPrinter

from ..cartesian import IndexExpression
from ..symbols import DIRECTION

#: Words for components of degree 1 and 2, in their order.
COMPONENTS = {0: ("",), 1: ("x", "y", "z"), 2: ("xy", "yz", "3zz-rr", "xz", "xx-yy")}


class _Printer(LatexPrinter):
    """Monomials in the order a person writes them: positive ones first, x before y before z, high powers first."""

    def _print_Add(self, expr, order=None):
        gens = [s for s in (*DIRECTION, *sorted(expr.free_symbols - set(DIRECTION), key=str)) if s in expr.free_symbols]
        if not gens or not expr.is_polynomial(*gens):
            return super()._print_Add(expr, order)
        text = ""
        terms = sp.Poly(expr, *gens).terms()
        for powers, coefficient in sorted(terms, key=lambda t: t[1].could_extract_minus_sign()):
            monomial = sp.Mul(*(g**p for g, p in zip(gens, powers, strict=True)))
            negative = coefficient.could_extract_minus_sign()
            size = self._print((-coefficient if negative else coefficient) * monomial)
            text += (" - " if negative else " + " if text else "") + size
        return text.strip()


def latex(expression: sp.Expr) -> str:
    """A SymPy expression as LaTeX."""
    return _Printer({"fold_short_frac": False, "mul_symbol": None}).doprint(expression)


def constant_latex(value: sp.Expr) -> str:
    """A root of a rational, perhaps over √π or times √π, as one fraction or one root."""
    if not value.has(sp.pi):
        return sp.latex(sp.radsimp(value))
    sign = "-" if value.is_negative else ""
    over_root_pi = sp.Rational(sp.expand(value**2 * sp.pi)) if sp.expand(value**2 * sp.pi).is_Rational else None
    if over_root_pi is None:
        square = sp.Rational(sp.expand(value**2 / sp.pi))
        return rf"{sign}\sqrt{{\tfrac{{{square.p if square.p != 1 else ''}\pi}}{{{square.q}}}}}"
    numerator, denominator = sp.fraction(sp.radsimp(sp.sqrt(over_root_pi)))
    return rf"{sign}\frac{{{sp.latex(numerator)}}}{{{sp.latex(denominator) if denominator != 1 else ''}\sqrt{{\pi}}}}"


def factor_latex(value: sp.Expr) -> str:
    """A constant before what it multiplies: ±1 is a sign at most."""
    return {1: "", -1: "-"}.get(value, rf"{constant_latex(value)}\,")


def grouped(form: IndexExpression) -> str:
    """An index expression in parentheses, unless it is a single term."""
    return form.latex() if len(form.terms) == 1 else rf"\Bigl({form.latex()}\Bigr)"


def content_and_primitive(polynomial: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """A polynomial in (x, y, z) as positive number times a polynomial with coprime integer coefficients."""
    leading = abs(sp.Poly(polynomial, *DIRECTION).LC())
    ratio = sp.Poly(sp.expand(polynomial / leading), *DIRECTION)
    denominator = sp.ilcm(*(c.q for c in ratio.coeffs()), 1)
    return sp.radsimp(leading / denominator), sp.expand(ratio.as_expr() * denominator)


def factored(polynomial: sp.Expr) -> str:
    """A harmonic as constant times primitive polynomial, e.g. √15/(2√π) xy."""
    content, primitive = content_and_primitive(polynomial)
    if primitive == 1:
        return constant_latex(content)
    if not primitive.is_Add and primitive.could_extract_minus_sign():
        content, primitive = -content, -primitive
    return constant_latex(content) + (rf"\,({latex(primitive)})" if primitive.is_Add else rf"\,{latex(primitive)}")


def matrix(m: sp.Matrix) -> str:
    """A matrix in parentheses."""
    rows = r" \\ ".join(" & ".join(latex(e) for e in m.row(i)) for i in range(m.rows))
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"
