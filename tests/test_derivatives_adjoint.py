"""VJP and JVP are adjoint, the Hessian is symmetric, and both are linear in what they should be linear in."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.derivative_cases import Case, convolutions, convolve_case, inner
from tests.derivative_oracles import WIDE, Inputs

thorough = settings(deadline=None, max_examples=80, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


def scales(case: Case, order: str, against: Inputs) -> Any:
    """What the error of a contraction may be relative to: Σ scale |against|."""
    total = WIDE(0)
    for name, array in against.items():
        scale = case.expected()[f"{order}.{name}"][1]
        sizes = np.abs(array) if name in ("radial", "weights") else np.linalg.norm(array, axis=1)
        total += (scale * sizes).sum()
    return total


def agree(left: Any, right: Any, scale: Any, limit: float) -> None:
    """NaN never agrees."""
    assert np.isfinite(left) and np.isfinite(right) and np.isfinite(scale)
    assert abs(left - right) <= limit * scale, f"{float(left)} and {float(right)} at scale {float(scale)}"


def check_adjoint(case: Case) -> None:
    tangent, vjp = case.jvp()[1], case.vjp()
    left, _ = inner({"out": case.cotangents}, {"out": tangent})
    right, _ = inner(vjp, case.tangents)
    agree(left, right, scales(case, "vjp", case.tangents), 2 * case.limit)


@given(convolutions(("1_1",)))
@thorough
def test_adjoint(case: Case) -> None:
    """<g, J t> = <Jᵀ g, t>."""
    check_adjoint(case)


@pytest.mark.slow
@given(convolutions(("1_0", "1_2")))
@thorough
def test_adjoint_of_every_degree(case: Case) -> None:
    """The same of the other functions."""
    check_adjoint(case)


@pytest.mark.slow
@given(convolutions(), seeds)
@thorough
def test_hessian_is_symmetric(case: Case, seed: int) -> None:
    """<s, H t> = <t, H s>."""
    other = case.along(seed)
    left, _ = inner(other.tangents, case.hvp())
    right, _ = inner(case.tangents, other.hvp())
    agree(left, right, scales(case, "hvp", other.tangents), 2 * case.limit)


@pytest.mark.slow
@given(convolutions())
@thorough
def test_the_second_order_moves_the_first(case: Case) -> None:
    """Euler's relation, as F is linear in features.

    Σ f · ∂_f is F itself, so along t = f, the other tangents zero, the second order has for vectors, radial and weights
    what the VJP has.
    """
    along = dataclasses.replace(case, tangents={"features": case.inputs["features"]})
    first, second, wanted = case.vjp(), along.hvp(), along.expected()
    for name in ("vectors", "radial", "weights"):
        case.close(f"hvp.{name}", second[name], first[name], wanted[f"hvp.{name}"][1], factor=2)
    assert not second["features"].any()


@given(convolutions())
@thorough
def test_doubling_is_exact(case: Case) -> None:
    """Twice the cotangents or the tangents, twice the result: powers of two do not round."""
    louder = dataclasses.replace(case, cotangents=2 * case.cotangents)
    faster = dataclasses.replace(case, tangents={n: 2 * a for n, a in case.tangents.items()})
    for name, array in case.vjp().items():
        assert np.array_equal(louder.vjp()[name], 2 * array)
    for name, array in case.hvp().items():
        assert np.array_equal(louder.hvp()[name], 2 * array)
        assert np.array_equal(faster.hvp()[name], 2 * array)
    assert np.array_equal(faster.jvp()[1], 2 * case.jvp()[1])


@pytest.mark.parametrize("name", ["vjp", "hvp"])
def test_the_checks_see_a_wrong_part(name: str) -> None:
    """One percent of one quantity is too much for the contractions above."""
    case = convolve_case("1_2", seed=3)
    other = case.along(4) if name == "hvp" else case
    found = getattr(case, name)()
    want = inner(other.tangents, found)[0]
    for wrong in found:
        got = inner(other.tangents, {**found, wrong: 1.01 * found[wrong]})[0]
        with pytest.raises(AssertionError):
            agree(got, want, scales(case, name, other.tangents), 2 * case.limit)
