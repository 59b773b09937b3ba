"""convolve_tabulated_*: radial functions from a table, read where SciPy would read it, up to the cutoff only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn import cpu

from tests import cases, inputs, oracles, promises, sums
from tests.cases import Case, graph_case
from tests.interpreted import interpreted
from tests.promises import with_nan
from tests.rotations import quaternion_rotation
from tests.tolerances import Array, assert_same_bits

KIND = "convolve_tabulated"
each_key = pytest.mark.parametrize("key", oracles.KEYS)
both_dtypes = pytest.mark.parametrize("dtype", inputs.DTYPES)
both_engines = pytest.mark.parametrize("engine", [cpu, interpreted], ids=["compiled", "interpreted"])


@each_key
@both_dtypes
def test_definition(key: str, dtype: Any) -> None:
    """Σ_e w_e Σ_p radial_p(|r_e|) K^p(r̂_e) f_j(e), compiled."""
    for seed in range(5):
        case = graph_case(KIND, key, dtype, seed=seed)
        case.check(case())


@given(cases.cases(KIND))
@settings(deadline=None, max_examples=150, derandomize=True)
def test_any_shape(case: Case) -> None:
    """The same code as plain Python: all channel counts, graphs, tables, both degrees and index types."""
    case.check(case(interpreted))


@given(cases.cases(KIND, ("1_1",), compiled=True))
@settings(deadline=None, max_examples=80, derandomize=True)
def test_any_number_of_channels(case: Case) -> None:
    """1 to 37, compiled: every width of vectors, and what they leave over."""
    case.check(case())


@both_dtypes
@pytest.mark.parametrize("options", [{"weighted": False}, {"degree": 3}, {"index_type": np.int32}], ids=str)
def test_what_is_compiled_apart(dtype: Any, options: dict[str, Any]) -> None:
    """Without weights, of the lower degree, with 32-bit indices."""
    case = graph_case(KIND, "1_2", dtype, **options)
    case.check(case())


def test_the_default_degree_is_the_higher() -> None:
    """degree=5, unless said otherwise."""
    case = graph_case(KIND, "1_1", np.float64)
    del case.arguments["degree"]
    case.check(case())


@each_key
@both_dtypes
def test_equals_values_streamed(key: str, dtype: Any) -> None:
    """convolve_* with what the table has at each edge."""
    case = graph_case(KIND, key, dtype, seed=1)
    a = case.arguments
    radial = sums.read_table(a["coefficients"], a["cutoff"], sums.lengths(a["vectors"]), a["degree"]).astype(dtype)
    want = getattr(cpu, f"convolve_{key}")(a["indptr"], a["indices"], a["vectors"], radial, a["features"], a["weights"])
    case.agrees(case(), want)


# --- one edge: the table and its end --------------------------------------------------------------------


def one_edge(length: float, dtype: Any, *, intervals: int = 10, cutoff: float = 3.0, degree: int = 5) -> Case:
    """The edge 1 → 0 along x, of this length exactly, in a table that does not go to zero."""
    case = graph_case(KIND, "1_1", dtype, (1, 0), intervals=intervals, cutoff=cutoff, degree=degree)
    vector = np.array([[length, 0, 0]], dtype)
    return case.changed(vectors=vector, indices=np.array([1]))


LENGTHS = (1.0, 3.0, 3.7, 0.1, 5.2, 6.123456789, 1e-3, 7e4, 1 / 3)


@both_dtypes
@both_engines
@pytest.mark.parametrize("cutoff", LENGTHS)
def test_the_end_of_the_table(dtype: Any, engine: Any, cutoff: float) -> None:
    """At the cutoff as the dtype has it, and beyond: nothing.  Shortly before: what the table has there."""
    cutoff = float(dtype(cutoff))
    eps = np.finfo(dtype).eps
    for intervals in (1, 2, 7, 10, 12, 1000, 4095):
        just_below = one_edge(cutoff * (1 - 8 * eps), dtype, intervals=intervals, cutoff=cutoff)
        assert just_below(engine)[0].any()
        just_below.check(just_below(engine))
        for length in (cutoff, cutoff * (1 + eps), cutoff * (1 + 8 * eps), 2 * cutoff, np.inf):
            beyond = one_edge(length, dtype, intervals=intervals, cutoff=cutoff)
            assert_same_bits(beyond(engine), np.zeros((2, 3, 8), dtype))


@both_dtypes
@pytest.mark.parametrize(("engine", "degree"), [(cpu, 5), (interpreted, 5), (interpreted, 3)])
def test_at_the_knots(dtype: Any, engine: Any, degree: int) -> None:
    """Where one polynomial ends and the next begins, and a rounding to either side."""
    for knot in range(10):
        for length in np.array([knot * (1 - np.finfo(dtype).eps), knot, np.nextafter(knot, 11)], dtype):
            case = one_edge(float(length), dtype, cutoff=10.0, degree=degree)
            case.check(case(engine))


@both_dtypes
def test_beyond_the_cutoff_even_nan_is_not_read(dtype: Any) -> None:
    """An edge beyond the cutoff is as no edge at all: neither its weight nor its sender's features count."""
    for key in ("1_1", "1_2"):
        case = graph_case(KIND, key, dtype, (2, 3, 2), seed=2)
        vectors = case.arguments["vectors"]
        vectors[:] = cases.reach(np.random.default_rng(0), np.ones((7, 3)), 1.0)
        vectors[[1, 3]] = [[5, 0, 0], [0, -1e19, 3]]
        case.arguments["indices"][:] = [0, 2, 1, 2, 0, 1, 0]  # node 2 is heard beyond the cutoff alone
        want = case()
        weights = with_nan(case.arguments["weights"], [1, 3])
        spoilt = case.changed(features=with_nan(case.arguments["features"], 2), weights=weights)
        assert_same_bits(spoilt(), want)
        spoilt.arguments["indices"][3] = 1
        assert_same_bits(spoilt(), want)


@both_dtypes
@both_engines
def test_any_unit_of_length(dtype: Any, engine: Any) -> None:
    """Lengths and cutoff times a power of two give the same bits, even where squares would under- or overflow."""
    case = graph_case(KIND, "1_2", dtype, seed=3)
    vectors = case.arguments["vectors"]
    vectors[np.linalg.norm(vectors, axis=1) > 10] = 7  # those next to 0 and far beyond have no place in other units
    vectors[np.linalg.norm(vectors, axis=1) < 1e-3] = 0
    want = case(engine)
    case.check(want)
    for exponent in (-90, -40, 40, 90):
        unit = 2.0**exponent
        other = case.changed(vectors=vectors * dtype(unit), cutoff=case.arguments["cutoff"] * unit)
        assert_same_bits(other(engine), want)


@both_dtypes
@both_engines
@pytest.mark.parametrize("key", ["1_0", "1_1", "1_2"])
def test_at_the_origin(dtype: Any, engine: Any, key: str) -> None:
    """T10: at r = 0 the path with l_f = 0 has the table's first value, and the others vanish exactly."""
    case = graph_case(KIND, key, dtype, (1,), seed=4)
    case = case.changed(vectors=np.array([[0, -0.0, 0]], dtype), indices=np.array([0]))
    got = case(engine)
    if key == "1_1":
        case.check(got)
        axial = Case(KIND, "1_1_axial", {**case.arguments, "coefficients": case.arguments["coefficients"][:, 1:2]})
        got = axial(engine)
    assert not got.any()


# --- NaN --------------------------------------------------------------------------------------------------


@both_dtypes
@pytest.mark.parametrize("key", ["1_1", "1_2_axial", "1_2"])
def test_nan_shows_where_it_should(dtype: Any, key: str) -> None:
    """A vector or weight at its receiver, features and coefficients in their channel, and nowhere else."""
    case = graph_case(KIND, key, dtype, (2, 3, 0, 1), seed=5, cutoff=4.0)
    a = case.arguments
    a["vectors"] = (np.random.default_rng(0).uniform(0.5, 1.5, (6, 3))).astype(dtype)  # within the cutoff
    a["indices"][:] = [0, 1, 2, 0, 3, 2]  # receiver 0 alone hears node 1
    only = promises.check_only
    only(case, 0, vectors=with_nan(a["vectors"], (1, 2)))
    only(case, 0, vectors=with_nan(a["vectors"], 1))
    only(case, 0, weights=with_nan(a["weights"], 0))
    spoilt = a["features"].copy()
    spoilt[1, :, 3] = np.nan
    only(case, (0, slice(None), 3), features=spoilt)
    coefficients = with_nan(a["coefficients"], (slice(None), 0, 6))
    assert np.isnan(case.changed(coefficients=coefficients)()[[0, 1, 3], :, 6]).any(axis=1).all()
    a["vectors"][2:] = [[0.5, 0, 0], [0, 0.6, 0], [0, 0, 0.7], [0.8, 0, 0]]  # far from the table's last interval
    a["vectors"][:2] = [[3.9, 0.1, 0.1], [0.1, 0.1, 3.8]]
    last = a["coefficients"].copy()
    last[-1, :, 6] = np.nan
    only(case, (0, slice(None), 6), coefficients=last)


# --- symmetry and what all sums promise -------------------------------------------------------------------


@each_key
@both_dtypes
def test_rotation(key: str, dtype: Any) -> None:
    """Turned vectors and features give turned results."""
    for seed in range(4):
        promises.check_turned(graph_case(KIND, key, dtype, seed=seed), quaternion_rotation(seed))


@given(cases.cases(KIND, ("1_1",), compiled=True), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30, derandomize=True)
def test_rotation_of_any_graph(case: Case, seed: int) -> None:
    """The same for every number of channels."""
    promises.check_turned(case, quaternion_rotation(seed))


@each_key
@both_dtypes
def test_threads(key: str, dtype: Any) -> None:
    promises.check_threads(graph_case(KIND, key, dtype, (3, 0, 18, 1) * 9))


@both_dtypes
@pytest.mark.parametrize("key", ["1_0", "1_1", "1_2_polar"])
def test_memory(key: str, dtype: Any) -> None:
    """Any layout of the inputs and of out, also where they overlap."""
    case = graph_case(KIND, key, dtype)
    promises.check_layouts(case)
    promises.check_out(case)
    promises.check_overlap(case)


def test_linear_in_the_table() -> None:
    """Twice the coefficients, twice the result; and the table of a constant is that constant inside the cutoff."""
    case = graph_case(KIND, "1_2", np.float64)
    assert_same_bits(case.changed(coefficients=2 * case.arguments["coefficients"])(), 2 * case())
    constant = case.changed(coefficients=np.ones_like(case.arguments["coefficients"]))
    a = constant.arguments
    inside: Array = sums.lengths(a["vectors"]) < a["cutoff"]
    radial = np.ones((len(inside), 3, 8)) * inside[:, None, None]
    streamed = cpu.convolve_1_2(a["indptr"], a["indices"], a["vectors"], radial, a["features"], a["weights"])
    constant.agrees(constant(), streamed)
