"""How derivatives may be called: parts of them, into given arrays, with awkward or broadcast arguments."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu_derivatives
from pocket_tfn.cpu_derivatives import Cotangents

from tests import inputs, oracles
from tests.derivative_cases import CHANNELS, FIRST, Case, apply_case, convolve_case, first_of, named
from tests.derivative_oracles import NAMES
from tests.tolerances import Array, assert_same_bits

ORDERS = ("vjp", "hvp")
#: One key of each test at once: to compile the others takes most of the time, and T14 has the same text for all.
each_key = pytest.mark.parametrize("key", FIRST)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
each_order = pytest.mark.parametrize("order", ORDERS)
SUBSETS = [s for n in range(1, 4) for s in itertools.combinations(NAMES, n)]


def check_part(case: Case, order: str, names: tuple[str, ...]) -> None:
    """What is asked for has the bits that it has among all; the rest is None."""
    want = case.call(order)
    got = case.call(order, of=names)
    for name in NAMES:
        if name in names:
            assert_same_bits(getattr(got, name), getattr(want, name))
        else:
            assert getattr(got, name) is None


@each_order
@pytest.mark.parametrize("name", first_of(NAMES, "vectors"))
def test_one_cotangent(name: str, order: str) -> None:
    """Each alone, by its name or in a list; in any order and repeated."""
    case = convolve_case("1_1", np.float64, seed=1)
    check_part(case, order, (name,))
    want = getattr(case.call(order, of=(name,)), name)
    for of in (name, [name], {name}, iter((name, name))):
        got = case.call(order, of=of)
        assert_same_bits(getattr(got, name), want)
    if name != "weights":
        item = apply_case("1_1", np.float64, 3)
        assert_same_bits(getattr(item.call(order, of=iter((name,))), name), getattr(item.call(order, of=name), name))


@pytest.mark.slow
@pytest.mark.parametrize("key", ["1_0", "1_2_axial"])
@each_order
def test_every_part(key: str, order: str) -> None:
    """All choices, each compiled anew; of other functions the text is the same."""
    case = convolve_case(key, np.float64, seed=2)
    for names in SUBSETS:
        check_part(case, order, names)


@each_order
@pytest.mark.parametrize("kind", ["apply", "convolve"])
def test_nothing_asked_for(order: str, kind: str) -> None:
    """Nothing is computed."""
    case = apply_case("1_1", seed=3) if kind == "apply" else convolve_case("1_1", seed=3)
    assert case.call(order, of=()) == Cotangents()


# --- out= ----------------------------------------------------------------------------------------------


def blanks(found: Inputs, layout: Any = np.copy) -> Cotangents:
    return Cotangents(**{n: layout(np.full_like(a, np.nan)) for n, a in found.items()})


Inputs = dict[str, Array]
OUT_LAYOUTS = {"plain": np.copy, "strided": inputs.strided, "fortran": inputs.fortran, "unaligned": inputs.unaligned}


@each_order
@both_dtypes
@pytest.mark.parametrize("layout", OUT_LAYOUTS)
def test_out_is_filled(order: str, dtype: Any, layout: str) -> None:
    """Whatever it held; its arrays are what is returned, and have the bits of fresh ones."""
    case = convolve_case("1_1", dtype, seed=4)
    want = named(case.call(order))
    out = blanks(want, OUT_LAYOUTS[layout])
    got = case.call(order, out=out)
    for name, array in want.items():
        assert getattr(got, name) is getattr(out, name)
        assert_same_bits(np.ascontiguousarray(getattr(out, name)), array)


@each_order
def test_what_lies_around_out_is_untouched(order: str) -> None:
    """Arrays within larger ones, contiguous and not."""
    case = convolve_case("1_1", seed=5)
    want = named(case.call(order))
    rooms = {n: np.full((len(a) + 2, *a.shape[1:]), 7.0) for n, a in want.items()}
    case.call(order, out=Cotangents(**{n: room[1:-1] for n, room in rooms.items()}))
    for name, room in rooms.items():
        assert (room[[0, -1]] == 7).all()
        assert_same_bits(np.ascontiguousarray(room[1:-1]), want[name])


@each_order
def test_some_arrays_of_out(order: str) -> None:
    """What out lacks is made; what it has and was not asked for is left alone and not returned."""
    case = convolve_case("1_1", seed=6)
    want = named(case.call(order))
    out = blanks({"features": want["features"]})
    got = case.call(order, out=out)
    assert got.features is out.features
    for name, array in want.items():
        assert_same_bits(getattr(got, name), array)
    whole = blanks(want)
    part = case.call(order, of="features", out=whole)
    assert part.features is whole.features and part.vectors is None
    assert_same_bits(whole.features, want["features"])
    assert all(np.isnan(getattr(whole, n)).all() for n in want if n != "features")


@each_order
@pytest.mark.parametrize("which", NAMES)
def test_out_may_be_an_input(order: str, which: str) -> None:
    """The cotangent of an input may take its place; tangents, g and shifted overlaps as well."""
    case = convolve_case("1_1", seed=7)
    want = named(case.call(order))
    own = case.inputs[which].copy()
    out = Cotangents(**{which: own})
    case.changed(**{which: own}).call(order, out=out)
    assert_same_bits(own, want[which])
    room = np.full(case.cotangents.size + want[which].size + 1, np.nan)
    inside = room[1 : 1 + case.cotangents.size].reshape(case.cotangents.shape)
    inside[...] = case.cotangents
    target = room[: want[which].size].reshape(want[which].shape)
    assert np.shares_memory(inside, target)
    case.changed(cotangents=inside).call(order, out=Cotangents(**{which: target}))
    assert_same_bits(target.copy(), want[which])
    if order == "hvp":
        tangent = case.tangents[which].copy()
        moving = case.changed(tangents={**case.tangents, which: tangent})
        moving.call(order, out=Cotangents(**{which: tangent}))
        assert_same_bits(tangent, want[which])


# --- arguments -----------------------------------------------------------------------------------------


@each_key
@both_dtypes
@pytest.mark.parametrize("layout", inputs.LAYOUTS)
def test_layouts(key: str, dtype: Any, layout: str) -> None:
    """Strided, Fortran-ordered, read-only and unaligned arguments give the bits of contiguous ones, and stay."""
    case, arrange = convolve_case(key, dtype, seed=8), inputs.LAYOUTS[layout]
    want = case.every()
    awkward = case.changed(
        **{n: arrange(a) for n, a in case.inputs.items()},
        fixed={n: arrange(a) for n, a in case.fixed.items()},
        tangents={n: arrange(a) for n, a in case.tangents.items()},
        cotangents=arrange(case.cotangents),
    )
    for name, array in awkward.every().items():
        assert_same_bits(array, want[name])
    for name, array in case.inputs.items():
        assert_same_bits(np.ascontiguousarray(awkward.inputs[name]), array)
        assert_same_bits(np.ascontiguousarray(awkward.tangents[name]), case.tangents[name])
    assert_same_bits(np.ascontiguousarray(awkward.cotangents), case.cotangents)


@each_key
@both_dtypes
def test_inputs_are_left_alone(key: str, dtype: Any) -> None:
    """And results are fresh arrays that may be written to."""
    case = convolve_case(key, dtype, seed=9)
    before = {n: a.tobytes() for n, a in {**case.inputs, **case.fixed, "g": case.cotangents}.items()}
    found = case.every()
    assert {n: a.tobytes() for n, a in {**case.inputs, **case.fixed, "g": case.cotangents}.items()} == before
    assert all(a.flags.writeable and a.flags.c_contiguous for a in found.values())


def broadcast_case(key: str, dtype: Any, leads: dict[str, tuple[int, ...]], normalize: bool = True) -> Case:
    """apply with these leading dimensions of its arguments."""
    full = apply_case(key, dtype, 40, normalize=normalize, seed=10)
    rng = np.random.default_rng(11)

    def cut(array: Array, lead: tuple[int, ...]) -> Array:
        rows = rng.integers(0, 40, int(np.prod(lead, dtype=int)))
        return array[rows].reshape(*lead, *array.shape[1:])

    return full.changed(
        **{n: cut(a, leads[n]) for n, a in full.inputs.items()},
        tangents={n: cut(a, leads[n]) for n, a in full.tangents.items()},
        cotangents=cut(full.cotangents, leads["cotangents"]),
    )


LEADS = [
    {"vectors": (), "radial": (), "features": (), "cotangents": ()},
    {"vectors": (5,), "radial": (1,), "features": (), "cotangents": (5,)},
    {"vectors": (2, 1, 3), "radial": (4, 1), "features": (1, 1, 1), "cotangents": (4, 3)},
    {"vectors": (3,), "radial": (2, 3), "features": (2, 1), "cotangents": ()},
    {"vectors": (1,), "radial": (1,), "features": (1,), "cotangents": (6,)},
    {"vectors": (0,), "radial": (1,), "features": (), "cotangents": (0,)},
    {"vectors": (2, 0), "radial": (), "features": (2, 1), "cotangents": (1,)},
]


@each_key
@both_dtypes
@pytest.mark.parametrize("leads", LEADS, ids=lambda leads: "-".join(map(str, leads.values())))
def test_apply_broadcasts(key: str, dtype: Any, leads: dict[str, tuple[int, ...]]) -> None:
    """As NumPy would; the cotangents of what was repeated are summed to the inputs' own shapes."""
    case = broadcast_case(key, dtype, leads)
    got = case.every()
    wanted = case.expected()
    for name, array in got.items():
        if name in ("value", "jvp"):
            lead = np.broadcast_shapes(*(leads[n] for n in case.inputs))
            want, scale = wanted[name]  # where g alone is repeated, all the same
            first = (0,) * (scale.ndim - 1 - len(lead))
            keep: Any = (*first, *(slice(n) for n in lead))
            case.close(name, array, want[keep], scale[keep])
        else:
            assert array.shape == case.inputs[name.partition(".")[2]].shape
            case.close(name, array, *wanted[name])


@pytest.mark.parametrize("key", first_of(oracles.KEYS))
def test_transposed_may_be_kept(key: str) -> None:
    """Given or made anew: the same bits."""
    case = convolve_case(key, seed=12)
    kept = cpu_derivatives.transpose(**case.fixed)
    for order in ORDERS:
        want = named(case.call(order))
        for name, array in named(case.call(order, transposed=kept)).items():
            assert_same_bits(array, want[name])


def test_lists() -> None:
    """Nested lists of Python floats are float64, as in the forward functions."""
    case = convolve_case("1_0", np.float64, (2, 1), CHANNELS, seed=13)
    listed = case.changed(**{n: a.tolist() for n, a in case.inputs.items()})
    arguments: dict[str, Any] = {**listed.arguments("vjp"), "cotangents": case.cotangents.tolist()}
    got = named(cpu_derivatives.vjp_convolve_1_0(**arguments))
    for name, array in case.vjp().items():
        assert_same_bits(got[name], array)
