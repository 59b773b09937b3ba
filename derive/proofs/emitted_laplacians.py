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
from ..exact import SphereRing, primes_of
from ..execution import EmittedModule
from ..laplacians import EDGE, FIRST, PHI, SECOND, UNIT, gradient_symbols, slope_symbols
from ..symbols import DIRECTION, features, radial_symbols
from .definitions import Kernels, lifted
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
    added = dict.fromkeys(s for text in (texts.gradient, texts.contraction) for s in before(text))
    free = [*EDGE, *radial, *slopes, *f, *(s for axis in h for s in axis), *added]
    ring = SphereRing(free=free, primes=primes_of(pair.l_in, pair.l_out))
    kernels = Kernels(pair, ring)
    (inverse,), units = lifted(ring, [INVERSE]), lifted(ring, UNIT)

    def moved(field: Sequence[sp.Symbol], axis: int) -> list[PolyElement]:
        """e_a Σ χ K f + s ∂_a Σ φ K f."""
        (along,) = lifted(ring, DIRECTION[axis : axis + 1])
        both = zip(kernels.applied(slopes, field), kernels.applied(radial, field), strict=True)
        return [units[axis] * turned + inverse * e.diff(along) for turned, e in both]

    gradient = [e for axis in range(3) for e in moved(f, axis)]
    contracted = [ring.total(terms) for terms in zip(*(moved(h[axis], axis) for axis in range(3)), strict=True)]
    return (
        *residuals(_channel(module, pair, texts.gradient, ring), [*kernels.applied(radial, f), *gradient], ring),
        *residuals(_channel(module, pair, texts.contraction, ring), contracted, ring),
    )


def _channel(module: EmittedModule, pair: Pair, f: DerivativeText, ring: SphereRing) -> list[PolyElement]:
    """A channel function on symbols of the ring, without what was there before."""
    module.require_sums_and_products(f"_{f.kind}_values_{pair.key}")
    edge = module.run(f"_{f.kind}_values_{pair.key}", ring.table(module.constants), *map(ring.lift, EDGE))
    return list(channel_values(module, ring, f, edge).values())
