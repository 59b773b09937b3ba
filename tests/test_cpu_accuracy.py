"""How accurate one kernel is: fewer than 8 eps, norm-wise, against 50 digits and against a wider dtype in bulk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu

from tests import inputs, oracles
from tests.tolerances import Array, assert_close, relative_error, tolerance

KERNEL = {l: getattr(cpu, f"kernel_1_{l}") for l in oracles.L_OUT}
APPLY = {l: getattr(cpu, f"apply_1_{l}") for l in oracles.L_OUT}

each_l = pytest.mark.parametrize("l_out", oracles.L_OUT)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)

#: Magnitudes whose squares over- or underflow, up to the ends of the range.
EXTREMES: dict[Any, tuple[float, ...]] = {
    np.float32: (1e-45, 1e-42, 1e-38, 1e-30, 1e-20, 1e18, 1e20, 1e30, 1e38),
    np.float64: (5e-324, 1e-320, 1e-308, 1e-200, 1e-160, 1e150, 1e160, 1e200, 1e308),
}

#: vector, radial of 1→1; errors of 9.2 and 8.9 eps were measured (Frobenius norm, relative to |radial|).
HARD_CASES = [
    (
        [float.fromhex(h) for h in ("-0x1.ccef0ep-4", "0x1.00b864p+1", "0x1.0f834cp-2")],
        [float.fromhex(h) for h in ("-0x1.fd4276p-8", "-0x1.71656ap-7", "0x1.636c92p-4")],
    ),
    ([-0.00341157, 2.0201855, -0.00791829], [0, 0, 1.5118216]),
]


def worst_exact_error(l_out: int, vectors: Array, radial: Array, features: Array) -> float:
    """The largest error of kernel and apply against 50 digits, relative to |radial| and |radial| |features|."""
    kernels = KERNEL[l_out](vectors, radial)
    actions = APPLY[l_out](vectors, radial[..., None], features[..., None])[..., 0]
    errors = []
    for v, r, f, k, y in zip(vectors, radial, features, kernels, actions, strict=True):
        size = oracles.exact_norm(r)
        rows = [x for row in oracles.exact_kernel(l_out, v, r) for x in row]
        errors.append(oracles.exact_error(k.ravel(), rows, size))
        want = oracles.exact_apply(l_out, v, r, f)
        errors.append(oracles.exact_error(y, want, size * oracles.exact_norm(f)))
    return float(np.max(errors))  # NaN wins


def random_inputs(l_out: int, vectors: Array, dtype: Any, seed: int) -> tuple[Array, Array, Array]:
    """Signed radial functions and features of magnitudes 1e-6 .. 1e6 for these vectors."""
    rng = np.random.default_rng(seed)
    count = len(vectors)
    radial = inputs.signed(rng, (count, oracles.n_paths(l_out)))
    features = inputs.signed(rng, (count, 3))
    return vectors.astype(dtype), radial.astype(dtype), features.astype(dtype)


@each_l
@both_dtypes
def test_fifty_digits(l_out: int, dtype: Any) -> None:
    """Normal, mixed-magnitude, axis and near-axis vectors."""
    vectors = inputs.directions(np.random.default_rng(7), 300)
    assert worst_exact_error(l_out, *random_inputs(l_out, vectors, dtype, 8)) < tolerance(dtype).value


@each_l
@both_dtypes
def test_extreme_lengths(l_out: int, dtype: Any) -> None:
    """Only the direction enters, so neither denormal nor near-infinite lengths may cost accuracy."""
    rng = np.random.default_rng(9)
    shapes = np.concatenate([np.eye(3), -np.eye(3), rng.uniform(-1, 1, (6, 3)), [[1, 1e-3, -1], [1, 1, 1]]])
    vectors = np.concatenate([size * shapes for size in EXTREMES[dtype]]).astype(dtype)
    vectors = vectors[(vectors != 0).any(axis=-1)]
    assert np.isfinite(vectors).all() and len(vectors) > 80
    assert worst_exact_error(l_out, *random_inputs(l_out, vectors, dtype, 10)) < tolerance(dtype).value


@each_l
@both_dtypes
def test_mixed_extremes_in_one_vector(l_out: int, dtype: Any) -> None:
    """Components whose squares over- and underflow side by side."""
    choices = np.array([*EXTREMES[dtype], 1.0, 0.0])
    rng = np.random.default_rng(11)
    vectors = rng.choice(choices, (100, 3)) * rng.choice([-1, 1], (100, 3))
    vectors = vectors[(vectors != 0).any(axis=-1)]
    assert worst_exact_error(l_out, *random_inputs(l_out, vectors, dtype, 12)) < tolerance(dtype).value


@each_l
@both_dtypes
@pytest.mark.parametrize("sign", [1, -1])
def test_extreme_radial_and_features(l_out: int, dtype: Any, sign: int) -> None:
    """Large radial functions with small features, and the reverse: their product is ordinary."""
    big = dtype(10.0 ** (sign * (30 if dtype is np.float32 else 200)))
    vectors = inputs.directions(np.random.default_rng(13), 30).astype(dtype)
    rng = np.random.default_rng(14)
    radial = (rng.standard_normal((30, oracles.n_paths(l_out), 1))).astype(dtype) * big
    features = (rng.standard_normal((30, 3, 1))).astype(dtype) / big
    want = oracles.apply(l_out, vectors, radial, features)
    scale = oracles.apply_scale(radial, features)
    got = APPLY[l_out](vectors, radial, features)
    assert_close(got, want, scale, limit=tolerance(dtype).value, dtype=dtype, axis=-2)


def test_hard_cases() -> None:
    """float32 inputs that a search found, where without the Newton step in the length roundings conspire (9 eps)."""
    for vector, radial in HARD_CASES:
        v, r = np.array(vector, np.float32), np.array(radial, np.float32)
        got = cpu.kernel_1_1(v, r)
        want = oracles.kernel(1, v, r)
        size = np.linalg.norm(r.astype(float))
        assert relative_error(got, want, size) < tolerance(np.float32).value


@each_l
@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_float32_in_bulk(l_out: int, count: int, record_property: Any) -> None:
    """The worst of many float32 vectors against the same formulas in float64; the errors are recorded in eps."""
    worst = {"kernel": 0.0, "apply": 0.0}
    for seed in range(count // 20_000):
        errors = float32_errors(l_out, 20_000, seed)
        worst = {name: max(worst[name], e) for name, e in errors.items()}
    for name, error in worst.items():
        record_property(f"{name} in eps", round(error / tolerance(np.float32).eps, 2))
        assert error < tolerance(np.float32).value, name


def float32_errors(l_out: int, count: int, seed: int) -> dict[str, float]:
    """Errors of kernel (Frobenius norm) and apply, signed input of magnitudes 1e-6 .. 1e6."""
    rng = np.random.default_rng(seed)
    vectors = inputs.directions(rng, count).astype(np.float32)
    radial = inputs.signed(rng, (count, oracles.n_paths(l_out), 1)).astype(np.float32)
    features = inputs.signed(rng, (count, 3, 1)).astype(np.float32)
    wide = (vectors.astype(float), radial.astype(float), features.astype(float))
    forms = oracles.forms(l_out, wide[0], np.float64)
    kernel = np.einsum("np,npac->nac", wide[1][..., 0], forms)
    size = np.linalg.norm(wide[1], axis=-2)
    return {
        "kernel": relative_error(KERNEL[l_out](vectors, radial[..., 0]), kernel, size[:, 0], axis=(-2, -1)),
        "apply": relative_error(
            APPLY[l_out](vectors, radial, features),
            kernel @ wide[2],
            size * np.linalg.norm(wide[2], axis=-2),
            axis=-2,
        ),
    }
