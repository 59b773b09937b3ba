"""What a proof is: a statement, hypotheses, and steps whose residuals were reduced to exactly zero.

An :class:`Equation` cannot be built unless every residual is zero, so a :class:`Proof` that exists is a proof that
holds. LaTeX is printed from the same objects that were checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import sympy as sp
from sympy.polys.rings import PolyElement

from ..exact import SphereRing


class ProofError(Exception):
    """A claimed identity does not hold; the message names it and shows what is left over."""


@dataclass(frozen=True)
class Equation:
    """side = side = ...: LaTeX for the reader, residuals for the machine.

    ``residuals`` are the differences of neighbouring sides, componentwise, in normal form.  A side that would
    not fit on
    a line is given with line breaks; ``inline`` puts all sides on one line.
    """

    sides: tuple[str, ...]
    residuals: tuple[Any, ...]
    inline: bool = False

    def __post_init__(self) -> None:
        if not self.residuals:
            raise ProofError(f"nothing was checked: {' = '.join(self.sides)}")
        for residual in self.residuals:
            if not _is_zero(residual):
                raise ProofError(f"{' = '.join(self.sides) or 'an identity'} leaves {residual}")

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process go as many zeros: each residual is one, of whatever ring."""
        return type(self), (self.sides, (0,) * len(self.residuals), self.inline)

    def latex(self) -> str:
        """Aligned at the equality signs, one line for each side after the first; sides that repeat are printed once."""
        first, second, *others = (s.replace("\n", " \\\\\n&\\qquad ") for s in dict.fromkeys(self.sides))
        if self.inline:
            return " = ".join([f"{first} &= {second}", *others])
        return " \\\\\n".join([f"{first} &= {second}", *(f"&= {side}" for side in others)])


def _is_zero(residual: Any) -> bool:
    """Exactly the zero of its ring: a float, a truth value, an unevaluated expression or NaN is not."""
    if isinstance(residual, PolyElement):
        return not residual
    return isinstance(residual, (int, sp.Expr)) and not isinstance(residual, bool) and residual == 0


def residuals(left: Any, right: Any, ring: SphereRing | None = None) -> tuple[Any, ...]:
    """left - right, componentwise: in normal form if a ring is given, else expanded.

    Raises ProofError where the two have different shapes, or the ring cannot read a component.
    """
    try:
        pairs = list(zip(_flat(left), _flat(right), strict=True))
        return tuple(sp.expand(a - b) if ring is None else ring.normal_form(a - b) for a, b in pairs)
    except ValueError as error:
        raise ProofError(str(error)) from error


def _flat(value: Any) -> list[Any]:
    if isinstance(value, PolyElement):  # which is a dict, too
        return [value]
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    if isinstance(value, (sp.MatrixBase, sp.NDimArray)):
        return sp.flatten(value)
    if isinstance(value, (list, tuple)):
        return [entry for part in value for entry in _flat(part)]
    return [value]


def equation(
    left: Any, right: Any, texts: Sequence[str], ring: SphereRing | None = None, inline: bool = False
) -> Equation:
    """An equation between two values (scalars, matrices, component dictionaries), checked as it is built."""
    return Equation(tuple(texts), residuals(left, right, ring), inline)


def chain(values: Sequence[Any], texts: Sequence[str], ring: SphereRing | None = None) -> Equation:
    """value = value = ..., every link checked."""
    return Equation(tuple(texts), tuple(r for a, b in pairwise(values) for r in residuals(a, b, ring)))


@dataclass(frozen=True)
class Step:
    """A sentence and the equations that bear it out.

    ``after`` closes the displays, ``listing`` are lines of code to show, ``columns`` sets short equations side by side.
    """

    text: str
    equations: tuple[Equation, ...] = ()
    after: str = ""
    listing: tuple[str, ...] = ()
    columns: int = 1

    @property
    def identities(self) -> int:
        return sum(len(e.residuals) for e in self.equations)

    @property
    def display(self) -> str:
        """The body of an align* environment; equations without sides were checked for the sentence's sake."""
        shown = [e.latex() for e in self.equations if e.sides]
        rows = [" & ".join(shown[i : i + self.columns]) for i in range(0, len(shown), self.columns)]
        return " \\\\[3pt]\n".join(rows)


@dataclass(frozen=True)
class Proof:
    """A theorem with its proof.

    ``number`` is the T-number of the design, ``slug`` names its file.
    """

    number: int
    slug: str
    title: str
    statement: str
    hypotheses: tuple[str, ...]
    steps: tuple[Step, ...]
    remarks: tuple[Step, ...] = field(default=())

    @property
    def name(self) -> str:
        return f"T{self.number}"

    @property
    def file_name(self) -> str:
        return f"T{self.number:02d}_{self.slug}.tex"

    @property
    def identities(self) -> int:
        """How many scalar identities were reduced to exactly zero."""
        return sum(step.identities for step in (*self.steps, *self.remarks))


def unseen(*groups: Iterable[Any]) -> Equation:
    """Residuals checked for a sentence that states their content, without a display of their own."""
    return Equation((), tuple(r for group in groups for r in group))
