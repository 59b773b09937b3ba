"""A Cartesian form for any degrees: contract with r, turn about r, multiply by r.

Components of degree l are those of a symmetric traceless tensor T of rank l (cartesian.component_basis).  Three maps,
each linear in r and equivariant, change the rank by one or not at all:

    lower   T_{a1..al} r_{al}                       rank l → l-1, the matrix L_l(r)
    raise   the symmetric traceless part of T r     rank l-1 → l, the transpose of L_l(r)
    turn    Σ_k r_k G_k T                           rank l → l, what rotations about r do; r × f where l = 1

(J. A. R. Coope, R. F. Snider, F. R. McCourt, *J. Chem. Phys.* 43 (1965) 2269 contract such tensors with each other.)
A chain lowers from l_in to rank j, turns or not, and raises to l_out: A_j(r), or B_j(r) with a turn.  There are 2
min(l_in, l_out) + 1 chains, as many as paths, and each path is a combination of them with powers of n = |r|²:

    K^J(r) = Σ_j α_j n^((J - l_in - l_out)/2 + j) A_j(r)         where l_in + J + l_out is even,
    K^J(r) = Σ_j β_j n^((J - 1 - l_in - l_out)/2 + j) B_j(r)     where it is odd,

over the ranks j for which the power is not negative.  The coefficients are read off at r = e_z; that the two sides are
equal is theorem T16.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy as sp

from .catalogue import Path
from .fischer import Terms, derivative, inner, over_root
from .harmonics import component_generator, components_from_orders, orders, solid_terms
from .symbols import DIRECTION

NORTH = dict(zip(DIRECTION, (0, 0, 1), strict=True))


@dataclass(frozen=True)
class Link:
    """One term of a path: coefficient · n^power · the chain through this rank.

    Attributes
    ----------
    turned
        Whether the chain turns at that rank, as those of axial paths do.
    """

    rank: int
    turned: bool
    power: int
    coefficient: sp.Expr


# --- the three maps -----------------------------------------------------------------------------------------------


@cache
def lowering(l: int) -> sp.ImmutableMatrix:
    """L_l(r), (2l-1) x (2l+1), linear in r = (x, y, z): components of T to those of T_{..a} r_a.  ValueError for l < 1.

    Where p(s) = T s..s, that of the contraction is (r·∇p)/l; tensors of length 1 have <p, p> = l!.
    """
    if l < 1:
        raise ValueError(f"only tensors of rank 1 or more can be lowered, got rank {l}")
    below, above = _component_terms(l - 1), _component_terms(l)

    def entry(row: int, column: int) -> sp.Expr:
        p, q = below[row], above[column]
        square = l * inner(p, p) * inner(q, q)
        return sum((r * over_root(inner(p, derivative(q, k)), square) for k, r in enumerate(DIRECTION)), sp.S.Zero)

    return sp.ImmutableMatrix(2 * l - 1, 2 * l + 1, entry)


def raising(l: int) -> sp.ImmutableMatrix:
    """The transpose of :func:`lowering`: the symmetric traceless part of T r, of rank l, for T of rank l - 1."""
    return lowering(l).T


@cache
def turning(l: int) -> sp.ImmutableMatrix:
    """Σ_k r_k G_k, (2l+1) x (2l+1), antisymmetric and linear in r; [r]× where l = 1."""
    return sp.ImmutableMatrix(
        sum((r * component_generator(l, k) for k, r in enumerate(DIRECTION)), sp.zeros(2 * l + 1))
    )


@cache
def lowered(l: int, rank: int) -> sp.ImmutableMatrix:
    """From rank l down to a rank, (2 rank + 1) x (2l+1), homogeneous of degree l - rank in r."""
    if l == rank:
        return sp.ImmutableMatrix(sp.eye(2 * l + 1))
    return sp.ImmutableMatrix((lowering(rank + 1) * lowered(l, rank + 1)).expand())


def raised(rank: int, l: int) -> sp.ImmutableMatrix:
    """From a rank up to l: the transpose of :func:`lowered`."""
    return lowered(l, rank).T


@cache
def chain(l_in: int, l_out: int, rank: int, turned: bool) -> sp.ImmutableMatrix:
    """A_rank(r), or B_rank(r) with a turn: (2 l_out + 1) x (2 l_in + 1), homogeneous in r."""
    middle = turning(rank) if turned else sp.eye(2 * rank + 1)
    return sp.ImmutableMatrix((raised(rank, l_out) * middle * lowered(l_in, rank)).expand())


def _component_terms(l: int) -> list[Terms]:
    """T s..s of the tensor that is one component, up to a factor, for each."""
    at = components_from_orders(l)
    return [solid_terms(l, next(m for m in orders(l) if at[i, m + l])) for i in range(2 * l + 1)]


# --- paths as combinations of chains ------------------------------------------------------------------------------


@cache
def links(path: Path) -> tuple[Link, ...]:
    """The path as a combination of chains, highest rank first.

    About e_z both sides keep m, or exchange m and -m where the path is axial, and a chain through a rank below |m|
    vanishes: the coefficients follow one after the other from m = j.
    """
    turned = bool((path.l_in + path.l_f + path.l_out) % 2)
    spare = path.l_f - turned - path.l_in - path.l_out  # the power of n is half of this, and the rank
    found: list[Link] = []
    for rank in range(min(path.l_in, path.l_out), int(turned) - 1, -1):
        if spare + 2 * rank < 0:
            break
        known = sum((link.coefficient * _at_north(path, link.rank, turned, rank) for link in found), sp.S.Zero)
        left = _entry(path.kernel.subs(NORTH), path, turned, rank) - known
        coefficient = sp.radsimp(sp.expand(left) / _at_north(path, rank, turned, rank))
        found.append(Link(rank, turned, spare // 2 + rank, sp.sqrtdenest(coefficient)))
    return tuple(link for link in found if link.coefficient != 0)


def _at_north(path: Path, rank: int, turned: bool, m: int) -> sp.Expr:
    return _entry(_north_chain(path.l_in, path.l_out, rank, turned), path, turned, m)


@cache
def _north_chain(l_in: int, l_out: int, rank: int, turned: bool) -> sp.ImmutableMatrix:
    return chain(l_in, l_out, rank, turned).subs(NORTH)


def _entry(matrix: sp.Matrix, path: Path, turned: bool, m: int) -> sp.Expr:
    """From order m, or from -m, to order m."""
    row, column = _place(path.l_out, m), _place(path.l_in, -m if turned else m)
    return matrix[row, column]


def _place(l: int, m: int) -> int:
    at = components_from_orders(l)
    return next(i for i in range(2 * l + 1) if at[i, m + l])
