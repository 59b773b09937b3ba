"""The invariant measure of SO(3), as steps of a proof: what it is, and how it splits into directions and turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, combinations_with_replacement
from operator import mul

import sympy as sp
from sympy.polys.rings import PolyElement

from ..exact import SphereRing
from ..haar import conjugate, monomial_mean, quaternion_product
from ..rotations import rotation_matrix
from ..symbols import QUATERNION
from .generators import lifted
from .proof import Equation, Step, equation, residuals, unseen

#: A second quaternion.
OTHER = sp.symbols("p0 p1 p2 p3", real=True)
#: Cosine and sine of the half angles α/2, β/2, θ/2.
HALF_ANGLES = tuple(sp.symbols(f"c_{name} s_{name}", real=True) for name in ("alpha", "beta", "theta"))


def rotation_at(q: Sequence[sp.Expr]) -> sp.Matrix:
    """R at a quaternion."""
    return rotation_matrix().subs(dict(zip(QUATERNION, q, strict=True)), simultaneous=True)


def euler_quaternion() -> tuple[sp.Expr, ...]:
    """q_z(α) q_y(β) q_z(θ), in the half angles."""
    (ca, sa), (cb, sb), (ct, st) = HALF_ANGLES
    return quaternion_product(quaternion_product((ca, 0, 0, sa), (cb, 0, sb, 0)), (ct, 0, 0, st))


def invariance() -> Step:
    """The uniform measure on unit quaternions is invariant under products and inversion."""
    product = quaternion_product(OTHER, QUATERNION)
    ring = SphereRing(free=[*OTHER, *QUATERNION], primes=())
    square = lambda q: sum(e**2 for e in q)  # noqa: E731
    inverse = conjugate(QUATERNION)
    return Step(
        r"\emph{The measure.} For all quaternions $p$, $q$, Hamilton's product and $\bar q = (q_0, -q_1, -q_2, -q_3)$ satisfy",
        (
            equation(square(product), square(OTHER) * square(QUATERNION), ("|pq|^2", "|p|^2 |q|^2"), ring),
            equation(
                rotation_at(product), rotation_at(OTHER) * rotation_at(QUATERNION), ("R(pq)", "R(p)\\, R(q)"), ring
            ),
            Equation(
                (r"R(\bar q)", r"R(q)^{\mathsf T}"),
                (
                    *residuals(rotation_at(inverse), rotation_matrix().T, ring),
                    *residuals(square(inverse), square(QUATERNION), ring),
                ),
            ),
        ),
        r"with $R(q)$ of \tfnref{T3}, homogeneous of degree 2. So $q \mapsto pq$, $q \mapsto qp$ (as $|p| = 1$) and $q \mapsto \bar "
        r"q$ are linear isometries of $\mathbb{R}^4$, and a uniformly distributed unit quaternion makes $R(q)$ distributed by a "
        r"measure $dR$ of total mass 1 that is unchanged by $R \mapsto SR$, $R \mapsto RS$ and $R \mapsto R^{\mathsf T}$: the Haar "
        r"measure, which is unique.",
    )


def coordinates() -> Step:
    """∫ dR = (1/4π) ∫ dΩ(n) (1/2π) ∫ dθ at B_n R_θ, by the volume element of S³."""
    (ca, sa), (cb, sb), (ct, st) = HALF_ANGLES
    ring = SphereRing(units=HALF_ANGLES, primes=())
    q = euler_quaternion()
    cos_b, sin_b = cb**2 - sb**2, 2 * sb * cb
    n = sp.Matrix([sin_b * (ca**2 - sa**2), sin_b * 2 * sa * ca, cos_b])
    turn = sp.Matrix([[ct**2 - st**2, -2 * st * ct, 0], [2 * st * ct, ct**2 - st**2, 0], [0, 0, 1]])
    cos_sum, sin_sum = ca * ct - sa * st, sa * ct + ca * st  # of (α + θ)/2
    cos_gap, sin_gap = ca * ct + sa * st, ca * st - sa * ct  # of (θ - α)/2
    angles = [(r"q_0 + i q_3", r"\cos\tfrac\beta2\; e^{i(\theta+\alpha)/2}", q[0], q[3], cb * cos_sum, cb * sin_sum)]
    angles += [(r"q_2 + i q_1", r"\sin\tfrac\beta2\; e^{i(\theta-\alpha)/2}", q[2], q[1], sb * cos_gap, sb * sin_gap)]
    volume = sp.integrate(sp.sin(sp.Symbol("b")) / 8, (sp.Symbol("b"), 0, sp.pi)) * 2 * sp.pi * 4 * sp.pi
    return Step(
        r"\emph{Directions and turns.} Let $q = q_z(\alpha)\, q_y(\beta)\, q_z(\theta)$ with $q_k(\theta) = \cos\tfrac\theta2 + "
        r"e_k \sin\tfrac\theta2$, where $0 \le \alpha < 2\pi$, $0 \le \beta \le \pi$, $0 \le \theta < 4\pi$. Then",
        (
            *(
                Equation((name, value), residuals([re, im], [re_value, im_value], ring))
                for name, value, re, im, re_value, im_value in angles
            ),
            Equation(
                (r"R(q)\, e_z", r"(\sin\beta\cos\alpha,\ \sin\beta\sin\alpha,\ \cos\beta) =: n"),
                (
                    *residuals(rotation_at(q)[:, 2], n, ring),
                    *residuals(rotation_at((ct, 0, 0, st)), turn, ring),
                ),
            ),
            equation(
                gram_determinant(q, (0, 1, 2), ring),
                ring.lift(sin_b**2) / 64,
                (
                    r"\det\bigl(\partial_i q \cdot \partial_j q\bigr)_{i,j = \alpha,\beta,\theta}",
                    r"\tfrac{1}{64} \sin^2\beta",
                ),
                ring,
            ),
            equation(
                gram_determinant(n, (0, 1), ring),
                ring.lift(sin_b**2),
                (r"\det\bigl(\partial_i n \cdot \partial_j n\bigr)_{i,j = \alpha,\beta}", r"\sin^2\beta"),
                ring,
            ),
            equation(
                volume, 2 * sp.pi**2, (r"\int \tfrac18 \sin\beta\; d\alpha\, d\beta\, d\theta", r"2\pi^2"), inline=True
            ),
        ),
        r"By the first two lines every unit quaternion is reached. The volume element of $S^3$ is that in the last line, with "
        r"$\sin\beta\, d\alpha\, d\beta = d\Omega(n)$, and its integral is the volume of $S^3$, so that almost every point is "
        r"reached once. Let $B_n = R(q_z(\alpha)\, q_y(\beta))$, which takes $e_z$ to $n$, and $R_\theta = R(q_z(\theta))$, the "
        r"turn by $\theta$ about $e_z$, of period $2\pi$ in $\theta$. Then"
        "\n"
        r"\[ \int_{SO(3)} F(R)\, dR = \frac{1}{4\pi}\int_{S^2} d\Omega(n)\; \frac{1}{2\pi}\int_0^{2\pi} d\theta\; F(B_n R_\theta). \]",
    )


def gram_determinant(point: Sequence[sp.Expr], angles: Sequence[int], ring: SphereRing) -> PolyElement:
    """det(∂_i point · ∂_j point) for the angles with these numbers: d cos(a/2)/da = -sin(a/2)/2 and so on."""
    rows = []
    for number in angles:
        c, s = HALF_ANGLES[number]
        rows.append([(c * sp.diff(e, s) - s * sp.diff(e, c)) / 2 for e in point])
    rows = lifted(sp.Matrix(rows).applyfunc(sp.expand), ring)
    gram = [[ring.to_sympy(ring.reduce(sum(map(mul, u, v), ring.ring.zero))) for v in rows] for u in rows]
    return ring.normal_form(sp.Matrix(gram).det(method="berkowitz"))


def moments(degrees: dict[int, int]) -> Equation:
    """The formula for moments of the unit sphere of R^n, up to a degree for each n: normalised, and what every invariant
    mean satisfies and no other functional does."""
    return unseen(
        *([monomial_mean((0,) * n) - 1] for n in degrees),
        (left for n, degree in degrees.items() for d in range(1, degree + 1) for left in _invariances(n, d)),
    )


def _invariances(n: int, degree: int) -> Iterator[sp.Expr]:
    """mean(|s|² μ) - mean(μ), and the mean of (s_i ∂_j - s_j ∂_i) μ, which is the derivative of μ under a turn.

    For all monomials of this degree, those whose means are known to be zero among them.
    """
    for mu in _monomials(n, degree - 2) if degree >= 2 else ():
        yield sum((monomial_mean(_with(mu, (i, 2))) for i in range(n)), sp.S.Zero) - monomial_mean(mu)
    for mu in _monomials(n, degree):
        for i, j in combinations(range(n), 2):
            up = mu[j] * monomial_mean(_with(mu, (i, 1), (j, -1))) if mu[j] else sp.S.Zero
            yield up - (mu[i] * monomial_mean(_with(mu, (i, -1), (j, 1))) if mu[i] else sp.S.Zero)


def _with(powers: tuple[int, ...], *changes: tuple[int, int]) -> tuple[int, ...]:
    changed = list(powers)
    for at, by in changes:
        changed[at] += by
    return tuple(changed)


def _monomials(n: int, degree: int) -> Iterator[tuple[int, ...]]:
    for letters in combinations_with_replacement(range(n), degree):
        yield tuple(letters.count(i) for i in range(n))
