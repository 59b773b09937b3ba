"""At r = 0 the kernel has the value of theorem T10; NaN and infinity in an input show in the output, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu

from tests import inputs, oracles
from tests.tolerances import Array, assert_same_bits

KERNEL = {l: getattr(cpu, f"kernel_1_{l}") for l in oracles.L_OUT}
APPLY = {l: getattr(cpu, f"apply_1_{l}") for l in oracles.L_OUT}
CONVOLVE = {l: getattr(cpu, f"convolve_1_{l}") for l in oracles.L_OUT}

pytestmark = [
    pytest.mark.parametrize("l_out", oracles.L_OUT),
    pytest.mark.parametrize("dtype", inputs.DTYPES),
]
intruders = pytest.mark.parametrize("intruder", [np.nan, np.inf, -np.inf])


def arguments(l_out: int, dtype: Any, count: int = 4, channels: int = 5) -> list[Array]:
    """vectors, radial, features of a few items."""
    rng = np.random.default_rng(3)
    shapes = [(count, 3), (count, oracles.n_paths(l_out), channels), (count, 3, channels)]
    return [rng.standard_normal(s).astype(dtype) for s in shapes]


def test_value_at_the_origin(l_out: int, dtype: Any) -> None:
    """T10: only l_f = 0 survives, and exactly: a δ_ac for l_out = 1, zero otherwise; -0 is 0 too."""
    vectors = np.array([[0, 0, 0], [-0.0, 0, -0.0]], dtype)
    _, radial, features = arguments(l_out, dtype, 2)
    survives = l_out == 1
    kernel = KERNEL[l_out](vectors, radial[..., 0])
    identity = radial[:, :1, :1] * np.eye(3, dtype=dtype)
    assert kernel.dtype == dtype
    assert np.array_equal(kernel, identity if survives else np.zeros((2, 2 * l_out + 1, 3)))
    action = APPLY[l_out](vectors, radial, features)
    assert action.dtype == dtype
    scaled = radial[:, :1] * features
    assert np.array_equal(action, scaled if survives else np.zeros((2, 2 * l_out + 1, 5)))


@intruders
def test_vectors_spoil_their_own_item(l_out: int, dtype: Any, intruder: float) -> None:
    """A vector with a NaN or infinite component has no direction: NaN throughout its item, and in no other."""
    vectors, radial, features = arguments(l_out, dtype)
    for axis in range(3):
        for others in (vectors[1], np.zeros(3, dtype)):
            bad = vectors.copy()
            bad[1] = others
            bad[1, axis] = intruder
            for function, rest in ((KERNEL, (radial[..., 0],)), (APPLY, (radial, features))):
                got, clean = (function[l_out](v, *rest) for v in (bad, vectors))
                assert np.isnan(got[1]).all()
                assert_same_bits(np.delete(got, 1, 0), np.delete(clean, 1, 0))


@intruders
def test_radial_and_features_spoil_their_own_channel(l_out: int, dtype: Any, intruder: float) -> None:
    """An infinite or NaN radial function or feature shows in its item and channel, and nowhere else."""
    clean = arguments(l_out, dtype)
    want = APPLY[l_out](*clean)
    for which in (1, 2):
        for row in range(clean[which].shape[1]):
            bad = [a.copy() for a in clean]
            bad[which][1, row, 2] = intruder
            got = APPLY[l_out](*bad)
            assert not np.isfinite(got[1, :, 2]).all()
            got[1, :, 2] = want[1, :, 2]
            assert_same_bits(got, want)


@intruders
def test_kernel_shows_bad_radial(l_out: int, dtype: Any, intruder: float) -> None:
    """The same for the kernel's own entries."""
    vectors, radial, _ = arguments(l_out, dtype)
    for p in range(radial.shape[1]):
        bad = radial[..., 0].copy()
        bad[1, p] = intruder
        assert not np.isfinite(KERNEL[l_out](vectors, bad)[1]).all()


@pytest.mark.parametrize("which", ["vectors", "radial", "features", "weights"])
def test_convolution_hides_nothing(l_out: int, dtype: Any, which: str) -> None:
    """NaN in an edge shows at its receiver, in a node at its receivers; other receivers keep their bits."""
    p = inputs.problem(l_out, [2, 3, 0, 1], 4, dtype=dtype, weighted=True, zero_vectors=False)
    p.indices[:] = [0, 1, 2, 0, 3, 2]  # node 1 is read by receiver 0 alone, edge 1
    want = CONVOLVE[l_out](*p.arguments)
    getattr(p, which)[1] = np.nan
    got = CONVOLVE[l_out](*p.arguments)
    assert np.isnan(got[0]).all()
    assert_same_bits(got[1:], want[1:])
