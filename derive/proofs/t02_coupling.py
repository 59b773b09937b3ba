"""T2: real Clebsch-Gordan coefficients are orthonormal and intertwine, for all rotations."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from ..catalogue import Pair, Path
from ..coupling import real_clebsch_gordan
from ..harmonics import component_generator, generator, real_harmonics, turned_harmonics
from .proof import Equation, Proof, Step, equation, residuals, unseen


def prove(pairs: Sequence[Pair]) -> Proof:
    """T2 for every path of the pairs."""
    paths = [path for pair in pairs for path in pair.paths]
    degrees = sorted({l for p in paths for l in (p.l_in, p.l_f, p.l_out)})
    return Proof(
        number=2,
        slug="coupling",
        title="Real Clebsch--Gordan coefficients",
        statement=(
            r"Let $Q^J_{m;ab} = \langle l_{\rm in}\, b;\, J m\,|\,l_{\rm out}\, a\rangle$ in the real basis. For "
            r"every path "
            r"of the catalogue $\sum_{m,b} Q^J_{m;ab} Q^J_{m;a'b} = \delta_{aa'}$, and for all $R \in SO(3)$"
            "\n"
            r"\[ \sum_{m} D^J_{mm'}(R)\, Q^J_{m;ab} = \sum_{a'b'} D^{l_{\rm out}}_{aa'}(R)\, Q^J_{m';a'b'}\, "
            r"D^{l_{\rm in}}_{bb'}(R), \]"
            "\n"
            r"where $D^l$ is defined by $Y_l(R\hat r) = D^l(R)\, Y_l(\hat r)$."
        ),
        hypotheses=(
            r"$Q^J = i^{\,l_{\rm in}+J-l_{\rm out}}$ times the Condon--Shortley coefficients taken to the real "
            r"basis of "
            r"Theorem~\ref{tfn:T1}; indices $a$, $b$ are components (Cartesian for degree 1).",
        ),
        steps=(_orthonormality(paths), _generators(degrees), _intertwining(paths), _all_rotations()),
        remarks=(_order_of_indices(degrees),),
    )


def _orthonormality(paths: Sequence[Path]) -> Step:
    equations = []
    for p in paths:
        q = real_clebsch_gordan(p.l_in, p.l_f, p.l_out)
        n_out, n_in, n_f = 2 * p.l_out + 1, 2 * p.l_in + 1, 2 * p.l_f + 1
        gram = sp.Matrix(
            n_out,
            n_out,
            lambda a, c, q=q, n_f=n_f, n_in=n_in: sum(q[m, a, b] * q[m, c, b] for m in range(n_f) for b in range(n_in)),
        )
        equations.append(unseen(residuals(gram, sp.eye(n_out))))
    sample = _sample(next(p for p in paths if p.l_f >= 2))
    return Step(
        rf"The coefficients are real and their squares sum to one in every row: all {len(paths)} Gram matrices "
        rf"are unit "
        r"matrices. For instance, for $1 \otimes 2 \to 1$ and $a = x$,",
        (*equations, sample),
    )


def _sample(p: Path) -> Equation:
    q = real_clebsch_gordan(p.l_in, p.l_f, p.l_out)
    squares = [q[m, 0, b] ** 2 for m in range(2 * p.l_f + 1) for b in range(2 * p.l_in + 1) if q[m, 0, b] != 0]
    shown = " + ".join(rf"\tfrac{{{s.p}}}{{{s.q}}}" for s in squares)
    return equation(sum(squares), 1, (rf"\sum_{{m,b}} \bigl(Q^{p.l_f}_{{m;xb}}\bigr)^2", shown, "1"), inline=True)


def _generators(degrees: Sequence[int]) -> Step:
    turned = [residuals(turned_harmonics(l, k), generator(l, k) * real_harmonics(l)) for l in degrees for k in range(3)]
    algebra = []
    for l in degrees:
        gx, gy, gz = (generator(l, axis) for axis in range(3))
        for first, second, third in ((gx, gy, gz), (gy, gz, gx), (gz, gx, gy)):
            algebra += [residuals(first * second - second * first, third), residuals(first.T, -first)]
    vector = [residuals(component_generator(1, k), _cross_matrix(k)) for k in range(3)]
    shown = (
        Equation(
            (r"(e_k \times r)\cdot\nabla\; Y_{lm}", r"\textstyle\sum_{m'} (G^l_k)_{mm'}\, Y_{lm'}"), _joined(turned)
        ),
        Equation(
            (r"[G^l_x, G^l_y]", r"G^l_z \quad\text{(and cyclic)},\qquad (G^l_k)^{\mathsf T} = -G^l_k"),
            _joined(algebra),
        ),
    )
    return Step(
        r"Let $R(\theta)$ turn by $\theta$ about axis $k$. Differentiating $Y_l(R(\theta)\hat r) = D^l Y_l(\hat r)$ at "
        r"$\theta = 0$ defines the generators $G^l_k$, read off with the integrals of Theorem~\ref{tfn:T1}:",
        (*shown, unseen(*vector)),
        rf"for $l = {', '.join(map(str, degrees))}$, where $G^1_k$ in Cartesian components is $[e_k]_\times$.",
    )


def _joined(checks: Sequence[tuple[sp.Expr, ...]]) -> tuple[sp.Expr, ...]:
    return tuple(r for check in checks for r in check)


def _cross_matrix(k: int) -> sp.Matrix:
    """[e_k]×: entry (a, c) is ε_akc."""
    return sp.Matrix(3, 3, lambda a, c: sp.LeviCivita(a, k, c))


def _intertwining(paths: Sequence[Path]) -> Step:
    checks = [residuals(*_both_sides(p, axis)) for p in paths for axis in range(3)]
    return Step(
        r"The identity holds for the generators, entry by entry:",
        (
            Equation(
                (
                    r"\sum_m (G^J_k)_{mm'}\, Q^J_{m;ab}",
                    r"\sum_{a'} (G^{l_{\rm out}}_k)_{aa'}\, Q^J_{m';a'b} + \sum_{b'} (G^{l_{\rm in}}_k)_{bb'}\, "
                    r"Q^J_{m';ab'}",
                ),
                _joined(checks),
            ),
        ),
        rf"for all {len(paths)} paths, $k = x, y, z$ and all $m', a, b$.",
    )


def _both_sides(p: Path, axis: int) -> tuple[list[sp.Expr], list[sp.Expr]]:
    q = real_clebsch_gordan(p.l_in, p.l_f, p.l_out)
    g_f = generator(p.l_f, axis)
    g_out, g_in = component_generator(p.l_out, axis), component_generator(p.l_in, axis)
    n_f, n_out, n_in = q.shape
    every = [(m, a, b) for m in range(n_f) for a in range(n_out) for b in range(n_in)]
    left = [sum(g_f[k, m] * q[k, a, b] for k in range(n_f)) for m, a, b in every]
    right = [
        sum(g_out[a, k] * q[m, k, b] for k in range(n_out)) + sum(g_in[b, k] * q[m, a, k] for k in range(n_in))
        for m, a, b in every
    ]
    return left, right


def _all_rotations() -> Step:
    return Step(
        r"Every rotation is $R = \exp(\theta\, [n]_\times)$ for some axis $n$, and then "
        r"$D^l(R) = \exp(\theta\, n_k G^l_k)$, since both sides solve $\dot D = n_k G^l_k D$, $D(0) = 1$. Acting "
        r"on the "
        r"space of tensors $Q_{m;ab}$, the generator identity says that $Q$ is annihilated by the generator of "
        r"$D^J \otimes D^{l_{\rm out}} \otimes D^{l_{\rm in}}$ along every $n$; so the exponential leaves $Q$ "
        r"fixed, which "
        r"is the claim because the $D^l$ are orthogonal."
    )


def _order_of_indices(degrees: Sequence[int]) -> Step:
    checks = []
    for l in degrees:
        gx, gy, gz = (generator(l, axis).T for axis in range(3))
        checks.append(residuals(gx * gy - gy * gx, -gz))
    return Step(
        r"The slides write $Y_{Jm}(R\hat r) = \sum_{m'} D^J_{m'm}(R)\, Y_{Jm'}(\hat r)$, with the indices of $D$ the "
        r"other way round. That matrix reverses products, $D(R_1R_2) = D(R_2)D(R_1)$: the transposed generators "
        r"satisfy",
        (
            Equation(
                (r"[G_x^{\mathsf T}, G_y^{\mathsf T}]", r"-G_z^{\mathsf T}"),
                _joined(checks),
            ),
        ),
        r"Our $D_{mm'}$ is a homomorphism.",
    )
