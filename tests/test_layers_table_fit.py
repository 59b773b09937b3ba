"""RadialTable.fit keeps its tolerance where nobody looked, reports its errors truthfully, refuses what it cannot do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn.layers import (
    CosineEnvelope,
    CutoffWarning,
    PolynomialEnvelope,
    RadialMLP,
    RadialTable,
    TableErrors,
    ToleranceError,
)

from tests.tolerances import Array

CUTOFF = 5.0
ENVELOPE = PolynomialEnvelope(CUTOFF)
degrees = pytest.mark.parametrize("degree", [3, 5])

Function = Callable[[Array], Array]


def points(count: int = 20_011, cutoff: float = CUTOFF) -> Array:
    """Distances that the fit did not choose, r = 0, and more of them where a function below is sharp.

    All are exact in float32, so that no rounding of r counts.
    """
    rng = np.random.default_rng(99)
    windows = ((0.42, 0.01), (0.46, 0.0005), (0.7974, 0.001))
    more = [cutoff * (place + width * rng.uniform(-1, 1, 2000)) for place, width in windows]
    inside = rng.uniform(0, cutoff * (1 - 1e-6), count)
    return np.concatenate([[0.0], inside, *more]).astype(np.float32).astype(np.float64)


def reported(table: RadialTable) -> TableErrors:
    """The errors of a fitted table."""
    assert table.errors is not None
    return table.errors


def true_error(table: RadialTable, function: Function, order: int = 0) -> Array:
    """Largest |table - function| of each path, (P,), at `points`, the coefficients taken as they are."""
    r = points(cutoff=table.cutoff)
    want = np.asarray(function(r)).reshape(len(r), table.n_paths, table.n_channels)
    error = np.abs(table.astype(np.float64)(r, order) - want)
    assert np.isfinite(error).all()
    return error.max(axis=(0, 2))


def check(table: RadialTable, function: Function, tolerance: float) -> None:
    """The tolerance holds, and the reported error is the true one; a few per cent are lost between samples."""
    error = true_error(table, function)
    r = points(cutoff=table.cutoff)
    scale = np.abs(np.asarray(function(r)).reshape(len(r), table.n_paths, -1)).max(axis=(0, 2))
    assert (error <= 1.02 * tolerance * scale).all()
    assert (error <= 1.02 * reported(table).absolute[0] + 1e-15 * scale).all()
    assert (error >= 0.8 * reported(table).absolute[0] - 1e-15 * scale).all()
    np.testing.assert_allclose(reported(table).scale[0], scale, rtol=2e-3)


@st.composite
def smooth_functions(draw: st.DrawFn) -> Function:
    """Two paths of two channels: waves and bumps of sizes that differ by orders of magnitude, cut off smoothly."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frequency = draw(st.floats(0.1, 40))
    size = 10.0 ** rng.uniform(-8, 8, (2, 1))
    waves = rng.standard_normal((3, 2, 2)) * size
    bumps = rng.standard_normal((3, 2, 2)) * size
    omega, phase = rng.uniform(0, frequency, 3), rng.uniform(0, 6, 3)
    centre, width = rng.uniform(0, CUTOFF, 3), rng.uniform(0.2, 2, 3)

    def function(r: Array) -> Array:
        x = np.asarray(r)[:, None]
        wave, bump = np.sin(omega * x + phase), np.exp(-(((x - centre) / width) ** 2))
        values = np.tensordot(wave, waves, 1) + np.tensordot(bump, bumps, 1)
        return values * ENVELOPE(r)[:, None, None]

    return function


@degrees
@given(smooth_functions(), st.floats(-7, -2), st.sampled_from(["float32", "float64"]))
@settings(deadline=None, max_examples=15, derandomize=True)
def test_tolerance_holds(degree: int, function: Function, exponent: float, dtype: str) -> None:
    """On random functions, for each path by its own size."""
    tolerance = max(10**exponent, 5e-7 if dtype == "float32" else 0)
    check(RadialTable.fit(function, CUTOFF, tolerance, degree=degree, dtype=dtype), function, tolerance)


def sharp(r: Array) -> Array:
    return np.exp(-(((r - 2.1) / 0.01) ** 2))


ADVERSARIAL: dict[str, tuple[Function, float]] = {
    "sharp": (sharp, 1e-5),
    "sharp at r = 0": (lambda r: np.exp(-r / 0.01) * ENVELOPE(r), 1e-6),
    "zero but for a bump": (lambda r: np.maximum(1 - ((r - 3.987) / 0.004) ** 2, 0) ** 6, 1e-2),
    "oscillating": (lambda r: np.sin(150 * r) * ENVELOPE(r), 1e-4),
    "one channel in thirty": (lambda r: np.stack([ENVELOPE(r)] * 29 + [sharp(r)], -1)[:, None], 1e-3),
    "even the slope is steep at the cutoff": (lambda r: (1 - r / CUTOFF) ** 2 * np.cos(30 * r), 1e-6),
    "kink": (lambda r: np.abs(r - 2.3) * ENVELOPE(r), 1e-3),
    "tiny": (lambda r: 1e-30 * np.sin(r) * ENVELOPE(r), 1e-6),
    "zero": (lambda r: 0 * r, 1e-12),
    "zero path": (lambda r: np.stack([0 * r, np.sin(r) * ENVELOPE(r)], -1), 1e-6),
}


@pytest.mark.parametrize("name", ADVERSARIAL)
@degrees
def test_adversarial_functions(degree: int, name: str) -> None:
    function, tolerance = ADVERSARIAL[name]
    table = RadialTable.fit(function, CUTOFF, tolerance, degree=degree, dtype=np.float64, max_intervals=32768)
    check(table, function, tolerance)


@pytest.mark.filterwarnings("ignore::pocket_tfn.layers.CutoffWarning")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@degrees
def test_polynomials_are_exact(degree: int, dtype: str) -> None:
    """A constant, and any polynomial up to the degree, needs no more than the fewest intervals."""
    for power in range(degree + 1):
        table = RadialTable.fit(lambda r, n=power: (1 + r / CUTOFF) ** n, CUTOFF, 1e-6, degree=degree, dtype=dtype)
        assert table.n_intervals == 4 and table.degree == degree
        assert reported(table).relative[0] <= 4 * np.finfo(dtype).eps
        # A constant has no slope of its own to compare with; without a floor this would be infinite.
        assert (reported(table).relative[1:] <= max(1e-7, 4000 * np.finfo(dtype).eps)).all()


# --- the errors of the derivatives ----------------------------------------------------------------------


@pytest.mark.parametrize("tolerance", [1e-3, 1e-7])
@degrees
def test_derivative_errors_are_true(degree: int, tolerance: float) -> None:
    """Against derivatives by hand."""
    k, x = 9.0, np.float64(CUTOFF)

    def envelope(r: Array, order: int) -> Array:
        return np.asarray([(1 - r / x) ** 4, -4 / x * (1 - r / x) ** 3, 12 / x**2 * (1 - r / x) ** 2][order])

    def function(r: Array) -> Array:
        return np.cos(k * r) * envelope(r, 0)

    def slope(r: Array) -> Array:
        return -k * np.sin(k * r) * envelope(r, 0) + np.cos(k * r) * envelope(r, 1)

    def curvature(r: Array) -> Array:
        second = np.cos(k * r) * envelope(r, 2) - 2 * k * np.sin(k * r) * envelope(r, 1)
        return second - k * k * np.cos(k * r) * envelope(r, 0)

    table = RadialTable.fit(function, CUTOFF, tolerance, degree=degree, dtype=np.float64)
    errors = reported(table)
    for order, derivative in ((1, slope), (2, curvature)):
        error = true_error(table, derivative, order)[0]
        assert 0.9 * error <= errors.absolute[order, 0] <= 1.1 * error
        np.testing.assert_allclose(errors.scale[order, 0], np.abs(derivative(points())).max(), rtol=1e-3)
        assert errors.uncertainty[order, 0] <= 1e-2 * error


def test_derivatives_of_a_network_by_autograd() -> None:
    """A network of PyTorch in float64, differentiated by PyTorch; the errors reported are the true ones."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(1, 24), torch.nn.Tanh(), torch.nn.Linear(24, 2)).double()

    def function(r: torch.Tensor) -> torch.Tensor:
        return network(3 * r[:, None]) * ((1 - r / CUTOFF) ** 3)[:, None]

    table = RadialTable.fit(function, CUTOFF, 1e-6, dtype=np.float64)
    r = torch.tensor(points(2000), requires_grad=True)
    for path in range(2):
        value = function(r)[:, path]
        (slope,) = torch.autograd.grad(value.sum(), r, create_graph=True)
        (curvature,) = torch.autograd.grad(slope.sum(), r, retain_graph=True)
        for order, want in enumerate((value, slope, curvature)):
            got = table(r.detach().numpy(), order)[:, path, 0]
            error = np.abs(got - want.detach().numpy()).max()
            assert 0.7 * error <= reported(table).absolute[order, path]
            assert error <= 1.1 * reported(table).absolute[order, path]


def test_quintic_tables_are_smaller_and_smoother() -> None:
    """What the choice of the default degree rests on."""
    mlp = RadialMLP.random(1, 8, rng=0)
    cubic, quintic = (RadialTable.fit(mlp, CUTOFF, 1e-6, degree=d) for d in (3, 5))
    assert quintic.nbytes < 0.6 * cubic.nbytes
    assert reported(quintic).relative[2] < 0.2 * reported(cubic).relative[2]


def test_no_much_smaller_table_would_do() -> None:
    """Nine tenths of the intervals are not enough."""
    mlp = RadialMLP.random(1, 2, rng=0)
    table = RadialTable.fit(mlp, CUTOFF, tolerance := 1e-6, dtype=np.float64)
    for fewer in range(table.n_intervals // 2, table.n_intervals * 9 // 10, 3):
        with pytest.raises(ToleranceError):
            RadialTable.fit(mlp, CUTOFF, tolerance, dtype=np.float64, max_intervals=fewer)


# --- the ends -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@degrees
def test_vanishes_smoothly_with_the_function(degree: int, dtype: str) -> None:
    """Value, slope and (degree 5) curvature are zero at the cutoff to rounding; elsewhere the errors are far larger."""
    table = RadialTable.fit(RadialMLP.random(2, 3, rng=2), CUTOFF, 1e-4, degree=degree, dtype=dtype)
    eps = np.finfo(dtype).eps
    below = np.nextafter(table.dtype.type(CUTOFF), table.dtype.type(0))
    for order in range((degree + 1) // 2):
        left = np.abs(table(below, order)).max(axis=-1) / reported(table).scale[order]
        assert (left <= 10 * eps * table.n_intervals).all()
        assert reported(table).relative[order] > 1000 * left.max()


@degrees
def test_slope_at_the_origin(degree: int) -> None:
    """Zero for an even function, so that the Laplacian's φ'/r stays finite; as it is for another."""
    even, other = (
        RadialTable.fit(lambda r, k=k: np.cos(3 * r + k) * ENVELOPE(r), CUTOFF, 1e-4, degree=degree, dtype=np.float64)
        for k in (0, 1)
    )
    assert abs(even(0.0, 1)[0, 0]) <= 1e-13
    assert abs(other(0.0, 1)[0, 0] + 3 * np.sin(1)) <= 2 * reported(other).absolute[1, 0]


JUMPS: dict[str, tuple[Function, tuple[float, float]]] = {
    "constant": (lambda r: 0 * r + 3, (1, 0)),
    "line to zero": (lambda r: 1 - r / CUTOFF, (0, 1)),
    "exponential": (lambda r: np.exp(-r), (np.exp(-CUTOFF), np.exp(-CUTOFF))),
    "cut sharply": (lambda r: np.where(r < CUTOFF, 2.0, 0.0), (1, 0)),
}


@pytest.mark.parametrize("name", JUMPS)
@degrees
def test_jumps_are_told(degree: int, name: str) -> None:
    """A function that does not vanish at the cutoff is tabulated as it is, with a warning, and the jump is reported."""
    function, (value, slope) = JUMPS[name]
    with pytest.warns(CutoffWarning, match="does not vanish at the cutoff") as caught:
        table = RadialTable.fit(function, CUTOFF, 1e-6, degree=degree, dtype=np.float64)
    assert [w.filename for w in caught] == [__file__]
    np.testing.assert_allclose(reported(table).relative_jump[:2], (value, slope), rtol=1e-5, atol=1e-10)
    check(table, function, 1e-6)
    assert np.array_equal(table(CUTOFF), [[0.0]])
    below = function(np.array([CUTOFF * (1 - 1e-9)]))
    np.testing.assert_allclose(table(CUTOFF * (1 - 1e-9))[0], below, atol=1e-6 * reported(table).scale[0, 0])


def test_no_warning_without_a_jump() -> None:
    """Of value and slope, that is: the cosine's curvature jumps, is reported, and is as documented."""
    table = RadialTable.fit(CosineEnvelope(CUTOFF), CUTOFF, 1e-6, dtype=np.float64)  # warnings are errors here
    np.testing.assert_allclose(reported(table).relative_jump, [0, 0, 1], atol=1e-8)
    assert abs(table(np.nextafter(CUTOFF, 0), 2)[0, 0]) == pytest.approx(np.pi**2 / 2 / CUTOFF**2, rel=1e-3)
    RadialTable.fit(lambda r: np.exp(-r * r), CUTOFF, 1e-6)  # vanishes to within the tolerance


def test_the_function_is_never_asked_beyond() -> None:
    """Nor at the cutoff, where many have a step."""
    seen: list[Array] = []

    def function(r: Array) -> Array:
        seen.append(r.copy())
        return np.cos(r / cutoff)

    for cutoff in (CUTOFF, 0.1, 1e-10, 1e20):
        seen.clear()
        with pytest.warns(CutoffWarning):
            RadialTable.fit(function, cutoff, 1e-3)
        asked = np.concatenate(seen)
        assert asked.min() == 0 and 0.99999 * cutoff < asked.max() < cutoff


@pytest.mark.parametrize("cutoff", [1e-10, 0.3, 7e5])
def test_units_do_not_matter(cutoff: float) -> None:
    """The same function of r / cutoff needs the same table."""
    table = RadialTable.fit(lambda r: np.cos(9 * r / cutoff) * (1 - r / cutoff) ** 3, cutoff, 1e-6)
    same = RadialTable.fit(lambda r: np.cos(9 * r) * (1 - r) ** 3, 1.0, 1e-6)
    assert abs(table.n_intervals - same.n_intervals) <= 1
    np.testing.assert_allclose(table.coefficients[:8], same.coefficients[:8], rtol=1e-2)


# --- refusals -------------------------------------------------------------------------------------------


def test_step_is_refused() -> None:
    """Whatever the number of intervals; the message tells where, and that it is no matter of intervals."""
    with pytest.raises(ToleranceError, match="step, a kink") as caught:
        RadialTable.fit(lambda r: np.where(r < 2.3, 1.0, 0.0), CUTOFF, 1e-3)
    found = re.search(
        r"4 to 8192 intervals.* tolerance of 0\.001.* error is (\S+),.* at r = (\S+) in path 0", str(caught.value)
    )
    assert found and 0.3 < float(found[1]) < 1 and abs(float(found[2]) - 2.3) < 2e-3


def test_too_few_intervals() -> None:
    """The message tells how many would do, and they do; in the path that needs them."""

    def function(r: Array) -> Array:
        return np.stack([ENVELOPE(r), np.sin(40 * r) * ENVELOPE(r)], -1)

    with pytest.raises(ToleranceError, match="in path 1; about") as caught:
        RadialTable.fit(function, CUTOFF, 1e-6, dtype=np.float64, max_intervals=256)
    found = re.search(r"about (\d+) would do: raise max_intervals", str(caught.value))
    assert found
    table = RadialTable.fit(function, CUTOFF, 1e-6, dtype=np.float64, max_intervals=int(found[1]))
    assert 256 < table.n_intervals <= int(found[1]) < 2 * table.n_intervals


def test_rounding_of_the_coefficients() -> None:
    """float32 cannot hold a table to 1e-9, and float64 can; nobody waits for 8192 intervals to learn that."""
    with pytest.raises(ToleranceError, match="rounding of the coefficients to float32: use dtype float64") as caught:
        RadialTable.fit(lambda r: np.cos(r) * ENVELOPE(r), CUTOFF, 1e-9)
    assert "8192" not in str(caught.value)
    RadialTable.fit(lambda r: np.cos(r) * ENVELOPE(r), CUTOFF, 1e-9, dtype=np.float64)


def test_noise_of_the_function() -> None:
    """A function that computes in float32: told so when the tolerance is below its noise, fitted when it is above."""
    mlp = RadialMLP.random(1, 16, rng=1, dtype=np.float32)
    with pytest.raises(ToleranceError, match="lower precision") as caught:
        RadialTable.fit(mlp, CUTOFF, 1e-7, dtype=np.float64)
    scatter = re.search(r"scatter by about (\S+),.*ask for a tolerance of (\S+)$", str(caught.value))
    assert scatter and 2e-8 < float(scatter[1]) < 2e-6
    table = RadialTable.fit(mlp, CUTOFF, float(scatter[2]))
    exact = RadialMLP(mlp.basis, [w.astype(float) for w in mlp.weights], [b.astype(float) for b in mlp.biases or ()], 1)
    assert (true_error(table, exact) <= 1.5 * float(scatter[2]) * reported(table).scale[0]).all()
    assert (reported(table).uncertainty[2] > 1e-4).all()  # the curvature is known less well, and that is said


def test_derivatives_of_a_function_in_float32() -> None:
    """Its noise is told from its features: the slope is still known to a per mille of its size."""

    def function(r: Array) -> Array:
        narrow = r.astype(np.float32)
        return np.sin(20 * narrow) * ENVELOPE(narrow)

    def slope(r: Array) -> Array:
        x = r / CUTOFF
        envelope_slope = (-168 * x**5 + 336 * x**6 - 168 * x**7) / CUTOFF
        return 20 * np.cos(20 * r) * ENVELOPE(r) + np.sin(20 * r) * envelope_slope

    table = RadialTable.fit(function, CUTOFF, 1e-4)
    errors = reported(table)
    assert 1e-7 < errors.uncertainty[0, 0] < 1e-5
    assert 1e-6 < errors.uncertainty[1, 0] / errors.scale[1, 0] < 1e-3
    assert true_error(table, slope, 1) == pytest.approx(errors.absolute[1], rel=0.2)


def undefined_within(r: Array) -> Array:
    return np.where(np.abs(r - 2) < 0.3, np.nan, r)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (undefined_within, r"is nan at r = (1\.|2\.)\d+ \(path 0, channel 0\)"),
        (lambda r: np.where(r == 0, np.nan, np.exp(-r)), r"is nan at r = 0 \(path 0, channel 0\)"),
        (lambda r: np.stack([r, np.where(r > 3, np.inf, r)], -1), r"is inf at r = \S+ \(path 1, channel 0\)"),
        (lambda r: r - np.mean(r), "depends on the others"),
        (lambda r: 1e39 * ENVELOPE(r), "do not fit into float32"),
    ],
)
def test_bad_values(function: Function, message: str) -> None:
    """Refused, but not as a matter of tolerance."""
    with pytest.raises(ValueError, match=message) as caught:
        RadialTable.fit(function, CUTOFF, 1e-3)
    assert not isinstance(caught.value, ToleranceError)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (3.0, "got a float"),
        (lambda r: "text", "single numbers: TypeError: expected real numbers"),
        (lambda r: np.exp(1j * np.asarray(r)), "complex128"),
        (lambda r: r.attribute, "a NumPy array: AttributeError"),
        (lambda r: np.zeros((np.size(r), 2, 2, 2)), r"shape \(3, 2, 2, 2\), expected \(3, P, C\)"),
        (lambda r: np.zeros((np.size(r), 0)), r"shape \(3, 0\)"),
    ],
)
def test_bad_functions(function: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        RadialTable.fit(function, CUTOFF, 1e-3)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"cutoff": 0.0}, ValueError, "cutoff"),
        ({"cutoff": float("inf")}, ValueError, "cutoff"),
        ({"tolerance": 0.0}, ValueError, "tolerance"),
        ({"tolerance": float("nan")}, ValueError, "tolerance"),
        ({"degree": 4}, ValueError, "degree"),
        ({"dtype": "float16"}, TypeError, "float16"),
        ({"max_intervals": 3}, ValueError, "max_intervals"),
    ],
)
def test_bad_arguments(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        RadialTable.fit(ENVELOPE, **({"cutoff": CUTOFF, "tolerance": 1e-3} | options))


def test_paths_that_do_not_split() -> None:
    """Three values for each distance are not those of two paths."""
    with pytest.raises(ValueError, match=r"must return \(n, P, C\) = \(3, 2, C\), .* got \(3, 3\)"):
        RadialTable.fit(lambda r: ENVELOPE(r)[:, None] * np.ones(3), CUTOFF, 1e-3, n_paths=2)


# --- functions from anywhere ----------------------------------------------------------------------------


def formula(r: Any, exp: Any, stack: Any) -> Any:
    """Six values for each distance."""
    return stack([exp(-k * r) * (1 - r / CUTOFF) ** 3 for k in range(1, 7)], -1)


def functions() -> Iterator[tuple[str, Callable[..., Any], bool]]:
    """Name, function, and whether it computes in float64."""
    import jax.numpy as jnp
    from jax import jit

    yield "numpy", lambda r: formula(r, np.exp, np.stack).reshape(-1, 2, 3), True
    yield "lists", lambda r: formula(r, np.exp, np.stack).reshape(-1, 2, 3).tolist(), True
    yield "torch", lambda r: formula(r, torch.exp, torch.stack).reshape(-1, 2, 3), True
    yield "torch, float32", lambda r: formula(r.float(), torch.exp, torch.stack).reshape(-1, 2, 3), False
    yield "jax", jit(lambda r: formula(r, jnp.exp, jnp.stack).reshape(-1, 2, 3)), False
    yield (
        "a number",
        lambda r: [[np.exp(-k * r) * (1 - r / CUTOFF) ** 3 for k in ks] for ks in ((1, 2, 3), (4, 5, 6))],
        True,
    )


class Module(torch.nn.Module):
    """A network that refuses all but its own dtype, and whose parameters want gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.rates = torch.nn.Parameter(torch.arange(1.0, 7.0))

    def forward(self, r: torch.Tensor) -> torch.Tensor:
        if r.dtype != torch.float32:
            raise RuntimeError("expected scalar type Float")
        return (torch.exp(-self.rates * r[:, None]) * (1 - r[:, None] / CUTOFF) ** 3).reshape(-1, 2, 3)


def test_frameworks_agree() -> None:
    """The same table from each."""
    cases: list[tuple[str, Callable[..., Any], bool]] = [*functions(), ("module", Module(), False)]
    tables = {
        name: RadialTable.fit(function, CUTOFF, 1e-4 if double else 2e-4, dtype=np.float64)
        for name, function, double in cases
    }
    assert len(tables) == 7
    r = points(300)
    want = formula(r, np.exp, np.stack).reshape(-1, 2, 3)
    for name, table in tables.items():
        assert (table.n_paths, table.n_channels) == (2, 3), name
        assert np.abs(table(r) - want).max() <= 2.1e-4, name


def test_numbers_only() -> None:
    """A function that takes one number at a time, and is not called excessively."""
    calls: list[float] = []

    def function(r: float) -> float:
        assert isinstance(r, float)
        calls.append(r)
        return float(np.exp(-r) * (1 - r / CUTOFF) ** 3)

    table = RadialTable.fit(function, CUTOFF, 1e-3)
    assert (table.n_paths, table.n_channels) == (1, 1)
    assert len(calls) < 20_000


def test_missing_axes_and_flat_outputs() -> None:
    """(n,) is one path, (n, P) has one channel, (n, P * C) splits when told; all mean the same values."""
    flat = RadialTable.fit(lambda r: formula(r, np.exp, np.stack), CUTOFF, 1e-4, n_paths=2)
    full = RadialTable.fit(lambda r: formula(r, np.exp, np.stack).reshape(-1, 2, 3), CUTOFF, 1e-4)
    assert np.array_equal(flat.coefficients, full.coefficients)
    paths = RadialTable.fit(lambda r: formula(r, np.exp, np.stack), CUTOFF, 1e-4)
    assert (paths.n_paths, paths.n_channels) == (6, 1)
    one = RadialTable.fit(ENVELOPE, CUTOFF, 1e-4)
    assert (one.n_paths, one.n_channels) == (1, 1)


# --- float32 --------------------------------------------------------------------------------------------


def test_float32_table_in_float32() -> None:
    """Evaluated in float32 it is off by what rounding r and the sum may add, no more."""
    mlp = RadialMLP.random(2, 4, rng=5)
    table = RadialTable.fit(mlp, CUTOFF, 1e-6)
    r = points(5000)
    scale, steepness = reported(table).scale[0], reported(table).scale[1]
    error = np.abs(table(r.astype(np.float32)) - mlp(r)).max(axis=(0, 2))
    eps = np.finfo(np.float32).eps
    assert table(r).dtype == np.float32
    assert (error <= 1e-6 * scale + 2 * eps * (8 * scale + steepness * CUTOFF)).all()


def test_astype() -> None:
    """float64 to float32: the reported errors still bound the true ones, and are not much larger; and back exactly."""
    mlp = RadialMLP.random(2, 4, rng=5)
    wide = RadialTable.fit(mlp, CUTOFF, 1e-8, dtype=np.float64)
    narrow = wide.astype(np.float32)
    assert narrow.dtype == np.float32 and narrow.nbytes * 2 == wide.nbytes
    error = true_error(narrow, mlp)
    assert (error > 2 * reported(wide).absolute[0]).all()  # or the bound would not be tested
    assert (error <= reported(narrow).absolute[0]).all() and (reported(narrow).absolute[0] <= 4 * error).all()
    r = points(3000)
    for order in (1, 2):
        change = np.abs(narrow.astype(np.float64)(r, order) - wide(r, order)).max(axis=(0, 2))
        bound = reported(narrow).absolute[order] - reported(wide).absolute[order]
        assert (change <= bound).all() and (bound <= 8 * change).all()
    assert np.array_equal(narrow.astype(np.float64).coefficients, narrow.coefficients)
    assert np.array_equal(reported(narrow.astype(np.float64)).absolute, reported(narrow).absolute)


def test_repr() -> None:
    """Sizes and measured errors."""
    table = RadialTable.fit(ENVELOPE, CUTOFF, 1e-4)
    assert re.fullmatch(
        r"RadialTable\(1 paths, 1 channels, cutoff 5, degree 5, \d+ intervals, float32, 0\.\d KiB; "
        r"relative errors: value \d\.\de-05, slope \d\.\de-0\d, curvature \d\.\de-0\d\)",
        repr(table),
    )


def test_errors_are_checked() -> None:
    """TableErrors of wrong shapes, or holding NaN, do not exist; nor can they be changed."""
    good = np.ones((3, 2))
    errors = TableErrors(good, good, good, good)
    with pytest.raises(ValueError, match="read-only"):
        errors.absolute[0] = 0
    for bad in (np.ones(3), np.ones((2, 2)), -good, good * np.nan):
        with pytest.raises(ValueError, match="scale must be"):
            TableErrors(good, bad, good, good)
