"""The radial functions of an average, ρ_J = mean of <K^J, k> / |K^J|², as formulas one can read: a = (1/3) mean of k_aa."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import product

import sympy as sp

from ..cartesian import Factor, IndexExpression, Term, tensor
from ..catalogue import Pair, Path, lift
from ..symbols import DIRECTION
from .printing import latex
from .proof import Equation, residuals

#: The kernel that is averaged, with its Cartesian indices.
KERNEL = "k"


def mean_lines(p: Pair, m: sp.Matrix, squared_norm: Callable[[Path], sp.Expr]) -> Iterator[Equation]:
    """One line for each closed form; one for all paths of a pair that are contractions, where their norms agree.

    ``m`` is the matrix of symbols that stands for k(r n).
    """
    plain = [q for q in p.paths if q.form is None]
    yield from (_closed_form(q, m, squared_norm(q)) for q in p.paths if q.form is not None)
    for norm in dict.fromkeys(map(squared_norm, plain)):
        alike = [q for q in plain if squared_norm(q) == norm]
        yield _contractions(p, alike, norm)


def _closed_form(p: Path, m: sp.Matrix, norm: sp.Expr) -> Equation:
    """ρ = (1/|K|²) mean of K_a..c k_a..c, all indices summed; the norm once more from the Cartesian components."""
    assert p.form is not None
    simplified, factor = _primitive(_contracted(p))
    lifted = lift(m, p.l_out, p.l_in)
    here = {"r": DIRECTION, KERNEL: _nested(lifted, p.l_out + p.l_in)}
    of_matrices = sum((u * v for u, v in zip(p.kernel, m, strict=True)), sp.S.Zero)
    on_sphere = _unit_residuals(factor * simplified.components("", here)[()], of_matrices)
    tensor_norm = sum(
        v**2 for v in p.form.components(p.labels, {"r": (0, 0, 1)}).values()
    )  # its trace part vanishes, as a form is symmetric and traceless
    name = rf"{latex(sp.Symbol(p.radial))}_{{{p.l_in}\to{p.l_out}}}(r)"
    constant = sp.Rational(factor) / norm
    text = rf"{latex(constant) if constant != 1 else ''}\,\operatorname*{{mean}}_n\, {_typeset(simplified)}"
    return Equation((name, text), (*on_sphere, *residuals(tensor_norm, norm)))


def _contractions(p: Pair, paths: list[Path], norm: sp.Expr) -> Equation:
    """ρ_J = (1/|K|²) mean of <K^J(n), k(r n)> for paths of one norm, 2 l_out + 1 for a contraction."""
    degrees = ", ".join(str(q.l_f) for q in paths)
    text = rf"{latex(1 / norm) if norm != 1 else ''}\,\operatorname*{{mean}}_n\, \langle K^{{(J)}}(n),\, k(r\,n)\rangle"
    return Equation(
        (rf"\rho_{{J,\,{p.l_in}\to{p.l_out}}}(r)", rf"{text} \qquad (J = {degrees})"),
        tuple(r for _ in paths for r in residuals(norm, 2 * p.l_out + 1)),
    )


def _contracted(p: Path) -> IndexExpression:
    """K_a..c k_a..c without its δ, k_ab,c symmetric and traceless in ab for l_out = 2; equal terms are joined."""
    assert p.form is not None
    joined: dict[tuple[Factor, ...], sp.Rational] = defaultdict(lambda: sp.Integer(0))
    for term in (p.form * tensor(KERNEL, p.labels)).terms:
        factors = _without_deltas(term).factors
        output = [f.indices[: p.l_out] for f in factors if f.name == KERNEL]
        if p.l_out < 2 or len(set(*output)) == 2:  # k_aa,c = 0
            joined[_alike(factors, p.l_out)] += term.coefficient
    return IndexExpression(tuple(Term(c, factors) for factors, c in joined.items()))


def _without_deltas(term: Term) -> Term:
    """Each δ_ij removed by writing the smaller of its labels for the other."""
    for position, factor in enumerate(term.factors):
        if factor.name == "delta":
            keep, drop = sorted(factor.indices)
            rest = term.factors[:position] + term.factors[position + 1 :]
            return _without_deltas(Term(term.coefficient, rest).renamed({drop: keep}))
    return term


def _alike(factors: tuple[Factor, ...], l_out: int) -> tuple[Factor, ...]:
    """The same for terms that differ by names of summed labels or by k_ab,c = k_ba,c: the first in the alphabet."""
    names = sorted({i for f in factors for i in f.indices})
    spellings = []
    for swapped in ({}, dict(zip(names[:2], names[1::-1], strict=True))):
        renamed = [f.renamed(swapped) for f in factors]
        spelled = [f if f.name != KERNEL else _sorted_output(f, l_out) for f in renamed]
        spellings.append(tuple(sorted(spelled, key=lambda f: (f.name == KERNEL, f))))
    return min(spellings)


def _sorted_output(factor: Factor, l_out: int) -> Factor:
    return Factor(factor.name, (*sorted(factor.indices[:l_out]), *factor.indices[l_out:]))


def _primitive(expression: IndexExpression) -> tuple[IndexExpression, sp.Rational]:
    """A sum with coprime integer coefficients, and the positive factor taken out."""
    coefficients = [t.coefficient for t in expression.terms]
    factor = sp.Rational(sp.igcd(0, *(c.p for c in coefficients)), sp.ilcm(1, *(c.q for c in coefficients)))
    return (1 / factor) * expression, factor


def _nested(components: dict[tuple[int, ...], sp.Expr], rank: int) -> sp.ImmutableDenseNDimArray | sp.Expr:
    return sp.ImmutableDenseNDimArray([components[at] for at in product(range(3), repeat=rank)], (3,) * rank)


def _unit_residuals(left: sp.Expr, right: sp.Expr) -> tuple[sp.Expr, ...]:
    """left - right at unit n: each with z² = 1 - x² - y², and what is left of the squares of z expanded."""
    x, y, z = DIRECTION
    difference = sp.Poly(sp.expand(left - right), z)
    rest = sum(c * z ** (n % 2) * (1 - x**2 - y**2) ** (n // 2) for (n,), c in difference.terms())
    return (sp.expand(rest),)


def _typeset(expression: IndexExpression) -> str:
    """With n for r̂, and a comma before the input's label of a k with three."""
    text = ""
    for position, term in enumerate(expression.terms):
        sign = " - " if term.coefficient < 0 else " + " if position else ""
        size = abs(term.coefficient)
        text += sign + ("" if size == 1 else latex(size)) + r"\, ".join(map(_factor, term.factors))
    return text if len(expression.terms) == 1 else rf"\bigl({text}\bigr)"


def _factor(factor: Factor) -> str:
    if factor.name != KERNEL:
        return factor.latex().replace(r"\hat r", "n")
    *outputs, last = factor.indices
    return rf"k_{{{' '.join(outputs)}{',' if len(outputs) > 1 else ' '}{last}}}"
