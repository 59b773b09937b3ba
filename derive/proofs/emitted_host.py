"""The emitted functions that users call, executed on symbols with all between them and the loops."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ..bsplines import DEGREES
from ..catalogue import Pair
from ..execution import EmittedModule
from ..polynomials import root
from .emitted_convolutions import (
    BASIS,
    EDGES,
    END,
    INDICES,
    INDPTR,
    NODES,
    PARTICLES,
    SCALE,
    WALKERS,
    Table,
    all_pairs,
    edge_places,
    fields_array,
    graph_arrays,
    pair_places,
    positions_array,
    radial_array,
    summed,
    table_array,
    table_world,
    unmixed,
    zeros,
)
from .emitted_loops import compared, symbols_array
from .proof import ProofError
from .stand_ins import StandIns, argument, entries, sums

#: The function behind each public one, and the loop or kernel that it is handed.
CALLS = {
    "kernel": ("_kernel", "_kernel_items_{}"),
    "apply": ("_apply", "_apply_items_{}"),
    "convolve": ("_convolve", "_convolve_rows_{}"),
    "convolve_tabulated": ("_convolve_tabulated", "_tabulated_rows_{}"),
    "convolve_mixing": ("_convolve_mixing", "_mixing_rows_{}"),
    "convolve_walkers": ("_convolve_walkers", "_walkers_{}"),
}
#: Functions of the radial basis, and channels that are mixed into: fewer than there are, or more; or nothing to mix.
MIXED = ((BASIS, 3), (1, 9), (0, 3), (BASIS, 0))


class Case(NamedTuple):
    """A call: bytes in a vector, of which a symbol has eight, what `out` is, whether the harmonics are solid; `leads` of
    the operands of items."""

    vector_bytes: int
    channels: int
    threads: int
    weighted: bool
    out: str
    solid: bool
    leads: tuple[tuple[int, ...], ...]


#: What every pair is called with, and what the pair with the fewest terms is called with as well.  The last vector of
#: channels shares three of four, one of two, two of four, none, or is all there is; leading dimensions lack each other, or are too many.
CASES = (Case(64, 5, 2, True, "features", True, ((2, 1), (3,), ())),)
MORE_CASES = (
    Case(16, 5, 1, False, "contiguous", False, ((), (2,), (2,))),
    Case(32, 1, 1, True, "", False, ((1,), (1, 1), ())),
    Case(32, 6, 3, True, "strided", False, ((3, 1), (1, 2), (3, 2))),
    Case(16, 4, 2, False, "contiguous", True, ((2, 1, 2, 1, 2), (1, 2, 1, 2, 1), (2, 1, 2, 1, 2))),
)


# --- public functions: what they hand on -----------------------------------------------------------------


def call_residuals(pair: Pair, module: EmittedModule) -> tuple[int, ...]:
    """That each public function hands on its own name, loop, shape and arguments, and returns what comes back."""
    for kind, (core, loop) in CALLS.items():
        check_call(f"{kind}_{pair.key}", core, loop.format(pair.key), pair, module)
    return (0,) * len(CALLS)


def handed_on(name: str, core: str, module: EmittedModule, world: dict[str, Any]) -> tuple[list[Any], Any]:
    """What a function hands to the one behind it, call by call, and what it returns; its own arguments are words."""
    signature, handed = inspect.signature(world[core]), []

    def record(*arguments: Any, **named: Any) -> str:
        handed.append(signature.bind(*arguments, **named).arguments)
        return "what it returns"

    world[core] = record
    try:
        returned = world[name](*(f"the {parameter}" for parameter in inspect.signature(world[name]).parameters))
    except Exception as error:
        raise ProofError(f"{module.name}: {name} does not call {core}: {error!r}") from error
    return handed, returned


def check_call(name: str, core: str, loop_names: str | tuple[str, ...], pair: Pair, module: EmittedModule) -> None:
    """ProofError unless the function hands its loop or loops to the one behind it."""
    world = module.world()
    names = (loop_names,) if isinstance(loop_names, str) else loop_names
    if not {name, core, *names} <= world.keys():
        raise ProofError(f"{module.name} lacks one of {', '.join((name, core, *names))}")
    loop = world[loop_names] if isinstance(loop_names, str) else tuple(world[n] for n in names)
    first, second, third, *others = inspect.signature(world[core]).parameters
    own = list(inspect.signature(world[name]).parameters)
    shape = (2 * pair.l_out + 1, 2 * pair.l_in + 1, len(pair.paths))
    wanted = {first: name, second: loop, third: shape, **{parameter: f"the {parameter}" for parameter in own}}
    handed, returned = handed_on(name, core, module, world)
    if handed != [wanted] or returned != "what it returns" or sorted(own) != sorted(others):
        raise ProofError(f"{module.name}: {name} calls {core} with {handed}, not with {wanted}")


# --- public functions: what they compute -----------------------------------------------------------------


def host_residuals(pair: Pair, module: EmittedModule, cases: Sequence[Case] = CASES) -> tuple[Any, ...]:
    """Computed minus defined, for every element that the pair's public functions return."""
    return tuple(r for case in cases for r in returned(Calls(pair, module, case)))


def returned(calls: Calls) -> Iterator[Any]:
    """The same, called as the case has it."""
    kinds: tuple[Kind, ...] = (_kernel, _apply, _convolve, _tabulated, _mixing, _walkers)
    for kind in kinds:
        yield from kind(calls)


class _LatePool:
    """Helpers that begin when there is nothing left to do."""

    def submit(self, task: Callable[[], None]) -> None:
        return None


class _EagerPool:
    """Helpers that do all that there is to do at once."""

    def submit(self, task: Callable[[], None]) -> None:
        task()


class Calls:
    """A pair's public functions on symbols, called as the case has it; here those of the CPU."""

    def __init__(self, pair: Pair, module: EmittedModule, case: Case) -> None:
        self.pair, self.module, self.case = pair, module, case
        self.size = (2 * pair.l_out + 1, 2 * pair.l_in + 1, len(pair.paths))

    def compared(
        self, kind: str, arguments: Sequence[Any], features: np.ndarray | None, wanted: np.ndarray, **world: Any
    ) -> Iterator[Any]:
        """What is returned less what should be; if there is an `out` it must be that."""
        name, out = f"{kind}_{self.pair.key}", self.out(wanted.shape, features)
        found = self.module.run_all(name, *arguments, out, not self.case.solid, **{**self._world(), **world})
        if out is not None and found is not out:
            raise ProofError(f"{self.module.name}: {name} does not return what it was given to fill")
        yield from compared(f"{self.module.name}: {name}", found, wanted)

    def taken(self, vectors: np.ndarray) -> np.ndarray:
        """What the kernels are functions of."""
        return argument(vectors, self.case.solid)

    def out(self, shape: tuple[int, ...], features: np.ndarray | None) -> np.ndarray | None:
        """None, or what is to be filled; the features themselves, where they have the right shape."""
        if self.case.out == "features":
            return features if features is not None and features.shape == shape else None
        step = 2 if self.case.out == "strided" else 1
        return symbols_array("untouched", *shape[:-1], step * shape[-1])[..., ::step]

    def _world(self) -> dict[str, Any]:
        pool = _LatePool() if self.case.threads == 2 else _EagerPool()
        return {
            **StandIns(self.pair, self.module).functions,
            "_TABLES": {np.dtype(object): self.module.constants},
            "_VECTOR_BYTES": self.case.vector_bytes,
            "_threads": self.case.threads,
            "_INLINE_WORK": 0,
            "_helpers": lambda: (pool, self.case.threads - 1),
            "math": SimpleNamespace(sqrt=root, prod=math.prod),
        }


Kind = Callable[[Calls], Iterator[Any]]


def _kernel(calls: Calls) -> Iterator[Any]:
    vectors, radial = _operands(calls.case.leads[:2], (3,), (calls.size[2],))
    wanted = [entries(calls.pair, tuple(p), tuple(v)) for v, p in _rows((calls.taken(vectors), 1), (radial, 1))]
    lead = np.broadcast_shapes(*calls.case.leads[:2])
    yield from calls.compared(
        "kernel", (vectors, radial), None, np.array(wanted, dtype=object).reshape(*lead, *calls.size[:2])
    )


def _apply(calls: Calls) -> Iterator[Any]:
    n_out, n_in, n_paths = calls.size
    channels = calls.case.channels
    vectors, radial, fields = _operands(calls.case.leads, (3,), (n_paths, channels), (n_in, channels))
    wanted = [
        [sums(calls.pair, tuple(p[:, c]), tuple(v), tuple(f[:, c])) for c in range(channels)]
        for v, p, f in _rows((calls.taken(vectors), 1), (radial, 2), (fields, 2))
    ]
    shape = (*np.broadcast_shapes(*calls.case.leads), n_out, channels)
    yield from calls.compared(
        "apply", (vectors, radial, fields), fields, np.array(wanted, dtype=object).swapaxes(1, 2).reshape(shape)
    )


def _operands(leads: Sequence[tuple[int, ...]], *cores: tuple[int, ...]) -> list[np.ndarray]:
    return [symbols_array(name, *lead, *core) for name, lead, core in zip("vpf", leads, cores, strict=False)]


def _rows(*operands: tuple[np.ndarray, int]) -> Iterator[tuple[np.ndarray, ...]]:
    """Item by item of the broadcast leading dimensions: its part of each operand, which keeps so many dimensions."""
    lead = np.broadcast_shapes(*(a.shape[: a.ndim - kept] for a, kept in operands))
    whole = [np.broadcast_to(a, lead + a.shape[a.ndim - kept :]) for a, kept in operands]
    return (tuple(a[at] for a in whole) for at in np.ndindex(*lead))


def _graph() -> tuple[np.ndarray, np.ndarray]:
    return np.array(INDPTR), np.array(INDICES)


def _graph_arrays(calls: Calls) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Vectors, features and weights, if the case has any."""
    vectors, fields, weights = graph_arrays(calls.pair, calls.case.channels)
    return vectors, fields, weights if calls.case.weighted else None


def _convolve(calls: Calls) -> Iterator[Any]:
    vectors, fields, w = _graph_arrays(calls)
    radial = radial_array(calls.pair, calls.case.channels)
    wanted = summed(calls.pair, calls.taken(vectors), radial, fields, w)
    yield from calls.compared("convolve", (*_graph(), vectors, radial, fields, w), fields, wanted)


def _tabulated(calls: Calls) -> Iterator[Any]:
    vectors, fields, w = _graph_arrays(calls)
    places, degree = edge_places(vectors), DEGREES[calls.case.threads % 2]
    table, world = _table_stand_in(calls, degree)
    radial = table_array(calls.pair, degree, places, vectors, fields.shape[-1])
    wanted = summed(calls.pair, calls.taken(vectors), radial, fields, w)
    arguments = (*_graph(), vectors, table, "cutoff", fields, w, degree)
    yield from calls.compared("convolve_tabulated", arguments, fields, wanted, **table_world(places), **world)


def _walkers(calls: Calls) -> Iterator[Any]:
    positions, fields = positions_array(), fields_array(calls.pair, calls.case.channels, WALKERS, PARTICLES)
    places, degree, loops = pair_places(positions), DEGREES[calls.case.threads % 2], calls.case.channels > 4
    w = symbols_array("w", WALKERS, PARTICLES) if calls.case.weighted else None
    table, world = _table_stand_in(calls, degree)
    wanted = all_pairs(calls.pair, positions, degree, places, fields, w, loops, calls.case.solid)
    arguments = (positions, table, "cutoff", fields, w, degree, loops)
    yield from calls.compared("convolve_walkers", arguments, fields, wanted, **table_world(places), **world)


class _Read(NamedTuple):
    """What `_table` makes of a table, as the loops see it."""

    order: tuple[int, ...]
    coefficients: Table
    scale: Any
    end: Any


def _table_stand_in(calls: Calls, degree: int) -> tuple[np.ndarray, dict[str, Any]]:
    """Coefficients, and a function for `_table` that accepts just these; what that returns is checked by itself."""
    given = symbols_array("c", 1)

    def table(where: str, n_paths: int, coefficients: np.ndarray, cutoff: Any, of: int, channels: int) -> _Read:
        asked = (n_paths, np.shares_memory(coefficients, given), cutoff, of, channels)
        if asked != (calls.size[2], True, "cutoff", degree, calls.case.channels):
            raise ValueError(f"_table is asked for {asked}")
        return _Read((0,) * (degree + 1), Table(degree), SCALE, END)

    return given, {"_table": table}


def _mixing(calls: Calls) -> Iterator[Any]:
    n_out, _, n_paths = calls.size
    vectors, fields, w = _graph_arrays(calls)
    for functions, mixed in MIXED:
        at_once = 2 * 8 * n_out * functions * n_paths * (calls.case.channels + 3)  # bytes of two receivers, with room
        basis = symbols_array("b", EDGES, functions)
        mixing = symbols_array("m", functions, n_paths, calls.case.channels, mixed)
        apart = unmixed(calls.pair, calls.taken(vectors), basis, fields, w)
        inner = functions * n_paths * calls.case.channels
        wanted = zeros(NODES, n_out, mixed) + apart.reshape(NODES, n_out, inner) @ mixing.reshape(inner, mixed)
        arguments = (*_graph(), vectors, basis, mixing, fields, w)
        yield from calls.compared("convolve_mixing", arguments, fields, wanted, _MIXING_BYTES=at_once)
