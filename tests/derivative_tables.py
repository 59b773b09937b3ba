"""Calls of the derivatives of sums whose radial functions depend on |r|: tables, walkers and the forward Laplacian.

The oracle puts the chain rule around derivative_oracles.py: near an edge of length a its radial functions are

    φ(ρ) = φ(a) + φ'(a) (ρ - a) + φ''(a) (ρ - a)² / 2,    ρ = |r|,

exactly as far as second derivatives go, and analytic, so that complex steps of that give them.  φ(a), φ'(a) and φ''(a)
of a table come from the truncated powers of which B-splines are sums, in rational numbers, and long double thereafter.
At r = 0 both r̂ and 1 / |r| are 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb, factorial
from typing import Any

import numpy as np
from hypothesis import strategies as st
from pocket_tfn import cpu_derivatives

from tests import cases, derivative_oracles, inputs, sums
from tests.derivative_cases import CHANNELS, DEGREES, FULL, Case, convolve_case
from tests.derivative_oracles import WIDE, Inputs, Sizes, contracted
from tests.tolerances import Array, tolerance

CUTOFF, INTERVALS = 3.7, 10
Jet = tuple[Array, Array, Array]


# --- tables and what is made of them --------------------------------------------------------------------------


@cache
def _piece(degree: int, back: int) -> tuple[Fraction, ...]:
    """B(u + back) for 0 <= u < 1 by powers of u, with B(x) = Σ_k (-1)^k C(d + 1, k) max(x - k, 0)^d / d!."""
    found = [Fraction(0)] * (degree + 1)
    for k in range(back + 1):
        for n in range(degree + 1):
            power = comb(degree, n) * Fraction(back - k) ** (degree - n)
            found[n] += (-1) ** k * comb(degree + 1, k) * power / factorial(degree)
    return tuple(found)


def table_jet(coefficients: Array, cutoff: float, distances: Array, degree: int) -> Jet:
    """The spline and its first two derivatives at these distances, (E,) -> (E, P, C) each; zero from the cutoff on."""
    intervals = len(coefficients) - degree
    inside = distances < cutoff
    scale = intervals / WIDE(cutoff)
    places = np.where(inside, distances, 0) * scale
    first = np.minimum(places.astype(int), intervals - 1)
    u, wide = places - first, coefficients.astype(WIDE)
    found = []
    for order in range(3):
        total = np.zeros((len(distances), *coefficients.shape[1:]), WIDE)
        for i in range(degree + 1):
            for n, c in enumerate(_piece(degree, degree - i)):
                if n >= order:
                    weight = WIDE(c.numerator) / c.denominator * factorial(n) / factorial(n - order) * u ** (n - order)
                    total += (weight * scale**order * inside)[:, None, None] * wide[first + i]
        found.append(total)
    return found[0], found[1], found[2]


def _length(vectors: Array) -> Array:
    """|r| of real or complex vectors, (E, 3) -> (E, 1, 1)."""
    zero = (vectors.real == 0).all(axis=-1)
    square = np.where(zero, 1, (vectors * vectors).sum(axis=-1))
    return np.asarray(np.where(zero, 0, np.sqrt(square)))[:, None, None]


def along_edges(jet: Jet, start: Array, vectors: Array) -> tuple[Array, Array]:
    """φ and φ' of edges that were `start` and now are `vectors`."""
    step = _length(vectors) - _length(start)
    return jet[0] + jet[1] * step + jet[2] * step * step / 2, jet[1] + jet[2] * step


class JetSizes(Sizes):
    """As Sizes, for radial functions that depend on r: |φ|, |φ'|, |φ''| for |φ| with 1, 1 / |r| and 1 / |r|²."""

    jet: Jet

    def radial(self, order: int, name: str = "edge") -> Array:
        if name != "edge":
            return np.zeros_like(np.linalg.norm(self.jet[0], axis=1))
        total = sum(comb(order, n) * np.abs(self.jet[n]) * self.path(order - n)[:, :, None] for n in range(order + 1))
        return np.asarray(np.linalg.norm(total, axis=1))


# --- tables ---------------------------------------------------------------------------------------------------


@dataclass
class TableCase(Case):
    """vjp_, jvp_ and hvp_convolve_tabulated_*: `fixed` holds the table as well."""

    @property
    def vectors(self) -> Array:
        return self.inputs["vectors"]

    @property
    def limit(self) -> float:
        return tolerance(self.dtype).table_derivative(self.intervals, self.terms)

    @property
    def intervals(self) -> int:
        return len(self.fixed["coefficients"]) - int(self.fixed["degree"])

    def jets(self) -> tuple[Jet, Jet]:
        """The radial functions of every edge, and what their errors are relative to."""
        a = self.fixed
        distances = sums.lengths(self.vectors)
        jet = table_jet(a["coefficients"], a["cutoff"], distances, a["degree"])
        largest = sums.largest(a["coefficients"], distances, a["cutoff"])
        steep = 2 * self.intervals / WIDE(a["cutoff"])
        return jet, (largest, steep * largest, steep**2 * largest)

    def expected(self) -> dict[str, tuple[Array, Array]]:
        """As Case.expected, with the chain rule through |r|."""
        jet, size = self.jets()
        start = self.vectors.astype(WIDE)
        edge = {n: a for n, a in self._complete(self.inputs).items() if n != "radial"}
        moving = self.edges(self.tangents)
        g = self.edges({"cotangents": self.cotangents})["cotangents"]

        def value(x: Inputs) -> Array:
            return derivative_oracles.value(self.key, self.normalize, {**x, "radial": self._radial(jet, start, x)[0]})

        def gradient(x: Inputs) -> Inputs:
            phi, slope = self._radial(jet, start, x)
            found = derivative_oracles.gradient(self.key, self.normalize, {**x, "radial": phi}, g.astype(WIDE))
            outwards = derivative_oracles._directions(x["vectors"])[0]
            found["vectors"] = found["vectors"] + (found.pop("radial") * slope).sum((1, 2))[:, None] * outwards
            return found

        sizes = JetSizes(self.key, self.normalize, {**edge, "radial": size[0]}, moving, g)
        sizes.jet = size
        found = {
            "value": (self.gather(value(edge)), self.gather(sizes.value())),
            "jvp": (self.gather(derivative_oracles.complex_step(value, edge, moving)), self.gather(sizes.jvp())),
        }
        second = derivative_oracles.complex_step(gradient, edge, moving)
        # At r = 0 the Hessian of a smooth function of r² is φ'' times the identity, which r̂ = 0 cannot tell.
        bars = derivative_oracles.gradient(self.key, self.normalize, {**edge, "radial": jet[0]}, g.astype(WIDE))[
            "radial"
        ]
        bent = (bars * jet[2]).sum((1, 2)) * (start == 0).all(axis=1)
        second["vectors"] = second["vectors"] + bent[:, None] * moving["vectors"]
        for order, answer, scale in (("vjp", gradient(edge), sizes.vjp()), ("hvp", second, sizes.hvp())):
            wanted, scales = self.collect(answer), self.collect(scale)
            found |= {f"{order}.{n}": (wanted[n], scales[n]) for n in wanted}
        return found

    @staticmethod
    def _radial(jet: Jet, start: Array, x: Inputs) -> tuple[Array, Array]:
        return along_edges(jet, start, x["vectors"])


def table_case(
    key: str,
    dtype: Any = np.float64,
    degrees: tuple[int, ...] = DEGREES,
    *,
    degree: int = 5,
    normalize: bool = True,
    zero_vectors: bool = False,
    seed: int = 0,
) -> TableCase:
    """A graph with a table: most edges within the cutoff, some beyond."""
    streamed = convolve_case(key, np.float64, degrees, normalize=normalize, zero_vectors=zero_vectors, seed=seed)
    rng = np.random.default_rng(seed + 2)
    vectors = streamed.inputs["vectors"]
    length = sums.lengths(vectors).astype(float)[:, None]
    beyond = rng.random(len(vectors)) < 0.15
    reach = CUTOFF * np.where(beyond, rng.uniform(1.01, 9, len(vectors)), rng.uniform(0.02, 0.99, len(vectors)))
    vectors = np.where(length == 0, 0, vectors / np.where(length == 0, 1, length) * reach[:, None])
    coefficients = cases.table(rng, key, INTERVALS, degree, CHANNELS).astype(dtype)
    given = {"vectors": vectors, "features": streamed.inputs["features"], "weights": streamed.inputs["weights"]}
    tangents = {n: streamed.tangents[n].astype(dtype) for n in given}
    fixed = {**streamed.fixed, "coefficients": coefficients, "cutoff": CUTOFF, "degree": degree}
    floats = {n: a.astype(dtype) for n, a in given.items()}
    return TableCase("convolve_tabulated", key, fixed, floats, streamed.cotangents.astype(dtype), tangents, normalize)


# --- walkers --------------------------------------------------------------------------------------------------


@dataclass
class WalkersCase(TableCase):
    """vjp_, jvp_ and hvp_convolve_walkers_*, as sums over the edges of all pairs."""

    @property
    def terms(self) -> int:
        return max(self.channels * 2 * self.inputs["positions"].shape[1], 1)

    def vjp(self, **options: Any) -> Inputs:
        return walkers_named(self.call("vjp", **options))

    def hvp(self, **options: Any) -> Inputs:
        return walkers_named(self.call("hvp", **options))

    def senders_receivers(self) -> tuple[Array, Array]:
        walkers, particles = self.inputs["positions"].shape[:2]
        pairs = np.argwhere(np.ones((particles, particles)) if self.fixed["loops"] else 1 - np.eye(particles))
        flat = (np.arange(walkers)[:, None, None] * particles + pairs).reshape(-1, 2)
        return flat[:, 1], flat[:, 0]

    @property
    def vectors(self) -> Array:
        """Differences of positions, rounded as the dtype rounds them."""
        return self._differences(self.inputs["positions"])

    def _differences(self, positions: Array) -> Array:
        senders, receivers = self.senders_receivers()
        flat = positions.reshape(-1, 3)
        return np.asarray(flat[receivers] - flat[senders])

    def edges(self, arrays: Inputs) -> Inputs:
        senders, receivers = self.senders_receivers()
        found = {}
        for name, array in arrays.items():
            if name == "positions":
                found["vectors"] = self._differences(array)
            else:
                flat = array.reshape(-1, *array.shape[2:])
                found[name] = flat[receivers if name == "cotangents" else senders]
        return found

    def collect(self, edge: Inputs) -> Inputs:
        senders, receivers = self.senders_receivers()
        walkers, particles = self.inputs["positions"].shape[:2]

        def summed(array: Array, nodes: Array) -> Array:
            total = np.zeros((walkers * particles, *array.shape[1:]), array.dtype)
            np.add.at(total, nodes, array)
            return total.reshape(walkers, particles, *array.shape[1:])

        found: dict[str, Array] = {n: summed(edge[n], senders) for n in ("features", "weights") if n in self.inputs}
        vectors = edge["vectors"]
        sign = -1 if vectors.ndim == 2 else 1  # scales have no components, and add
        return {"positions": summed(vectors, receivers) + sign * summed(vectors, senders), **found}

    def gather(self, messages: Array) -> Array:
        walkers, particles = self.inputs["positions"].shape[:2]
        total = np.zeros((walkers * particles, *messages.shape[1:]), messages.dtype)
        np.add.at(total, self.senders_receivers()[1], messages)
        return total.reshape(walkers, particles, *messages.shape[1:])


def walkers_named(found: Any) -> Inputs:
    assert type(found) is cpu_derivatives.WalkerCotangents
    return {name: array for name, array in found._asdict().items() if array is not None}


def walkers_case(
    key: str,
    dtype: Any = np.float64,
    walkers: int = 3,
    particles: int = 4,
    *,
    degree: int = 5,
    loops: bool = True,
    normalize: bool = True,
    seed: int = 0,
) -> WalkersCase:
    """Small systems: some particles coincide, some are beyond the cutoff of the others."""
    forward = cases.walkers_case(
        key, dtype, walkers, particles, degree=degree, loops=loops, intervals=INTERVALS, cutoff=CUTOFF, seed=seed
    )
    a, rng = forward.arguments, np.random.default_rng(seed + 1)
    names = ("positions", "features", "weights")
    given = {n: a[n] for n in names}
    fixed = {n: a[n] for n in ("coefficients", "cutoff", "degree", "loops")}
    shape = (walkers, particles, 2 * cases.oracles.degree_of(key) + 1, CHANNELS)
    tangents = {n: inputs.signed(rng, array.shape, 1).astype(dtype) for n, array in given.items()}
    g = inputs.signed(rng, shape, 1).astype(dtype)
    return WalkersCase("convolve_walkers", key, fixed, given, g, tangents, normalize)


@st.composite
def table_cases(draw: st.DrawFn, keys: tuple[str, ...] = FULL, dtypes: Any = inputs.DTYPES) -> TableCase:
    """Any small graph with a table: empty, isolated nodes, loops, repeats, r = 0, edges beyond the cutoff."""
    return table_case(
        draw(st.sampled_from(keys)),
        draw(st.sampled_from(dtypes)),
        tuple(draw(st.lists(st.integers(0, 5), max_size=6))),
        normalize=draw(st.booleans()),
        zero_vectors=draw(st.booleans()),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


@st.composite
def walkers_cases(draw: st.DrawFn, keys: tuple[str, ...] = FULL, dtypes: Any = inputs.DTYPES) -> WalkersCase:
    """Any small systems, with and without loops; none, one and coinciding particles."""
    return walkers_case(
        draw(st.sampled_from(keys)),
        draw(st.sampled_from(dtypes)),
        draw(st.integers(0, 3)),
        draw(st.integers(0, 5)),
        loops=draw(st.booleans()),
        normalize=draw(st.booleans()),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


# --- the forward Laplacian --------------------------------------------------------------------------------------


@dataclass
class Moving:
    """Edges as functions of D coordinates: how vectors and features of each edge move, and with what curvature."""

    key: str
    normalize: bool
    vectors: Array  # (E, 3)
    jet: Jet  # of φ
    size: Jet  # what errors are relative to
    weights: Array  # (E,)
    features: Array  # (E, 3, C)
    vectors_jacobian: Array  # (D, E, 3)
    features_jacobian: Array  # (D, E, 3, C)
    features_laplacian: Array  # (E, 3, C)

    def messages(self) -> tuple[tuple[Array, Array], tuple[Array, Array], tuple[Array, Array]]:
        """Value (E, m, C), Jacobian (D, E, m, C) and Laplacian of each message, each with its scale."""
        start = self.vectors.astype(WIDE)
        edge = {"vectors": start, "weights": self.weights.astype(WIDE), "features": self.features.astype(WIDE)}

        def value(x: Inputs, features: Array | None = None) -> Array:
            phi, _ = along_edges(self.jet, start, x["vectors"])
            more = {"radial": phi, "features": x["features"] if features is None else features}
            return derivative_oracles.value(self.key, self.normalize, {**x, **more})

        def slope(x: Inputs, v: Array, df: Array) -> Array:
            """The derivative along v and df, by the product rule."""
            phi, steep = along_edges(self.jet, start, x["vectors"])
            outwards = (derivative_oracles._directions(x["vectors"])[0] * v).sum(1)[:, None, None]
            turning = np.einsum("npmck,nk->npmc", derivative_oracles.slopes(self.key, x["vectors"], self.normalize), v)
            k = derivative_oracles.kernels(self.key, x["vectors"], self.normalize)

            def acting(radial: Array, kernel: Array, f: Array) -> Array:
                return contracted("n,npz,npmc,ncz->nmz", x["weights"], radial, kernel, f)

            return acting(steep * outwards, k, x["features"]) + acting(phi, turning, x["features"]) + acting(phi, k, df)

        jacobian, total = [], value(edge, self.features_laplacian.astype(WIDE))
        # At r = 0 the Hessian of a smooth g(r²), the path with l_f = 0, is g'' times the identity; r̂ = 0 cannot tell.
        turn = (self.vectors_jacobian.astype(WIDE) ** 2).sum((0, 2)) * (self.vectors == 0).all(axis=1)
        round_zero = {**edge, "radial": self.jet[2] * turn[:, None, None]}
        total = total + derivative_oracles.value(self.key, self.normalize, round_zero)
        for v, df in zip(self.vectors_jacobian.astype(WIDE), self.features_jacobian.astype(WIDE), strict=True):
            along = {"vectors": v, "features": df}
            jacobian.append(derivative_oracles.complex_step(value, edge, along))
            total = total + derivative_oracles.complex_step(self._along(slope, v, df), edge, along)
        shape = (len(self.vectors_jacobian), *total.shape)
        scales = self._scales(edge)
        return (value(edge), scales[0]), (np.reshape(jacobian, shape), scales[1]), (total, scales[2])

    @staticmethod
    def _along(slope: Callable[..., Array], v: Array, df: Array) -> Callable[[Inputs], Array]:
        return lambda x: slope(x, v, df)

    def _scales(self, edge: Inputs) -> tuple[Array, Array, Array]:
        nothing = np.zeros((len(self.vectors), 1, edge["features"].shape[-1]), WIDE)
        sizes = JetSizes(self.key, self.normalize, {**edge, "radial": self.size[0]}, {}, nothing)
        sizes.jet = self.size
        b0, b1, b2 = (sizes.radial(order) for order in range(3))
        w = np.abs(edge["weights"])[:, None]
        f, df, ddf = (
            np.linalg.norm(a.astype(WIDE), axis=-2)
            for a in (self.features, self.features_jacobian, self.features_laplacian)
        )
        v = np.linalg.norm(self.vectors_jacobian.astype(WIDE), axis=-1)[..., None]
        second = b2 * f * (v * v).sum(0) + 2 * b1 * (v * df).sum(0) + b0 * ddf
        return w * b0 * f, w * (b1 * f * v + b0 * df), w * second


def pair_jacobian(senders: Array, receivers: Array, nodes: int) -> Array:
    """How r = x_receiver - x_sender moves with each coordinate, (3 N, E, 3); not at all where they are one node."""
    found = np.zeros((nodes, 3, len(senders), 3))
    edges = np.arange(len(senders))
    for axis in range(3):
        found[receivers, axis, edges, axis] += 1  # of each edge one place, so that none comes twice
        found[senders, axis, edges, axis] -= 1
    return found.reshape(3 * nodes, len(senders), 3)
