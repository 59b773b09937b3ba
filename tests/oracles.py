"""Independent oracles: the catalogue of DESIGN §2 written out by hand, in 50 digits and as NumPy einsums.

Nothing here comes from the code under test, from derive/, or from its catalogue.  Channels are in order of l_f:

    l_out = 0:  r̂_c
    l_out = 1:  δ_ac,  ([r̂]×)_ac (acting as f ↦ r̂ × f),  3 r̂_a r̂_c - δ_ac
    l_out = 2:  r̂_a δ_bc + r̂_b δ_ac - (2/3) δ_ab r̂_c
                ½ (ε_acd r̂_b + ε_bcd r̂_a) r̂_d
                r̂_a r̂_b r̂_c - (1/5) (δ_ab r̂_c + δ_ac r̂_b + δ_bc r̂_a)

l_out = 2 is given in the orthonormal basis (xy, yz, 3zz-rr, xz, xx-yy) of symmetric traceless matrices.  At r = 0 the
channels with l_f > 0 vanish (theorem T10).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

#: l_f of each channel, by l_out.
DEGREES: dict[int, tuple[int, ...]] = {0: (1,), 1: (0, 1, 2), 2: (1, 2, 3)}
L_OUT = tuple(DEGREES)
#: The squared Frobenius norm of each form at a unit vector, by hand.
SQUARED_NORMS: dict[int, tuple[tuple[int, int], ...]] = {
    0: ((1, 1),),
    1: ((3, 1), (2, 1), (6, 1)),
    2: ((20, 3), (1, 1), (2, 5)),
}
#: Channels of each emitted function, by the end of its name: all of l_out's, or those of one parity.  A polar channel
#: (1 + l_f + l_out even) takes true vectors to true tensors, an axial one to pseudotensors.
POSITIONS: dict[str, tuple[int, ...]] = {
    "1_0": (0,),
    "1_1": (0, 1, 2),
    "1_1_polar": (0, 2),
    "1_1_axial": (1,),
    "1_2": (0, 1, 2),
    "1_2_polar": (0, 2),
    "1_2_axial": (1,),
}
KEYS = tuple(POSITIONS)
SUBSETS = tuple(key for key in KEYS if key.endswith(("polar", "axial")))
DIGITS = 50


def degree_of(key: str) -> int:
    """l_out of such as 1_2_polar."""
    return int(key.split("_")[1])


def all_channels(key: str, radial: Array, axis: int = -2) -> Array:
    """Radial functions of every channel of l_out: those given for the channels of `key`, zero for the others."""
    given = np.moveaxis(radial, axis, 0)
    every = np.zeros((n_paths(degree_of(key)), *given.shape[1:]), radial.dtype)
    every[list(POSITIONS[key])] = given
    return np.moveaxis(every, 0, axis)


def n_paths(l_out: int) -> int:
    """The number of channels into degree l_out."""
    return len(DEGREES[l_out])


# --- 50 digits --------------------------------------------------------------------------------------


def _levi_civita(a: int, b: int, c: int) -> int:
    return (b - a) * (c - a) * (c - b) // 2


def _delta(a: int, b: int) -> int:
    return int(a == b)


def _exact_form(l_out: int, l_f: int, u: Sequence[Any], c: int) -> list[Any]:
    """Column c of a form at the unit vector u: its 2 l_out + 1 components."""
    frac, axes = mpmath.mpf, range(3)
    if l_out == 0:
        return [u[c]]
    if (l_out, l_f) == (1, 0):
        return [frac(_delta(a, c)) for a in axes]
    if (l_out, l_f) == (1, 1):  # r̂ × e_c
        return [sum(_levi_civita(a, d, c) * u[d] for d in axes) for a in axes]
    if (l_out, l_f) == (1, 2):
        return [3 * u[a] * u[c] - _delta(a, c) for a in axes]

    def tensor(a: int, b: int) -> Any:
        if l_f == 1:
            trace = frac(2) / 3 * _delta(a, b) * u[c]
            return u[a] * _delta(b, c) + u[b] * _delta(a, c) - trace
        if l_f == 2:
            twice = sum((_levi_civita(a, c, d) * u[b] + _levi_civita(b, c, d) * u[a]) * u[d] for d in axes)
            return twice / frac(2)
        traces = _delta(a, b) * u[c] + _delta(a, c) * u[b] + _delta(b, c) * u[a]
        return u[a] * u[b] * u[c] - traces / frac(5)

    x, y, z = axes
    root2, root6 = mpmath.sqrt(2), mpmath.sqrt(6)
    return [
        root2 * tensor(x, y),
        root2 * tensor(y, z),
        (2 * tensor(z, z) - tensor(x, x) - tensor(y, y)) / root6,
        root2 * tensor(x, z),
        (tensor(x, x) - tensor(y, y)) / root2,
    ]


def exact_kernel(l_out: int, vector: Array, radial: Array) -> list[list[Any]]:
    """Σ_p radial_p K^p(r̂) of one vector as (2 l_out + 1) rows of 3 mpmath numbers; the floats are taken as exact."""
    with mpmath.workdps(DIGITS):
        r = [mpmath.mpf(float(v)) for v in vector]
        length = mpmath.sqrt(sum(v * v for v in r))
        rows = [[mpmath.mpf(0)] * 3 for _ in range(2 * l_out + 1)]
        for l_f, weight in zip(DEGREES[l_out], radial, strict=True):
            if length == 0 and l_f > 0:
                continue
            u = [v / length for v in r] if length else r
            for c in range(3):
                column = _exact_form(l_out, l_f, u, c)
                for a, value in enumerate(column):
                    rows[a][c] += mpmath.mpf(float(weight)) * value
        return rows


def exact_apply(l_out: int, vector: Array, radial: Array, feature: Array) -> list[Any]:
    """Σ_p radial_p K^p(r̂) f of one vector and one channel, 2 l_out + 1 mpmath numbers."""
    kernel = exact_kernel(l_out, vector, radial)
    with mpmath.workdps(DIGITS):
        f = [mpmath.mpf(float(v)) for v in feature]
        return [sum(k * v for k, v in zip(row, f, strict=True)) for row in kernel]


def exact_norm(values: Sequence[Any]) -> Any:
    """The Euclidean norm in 50 digits."""
    with mpmath.workdps(DIGITS):
        exact = [v if isinstance(v, mpmath.mpf) else mpmath.mpf(float(v)) for v in values]
        return mpmath.sqrt(sum(v**2 for v in exact))


def exact_error(got: Array, want: Sequence[Any], scale: Any) -> float:
    """|got - want| / scale in 50 digits, got's floats taken as exact; NaN stays NaN."""
    with mpmath.workdps(DIGITS):
        differences = [mpmath.mpf(float(g)) - w for g, w in zip(got, want, strict=True)]
        return float(exact_norm(differences) / scale)


# --- bulk -------------------------------------------------------------------------------------------


def _tensors(dtype: type[np.floating[Any]]) -> tuple[Array, Array, Array]:
    """δ, ε and the orthonormal basis E[m, a, b]."""
    epsilon = np.zeros((3, 3, 3), dtype)
    for i in range(3):
        epsilon[i, (i + 1) % 3, (i + 2) % 3] = 1
        epsilon[i, (i + 2) % 3, (i + 1) % 3] = -1
    basis = np.zeros((5, 3, 3), dtype)
    one, root2, root6 = dtype(1), np.sqrt(dtype(2)), np.sqrt(dtype(6))
    for m, (a, b) in {0: (0, 1), 1: (1, 2), 3: (0, 2)}.items():
        basis[m, a, b] = basis[m, b, a] = one / root2
    basis[2] = np.diag(np.array([-1, -1, 2], dtype)) / root6
    basis[4] = np.diag(np.array([1, -1, 0], dtype)) / root2
    return np.eye(3, dtype=dtype), epsilon, basis


def basis() -> Array:
    """E[m, a, b]: the orthonormal symmetric traceless matrices (xy, yz, 3zz-rr, xz, xx-yy)."""
    return _tensors(np.float64)[2]


def representation(l_out: int, rotation: Array) -> Array:
    """D(R) on the components of degree l_out: 1, R, and R T Rᵀ in the basis of symmetric traceless matrices."""
    if l_out < 2:
        return np.ones((1, 1)) if l_out == 0 else rotation
    e = basis()
    return np.asarray(np.einsum("mab,ac,bd,ncd->mn", e, rotation, rotation, e))


def unit(vectors: Array, dtype: type[np.floating[Any]] = np.longdouble) -> Array:
    """r / |r|, 0 at r = 0, for any magnitude."""
    r = np.asarray(vectors, dtype)
    largest = np.abs(r).max(axis=-1, keepdims=True)
    r = r / np.where(largest == 0, 1, largest)
    length = np.sqrt((r * r).sum(axis=-1, keepdims=True))
    return np.asarray(r / np.where(length == 0, 1, length))


def forms(l_out: int, vectors: Array, dtype: type[np.floating[Any]] = np.longdouble) -> Array:
    """The catalogue's forms, (..., 3) -> (..., P, 2 l_out + 1, 3)."""
    u = unit(vectors, dtype)
    delta, epsilon, basis = _tensors(dtype)
    if l_out == 0:
        return np.asarray(u[..., None, None, :])
    nonzero = (u != 0).any(axis=-1)[..., None, None]
    if l_out == 1:
        identity = np.broadcast_to(delta, (*u.shape[:-1], 3, 3))
        cross = np.einsum("adc,...d->...ac", epsilon, u)
        quadrupole = 3 * np.einsum("...a,...c->...ac", u, u) - delta
        return np.stack([identity, cross, quadrupole * nonzero], axis=-3)
    a_bc = np.einsum("...a,bc->...abc", u, delta)
    b_ac = np.einsum("...b,ac->...abc", u, delta)
    c_ab = np.einsum("...c,ab->...abc", u, delta)
    turned = np.einsum("acd,...d->...ac", epsilon, u)
    twist = np.einsum("...ac,...b->...abc", turned, u) + np.einsum("...bc,...a->...abc", turned, u)
    cube = np.einsum("...a,...b,...c->...abc", u, u, u)
    tensors = np.stack(
        [a_bc + b_ac - dtype(2) / 3 * c_ab, twist / 2, cube - (c_ab + b_ac + a_bc) / dtype(5)],
        axis=-4,
    )
    return np.asarray(np.einsum("mab,...abc->...mc", basis, tensors))


def kernel(l_out: int, vectors: Array, radial: Array, dtype: type[np.floating[Any]] = np.longdouble) -> Array:
    """Σ_p radial_p K^p(r̂), broadcast over leading dimensions."""
    return np.asarray(np.einsum("...p,...pac->...ac", radial.astype(dtype), forms(l_out, vectors, dtype)))


def apply(
    l_out: int,
    vectors: Array,
    radial: Array,
    features: Array,
    dtype: type[np.floating[Any]] = np.longdouble,
) -> Array:
    """Σ_p radial_p K^p(r̂) f, broadcast over leading dimensions."""
    acting = np.einsum("...pab,...bc->...pac", forms(l_out, vectors, dtype), features.astype(dtype))
    return np.asarray(np.einsum("...pc,...pac->...ac", radial.astype(dtype), acting))


def apply_scale(radial: Array, features: Array) -> Array:
    """|radial| |features| per channel: what errors of `apply` are relative to."""
    wide = np.longdouble
    return np.asarray(np.linalg.norm(radial.astype(wide), axis=-2) * np.linalg.norm(features.astype(wide), axis=-2))


def convolve(
    l_out: int,
    indptr: Array,
    indices: Array,
    vectors: Array,
    radial: Array,
    features: Array,
    weights: Array | None = None,
) -> tuple[Array, Array]:
    """The convolution and the scale of its errors: Σ_e |w| |radial| |features| per receiver and channel."""
    nodes, _, channels = features.shape
    w = np.ones(len(indices)) if weights is None else weights
    messages = w[:, None, None] * apply(l_out, vectors, radial, features[indices])
    sizes = np.abs(w)[:, None] * apply_scale(radial, features[indices])
    out = np.zeros((nodes, 2 * l_out + 1, channels), np.longdouble)
    scale = np.zeros((nodes, channels), np.longdouble)
    receivers = np.repeat(np.arange(nodes), np.diff(indptr))
    np.add.at(out, receivers, messages)
    np.add.at(scale, receivers, sizes)
    return out, scale
