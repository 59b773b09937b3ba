"""The vector form of a pair, where every path has a Cartesian closed form and the input is a vector:

    out = B(r̂) v,      v = g f + h (r̂ × f) + t r̂,

where g, h and t are combinations of radial functions (t holds r̂·f), and B(r̂) projects r̂ ⊗ .. ⊗ r̂ ⊗ v on the
output's components.  It is found by contracting the catalogue's index expressions (:mod:`index_action`); nothing here
knows a kernel by name.  Numbers are moved out of the channel loop: v may be scaled if B is scaled back, and a factor
that all terms of h or t share is absorbed in a scaled copy of r̂.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sympy as sp

from .cartesian import component_basis
from .catalogue import Pair
from .constants import constant_name
from .index_action import action
from .program import Builder, Program, specialise, split_constant
from .symbols import DIRECTION, features, radial_symbols

Vector = Sequence[sp.Expr]


@dataclass(frozen=True)
class Combination:
    """Σ coefficient · n^power · φ: what multiplies one of f, r̂ × f, d r̂."""

    terms: tuple[tuple[sp.Symbol, int, sp.Rational], ...]

    def divided(self, number: sp.Rational) -> Combination:
        return Combination(tuple((phi, n, c / number) for phi, n, c in self.terms))

    @property
    def leading(self) -> sp.Rational:
        """The coefficient of the first radial function, or 1 if there is none."""
        return self.terms[0][2] if self.terms else sp.S.One

    @property
    def is_single(self) -> bool:
        return len(self.terms) == 1

    def write(self, builder: Builder, name: str) -> sp.Expr:
        n = builder.let("n", sum(s * s for s in DIRECTION)) if any(power for _, power, _ in self.terms) else sp.S.One
        return builder.let(name, sum(hoisted(builder, c * n**power) * phi for phi, power, c in self.terms))


def _combinations(pair: Pair) -> dict[str, Combination]:
    """For each of f, w, r: the radial functions that multiply it, equal terms collected."""
    collected: dict[str, dict[tuple[sp.Symbol, int], sp.Rational]] = {"f": {}, "w": {}, "r": {}}
    for phi, path in zip(radial_symbols(pair), pair.paths, strict=True):
        for term in action(path):
            total = collected[term.inner]
            total[phi, term.n] = total.get((phi, term.n), sp.S.Zero) + term.coefficient
    return {
        name: Combination(tuple((phi, n, c) for (phi, n), c in total.items() if c != 0))
        for name, total in collected.items()
    }


def vector_form(pair: Pair) -> Program | None:
    """The action on f as out = B v, or None where it does not exist."""
    if pair.l_in != 1 or any(p.form is None for p in pair.paths):
        return None
    f = features(3)
    builder = Builder(DIRECTION, (*radial_symbols(pair), *f))
    parts = _combinations(pair)
    scale = parts["f"].leading
    parts = {name: part.divided(scale) for name, part in parts.items()}
    if pair.l_out == 0:
        return builder.finish([_along(builder, parts["r"], f)])
    v: list[sp.Expr] = [sp.S.Zero] * 3
    if parts["f"].terms:
        g = parts["f"].write(builder, "g")
        v = [g * s for s in f]
    if parts["w"].terms:
        v = [a + b for a, b in zip(v, _across(builder, parts["w"], f), strict=True)]
    if parts["r"].terms:
        t = _along(builder, parts["r"], f)
        v = [a + t * s for a, s in zip(v, DIRECTION, strict=True)]
    if pair.l_out > 1:
        v = [builder.let(f"v{i}", e) for i, e in enumerate(v)]
    return builder.finish(_projected(builder, pair.l_out, v, scale))


def _across(builder: Builder, part: Combination, f: Vector) -> list[sp.Expr]:
    """h (r̂ × f), the number in r̂ and its sign in the order of the product."""
    number = part.leading if part.is_single else sp.S.One
    h = part.divided(number).write(builder, "h")
    ours = _scaled(builder, abs(number))
    left, right = (ours, f) if number > 0 else (f, ours)
    return [h * builder.let(f"w{i}", _cross_component(left, right, i)) for i in range(3)]


def _along(builder: Builder, part: Combination, f: Vector) -> sp.Expr:
    """t = (Σ ..) (r̂·f), the number in r̂."""
    number = part.leading if part.is_single else sp.S.One
    h = part.divided(number).write(builder, "h")
    d = builder.let("d", sum(a * b for a, b in zip(_scaled(builder, number), f, strict=True)))
    return builder.let("t", h * d)


def _cross_component(u: Vector, v: Vector, i: int) -> sp.Expr:
    j, k = (i + 1) % 3, (i + 2) % 3
    return u[j] * v[k] - u[k] * v[j]


def _scaled(builder: Builder, number: sp.Expr) -> list[sp.Expr]:
    return [hoisted(builder, number * s) for s in DIRECTION]


def hoisted(builder: Builder, value: sp.Expr) -> sp.Expr:
    """A constant times a monomial as one edge value, e.g. x_sqrt2 = √2 x; the sign stays outside."""
    constant, factors = split_constant(sp.sympify(value))
    if not factors:
        return constant
    sign = -1 if constant.is_negative else 1
    suffix = constant_name(abs(constant)).removeprefix("c")
    return sign * builder.let("_".join([*map(str, factors), suffix]), sign * value)


def _projected(builder: Builder, l: int, v: Vector, scale: sp.Expr) -> Iterator[sp.Expr]:
    """Σ_b B_mb v_b with B_mb = scale · E^m_{b a2 .. al} r̂_a2 .. r̂_al, hoisted."""
    for basis in component_basis(l):
        row = [_contracted_with_direction(basis[b]) for b in range(3)]
        yield sum(_sum_hoisted(builder, scale * entry) * v[b] for b, entry in enumerate(row))


def _contracted_with_direction(tensor: sp.Expr | sp.NDimArray) -> sp.Expr:
    while isinstance(tensor, sp.NDimArray):
        tensor = sum((tensor[a] * DIRECTION[a] for a in range(3)), 0 * tensor[0])
    return tensor


def _sum_hoisted(builder: Builder, polynomial: sp.Expr) -> sp.Expr:
    terms = sp.Add.make_args(sp.expand(polynomial))
    return builder.let("e", sum(hoisted(builder, t) for t in terms)) if len(terms) > 1 else hoisted(builder, terms[0])


def vector_kernel(pair: Pair) -> Program | None:
    """The kernel's matrix, row by row: its column b is the action on the b-th basis vector."""
    act = vector_form(pair)
    if act is None:
        return None
    f = features(3)
    builder = Builder(DIRECTION, radial_symbols(pair))
    columns: Iterable[list[sp.Expr]] = [
        specialise(act, {s: sp.Integer(i == b) for i, s in enumerate(f)}, builder) for b in range(3)
    ]
    return builder.finish(entry for row in zip(*columns, strict=True) for entry in row)
