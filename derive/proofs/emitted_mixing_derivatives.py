"""Derivatives of sums whose radial functions are mixed: scalar functions against SymPy, public functions on symbols."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from ..catalogue import Pair
from ..derivative_mixing import message_seeds, output_seeds
from ..derivative_mixing_text import MixingText, mixing_text
from ..derivative_text import DerivativeText, derivatives_text
from ..derivatives import named
from ..exact import SphereRing, primes_of
from ..execution import EmittedModule
from ..lowering import lower_apply, lower_messages
from ..polynomials import ZERO, root
from ..symbols import DIRECTION, features
from .definitions import Kernels, gradient, lifted, tangent
from .emitted_convolutions import EDGES, INDICES, INDPTR, NODES, RECEIVERS, fields_array, zeros
from .emitted_derivatives import MOVES, before, channel_values
from .emitted_host import _EagerPool, check_call
from .emitted_loops import compared, symbols_array
from .opaque import Opaque, world_of
from .proof import ProofError, residuals
from .stand_ins import function_names

#: What the public functions are handed: of a JVP one loop, of the others those over receivers, senders and edges.
LOOPS = {
    "vjp": ("_message_sums_{}", "_adjoint_sums_{}", "_vjp_mixing_{}"),
    "jvp": "_message_jvp_sums_{}",
    "hvp": ("_message_jvp_sums_{}", "_adjoint_jvp_sums_{}", "_hvp_mixing_{}"),
}
NAMES = ("vectors", "basis", "mixing", "features", "weights")
#: Bytes in a vector, of which a symbol has eight.
VECTOR_BYTES = 32


# --- scalar functions ---------------------------------------------------------------------------------


def mixing_scalar_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Emitted minus SymPy's derivatives of the messages, as polynomials in free symbols."""
    text, f, g, h = mixing_text(pair), features(2 * pair.l_in + 1), output_seeds(pair), message_seeds(pair)
    free = (*DIRECTION, *f, *h)
    added = dict.fromkeys(s for channel in text.emitted for s in before(channel))
    every = [*free, *g, *named("d_", free), *added]
    ring = SphereRing(free=every, primes=primes_of(pair.l_in, pair.l_out))
    kernels = Kernels(pair, ring)
    messages, adjoints = kernels.messages(f), kernels.adjoints(g)

    def moved(values: Sequence[Any]) -> list[Any]:
        return [tangent(ring, value, free, named("d_", free)) for value in values]

    contracted = ring.total(s * e for s, e in zip(lifted(ring, h), messages, strict=True))
    steep, faster = list(gradient(ring, contracted)), moved(messages)
    wanted: dict[str, list[Any]] = {
        "adjoint": adjoints,
        "message_jvp": [*messages, *faster],
        "adjoint_jvp": [*adjoints, *moved(adjoints)],
        "message_vjp": [*messages, *steep],
        "message_hvp": [*messages, *faster, *steep, *moved(steep)],
    }
    found = {f.kind: _scalar(pair, module, ring, f) for f in text.emitted}
    found["adjoint_jvp"] = _with_still(text.adjoint_jvp, len(adjoints), found["adjoint_jvp"])
    return tuple(r for kind in wanted for r in residuals(found[kind], wanted[kind], ring))


def _with_still(f: DerivativeText, count: int, found: Sequence[Any]) -> list[Any]:
    """Tangents that are not returned are zero."""
    places = [f.place("d_message", n) for n in range(count)]
    return [*found[:count], *(sp.S.Zero if n is None else found[n] for n in places)]


def _scalar(pair: Pair, module: EmittedModule, ring: SphereRing, f: DerivativeText) -> list[Any]:
    """The messages, their tangents, the cotangent of the direction and its tangent, as far as the function knows of them."""
    found = channel_values(module, ring, f, _edge_values(module, ring, f))

    def role(name: str) -> list[Any]:
        return [value for part, value in found.items() if part.role == name]

    k, unit, moves = ring.table(module.constants), tuple(map(ring.lift, DIRECTION)), tuple(map(ring.lift, MOVES))
    known = [*role("message"), *role("d_message")]
    if f.kind == "message_vjp":
        return [*known, *module.run(f"_vjp_edge_{pair.key}", k, *unit, *role("bar_root"))]
    if f.kind == "message_hvp":
        ends = (*role("bar_root"), *role("d_bar_root"))
        return [*known, *module.run(f"_hvp_edge_{pair.key}", k, *unit, *moves, *ends)]
    return known


def _edge_values(module: EmittedModule, ring: SphereRing, f: DerivativeText) -> list[Any]:
    """What depends on the edge alone, as the loops are given it."""
    units = np.array([*([ring.lift(s)] for s in DIRECTION), [None]], dtype=object)
    if f.kind != "message":
        module.require_sums_and_products(f"_{f.kind}_values_{f.key}")
    moving = f.kind.endswith(("jvp", "hvp"))
    moves = (np.array([[ring.lift(s)] for s in MOVES], dtype=object),) if moving else ()
    edges = np.empty((len(f.carried), 1), dtype=object)
    module.run(f"_fill_{f.kind}_{f.key}", edges, ring.table(module.constants), 1, units, *moves)
    return list(edges[:, 0])


# --- public functions -----------------------------------------------------------------------------------


class MixingCase(NamedTuple):
    """A call: whether there are weights, tangents and solid harmonics; K, C_in, C_out; and what is asked for."""

    weighted: bool
    moving: bool
    solid: bool
    sizes: tuple[int, int, int]
    names: tuple[str, ...]


#: The last vector of channels shares three of four, in or out; nothing to mix; part of the tangents and of the cotangents.
CASES = (
    MixingCase(True, True, False, (2, 5, 2), NAMES),
    MixingCase(False, False, True, (1, 2, 5), ("basis", "mixing", "features")),
    MixingCase(True, True, True, (0, 2, 1), NAMES),
    MixingCase(False, True, True, (1, 2, 1), ("vectors", "features")),
)


def mixing_residuals(pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Computed minus defined, for the derivatives of convolve_mixing; and that the public functions hand on what they are given."""
    for order, loops in LOOPS.items():
        names = loops.format(pair.key) if isinstance(loops, str) else tuple(n.format(pair.key) for n in loops)
        check_call(f"{order}_convolve_mixing_{pair.key}", f"_{order}_mixing", names, pair, module)
    return (
        *(r for case in CASES for r in _called(_Mixing(pair, module, case))),
        *_shared(_Mixing(pair, module, CASES[0]._replace(sizes=(1, 5, 5)))),
    )


class _Mixing:
    """The graph of theorem T11 with arrays of symbols, and what should come of them."""

    def __init__(self, pair: Pair, module: EmittedModule, case: MixingCase) -> None:
        self.pair, self.module, self.case = pair, module, case
        self.text: MixingText = mixing_text(pair)
        self.opaque = Opaque(module)
        self.n_out, self.n_in, self.n_paths = 2 * pair.l_out + 1, 2 * pair.l_in + 1, len(pair.paths)
        functions, channels, mixed = case.sizes
        self.inputs: dict[str, Any] = {
            "vectors": symbols_array("v", EDGES, 3),
            "basis": symbols_array("b", EDGES, functions),
            "mixing": symbols_array("m", functions, self.n_paths, channels, mixed),
            "features": fields_array(pair, channels, NODES),
            "weights": symbols_array("w", EDGES) if case.weighted else None,
        }
        self.seeds = symbols_array("g", NODES, self.n_out, mixed)
        self.tangents: dict[str, Any] = {
            name: None if array is None or not self._moves(name) else symbols_array(f"d{name}", *array.shape)
            for name, array in self.inputs.items()
        }

    def _moves(self, name: str) -> bool:
        """All, or what is left when the others stay."""
        return self.case.moving or name in ("basis", "features")

    def world(self) -> dict[str, Any]:
        opaque, key = self.opaque, self.pair.key
        edge_name, _ = function_names("apply", self.pair, self.module)
        message_edge, _ = function_names("message", self.pair, self.module)
        world: dict[str, Any] = {
            **world_of(self.pair, self.module, opaque, (edge_name, len(lower_apply(self.pair).carried))),
            message_edge: opaque.function(message_edge, len(lower_messages(self.pair).carried), 3),
            "_TABLES": {np.dtype(object): self.module.constants},
            "_VECTOR_BYTES": VECTOR_BYTES,
            "_threads": 2 if self.case.weighted else 1,  # one thread then takes all nodes, portion by portion
            "_INLINE_WORK": 0,
            "_BLOCK": 2,
            "_MESSAGES": 2,
            "_MIXING_BYTES": 1 << 20 if self.case.weighted else 0,
            "_PARTS": 3 if self.case.weighted else 1,  # two of three have edges; one is summed portion by portion
            "_helpers": lambda: (_EagerPool(), 1),
            "_room_for": lambda shape, dtype: np.empty(shape, dtype),
            "math": SimpleNamespace(sqrt=root, prod=math.prod),
        }
        for f in (self.text.message, *self.text.emitted):
            takes = 6 if f.kind.endswith(("jvp", "hvp")) else 3
            world[f"_{f.kind}_values_{key}"] = opaque.function(f"_{f.kind}_values_{key}", len(f.carried), takes)
            world[f.name] = opaque.channel(f)
        return world

    # What should come of an edge.

    def at(self, name: str, place: Any, nothing: Any, moved: bool = False) -> Any:
        array = (self.tangents if moved else self.inputs)[name]
        return nothing if array is None else array[place]

    def _unit(self, e: int) -> tuple[Any, ...]:
        return self.opaque.values("_direction", 4, self.case.solid, *self.inputs["vectors"][e])

    def _move(self, e: int) -> tuple[Any, ...]:
        d = self.tangents["vectors"]
        return (0, 0, 0) if d is None else self.moved(e, d[e])

    def moved(self, e: int, u: Any) -> tuple[Any, ...]:
        return self.opaque.values("_moved", 3, self.case.solid, *self._unit(e), *u)

    def results(self, f: DerivativeText, e: int, groups: dict[str, Sequence[Any]]) -> dict[tuple[str, int], Any]:
        unit = self._unit(e)[:3]
        if f.kind == "message":
            name, _ = function_names("message", self.pair, self.module)
        else:
            name = f"_{f.kind}_values_{self.pair.key}"
        moves = self._move(e) if f.kind.endswith(("jvp", "hvp")) else ()
        edge = self.opaque.values(name, len(f.carried), *unit, *moves)
        values = self.opaque.results(f, edge, [groups[p.role][p.index] for p in f.inputs])
        return {(r.role, r.index): v for r, v in zip(f.results, values, strict=True)}

    def field(self, e: int, c: int) -> dict[str, Sequence[Any]]:
        j, d = INDICES[e], self.tangents["features"]
        moved = [0] * self.n_in if d is None else list(d[j, :, c])
        return {"features": list(self.inputs["features"][j, :, c]), "d_features": moved}

    # Sums that are mixed.

    def sums(self, f: DerivativeText, node: Sequence[int], count: int, rows: int, groups: Any) -> list[np.ndarray]:
        """[i, a, k, p, c] and, where the function has tangents, theirs."""
        functions = self.case.sizes[0]
        both = [zeros(NODES, rows, functions, self.n_paths, count) for _ in range(2)]
        for e, c in product(range(EDGES), range(count)):
            found = self.results(f, e, groups(e, c))
            w, dw = self.at("weights", e, 1), self.at("weights", e, 0, moved=True)
            for k, p, a in product(range(functions), range(self.n_paths), range(rows)):
                b, db = self.inputs["basis"][e, k], self.at("basis", (e, k), 0, moved=True)
                m = found["message", p * rows + a]
                dm = found.get(("d_message", p * rows + a), ZERO)
                both[0][node[e], a, k, p, c] += w * b * m
                both[1][node[e], a, k, p, c] += (w * db + dw * b) * m + w * b * dm
        return both

    def received(self, f: DerivativeText) -> list[np.ndarray]:
        return self.sums(f, RECEIVERS, self.case.sizes[1], self.n_out, self.field)

    def sent(self, f: DerivativeText) -> list[np.ndarray]:
        def seeds(e: int, o: int) -> dict[str, Any]:
            return {"cotangents": list(self.seeds[RECEIVERS[e], :, o])}

        return self.sums(f, INDICES, self.case.sizes[2], self.n_in, seeds)

    # What should be returned.

    def outputs(self) -> list[np.ndarray]:
        sums, moved = self.received(self.text.message_jvp)
        m, dm = self.inputs["mixing"], self.tangents["mixing"]
        out, d_out = _contract(sums, m), _contract(moved, m)
        return [out, d_out if dm is None else d_out + _contract(sums, dm)]

    def cotangents(self, second: bool) -> dict[str, np.ndarray]:
        """Of all inputs, or their tangents."""
        text, m, dm = self.text, self.inputs["mixing"], self.tangents["mixing"]
        transposed = m.swapaxes(2, 3)
        received = self.received(text.message_jvp if second else text.message)[second]
        sent = self.sent(text.adjoint_jvp if second else text.adjoint)
        fields = _contract(sent[second], transposed)
        if second and dm is not None:
            fields = fields + _contract(sent[0], dm.swapaxes(2, 3))
        found = {"mixing": zeros(*m.shape), "features": fields, **self._edges(second)}
        for i, a, o in np.ndindex(*self.seeds.shape):
            found["mixing"][..., o] += received[i, a] * self.seeds[i, a, o]
        return found

    def _edges(self, second: bool) -> dict[str, np.ndarray]:
        functions, channels, _ = self.case.sizes
        found = {"vectors": zeros(EDGES, 3), "basis": zeros(EDGES, functions), "weights": zeros(EDGES)}
        if not functions * channels:
            return found
        f = self.text.message_hvp if second else self.text.message_vjp
        for e in range(EDGES):
            w, dw = self.at("weights", e, 1), self.at("weights", e, 0, moved=True)
            lanes, products = self._lanes(f, e)
            for k in range(functions):
                z, dz = products[k]
                b, db = self.inputs["basis"][e, k], self.at("basis", (e, k), 0, moved=True)
                found["basis"][e, k] = dw * z + w * dz if second else w * z
                found["weights"][e] += db * z + b * dz if second else b * z
            found["vectors"][e] = self._vector(e, lanes, second)
        return found

    def _vector(self, e: int, lanes: Sequence[dict[tuple[str, int], Any]], second: bool) -> Any:
        """The cotangent of the vector, or its tangent."""
        roots = range(len(derivatives_text(self.pair).roots))
        w, dw = self.at("weights", e, 1), self.at("weights", e, 0, moved=True)
        bars = [sum((lane["bar_root", n] for lane in lanes), ZERO) for n in roots]
        weighted = [w * b for b in bars]
        if not second:
            ends = self.opaque.values(f"_vjp_edge_{self.pair.key}", 3, *self._unit(e)[:3], *weighted)
            return self.moved(e, ends)
        d_bars = [sum((lane["d_bar_root", n] for lane in lanes), ZERO) for n in roots]
        return self._bent(e, weighted, [dw * b + w * d for b, d in zip(bars, d_bars, strict=True)])

    def _bent(self, e: int, bars: Sequence[Any], d_bars: Sequence[Any]) -> Any:
        d, unit = self.tangents["vectors"], self._unit(e)
        ends = self.opaque.values(f"_hvp_edge_{self.pair.key}", 6, *unit[:3], *self._move(e), *bars, *d_bars)
        if self.case.solid:
            return ends[3:]
        if d is None:
            return self.opaque.values("_project", 3, *unit, *ends[3:])
        return self.opaque.values("_project_tangent", 3, *unit, *ends[:3], *d[e], *ends[3:])

    def _lanes(self, f: DerivativeText, e: int) -> tuple[list[dict[tuple[str, int], Any]], list[list[Any]]]:
        """What the channel function returns, channel by channel; and <G_k, m> with its tangent."""
        functions, channels, _ = self.case.sizes
        i, places = RECEIVERS[e], range(self.n_paths * self.n_out)
        lanes, products = [], [[ZERO, ZERO] for _ in range(functions)]
        basis, d_basis = self.inputs["basis"][e], self.at("basis", e, [0] * functions, moved=True)
        for c in range(channels):
            g = [[self._seed(False, i, k, n, c) for n in places] for k in range(functions)]
            dg = [[self._seed(True, i, k, n, c) for n in places] for k in range(functions)]
            asked = "vectors" in self.case.names
            h = [sum((b * row[n] for b, row in zip(basis, g, strict=True)), ZERO) if asked else 0 for n in places]
            dh = [
                sum((db * row[n] + b * d[n] for b, db, row, d in zip(basis, d_basis, g, dg, strict=True)), ZERO)
                if asked
                else 0
                for n in places
            ]
            found = self.results(f, e, {**self.field(e, c), "h": h, "d_h": dh})
            lanes.append(found)
            for k, n in product(range(functions), places):
                products[k][0] += g[k][n] * found["message", n]
                products[k][1] += g[k][n] * found.get(("d_message", n), ZERO) + dg[k][n] * found["message", n]
        return lanes, products

    def _seed(self, moved: bool, i: int, k: int, n: int, c: int) -> Any:
        """G_k, or its tangent, in the place of message n."""
        p, a = divmod(n, self.n_out)
        array = (self.tangents if moved else self.inputs)["mixing"]
        if array is None:
            return 0
        return sum((g * m for g, m in zip(self.seeds[i, a], array[k, p, c], strict=True)), ZERO)


def _contract(sums: np.ndarray, mixing: np.ndarray) -> np.ndarray:
    """Σ_kpc sums[i, a, k, p, c] mixing[k, p, c, o]."""
    nodes, rows, inner = *sums.shape[:2], math.prod(sums.shape[2:])
    flat = sums.reshape(nodes, rows, inner) @ mixing.reshape(inner, mixing.shape[3])
    return zeros(nodes, rows, mixing.shape[3]) + flat


def _shared(m: _Mixing) -> Iterator[Any]:
    """Where the last vector shares channels with the one before, sums are 0: no number, infinite or not, counts twice."""
    world, text = m.world(), m.text
    for f in (text.message, text.adjoint, text.message_jvp, text.adjoint_jvp):
        received = f.kind.startswith("message")
        rows, field = (m.n_out, m.inputs["features"]) if received else (m.n_in, m.seeds)
        moving = (None,) * 4 if f.kind.endswith("jvp") else ()
        out = [symbols_array(f"untouched{n}", NODES, rows, 1, m.n_paths, 8) for n in range(2 if moving else 1)]
        arrays = (m.inputs["vectors"], m.inputs["basis"], field, None)
        graph = (0, INDPTR, np.array(INDICES), None)
        name = f"_{f.kind}_sums_{m.pair.key}"
        m.module.run(name, 0, NODES, m.module.constants, (0,) * 4, False, *graph, *arrays, *moving, *out, **world)
        for array in out:
            yield from compared(f"{m.module.name}: {name}", array[..., 4:7], zeros(NODES, rows, 1, m.n_paths, 3))


def _called(m: _Mixing) -> Iterator[Any]:
    world, key, case = m.world(), m.pair.key, m.case
    given = [np.array(INDPTR), np.array(INDICES), *(m.inputs[n] for n in NAMES[:4])]
    tangents, names = m.tangents.values(), tuple(n for n in case.names if m.inputs[n] is not None)
    rest = (None, not case.solid, names)
    calls = {"vjp": (*given, m.seeds, m.inputs["weights"], *rest)}
    calls["hvp"] = (*given, m.seeds, m.inputs["weights"], *tangents, *rest)
    for order, arguments in calls.items():
        name = f"{order}_convolve_mixing_{key}"
        found = m.module.run_all(name, *arguments, **world)
        wanted = m.cotangents(second=order == "hvp")
        for target in NAMES:
            array = getattr(found, target)
            if (array is None) != (target not in names):
                raise ProofError(f"{m.module.name}: {name} returns {array} for {target}")
            if array is not None:
                yield from compared(f"{m.module.name}: {name}, {target}", array, wanted[target])
    name = f"jvp_convolve_mixing_{key}"
    both = m.module.run_all(name, *given, m.inputs["weights"], *tangents, not case.solid, **world)
    for computed, defined in zip(both, m.outputs(), strict=True):
        yield from compared(f"{m.module.name}: {name}", computed, defined)
