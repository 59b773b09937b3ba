"""*_polar and *_axial: the paths of one parity alone; under reflections the output keeps its sign, or changes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn import cpu

from tests import inputs, oracles, promises
from tests.cases import CHANNELS, Case, case, cases
from tests.inputs import directions, signed
from tests.interpreted import interpreted
from tests.rotations import cube_rotations, quaternion_rotation
from tests.sums import SUMS
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance

KINDS = tuple(SUMS)
each_key = pytest.mark.parametrize("key", oracles.SUBSETS)
each_kind = pytest.mark.parametrize("kind", KINDS)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
thorough = settings(deadline=None, max_examples=60, derandomize=True)

#: With 1→0, whose single path is polar: everything whose parity is pure.
PURE = ("1_0", *oracles.SUBSETS)


def sign_under_reflections(key: str) -> int:
    return -1 if key.endswith("axial") else 1


def test_the_subsets_are_all_channels_once() -> None:
    """Polar and axial together are all paths, none twice; the parity is that of 1 + l_f + l_out."""
    for l_out in (1, 2):
        polar, axial = (oracles.POSITIONS[f"1_{l_out}_{parity}"] for parity in ("polar", "axial"))
        assert sorted(polar + axial) == list(oracles.POSITIONS[f"1_{l_out}"])
        assert all((1 + oracles.DEGREES[l_out][p] + l_out) % 2 == 0 for p in polar)
        assert all((1 + oracles.DEGREES[l_out][p] + l_out) % 2 == 1 for p in axial)
    kinds = ("kernel", "apply", *KINDS)
    assert {f"{kind}_{key}" for kind in kinds for key in oracles.KEYS} < set(cpu.__all__)


# --- kernel and apply -------------------------------------------------------------------------------------


def items(key: str, dtype: Any, seed: int = 0) -> tuple[Array, Array, Array]:
    """vectors, radial, features of 40 items, 3 channels."""
    rng = np.random.default_rng(seed)
    vectors, shape = directions(rng, 40), (40, len(oracles.POSITIONS[key]), 3)
    vectors[:3] = 0
    return vectors.astype(dtype), signed(rng, shape, 3).astype(dtype), signed(rng, (40, 3, 3), 3).astype(dtype)


@each_key
@both_dtypes
@pytest.mark.parametrize("engine", [cpu, interpreted], ids=["compiled", "interpreted"])
def test_kernel_and_apply(key: str, dtype: Any, engine: Any) -> None:
    """The definition, at r = 0 too."""
    vectors, radial, features = items(key, dtype)
    every, l_out = oracles.all_channels(key, radial), oracles.degree_of(key)
    limit = tolerance(dtype).value
    got = getattr(engine, f"kernel_{key}")(vectors, radial[..., 0])
    size = np.linalg.norm(radial[..., 0].astype(np.longdouble), axis=-1)
    want = oracles.kernel(l_out, vectors, every[..., 0])
    assert_close(got, want, size, limit=limit, dtype=dtype, axis=(-2, -1))
    got = getattr(engine, f"apply_{key}")(vectors, radial, features)
    scale = oracles.apply_scale(every, features)
    assert_close(got, oracles.apply(l_out, vectors, every, features), scale, limit=limit, dtype=dtype, axis=-2)


@each_key
@both_dtypes
def test_broadcasting(key: str, dtype: Any) -> None:
    """Leading dimensions missing, of length one, and mixed: the bits of arrays written out in full, in plain Python."""
    vectors, radial, features = (a[:6] for a in items(key, dtype, 1))
    short = vectors[:, None], radial[:2], features[0]
    full = [np.broadcast_to(a, (6, 2, *a.shape[-n:])).copy() for a, n in zip(short, (1, 2, 2), strict=True)]
    apply, kernel = getattr(interpreted, f"apply_{key}"), getattr(interpreted, f"kernel_{key}")
    assert_same_bits(apply(*short), apply(*full))
    assert_same_bits(kernel(short[0], short[1][..., 0]), kernel(full[0], full[1][..., 0]))


@both_dtypes
@pytest.mark.parametrize("l_out", [1, 2])
def test_kernels_add_up(l_out: int, dtype: Any) -> None:
    """polar + axial = all, for kernel and apply."""
    vectors, radial, features = items(f"1_{l_out}", dtype, 2)
    parts = [f"1_{l_out}_{parity}" for parity in ("polar", "axial")]
    size = np.linalg.norm(radial.astype(np.longdouble), axis=-2)
    limit = tolerance(dtype).pair(2)
    got = sum(getattr(cpu, f"kernel_{key}")(vectors, radial[:, oracles.POSITIONS[key], 0]) for key in parts)
    want = getattr(cpu, f"kernel_1_{l_out}")(vectors, radial[..., 0])
    assert_close(got, want, size[:, 0], limit=limit, dtype=dtype, axis=(-2, -1))
    got = sum(getattr(cpu, f"apply_{key}")(vectors, radial[:, oracles.POSITIONS[key]], features) for key in parts)
    want = getattr(cpu, f"apply_1_{l_out}")(vectors, radial, features)
    assert_close(got, want, oracles.apply_scale(radial, features), limit=limit, dtype=dtype, axis=-2)


# --- sums over neighbours ---------------------------------------------------------------------------------


@each_key
@both_dtypes
def test_streamed_definition(key: str, dtype: Any) -> None:
    """convolve_*, compiled; the other kinds have test files of their own."""
    for seed in range(5):
        c = case("convolve", key, dtype, seed=seed)
        c.check(c())


@given(cases("convolve"))
@settings(deadline=None, max_examples=150, derandomize=True)
def test_streamed_of_any_shape(c: Case) -> None:
    """The same code as plain Python: all channel counts, graphs and index types; the whole sets of paths too."""
    c.check(c(interpreted))


@given(cases("convolve", ("1_2_polar",), compiled=True))
@thorough
def test_streamed_with_any_number_of_channels(c: Case) -> None:
    """1 to 37, compiled."""
    c.check(c())


def part(whole: Case, key: str) -> Case:
    """The same call of the function for some of the paths."""
    paths = list(oracles.POSITIONS[key])
    axis = {"radial": 1, "coefficients": 1, "mixing": 1}
    chosen = {name: np.take(whole.arguments[name], paths, axis[name]) for name in axis if name in whole.arguments}
    return Case(whole.kind, key, {**whole.arguments, **chosen})


@both_dtypes
@each_kind
@pytest.mark.parametrize("l_out", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_sums_add_up(kind: str, l_out: int, dtype: Any) -> None:
    """polar + axial = all."""
    for seed in range(3):
        whole = case(kind, f"1_{l_out}", dtype, seed=seed)
        whole.agrees(sum(part(whole, f"1_{l_out}_{parity}")() for parity in ("polar", "axial")), whole())


@both_dtypes
@each_kind
@pytest.mark.parametrize("l_out", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_paths_left_out_are_zeros(kind: str, l_out: int, dtype: Any) -> None:
    """The whole function with zeros for the other paths."""
    for parity in ("polar", "axial"):
        some = case(kind, f"1_{l_out}_{parity}", dtype, seed=4)
        axis = {"radial": 1, "coefficients": 1, "mixing": 1}
        every = {
            n: oracles.all_channels(some.key, some.arguments[n], x) for n, x in axis.items() if n in some.arguments
        }
        whole = Case(kind, f"1_{l_out}", {**some.arguments, **every})
        some.agrees(whole(), some())


# --- reflections --------------------------------------------------------------------------------------------


def in_reach(c: Case) -> Case:
    """Positions whose differences are not much less than themselves, so that turning them costs few roundings."""
    if "positions" in c.arguments:
        c.arguments["positions"] = np.round(c.arguments["positions"].clip(-20, 20) * 4) / 4
    return c


BLUR = 500  # 2 · 20 √3 · 2 / ¼ rounded up: differences of a quarter at least, positions of 20 √3 at most


@both_dtypes
@each_kind
@pytest.mark.parametrize("key", PURE)
def test_reflection(kind: str, key: str, dtype: Any) -> None:
    """Of a mirrored system of true vectors, polar results are the mirrored ones, axial results those times det = -1."""
    for seed in range(3):
        c = in_reach(case(kind, key, dtype, seed=seed))
        blur = BLUR if kind == "convolve_walkers" else 0
        promises.check_turned(c, -quaternion_rotation(seed), sign_under_reflections(key), blur=blur)
        promises.check_turned(c, quaternion_rotation(seed), blur=blur)
        for matrix in cube_rotations()[::7]:
            promises.check_turned(c, -matrix, sign_under_reflections(key))


@both_dtypes
@each_kind
@pytest.mark.parametrize("key", PURE)
def test_inversion_is_exact(kind: str, key: str, dtype: Any) -> None:
    """Under x → -x a polar result has the sign (-1)^l_out, an axial one the other, to the last bit."""
    c = case(kind, key, dtype, seed=5)
    sign = (-1) ** oracles.degree_of(key) * sign_under_reflections(key)
    assert np.array_equal(promises.turned(c, -np.eye(3))(), sign * c())
    assert c().any()


def test_the_whole_has_no_parity() -> None:
    """What the subsets are for: 1→1 and 1→2 with all paths are neither true nor pseudotensors."""
    for key in ("1_1", "1_2"):
        for sign in (1, -1):
            with pytest.raises(AssertionError, match="relative error"):
                promises.check_turned(case("convolve", key, np.float64), -np.eye(3), sign)


@given(cases("convolve", ("1_2_polar",), compiled=True), st.integers(0, 2**32 - 1))
@thorough
def test_reflection_of_any_graph(c: Case, seed: int) -> None:
    """The same for every number of channels, isolated nodes and empty graphs."""
    promises.check_turned(c, -quaternion_rotation(seed))


# --- what all sums promise ----------------------------------------------------------------------------------


@each_key
@both_dtypes
def test_threads_and_memory(key: str, dtype: Any) -> None:
    """The same bits whatever the number of threads, the layout of the inputs and of out."""
    promises.check_threads(case("convolve", key, dtype, degrees=(3, 0, 18, 1) * 9))
    c = case("convolve", key, dtype)
    promises.check_layouts(c)
    promises.check_out(c)
    promises.check_overlap(c)


@each_key
@both_dtypes
def test_nan_shows_where_it_should(key: str, dtype: Any) -> None:
    """In an edge at its receiver, in features and radial functions in their channel."""
    c = case("convolve", key, dtype, degrees=(2, 3, 0, 1))
    a, only = c.arguments, promises.check_only
    a["vectors"][:] = np.random.default_rng(0).standard_normal((6, 3))
    a["indices"][:] = [0, 1, 2, 0, 3, 2]
    only(c, 0, vectors=promises.with_nan(a["vectors"], (1, 0)))
    only(c, 0, weights=promises.with_nan(a["weights"], 1))
    for channel in (0, CHANNELS - 1):
        spoilt = a["features"].copy()
        spoilt[1, :, channel] = np.nan
        only(c, (0, slice(None), channel), features=spoilt)
        only(c, (0, slice(None), channel), radial=promises.with_nan(a["radial"], (1, slice(None), channel)))
