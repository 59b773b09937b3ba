"""Derivatives of sums whose radial functions are mixed: what an edge adds to each of the blocked matrix products.

With messages m^p = K^p(r̂) f, a sum over edges is Σ_e w_e Σ_kp b_ek m^p M_kp.  Of L = Σ g · (that) the cotangents are

    of M         Σ_i S_ikp ⊗ g_i, S the sums over edges that the forward function mixes;
    of f         Σ_kp T_jkp M_kpᵀ, T the same sums by sender with K^pᵀ g in place of the messages;
    of an edge   those of <h, m> with h^p = Σ_k b_k G_kp, G = g Mᵀ, and for b_k the number w <G_k, m>.

So channels are summed by matrix products alone, and an edge needs no more than vectors.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from .catalogue import Pair
from .derivatives import channel_vjp, jvp, roots, with_outputs
from .lowering import lower_messages
from .program import Builder, Program, specialise
from .symbols import DIRECTION


def output_seeds(pair: Pair) -> tuple[sp.Symbol, ...]:
    """g_0, g_1, ..: the cotangents of the output."""
    return tuple(sp.Symbol(f"g{a}", real=True) for a in range(2 * pair.l_out + 1))


def message_seeds(pair: Pair) -> tuple[sp.Symbol, ...]:
    """h_0_0, h_0_1, ..: the cotangents of the messages, path by path."""
    return tuple(sp.Symbol(f"h{p}_{a}", real=True) for p in range(len(pair.paths)) for a in range(2 * pair.l_out + 1))


@cache
def lower_adjoint(pair: Pair) -> Program:
    """(r̂ | g) ↦ K^p(r̂)ᵀ g for every path p: the cotangent of f where one path alone has one."""
    messages, h, g = lower_messages(pair), message_seeds(pair), output_seeds(pair)
    reverse = with_outputs(channel_vjp(messages, h), range(2 * pair.l_in + 1))
    builder = Builder(DIRECTION, g)
    given = [
        {s: g[n % len(g)] if n // len(g) == p else sp.S.Zero for n, s in enumerate(h)} for p in range(len(pair.paths))
    ]
    return builder.finish(e for values in given for e in specialise(reverse, values, builder))


@cache
def lower_message_vjp(pair: Pair) -> Program:
    """(r̂ | f, h) ↦ the messages, then the cotangents of the roots, to be summed over channels."""
    messages, h = lower_messages(pair), message_seeds(pair)
    reverse = channel_vjp(messages, h)
    builder = Builder(DIRECTION, (*messages.channel_inputs, *h))
    found = specialise(messages, {}, builder)
    ends = with_outputs(reverse, range(2 * pair.l_in + 1, len(reverse.outputs)))
    return builder.finish([*found, *specialise(ends, {}, builder)])


@cache
def lower_message_hvp(pair: Pair) -> Program:
    """The same with tangents of r̂, f and h: what it returns, then the tangents of that."""
    return jvp(lower_message_vjp(pair))


@cache
def lower_message_jvp(pair: Pair) -> Program:
    """(r̂, its tangent | f, its tangent) ↦ the messages, then their tangents."""
    return jvp(lower_messages(pair))


@cache
def lower_adjoint_jvp(pair: Pair) -> Program:
    """(r̂, its tangent | g) ↦ K^p(r̂)ᵀ g for every path, then their tangents while g stays: of those that move."""
    both, count = jvp(lower_adjoint(pair), fixed=output_seeds(pair)), len(lower_adjoint(pair).outputs)
    return with_outputs(both, [*range(count), *(count + n for n in moving_adjoints(pair))])


def moving_adjoints(pair: Pair) -> list[int]:
    """Which of them depend on r̂: not those of l_f = 0."""
    tangents = jvp(lower_adjoint(pair), fixed=output_seeds(pair)).outputs[len(lower_adjoint(pair).outputs) :]
    return [n for n, e in enumerate(tangents) if e != 0]


def mixing_roots(pair: Pair) -> tuple[sp.Symbol, ...]:
    """The edge values whose cotangents are summed over channels; for all sums one function goes on from there."""
    return roots(lower_messages(pair))


def mixing_programs(pair: Pair) -> list[Program]:
    """All that are emitted, for their constants."""
    lowered = (lower_adjoint, lower_message_vjp, lower_message_hvp, lower_message_jvp, lower_adjoint_jvp)
    return [f(pair) for f in lowered]
