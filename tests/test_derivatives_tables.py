"""Derivatives of sums with a table, over graphs and over walkers: accuracy, second order, adjointness, symmetry."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import inputs, oracles
from tests.derivative_cases import FULL, inner
from tests.derivative_oracles import WIDE
from tests.derivative_tables import CUTOFF, TableCase, table_case, table_cases, table_jet, walkers_case, walkers_cases
from tests.rotations import cube_rotations
from tests.test_derivatives_adjoint import agree, scales
from tests.test_derivatives_threads import check_threads
from tests.tolerances import Array, assert_same_bits, relative_error, tolerance

Make = Callable[..., TableCase]
MAKES: tuple[Make, ...] = (table_case, walkers_case)
slow = pytest.mark.slow
#: Each is compiled for each dtype: one key in every run, the others, which differ in their scalar functions, in CI;
#: so is what is compiled for float32 and walkers.
#: Of the paths of one parity, which differ in scalar functions alone, one key in each type.
ONE_PARITY = (("1_1_polar", np.float32), ("1_2_axial", np.float64))
SOME = [
    pytest.param(
        make,
        key,
        dtype,
        marks=[] if key == "1_1" and (make is table_case or dtype is np.float64) else slow,
        id=f"{make.__name__}-{key}-{dtype.__name__}",
    )
    for make in MAKES
    for key in oracles.KEYS
    for dtype in inputs.DTYPES
    if key in FULL or (key, dtype) in ONE_PARITY
]
each = pytest.mark.parametrize(("make", "key", "dtype"), SOME)
both_kinds = pytest.mark.parametrize("make", MAKES, ids=["tabulated", "walkers"])
both = pytest.mark.parametrize("normalize", [True, False])
any_case = st.one_of(table_cases(("1_1",)), walkers_cases(("1_1",), (np.float64,)))
quick = settings(deadline=None, max_examples=60, derandomize=True)
thorough = settings(deadline=None, max_examples=100, derandomize=True)


@pytest.mark.parametrize("degree", [3, 5])
def test_the_oracle_of_tables(degree: int) -> None:
    """Polynomials of the spline's degree, whose coefficients are means of products of knots, and their derivatives."""
    intervals, cutoff = 7, 2.5
    knots = np.arange(intervals + 2 * degree + 1, dtype=float) - degree
    windows = np.stack([knots[i + 1 : i + degree + 1] for i in range(intervals + degree)])
    r = np.linspace(0, cutoff, 50)[:-1].astype(WIDE)
    coefficients = windows.mean(1)[:, None, None]  # of t itself
    value, slope, curvature = table_jet(coefficients, cutoff, r, degree)
    rate, limit = intervals / WIDE(cutoff), 64 * intervals * tolerance(np.float64).eps
    assert relative_error(value[:, 0, 0], r * rate, intervals) < limit
    assert relative_error(slope[:, 0, 0], rate + 0 * r, rate) < limit
    assert relative_error(curvature[:, 0, 0], 0 * r, rate**2) < limit
    square = ((windows.sum(1) ** 2 - (windows**2).sum(1)) / (degree * (degree - 1)))[:, None, None]
    for got, want in zip(table_jet(square, cutoff, r, degree), ((r * rate) ** 2, 2 * r * rate**2), strict=False):
        assert relative_error(got[:, 0, 0], want, intervals**2) < limit
    assert not any(a.any() for a in table_jet(square, cutoff, np.array([cutoff, 9.0], WIDE), degree))


@each
@both
def test_accuracy(make: Make, key: str, dtype: Any, normalize: bool) -> None:
    """Value, VJP, JVP and second order; coinciding particles and edges beyond the cutoff among others."""
    for seed in range(3):
        case = make(key, dtype, normalize=normalize, seed=seed)
        case.check(case.every())
    if make is table_case:
        case = make(key, dtype, (3, 0, 20, 1), normalize=normalize, zero_vectors=True, seed=4)
        case.inputs["vectors"][::3] = 0
        case.check(case.every())


@slow
@both_kinds
@pytest.mark.parametrize("dtype", inputs.DTYPES)
def test_cubic_tables(make: Make, dtype: Any) -> None:
    """Splines of degree 3."""
    case = make("1_2", dtype, degree=3, seed=5)
    case.check(case.every())


@given(any_case)
@quick
def test_any_graph(case: TableCase) -> None:
    """Gradcheck and gradgradcheck: empty graphs, no walkers, isolated nodes, loops with r = 0, repeated edges."""
    case.check(case.every())


@slow
@given(st.one_of(table_cases(FULL), walkers_cases(FULL)))
@thorough
def test_any_graph_of_every_degree(case: TableCase) -> None:
    case.check(case.every())


@given(any_case)
@quick
def test_adjoint(case: TableCase) -> None:
    """<g, J t> = <Jᵀ g, t>."""
    left, _ = inner({"out": case.cotangents}, {"out": case.jvp()[1]})
    right, _ = inner(case.vjp(), case.tangents)
    agree(left, right, contraction(case, "vjp", case), 2 * case.limit)


@given(any_case, st.integers(0, 2**32 - 1))
@quick
def test_hessian_is_symmetric(case: TableCase, seed: int) -> None:
    """<s, H t> = <t, H s>, with the scales of both."""
    rng = np.random.default_rng(seed)
    along = {n: inputs.signed(rng, a.shape, 1).astype(case.dtype) for n, a in case.inputs.items()}
    other = dataclasses.replace(case, tangents=along)
    left, _ = inner(other.tangents, case.hvp())
    right, _ = inner(case.tangents, other.hvp())
    scale = contraction(case, "hvp", other) + contraction(other, "hvp", case)
    agree(left, right, scale, 2 * case.limit)


def contraction(case: TableCase, order: str, against: TableCase) -> Any:
    """Σ scale |tangent|, as `scales` of test_derivatives_adjoint, for positions too."""
    if "positions" not in case.inputs:
        return scales(case, order, against.tangents)
    total, wanted = WIDE(0), case.expected()
    axis = {"positions": -1, "features": -2}
    for name, array in against.tangents.items():
        sizes = np.linalg.norm(array.astype(WIDE), axis=axis[name]) if name in axis else np.abs(array)
        total += (wanted[f"{order}.{name}"][1] * sizes).sum()
    return total


@both_kinds
@both
@pytest.mark.parametrize("number", [5, 17])
def test_cube_rotation(make: Make, normalize: bool, number: int) -> None:
    """Turned inputs, which stay exact, give turned derivatives; and parity, which the axial path sees."""
    case, turn = make("1_1", np.float64, normalize=normalize, seed=number), cube_rotations()[number]

    def turned(name: str, array: Array) -> Array:
        if name in ("vectors", "positions"):
            return np.asarray(array @ turn.T)
        core = name in ("features", "value", "jvp", "cotangents")
        return np.einsum("ab,...bc->...ac", turn, array) if core else array

    other = dataclasses.replace(
        case,
        inputs={n: turned(n, a) for n, a in case.inputs.items()},
        tangents={n: turned(n, a) for n, a in case.tangents.items()},
        cotangents=turned("cotangents", case.cotangents),
    )
    got, sizes = other.every(), case.expected()
    for name, array in case.every().items():
        case.close(name, got[name], turned(name.partition(".")[2] or name, array), sizes[name][1], factor=2)


@both_kinds
@both
def test_parity(make: Make, normalize: bool) -> None:
    """Vectors reversed: the axial path of 1→1, l_f = 1, and the cotangents of vectors change sign, no bits else."""
    case = make("1_1", np.float64, normalize=normalize, seed=6)
    name = "vectors" if make is table_case else "positions"
    flipped = case.fixed["coefficients"] * np.array([1, -1, 1])[:, None]
    other = dataclasses.replace(
        case,
        fixed={**case.fixed, "coefficients": flipped},
        inputs={**case.inputs, name: -case.inputs[name]},
        tangents={**case.tangents, name: -case.tangents[name]},
    )
    got, sizes = other.every(), case.expected()
    for quantity, array in case.every().items():
        sign = -1 if quantity.endswith(name) else 1
        case.close(quantity, got[quantity], sign * array, sizes[quantity][1], factor=2)


@both_kinds
@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.float32, marks=slow)])
def test_threads(make: Make, dtype: Any) -> None:
    """One, two and five threads: the same bits."""
    size: dict[str, Any] = {"degrees": (9, 0, 20, 1) * 6} if make is table_case else {"walkers": 23}
    check_threads(make("1_1", dtype, seed=7, **size).every)


@both_kinds
def test_nan_and_the_cutoff(make: Make) -> None:
    """Nothing beyond the cutoff is looked at; within it NaN of a feature stays in its channel and shows there."""
    case = make("1_1", np.float64, seed=8)
    far = case.inputs.copy()
    if make is table_case:
        far["vectors"] = np.full_like(far["vectors"], CUTOFF)
    else:
        far["positions"] = np.arange(far["positions"].size).reshape(far["positions"].shape) * 2 * CUTOFF
        case.fixed["loops"] = False
    far["features"] = np.full_like(far["features"], np.nan)
    beyond = dataclasses.replace(case, inputs=far)
    assert not any(a.any() for a in beyond.every().values())
    bad = {**case.inputs, "features": case.inputs["features"].copy()}
    bad["features"][..., 3] = np.nan
    got, want = dataclasses.replace(case, inputs=bad).every(), case.every()
    for name in ("value", "jvp"):
        assert np.isnan(got[name][..., 3]).any()
        assert_same_bits(np.delete(got[name], 3, -1), np.delete(want[name], 3, -1))
    assert_same_bits(got["vjp.features"], want["vjp.features"])  # linear in them
    assert np.isnan(got["vjp.weights"]).any()


@both_kinds
@pytest.mark.parametrize("order", ["vjp", "jvp", "hvp"])
def test_refusals(make: Make, order: str) -> None:
    """One clear sentence before any kernel runs: a ValueError for shapes and values, a TypeError for dtypes."""
    case = make("1_1", np.float64, seed=9)
    arguments = case.arguments(order)
    name = f"{order}_{case.name}"
    moving = "vectors" if make is table_case else "positions"
    wrong: list[tuple[str, Any, type[Exception]]] = [
        ("coefficients", arguments["coefficients"][:, :2], ValueError),
        ("coefficients", arguments["coefficients"][:5], ValueError),
        ("coefficients", arguments["coefficients"].astype(np.float32), TypeError),
        ("cutoff", 0.0, ValueError),
        ("cutoff", np.nan, ValueError),
        ("degree", 4, ValueError),
        ("features", arguments["features"][..., :2, :], ValueError),
        (moving, arguments[moving][..., :2], ValueError),
        (moving, arguments[moving].astype(np.float32), TypeError),
        ("weights", arguments["weights"][:-1], ValueError),
        ("normalize", 1, TypeError),
    ]
    if order != "jvp":
        wrong += [
            ("cotangents", arguments["cotangents"][..., :1], ValueError),
            ("of", "radial", ValueError),
        ]
    if order != "vjp":
        wrong.append((f"{moving}_tangent", arguments[f"{moving}_tangent"][:-1], ValueError))
    for argument, value, error in wrong:
        with pytest.raises(error) as caught:
            case.call(order, **{argument: value})
        assert type(caught.value) is error and str(caught.value).startswith(f"{name}: "), (argument, caught.value)


@both_kinds
def test_the_limits_are_tight(make: Make) -> None:
    """A relative error of 1e-12 in any one quantity does not pass."""
    case = make("1_1", np.float64, seed=10)
    got = case.every()
    for name, array in got.items():
        with pytest.raises(AssertionError):
            case.check({**got, name: array * (1 + 1e-12)})
