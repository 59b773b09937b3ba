"""Derivatives of convolve_tabulated: public functions on symbols, over the graph of theorem T11."""

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
from .emitted_convolutions import EDGE_PLACES, EDGES, INDICES, INDPTR, NODES, RECEIVERS, fields_array, zeros
from .emitted_loops import compared, symbols_array
from .emitted_table_sums import Sums
from .emitted_tables import CHANNELS, Tables, compared_each, none_or, signs

#: The edge between coincident nodes.
AT_ORIGIN = 3


class Graph:
    """The graph of theorem T11 with a table."""

    def __init__(self, t: Tables, weighted: bool, moving: bool) -> None:
        self.t, n_out = t, 2 * t.pair.l_out + 1
        self.vectors, self.features = symbols_array("v", EDGES, 3), fields_array(t.pair, CHANNELS, NODES)
        self.weights = symbols_array("w", EDGES) if weighted else None
        self.seeds = symbols_array("g", NODES, n_out, CHANNELS)
        self.tangents = {
            "vectors": symbols_array("dv", EDGES, 3) if moving else None,
            "features": symbols_array("df", *self.features.shape) if moving or not weighted else None,
            "weights": symbols_array("dw", EDGES) if weighted and moving else None,
        }
        self.vectors[AT_ORIGIN] = ZERO
        t.places = {t.length(v): s for v, s in zip(self.vectors, EDGE_PLACES, strict=True)}

    def edge(self, e: int) -> dict[str, Any]:
        return {"vector": self.vectors[e], "tangent": none_or(self.tangents["vectors"], e, None)}

    def direction(self, e: int) -> dict[str, Any]:
        j, i = INDICES[e], RECEIVERS[e]
        return {
            "weight": none_or(self.weights, e, 1),
            "signs": signs(self.t.pair, turned=False),
            "features": self.features[j],
            "cotangents": self.seeds[i],
            "d_weight": none_or(self.tangents["weights"], e, 0),
            "d_features": none_or(self.tangents["features"], j, None),
        }

    def cotangents(self, f: DerivativeText, prefix: str) -> dict[str, np.ndarray]:
        found = {"vectors": zeros(EDGES, 3), "features": zeros(*self.features.shape)}
        if self.weights is not None:
            found["weights"] = zeros(EDGES)
        sums = Sums(self.t, f)
        for e in range(EDGES):
            if EDGE_PLACES[e] < 0:
                continue
            edge, direction = self.edge(e), self.direction(e)
            (lanes,) = terms = sums.terms(edge, [direction])
            found["vectors"][e] = sums.vector(edge, [direction], terms)
            for (c, values), b in product(enumerate(lanes), range(self.features.shape[1])):
                found["features"][INDICES[e], b, c] += values[f"{prefix}bar_features", b]
            if self.weights is not None:
                found["weights"][e] = sum((v[f"{prefix}bar_weight", 0] for v in lanes), ZERO)
        return found

    def outputs(self) -> tuple[np.ndarray, np.ndarray]:
        both = zeros(*self.seeds.shape), zeros(*self.seeds.shape)
        for e in (e for e in range(EDGES) if EDGE_PLACES[e] >= 0):
            ((*lanes,),) = Sums(self.t, self.t.texts.jvp).terms(self.edge(e), [self.direction(e)])
            for (c, values), a in product(enumerate(lanes), range(self.seeds.shape[1])):
                for array, role in zip(both, ("out", "d_out"), strict=True):
                    array[RECEIVERS[e], a, c] += values[role, a]
        return both


def tabulated_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for the derivatives of convolve_tabulated."""
    cases = ((DEGREES[0], False, True, True), (DEGREES[1], True, False, False))
    return tuple(r for d, solid, *more in cases for r in _tabulated(Graph(Tables(pair, module, d, solid), *more)))


def _tabulated(g: Graph) -> Iterator[Any]:
    t, normalize, degree = g.t, not g.t.solid, g.t.degree
    graph, world, key = (np.array(INDPTR), np.array(INDICES)), g.t.world(), g.t.pair.key
    given = (*graph, g.vectors, symbols_array("c", 1), "cutoff", g.features)
    tangents, names = g.tangents.values(), tuple(g.cotangents(t.texts.vjp, ""))
    name = f"vjp_convolve_tabulated_{key}"
    found = t.module.run_all(name, *given, g.seeds, g.weights, degree, None, normalize, names, **world)
    yield from compared_each(t, name, found, g.cotangents(t.texts.vjp, ""))
    name = f"hvp_convolve_tabulated_{key}"
    found = t.module.run_all(name, *given, g.seeds, g.weights, *tangents, degree, None, normalize, names, **world)
    yield from compared_each(t, name, found, g.cotangents(t.texts.hvp, "d_"))
    name = f"jvp_convolve_tabulated_{key}"
    both = t.module.run_all(name, *given, g.weights, *tangents, degree, normalize, **world)
    for array, wanted in zip(both, g.outputs(), strict=True):
        yield from compared(f"{t.module.name}: {name}", array, wanted)
