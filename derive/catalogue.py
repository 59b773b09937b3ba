"""The catalogue: which kernels there are, as data.

A :class:`Path` couples an input of degree l_in through the harmonics of degree l_f to an output of degree l_out.
Where a Cartesian closed form is known it is given here in index notation; that it *is* the contraction of
Clebsch-Gordan coefficients with spherical harmonics is theorem T4, not an assumption.  A path without a closed form
is the contraction itself, so every (l_in, l_f, l_out) inside the triangle has a kernel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product

import sympy as sp

from .cartesian import IndexExpression, component_basis, delta, epsilon, r
from .coupling import check_triangle, contraction
from .symbols import DIRECTION

OUTPUT_LABELS = "ab"
INPUT_LABEL = "c"


@dataclass(frozen=True)
class Path:
    """One angular channel l_in ⊗ l_f → l_out.

    Attributes
    ----------
    name, radial
        A word for the form, and the field's letter for its contracted radial function.
    form
        K_{a..,c}(r̂) in index notation: output labels a, b, ..., input label c last; None where only the
        contraction is known.
    """

    l_in: int
    l_f: int
    l_out: int
    name: str
    radial: str
    form: IndexExpression | None = None

    def __post_init__(self) -> None:
        check_triangle(self.l_in, self.l_f, self.l_out)

    @property
    def key(self) -> str:
        """Such as 1x2->1, in the order in ⊗ filter → out."""
        return f"{self.l_in}x{self.l_f}->{self.l_out}"

    @property
    def parity(self) -> str:
        """Of the kernel under r → -r: K(-r̂) = (-1)^l_f K(r̂)."""
        return "odd" if self.l_f % 2 else "even"

    @property
    def labels(self) -> str:
        """Free labels of the form: output labels, then the input label."""
        return OUTPUT_LABELS[: self.l_out] + INPUT_LABEL * self.l_in

    @cached_property
    def kernel(self) -> sp.ImmutableMatrix:
        """K(r̂), (2 l_out + 1) x (2 l_in + 1), each entry a polynomial homogeneous of degree l_f in (x, y, z).

        Lower-degree terms carry powers of |r|², so that K(0) = 0 for l_f > 0 (theorem T10).
        """
        if self.form is None:
            return contraction(self.l_in, self.l_f, self.l_out, sp.sqrt(4 * sp.pi))
        tensor = self.form.components(self.labels, {"r": DIRECTION}, homogeneous=True)
        return project(tensor, self.l_out, self.l_in)

    @cached_property
    def contraction_constant(self) -> sp.Expr:
        """λ in Σ_m Y_Jm Q^J_m = λ K: the exact ratio at one nonzero entry (that it holds at all is T4)."""
        contracted = contraction(self.l_in, self.l_f, self.l_out)
        for ours, theirs in zip(self.kernel, contracted, strict=True):
            if ours != 0:
                ours, theirs = sp.Poly(ours, *DIRECTION), sp.Poly(theirs, *DIRECTION)
                return sp.radsimp(sp.sqrt(sp.pi) * theirs.LC() / ours.LC()) / sp.sqrt(sp.pi)
        raise ValueError(f"{self.key}: the form vanishes identically")


def project(tensor: dict[tuple[int, ...], sp.Expr], l_out: int, l_in: int) -> sp.ImmutableMatrix:
    """A Cartesian kernel K_{a1..;c} as a matrix between orthonormal components: E^m_{a..} K_{a..,c} Ē^n_c."""
    rows, columns = component_basis(l_out), component_basis(l_in)

    def entry(m: int, n: int) -> sp.Expr:
        total = sp.Integer(0)
        for at in product(range(3), repeat=l_out + l_in):
            weight = _at(rows[m], at[:l_out]) * _at(columns[n], at[l_out:])
            if weight != 0:
                total += weight * tensor[at]
        return sp.expand(total)

    return sp.ImmutableMatrix(2 * l_out + 1, 2 * l_in + 1, entry)


def lift(matrix: sp.Matrix, l_out: int, l_in: int) -> dict[tuple[int, ...], sp.Expr]:
    """A matrix between components as a Cartesian kernel: Σ E^m_{a..} M_mn E^n_c, by the indices a.., c."""
    rows, columns = component_basis(l_out), component_basis(l_in)
    return {
        at: sum(
            _at(rows[m], at[:l_out]) * matrix[m, n] * _at(columns[n], at[l_out:])
            for m in range(matrix.rows)
            for n in range(matrix.cols)
        )
        for at in product(range(3), repeat=l_out + l_in)
    }


def _at(array: sp.ImmutableDenseNDimArray, index: tuple[int, ...]) -> sp.Expr:
    return array[index] if index else array[()]


@dataclass(frozen=True)
class Pair:
    """Paths l_in → l_out, ascending in l_f, that the same functions sum: all of them, together every SO(3)-equivariant
    kernel between the two (T6), or some.

    Attributes
    ----------
    parity
        Empty, or of functions for the paths of one kind alone (see :func:`variants`), "polar" or "axial".
    """

    l_in: int
    l_out: int
    paths: tuple[Path, ...]
    parity: str = ""

    @property
    def key(self) -> str:
        """Such as 1_2 or 1_2_polar: the suffix of the generated functions."""
        return "_".join([str(self.l_in), str(self.l_out), *filter(None, [self.parity])])

    @property
    def complete(self) -> bool:
        """Whether no path l_in → l_out is missing."""
        return [p.l_f for p in self.paths] == list(filter_degrees(self.l_in, self.l_out))


def _levi_civita_form() -> IndexExpression:
    return sp.Rational(1, 2) * (epsilon("acd") * r("b") * r("d") + epsilon("bcd") * r("a") * r("d"))


#: Design of the catalogue; slides, pages "Il nostro kernel equivariante" and "Other implementations".
#: [r̂]× acts as f ↦ r̂ × f: entry (a, c) is ε_adc r̂_d.
CLOSED_FORMS: dict[tuple[int, int, int], tuple[str, str, IndexExpression]] = {
    (1, 1, 0): ("dot", "alpha", r("c")),
    (1, 0, 1): ("identity", "a", delta("ac")),
    (1, 1, 1): ("cross", "b", epsilon("adc") * r("d")),
    (1, 2, 1): ("quadrupole", "c", 3 * (r("a") * r("c")) - delta("ac")),
    (1, 1, 2): (
        "dyad",
        "alpha",
        r("a") * delta("bc") + r("b") * delta("ac") - sp.Rational(2, 3) * (delta("ab") * r("c")),
    ),
    (1, 2, 2): ("twist", "beta", _levi_civita_form()),
    (1, 3, 2): (
        "octupole",
        "gamma",
        r("a") * r("b") * r("c")
        - sp.Rational(1, 5) * (delta("ab") * r("c") + delta("ac") * r("b") + delta("bc") * r("a")),
    ),
}

#: What `make derive` emits: the couplings of a vector field to scalars, vectors and symmetric tensors.
EMITTED_PAIRS = ((1, 0), (1, 1), (1, 2))
#: Kinds of paths, by whether l_in + l_f + l_out is odd.
PARITIES = ("polar", "axial")


@cache
def path(l_in: int, l_f: int, l_out: int) -> Path:
    """The path of the three degrees; raises ValueError outside the triangle."""
    check_triangle(l_in, l_f, l_out)
    name, radial, form = CLOSED_FORMS.get((l_in, l_f, l_out), (f"coupling{l_f}", f"phi{l_f}", None))
    return Path(l_in, l_f, l_out, name, radial, form)


@cache
def pair(l_in: int, l_out: int) -> Pair:
    """All paths l_in → l_out in ascending l_f; raises ValueError for negative degrees."""
    check_triangle(l_in, abs(l_in - l_out), l_out)
    return Pair(l_in, l_out, tuple(path(l_in, l_f, l_out) for l_f in filter_degrees(l_in, l_out)))


def filter_degrees(l_in: int, l_out: int) -> range:
    """The l_f that couple l_in to l_out: those inside the triangle."""
    return range(abs(l_in - l_out), l_in + l_out + 1)


def of_parity(whole: Pair, parity: str) -> Pair:
    """Of a pair, the paths of one kind alone; none where it has no such path.

    A polar path (l_in + l_f + l_out even) takes true tensors to true tensors, an axial one to pseudotensors.
    """
    odd = PARITIES.index(parity)
    paths = tuple(p for p in whole.paths if (p.l_in + p.l_f + p.l_out) % 2 == odd)
    return replace(whole, paths=paths, parity=parity)


def variants(whole: Pair) -> tuple[Pair, ...]:
    """The pair itself and, where it has paths of both kinds, each kind alone: what users of O(3) choose from."""
    each = tuple(of_parity(whole, parity) for parity in PARITIES)
    return (whole, *each) if all(p.paths for p in each) else (whole,)


def emitted_pairs() -> tuple[Pair, ...]:
    """The pairs of the default catalogue, for each of which there are functions of its own."""
    return tuple(variant for degrees in EMITTED_PAIRS for variant in variants(pair(*degrees)))


def wholes(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """For each (l_in, l_out), in the order in which they come, the paths of all its pairs, each once: what theorems
    about paths are about."""
    paths: dict[tuple[int, int], dict[int, Path]] = {}
    for p in pairs:
        known = paths.setdefault((p.l_in, p.l_out), {})
        known.update((one.l_f, one) for one in p.paths if one.l_f not in known)
    return tuple(Pair(*degrees, tuple(known[l_f] for l_f in sorted(known))) for degrees, known in paths.items())


def completed(some: Pair) -> Pair:
    """A pair with the paths that it lacks as the catalogue has them."""
    known = {p.l_f for p in some.paths}
    lacking = (p for p in pair(some.l_in, some.l_out).paths if p.l_f not in known)
    return Pair(some.l_in, some.l_out, tuple(sorted((*some.paths, *lacking), key=lambda p: p.l_f)))
