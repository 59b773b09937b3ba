"""From the catalogue to programs: choose, among exactly equal ways to compute, the one with fewest operations.

The definition of each emitted function is here too, as plain expressions; theorem T11 compares the emitted code
with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import sympy as sp

from .catalogue import Pair
from .chain_form import chain_form, chain_kernel
from .matrix_form import matrix_form, matrix_kernel, weighted_messages
from .program import Builder, Operations, Program, count_operations, specialise
from .symbols import DIRECTION, features, radial_symbols


def apply_expressions(pair: Pair) -> list[sp.Expr]:
    """The definition of `apply`: Σ_p φ_p Σ_b K^p_ab f_b, one expression for each output component a."""
    f = sp.Matrix(features(2 * pair.l_in + 1))
    return list(_summed(pair) * f)


def kernel_expressions(pair: Pair) -> list[sp.Expr]:
    """The definition of `kernel`: the entries of Σ_p φ_p K^p, row by row."""
    return list(_summed(pair))


def message_expressions(pair: Pair) -> list[sp.Expr]:
    """The definition of `message`: Σ_b K^p_ab f_b of every path p, path by path."""
    f = sp.Matrix(features(2 * pair.l_in + 1))
    return [entry for p in pair.paths for entry in p.kernel * f]


def _summed(pair: Pair) -> sp.Matrix:
    zero = sp.zeros(2 * pair.l_out + 1, 2 * pair.l_in + 1)
    return sum((s * p.kernel for s, p in zip(radial_symbols(pair), pair.paths, strict=True)), zero)


def naive_operations(expressions: Iterable[sp.Expr]) -> Operations:
    """Operations of a definition evaluated as written, term by term, nothing shared."""
    return count_operations(sp.expand(e) for e in expressions)


@cache
def lower_apply(pair: Pair) -> Program:
    """(r̂ | φ, f) ↦ Σ_p φ_p K^p(r̂) f at the lowest cost per channel, then per edge."""
    return min((chain_form(pair), matrix_form(pair), weighted_messages(pair)), key=_per_channel)


@cache
def lower_messages(pair: Pair) -> Program:
    """(r̂ | f) ↦ K^p(r̂) f for every path p: `apply` at radial functions (1, 0, ..), (0, 1, ..), .., written as one.

    So one function of the edge serves both, and all derivatives of both.
    """
    act, radial, f = lower_apply(pair), radial_symbols(pair), features(2 * pair.l_in + 1)
    builder = Builder(DIRECTION, f)
    one_at_a_time = [{s: sp.Integer(s == chosen) for s in radial} for chosen in radial]
    program = builder.finish(e for values in one_at_a_time for e in specialise(act, values, builder))
    assert set(program.edge) <= set(act.edge), "radial functions that are numbers leave fewer values of the edge"
    return replace(program, edge=act.edge, carried=act.carried)


@cache
def lower_kernel(pair: Pair) -> Program:
    """(r̂ | φ) ↦ Σ_p φ_p K^p(r̂), row by row; nothing is hoisted in a single loop, so the total counts."""
    forms = (chain_kernel(pair), matrix_kernel(pair))
    return min(forms, key=lambda p: p.edge_operations.total + p.channel_operations.total)


def _per_channel(program: Program) -> tuple[int, int]:
    """What a channel costs: operations, and edge values to load, since registers do not hold all; then an edge."""
    return program.channel_operations.total + len(program.carried), program.edge_operations.total
