"""T9: the layer on symbols is the layer, commutes with what it should, and the prover refuses what does not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import sympy as sp
from pocket_tfn.derive.catalogue import Pair, Path, emitted_pairs, pair, variants
from pocket_tfn.derive.harmonics import component_generator
from pocket_tfn.derive.proofs import point_layer
from pocket_tfn.derive.proofs import t09_layer as t09
from pocket_tfn.derive.proofs.generators import turned
from pocket_tfn.derive.proofs.point_layer import Layer, finite_residuals
from pocket_tfn.derive.rotations import rotation_matrix
from pocket_tfn.derive.symbols import DIRECTION, QUATERNION
from pocket_tfn.derive.wigner import component_wigner_matrix

from tests.derivation import patched, refused


def with_kernel(p: Path, kernel: sp.Matrix) -> Path:
    """A path that has another kernel than its form's."""
    changed = replace(p)
    vars(changed)["kernel"] = sp.ImmutableMatrix(kernel)
    return changed


def corrupted(p: Path) -> Path:
    """The sign of the first entry that is not zero changed."""
    changed = sp.Matrix(p.kernel)
    at = next(i for i, e in enumerate(changed) if e != 0)
    changed[at] *= -1
    return with_kernel(p, changed)


# --- what the layer is ----------------------------------------------------------------------------------------------


def test_layer_is_the_sum_written_by_hand() -> None:
    """Σ_j w_j (a f + b r × f + c (3 r (r·f) - |r|² f)) for 1 → 1."""
    layer = Layer(pair(1, 1))
    wanted = sp.zeros(3, 1)
    for j in range(2):
        r, f, g = (sp.Matrix([e.as_expr() for e in part[j]]) for part in (layer.r, layer.f, layer.g))
        acted = g[0] * f + g[1] * r.cross(f) + g[2] * (3 * r * r.dot(f) - r.dot(r) * f)
        wanted += layer.w[j].as_expr() * acted
    found = sp.Matrix([e.as_expr() for e in layer.weighted(layer.w)])
    assert (found - wanted).expand().is_zero_matrix


def test_a_rational_rotation() -> None:
    """Two neighbours, a finite rotation with rational entries, 1 → 2: in numbers, apart from the prover."""
    q = dict(
        zip(QUATERNION, (sp.Rational(1, 2), sp.Rational(-5, 6), sp.Rational(1, 6), sp.Rational(1, 6)), strict=True)
    )
    assert sum(v**2 for v in q.values()) == 1
    turn, d_out = rotation_matrix().subs(q), component_wigner_matrix(2).subs(q)
    x = [sp.Matrix([1, 2, -1]), sp.Matrix([0, 3, 5]), sp.Matrix([-2, 1, 1])]
    f = [sp.Matrix([1, -1, 4]), sp.Matrix([2, 0, 7])]

    def output(points: list[sp.Matrix], features: list[sp.Matrix]) -> sp.Matrix:
        total = sp.zeros(5, 1)
        for number, (point, feature) in enumerate(zip(points[1:], features, strict=True), start=2):
            r = points[0] - point
            at = dict(zip(DIRECTION, r, strict=True))
            for p in pair(1, 2).paths:
                radial = sp.Rational(1, number + p.l_f) + r.dot(r) ** 2
                total += radial * number * p.kernel.subs(at, simultaneous=True) * feature
        return total

    shift = sp.Matrix([7, -8, 9])
    after = output([turn * v + shift for v in x], [turn * v for v in f])
    assert (after - d_out * output(x, f)).expand().is_zero_matrix
    assert any(after)


# --- the theorem ----------------------------------------------------------------------------------------------------


def test_holds_for_the_catalogue() -> None:
    """One identity for each axis and output component, among others."""
    proof = t09.prove(emitted_pairs())
    (axes,) = [s for s in proof.steps if s.text.startswith(r"\emph{About each axis.}")]
    assert axes.identities == 3 * (1 + 3 + 5)
    assert r"$1 \to 2$ ($J = 1, 2, 3$)" in axes.text


@pytest.mark.parametrize("degrees", [(0, 0), (0, 2), pytest.param((2, 2), marks=pytest.mark.slow), (1, 3)], ids=str)
def test_holds_for_any_degrees(degrees: tuple[int, int]) -> None:
    """Also for pairs that have no closed form, and where finite rotations are out of reach."""
    proof = t09.prove([pair(*degrees)])
    assert any(s.text.startswith("Without that argument") for s in proof.steps) == (sum(degrees) <= 3)


def test_holds_for_some_of_the_paths() -> None:
    """Polar paths alone, which is what users of O(3) have."""
    polar = variants(pair(1, 2))[1]
    assert "$1 \\to 2$ ($J = 1, 3$)" in "".join(s.text for s in t09.prove([polar]).steps)


@pytest.mark.slow
def test_holds_up_to_degree_three() -> None:
    """All pairs at once."""
    assert t09.prove([pair(i, o) for i in range(4) for o in range(4)]).identities > 2000


# --- what it refuses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [(1, 0, 1), (1, 1, 1), (1, 2, 1)], ids=str)
def test_wrong_kernel(degrees: tuple[int, int, int]) -> None:
    """A wrong sign in one entry: about the axes, and for finite rotations."""
    l_in, l_f, l_out = degrees
    wrong = corrupted(pair(l_in, l_out).paths[l_f - abs(l_in - l_out)])
    refused(lambda: t09._about_each_axis([Layer(Pair(l_in, l_out, (wrong,)))]))
    assert any(finite_residuals(wrong))


def test_wrong_kernel_for_general_degrees() -> None:
    """Where generators are all there is."""
    *others, last = pair(2, 2).paths
    refused(lambda: t09.prove([Pair(2, 2, (*others, corrupted(last)))]))


def test_kernel_that_is_not_homogeneous() -> None:
    """At |r| = 1 it is the quadrupole; elsewhere it is not |r|² times it."""
    p = pair(1, 1).paths[2]
    x, y, z = DIRECTION
    inhomogeneous = sp.Matrix(3, 3, lambda i, j: 3 * (x, y, z)[i] * (x, y, z)[j] - int(i == j))
    refused(lambda: t09.prove([Pair(1, 1, (with_kernel(p, inhomogeneous),))]))


def test_wrong_parity() -> None:
    """The cross product given out as a quadrupole: equivariant, but not of its degree, and odd."""
    _, cross, quadrupole = pair(1, 1).paths
    wrong = Layer(Pair(1, 1, (with_kernel(quadrupole, cross.kernel),)))
    t09._about_each_axis([wrong])
    refused(lambda: t09._solid([wrong]))
    refused(lambda: t09._reflections([wrong]))


#: (module, name, what stands there instead): generators that turn the other way, matrices that are none of a rotation.
WRONG: dict[str, tuple[Any, str, Any]] = {
    "generators": (point_layer, "component_generator", lambda l, k: -component_generator(l, k)),
    "axes": (point_layer, "turned", lambda e, r, k: turned(e, r, (k + 1) % 3)),
    "positions": (t09, "turned", lambda e, r, k: -turned(e, r, k)),
    "rotation of positions": (t09, "rotation_matrix", lambda: 2 * rotation_matrix()),
    "inverse rotation": (point_layer, "rotation_matrix", lambda: rotation_matrix().T),
    "inverse D": (point_layer, "component_wigner_matrix", lambda l: component_wigner_matrix(l).T),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rotation(name: str) -> None:
    """Each of the things that are turned, turned wrongly."""
    module, attribute, wrong = WRONG[name]
    with patched() as patch:
        patch.setattr(module, attribute, wrong)
        refused(lambda: t09.prove([pair(1, 1)]))


#: What stands for a part of the turns about n: an inverse, another axis, a generator the other way.
WRONG_TURNS: dict[str, tuple[str, Any]] = {
    "rotation": ("rotation_matrix", lambda: rotation_matrix().T),
    "no rotation": ("rotation_matrix", lambda: 2 * rotation_matrix()),
    "generator": ("component_generator", lambda l, k: -component_generator(l, k)),
    "axis": ("turned", lambda e, r, k: turned(e, r, (k + 1) % 3)),
}


@pytest.mark.parametrize("name", WRONG_TURNS)
def test_wrong_turns_about_an_axis(name: str) -> None:
    """The exponential of a generator is the rotation, and moves points as it should."""
    assert t09._all_rotations().identities == 9 + 9 + 3 + 1
    with patched() as patch:
        patch.setattr(t09, *WRONG_TURNS[name])
        refused(t09._all_rotations)


def test_lengths_that_change() -> None:
    """A field that is no rotation's."""
    exponential, start, moved, length = t09._one_parameter()
    assert not any((*exponential, *start, *moved, *length))
    with patched() as patch:
        patch.setattr(t09, "turned", lambda e, r, k: r[k] * e.diff(r[k]))
        assert any(t09._one_parameter()[3])


def test_layers_of_both_kinds() -> None:
    """They are named; one that commutes with the inversion all the same is refused."""
    whole, polar, axial = variants(pair(1, 1))
    text = "".join(t09._reflections([Layer(p) for p in (whole, pair(1, 0))]).text)
    assert r"as $1 \to 1$ here, neither holds" in text
    assert not any(t09._neither(Layer(p)) for p in (polar, axial))
    assert "neither" not in t09._reflections([Layer(polar), Layer(axial)]).text
    for sign in (1, -1):
        layer = Layer(whole)
        with pytest.MonkeyPatch.context() as patch:
            output = [sign * e for e in layer.weighted(layer.w)]
            patch.setattr(layer, "mirrored", lambda output=output: output)
            refused(partial(t09._neither, layer))


def test_sum_that_knows_its_points_by_name() -> None:
    """The first point counts twice, or is left out at its neighbour's."""
    right = t09.summed
    for wrong in (
        lambda edge, term, weight: right(edge, term, [2 * weight[0], *weight[1:]]),
        lambda edge, term, weight: right({**edge, (1, 0): sp.S.Zero}, term, weight),
    ):
        with patched() as patch:
            patch.setattr(t09, "summed", wrong)
            refused(t09._relabelling)
    assert t09._relabelling().identities == 6 * 3


def test_weights_that_turn() -> None:
    """With a rate of the weights left out, the remark's difference is not there."""
    with patched() as patch:
        patch.setattr(Layer, "rate_of_weights", lambda layer: [0 * e for e in layer.weighted(layer.w)])
        refused(lambda: t09.prove([pair(1, 0)]))
