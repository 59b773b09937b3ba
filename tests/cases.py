"""Calls of the functions that sum over neighbours, each with what it must give; for all of them alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from pocket_tfn import cpu

from tests import inputs, oracles, sums
from tests.tolerances import Array, assert_close, tolerance

#: One compiled loop serves this many channels in either dtype, whatever vectors the machine has.
CHANNELS = 8
#: Graphs of the cases below: an isolated receiver, one with more edges than messages are kept of, loops and repeats.
DEGREES = (3, 0, 18, 1)


@dataclass
class Case:
    """One call: the function without its key, the key, and the arguments by name."""

    kind: str
    key: str
    arguments: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.kind}_{self.key}"

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.arguments["features"].dtype)

    def __call__(self, module: Any = cpu, **options: Any) -> Array:
        """What the function gives; only as plain Python would infinite numbers be warned of."""
        with np.errstate(all=None if module is cpu else "ignore"):
            return np.asarray(getattr(module, self.name)(**self.arguments, **options))

    def changed(self, **changes: Any) -> Case:
        """The same with other arguments."""
        return replace(self, arguments={**self.arguments, **changes})

    def floats(self) -> dict[str, Array]:
        """The arguments that hold numbers of the dtype."""
        arrays = {k: v for k, v in self.arguments.items() if isinstance(v, np.ndarray)}
        return {k: v for k, v in arrays.items() if v.dtype == self.dtype}

    @property
    def terms(self) -> int:
        """The most edges that a receiver has; for mixing, also the numbers that are mixed into one."""
        a = self.arguments
        if self.kind == "convolve_walkers":
            return int(a["positions"].shape[1])
        edges = int(np.diff(a["indptr"]).max(initial=0))
        return edges + (int(np.prod(a["mixing"].shape[:3])) if "mixing" in a else 0)

    @property
    def limit(self) -> float:
        """The largest error allowed, relative to the scale."""
        if "coefficients" not in self.arguments:
            return tolerance(self.dtype).total(self.terms)
        intervals = len(self.arguments["coefficients"]) - self.arguments.get("degree", 5)
        return tolerance(self.dtype).table(intervals, self.terms)

    def expected(self) -> tuple[Array, Array]:
        """The value and the scale of its errors, by the oracle."""
        value, scale = sums.SUMS[self.kind](self.key, **self.arguments)
        return value, scale

    def check(self, got: Any) -> None:
        """Fail unless this is what the call must give."""
        want, scale = self.expected()
        assert_close(got, want, scale, limit=self.limit, dtype=self.dtype, axis=-2)

    def agrees(self, got: Any, want: Array) -> None:
        """Fail unless two computed results are equal but for their roundings."""
        scale = self.expected()[1]
        assert_close(got, want, scale, limit=2 * self.limit, dtype=self.dtype, axis=-2)


def reach(rng: np.random.Generator, vectors: Array, cutoff: float) -> Array:
    """Vectors in the same directions: most within the cutoff, some far beyond, at 0 and next to it."""
    within = cutoff * rng.uniform(0.01, 0.999, len(vectors))
    beyond = cutoff * (1 + 10 ** rng.uniform(-2, 15, len(vectors)))
    near = cutoff * 10 ** rng.uniform(-30, -3, len(vectors))
    kinds = np.stack([within, within, within, within, within, beyond, near, 0 * within])
    chosen = kinds[rng.integers(0, len(kinds), len(vectors)), np.arange(len(vectors))]
    return oracles.unit(vectors, np.float64) * chosen[:, None]


def table(rng: np.random.Generator, key: str, intervals: int, degree: int, channels: int) -> Array:
    """Coefficients whose last are not zero: what a table has left at the cutoff must still end there."""
    shape = (intervals + degree, len(oracles.POSITIONS[key]), channels)
    return rng.standard_normal(shape) * inputs.signed(rng, shape[1:], 2)


def graph_case(
    kind: str,
    key: str,
    dtype: Any,
    degrees: tuple[int, ...] = DEGREES,
    channels: int = CHANNELS,
    *,
    weighted: bool = True,
    index_type: Any = np.int64,
    intervals: int = 10,
    degree: int = 5,
    cutoff: float = 3.7,
    functions: int = 2,
    mixed: int = 5,
    seed: int = 0,
) -> Case:
    """A sum over the edges of a graph, with numbers of many magnitudes."""
    p = inputs.problem(
        oracles.degree_of(key), list(degrees), channels, index_type=index_type, weighted=weighted, seed=seed
    )
    rng = np.random.default_rng(seed + 1)
    arguments: dict[str, Any] = {"indptr": p.indptr, "indices": p.indices, "vectors": p.vectors}
    if kind == "convolve":
        arguments["radial"] = p.radial[:, list(oracles.POSITIONS[key])]
    elif kind == "convolve_tabulated":
        arguments["vectors"] = reach(rng, p.vectors, cutoff)
        arguments |= {"coefficients": table(rng, key, intervals, degree, channels), "cutoff": cutoff, "degree": degree}
    else:
        shape = (functions, len(oracles.POSITIONS[key]), channels, mixed)
        arguments |= {
            "basis": inputs.signed(rng, (len(p.indices), functions), 1),
            "mixing": inputs.signed(rng, shape, 1),
        }
    arguments |= {"features": p.features} | ({"weights": p.weights} if weighted else {})
    return Case(kind, key, {k: _typed(v, dtype) for k, v in arguments.items()})


def walkers_case(
    key: str,
    dtype: Any,
    walkers: int = 3,
    particles: int = 5,
    channels: int = CHANNELS,
    *,
    weighted: bool = True,
    loops: bool = True,
    intervals: int = 10,
    degree: int = 5,
    cutoff: float = 3.7,
    seed: int = 0,
) -> Case:
    """All pairs of small systems: some particles coincide, some are beyond the cutoff of others."""
    rng = np.random.default_rng(seed)
    positions = rng.standard_normal((walkers, particles, 3)) * cutoff / 2
    if particles > 1:
        positions[rng.random(walkers) < 0.3, 1] = 0
        positions[rng.random(walkers) < 0.3, 0] = 0
        positions[rng.random(walkers) < 0.3, -1] = 100 * cutoff
    arguments: dict[str, Any] = {
        "positions": _away_from(positions.astype(dtype), cutoff),
        "coefficients": table(rng, key, intervals, degree, channels),
        "cutoff": cutoff,
        "features": inputs.signed(rng, (walkers, particles, 3, channels), 2),
    }
    if weighted:
        arguments["weights"] = inputs.signed(rng, (walkers, particles), 2)
    arguments |= {"degree": degree, "loops": loops}
    return Case("convolve_walkers", key, {k: _typed(v, dtype) for k, v in arguments.items()})


def _typed(value: Any, dtype: Any) -> Any:
    return value.astype(dtype) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def _away_from(positions: Array, cutoff: float) -> Array:
    """Systems with a pair so near the cutoff that rounding decides are made smaller."""
    distances = sums.lengths(positions[:, :, None] - positions[:, None])
    doubtful = np.any(np.abs(distances / cutoff - 1) < 1e-4, axis=(1, 2))
    return np.where(doubtful[:, None, None], positions / 64, positions)


def case(kind: str, key: str, dtype: Any, **options: Any) -> Case:
    """Any of the four, with its usual arguments."""
    if kind == "convolve_walkers":
        return walkers_case(key, dtype, **options)
    return graph_case(kind, key, dtype, **options)


@st.composite
def cases(draw: st.DrawFn, kind: str, keys: tuple[str, ...] = oracles.KEYS, *, compiled: bool = False) -> Case:
    """Any small call of a kind: 1 to 37 channels, empty graphs, isolated nodes, tables of one interval.

    `compiled` leaves out what each would be compiled anew for.
    """
    options: dict[str, Any] = {
        "channels": draw(st.integers(1, 37)),
        "weighted": compiled or draw(st.booleans()),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }
    if kind == "convolve_walkers":
        options |= {
            "walkers": draw(st.integers(0, 3)),
            "particles": draw(st.integers(0, 5)),
            "loops": draw(st.booleans()),
        }
    else:
        options["degrees"] = tuple(draw(st.lists(st.integers(0, 5), max_size=5)))
        options["index_type"] = np.int64 if compiled else draw(st.sampled_from(inputs.INDEX_TYPES))
    if kind == "convolve_mixing":
        options |= {"functions": draw(st.integers(0, 3)), "mixed": draw(st.integers(1, 20))}
    if kind in ("convolve_tabulated", "convolve_walkers"):
        options |= {"intervals": draw(st.integers(1, 12)), "cutoff": draw(st.floats(0.01, 100))}
        options["degree"] = 5 if compiled else draw(st.sampled_from([3, 5]))
    dtype: npt.DTypeLike = draw(st.sampled_from(inputs.DTYPES))
    return case(kind, draw(st.sampled_from(keys)), dtype, **options)
