"""Emitted kernels up to degree 3: against 50 digits, under rotations, as solid harmonics, at and near r = 0.

The pocket kernels promise 8 eps (tests/tolerances.py) for forms of degree up to 3 in r̂; that is kept up to degree 6,
where worst cases add up to twice as much: relative to the form's length, at most 3.2 eps were seen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
import torch
from e3nn import o3
from pocket_tfn.derive.catalogue import Pair, Path, pair
from pocket_tfn.derive.symbols import DIRECTION

from benchmarks.peers.e3nn_coupling import default_dtype
from tests import inputs, oracles
from tests.general import DEGREES, e3nn_factor, from_e3nn_matrix, representation
from tests.rotations import cube_rotations, quaternion_rotation
from tests.tolerances import Array, assert_close, tolerance

both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
each_pair = pytest.mark.parametrize("degrees", DEGREES, ids=str)

COUNT = 12
#: Magnitudes whose squares over- or underflow, near the ends of the range.
EXTREMES: dict[Any, tuple[float, ...]] = {np.float32: (1e-45, 1e-30, 1e30, 1e38), np.float64: (5e-324, 1e-200, 1e200)}


def vectors_for(dtype: Any) -> Array:
    """On axes, near them, in general position, and very short and long ones."""
    rng = np.random.default_rng(3)
    ends = np.array([scale * np.array([1, 1, -1]) for scale in EXTREMES[dtype]])
    return np.concatenate([inputs.directions(rng, COUNT), ends]).astype(dtype)


@cache
def exact_form(path: Path) -> Callable[..., list[Any]]:
    """The path's kernel as a function of (x, y, z), row by row, in as many digits as mpmath is set to."""
    made: Callable[..., list[Any]] = sp.lambdify(DIRECTION, list(path.kernel), "mpmath")
    return made


def exact_forms(whole: Pair, vector: Array, solid: bool) -> list[list[Any]]:
    """Every path at r̂, or at r; where r = 0 only l_f = 0 is left."""
    r = [mpmath.mpf(float(v)) for v in vector]
    length = mpmath.sqrt(sum(v * v for v in r))
    point = r if solid or not length else [v / length for v in r]
    return [exact_form(p)(*point) for p in whole.paths]


def worst_error(whole: Pair, got: Array, vectors: Array, radial: Array, solid: bool = False) -> float:
    """|got - Σ φ K| over √Σ (φ |r|^l_f |K|)², the largest, in eps; forms of different l_f are orthogonal."""
    errors = []
    with mpmath.workdps(oracles.DIGITS):
        for g, v, phi in zip(got, vectors, radial, strict=True):
            forms = exact_forms(whole, v, solid)
            weights = [mpmath.mpf(float(s)) for s in phi]
            want = [sum(w * f[i] for w, f in zip(weights, forms, strict=True)) for i in range(g.size)]
            length = oracles.exact_norm(v) if solid else mpmath.mpf(1)
            sizes = [w * length**p.l_f * mpmath.mpf(e3nn_factor(p)) for w, p in zip(weights, whole.paths, strict=True)]
            errors.append(oracles.exact_error(g.ravel(), want, oracles.exact_norm(sizes)))
    return float(np.max(errors)) / float(np.finfo(got.dtype).eps)  # NaN wins


def some_radial(whole: Pair, count: int, dtype: Any) -> Array:
    """Each path alone in turn, then all at once, of magnitudes 1e-3 .. 1e3."""
    n = len(whole.paths)
    radial = inputs.signed(np.random.default_rng(4), (count, n), 3)
    alone = np.arange(count) % (2 * n) < n
    radial[alone] = np.eye(n)[np.arange(count) % n][alone]
    return radial.astype(dtype)


@pytest.mark.slow
@each_pair
@both_dtypes
def test_accuracy(dtype: Any, degrees: tuple[int, int], general_cpu: ModuleType) -> None:
    """Kernels within the promise, whatever the length of r."""
    whole, vectors = pair(*degrees), vectors_for(dtype)
    vectors = np.repeat(vectors, 2, axis=0)
    radial = some_radial(whole, len(vectors), dtype)
    got = getattr(general_cpu, f"kernel_{whole.key}")(vectors, radial)
    assert got.dtype == dtype and got.shape == (len(vectors), 2 * whole.l_out + 1, 2 * whole.l_in + 1)
    assert worst_error(whole, got, vectors, radial) * np.finfo(dtype).eps <= tolerance(dtype).value


@pytest.mark.slow
@each_pair
@both_dtypes
def test_solid_harmonics(dtype: Any, degrees: tuple[int, int], general_cpu: ModuleType) -> None:
    """normalize=False: |r|^l_f K(r̂), polynomials of r, relative to |r|^l_f, for short vectors too."""
    whole, rng = pair(*degrees), np.random.default_rng(5)
    vectors = oracles.unit(inputs.directions(rng, COUNT)) * 10 ** rng.uniform(-3, 1, (COUNT, 1))
    vectors = vectors.astype(dtype)
    radial = some_radial(whole, COUNT, dtype)
    got = getattr(general_cpu, f"kernel_{whole.key}")(vectors, radial, normalize=False)
    assert worst_error(whole, got, vectors, radial, solid=True) * np.finfo(dtype).eps <= tolerance(dtype).value


@pytest.mark.slow
@each_pair
@both_dtypes
@pytest.mark.parametrize("normalize", [True, False])
def test_origin(normalize: bool, dtype: Any, degrees: tuple[int, int], general_cpu: ModuleType) -> None:
    """At r = 0 only l_f = 0 is left, the unit matrix, and everything is exact (T10)."""
    whole = pair(*degrees)
    radial = np.full((2, len(whole.paths)), 3, dtype)
    vectors = np.array([[0, 0, 0], [0, -0.0, 0]], dtype)
    got = getattr(general_cpu, f"kernel_{whole.key}")(vectors, radial, normalize=normalize)
    want = 3 * np.eye(2 * degrees[0] + 1) if degrees[0] == degrees[1] else np.zeros(got.shape[1:])
    assert got.dtype == dtype and (got == want).all()


# --- rotations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("l", range(4))
def test_representations(l: int) -> None:
    """What is used below, tensors turned index by index, are e3nn's Wigner matrices, and homomorphisms."""
    first, second = quaternion_rotation(1), quaternion_rotation(2)
    limit = tolerance(float).peer
    d = representation(l, first).astype(float)
    both = representation(l, first @ second).astype(float)
    assert_close(d @ representation(l, second).astype(float), both, 1, limit=limit, dtype=float, axis=(-2, -1))
    with default_dtype(torch.float64):  # in which e3nn has its generators, whatever the angles' type
        angles = torch.tensor([0.3, 1.1, -2.0])
        rotation, wigner = o3.angles_to_matrix(*angles).numpy(), o3.wigner_D(l, *angles).numpy()
    turned, theirs = from_e3nn_matrix(1, rotation), from_e3nn_matrix(l, wigner)
    assert_close(theirs, representation(l, turned).astype(float), 1, limit=limit, dtype=float, axis=(-2, -1))


ROTATIONS = {"general": quaternion_rotation(9), "another": quaternion_rotation(10), "of the cube": cube_rotations()[7]}


@pytest.mark.slow
@pytest.mark.parametrize("rotation", ROTATIONS)
@each_pair
@both_dtypes
def test_equivariance(dtype: Any, degrees: tuple[int, int], rotation: str, general_cpu: ModuleType) -> None:
    """convolve commutes with rotations, edges of length zero included; inputs are rounded after they are turned.

    That moves r̂ by eps, and a form of degree J turns √(J(J+1)/2) < 5 times as fast as r̂ (∫ |∇Y|² = J (J+1), in two
    directions): within the 6 times that tolerances.moved has.
    """
    whole, turn = pair(*degrees), ROTATIONS[rotation].astype(np.longdouble)
    rng = np.random.default_rng(7)
    indptr, indices = np.array([0, 2, 2, 6]), np.array([1, 2, 0, 0, 1, 2])
    vectors, radial = rng.normal(size=(6, 3)), rng.normal(size=(6, len(whole.paths), 4)).astype(dtype)
    vectors[4] = 0
    features = rng.normal(size=(3, 2 * whole.l_in + 1, 4)).astype(dtype)
    vectors = vectors.astype(dtype)
    convolve = getattr(general_cpu, f"convolve_{whole.key}")
    before = convolve(indptr, indices, vectors, radial, features)
    turned = np.einsum("mn,jnc->jmc", representation(whole.l_in, turn), features).astype(dtype)
    got = convolve(indptr, indices, (vectors @ turn.T).astype(dtype), radial, turned)
    want = np.einsum("mn,inc->imc", representation(whole.l_out, turn), before)
    factors = np.array([e3nn_factor(p) for p in whole.paths])
    lengths = np.linalg.norm(factors[:, None] * radial, axis=1) * np.linalg.norm(features[indices], axis=1)
    scale = np.zeros((3, 4))
    np.add.at(scale, np.repeat(np.arange(3), np.diff(indptr)), lengths)
    assert_close(got, want, scale, limit=tolerance(dtype).moved(4), dtype=dtype, axis=-2)
    assert np.abs(before).max() > 0.1
