"""T5: each kernel is equivariant under every rotation; where it has a form in index notation, by finite rotations too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy.polys.rings import PolyElement

from ..cartesian import IndexExpression, delta, epsilon, r
from ..catalogue import Pair, Path
from ..rotations import RotatedDirection, rotation_matrix
from ..symbols import DIRECTION, QUATERNION
from .generators import equivariance_residuals
from .index_lemma import at_rotated, collected_latex, invariants_turned, substituted
from .printing import matrix
from .proof import Equation, Proof, Step, chain, equation, residuals, unseen


def prove(pairs: Sequence[Pair], rotation: sp.Matrix | None = None) -> Proof:
    """T5 for every path; ``rotation`` replaces R(q), so that tests can see a wrong one refused."""
    paths = [p for pair in pairs for p in pair.paths]
    closed = [p for p in paths if p.form is not None]
    world = RotatedDirection(rotation)
    return Proof(
        number=5,
        slug="equivariance",
        title="Equivariance of the kernels",
        statement=(
            r"For every path of the catalogue, all $R \in SO(3)$ and all $\hat r$,"
            "\n"
            r"\[ K^{(J)}(R\hat r) = D^{l_\mathrm{out}}(R)\, K^{(J)}(\hat r)\, D^{l_\mathrm{in}}(R)^{\mathsf T}, \]"
            "\n"
            r"which in index notation is $K_{a\dots c}(R\hat r) = R_{aa'} \cdots R_{cc'}\, K_{a'\dots c'}(\hat r)$, one factor "
            r"$R$ for each index. Hence $f \mapsto K f$ commutes with rotations: $K(R\hat r)\, R f = "
            r"R\, (K f)$ "
            r"for vector output, and the output is a scalar for $l_{\mathrm{out}} = 0$ and a tensor $T \mapsto R\,T "
            r"R^{\mathsf T}$ "
            r"for $l_{\mathrm{out}} = 2$. Radial functions depend on $|r|$ alone and are invariant."
        ),
        hypotheses=(
            r"$\hat r' = R\hat r$. Every rotation is $R(q)$ for a unit quaternion $q = (q_0, q_1, q_2, q_3)$ "
            r"(Euler--Rodrigues).",
        ),
        steps=(_all_paths(paths), *(_finite_rotations(closed, world) if closed else ())),
        remarks=_slips(world),
    )


def _all_paths(paths: Sequence[Path]) -> Step:
    checks = [r for p in paths for r in equivariance_residuals(p)]
    return Step(
        r"About each axis $k$, entry by entry and for all $r$, the forms being homogeneous polynomials of $r$,",
        (
            Equation(
                (
                    r"(e_k \times r)\cdot\nabla\, K^{(J)}(r)",
                    r"G^{l_\mathrm{out}}_k K^{(J)}(r) - K^{(J)}(r)\, G^{l_\mathrm{in}}_k",
                ),
                tuple(checks),
            ),
        ),
        rf"for all {len(paths)} paths. So $D^{{l_\mathrm{{out}}}}(R)^{{\mathsf T}} K^{{(J)}}(R r)\, D^{{l_\mathrm{{in}}}}(R)$ does not change "
        r"along $R = \exp(\theta\, [n]_\times)$, where $D^l(R) = \exp(\theta\, n_k G^l_k)$ (\tfnref{T2}); and every rotation is one "
        r"of these.",
    )


def _finite_rotations(closed: Sequence[Path], world: RotatedDirection) -> tuple[Step, ...]:
    """The slides' lemmas, for the forms in index notation."""
    return (_rotation(world), _invariants(world), *(_lemma(p, world) for p in closed))


def _rotation(world: RotatedDirection) -> Step:
    ring, R = world.ring, world.R
    product = [[sum(R[k][i] * R[k][j] for k in range(3)) for j in range(3)] for i in range(3)]
    unit = [[ring.ring(int(i == j)) for j in range(3)] for i in range(3)]
    determinant = sum(
        int(sp.LeviCivita(i, j, k)) * R[0][i] * R[1][j] * R[2][k] for i in range(3) for j in range(3) for k in range(3)
    )
    return Step(
        r"Forms in index notation can be turned by a finite rotation at once. With $u = (q_1, q_2, q_3)$ and $q_0^2 + |u|^2 = 1$,",
        (
            Equation(
                ("R(q)", r"1 + 2 q_0 [u]_\times + 2 [u]_\times^2", matrix(rotation_matrix())),
                residuals(_rodrigues(world), world.R, ring),
            ),
            unseen(residuals(product, unit, ring)),
            equation(determinant, ring.ring.one, (r"R^{\mathsf T}R = 1, \qquad \det R", "1"), ring),
        ),
        r"All identities below are polynomial identities in $q$ and $\hat r$. They are reduced modulo $|q|^2 = 1$ and "
        r"$|\hat r|^2 = 1$ to a normal form that is zero exactly when the identity holds at every point. In each lemma the second "
        r"line puts in $\hat r'_i = R_{ii'}\hat r_{i'}$, the third turns the invariant tensors, the last collects the factors $R$; "
        r"every difference of neighbouring lines was reduced, component by component.",
    )


def _rodrigues(world: RotatedDirection) -> list[list[Any]]:
    """1 + 2 q0 [u]× + 2 [u]×²."""
    w, *u = (world.ring.lift(s) for s in QUATERNION)
    cross = sp.Matrix(3, 3, lambda a, c: sp.LeviCivita(a, 3 - a - c, c) if a != c else 0)
    k = [[int(cross[a, c]) * u[3 - a - c] if a != c else 0 * w for c in range(3)] for a in range(3)]
    square = [[sum(k[a][b] * k[b][c] for b in range(3)) for c in range(3)] for a in range(3)]
    return [[int(a == c) + 2 * w * k[a][c] + 2 * square[a][c] for c in range(3)] for a in range(3)]


def _invariants(world: RotatedDirection) -> Step:
    tensors = {"R": world.R, "r": world.r}
    lines = []
    for expression in (delta("ab"), epsilon("abc")):
        order = "".join(sorted(expression.free))
        plain = {at: world.ring.ring(v) for at, v in expression.components(order, tensors).items()}
        turned = world.turn(plain)
        lines.append(equation(plain, turned, (expression.latex(), collected_latex(expression)), world.ring))
    return Step(r"The invariant tensors, with one factor $R$ for each index:", tuple(lines))


def _lemma(p: Path, world: RotatedDirection) -> Step:
    assert p.form is not None
    order = p.labels
    at_r = {at: _ring_element(world, v) for at, v in p.form.components(order, {"r": world.r}).items()}
    lines = [
        p.form.components(order, {"r": world.rotated}),
        substituted(p.form).components(order, {"r": world.r, "R": world.R}),
        invariants_turned(p.form).components(order, {"r": world.r, "R": world.R}),
        world.turn(at_r),
    ]
    texts = [
        f"K_{{{' '.join(order)}}}(\\hat r')",
        at_rotated(p.form).latex(),
        substituted(p.form).latex(),
        broken(invariants_turned(p.form)),
        collected_latex(p.form),
    ]
    checked = chain([{k: _ring_element(world, v) for k, v in line.items()} for line in lines], (), world.ring)
    return Step(
        rf"$\boldsymbol{{{p.l_in} \otimes {p.l_f} \to {p.l_out}}}$. ",
        (Equation(tuple(texts), checked.residuals),),
    )


def broken(form: IndexExpression) -> str:
    """An index expression, on two lines where it is long."""
    half = (len(form.terms) + 1) // 2
    if len(form.terms) < 4:
        return form.latex()
    first, second = IndexExpression(form.terms[:half]), IndexExpression(form.terms[half:])
    tail = second.latex()
    return f"{first.latex()}\n{tail if tail.startswith('-') else '+ ' + tail}"


def _ring_element(world: RotatedDirection, value: Any) -> PolyElement:
    """A component of a form, which may be a plain number, as an element of the ring."""
    return world.ring.normal_form(value)


def _slips(world: RotatedDirection) -> tuple[Step, ...]:
    cross = epsilon("adc") * r("d")
    slides_form = epsilon("acd") * r("d")
    slides_index_form = slides_form.components("ac", {"r": DIRECTION})
    to_slides = {"a": "i", "c": "j", "d": "k"}
    x, y, z = DIRECTION
    slides_matrix = sp.Matrix([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    ours = cross.components("ac", {"r": DIRECTION})
    return (
        Step(
            r"In \tfnslides{} $[\hat r]_{\times,ij}$ is defined as $\varepsilon_{ijk}\hat r_k$, and a matrix is printed. The two "
            r"differ by a sign:",
            (
                Equation(
                    (
                        r"[\hat r]_\times",
                        matrix(slides_matrix),
                        cross.renamed(to_slides).latex(),
                        (-1 * slides_form.renamed(to_slides)).latex(),
                    ),
                    (
                        *residuals(slides_matrix, [ours[a, c] for a in range(3) for c in range(3)]),
                        *residuals(slides_matrix, [-slides_index_form[a, c] for a in range(3) for c in range(3)]),
                    ),
                ),
            ),
            r"We use the matrix, so that $[\hat r]_\times f = \hat r \times f$; in the slides' table $b(r)\,\epsilon_{abc}\hat r_c$ is "
            r"therefore $-b(r)\,[\hat r]_\times$.",
        ),
        Step(
            r"Index slips in our copy of the slides: the invariance of $\varepsilon$ is printed as "
            r"$R_{ip}R_{iq}R_{kr}\,\varepsilon_{pqr} = \varepsilon_{iik}$, the quadrupole as $3\hat r'_i\hat r'_i - \delta_{ij}$, and the "
            r"last line of its lemma loses the factor $c(\|r\|)$ and changes its free index from $j$ to $i$. The lines above have "
            r"the indices that hold.",
            (unseen(_invariants(world).equations[1].residuals),),
        ),
    )
