"""Calls of the functions of cpu_derivatives, each with what it must give; for all of them alike.

A Case holds one call of vjp_F, jvp_F and hvp_F: what F is differentiated with respect to (`inputs`), what else it takes
(`fixed`), cotangents of its output and tangents of its inputs.  A new F needs a class with `edges` (the inputs of every
message), `collect` (from edges back to the inputs' shapes) and `gather` (from edges to the output).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from pocket_tfn import cpu, cpu_derivatives

from tests import derivative_oracles, inputs, oracles
from tests.derivative_oracles import NAMES, WIDE, Inputs, Sizes
from tests.tolerances import Array, assert_close, tolerance

#: One compiled loop serves this many channels in either dtype.
CHANNELS = 8
#: A node that receives nothing, one with more edges than have their geometry computed in one go, loops and repeats.
DEGREES = (3, 0, 70, 1)
FULL = ("1_0", "1_1", "1_2")


def first_of(keys: Iterable[str], first: str = "1_1") -> list[Any]:
    """Parameters of a test: one at once, the others as slow ones, since each is compiled anew."""
    return [pytest.param(k, marks=[] if k == first else [pytest.mark.slow]) for k in keys]


FIRST = first_of(FULL)


@dataclass
class Case:
    """One function, and the arguments of its derivatives by name."""

    kind: str  # apply, or one of the sums
    key: str
    fixed: dict[str, Any]
    inputs: Inputs
    cotangents: Array
    tangents: Inputs
    normalize: bool = True

    @property
    def name(self) -> str:
        return f"{self.kind}_{self.key}"

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.inputs["features"].dtype)

    @property
    def channels(self) -> int:
        return int(self.inputs["features"].shape[-1])

    def changed(self, **changes: Any) -> Case:
        """The same with other inputs or arguments; `None` leaves an input out."""
        fields = {n: changes.pop(n) for n in ("key", "fixed", "cotangents", "tangents", "normalize") if n in changes}
        changed = {n: a for n, a in {**self.inputs, **changes}.items() if a is not None}
        return replace(self, inputs=changed, **fields)

    def along(self, seed: int) -> Case:
        """The same with other tangents."""
        rng = np.random.default_rng(seed)
        return replace(self, tangents={n: _like(rng, a) for n, a in self.inputs.items()})

    # --- the calls ------------------------------------------------------------------------------------

    def arguments(self, order: str) -> dict[str, Any]:
        """What vjp_*, jvp_* or hvp_* takes."""
        found = {**self.fixed, **self.inputs, "normalize": self.normalize}
        if order != "jvp":
            found["cotangents"] = self.cotangents
        if order != "vjp":
            found |= {f"{name}_tangent": a for name, a in self.tangents.items()}
        return found

    def call(self, order: str, module: Any = cpu_derivatives, **options: Any) -> Any:
        return getattr(module, f"{order}_{self.name}")(**{**self.arguments(order), **options})

    def vjp(self, **options: Any) -> Inputs:
        return named(self.call("vjp", **options))

    def jvp(self, **options: Any) -> tuple[Array, Array]:
        value, tangent = self.call("jvp", **options)
        return value, tangent

    def hvp(self, **options: Any) -> Inputs:
        return named(self.call("hvp", **options))

    def every(self) -> dict[str, Array]:
        """All that the three give, by name."""
        value, tangent = self.jvp()
        both = {f"{order}.{n}": a for order in ("vjp", "hvp") for n, a in getattr(self, order)().items()}
        return {"value": value, "jvp": tangent, **both}

    # --- what they must give -----------------------------------------------------------------------------

    def senders_receivers(self) -> tuple[Array, Array]:
        """Of each edge."""
        indptr, indices = self.fixed["indptr"], self.fixed["indices"]
        return indices, np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))

    def lead(self) -> tuple[int, ...]:
        """Broadcast leading dimensions of apply's arguments."""
        cores = {"vectors": 1, "radial": 2, "features": 2}
        leads = [a.shape[: a.ndim - cores[n]] for n, a in self.inputs.items()]
        return np.broadcast_shapes(*leads, self.cotangents.shape[:-2])

    def edges(self, arrays: Inputs) -> Inputs:
        """What each message takes of inputs or tangents (or cotangents); tangents left out stay out."""
        if self.kind != "apply":
            senders, receivers = self.senders_receivers()
            places = {"features": senders, "cotangents": receivers}
            return {n: a[places[n]] if n in places else a for n, a in arrays.items()}
        lead = self.lead()
        cores = {n: a.shape[-1:] if n == "vectors" else a.shape[-2:] for n, a in arrays.items()}
        return {n: np.broadcast_to(a, (*lead, *cores[n])).reshape(-1, *cores[n]) for n, a in arrays.items()}

    def collect(self, edge: Inputs) -> Inputs:
        """What edges have of each input, summed to the inputs' shapes (less the components, for scales)."""
        found = {}
        for name in self.inputs:
            array = edge[name]
            if self.kind != "apply":
                if name == "features":
                    total = np.zeros((len(self.inputs[name]), *array.shape[1:]), array.dtype)
                    np.add.at(total, self.senders_receivers()[0], array)
                    array = total
            else:
                array = array.reshape((*self.lead(), *array.shape[1:]))
                core = 1 if name == "vectors" else 2
                own = self.inputs[name].shape[: self.inputs[name].ndim - core]
                extra = len(self.lead()) - len(own)
                repeated = [d for d, n in enumerate(own, extra) if n == 1]
                array = array.sum(axis=(*range(extra), *repeated)).reshape((*own, *array.shape[len(self.lead()) :]))
            found[name] = array
        return found

    def gather(self, messages: Array) -> Array:
        """The output from its messages."""
        if self.kind == "apply":
            return messages.reshape((*self.lead(), *messages.shape[1:]))
        total = np.zeros((len(self.inputs["features"]), *messages.shape[1:]), messages.dtype)
        np.add.at(total, self.senders_receivers()[1], messages)
        return total

    def _complete(self, arrays: Inputs) -> Inputs:
        """Edge by edge in long double, with weights of one if there are none."""
        edge = {n: a.astype(WIDE) for n, a in self.edges(arrays).items()}
        return edge if "weights" in edge else {**edge, "weights": np.ones(len(edge["vectors"]), WIDE)}

    def _sizes(self) -> Sizes:
        g = self.edges({"cotangents": self.cotangents})["cotangents"]
        return Sizes(self.key, self.normalize, self._complete(self.inputs), self.edges(self.tangents), g)

    def expected(self) -> dict[str, tuple[Array, Array]]:
        """By name as in `every`: the right answer, and the scale of its errors."""
        edge, moving, sizes = self._complete(self.inputs), self.edges(self.tangents), self._sizes()

        def value(x: Inputs) -> Array:
            return derivative_oracles.value(self.key, self.normalize, x)

        def gradient(x: Inputs) -> Inputs:
            return derivative_oracles.gradient(self.key, self.normalize, x, sizes.g.astype(WIDE))

        found = {
            "value": (self.gather(value(edge)), self.gather(sizes.value())),
            "jvp": (self.gather(derivative_oracles.complex_step(value, edge, moving)), self.gather(sizes.jvp())),
        }
        second = derivative_oracles.complex_step(gradient, edge, moving)
        for order, answer, size in (("vjp", gradient(edge), sizes.vjp()), ("hvp", second, sizes.hvp())):
            wanted, scales = self.collect(answer), self.collect(size)
            found |= {f"{order}.{n}": (wanted[n], scales[n]) for n in wanted}
        return found

    @property
    def terms(self) -> int:
        """The most that one number is a sum of: edges of a node, or channels."""
        if self.kind == "apply":
            own = [a[..., 0] if n == "vectors" else a[..., 0, 0] for n, a in self.inputs.items() if a.size]
            return self.channels * max((int(np.prod(self.lead())) // a.size for a in own), default=1)
        senders, receivers = self.senders_receivers()
        counts = [np.bincount(a).max(initial=0) for a in (senders, receivers)]
        return max(self.channels, *map(int, counts))

    @property
    def limit(self) -> float:
        return tolerance(self.dtype).derivative(self.terms)

    def check(self, got: dict[str, Array], *, factor: float = 1) -> None:
        """Fail unless all that was computed is what it must be."""
        wanted = self.expected()
        assert got.keys() == wanted.keys()
        for name, array in got.items():
            self.close(name, array, *wanted[name], factor=factor)

    def close(self, name: str, got: Array, want: Array, scale: Array, *, factor: float = 1) -> None:
        """Compare one, as a vector over its components; radial values are told apart, as they may be of all sizes."""
        assert isinstance(got, np.ndarray) and got.shape == np.shape(want), name
        quantity = name.partition(".")[2] or "output"
        axis = {"vectors": -1, "positions": -1, "features": -2, "output": -2}.get(quantity)
        if axis is None:
            got, want, scale, axis = got[..., None], want[..., None], scale, -1
        assert_close(got, want, scale, limit=factor * self.limit, dtype=self.dtype, axis=axis)


def named(found: Any) -> Inputs:
    """Cotangents by name, less those that were not asked for."""
    assert type(found) is cpu_derivatives.Cotangents
    return {name: array for name, array in found._asdict().items() if array is not None}


def _like(rng: np.random.Generator, array: Array, decades: float = 1) -> Array:
    return inputs.signed(rng, array.shape, decades).astype(array.dtype)


def convolve_case(
    key: str,
    dtype: Any = np.float64,
    degrees: Iterable[int] = DEGREES,
    channels: int = CHANNELS,
    *,
    normalize: bool = True,
    weighted: bool = True,
    zero_vectors: bool = False,
    index_type: Any = np.int64,
    seed: int = 0,
) -> Case:
    """A graph with numbers of several magnitudes; vectors of 1e-2 .. 1e2, on axes and near them too."""
    problem = inputs.problem(
        oracles.degree_of(key), list(degrees), channels, index_type=index_type, weighted=True, decades=1, seed=seed
    )
    rng = np.random.default_rng(seed + 1)
    count = len(problem.indices)
    vectors = oracles.unit(problem.vectors, np.float64) * 10 ** rng.uniform(-2, 2, (count, 1))
    vectors[(problem.vectors == 0).all(axis=1)] = 0 if zero_vectors else 0.75
    given = {
        "vectors": vectors,
        "radial": problem.radial[:, list(oracles.POSITIONS[key])],
        "features": problem.features,
        **({"weights": problem.weights} if weighted and problem.weights is not None else {}),
    }
    given = {name: array.astype(dtype) for name, array in given.items()}
    cotangents = inputs.signed(rng, (len(problem.features), 2 * problem.l_out + 1, channels), 1).astype(dtype)
    tangents = {name: _like(rng, array) for name, array in given.items()}
    fixed = {"indptr": problem.indptr, "indices": problem.indices}
    return Case("convolve", key, fixed, given, cotangents, tangents, normalize)


def apply_case(
    key: str,
    dtype: Any = np.float64,
    count: int = 6,
    channels: int = CHANNELS,
    *,
    normalize: bool = True,
    decades: float = 2,
    seed: int = 0,
) -> Case:
    """Items of one kernel each; the lengths of vectors are 10^-decades .. 10^decades."""
    rng = np.random.default_rng(seed)
    directions = oracles.unit(inputs.directions(rng, count), np.float64)
    given = {
        "vectors": directions * 10 ** rng.uniform(-decades, decades, (count, 1)),
        "radial": inputs.signed(rng, (count, len(oracles.POSITIONS[key]), channels), 1),
        "features": inputs.signed(rng, (count, 3, channels), 1),
    }
    given = {name: array.astype(dtype) for name, array in given.items()}
    cotangents = inputs.signed(rng, (count, 2 * oracles.degree_of(key) + 1, channels), 1).astype(dtype)
    tangents = {name: _like(rng, array) for name, array in given.items()}
    return Case("apply", key, {}, given, cotangents, tangents, normalize)


@st.composite
def convolutions(draw: st.DrawFn, keys: tuple[str, ...] = FULL, *, zero_vectors: bool = True) -> Case:
    """Any small graph: empty ones, isolated nodes, loops, repeats, vectors of length 0, both values of normalize.

    Always with weights, 64-bit indices and channels that fill vectors, as other choices are compiled anew.
    """
    return convolve_case(
        draw(st.sampled_from(keys)),
        draw(st.sampled_from(inputs.DTYPES)),
        draw(st.lists(st.integers(0, 5), max_size=6)),
        normalize=draw(st.booleans()),
        zero_vectors=zero_vectors and draw(st.booleans()),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


def inner(left: Inputs, right: Inputs) -> tuple[Any, Any]:
    """Σ left · right over all arrays that both have, in long double, and the sum of the terms' absolute values."""
    names = left.keys() & right.keys()
    terms = [left[n].astype(WIDE) * right[n].astype(WIDE) for n in sorted(names)]
    return sum((t.sum() for t in terms), WIDE(0)), sum((np.abs(t).sum() for t in terms), WIDE(0))


def forward(case: Case) -> Array:
    """What the function itself gives."""
    return np.asarray(getattr(cpu, case.name)(**case.fixed, **case.inputs, normalize=case.normalize))


assert set(NAMES) == set(cpu_derivatives.Cotangents._fields)
