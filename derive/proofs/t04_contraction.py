"""T4: the TFN angular kernel contracts to the Cartesian form, with the exact constant."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from ..catalogue import Pair, Path, lift
from ..coupling import contraction, real_clebsch_gordan
from ..exact import SphereRing, primes_of
from ..harmonics import orders, real_harmonic
from ..symbols import DIRECTION
from .printing import COMPONENTS, constant_latex, content_and_primitive, factored, grouped, latex
from .proof import Equation, Proof, Step, equation, residuals


def prove(pairs: Sequence[Pair]) -> Proof:
    """T4 for every path."""
    paths = [p for pair in pairs for p in pair.paths]
    return Proof(
        number=4,
        slug="contraction",
        title="TFN kernels contract to Cartesian forms",
        statement=(
            r"For every path $l_\mathrm{in} \otimes J \to l_\mathrm{out}$ of the catalogue"
            "\n"
            r"\[ \sum_{m=-J}^{J} Y_{Jm}(\hat r)\, Q^J_{m} = \lambda\, K^{(J)}(\hat r) \]"
            "\n"
            r"with the Cartesian forms $K^{(J)}$ and the exact constants $\lambda \ne 0$ given in the proof. Hence a TFN radial "
            r"function $\varphi_J$ is the contracted radial function $\lambda\,\varphi_J$ of the Cartesian kernel."
        ),
        hypotheses=(
            r"Conventions of \tfnref{T1} and \tfnref{T2}. The output index is $a$ (for $l_\mathrm{out} = 2$ the pair $ab$, "
            r"symmetric and traceless: $K_{ab,c} = \sum_m E^m_{ab} K_{m,c}$), the input index is $c$; "
            r"$[\hat r]_\times f = \hat r \times f$.",
        ),
        steps=(
            Step(
                r"One component of each contraction is written out at $|\hat r| = 1$; below it is the whole, in Cartesian "
                r"indices, where every component was compared."
            ),
            *(_contraction(p) for p in paths),
            _dictionary(paths),
        ),
    )


def _contraction(p: Path) -> Step:
    ring = SphereRing(units=[DIRECTION], primes=primes_of(p.l_in, p.l_out))
    contracted = contraction(p.l_in, p.l_f, p.l_out)
    constant = constant_latex(p.contraction_constant)
    left = rf"\sum_m Y_{{{p.l_f}m}}\, Q^{p.l_f}_{{m;{_index_text(p)}}}"
    if p.form is None:
        right = rf"{constant}\,K^{{({p.l_f})}}"
        whole = equation(contracted, p.contraction_constant * p.kernel, (left, right), ring)
    else:
        # Compared as tensors: a part of the form that is not symmetric and traceless would show.
        tensor = p.form.components(p.labels, {"r": DIRECTION})
        scaled = {at: p.contraction_constant * value for at, value in tensor.items()}
        whole = equation(lift(contracted, p.l_out, p.l_in), scaled, (left, rf"{constant}\,{grouped(p.form)}"), ring)
    return Step(
        rf"$\boldsymbol{{{p.l_in} \otimes {p.l_f} \to {p.l_out}}}$, {_component_text(p)}:", (_component(p, ring), whole)
    )


def _index_text(p: Path) -> str:
    return {0: "c", 1: "ac", 2: "(ab)c"}.get(p.l_out, "ac")


def _first_entry(p: Path) -> tuple[int, int]:
    """A nonzero entry that shows the most terms."""
    n_out, n_in = p.kernel.shape
    entries = [(a, b) for a in range(n_out) for b in range(n_in)]
    return max(entries, key=lambda at: (len(sp.Add.make_args(p.kernel[at])) * (p.kernel[at] != 0), -at[0], -at[1]))


def _component_text(p: Path) -> str:
    a, b = _first_entry(p)
    column = COMPONENTS.get(p.l_in, {b: str(b)})[b]
    row = COMPONENTS.get(p.l_out, {a: str(a)})[a]
    return rf"$c = {column}$" if p.l_out == 0 else rf"component ${row}$, $c = {column}$"


def _component(p: Path, ring: SphereRing) -> Equation:
    """One component written out: Σ of coefficient times harmonic."""
    a, b = _first_entry(p)
    q = real_clebsch_gordan(p.l_in, p.l_f, p.l_out)
    terms = [(m, q[i, a, b], real_harmonic(p.l_f, m)) for i, m in enumerate(orders(p.l_f)) if q[i, a, b] != 0]
    symbolic = "".join(
        _signed(rf"{'' if abs(c) == 1 else constant_latex(abs(c))}\,Y_{{{p.l_f},{m}}}", c, i)
        for i, (m, c, _) in enumerate(terms)
    )
    total = sp.expand(sum(c * h for _, c, h in terms))
    content, primitive = content_and_primitive(total)
    target = p.contraction_constant * p.kernel[a, b]
    checked = (*residuals(total, content * primitive), *residuals(total, target, ring))
    return Equation((symbolic, factored(total)), checked)


def _signed(text: str, coefficient: sp.Expr, position: int) -> str:
    return (" - " if coefficient.is_negative else " + " if position else "") + text


def _dictionary(paths: Sequence[Path]) -> Step:
    phi = sp.Symbol("phi")
    lines = []
    for p in paths:
        ring = SphereRing(free=[phi], units=[DIRECTION], primes=primes_of(p.l_in, p.l_out))
        radial = p.contraction_constant * phi
        letter = latex(sp.Symbol(p.radial))
        name = rf"{f'{{{letter}}}' if '_' in letter else letter}_{{{p.l_in}\to{p.l_out}}}(r)"
        tfn = phi * contraction(p.l_in, p.l_f, p.l_out)
        lines.append(
            Equation(
                (name, rf"{constant_latex(p.contraction_constant)}\,\varphi_{p.l_f}(r)"),
                residuals(tfn, radial * p.kernel, ring),
            )
        )
    return Step("The dictionary of radial functions is therefore", tuple(lines), columns=2)
