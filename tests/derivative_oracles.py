"""Independent oracles for derivatives: the catalogue's polynomials, their slopes by hand, and complex steps of those.

A path is Σ g φ |r|^l K(r̂) f, with |r|^l K(r̂) = T(r, .., r) for a constant tensor T, symmetric in its l slots for r,
which is read off the polynomials of pocket_tfn.derive.catalogue (and these are compared with the forms of
tests/oracles.py, which were written by hand).  Hence the value and, with ∂T(r, .., r) = l T(r, .., r, ·), the gradient,
both as plain NumPy.  They are analytic functions of all inputs, so that

    Im F(x + i h t) / h   is the derivative of F along t  (Squire and Trapp, SIAM Rev. 40 (1998) 110),

without cancellation: h = 2^-4000 in long double.  The value gives JVPs, the gradient second derivatives; that the
gradient is the value's is a test (test_derivatives_oracles.py), by complex steps too.

With normalize=True T takes r̂; at r = 0 paths with l > 0 then vanish with all their derivatives.  With normalize=False
T takes r.

Scales.  Errors are relative to what the inputs' norms bound: |g| |φ| |f| |w|, φ times |r|^l with normalize=False; each
derivative with respect to r costs a factor 1 / |r|.  `Sizes` writes that out, per edge and channel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from pocket_tfn.derive.catalogue import pair
from pocket_tfn.derive.symbols import DIRECTION

from tests.oracles import DEGREES, POSITIONS, degree_of
from tests.tolerances import Array

WIDE = np.longdouble
#: Of a complex step; its square is nothing beside 1, and it loses nothing.
STEP = WIDE(2) ** -4000
#: What is left of that square where a derivative vanishes is below this; no derivative of floats is.
NOTHING = WIDE(2) ** -3000
#: What is differentiated, in the order of Cotangents.
NAMES = ("vectors", "radial", "features", "weights")
Inputs = dict[str, Array]
Function = Callable[[Inputs], Inputs]


def contracted(subscripts: str, *operands: Array) -> Array:
    """np.einsum, but zeros where there is nothing to add: NumPy 2.4 corrupts memory for some empty long doubles."""
    if all(a.size for a in operands):
        return np.asarray(np.einsum(subscripts, *operands, optimize=True))
    given, out = subscripts.split("->")
    shapes = zip(given.split(","), (a.shape for a in operands), strict=True)
    sizes = {s: n for letters, shape in shapes for s, n in zip(letters, shape, strict=True)}
    return np.zeros([sizes[s] for s in out], np.result_type(*operands))


def path_degrees(key: str) -> tuple[int, ...]:
    """l_f of each path of such as 1_2_polar."""
    return tuple(DEGREES[degree_of(key)][p] for p in POSITIONS[key])


@cache
def polynomials(key: str) -> tuple[sp.ImmutableMatrix, ...]:
    """The catalogue's |r|^l K(r̂), a matrix of homogeneous polynomials for each path."""
    return tuple(pair(1, degree_of(key)).paths[p].kernel for p in POSITIONS[key])


@cache
def tensors(key: str) -> tuple[Array, ...]:
    """T[m, c, i, .., k] of each path in long double: what of the polynomials is not a power of a component."""
    found = []
    for matrix, degree in zip(polynomials(key), path_degrees(key), strict=True):
        tensor = np.zeros((*matrix.shape, *(3,) * degree), WIDE)
        for m, c in product(range(matrix.rows), range(matrix.cols)):
            for slots in product(range(3), repeat=degree):
                powers = [DIRECTION[i] for i in slots]  # ∂^l / l! of a homogeneous polynomial of degree l
                coefficient = sp.diff(matrix[m, c], *powers) / sp.factorial(degree) if powers else matrix[m, c]
                tensor[(m, c, *slots)] = WIDE(str(sp.N(coefficient, 40)))
        found.append(tensor)
    return tuple(found)


def _filled(tensor: Array, directions: Array, slots: int) -> Array:
    """T(r, .., r, ·) of many r, with so many of its slots filled: (n, 3) -> (n, m, c, ..)."""
    full = np.broadcast_to(tensor.astype(directions.dtype), (len(directions), *tensor.shape))
    for _ in range(slots):
        full = np.einsum("n...i,ni->n...", full, directions)
    return full


def _directions(vectors: Array) -> tuple[Array, Array]:
    """(r̂, 1 / |r|) for real or complex r, both 0 at r = 0."""
    zero = (vectors.real == 0).all(axis=-1, keepdims=True)  # a complex step from 0 is one of nothing
    safe = np.where(zero, 1, vectors)
    largest = np.abs(safe.real).max(axis=-1, keepdims=True)
    scaled = safe / largest
    inverse = np.where(zero, 0, 1 / np.sqrt((scaled * scaled).sum(axis=-1, keepdims=True)))
    return scaled * inverse, inverse / largest


def kernels(key: str, vectors: Array, normalize: bool) -> Array:
    """(n, 3) -> (n, P, m, c): K(r̂), or |r|^l K(r̂)."""
    u = _directions(vectors)[0] if normalize else vectors
    return np.stack([_filled(t, u, t.ndim - 2) for t in tensors(key)], axis=1)


def slopes(key: str, vectors: Array, normalize: bool) -> Array:
    """(n, 3) -> (n, P, m, c, k): their derivatives with respect to r_k."""
    u, inverse = _directions(vectors) if normalize else (vectors, np.ones_like(vectors[:, :1]))
    found = []
    for t in tensors(key):
        degree = t.ndim - 2
        blank = np.zeros((len(vectors), *t.shape[:2], 3), vectors.dtype)
        found.append(degree * _filled(t, u, degree - 1) if degree else blank)
    steep = np.stack(found, axis=1)
    if not normalize:
        return steep
    along = np.einsum("npmck,nk->npmc", steep, u)
    return np.asarray((steep - along[..., None] * u[:, None, None, None]) * inverse[:, :, None, None, None])


# --- edges: every message by itself ------------------------------------------------------------------------


def value(key: str, normalize: bool, edge: Inputs) -> Array:
    """w Σ_p φ_p K^p f of each edge, (n, m, C)."""
    return np.asarray(
        contracted(
            "n,npz,npmc,ncz->nmz",
            edge["weights"],
            edge["radial"],
            kernels(key, edge["vectors"], normalize),
            edge["features"],
        )
    )


def gradient(key: str, normalize: bool, edge: Inputs, g: Array) -> Inputs:
    """The derivatives of Σ g · value, by the product rule."""
    w, radial, features = edge["weights"], edge["radial"], edge["features"]
    k, steep = kernels(key, edge["vectors"], normalize), slopes(key, edge["vectors"], normalize)
    acting = np.einsum("npmc,ncz->npmz", k, features)
    return {
        "vectors": contracted("n,nmz,npz,npmck,ncz->nk", w, g, radial, steep, features),
        "radial": contracted("n,nmz,npmz->npz", w, g, acting),
        "features": contracted("n,nmz,npz,npmc->ncz", w, g, radial, k),
        "weights": contracted("nmz,npz,npmz->n", g, radial, acting),
    }


def complex_step(function: Callable[[Inputs], Any], inputs: Inputs, tangents: Inputs) -> Any:
    """The derivative of an analytic function, which returns an array or a dict of arrays, along tangents."""
    moved = {
        n: a.astype(WIDE) + (1j * STEP * tangents[n].astype(WIDE) if n in tangents else 0j) for n, a in inputs.items()
    }
    found = function(moved)

    def derivative(values: Array) -> Array:
        slope = values.imag / STEP
        return np.where(np.abs(slope) < NOTHING, 0, slope)

    if isinstance(found, dict):
        return {n: derivative(a) for n, a in found.items()}
    return derivative(found)


# --- scales --------------------------------------------------------------------------------------------------


@dataclass
class Sizes:
    """Norms of what each edge has, per channel: what bounds the terms of a derivative."""

    key: str
    normalize: bool
    edge: Inputs
    tangents: Inputs
    g: Array

    def path(self, order: int) -> Array:
        """|r|^l (1 if normalized) over |r|^order, per edge and path; 0 where that derivative vanishes identically."""
        length = np.sqrt((self.edge["vectors"].astype(WIDE) ** 2).sum(axis=-1))[:, None]
        degrees = np.array(path_degrees(self.key))
        moves = degrees > 0 if self.normalize else degrees >= order
        if order == 0:
            moves = np.ones_like(moves)
        powers = (0 if self.normalize else degrees) - order
        safe = np.where(length == 0, 1, length)
        with np.errstate(over="ignore"):
            found = np.where(moves, safe ** np.where(moves, powers, 0), 0)
        at_zero = (degrees == 0 if self.normalize else degrees == order) & moves
        return np.where(length == 0, at_zero, found)

    def radial(self, order: int, name: str = "edge") -> Array:
        """|φ| with those factors, (n, C)."""
        radial = getattr(self, name).get("radial", np.zeros_like(self.edge["radial"])).astype(WIDE)
        return np.asarray(np.linalg.norm(radial * self.path(order)[:, :, None], axis=1))

    def norms(self) -> tuple[Array, ...]:
        """(|g|, |f|, |w|) and the tangents' (|f'|, |w'|, |r'|), all (n, C) or (n, 1)."""

        def norm(array: Array | None, axis: int | None) -> Any:
            if array is None:
                return WIDE(0)
            wide = array.astype(WIDE)
            return np.abs(wide)[:, None] if axis is None else np.linalg.norm(wide, axis=axis)

        get = self.tangents.get
        moving = norm(get("vectors"), 1)
        return (
            norm(self.g, 1),
            norm(self.edge["features"], 1),
            norm(self.edge["weights"], None),
            norm(get("features"), 1),
            norm(get("weights"), None),
            moving[:, None] if np.ndim(moving) else moving,
        )

    def value(self) -> Array:
        _, f, w, *_ = self.norms()
        return np.asarray(w * self.radial(0) * f)

    def jvp(self) -> Array:
        _, f, w, df, dw, v = self.norms()
        b, db = self.radial(0), self.radial(0, "tangents")
        return np.asarray(dw * b * f + w * db * f + w * b * df + w * self.radial(1) * f * v)

    def vjp(self) -> Inputs:
        g, f, w, *_ = self.norms()
        b = self.radial(0)
        return {
            "vectors": (g * w * self.radial(1) * f).sum(axis=1),
            "radial": (g * w * f)[:, None] * self.path(0)[:, :, None],
            "features": g * w * b,
            "weights": (g * b * f).sum(axis=1),
        }

    def hvp(self) -> Inputs:
        g, f, w, df, dw, v = self.norms()
        b, db, b1 = self.radial(0), self.radial(0, "tangents"), self.radial(1)
        moved = dw * b1 * f + w * self.radial(1, "tangents") * f + w * b1 * df + w * self.radial(2) * f * v
        turned = (g * w * f * v)[:, None] * self.path(1)[:, :, None]
        return {
            "vectors": (g * moved).sum(axis=1),
            "radial": (g * (dw * f + w * df))[:, None] * self.path(0)[:, :, None] + turned,
            "features": g * (dw * b + w * db + w * b1 * v),
            "weights": (g * (db * f + b * df + b1 * f * v)).sum(axis=1),
        }


# --- 50 digits, by SymPy's own derivatives --------------------------------------------------------------------

DIGITS = 50
Exact = list[list[list[Any]]]


@cache
def _exact_kernels(key: str, normalize: bool) -> Callable[..., Any]:
    """(x, y, z) -> K, ∂K and ∂∂K of all paths, flat, as functions for mpmath: SymPy differentiates the closed form."""
    length = sp.sqrt(sum(v**2 for v in DIRECTION))
    entries: list[sp.Expr] = []
    for matrix, degree in zip(polynomials(key), path_degrees(key), strict=True):
        entries += [entry / length**degree if normalize else entry for entry in matrix]
    first = [sp.diff(e, v) for e in entries for v in DIRECTION]
    second = [sp.diff(e, v) for e in first for v in DIRECTION]
    return sp.lambdify(DIRECTION, [*entries, *first, *second], modules="mpmath", cse=True)


def _exact(array: Array) -> Array:
    return np.vectorize(lambda v: mpmath.mpf(float(v)), otypes=[object])(array)


def exact_derivatives(
    key: str, normalize: bool, edge: Inputs, tangents: Inputs, g: Array
) -> tuple[Array, Inputs, Inputs]:
    """JVP (m,), VJP and second order of one edge with one channel: vectors (3,), radial (P,), features (3,), g (m,)."""
    with mpmath.workdps(DIGITS):
        r, phi, f = (_exact(edge[n]) for n in NAMES[:3])
        dr, dphi, df = (_exact(tangents[n]) for n in NAMES[:3])
        flat = np.array(_exact_kernels(key, normalize)(*r), dtype=object)
        shape = (len(phi), len(g), 3)
        count = int(np.prod(shape))
        k = flat[:count].reshape(shape)
        k1 = flat[count : 4 * count].reshape(*shape, 3)
        k2 = flat[4 * count :].reshape(*shape, 3, 3)
        seeds = _exact(g)
        gk, gk1, gk2 = (np.tensordot(seeds, a, (0, 1)) for a in (k, k1, k2))  # (P, c, ..)
        gkf, gk1f, gk2f = (np.tensordot(a, f, (1, 0)) for a in (gk, gk1, gk2))  # (P, ..)
        d_k = np.tensordot(k1, dr, (3, 0))
        jvp = (
            np.tensordot(dphi, np.tensordot(k, f, (2, 0)), (0, 0))
            + np.tensordot(phi, np.tensordot(k, df, (2, 0)), (0, 0))
            + np.tensordot(phi, np.tensordot(d_k, f, (2, 0)), (0, 0))
        )
        vjp = {"vectors": phi @ gk1f, "radial": gkf, "features": phi @ gk}
        hvp = {
            "vectors": dphi @ gk1f
            + phi @ np.tensordot(gk1, df, (1, 0))
            + (phi @ gk2f.reshape(len(phi), 9)).reshape(3, 3) @ dr,
            "radial": np.tensordot(gk, df, (1, 0)) + gk1f @ dr,
            "features": dphi @ gk + np.tensordot(phi, gk1, (0, 0)) @ dr,
        }
        return jvp, vjp, hvp
