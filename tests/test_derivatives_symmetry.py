"""Every gradient is equivariant under rotations, renames with the nodes, and does not see where the origin is."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn import cpu_derivatives

from tests import inputs, oracles
from tests.derivative_cases import FULL, Case, convolutions, convolve_case
from tests.derivative_oracles import NAMES, WIDE, Inputs
from tests.rotations import cube_rotations, quaternion_rotation
from tests.tolerances import Array, assert_same_bits, tolerance

thorough = settings(deadline=None, max_examples=80, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


def turned(case: Case, rotation: Array) -> Case:
    """The same in another frame, rounded to the dtype: g turns as the output does, radial values and weights do not."""
    d_out = oracles.representation(oracles.degree_of(case.key), rotation)
    return dataclasses.replace(
        case,
        inputs=turned_inputs(case.inputs, rotation, case.dtype),
        tangents=turned_inputs(case.tangents, rotation, case.dtype),
        cotangents=np.einsum("mn,inc->imc", d_out.astype(WIDE), case.cotangents).astype(case.dtype),
    )


def turned_inputs(arrays: Inputs, rotation: Array, dtype: Any) -> Inputs:
    """Vectors and features, or cotangents and tangents of these, turned."""
    wide = {n: a.astype(WIDE) for n, a in arrays.items()}
    turn = rotation.astype(WIDE)
    turns = {"vectors": lambda a: a @ turn.T, "features": lambda a: np.einsum("ab,nbc->nac", turn, a)}
    return {n: turns.get(n, lambda a: a)(a).astype(dtype) for n, a in wide.items()}


def check_turned(case: Case, rotation: Array, blur: float) -> None:
    """Each quantity of the turned case is the turned one; `blur`: what rounding the inputs may change, in limits."""
    got, want, sizes = turned(case, rotation).every(), case.every(), case.expected()
    d_out = oracles.representation(oracles.degree_of(case.key), rotation)
    for name, array in want.items():
        quantity = name.partition(".")[2]
        if quantity:
            array = turned_inputs({quantity: array}, rotation, WIDE)[quantity]
        else:
            array = np.einsum("mn,inc->imc", d_out.astype(WIDE), array)
        case.close(name, got[name], array, sizes[name][1], factor=2 + blur)


@given(convolutions(), seeds)
@thorough
def test_rotation(case: Case, seed: int) -> None:
    """In general position.  Turned inputs are rounded, to eps each; second derivatives change ten times as fast."""
    check_turned(case, quaternion_rotation(seed), blur=2)


@given(convolutions(), st.sampled_from(range(24)))
@thorough
def test_cube_rotation(case: Case, number: int) -> None:
    """The same where vectors and features stay exact; the five components of l = 2 are rounded."""
    check_turned(case, cube_rotations()[number], blur=1)


@given(convolutions(), seeds)
@thorough
def test_relabelling_nodes(case: Case, seed: int) -> None:
    """New names for the nodes: what edges have keeps its bits, what senders sum comes in another order."""
    order = np.random.default_rng(seed).permutation(len(case.inputs["features"]))  # new node i was order[i]
    indptr = case.fixed["indptr"]
    edges = [np.arange(indptr[i], indptr[i + 1]) for i in order]
    moved = np.concatenate([np.empty(0, int), *edges]).astype(int)
    places = {"vectors": moved, "radial": moved, "features": order, "weights": moved}
    new = dataclasses.replace(
        case,
        fixed={
            "indptr": np.concatenate([[0], np.cumsum([len(e) for e in edges])]).astype(np.int64),
            "indices": np.argsort(order)[case.fixed["indices"][moved]].astype(np.int64),
        },
        inputs={n: a[places[n]] for n, a in case.inputs.items()},
        tangents={n: a[places[n]] for n, a in case.tangents.items()},
        cotangents=case.cotangents[order],
    )
    got, want, sizes = new.every(), case.every(), case.expected()
    for name, array in want.items():
        quantity = name.partition(".")[2]
        there = array[places.get(quantity, order)]
        if quantity == "features":
            case.close(name, got[name], there, sizes[name][1][order], factor=2)
        else:
            assert_same_bits(got[name], there)


@given(convolutions())
@thorough
def test_longer_vectors(case: Case) -> None:
    """With normalize=True, doubling |r| halves the derivative with respect to it, exactly, and changes nothing else."""
    unit = dataclasses.replace(case, normalize=True)
    longer = unit.changed(vectors=2 * unit.inputs["vectors"])
    got, want = longer.vjp(), unit.vjp()
    for name in NAMES:
        assert_same_bits(got[name], want[name] / 2 if name == "vectors" else want[name])


@given(convolutions())
@thorough
def test_radial_direction(case: Case) -> None:
    """With normalize=True the value does not change along r: <r, vectors' cotangent> is zero to rounding."""
    unit = dataclasses.replace(case, normalize=True)
    r, found, scale = unit.inputs["vectors"].astype(WIDE), unit.vjp()["vectors"], unit.expected()["vjp.vectors"][1]
    along = np.abs((r * found).sum(axis=1))
    assert np.isfinite(along).all()
    assert (along <= unit.limit * scale * np.linalg.norm(r, axis=1)).all()


@pytest.mark.parametrize("key", FULL)
@pytest.mark.parametrize("dtype", inputs.DTYPES)
def test_translation(key: str, dtype: Any) -> None:
    """Of an edge one end gets what the other loses: those of positions sum to zero, whatever those of vectors."""
    case = convolve_case(key, dtype, (3, 0, 18, 1, 40), seed=2)
    found = case.vjp()["vectors"]
    forces = cpu_derivatives.position_cotangents(**case.fixed, vectors=found)
    total = forces.astype(WIDE).sum(axis=0)
    scale = 2 * np.abs(found).astype(WIDE).sum(axis=0)
    assert np.isfinite(total).all()
    assert (np.abs(total) <= tolerance(dtype).eps * len(found) * scale).all()
    assert np.abs(forces).max() > 1e3 * tolerance(dtype).eps * scale.max()
