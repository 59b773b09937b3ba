"""The forward Laplacian: value, gradient and Laplacian of a convolution in one pass (Li et al., arXiv 2307.08214).

With A(r) the solid form of a path, homogeneous of degree J, theorem T12 gives

    ∂_a [φ A(r̂)] = χ r̂_a A(r̂) + s φ ∂_a A(r̂),   χ = φ' - J s φ,   s = 1/r,

and for solid harmonics the same with χ = g', s = 1 and A(r) for A(r̂).  The Laplacian is that of the radial function, so
`apply` computes it; what is new is the gradient, and its contraction with the gradients of the features.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import sympy as sp

from .catalogue import Pair
from .derivatives import jvp, named
from .directions import INVERSE
from .lowering import lower_apply
from .program import Builder, Program, specialise
from .symbols import DIRECTION, features, radial_symbols

#: The unit vector, beside the direction, which is r itself for solid harmonics.
UNIT = sp.symbols("e0:3", real=True)
#: INVERSE multiplies the derivative of the form: 1/|r|, or 1 for solid harmonics.
EDGE = (*DIRECTION, *UNIT, INVERSE)


def slope_symbols(pair: Pair) -> tuple[sp.Symbol, ...]:
    """χ of each path."""
    return named("slope_", radial_symbols(pair))


def gradient_symbols(pair: Pair) -> tuple[tuple[sp.Symbol, ...], ...]:
    """h_a: what is contracted with ∂_a, for each axis the components of the input."""
    return tuple(named(f"h{a}_", features(2 * pair.l_in + 1)) for a in range(3))


@cache
def lower_gradient(pair: Pair) -> Program:
    """(r̂ | φ, χ, f) ↦ Σ_p φ_p K^p f, then its derivatives along the three axes, axis by axis."""
    radial, slopes, f = radial_symbols(pair), slope_symbols(pair), features(2 * pair.l_in + 1)
    builder = Builder(EDGE, (*radial, *slopes, *f))
    value = specialise(lower_apply(pair), {}, builder)
    along = [builder.let(f"along{i}", e) for i, e in enumerate(_applied(builder, pair, slopes, f))]
    gradient = [
        unit * e + INVERSE * d
        for axis, unit in enumerate(UNIT)
        for e, d in zip(along, _moved(builder, pair, axis, f), strict=True)
    ]
    return builder.finish([*value, *gradient])


@cache
def lower_contraction(pair: Pair) -> Program:
    """(r̂ | φ, χ, h) ↦ Σ_a ∂_a (Σ_p φ_p K^p) h_a."""
    radial, slopes, h = radial_symbols(pair), slope_symbols(pair), gradient_symbols(pair)
    builder = Builder(EDGE, (*radial, *slopes, *(s for axis in h for s in axis)))
    inward = [
        builder.let(f"inward{b}", sum(unit * s for unit, s in zip(UNIT, column, strict=True)))
        for b, column in enumerate(zip(*h, strict=True))
    ]
    along = _applied(builder, pair, slopes, inward)
    moved = zip(*(_moved(builder, pair, axis, h[axis]) for axis in range(3)), strict=True)
    across = [builder.let(f"across{i}", sum(terms)) for i, terms in enumerate(moved)]
    return builder.finish(e + INVERSE * d for e, d in zip(along, across, strict=True))


def _applied(builder: Builder, pair: Pair, radial: Sequence[sp.Symbol], f: Sequence[sp.Expr]) -> list[sp.Expr]:
    """`apply` with other radial functions and features."""
    own = (*radial_symbols(pair), *features(2 * pair.l_in + 1))
    return specialise(lower_apply(pair), dict(zip(own, (*radial, *f), strict=True)), builder)


def _moved(builder: Builder, pair: Pair, axis: int, f: tuple[sp.Symbol, ...]) -> list[sp.Expr]:
    """The derivative of `apply` along an axis, as that of a polynomial in x, y, z."""
    program = lower_apply(pair)
    swept = jvp(program, fixed=program.channel_inputs)
    moves = {d: sp.Integer(i == axis) for i, d in enumerate(named("d_", DIRECTION))}
    own = dict(zip(features(2 * pair.l_in + 1), f, strict=True))
    return specialise(swept, {**own, **moves}, builder)[len(program.outputs) :]


# --- radial functions -------------------------------------------------------------------------------

#: A radial function and its first two derivatives.
PHI, FIRST, SECOND = sp.symbols("p q r", real=True)


def _radial(chi: sp.Expr, laplacian: sp.Expr) -> Program:
    builder = Builder((INVERSE,), (PHI, FIRST, SECOND))
    return builder.finish([chi, laplacian])


@cache
def unit_radial(degree: int) -> Program:
    """(1/r | φ, φ', φ'') ↦ χ and the radial function of the Laplacian, φ'' + 2 φ'/r - J(J + 1) φ/r² (theorem T12)."""
    builder = Builder((INVERSE,), (PHI, FIRST, SECOND))
    chi = builder.let("chi", FIRST - degree * INVERSE * PHI)
    # φ'' + 2 s φ' - J (J + 1) s² φ = φ'' + s ((J + 1) χ + (1 - J) φ')
    return builder.finish([chi, SECOND + INVERSE * ((degree + 1) * chi + (1 - degree) * FIRST)])


@cache
def solid_radial(degree: int) -> Program:
    """(1/r | g, g', g'') ↦ g' and g'' + 2 (J + 1) g'/r, for solid harmonics (theorem T12)."""
    return _radial(FIRST, SECOND + 2 * (degree + 1) * INVERSE * FIRST)


@cache
def origin_radial(degree: int) -> Program:
    """The same at r = 0, where g'/r of a smooth function of r² is g''."""
    return _radial(sp.S.Zero, (2 * degree + 3) * SECOND)
