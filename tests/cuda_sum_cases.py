"""What the sums over neighbours on a GPU must compute: the oracle's answer, and the CPU module's.

test_cuda_simulator.py runs these cases, simulated and on a GPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pocket_tfn import cuda as gpu

from .cases import Case
from .cuda_arrays import on_device, on_host
from .cuda_inputs import numbers
from .cuda_sums import FULL, GRAPHS, KINDS, TABLES, both_dtypes, call, check, check_spoilt, each_kind, quiet, small
from .oracles import KEYS, unit
from .promises import with_nan
from .tolerances import assert_close, assert_same_bits, tolerance

pytestmark = quiet


# --- definitions ----------------------------------------------------------------------------------------


@each_kind
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("dtype", "normalize"),
    [("float32", True), ("float64", True), ("float64", False)],
    ids=["float32", "float64", "solid"],
)
def test_definition(kind: str, key: str, dtype: str, normalize: bool) -> None:
    """Every kind, every set of paths; weights, loops, repeats, vectors of no length and beyond the cutoff."""
    case = small(kind, key, dtype, seed=KEYS.index(key))
    got = check(case, normalize)
    assert got.any()
    if kind in GRAPHS:
        assert (got[1] == 0).all(), "a receiver without edges"


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("key", FULL)
@both_dtypes
def test_splines_of_degree_three(kind: str, key: str, dtype: str) -> None:
    """Four coefficients are weighed where degree 5 has six."""
    case = small(kind, key, dtype, degree=3)
    check(case)
    assert not np.array_equal(call(case), call(case.changed(degree=5)))


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("intervals", [1, 2, 33])
def test_number_of_intervals(kind: str, intervals: int) -> None:
    """One interval, and many."""
    check(small(kind, "1_1", intervals=intervals))


@each_kind
@pytest.mark.parametrize("key", FULL)
def test_no_weights_are_ones(kind: str, key: str) -> None:
    """The same bits, and the oracle's."""
    case = small(kind, key, "float32", weighted=False)
    name = "features" if kind == "convolve_walkers" else "indices"
    ones = np.ones(case.arguments[name].shape[:2] if kind == "convolve_walkers" else len(case.arguments[name]), "f4")
    assert_same_bits(call(case.changed(weights=ones)), check(case))


@both_dtypes
def test_walkers_without_loops(dtype: str) -> None:
    """A particle is no neighbour of itself; with loops, only the path of degree 0 hears it."""
    without, with_loops = (small("convolve_walkers", "1_1", dtype, loops=loops) for loops in (False, True))
    assert not np.array_equal(check(without), check(with_loops))
    axial = [small("convolve_walkers", "1_1_axial", dtype, loops=loops) for loops in (False, True)]
    assert np.array_equal(check(axial[0]), check(axial[1]))


def test_loops_may_be_of_numpy() -> None:
    """A truth value, whoever made it."""
    case = small("convolve_walkers", "1_1")
    assert_same_bits(call(case.changed(loops=np.bool_(True))), call(case.changed(loops=True)))


# --- sizes ----------------------------------------------------------------------------------------------


@each_kind
@pytest.mark.parametrize("channels", [0, 1, 4, 6, 8, 13])
@both_dtypes
def test_any_number_of_channels(kind: str, channels: int, dtype: str) -> None:
    """None, one, whole vectors of 16 and of 8 bytes, and what divides none."""
    check(small(kind, "1_1", dtype, channels=channels))


@pytest.mark.parametrize(("channels", "mixed"), [(1, 5), (5, 1), (3, 0), (0, 3), (8, 8), (4, 17), (17, 4)])
@both_dtypes
def test_channels_that_are_mixed_into_others(channels: int, mixed: int, dtype: str) -> None:
    """More or fewer than before, or none, from which zeros come."""
    got = check(small("convolve_mixing", "1_2", dtype, channels=channels, mixed=mixed))
    assert got.any() == bool(channels and mixed)


@pytest.mark.parametrize(
    ("key", "functions"), [*((key, n) for key in KEYS for n in (0, 3)), ("1_0", 27), ("1_1", 5), ("1_2_axial", 7)]
)
def test_any_number_of_functions(key: str, functions: int) -> None:
    """Fewer than a thread sums at once, and more; of none, zeros, whatever out held."""
    case = small("convolve_mixing", key, "float32", channels=2, degrees=(2, 1), functions=functions)
    got = check(case)
    out = on_device(np.full(got.shape, np.nan, "f4"))
    assert_same_bits(call(case, out=out), got)
    assert got.any() == bool(functions)


@pytest.mark.parametrize("kind", GRAPHS)
@pytest.mark.parametrize("weighted", [True, False], ids=["weighted", "plain"])
@pytest.mark.parametrize("nodes", [0, 1, 3])
def test_without_edges(kind: str, weighted: bool, nodes: int) -> None:
    """Zeros, or nothing; a grid of no blocks would be an error."""
    assert not check(small(kind, "1_1", degrees=(0,) * nodes, weighted=weighted)).any()


@pytest.mark.parametrize(("walkers", "particles"), [(0, 3), (2, 0), (0, 0), (1, 1), (3, 2), (1, 9)])
@pytest.mark.parametrize("loops", [True, False], ids=["loops", "no loops"])
def test_any_number_of_walkers_and_particles(walkers: int, particles: int, loops: bool) -> None:
    """None, one, and more particles than a group of threads takes at once."""
    case = small("convolve_walkers", "1_1", "float32", walkers=walkers, particles=particles, loops=loops, channels=1)
    got = check(case)
    assert got.any() == (walkers * particles > 0 and (loops or particles > 1))


@pytest.mark.parametrize("kind", GRAPHS)
@pytest.mark.parametrize("index_types", [("i4", "i4"), ("i4", "i8"), ("i8", "i4")], ids="-".join)
def test_both_index_types(kind: str, index_types: tuple[str, str]) -> None:
    """indptr and indices choose independently; the bits do not depend on it."""
    case = small(kind, "1_1")
    changes = {n: case.arguments[n].astype(t) for n, t in zip(("indptr", "indices"), index_types, strict=True)}
    assert_same_bits(call(case.changed(**changes)), call(case))


HIGH, WIDE, INNER = gpu._HIGH, gpu._WIDE, gpu._INNER  # of the tile of a block, and what is shared of the inner index
SHAPES = [
    (1, 1, 1),
    (2 * HIGH, INNER, WIDE),
    (HIGH + 1, INNER + 1, WIDE + 1),
    (3, 2 * INNER + 8, 2),
    (2 * HIGH, 5, 130),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@both_dtypes
def test_product(shape: tuple[int, int, int], dtype: str) -> None:
    """A matrix product of any size: less than a tile, exactly one, a little more in each direction."""
    rows, inner, columns = shape
    left, right = numbers(1, (rows, inner), dtype), numbers(2, (inner, columns), dtype)
    out = on_device(np.full((rows, columns), np.nan, dtype))
    gpu._launch_product(on_device(left), on_device(right), out)
    want = left.astype(np.longdouble) @ right.astype(np.longdouble)
    scale = np.abs(left).astype(np.longdouble) @ np.abs(right)
    assert_close(on_host(out), want, scale, limit=tolerance(dtype).total(inner), dtype=dtype, axis=())


@pytest.mark.parametrize("receivers", [1, 3, 4])
@pytest.mark.parametrize("key", ["1_0", "1_2"])
def test_mixing_receivers_in_parts(key: str, receivers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many are summed before they are mixed: the bits do not depend on it, nor is a part left out."""
    case = small("convolve_mixing", key, "float32")
    want = call(case)
    n_out = int(want.shape[1])
    calls: list[int] = []
    bytes_of_one = n_out * int(np.prod(case.arguments["mixing"].shape[:3])) * 4
    monkeypatch.setattr(gpu, "_MIXING_BYTES", receivers * bytes_of_one)
    plain = gpu._launch_product

    def launch(left: Any, *others: Any) -> None:
        calls.append(len(left))
        plain(left, *others)

    monkeypatch.setattr(gpu, "_launch_product", launch)
    assert_same_bits(call(case), want)
    assert calls == [n_out * len(part) for part in np.split(np.arange(4), range(receivers, 4, receivers))]


# --- the end of the table ---------------------------------------------------------------------------------


def one_edge(kind: str, length: float, cutoff: float, dtype: str) -> Case:
    """From node 1 to node 0, whose vector lies on an axis: a length without rounding."""
    vector = np.array([0, length, 0], dtype)
    if kind == "convolve_walkers":
        case = small(kind, "1_1", dtype, walkers=1, particles=2, loops=False, cutoff=cutoff)
        return case.changed(positions=np.stack([vector, np.zeros_like(vector)])[None])
    case = small(kind, "1_1", dtype, degrees=(1, 0), cutoff=cutoff)
    return case.changed(indices=np.array([1]), vectors=vector[None])


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("cutoff", [3.0, 1 / 3])
@both_dtypes
def test_end_of_the_table(kind: str, cutoff: float, dtype: str) -> None:
    """At the cutoff as the dtype has it, and beyond: nothing, even of NaN.  Before: what the table has there."""
    cutoff, eps = float(np.dtype(dtype).type(cutoff)), tolerance(dtype).eps
    before = one_edge(kind, cutoff * (1 - 8 * eps), cutoff, dtype)
    assert check(before)[..., 0, :, :].any()
    for length in (cutoff, cutoff * (1 + eps), 1e30, np.inf):
        beyond = one_edge(kind, length, cutoff, dtype)
        beyond.arguments["features"][:] = np.nan
        assert (call(beyond) == 0).all(), length


# --- special values -----------------------------------------------------------------------------------------


def close_by(kind: str, dtype: str, **options: Any) -> Case:
    """All vectors within the cutoff, none of no length."""
    case = small(kind, "1_1", dtype, **options)
    rng = np.random.default_rng(4)
    if kind == "convolve_walkers":
        return case.changed(positions=rng.uniform(-1, 1, case.arguments["positions"].shape).astype(dtype))
    vectors = unit(rng.standard_normal(case.arguments["vectors"].shape)) * rng.uniform(0.5, 3)
    return case.changed(vectors=vectors.astype(dtype))


@pytest.mark.parametrize("kind", GRAPHS)
@both_dtypes
def test_nan_of_one_edge(kind: str, dtype: str) -> None:
    """It spoils the receiver of that edge, wholly, and no other."""
    case = close_by(kind, dtype, channels=2)
    a = case.arguments
    for name in {"vectors", "weights", "radial", "basis"} & set(a):
        place = (4, 1) if name == "vectors" else (4,)
        check_spoilt(case, 2, **{name: with_nan(a[name], place)})


@pytest.mark.parametrize("kind", GRAPHS)
def test_nan_of_one_sender(kind: str) -> None:
    """It spoils its receivers; in one channel, that channel, unless channels are mixed."""
    case = close_by(kind, "float32")
    a = case.arguments
    receivers = np.repeat(np.arange(4), np.diff(a["indptr"]))
    heard = np.unique(receivers[a["indices"] == a["indices"][0]])
    where = (heard,) if kind == "convolve_mixing" else (heard, slice(None), 1)
    got = with_nan(a["features"], (a["indices"][0], slice(None), 1))
    check_spoilt(case, where, features=got)


@both_dtypes
def test_nan_of_one_particle(dtype: str) -> None:
    """Its system, and no other: all pairs have it."""
    case = close_by("convolve_walkers", dtype)
    check_spoilt(case, 1, positions=with_nan(case.arguments["positions"], (1, 2, 0)))
    check_spoilt(case, 1, weights=with_nan(case.arguments["weights"], (1, 2)))


@both_dtypes
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("normalize", [True, False], ids=["normalized", "solid"])
def test_particles_that_coincide(kind: str, dtype: str, normalize: bool) -> None:
    """At r = 0 only the path of degree 0 contributes."""
    case = close_by(kind, dtype)
    if kind == "convolve_walkers":
        case.arguments["positions"][0] = 0.5
    else:
        case.arguments["vectors"][[0, 2, 5]] = 0
    assert np.isfinite(check(case, normalize)).all()
    if kind != "convolve_walkers":
        case.arguments["vectors"][:] = 0
        axial = Case(kind, "1_1_axial", dict(case.arguments))
        for name, part in (("radial", np.s_[:, 1:2]), ("coefficients", np.s_[:, 1:2]), ("mixing", np.s_[:, 1:2])):
            if name in axial.arguments:
                axial.arguments[name] = np.ascontiguousarray(axial.arguments[name][part])
        assert (call(axial, normalize=normalize) == 0).all()
