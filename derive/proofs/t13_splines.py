"""T13: the cardinal B-splines that tables of radial functions are made of."""

from __future__ import annotations

import sympy as sp

from ..bsplines import DEGREES, PLACE, pieces
from .proof import Equation, Proof, Step, residuals, unseen


def prove() -> Proof:
    """T13 for the degrees that are emitted."""
    degrees = " and ".join(f"${d}$" for d in DEGREES)
    return Proof(
        number=13,
        slug="splines",
        title="Tabulated radial functions",
        statement=(
            r"Let $w_0, \dots, w_d$ be the polynomials of degree $d$ below, $h > 0$, and for coefficients $c_0, c_1, \dots$ let "
            r"$\rho(r) = \sum_{q=0}^{d} w_q(t)\, c_{s+q}$ at $r = (s + t)\, h$ with integer $s \ge 0$ and $0 \le t < 1$. Then $\rho$ "
            r"is $d - 1$ times continuously differentiable, constant coefficients give that constant, and every function that "
            r"is polynomial of degree $d$ between knots and $d - 1$ times continuously differentiable arises from exactly one "
            r"choice of coefficients."
        ),
        hypotheses=(
            rf"Degree $d$ is {degrees}; the $w_q$ follow from the recursion of Cox and de Boor, "
            r"$w^{(d)}_q = \tfrac1d \bigl[(t + d - q)\, w^{(d-1)}_{q-1} + (q + 1 - t)\, w^{(d-1)}_q\bigr]$ and $w^{(0)}_0 = 1$.",
        ),
        steps=tuple(step for degree in DEGREES for step in _steps(degree)),
    )


def _steps(degree: int) -> tuple[Step, ...]:
    w = pieces(degree)
    mirrored = [sp.expand(piece.subs(PLACE, 1 - PLACE)) for piece in reversed(w)]
    shown = (_whole(q, degree, piece, mirror) for q, (piece, mirror) in enumerate(zip(w, mirrored, strict=True)))
    return (
        Step(
            rf"$\boldsymbol{{d = {degree}}}$. The pieces, which are one another's mirror images, $w_q(t) = w_{{d-q}}(1 - t)$, "
            "and add up to one:",
            (*shown, Equation((r"\textstyle\sum_q w_q", "1"), residuals(sum(w), 1), inline=True)),
        ),
        Step(
            r"At a knot the interval changes from $s$ to $s + 1$, so that $w_q$ at $t = 1$ and $w_{q-1}$ at $t = 0$ weigh the same "
            rf"coefficient (with $w_{{-1}} = w_{{d+1}} = 0$). All derivatives up to order ${degree - 1}$ agree:",
            (Equation((r"w_q^{(n)}(1)", r"w_{q-1}^{(n)}(0), \quad n < d"), _jumps(w, degree), inline=True),),
        ),
        Step(
            r"The weights are linearly independent, hence a basis of the polynomials of degree $d$: the matrix of their "
            "coefficients has an inverse.",
            (unseen(_inverse_residuals(w, degree)),),
            r"So in the first interval any polynomial is met by exactly one choice of $c_0, \dots, c_d$. In each further interval "
            r"$d$ conditions of continuity leave one number free, as does the one new coefficient, whose weight $w_d$ is $t^d$ "
            r"up to a factor.",
        ),
    )


def _whole(q: int, degree: int, piece: sp.Expr, mirror: sp.Expr) -> Equation:
    """A piece times the factorial that makes its coefficients whole; held against its mirror image, too."""
    factor = sp.factorial(degree)
    printed = _truncated_powers(q, degree)
    checks = (*residuals(factor * piece, printed), *residuals(factor * piece, factor * mirror))
    return Equation((rf"{factor}\, w_{q}", sp.latex(printed, order="rev-lex")), checks)


def _truncated_powers(q: int, degree: int) -> sp.Expr:
    """d! w_q(t) by a formula of its own: Σ_i (-1)^i binom(d + 1, i) (x - i)_+^d where the d-th spline is at x = d - q + t."""
    x = degree - q + PLACE  # of which i is less where i <= d - q
    terms = ((-1) ** i * sp.binomial(degree + 1, i) * (x - i) ** degree for i in range(degree - q + 1))
    return sp.expand(sum(terms, sp.S.Zero))


def _jumps(w: tuple[sp.Expr, ...], degree: int) -> tuple[sp.Expr, ...]:
    """Every derivative that must be continuous: after a knot less before it, for each coefficient."""
    padded = (sp.S.Zero, *w, sp.S.Zero)
    return tuple(
        sp.diff(padded[q + 1], PLACE, n).subs(PLACE, 1) - sp.diff(padded[q], PLACE, n).subs(PLACE, 0)
        for n in range(degree)
        for q in range(degree + 2)
        if q + 1 < len(padded)
    )


def _inverse_residuals(w: tuple[sp.Expr, ...], degree: int) -> tuple[sp.Expr, ...]:
    """The matrix of coefficients times its inverse, less the unit matrix; and the last piece less its multiple of t^d."""
    matrix = sp.Matrix([[sp.Poly(piece, PLACE).coeff_monomial(PLACE**n) for n in range(degree + 1)] for piece in w])
    last = w[-1] - w[-1].subs(PLACE, 1) * PLACE**degree
    return (*residuals(matrix * matrix.inv(), sp.eye(degree + 1)), sp.expand(last))
