"""What a closed form does to a vector: its index expression, contracted with f, term by term.

Contraction leaves four things only: the scalar d = r̂·f, the vectors f and w = r̂ × f, and n = |r̂|² (which is 1, or
0 at r = 0).  The rules are those of index calculus: δ_ij renames, r̂_i f_i = d, r̂_i r̂_i = n, ε_apq u_p v_q = (u ×
v)_a.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from .cartesian import Factor, Term, tensor
from .catalogue import INPUT_LABEL, OUTPUT_LABELS, Path


@dataclass(frozen=True)
class ActionTerm:
    """coefficient · n^n · d^d · one vector ("r", "f" or "w") for each output label."""

    coefficient: sp.Rational
    n: int
    d: int
    vectors: tuple[str, ...]

    @property
    def inner(self) -> str:
        """The vector other than r̂, or r̂ itself; under a symmetric projection it does not matter which label
        holds it."""
        others = [name for name in self.vectors if name != "r"]
        if len(others) > 1:
            raise NotImplementedError(f"a term holds {self.vectors}; at most one vector besides r̂ is understood")
        return others[0] if others else "r"


def action(path: Path) -> tuple[ActionTerm, ...]:
    """The closed form applied to f, up to terms with δ_ab, which a traceless projection removes."""
    if path.form is None:
        raise ValueError(f"{path.key} has no closed form")
    applied = path.form * tensor("f", INPUT_LABEL)
    outer = OUTPUT_LABELS[: path.l_out]
    return tuple(t for term in applied.terms for t in _contract(term, path.l_f - term.degree(), outer))


def _contract(term: Term, missing_degree: int, outer: str) -> Iterator[ActionTerm]:
    term = _without_inner_deltas(term, outer)
    coefficient, factors = term.coefficient, list(term.factors)
    for epsilon in [f for f in factors if f.name == "epsilon"]:
        sign, factors = _cross(epsilon, factors, outer)
        coefficient *= sign
    if coefficient == 0 or any(f.name == "delta" for f in factors):
        return
    held = {f.indices[0]: f.name for f in factors if f.indices[0] in outer}
    inner = [f.name for f in factors if f.indices[0] not in outer]
    d, squares = inner.count("f"), inner.count("r") - inner.count("f")
    if "w" in inner or squares < 0 or squares % 2:
        raise NotImplementedError(f"no rule contracts {term.latex()}")
    yield ActionTerm(coefficient, (missing_degree + squares) // 2, d, tuple(held[label] for label in outer))


def _without_inner_deltas(term: Term, outer: str) -> Term:
    """Remove each δ_ij that has a summed label, by renaming that label."""
    for position, factor in enumerate(term.factors):
        summed = [i for i in factor.indices if i not in outer]
        if factor.name == "delta" and summed:
            (other,) = (i for i in factor.indices if i != summed[0])
            rest = term.factors[:position] + term.factors[position + 1 :]
            return _without_inner_deltas(Term(term.coefficient, rest).renamed({summed[0]: other}), outer)
    return term


def _cross(epsilon: Factor, factors: list[Factor], outer: str) -> tuple[int, list[Factor]]:
    """ε_apq u_p v_q = (u × v)_a: the sign against w = r̂ × f, and the factors with w in place of the three."""
    turn = next(k for k in range(3) if epsilon.indices[k] in outer)
    a, p, q = epsilon.indices[turn:] + epsilon.indices[:turn]
    (u,) = (f for f in factors if f.indices == (p,))
    (v,) = (f for f in factors if f.indices == (q,))
    sign = {("r", "f"): 1, ("f", "r"): -1}.get((u.name, v.name), 0)
    return sign, [f for f in factors if f not in (epsilon, u, v)] + [Factor("w", (a,))]
