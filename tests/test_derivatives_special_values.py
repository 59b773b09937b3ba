"""Derivatives at r = 0, of very short and very long vectors, and of NaN: finite and right where they can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import inputs
from tests.derivative_cases import CHANNELS, FULL, Case, apply_case, convolve_case
from tests.derivative_oracles import NAMES, path_degrees, slopes
from tests.tolerances import Array, assert_same_bits

each_key = pytest.mark.parametrize("key", FULL)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
both = pytest.mark.parametrize("normalize", [True, False])
#: Lengths whose squares under- or overflow; their inverses, and what is made of them below, are ordinary numbers.
EXTREMES = {np.float32: (1e-37, 1e-30, 1e-20, 1e20, 1e30), np.float64: (1e-307, 1e-250, 1e-160, 1e160, 1e300)}
ENDS = {np.float32: (1e-45, 3e-42, 1e-38, 3.4e38), np.float64: (5e-324, 1e-320, 1e-308, 1.7e308)}


def at_the_origin(key: str, dtype: Any, normalize: bool) -> Case:
    """Items at 0, some at -0."""
    case = apply_case(key, dtype, 4, normalize=normalize, seed=1)
    zero = np.array([[0, 0, 0], [-0.0, 0, 0], [0, -0.0, -0.0], [-0.0, -0.0, -0.0]], dtype)
    return case.changed(vectors=zero)


@each_key
@both_dtypes
def test_directions_do_not_move_at_the_origin(key: str, dtype: Any) -> None:
    """normalize=True: only l_f = 0 has a value, and nothing depends on r; exactly."""
    case = at_the_origin(key, dtype, True)
    got = case.every()
    assert not got["vjp.vectors"].any() and not got["hvp.vectors"].any()
    flat = np.array(path_degrees(key)) == 0
    for order in ("vjp", "hvp"):
        assert not got[f"{order}.radial"][:, ~flat].any()
    if key == "1_1":
        radial, features, g = case.inputs["radial"], case.inputs["features"], case.cotangents
        assert np.array_equal(got["value"], radial[:, :1] * features)
        assert np.array_equal(got["vjp.features"], radial[:, :1] * g)
        assert np.array_equal(got["hvp.features"], case.tangents["radial"][:, :1] * g)
        assert got["vjp.radial"][:, 0].all() and got["jvp"].any()
    else:
        assert not any(array.any() for array in got.values())
    case.check(got)


@each_key
@both_dtypes
def test_solid_harmonics_have_derivatives_at_the_origin(key: str, dtype: Any) -> None:
    """normalize=False: g φ ∂K f of the path with l_f = 1, a constant, and second derivatives of l_f = 2."""
    case = at_the_origin(key, dtype, False)
    got = case.every()
    case.check(got)
    assert got["vjp.vectors"].any(axis=1).all()
    steep = slopes(key, case.inputs["vectors"].astype(float), False)
    linear = np.array(path_degrees(key)) == 1
    assert steep[:, linear].any() and not steep[:, ~linear].any()
    quadratic = case.changed(radial=case.inputs["radial"] * (np.array(path_degrees(key)) == 2)[:, None])
    quadratic.check(quadratic.every())
    still = quadratic.changed(tangents={"vectors": case.tangents["vectors"]}).hvp()["vectors"]
    assert still.any() == (2 in path_degrees(key))


@each_key
@both_dtypes
@both
def test_some_at_the_origin(key: str, dtype: Any, normalize: bool) -> None:
    """Coincident particles among others."""
    case = convolve_case(key, dtype, (3, 0, 18, 1), normalize=normalize, zero_vectors=True, seed=3)
    case.inputs["vectors"][::3] = 0
    case.check(case.every())


@each_key
@both_dtypes
@pytest.mark.parametrize("order", range(5))
def test_very_short_and_very_long(key: str, dtype: Any, order: int) -> None:
    """normalize=True, with g and the tangents of r of |r|'s size: all derivatives are representable, and accurate."""
    length = dtype(EXTREMES[dtype][order])
    shapes = np.concatenate([np.eye(3), -np.eye(3), np.random.default_rng(4).uniform(-1, 1, (6, 3)), [[1, 1e-3, -1]]])
    case = apply_case(key, dtype, len(shapes), seed=5)
    case = case.changed(vectors=shapes.astype(dtype) * length)
    case.tangents["vectors"] = (case.tangents["vectors"] * length).astype(dtype)
    if length < 1:
        case = case.changed(cotangents=case.cotangents * length)
        wanted, got = case.expected(), case.every()
        for name in ("value", "jvp", "vjp.vectors", "hvp.vectors"):
            case.close(name, got[name], *wanted[name])
    else:
        case.check(case.every())


@each_key
@both_dtypes
@both
def test_the_ends_of_the_range_are_finite(key: str, dtype: Any, normalize: bool) -> None:
    """Subnormal and nearly infinite lengths: no NaN, and the VJP finite if its inputs are small enough."""
    for length in ENDS[dtype]:
        if length > 1 and not normalize:
            continue  # |r|^l overflows, and should
        shapes = np.concatenate([np.eye(3), -np.eye(3), [[1, 1, 1], [1, -1, 0.5]]])
        case = apply_case(key, dtype, len(shapes), normalize=normalize, seed=6)
        case = case.changed(vectors=(shapes * length).astype(dtype), cotangents=case.cotangents / dtype(2**10))
        for order in ("vjp", "jvp"):
            found = case.vjp().values() if order == "vjp" else case.jvp()[:1]
            assert not any(np.isnan(a).any() for a in found), f"{order} at {length}"
        small = case.changed(cotangents=case.cotangents * dtype(min(length, 1)))
        assert all(np.isfinite(a).all() for a in small.vjp().values())


def spoilt_by(case: Case, name: str, e: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Where NaN goes in (of edge e, its sender or receiver, channel 2), and what of the VJP it makes NaN."""
    senders, receivers = case.senders_receivers()
    every = slice(None)
    if name in ("vectors", "weights"):
        spoils = {"vectors": e, "radial": e, "features": senders[e], "weights": e}
        return (e,), {n: p for n, p in spoils.items() if n != name or n == "vectors"}
    if name == "radial":
        return (e, every, 2), {"vectors": e, "features": (senders[e], every, 2), "weights": e}
    if name == "features":
        out = np.flatnonzero(senders == senders[e])
        return (senders[e], every, 2), {"vectors": out, "radial": (out, every, 2), "weights": out}
    heard = np.flatnonzero(receivers == receivers[e])
    spoils = {"vectors": heard, "radial": (heard, every, 2), "features": (senders[heard], every, 2), "weights": heard}
    return (receivers[e], every, 2), spoils


@both_dtypes
@both
@each_key
@pytest.mark.parametrize("name", [*NAMES, "cotangents"])
def test_nan_spreads_where_it_should(name: str, key: str, dtype: Any, normalize: bool) -> None:
    """A NaN makes NaN of all that depends on it, and leaves every other bit; second order likewise."""
    case = convolve_case(key, dtype, (3, 0, 4, 2), normalize=normalize, seed=7)
    e = 4
    place, spoils = spoilt_by(case, name, e)
    bad = with_nan(case, name, place)
    for order in ("vjp", "hvp"):
        got, want = getattr(bad, order)(), getattr(case, order)()
        for quantity, array in want.items():
            mask = np.zeros(array.shape, bool)
            if quantity in spoils:
                mask[spoils[quantity]] = True
            elif order == "hvp":
                continue  # what is linear in it at first order may feel it through tangents
            assert_same_bits(got[quantity][~mask], array[~mask])
            if order == "vjp":
                seen = mask & depends(case, name, quantity)
                assert np.isnan(got[quantity][seen]).all(), quantity


def depends(case: Case, name: str, quantity: str) -> Any:
    """Whether a cotangent depends on an input, by path: not that of r on r if all is linear, nor where l_f = 0 on r."""
    degrees = np.array(path_degrees(case.key))
    if name == "vectors" and quantity == "radial":
        return (degrees > 0)[:, None]
    return name != "vectors" or quantity != "vectors" or case.normalize or bool(degrees.max() > 1)


def with_nan(case: Case, name: str, place: tuple[Any, ...]) -> Case:
    """The same with NaN in one argument."""
    array: Array = (case.cotangents if name == "cotangents" else case.inputs[name]).copy()
    array[place] = np.nan
    return case.changed(**{name: array})


@both_dtypes
def test_nan_of_nobody(dtype: Any) -> None:
    """Features that nobody hears and cotangents of what receives nothing: they are not looked at."""
    case = convolve_case("1_1", dtype, (3, 0, 4, 2), seed=8)
    silent = case.fixed["indices"].copy()
    silent[silent == 2] = 0
    case = case.changed(fixed={**case.fixed, "indices": silent})
    features, g = case.inputs["features"].copy(), case.cotangents.copy()
    features[2], g[1] = np.nan, np.nan
    bad = case.changed(features=features, cotangents=g)
    for name, array in bad.every().items():
        assert_same_bits(array, case.every()[name])


@both_dtypes
def test_nan_tangents(dtype: Any) -> None:
    """A tangent shows in what moves along it: the JVP's tangent, not its value; and stays in its channel."""
    case = convolve_case("1_1", dtype, (3, 0, 4, 2), seed=9)
    value, tangent = case.jvp()
    bad = {**case.tangents, "radial": case.tangents["radial"].copy()}
    bad["radial"][4, :, 2] = np.nan
    got_value, got = case.changed(tangents=bad).jvp()
    assert_same_bits(got_value, value)
    mask = np.zeros(got.shape, bool)
    mask[case.senders_receivers()[1][4], :, 2] = True
    assert np.isnan(got[mask]).all()
    assert_same_bits(got[~mask], tangent[~mask])
    assert CHANNELS > 2
