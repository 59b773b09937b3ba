"""The emitted GPU kernels of the forward Laplacian, executed on small arrays of symbols, thread by thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from ..bsplines import DEGREES
from ..catalogue import Pair
from ..derivative_text import DerivativeText
from ..execution import EmittedModule
from ..lowering import lower_apply, lower_kernel
from ..polynomials import Polynomial
from .emitted_convolutions import EDGES, INDICES, INDPTR, NODES, RECEIVERS, fields_array, zeros
from .emitted_derivative_kernels import THREADS, launched
from .emitted_laplacian_calls import rows_of_graph
from .emitted_loops import symbols_array
from .emitted_tables import CHANNELS, Tables
from .stand_ins import function_names
from .thread_blocks import left_out

#: With an edge from a node to itself, as across a periodic boundary, whose vector does not move.
OWN_INDICES = (*INDICES[:-1], RECEIVERS[-1])
#: Whether there are weights, solid harmonics, a Jacobian of the features and a Laplacian of theirs.
CASES = ((True, False, True, True), (False, True, False, False), (True, True, True, False), (False, False, False, True))


class OnGpu(Tables):
    """The same functions, one channel at a time."""

    def __init__(self, pair: Pair, module: EmittedModule, solid: bool) -> None:
        super().__init__(pair, module, DEGREES[0], solid)

    def world(self) -> dict[str, Any]:
        opaque, key = self.opaque, self.pair.key
        n_out, n_in, paths = 2 * self.pair.l_out + 1, 2 * self.pair.l_in + 1, len(self.pair.paths)
        _, apply_channel = function_names("apply", self.pair, self.module)
        carried = {self.kernel_edge: len(lower_kernel(self.pair).carried)}
        carried |= {self.edge_name: len(lower_apply(self.pair).carried)}
        world = {name: opaque.function(name, count, 3) for name, count in carried.items()}
        world["_direction"] = opaque.function("_direction", 4, 4)
        world[apply_channel] = self._channel("apply", n_out, carried[self.edge_name], paths + n_in)
        world[self.kernel_channel] = self._channel("kernel", n_out * n_in, carried[self.kernel_edge], paths)
        for text in (self.laplacian.gradient, self.laplacian.contraction):
            world[f"_{text.kind}_values_{key}"] = opaque.function(f"_{text.kind}_values", len(text.carried), 7)
            world[text.name] = self._summing(text)
        return world | {f"_radial_{j}": opaque.function(f"_radial_{j}", 2, 5) for j in self.laplacian.degrees}

    def _channel(self, name: str, count: int, carried: int, takes: int) -> Callable[..., Any]:
        def call(k: Any, edge: Any, *numbers: Any) -> tuple[Polynomial, ...]:
            if k is not self.module.constants or (len(edge), len(numbers)) != (carried, takes):
                raise TypeError(f"{name} does not take these arguments")
            return self.opaque.values(name, count, edge, *numbers)

        return call

    def _summing(self, f: DerivativeText) -> Callable[..., Any]:
        def call(k: Any, edge: Any, *numbers: Any) -> list[Any]:
            counts = (len(f.carried), len(f.inputs) + len(f.summed))
            if k is not self.module.constants or (len(edge), len(numbers)) != counts:
                raise TypeError(f"{f.name} does not take these arguments")
            return self.opaque.results(f, edge, numbers)

        return call


def laplacian_kernel_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the pair's kernels of the forward Laplacian write."""
    return tuple(r for weighted, solid, *moving in CASES for r in _case(OnGpu(pair, module, solid), weighted, *moving))


def _case(t: OnGpu, weighted: bool, jacobian: bool, laplacian: bool) -> Iterator[Any]:
    vectors, features = symbols_array("v", EDGES, 3), fields_array(t.pair, CHANNELS, NODES)
    radial = [symbols_array(name, EDGES, len(t.pair.paths), CHANNELS) for name in ("p", "q", "r")]
    weights = symbols_array("w", EDGES) if weighted else None
    fields = {
        "features": features,
        "jacobian": symbols_array("Jf", 3 * NODES, *features.shape) if jacobian else None,
        "laplacian": symbols_array("Lf", *features.shape) if laplacian else None,
    }
    wanted = rows_of_graph(t, OWN_INDICES, vectors, radial, fields, weights)
    wanted["value"] = _value(t, vectors, radial[0], features, weights)
    graph = (not t.solid, np.array(INDPTR), np.array(OWN_INDICES))
    given = (*graph, vectors, *radial, features, *_or_left_out((weights, 1), (fields["jacobian"], 4)))
    more = _or_left_out((fields["laplacian"], 3))
    world, key = t.world(), t.pair.key
    rows = {name: wanted[name] for name in ("value", "laplacian")}
    kernels = (
        (f"_laplacian_rows_{key}", NODES * CHANNELS, (*given, *more), rows),
        (f"_laplacian_jacobian_{key}", NODES * NODES * CHANNELS, given, {"jacobian": wanted["jacobian"]}),
    )
    for name, needed, arguments, results in kernels:
        yield from launched(t.module, world, name, (needed, THREADS), arguments, tuple(results), results)


def _value(t: OnGpu, vectors: Any, radial: Any, features: Any, weights: Any) -> np.ndarray:
    """By `apply`, which is what _gradient_channel returns first."""
    value = zeros(NODES, 2 * t.pair.l_out + 1, CHANNELS)
    for (e, i), c in product(enumerate(RECEIVERS), range(CHANNELS)):
        weight = 1 if weights is None else weights[e]
        value[i, :, c] += t.forward(vectors[e], [weight * p for p in radial[e, :, c]], features[OWN_INDICES[e], :, c])
    return value


def _or_left_out(*arrays: tuple[Any, int]) -> list[Any]:
    return [left_out(dimensions) if array is None else array for array, dimensions in arrays]
