"""The emitted loops, executed on small arrays of symbols: how they are run, and those over items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
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

#: Channels, and how a CPU loop goes through them: so many at once, from here to there.
CHANNELS = 3
SPANS = (((0, 0), (0, 2)), ((0,), (2, 3)))
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


def item_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the pair's loops over items write."""
    return (*_items("apply", pair, module), *_items("kernel", pair, module))


def operand_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Where an item of a broadcast shape lies in an operand, whatever the operand's steps."""
    left = []
    for dims in range(1, len(SHAPE) + 1):
        shape, steps = SHAPE[:dims], sp.symbols(f"s:{dims}")
        for item, index in enumerate(product(*map(range, shape))):
            place = sum(i * s for i, s in zip(index, steps, strict=True))
            left.append(sp.expand(module.run("_operand", item, shape, steps) - place))
    return tuple(left)


def differences(
    module: EmittedModule,
    name: str,
    arguments: Sequence[Any],
    wanted: np.ndarray,
    spans: Sequence[tuple[Any, ...]] = ((),),
    **overrides: Any,
) -> list[Any]:
    """What a loop writes, less what it should.

    A CPU loop is run over all rows, over the first and over the others, and must leave the rest as it was; it is
    called once for each of the spans, which come before its arguments.  A GPU kernel is run once for each thread, and
    for some beyond.
    """
    k = exact_constants(module.tables()[64])
    untouched = symbols_array("untouched", *wanted.shape)
    world = {"_unit": lambda k, x, y, z: (x, y, z), **overrides}
    if module.runs_on_gpu:
        out = untouched.copy()
        for thread in range(wanted.size + 1):  # each owns several elements, so these are more
            grid = SimpleNamespace(grid={1: thread}.__getitem__)
            module.run(name, k, *arguments, out, cuda=grid, **world)
        return _compared(out, wanted)
    left: list[Any] = []
    for start, stop in ((0, len(wanted)), (0, 1), (1, len(wanted))):
        out, target = untouched.copy(), untouched.copy()
        for span in spans:
            module.run(name, start, stop, k, *span, *arguments, out, **world)
            done = (slice(start, stop), ..., slice(*span[1]) if span else slice(None))
            target[done] = wanted[done]
            left += _compared(out, target)
    return left


def _compared(computed: np.ndarray, wanted: np.ndarray) -> list[Any]:
    """Element by element, each in the ring of its own symbols: small rings are fast."""
    return [r for ours, theirs in zip(computed.flat, wanted.flat, strict=True) for r in _difference(ours, theirs)]


@lru_cache(maxsize=1 << 14)  # loops are run over several ranges, and most elements come out the same each time
def _difference(ours: Any, theirs: Any) -> Sequence[Any]:
    if ours is theirs:  # such as what no loop has touched
        return (sp.S.Zero,)
    symbols = sp.sympify(ours).free_symbols | theirs.free_symbols
    return residuals(ours, theirs, SphereRing(free=sorted(symbols, key=str)))


def defined(
    expressions: Sequence[sp.Expr], pair: Pair, vector: Sequence[Any], radial: Sequence[Any], field: Sequence[Any]
) -> tuple[sp.Expr, ...]:
    """A definition with these symbols of one channel put in."""
    return _replaced(tuple(expressions), pair, tuple(vector), tuple(radial), tuple(field))


@lru_cache(maxsize=1 << 12)  # the same edges occur with weights and without, and for every degree of spline
def _replaced(
    expressions: tuple[sp.Expr, ...],
    pair: Pair,
    vector: tuple[Any, ...],
    radial: tuple[Any, ...],
    field: tuple[Any, ...],
) -> tuple[sp.Expr, ...]:
    values: Mapping[sp.Expr, Any] = {
        **dict(zip(DIRECTION, vector, strict=True)),
        **dict(zip(radial_symbols(pair), radial, strict=True)),
        **dict(zip(features(2 * pair.l_in + 1), field, strict=True)),
    }
    return tuple(e.xreplace(values) for e in expressions)


def _items(kind: str, pair: Pair, module: EmittedModule) -> list[Any]:
    vectors, radial = symbols_array("v", ITEMS, 3), symbols_array("p", ITEMS, len(pair.paths), CHANNELS)
    fields = symbols_array("f", 2 * ITEMS, 2 * pair.l_in + 1, CHANNELS)
    n_out, n_in = 2 * pair.l_out + 1, 2 * pair.l_in + 1
    definition = apply_expressions(pair) if kind == "apply" else kernel_expressions(pair)
    rows = [tuple(i * step for step in STEPS) for i in range(ITEMS)]
    channels = range(CHANNELS if kind == "apply" else 1)
    values = [
        [defined(definition, pair, vectors[v], radial[p, :, c], fields[f, :, c]) for c in channels] for v, p, f in rows
    ]
    wanted = np.array(values, dtype=object).swapaxes(1, 2)
    operands = [vectors, radial, fields]
    if kind == "kernel":
        wanted, operands = wanted.reshape(ITEMS, n_out, n_in), [vectors, radial[:, :, 0]]
    steps = tuple((s,) for s in STEPS[: len(operands)])
    return differences(module, f"_{kind}_items_{pair.key}", ((ITEMS,), steps, *operands), wanted)
