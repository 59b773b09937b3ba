"""T6: the catalogue holds every equivariant kernel, and its forms are orthogonal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from ..catalogue import Pair, Path, completed
from ..exact import SphereRing, primes_of
from ..harmonics import component_generator
from ..symbols import DIRECTION
from .generators import equivariance_residuals
from .printing import latex
from .proof import Equation, Proof, ProofError, Step, residuals, unseen

NORTH = dict(zip(DIRECTION, (0, 0, 1), strict=True))


def prove(pairs: Sequence[Pair]) -> Proof:
    """T6 for every pair, with all paths between its degrees, be they emitted or not."""
    emitted, pairs = pairs, [completed(p) for p in pairs]
    dimensions = ", ".join(rf"{len(p.paths)}\ ({p.l_in}\to{p.l_out})" for p in pairs)
    return Proof(
        number=6,
        slug="completeness",
        title="Completeness",
        statement=(
            r"Every map $K$ from $\mathbb{R}^3 \setminus \{0\}$ to matrices such that for all $R \in SO(3)$"
            "\n"
            r"\[ K(Rr) = D^{l_{\mathrm{out}}}(R)\, K(r)\, D^{l_{\mathrm{in}}}(R)^{\mathsf T} \]"
            "\n"
            r"is $K(r) = \sum_J \rho_J(|r|)\, K^{(J)}(\hat r)$ with the Cartesian forms $K^{(J)}$ of \tfnref{T4} and unique "
            r"$\rho_J$. Their "
            rf"number is ${dimensions}$, and they are orthogonal.{_emitted(emitted)}"
        ),
        hypotheses=(
            r"Components, $D^l$ and the generators $G^l_k$ as in \tfnref{T1} and \tfnref{T2}; no continuity of $K$ is needed.",
        ),
        steps=(_transitivity(), *_of_others(emitted, pairs), *(_stabiliser(p) for p in pairs), _orthogonality(pairs)),
        remarks=(_parity(pairs),),
    )


def _emitted(pairs: Sequence[Pair]) -> str:
    """What the statement says where the catalogue has some of the paths alone."""
    some = [p for p in pairs if not p.complete]
    if not some:
        return ""
    kept = "; ".join(rf"for ${p.l_in} \to {p.l_out}$ those with $J = {_degrees(p.paths)}$" for p in some)
    return f" Not all of them are in this catalogue: {kept} alone."


def _degrees(paths: Sequence[Path]) -> str:
    return ", ".join(str(p.l_f) for p in paths)


def _transitivity() -> Step:
    return Step(
        r"Rotations act transitively on spheres: $r = |r|\, R e_z$ for some $R$, so $K$ is determined by $X = K(|r| e_z)$. The "
        r"rotations that fix $e_z$ are $\exp(\theta [e_z]_\times)$, and $X$ must be invariant under them, which by "
        r"differentiation at $\theta = 0$ is equivalent to the linear equations $G^{l_\mathrm{out}}_z X - X G^{l_\mathrm{in}}_z "
        r"= 0$. If the catalogue's forms at $e_z$ are a basis of the solutions, then $X = \sum_J \rho_J(|r|)\, K^{(J)}(e_z)$ with "
        r"unique $\rho_J$, and since the forms obey the same law as $K$ (\tfnref{T2} and \tfnref{T4}, as $\lambda \ne 0$), "
        r"$K(r) = \sum_J \rho_J(|r|)\, K^{(J)}(\hat r)$ everywhere."
    )


def _of_others(emitted: Sequence[Pair], pairs: Sequence[Pair]) -> tuple[Step, ...]:
    """The law for forms that other theorems, which are about those of the catalogue, do not speak of."""
    known = {path for p in emitted for path in p.paths}
    others = [path for p in pairs for path in p.paths if path not in known]
    if not others:
        return ()
    names = ", ".join(rf"${p.l_in} \otimes {p.l_f} \to {p.l_out}$" for p in others)
    checks = unseen(r for p in others for r in equivariance_residuals(p))
    return (
        Step(
            rf"For {names}, which are not in this catalogue, the law was checked by generators as in \tfnref{{T5}}.",
            (checks,),
        ),
    )


def invariance_equations(pair: Pair, axis: int) -> sp.Matrix:
    """The matrix A with A vec(X) = vec(G_out X - X G_in) about an axis, X (2 l_out + 1) x (2 l_in + 1), row by row."""
    g_out, g_in = component_generator(pair.l_out, axis), component_generator(pair.l_in, axis)
    left = sp.KroneckerProduct(sp.Matrix(g_out), sp.eye(g_in.rows)).as_explicit()
    right = sp.KroneckerProduct(sp.eye(g_out.rows), sp.Matrix(g_in.T)).as_explicit()
    return left - right


def exact_rank(matrix: sp.Matrix) -> int:
    """The rank over the number field of the entries, where zero is decided exactly."""
    return int(DomainMatrix.from_Matrix(matrix, extension=True).to_field().rank())


def _stabiliser(pair: Pair) -> Step:
    equations = invariance_equations(pair, axis=2)
    unknowns, rank = equations.cols, exact_rank(equations)
    at_north = [sp.Matrix(p.kernel.subs(NORTH)) for p in pair.paths]
    solve = [residuals(equations * m.reshape(unknowns, 1), sp.zeros(unknowns, 1)) for m in at_north]
    products = [sp.expand(sum(a * b for a, b in zip(m, n, strict=True))) for m, n in combinations(at_north, 2)]
    if not all(any(e != 0 for e in m) for m in at_north):
        raise ProofError(f"{pair.key}: a form vanishes at e_z")
    return Step(
        rf"$\boldsymbol{{{pair.l_in} \to {pair.l_out}}}$. There are {unknowns} unknowns and the equations have "
        rf"rank {rank}, so",
        (
            Equation(
                (r"\dim\{X\}", rf"{unknowns} - {rank}", str(len(pair.paths))),
                (sp.Integer(unknowns - rank - len(pair.paths)),),
                inline=True,
            ),
            unseen(*solve, products),
        ),
        rf"The {_plural(len(pair.paths), 'form')} of the catalogue at $e_z$ "
        rf"{'solves' if len(pair.paths) == 1 else 'solve'} the equations and {'is' if len(pair.paths) == 1 else 'are'} "
        f"{'not zero' if len(pair.paths) == 1 else 'orthogonal and not zero, hence linearly independent'}.",
    )


def _plural(n: int, word: str) -> str:
    return f"{word}" if n == 1 else f"{n} {word}s"


def _orthogonality(pairs: Sequence[Pair]) -> Step:
    return Step(
        r"For all unit $\hat r$ the forms are orthogonal, $\langle A, B\rangle = \sum A_{a\dots c} B_{a\dots c}$:",
        tuple(_norms(pair) for pair in pairs),
    )


def _norms(pair: Pair) -> Equation:
    ring = SphereRing(units=[DIRECTION], primes=primes_of(pair.l_in, pair.l_out))
    gram = sp.Matrix(
        len(pair.paths), len(pair.paths), lambda i, j: _inner(pair.paths[i].kernel, pair.paths[j].kernel, ring)
    )
    norms = [gram[i, i] for i in range(gram.rows)]
    if not all(n.is_Rational and n > 0 for n in norms):
        raise ProofError(f"{pair.key}: the forms' norms {norms} are not positive numbers")
    names = r",\ ".join(rf"|K^{{({p.l_f})}}|^2 = {latex(n)}" for p, n in zip(pair.paths, norms, strict=True))
    head = rf"{pair.l_in} \to {pair.l_out}: \qquad "
    if len(norms) == 1:
        return Equation((head + names.split(" = ")[0], latex(norms[0])), residuals(gram, sp.diag(*norms)))
    head += r"\langle K^{(J)}, K^{(J')}\rangle"
    text = rf"0 \quad (J \ne J'), \qquad {names}"
    return Equation(
        (head, text),
        residuals(gram, sp.diag(*norms)),
    )


def _inner(first: sp.Matrix, second: sp.Matrix, ring: SphereRing) -> sp.Expr:
    return ring.to_sympy(ring.normal_form(sum(u * v for u, v in zip(first, second, strict=True))))


def _parity(pairs: Sequence[Pair]) -> Step:
    mirrored = {s: -s for s in DIRECTION}
    checks = [
        r
        for pair in pairs
        for p in pair.paths
        for r in residuals(p.kernel.subs(mirrored, simultaneous=True), (-1) ** p.l_f * p.kernel)
    ]
    natural = "; ".join(
        rf"${pair.l_in} \to {pair.l_out}$: $J = {_degrees([p for p in pair.paths if _keeps_parity(p)])}$"
        for pair in pairs
    )
    return Step(
        r"Under reflections $K^{(J)}(-\hat r) = (-1)^J K^{(J)}(\hat r)$. For polar fields of parity $(-1)^l$ only the paths with "
        rf"$l_\mathrm{{in}} + J + l_\mathrm{{out}}$ even are equivariant under $O(3)$ ({natural}); the others couple polar to axial "
        "fields.",
        (unseen(checks),),
    )


def _keeps_parity(p: Path) -> bool:
    return (p.l_in + p.l_f + p.l_out) % 2 == 0
