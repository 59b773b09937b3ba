"""Derivatives of programs, which are programs: sums and products differentiate into sums and products.

The reverse sweep turns a program into its vector-Jacobian product, the forward sweep into its Jacobian-vector product
(Griewank and Walther, *Evaluating Derivatives*, 2nd ed., ch. 3); the forward sweep over the reverse one is the second
order.  What a program computes once per edge stays once per edge: the reverse sweep over the channel block ends at the
edge values that are not mere multiples of others (:func:`roots`), whose cotangents are summed over channels; a second
one goes on from there to the unit vector.  All is found from the program alone, so any pair is lowered by the same few
lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sympy as sp

from .program import Assignment, Builder, Program, specialise, split_constant

#: The quadrature weight of an edge.
WEIGHT = sp.Symbol("w", real=True)


def named(prefix: str, symbols: Iterable[sp.Symbol]) -> tuple[sp.Symbol, ...]:
    """Names for what is propagated beside the values: a prefix before each."""
    return tuple(sp.Symbol(f"{prefix}{s.name}", real=True) for s in symbols)


def weighted(program: Program, radial: Sequence[sp.Symbol]) -> Program:
    """The program of w φ for φ; the weight is a channel input, as its cotangent is summed over channels."""
    builder = Builder(program.edge_inputs, (WEIGHT, *program.channel_inputs))
    values = {phi: builder.let(f"w_{phi}", WEIGHT * phi) for phi in radial}
    return builder.finish(specialise(program, values, builder))


# --- slopes ---------------------------------------------------------------------------------------


def slopes(value: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The derivatives with respect to all symbols that occur, by name: those of each term with respect to its own."""
    terms: dict[sp.Symbol, list[sp.Expr]] = {}
    for term in sp.Add.make_args(value):
        for symbol in term.free_symbols:
            terms.setdefault(symbol, []).append(_slope(term, symbol))
    return {symbol: sp.Add(*terms[symbol]) for symbol in sorted(terms, key=str)}


def _slope(term: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    """Of a product that holds the symbol once, the other factors; else what SymPy says."""
    factors = sp.Mul.make_args(term)
    others = [f for f in factors if f != symbol]
    if len(others) == len(factors) - 1 and not any(f.has(symbol) for f in others):
        return sp.Mul(*others)
    return sp.diff(term, symbol)


# --- reverse --------------------------------------------------------------------------------------


def roots(program: Program) -> tuple[sp.Symbol, ...]:
    """The edge values that the carried ones are, or are multiples of: fewer to sum the cotangents of."""
    bases = {a.target: _base(a) for a in program.edge}
    found = dict.fromkeys(_followed(s, bases) for s in program.carried)
    order = (*program.edge_inputs, *(a.target for a in program.edge))
    return tuple(s for s in order if s in found)


def _base(a: Assignment) -> sp.Symbol | None:
    """What the value is a multiple of, if it is one."""
    _, factors = split_constant(a.value)
    return factors[0] if len(factors) == 1 and factors[0].is_Symbol else None


def _followed(symbol: sp.Symbol, bases: Mapping[sp.Symbol, sp.Symbol | None]) -> sp.Symbol:
    base = bases.get(symbol)
    return symbol if base is None else _followed(base, bases)


def channel_vjp(program: Program, seeds: Sequence[sp.Symbol]) -> Program:
    """(edge | channel inputs, seeds) ↦ the cotangents of the channel inputs, then of the roots.

    The latter are to be summed over channels.
    """
    builder = Builder(program.edge_inputs, (*program.channel_inputs, *seeds))
    values = _written(builder, (*program.edge, *program.channel))
    bars = _Bars()
    for output, seed in zip(program.outputs, seeds, strict=True):
        bars.spread(output, seed, values)
    multiples = [a for a in program.edge if _base(a) is not None]
    _reverse(builder, bars, (*multiples, *program.channel), values)
    return builder.finish(bars.total(s) for s in (*program.channel_inputs, *roots(program)))


def edge_vjp(program: Program) -> Program:
    """(edge inputs | the cotangents of the roots) ↦ the cotangents of the edge inputs."""
    ends = roots(program)
    seeds = named("bar_", ends)
    builder = Builder(program.edge_inputs, seeds)
    values = _written(builder, program.edge)
    bars = _Bars()
    for end, seed in zip(ends, seeds, strict=True):
        bars.spread(end, seed, values)
    _reverse(builder, bars, program.edge, values)  # multiples too: other edge values may be computed from them
    return builder.finish(bars.total(s) for s in program.edge_inputs)


def _written(builder: Builder, block: Iterable[Assignment]) -> dict[sp.Symbol, sp.Expr]:
    """The values of a block, computed again where the derivative needs them; `finish` leaves out the others."""
    values: dict[sp.Symbol, sp.Expr] = {}
    for a in block:
        values[a.target] = builder.let(a.target.name, a.value.xreplace(values))
    return values


class _Bars:
    """Cotangents, term by term."""

    def __init__(self) -> None:
        self._terms: dict[sp.Symbol, list[sp.Expr]] = {}

    def spread(self, value: sp.Expr, bar: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> None:
        for symbol, slope in slopes(value).items():
            self._terms.setdefault(symbol, []).append(bar * slope.xreplace(values))

    def total(self, symbol: sp.Symbol) -> sp.Expr:
        return sp.Add(*self._terms.get(symbol, []))


def _reverse(builder: Builder, bars: _Bars, block: Sequence[Assignment], values: Mapping[sp.Symbol, sp.Expr]) -> None:
    for a in reversed(block):
        total = bars.total(a.target)
        if total != 0:
            bars.spread(a.value, builder.let(f"bar_{a.target.name}", total), values)


# --- forward --------------------------------------------------------------------------------------


def jvp(program: Program, fixed: Iterable[sp.Symbol] = ()) -> Program:
    """(inputs, their tangents) ↦ the outputs, then their tangents; what is fixed has no tangent.

    Tangents are named after their inputs, with d_ before; each follows the inputs of its loop.
    """
    moving = [s for s in (*program.edge_inputs, *program.channel_inputs) if s not in set(fixed)]
    tangents = dict(zip(moving, named("d_", moving), strict=True))
    builder = Builder(*((*own, *(tangents[s] for s in own if s in tangents)) for own in _inputs(program)))
    values: dict[sp.Symbol, sp.Expr] = {}
    moved: dict[sp.Symbol, sp.Expr] = dict(tangents)
    for a in (*program.edge, *program.channel):
        moved[a.target] = builder.let(f"d_{a.target.name}", _tangent(a.value, moved, values))
        values[a.target] = builder.let(a.target.name, a.value.xreplace(values))
    outputs = [e.xreplace(values) for e in program.outputs]
    return builder.finish([*outputs, *(_tangent(e, moved, values) for e in program.outputs)])


def _inputs(program: Program) -> tuple[tuple[sp.Symbol, ...], tuple[sp.Symbol, ...]]:
    return program.edge_inputs, program.channel_inputs


def _tangent(value: sp.Expr, moved: Mapping[sp.Symbol, sp.Expr], values: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    return sp.Add(*(slope.xreplace(values) * moved[s] for s, slope in slopes(value).items() if s in moved))


def with_outputs(program: Program, kept: Iterable[int]) -> Program:
    """The same program with some of its outputs, by place, and without what only the others needed."""
    builder = Builder(*_inputs(program))
    values = _written(builder, (*program.edge, *program.channel))
    return builder.finish(program.outputs[i].xreplace(values) for i in kept)
