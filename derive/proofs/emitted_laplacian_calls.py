"""The forward Laplacian of graphs and of walkers: public functions on symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from ..bsplines import DEGREES
from ..catalogue import Pair
from ..derivative_text import DerivativeText, LaplacianText
from ..execution import EmittedModule
from .emitted_convolutions import EDGES, INDICES, INDPTR, NODES, PARTICLES, RECEIVERS, WALKERS, fields_array, zeros
from .emitted_loops import symbols_array
from .emitted_tables import CHANNELS, Tables, compared_each, none_or
from .emitted_walker_derivatives import PAIR_PLACES, SELF_PLACE, Walkers


class Term:
    """What one edge adds to value, Jacobian and Laplacian of its receiver, channel by channel."""

    def __init__(self, t: Tables, i: int, j: int, vector: Any, weight: Any) -> None:
        self.t, self.text, self.i, self.j, self.vector, self.weight = t, t.laplacian, i, j, vector, weight

    def add(self, row: Mapping[str, Any], radial: Any, fields: Mapping[str, Any], c: int) -> None:
        """To the row of the receiver; `radial` holds, for each path, the function and two derivatives."""
        t, text, w = self.t, self.text, self.weight
        unit, along = t.direction(self.vector, t.solid), t.direction(self.vector, False)
        turned = [t.turned(j, t.solid, along[3], r) for j, r in zip(text.degrees, radial, strict=True)]
        phi, chi = [w * r[0] for r in radial], [w * x for x, _ in turned]
        f, jacobian, laplacian = (fields[name] for name in ("features", "jacobian", "laplacian"))
        edge = (*unit[:3], *along[:3], unit[3])
        found = self._channel(text, text.gradient, edge, [*phi, *chi, *f[self.j, :, c]])
        n_out = len(row["value"])
        row["value"][:, c] += found[:n_out]
        if self.i != self.j:
            for axis in range(3):
                part = found[n_out * (axis + 1) : n_out * (axis + 2)]
                row["jacobian"][3 * self.i + axis, :, c] += part
                row["jacobian"][3 * self.j + axis, :, c] -= part
            bent = [2 * w * b for _, b in turned]
            row["laplacian"][:, c] += t.forward(self.vector, bent, f[self.j, :, c])
            if jacobian is not None:
                between = [
                    2 * (jacobian[3 * self.i + axis, self.j, n, c] - jacobian[3 * self.j + axis, self.j, n, c])
                    for axis in range(3)
                    for n in range(f.shape[1])
                ]
                row["laplacian"][:, c] += self._channel(text, text.contraction, edge, [*phi, *chi, *between])
        if laplacian is not None:
            row["laplacian"][:, c] += t.forward(self.vector, phi, laplacian[self.j, :, c])
        if jacobian is not None:
            kernel = t.entries(self.vector, phi)
            for d in range(len(jacobian)):
                row["jacobian"][d, :, c] += kernel @ jacobian[d, self.j, :, c]

    def _channel(self, text: LaplacianText, f: DerivativeText, edge: Any, arguments: Any) -> np.ndarray:
        values = self.t.opaque.values(f"_{f.kind}_values", len(f.carried), *edge)
        return np.array(self.t.opaque.results(f, values, arguments), dtype=object)


def _rows(nodes: int, coordinates: int, n_out: int) -> dict[str, np.ndarray]:
    return {
        "value": zeros(nodes, n_out, CHANNELS),
        "jacobian": zeros(coordinates, nodes, n_out, CHANNELS),
        "laplacian": zeros(nodes, n_out, CHANNELS),
    }


def _row(rows: Mapping[str, np.ndarray], i: int) -> dict[str, np.ndarray]:
    return {"value": rows["value"][i], "jacobian": rows["jacobian"][:, i], "laplacian": rows["laplacian"][i]}


def _fields(features: np.ndarray, coordinates: int, moving: bool) -> dict[str, Any]:
    *lead, nodes, n_in, channels = features.shape
    jacobian = symbols_array("Jf", *lead, coordinates, nodes, n_in, channels) if moving else None
    return {
        "features": features,
        "jacobian": jacobian,
        "laplacian": symbols_array("Lf", *features.shape) if moving else None,
    }


def rows_of_graph(
    t: Tables, indices: Sequence[int], vectors: Any, radial: Sequence[Any], fields: Mapping[str, Any], weights: Any
) -> dict[str, np.ndarray]:
    """What the forward Laplacian of a graph should be; `radial` holds the functions and their two derivatives."""
    rows = _rows(NODES, 3 * NODES, 2 * t.pair.l_out + 1)
    for e, c in product(range(EDGES), range(CHANNELS)):
        term = Term(t, RECEIVERS[e], indices[e], vectors[e], none_or(weights, e, 1))
        given = [tuple(array[e, p, c] for array in radial) for p in range(len(t.pair.paths))]
        term.add(_row(rows, RECEIVERS[e]), given, fields, c)
    return rows


def laplacian_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for the forward Laplacian of graphs and of walkers."""
    cases = ((DEGREES[0], False, True, True), (DEGREES[1], True, False, False))
    graphs = (r for d, solid, *more in cases for r in _laplacian_of_graph(Tables(pair, module, d, solid), *more))
    walkers = (r for d, solid, *more in cases for r in _laplacian_of_walkers(Tables(pair, module, d, solid), *more))
    return (*graphs, *walkers)


def _laplacian_of_graph(t: Tables, weighted: bool, moving: bool) -> Iterator[Any]:
    """With an edge from a node to itself, as across a periodic boundary, whose vector does not move."""
    indices = (*INDICES[:-1], RECEIVERS[-1])
    vectors, paths = symbols_array("v", EDGES, 3), len(t.pair.paths)
    fields = _fields(fields_array(t.pair, CHANNELS, NODES), 3 * NODES, moving)
    weights = symbols_array("w", EDGES) if weighted else None
    radial = [symbols_array(name, EDGES, paths, CHANNELS) for name in ("p", "q", "r")]
    rows = rows_of_graph(t, indices, vectors, radial, fields, weights)
    name, graph = f"laplacian_convolve_{t.pair.key}", (np.array(INDPTR), np.array(indices))
    more = (fields["features"], weights, fields["jacobian"], fields["laplacian"], not t.solid)
    yield from compared_each(t, name, t.module.run_all(name, *graph, vectors, *radial, *more, **t.world()), rows)


def _laplacian_of_walkers(t: Tables, weighted: bool, loops: bool) -> Iterator[Any]:
    w = Walkers(t, weighted, moving=False, loops=loops)
    fields = _fields(w.features, 3 * PARTICLES, moving=weighted)
    n_out, paths = 2 * t.pair.l_out + 1, len(t.pair.paths)
    batch = [_rows(PARTICLES, 3 * PARTICLES, n_out) for _ in range(WALKERS)]
    for b, i, j, c in product(range(WALKERS), range(PARTICLES), range(PARTICLES), range(CHANNELS)):
        near = PAIR_PLACES.get((min(i, j), max(i, j)), SELF_PLACE) >= 0
        if near and (loops or i != j):
            vector = w.vector(b, i, j)
            term = Term(t, i, j, vector, none_or(w.weights, (b, j), 1))
            own = {name: None if array is None else array[b] for name, array in fields.items()}
            term.add(_row(batch[b], i), [t.jet(vector, p, c) for p in range(paths)], own, c)
    name, more = f"laplacian_walkers_{t.pair.key}", (fields["jacobian"], fields["laplacian"])
    given = (
        w.positions,
        symbols_array("c", 1),
        "cutoff",
        w.features,
        w.weights,
        *more,
        t.degree,
        loops,
        not t.solid,
    )
    wanted = {name: np.array([rows[name] for rows in batch]) for name in batch[0]}
    yield from compared_each(t, name, t.module.run_all(name, *given, **t.world()), wanted)
