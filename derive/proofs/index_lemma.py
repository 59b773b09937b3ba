"""The slides' index lemmas, written by rules instead of by hand.

From a closed form K_ab..(r̂) the four lines of its lemma follow by substitution:

    K(r̂')  =  with r̂'_i = R_ii' r̂_i'  =  with δ_ab = R_aa' R_bb' δ_a'b' and ε_adc R_dd' = R_aa' R_cc' ε_a'd'c'
    =  R R .. K(r̂)

Each line is an index expression; its components are polynomials in r̂ and the quaternion, so every equality is checked.
"""

from __future__ import annotations

from ..cartesian import Factor, IndexExpression, Term


def primed(label: str) -> str:
    """a becomes a1, which prints as a'."""
    return f"{label[0]}{int(label[1:] or 0) + 1}"


def at_rotated(form: IndexExpression) -> IndexExpression:
    """K(r̂'): every r̂ replaced by r̂'."""
    return form.map(lambda t: Term(t.coefficient, tuple(_prime_direction(f) for f in t.factors)))


def _prime_direction(factor: Factor) -> Factor:
    return Factor("r'", factor.indices) if factor.name == "r" else factor


def substituted(form: IndexExpression) -> IndexExpression:
    """r̂'_i = R_ii' r̂_i' in every term."""

    def change(term: Term) -> Term:
        factors: list[Factor] = []
        for f in term.factors:
            if f.name == "r":
                (i,) = f.indices
                factors += [Factor("R", (i, primed(i))), Factor("r", (primed(i),))]
            else:
                factors.append(f)
        return Term(term.coefficient, tuple(factors))

    return form.map(change)


def invariants_turned(form: IndexExpression) -> IndexExpression:
    """δ and ε written with a factor R for each free index; a summed index of ε absorbs the R of its r̂'."""
    order = sorted(form.free)

    def change(term: Term) -> Term:
        turns = tuple(Factor("R", (i, primed(i))) for i in order)
        return Term(term.coefficient, turns + _all_primed(term).factors)

    return form.map(change)


def _all_primed(term: Term) -> Term:
    return term.renamed({i: primed(i) for i in term.labels})


def collected_latex(form: IndexExpression) -> str:
    """R_aa' R_bb' .. K_a'b'..(r̂), the common factor written once."""
    turns = " ".join(Factor("R", (i, primed(i))).latex() for i in sorted(form.free))
    inner = form.map(_all_primed)
    return f"{turns} {inner.latex()}" if len(form.terms) == 1 else rf"{turns} \Bigl({inner.latex()}\Bigr)"
