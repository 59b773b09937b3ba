"""Calls of the derivatives of convolve_mixing, each with what it must give: a Case whose channels are mixed.

The oracle is that of tests/derivative_oracles.py: kernels and their slopes as plain NumPy in long double, the gradient
by the product rule, second derivatives and JVPs by complex steps.  Scales: the terms are products of six factors, and
each derivative is a sum of such products with one or two of them replaced; the norms' products bound the terms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from pocket_tfn import cpu_derivatives

from tests import derivative_oracles, inputs, oracles
from tests.derivative_cases import CHANNELS, DEGREES, FULL, Case, convolve_case
from tests.derivative_oracles import WIDE, Inputs, Sizes, contracted, kernels, slopes
from tests.tolerances import Array, tolerance

NAMES = ("vectors", "basis", "mixing", "features", "weights")
#: The dimensions of each factor: edges n, functions k, paths p, channels c and o.
LETTERS = {"weights": "n", "basis": "nk", "path": "np", "features": "nc", "mixing": "kpco", "seeds": "no"}


@dataclass
class MixingCase(Case):
    """One call of each of the three."""

    def vjp(self, **options: Any) -> Inputs:
        return named(self.call("vjp", **options))

    def hvp(self, **options: Any) -> Inputs:
        return named(self.call("hvp", **options))

    def edges(self, arrays: Inputs) -> Inputs:
        senders, receivers = self.senders_receivers()
        places = {"features": senders, "cotangents": receivers}
        return {n: a[places[n]] if n in places else a for n, a in arrays.items()}

    def collect(self, edge: Inputs) -> Inputs:
        found = {n: edge[n] for n in self.inputs}
        total = np.zeros((len(self.inputs["features"]), *edge["features"].shape[1:]), edge["features"].dtype)
        np.add.at(total, self.senders_receivers()[0], edge["features"])
        return {**found, "features": total}

    def gather(self, messages: Array) -> Array:
        total = np.zeros((len(self.inputs["features"]), *messages.shape[1:]), messages.dtype)
        np.add.at(total, self.senders_receivers()[1], messages)
        return total

    def expected(self) -> dict[str, tuple[Array, Array]]:
        edge, moving = self._complete(self.inputs), self.edges(self.tangents)
        g = self.edges({"cotangents": self.cotangents})["cotangents"].astype(WIDE)

        def value(x: Inputs) -> Array:
            k = kernels(self.key, x["vectors"], self.normalize)
            operands = (x["weights"], x["basis"], k, x["features"], x["mixing"])
            return np.asarray(contracted("n,nk,npmi,nic,kpco->nmo", *operands))

        def gradient(x: Inputs) -> Inputs:
            return _gradient(self.key, self.normalize, x, g)

        sizes = MixingSizes(self, edge, moving, g)
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
        """Edges, then what a matrix product adds up, in or out, then functions and channels of an edge."""
        functions, paths, channels, mixed = self.inputs["mixing"].shape
        return len(self.inputs["vectors"]) + functions * paths * (channels + mixed) + 2 * len(self.cotangents)

    @property
    def limit(self) -> float:
        return tolerance(self.dtype).derivative(self.terms)


def _gradient(key: str, normalize: bool, x: Inputs, g: Array) -> Inputs:
    """The derivatives of Σ g · value, by the product rule."""
    k, steep = kernels(key, x["vectors"], normalize), slopes(key, x["vectors"], normalize)
    factors = {
        "weights": ("n", x["weights"]),
        "basis": ("nk", x["basis"]),
        "kernels": ("npmi", k),
        "features": ("nic", x["features"]),
        "mixing": ("kpco", x["mixing"]),
    }

    def without(name: str) -> Array:
        left = {n: f for n, f in factors.items() if n != name}
        letters = ",".join(["nmo", *(f[0] for f in left.values())])
        return np.asarray(contracted(f"{letters}->{factors[name][0]}", g, *(f[1] for f in left.values())))

    found = {n: without(n) for n in ("weights", "basis", "features", "mixing")}
    return {**found, "vectors": np.einsum("npmi,npmix->nx", without("kernels"), steep)}


class MixingSizes:
    """What bounds the terms of each derivative."""

    def __init__(self, case: MixingCase, edge: Inputs, moving: Inputs, g: Array) -> None:
        plain = {**edge, "radial": np.zeros((len(g), len(oracles.POSITIONS[case.key]), 1))}
        self.path = Sizes(case.key, case.normalize, plain, {}, g).path
        self.factors = {**_norms(edge), "path": self.path(0), "seeds": np.linalg.norm(g, axis=1)}
        self.moved = _norms(moving)
        self.speed = np.linalg.norm(moving["vectors"].astype(WIDE), axis=1)[:, None] if "vectors" in moving else None

    def _product(self, factors: Inputs, left_out: str, out: str) -> Array:
        used = {n: a for n, a in factors.items() if n != left_out}
        letters = ",".join(LETTERS[n] for n in used)
        return np.asarray(contracted(f"{letters}->{out}", *used.values()))

    def _tangent(self, factors: Inputs, left_out: str, out: str, order: int) -> Array:
        """The sum with each factor that moves replaced by its tangent."""
        found = [{**factors, n: a} for n, a in self.moved.items() if n != left_out]
        if self.speed is not None:
            found.append({**factors, "path": self.path(order + 1) * self.speed})
        blank = 0 * self._product(factors, left_out, out)
        return sum((self._product(f, left_out, out) for f in found), blank)

    def value(self) -> Array:
        return self._product(self.factors, "seeds", "no")

    def jvp(self) -> Array:
        return self._tangent(self.factors, "seeds", "no", 0)

    def vjp(self) -> Inputs:
        found = {n: self._product(self.factors, n, LETTERS[n]) for n in ("weights", "basis", "features", "mixing")}
        return {**found, "vectors": self._product({**self.factors, "path": self.path(1)}, "", "n")}

    def hvp(self) -> Inputs:
        found = {n: self._tangent(self.factors, n, LETTERS[n], 0) for n in ("weights", "basis", "features", "mixing")}
        return {**found, "vectors": self._tangent({**self.factors, "path": self.path(1)}, "", "n", 1)}


def _norms(arrays: Inputs) -> Inputs:
    """Of features over components, of others entry by entry."""
    wide = {n: np.abs(a.astype(WIDE)) for n, a in arrays.items() if n in LETTERS}
    return {n: np.linalg.norm(a, axis=1) if n == "features" else a for n, a in wide.items()}


def named(found: Any) -> Inputs:
    """Cotangents by name, less those that were not asked for."""
    assert type(found) is cpu_derivatives.MixingCotangents
    return {name: array for name, array in found._asdict().items() if array is not None}


def mixing_case(
    key: str,
    dtype: Any = np.float64,
    degrees: Any = DEGREES,
    channels: int = CHANNELS,
    mixed: int = CHANNELS,
    functions: int = 3,
    *,
    seed: int = 0,
    **options: Any,
) -> MixingCase:
    """The graph of convolve_case, with a basis and matrices of several magnitudes."""
    plain = convolve_case(key, dtype, degrees, channels, seed=seed, **options)
    rng = np.random.default_rng(seed + 2)

    def numbers(*shape: int) -> Array:
        return inputs.signed(rng, shape, 1).astype(dtype)

    given = {n: a for n, a in plain.inputs.items() if n != "radial"}
    given["basis"] = numbers(len(given["vectors"]), functions)
    given["mixing"] = numbers(functions, len(oracles.POSITIONS[key]), channels, mixed)
    given = {n: given[n] for n in NAMES if n in given}
    g = numbers(len(given["features"]), plain.cotangents.shape[1], mixed)
    tangents = {n: numbers(*a.shape) for n, a in given.items()}
    return MixingCase("convolve_mixing", key, plain.fixed, given, g, tangents, plain.normalize)


@st.composite
def mixings(draw: st.DrawFn, keys: tuple[str, ...] = FULL, dtypes: tuple[Any, ...] = inputs.DTYPES) -> MixingCase:
    """Any small graph, with vectors of length 0, any number of functions and, of channels, those compiled already."""
    return mixing_case(
        draw(st.sampled_from(keys)),
        draw(st.sampled_from(dtypes)),
        draw(st.lists(st.integers(0, 5), max_size=6)),
        functions=draw(st.integers(0, 4)),
        normalize=draw(st.booleans()),
        zero_vectors=draw(st.booleans()),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


def only(case: MixingCase, *names: str) -> MixingCase:
    """With the tangents of these alone."""
    return replace(case, tangents={n: case.tangents[n] for n in names})
