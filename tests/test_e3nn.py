"""All seven paths against e3nn, and what it chooses by parity: the same kernels up to one fixed, exact factor each.

Conventions.  e3nn's polar axis is y: its harmonics of degree 1 are the components as given, and its degree 2 in terms
of what it calls (x, y, z) is (xz, xy, 2yy-xx-zz, yz, zz-xx).  Given (y, z, x) -- our order m = -1, 0, 1 -- these read
(xy, yz, 2zz-xx-yy, xz, xx-yy): ours.  So vectors go in cyclically permuted, features and l = 1 outputs too.

Normalisation.  e3nn's w_3j has unit Frobenius norm, so Σ w_bma w_bm'a = δ_mm' / (2 l_f + 1); its harmonics in
'component' normalisation have Σ_m Y_m² = 2 l_f + 1.  Hence K_ab = Σ_m w_bma Y_m has Frobenius norm 1, and the form with
squared norm n (worked out by hand in oracles.SQUARED_NORMS) is ± √n K: the sign, a convention of w_3j, is in a table.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from e3nn import o3
from pocket_tfn import cpu

from benchmarks.peers.e3nn_coupling import default_dtype
from tests import inputs, oracles
from tests.cases import CHANNELS, graph_case
from tests.tolerances import Array, assert_close, tolerance

SIGNS = {(0, 1): 1, (1, 0): 1, (1, 1): -1, (1, 2): 1, (2, 1): 1, (2, 2): 1, (2, 3): 1}
PATHS = [(l, p) for l in oracles.L_OUT for p in range(oracles.n_paths(l))]
TORCH = {np.float32: torch.float32, np.float64: torch.float64}
FROM_XYZ, TO_XYZ = [1, 2, 0], [2, 0, 1]  # (x, y, z) → (y, z, x) and back


def factor(l_out: int, channel: int) -> float:
    """form = factor · Σ_m w Y_m."""
    n, d = oracles.SQUARED_NORMS[l_out][channel]
    return SIGNS[l_out, oracles.DEGREES[l_out][channel]] * math.sqrt(n / d)


def e3nn_kernel(l_out: int, channel: int, vectors: Array) -> Array:
    """Σ_m w_bma Y_m(r̂) with components in our order, computed in the dtype of the vectors."""
    l_f, dtype = oracles.DEGREES[l_out][channel], TORCH[vectors.dtype.type]
    r = torch.tensor(vectors[:, FROM_XYZ], dtype=dtype)
    harmonics = o3.spherical_harmonics(l_f, r, normalize=True, normalization="component")
    kernel = torch.einsum("bma,nm->nab", o3.wigner_3j(1, l_f, l_out, dtype=dtype), harmonics)
    kernel = kernel[:, :, TO_XYZ]
    return np.asarray((kernel[:, TO_XYZ] if l_out == 1 else kernel).numpy())


def test_order_of_components_in_e3nn() -> None:
    """The docstring's claim, checked: otherwise the permutations here would be a guess that happens to work."""
    x, y, z = 0.36, -0.48, 0.8
    v = torch.tensor([x, y, z], dtype=torch.float64)
    one = o3.spherical_harmonics(1, v, normalize=True, normalization="norm")
    assert_close(one.numpy(), [x, y, z], 1, limit=tolerance(float).peer, dtype=float)
    two = o3.spherical_harmonics(2, v, normalize=True, normalization="norm")
    r3 = math.sqrt(3)
    want = [r3 * x * z, r3 * x * y, y * y - (x * x + z * z) / 2, r3 * y * z, r3 / 2 * (z * z - x * x)]
    assert_close(two.numpy(), want, 1, limit=tolerance(float).peer, dtype=float)


@pytest.mark.parametrize(("l_out", "channel"), PATHS)
@pytest.mark.parametrize("dtype", inputs.DTYPES)
def test_kernel(l_out: int, channel: int, dtype: Any) -> None:
    """One factor for all vectors, on axes and near them too; sign and size fixed beforehand, not fitted."""
    vectors = inputs.directions(np.random.default_rng(channel), 500).astype(dtype)
    radial = np.zeros((500, oracles.n_paths(l_out)), dtype)
    radial[:, channel] = 1
    want = factor(l_out, channel) * e3nn_kernel(l_out, channel, vectors).astype(float)
    got = getattr(cpu, f"kernel_1_{l_out}")(vectors, radial)
    limit = tolerance(dtype).peer
    assert_close(got, want, 1, limit=limit, dtype=dtype, axis=(-2, -1))


@pytest.mark.parametrize("l_out", oracles.L_OUT)
@pytest.mark.parametrize("dtype", inputs.DTYPES)
def test_convolution_with_a_tensor_product(l_out: int, dtype: Any) -> None:
    """The layer that e3nn users write: spherical harmonics, a weighted `uvu` TensorProduct for each edge, a sum."""
    p = inputs.problem(l_out, [2, 0, 5, 1], CHANNELS, dtype=dtype, weighted=True, zero_vectors=False, seed=3)
    got = getattr(cpu, f"convolve_1_{l_out}")(*p.arguments)
    want = np.zeros(got.shape)
    receivers = np.repeat(np.arange(4), np.diff(p.indptr))
    for channel, l_f in enumerate(oracles.DEGREES[l_out]):
        messages = e3nn_messages(l_out, l_f, p, p.radial[:, channel] * p.arguments[-1][:, None])
        np.add.at(want, receivers, factor(l_out, channel) * messages.astype(float))
    _, scale = oracles.convolve(l_out, *p.arguments)
    limit = tolerance(dtype).total(p.degree) + tolerance(dtype).peer
    assert_close(got, want, scale, limit=limit, dtype=dtype, axis=-2)


def e3nn_messages(l_out: int, l_f: int, p: inputs.Problem, radial: Array) -> Array:
    """Messages of one path in our layout (edges, components, channels)."""
    dtype = TORCH[p.dtype.type]
    with default_dtype(dtype):
        parity = (-1) ** l_f
        product = o3.TensorProduct(
            [(CHANNELS, (1, -1))],
            [(1, (l_f, parity))],
            [(CHANNELS, (l_out, -parity))],
            [(0, 0, 0, "uvu", True)],
            irrep_normalization="none",
            path_normalization="none",
            shared_weights=False,
            internal_weights=False,
        )
        r = torch.tensor(p.vectors[:, FROM_XYZ], dtype=dtype)
        harmonics = o3.spherical_harmonics(l_f, r, normalize=True, normalization="component")
        out = product(e3nn_features(p.features[p.indices]), harmonics, torch.tensor(radial, dtype=dtype))
    return our_components(l_out, out.numpy())


def e3nn_features(features: Array) -> torch.Tensor:
    """(edges, components, channels) as e3nn has them: channels before components, in its order, flat."""
    swapped = features[:, FROM_XYZ].swapaxes(1, 2)
    return torch.tensor(swapped.reshape(len(swapped), -1), dtype=TORCH[features.dtype.type])


def our_components(l_out: int, out: Array) -> Array:
    """The reverse, for outputs."""
    messages = out.reshape(len(out), -1, 2 * l_out + 1).swapaxes(1, 2)
    return np.asarray(messages[:, TO_XYZ] if l_out == 1 else messages)


#: What e3nn calls the outputs of true vectors: even or odd under inversion.  1→0 has one parity, hence no subsets.
IRREPS = {"1_0": "0e", "1_1_polar": "1o", "1_1_axial": "1e", "1_2_polar": "2e", "1_2_axial": "2o"}


@pytest.mark.parametrize("key", IRREPS)
@pytest.mark.parametrize("dtype", inputs.DTYPES)
def test_mixing_and_parity(key: str, dtype: Any) -> None:
    """A fully connected tensor product with a matrix for each edge and path; e3nn chooses the paths by parity."""
    case, l_out = graph_case("convolve_mixing", key, dtype, (2, 0, 5, 1), mixed=3, seed=1), oracles.degree_of(key)
    a = case.arguments
    a["vectors"][~a["vectors"].any(axis=1)] = 1  # e3nn has no direction at r = 0
    filters = "1x0e + 1x1o + 1x2e + 1x3o"
    with default_dtype(TORCH[dtype]):
        product = o3.FullyConnectedTensorProduct(
            f"{CHANNELS}x1o",
            filters,
            f"3x{IRREPS[key]}",
            irrep_normalization="none",
            path_normalization="none",
            shared_weights=False,
            internal_weights=False,
        )
        chosen = [instruction.i_in2 for instruction in product.instructions]
        assert chosen == [oracles.DEGREES[l_out][p] for p in oracles.POSITIONS[key]]
        r = torch.tensor(a["vectors"][:, FROM_XYZ])
        harmonics = o3.spherical_harmonics(o3.Irreps(filters), r, normalize=True, normalization="component")
        matrices = np.einsum("ek,kpio->epio", a["basis"], a["mixing"])
        matrices *= np.array([factor(l_out, p) for p in oracles.POSITIONS[key]], dtype)[:, None, None]
        weights = torch.tensor(matrices.reshape(len(matrices), -1))
        out = product(e3nn_features(a["features"][a["indices"]]), harmonics, weights)
    messages = our_components(l_out, out.numpy()).astype(float)
    want = np.zeros((4, 2 * l_out + 1, 3))
    np.add.at(want, np.repeat(np.arange(4), np.diff(a["indptr"])), a["weights"][:, None, None] * messages)
    limit = case.limit + tolerance(dtype).peer
    assert_close(case(), want, case.expected()[1], limit=limit, dtype=dtype, axis=-2)
