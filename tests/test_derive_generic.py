"""Any (l_in, l_f, l_out), not only the default catalogue: every path up to degree 3 is e3nn's, up to an exact factor.

The programs first, run on arrays without a compiler, then the module that is emitted for all sixteen pairs at once.
Factors are fixed beforehand, sign and size (general.e3nn_factor), not fitted.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy as sp
import torch
from e3nn import o3
from pocket_tfn.derive.catalogue import Pair, of_parity, pair, variants
from pocket_tfn.derive.constants import hex_literal
from pocket_tfn.derive.coupling import real_clebsch_gordan
from pocket_tfn.derive.emission import MANTISSA
from pocket_tfn.derive.lowering import lower_apply, lower_kernel, lower_messages
from pocket_tfn.derive.program import Program

from tests import inputs
from tests.general import DEGREES, TO_XYZ, TRIPLES, e3nn_factor, e3nn_kernel, executed, path_of, slow_from
from tests.tolerances import Array, assert_close, tolerance

both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
each_pair = pytest.mark.parametrize("degrees", DEGREES, ids=str)
slow = pytest.mark.slow


def peer(dtype: Any, l_f: int) -> float:
    """Against e3nn: polynomials of degree up to 6 instead of 3, hence up to twice the limit of the pocket kernels."""
    return max(1, l_f / 3) * tolerance(dtype).peer


def factors(whole: Pair) -> Array:
    """Of each path, as (P,)."""
    return np.array([e3nn_factor(p) for p in whole.paths])


def e3nn_forms(whole: Pair, vectors: Array) -> Array:
    """Every path's kernel by e3nn, (n, 3) -> (n, P, 2 l_out + 1, 2 l_in + 1)."""
    each = [e3nn_factor(p) * e3nn_kernel(p.l_in, p.l_f, p.l_out, vectors) for p in whole.paths]
    return np.stack(each, axis=1)


def sizes(whole: Pair, radial: Array) -> Array:
    """The length of Σ_p φ_p K^p: forms of different l_f are orthogonal (T6), each as long as its factor."""
    return np.asarray(np.sqrt(np.einsum("np,p->n", radial.astype(float) ** 2, factors(whole) ** 2)))


# --- signs and sizes --------------------------------------------------------------------------------------

#: The rule of general.e3nn_factor, written out: where the sign is minus.
NEGATIVE = {
    (1, 1, 1),
    (1, 3, 3),
    (2, 2, 1),
    (2, 1, 2),
    (2, 3, 2),
    (2, 2, 3),
    (2, 4, 3),
    (3, 3, 1),
    (3, 2, 2),
    (3, 4, 2),
    (3, 1, 3),
    (3, 3, 3),
    (3, 5, 3),
}


def test_factors() -> None:
    """Signs as in the table: -1 where the degrees add up to an odd number, except where the catalogue's own form has
    the other sign (1x2->2).  Sizes: √(2 l_out + 1), and those of DESIGN §2 by hand."""
    assert {t for t in TRIPLES if sum(t) % 2} == NEGATIVE | {(1, 2, 2)}
    squares = {(1, 1, 1): 2, (1, 2, 1): 6, (1, 1, 2): 20 / 3, (1, 2, 2): 1, (1, 3, 2): 2 / 5}
    for triple in TRIPLES:
        factor = e3nn_factor(path_of(triple)[2])
        assert (factor < 0) == (triple in NEGATIVE), triple
        assert factor**2 == pytest.approx(squares.get(triple, 2 * triple[2] + 1), rel=1e-15)


@pytest.mark.parametrize("triple", TRIPLES, ids=str)
def test_wigner_3j(triple: tuple[int, int, int]) -> None:
    """The rule for all coefficients of e3nn, none left out, without harmonics: w = (-1)^Σ Q / √(2 l_out + 1)."""
    l_in, l_f, l_out = triple
    w = o3.wigner_3j(l_in, l_f, l_out, dtype=torch.float64).numpy()
    q = real_clebsch_gordan(*triple)
    ours = np.array([float(v) for v in sp.flatten(q)]).reshape(q.shape)
    theirs = w.transpose(1, 2, 0)
    theirs = theirs[:, TO_XYZ] if l_out == 1 else theirs
    theirs = theirs[:, :, TO_XYZ] if l_in == 1 else theirs
    want = (-1) ** sum(triple) * ours / np.sqrt(2 * l_out + 1)
    assert_close(theirs, want, 1, limit=tolerance(float).peer, dtype=float)


# --- programs ---------------------------------------------------------------------------------------------


def run(program: Program, vectors: Array, *channel: Array) -> list[Array]:
    """The program on arrays: unit vectors of (n, 3), then channel inputs with n last, all in one dtype."""
    dtype = vectors.dtype.type
    bits = 8 * vectors.dtype.itemsize

    def constant(c: sp.Expr) -> Any:
        return dtype(0) if c == 0 else dtype(float.fromhex(hex_literal(c, MANTISSA[bits])))

    inputs_ = [*vectors.T, *(row for array in channel for row in array)]
    return [np.broadcast_to(value, len(vectors)) for value in executed(program, inputs_, constant)]


def unit(vectors: Array, dtype: Any) -> Array:
    long = vectors.astype(np.longdouble)
    return np.asarray((long / np.linalg.norm(long, axis=-1, keepdims=True)).astype(dtype))


@pytest.mark.parametrize("degrees", slow_from(DEGREES, [(3, 3)]), ids=str)
def test_programs_are_e3nns(degrees: tuple[int, int]) -> None:
    """kernel, message and apply in both dtypes, each path alone and all at once, on axes and near them too."""
    whole = pair(*degrees)
    n_out, n_in, n_paths, count = 2 * degrees[1] + 1, 2 * degrees[0] + 1, len(whole.paths), 60
    rng = np.random.default_rng(5)
    directions, features = inputs.directions(rng, count), rng.normal(size=(n_in, count))
    for dtype in inputs.DTYPES:
        u = unit(directions, dtype)
        want = e3nn_forms(whole, u)
        limit = peer(dtype, sum(degrees))
        for place in range(n_paths):
            radial = np.zeros((n_paths, count), dtype)
            radial[place] = 1
            got = np.stack(run(lower_kernel(whole), u, radial), -1).reshape(count, n_out, n_in)
            size = abs(factors(whole)[place])
            assert_close(got, want[:, place], size, limit=limit, dtype=dtype, axis=(-2, -1))
        f = features.astype(dtype)
        messages = np.stack(run(lower_messages(whole), u, f), -1).reshape(count, n_paths, n_out)
        acting: Array = np.einsum("npab,bn->npa", want, f.astype(float))
        scale = np.abs(factors(whole)) * np.linalg.norm(f, axis=0)[:, None]
        assert_close(messages, acting, scale, limit=limit, dtype=dtype, axis=-1)
        weights = rng.normal(size=(n_paths, count)).astype(dtype)
        got = np.stack(run(lower_apply(whole), u, weights, f), -1)
        total = sizes(whole, weights.T) * np.linalg.norm(f, axis=0)
        assert_close(
            got, np.einsum("pn,npa->na", weights.astype(float), acting), total, limit=limit, dtype=dtype, axis=-1
        )


@pytest.mark.parametrize("degrees", [(1, 1), (2, 2), (2, 3), (3, 3)], ids=str)
def test_parities_are_e3nns(degrees: tuple[int, int]) -> None:
    """e3nn's selection rule: polar paths are those that it takes from a true tensor to a true tensor."""
    l_in, l_out = degrees
    filters = o3.Irreps.spherical_harmonics(l_in + l_out)
    for parity, sign in (("polar", (-1) ** l_out), ("axial", -((-1) ** l_out))):
        product = o3.FullyConnectedTensorProduct(o3.Irreps([(1, (l_in, (-1) ** l_in))]), filters, [(1, (l_out, sign))])
        chosen = [filters[i.i_in2].ir.l for i in product.instructions]
        assert [p.l_f for p in of_parity(pair(*degrees), parity).paths] == chosen
    assert [p.key for p in variants(pair(*degrees))] == [f"{l_in}_{l_out}{s}" for s in ("", "_polar", "_axial")]


# --- the emitted code ---------------------------------------------------------------------------------------
# Slow ones: cpu.py is emitted for sixteen pairs and its functions compiled.


@slow
def test_names_and_docstrings(general_cpu: ModuleType) -> None:
    """Every pair's functions, documented with their own shapes; nothing of the slides' conversion but for 1→2."""
    for l_in, l_out in DEGREES:
        for kind in ("kernel", "apply", "convolve"):
            name = f"{kind}_{l_in}_{l_out}"
            assert name in general_cpu.__all__
            assert f"(..., {2 * l_out + 1}," in getattr(general_cpu, name).__doc__ or kind == "convolve"
    assert [name for name in general_cpu.__all__ if "slides" in name] == ["radial_1_2_from_slides"]
    assert general_cpu.__doc__ is not None and "2→1, 2→2, 2→3, 3→0" in general_cpu.__doc__


@slow
@pytest.mark.parametrize("triple", TRIPLES, ids=str)
@both_dtypes
def test_kernels_are_e3nns(dtype: Any, triple: tuple[int, int, int], general_cpu: ModuleType) -> None:
    """One fixed factor for each path and all vectors, on axes and near them too."""
    whole, place, path = path_of(triple)
    vectors = inputs.directions(np.random.default_rng(5), 200).astype(dtype)
    radial = np.zeros((200, len(whole.paths)), dtype)
    radial[:, place] = 1
    got = getattr(general_cpu, f"kernel_{whole.key}")(vectors, radial)
    want = e3nn_factor(path) * e3nn_kernel(*triple, vectors)
    size, limit = abs(e3nn_factor(path)), peer(dtype, path.l_f)
    assert_close(got, want, size, limit=limit, dtype=dtype, axis=(-2, -1))


@slow
@each_pair
@both_dtypes
def test_convolutions_are_e3nns(dtype: Any, degrees: tuple[int, int], general_cpu: ModuleType) -> None:
    """convolve on a small graph, weighted, against e3nn's kernels of all paths acting edge by edge."""
    whole = pair(*degrees)
    rng = np.random.default_rng(7)
    indptr, indices = np.array([0, 2, 2, 5]), np.array([1, 2, 0, 0, 1])
    vectors, weights = rng.normal(size=(5, 3)).astype(dtype), rng.normal(size=5).astype(dtype)
    radial = rng.normal(size=(5, len(whole.paths), 4)).astype(dtype)
    features = rng.normal(size=(3, 2 * whole.l_in + 1, 4)).astype(dtype)
    got = getattr(general_cpu, f"convolve_{whole.key}")(indptr, indices, vectors, radial, features, weights)
    sent = features[indices].astype(float)
    messages = np.einsum("e,epc,epab,ebc->eac", weights, radial, e3nn_forms(whole, vectors), sent, optimize=True)
    lengths = np.stack([sizes(whole, radial[..., c]) for c in range(4)], -1) * np.linalg.norm(sent, axis=1)
    want, scale = np.zeros((3, 2 * whole.l_out + 1, 4)), np.zeros((3, 4))
    receivers = np.repeat(np.arange(3), np.diff(indptr))
    np.add.at(want, receivers, messages)
    np.add.at(scale, receivers, np.abs(weights)[:, None] * lengths)
    limit = peer(dtype, sum(degrees)) + tolerance(dtype).total(3)
    assert_close(got, want, scale, limit=limit, dtype=dtype, axis=-2)


@slow
@pytest.mark.parametrize("degrees", [(0, 0), (0, 3), (2, 1), (2, 2), (3, 3)], ids=str)
def test_apply_is_the_kernel_acting(degrees: tuple[int, int], general_cpu: ModuleType) -> None:
    """apply = kernel · f, with radial functions of every path at once."""
    whole = pair(*degrees)
    rng = np.random.default_rng(6)
    vectors = rng.normal(size=(30, 3))
    radial = rng.normal(size=(30, len(whole.paths), 2))
    features = rng.normal(size=(30, 2 * whole.l_in + 1, 2))
    got = getattr(general_cpu, f"apply_{whole.key}")(vectors, radial, features)
    kernels = [
        getattr(general_cpu, f"kernel_{whole.key}")(vectors, np.ascontiguousarray(radial[..., c])) for c in range(2)
    ]
    want = np.stack([np.einsum("nab,nb->na", k, features[..., c]) for c, k in enumerate(kernels)], axis=-1)
    scale = np.stack([sizes(whole, radial[..., c]) for c in range(2)], -1) * np.linalg.norm(features, axis=1)
    assert_close(got, want, scale, limit=2 * tolerance(float).pair(), dtype=float, axis=-2)
