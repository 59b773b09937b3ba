"""How threads share channels and edges on a GPU: what plans are, and that results do not depend on them.

test_cuda_simulator.py runs these cases, simulated and on a GPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pocket_tfn import cuda as gpu

from .cases import Case
from .cuda_arrays import SIMULATED, apart, on_device, on_host
from .cuda_inputs import apply_inputs
from .cuda_sums import PLANNED, TABLES, both_dtypes, call, check, on_gpu, quiet, small
from .oracles import apply, apply_scale
from .tolerances import Array, assert_close, assert_same_bits, tolerance

pytestmark = quiet
each_planned = pytest.mark.parametrize("kind", PLANNED)


def bits(dtype: str) -> int:
    return 8 * np.dtype(dtype).itemsize


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What _launch is called with, by the kernels that sum or apply."""
    found: list[tuple[Any, ...]] = []
    plain = gpu._launch

    def launch(kernel: Any, threads: int, *args: Any) -> None:
        if isinstance(args[0], tuple):
            found.append((threads, *args))
        plain(kernel, threads, *args)

    monkeypatch.setattr(gpu, "_launch", launch)
    return found


# --- plans ----------------------------------------------------------------------------------------------

#: Channels, dtype and mean number of edges; lanes, wide, long and parts.
PLANS = [
    ((1, "float32", 1.0), (1, 0, 0, 1)),
    ((1, "float32", 100.0), (1, 0, 5, 1)),
    ((13, "float32", 17.0), (1, 4, 1, 1)),
    ((8, "float32", 5.0), (4, 1, 2, 1)),
    ((6, "float32", 0.3), (2, 2, 0, 1)),
    ((64, "float32", 17.0), (4, 4, 1, 1)),
    ((128, "float32", 17.0), (4, 5, 0, 1)),
    ((140, "float32", 17.0), (4, 5, 0, 2)),
    ((64, "float64", 17.0), (2, 5, 0, 1)),
    ((66, "float64", 17.0), (2, 5, 0, 2)),
    ((33, "float64", 17.0), (1, 5, 0, 2)),
    ((0, "float64", 0.0), (2, 0, 0, 0)),
]


@pytest.mark.parametrize(("given", "want"), PLANS, ids=str)
def test_plans(given: tuple[int, str, float], want: tuple[int, int, int, int]) -> None:
    """Vectors of 16 bytes, side by side in a warp; threads left over take further edges."""
    channels, dtype, degree = given
    plan = gpu._plan(channels, np.dtype(dtype), degree, ())
    assert (len(plan.lanes), *plan.numbers) == want


@both_dtypes
def test_plans_are_sound(dtype: str) -> None:
    """Every channel has one thread; a group fits into a warp; no thread is without an edge in the mean."""
    for channels in range(1, 300):
        for degree in (0, 0.4, 1, 3, 8, 33.5, 1e9):
            plan = gpu._plan(channels, np.dtype(dtype), degree, ())
            width, wide = len(plan.lanes), 1 << plan.wide
            assert channels % width == 0 and width * np.dtype(dtype).itemsize in (4, 8, 16)
            assert (plan.parts - 1) * wide * width < channels <= plan.parts * wide * width
            assert plan.wide + plan.long <= 5
            assert 1 << plan.long <= max(degree, 1)
            assert plan.threads(7) == 7 * plan.parts * wide << plan.long


@pytest.mark.parametrize(
    ("n_out", "dtype", "want"),
    [(1, "float32", 16), (4, "float32", 16), (5, "float32", 8), (2, "float64", 16), (3, "float64", 8)],
)
def test_bytes_of_vectors(n_out: int, dtype: str, want: int) -> None:
    """As many as an instruction moves, or half of that where one channel's sums take more than there is room for."""
    assert gpu._vector_bytes(n_out, np.dtype(dtype), 16) == want
    plan = gpu._plan(16, np.dtype(dtype), 0, (), want)
    assert len(plan.lanes) * np.dtype(dtype).itemsize == want


# --- vectors of channels ----------------------------------------------------------------------------------


@both_dtypes
@pytest.mark.parametrize("channels", [1, 2, 4, 6, 8, 13, 16])
def test_width_of_vectors(channels: int, dtype: str) -> None:
    """The largest power of two that divides the channels, up to 16 bytes."""
    want = np.gcd(channels, 128 // bits(dtype))
    aligned = on_device(np.zeros(64, dtype))
    assert len(gpu._lanes(channels, np.dtype(dtype), [aligned, aligned])) == want


@both_dtypes
@pytest.mark.parametrize("numbers", [1, 2, 3, 4])
def test_width_where_memory_is_not_aligned(numbers: int, dtype: str) -> None:
    """Any one array at another place makes vectors as narrow as it needs."""
    aligned, other = on_device(np.zeros(64, dtype)), apart(np.zeros(64, dtype), numbers)
    want = np.gcd(numbers, 128 // bits(dtype))
    for arrays in ([aligned, other], [other, aligned]):
        assert len(gpu._lanes(16, np.dtype(dtype), arrays)) == want


STREAMED = [(kind, name) for kind in PLANNED for name in ("features", "out")] + [("convolve", "radial")]
STREAMED += [(kind, "coefficients") for kind in TABLES]


@pytest.mark.parametrize(("kind", "name"), STREAMED)
@pytest.mark.parametrize(("dtype", "numbers"), [("float32", 1), ("float32", 2), ("float64", 1)])
def test_sums_where_memory_is_not_aligned(
    kind: str, name: str, dtype: str, numbers: int, launches: list[tuple[Any, ...]]
) -> None:
    """A view 4, 8 or 16 bytes into an allocation: on a GPU a vector there would stop everything."""
    case = small(kind, "1_1", dtype, channels=8)
    arguments = on_gpu(case.arguments)
    function = getattr(gpu, case.name)
    want = check(case)
    (wide,) = {len(args[1]) for args in launches}
    assert wide * case.dtype.itemsize in (8, 16)
    launches.clear()
    arguments[name] = apart(np.full(want.shape, np.nan, dtype) if name == "out" else case.arguments[name], numbers)
    got = function(**arguments)
    assert [len(args[1]) for args in launches] == [np.gcd(numbers, wide)]
    assert name != "out" or got is arguments["out"]
    scale = case.expected()[1]
    assert_close(on_host(got), want, scale, limit=2 * case.limit, dtype=case.dtype, axis=-2)


@pytest.mark.parametrize("name", ["radial", "features", "out"])
@both_dtypes
def test_apply_where_memory_is_not_aligned(name: str, dtype: str, launches: list[tuple[Any, ...]]) -> None:
    """The same of apply, whose vectors are not those of what is broadcast alone."""
    given = apply_inputs(2, dtype, channels=4)
    arguments = on_gpu(given)
    want = on_host(gpu.apply_1_2(**arguments))
    arguments[name] = apart(np.full_like(want, np.nan) if name == "out" else given[name])
    assert_same_bits(on_host(gpu.apply_1_2(**arguments)), want)
    assert [len(args[1]) for args in launches] == [128 // bits(dtype), 1]
    scale = apply_scale(given["radial"], given["features"])
    oracle = apply(2, given["vectors"], given["radial"], given["features"])
    assert_close(want, oracle, scale, limit=tolerance(dtype).value, dtype=dtype, axis=-2)


@both_dtypes
@pytest.mark.parametrize("channels", [2, 4, 6, 8, 12])
def test_apply_of_vectors(channels: int, dtype: str, launches: list[tuple[Any, ...]]) -> None:
    """The oracle's answer, in vectors; of broadcast operands too."""
    given = apply_inputs(1, dtype, channels, ((2, 1), (3,), (2, 3)))
    got = on_host(gpu.apply_1_1(**on_gpu(given)))
    scale = apply_scale(given["radial"], given["features"])
    oracle = apply(1, given["vectors"], given["radial"], given["features"])
    assert_close(got, oracle, scale, limit=tolerance(dtype).value, dtype=dtype, axis=-2)
    width = int(np.gcd(channels, 128 // bits(dtype)))
    assert [(args[0], len(args[1])) for args in launches] == [(6 * channels // width, width)]


# --- groups -----------------------------------------------------------------------------------------------


@each_planned
def test_several_groups_for_a_receiver(kind: str, launches: list[tuple[Any, ...]]) -> None:
    """More channels than a warp has vectors: two groups have them between them, the second but three of them."""
    sizes: dict[str, Any] = {"degrees": (2, 1)} if kind != "convolve_walkers" else {"walkers": 1, "particles": 2}
    check(small(kind, "1_1", "float32", channels=140, **sizes))
    assert [(len(args[1]), args[2]) for args in launches] == [(4, (5, 0, 2))]


@both_dtypes
def test_several_groups_for_a_receiver_that_mixes(dtype: str) -> None:
    """One channel a thread: 33 need a second group."""
    check(small("convolve_mixing", "1_0", dtype, channels=33, degrees=(2, 1)))


@each_planned
@both_dtypes
@pytest.mark.parametrize("channels", [1, 2])
def test_several_edges_at_once(kind: str, dtype: str, channels: int, launches: list[tuple[Any, ...]]) -> None:
    """Four at once, whose sums are then added; receivers have more and fewer than that, and more than a group holds."""
    sizes = {"walkers": 1, "particles": 5} if kind == "convolve_walkers" else {"degrees": (11, 0, 1, 4)}
    check(small(kind, "1_2", dtype, channels=channels, **sizes))
    for _, lanes, numbers, *_ in launches:
        assert numbers == (0 if channels == len(lanes) else 1, 2, 1)


@pytest.mark.parametrize("kind", ["convolve", "convolve_tabulated"])
@pytest.mark.parametrize("edges", [1, 2, 3, 31, 32, 33, 65])
def test_fewer_and_more_edges_than_a_group(kind: str, edges: int) -> None:
    """Around the number of threads of a group: 32 for many edges of one channel."""
    check(small(kind, "1_1", "float32", channels=1, degrees=(edges,)))


@pytest.mark.parametrize("edges", [1, 3, 4, 5, 9])
def test_fewer_and_more_edges_than_a_group_that_mixes(edges: int) -> None:
    """The same of four threads."""
    check(small("convolve_mixing", "1_1", "float32", channels=3, degrees=(edges, 1)))


@pytest.mark.parametrize("particles", [3, 4, 5])
def test_fewer_and_more_particles_than_a_group(particles: int) -> None:
    """The same of all pairs."""
    check(small("convolve_walkers", "1_1", "float32", channels=1, walkers=2, particles=particles))


@pytest.mark.skipif(not SIMULATED, reason="compiled kernels have the size of their block in them")
@each_planned
@pytest.mark.parametrize("threads", [64, 128])
def test_blocks_do_not_matter(kind: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bits, whatever the number of threads in a block."""
    case = small(kind, "1_1", "float32", channels=8)
    want = call(case)
    monkeypatch.setattr(gpu, "_THREADS", threads)
    assert_same_bits(call(case), want)


on_hardware = pytest.mark.skipif(SIMULATED, reason="the simulator knows no arrays of other libraries, and few threads")


def many(kind: str, dtype: str, channels: int) -> Case:
    """Enough for many blocks."""
    generator = np.random.default_rng(6)
    if kind == "convolve_walkers":
        return small(kind, "1_1", dtype, channels=channels, walkers=40, particles=19)
    return small(kind, "1_1", dtype, channels=channels, degrees=tuple(generator.integers(0, 40, 700)))


@on_hardware
@pytest.mark.parametrize("kind", [*PLANNED, "convolve_mixing"])
@both_dtypes
@pytest.mark.parametrize("channels", [1, 13, 64, 140])
def test_same_bits_from_run_to_run(kind: str, dtype: str, channels: int) -> None:
    """Many threads, many blocks: the plan alone decides the order of every sum; and the sums are right."""
    case = many(kind, dtype, channels)
    first: Array = check(case)
    for _ in range(3):
        assert_same_bits(call(case), first)
