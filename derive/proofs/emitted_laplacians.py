"""The emitted scalar functions of tables' derivatives and of the forward Laplacian, executed on symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy.polys.rings import PolyElement

from ..bsplines import DEGREES, PLACE
from ..catalogue import Pair
from ..derivative_text import DerivativeText, laplacian_text
from ..directions import INVERSE
from ..exact import SphereRing
from ..execution import EmittedModule
from ..laplacians import EDGE, FIRST, PHI, SECOND, UNIT, gradient_symbols, slope_symbols
from ..lowering import apply_expressions
from ..symbols import DIRECTION, features, radial_symbols
from .emitted_derivatives import before, channel_values
from .proof import residuals


def slope_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """That _slope is the derivative of _spline, and _curvature that of _slope."""
    k, ring = module.constants, SphereRing(free=[PLACE])
    left: list[Any] = []
    for degree in DEGREES:
        values, slopes, curvatures = (
            [sp.expand(e) for e in module.run(f"_{kind}_{degree}", k, PLACE)]
            for kind in ("spline", "slope", "curvature")
        )
        left += residuals(slopes, [sp.diff(e, PLACE) for e in values], ring)
        left += residuals(curvatures, [sp.diff(e, PLACE) for e in slopes], ring)
    return tuple(left)


def radial_residuals(degrees: Sequence[int], module: EmittedModule) -> tuple[Any, ...]:
    """χ and the radial function of the Laplacian as theorem T12 has them, and which of the three is chosen."""
    k, ring = module.constants, SphereRing(free=[INVERSE, PHI, FIRST, SECOND])
    arguments = (INVERSE, PHI, FIRST, SECOND)
    left: list[Any] = []
    for j in degrees:
        unit = (FIRST - j * INVERSE * PHI, SECOND + 2 * INVERSE * FIRST - j * (j + 1) * INVERSE**2 * PHI)
        solid = (FIRST, SECOND + 2 * (j + 1) * INVERSE * FIRST)
        origin = (0, (2 * j + 3) * SECOND)
        for kind, wanted in (("unit", unit), ("solid", solid), ("origin", origin)):
            left += residuals(module.run(f"_{kind}_radial_{j}", k, *arguments), wanted, ring)
        at_zero = (k.zero, PHI, FIRST, SECOND)
        left += residuals(module.run(f"_radial_{j}", k, False, *arguments), unit, ring)
        left += residuals(module.run(f"_radial_{j}", k, True, *arguments), solid, ring)
        for flag in (True, False):
            left += residuals(module.run(f"_radial_{j}", k, flag, *at_zero), origin, ring)
    return tuple(left)


def limit_residuals(degrees: Sequence[int]) -> tuple[Any, ...]:
    """That g'' + 2 (J + 1) g'/r tends to (2 J + 3) g'' at r = 0, for g any power series of r²: term by term."""
    r = sp.Symbol("r", positive=True)
    left = []
    for j in degrees:
        for power in (2, 4, 6):
            g = r**power
            laplacian = sp.expand(sp.diff(g, r, 2) + 2 * (j + 1) * sp.diff(g, r) / r)
            left.append((laplacian - (2 * j + 3) * sp.diff(g, r, 2)).subs(r, 0))
    return tuple(left)


def gradient_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """e_a Σ χ K f + s ∂_a Σ φ K f, and its contraction with three fields, as polynomials in free symbols."""
    texts, slopes, h = laplacian_text(pair), slope_symbols(pair), gradient_symbols(pair)
    radial, f = radial_symbols(pair), features(2 * pair.l_in + 1)
    out = apply_expressions(pair)
    turned = [e.xreplace(dict(zip(radial, slopes, strict=True))) for e in out]
    gradient = [
        unit * t + INVERSE * sp.diff(e, s)
        for unit, s in zip(UNIT, DIRECTION, strict=True)
        for t, e in zip(turned, out, strict=True)
    ]
    per_axis = [gradient[a * len(out) : (a + 1) * len(out)] for a in range(3)]
    contracted = [
        sum(
            (e.xreplace(dict(zip(f, h[a], strict=True))) for a, e in enumerate(entries)),
            sp.S.Zero,
        )
        for entries in zip(*per_axis, strict=True)
    ]
    free = [*EDGE, *radial, *slopes, *f, *(s for axis in h for s in axis)]
    found = [_channel(module, pair, t, free) for t in (texts.gradient, texts.contraction)]
    return tuple(
        r
        for (ring, ours), wanted in zip(found, ([*out, *gradient], contracted), strict=True)
        for r in residuals(ours, list(map(ring.lift, wanted)), ring)
    )


def _channel(
    module: EmittedModule, pair: Pair, f: DerivativeText, free: Sequence[sp.Symbol]
) -> tuple[SphereRing, list[PolyElement]]:
    """A channel function on symbols, without what was there before, and the ring of these symbols."""
    ring = SphereRing(free=[*free, *before(f)])
    module.require_sums_and_products(f"_{f.kind}_values_{pair.key}")
    edge = module.run(f"_{f.kind}_values_{pair.key}", ring.table(module.constants), *map(ring.lift, EDGE))
    return ring, list(channel_values(module, ring, f, edge).values())
