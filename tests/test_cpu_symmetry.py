"""What makes the layer a layer: it commutes with rotations and relabelling, is linear, each channel has its parity."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn import cpu

from tests import inputs, oracles
from tests.inputs import Problem
from tests.rotations import cube_rotations, quaternion_rotation
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance

CONVOLVE = {l: getattr(cpu, f"convolve_1_{l}") for l in oracles.L_OUT}
thorough = settings(deadline=None, max_examples=80, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


def run(p: Problem) -> Array:
    return np.asarray(CONVOLVE[p.l_out](*p.arguments))


def scale_of(p: Problem) -> Array:
    return oracles.convolve(p.l_out, *p.arguments)[1]


def rotated(p: Problem, rotation: Array) -> Problem:
    """The same graph in a turned frame, rounded to the dtype."""
    turn = rotation.astype(np.longdouble)
    return dataclasses.replace(
        p,
        vectors=(p.vectors @ turn.T).astype(p.dtype),
        features=np.einsum("ab,nbc->nac", turn, p.features).astype(p.dtype),
    )


def check_equivariance(p: Problem, rotation: Array) -> None:
    want = np.einsum("mn,inc->imc", oracles.representation(p.l_out, rotation), run(p))
    limit = tolerance(p.dtype).moved(p.degree)
    assert_close(run(rotated(p, rotation)), want, scale_of(p), limit=limit, dtype=p.dtype, axis=-2)


@given(inputs.problems(), seeds)
@thorough
def test_rotation(p: Problem, seed: int) -> None:
    """K(R r) R f = D(R) K(r) f, for rotations in general position."""
    check_equivariance(p, quaternion_rotation(seed))


def test_there_are_24_rotations_of_the_cube() -> None:
    assert len(cube_rotations()) == 24


@given(inputs.problems(), st.sampled_from(range(24)))
@thorough
def test_cube_rotation(p: Problem, number: int) -> None:
    """The same where the inputs stay exact and edges lie on axes."""
    check_equivariance(p, cube_rotations()[number])


@given(inputs.problems(), seeds)
@thorough
def test_relabelling_nodes(p: Problem, seed: int) -> None:
    """New names for the nodes rename the outputs, to the last bit."""
    nodes = len(p.features)
    order = np.random.default_rng(seed).permutation(nodes)  # new node i was order[i]
    edges = [np.arange(p.indptr[i], p.indptr[i + 1]) for i in order]
    moved = np.concatenate([np.empty(0, int), *edges]).astype(int)
    new = Problem(
        p.l_out,
        np.concatenate([[0], np.cumsum([len(e) for e in edges])]).astype(p.indptr.dtype),
        np.argsort(order)[p.indices[moved]].astype(p.indices.dtype),
        p.vectors[moved],
        p.radial[moved],
        p.features[order],
        None if p.weights is None else p.weights[moved],
    )
    assert_same_bits(run(new), run(p)[order])


@given(inputs.problems(), seeds)
@thorough
def test_order_of_edges(p: Problem, seed: int) -> None:
    """The edges of a receiver may come in any order."""
    rng = np.random.default_rng(seed)
    receivers = np.repeat(np.arange(len(p.features)), np.diff(p.indptr))
    order = np.lexsort((rng.random(len(receivers)), receivers))
    new = dataclasses.replace(
        p,
        indices=p.indices[order],
        vectors=p.vectors[order],
        radial=p.radial[order],
        weights=None if p.weights is None else p.weights[order],
    )
    limit = tolerance(p.dtype).pair(p.degree)
    assert_close(run(new), run(p), scale_of(p), limit=limit, dtype=p.dtype, axis=-2)


def exact_sums(p: Problem, name: str, seed: int) -> tuple[Problem, Problem, Problem]:
    """p with three values of one argument, the third 2 first - second / 4 without rounding."""
    rng = np.random.default_rng(seed)
    shape = getattr(p, name).shape
    first, second = (rng.integers(-1000, 1000, shape).astype(p.dtype) for _ in range(2))
    values = (first, second, 2 * first - second / 4)
    a, b, c = (dataclasses.replace(p, **{name: v}) for v in values)
    return a, b, c


@given(inputs.problems(), st.sampled_from(["features", "radial"]), seeds)
@thorough
def test_linearity(p: Problem, name: str, seed: int) -> None:
    """Linear in the features and in the radial functions."""
    a, b, combined = exact_sums(p, name, seed)
    want = 2 * run(a).astype(np.longdouble) - run(b).astype(np.longdouble) / 4
    scale = 2 * scale_of(a) + scale_of(b) / 4
    limit = tolerance(p.dtype).pair(p.degree)
    assert_close(run(combined), want, scale, limit=limit, dtype=p.dtype, axis=-2)


@given(inputs.problems())
@thorough
def test_scaling_by_powers_of_two(p: Problem) -> None:
    """Doubling features, or lengthening vectors, is exact."""
    doubled = dataclasses.replace(p, features=2 * p.features)
    assert_same_bits(run(doubled), 2 * run(p))
    longer = dataclasses.replace(p, vectors=8 * p.vectors)
    assert_same_bits(run(longer), run(p))


@pytest.mark.parametrize(("l_out", "channel"), [(l, p) for l in oracles.L_OUT for p in range(oracles.n_paths(l))])
@pytest.mark.parametrize("dtype", inputs.DTYPES)
def test_parity(l_out: int, channel: int, dtype: Any) -> None:
    """Under r → -r each channel alone changes by (-1)^l_f, exactly."""
    p = inputs.problem(l_out, [3, 0, 7, 1], 9, dtype=dtype, weighted=True, seed=channel)
    p.radial[:, np.arange(p.radial.shape[1]) != channel] = 0
    mirrored = dataclasses.replace(p, vectors=-p.vectors)
    sign = (-1) ** oracles.DEGREES[l_out][channel]
    got = run(mirrored)
    assert got.any()
    assert np.array_equal(got, sign * run(p))
