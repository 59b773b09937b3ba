"""How the unit vector moves with r: d r̂ = (d r - r̂ (r̂·d r)) / |r|, and once more.

The Jacobian of r̂ is symmetric: what takes tangents of r to those of r̂ takes cotangents of r̂ to those of r.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import sympy as sp

from .derivatives import jvp, named, with_outputs
from .program import Builder, Program
from .symbols import DIRECTION

#: 1 / |r|, which stands for 0 at r = 0.
INVERSE = sp.Symbol("s", real=True)
#: A tangent of r, or a cotangent of r̂.
MOVED = sp.symbols("u0:3", real=True)


@cache
def project() -> Program:
    """(r̂, 1/|r|, u) ↦ (u - r̂ (r̂·u)) / |r|."""
    builder = Builder((*DIRECTION, INVERSE, *MOVED), ())
    along = builder.let("along", sum(e * u for e, u in zip(DIRECTION, MOVED, strict=True)))
    across = [builder.let(f"across{i}", u - e * along) for i, (e, u) in enumerate(zip(DIRECTION, MOVED, strict=True))]
    return builder.finish(INVERSE * e for e in across)


@cache
def project_tangent() -> Program:
    """(r̂, 1/|r|, u, tangents of r and u) ↦ the tangent of :func:`project`."""
    both = with_outputs(jvp(project()), range(3, 6))
    shift = sp.symbols("v0:3", real=True)
    builder = Builder((*DIRECTION, INVERSE, *MOVED, *shift, *named("d_", MOVED)), ())
    radial = builder.let("toward", sum(e * v for e, v in zip(DIRECTION, shift, strict=True)))
    tangents = [builder.let(f"d_{e}", INVERSE * (v - e * radial)) for e, v in zip(DIRECTION, shift, strict=True)]
    inverse = builder.let("d_s", -INVERSE * builder.let("s_toward", INVERSE * radial))
    known = dict(zip(named("d_", (*DIRECTION, INVERSE)), (*tangents, inverse), strict=True))
    for a in both.edge:
        known[a.target] = builder.let(a.target.name, a.value.xreplace(known))
    return builder.finish(e.xreplace(known) for e in both.outputs)


def stated(unit: Sequence[sp.Expr], inverse: sp.Expr, moved: Sequence[sp.Expr]) -> list[sp.Expr]:
    """(u - r̂ (r̂·u)) / |r| as it is stated."""
    along = sum(e * u for e, u in zip(unit, moved, strict=True))
    return [inverse * (u - e * along) for e, u in zip(unit, moved, strict=True)]
