"""Derivatives of convolve_mixing: against complex steps in long double, each other, and what all sums promise."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from pocket_tfn import cpu, cpu_derivatives
from pocket_tfn.cpu_derivatives import MixingCotangents

from tests import inputs, oracles
from tests.derivative_cases import inner
from tests.mixing_cases import NAMES, MixingCase, mixing_case, mixings, named, only
from tests.tolerances import assert_same_bits

each_key = pytest.mark.parametrize("key", ["1_1", *(pytest.param(k, marks=pytest.mark.slow) for k in ("1_0", "1_2"))])
#: float32 at once, as it has the wider vectors; float64, which is compiled anew, with the slow ones.
both_dtypes = inputs.float32_first
both = pytest.mark.parametrize("normalize", [True, False])


@pytest.mark.slow
@given(mixings(("1_1",)))
@settings(deadline=None, max_examples=40, derandomize=True)
def test_gradients_and_second_order(case: MixingCase) -> None:
    """VJP, JVP and second order on any small graph: isolated nodes, no nodes, no functions, vectors of length 0."""
    case.check(case.every())


@pytest.mark.slow
@given(mixings(("1_0", "1_2"), (np.float32,)))
@settings(deadline=None, max_examples=40, derandomize=True)
def test_of_any_degree(case: MixingCase) -> None:
    """The same of the other functions; float64 differs in the width of vectors alone."""
    case.check(case.every())


@pytest.mark.slow
@given(mixings(oracles.SUBSETS, (np.float32,)))
@settings(deadline=None, max_examples=40, derandomize=True)
def test_paths_of_one_parity(case: MixingCase) -> None:
    """The same for the paths of one parity."""
    case.check(case.every())


@each_key
@both_dtypes
@both
def test_blocks_of_edges(key: str, dtype: Any, normalize: bool) -> None:
    """More edges than are taken in one go, by receiver and by sender."""
    case = mixing_case(key, dtype, (3, 0, 70, 16, 17, 1), normalize=normalize, zero_vectors=True, seed=1)
    case.check(case.every())
    senders = np.where(np.arange(len(case.fixed["indices"])) % 3, 4, case.fixed["indices"])
    crowded = case.changed(fixed={**case.fixed, "indices": senders})
    crowded.check(crowded.every())


@pytest.mark.parametrize(
    "sizes", [(1, 13), *(pytest.param(n, marks=pytest.mark.slow) for n in ((13, 1), (5, 19)))], ids=str
)
@both_dtypes
def test_channels(sizes: tuple[int, int], dtype: Any) -> None:
    """One channel, numbers that do not fill vectors, and others in than out: each counts once."""
    case = mixing_case("1_1", dtype, (2, 0, 5, 1), *sizes, seed=2)
    case.check(case.every())


@pytest.mark.parametrize(
    "empty", ["functions", *(pytest.param(n, marks=pytest.mark.slow) for n in ("channels", "mixed"))]
)
def test_nothing_to_mix(empty: str) -> None:
    """Zeros of the right shapes, or nothing."""
    sizes: dict[str, Any] = {empty: 0}
    case = mixing_case("1_1", degrees=(2, 0, 1), **sizes)
    got = case.every()
    case.check(got)
    assert not any(a.any() for a in got.values())


@pytest.mark.slow
@both_dtypes
def test_without_weights(dtype: Any) -> None:
    """Weights of one, without cotangents; a tangent of theirs is refused."""
    case = mixing_case("1_1", dtype, weighted=False, seed=3)
    case.check(case.every())
    assert case.call("vjp").weights is None and case.call("hvp").weights is None
    with pytest.raises(ValueError, match=r"^hvp_convolve_mixing_1_1: weights_tangent without weights"):
        case.hvp(weights_tangent=np.ones(len(case.inputs["vectors"]), dtype))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_one_tangent(name: str) -> None:
    """Those left out are zero."""
    case = only(mixing_case("1_1", degrees=(2, 0, 3), seed=4), name)
    case.check(case.every())


@pytest.mark.slow
def test_no_tangents() -> None:
    """Nothing moves."""
    none = only(mixing_case("1_1", degrees=(2, 0, 3), seed=4))
    assert not none.jvp()[1].any() and not any(a.any() for a in none.hvp().values())


@both_dtypes
def test_the_value_of_the_jvp(dtype: Any) -> None:
    """What jvp returns first is the function itself."""
    case = mixing_case("1_1", dtype, seed=5)
    arguments: dict[str, Any] = {**case.fixed, **case.inputs}
    want = cpu.convolve_mixing_1_1(**arguments)
    case.close("value", case.jvp()[0], want, case.expected()["value"][1], factor=2)


@both_dtypes
@both
def test_adjoint_and_symmetric(dtype: Any, normalize: bool) -> None:
    """<g, J u> = <Jᵀ g, u>, and <v, H u> = <H v, u>: to rounding, of sums of positive and negative terms."""
    case = mixing_case("1_1", dtype, seed=6, normalize=normalize)
    forward, size = inner({"out": case.jvp()[1]}, {"out": case.cotangents})
    backward, other = inner(case.vjp(), case.tangents)
    assert abs(forward - backward) <= 4 * case.limit * (size + other)
    turned = case.along(7)
    assert not np.array_equal(turned.tangents["basis"], case.tangents["basis"])
    left, size = inner(case.hvp(), turned.tangents)
    right, other = inner(turned.hvp(), case.tangents)
    assert abs(left - right) <= 4 * case.limit * (size + other)


def test_vjp_of_the_vjp() -> None:
    """<vjp(g), u> is linear in g with the JVP as its derivative; for the inputs it is the second order."""
    case = mixing_case("1_1", degrees=(2, 0, 3), seed=8)
    other = dataclasses.replace(case, cotangents=mixing_case("1_1", degrees=(2, 0, 3), seed=9).cotangents)
    for g in (case, other):
        left, size = inner(g.vjp(), case.tangents)
        right, more = inner({"out": case.jvp()[1]}, {"out": g.cotangents})
        assert abs(left - right) <= 4 * case.limit * (size + more)
    case.check(case.every())


@pytest.mark.parametrize("name", ["basis", *(pytest.param(n, marks=pytest.mark.slow) for n in NAMES if n != "basis")])
def test_one_alone(name: str) -> None:
    """Asked for alone, by its name or in a list: right, and nothing else."""
    case = mixing_case("1_1", degrees=(2, 0, 3), seed=10)
    wanted = case.expected()
    for order in ("vjp", "hvp"):
        for of in (name, [name]):
            found = named(case.call(order, of=of))
            assert list(found) == [name]
            case.close(f"{order}.{name}", found[name], *wanted[f"{order}.{name}"])


def test_out() -> None:
    """Filled and returned, whatever was there; also strided, and where it overlaps an input."""
    case = mixing_case("1_1", degrees=(2, 0, 3), seed=11)
    for order in ("vjp", "hvp"):
        want = case.call(order)
        wide = [np.full((*a.shape[:-1], 2 * a.shape[-1]), np.nan) for a in want]
        strided = MixingCotangents(*(a[..., ::2] for a in wide))
        found = case.call(order, out=strided)
        for got, array, filled in zip(found, want, strided, strict=True):
            assert got is filled
            assert_same_bits(np.ascontiguousarray(got), array)
        assert all(np.isnan(a[..., 1::2]).all() for a in wide)
        own = case.changed(features=case.inputs["features"].copy())
        found = own.call(order, out=MixingCotangents(features=own.inputs["features"]))
        assert_same_bits(found.features, want.features)


@both_dtypes
def test_threads_and_portions(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bits with 1 to 5 threads; with smaller portions all but the cotangent of mixing, which is right."""
    case = mixing_case("1_1", dtype, (3, 0, 18, 1) * 9, seed=12)
    before, want = cpu.get_num_threads(), case.every()
    monkeypatch.setattr(cpu, "_INLINE_WORK", 0)
    try:
        for threads in (1, 2, 5):
            cpu.set_num_threads(threads)
            for name, array in case.every().items():
                assert_same_bits(array, want[name])
    finally:
        cpu.set_num_threads(before)
    for size in (0, 1 << 13):
        monkeypatch.setattr(cpu_derivatives, "_MIXING_BYTES", size)
        got = case.every()
        case.check(got)
        for name in got.keys() - {"vjp.mixing", "hvp.mixing"}:
            assert_same_bits(got[name], want[name])


def test_parts_of_mixing(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many parts there are, and none of them larger than it may be."""
    case = mixing_case("1_1", degrees=(3, 0, 18, 1, 0, 4), seed=13)
    for parts, size in ((1, 1 << 26), (3, 1 << 26), (16, 1 << 26), (16, 0)):
        monkeypatch.setattr(cpu_derivatives, "_PARTS", parts)
        monkeypatch.setattr(cpu_derivatives, "_PARTS_BYTES", size)
        case.check(case.every())


def test_transposed() -> None:
    """The graph by sender, made once: the same bits; that of another graph is refused."""
    case = mixing_case("1_1", degrees=(2, 0, 3), seed=14)
    by_sender = cpu_derivatives.transpose(case.fixed["indptr"], case.fixed["indices"])
    for name, array in case.vjp(transposed=by_sender).items():
        assert_same_bits(array, case.vjp()[name])
    other = by_sender._replace(receivers=by_sender.receivers[::-1].copy() + 1)
    with pytest.raises(ValueError, match=r"^vjp_convolve_mixing_1_1: transposed belongs to another graph"):
        case.vjp(transposed=other)


# --- malformed calls ------------------------------------------------------------------------------------

SHAPES: dict[str, list[tuple[int, ...]]] = {
    "basis": [(5,), (4, 3), (5, 2), (5, 3, 1)],
    "mixing": [(3, 3, 8), (2, 3, 8, 8), (3, 2, 8, 8), (3, 3, 7, 8), (3, 3, 8, 8, 1)],
    "cotangents": [(3, 3), (2, 3, 8), (3, 5, 8), (3, 3, 7)],
    "features": [(3, 8), (3, 5, 8)],
    "vectors": [(5, 2), (4, 3)],
    "weights": [(4,), (5, 1)],
    **{f"{n}_tangent": [(1,), ()] for n in NAMES},
}


@pytest.mark.parametrize(("name", "shape"), [(n, s) for n, shapes in SHAPES.items() for s in shapes], ids=str)
def test_shapes(name: str, shape: tuple[int, ...]) -> None:
    """Each is refused by its name before anything is filled."""
    _refuse(name, np.zeros(shape), ValueError)


@pytest.mark.parametrize("name", SHAPES)
def test_dtypes(name: str) -> None:
    """Another float, integers, and masks."""
    case = mixing_case("1_1", degrees=(2, 0, 3))
    good = {**case.arguments("vjp"), **case.arguments("hvp")}[name]
    for bad in (good.astype(np.float32), good.astype(np.int64), np.ma.array(good, mask=True)):
        _refuse(name, bad, TypeError)


def test_words() -> None:
    """Names that are not there, other kinds of out, and what is no truth value."""
    for options, error, word in (
        ({"of": "radial"}, ValueError, "radial"),
        ({"of": 3}, TypeError, "of"),
        ({"normalize": 1}, TypeError, "normalize"),
        ({"out": cpu_derivatives.Cotangents()}, TypeError, "MixingCotangents"),
        ({"out": MixingCotangents(basis=np.zeros((5, 2)))}, ValueError, "basis"),
        ({"transposed": 1}, TypeError, "transposed"),
    ):
        for order in ("vjp", "hvp"):
            with pytest.raises(error, match=rf"^{order}_convolve_mixing_1_1: .*\b{word}\b"):
                mixing_case("1_1", degrees=(2, 0, 3)).call(order, **options)


@pytest.mark.parametrize("key", oracles.KEYS)
@pytest.mark.parametrize("order", ["vjp", "jvp", "hvp"])
def test_signatures(order: str, key: str) -> None:
    """Every function is there, and refuses what it should by its own name."""
    with pytest.raises(ValueError, match=f"^{order}_convolve_mixing_{key}: vectors "):
        mixing_case(key, degrees=(2, 0, 3)).call(order, vectors=np.zeros((5, 2)))


def _refuse(name: str, value: Any, error: type[Exception]) -> None:
    case = mixing_case("1_1", degrees=(2, 0, 3))
    assert len(case.inputs["vectors"]) == 5
    for order in ("vjp", "jvp", "hvp"):
        if name not in case.arguments(order):
            continue
        out = MixingCotangents(**{n: np.full(a.shape, 7.0) for n, a in case.inputs.items()})
        options = {} if order == "jvp" else {"out": out}
        with pytest.raises(error) as caught:
            case.call(order, **{name: value}, **options)
        assert type(caught.value) is error
        assert re.match(rf"{order}_convolve_mixing_1_1: .*\b{name}\b", str(caught.value)), str(caught.value)
        assert all(np.all(a == 7) for a in out)
