"""T12: gradient and Laplacian of a path are paths again; the adjoint of a kernel is a kernel of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy as sp
from sympy.polys.domains import QQ
from sympy.polys.rings import PolyElement

from ..catalogue import Pair, Path, path
from ..exact import SphereRing, primes_of
from ..symbols import DIRECTION
from .definitions import lifted
from .printing import factor_latex
from .proof import Equation, Proof, Step, residuals, unseen

#: |r|, a radial function of it, and the form's degree; powers r^J are taken out by hand, so that all is polynomial.
DISTANCE = sp.Symbol("r", positive=True)
RADIAL = sp.Function("varphi")(DISTANCE)
DEGREE = sp.Symbol("J", integer=True, nonnegative=True)
NORM_SQUARED = sum(s**2 for s in DIRECTION)


def prove(pairs: Sequence[Pair]) -> Proof:
    """T12 for every path of the pairs."""
    paths = [p for pair in pairs for p in pair.paths]
    return Proof(
        number=12,
        slug="derivatives",
        title="Gradient and Laplacian of a path",
        statement=(
            r"Let $A(\hat r)$ be an entry of a form $K^{(J)}$ of the catalogue and $\varphi$ a radial function. With "
            r"$A^+_d = \hat r_d A - A^-_d$ and $A^-_d = \frac{1}{2J+1}\, \partial_d A(r)\big|_{r = \hat r}$, where $A(r)$ is the "
            r"solid form, homogeneous of degree $J$: $A^+_d$ and $A^-_d$ are restrictions to the sphere of harmonic polynomials of "
            r"degree $J + 1$ and $J - 1$, and for $r \ne 0$"
            "\n"
            r"\[ \partial_d [\varphi A] = \Bigl(\varphi' - \frac{J}{r}\varphi\Bigr) A^+_d "
            r"+ \Bigl(\varphi' + \frac{J+1}{r}\varphi\Bigr) A^-_d, \qquad "
            r"\nabla^2 [\varphi A] = \Bigl(\varphi'' + \frac{2}{r}\varphi' - \frac{J(J+1)}{r^2}\varphi\Bigr) A. \]"
            "\n"
            r"So the gradient consists of the forms with $J \pm 1$, and the Laplacian of a path is the same path with another "
            r"radial function. Where $\varphi = r^J g$, $\varphi A = g(r)\, A(r)$, and"
            "\n"
            r"\[ \partial_d [g A] = \frac{g'}{r}\, r_d A(r) + g\, \partial_d A(r), \qquad "
            r"\nabla^2 [g A] = \Bigl(g'' + \frac{2 (J + 1)}{r}\, g'\Bigr) A(r): \]"
            "\n"
            r"for $g$ a smooth function of $r^2$ these, and all further derivatives, have no singularity at $r = 0$. "
            r"The transposed kernel is a multiple of the one that couples back, with the same $J$."
        ),
        hypotheses=(r"Forms as in \tfnref{T4}, extended to all $r$ by powers of $|r|$ as in \tfnref{T10}.",),
        steps=(
            _solid(paths),
            _split(paths),
            _gradient(),
            _laplacian(),
            _smooth(),
            _adjoints(paths),
        ),
    )


def _ring(paths: Iterable[Path]) -> SphereRing:
    """Polynomials in x, y, z as free symbols: many times faster to differentiate than expressions."""
    highest = max(p.l_in + p.l_out for p in paths)
    return SphereRing(free=DIRECTION, primes=primes_of(highest))


def _entries(ring: SphereRing, paths: Iterable[Path]) -> list[tuple[int, PolyElement]]:
    """(J, entry) for every entry of every form."""
    return [(p.l_f, ring.lift(entry)) for p in paths for entry in p.kernel]


def lower_part(degree: int, entry: PolyElement, axis: PolyElement) -> PolyElement:
    """A⁻_d as a polynomial homogeneous of degree J - 1."""
    return entry.diff(axis) * QQ(1, 2 * degree + 1)


def upper_part(ring: SphereRing, degree: int, entry: PolyElement, axis: PolyElement) -> PolyElement:
    """A⁺_d as a polynomial homogeneous of degree J + 1."""
    return ring.reduce(axis * entry - ring.lift(NORM_SQUARED) * lower_part(degree, entry, axis))


def laplacian(ring: SphereRing, polynomial: PolyElement) -> PolyElement:
    """∇², in normal form."""
    return ring.reduce(ring.total(polynomial.diff(s).diff(s) for s in lifted(ring, DIRECTION)))


def euler(ring: SphereRing, polynomial: PolyElement) -> PolyElement:
    """r · ∇, the degree of a homogeneous polynomial times itself."""
    return ring.total(s * polynomial.diff(s) for s in lifted(ring, DIRECTION))


def _solid(paths: Sequence[Path]) -> Step:
    ring = _ring(paths)
    entries = _entries(ring, paths)
    return Step(
        rf"The {len(entries)} entries $A(r)$ are harmonic and homogeneous:",
        (
            Equation((r"\nabla^2 A(r)", "0"), tuple(laplacian(ring, a) for _, a in entries), inline=True),
            Equation(
                (r"r \cdot \nabla A(r)", "J A(r)"),
                residuals([euler(ring, a) for _, a in entries], [j * a for j, a in entries], ring),
            ),
        ),
    )


def _split(paths: Sequence[Path]) -> Step:
    ring = _ring(paths)
    axes = lifted(ring, DIRECTION)
    parts = [(j, upper_part(ring, j, a, d), lower_part(j, a, d)) for j, a in _entries(ring, paths) for d in axes]
    constant = [lower for j, _, lower in parts if j == 0]
    return Step(
        r"The two parts, made homogeneous, $A^+_d(r) = r_d A - |r|^2 A^-_d(r)$ and $A^-_d(r) = \partial_d A / (2J + 1)$, are "
        "harmonic and homogeneous as well, and $A^-$ vanishes for $J = 0$:",
        (
            Equation(
                (r"\nabla^2 A^{\pm}_d(r)", "0"),
                tuple(laplacian(ring, part) for _, *both in parts for part in both),
                inline=True,
            ),
            Equation(
                (r"r \cdot \nabla A^{\pm}_d(r)", r"(J \pm 1) A^{\pm}_d(r)"),
                residuals(
                    [euler(ring, part) for _, *both in parts for part in both],
                    [n * part for j, *both in parts for n, part in zip((j + 1, j - 1), both, strict=True)],
                    ring,
                ),
            ),
            *([unseen(constant)] if constant else []),
        ),
    )


def _gradient() -> Step:
    """∂_d [φ A(r) r^-J] = (φ' - J φ/r) r^-(J+1) r_d A + φ r^-J ∂_d A, in the two parts: coefficients of r̂_d A and A⁻."""
    r, phi, j = DISTANCE, RADIAL, DEGREE
    along = sp.diff(phi * r**-j, r) * r**j  # from the distance: times r̂_d A(r̂)
    across = phi / r * (2 * j + 1)  # from the form, whose gradient is (2J + 1) A⁻
    upper, lower = sp.diff(phi, r) - j / r * phi, sp.diff(phi, r) + (j + 1) / r * phi
    return Step(
        r"Since $\partial_d r = \hat r_d$, the product rule on $\varphi(r)\, r^{-J} A(r)$ gives "
        r"$(\varphi' - \frac{J}{r}\varphi)\, \hat r_d A + \frac{2J+1}{r} \varphi\, A^-_d$ at $\hat r$, and $\hat r_d A = A^+_d + A^-_d$. "
        r"Both coefficients agree:",
        (
            Equation(
                (r"r^J \bigl(r^{-J} \varphi\bigr)'", r"\varphi' - \tfrac{J}{r} \varphi"), (sp.simplify(along - upper),)
            ),
            Equation(
                (r"\varphi' - \tfrac{J}{r}\varphi + \tfrac{2J+1}{r}\varphi", r"\varphi' + \tfrac{J+1}{r}\varphi"),
                (sp.simplify(upper + across - lower),),
            ),
        ),
    )


def _laplacian() -> Step:
    r, phi, j = DISTANCE, RADIAL, DEGREE
    psi = phi * r**-j
    radial = sp.diff(psi, r, 2) + 2 * (j + 1) / r * sp.diff(psi, r)
    wanted = sp.diff(phi, r, 2) + 2 / r * sp.diff(phi, r) - j * (j + 1) / r**2 * phi
    return Step(
        r"With $\psi = r^{-J} \varphi$, $\nabla^2 [\psi A] = (\nabla^2 \psi) A + 2\, \nabla \psi \cdot \nabla A + \psi \nabla^2 A$, where "
        r"$\nabla^2\psi = \psi'' + \frac2r \psi'$, $\nabla\psi \cdot \nabla A = \frac{\psi'}{r}\, r \cdot \nabla A = "
        r"\frac{J}{r} \psi' A$ and $\nabla^2 A = 0$. Times $r^J$, in terms of $\varphi$:",
        (
            Equation(
                (
                    r"r^J \Bigl(\psi'' + \frac{2 (J + 1)}{r} \psi'\Bigr)",
                    r"\varphi'' + \frac{2}{r} \varphi' - \frac{J (J + 1)}{r^2} \varphi",
                ),
                (sp.simplify(sp.expand(radial * r**j - wanted)),),
            ),
        ),
    )


def _smooth() -> Step:
    """g(r²): g'/r is 2 g' of the square, which is smooth."""
    r, s = DISTANCE, sp.Symbol("s", positive=True)
    g = sp.Function("h")
    inner = g(s)
    first, second = (sp.diff(inner, s, n).subs(s, r**2).doit() for n in (1, 2))
    value = g(r**2)
    chain = (sp.diff(value, r).doit() / r, sp.diff(value, r, 2).doit())
    return Step(
        r"The formulas for $g$ are these products with $\psi = g$. For $g(r) = h(r^2)$ the factors are smooth functions of $r^2$:",
        (
            Equation((r"\frac{g'}{r}", "2 h'(r^2)"), (sp.simplify(chain[0] - 2 * first),), inline=True),
            Equation(
                ("g''", r"2 h'(r^2) + 4 r^2 h''(r^2)"),
                (sp.simplify(chain[1] - 2 * first - 4 * r**2 * second),),
                inline=True,
            ),
        ),
    )


def adjoint_constant(p: Path) -> sp.Expr:
    """κ in K^(J)ᵀ = κ K^(J) of the path back: the exact ratio at one entry (that it holds at all is proved)."""
    back = path(p.l_out, p.l_f, p.l_in).kernel
    for ours, theirs in zip(p.kernel.T, back, strict=True):
        if theirs != 0:
            return sp.radsimp(sp.Poly(ours, *DIRECTION).LC() / sp.Poly(theirs, *DIRECTION).LC())
    raise ValueError(f"the path back from {p.key} vanishes identically")


def _adjoints(paths: Sequence[Path]) -> Step:
    """What a cotangent of the output becomes on its way back."""
    equations = []
    for p in paths:
        kappa = adjoint_constant(p)
        back = path(p.l_out, p.l_f, p.l_in).kernel
        left = residuals(list(p.kernel.T), [sp.expand(kappa * e) for e in back])
        ours = rf"K^{{({p.l_f})}}_{{{p.l_in} \to {p.l_out}}}(\hat r)^\top"
        theirs = rf"{factor_latex(kappa)} K^{{({p.l_f})}}_{{{p.l_out} \to {p.l_in}}}(\hat r)"
        equations.append(Equation((ours, theirs), left))
    return Step(
        r"The adjoints, with the form of the catalogue for the path back where it has one, else its contraction with spherical "
        r"harmonics:",
        tuple(equations),
        "so that cotangents go back by kernels of the catalogue.",
    )
