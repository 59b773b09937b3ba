"""Derivatives of programs, which are programs: sums and products differentiate into sums and products.

The reverse sweep turns a program into its vector-Jacobian product, the forward sweep into its Jacobian-vector product
(Griewank and Walther, *Evaluating Derivatives*, 2nd ed., ch. 3).  What a program computes once per edge stays once per
edge: the reverse sweep over the channel block ends at the edge values that it carries, whose cotangents are summed over
channels; a second one goes on from there to the unit vector.  Both are found from the program alone, so any pair, and
any derivative of a derivative, is lowered by the same few lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sympy as sp

from .program import Assignment, Builder, Program


def cotangents(prefix: str, symbols: Iterable[sp.Symbol]) -> tuple[sp.Symbol, ...]:
    """Names for what is propagated beside the values: a prefix before each."""
    return tuple(sp.Symbol(f"{prefix}{s.name}", real=True) for s in symbols)


def channel_vjp(program: Program, seeds: Sequence[sp.Symbol]) -> Program:
    """(edge | channel inputs, seeds) ↦ the cotangents of the channel inputs, then of the carried edge values.

    The latter are to be summed over channels.
    """
    builder = Builder(program.edge_inputs, (*program.channel_inputs, *seeds))
    values = _written(builder, (*program.edge, *program.channel))
    bars = _Bars()
    for output, seed in zip(program.outputs, seeds, strict=True):
        bars.spread(output, seed, values)
    _reverse(builder, bars, program.channel, values)
    wanted = (*program.channel_inputs, *program.carried)
    return builder.finish(bars.total(s) for s in wanted)


def edge_vjp(program: Program) -> Program:
    """(edge inputs | the cotangents of the carried values) ↦ the cotangents of the edge inputs."""
    seeds = cotangents("bar_", program.carried)
    builder = Builder(program.edge_inputs, seeds)
    values = _written(builder, program.edge)
    bars = _Bars()
    for carried, seed in zip(program.carried, seeds, strict=True):
        bars.spread(carried, seed, values)
    _reverse(builder, bars, program.edge, values)
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
        for symbol in sorted(value.free_symbols, key=str):
            self._terms.setdefault(symbol, []).append(bar * sp.diff(value, symbol).xreplace(dict(values)))

    def total(self, symbol: sp.Symbol) -> sp.Expr:
        return sum(self._terms.get(symbol, []), sp.S.Zero)


def _reverse(builder: Builder, bars: _Bars, block: Sequence[Assignment], values: Mapping[sp.Symbol, sp.Expr]) -> None:
    for a in reversed(block):
        total = bars.total(a.target)
        if total != 0:
            bars.spread(a.value, builder.let(f"bar_{a.target.name}", total), values)
