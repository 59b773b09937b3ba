"""T10: what survives at r = 0, and why the library's value there is the only continuous one."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from ..catalogue import Pair
from ..harmonics import component_generator, sphere_integral
from ..symbols import DIRECTION
from .printing import latex
from .proof import Equation, Proof, Step, residuals

ORIGIN = dict.fromkeys(DIRECTION, 0)


def prove(pairs: Sequence[Pair]) -> Proof:
    """T10 for every pair."""
    paths = [p for pair in pairs for p in pair.paths]
    scalars = [p for p in paths if p.l_f == 0]
    survivors = ", ".join(rf"{p.l_in} \otimes 0 \to {p.l_out}" for p in scalars) or r"\text{none}"
    return Proof(
        number=10,
        slug="origin",
        title="The value at the origin",
        statement=(
            r"Let $K(r) = \sum_J \varphi_J(|r|)\, K^{(J)}(\hat r)$ be equivariant for $r \ne 0$. If $K$ extends "
            r"continuously to "
            r"$r = 0$, then $K(0)$ is the $J = 0$ channel alone, $\varphi_0(0)\, K^{(0)}$, and $\varphi_J(0) = "
            r"0$ for $J > 0$. "
            rf"Among the paths of the catalogue ${survivors}$ survives. If $K$ does not extend continuously, the "
            rf"same value "
            r"is the mean of its limits over all directions."
        ),
        hypotheses=(r"Equivariance as in Theorem~\ref{tfn:T6}; $\varphi_J$ has a limit $\varphi_J(0)$ at $r \to 0$.",),
        steps=(
            *(_invariant_matrices(p) for p in pairs),
            _means(pairs),
            _library(pairs),
        ),
    )


def _invariant_matrices(pair: Pair) -> Step:
    blocks = []
    for axis in range(3):
        g_out, g_in = component_generator(pair.l_out, axis), component_generator(pair.l_in, axis)
        left = sp.KroneckerProduct(sp.Matrix(g_out), sp.eye(g_in.rows)).as_explicit()
        right = sp.KroneckerProduct(sp.eye(g_out.rows), sp.Matrix(g_in.T)).as_explicit()
        blocks.append(left - right)
    equations = sp.Matrix.vstack(*blocks)
    expected = sum(p.l_f == 0 for p in pair.paths)
    solution = [p.kernel for p in pair.paths if p.l_f == 0]
    satisfied = [residuals(equations * sp.Matrix(k).reshape(len(k), 1), sp.zeros(equations.rows, 1)) for k in solution]
    forms = [p.form.latex() for p in pair.paths if p.l_f == 0 and p.form is not None]
    span = rf"multiples of ${forms[0]}$" if forms else "multiples of the unit matrix" if solution else "zero alone"
    return Step(
        rf"$\boldsymbol{{{pair.l_in} \to {pair.l_out}}}$. A continuous $K$ satisfies $K(0) = D^{{l_{{\rm "
        rf"out}}}}(R) K(0) "
        rf"D^{{l_{{\rm in}}}}(R)^{{\mathsf T}}$ for all $R$, that is $G^{{l_{{\rm out}}}}_k X = X G^{{l_{{\rm "
        rf"in}}}}_k$ for "
        rf"$k = x, y, z$: {equations.rows} equations of rank {equations.rank()} in {equations.cols} unknowns, so",
        (
            Equation(
                (r"\dim\{X\}", rf"{equations.cols} - {equations.rank()}", str(expected)),
                (sp.Integer(equations.cols - equations.rank() - expected), *(r for s in satisfied for r in s)),
                inline=True,
            ),
        ),
        rf"The solutions are {span}.",
    )


def _means(pairs: Sequence[Pair]) -> Step:
    checks: list[sp.Expr] = []
    for pair in pairs:
        for p in pair.paths:
            mean = [sphere_integral(e) / (4 * sp.pi) for e in p.kernel]
            target = list(p.kernel) if p.l_f == 0 else [sp.Integer(0)] * len(mean)
            checks += residuals(mean, target)
    return Step(
        r"Approached along $\hat r$, the limit is $\sum_J \varphi_J(0) K^{(J)}(\hat r)$. It is the same along "
        r"all $\hat r$ only "
        r"if $\varphi_J(0) = 0$ for $J > 0$, since the forms are orthogonal and those with $J > 0$ have mean zero:",
        (
            Equation(
                (
                    r"\frac{1}{4\pi}\int_{S^2} K^{(J)}(\hat r)\, d\Omega",
                    r"\begin{cases} K^{(0)} & J = 0 \\ 0 & J > 0 \end{cases}",
                ),
                tuple(checks),
            ),
        ),
        r"In either case the mean over directions is $\varphi_0(0) K^{(0)}$.",
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
        r"A form left inhomogeneous, such as $3\hat r_a\hat r_c - \delta_{ac}$ at $\hat r = 0$, would give "
        r"$-\delta_{ac}$ instead, "
        r"which no continuous kernel has.",
    )
