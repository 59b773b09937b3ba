"""T6: the catalogue holds every equivariant kernel, and its forms are orthogonal."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from ..catalogue import Pair
from ..exact import SphereRing
from ..harmonics import component_generator
from ..symbols import DIRECTION
from .printing import latex
from .proof import Equation, Proof, ProofError, Step, residuals, unseen

NORTH = dict(zip(DIRECTION, (0, 0, 1), strict=True))


def prove(pairs: Sequence[Pair]) -> Proof:
    """T6 for every pair."""
    dimensions = ", ".join(rf"{len(p.paths)}\ ({p.l_in}\to{p.l_out})" for p in pairs)
    return Proof(
        number=6,
        slug="completeness",
        title="Completeness",
        statement=(
            r"Every map $K$ from $\mathbb{R}^3 \setminus \{0\}$ to matrices such that for all $R \in SO(3)$"
            "\n"
            r"\[ K(Rr) = D^{l_{\rm out}}(R)\, K(r)\, D^{l_{\rm in}}(R)^{\mathsf T} \]"
            "\n"
            r"is $K(r) = \sum_J \varphi_J(|r|)\, K^{(J)}(\hat r)$ with the catalogue's forms and unique "
            r"$\varphi_J$. Their "
            rf"number is ${dimensions}$, and they are orthogonal."
        ),
        hypotheses=(
            r"Components and generators $G^l_k$ as in Theorems~\ref{tfn:T1} and~\ref{tfn:T2}; no smoothness of "
            r"$K$ is needed.",
        ),
        steps=(_transitivity(), *(_stabiliser(p) for p in pairs), *(_orthogonality(p) for p in pairs)),
    )


def _transitivity() -> Step:
    return Step(
        r"Rotations act transitively on spheres: $r = |r|\, R e_z$ for some $R$, so $K$ is determined by $K(|r| "
        r"e_z)$. There it "
        r"must be invariant under the rotations that fix $e_z$, $R = \exp(\theta [e_z]_\times)$; conversely "
        r"every such matrix "
        r"extends to an equivariant $K$, consistently. Differentiating at $\theta = 0$, the admissible matrices "
        r"are the "
        r"solutions $X$ of the linear equations $G^{l_{\rm out}}_z X - X G^{l_{\rm in}}_z = 0$."
    )


def invariance_equations(pair: Pair) -> sp.Matrix:
    """The matrix A with A vec(X) = vec(G_out X - X G_in), X a (2 l_out + 1) x (2 l_in + 1) matrix, row by row."""
    g_out, g_in = component_generator(pair.l_out, 2), component_generator(pair.l_in, 2)
    left = sp.KroneckerProduct(sp.Matrix(g_out), sp.eye(g_in.rows)).as_explicit()
    right = sp.KroneckerProduct(sp.eye(g_out.rows), sp.Matrix(g_in.T)).as_explicit()
    return left - right


def _stabiliser(pair: Pair) -> Step:
    equations = invariance_equations(pair)
    unknowns, rank = equations.cols, equations.rank()
    at_north = [sp.Matrix(p.kernel.subs(NORTH)) for p in pair.paths]
    solve = [residuals(equations * m.reshape(unknowns, 1), sp.zeros(unknowns, 1)) for m in at_north]
    independent = sp.Matrix([list(m) for m in at_north]).rank()
    return Step(
        rf"$\boldsymbol{{{pair.l_in} \to {pair.l_out}}}$. There are {unknowns} unknowns and the equations have "
        rf"rank {rank}, so",
        (
            Equation(
                (r"\dim\{X\}", rf"{unknowns} - {rank}", str(len(pair.paths))),
                (sp.Integer(unknowns - rank - len(pair.paths)),),
                inline=True,
            ),
            unseen(*solve, (sp.Integer(independent - len(pair.paths)),)),
        ),
        rf"The {_plural(len(pair.paths), 'form')} of the catalogue at $e_z$ "
        rf"{'solves' if len(pair.paths) == 1 else 'solve'} the equations and {'is' if len(pair.paths) == 1 else 'are'} "
        "linearly independent.",
    )


def _plural(n: int, word: str) -> str:
    return f"{word}" if n == 1 else f"{n} {word}s"


def _orthogonality(pair: Pair) -> Step:
    ring = SphereRing(units=[DIRECTION])
    products = [
        [
            ring.to_sympy(ring.normal_form(sum(u * v for u, v in zip(p.kernel, q.kernel, strict=True))))
            for q in pair.paths
        ]
        for p in pair.paths
    ]
    gram = sp.Matrix(products)
    norms = [gram[i, i] for i in range(gram.rows)]
    if not all(n.is_Rational and n > 0 for n in norms):
        raise ProofError(f"{pair.key}: the forms' norms {norms} are not positive numbers")
    names = r",\ ".join(rf"|K^{{({p.l_f})}}|^2 = {latex(n)}" for p, n in zip(pair.paths, norms, strict=True))
    return Step(
        rf"For all unit $\hat r$, with $\langle A, B\rangle = \sum_{{ab}} A_{{ab}} B_{{ab}}$ and ${pair.l_in} "
        rf"\to {pair.l_out}$:",
        (
            Equation(
                (r"\langle K^{(J)}, K^{(J')}\rangle", rf"0 \quad (J \ne J'), \qquad {names}"),
                residuals(gram, sp.diag(*norms)),
            ),
        ),
    )
