"""The layer at one receiver with two senders, on symbols: what T9 turns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import sympy as sp
from sympy.polys.rings import PolyElement

from ..catalogue import Pair, Path
from ..exact import SphereRing
from ..harmonics import component_generator
from ..rotations import rotation_matrix
from ..symbols import DIRECTION, QUATERNION
from ..wigner import component_wigner_matrix
from .generators import evaluated, flat, lifted, path_primes, product, root_primes, turned

#: How many senders there are.
SENDERS = 2


class Layer:
    """(F f)_i = Σ_j w_j Σ_J g_J(|r_j|) K^J(r_j) f_j, its terms j = 0, 1 as elements of one ring.

    Attributes
    ----------
    r, f, g
        r_j, f_j and the values g_J(|r_j|), by j: each component is a symbol of its own.
    w, rates
        Weights, and rates of change for them, by j.
    terms
        K(r_j) f_j, component by component, by j.
    """

    def __init__(self, pair: Pair) -> None:
        self.l_in, self.l_out, self.paths = pair.l_in, pair.l_out, pair.paths
        sizes = (3, 2 * self.l_in + 1, len(self.paths), 1, 1)
        symbols = sp.symbols(f"v0:{SENDERS * sum(sizes)}", real=True)
        self.ring = SphereRing(free=symbols, primes=path_primes(self.paths))
        given = iter([self.ring.lift(s) for s in symbols])
        self.r, self.f, self.g, w, rates = ([list(islice(given, n)) for _ in range(SENDERS)] for n in sizes)
        self.w, self.rates = flat(w), flat(rates)
        self.terms = [self._term(j) for j in range(SENDERS)]

    def _term(self, j: int) -> list[PolyElement]:
        total = [self.ring.ring.zero] * (2 * self.l_out + 1)
        for g, p in zip(self.g[j], self.paths, strict=True):
            kernel = [[evaluated(e, self.r[j], self.ring) for e in p.kernel.row(a)] for a in range(p.kernel.rows)]
            acted = flat(product(kernel, [[f] for f in self.f[j]], self.ring))
            total = [t + g * e for t, e in zip(total, acted, strict=True)]
        return total

    def weighted(self, weights: Sequence[PolyElement]) -> list[PolyElement]:
        """Σ_j weight_j K(r_j) f_j."""
        return [sum(w * t for w, t in zip(weights, row, strict=True)) for row in zip(*self.terms, strict=True)]

    def rate(self, axis: int) -> list[PolyElement]:
        """d/dθ of the output as the r_j turn about an axis and the f_j by their generator; |r_j|, hence g, stays."""
        generator = lifted(component_generator(self.l_in, axis), self.ring)
        moved = [flat(product(generator, [[f] for f in features], self.ring)) for features in self.f]
        return [self._rate(e, axis, moved) for e in self.weighted(self.w)]

    def _rate(self, output: PolyElement, axis: int, moved: Sequence[Sequence[PolyElement]]) -> PolyElement:
        total = sum(turned(output, r, axis) for r in self.r)
        for f, rate in zip(flat(self.f), flat(moved), strict=True):
            total += output.diff(f) * rate
        return total

    def rate_of_weights(self) -> list[PolyElement]:
        """d/dθ of the output as the weights change at their rates."""
        outputs = self.weighted(self.w)
        return [sum(e.diff(w) * u for w, u in zip(self.w, self.rates, strict=True)) for e in outputs]

    def turned_outputs(self, axis: int) -> list[PolyElement]:
        """G_out (F f)_i."""
        generator = lifted(component_generator(self.l_out, axis), self.ring)
        return flat(product(generator, [[e] for e in self.weighted(self.w)], self.ring))

    def mirrored(self) -> list[PolyElement]:
        """The output after r_j → -r_j and f_j → (-1)^l_in f_j."""
        negated = [*flat(self.r), *(flat(self.f) if self.l_in % 2 else [])]
        return [self._with_signs(e, negated) for e in self.weighted(self.w)]

    def with_parities(self) -> list[PolyElement]:
        """The output with (-1)^(l_in + J) g_J for g_J."""
        odd = [g for row in self.g for g, p in zip(row, self.paths, strict=True) if (self.l_in + p.l_f) % 2]
        return [self._with_signs(e, odd) for e in self.weighted(self.w)]

    def _with_signs(self, element: PolyElement, negated: Sequence[PolyElement]) -> PolyElement:
        """These generators replaced by their negatives."""
        places = [self.ring.ring.gens.index(g) for g in negated]
        changed = self.ring.ring.zero
        for monomial, c in element.terms():
            changed[monomial] = -c if sum(monomial[i] for i in places) % 2 else c
        return changed


def finite_residuals(p: Path) -> list[Any]:
    """K(R r) D_in(R) - D_out(R) K(r), entry by entry, r any vector and R = R(q), modulo |q|² = 1."""
    d_out, d_in = component_wigner_matrix(p.l_out), component_wigner_matrix(p.l_in)
    ring = SphereRing(free=DIRECTION, units=[QUATERNION], primes=root_primes([p.kernel, d_out, d_in]))
    r = [[ring.lift(s)] for s in DIRECTION]
    rotated = flat(product(lifted(rotation_matrix().applyfunc(sp.expand), ring), r, ring))
    after = [[evaluated(e, rotated, ring) for e in p.kernel.row(a)] for a in range(p.kernel.rows)]
    left = product(after, lifted(d_in, ring), ring)
    right = product(lifted(d_out, ring), lifted(p.kernel, ring), ring)
    return [ring.reduce(a - b) for a, b in zip(flat(left), flat(right), strict=True)]
