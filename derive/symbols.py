"""The symbols that the whole derivation shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

if TYPE_CHECKING:
    from .catalogue import Pair

#: r̂, the unit vector from sender to receiver; also used for an unnormalised r where that is said.
DIRECTION = sp.symbols("x y z", real=True)

#: A unit quaternion; R(q) runs over all of SO(3) as q runs over the unit sphere in R⁴.
QUATERNION = sp.symbols("q0 q1 q2 q3", real=True)


def features(count: int) -> tuple[sp.Symbol, ...]:
    """f_0, f_1, ...: the components of the field that the kernel acts on."""
    return tuple(sp.Symbol(f"f{i}", real=True) for i in range(count))


def radial_symbols(pair: Pair) -> tuple[sp.Symbol, ...]:
    """One symbol for each path's contracted radial function, named as in the catalogue."""
    return tuple(sp.Symbol(p.radial, real=True) for p in pair.paths)
