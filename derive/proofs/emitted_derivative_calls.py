"""The emitted derivative functions that users call, executed on symbols with all between them and the loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..catalogue import Pair
from ..execution import EmittedModule
from ..polynomials import root
from .emitted_convolutions import EDGES, INDICES, INDPTR, NODES, RECEIVERS, zeros
from .emitted_derivative_loops import CASES, ORDER, STARTS, LoopCase, Streamed
from .emitted_host import _EagerPool, check_call
from .emitted_loops import Size, compared, symbols_array
from .proof import ProofError

#: The function behind each public one, and the loop that it is handed.
CALLS = {
    **{f"{order}_apply": (f"_{order}_apply", f"_{order}_rows_{{}}") for order in ("vjp", "jvp", "hvp")},
    **{f"{order}_convolve": (f"_{order}_convolve", f"_{order}_rows_{{}}") for order in ("vjp", "jvp", "hvp")},
}
#: Those that only the CPU has, and that which differs there.
CPU_CALLS = {
    "vjp_convolve": ("_vjp_convolve", "_vjp_ordered_{}"),
    **{
        f"{order}_convolve_tabulated": (f"_{order}_tabulated", f"_{order}_tabulated_{{}}")
        for order in ("vjp", "jvp", "hvp")
    },
    **{f"{order}_convolve_walkers": (f"_{order}_walkers", f"_{order}_walkers_{{}}") for order in ("vjp", "jvp", "hvp")},
    "laplacian_convolve": ("_laplacian_convolve", "_laplacian_rows_{}"),
    "laplacian_walkers": ("_laplacian_walkers", "_laplacian_walkers_{}"),
}
#: Five channels in vectors of four.
SIZE = Size(5, 4)
TARGETS = ("vectors", "radial", "features", "weights")


def handed_residuals(pair: Pair, module: EmittedModule) -> tuple[int, ...]:
    """That each public function hands on its own name, loop, shape and arguments, and returns what comes back."""
    calls = CALLS if module.runs_on_gpu else CALLS | CPU_CALLS
    for kind, (core, loop) in calls.items():
        check_call(f"{kind}_{pair.key}", core, loop.format(pair.key), pair, module)
    return (0,) * len(calls)


def returned_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the public functions of a pair return."""
    cases = (
        LoopCase(SIZE, 2, True, False, True, None),
        LoopCase(SIZE, 2, False, True, False, None),
    )
    graphs = (r for case in cases for r in _of_graph(Streamed(pair, module, case)))
    return (*graphs, *_of_items(Streamed(pair, module, CASES[1]._replace(size=SIZE))))


def _world(s: Streamed) -> dict[str, Any]:
    return {
        **s.world,
        "_TABLES": {np.dtype(object): s.module.constants},
        "_VECTOR_BYTES": 8 * SIZE.width,
        "_threads": 2,
        "_INLINE_WORK": 0,
        "_helpers": lambda: (_EagerPool(), 1),
        "_room_for": lambda shape, dtype: np.empty(shape, dtype),
        "_aligned": lambda array, channels: s.case.aligned,
        "math": SimpleNamespace(sqrt=root, prod=math.prod),
    }


def _of_graph(s: Streamed) -> Iterator[Any]:
    graph, world, where = (np.array(INDPTR), np.array(INDICES)), _world(s), s.module.name
    normalize, tangents = not s.case.solid, s.tangents.values()
    arrays = (s.vectors, s.radial, s.features)
    wanted = TARGETS if s.case.whole else ("features",)
    name = f"vjp_convolve_{s.pair.key}"
    found = s.module.run_all(name, *graph, *arrays, s.seeds, s.weights, None, normalize, wanted, **world)
    yield from _compared(where, name, found, s.cotangents(s.texts.vjp, ""), wanted)
    name = f"hvp_convolve_{s.pair.key}"
    arguments = (*graph, *arrays, s.seeds, s.weights, *tangents, None, normalize, wanted)
    found = s.module.run_all(name, *arguments, **world)
    yield from _compared(where, name, found, s.cotangents(s.texts.hvp, "d_"), wanted)
    name = f"jvp_convolve_{s.pair.key}"
    both = s.module.run_all(name, *graph, *arrays, s.weights, *tangents, normalize, **world)
    for role, array in zip(("out", "d_out"), both, strict=True):
        yield from compared(f"{where}: {name}, {role}", array, s.outputs()[role])


def _compared(
    where: str, name: str, found: Any, wanted: Mapping[str, np.ndarray], asked: tuple[str, ...]
) -> Iterator[Any]:
    for target in TARGETS:
        array = getattr(found, target)
        if (array is None) != (target not in asked or target not in wanted):
            raise ProofError(f"{where}: {name} returns {array} for {target}")
        if array is not None:
            yield from compared(f"{where}: {name}, {target}", array, wanted[target])


def _of_items(s: Streamed) -> Iterator[Any]:
    """Two rows of two vectors, features that all share and radial functions that a row shares: their cotangents are sums."""
    world, where, pair = _world(s), s.module.name, s.pair
    channels = SIZE.channels
    vectors, radial = symbols_array("v", 2, 2, 3), symbols_array("p", 2, 1, len(pair.paths), channels)
    fields, g = (
        symbols_array("f", 1, 2 * pair.l_in + 1, channels),
        symbols_array("g", 2, 2, 2 * pair.l_out + 1, channels),
    )
    moves = [symbols_array(f"d{n}", *a.shape) for n, a in (("v", vectors), ("p", radial), ("f", fields))]
    items = _Items(s, vectors, radial, fields, g, moves)
    normalize = not s.case.solid
    found = s.module.run_all(f"vjp_apply_{pair.key}", vectors, radial, fields, g, normalize, **world)
    yield from items.compared(where, f"vjp_apply_{pair.key}", found, s.texts.vjp, "")
    found = s.module.run_all(f"hvp_apply_{pair.key}", vectors, radial, fields, g, *moves, normalize, **world)
    yield from items.compared(where, f"hvp_apply_{pair.key}", found, s.texts.hvp, "d_")
    both = s.module.run_all(f"jvp_apply_{pair.key}", vectors, radial, fields, *moves, normalize, **world)
    graph = items.graph()
    for role, array in zip(("out", "d_out"), both, strict=True):
        wanted = graph.outputs()[role]
        yield from compared(f"{where}: jvp_apply_{pair.key}, {role}", array, wanted.reshape(array.shape))


class _Items:
    """Broadcast operands as what they stand for: edges between nodes of their own."""

    def __init__(self, s: Streamed, vectors: Any, radial: Any, fields: Any, g: Any, moves: Any) -> None:
        self.s, self.shapes = s, {"vectors": vectors.shape, "radial": radial.shape, "features": fields.shape}
        self.arrays = [self._flat(a, keep) for a, keep in ((vectors, 1), (radial, 2), (fields, 2), (g, 2))]
        self.moves = [self._flat(a, keep) for a, keep in zip(moves, (1, 2, 2), strict=True)]

    @staticmethod
    def _flat(array: np.ndarray, keep: int) -> np.ndarray:
        core = array.shape[array.ndim - keep :]
        return np.broadcast_to(array, (2, 2, *core)).reshape(4, *core)

    def graph(self) -> Streamed:
        graph = Streamed(self.s.pair, self.s.module, self.s.case)
        graph.opaque, graph.weights = self.s.opaque, None
        graph.vectors, graph.radial, graph.features, graph.seeds = self.arrays
        graph.indices = graph.receivers = range(4)
        graph.tangents = dict(zip(TARGETS, (*self.moves, None), strict=True))
        return graph

    def compared(self, where: str, name: str, found: Any, f: Any, prefix: str) -> Iterator[Any]:
        wanted = self.graph().cotangents(f, prefix)
        for target, shape in self.shapes.items():
            full = wanted[target].reshape(2, 2, *wanted[target].shape[1:])
            keep = {"vectors": 1, "radial": 2, "features": 2}[target]
            lead: tuple[int, ...] = (1,) * (2 - (len(shape) - keep)) + shape[: len(shape) - keep]
            total = zeros(*lead, *full.shape[2:])
            for at in np.ndindex(2, 2):
                total[tuple(0 if n == 1 else i for i, n in zip(at, lead, strict=True))] += full[at]
            yield from compared(f"{where}: {name}, {target}", getattr(found, target), total.reshape(shape))


def transpose_residuals(module: EmittedModule) -> tuple[int, ...]:
    """The edges by sender, and that of a node's edges the received ones are added and the sent ones taken off."""
    graph = (np.array(INDPTR), np.array(INDICES))
    found = module.run_all("transpose", *graph)
    receivers = [RECEIVERS[e] for e in ORDER]
    if [list(a) for a in found] != [list(STARTS), receivers, list(ORDER)]:
        raise ProofError(f"{module.name}: transpose returns {found}")
    vectors, out = symbols_array("v", EDGES, 3), symbols_array("untouched", NODES, 3)
    module.run("_node_rows", 0, NODES, module.constants, INDPTR, STARTS, ORDER, vectors, out)
    wanted = zeros(NODES, 3)
    for e, (i, j) in enumerate(zip(RECEIVERS, INDICES, strict=True)):
        wanted[i] += vectors[e]
        wanted[j] -= vectors[e]
    return tuple(compared(f"{module.name}: _node_rows", out, wanted))
