"""kernel_* and apply_* broadcast like NumPy's generalised ufuncs, and dask and xarray take them as they are."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from pocket_tfn import cpu

from tests import inputs, oracles
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance

KERNEL = {l: getattr(cpu, f"kernel_1_{l}") for l in oracles.L_OUT}
APPLY = {l: getattr(cpu, f"apply_1_{l}") for l in oracles.L_OUT}
each_l = pytest.mark.parametrize("l_out", oracles.L_OUT)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)

#: Leading dimensions of vectors, radial, features: none, equal, missing, one, partial, empty.
LEADS = [
    ((), (), ()),
    ((4,), (4,), (4,)),
    ((4,), (), ()),
    ((), (4,), ()),
    ((), (), (4,)),
    ((1,), (4,), (1,)),
    ((4, 1), (1, 5), (5,)),
    ((2, 1, 3), (4, 1), (1, 1, 1)),
    ((2, 3), (1, 3), (2, 1)),
    ((0,), (1,), ()),
    ((3, 0), (3, 1), (1, 0)),
    ((1, 1), (), (1,)),
    ((2, 1, 3, 1), (1, 2, 1, 3), (2, 2, 1, 1)),
    ((2, 1, 2, 1, 2), (1, 3, 1, 2, 1), (2, 3, 2, 2, 2)),
    ((2, 1, 2, 1, 2, 1), (1, 2, 1, 2, 1, 3), (2, 3)),
]


def arguments(l_out: int, leads: Any, dtype: Any, channels: int = 3) -> list[Array]:
    """vectors, radial, features with these leading dimensions."""
    rng = np.random.default_rng(1)
    cores = [(3,), (oracles.n_paths(l_out), channels), (3, channels)]
    return [rng.standard_normal(s + c).astype(dtype) for s, c in zip(leads, cores, strict=True)]


def looped(function: Any, core_dims: tuple[int, ...], args: list[Array], core: tuple[int, ...]) -> Array:
    """What a generalised ufunc does by definition: one call for each index of the broadcast leading dimensions."""
    leads = [a.shape[: a.ndim - n] for a, n in zip(args, core_dims, strict=True)]
    lead = np.broadcast_shapes(*leads)
    full = [np.broadcast_to(a, lead + a.shape[len(own) :]) for a, own in zip(args, leads, strict=True)]
    out = np.empty(lead + core, args[0].dtype)
    for index in np.ndindex(*lead):
        out[index] = function(*[a[index].copy() for a in full])
    return out


@each_l
@both_dtypes
@pytest.mark.parametrize("leads", LEADS, ids=str)
def test_apply_broadcasts(l_out: int, dtype: Any, leads: Any) -> None:
    """Every pattern of leading dimensions, to the last bit."""
    args = arguments(l_out, leads, dtype)
    want = looped(APPLY[l_out], (1, 2, 2), args, (2 * l_out + 1, 3))
    assert_same_bits(APPLY[l_out](*args), want)


@each_l
@both_dtypes
@pytest.mark.parametrize("leads", LEADS, ids=str)
def test_kernel_broadcasts(l_out: int, dtype: Any, leads: Any) -> None:
    """Every pattern of leading dimensions, to the last bit."""
    vectors, radial, _ = arguments(l_out, leads, dtype)
    args = [vectors, radial[..., 0]]
    want = looped(KERNEL[l_out], (1, 1), args, (2 * l_out + 1, 3))
    assert_same_bits(KERNEL[l_out](*args), want)


@each_l
def test_numpy_agrees_about_the_signature(l_out: int) -> None:
    """np.vectorize with the documented signature gives the same, so the signature is what it says."""
    vectors, radial, features = arguments(l_out, ((4, 1), (1, 5), (5,)), np.float64)
    apply = np.vectorize(APPLY[l_out], signature="(i),(p,c),(j,c)->(m,c)")
    assert_same_bits(APPLY[l_out](vectors, radial, features), apply(vectors, radial, features))
    kernel = np.vectorize(KERNEL[l_out], signature="(i),(p)->(m,j)")
    assert_same_bits(KERNEL[l_out](vectors, radial[..., 0]), kernel(vectors, radial[..., 0]))


@each_l
@both_dtypes
def test_kernel_is_the_matrix_of_apply(l_out: int, dtype: Any) -> None:
    """Two emitted formulas for one thing: apply with the unit vectors as channels is the kernel."""
    vectors, radial, _ = arguments(l_out, ((50,), (50,), (50,)), dtype)
    features = np.broadcast_to(np.eye(3, dtype=dtype), (50, 3, 3))
    same = np.repeat(radial[..., :1], 3, axis=-1)
    got = APPLY[l_out](vectors, same, features)
    scale = np.linalg.norm(radial[..., 0], axis=-1)[:, None]
    want = KERNEL[l_out](vectors, radial[..., 0])
    assert_close(got, want, scale, limit=tolerance(dtype).pair(), dtype=dtype, axis=-2)


@each_l
@both_dtypes
def test_large_broadcasts_use_threads_and_keep_bits(l_out: int, dtype: Any, keep_threads: None) -> None:
    """A broadcast big enough to be divided: the same bits whatever the number of threads."""
    args = arguments(l_out, ((900, 1), (3,), ()), dtype, channels=16)
    results = []
    for count in (1, 2, 3, 7):
        cpu.set_num_threads(count)
        results.append((APPLY[l_out](*args), KERNEL[l_out](np.tile(args[0], (15, 1, 1)), args[1][..., 0])))
    for apply, kernel in results[1:]:
        assert_same_bits(apply, results[0][0])
        assert_same_bits(kernel, results[0][1])


@pytest.mark.parametrize(
    ("leads", "shape", "steps"),
    [
        (((), (), ()), (), ((), (), ())),
        (((4, 5), (4, 5), (4, 5)), (20,), ((1,), (1,), (1,))),
        (((4, 5), (1, 1), ()), (20,), ((1,), (0,), (0,))),
        (((4, 1), (5,), ()), (4, 5), ((1, 0), (0, 1), (0, 0))),
        (((4, 1, 1, 2), (3, 5, 1), ()), (4, 15, 2), ((2, 0, 1), (0, 1, 0), (0, 0, 0))),
        (((1, 2, 3, 4), (2, 1, 4), (4,)), (2, 3, 4), ((12, 4, 1), (4, 0, 1), (0, 0, 1))),
        (((2, 1, 2, 1), (3, 1, 3), (1, 3)), (2, 3, 2, 3), ((2, 0, 1, 0), (0, 3, 0, 1), (0, 0, 0, 1))),
    ],
    ids=str,
)
def test_no_copies(leads: Any, shape: tuple[int, ...], steps: tuple[tuple[int, ...], ...]) -> None:
    """A partial broadcast reads the arrays where they are; dimensions along which the same arrays vary are one."""
    arrays = dict(zip(("vectors", "radial", "features"), arguments(1, leads, np.float32), strict=True))
    operands = cpu._broadcast("f", (1, 2, 2), **arrays)
    assert operands.lead == np.broadcast_shapes(*leads)
    assert len(operands.shape) in (1, cpu._MOST_DIMS)
    used = len(shape)
    assert operands.shape[:used] == shape and set(operands.shape[used:]) <= {1}
    assert tuple(s[:used] for s in operands.steps) == steps
    assert not any(any(s[used:]) for s in operands.steps)
    assert all(np.shares_memory(a, b) for a, b in zip(operands.arrays, arrays.values(), strict=True))


def test_too_many_dimensions_are_copied() -> None:
    """More than are compiled for, though merged: then one dimension."""
    vectors, radial, features = arguments(1, ((2, 1) * 3, (1, 2) * 3, ()), np.float32)
    operands = cpu._broadcast("f", (1, 2, 2), vectors=vectors, radial=radial, features=features)
    assert (operands.shape, operands.steps) == ((64,), ((1,), (1,), (1,)))


@each_l
@both_dtypes
@pytest.mark.parametrize("name", inputs.LAYOUTS)
def test_layouts(l_out: int, dtype: Any, name: str) -> None:
    """Strided, Fortran-ordered, read-only and unaligned arguments give the bits of contiguous ones."""
    args = arguments(l_out, ((4, 1), (1, 5), (5,)), dtype)
    awkward = [inputs.LAYOUTS[name](a) for a in args]
    assert_same_bits(APPLY[l_out](*awkward), APPLY[l_out](*args))
    args[1], awkward[1] = args[1][..., 0], awkward[1][..., 0]
    assert_same_bits(KERNEL[l_out](*awkward[:2]), KERNEL[l_out](*args[:2]))


@each_l
@both_dtypes
def test_dask(l_out: int, dtype: Any) -> None:
    """dask.array.apply_gufunc, chunked over items."""
    args = arguments(l_out, ((10,), (10,), (10,)), dtype)
    chunked = [da.from_array(a, chunks=(4, *a.shape[1:])) for a in args]
    sizes = {"m": 2 * l_out + 1}
    lazy = da.apply_gufunc(APPLY[l_out], "(i),(p,c),(j,c)->(m,c)", *chunked, output_dtypes=dtype, output_sizes=sizes)
    assert_same_bits(lazy.compute(scheduler="threads"), APPLY[l_out](*args))
    lazy = da.apply_gufunc(
        KERNEL[l_out],
        "(i),(p)->(m,j)",
        chunked[0],
        chunked[1][..., 0],
        output_dtypes=dtype,
        output_sizes={**sizes, "j": 3},
    )
    assert_same_bits(lazy.compute(scheduler="threads"), KERNEL[l_out](args[0], args[1][..., 0]))


@each_l
@both_dtypes
def test_xarray(l_out: int, dtype: Any) -> None:
    """xarray.apply_ufunc, dimensions broadcast by name."""
    vectors, radial, features = arguments(l_out, ((4,), (5,), (4,)), dtype)
    got = xr.apply_ufunc(
        APPLY[l_out],
        xr.DataArray(vectors, dims=("edge", "xyz")),
        xr.DataArray(radial, dims=("walker", "path", "channel")),
        xr.DataArray(features, dims=("edge", "component", "channel")),
        input_core_dims=[["xyz"], ["path", "channel"], ["component", "channel"]],
        output_core_dims=[["out", "channel"]],
    )
    assert got.dims == ("edge", "walker", "out", "channel")
    assert_same_bits(got.values, APPLY[l_out](vectors[:, None], radial, features[:, None]))
