"""What a kernel l → l costs by counting: operations of the programs, nonzero Clebsch-Gordan coefficients."""

from dataclasses import dataclass

import numpy as np
from pocket_tfn.derive.catalogue import pair
from pocket_tfn.derive.chain_form import chain_form
from pocket_tfn.derive.lowering import apply_expressions, lower_apply, naive_operations
from pocket_tfn.derive.matrix_form import matrix_form

from benchmarks.inputs.coupling import couplings


@dataclass(frozen=True)
class Counts:
    """Multiplications and additions for one edge and channel, unless said otherwise."""

    l: int
    paths: int
    """Angular channels J = 0, ..., 2l."""
    chosen: int
    """Of what is emitted: the program with the fewest operations and edge values to load (derive/lowering.py)."""
    chosen_once: int
    """Of the same, what is computed once for an edge."""
    matrix: int
    """Of the sparse polynomials K^J_ab(r̂), hoisted to the edge: their sum over paths, and its product with f."""
    coefficients: int
    """Nonzero Clebsch-Gordan coefficients of all paths."""
    definition: int
    """Of Σ_J φ_J Σ_b K^J_ab(r̂) f_b multiplied out and evaluated term by term."""

    @property
    def loop(self) -> int:
        """Of a loop over the nonzero coefficients: times φ, times f, added to the sum."""
        return 3 * self.coefficients


@dataclass(frozen=True)
class Quadratic:
    """a l² + b l + c operations for an edge and channel of the chain, exactly, for l = 1, ..., highest."""

    a: int
    b: int
    c: int
    highest: int

    def __call__(self, l: int) -> int:
        return self.a * l**2 + self.b * l + self.c

    def __str__(self) -> str:
        return f"{self.a}l² {self.b:+}l {self.c:+}".replace("+", "+ ").replace("-", "- ")


def chain_law(highest: int) -> Quadratic | None:
    """Through the chain's counts for l = 1, 2, 3; None unless all others up to `highest`, at least 4, fit."""
    found = {l: chain_form(pair(l, l)).channel_operations.total for l in range(1, highest + 1)}
    if highest < 4:
        return None
    twice_a = found[3] - 2 * found[2] + found[1]
    b = found[2] - found[1] - 3 * twice_a // 2
    law = Quadratic(twice_a // 2, b, found[1] - twice_a // 2 - b, highest)
    return law if all(law(l) == count for l, count in found.items()) else None


def counts(l: int) -> Counts:
    chosen = lower_apply(pair(l, l))
    return Counts(
        l=l,
        paths=len(pair(l, l).paths),
        chosen=chosen.channel_operations.total,
        chosen_once=chosen.edge_operations.total,
        matrix=matrix_form(pair(l, l)).channel_operations.total,
        coefficients=sum(int(np.count_nonzero(c.coefficients)) for c in couplings(l, l)),
        definition=naive_operations(apply_expressions(pair(l, l))).total,
    )
