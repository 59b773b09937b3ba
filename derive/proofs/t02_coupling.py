"""T2: real Clebsch-Gordan coefficients are orthonormal and intertwine, for all rotations."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from ..cartesian import component_basis
from ..catalogue import Pair, Path
from ..coupling import real_clebsch_gordan, real_from_complex
from ..harmonics import (
    complex_harmonic,
    component_generator,
    generator,
    orders,
    real_harmonic,
    real_harmonics,
    turned_harmonics,
)
from .printing import COMPONENTS
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
            r"Let $Q^J_{m;ab} = \langle l_\mathrm{in}\, b;\, J m\,|\,l_\mathrm{out}\, a\rangle$ in the real basis. For "
            r"every path of the catalogue $Q^J$ is real, $\sum_{m,b} Q^J_{m;ab} Q^J_{m;a'b} = \delta_{aa'}$, and for all "
            r"$R \in SO(3)$"
            "\n"
            r"\[ \sum_{m} D^J_{mm'}(R)\, Q^J_{m;ab} = \sum_{a'b'} D^{l_\mathrm{out}}_{aa'}(R)\, Q^J_{m';a'b'}\, "
            r"D^{l_\mathrm{in}}_{bb'}(R), \]"
            "\n"
            r"where $D^l(R)$ is the orthogonal matrix with $Y_l(R\hat r) = D^l(R)\, Y_l(\hat r)$; with indices $a$, $b$ it acts "
            r"on components, so that $D^1(R) = R$ and $D^2_{mn}(R) = E^m_{ab} R_{aa'} R_{bb'} E^n_{a'b'}$."
        ),
        hypotheses=(
            r"$Q^J = i^{\,l_\mathrm{in}+J-l_\mathrm{out}}\, U^{l_\mathrm{out}} C\, (U^{l_\mathrm{in}} \otimes U^J)^\dagger$ "
            r"with the Condon--Shortley coefficients $C$ and the unitary $U^l$ below; harmonics and $E^m$ of \tfnref{T1}.",
        ),
        steps=(
            _real_basis(sorted({1, *degrees})),  # its displays speak of m > 0, so degree 0 alone would leave them empty
            _orthonormality(paths),
            _generators(degrees),
            _components(degrees),
            _intertwining(paths),
            _all_rotations(),
        ),
        remarks=(_order_of_indices(degrees),),
    )


def _real_basis(degrees: Sequence[int]) -> Step:
    above: list[sp.Expr] = []
    below: list[sp.Expr] = []
    rest: list[sp.Expr] = []
    for l in degrees:
        u = real_from_complex(l)
        turned = u * sp.Matrix([complex_harmonic(l, m) for m in orders(l)])
        for m in range(1, l + 1):
            plus, minus = (-1) ** m * complex_harmonic(l, m), complex_harmonic(l, -m)
            above += _chained(real_harmonic(l, m), (minus + plus) / sp.sqrt(2), turned[l + m])
            below += _chained(real_harmonic(l, -m), sp.I * (minus - plus) / sp.sqrt(2), turned[l - m])
        rest += residuals(turned[l], real_harmonic(l, 0))
        rest += residuals((u * u.H).applyfunc(sp.expand), sp.eye(2 * l + 1))
    return Step(
        r"Complex harmonics in the Condon--Shortley convention are $Y_l^{m} = (-1)^m N_{lm}\, \Pi_{lm}(z)\, (x + iy)^m$ and "
        r"$Y_l^{-m} = (-1)^m \overline{Y_l^m}$ for $m \ge 0$. With the unitary $U^l$ that has, for $m > 0$,",
        (
            Equation(
                (r"Y_{l,m}", r"\tfrac{1}{\sqrt2}\bigl(Y_l^{-m} + (-1)^m Y_l^{m}\bigr)", r"(U^l\, Y_l^{\,\cdot})_m"),
                tuple(above),
                inline=True,
            ),
            Equation(
                (r"Y_{l,-m}", r"\tfrac{i}{\sqrt2}\bigl(Y_l^{-m} - (-1)^m Y_l^{m}\bigr)", r"(U^l\, Y_l^{\,\cdot})_{-m}"),
                tuple(below),
                inline=True,
            ),
            unseen(rest),
        ),
        r"and $Y_{l,0} = Y_l^0$, these are the harmonics of \tfnref{T1}.",
    )


def _chained(first: sp.Expr, second: sp.Expr, third: sp.Expr) -> tuple[sp.Expr, ...]:
    return (*residuals(first, second), *residuals(second, third))


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
        equations.append(unseen([sp.im(value) for value in sp.flatten(q)]))
    shown = next((p for p in paths if p.l_f >= 2), paths[0])
    return Step(
        rf"The coefficients are real, and their squares sum to one in every row: all {len(paths)} Gram matrices are unit "
        rf"matrices. For instance, for ${shown.l_in} \otimes {shown.l_f} \to {shown.l_out}$ and $a = {_first(shown)}$,",
        (*equations, _sample(shown)),
    )


def _first(p: Path) -> str:
    """The first output component, in a word."""
    return COMPONENTS.get(p.l_out, ("1",))[0] or "1"


def _sample(p: Path) -> Equation:
    q = real_clebsch_gordan(p.l_in, p.l_f, p.l_out)
    squares = [q[m, 0, b] ** 2 for m in range(2 * p.l_f + 1) for b in range(2 * p.l_in + 1) if q[m, 0, b] != 0]
    shown = " + ".join(rf"\tfrac{{{s.p}}}{{{s.q}}}" for s in squares)
    return equation(
        sum(squares), 1, (rf"\sum_{{m,b}} \bigl(Q^{p.l_f}_{{m;{_first(p)}b}}\bigr)^2", shown, "1"), inline=True
    )


def _generators(degrees: Sequence[int]) -> Step:
    turned = [residuals(turned_harmonics(l, k), generator(l, k) * real_harmonics(l)) for l in degrees for k in range(3)]
    algebra = []
    for l in degrees:
        gx, gy, gz = (generator(l, axis) for axis in range(3))
        for first, second, third in ((gx, gy, gz), (gy, gz, gx), (gz, gx, gy)):
            algebra += [residuals(first * second - second * first, third), residuals(first.T, -first)]
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
        r"Let $R(\theta)$ turn by $\theta$ about axis $k$. As $\tfrac{d}{d\theta} f(R(\theta) r) = ((e_k \times r)\cdot\nabla f)"
        r"(R(\theta) r)$, the rate of change of the harmonics is linear in them, with matrices read off with the integrals of "
        r"\tfnref{T1}:",
        shown,
        rf"for $l = {', '.join(map(str, degrees))}$.",
    )


def _components(degrees: Sequence[int]) -> Step:
    lines = []
    if 1 in degrees:
        vector = [residuals(component_generator(1, k), _cross_matrix(k)) for k in range(3)]
        lines.append(Equation((r"P\, G^1_k\, P^\mathsf{T}", r"[e_k]_\times"), _joined(vector)))
    if 2 in degrees:
        tensor = [residuals(component_generator(2, k), _turned_tensors(k)) for k in range(3)]
        text = r"E^m_{ab}\bigl([e_k]_{\times,aa'}\, \delta_{bb'} + \delta_{aa'}\, [e_k]_{\times,bb'}\bigr) E^n_{a'b'}"
        lines.append(Equation((r"(G^2_k)_{mn}", text), _joined(tensor)))
    return Step(
        r"In components these are the generators of $v \mapsto R v$ and of $T \mapsto R\, T R^\mathsf{T}$:",
        tuple(lines),
    )


def _turned_tensors(k: int) -> sp.Matrix:
    basis = [sp.Matrix(e.tolist()) for e in component_basis(2)]
    cross = _cross_matrix(k)
    return sp.Matrix(5, 5, lambda m, n: sp.expand((basis[m].T * (cross * basis[n] + basis[n] * cross.T)).trace()))


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
                    r"\sum_{a'} (G^{l_\mathrm{out}}_k)_{aa'}\, Q^J_{m';a'b} + \sum_{b'} (G^{l_\mathrm{in}}_k)_{bb'}\, "
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
        r"Every rotation is $R = \exp(\theta\, [n]_\times)$ for some unit $n$. Along $R(\theta) = \exp(\theta\, [n]_\times)$ "
        r"the column $h(\theta) = Y_l(R(\theta)\hat r)$ obeys $\dot h = n_k G^l_k\, h$, so "
        r"$h(\theta) = \exp(\theta\, n_k G^l_k)\, h(0)$: thus $D^l(R) = \exp(\theta\, n_k G^l_k)$ exists. It is unique because "
        r"the $Y_{lm}$ are linearly independent (\tfnref{T1}), hence a homomorphism, and orthogonal because $G^l_k$ is "
        r"antisymmetric. By the generator identity the tensor $Q_{m;ab}$ is annihilated by $n_k G_k$ acting on its three "
        r"indices together; so the exponential, $D^J \otimes D^{l_\mathrm{out}} \otimes D^{l_\mathrm{in}}$, leaves it fixed, "
        r"which is the claim."
    )


def _order_of_indices(degrees: Sequence[int]) -> Step:
    checks = []
    for l in degrees:
        gx, gy, gz = (generator(l, axis).T for axis in range(3))
        checks.append(residuals(gx * gy - gy * gx, -gz))
    return Step(
        r"In \tfnslides{} steerability reads $Y_{Jm}(R\hat r) = \sum_{m'} D^J_{m'm}(R)\, Y_{Jm'}(\hat r)$, with the indices of $D$ the other "
        r"way round; with a homomorphism $D$ that formula holds for $Y_{Jm}(R^{-1}\hat r)$. Read literally it defines a matrix "
        r"that reverses products, since the transposed generators satisfy",
        (
            Equation(
                (r"[G_x^{\mathsf T}, G_y^{\mathsf T}]", r"-G_z^{\mathsf T}"),
                _joined(checks),
            ),
        ),
    )
