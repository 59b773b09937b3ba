"""Independent oracles for sums over neighbours: tables, mixing and walkers, from their definitions in long double.

Each gives the value and the scale of its errors, per receiver and channel; tests/tolerances.py says how the two belong
together.  The angular part is that of tests/oracles.py, B-splines are SciPy's (float64, their knots the integers).
Edges of the cutoff's length or longer contribute nothing, whatever their senders hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.interpolate import BSpline

from tests import oracles
from tests.tolerances import Array

WIDE = np.longdouble


def lengths(vectors: Array) -> Array:
    """|r| in long double, for any magnitude that a double has."""
    return np.asarray(np.sqrt((vectors.astype(WIDE) ** 2).sum(axis=-1)))


def read_table(coefficients: Array, cutoff: float, distances: Array, degree: int) -> Array:
    """The spline at these distances, (...) -> (..., P, C); zero from the cutoff on."""
    intervals = len(coefficients) - degree
    knots = np.arange(intervals + 2 * degree + 1, dtype=float) - degree
    spline = BSpline(knots, coefficients.astype(float), degree)
    inside = distances < cutoff
    places = np.where(inside, distances, 0) * intervals / WIDE(cutoff)
    return np.asarray(spline(places.astype(float)) * inside[..., None, None])


def largest(coefficients: Array, distances: Array, cutoff: float) -> Array:
    """What errors of `read_table` are relative to: the largest coefficient of each path and channel."""
    size = np.abs(coefficients).max(axis=0).astype(WIDE)
    return size * (distances < cutoff)[..., None, None]


def streamed(
    key: str,
    indptr: Array,
    indices: Array,
    vectors: Array,
    radial: Array,
    features: Array,
    weights: Array | None = None,
) -> tuple[Array, Array]:
    """convolve_*"""
    every = oracles.all_channels(key, radial)
    return oracles.convolve(oracles.degree_of(key), indptr, indices, vectors, every, features, weights)


def tabulated(
    key: str,
    indptr: Array,
    indices: Array,
    vectors: Array,
    coefficients: Array,
    cutoff: float,
    features: Array,
    weights: Array | None = None,
    degree: int = 5,
) -> tuple[Array, Array]:
    """convolve_tabulated_*"""
    distances = lengths(vectors)
    heard = features.copy()
    heard[np.setdiff1d(np.arange(len(features)), indices[distances < cutoff])] = 0  # NaN of those whom nobody hears
    both = (read_table(coefficients, cutoff, distances, degree), largest(coefficients, distances, cutoff))
    value, _ = streamed(key, indptr, indices, vectors, both[0], heard, weights)
    _, scale = streamed(key, indptr, indices, vectors, both[1], heard, weights)
    return value, scale


def mixing(
    key: str,
    indptr: Array,
    indices: Array,
    vectors: Array,
    basis: Array,
    mixing: Array,
    features: Array,
    weights: Array | None = None,
) -> tuple[Array, Array]:
    """convolve_mixing_*, with the matrix W_e = Σ_k basis_ek mixing_k of every edge."""
    l_out, nodes, mixed = oracles.degree_of(key), len(features), mixing.shape[-1]
    forms = oracles.forms(l_out, vectors)[:, list(oracles.POSITIONS[key])]
    sent = features[indices].astype(WIDE)
    w = np.ones(len(indices), WIDE) if weights is None else weights.astype(WIDE)
    matrices = np.einsum("e,ek,kpio->epio", w, basis.astype(WIDE), mixing.astype(WIDE))
    sizes = np.einsum("e,ek,kpio->eio", *(np.abs(a).astype(WIDE) for a in (w, basis, mixing)))
    acting = np.einsum("epab,ebi->epai", forms, sent)
    messages = np.einsum("epai,epio->eao", acting, matrices)
    received = np.repeat(np.arange(nodes), np.diff(indptr))
    value = np.zeros((nodes, 2 * l_out + 1, mixed), WIDE)
    scale = np.zeros((nodes, mixed), WIDE)
    np.add.at(value, received, messages)
    np.add.at(scale, received, np.einsum("ei,eio->eo", np.linalg.norm(sent, axis=1), sizes))
    return value, scale


def walkers(
    key: str,
    positions: Array,
    coefficients: Array,
    cutoff: float,
    features: Array,
    weights: Array | None = None,
    degree: int = 5,
    loops: bool = False,
) -> tuple[Array, Array]:
    """convolve_walkers_*; differences of positions are rounded as the dtype rounds them, and then exact."""
    vectors = positions[:, :, None] - positions[:, None]
    distances = lengths(vectors)
    counts = (
        np.ones(distances.shape, WIDE) if weights is None else np.array(weights.astype(WIDE)[:, None] + 0 * distances)
    )
    if not loops:
        counts[:, np.arange(positions.shape[1]), np.arange(positions.shape[1])] = 0
    forms = oracles.forms(oracles.degree_of(key), vectors)[:, :, :, list(oracles.POSITIONS[key])]
    radial = read_table(coefficients, cutoff, distances, degree)
    wide = features.astype(WIDE)
    value = np.einsum("zij,zijpc,zijpab,zjbc->ziac", counts, radial, forms, wide)
    sizes = np.linalg.norm(largest(coefficients, distances, cutoff), axis=-2)
    scale = np.einsum("zij,zijc,zjc->zic", np.abs(counts), sizes, np.linalg.norm(wide, axis=2))
    return value, scale


#: By the name of the function, less its key.
SUMS: dict[str, Any] = {
    "convolve": streamed,
    "convolve_tabulated": tabulated,
    "convolve_mixing": mixing,
    "convolve_walkers": walkers,
}
