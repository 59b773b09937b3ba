"""The emitted scalar functions of derivatives, executed on symbols and compared with SymPy's own derivatives.

They do nothing but add and multiply, so that they run on the elements of a polynomial ring, many times faster than on
expressions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import sympy as sp
from sympy.polys.rings import PolyElement

from ..catalogue import Pair
from ..derivative_text import DerivativeText, Part, derivatives_text, seeds
from ..derivatives import WEIGHT, named
from ..directions import INVERSE, MOVED, stated
from ..exact import SphereRing, primes_of
from ..execution import EmittedModule
from ..lowering import lower_apply
from ..symbols import DIRECTION, features, radial_symbols
from .definitions import Kernels, lifted, tangent
from .proof import residuals
from .stand_ins import function_names

#: Tangents of the direction.
MOVES = named("d_", DIRECTION)
VECTOR = sp.symbols("X Y Z", real=True)
SHIFT = sp.symbols("v0:3", real=True)
LENGTH = sp.sqrt(sum(s**2 for s in VECTOR))
RHO = sp.Symbol("rho", positive=True)


class Definitions:
    """What a pair's functions compute, and its derivatives: polynomials in free symbols, which SymPy's ring differentiates."""

    def __init__(self, pair: Pair, module: EmittedModule) -> None:
        self.pair, self.module = pair, module
        self.inputs = (WEIGHT, *radial_symbols(pair), *features(2 * pair.l_in + 1))
        self.moving = (*DIRECTION, *self.inputs)
        added = dict.fromkeys(s for f in derivatives_text(pair).channels for s in before(f))
        free = [*self.moving, *named("d_", self.moving), *seeds(pair), *added]
        self.ring = SphereRing(free=free, primes=primes_of(pair.l_in, pair.l_out))
        self.k = self.ring.table(module.constants)
        for name in executed(pair, module):
            module.require_sums_and_products(name)
        (weight,) = self.lifted([WEIGHT])
        applied = Kernels(pair, self.ring).applied(radial_symbols(pair), features(2 * pair.l_in + 1))
        self.out = [weight * e for e in applied]
        self.contracted = self.ring.total(g * e for g, e in zip(self.lifted(seeds(pair)), self.out, strict=True))

    def lifted(self, values: Iterable[sp.Expr]) -> list[PolyElement]:
        return lifted(self.ring, values)

    def tangent(self, value: PolyElement) -> PolyElement:
        """How a value changes along the tangents of all inputs."""
        return tangent(self.ring, value, self.moving, named("d_", self.moving))

    def cotangents(self, value: PolyElement) -> list[PolyElement]:
        """With respect to the inputs of a channel, then to the direction."""
        return [value.diff(s) for s in self.lifted((*self.inputs, *DIRECTION))]

    def channel(self, f: DerivativeText) -> dict[Part, Any]:
        """What a channel function makes of symbols, by result."""
        edge = edge_values(self, f.kind, len(f.carried))
        return channel_values(self.module, self.ring, f, edge)


def channel_values(module: EmittedModule, ring: SphereRing, f: DerivativeText, edge: Sequence[Any]) -> dict[Part, Any]:
    """What a channel function makes of symbols of the ring, by result; what it adds to is taken off again."""
    module.require_sums_and_products(f.name)
    there = list(map(ring.lift, before(f)))
    inputs = [ring.lift(sp.Symbol(p.name, real=True)) for p in f.inputs]
    found = module.run(f.name, ring.table(module.constants), tuple(edge), *inputs, *there)
    added = dict(zip(f.summed, there, strict=True))
    return {r: value - added.get(r, 0) for r, value in zip(f.results, found, strict=True)}


def edge_values(known: Definitions, kind: str, count: int) -> list[Any]:
    """What depends on the edge alone, as the loops are given it; on the GPU they call the functions themselves."""
    pair, module = known.pair, known.module
    unit, moves = known.lifted(DIRECTION), known.lifted(MOVES)
    if module.runs_on_gpu:
        return _edge_values_on_gpu(known, kind, unit, moves)
    units = np.array([[s] for s in (*unit, None)], dtype=object)
    edges = np.empty((count, 1), dtype=object)
    moved = () if kind == "vjp" else (np.array([[s] for s in moves], dtype=object),)
    name = f"_fill_values_{pair.key}" if kind == "vjp" else f"_fill_{kind}_values_{pair.key}"
    module.run(name, edges, known.k, 1, units, *moved)
    return list(edges[:, 0])


def _edge_values_on_gpu(known: Definitions, kind: str, unit: Sequence[Any], moves: Sequence[Any]) -> list[Any]:
    pair, module = known.pair, known.module
    if kind != "vjp":
        return list(module.run(f"_{kind}_values_{pair.key}", known.k, *unit, *moves))
    edge_name, _ = function_names("apply", pair, module)
    values = module.run(edge_name, known.k, *unit)
    by_name = dict(zip(map(str, lower_apply(pair).carried), values, strict=True))
    return [by_name[name] for name in derivatives_text(pair).vjp.carried]


def before(f: DerivativeText) -> list[sp.Symbol]:
    """What a channel function adds to."""
    return [sp.Symbol(f"before_{r.name}", real=True) for r in f.summed]


def executed(pair: Pair, module: EmittedModule) -> tuple[str, ...]:
    """The scalar functions that :func:`derivative_residuals` executes."""
    edge, _ = function_names("apply", pair, module)
    kinds = ("vjp_channel", "jvp_channel", "hvp_channel", "jvp_values", "hvp_values", "vjp_edge", "hvp_edge")
    return (edge, *(f"_{kind}_{pair.key}" for kind in kinds))


def derivative_residuals(pair: Pair, module: EmittedModule) -> dict[str, tuple[Any, ...]]:
    """Emitted minus SymPy's derivative of the definition, for each of the three, as polynomials in free symbols."""
    texts, known = derivatives_text(pair), Definitions(pair, module)
    return {"vjp": _reverse(texts.vjp, known), "jvp": _forward(texts.jvp, known), "hvp": _second(texts.hvp, known)}


def _by_role(found: Mapping[Part, Any], *roles: str) -> list[Any]:
    return [value for role in roles for part, value in found.items() if part.role == role]


def _reverse(f: DerivativeText, known: Definitions) -> tuple[Any, ...]:
    found = known.channel(f)
    bars = _by_role(found, "bar_root")
    direction = known.module.run(f"_vjp_edge_{known.pair.key}", known.k, *known.lifted(DIRECTION), *bars)
    ours = [*_by_role(found, "bar_weight", "bar_radial", "bar_features"), *direction]
    return residuals(ours, known.cotangents(known.contracted), known.ring)


def _forward(f: DerivativeText, known: Definitions) -> tuple[Any, ...]:
    wanted = [*known.out, *map(known.tangent, known.out)]
    return residuals(_by_role(known.channel(f), "out", "d_out"), wanted, known.ring)


def _second(f: DerivativeText, known: Definitions) -> tuple[Any, ...]:
    found = known.channel(f)
    bars, d_bars = _by_role(found, "bar_root"), _by_role(found, "d_bar_root")
    unit = known.lifted((*DIRECTION, *MOVES))
    both = known.module.run(f"_hvp_edge_{known.pair.key}", known.k, *unit, *bars, *d_bars)
    ours = [
        *_by_role(found, "bar_radial"),
        *both[:3],
        *_by_role(found, "d_bar_weight", "d_bar_radial", "d_bar_features"),
        *both[3:],
    ]
    first, second = known.cotangents(known.contracted), known.cotangents(known.tangent(known.contracted))
    radial = first[1 : 1 + len(known.pair.paths)]
    return residuals(ours, [*radial, *first[-3:], *second], known.ring)


# --- directions ---------------------------------------------------------------------------------------


def direction_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """That _project is the Jacobian of r/|r|, as matrix and as its transpose, and _project_tangent its derivative."""
    k, at = module.constants, {s: e / RHO for s, e in zip(DIRECTION, VECTOR, strict=True)}
    unit = [e / LENGTH for e in VECTOR]
    ours = module.run("_project", k, *at.values(), 1 / RHO, *MOVED)
    jacobian = sp.Matrix(unit).jacobian(VECTOR)
    forward, transposed = jacobian * sp.Matrix(MOVED), jacobian.T * sp.Matrix(MOVED)
    moved = stated(unit, 1 / LENGTH, MOVED)
    shifts = [*zip(VECTOR, SHIFT, strict=True), *zip(MOVED, named("d_", MOVED), strict=True)]
    tangent = [sum(sp.diff(e, s) * d for s, d in shifts) for e in moved]
    theirs = module.run("_project_tangent", k, *at.values(), 1 / RHO, *MOVED, *SHIFT, *named("d_", MOVED))
    at_rest = module.run("_project_tangent", k, *at.values(), 1 / RHO, *MOVED, 0, 0, 0, *MOVED)
    differences = [*_minus(ours, forward), *_minus(ours, transposed), *_minus(theirs, tangent), *_minus(at_rest, ours)]
    return tuple(map(_numerator, differences))


def _minus(ours: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
    return [a - b for a, b in zip(ours, theirs, strict=True)]


def _numerator(difference: sp.Expr) -> sp.Expr:
    """Of a rational function of r and |r|, whose square is r·r; zero if and only if the function is."""
    square = LENGTH**2
    value = sp.powsimp(difference.subs(LENGTH, RHO).replace(lambda e: e == square, lambda e: RHO**2))
    numerator = sp.numer(sp.together(value))
    return sp.rem(sp.expand(numerator), RHO**2 - square, RHO)


def inverse_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """1/|r| where that is within range, 0 at 0, and the bound where it is not; and what a direction consists of."""
    length, inverse = sp.Symbol("length", positive=True), sp.Symbol("inverse", real=True)
    near = SimpleNamespace(zero=sp.S.Zero, one=sp.S.One, huge=sp.oo)
    capped = SimpleNamespace(zero=sp.S.Zero, one=sp.S.One, huge=sp.Integer(4))
    k = SimpleNamespace(zero=sp.S.Zero, one=sp.S.One)
    unit = tuple(s / RHO for s in VECTOR)
    handed: list[Any] = []

    def unit_of(k: Any, *vector: Any) -> Any:
        handed.append(residuals(vector, VECTOR))
        return unit

    def inverse_of(k: Any, along: Any) -> Any:
        handed.append((sp.expand((along * RHO).subs(RHO, LENGTH)) - sp.expand(LENGTH**2),))
        return inverse

    world = {"_unit": unit_of, "_inverse": inverse_of}
    solid = module.run("_direction", k, True, *VECTOR, **world)
    plain = module.run("_direction", k, False, *VECTOR, **world)
    kept = module.run("_moved", k, True, *DIRECTION, INVERSE, *MOVED)
    world = {"_project": lambda k, *arguments: arguments}
    moved = module.run("_moved", k, False, *DIRECTION, INVERSE, *MOVED, **world)
    return (
        module.run("_inverse", near, length) - 1 / length,
        module.run("_inverse", near, sp.S.Zero),
        module.run("_inverse", capped, sp.Rational(1, 8)) - 4,
        module.run("_inverse", capped, sp.Rational(1, 2)) - 2,
        *(r for group in handed for r in group),
        *residuals(solid, (*VECTOR, 1)),
        *residuals(plain, (*unit, inverse)),
        *residuals(kept, MOVED),
        *residuals(moved, (*DIRECTION, INVERSE, *MOVED)),
    )
