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
from ..execution import EmittedModule, exact_constants
from ..lowering import apply_expressions, kernel_expressions
from ..symbols import DIRECTION, features, radial_symbols
from .proof import residuals

#: Receiver 0 has two edges, receiver 1 none, receiver 2 one.
INDPTR, INDICES, CHANNELS = (0, 2, 2, 3), (2, 0, 1), 2
NODES, EDGES = len(INDPTR) - 1, len(INDICES)
#: How many directions a CPU loop computes in one go: fewer than a receiver has edges, and as many.
BLOCKS = (1, 2)
#: Items of `apply` and `kernel`, and how far apart lie the rows of vectors, radial and features that they read: 0 for
#: an operand that all items share, as a broadcast dimension does.
ITEMS, STEPS = 2, (0, 1, 2)
#: A broadcast shape with dimensions of all lengths different.
SHAPE = (2, 3, 4)


def symbols_array(name: str, *shape: int) -> np.ndarray:
    """An object array whose every element is a symbol of its own."""
    array = np.empty(shape, dtype=object)
    for at in product(*map(range, shape)):
        array[at] = sp.Symbol(f"{name}_{'_'.join(map(str, at))}", real=True)
    return array


def loop_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the pair's loops write."""
    blocks = (None,) if module.runs_on_gpu else BLOCKS
    convolved = [
        r for weighted, block in product((False, True), blocks) for r in _convolve(pair, module, weighted, block)
    ]
    return (*convolved, *_items("apply", pair, module), *_items("kernel", pair, module))


def operand_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Where an item of a broadcast shape lies in an operand, whatever the operand's steps."""
    left = []
    for dims in range(1, len(SHAPE) + 1):
        shape, steps = SHAPE[:dims], sp.symbols(f"s:{dims}")
        for item, index in enumerate(product(*map(range, shape))):
            place = sum(i * s for i, s in zip(index, steps, strict=True))
            left.append(sp.expand(module.run("_operand", item, shape, steps) - place))
    return tuple(left)


def _arrays(pair: Pair, rows: int) -> dict[str, np.ndarray]:
    return {
        "vectors": symbols_array("v", rows, 3),
        "radial": symbols_array("p", rows, len(pair.paths), CHANNELS),
        "features": symbols_array("f", NODES, 2 * pair.l_in + 1, CHANNELS),
        "weights": symbols_array("w", rows),
    }


def _differences(
    module: EmittedModule,
    name: str,
    arguments: Sequence[Any],
    wanted: np.ndarray,
    symbols: Sequence[np.ndarray],
    block: int | None = None,
) -> list[Any]:
    """What a loop writes, less what it should.

    A CPU loop is run over all rows, over the first and over the others, and must leave the rest as it was; a GPU kernel
    is run once for each thread, and for some beyond.
    """
    k = exact_constants(module.tables()[64])
    untouched = symbols_array("untouched", *wanted.shape)
    ring = SphereRing(free=[s for a in (*symbols, untouched) for s in a.flat])
    overrides = {"_unit": lambda k, x, y, z: (x, y, z), "_BLOCK": block}
    if module.runs_on_gpu:
        out = untouched.copy()
        for thread in range(wanted.size + 1):  # each owns several elements, so these are more
            grid = SimpleNamespace(grid={1: thread}.__getitem__)
            module.run(name, k, *arguments, out, cuda=grid, **overrides)
        return list(residuals(list(out.flat), list(wanted.flat), ring))
    left: list[Any] = []
    for start, stop in ((0, len(wanted)), (0, 1), (1, len(wanted))):
        out, target = untouched.copy(), untouched.copy()
        target[start:stop] = wanted[start:stop]
        module.run(name, start, stop, k, *arguments, out, **overrides)
        left += residuals(list(out.flat), list(target.flat), ring)
    return left


def _convolve(pair: Pair, module: EmittedModule, weighted: bool, block: int | None) -> list[Any]:
    arrays = _arrays(pair, EDGES)
    *operands, weights = arrays.values()
    name = f"_convolve_rows_{pair.key}"
    last: tuple[Any, ...] = (weights,) if weighted else (None,)
    if module.runs_on_gpu:
        name, last = (f"{name}_weighted", last) if weighted else (name, ())
    arguments = (INDPTR, np.array(INDICES), *operands, *last)
    return _differences(module, name, arguments, _convolved(pair, arrays, weighted), [*arrays.values()], block)


def _at(
    expressions: Sequence[sp.Expr], pair: Pair, arrays: dict[str, np.ndarray], rows: Sequence[int], c: int
) -> list[sp.Expr]:
    """The definition, with the symbols of one channel in these rows of vectors, radial and features put in."""
    v, p, f = rows
    values = {
        **dict(zip(DIRECTION, arrays["vectors"][v], strict=True)),
        **dict(zip(radial_symbols(pair), arrays["radial"][p, :, c], strict=True)),
        **dict(zip(features(2 * pair.l_in + 1), arrays["features"][f, :, c], strict=True)),
    }
    return [e.xreplace(values) for e in expressions]


def _convolved(pair: Pair, arrays: dict[str, np.ndarray], weighted: bool) -> np.ndarray:
    total = np.full((NODES, 2 * pair.l_out + 1, CHANNELS), sp.S.Zero, dtype=object)
    definition = apply_expressions(pair)
    for i in range(NODES):
        for e, c in product(range(INDPTR[i], INDPTR[i + 1]), range(CHANNELS)):
            weight = arrays["weights"][e] if weighted else sp.S.One
            for a, value in enumerate(_at(definition, pair, arrays, (e, e, INDICES[e]), c)):
                total[i, a, c] += weight * value
    return total


def _items(kind: str, pair: Pair, module: EmittedModule) -> list[Any]:
    arrays = _arrays(pair, ITEMS)
    vectors, radial, fields, _ = arrays.values()
    n_out, n_in = 2 * pair.l_out + 1, 2 * pair.l_in + 1
    v, p, f = STEPS
    rows = [(i * v, i * p, i * f) for i in range(ITEMS)]
    if kind == "apply":
        operands = [vectors, radial, fields]
        by_channel = [[_at(apply_expressions(pair), pair, arrays, r, c) for c in range(CHANNELS)] for r in rows]
        wanted = np.array(by_channel, dtype=object).swapaxes(1, 2)
    else:
        operands = [vectors, radial[:, :, 0]]
        entries = [_at(kernel_expressions(pair), pair, arrays, r, 0) for r in rows]
        wanted = np.array(entries, dtype=object).reshape(ITEMS, n_out, n_in)
    steps = tuple((s,) for s in STEPS[: len(operands)])
    arguments = ((ITEMS,), steps, *operands)
    return _differences(module, f"_{kind}_items_{pair.key}", arguments, wanted, [*arrays.values()])
