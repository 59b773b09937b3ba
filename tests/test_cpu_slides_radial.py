"""radial_1_2_from_slides: the slides' (α, β) give their kernel α ST(r̂_a δ_bc + r̂_b δ_ac) + β ST(Q_ab r̂_c)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu

from tests import inputs, oracles
from tests.tolerances import Array, assert_close, tolerance

both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)


def slides_kernel(u: Array, alpha: Array, beta: Array) -> Array:
    """The slides' kernel as tensors T_abc, built literally: symmetrise and remove the trace over a, b."""
    delta = np.eye(3)
    r_delta = np.einsum("na,bc->nabc", u, delta) + np.einsum("nb,ac->nabc", u, delta)
    q = 3 * np.einsum("na,nb->nab", u, u) - delta
    q_r = np.einsum("nab,nc->nabc", q, u)
    return alpha[:, None, None, None] * _st(r_delta) + beta[:, None, None, None] * _st(q_r)


def _st(tensor: Array) -> Array:
    symmetric = (tensor + tensor.swapaxes(1, 2)) / 2
    trace = np.einsum("naac->nc", symmetric)
    return np.asarray(symmetric - np.einsum("ab,nc->nabc", np.eye(3), trace) / 3)


@both_dtypes
def test_is_the_kernel_of_the_slides(dtype: Any) -> None:
    """In float64 and float32, through the kernel and back to tensors."""
    rng = np.random.default_rng(2)
    vectors = inputs.directions(rng, 40).astype(dtype)
    alpha, beta = inputs.signed(rng, (2, 40, 1), 3).astype(dtype)
    radial = cpu.radial_1_2_from_slides(alpha, beta)
    assert radial.dtype == dtype and radial.shape == (40, 3, 1)
    assert not radial[:, 1].any()
    want = slides_kernel(oracles.unit(vectors), alpha[:, 0], beta[:, 0])
    flat = np.einsum("mab,nabc->nmc", oracles.basis(), want)
    got = cpu.kernel_1_2(vectors, radial[..., 0])
    scale = np.linalg.norm(radial[..., 0].astype(float), axis=-1)
    assert_close(got, flat, scale, limit=tolerance(dtype).total(2), dtype=dtype, axis=(-2, -1))


@both_dtypes
def test_broadcasts_and_keeps_exact_zero(dtype: Any) -> None:
    """Shapes broadcast; large values do not spoil the zero; C-contiguous for the loops."""
    alpha = np.full((4, 1), np.finfo(dtype).max, dtype)
    beta = np.arange(5, dtype=dtype) / 8
    got = cpu.radial_1_2_from_slides(alpha, np.broadcast_to(beta, (2, 1, 5)))
    assert got.shape == (2, 4, 3, 5) and got.dtype == dtype and got.flags.c_contiguous
    assert not got[:, :, 1].any()
    assert np.array_equal(got[..., 2, :], np.broadcast_to(3 * beta, (2, 4, 5)))


@pytest.mark.parametrize(
    ("alpha", "beta", "error"),
    [
        (np.ones(3, np.float16), np.ones(3, np.float16), TypeError),
        (np.ones(3, np.int64), np.ones(3), TypeError),
        (np.ones(3, np.float32), np.ones(3), TypeError),
        (np.ones(3), np.ones(4), ValueError),
        (np.ones(()), np.ones(4), ValueError),
        (np.ones(4), np.ones(()), ValueError),
    ],
)
def test_refusals(alpha: Any, beta: Any, error: type[Exception]) -> None:
    """Foreign or mixed dtypes and shapes that do not broadcast, told by the function's name."""
    with pytest.raises(error, match=r"^radial_1_2_from_slides: .*(alpha|beta)"):
        cpu.radial_1_2_from_slides(alpha, beta)
