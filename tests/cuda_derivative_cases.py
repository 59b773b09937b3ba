"""What the CUDA module of derivatives must compute: the right answer (derivative_oracles.py), and what the CPU gives.

test_cuda_derivatives.py runs these cases, simulated and on a GPU.  Simulated, Numba's compiler is off: the CPU module
is then plain Python, and its functions need not be compiled for every choice of what is left out.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu_derivatives as host
from pocket_tfn import cuda as forward
from pocket_tfn import cuda_derivatives as gpu

from .cuda_arrays import SIMULATED, Array, foreign, on_device, on_host
from .derivative_cases import Case, apply_case, convolve_case
from .oracles import KEYS
from .tolerances import assert_same_bits, tolerance

FULL = ("1_0", "1_1", "1_2")
ORDERS = ("vjp", "jvp", "hvp")
#: A node that receives nothing, repeats and loops; few edges, as a simulated thread takes its time.
DEGREES = (3, 0, 4, 1)


def small(key: str, dtype: Any = np.float64, **options: Any) -> Case:
    case = convolve_case(key, dtype, **{"degrees": DEGREES, "channels": 3, **options})
    return case.changed(**{n: np.ascontiguousarray(a) for n, a in case.inputs.items()})


def on_gpu(value: Any) -> Any:
    """Arrays there, whatever holds them; all else as it is."""
    if isinstance(value, host.Transposed):
        return gpu.Transposed(*map(on_device, value))
    return on_device(value)


def call(case: Case, order: str, **options: Any) -> dict[str, Array]:
    """One function on the GPU: its results on the host, named as in Case.every."""
    arguments = {n: on_gpu(a) for n, a in {**case.arguments(order), **options}.items()}
    return read(order, getattr(gpu, f"{order}_{case.name}")(**arguments))


def read(order: str, found: Any) -> dict[str, Array]:
    if order == "jvp":
        return {"value": on_host(found[0]), "jvp": on_host(found[1])}
    assert type(found) is gpu.Cotangents
    return {f"{order}.{n}": on_host(a) for n, a in found._asdict().items() if a is not None}


def on_cpu(case: Case, order: str, **options: Any) -> dict[str, Array]:
    found = case.call(order, **options)
    if order == "jvp":
        return dict(zip(("value", "jvp"), found, strict=True))
    return {f"{order}.{n}": a for n, a in found._asdict().items() if a is not None}


def every(case: Case, **options: Any) -> dict[str, Array]:
    return {name: a for order in ORDERS for name, a in call(case, order, **options).items()}


def agree(case: Case, got: dict[str, Array], want: dict[str, Array], factor: float = 2) -> None:
    """Two computed results are equal but for their roundings."""
    scales = case.expected()
    assert got.keys() == want.keys()
    for name, array in got.items():
        case.close(name, array, want[name], scales[name][1], factor=factor)


def same_bits(got: dict[str, Array], want: dict[str, Array]) -> None:
    assert got.keys() == want.keys()
    for name, array in got.items():
        assert_same_bits(array, want[name])


# --- what is computed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [True, False], ids=["weighted", "plain"])
@pytest.mark.parametrize("normalize", [True, False], ids=["normalized", "solid"])
@pytest.mark.parametrize("key", KEYS)
def test_convolve(key: str, normalize: bool, weighted: bool) -> None:
    """All three orders of all sets of paths, beside the oracle and beside the CPU."""
    case = small(key, normalize=normalize, weighted=weighted, seed=KEYS.index(key))
    got = every(case)
    case.check(got)
    agree(case, got, {n: a for order in ORDERS for n, a in on_cpu(case, order).items()})


@pytest.mark.parametrize("normalize", [True, False], ids=["normalized", "solid"])
@pytest.mark.parametrize("key", FULL)
def test_float32(key: str, normalize: bool) -> None:
    """float32 in, float32 out, and as accurate as float32 can be."""
    case = small(key, np.float32, normalize=normalize, seed=7)
    got = every(case)
    assert {a.dtype for a in got.values()} == {np.dtype(np.float32)}
    case.check(got)


@pytest.mark.parametrize("normalize", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["normalized", "solid"])
@pytest.mark.parametrize("key", KEYS)
def test_apply(key: str, normalize: bool) -> None:
    """Item by item, where nothing is broadcast."""
    case = apply_case(key, count=4, channels=2, normalize=normalize, seed=KEYS.index(key))
    got = every(case)
    case.check(got)
    agree(case, got, {n: a for order in ORDERS for n, a in on_cpu(case, order).items()})


LEADS: list[tuple[tuple[int, ...], ...]] = [
    ((), (), (), ()),
    ((4,), (), (1,), ()),
    ((), (4,), (), (4,)),
    ((2, 1), (3,), (2, 3), (1, 1)),
    ((2, 1, 1), (1, 3, 1), (2,), ()),
    ((10,), (), (1,), ()),  # more than one thread sums
    ((0,), (0,), (0,), (0,)),
    ((0, 2), (2,), (1, 1), ()),
]


@pytest.mark.parametrize("leads", LEADS, ids=str)
def test_apply_broadcasts(leads: tuple[tuple[int, ...], ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Cotangents have the inputs' own shapes: of what was repeated, the sum."""
    if SIMULATED:  # what is compiled has the number in it
        monkeypatch.setattr(gpu, "_PART", 4)
    rng = np.random.default_rng(3)
    cores = {"vectors": (3,), "radial": (3, 2), "features": (3, 2), "cotangents": (5, 2)}
    arrays = {n: rng.normal(size=(*lead, *cores[n])) for lead, n in zip(leads, cores, strict=True)}
    cotangents = arrays.pop("cotangents")
    tangents = {n: rng.normal(size=a.shape) for n, a in arrays.items()}
    case = Case("apply", "1_2", {}, arrays, cotangents, tangents)
    for order in ORDERS:
        got, want = call(case, order), on_cpu(case, order)
        assert got.keys() == want.keys()
        for name, array in got.items():
            assert array.shape == want[name].shape, name
            limit = case.limit * np.linalg.norm(want[name]) * 4
            assert np.linalg.norm(array - want[name]) <= limit, name
    if all(leads[:3]) and 0 not in np.broadcast_shapes(*leads):
        case.check({n: a for order in ("vjp", "hvp") for n, a in call(case, order).items()} | call(case, "jvp"))


@pytest.mark.parametrize("channels", [0, 1, 2, 33, *(pytest.param(n, marks=pytest.mark.slow) for n in (13, 70))])
def test_channels(channels: int) -> None:
    """Fewer than a warp, one, and more: some threads of an edge then have more channels than others."""
    case = small("1_1", degrees=(2, 1), channels=channels)
    got = every(case)
    if channels:
        case.check(got)
    assert (np.concatenate([got["vjp.weights"], got["hvp.weights"]]) == 0).all() == (channels == 0)
    agree(case, got, {n: a for order in ORDERS for n, a in on_cpu(case, order).items()})


@pytest.mark.parametrize("index_types", [("i4", "i4"), ("i4", "i8"), ("i8", "i4")], ids="-".join)
def test_index_types(index_types: tuple[str, str]) -> None:
    """Each is int32 or int64; results do not depend on which."""
    case = small("1_0")
    fixed = {n: a.astype(t) for (n, a), t in zip(case.fixed.items(), index_types, strict=True)}
    same_bits(every(case.changed(fixed=fixed)), every(case))


@pytest.mark.parametrize("nodes", [0, 1, 3])
@pytest.mark.parametrize("weighted", [True, False])
def test_without_edges(nodes: int, weighted: bool) -> None:
    """Zeros, or nothing."""
    case = small("1_2", degrees=(0,) * nodes, weighted=weighted)
    for order in ORDERS:
        got, want = call(case, order), on_cpu(case, order)
        assert {n: a.shape for n, a in got.items()} == {n: a.shape for n, a in want.items()}
        assert not any(a.any() for a in got.values())


@pytest.mark.parametrize("normalize", [True, False], ids=["normalized", "solid"])
@pytest.mark.parametrize("key", FULL)
def test_vectors_of_no_length(key: str, normalize: bool) -> None:
    """Every derivative is finite where particles coincide, and what the CPU's is."""
    case = small(key, normalize=normalize)
    vectors = case.inputs["vectors"].copy()
    zeros = [0, 3, 5]
    vectors[zeros] = 0
    case = case.changed(vectors=vectors)
    got = every(case)
    for name, want in ((n, a) for order in ORDERS for n, a in on_cpu(case, order).items()):
        assert np.isfinite(got[name]).all(), name
        assert np.linalg.norm(got[name] - want) <= case.limit * np.linalg.norm(want), name
        if normalize and name.endswith("vectors"):
            assert not got[name][zeros].any()


def test_nan_stays_where_it_is() -> None:
    """A NaN in the vector of one edge spoils what that edge adds to, and nothing else."""
    case = small("1_1")
    vectors = case.inputs["vectors"].copy()
    vectors[2, 1] = np.nan
    got, clean = every(case.changed(vectors=vectors)), every(case)
    sender, receiver = (a[2] for a in case.senders_receivers())
    spoiled = {"vectors": 2, "radial": 2, "weights": 2, "features": sender}
    for name, array in got.items():
        at = spoiled.get(name.partition(".")[2], receiver)
        assert np.isnan(array[at]).any(), name
        assert_same_bits(np.delete(array, at, 0), np.delete(clean[name], at, 0))


# --- what may be left out -----------------------------------------------------------------------------

NAMES = ("vectors", "radial", "features", "weights")


@pytest.mark.parametrize("of", [(n,) for n in NAMES] + [("radial", "features"), ("vectors", "weights"), ()], ids=str)
@pytest.mark.parametrize("order", ["vjp", "hvp"])
def test_some_cotangents(order: str, of: tuple[str, ...]) -> None:
    """Those that were asked for, with the bits that they have among all; None for the others."""
    case = small("1_1")
    whole = call(case, order)
    same_bits(call(case, order, of=of), {f"{order}.{n}": whole[f"{order}.{n}"] for n in NAMES if n in of})
    if len(of) == 1:
        same_bits(call(case, order, of=of[0]), {f"{order}.{of[0]}": whole[f"{order}.{of[0]}"]})


def test_cotangents_of_absent_weights() -> None:
    """None, as on the CPU."""
    case = small("1_1", weighted=False)
    assert call(case, "vjp", of="weights") == {} == on_cpu(case, "vjp", of="weights")


def test_no_weights_are_ones() -> None:
    """The same bits."""
    case = small("1_2", weighted=False)
    ones = np.ones(len(case.fixed["indices"]))
    got = every(case.changed(weights=ones, tangents=case.tangents | {"weights": 0 * ones}))
    same_bits({n: a for n, a in got.items() if not n.endswith("weights")}, every(case))


@pytest.mark.parametrize("moving", [m for m in product([0, 1], repeat=4) if sum(m) in (0, 1, 3)], ids=str)
@pytest.mark.parametrize("normalize", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["normalized", "solid"])
def test_tangents_left_out(moving: tuple[int, ...], normalize: bool) -> None:
    """Zero, the same as if that were given, each by itself and any together."""
    case = small("1_1", degrees=(2, 1), channels=2, normalize=normalize)
    some = {n: a for (n, a), m in zip(case.tangents.items(), moving, strict=True) if m}
    zero = {n: a if n in some else 0 * a for n, a in case.tangents.items()}
    for order in ("jvp", "hvp"):
        got, want = call(case.changed(tangents=some), order), call(case.changed(tangents=zero), order)
        for name, array in got.items():
            np.testing.assert_allclose(array, want[name], rtol=0, atol=1e-14 * np.abs(want[name]).max(initial=0))


# --- graphs by sender ---------------------------------------------------------------------------------


@pytest.mark.parametrize("index_type", ["i4", "i8"])
@pytest.mark.parametrize("degrees", [DEGREES, (0, 0), (), (5,)], ids=str)
def test_transpose(degrees: tuple[int, ...], index_type: str) -> None:
    """As on the CPU, to the last number."""
    case = small("1_0", degrees=degrees)
    graph = {n: a.astype(index_type) for n, a in case.fixed.items()}
    got = gpu.transpose(**{n: on_device(a) for n, a in graph.items()})
    assert type(got) is gpu.Transposed
    for ours, theirs in zip(got, host.transpose(**graph), strict=True):
        assert_same_bits(on_host(ours), theirs)


@pytest.mark.parametrize("order", ["vjp", "hvp"])
def test_graph_transposed_before(order: str) -> None:
    """The same bits as if it is built anew."""
    case = small("1_2")
    same_bits(call(case, order, transposed=host.transpose(**case.fixed)), call(case, order))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("degrees", [DEGREES, (0, 0), ()], ids=str)
def test_position_cotangents(degrees: tuple[int, ...], dtype: str) -> None:
    """What edges have becomes the nodes'; together they do not move."""
    case = small("1_0", dtype, degrees=degrees)
    vectors = case.tangents["vectors"]
    arguments = {**case.fixed, "vectors": vectors}
    device = {n: on_device(a) for n, a in arguments.items()}
    got = on_host(gpu.position_cotangents(**device))
    want = np.zeros((len(degrees), 3))
    senders, receivers = case.senders_receivers()
    np.add.at(want, receivers, vectors)
    np.subtract.at(want, senders, vectors)
    assert got.dtype == np.dtype(dtype) and got.shape == want.shape
    assert np.abs(got - want).max(initial=0) <= 4 * tolerance(dtype).eps * np.abs(vectors).sum()
    assert_same_bits(got, host.position_cotangents(**arguments))
    given = on_gpu(host.transpose(**case.fixed))
    assert_same_bits(on_host(gpu.position_cotangents(**device, transposed=given)), got)


# --- memory -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["vjp", "hvp"])
def test_out_is_filled_and_returned(order: str) -> None:
    """The caller's own arrays come back, with the bits that fresh ones would have; what it lacks is made."""
    case = small("1_1")
    want = call(case, order)
    arguments = {n: on_device(a) for n, a in case.arguments(order).items()}
    for given in (NAMES, ("radial", "weights"), ()):
        arrays = {n: on_device(np.full(want[f"{order}.{n}"].shape, np.nan)) for n in given}
        found = getattr(gpu, f"{order}_{case.name}")(**arguments, out=gpu.Cotangents(**arrays))
        assert all(getattr(found, n) is a for n, a in arrays.items())
        same_bits(read(order, found), want)


@pytest.mark.parametrize("order", ["vjp", "hvp"])
def test_out_may_be_inputs(order: str) -> None:
    """Threads still need what others overwrite: also where two of the results are one memory."""
    case = small("1_1")
    want = call(case, order)
    arguments = {n: on_device(a) for n, a in case.arguments(order).items()}
    out = gpu.Cotangents(**{n: arguments[n] for n in NAMES})
    same_bits(read(order, getattr(gpu, f"{order}_{case.name}")(**arguments, out=out)), want)
    arguments = {n: on_device(a) for n, a in case.arguments(order).items()}
    out = gpu.Cotangents(features=arguments["cotangents"])
    found = getattr(gpu, f"{order}_{case.name}")(**arguments, out=out)
    assert found.features is arguments["cotangents"]
    same_bits(read(order, found), want)


def test_strided_arrays() -> None:
    """Of any layout, each argument by itself; what was given keeps its bits."""
    case = small("1_0", channels=2)
    for order in ("jvp", "hvp"):
        arguments = case.arguments(order)
        want = call(case, order)
        for name in [n for n, a in arguments.items() if isinstance(a, np.ndarray)]:
            wide = np.full((*arguments[name].shape, 2), -99, arguments[name].dtype)
            wide[..., 0] = arguments[name]
            device = {n: on_device(wide[..., 0] if n == name else a) for n, a in arguments.items()}
            same_bits(read(order, getattr(gpu, f"{order}_{case.name}")(**device)), want)
            for n, a in arguments.items():
                if isinstance(a, np.ndarray):
                    assert_same_bits(np.ascontiguousarray(on_host(device[n])), a)


# --- order of sums ------------------------------------------------------------------------------------


@pytest.mark.skipif(not SIMULATED, reason="compiled kernels have the size of their block in them")
@pytest.mark.parametrize(("channels", "threads"), [(3, 64), (40, 128)])
def test_blocks_do_not_matter(channels: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bits, whatever the number of threads in a block."""
    case = small("1_1", np.float32, degrees=(3, 2), channels=channels)
    want = every(case)
    monkeypatch.setattr(forward, "_THREADS", threads)
    monkeypatch.setattr(gpu, "_THREADS", threads)
    same_bits(every(case), want)


def test_a_checked_graph_is_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor what transpose has made of it: nothing is read back, for which the host would wait.  Of others it is."""
    case = small("1_1")
    given = {n: on_gpu(a) for n, a in case.arguments("vjp").items()}
    given["indptr"], given["indices"] = forward.checked_graph(given["indptr"], given["indices"])
    by_sender = gpu.transpose(given["indptr"], given["indices"])
    want, asked, first = call(case, "vjp"), list[Any](), forward._first

    def ask(array: Any) -> int:
        asked.append(array)
        return first(array)

    for module in (forward, gpu):
        monkeypatch.setattr(module, "_first", ask)
    same_bits(read("vjp", gpu.vjp_convolve_1_1(**given | {"transposed": by_sender})), want)
    vectors = on_gpu(want["vjp.vectors"])
    nodes = gpu.position_cotangents(given["indptr"], given["indices"], vectors, by_sender)
    assert not asked
    again = gpu.Transposed(*map(on_device, map(on_host, by_sender)))
    assert_same_bits(
        on_host(gpu.position_cotangents(given["indptr"], given["indices"], vectors, again)), on_host(nodes)
    )
    assert len(asked) == 1


on_hardware = pytest.mark.skipif(SIMULATED, reason="the simulator knows no arrays of other libraries, and few threads")


@on_hardware
def test_arrays_of_other_libraries() -> None:
    """The CUDA array interface is all that is asked for."""
    case = small("1_2")
    for order in ORDERS:
        arguments = {n: on_device(a) for n, a in case.arguments(order).items()}
        given = {n: foreign(a) if hasattr(a, "copy_to_host") else a for n, a in arguments.items()}
        same_bits(read(order, getattr(gpu, f"{order}_{case.name}")(**given)), call(case, order))


@on_hardware
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("key", FULL)
def test_many_edges(key: str, dtype: str) -> None:
    """Many blocks: the same bits from run to run, beside the oracle."""
    degrees = np.random.default_rng(1).integers(0, 30, 1000)
    case = convolve_case(key, dtype, degrees.tolist(), channels=45)
    first = every(case)
    case.check(first)
    for _ in range(3):
        same_bits(every(case), first)
