"""The averages of polynomial kernels, integrated over all of SO(3) at once: beside the proof of T8, and independent of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

import sympy as sp
from sympy.polys.rings import PolyElement

from ..catalogue import Pair, Path
from ..exact import SphereRing
from ..haar import by_powers, monomial_mean, unit_mean
from ..harmonics import orders, solid_polynomial
from ..rotations import rotation_matrix
from ..symbols import DIRECTION, QUATERNION
from ..wigner import component_wigner_matrix
from .generators import Elements, lifted, root_primes
from .haar_measure import moments
from .proof import Equation, Step

#: Pairs with l_in + l_out up to here are integrated: the number of terms grows with the sixth power.
REACH = 3

Coefficients = dict[tuple[int, ...], PolyElement]


def integrals(pairs: Sequence[Pair]) -> tuple[Step, ...]:
    """The step for the pairs within reach, if there are any."""
    within = [p for p in pairs if p.l_in + p.l_out <= REACH]
    if not within:
        return ()
    highest = max(p.l_in + p.l_out for p in within)
    checks = [r for p in within for r in integrated(p)]
    some = "" if len(within) == len(pairs) else rf" The pairs ${_listed(within)}$ were integrated in this way."
    return (
        Step(
            r"\emph{Independently}, without splitting the integral: $D^l(R(q))$ is a polynomial in $q$ (\tfnref{T3}), and so is a "
            r"harmonic polynomial $p$ of degree $d$ at $R(q)\,r$. The "
            r"mean over unit quaternions is $\overline{\textstyle\prod_i q_i^{2a_i}} = \prod_i (2a_i - 1)!! \,/\, (4 \cdot 6 \cdots (2 + "
            r"2\sum_i a_i))$, and zero for odd powers: up to the degrees used here this formula, and likewise that for $S^2$, gives 1 "
            r"for 1, $\overline{|q|^2 \mu} = \overline{\mu}$ and $\overline{(q_i \partial_j - q_j \partial_i)\mu} = 0$ for all monomials "
            r"$\mu$, as the mean over the sphere does and no other linear map. "
            r"With $k = p\, \mathcal{E}$, a matrix unit $\mathcal{E}$ times a harmonic, as identities of polynomials in $r$,",
            (
                moments({3: 2 * highest, 4: 4 * highest}),
                Equation(
                    (
                        r"\int D^{l_\mathrm{out}}(R)^{\mathsf T}\, \mathcal{E}\, D^{l_\mathrm{in}}(R)\; p(Rr)\, dR",
                        r"\frac{1}{4\pi |K^{(d)}|^2} \int_{S^2} \langle K^{(d)}(n),\, \mathcal{E}\rangle\, p(n)\, d\Omega(n)\; "
                        r"K^{(d)}(r)",
                    ),
                    tuple(checks),
                ),
            ),
            r"for all $\mathcal{E}$ and a basis of the harmonics of each degree $d \le l_\mathrm{in} + l_\mathrm{out}$, the right "
            rf"side being zero where no form has degree $d$.{some}",
        ),
    )


def _listed(pairs: Sequence[Pair]) -> str:
    return r",\ ".join(rf"{p.l_in} \to {p.l_out}" for p in pairs)


def integrated(p: Pair) -> list[Any]:
    """Residuals of the identity for every matrix unit, harmonic and entry."""
    turns = [component_wigner_matrix(l) for l in (p.l_out, p.l_in)]
    ring = SphereRing(free=[*DIRECTION, *QUATERNION], primes=root_primes([*turns, *(q.kernel for q in p.paths)]))
    blocks = _blocks(ring, *(lifted(turn, ring) for turn in turns))
    found: list[Any] = []
    for d in range(p.l_in + p.l_out + 1):
        form = next((q for q in p.paths if q.l_f == d), None)
        kernel = lifted(form.kernel, ring) if form else None
        for m in orders(d):
            mean = _MeanAgainst(ring, solid_polynomial(d, m))
            weights = _projections(form, solid_polynomial(d, m)) if form else {}
            for (a, b), block in blocks.items():
                for (i, j), element in block.items():
                    wanted = ring.lift(weights[a, b]) * kernel[i][j] if kernel else ring.ring.zero
                    found.append(ring.reduce(mean.of(element) - wanted))
    return found


def _projections(form: Path, harmonic: sp.Expr) -> dict[tuple[int, int], sp.Expr]:
    """(1/4π|K|²) ∫ K_ab(n) p(n) dΩ for every a, b."""
    norm = unit_mean(sum(e**2 for e in form.kernel), DIRECTION)
    shape = form.kernel.shape
    return {
        (a, b): unit_mean(form.kernel[a, b] * harmonic, DIRECTION) / norm
        for a, b in product(range(shape[0]), range(shape[1]))
    }


def _blocks(
    ring: SphereRing, left: Elements, right: Elements
) -> dict[tuple[int, int], dict[tuple[int, int], Coefficients]]:
    """D_out[a, i] D_in[b, j] by powers of q: the matrix D_outᵀ E_ab D_in for each a, b."""
    places = _places(ring)
    return {
        (a, b): {
            (i, j): by_powers(ring.reduce(left[a][i] * right[b][j]), places)
            for i, j in product(range(len(left)), range(len(right)))
        }
        for a, b in product(range(len(left)), range(len(right)))
    }


def _places(ring: SphereRing) -> tuple[int, ...]:
    return tuple(ring.ring.symbols.index(q) for q in QUATERNION)


class _MeanAgainst:
    """The mean over rotations of what is given times p(R r), for one polynomial p: linear, by monomials in q."""

    def __init__(self, ring: SphereRing, p: sp.Expr) -> None:
        rotated = rotation_matrix() * sp.Matrix(DIRECTION)
        at_rotated = p.subs(dict(zip(DIRECTION, rotated, strict=True)), simultaneous=True)
        self.zero = ring.ring.zero
        self.parts = by_powers(ring.lift(at_rotated), _places(ring))
        self.monomial = cache(self._monomial)

    def _monomial(self, mu: tuple[int, ...]) -> PolyElement:
        """The mean of q^mu p(R(q) r), a polynomial in r."""
        total = self.zero
        for nu, part in self.parts.items():
            moment = monomial_mean(tuple(i + j for i, j in zip(mu, nu, strict=True)))
            if moment:
                total += part * (total.ring.domain.from_sympy(moment))
        return total

    def of(self, element: Coefficients) -> PolyElement:
        total = self.zero
        for mu, coefficient in element.items():
            if value := self.monomial(mu):
                total += coefficient * value
        return total
