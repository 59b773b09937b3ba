"""T8: averaging an arbitrary kernel over all rotations gives the catalogue's kernel, its radial functions spherical means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any

import sympy as sp

from ..catalogue import Pair, Path, completed, wholes
from ..exact import SphereRing
from ..haar import CIRCLE, conjugate, quaternion_product, unit_mean
from ..harmonics import component_generator, components_from_orders, orders
from ..rotations import rotation_matrix
from ..symbols import DIRECTION, QUATERNION
from ..wigner import component_wigner_matrix
from .generators import equivariance_residuals
from .haar_integrals import integrals
from .haar_measure import OTHER, coordinates, invariance, moments
from .mean_formulas import mean_lines
from .printing import COMPONENTS, matrix
from .proof import Equation, Proof, Step, residuals

NORTH = dict(zip(DIRECTION, map(sp.Integer, (0, 0, 1)), strict=True))
#: A matrix with at most so many entries is printed.
PRINTED = 9


def prove(pairs: Sequence[Pair]) -> Proof:
    """T8 for the degrees of every pair, with all paths between them whether the pair has them or not, as an average does."""
    whole = list(dict.fromkeys(map(completed, wholes(pairs))))
    full = integrals(whole)
    return Proof(
        number=8,
        slug="haar",
        title="Group convolution and steerable convolution",
        statement=(
            r"Let $k$ be any map from $\mathbb{R}^3$ to $(2 l_\mathrm{out} + 1) \times (2 l_\mathrm{in} + 1)$ matrices, continuous on "
            r"spheres. Its average over all rotations is steerable, a sum of the catalogue's forms,"
            "\n"
            r"\[ \bar K(r) := \int_{SO(3)} D^{l_\mathrm{out}}(R)^{\mathsf T}\, k(Rr)\, D^{l_\mathrm{in}}(R)\, dR "
            r"= \sum_J \rho_J(|r|)\, K^{(J)}(\hat r), \]"
            "\n"
            r"and its radial functions are spherical means of $k$:"
            "\n"
            r"\[ \rho_J(r) = \frac{1}{4\pi\, |K^{(J)}|^2} \int_{S^2} \bigl\langle K^{(J)}(n),\, k(r\,n) \bigr\rangle\, d\Omega(n), "
            r"\qquad \langle A, B\rangle = \operatorname{tr} A^{\mathsf T} B. \]"
            "\n"
            r"Hence a group convolution over $SO(3)$ of a lifted field, projected back, is the steerable convolution with $\bar K$. "
            rf"Here $J$ runs over all of $|l_\mathrm{{in}} - l_\mathrm{{out}}|, \dots, l_\mathrm{{in}} + l_\mathrm{{out}}$, for "
            rf"${_listed(whole)}$."
        ),
        hypotheses=(
            r"$dR$ is the Haar measure of total mass 1. Forms $K^{(J)}$ as in \tfnref{T4}; $D^l(R)$, acting on components, is the "
            r"orthogonal homomorphism of \tfnref{T2} with the generators $G^l_k$.",
        ),
        steps=(
            invariance(),
            coordinates(),
            _turns(whole),
            *_stabiliser(whole),
            _transport(whole),
            _means(whole),
            _group_convolution(),
            _projection(),
            *full,
        ),
        remarks=(_reflections(),),
    )


def _listed(pairs: Sequence[Pair]) -> str:
    return r",\ ".join(rf"{p.l_in} \to {p.l_out}" for p in pairs)


# --- the turns about e_z ----------------------------------------------------------------------------------


def turn_about_z(l: int) -> sp.ImmutableMatrix:
    """D^l(R_θ) on components, in CIRCLE = (cos θ, sin θ): the orders ±m turn by mθ, cos mθ + i sin mθ = (c + i s)^m."""
    c, s = CIRCLE
    by_order = sp.eye(2 * l + 1)
    re, im = sp.Integer(1), sp.Integer(0)
    for m in range(1, l + 1):
        re, im = sp.expand(c * re - s * im), sp.expand(c * im + s * re)
        by_order[l + m, l + m], by_order[l + m, l - m] = re, -im
        by_order[l - m, l + m], by_order[l - m, l - m] = im, re
    p = components_from_orders(l)
    return sp.ImmutableMatrix(p * by_order * p.T)


def _turns(pairs: Sequence[Pair]) -> Step:
    c, s = CIRCLE
    degrees = sorted({l for p in pairs for l in (p.l_in, p.l_out)})
    at_zero: list[sp.Expr] = []
    rates: list[sp.Expr] = []
    for l in degrees:
        d = turn_about_z(l)
        rate = d.applyfunc(lambda e: sp.expand(c * sp.diff(e, s) - s * sp.diff(e, c)))
        rates += residuals(rate, (component_generator(l, 2) * d).applyfunc(sp.expand))
        at_zero += residuals(d.subs({c: 1, s: 0}), sp.eye(2 * l + 1))
    return Step(
        r"\emph{The turns about $e_z$} mix the orders $m$ and $-m$ alone, as $Y_{l,m} \mapsto \cos m\theta\, Y_{l,m} - \sin m\theta\, "
        r"Y_{l,-m}$ and $Y_{l,-m} \mapsto \sin m\theta\, Y_{l,m} + \cos m\theta\, Y_{l,-m}$ for $m > 0$: this matrix $D(\theta)$ is "
        r"$D^l(R_\theta) = \exp(\theta\, G^l_z)$, since",
        (
            Equation((r"\tfrac{d}{d\theta} D(\theta)", r"G^l_z\, D(\theta)"), tuple(rates)),
            Equation(("D(0)", "1"), tuple(at_zero), inline=True),
            moments({2: max(p.l_in + p.l_out for p in pairs)}),
        ),
        rf"for $l = {', '.join(map(str, degrees))}$. Means over $\theta$ below are those of polynomials in $\cos\theta$ and "
        r"$\sin\theta$.",
        columns=2,
    )


def symbols_of(l_in: int, l_out: int) -> sp.ImmutableMatrix:
    """An arbitrary matrix: a symbol for each entry."""
    rows, columns = (COMPONENTS[l] if l < 2 else tuple(map(str, orders(l))) for l in (l_out, l_in))
    return sp.ImmutableMatrix(
        [[sp.Symbol(f"M_{{{','.join(filter(None, at))}}}", real=True) for at in product([a], columns)] for a in rows]
    )


def turned_mean(m: sp.Matrix, l_in: int, l_out: int) -> sp.ImmutableMatrix:
    """The mean of D_out(R_θ)ᵀ M D_in(R_θ) over all θ."""
    left, right = turn_about_z(l_out), turn_about_z(l_in)

    def entry(a: int, b: int) -> sp.Expr:
        rows = [i for i in range(left.rows) if left[i, a] != 0]
        columns = [j for j in range(right.rows) if right[j, b] != 0]
        return sum((unit_mean(left[i, a] * right[j, b], CIRCLE) * m[i, j] for i in rows for j in columns), sp.S.Zero)

    return sp.ImmutableMatrix(left.rows, right.rows, entry)


@cache
def at_north(p: Path) -> sp.ImmutableMatrix:
    """K^(J)(e_z)."""
    return p.kernel.xreplace(NORTH)


def squared_norm(p: Path) -> sp.Expr:
    """|K^(J)|² at e_z, and so everywhere."""
    return inner(at_north(p), at_north(p))


def inner(a: sp.Matrix, b: sp.Matrix) -> sp.Expr:
    """tr AᵀB."""
    return sum((u * v for u, v in zip(a, b, strict=True)), sp.S.Zero)


def _stabiliser(pairs: Sequence[Pair]) -> tuple[Step, ...]:
    """A step for each pair with few enough entries to be printed, and one for all others."""
    large = [p for p in pairs if len(symbols_of(p.l_in, p.l_out)) > PRINTED]
    steps = [_averaged([p], shown=True) for p in pairs if p not in large]
    return (*steps, _averaged(large, shown=False)) if large else tuple(steps)


def _averaged(pairs: Sequence[Pair], shown: bool) -> Step:
    means = {p: turned_mean(symbols_of(p.l_in, p.l_out), p.l_in, p.l_out) for p in pairs}
    degrees = f"{pairs[0].l_in}", f"{pairs[0].l_out}"
    l_in, l_out = degrees if shown else (r"l_\mathrm{in}", r"l_\mathrm{out}")
    sides = [
        r"\frac{1}{2\pi}\int_0^{2\pi} "
        + rf"D^{{{l_out}}}(R_\theta)^{{\mathsf T}} M\, D^{{{l_in}}}(R_\theta)\, d\theta",
        *(_printed(mean) for mean in means.values() if shown),
        r"\sum_J \frac{\langle K^{(J)}(e_z),\, M\rangle}{|K^{(J)}|^2}\, K^{(J)}(e_z)",
    ]
    counts = ", ".join(str(len(m)) for m in means.values())
    return Step(
        rf"$\boldsymbol{{{_listed(pairs)}}}$. For a matrix $M$ of {counts} symbols, entry by entry,",
        (Equation(tuple(sides), tuple(r for p, mean in means.items() for r in residuals(mean, _projected(p)))),),
    )


def _projected(p: Pair) -> sp.Matrix:
    """Σ_J <K^J(e_z), M> / |K^J|² K^J(e_z)."""
    m = symbols_of(p.l_in, p.l_out)
    terms = (at_north(q) * (inner(at_north(q), m) / squared_norm(q)) for q in p.paths)
    return sum(terms, sp.zeros(*m.shape))


def _printed(m: sp.Matrix) -> str:
    """With a common denominator before it."""
    common = sp.ilcm(1, *(sp.fraction(c)[1] for e in m for c in e.as_coefficients_dict().values()))
    return (rf"\frac{{1}}{{{common}}}" if common != 1 else "") + matrix((common * m).applyfunc(sp.expand))


# --- the argument -------------------------------------------------------------------------------------------


def _transport(pairs: Sequence[Pair]) -> Step:
    checks = [r for p in pairs for q in p.paths for r in equivariance_residuals(q)]
    return Step(
        r"\emph{The average.} At $r = |r|\, e_z$ and $R = B_n R_\theta$ we have $Rr = |r|\,n$, so that for each $n$ the integral over "
        r"$\theta$ is the one above with $M = D^{l_\mathrm{out}}(B_n)^{\mathsf T}\, k(|r|\,n)\, D^{l_\mathrm{in}}(B_n)$, whatever "
        r"$k$ is. The forms are equivariant (\tfnref{T2} with \tfnref{T4}; once more for the generators),",
        (
            Equation(
                (
                    r"(e_k \times r) \cdot \nabla K^{(J)}",
                    r"G^{l_\mathrm{out}}_k K^{(J)} - K^{(J)} G^{l_\mathrm{in}}_k",
                ),
                tuple(checks),
            ),
        ),
        r"so $D^{l_\mathrm{out}}(B_n)\, K^{(J)}(e_z)\, D^{l_\mathrm{in}}(B_n)^{\mathsf T} = K^{(J)}(n)$, the norm $|K^{(J)}|$ is the "
        r"same in all directions, and $\langle K^{(J)}(e_z), M\rangle = \langle K^{(J)}(n), k(|r|\,n)\rangle$. Integrated over $n$ "
        r"this is the claim at $|r|\, e_z$. At any other $r = |r|\, S e_z$ put $R = R' S^{\mathsf T}$: the invariant measure gives "
        r"$\bar K(r) = D^{l_\mathrm{out}}(S)\, \bar K(|r| e_z)\, D^{l_\mathrm{in}}(S)^{\mathsf T}$, the law of the forms.",
    )


def _means(pairs: Sequence[Pair]) -> Step:
    return Step(
        r"\emph{The radial functions} are, written out with $\operatorname{mean}_n = \frac{1}{4\pi}\int_{S^2} d\Omega(n)$ of $k$ at "
        r"$r\,n$; Cartesian indices of an output of degree 2 are symmetric and traceless, $k_{ab,c} = \sum_m E^m_{ab} k_{m,c}$:",
        tuple(line for p in pairs for line in mean_lines(p, symbols_of(p.l_in, p.l_out), squared_norm)),
    )


def _group_convolution() -> Step:
    return Step(
        r"\emph{Convolutions.} Lift a field $f$ to $SE(3)$ as $f^\uparrow(y, S) = D^{l_\mathrm{in}}(S)^{\mathsf T} f(y)$ and convolve, "
        r"$(\kappa \star_G f^\uparrow)(g) = \int \kappa(g^{-1}h)\, f^\uparrow(h)\, dh$ with $g = (x, R)$, $h = (y, S)$. For all $x$, "
        r"$y$, matrices $S$, $S'$ of symbols and $R = R(q)$, with $(x, R)\,(y, S) = (x + R y,\, R S)$,",
        (
            Equation((r"(x, R)\, (R^{\mathsf T}(y - x),\, R^{\mathsf T} S)", "(y, S)"), _motions()),
            Equation((r"R^{\mathsf T} (R S')", "S',"), _undone()),
        ),
        r"so that $g^{-1}h = (R^{\mathsf T}(y - x),\, R^{\mathsf T}S)$. As $dS$ is invariant, with $S = R S'$ and "
        r"$D(R S')^{\mathsf T} = D(S')^{\mathsf T} D(R)^{\mathsf T}$ the convolution is $\psi(x, R) = \int "
        r"k(R^{\mathsf T}(x - y))\, D^{l_\mathrm{in}}(R)^{\mathsf T} f(y)\, dy$, where $k(u) = \int \kappa(-u, S')\, "
        r"D^{l_\mathrm{in}}(S')^{\mathsf T}\, dS'$.",
    )


def _projection() -> Step:
    return Step(
        r"Both this and what follows rest on \tfnref{T3}, for $l = 0, 1, 2$ multiplied out once more in components,",
        (
            Equation(
                (r"D^l(qp)^{\mathsf T}", r"D^l(p)^{\mathsf T} D^l(q)^{\mathsf T}"), tuple(_products(2)), inline=True
            ),
            Equation((r"D^l(\bar q)", r"D^l(q)^{\mathsf T}"), tuple(_inverses(2)), inline=True),
        ),
        r"Projected back, $\int D^{l_\mathrm{out}}(R)\, \psi(x, R)\, dR = \int \bar K(x - y)\, f(y)\, dy$, since $dR$ is "
        r"unchanged by $R \mapsto R^{\mathsf T}$ and $D(R^{\mathsf T}) = D(R)^{\mathsf T}$. The integral over the group is in "
        r"$\rho_J$, done once.",
    )


#: Two points and a matrix, all of symbols.
HERE, THERE = (sp.Matrix(sp.symbols(f"{name}0:3")) for name in "xy")
ANY = sp.Matrix(3, 3, sp.symbols("S0:9"))
_RING = SphereRing(free=[*HERE, *THERE, *ANY], units=[QUATERNION], primes=())


def motion(shift: sp.Matrix, turn: sp.Matrix) -> sp.Matrix:
    """(shift, turn): v ↦ shift + turn v, as a 4 x 4 matrix on (v, 1)."""
    return sp.Matrix.vstack(sp.Matrix.hstack(turn, shift), sp.Matrix([[0, 0, 0, 1]]))


def _motions() -> tuple[Any, ...]:
    turn = rotation_matrix()
    relative = motion(turn.T * (THERE - HERE), turn.T * ANY)
    return residuals(motion(HERE, turn) * relative, motion(THERE, ANY), _RING)


def _undone() -> tuple[Any, ...]:
    return residuals(rotation_matrix().T * (rotation_matrix() * ANY), ANY, _RING)


def _products(highest: int) -> Iterator[Any]:
    """D(qp)ᵀ - D(p)ᵀ D(q)ᵀ for l up to the highest, both quaternions any."""
    both = quaternion_product(QUATERNION, OTHER)
    for l in range(highest + 1):
        d = component_wigner_matrix(l)
        yield from residuals(_at(d, both).T, _at(d, OTHER).T * d.T, SphereRing(free=[*QUATERNION, *OTHER]))


def _inverses(highest: int) -> Iterator[Any]:
    """D(q̄) - D(q)ᵀ for l up to the highest."""
    for l in range(highest + 1):
        d = component_wigner_matrix(l)
        yield from residuals(_at(d, conjugate(QUATERNION)), d.T, SphereRing(free=QUATERNION))


def _at(d: sp.Matrix, q: Sequence[sp.Expr]) -> sp.Matrix:
    return d.subs(dict(zip(QUATERNION, q, strict=True)), simultaneous=True)


def _reflections() -> Step:
    return Step(
        r"An average over rotations has polar and axial forms alike, whatever $k$'s. As $K^{(J)}(-n) = (-1)^J K^{(J)}(n)$ "
        r"(\tfnref{T6}), replacing $k(r)$ by $\frac12\bigl(k(r) + (-1)^{l_\mathrm{in} + l_\mathrm{out}} k(-r)\bigr)$, which averages "
        r"over $O(3)$, keeps $\rho_J$ for even $l_\mathrm{in} + J + l_\mathrm{out}$ and makes the others zero."
    )
