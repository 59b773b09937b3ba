"""The slides' two forms for l_out = 2, and what they are in the catalogue (theorem T7).

The slides' table ("Other implementations") gives K_ab,c = α ST(r̂_a δ_bc + r̂_b δ_ac) + β ST(Q_ab r̂_c) and tags the
second form l_f = 2.  The coefficients below are derived by orthogonal projection on the catalogue's forms; nothing is
assumed.
"""

from __future__ import annotations

import sympy as sp

from .cartesian import IndexExpression, delta, r, symmetric_traceless
from .catalogue import Pair, pair, project
from .exact import SphereRing
from .symbols import DIRECTION

#: α's and β's forms, in index notation, free labels a, b (output) and c (input).
SLIDE_FORMS: dict[str, IndexExpression] = {
    "alpha": symmetric_traceless(r("a") * delta("bc") + r("b") * delta("ac")),
    "beta": symmetric_traceless(3 * (r("a") * r("b") * r("c")) - delta("ab") * r("c")),
}


def slide_kernel(name: str) -> sp.ImmutableMatrix:
    """One of the slides' forms as a 5 x 3 matrix between components, at unit r̂."""
    return project(SLIDE_FORMS[name].components("abc", {"r": DIRECTION}), 2, 1)


def inner_product(first: sp.Matrix, second: sp.Matrix, ring: SphereRing) -> sp.Expr:
    """Σ_ab A_ab B_ab at unit r̂: a number for equivariant kernels, in normal form."""
    return ring.to_sympy(ring.normal_form(sum(u * v for u, v in zip(first, second, strict=True))))


def projection(kernel: sp.Matrix, onto: Pair) -> list[sp.Expr]:
    """The coefficients of a kernel along the (mutually orthogonal) forms of a pair."""
    ring = SphereRing(units=[DIRECTION])
    return [inner_product(kernel, p.kernel, ring) / inner_product(p.kernel, p.kernel, ring) for p in onto.paths]


def slides_to_canonical() -> sp.ImmutableMatrix:
    """The 3 x 2 matrix M with (α, β, γ)_canonical = M (α, β)_slides."""
    columns = [projection(slide_kernel(name), pair(1, 2)) for name in ("alpha", "beta")]
    return sp.ImmutableMatrix(columns).T


#: Row by row, as exact numbers.
SLIDES_TO_CANONICAL: tuple[tuple[sp.Expr, ...], ...] = tuple(map(tuple, slides_to_canonical().tolist()))


def radial_from_slides(alpha: sp.Expr, beta: sp.Expr) -> tuple[sp.Expr, ...]:
    """The canonical radial functions (l_f = 1, 2, 3) that give the slides' kernel with (α, β), exactly."""
    return tuple(sum(c * s for c, s in zip(row, (alpha, beta), strict=True)) for row in SLIDES_TO_CANONICAL)


def slides_from_radial(first: sp.Expr, second: sp.Expr, third: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The slides' (α, β) of a canonical kernel, exactly.

    Raises ValueError if the l_f = 2 radial function is not zero: the slides' forms span l_f = 1 and 3 only.
    """
    if sp.simplify(second) != 0:
        raise ValueError("the slides' two forms do not contain the l_f = 2 channel")
    parity_natural = sp.Matrix([SLIDES_TO_CANONICAL[0], SLIDES_TO_CANONICAL[2]])
    alpha, beta = parity_natural.inv() * sp.Matrix([first, third])
    return sp.expand(alpha), sp.expand(beta)
