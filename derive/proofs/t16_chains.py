"""T16: every path, whatever its degrees, has a Cartesian form: a combination of chains of contractions with r."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from ..catalogue import Pair, Path
from ..chains import Link, links, lowering, turning
from ..exact import SphereRing, primes_of
from ..harmonics import component_generator, components_from_orders, normalisation, real_harmonics, sphere_integral
from ..symbols import DIRECTION
from .printing import factor_latex
from .proof import Equation, Proof, Step, residuals

#: The argument of the polynomial that stands for a tensor: T s..s.
ARGUMENT = sp.symbols("s1 s2 s3", real=True)


def prove(pairs: Sequence[Pair]) -> Proof:
    """T16 for every path of the pairs."""
    ranks = range(1, max(l for pair in pairs for l in (pair.l_in, pair.l_out, 1)) + 1)
    return Proof(
        number=16,
        slug="chains",
        title="A Cartesian form for any degrees",
        statement=(
            r"Let $L_l(r)$ take the components of a symmetric traceless tensor $T$ of rank $l$ to those of its contraction "
            r"$T_{a_1 \dots a_l} r_{a_l}$, its transpose those of rank $l - 1$ to the symmetric traceless part of $T r$, and "
            r"$C_l(r) = r_k G^l_k$. With the chains"
            "\n"
            r"\[ A_j = L_{l_\mathrm{out}}^{\mathsf T} \cdots L_{j+1}^{\mathsf T}\; L_{j+1} \cdots L_{l_\mathrm{in}}, \qquad "
            r"B_j = L_{l_\mathrm{out}}^{\mathsf T} \cdots L_{j+1}^{\mathsf T}\; C_j\; L_{j+1} \cdots L_{l_\mathrm{in}}, \]"
            "\n"
            r"every path is a combination of the $A_j$ or of the $B_j$ with powers of $n = |r|^2$, given below; all of them "
            r"are equivariant polynomials of $r$."
        ),
        hypotheses=(
            r"Components, forms and generators $G^l_k$ as in \tfnref{T1}, \tfnref{T2} and \tfnref{T4}, each form homogeneous "
            r"of degree $J$ in $r$; $|r| = 1$ is not used.",
        ),
        steps=(_contraction(ranks), _equivariance(ranks), *(_paths(pair) for pair in pairs)),
    )


def _tensor_polynomials(l: int) -> list[sp.Expr]:
    """T s..s of the tensor that is one component of degree l: a harmonic times a positive number."""
    return [sp.expand(_size(l) * h) for h in components_from_orders(l) * real_harmonics(l)]


def _size(l: int) -> sp.Expr:
    """What makes Y_lm the polynomial of a tensor of length 1: that of z..z, projected, has the length and the value
    √(l! / (1·3·..·(2l-1))) at e_z."""
    top = sp.sqrt(sp.factorial(l) / sp.factorial2(2 * l - 1))
    return sp.radsimp(top / normalisation(l, 0))


def _contraction(ranks: Sequence[int]) -> Step:
    """Independent of how L was computed: both sides as polynomials in r and s."""
    ring = SphereRing(free=[*DIRECTION, *ARGUMENT], primes=primes_of(max(ranks, default=0)))
    checks: list[sp.Expr] = []
    raises: list[sp.Expr] = []
    lengths: list[sp.Expr] = []
    square, across = sum(s * s for s in ARGUMENT), sum(r * s for r, s in zip(DIRECTION, ARGUMENT, strict=True))
    for l in ranks:
        above, below = ([_of_argument(p) for p in _tensor_polynomials(k)] for k in (l, l - 1))
        for column, p in enumerate(above):
            lowered = sum(lowering(l)[row, column] * q for row, q in enumerate(below))
            checks += residuals(lowered, _along(p) / sp.Integer(l), ring)
        for row, q in enumerate(below):
            raised = sum(lowering(l)[row, column] * p for column, p in enumerate(above))
            traceless = across * q - square * _along(q) / sp.Integer(2 * l - 1)
            raises += residuals(raised, traceless, ring)
        lengths += _lengths(l)
    return Step(
        r"A tensor is its polynomial $p_T(s) = T_{a_1 \dots a_l} s_{a_1} \cdots s_{a_l}$, of which the components are the "
        r"coefficients in $p_m = E^m_{a_1 \dots a_l} s_{a_1} \cdots s_{a_l}$, a harmonic times a positive number; its contraction "
        r"with $r$ is $r \cdot \nabla p_T / l$. As polynomials in $r$ and $s$,",
        (
            Equation(
                (r"\textstyle\sum_{m'} L_l(r)_{m'm}\; p_{m'}(s)", r"\tfrac1l\; r \cdot \nabla_s\, p_m(s)"),
                tuple(checks),
            ),
            Equation(
                (
                    r"\textstyle\sum_m L_l(r)_{m'm}\; p_m(s)",
                    r"(r \cdot s)\, p_{m'}(s) - \tfrac{|s|^2}{2l-1}\; r \cdot \nabla_s\, p_{m'}(s)",
                ),
                tuple(raises),
            ),
            Equation(
                (r"\textstyle\int_{S^2} p_m\, p_{m'}\, d\Omega", r"\frac{4\pi\; l!}{(2l+1)!!}\,\delta_{mm'}"),
                tuple(lengths),
            ),
        ),
        rf"for $l = {', '.join(map(str, ranks))}$. "
        r"The second line is the polynomial of the symmetric part of $T_{a_1 \dots a_{l-1}} r_{a_l}$ less its traces, which it must be "
        r"as it is harmonic in $s$. The third is the length of $p_m$ where $|E^m| = 1$ (as "
        r"$\int (a \cdot s)^l (b \cdot s)^l\, d\Omega = 4\pi\, l!\,(a \cdot b)^l/(2l+1)!!$ for $a$, $b$ with $a \cdot a = b \cdot b = 0$, "
        r"whose powers span the symmetric traceless tensors).",
    )


def _along(p: sp.Expr) -> sp.Expr:
    """r·∇ of a polynomial in s."""
    return sum(r * sp.diff(p, s) for r, s in zip(DIRECTION, ARGUMENT, strict=True))


def _of_argument(p: sp.Expr) -> sp.Expr:
    return p.subs(dict(zip(DIRECTION, ARGUMENT, strict=True)), simultaneous=True)


def _lengths(l: int) -> list[sp.Expr]:
    tensors = _tensor_polynomials(l)
    wanted = 4 * sp.pi * sp.factorial(l) / sp.factorial2(2 * l + 1)
    gram = [[sphere_integral(sp.expand(p * q)) for q in tensors] for p in tensors]
    return list(residuals(sp.Matrix(gram), wanted * sp.eye(2 * l + 1)))


def _equivariance(ranks: Sequence[int]) -> Step:
    lower = [r for l in ranks for k in range(3) for r in _turned(lowering(l), l - 1, l, k)]
    turn = [r for l in ranks for k in range(3) for r in _turned(turning(l), l, l, k)]
    stated = [r for l in ranks for r in residuals(turning(l), _turning_as_stated(l))]
    return Step(
        r"Under rotations about axis $k$ both maps change as equivariant maps do,",
        (
            Equation(("C_l(r)", r"\textstyle\sum_k r_k\, G^l_k"), tuple(stated), inline=True),
            Equation(
                (r"(e_k \times r)\cdot\nabla\, L_l(r)", r"G^{l-1}_k L_l(r) - L_l(r)\, G^l_k"), tuple(lower), inline=True
            ),
            Equation(
                (r"(e_k \times r)\cdot\nabla\, C_l(r)", r"G^l_k C_l(r) - C_l(r)\, G^l_k"), tuple(turn), inline=True
            ),
        ),
        r"so that, as $\exp$ reaches every rotation (\tfnref{T2}), $L_l(Rr) = D^{l-1}(R) L_l(r) D^l(R)^{\mathsf T}$ and likewise "
        r"$C_l$; hence all chains are equivariant. It remains to compare every entry of the following, for all $r$. (The degree "
        r"$J$ of a path and its parity leave no room for other chains; the coefficients were read off at $e_z$.)",
    )


def _turning_as_stated(l: int) -> sp.Matrix:
    return sum((r * component_generator(l, k) for k, r in enumerate(DIRECTION)), sp.zeros(2 * l + 1))


def _turned(matrix: sp.Matrix, l_out: int, l_in: int, axis: int) -> tuple[sp.Expr, ...]:
    a, b = DIRECTION[(axis + 1) % 3], DIRECTION[(axis + 2) % 3]
    rate = matrix.applyfunc(lambda e: sp.expand(a * sp.diff(e, b) - b * sp.diff(e, a)))
    g_out, g_in = component_generator(l_out, axis), component_generator(l_in, axis)
    return residuals(rate, (g_out * matrix - matrix * g_in).expand())


def _paths(pair: Pair) -> Step:
    return Step(
        rf"$\boldsymbol{{{pair.l_in} \to {pair.l_out}}}$:",
        tuple(_path(p) for p in pair.paths),
    )


def _path(p: Path) -> Equation:
    n = sum(s * s for s in DIRECTION)
    total = sp.zeros(2 * p.l_out + 1, 2 * p.l_in + 1)
    for link in links(p):
        total += link.coefficient * n**link.power * _chain_as_stated(p, link.rank, link.turned)
    ring = SphereRing(free=DIRECTION, primes=primes_of(p.l_in, p.l_out))
    return Equation((rf"K^{{({p.l_f})}}", _combination_latex(links(p))), residuals(total, p.kernel, ring), inline=True)


def _chain_as_stated(p: Path, rank: int, turned: bool) -> sp.Matrix:
    """The product of the statement, whatever :mod:`chains` makes of it: links were read off that."""
    product = turning(rank) if turned else sp.eye(2 * rank + 1)
    for l in range(rank + 1, p.l_in + 1):
        product = (product * lowering(l)).expand()
    for l in range(rank + 1, p.l_out + 1):
        product = (lowering(l).T * product).expand()
    return product


def _combination_latex(terms: Sequence[Link]) -> str:
    text = ""
    for link in terms:
        c = link.coefficient
        joint = " - " if c.is_negative else " + " if text else ""
        power = {0: "", 1: r"n\,"}.get(link.power, rf"n^{link.power}\,")
        text += rf"{joint}{factor_latex(abs(c))}{power}{'B' if link.turned else 'A'}_{{{link.rank}}}"
    return text.strip()
