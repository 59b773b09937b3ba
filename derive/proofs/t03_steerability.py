"""T3: D^J(q) is explicit, turns the harmonics of degree J, is orthogonal, and multiplies as rotations do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp
from sympy.polys.rings import PolyElement

from ..cartesian import component_basis
from ..catalogue import Pair
from ..haar import conjugate, quaternion_product
from ..harmonics import orders
from ..rotations import rotation_matrix
from ..symbols import QUATERNION
from ..wigner import component_wigner_matrix, wigner_matrix
from .null_vectors import generating_function, turned_null_vector
from .printing import latex, matrix
from .proof import Equation, Proof, ProofError, Step, chain, equation, residuals, unseen
from .quaternion_ring import OTHER, RING, at_quaternion, conjugated, differences, lifted, square
from .scaled_wigner import ScaledWigner, Sides, scaled_wigner

#: At least so far, whatever the pairs.
LOWEST_BOUND = 4
#: So far D(q) D(p) = D(qp) is multiplied out in all eight symbols; beyond it follows.
MULTIPLIED_OUT = 3
#: So far D(q)ᵀ D(q) is multiplied out, four times the work with each degree; beyond it follows.
GRAM_MULTIPLIED_OUT = 6


def prove(pairs: Sequence[Pair]) -> Proof:
    """T3 for J = 0, 1, ... up to the highest degree that occurs in the pairs, and at least up to 4."""
    occurring = [l for pair in pairs for p in pair.paths for l in (p.l_in, p.l_f, p.l_out)]
    try:
        return _to_degree(max(LOWEST_BOUND, *occurring))
    except ValueError as error:  # an entry that no ring can read
        raise ProofError(str(error)) from error


def _to_degree(highest: int) -> Proof:
    scaled = [scaled_wigner(l, wigner_matrix(l)) for l in range(highest + 1)]
    return Proof(
        number=3,
        slug="steerability",
        title="Steerability",
        statement=(
            rf"For every $J$ (here up to {highest}) there is one matrix $D^J(q)$, $q = (q_0, q_1, q_2, q_3)$, with entries "
            r"homogeneous polynomials of degree $2J$, such that for all $q$, $p$ and $r$"
            "\n"
            r"\[ \begin{aligned} Y_J(R(q)\, r) &= D^J(q)\, Y_J(r), & D^J(q)^{\mathsf T} D^J(q) &= |q|^{4J}\, 1, \\"
            "\n"
            r"D^J(q)\, D^J(p) &= D^J(qp), & D^J(-q) &= D^J(q). \end{aligned} \]"
            "\n"
            r"Hence for every $R = R(q) \in SO(3)$, $|q| = 1$, the matrix $D^J(R) = D^J(q)$ depends on $R$ alone, is orthogonal, "
            r"$D^J(R_1) D^J(R_2) = D^J(R_1 R_2)$, and $Y_J(R\hat r) = D^J(R)\, Y_J(\hat r)$. In components $D^1(R) = R$ and "
            r"$D^2_{mn}(R) = E^m_{ab} R_{aa'} R_{bb'} E^n_{a'b'}$."
        ),
        hypotheses=(
            r"$Y_J$ is the column $(r^J Y_{Jm}(\hat r))_{m = -J, \dots, J}$ of \tfnref{T1}, $\bar q = (q_0, -q_1, -q_2, -q_3)$, and $qp$ "
            r"is the product of quaternions.",
        ),
        steps=(
            _rotations(),
            _null_vectors(highest),
            _steerability(scaled),
            _low_degrees(highest),
            _transposes(scaled),
            _homomorphism(scaled),
            _orthogonality(scaled),
            _rotation_alone(scaled),
            _generators(scaled),
        ),
        remarks=(_slides(),),
    )


def _rotations() -> Step:
    r = [lifted(rotation_matrix().row(i)) for i in range(3)]
    other, both = at_quaternion(lifted(OTHER)), at_quaternion(quaternion_product(lifted(QUATERNION), lifted(OTHER)))
    places = [(i, j) for i in range(3) for j in range(3)]
    composed = [sum((r[i][k] * other(r[k][j]) for k in range(3)), RING.zero) for i, j in places]
    gram = [sum((r[k][i] * r[k][j] for k in range(3)), RING.zero) for i, j in places]
    unit = [square() ** 2 if i == j else RING.zero for i, j in places]
    return Step(
        r"The rotation of Euler and Rodrigues is quadratic in $q$, and as polynomials",
        (
            Equation((r"R(q)\, R(p)", "R(qp)"), differences(composed, [both(r[i][j]) for i, j in places])),
            Equation(
                (r"R(q)^{\mathsf T}", r"R(\bar q)"),
                differences([r[j][i] for i, j in places], [conjugated(r[i][j]) for i, j in places]),
            ),
            Equation((r"R(q)^{\mathsf T} R(q)", r"|q|^4\, 1"), differences(gram, unit)),
        ),
        r"For $|q| = 1$ it is a rotation, and every rotation is one of these.",
    )


def _null_vectors(highest: int) -> Step:
    generated = [generating_function(l) for l in range(highest + 1)]
    vector_of_turned, turned_vector = turned_null_vector(rotation_matrix())
    return Step(
        r"Where the matrix comes from: let $n(u, v)\cdot r = u^2 (x + iy) - v^2 (x - iy) + 2uvz$, so that $n\cdot n = 0$, and let "
        r"$t_m = \sqrt{2\,(J-m)!\,(J+m)!}$ for $m > 0$, $t_0 = J!$. Then",
        (
            Equation(
                (
                    r"(n(u, v)\cdot r)^J",
                    r"2^J J!\, \sqrt{\tfrac{4\pi}{2J+1}}\; \Bigl( \tfrac{1}{t_0} u^J v^J\, Y_{J,0}(r) "
                    "\n"
                    r"+ \sum_{m=1}^{J} \tfrac{1}{t_m} \bigl[ u^{J+m} v^{J-m} (Y_{J,m} + i Y_{J,-m})(r)"
                    "\n"
                    r"\qquad + (-1)^m u^{J-m} v^{J+m} (Y_{J,m} - i Y_{J,-m})(r) \bigr] \Bigr),",
                ),
                tuple(power - harmonics for power, harmonics in generated),
            ),
            Equation(
                (
                    r"n(u, v)\cdot R(q)\, r",
                    r"n(\alpha u - \beta v,\; \bar\beta u + \bar\alpha v)\cdot r, \qquad \alpha = q_0 + i q_3,\quad "
                    r"\beta = q_2 + i q_1.",
                ),
                (vector_of_turned - turned_vector,),
            ),
        ),
        r"The coefficients of $u^{J+m} v^{J-m}$ in the $J$-th power of the second line express $Y_{Jm}(R(q)\, r)$ by the "
        r"$Y_{Jm'}(r)$: with $t_{|m|}/t_{|m'|}$ and the coefficients of "
        r"$(\alpha u - \beta v)^{J+m'} (\bar\beta u + \bar\alpha v)^{J-m'}$, homogeneous of degree $2J$ in $q$. Their real and "
        r"imaginary parts make up $D^J(q)$.",
    )


def _steerability(scaled: Sequence[ScaledWigner]) -> Step:
    checks = [differences(*s.turned_harmonics(rotation_matrix())) for s in scaled]
    return Step(
        r"That the matrices made in this way do what they should was checked by multiplying out, as an identity between "
        rf"polynomials in $q$ and $r$, for $J = 0, \dots, {len(scaled) - 1}$ and every $m$:",
        (
            Equation(
                (r"Y_{Jm}(R(q)\, r)", r"\sum_{m'} D^J_{mm'}(q)\, Y_{Jm'}(r)."), tuple(e for c in checks for e in c)
            ),
        ),
    )


def _low_degrees(highest: int) -> Step:
    r, second = rotation_matrix(), component_wigner_matrix(2)
    polar = [_legendre(l, r[2, 2]) for l in range(highest + 1)]
    middle = [wigner_matrix(l)[l, l] for l in range(highest + 1)]
    return Step(
        r"In components, and for the row $m = 0$ of $J = 2$ and the entry $m = m' = 0$ of every $J$, with Legendre's polynomials "
        r"$P_J$:",
        (
            equation(component_wigner_matrix(1), r, (r"D^1(q)", matrix(component_wigner_matrix(1)), "R(q)")),
            equation(
                second,
                _turned_tensors(r),
                (r"D^2_{mn}(q)", r"E^m_{ab}\, R_{aa'}(q)\, R_{bb'}(q)\, E^n_{a'b'}"),
            ),
            *_middle_row(r, second),
            equation(middle, polar, (r"D^J_{00}(q)", r"|q|^{2J} P_J\bigl(R_{zz}(q) / |q|^2\bigr)")),
        ),
    )


def _middle_row(rotation: sp.Matrix, second: sp.Matrix) -> list[Equation]:
    """D²_0n by the last row of R, and in q."""
    x, y, z = rotation.row(2)
    root3 = sp.sqrt(3)
    by_rotation = {
        r"\sqrt3\, R_{zx} R_{zy}": root3 * x * y,
        r"\sqrt3\, R_{zy} R_{zz}": root3 * y * z,
        r"R_{zz}^2 - \tfrac12 R_{zx}^2 - \tfrac12 R_{zy}^2": z**2 - x**2 / 2 - y**2 / 2,
        r"\sqrt3\, R_{zx} R_{zz}": root3 * x * z,
        r"\tfrac{\sqrt3}2 (R_{zx}^2 - R_{zy}^2)": root3 / 2 * (x**2 - y**2),
    }
    equations = []
    for n, (text, value), entry in zip(orders(2), by_rotation.items(), second.row(2), strict=True):
        factors = sp.factor(entry)
        shown = latex(factors).replace(r"\left", "").replace(r"\right", "")
        equations.append(Equation((f"D^2_{{0,{n}}}(q)", text, shown), chain([value, entry, factors], ()).residuals))
    return equations


def _turned_tensors(rotation: sp.Matrix) -> sp.Matrix:
    """E^m_ab R_aa' R_bb' E^n_a'b'."""
    basis = [sp.Matrix(e.tolist()) for e in component_basis(2)]
    turned = [rotation * e * rotation.T for e in basis]
    return sp.Matrix(5, 5, lambda m, n: sp.expand((basis[m].T * turned[n]).trace()))


def _legendre(l: int, cosine: sp.Expr) -> sp.Expr:
    """|q|^(2l) P_l(cosine / |q|²), a polynomial."""
    t = sp.Symbol("t")
    square = sum(s**2 for s in QUATERNION)
    return sum(c * cosine**n * square ** (l - n) for (n,), c in sp.Poly(sp.legendre(l, t), t).terms())


def _transposes(scaled: Sequence[ScaledWigner]) -> Step:
    return Step(
        rf"For $J = 0, \dots, {len(scaled) - 1}$, entry by entry, $s$ being any number and $(s, 0, 0, 0)$ a quaternion,",
        (
            Equation(("D^J(1)", "1"), _each(scaled, ScaledWigner.at_one)),
            Equation(("D^J(s)", r"s^{2J}\, 1"), _each(scaled, ScaledWigner.at_number)),
            Equation((r"D^J(q)^{\mathsf T}", r"D^J(\bar q)"), _each(scaled, ScaledWigner.transposed)),
        ),
    )


def _orthogonality(scaled: Sequence[ScaledWigner]) -> Step:
    """For all degrees by what was proved before, and for the lower ones multiplied out."""
    highest = len(scaled) - 1
    q = lifted(QUATERNION)
    within = scaled[: GRAM_MULTIPLIED_OUT + 1]
    above = ", ".join(map(str, range(len(within), highest + 1)))
    return Step(
        r"With $p = q$ and $\bar q$ for $q$, and the transposes and $D^J(s)$ above,",
        (
            Equation(
                (r"\bar q q", r"|q|^2,"), differences(quaternion_product(conjugate(q), q), [square(), *[RING.zero] * 3])
            ),
            Equation(
                (r"D^J(q)^{\mathsf T} D^J(q)", r"D^J(\bar q)\, D^J(q) = D^J(\bar q q) = D^J(|q|^2) = |q|^{4J}\, 1"),
                _each(within, ScaledWigner.gram),
            ),
        ),
        rf"for every $J$, so that $D^J(q)$ is orthogonal where $|q| = 1$. For $J = 0, \dots, {len(within) - 1}$ the product "
        rf"$D^J(q)^{{\mathsf T}} D^J(q)$ was multiplied out as well, in $q$"
        + (rf"; for $J = {above}$ it was not." if above else "."),
    )


def _each(scaled: Sequence[ScaledWigner], sides: Callable[[ScaledWigner], Sides]) -> tuple[PolyElement, ...]:
    return tuple(r for s in scaled for r in differences(*sides(s)))


def _homomorphism(scaled: Sequence[ScaledWigner]) -> Step:
    overlaps = [residuals(*s.overlaps()) for s in scaled]
    return Step(
        r"The harmonics $Y_{Jm}$ are orthonormal (\tfnref{T1}), hence linearly independent: only one matrix takes $Y_J(r)$ to "
        r"$Y_J(R(q)\, r)$ for all $r$. Turning twice, $D^J(qp)\, Y_J(r) = Y_J(R(q) R(p)\, r) = D^J(q)\, Y_J(R(p)\, r) = "
        r"D^J(q)\, D^J(p)\, Y_J(r)$, hence for every $J$",
        (
            Equation((r"D^J(q)\, D^J(p)", "D^J(qp)."), _each(scaled[: MULTIPLIED_OUT + 1], ScaledWigner.composed)),
            unseen(*overlaps),
        ),
        rf"For $J \le {min(MULTIPLIED_OUT, len(scaled) - 1)}$ this was multiplied out as well, in the eight symbols $q$, $p$.",
    )


def _rotation_alone(scaled: Sequence[ScaledWigner]) -> Step:
    return Step(
        r"The entries are homogeneous of even degree,",
        (
            Equation(
                (r"\sum_k q_k \frac{\partial D^J}{\partial q_k}", r"2J\, D^J(q)"), _each(scaled, ScaledWigner.degrees)
            ),
            Equation((r"D^J(-q)", "D^J(q),"), _each(scaled, ScaledWigner.reversed)),
        ),
        r"as it must be: $R(-q) = R(q)$, and by the uniqueness just used $D^J(q)$ depends on $R(q)$ alone. So $D^J(R)$ is well defined on "
        r"$SO(3)$, and the homomorphism of quaternions is one of rotations.",
    )


def _generators(scaled: Sequence[ScaledWigner]) -> Step:
    checks = [r for s in scaled for axis in range(3) for r in differences(*s.slopes(axis))]
    return Step(
        r"A rotation by $\theta$ about the unit vector $n$ has $q = (\cos\tfrac\theta2, \sin\tfrac\theta2\, n)$, and",
        (
            Equation(
                (
                    r"\frac{\partial D^J}{\partial q_k}\Big|_{q=1}\, Y_J(r)",
                    r"2\, (e_k \times r)\cdot\nabla\; Y_J(r),",
                ),
                tuple(checks),
            ),
        ),
        r"so that half the matrix on the left is the generator $G^J_k$ of \tfnref{T2}, and by $D^J(q) D^J(p) = D^J(qp)$ this "
        r"$D^J(R)$ is $\exp(\theta\, n_k G^J_k)$, the same as there.",
    )


def _slides() -> Step:
    transposed = [scaled_wigner(l, wigner_matrix(l).T) for l in range(3)]
    checks = [differences(*s.turned_harmonics(rotation_matrix().T)) for s in transposed]
    return Step(
        r"In \tfnslides{} the matrix on the right of $Y_{Jm}(R\hat r) = \sum_{m'} D^J_{m'm}(R)\, Y_{Jm'}(\hat r)$ is the transposed "
        r"one, which belongs to the opposite rotation (remark on \tfnref{T2}): as $D^J(q)^{\mathsf T} = D^J(\bar q)$, the matrices of this "
        r"theorem have",
        (
            Equation(
                (r"\sum_{m'} D^J_{m'm}(q)\, Y_{Jm'}(r)", r"Y_{Jm}(R(q)^{\mathsf T}\, r)."),
                tuple(r for check in checks for r in check),
            ),
        ),
    )
