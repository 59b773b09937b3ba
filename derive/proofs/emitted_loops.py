"""The emitted loops, executed on small arrays of symbols."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import sympy as sp

from ..catalogue import Pair
from ..exact import SphereRing
from ..execution import EmittedModule, call, exact_constants
from ..lowering import apply_expressions, kernel_expressions
from ..symbols import DIRECTION, features, radial_symbols
from .proof import ProofError, residuals

#: Receiver 0 has two edges, receiver 1 none, receiver 2 one.
INDPTR, INDICES, CHANNELS = (0, 2, 2, 3), (2, 0, 1), 2
NODES, EDGES = len(INDPTR) - 1, len(INDICES)


def symbols_array(name: str, *shape: int) -> np.ndarray:
    """An object array whose every element is a symbol of its own."""
    array = np.empty(shape, dtype=object)
    for at in product(*map(range, shape)):
        array[at] = sp.Symbol(f"{name}_{'_'.join(map(str, at))}", real=True)
    return array


def loop_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the pair's loops write."""
    loops = [name for name in module.function_names if f"_rows_{pair.key}" in name]
    items = [f"_{kind}_items_{pair.key}" for kind in ("apply", "kernel")]
    if not loops or not set(items) <= set(module.function_names):
        raise ProofError(f"{module.name} lacks loops for {pair.key}")
    left = [r for name in loops for r in _convolve(pair, module, name)]
    return (*left, *_items("apply", pair, module, items[0]), *_items("kernel", pair, module, items[1]))


def _arrays(pair: Pair, rows: int) -> dict[str, np.ndarray]:
    return {
        "vectors": symbols_array("v", rows, 3),
        "radial": symbols_array("p", rows, len(pair.paths), CHANNELS),
        "features": symbols_array("f", NODES, 2 * pair.l_in + 1, CHANNELS),
        "weights": symbols_array("w", rows),
    }


def _untouched(*shape: int) -> np.ndarray:
    """What out holds before a loop: if any of it survives, it is seen."""
    return symbols_array("untouched", *shape)


def _ring(arrays: dict[str, np.ndarray], out: np.ndarray) -> SphereRing:
    return SphereRing(free=[s for a in (*arrays.values(), out) for s in a.flat])


def _run(module: EmittedModule, name: str, threads: int, arguments: dict[str, Any]) -> None:
    """Run a CPU loop over its whole range, or a GPU kernel once for each thread and one beyond."""
    grid = SimpleNamespace(t=0)
    functions = module.namespace(_unit=lambda k, x, y, z: (x, y, z), cuda=SimpleNamespace(grid=lambda _: grid.t))
    k = exact_constants(module.tables()[64])
    for grid.t in range(threads + 1 if "cuda" in module.name else 1):
        call(functions[name], {"k": k, **arguments})


def _convolve(pair: Pair, module: EmittedModule, name: str) -> list[Any]:
    arrays = _arrays(pair, EDGES)
    n_out = 2 * pair.l_out + 1
    on_cpu = "cuda" not in module.name
    left: list[Any] = []
    for weighted in (False, True) if on_cpu else (name.endswith("_weighted"),):
        out = _untouched(NODES, n_out, CHANNELS)
        ring = _ring(arrays, out)
        arguments = {**arrays, "indptr": INDPTR, "indices": np.array(INDICES), "out": out, "start": 0, "stop": NODES}
        if not weighted:
            arguments["weights"] = None
        _run(module, name, NODES * CHANNELS, arguments)
        wanted = _convolved(pair, arrays, weighted)
        left += residuals(list(out.flat), wanted, ring)
    return left


def _at(
    expressions: Sequence[sp.Expr], pair: Pair, arrays: dict[str, np.ndarray], v: int, p: int, f: int, c: int
) -> list[sp.Expr]:
    """The definition, with the symbols of one edge and channel put in."""
    values = {
        **dict(zip(DIRECTION, arrays["vectors"][v], strict=True)),
        **dict(zip(radial_symbols(pair), arrays["radial"][p, :, c], strict=True)),
        **dict(zip(features(2 * pair.l_in + 1), arrays["features"][f, :, c], strict=True)),
    }
    return [e.xreplace(values) for e in expressions]


def _convolved(pair: Pair, arrays: dict[str, np.ndarray], weighted: bool) -> list[sp.Expr]:
    n_out = 2 * pair.l_out + 1
    total = np.full((NODES, n_out, CHANNELS), sp.S.Zero, dtype=object)
    definition = apply_expressions(pair)
    for i in range(NODES):
        for e, c in product(range(INDPTR[i], INDPTR[i + 1]), range(CHANNELS)):
            weight = arrays["weights"][e] if weighted else sp.S.One
            for a, value in enumerate(_at(definition, pair, arrays, e, e, INDICES[e], c)):
                total[i, a, c] += weight * value
    return list(total.flat)


def _items(kind: str, pair: Pair, module: EmittedModule, name: str) -> list[Any]:
    """Two items; the first operand is shared by both, as a broadcast dimension is."""
    items = 2
    arrays = _arrays(pair, items)
    n_out, n_in = 2 * pair.l_out + 1, 2 * pair.l_in + 1
    width = CHANNELS if kind == "apply" else n_in
    out = _untouched(items, n_out, width)
    ring = _ring(arrays, out)
    steps_cpu, steps_gpu = (0, 1, 1), ((0,), (1,), (1,))
    on_gpu = "cuda" in module.name
    radial = arrays["radial"] if kind == "apply" else arrays["radial"][:, :, 0]
    arguments = {
        **arrays,
        "radial": radial,
        "out": out,
        "start": 0,
        "stop": items,
        "shape": (items,),
        "steps": steps_gpu if on_gpu else steps_cpu,
    }
    _run(module, name, items * (CHANNELS if kind == "apply" else 1), arguments)
    wanted: list[sp.Expr] = []
    if kind == "apply":
        definition = apply_expressions(pair)
        by_channel = [[_at(definition, pair, arrays, 0, i, i, c) for c in range(CHANNELS)] for i in range(items)]
        wanted = [by_channel[i][c][a] for i in range(items) for a in range(n_out) for c in range(CHANNELS)]
    else:
        definition = kernel_expressions(pair)
        wanted = [e for i in range(items) for e in _at(definition, pair, arrays, 0, i, 0, 0)]
    return list(residuals(list(out.flat), wanted, ring))
