"""T7: what the slides' two forms for l_out = 2 are."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from ..cartesian import IndexExpression, delta, r
from ..catalogue import pair
from ..exact import SphereRing
from ..slides import (
    SLIDE_FORMS,
    SLIDES_TO_CANONICAL,
    inner_product,
    radial_from_slides,
    slide_kernel,
    slides_from_radial,
)
from ..symbols import DIRECTION
from .printing import latex
from .proof import Equation, Proof, ProofError, Step, equation, residuals

FORM_NAMES = {1: "K^{(1)}", 2: "K^{(2)}", 3: "K^{(3)}"}


def prove(coefficients: Sequence[Sequence[sp.Expr]] = SLIDES_TO_CANONICAL) -> Proof:
    """T7; ``coefficients`` are the derived ones, replaceable so that tests can see wrong ones refused."""
    return Proof(
        number=7,
        slug="slides",
        title="The slides' forms for vector to tensor",
        statement=(
            r"Let $K^{(J)}_{ab,c}$ be the catalogue's forms of $1 \otimes J \to 2$. The first form of the table in \tfnslides{} is "
            r"$K^{(1)}$, and the "
            r"second, which they tag $\ell_f = 2$, is"
            "\n"
            rf"\[ \operatorname{{ST}}(Q_{{ab}}\,\hat r_c) = {_combination([row[1] for row in coefficients])}. \]"
            "\n"
            r"It has no $\ell_f = 2$ part. The two forms span the kernels that are odd under $\hat r \to -\hat "
            r"r$; the even "
            r"kernel $K^{(2)}$ completes them to all $SO(3)$-equivariant kernels."
        ),
        hypotheses=(
            r"$Q_{ab} = 3\hat r_a\hat r_b - \delta_{ab}$ and $\operatorname{ST}(X_{ab}) = \tfrac12(X_{ab} + X_{ba}) - "
            r"\tfrac13\delta_{ab}X_{dd}$ on the first two indices, as in the slides' table; forms orthogonal by \tfnref{T6}.",
        ),
        steps=(
            _first_form(),
            _projections(coefficients),
            _second_form(coefficients),
            _parity(),
            _conversion(coefficients),
        ),
        remarks=(_idle_symmetrisation(),),
    )


def _combination(numbers: Sequence[sp.Expr]) -> str:
    parts = [
        rf"{'' if c == 1 else latex(c)}\,{FORM_NAMES[p.l_f]}"
        for p, c in zip(pair(1, 2).paths, numbers, strict=True)
        if c != 0
    ]
    return " + ".join(reversed(parts))


def _components(form: IndexExpression) -> dict[tuple[int, ...], sp.Expr]:
    return form.components("abc", {"r": DIRECTION})


def _ring() -> SphereRing:
    return SphereRing(units=[DIRECTION])


def _first_form() -> Step:
    ours = pair(1, 2).paths[0].form
    assert ours is not None
    return Step(
        "The first form, written out, is the catalogue's:",
        (
            equation(
                _components(SLIDE_FORMS["alpha"]),
                _components(ours),
                (
                    r"\operatorname{ST}(\hat r_a\delta_{bc} + \hat r_b\delta_{ac})",
                    ours.latex(),
                    r"K^{(1)}_{ab,c}",
                ),
                _ring(),
            ),
        ),
    )


def _projections(coefficients: Sequence[Sequence[sp.Expr]]) -> Step:
    ring = _ring()
    second = slide_kernel("beta")
    lines = []
    for p, row in zip(pair(1, 2).paths, coefficients, strict=True):
        top, bottom = inner_product(second, p.kernel, ring), inner_product(p.kernel, p.kernel, ring)
        name = FORM_NAMES[p.l_f]
        lines.append(
            Equation(
                (
                    rf"\frac{{\langle \operatorname{{ST}}(Q\,\hat r),\, {name}\rangle}}{{\langle {name}, "
                    rf"{name}\rangle}}",
                    rf"{latex(top)} \cdot {latex(1 / bottom)}" if top != 0 else "0",
                    *((latex(row[1]),) if top != 0 else ()),
                ),
                (sp.expand(top / bottom - row[1]),),
                inline=True,
            )
        )
    return Step("The coefficients of the second form are its projections:", tuple(lines))


def _second_form(coefficients: Sequence[Sequence[sp.Expr]]) -> Step:
    total: IndexExpression | None = None
    for p, row in zip(pair(1, 2).paths, coefficients, strict=True):
        if row[1] != 0 and p.form is not None:
            total = row[1] * p.form if total is None else total + row[1] * p.form
    assert total is not None
    return Step(
        "Nothing is left over:",
        (
            equation(
                _components(SLIDE_FORMS["beta"]),
                _components(total),
                (
                    r"\operatorname{ST}(Q_{ab}\hat r_c)",
                    _collected(SLIDE_FORMS["beta"]).latex(),
                    _combination([row[1] for row in coefficients]),
                ),
                _ring(),
            ),
        ),
    )


def _collected(form: IndexExpression) -> IndexExpression:
    """Equal terms added, for display: ST of an already symmetric traceless tensor repeats itself."""
    tidy = 3 * (r("a") * r("b") * r("c")) - delta("ab") * r("c")
    if any(residuals(_components(form), _components(tidy), _ring())):
        raise ProofError("the display form does not equal the form")
    return tidy


def _parity() -> Step:
    mirrored = {s: -s for s in DIRECTION}
    odd = [slide_kernel(name) for name in ("alpha", "beta")]
    even = pair(1, 2).paths[1].kernel
    return Step(
        r"Under $\hat r \to -\hat r$ both slides' forms are odd and $K^{(2)}$ is even, so no combination of them "
        r"contains it:",
        (
            Equation(
                (r"K^{(2)}(-\hat r)", r"K^{(2)}(\hat r)"),
                (
                    *residuals(even.subs(mirrored, simultaneous=True), even),
                    *(r for k in odd for r in residuals(k.subs(mirrored, simultaneous=True), -k)),
                ),
            ),
        ),
    )


def _conversion(coefficients: Sequence[Sequence[sp.Expr]]) -> Step:
    alpha, beta = sp.symbols("alpha_s beta_s")
    ours = [sum(c * s for c, s in zip(row, (alpha, beta), strict=True)) for row in coefficients]
    ring = SphereRing(free=[alpha, beta], units=[DIRECTION])
    slides = alpha * slide_kernel("alpha") + beta * slide_kernel("beta")
    canonical = sum((c * p.kernel for c, p in zip(ours, pair(1, 2).paths, strict=True)), sp.zeros(5, 3))
    back = slides_from_radial(*radial_from_slides(alpha, beta))
    first, third = sp.symbols("rho_1 rho_3")
    inverse = slides_from_radial(first, sp.Integer(0), third)
    return Step(
        r"Hence a user of the slides' table with radial functions $(\alpha_s, \beta_s)$ has the canonical radial functions "
        r"$\rho_J$ of $\sum_J \rho_J K^{(J)}$, and back:",
        (
            Equation(
                (
                    r"(\rho_1, \rho_2, \rho_3)",
                    rf"\bigl({', '.join(latex(e) for e in ours)}\bigr)",
                ),
                residuals(slides, canonical, ring),
            ),
            equation(
                back,
                (alpha, beta),
                (
                    r"(\alpha_s, \beta_s)",
                    rf"\bigl({', '.join(latex(e) for e in inverse)}\bigr) \quad\text{{if }} \rho_2 = 0",
                ),
            ),
        ),
    )


def _idle_symmetrisation() -> Step:
    return Step(
        r"In the second form $\operatorname{ST}$ does nothing, since $Q_{ab}$ is symmetric and traceless already:",
        (
            equation(
                _components(SLIDE_FORMS["beta"]),
                _components(_collected(SLIDE_FORMS["beta"])),
                (r"\operatorname{ST}(Q_{ab}\hat r_c)", r"Q_{ab}\,\hat r_c"),
                _ring(),
            ),
        ),
        r"The slides tag this form $1 \otimes 2 \to 2$; that coupling is $K^{(2)}$, with $\varepsilon$.",
    )
