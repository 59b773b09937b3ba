"""Straight-line programs: named outputs as expressions of named inputs, split by the loop they live in.

Everything that is emitted is a :class:`Program`.  What depends on the edge alone is computed once per edge; the rest
once per edge and channel.  A :class:`Builder` writes programs by value numbering: an expression that was already
computed, up to sign, is not computed again, and numbering follows the order of construction, so the result is
deterministic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count

import sympy as sp


@dataclass(frozen=True)
class Assignment:
    """target = value, where value mentions only inputs and earlier targets."""

    target: sp.Symbol
    value: sp.Expr


@dataclass(frozen=True)
class Operations:
    """How many multiplications and additions (subtractions count as additions, signs are free)."""

    multiplications: int = 0
    additions: int = 0

    def __add__(self, other: Operations) -> Operations:
        return Operations(self.multiplications + other.multiplications, self.additions + other.additions)

    @property
    def total(self) -> int:
        return self.multiplications + self.additions


@dataclass(frozen=True)
class Program:
    """A function of edge inputs (the unit vector) and channel inputs (radial values, features).

    Attributes
    ----------
    edge, channel
        The two blocks of assignments; ``carried`` are the edge values that the channel block reads.
    outputs
        One expression for each output component, in terms of what came before.
    """

    edge_inputs: tuple[sp.Symbol, ...]
    channel_inputs: tuple[sp.Symbol, ...]
    edge: tuple[Assignment, ...]
    carried: tuple[sp.Symbol, ...]
    channel: tuple[Assignment, ...]
    outputs: tuple[sp.Expr, ...]

    @property
    def edge_operations(self) -> Operations:
        return count_operations(a.value for a in self.edge)

    @property
    def channel_operations(self) -> Operations:
        return count_operations([*(a.value for a in self.channel), *self.outputs])

    def constants(self) -> set[sp.Expr]:
        """Every number other than ±1 that occurs, without its sign."""
        values = [*(a.value for a in self.edge + self.channel), *self.outputs]
        return {abs(c) for v in values for c in _coefficients(v)} - {sp.Integer(1), sp.Integer(0)}


def count_operations(expressions: Iterable[sp.Expr]) -> Operations:
    """Operations of the expressions as written, nothing shared between them."""
    return sum((_count(sp.sympify(e)) for e in expressions), Operations())


def _count(e: sp.Expr) -> Operations:
    if e.is_Add:
        return sum((_count(a) for a in e.args), Operations(0, len(e.args) - 1))
    constant, factors = split_constant(e)
    if not factors:
        return Operations()
    products = len(factors) - 1 + (abs(constant) != 1)
    return sum((_count(f) for f in factors if f.is_Add), Operations(products))


def split_constant(e: sp.Expr) -> tuple[sp.Expr, list[sp.Expr]]:
    """A product as (exact number, factors with integer powers written out), e.g. √2 x² y → (√2, [x, x, y])."""
    constant, factors = sp.S.One, []
    for arg in sorted(sp.Mul.make_args(e), key=sp.default_sort_key):
        if arg.is_number:
            constant *= arg
        elif arg.is_Pow:
            if not (arg.exp.is_Integer and arg.exp > 0):
                raise ValueError(f"only positive integer powers can be lowered, got {arg}")
            factors += [arg.base] * int(arg.exp)
        else:
            factors.append(arg)
    return constant, factors


def _coefficients(e: sp.Expr) -> Iterable[sp.Expr]:
    for term in sp.Add.make_args(e):
        constant, factors = split_constant(term)
        yield constant
        for factor in factors:
            if factor.is_Add:
                yield from _coefficients(factor)


class Builder:
    """Writes a program, one value at a time."""

    def __init__(self, edge_inputs: Sequence[sp.Symbol], channel_inputs: Sequence[sp.Symbol]) -> None:
        self.edge_inputs = tuple(edge_inputs)
        self.channel_inputs = tuple(channel_inputs)
        self._blocks: dict[str, list[Assignment]] = {"edge": [], "channel": []}
        self._known: dict[sp.Expr, sp.Symbol] = {}
        self._edge_values = set(edge_inputs)
        self._taken = {s.name for s in (*edge_inputs, *channel_inputs)}

    def let(self, name: str, value: sp.Expr) -> sp.Expr:
        """Compute a value, in the outermost loop that knows its inputs, and return the symbol that holds it.

        A symbol, a number, or either with a sign is returned as it is; so is a value computed before.
        """
        value = sp.sympify(value)
        if (-value).is_Symbol or value.is_Symbol or value.is_number:
            return value
        for sign in (1, -1):
            if sign * value in self._known:
                return sign * self._known[sign * value]
        symbol = self._fresh(name)
        self._known[value] = symbol
        hoisted = value.free_symbols <= self._edge_values
        if hoisted:
            self._edge_values.add(symbol)
        self._blocks["edge" if hoisted else "channel"].append(Assignment(symbol, value))
        return symbol

    def _fresh(self, name: str) -> sp.Symbol:
        suffixes = chain(("",), (f"_{i}" for i in count(2)))
        chosen = next(name + s for s in suffixes if name + s not in self._taken)
        self._taken.add(chosen)
        return sp.Symbol(chosen, real=True)

    def finish(self, outputs: Iterable[sp.Expr]) -> Program:
        """The program that computes these outputs, without what they do not need."""
        outputs = tuple(map(sp.sympify, outputs))
        channel = _needed(self._blocks["channel"], outputs)
        read = set().union(*(e.free_symbols for e in (*outputs, *(a.value for a in channel))))
        edge = _needed(self._blocks["edge"], tuple(read))
        available = (*self.edge_inputs, *(a.target for a in edge))
        carried = tuple(s for s in available if s in read)
        return Program(self.edge_inputs, self.channel_inputs, edge, carried, channel, outputs)


def _needed(block: Sequence[Assignment], outputs: Sequence[sp.Expr]) -> tuple[Assignment, ...]:
    wanted = set().union(*(e.free_symbols for e in outputs)) if outputs else set()
    kept: list[Assignment] = []
    for assignment in reversed(block):
        if assignment.target in wanted:
            kept.append(assignment)
            wanted |= assignment.value.free_symbols
    return tuple(reversed(kept))


def specialise(program: Program, values: Mapping[sp.Symbol, sp.Expr], builder: Builder) -> list[sp.Expr]:
    """Run a program with some inputs replaced, writing what is left of it with the given builder."""
    known: dict[sp.Symbol, sp.Expr] = dict(values)
    for assignment in (*program.edge, *program.channel):
        known[assignment.target] = builder.let(assignment.target.name, assignment.value.xreplace(known))
    return [output.xreplace(known) for output in program.outputs]


def monomial(builder: Builder, factors: Sequence[sp.Symbol]) -> sp.Expr:
    """A product of symbols, built so that shared prefixes are computed once: x*x, then (x*x)*y."""
    product: sp.Expr = sp.S.One
    for factor in factors:
        product = builder.let(
            "_".join(filter(None, (str(product) if product != 1 else "", str(factor)))),
            product * factor,
        )
    return product
