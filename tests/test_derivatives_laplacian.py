"""The forward Laplacian: against complex steps, closed forms, harmonic functions, symmetry, threads, refusals."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import comb, prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn import cpu_derivatives
from pocket_tfn.cpu_derivatives import ForwardLaplacian

from tests import derivative_oracles, inputs, oracles
from tests.derivative_cases import CHANNELS, DEGREES, FULL, convolve_case
from tests.derivative_oracles import WIDE
from tests.derivative_tables import Jet, Moving, pair_jacobian, walkers_case
from tests.rotations import cube_rotations
from tests.test_derivatives_threads import check_threads
from tests.tolerances import Array, assert_close, assert_same_bits, relative_error, tolerance

slow = pytest.mark.slow
Arguments = dict[str, Any]
#: Of the paths of one parity, which differ in scalar functions alone, one key in each type.
ONE_PARITY = (("1_1_polar", np.float32), ("1_2_axial", np.float64))
#: One key and dtype in every run, as each is compiled; the others in CI.
SOME = [
    pytest.param(key, dtype, marks=[] if (key, dtype) == ("1_1", np.float64) else slow)
    for key in oracles.KEYS
    for dtype in inputs.DTYPES
    if key in FULL or (key, dtype) in ONE_PARITY
]
each = pytest.mark.parametrize(("key", "dtype"), SOME)
both = pytest.mark.parametrize("normalize", [True, False])
quick = settings(deadline=None, max_examples=40, derandomize=True)


# --- graphs ---------------------------------------------------------------------------------------------------


def graph(key: str, dtype: Any, degrees: Any = DEGREES, *, normalize: bool = True, seed: int = 0) -> Arguments:
    """laplacian_convolve_*: self-loops have r = 0, as they do not move."""
    case = convolve_case(key, np.float64, degrees, normalize=normalize, zero_vectors=True, seed=seed)
    rng, a = np.random.default_rng(seed + 3), case.inputs
    senders, receivers = case.senders_receivers()
    a["vectors"][senders == receivers] = 0
    nodes, shape = len(a["features"]), a["radial"].shape
    more = {
        "slopes": inputs.signed(rng, shape, 1),
        "curvatures": inputs.signed(rng, shape, 1),
        "features_jacobian": inputs.signed(rng, (3 * nodes, nodes, 3, CHANNELS), 1),
        "features_laplacian": inputs.signed(rng, (nodes, 3, CHANNELS), 1),
    }
    more["slopes"][(a["vectors"] == 0).all(axis=1)] = (
        0  # of a smooth function of r²: with another there is no Laplacian
    )
    floats = {n: array.astype(dtype) for n, array in {**a, **more}.items()}
    return {**case.fixed, **floats, "normalize": normalize}


def call(name: str, arguments: Arguments, **changes: Any) -> ForwardLaplacian:
    found = getattr(cpu_derivatives, f"laplacian_{name}")(**{**arguments, **changes})
    assert type(found) is ForwardLaplacian
    return found


def check_graph(key: str, a: Arguments) -> None:
    """Against complex steps of every coordinate, norm-wise, per component group and channel."""
    got = call(f"convolve_{key}", a)
    nodes, dtype = len(a["features"]), a["features"].dtype
    senders, receivers = a["indices"], np.repeat(np.arange(nodes), np.diff(a["indptr"]))
    jet: Jet = tuple(a[n].astype(WIDE) for n in ("radial", "slopes", "curvatures"))  # type: ignore[assignment]
    moving = Moving(
        key,
        a["normalize"],
        a["vectors"],
        jet,
        jet,
        a["weights"],
        a["features"][senders],
        pair_jacobian(senders, receivers, nodes),
        a["features_jacobian"][:, senders],
        a["features_laplacian"][senders],
    )
    limit = tolerance(dtype).derivative(6 * int(np.diff(a["indptr"]).max(initial=1)))
    for array, (messages, scales) in zip(got, moving.messages(), strict=True):
        lead = messages.shape[: messages.ndim - 3]
        want = np.zeros((*lead, nodes, *messages.shape[-2:]), WIDE)
        scale = np.zeros((*lead, nodes, messages.shape[-1]), WIDE)
        for e, receiver in enumerate(receivers):
            want[..., receiver, :, :] += messages[..., e, :, :]
            scale[..., receiver, :] += scales[..., e, :]
        assert_close(array, want, scale, limit=limit, dtype=dtype, axis=-2)


@each
@both
def test_graphs(key: str, dtype: Any, normalize: bool) -> None:
    """Value, Jacobian and Laplacian, with features that depend on the coordinates."""
    check_graph(key, graph(key, dtype, (3, 0, 9, 1), normalize=normalize, seed=1))


@given(st.lists(st.integers(0, 4), max_size=4), st.booleans(), st.integers(0, 2**32 - 1))
@quick
def test_any_graph(degrees: list[int], normalize: bool, seed: int) -> None:
    """Empty graphs, isolated nodes, loops with r = 0, coincident nodes, repeated edges."""
    check_graph("1_1", graph("1_1", np.float64, degrees, normalize=normalize, seed=seed))


# --- closed forms ---------------------------------------------------------------------------------------------

#: f with φ = r^l f(r): f, f', f'' and what the Laplacian of f r^l Y is beside f r^l Y, as functions of r and l.
Radial = Callable[[Array, int], tuple[Array, Array, Array, Array]]


def constant(r: Array, l: int) -> tuple[Array, Array, Array, Array]:
    """r^l Y is harmonic."""
    return 1 + 0 * r, 0 * r, 0 * r, 0 * r


def hydrogen(r: Array, l: int, a: float = 0.75) -> tuple[Array, Array, Array, Array]:
    """(∇² + 2 a (l + 1) / r) ψ = a² ψ."""
    f = np.exp(-a * r)
    return f, -a * f, a * a * f, a * a - 2 * a * (l + 1) / r


def gaussian(r: Array, l: int, a: float = 0.5) -> tuple[Array, Array, Array, Array]:
    """The oscillator: ∇² ψ = (4 a² r² - 2 a (2 l + 3)) ψ."""
    f = np.exp(-a * r * r)
    return f, -2 * a * r * f, (4 * a * a * r * r - 2 * a) * f, 4 * a * a * r * r - 2 * a * (2 * l + 3)


def solid_power(jet: tuple[Array, Array, Array], r: Array, l: int) -> tuple[Array, Array, Array]:
    """r^l f and its derivatives, by Leibniz."""
    f, f1, f2 = jet
    p, p1 = r**l, l * r ** WIDE(l - 1)
    p2 = l * (l - 1) * r ** WIDE(l - 2)
    return p * f, p1 * f + p * f1, p2 * f + 2 * p1 * f1 + p * f2


@pytest.mark.parametrize("key", ["1_1", pytest.param("1_0", marks=slow), pytest.param("1_2", marks=slow)])
@both
@pytest.mark.parametrize("radial", [constant, hydrogen, gaussian])
def test_closed_forms(key: str, normalize: bool, radial: Radial) -> None:
    """Twice the Laplacian, as both ends move; of one path at a time, and exactly no Jacobian of the features."""
    rng, count = np.random.default_rng(2), 24
    vectors = rng.standard_normal((count, 3))
    r = np.sqrt((vectors.astype(WIDE) ** 2).sum(1))
    features = rng.standard_normal((count, 3, CHANNELS))  # edge e: from node count + e to node e
    for p, l in enumerate(derivative_oracles.path_degrees(key)):
        *jet, factor = radial(r, l)
        f = (jet[0], jet[1], jet[2])
        given = solid_power(f, r, l) if normalize else f
        tables = [np.zeros((count, len(oracles.POSITIONS[key]), CHANNELS)) for _ in range(3)]
        for table, values in zip(tables, given, strict=True):
            table[:, p] = values[:, None]
        indptr = np.concatenate([np.arange(count + 1), np.full(count, count)])  # receiver e has edge e
        everyone = np.concatenate([features, features])
        found = call(
            f"convolve_{key}",
            dict(zip(("radial", "slopes", "curvatures"), tables, strict=True)),
            indptr=indptr,
            indices=np.arange(count) + count,
            vectors=vectors,
            features=everyone,
            normalize=normalize,
        )
        kernel = derivative_oracles.kernels(key, vectors.astype(WIDE), False)[:, p] * f[0][:, None, None]
        psi = np.einsum("nmc,ncz->nmz", kernel, features[:count])
        size = np.abs(given[2]) + (2 * l + 2) * np.abs(given[1]) / r + (l + 1) ** 2 * np.abs(given[0]) / r**2
        size = size * (1 if normalize else r**l)
        scale = 2 * size[:, None] * np.linalg.norm(features[:count], axis=1)
        limit = 2 * tolerance(np.float64).derivative()
        assert_close(found.value[:count], psi, scale * (r * r)[:, None], limit=limit, dtype=np.float64, axis=-2)
        want = 2 * factor[:, None, None] * psi
        assert_close(found.laplacian[:count], want, scale, limit=limit, dtype=np.float64, axis=-2)
        if radial is not constant:
            assert (np.linalg.norm(want, axis=1) > 1e6 * limit * scale).mean() > 0.9  # the check is not empty


def monomial(power: int, intervals: int, cutoff: float, degree: int = 5) -> Array:
    """Coefficients of the spline that is r^power: mean products of so many knots (the blossom)."""
    knots = np.arange(intervals + 2 * degree + 1, dtype=float) - degree
    found = []
    for i in range(intervals + degree):
        products = [prod(chosen) for chosen in combinations(knots[i + 1 : i + degree + 1], power)]
        found.append(sum(products) / comb(degree, power))
    return np.array(found) * (cutoff / intervals) ** power


@pytest.mark.parametrize("key", ["1_1", pytest.param("1_0", marks=slow), pytest.param("1_2", marks=slow)])
@pytest.mark.parametrize("power", [0, 2, 4])
def test_polynomials_through_a_table(key: str, power: int) -> None:
    """Walkers: ∇² r^n r^l Y = n (n + 2 l + 1) r^(n - 2) r^l Y, harmonic for n = 0; the table holds r^n exactly."""
    rng, cutoff, intervals = np.random.default_rng(3), 6.0, 8
    positions = rng.uniform(-1, 1, (20, 2, 3))
    vectors = positions[:, 0] - positions[:, 1]
    r = np.sqrt((vectors.astype(WIDE) ** 2).sum(1))
    features = rng.standard_normal((20, 2, 3, CHANNELS))
    for p, l in enumerate(derivative_oracles.path_degrees(key)):
        table = np.zeros((intervals + 5, len(oracles.POSITIONS[key]), CHANNELS))
        table[:, p] = monomial(power, intervals, cutoff)[:, None]
        found = call(
            f"walkers_{key}",
            {"positions": positions, "coefficients": table, "cutoff": cutoff, "features": features},
            normalize=False,
        )
        kernel = derivative_oracles.kernels(key, vectors.astype(WIDE), False)[:, p]
        sign = [1, (-1) ** l]
        steep = 2 * intervals / cutoff
        for i in range(2):
            y = sign[i] * np.einsum("nmc,ncz->nmz", kernel, features[:, 1 - i])
            want = 2 * power * (power + 2 * l + 1) * r[:, None, None] ** (power - 2) * y if power else 0 * y
            size = (steep**2 + 2 * (l + 1) * steep / r) * np.abs(table).max() * r**l
            scale = 2 * size[:, None] * np.linalg.norm(features[:, 1 - i], axis=1)
            limit = tolerance(np.float64).table_derivative(intervals)
            assert_close(found.laplacian[:, i], want, scale, limit=limit, dtype=np.float64, axis=-2)
            assert power == 0 or (np.linalg.norm(want, axis=1) > 1e6 * limit * scale).mean() > 0.9


# --- walkers --------------------------------------------------------------------------------------------------


def walkers(key: str, dtype: Any, *, normalize: bool = True, seed: int = 0, count: int = 3) -> Arguments:
    case = walkers_case(key, dtype, count, normalize=normalize, seed=seed)
    rng, a = np.random.default_rng(seed + 4), case.inputs
    b, n = a["positions"].shape[:2]
    more = {
        "features_jacobian": inputs.signed(rng, (b, 3 * n, n, 3, CHANNELS), 1).astype(dtype),
        "features_laplacian": inputs.signed(rng, (b, n, 3, CHANNELS), 1).astype(dtype),
    }
    return {**case.fixed, **a, **more, "normalize": normalize}


@each
@both
def test_walkers(key: str, dtype: Any, normalize: bool) -> None:
    """Value, Jacobian and Laplacian of all pairs; coinciding particles and loops among them."""
    for seed in range(3):
        a = walkers(key, dtype, normalize=normalize, seed=seed)
        case = walkers_case(key, dtype, normalize=normalize, seed=seed)
        got, (jet, size) = call(f"walkers_{key}", a), case.jets()
        senders, receivers = case.senders_receivers()
        b, n = a["positions"].shape[:2]
        flat = {name: a[name].reshape(-1, *a[name].shape[2:]) for name in ("weights", "features", "features_laplacian")}
        jacobian = np.moveaxis(a["features_jacobian"], 2, 1).reshape(b * n, 3 * n, 3, CHANNELS)
        own = pair_jacobian(senders % n, receivers % n, n)
        moving = Moving(
            key,
            normalize,
            case.vectors,
            jet,
            size,
            flat["weights"][senders],
            flat["features"][senders],
            own,
            np.moveaxis(jacobian[senders], 1, 0),
            flat["features_laplacian"][senders],
        )
        limit = tolerance(dtype).table_derivative(case.intervals, 6 * n)
        for array, (messages, scales), axis in zip(got, moving.messages(), (0, 1, 0), strict=True):
            want, scale = (_received(m, axis, receivers, b, n) for m in (messages, scales))
            assert_close(array, want, scale, limit=limit, dtype=dtype, axis=-2)


def _received(messages: Array, axis: int, receivers: Array, b: int, n: int) -> Array:
    """Messages ([D,] E, ..) or their scales, edges along this axis, summed to (B, [D,] A, ..)."""
    total = np.zeros((b * n, *np.moveaxis(messages, axis, 0).shape[1:]), WIDE)
    np.add.at(total, receivers, np.moveaxis(messages, axis, 0))
    parts = total.reshape(b, n, *total.shape[1:])
    return np.moveaxis(parts, 2, 1) if axis else parts


# --- symmetry and promises --------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("number", [3, 11])
def test_cube_rotation(normalize: bool, number: int) -> None:
    """Value, Jacobian and Laplacian turn with positions, features and their Jacobian, which stay exact."""
    turn = cube_rotations()[number]
    full = walkers("1_1", np.float64, normalize=normalize, seed=5)

    def components(array: Array) -> Array:
        return np.einsum("ab,...bc->...ac", turn, array)

    def coordinates(jacobian: Array) -> Array:
        """(B, 3 A, A, 3, C): the axes of the coordinates too."""
        by_axis = jacobian.reshape(len(jacobian), -1, 3, *jacobian.shape[2:])
        return components(np.einsum("pq,biq...->bip...", turn, by_axis)).reshape(jacobian.shape)

    other = {**full, "positions": full["positions"] @ turn.T}
    for name in ("features", "features_laplacian"):
        other[name] = components(full[name])
    other["features_jacobian"] = coordinates(full["features_jacobian"])
    got, want = call("walkers_1_1", other), call("walkers_1_1", full)
    for new, old, turned in zip(got, want, (components, coordinates, components), strict=True):
        assert np.abs(old).max() > 0
        assert relative_error(new, turned(old), np.abs(old).max()) < 1e3 * tolerance(np.float64).eps


@pytest.mark.parametrize("dtype", inputs.DTYPES)
def test_near_the_origin(dtype: Any) -> None:
    """normalize=False, g = 1 - r² of l_f = 0: ∇² is -6 of either end, but for the slope's rounding over |r|."""
    cutoff, intervals = 2.0, 32
    table = np.zeros((intervals + 5, 3, CHANNELS), dtype)
    table[:, 0] = (monomial(0, intervals, cutoff) - monomial(2, intervals, cutoff))[:, None]
    r = np.array([0, *10.0 ** -np.arange(9)], dtype)
    positions = np.zeros((len(r), 2, 3), dtype)
    positions[:, 1, 1] = r
    found = call(
        "walkers_1_1",
        {
            "positions": positions,
            "coefficients": table,
            "cutoff": cutoff,
            "features": np.ones((len(r), 2, 3, CHANNELS), dtype),
        },
        normalize=False,
    )
    error = np.abs(found.laplacian.astype(np.float64) + 12).max((1, 2, 3))
    eps = tolerance(dtype).eps
    rounding = 8 * eps * np.abs(table).max() * intervals / cutoff
    with np.errstate(divide="ignore"):
        over = np.where(r > 0, rounding / r, 0)
    assert (error <= 8 * eps * (intervals / cutoff) ** 2 * np.abs(table).max() + over).all(), error


def test_threads() -> None:
    """One, two and five threads: the same bits."""
    a = graph("1_1", np.float64, (9, 0, 20, 1) * 3, seed=6)
    b = walkers("1_1", np.float64, seed=6, count=23)
    check_threads(lambda: call("convolve_1_1", a)._asdict())
    check_threads(lambda: call("walkers_1_1", b)._asdict())


@slow
@pytest.mark.parametrize("dtype", inputs.DTYPES)
@pytest.mark.parametrize("name", ["convolve_1_1", "walkers_1_1"])
def test_features_that_do_not_move(name: str, dtype: Any) -> None:
    """Their Jacobian or Laplacian left out are zeros, each compiled apart."""
    a = graph("1_1", dtype, seed=7) if name.startswith("convolve") else walkers("1_1", dtype, seed=7)
    for left_out in (("features_jacobian",), ("features_laplacian",), ("features_jacobian", "features_laplacian")):
        zeros = {n: np.zeros_like(a[n]) for n in left_out}
        for got, want in zip(call(name, a, **dict.fromkeys(left_out)), call(name, a, **zeros), strict=True):
            assert relative_error(got, want, np.abs(want).max()) <= tolerance(dtype).pair(64)


@pytest.mark.parametrize("name", ["convolve_1_1", "walkers_1_1"])
def test_refusals_and_nan(name: str) -> None:
    """Wrong shapes and types are named; a NaN stays in its channel."""
    a = graph("1_1", np.float64, seed=8) if name.startswith("convolve") else walkers("1_1", np.float64, seed=8)
    floats = [n for n, v in a.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f"]
    for argument in floats:
        by_component = {
            "features": a["features"][..., :-1, :],
            "coefficients": a.get("coefficients", np.ones((1, 2)))[:, :-1],
        }
        cut = by_component.get(argument, a[argument][..., :-1])  # of channels it is unknown which array is wrong
        for bad, error in ((cut, ValueError), (a[argument].astype(np.float32), TypeError)):
            with pytest.raises(error, match=rf"^laplacian_{name}: .*\b{argument}\b") as caught:
                call(name, a, **{argument: bad})
            assert type(caught.value) is error
    want = call(name, a)
    features = a["features"].copy()
    features[..., 5] = np.nan
    for got, good in zip(call(name, a, features=features), want, strict=True):
        assert np.isnan(got[..., 5]).any()
        assert_same_bits(np.delete(got, 5, -1), np.delete(good, 5, -1))
