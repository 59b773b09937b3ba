"""normalize=False: the kernels are the solid harmonics |r|^l_f K(r̂), polynomials of r.

The oracle is that of unit vectors, in long double, with radial functions times |r|^l_f.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu, cpu_derivatives

from tests import inputs, oracles, sums
from tests.cases import Case, case
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance

both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
each_key = pytest.mark.parametrize("key", oracles.KEYS)
KINDS = ("convolve", "convolve_tabulated", "convolve_mixing", "convolve_walkers")
SLOW_KEYS = [pytest.param(k, marks=[] if k in ("1_1", "1_2_polar") else [pytest.mark.slow]) for k in oracles.KEYS]


def powers(key: str, vectors: Array) -> Array:
    """|r|^l_f of each path, (...) -> (..., P), in long double."""
    degrees = np.array(oracles.DEGREES[oracles.degree_of(key)])[list(oracles.POSITIONS[key])]
    return sums.lengths(vectors)[..., None] ** degrees


def solid_forms(key: str, vectors: Array) -> Array:
    """The forms of the key's paths, (..., P, 2 l_out + 1, 3)."""
    forms = oracles.forms(oracles.degree_of(key), vectors)[..., list(oracles.POSITIONS[key]), :, :]
    return powers(key, vectors)[..., None, None] * forms


def items(key: str, dtype: Any, channels: int = 5) -> tuple[Array, Array, Array]:
    """Vectors of moderate length, on axes too, and one that is zero; radial functions and features of any size."""
    rng = np.random.default_rng(7)
    vectors = oracles.unit(inputs.directions(rng, 40)) * rng.uniform(0.1, 8, (40, 1))
    vectors[3] = 0
    shapes = (40, len(oracles.POSITIONS[key]), channels), (40, 3, channels)
    radial, features = (inputs.signed(rng, shape, 2) for shape in shapes)
    return vectors.astype(dtype), radial.astype(dtype), features.astype(dtype)


@each_key
@both_dtypes
def test_items(key: str, dtype: Any) -> None:
    """kernel and apply, error relative to |r|^l_f of each path: 3 more factors than r̂ has, and no root."""
    vectors, radial, features = items(key, dtype)
    forms, sizes = solid_forms(key, vectors), powers(key, vectors)[..., None] * radial
    limit = tolerance(dtype).value
    kernel = getattr(cpu, f"kernel_{key}")(vectors, radial[..., 0], normalize=False)
    want = np.einsum("np,npab->nab", radial[..., 0], forms)
    assert_close(kernel, want, np.linalg.norm(sizes[..., 0], axis=-1), limit=limit, dtype=dtype, axis=(-2, -1))
    got = getattr(cpu, f"apply_{key}")(vectors, radial, features, normalize=False)
    want = np.einsum("npc,npab,nbc->nac", radial, forms, features)
    scale = np.linalg.norm(sizes, axis=1) * np.linalg.norm(features, axis=1)
    assert_close(got, want, scale, limit=limit, dtype=dtype, axis=-2)


@pytest.mark.parametrize("key", SLOW_KEYS)
@both_dtypes
@pytest.mark.parametrize("kind", KINDS)
def test_sums(kind: str, key: str, dtype: Any) -> None:
    """Every sum over neighbours is the sum of apply over its terms, which is checked above, in long double."""
    c = unscaled(case(kind, key, dtype))
    got = c(normalize=False)
    want, scale = expected(c)
    assert_close(got, want, scale, limit=c.limit, dtype=dtype, axis=-2)
    assert not np.array_equal(got, c())


def unscaled(c: Case) -> Case:
    """Vectors of moderate length, whose cubes a float32 can hold."""
    if "vectors" not in c.arguments or c.kind == "convolve_tabulated":
        return c
    vectors = oracles.unit(c.arguments["vectors"]) * np.random.default_rng(8).uniform(
        0.1, 8, (len(c.arguments["vectors"]), 1)
    )
    return c.changed(vectors=vectors.astype(c.dtype))


def expected(c: Case) -> tuple[Array, Array]:
    """The oracle of unit vectors, its forms multiplied by |r|^l_f."""
    plain, key = oracles.forms, c.key

    def solid(l_out: int, vectors: Array, dtype: Any = np.longdouble) -> Array:
        degrees = np.array(oracles.DEGREES[l_out])
        return sums.lengths(vectors)[..., None, None, None] ** degrees[:, None, None] * plain(l_out, vectors, dtype)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(oracles, "forms", solid)
        want, _ = c.expected()
    furthest = np.maximum(1, powers(key, reached(c)).max(initial=1))
    return want, c.expected()[1] * furthest


def reached(c: Case) -> Array:
    """The vectors of all terms that contribute."""
    a = c.arguments
    vectors = a["positions"][:, :, None] - a["positions"][:, None] if "positions" in a else a["vectors"]
    return np.where((sums.lengths(vectors) < a.get("cutoff", np.inf))[..., None], vectors, 0)


@each_key
@both_dtypes
def test_at_the_origin(key: str, dtype: Any) -> None:
    """A polynomial without a constant term is zero there, exactly; that of l_f = 0 is the constant."""
    _, radial, features = items(key, dtype)
    zero = np.zeros((40, 3), dtype)
    solid, plain = (getattr(cpu, f"apply_{key}")(zero, radial, features, normalize=n) for n in (False, True))
    assert np.array_equal(solid, plain)
    assert solid.any() == (0 in np.array(oracles.DEGREES[oracles.degree_of(key)])[list(oracles.POSITIONS[key])])


@both_dtypes
@pytest.mark.parametrize("key", ["1_1", "1_2"])
def test_doubling_is_exact(key: str, dtype: Any) -> None:
    """Homogeneous of degree l_f: powers of two pass through every sum and product."""
    vectors, radial, features = items(key, dtype)
    degrees = np.array(oracles.DEGREES[oracles.degree_of(key)])
    less = (radial * (dtype(0.5) ** degrees)[:, None]).astype(dtype)
    apply = getattr(cpu, f"apply_{key}")
    assert_same_bits(
        apply(2 * vectors, less, features, normalize=False), apply(vectors, radial, features, normalize=False)
    )


@both_dtypes
def test_the_derivatives_are_of_the_same_function(dtype: Any) -> None:
    """jvp_convolve_1_1(normalize=False) returns this value with its tangent."""
    c = unscaled(case("convolve", "1_1", dtype))
    value, _ = cpu_derivatives.jvp_convolve_1_1(**c.arguments, normalize=False)
    want, scale = expected(c)
    assert_close(c(normalize=False), value, scale, limit=2 * c.limit, dtype=dtype, axis=-2)
    assert_close(value, want, scale, limit=c.limit, dtype=dtype, axis=-2)


@pytest.mark.parametrize("kind", ("kernel", "apply", *KINDS))
@pytest.mark.parametrize("value", [0, 1, None, "no"])
def test_refused(kind: str, value: Any) -> None:
    """Whether to normalize is yes or no."""
    function = getattr(cpu, f"{kind}_1_1")
    vectors, radial, features = items("1_1", np.float64)
    given = {"kernel": (vectors, radial[..., 0]), "apply": (vectors, radial, features)}
    arguments = given[kind] if kind in given else tuple(case(kind, "1_1", np.float64).arguments.values())
    name = f"{kind}_1_1: normalize must be True or False, got {type(value).__name__}"
    with pytest.raises(TypeError, match=name):
        function(*arguments, normalize=value)
