"""convolve_mixing_*: a matrix between channels for every function of the radial basis and every path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn import cpu

from tests import cases, inputs, oracles, promises
from tests.cases import CHANNELS, Case, graph_case
from tests.interpreted import interpreted
from tests.promises import with_nan
from tests.rotations import quaternion_rotation
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance

KIND = "convolve_mixing"
each_key = pytest.mark.parametrize("key", oracles.KEYS)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)


@each_key
@both_dtypes
def test_definition(key: str, dtype: Any) -> None:
    """Σ_e w_e Σ_kp basis_ek K^p(r̂_e) f_j(e) mixing_kp, compiled."""
    for seed in range(5):
        case = graph_case(KIND, key, dtype, seed=seed, mixed=3 + 4 * seed)
        case.check(case())


@given(cases.cases(KIND))
@settings(deadline=None, max_examples=120, derandomize=True)
def test_any_shape(case: Case) -> None:
    """The same code as plain Python: all numbers of channels in and out, of functions, graphs, and index types."""
    case.check(case(interpreted))


@given(cases.cases(KIND, ("1_2",), compiled=True))
@settings(deadline=None, max_examples=80, derandomize=True)
def test_any_number_of_channels(case: Case) -> None:
    """1 to 37 in, 1 to 20 out, compiled: every width of vectors, and what they leave over."""
    case.check(case())


@both_dtypes
@pytest.mark.parametrize("options", [{"weighted": False}, {"index_type": np.int32}], ids=str)
def test_what_is_compiled_apart(dtype: Any, options: dict[str, Any]) -> None:
    """Without weights, with 32-bit indices."""
    case = graph_case(KIND, "1_1", dtype, **options)
    case.check(case())


@each_key
@both_dtypes
@pytest.mark.parametrize("empty", ["functions", "channels", "mixed", "edges", "nodes"])
def test_nothing_to_mix(key: str, dtype: Any, empty: str) -> None:
    """No functions, no channels in or out, no edges, no nodes: zeros of the right shape, or nothing."""
    degrees = {"edges": (0, 0), "nodes": ()}.get(empty, (2, 1))
    sizes: dict[str, Any] = {empty: 0} if empty in ("functions", "channels", "mixed") else {}
    case = graph_case(KIND, key, dtype, degrees, **sizes)
    want = np.zeros((len(degrees), 2 * oracles.degree_of(key) + 1, 0 if empty == "mixed" else 5), dtype)
    out = np.full_like(want, np.nan)
    assert_same_bits(case(), want)
    assert case(out=out) is out
    assert_same_bits(out, want)


@both_dtypes
def test_receivers_by_the_portion(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the sums of all receivers do not fit into a cache at once: the same bits, whatever the portion."""
    case = graph_case(KIND, "1_1", dtype, (3, 0, 18, 1, 5, 2, 2), mixed=13)
    want = case()
    case.check(want)
    for size in (1, 2, 3, 5, 7):
        monkeypatch.setattr(cpu, "_MIXING_BYTES", size * 3 * 2 * 3 * CHANNELS * want.itemsize)
        assert_same_bits(case(), want)
    monkeypatch.setattr(cpu, "_MIXING_BYTES", 0)
    assert_same_bits(case(), want)


# --- special cases that other functions compute -----------------------------------------------------------


@each_key
@both_dtypes
def test_diagonal_matrices_are_radial_functions(key: str, dtype: Any) -> None:
    """Where no channels are mixed: convolve_* with radial = Σ_k basis_k diagonal_k, exact in these small integers."""
    case = graph_case(KIND, key, dtype, seed=1)
    a, rng = case.arguments, np.random.default_rng(0)
    basis = rng.integers(-8, 9, a["basis"].shape).astype(dtype)
    diagonal = rng.integers(-8, 9, a["mixing"].shape[:3]).astype(dtype)
    mixed = case.changed(basis=basis, mixing=diagonal[..., None] * np.eye(CHANNELS, dtype=dtype))
    radial = np.einsum("ek,kpc->epc", basis, diagonal)
    want = getattr(cpu, f"convolve_{key}")(a["indptr"], a["indices"], a["vectors"], radial, a["features"], a["weights"])
    mixed.agrees(mixed(), want)


@both_dtypes
def test_a_function_for_each_edge(dtype: Any) -> None:
    """A basis of one function for each edge gives each a matrix of its own, as one would write it down."""
    case = graph_case(KIND, "1_1", dtype, (2, 0, 3), functions=5, seed=2)
    a = case.changed(basis=np.eye(5, dtype=dtype)).arguments
    forms = oracles.forms(1, a["vectors"])
    want = np.zeros((3, 3, 5), np.longdouble)
    for e, (receiver, sender) in enumerate(zip([0, 0, 2, 2, 2], a["indices"], strict=True)):
        for p in range(3):
            message = forms[e, p] @ a["features"][sender].astype(np.longdouble)
            want[receiver] += a["weights"][e] * (message @ a["mixing"][e, p].astype(np.longdouble))
    scale = case.changed(basis=np.eye(5, dtype=dtype)).expected()[1]
    got = cpu.convolve_mixing_1_1(**a)
    assert_close(got, want, scale, limit=case.limit, dtype=dtype, axis=-2)


@both_dtypes
def test_permuted_channels(dtype: Any) -> None:
    """Matrices that only rename channels rename the columns of convolve_*, and zeros add nothing."""
    case = graph_case(KIND, "1_2", dtype, seed=3)
    a, order = case.arguments, np.random.default_rng(0).permutation(CHANNELS)
    mixing = np.broadcast_to(np.eye(CHANNELS, dtype=dtype)[:, order], (1, 3, CHANNELS, CHANNELS))
    basis = np.ones((len(a["indices"]), 1), dtype)
    got = case.changed(basis=basis, mixing=mixing)()
    radial = np.ones((len(a["indices"]), 3, CHANNELS), dtype)
    plain = (a["indptr"], a["indices"], a["vectors"], radial, a["features"], a["weights"])
    scale = oracles.convolve(2, *plain)[1][:, order]
    limit = 2 * case.limit
    assert_close(got, cpu.convolve_1_2(*plain)[:, :, order], scale, limit=limit, dtype=dtype, axis=-2)


# --- the matrix product alone -----------------------------------------------------------------------------


@both_dtypes
@pytest.mark.parametrize("rows", [0, 1, 2, 5, 6, 7, 12, 13])
def test_product(dtype: Any, rows: int) -> None:
    """Rows by the tile and those left over: NumPy's product in long double.

    The bits are the same for 1 to 53 columns, however many are computed at once.
    """
    rng = np.random.default_rng(rows)
    left, right = inputs.signed(rng, (rows, 7), 2).astype(dtype), inputs.signed(rng, (7, 53), 2).astype(dtype)
    whole = product(left, right, (0,))
    want = left.astype(np.longdouble) @ right.astype(np.longdouble)
    scale = np.abs(left).astype(np.longdouble) @ np.abs(right).astype(np.longdouble)
    assert_close(whole[..., None], want[..., None], scale, limit=tolerance(dtype).total(7), dtype=dtype, axis=-1)
    widths = {cpu._lanes(columns, np.dtype(dtype), vectors=2) for columns in range(1, 54)}
    assert widths >= {(0,), (0,) * 2, (0,) * 4, (0,) * (2 * cpu._VECTOR_BYTES // np.dtype(dtype).itemsize)}
    for columns in range(1, 54):
        for lanes in widths:
            if len(lanes) <= columns:
                assert_same_bits(product(left, right[:, :columns], lanes), whole[:, :columns])


def product(left: Array, right: Array, lanes: tuple[int, ...]) -> Array:
    """The compiled product; rows before and after those asked for, and what lies beyond out, must stay."""
    rows, columns = len(left), right.shape[1]
    out = np.full((rows + 4, columns), 99, left.dtype)
    room = np.zeros((rows + 2, left.shape[1]), left.dtype)
    room[1 : rows + 1] = left
    cpu._product(1, rows + 1, lanes, room, cpu._frozen(right), out[1 : rows + 3])
    assert (out[:2] == 99).all() and (out[rows + 2 :] == 99).all()
    return out[2 : rows + 2]


# --- NaN --------------------------------------------------------------------------------------------------


@both_dtypes
@pytest.mark.parametrize("key", ["1_1", "1_2_axial", "1_2"])
def test_nan_shows_where_it_should(dtype: Any, key: str) -> None:
    """What is an edge's shows at its receiver, features at all who hear them, a weight in the column it mixes into."""
    case = graph_case(KIND, key, dtype, (2, 3, 0, 1), mixed=21)
    a, only = case.arguments, promises.check_only
    a["vectors"][:] = np.random.default_rng(0).standard_normal(a["vectors"].shape)
    a["indices"][:] = [0, 1, 2, 0, 3, 2]  # receiver 0 alone hears node 1
    only(case, 0, vectors=with_nan(a["vectors"], (1, 2)))
    only(case, 0, basis=with_nan(a["basis"], (0, 1)))
    only(case, 0, weights=with_nan(a["weights"], 1))
    spoilt = a["features"].copy()
    spoilt[1, :, 3] = np.nan
    only(case, 0, features=spoilt)
    for column in (0, 15, 16, 20):
        mixing = with_nan(a["mixing"], (1, 0, 2, column))
        got, want = case.changed(mixing=mixing)(), case()
        assert np.isnan(got[[0, 1, 3], :, column]).all()
        assert_same_bits(np.delete(got, column, -1), np.delete(want, column, -1))


# --- symmetry and what all sums promise -------------------------------------------------------------------


@each_key
@both_dtypes
def test_rotation(key: str, dtype: Any) -> None:
    """Turned vectors and features give turned results."""
    for seed in range(4):
        promises.check_turned(graph_case(KIND, key, dtype, seed=seed), quaternion_rotation(seed))


@given(cases.cases(KIND, ("1_2",), compiled=True), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30, derandomize=True)
def test_rotation_of_any_graph(case: Case, seed: int) -> None:
    """The same for every number of channels."""
    promises.check_turned(case, quaternion_rotation(seed))


@both_dtypes
def test_relabelling_nodes(dtype: Any) -> None:
    """New names for the nodes rename the outputs, to the last bit."""
    case = graph_case(KIND, "1_2", dtype, (3, 0, 18, 1, 4, 2), mixed=19)
    a, order = case.arguments, np.random.default_rng(0).permutation(6)  # new node i was order[i]
    edges = np.concatenate([np.arange(a["indptr"][i], a["indptr"][i + 1]) for i in order])
    moved: dict[str, Array] = {name: a[name][edges] for name in ("vectors", "basis", "weights")}
    indptr = np.concatenate([[0], np.cumsum(np.diff(a["indptr"])[order])])
    indices = np.argsort(order)[a["indices"][edges]]
    new = case.changed(**moved, indptr=indptr, indices=indices, features=a["features"][order])
    assert_same_bits(new(), case()[order])


@each_key
@both_dtypes
def test_threads(key: str, dtype: Any) -> None:
    """Threads divide the receivers in places that are no multiples of the product's tile."""
    promises.check_threads(graph_case(KIND, key, dtype, (3, 0, 18, 1) * 9, mixed=19))


@both_dtypes
@pytest.mark.parametrize("key", ["1_0", "1_1", "1_2_polar"])
def test_memory(key: str, dtype: Any) -> None:
    """Any layout of the inputs and of out, also where they overlap."""
    case = graph_case(KIND, key, dtype)
    promises.check_layouts(case)
    promises.check_out(case)
    promises.check_overlap(case)
