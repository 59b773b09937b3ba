"""Derivatives of convolve_walkers: public functions on symbols, for two walkers of three particles."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from ..bsplines import DEGREES
from ..catalogue import Pair
from ..derivative_text import DerivativeText
from ..execution import EmittedModule
from ..polynomials import ZERO
from .emitted_convolutions import PARTICLES, WALKERS, fields_array, zeros
from .emitted_loops import compared, symbols_array
from .emitted_table_sums import Sums
from .emitted_tables import CHANNELS, Tables, compared_each, none_or, signs

#: In which interval the distances of the pairs (0, 1), (0, 2), (1, 2) lie, and a particle's from itself.
PAIR_PLACES, SELF_PLACE = {(0, 1): 2, (0, 2): -1, (1, 2): 0}, 1


class Walkers:
    """Two walkers of three particles; of a pair (i, j), the vector is that from j to i, i being the first."""

    def __init__(self, t: Tables, weighted: bool, moving: bool, loops: bool) -> None:
        self.t, self.loops, n_out = t, loops, 2 * t.pair.l_out + 1
        self.positions = symbols_array("x", WALKERS, PARTICLES, 3)
        self.features = fields_array(t.pair, CHANNELS, WALKERS, PARTICLES)
        self.weights = symbols_array("w", WALKERS, PARTICLES) if weighted else None
        self.seeds = symbols_array("g", WALKERS, PARTICLES, n_out, CHANNELS)
        self.tangents = {
            "positions": symbols_array("dx", *self.positions.shape) if moving else None,
            "features": symbols_array("df", *self.features.shape) if moving or not weighted else None,
            "weights": symbols_array("dw", WALKERS, PARTICLES) if weighted and moving else None,
        }
        t.places = {ZERO: SELF_PLACE}
        for b, (i, j) in product(range(WALKERS), PAIR_PLACES):
            for first, second in ((i, j), (j, i)):
                t.places[t.length(self.vector(b, first, second))] = PAIR_PLACES[i, j]

    def vector(self, b: int, i: int, j: int) -> np.ndarray:
        return self.positions[b, i] - self.positions[b, j]

    @property
    def pairs(self) -> list[tuple[int, int, int]]:
        found = product(range(WALKERS), range(PARTICLES), range(PARTICLES))
        near = ((b, i, j) for b, i, j in found if i < j or (self.loops and i == j))
        return [(b, i, j) for b, i, j in near if PAIR_PLACES.get((i, j), SELF_PLACE) >= 0]

    def edge(self, b: int, i: int, j: int) -> dict[str, Any]:
        moves = self.tangents["positions"]
        tangent = zeros(3) if moves is None else moves[b, i] - moves[b, j]
        return {"vector": self.vector(b, i, j), "tangent": tangent}

    def directions(self, b: int, i: int, j: int) -> list[dict[str, Any]]:
        """From j to i and, of two particles, from i to j."""
        ends = [(i, j, False)] if i == j else [(i, j, False), (j, i, True)]
        return [
            {
                "receiver": (b, to),
                "sender": (b, of),
                "weight": none_or(self.weights, (b, of), 1),
                "signs": signs(self.t.pair, turned),
                "features": self.features[b, of],
                "cotangents": self.seeds[b, to],
                "d_weight": none_or(self.tangents["weights"], (b, of), 0),
                "d_features": none_or(self.tangents["features"], (b, of), None),
            }
            for to, of, turned in ends
        ]

    def cotangents(self, f: DerivativeText, prefix: str) -> dict[str, np.ndarray]:
        found = {"positions": zeros(*self.positions.shape), "features": zeros(*self.features.shape)}
        if self.weights is not None:
            found["weights"] = zeros(WALKERS, PARTICLES)
        sums = Sums(self.t, f)
        for b, i, j in self.pairs:
            edge, directions = self.edge(b, i, j), self.directions(b, i, j)
            terms = sums.terms(edge, directions)
            vector = np.array(sums.vector(edge, directions, terms), dtype=object)
            found["positions"][b, i] += vector
            found["positions"][b, j] -= vector
            for direction, lanes in zip(directions, terms, strict=True):
                for (c, values), n in product(enumerate(lanes), range(self.features.shape[2])):
                    found["features"][(*direction["sender"], n, c)] += values[f"{prefix}bar_features", n]
                if self.weights is not None:
                    found["weights"][direction["sender"]] += sum((v[f"{prefix}bar_weight", 0] for v in lanes), ZERO)
        return found

    def outputs(self) -> tuple[np.ndarray, np.ndarray]:
        both = zeros(*self.seeds.shape), zeros(*self.seeds.shape)
        for b, i, j in self.pairs:
            directions = self.directions(b, i, j)
            terms = Sums(self.t, self.t.texts.jvp).terms(self.edge(b, i, j), directions)
            for direction, lanes in zip(directions, terms, strict=True):
                for (c, values), a in product(enumerate(lanes), range(self.seeds.shape[2])):
                    for array, role in zip(both, ("out", "d_out"), strict=True):
                        array[(*direction["receiver"], a, c)] += values[role, a]
        return both


def walker_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for the derivatives of convolve_walkers."""
    cases = ((DEGREES[1], False, True, True, True), (DEGREES[0], True, False, False, False))
    return tuple(r for d, solid, *more in cases for r in _walkers(Walkers(Tables(pair, module, d, solid), *more)))


def _walkers(w: Walkers) -> Iterator[Any]:
    t, world, key = w.t, w.t.world(), w.t.pair.key
    given = (w.positions, symbols_array("c", 1), "cutoff", w.features)
    last, tangents = (t.degree, w.loops, not t.solid), w.tangents.values()
    names = tuple(w.cotangents(t.texts.vjp, ""))
    name = f"vjp_convolve_walkers_{key}"
    found = t.module.run_all(name, *given, w.seeds, w.weights, *last, names, **world)
    yield from compared_each(t, name, found, w.cotangents(t.texts.vjp, ""))
    name = f"hvp_convolve_walkers_{key}"
    found = t.module.run_all(name, *given, w.seeds, w.weights, *tangents, *last, names, **world)
    yield from compared_each(t, name, found, w.cotangents(t.texts.hvp, "d_"))
    name = f"jvp_convolve_walkers_{key}"
    both = t.module.run_all(name, *given, w.weights, *tangents, *last, **world)
    for array, wanted in zip(both, w.outputs(), strict=True):
        yield from compared(f"{t.module.name}: {name}", array, wanted)
