"""The chain form of a pair: every path at once, at the price of one descent and one ascent.

    f_j = L f_{j+1}                               down to scalars, from f_top, top = min(l_in, l_out)
    v_j = R v_{j-1} + g_j f_j + h_j C f_j         and up again; v_top becomes the output

where L, R and C lower, raise and turn (:mod:`chains`), and g_j, h_j are combinations of radial functions.  Between l_in
and top, and between top and l_out, one matrix does all steps.  For vectors these are the pocket forms: v = g f +
h (r̂ × f) + t r̂ with t = (r̂·f) times a radial function.  Nothing here knows a kernel by name.

Numbers leave the channel loop: L, C and the outer matrices, whose entries are hoisted, are scaled so that in each g and
h one radial function stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from .catalogue import Pair
from .chains import links, lowered, lowering, raised, raising, turning
from .edge_values import hoisted, hoisted_sum
from .program import Builder, Program
from .symbols import DIRECTION, features, radial_symbols

Vector = list[sp.Expr]


@dataclass(frozen=True)
class Combination:
    """Σ coefficient · n^power · φ: what multiplies f_j, or C f_j."""

    terms: tuple[tuple[sp.Symbol, int, sp.Expr], ...] = ()

    def divided(self, number: sp.Expr) -> Combination:
        return Combination(tuple((phi, power, sp.radsimp(c / number)) for phi, power, c in self.terms))

    @property
    def leading(self) -> sp.Expr | None:
        """The coefficient of the first radial function, which has the lowest power of n; None if there is none."""
        return self.terms[0][2] if self.terms else None

    def write(self, builder: Builder, name: str) -> sp.Expr:
        return builder.let(name, sum(hoisted(builder, c * _power_of_n(builder, n)) * phi for phi, n, c in self.terms))


def _power_of_n(builder: Builder, power: int) -> sp.Expr:
    """n^power = |r|^(2 power), n being computed once."""
    value = sp.S.One
    for _ in range(power):
        n = builder.let("n", sum(s * s for s in DIRECTION))
        value = builder.let(f"{value}_n", value * n)
    return value


@dataclass(frozen=True)
class Rank:
    """What happens at one rank: v_j = R v_{j-1} + g f_j + h · turn · C f_j, and f_{j-1} = scale · L f_j."""

    g: Combination
    h: Combination
    scale: sp.Expr
    turn: sp.Expr


@dataclass(frozen=True)
class Chain:
    """The ranks from the lowest that occurs up to min(l_in, l_out), and what scales the outer matrices."""

    l_in: int
    l_out: int
    outer: sp.Expr
    ranks: dict[int, Rank]


def chain_of(pair: Pair) -> Chain:
    """The combinations of every rank, scaled: see the module."""
    top = min(pair.l_in, pair.l_out)
    parts = {(rank, turned): _combination(pair, rank, turned) for rank in range(top + 1) for turned in (False, True)}
    lowest = min(rank for (rank, _), part in parts.items() if part.terms)
    size = _leading(parts, top) if pair.l_in != pair.l_out else sp.S.One
    outer, ranks = size, {}
    for rank in range(top, lowest - 1, -1):
        g, h = parts[rank, False].divided(size), parts[rank, True].divided(size)
        turn = h.leading or sp.S.One
        below = _leading(parts, rank - 1) if rank > lowest else size
        ranks[rank] = Rank(g, h.divided(turn), sp.radsimp(below / size), turn)
        size = below
    return Chain(pair.l_in, pair.l_out, outer, dict(sorted(ranks.items())))


def _combination(pair: Pair, rank: int, turned: bool) -> Combination:
    terms = [
        (phi, link.power, link.coefficient)
        for phi, path in zip(radial_symbols(pair), pair.paths, strict=True)
        for link in links(path)
        if (link.rank, link.turned) == (rank, turned)
    ]
    return Combination(tuple(terms))


def _leading(parts: dict[tuple[int, bool], Combination], rank: int) -> sp.Expr:
    return parts[rank, False].leading or parts[rank, True].leading or sp.S.One


# --- the program --------------------------------------------------------------------------------------------------


def chain_form(pair: Pair) -> Program:
    """The action on f."""
    f = features(2 * pair.l_in + 1)
    builder = Builder(DIRECTION, (*radial_symbols(pair), *f))
    return builder.finish(_act(builder, chain_of(pair), list(f)))


def _act(builder: Builder, chain: Chain, f: Vector) -> Vector:
    """Down, with what each rank adds of its own, and up again."""
    top = min(chain.l_in, chain.l_out)
    # The one outer matrix there is bears the scale.
    inner = lowered(chain.l_in, top) * (chain.outer if chain.l_in > top else 1)
    below = _product(builder, _names("f", top, top), inner, f) if chain.l_in > top else f
    own: dict[int, Vector] = {}
    for rank in reversed(chain.ranks):
        own[rank] = _own(builder, rank, top, chain.ranks[rank], below)
        if rank > min(chain.ranks):
            scaled = chain.ranks[rank].scale * lowering(rank)
            below = _product(builder, _names("f", rank - 1, top), scaled, below)
    v: Vector = own[min(chain.ranks)]
    for rank in chain.ranks:
        if rank > min(chain.ranks):
            v = [e + s for e, s in zip(own[rank], _sums(builder, raising(rank), v), strict=True)]
        if rank < top or chain.l_out > top:
            v = [builder.let(name, e) for name, e in zip(_names("v", rank, top), v, strict=True)]
    return v if chain.l_out == top else _sums(builder, chain.outer * raised(top, chain.l_out), v)


def _names(letter: str, rank: int, top: int) -> list[str]:
    """Of the components of a rank; of scalars d and t, as r̂·f and what it makes are called where f is a vector."""
    if rank == 0:
        return [{"f": "d", "v": "t"}.get(letter, f"{letter}_0")]
    return [f"{letter}{i}" if rank == top and letter != "f" else f"{letter}{rank}_{i}" for i in range(2 * rank + 1)]


def _own(builder: Builder, rank: int, top: int, here: Rank, f: Vector) -> Vector:
    """g f + h C f, each component as a sum."""
    total: Vector = [sp.S.Zero] * (2 * rank + 1)
    suffix = "" if rank == top else f"_{rank}"
    if here.g.terms:
        g = here.g.write(builder, f"g{suffix}")
        total = [t + g * s for t, s in zip(total, f, strict=True)]
    if here.h.terms:
        h = here.h.write(builder, f"h{suffix}")
        turned = _product(builder, _names("w", rank, top), here.turn * turning(rank), f)
        total = [t + h * w for t, w in zip(total, turned, strict=True)]
    return total


def _product(builder: Builder, names: Sequence[str], matrix: sp.Matrix, v: Sequence[sp.Expr]) -> Vector:
    return [builder.let(name, e) for name, e in zip(names, _sums(builder, matrix, v), strict=True)]


def _sums(builder: Builder, matrix: sp.Matrix, v: Sequence[sp.Expr]) -> Vector:
    """Matrix times v, the entries hoisted."""
    return [
        sum((hoisted_sum(builder, e) * s for e, s in zip(matrix.row(i), v, strict=True) if e != 0), sp.S.Zero)
        for i in range(matrix.rows)
    ]


def chain_kernel(pair: Pair) -> Program:
    """The kernel's matrix, row by row: its column b is the action on the b-th unit vector."""
    builder = Builder(DIRECTION, radial_symbols(pair))
    n_in = 2 * pair.l_in + 1
    columns = [_act(builder, chain_of(pair), [sp.Integer(i == b) for i in range(n_in)]) for b in range(n_in)]
    return builder.finish(entry for row in zip(*columns, strict=True) for entry in row)
