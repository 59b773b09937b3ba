"""T10: what survives at r = 0, and why the library's value there is the only continuous one."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from ..catalogue import Pair, completed
from ..harmonics import sphere_integral
from ..symbols import DIRECTION
from .printing import latex
from .proof import Equation, Proof, Step, residuals
from .t06_completeness import exact_rank, invariance_equations

ORIGIN = dict.fromkeys(DIRECTION, 0)


def prove(pairs: Sequence[Pair]) -> Proof:
    """T10 for every pair, with all paths between its degrees; it says which of those that are emitted survive."""
    emitted, pairs = pairs, [completed(p) for p in pairs]
    scalars = [p for pair in emitted for p in pair.paths if p.l_f == 0]
    survivors = ", ".join(rf"${p.l_in} \otimes 0 \to {p.l_out}$" for p in scalars) or "none"
    return Proof(
        number=10,
        slug="origin",
        title="The value at the origin",
        statement=(
            r"Let $K(r) = \sum_J \rho_J(|r|)\, K^{(J)}(\hat r)$ be equivariant for $r \ne 0$, as in \tfnref{T6}. $K$ extends "
            r"continuously to $r = 0$ if and only if $\rho_0$ has a limit $\rho_0(0)$ there and $\rho_J \to 0$ for all $J > 0$; then "
            r"$K(0) = \rho_0(0)\, K^{(0)}$, the $J = 0$ channel alone. Among the paths of the catalogue "
            rf"{survivors} {'survive' if len(scalars) > 1 else 'survives'}. If the $\rho_J$ have limits but $K$ does not extend, the same value is the mean of the limits "
            "of $K$ over all directions."
        ),
        hypotheses=(
            r"Forms $K^{(J)}$ as in \tfnref{T4}, orthogonal by \tfnref{T6}; $\rho_0 = 0$ where there is no $J = 0$ path.",
        ),
        steps=(
            _invariant_matrices(pairs),
            _means(pairs),
            _library(pairs),
        ),
    )


def _invariant_matrices(pairs: Sequence[Pair]) -> Step:
    return Step(
        r"A continuous $K$ satisfies $K(0) = D^{l_\mathrm{out}}(R)\, K(0)\, D^{l_\mathrm{in}}(R)^\mathsf{T}$ for all $R$, that is "
        r"$G^{l_\mathrm{out}}_k X = X G^{l_\mathrm{in}}_k$ for $k = x, y, z$ and $X = K(0)$. The dimension of the solutions, unknowns "
        r"minus rank of these equations, is the number of $J = 0$ paths:",
        tuple(_dimension(pair) for pair in pairs),
    )


def _dimension(pair: Pair) -> Equation:
    equations = sp.Matrix.vstack(*(invariance_equations(pair, axis) for axis in range(3)))
    rank = exact_rank(equations)
    solutions = [p.kernel for p in pair.paths if p.l_f == 0]
    satisfied = [
        r for k in solutions for r in residuals(equations * sp.Matrix(k).reshape(len(k), 1), [0] * equations.rows)
    ]
    left = sp.Integer(equations.cols - rank - len(solutions))
    head = rf"{pair.l_in} \to {pair.l_out}: \qquad \dim\{{X\}}"
    return Equation((head, f"{equations.cols} - {rank}", str(len(solutions))), (left, *satisfied), inline=True)


def _means(pairs: Sequence[Pair]) -> Step:
    checks: list[sp.Expr] = []
    for pair in pairs:
        for p in pair.paths:
            mean = [sphere_integral(e) / (4 * sp.pi) for e in p.kernel]
            target = list(p.kernel) if p.l_f == 0 else [sp.Integer(0)] * len(mean)
            checks += residuals(mean, target)
    return Step(
        r"By orthogonality $\rho_J = \langle K, K^{(J)}\rangle / |K^{(J)}|^2$, so the $\rho_J$ of a continuous $K$ have limits. "
        r"Approached along $\hat r$, the limit of $K$ is $\sum_J \rho_J(0)\, K^{(J)}(\hat r)$. It is the same along all $\hat r$ if "
        r"and only if $\rho_J(0) = 0$ for $J > 0$, since the forms are orthogonal and those with $J > 0$ have mean zero:",
        (
            Equation(
                (
                    r"\frac{1}{4\pi}\int_{S^2} K^{(J)}(\hat r)\, d\Omega",
                    r"\begin{cases} K^{(0)} & J = 0 \\ 0 & J > 0 \end{cases}",
                ),
                tuple(checks),
            ),
        ),
        r"In either case the mean over directions is $\rho_0(0)\, K^{(0)}$.",
    )


def _library(pairs: Sequence[Pair]) -> Step:
    paths = [p for pair in pairs for p in pair.paths]
    at_origin = [e for p in paths for e in p.kernel.subs(ORIGIN)]
    target = [e for p in paths for e in (p.kernel if p.l_f == 0 else sp.zeros(*p.kernel.shape))]
    example = next((p for p in paths if p.l_f == 2 and p.l_out == 1), None)
    text = (
        rf" (for instance $3 r_a r_c - |r|^2\delta_{{ac}}$ for ${latex(sp.Symbol(example.radial))}$)"
        if example is not None
        else ""
    )
    return Step(
        rf"The library evaluates each form made homogeneous of degree $J$ with powers of $|\hat r|^2${text}, at "
        rf"$\hat r = 0$ "
        r"where $r = 0$:",
        (
            Equation(
                (r"K^{(J)}(0)", r"\begin{cases} K^{(0)} & J = 0 \\ 0 & J > 0 \end{cases}"),
                residuals(at_origin, target),
            ),
        ),
        r"A form left inhomogeneous, $3\hat r_a\hat r_c - \delta_{ac}$ evaluated at $\hat r = 0$, would add $-\rho_2(0)\,"
        r"\delta_{ac}$: nothing for a continuous kernel, and a wrong mean for one that is not.",
    )
