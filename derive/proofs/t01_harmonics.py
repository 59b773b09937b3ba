"""T1: the real spherical harmonics are harmonic and orthonormal, and how components relate to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations_with_replacement

import sympy as sp
from sympy.polys.domains import QQ
from sympy.polys.rings import PolyElement

from ..cartesian import component_basis
from ..catalogue import Pair
from ..exact import SphereRing, primes_of
from ..harmonics import components_from_orders, laplacian, orders, real_harmonic, real_harmonics, sphere_integral
from ..symbols import DIRECTION
from .printing import constant_latex, content_and_primitive, factored, latex
from .proof import Equation, Proof, Step, equation, residuals, unseen


def prove(pairs: Sequence[Pair]) -> Proof:
    """T1 for all degrees up to the highest that occurs in the pairs."""
    highest = max(l for pair in pairs for p in pair.paths for l in (p.l_in, p.l_f, p.l_out))
    return Proof(
        number=1,
        slug="harmonics",
        title="Real spherical harmonics",
        statement=(
            rf"For $l \le {highest}$ the polynomials $r^l Y_{{lm}}(\hat r)$ below, $m = -l, \dots, l$, satisfy "
            r"$\nabla^2\, r^l Y_{lm} = 0$ and $\int_{S^2} Y_{lm} Y_{l'm'}\, d\Omega = \delta_{ll'}\delta_{mm'}$. "
            r"In Cartesian components a vector is $P$ times its three components in the order $m = -1, 0, 1$, and the "
            r"five components $t_m = E^m_{ab} T_{ab}$ of a symmetric traceless $T_{ab}$ satisfy $|t| = |T|$."
        ),
        hypotheses=(r"$r = (x, y, z)$ and $\hat r = r/|r|$; no Condon--Shortley sign; $m = -l, \dots, l$.",),
        steps=(
            _definitions(highest),
            _harmonicity(highest),
            _orthonormality(highest),
            _vector_components(),
            _tensor_components(),
        ),
    )


def _definitions(highest: int) -> Step:
    equations = []
    for l in range(highest + 1):
        for m in orders(l):
            harmonic = real_harmonic(l, m)
            content, primitive = content_and_primitive(harmonic)
            euler = sum(s * sp.diff(harmonic, s) for s in DIRECTION)  # homogeneous of degree l
            checked = residuals([content * primitive, euler], [harmonic, l * harmonic])
            power = {0: "", 1: r"r\,"}.get(l, rf"r^{l}\,")
            equations.append(Equation((rf"{power}Y_{{{l},{m}}}", factored(harmonic)), checked))
    return Step("The harmonics, each homogeneous of degree $l$:", tuple(equations), columns=2)


def _harmonicity(highest: int) -> Step:
    harmonics = [(l, m) for l in range(highest + 1) for m in orders(l)]
    checked = unseen(residuals([laplacian(real_harmonic(l, m)) for l, m in harmonics], [0] * len(harmonics)))
    _, example = content_and_primitive(real_harmonic(highest, 0))
    terms = [sp.expand(sp.diff(example, s, 2)) for s in DIRECTION]
    texts = [latex(t) for t in terms]
    shown = equation(
        sum(terms),
        0,
        (
            rf"\nabla^2\,({latex(example)})",
            " ".join(t if i == 0 or t.startswith("-") else f"+ {t}" for i, t in enumerate(texts)),
            "0",
        ),
        inline=True,
    )
    return Step("Second derivatives of a polynomial are polynomials, and they cancel; for instance", (checked, shown))


def _orthonormality(highest: int) -> Step:
    harmonics = [(l, m) for l in range(highest + 1) for m in orders(l)]
    ring = SphereRing(free=DIRECTION, primes=primes_of(highest))
    lifted = {p: ring.lift(real_harmonic(*p)) for p in harmonics}
    gram = [
        ring.reduce(4 * _mean(ring, lifted[p] * lifted[q]) - int(p == q) * ring.lift(1 / sp.pi))
        for p, q in combinations_with_replacement(harmonics, 2)
    ]
    x, y, z = DIRECTION
    monomials = [x**a * y**b * z**c for a, b, c in _even_exponents(2 * highest)]
    by_gauss = [_gaussian_quotient(a, b, c) for a, b, c in _even_exponents(2 * highest)]
    formula = Equation(
        (
            r"\int_{S^2} x^a y^b z^c\, d\Omega",
            r"\frac{\int x^a y^b z^c\, e^{-|r|^2} d^3r}{\int_0^\infty \rho^{a+b+c+2}\, e^{-\rho^2} d\rho}",
            r"4\pi\,\frac{(a-1)!!\,(b-1)!!\,(c-1)!!}{(a+b+c+1)!!}\quad(a, b, c \text{ even; otherwise } 0)",
        ),
        residuals([sphere_integral(m) for m in monomials], by_gauss),
    )
    return Step(
        "Integrals of monomials over the sphere are quotients of Gaussian integrals (Folland, Amer.\\ Math.\\ Monthly "
        rf"108 (2001) 446), checked for all monomials that occur, of degree up to {2 * highest}:",
        (formula, unseen(gram)),
        rf"With them all {len(gram)} integrals $\int Y_{{lm}} Y_{{l'm'}} d\Omega$ are $\delta_{{ll'}}\delta_{{mm'}}$ "
        "exactly.",
    )


def _mean(ring: SphereRing, polynomial: PolyElement) -> PolyElement:
    """∫ dΩ / 4π, by the formula for monomials; roots and π stay generators of the ring."""
    means: list[PolyElement] = []
    for (a, b, c, *roots), coefficient in polynomial.items():
        if not (a % 2 or b % 2 or c % 2):
            weight = _monomial_mean(a, b, c)
            means.append(ring.ring({(0, 0, 0, *roots): coefficient * QQ(weight.p, weight.q)}))
    return ring.total(means)


@cache
def _monomial_mean(a: int, b: int, c: int) -> sp.Rational:
    """As :func:`sphere_integral` has it, which is compared with Gaussian integrals."""
    x, y, z = DIRECTION
    return sphere_integral(x**a * y**b * z**c) / (4 * sp.pi)


def _even_exponents(degree: int) -> list[tuple[int, int, int]]:
    even = range(0, degree + 1, 2)
    return [(a, b, c) for a in even for b in even for c in even if a + b + c <= degree]


def _gaussian_quotient(a: int, b: int, c: int) -> sp.Expr:
    """∫ x^a y^b z^c e^{-r²} d³r = Γ Γ Γ, over ∫ ρ^{a+b+c+2} e^{-ρ²} dρ = Γ/2, with Γ at half-integers."""
    half = sp.Rational(1, 2)
    top = sp.prod([sp.gamma(n * half + half) for n in (a, b, c)])
    return sp.expand(top / (sp.gamma((a + b + c) * half + 3 * half) / 2))


def _vector_components() -> Step:
    p = components_from_orders(1)
    harmonics = real_harmonics(1)
    scale = sp.sqrt(3) / (2 * sp.sqrt(sp.pi))
    cartesian = sp.Matrix(DIRECTION)
    return Step(
        r"For $l = 1$ the order $m = -1, 0, 1$ is $(y, z, x)$; let $P$ be the permutation with $P\,(y, z, x) = (x, y, z)$. Then",
        (
            equation(
                p * harmonics,
                scale * cartesian,
                (
                    r"P\,(Y_{1,-1}, Y_{1,0}, Y_{1,1})^{\mathsf T}",
                    rf"{constant_latex(scale)}\,(x, y, z)^{{\mathsf T}}",
                ),
            ),
            unseen(residuals(p * p.T, sp.eye(3))),
        ),
        r"and $P P^{\mathsf T} = 1$.",
    )


def _tensor_components() -> Step:
    basis = component_basis(2)
    gram = [
        sum(basis[m][a, b] * basis[n][a, b] for a in range(3) for b in range(3)) for m in range(5) for n in range(5)
    ]
    scale = sp.sqrt(sp.Rational(8, 15)) * sp.sqrt(sp.pi)
    contracted = [sum(e[a, b] * DIRECTION[a] * DIRECTION[b] for a in range(3) for b in range(3)) for e in basis]
    harmonics = [sp.expand(scale * h) for h in real_harmonics(2)]
    x, y, z = DIRECTION
    root2, root6 = sp.sqrt(2), sp.sqrt(6)
    explicit = [
        sp.expand(e)
        for e in (root2 * x * y, root2 * y * z, (2 * z**2 - x**2 - y**2) / root6, root2 * x * z, (x**2 - y**2) / root2)
    ]
    kept, projector = _completeness(basis)
    return Step(
        r"For $l = 2$ let $E^m_{ab}$ be the symmetric traceless matrices with",
        (
            equation(
                contracted,
                explicit,
                (
                    r"(E^m_{ab}\, r_a r_b)_{m = -2, \dots, 2}",
                    r"\bigl(" + r",\ ".join(_quadratic_latex(e) for e in explicit) + r"\bigr)",
                ),
            ),
            equation(
                contracted,
                harmonics,
                (r"E^m_{ab}\, r_a r_b", rf"{constant_latex(scale)}\; r^2 Y_{{2m}}"),
            ),
            equation(gram, sp.eye(5), (r"E^m_{ab} E^n_{ab}", r"\delta_{mn}")),
            equation(
                kept,
                projector,
                (
                    r"\textstyle\sum_m E^m_{ab} E^m_{cd}",
                    r"\tfrac12(\delta_{ac}\delta_{bd} + \delta_{ad}\delta_{bc}) - \tfrac13\delta_{ab}\delta_{cd}",
                ),
            ),
        ),
        r"The last line is the projector on symmetric traceless matrices: $t_m = E^m_{ab}T_{ab}$ loses nothing, and "
        r"$t_m t_m = T_{ab}T_{ab}$.",
    )


def _quadratic_latex(e: sp.Expr) -> str:
    content, primitive = content_and_primitive(e)
    body = latex(primitive)
    if primitive.is_Add:
        return rf"\tfrac{{{body}}}{{{sp.latex(sp.radsimp(1 / content))}}}"
    return rf"{sp.latex(content)}\,{body}"


def _completeness(basis: tuple[sp.NDimArray, ...]) -> tuple[list[sp.Expr], list[sp.Expr]]:
    d = sp.KroneckerDelta
    indices = [(a, b, c, e) for a in range(3) for b in range(3) for c in range(3) for e in range(3)]
    kept = [sum(m[a, b] * m[c, e] for m in basis) for a, b, c, e in indices]
    projector = [
        (d(a, c) * d(b, e) + d(a, e) * d(b, c)) / sp.Integer(2) - d(a, b) * d(c, e) / sp.Integer(3)
        for a, b, c, e in indices
    ]
    return kept, projector
