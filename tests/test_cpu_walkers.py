"""convolve_walkers_*: all pairs of small systems, each pair computed once and used for both directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn import cpu

from tests import cases, inputs, oracles, promises, sums
from tests.cases import CHANNELS, Case, walkers_case
from tests.interpreted import interpreted
from tests.promises import with_nan
from tests.rotations import cube_rotations, quaternion_rotation
from tests.tolerances import Array, assert_same_bits

KIND = "convolve_walkers"
each_key = pytest.mark.parametrize("key", oracles.KEYS)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
loops_or_not = pytest.mark.parametrize("loops", [False, True])


@each_key
@both_dtypes
@loops_or_not
def test_definition(key: str, dtype: Any, loops: bool) -> None:
    """Σ_j w_j Σ_p radial_p(|r_ij|) K^p(r̂_ij) f_j of every particle of every system, compiled."""
    for seed in range(5):
        case = walkers_case(key, dtype, seed=seed, loops=loops)
        case.check(case())


@given(cases.cases(KIND))
@settings(deadline=None, max_examples=150, derandomize=True)
def test_any_shape(case: Case) -> None:
    """The same code as plain Python: no systems, no particles, one; all channel counts, tables, both degrees."""
    case.check(case(interpreted))


@given(cases.cases(KIND, ("1_1",), compiled=True))
@settings(deadline=None, max_examples=80, derandomize=True)
def test_any_number_of_channels(case: Case) -> None:
    """1 to 37, compiled: every width of vectors, and what they leave over."""
    case.check(case())


@both_dtypes
@pytest.mark.parametrize("options", [{"weighted": False}, {"degree": 3}], ids=str)
def test_what_is_compiled_apart(dtype: Any, options: dict[str, Any]) -> None:
    """Without weights, of the lower degree."""
    case = walkers_case("1_2", dtype, **options)
    case.check(case())


@both_dtypes
@pytest.mark.parametrize("particles", [0, 1, 2, 70, 130])
def test_any_number_of_particles(dtype: Any, particles: int) -> None:
    """None, one, two, and more than the loops over edges take in one go."""
    case = walkers_case("1_1", dtype, 2, particles, loops=False)
    case.check(case())
    assert case().any() == (particles > 1)


def test_no_channels() -> None:
    """Nothing, of the right shape."""
    case = walkers_case("1_2", np.float64, channels=0)
    assert_same_bits(case(), np.zeros((3, 5, 5, 0)))


def test_without_loops_of_the_higher_degree_by_default() -> None:
    """loops=False, degree=5, unless said otherwise."""
    case = walkers_case("1_1", np.float64, loops=False)
    del case.arguments["loops"], case.arguments["degree"]
    case.check(case())


# --- the same sums by other functions -------------------------------------------------------------------


def as_graph(case: Case) -> Case:
    """All pairs of all systems as one graph, for convolve_tabulated_*."""
    a = case.arguments
    walkers, particles = a["positions"].shape[:2]
    pairs = np.argwhere(np.ones((particles, particles)) if a["loops"] else 1 - np.eye(particles))
    receivers, senders = (np.add.outer(np.arange(walkers) * particles, pairs[:, n]).ravel() for n in (0, 1))
    positions = a["positions"].reshape(-1, 3)
    arguments = {
        "indptr": np.searchsorted(receivers, np.arange(walkers * particles + 1)),
        "indices": senders,
        "vectors": positions[receivers] - positions[senders],
        "coefficients": a["coefficients"],
        "cutoff": a["cutoff"],
        "features": a["features"].reshape(-1, *a["features"].shape[2:]),
        "weights": a["weights"].ravel()[senders],
    }
    return Case("convolve_tabulated", case.key, arguments)


@each_key
@both_dtypes
@loops_or_not
def test_equals_a_complete_graph(key: str, dtype: Any, loops: bool) -> None:
    """convolve_tabulated_* over all pairs."""
    case = walkers_case(key, dtype, loops=loops, seed=1)
    want = as_graph(case)()
    case.agrees(case(), want.reshape(3, 5, *want.shape[1:]))


@each_key
@both_dtypes
def test_loops_are_what_is_left_at_the_origin(key: str, dtype: Any) -> None:
    """T10: a particle acts on itself through the path with l_f = 0 alone, with the table's first value."""
    case = walkers_case(key, dtype, particles=1, seed=2)
    got = case()
    if key in ("1_1", "1_1_polar"):
        a = case.arguments
        first = sums.read_table(a["coefficients"], a["cutoff"], np.zeros(1, np.longdouble), a["degree"])[0, 0]
        want = a["weights"][..., None, None] * first * a["features"]
        scale = case.expected()[1]
        assert scale.all() and np.array_equal(np.sign(got), np.sign(want))
        case.check(got)
    else:
        assert not got.any()
    assert not case.changed(loops=False)().any()


@both_dtypes
def test_coinciding_particles(dtype: Any) -> None:
    """Two at one place hear each other as they hear themselves, whether or not they do the latter."""
    case = walkers_case("1_1", dtype, 4, 2, loops=False)
    case.arguments["positions"][:, 1] = case.arguments["positions"][:, 0]
    case.check(case())
    assert case().all()


# --- the cutoff and NaN -----------------------------------------------------------------------------------


@both_dtypes
@pytest.mark.parametrize("cutoff", [1.0, 3.7, 0.1])
def test_the_end_of_the_table(dtype: Any, cutoff: float) -> None:
    """A pair at the cutoff, or further, is no pair, whatever its features hold; a little nearer it is."""
    cutoff = float(dtype(cutoff))
    eps = np.finfo(dtype).eps
    for intervals in (1, 7, 10, 1000):
        case = walkers_case("1_1", dtype, 1, 2, loops=False, intervals=intervals, cutoff=cutoff)
        for length in (cutoff, cutoff * (1 + eps), 9 * cutoff, 1e19, np.inf):
            positions = np.array([[[0, length, 0], [0, 0, 0]]], dtype)
            features = np.full_like(case.arguments["features"], np.nan)
            beyond = case.changed(positions=positions, features=features)
            assert_same_bits(beyond(), np.zeros((1, 2, 3, CHANNELS), dtype))
        within = case.changed(positions=np.array([[[0, cutoff * (1 - 8 * eps), 0], [0, 0, 0]]], dtype))
        within.check(within())
        assert within().all()


@both_dtypes
@pytest.mark.parametrize("key", ["1_1", "1_2_axial", "1_2"])
def test_nan_shows_where_it_should(dtype: Any, key: str) -> None:
    """A lost particle spoils its system; features and weights those who hear them, in their channels."""
    case = walkers_case(key, dtype, loops=False, cutoff=9.0)
    a, only = case.arguments, promises.check_only
    a["positions"][:] = np.random.default_rng(0).uniform(-1, 1, a["positions"].shape)
    a["positions"][1, 4] = 1000  # beyond the cutoff of all others
    others = (1, [0, 1, 3])
    only(case, 1, positions=with_nan(a["positions"], (1, 2, 0)))
    only(case, others, weights=with_nan(a["weights"], (1, 2)))
    spoilt = a["features"].copy()
    spoilt[1, 2, :, 5] = np.nan
    only(case, ([[1], [1], [1]], [[0], [1], [3]], slice(None), 5), features=spoilt)
    got = case.changed(coefficients=with_nan(a["coefficients"], (slice(None), 0, 6)))()
    assert np.isnan(got[0, :, :, 6]).any(axis=-1).all()
    assert_same_bits(np.delete(got, 6, -1), np.delete(case(), 6, -1))
    assert not np.isnan(got[1, 4]).any()


# --- symmetry ---------------------------------------------------------------------------------------------


def conditioning(case: Case) -> float:
    """By how much rounding positions is worse than rounding their differences."""
    positions = case.arguments["positions"].astype(np.longdouble)
    distances = sums.lengths(positions[:, :, None] - positions[:, None])
    return float(2 * np.abs(positions).max() / distances[distances > 0].min())


@each_key
@both_dtypes
def test_rotation(key: str, dtype: Any) -> None:
    """Turned positions and features give turned results."""
    for seed in range(4):
        case = walkers_case(key, dtype, seed=seed)
        case.arguments["positions"][np.abs(case.arguments["positions"]) > 100] = 20  # as far, for conditioning's sake
        promises.check_turned(case, quaternion_rotation(seed), blur=conditioning(case))


@given(cases.cases(KIND, ("1_1",), compiled=True), st.sampled_from(range(24)))
@settings(deadline=None, max_examples=50, derandomize=True)
def test_cube_rotation(case: Case, number: int) -> None:
    """The same for any shape, where turned positions are exact."""
    promises.check_turned(case, cube_rotations()[number])


def on_a_grid(key: str, dtype: Any, walkers: int = 3) -> Case:
    """Positions that may be moved by integers without rounding."""
    case = walkers_case(key, dtype, walkers)
    positions = np.round(case.arguments["positions"].clip(-60, 60) * 64) / 64
    return case.changed(positions=positions.astype(dtype))


@each_key
@both_dtypes
def test_translation(key: str, dtype: Any) -> None:
    """Systems moved as a whole, each elsewhere: the same bits."""
    case = on_a_grid(key, dtype)
    shift = np.random.default_rng(0).integers(-50, 50, (3, 1, 3)).astype(dtype)
    assert_same_bits(case.changed(positions=case.arguments["positions"] + shift)(), case())


@each_key
@both_dtypes
def test_relabelling_particles(key: str, dtype: Any) -> None:
    """Particles in another order, another in each system: the same results in that order."""
    case = walkers_case(key, dtype, seed=3)
    orders = np.stack([np.random.default_rng(b).permutation(5) for b in range(3)])
    rows = np.arange(3)[:, None]
    names = ("positions", "features", "weights")
    moved = case.changed(**{name: case.arguments[name][rows, orders] for name in names})
    moved.agrees(moved(), case()[rows, orders])


@each_key
@both_dtypes
def test_systems_do_not_touch(key: str, dtype: Any) -> None:
    """Each system alone, and all in reverse: the same bits."""
    case = walkers_case(key, dtype, seed=4)
    want = case()
    names = ("positions", "features", "weights")

    def chosen(which: Any) -> Array:
        return case.changed(**{name: case.arguments[name][which] for name in names})()

    for b in range(3):
        assert_same_bits(chosen(slice(b, b + 1)), want[b : b + 1])
    assert_same_bits(chosen(slice(None, None, -1)), want[::-1].copy())


@both_dtypes
def test_action_and_reaction(dtype: Any) -> None:
    """Of two particles, the odd path sends opposite things to equal fields, the even path the same: to the last bit."""
    for key, sign in (("1_1_axial", -1), ("1_1_polar", 1), ("1_0", -1), ("1_2_polar", -1), ("1_2_axial", 1)):
        case = walkers_case(key, dtype, particles=2, loops=False, seed=5)
        case.arguments["positions"] /= 8
        for name in ("features", "weights"):
            case.arguments[name][:, 1] = case.arguments[name][:, 0]
        got = case()
        assert got[got != 0].size
        assert np.array_equal(got[:, 1], sign * got[:, 0])


# --- what all sums promise ----------------------------------------------------------------------------------


@each_key
@both_dtypes
def test_threads(key: str, dtype: Any) -> None:
    promises.check_threads(walkers_case(key, dtype, 23))


@both_dtypes
@pytest.mark.parametrize("key", ["1_0", "1_1", "1_2_polar"])
def test_memory(key: str, dtype: Any) -> None:
    """Any layout of the inputs and of out, also where they overlap."""
    case = walkers_case(key, dtype)
    promises.check_layouts(case)
    promises.check_out(case)
    promises.check_overlap(case)


def test_in_place_and_as_plain_python() -> None:
    """1→1 may write over its features; interpreted and compiled agree."""
    case = walkers_case("1_1", np.float64)
    want = case()
    case.agrees(case(interpreted), want)
    features = case.arguments["features"]
    assert cpu.convolve_walkers_1_1(**case.arguments, out=features) is features
    assert_same_bits(features, want)
