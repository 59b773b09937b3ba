"""Edits of the emitted derivatives of mixed radial functions: each must be refused by theorem T14."""

from __future__ import annotations

import pytest

from tests.derivation import Edit, edits
from tests.test_derive_mutation_derivatives import refuses

FORMULAS = [
    *edits(
        "_adjoint_channel_1_1",
        ("sign of a cross product", "g1 * z - g2 * y", "g2 * y - g1 * z"),
        ("a component", "bar_d = g0 * x", "bar_d = g0 * y"),
    ),
    *edits("_message_jvp_channel_1_1", ("a tangent left out", "d * d_x + d_d * x", "d * d_x")),
    *edits("_adjoint_jvp_channel_1_1", ("a tangent left out", " + d_bar_d * x_3", "")),
    *edits(
        "_message_vjp_channel_1_1",
        ("a path without its cotangent", "- f1 * h2_1", ""),
        ("a constant", "k.c3 * bar_x_3", "k.c2 * bar_x_3"),
    ),
    *edits("_message_hvp_channel_1_1", ("product rule", "d_h1_2 * f1", "d_h1_2 * d_f1")),
]
LOOPS = [
    *edits(
        "_message_sums_1_1",
        ("the receiver's features", "_load(field, (ends[t], 1, c), lanes)", "_load(field, (i, 1, c), lanes)"),
        ("basis of the edge before", "basis[e, q]", "basis[t - 1, q]"),
    ),
    *edits("_adjoint_sums_1_1", ("the sender's place", "_edge_number(order, t)", "t")),
    *edits(
        "_message_jvp_sums_1_1",
        ("output for its tangent", "d4 = d4 + d_w * m4", "d4 = d4 + w * m4"),
        ("a sum left out", "_store(d_out, (n, 1, q, 1, v), d4)", "_store(d_out, (n, 1, q, 1, v), s4)"),
    ),
    *edits(
        "_vjp_mixing_1_1",
        ("not weighted", "= w * _sum_lanes(bar_root_0)", "= _sum_lanes(bar_root_0)"),
        ("shared channels twice", "v - c, uneven", "0, uneven"),
        ("kept from the edge before", "along[:] = k.zero", "pass"),
        ("weight of basis", "(e, q), w * product", "(e, q), product"),
    ),
    *edits(
        "_hvp_mixing_1_1",
        ("weights do not move", "d_w * bar + w *", "w *"),
        ("matrices do not move", "_given(d_seeds, (n, 1, q, 2, v), lanes, k.zero)", "_splat(k.zero, lanes)"),
        ("bars and their tangents exchanged", "d_vectors, bars, d_bars,", "d_vectors, d_bars, bars,"),
    ),
    *edits("_weighted_tangent", ("one term", "moved + d_weights[e] * value", "moved")),
]
CALLS = [
    *edits("_mix_sums", ("matrices do not move", "target += further", "target += 0 * further")),
    *edits("_part_of_mixing", ("one chunk of each part", "totals[part] += product", "totals[part] = product")),
    *edits("_mixing_cotangent", ("parts left out", "totals[0] += totals[part]", "totals[0] += 0")),
    *edits("_feature_cotangents", ("not transposed", "a.swapaxes(2, 3)", "a")),
    *edits(
        "_edges_of_mixing", ("other cotangents", "cotangents[first:last]", "cotangents[start : start + last - first]")
    ),
    *edits("vjp_convolve_mixing_1_1", ("loops exchanged", "_vjp_mixing_1_1)", "_hvp_mixing_1_1)")),
    *edits("hvp_convolve_mixing_1_1", ("tangents exchanged", "        basis_tangent,", "        mixing_tangent,")),
]
EVERY = [*FORMULAS, *LOOPS, *CALLS]


@pytest.mark.parametrize(
    "edit", [pytest.param(e, marks=[pytest.mark.slow] if n % 8 else []) for n, e in enumerate(EVERY)], ids=str
)
def test_refused(edit: Edit) -> None:
    """Chosen edits of 1→1, one of each kind."""
    refuses(edit)
