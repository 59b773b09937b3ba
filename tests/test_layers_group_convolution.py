"""The group convolution by quadrature is the pocket kernel with averaged radial functions, to rounding, on C60."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from ase.build import molecule
from pocket_tfn import cpu
from pocket_tfn.layers import (
    AveragedConvolution,
    Convolution,
    Graph,
    GroupConvolution,
    PolynomialEnvelope,
    ToleranceError,
    averaged_radial,
    exact_degrees,
    matrix_kernel,
    radius_graph,
    representation,
    rotation_quadrature,
    sphere_quadrature,
    spherical_means,
)
from scipy.spatial.transform import Rotation

from tests import oracles
from tests.tolerances import Array, assert_close, relative_error, tolerance

CHANNELS = 3
CAGE = molecule("C60").positions
RNG = np.random.default_rng(60)
POSITIONS = CAGE + 0.05 * RNG.standard_normal(CAGE.shape)  # no symmetry hides an error
GRAPH = radius_graph(POSITIONS, 2.0, weights=RNG.uniform(0.5, 2, len(CAGE)))
FEW = radius_graph(POSITIONS, 1.8)
TURN = Rotation.from_rotvec([0.4, -1.1, 0.7]).as_matrix()


@cache
def powers(variables: int, degree: int) -> Array:
    """Of all monomials up to a degree."""
    everything = itertools.product(range(degree + 1), repeat=variables)
    return np.array([p for p in everything if sum(p) <= degree])


def monomials(values: Array, degree: int) -> Array:
    """(..., v) -> (..., monomials), in the order of powers."""
    raised = np.cumprod([np.ones_like(values)] + degree * [values], axis=0)
    columns = [raised[0, ..., 0]]
    for power in powers(values.shape[-1], degree)[1:]:
        columns.append(np.prod([raised[n, ..., v] for v, n in enumerate(power) if n], axis=0))
    return np.stack(columns, axis=-1)


@dataclass
class Polynomial:
    """κ(y, S) = Σ c_pq y^p S^q exp(-|y|²/8): degrees as stated, coefficients as drawn."""

    l_in: int
    l_out: int
    degree: int
    rotation_degree: int
    channels: tuple[int, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        terms = len(powers(3, self.degree)), len(powers(9, self.rotation_degree))
        shape = (*terms, 2 * self.l_out + 1, 2 * self.l_in + 1, *self.channels)
        self.coefficients = np.random.default_rng(self.seed).standard_normal(shape)

    def __call__(self, displacements: Array, rotations: Array) -> Array:
        y = monomials(displacements, self.degree) * np.exp(-np.sum(displacements**2, axis=-1, keepdims=True) / 8)
        s = monomials(rotations.reshape(-1, 9), self.rotation_degree)
        return np.asarray(np.einsum("np,spab...->nsab...", y, np.einsum("sq,pqab...->spab...", s, self.coefficients)))

    def bound(self, lengths: Array) -> Array:
        """Of the Frobenius norm of κ at every distance, (n,) or (n, C): the sum of all |monomials| at most."""
        sizes = np.linalg.norm(self.coefficients, axis=(2, 3)).sum(axis=1)
        radial = lengths[:, None] ** powers(3, self.degree).sum(axis=1) * np.exp(-(lengths[:, None] ** 2) / 8)
        return np.asarray(radial @ sizes)

    def matrix(self, vectors: Array) -> Array:
        """As a function of r alone, if it is one."""
        assert self.rotation_degree == 0
        return self(vectors, np.eye(3)[None])[:, 0]


def features(l: int, seed: int = 1, dtype: Any = np.float64) -> Array:
    return np.random.default_rng(seed).standard_normal((len(CAGE), 2 * l + 1, CHANNELS)).astype(dtype)


def scale_of(graph: Graph, kernel: Polynomial, f: Array) -> Array:
    """Σ_e |w| |κ| |f| of every receiver and channel: what errors are relative to."""
    sizes = kernel.bound(graph.lengths.astype(float)).reshape(graph.n_edges, -1)
    sizes = sizes * np.linalg.norm(f, axis=1)[graph.indices]
    if graph.weights is not None:
        sizes *= graph.weights[:, None]
    out = np.zeros((graph.n_nodes, CHANNELS))
    np.add.at(out, graph.receivers, sizes)
    return out


def limit(graph: Graph, *layers: Any) -> float:
    """Two sums over the edges of a receiver, and over all rotations of a layer."""
    names = ("receivers", "senders", "frames")
    rules = [getattr(layer, name) for layer in layers for name in names if hasattr(layer, name)]
    return tolerance(float).pair(int(np.diff(graph.indptr).max()) + sum(map(len, rules)))


def agree(graph: Graph, kernel: Polynomial, f: Array, got: Array, want: Array, *layers: Any) -> None:
    """Fail unless they are equal to rounding, and not both next to nothing."""
    scale, bound = scale_of(graph, kernel, f), limit(graph, *layers)
    assert_close(got, want, scale, limit=bound, dtype=float, axis=1)
    assert relative_error(np.zeros_like(want), want, scale, axis=1) > 1e6 * bound


def pocket(graph: Graph, l_out: int, radial: Array, f: Array) -> Array:
    """The emitted convolution."""
    every = np.broadcast_to(radial.reshape(graph.n_edges, radial.shape[1], -1), (*radial.shape[:2], CHANNELS))
    arguments = (graph.indptr, graph.indices, graph.vectors, np.ascontiguousarray(every), f, graph.weights)
    return np.asarray(getattr(cpu, f"convolve_1_{l_out}")(*arguments))


# --- against the pocket kernel -------------------------------------------------------------------------


@pytest.mark.parametrize(("l_out", "channels"), [(0, ()), (1, ()), (1, (CHANNELS,)), (2, (CHANNELS,))])
def test_one_integral_is_the_pocket_kernel(l_out: int, channels: tuple[int, ...]) -> None:
    """At the exact degree and beyond it; below it the error is plain, and so it is for the kernel of -r."""
    kernel, f = Polynomial(1, l_out, 3, 0, channels), features(1)
    radial = averaged_radial(kernel.matrix, GRAPH.lengths, l_out, sphere_quadrature(3 + l_out + 1))
    want = pocket(GRAPH, l_out, radial, f)
    layer = AveragedConvolution.exact(1, l_out, kernel.matrix, degree=3)
    assert layer.frames.degree == exact_degrees(1, l_out, 3).receivers == l_out + 4
    agree(GRAPH, kernel, f, layer(GRAPH, f), want, layer)
    beyond = AveragedConvolution(1, l_out, kernel.matrix, rotation_quadrature(l_out + 5))
    agree(GRAPH, kernel, f, beyond(GRAPH, f), want, beyond)

    scale = scale_of(GRAPH, kernel, f)
    below = AveragedConvolution(1, l_out, kernel.matrix, rotation_quadrature(l_out + 3))
    assert relative_error(below(GRAPH, f), want, scale, axis=1) > 1e6 * limit(GRAPH, below)
    turned_back = averaged_radial(lambda r: kernel.matrix(-r), GRAPH.lengths, l_out, sphere_quadrature(l_out + 4))
    assert relative_error(pocket(GRAPH, l_out, turned_back, f), want, scale, axis=1) > 1e6 * limit(GRAPH, layer)


@pytest.mark.parametrize("l_out", oracles.L_OUT)
def test_two_integrals_are_the_pocket_kernel(l_out: int) -> None:
    """κ arbitrary on SE(3): lift, correlate, project.  One degree less of either integral shows, one more does not."""
    kernel, f = Polynomial(1, l_out, 2, 1), features(1)
    degrees = exact_degrees(1, l_out, 2, 1)
    assert degrees == (l_out + 3, 2)
    layer = GroupConvolution.exact(1, l_out, kernel, 2, 1)
    k = matrix_kernel(kernel, 1, layer.senders)
    radial = averaged_radial(k, FEW.lengths, l_out, sphere_quadrature(2 + l_out + 1))
    want, scale = pocket(FEW, l_out, radial, f), scale_of(FEW, kernel, f)
    agree(FEW, kernel, f, layer(FEW, f), want, layer)
    for of_receivers, of_senders in ((1, 0), (0, 1)):
        wide, narrow = (
            GroupConvolution(
                *(1, l_out, kernel),
                rotation_quadrature(degrees.receivers + sign * of_receivers),
                rotation_quadrature(degrees.senders + sign * of_senders),
            )
            for sign in (1, -1)
        )
        agree(FEW, kernel, f, wide(FEW, f), want, wide)
        assert relative_error(narrow(FEW, f), want, scale, axis=1) > 1e6 * limit(FEW, narrow)


@pytest.mark.parametrize(
    ("l_in", "l_out", "degree", "rotation_degree"), [(1, 1, 1, 1), (0, 1, 1, 1), (1, 3, 2, 1), (2, 1, 1, 2)]
)
def test_one_integral_is_two(l_in: int, l_out: int, degree: int, rotation_degree: int) -> None:
    """With the matrix kernel that the inner integral makes of κ; the steps by themselves too."""
    kernel, f = Polynomial(l_in, l_out, degree, rotation_degree, (CHANNELS,)), features(l_in)
    two = GroupConvolution.exact(l_in, l_out, kernel, degree, rotation_degree)
    one = AveragedConvolution(l_in, l_out, matrix_kernel(kernel, l_in, two.senders), two.receivers)
    got, want = two(FEW, f), one(FEW, f)
    agree(FEW, kernel, f, got, want, one, two)
    steps = two.project(two.correlate(FEW, two.lift(f)))
    assert (steps == got).all()


@pytest.mark.parametrize("l_out", oracles.L_OUT)
def test_averaged_kernel(l_out: int) -> None:
    """K(r) is the emitted kernel with the averaged radial functions, at r = 0 as well (theorem T10)."""
    kernel = Polynomial(1, l_out, 3, 0)
    r = np.concatenate([GRAPH.vectors[:40], np.zeros((1, 3))])
    lengths = np.linalg.norm(r, axis=1)
    radial = averaged_radial(kernel.matrix, lengths, l_out, sphere_quadrature(l_out + 4))
    layer = AveragedConvolution.exact(1, l_out, kernel.matrix, 3)
    bound = tolerance(float).pair(len(layer.frames))
    want = getattr(cpu, f"kernel_1_{l_out}")(r, radial)
    assert_close(layer.averaged_kernel(r), want, kernel.bound(lengths), limit=bound, dtype=float, axis=(1, 2))
    channelled = Polynomial(1, l_out, 3, 0, (2,))
    layer = AveragedConvolution.exact(1, l_out, channelled.matrix, 3)
    each = averaged_radial(channelled.matrix, lengths, l_out, sphere_quadrature(l_out + 4))
    want = np.stack([getattr(cpu, f"kernel_1_{l_out}")(r, np.ascontiguousarray(each[..., c])) for c in (0, 1)], axis=-1)
    assert_close(layer.averaged_kernel(r), want, channelled.bound(lengths), limit=bound, dtype=float, axis=(1, 2))


@pytest.mark.parametrize("l_out", oracles.L_OUT)
def test_averaging_leaves_equivariant_kernels(l_out: int) -> None:
    """The radial functions of a pocket kernel, by the hand-written forms, are found again."""
    given = np.random.default_rng(3).standard_normal((GRAPH.n_edges, oracles.n_paths(l_out)))
    paths = np.arange(oracles.n_paths(l_out))

    def kernel(r: Array) -> Array:
        return oracles.kernel(l_out, r, given, np.float64)

    got = averaged_radial(kernel, GRAPH.lengths, l_out, sphere_quadrature(2 * (l_out + 1)))
    assert got.shape[1] == len(paths)
    assert_close(got, given, np.linalg.norm(given, axis=1), limit=tolerance(float).pair(50), dtype=float, axis=1)


def test_a_kernel_becomes_a_layer() -> None:
    """Averaged radial functions serve a Convolution, and its table."""
    kernel, f = Polynomial(1, 1, 3, 0, (CHANNELS,)), features(1)
    sphere = sphere_quadrature(5)
    layer = Convolution(1, lambda r: averaged_radial(kernel.matrix, r, 1, sphere), cutoff=2.6)
    want = AveragedConvolution.exact(1, 1, kernel.matrix, 3)
    graph = radius_graph(POSITIONS, 2.6)
    agree(graph, kernel, f, layer(POSITIONS, f), want(graph, f), want)


def constant(r: Array, scale: float = 1.0) -> Array:
    """A matrix times a function of |r|: its average has the path of l_f = 0 alone, its trace over 3."""
    return np.asarray(scale * MATRIX * np.exp(-np.sum(r**2, axis=-1) / 4)[:, None, None])


MATRIX = np.random.default_rng(9).standard_normal((3, 3))


@pytest.mark.parametrize("degree", [2, 9, 60])
def test_paths_that_a_kernel_lacks_are_zero(degree: int) -> None:
    """Exactly, with no noise of rounding, whatever the scale; and from float32 too.  What is there stays."""
    r, sphere = np.linspace(0, 12, 200), sphere_quadrature(degree)
    want = np.trace(MATRIX) / 3 * np.exp(-(r**2) / 4)
    for scale in (1e-290, 1.0, 1e305):
        got = averaged_radial(partial(constant, scale=scale), r, 1, sphere)
        assert (got[:, 1:] == 0).all() and (np.abs(got[:, 0] / scale - want) <= 1e-14 * np.exp(-(r**2) / 4)).all()
    assert (averaged_radial(lambda x: constant(x).astype(np.float32), r[:100], 1, sphere)[:, 1:] == 0).all()
    lone = np.array([1e-12, 1.0, 1e-11])  # of the largest path, far below what float32 would show
    given = np.broadcast_to(lone, (len(r) - 1, 3))
    got = averaged_radial(lambda x: oracles.kernel(1, x, given, np.float64), r[1:], 1, sphere_quadrature(4))
    assert (np.abs(got - lone) <= 1e-14).all()


def test_the_noise_is_there_without_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what the tests above find is found by the limit."""
    monkeypatch.setattr(spherical_means, "_relative_rounding", lambda dtype: 0.0)
    got = averaged_radial(constant, np.linspace(0, 3, 20), 1, sphere_quadrature(9))
    assert (got[:, 1:] != 0).any()
    with pytest.raises(ToleranceError):
        table_of(constant)


def table_of(kernel: Any) -> Any:
    """The averaged radial functions as a table, with an envelope."""
    sphere, envelope = sphere_quadrature(9), PolynomialEnvelope(3.0)
    radial = lambda r: envelope(r)[:, None] * averaged_radial(kernel, r, 1, sphere)  # noqa: E731
    return Convolution(1, radial, cutoff=3.0).tabulated()


@pytest.mark.parametrize("kernel", [Polynomial(1, 1, 3, 0).matrix, constant], ids=["generic", "constant"])
def test_tables_of_averaged_kernels(kernel: Any) -> None:
    """With all paths, and with one, by the layer's result on C60."""
    sphere, envelope, f = sphere_quadrature(9), PolynomialEnvelope(3.0), features(1)
    graph = radius_graph(POSITIONS, 3.0)
    radial = envelope(graph.lengths)[:, None] * averaged_radial(kernel, graph.lengths, 1, sphere)
    got, want = table_of(kernel)(POSITIONS, f), pocket(graph, 1, radial, f)
    assert np.abs(got - want).max() <= 1e-5 * np.abs(want).max()


# --- against a literal reading of the formula -----------------------------------------------------------


def euler_grid(degree: int) -> tuple[Array, Array]:
    """Another quadrature over SO(3): Gauss' rule in cos β by equispaced α and γ, through SciPy's Euler angles."""
    z, w = np.polynomial.legendre.leggauss(degree // 2 + 1)
    turns = 2 * np.pi * (np.arange(degree + 1) + 0.3) / (degree + 1)
    angles = np.array([(a, np.arccos(c), g) for c in z for a in turns for g in turns])
    return Rotation.from_euler("ZYZ", angles).as_matrix(), np.repeat(w / 2, (degree + 1) ** 2) / (degree + 1) ** 2


def motion(x: Array, rotation: Array) -> Array:
    """(x, R) as a matrix 4 x 4, so that the group's product is the matrices'."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, x
    return matrix


@pytest.mark.parametrize(("l_in", "l_out"), [(1, 1), (1, 2), (0, 1)])
def test_literally(l_in: int, l_out: int) -> None:
    """f_out(x) = ∫ D(R) Σ_j ∫ κ(g⁻¹h) D(R')⁻¹ f_j dR' dR with g⁻¹h of 4 x 4 matrices, for three atoms."""
    kernel, x = Polynomial(l_in, l_out, 1, l_in), POSITIONS[[0, 7, 20]]
    graph, f = radius_graph(x, 20.0), features(l_in)[:3]
    outer, inner = euler_grid(1 + l_in + l_out), euler_grid(2 * l_in)
    want = np.zeros((3, 2 * l_out + 1, CHANNELS))
    for i, j in itertools.permutations(range(3), 2):
        for rotation, weight in zip(*outer, strict=True):
            for other, w in zip(*inner, strict=True):
                relative = np.linalg.inv(motion(x[i], rotation)) @ motion(x[j], other)
                kappa = kernel(relative[None, :3, 3], relative[None, :3, :3])[0, 0]
                lifted = oracles.representation(l_in, other).T @ f[j]
                want[i] += weight * w * oracles.representation(l_out, rotation) @ kappa @ lifted
    layer, scale = GroupConvolution.exact(l_in, l_out, kernel, 1, l_in), scale_of(graph, kernel, f)
    bound = limit(graph, layer) + tolerance(float).total(len(outer[1]) + len(inner[1]))
    assert_close(layer(graph, f), want, scale, limit=bound, dtype=float, axis=1)
    assert relative_error(np.zeros_like(want), want, scale, axis=1) > 1e6 * bound


# --- symmetry ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("l_in", "l_out"), [(0, 1), (1, 1), (1, 2), (2, 2), (1, 3)])
def test_equivariance_for_any_kernel(l_in: int, l_out: int) -> None:
    """Turned and moved positions and turned features give turned results; too few rotations do not."""
    kernel, f = Polynomial(l_in, l_out, 2, 0, (CHANNELS,)), features(l_in)
    turned = radius_graph(POSITIONS @ TURN.T + [1.0, 2.0, 3.0], 1.8)
    d_in, d_out = representation(l_in, TURN), representation(l_out, TURN)
    layer = AveragedConvolution.exact(l_in, l_out, kernel.matrix, 2)
    moved = limit(FEW, layer) + 64 * tolerance(float).eps  # rounding positions of up to 6 Å moves r by as much
    got, want, scale = layer(turned, d_in @ f), d_out @ layer(FEW, f), scale_of(FEW, kernel, f)
    assert_close(got, want, scale, limit=moved, dtype=float, axis=1)
    below = AveragedConvolution(l_in, l_out, kernel.matrix, rotation_quadrature(layer.frames.degree - 1))
    assert relative_error(below(turned, d_in @ f), d_out @ below(FEW, f), scale, axis=1) > 1e6 * moved


def test_the_slides_bracket() -> None:
    """k ⋆ L_g f = L_g (k ⋆ f).  With L_g k in place of k, as the slides have it, it is not; but for a scalar it is."""
    for l_out, equal in ((0, True), (1, False)):
        kernel, f = Polynomial(1, l_out, 1, 1), features(1)
        layer = GroupConvolution.exact(1, l_out, kernel, 1, 1)

        def moved_kernel(y: Array, s: Array, kernel: Any = kernel) -> Array:  # κ(g⁻¹ (y, S)) with g = (0, TURN)
            return np.asarray(kernel(y @ TURN, TURN.T @ s))

        moved = GroupConvolution(1, l_out, moved_kernel, layer.receivers, layer.senders)
        turned, d_out = radius_graph(POSITIONS @ TURN.T, 1.8), representation(l_out, TURN)
        want, scale, bound = d_out @ layer(FEW, f), scale_of(FEW, kernel, f), 2 * limit(FEW, layer)
        assert_close(layer(turned, TURN @ f), want, scale, limit=bound, dtype=float, axis=1)
        error = relative_error(moved(turned, TURN @ f), want, scale, axis=1)
        assert error <= bound if equal else error > 1e6 * bound


# --- what goes in and out -----------------------------------------------------------------------------------


def test_float32_loops_and_nothing_to_sum() -> None:
    """The dtype of the graph comes back; a node may neighbour itself; without edges all is zero."""
    kernel = Polynomial(1, 1, 2, 0)
    layer = AveragedConvolution.exact(1, 1, kernel.matrix, 2)
    narrow = radius_graph(POSITIONS.astype(np.float32), 1.8)
    got, f = layer(narrow, features(1, dtype=np.float32)), features(1, dtype=np.float32).astype(float)
    wide = Graph(narrow.indptr, narrow.indices, narrow.vectors.astype(float))
    scale = scale_of(wide, kernel, f)
    assert_close(got, layer(wide, f), scale, limit=tolerance(np.float32).eps, dtype=np.float32, axis=1)
    looped = radius_graph(POSITIONS, 1.8, loops=True)
    radial = averaged_radial(kernel.matrix, looped.lengths, 1, sphere_quadrature(4))
    agree(looped, kernel, f, layer(looped, f), pocket(looped, 1, radial, f), layer)
    two = GroupConvolution.exact(1, 1, Polynomial(1, 1, 1, 1), 1, 1)
    for each in (layer, two):
        none = each(radius_graph(POSITIONS, 0.1), f)
        assert none.shape == f.shape and (none == 0).all()


def test_not_a_number_is_not_hidden() -> None:
    """One NaN from the kernel reaches every comparison."""

    def broken(r: Array) -> Array:
        k = Polynomial(1, 1, 1, 0).matrix(r)
        k[0] = np.nan
        return k

    layer = AveragedConvolution.exact(1, 1, broken, 1)
    assert np.isnan(layer(FEW, features(1))).any()
    assert np.isnan(averaged_radial(broken, FEW.lengths, 1, sphere_quadrature(3))).any()


def test_refusals() -> None:
    """One clear line each."""
    rule, f = rotation_quadrature(1), features(1)

    def ones(*shape: int) -> Any:
        return lambda *_: np.ones(shape)

    edges = FEW.n_edges
    two = rf"^GroupConvolution: kernel must return matrices of shape \({edges}, 4, 3, 3\), or \({edges}, 4, 3, 3, 3\)"
    one = rf"^AveragedConvolution: kernel must return matrices of shape \({edges}, 3, 3\), or \({edges}, 3, 3, 3\)"
    with pytest.raises(ValueError, match=two):
        GroupConvolution(1, 1, ones(edges, 3, 3), rule, rule)(FEW, f)
    for shape in ((edges, 3, 1), (edges, 3, 3, 2), (3,), ()):
        with pytest.raises(ValueError, match=one):
            AveragedConvolution(1, 1, ones(*shape), rule)(FEW, f)
        if shape != (edges, 3, 3, 2):
            with pytest.raises(ValueError, match=r"^averaged_radial: kernel must return matrices of shape"):
                averaged_radial(ones(*shape), FEW.lengths, 1, sphere_quadrature(1))
    good = AveragedConvolution(1, 1, Polynomial(1, 1, 1, 0).matrix, rule)
    with pytest.raises(ValueError, match=r"^AveragedConvolution: features must have shape \(60, 3, C\), got \(60, 5,"):
        good(FEW, features(2))
    with pytest.raises(TypeError, match="features is float32 but the graph is float64"):
        good(FEW, f.astype(np.float32))
    with pytest.raises(TypeError, match=r"^GroupConvolution: kernel must be callable, got int$"):
        GroupConvolution(1, 1, 3, rule, rule)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^AveragedConvolution: l_in must not be negative, got -1$"):
        AveragedConvolution(-1, 1, ones(1), rule)
    with pytest.raises(ValueError, match=r"^exact_degrees: rotation_degree must not be negative, got -1$"):
        exact_degrees(1, 1, 2, -1)
    with pytest.raises(TypeError, match=r"^exact_degrees: degree must be an integer, got 1.5$"):
        exact_degrees(1, 1, 1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^averaged_radial: l_out must be 0, 1 or 2, got 3$"):
        averaged_radial(ones(1), FEW.lengths, 3, sphere_quadrature(1))
    with pytest.raises(TypeError, match=r"^averaged_radial: distances is int64"):
        averaged_radial(ones(1), np.arange(3), 1, sphere_quadrature(1))


def refused_calls() -> list[tuple[Any, type[Exception], str]]:
    """Calls, and how the line begins in which they end."""
    rule, sphere, f, r = rotation_quadrature(1), sphere_quadrature(2), features(1), np.array([0.5, 1.0])
    five: Any = 5
    nothing: Any = None
    points: Any = sphere
    turns: Any = rule
    kernel, kappa = Polynomial(1, 1, 1, 0).matrix, Polynomial(1, 1, 1, 1)
    one, two = AveragedConvolution(1, 1, kernel, rule), GroupConvolution(1, 1, kappa, rule, rule)
    at, m = np.ones((2, 3)), len(rule)

    def of_kappa(*shape: int) -> Any:
        return lambda: matrix_kernel(lambda *_: np.ones(shape), 1, rule)(at)

    shaped, rules = "kernel must return matrices of shape", "must be a RotationQuadrature, got"
    return [
        (lambda: GroupConvolution(1, 1, kappa, five, five), TypeError, f"GroupConvolution: receivers {rules} int"),
        (
            lambda: GroupConvolution(1, 1, kappa, rule, nothing),
            TypeError,
            f"GroupConvolution: senders {rules} NoneType",
        ),
        (lambda: GroupConvolution(1, 1, kappa, points, rule), TypeError, f"GroupConvolution: receivers {rules} Sphere"),
        (lambda: AveragedConvolution(1, 1, kernel, points), TypeError, f"AveragedConvolution: frames {rules} Sphere"),
        (lambda: matrix_kernel(kappa, 1, points), TypeError, f"matrix_kernel: senders {rules} SphereQuadrature"),
        (lambda: matrix_kernel(five, 1, rule), TypeError, "matrix_kernel: kernel must be callable, got int"),
        (lambda: matrix_kernel(kappa, -1, rule), ValueError, "matrix_kernel: l_in must not be negative, got -1"),
        (lambda: matrix_kernel(kappa, 1, rule)(r), ValueError, "matrix_kernel: vectors must have shape (n, 3)"),
        (of_kappa(2, 1, 3, 3), ValueError, f"matrix_kernel: {shaped} (2, {m}, 2 l_out + 1, 3), or (2, {m}, 2 l_out"),
        (of_kappa(2, m, 3, 5), ValueError, f"matrix_kernel: {shaped}"),
        (of_kappa(2, m, 3), ValueError, f"matrix_kernel: {shaped}"),
        (of_kappa(2, m, 3, 3, 2, 2), ValueError, f"matrix_kernel: {shaped}"),
        (of_kappa(), ValueError, f"matrix_kernel: {shaped}"),
        (lambda: one(POSITIONS, f), TypeError, "AveragedConvolution: graph must be a Graph, got ndarray"),
        (lambda: two(POSITIONS, f), TypeError, "GroupConvolution: graph must be a Graph, got ndarray"),
        (lambda: averaged_radial(kernel, r, 1, five), TypeError, "averaged_radial: sphere must be a SphereQuadrature"),
        (lambda: averaged_radial(kernel, r, 1, turns), TypeError, "averaged_radial: sphere must be a SphereQuadrature"),
        (lambda: averaged_radial(five, r, 1, sphere), TypeError, "averaged_radial: kernel must be callable, got int"),
        (lambda: averaged_radial(kernel, -r, 1, sphere), ValueError, "averaged_radial: distances must not be negative"),
        (lambda: averaged_radial(kernel, r * np.nan, 1, sphere), ValueError, "averaged_radial: distances holds NaN"),
    ]


def test_more_refusals() -> None:
    """One clear line each, when a layer is made if its parts are wrong."""
    for call, kind, line in refused_calls():
        with pytest.raises(kind) as refusal:
            call()
        assert str(refusal.value).startswith(line) and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("dtype", "named"), [(complex, "complex128"), (object, "object"), ("U8", "<U8"), (bool, "bool")], ids=str
)
def test_kernels_of_other_than_real_numbers(dtype: Any, named: str) -> None:
    """No imaginary part is dropped, nothing is read as a number."""
    rule, f, r, edges = rotation_quadrature(1), features(1), np.array([0.5, 1.0]), FEW.n_edges

    def ones(*shape: int) -> Any:
        return lambda *_: np.ones(shape).astype(dtype)

    calls = {
        "averaged_radial": lambda: averaged_radial(ones(2, 3, 3), r, 1, sphere_quadrature(2)),
        "matrix_kernel": lambda: matrix_kernel(ones(2, 4, 3, 3), 1, rule)(np.ones((2, 3))),
        "averaged_kernel": lambda: AveragedConvolution(1, 1, ones(2, 3, 3), rule).averaged_kernel(np.ones((2, 3))),
        "AveragedConvolution": lambda: AveragedConvolution(1, 1, ones(edges, 3, 3), rule)(FEW, f),
        "GroupConvolution": lambda: GroupConvolution(1, 1, ones(edges, 4, 3, 3), rule, rule)(FEW, f),
    }
    for where, call in calls.items():
        with pytest.raises(TypeError, match=rf"^{where}: kernel must return real numbers; got {named}$"):
            call()


def test_averaged_kernel_is_wide() -> None:
    """float64, of float32 vectors and kernels too."""
    layer = AveragedConvolution.exact(1, 1, lambda r: constant(r).astype(np.float32), 0)
    assert layer.averaged_kernel(np.ones((2, 3), np.float32)).dtype == np.float64
