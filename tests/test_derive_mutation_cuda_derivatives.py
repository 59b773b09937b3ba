"""Edits of the emitted CUDA derivatives' kernels and public functions: each must be refused by theorem T14."""

from __future__ import annotations

import pytest
from pocket_tfn.derive.proofs import t14_emitted_derivatives as t14

from tests.derivation import Edit, edited, edits, modules_of, pairs_of, refused, some_at_once

MODULE, BESIDE = "cuda_derivatives.py", "cuda.py"


def refuses(edit: Edit) -> None:
    """T14 for the pair of the edit and the CUDA modules alone ends in a ProofError."""
    files = modules_of(edit.pair)
    text = edited(files[MODULE], edit)
    refused(lambda: t14.prove(pairs_of(edit.pair), {MODULE: text, BESIDE: files[BESIDE]}))


KERNELS = [
    *edits(
        "_vjp_edges_1_1",
        ("cotangents of the sender", "_load(cotangents, (i, 1, c), lanes)", "_load(cotangents, (j, 1, c), lanes)"),
        ("another path", "b=_load_once(radial, (e + n - base, 1, c)", "b=_load_once(radial, (e + n - base, 0, c)"),
        ("the edge of another frame", "(e + n - base, 2, c), lanes),", "(e + lane, 2, c), lanes),"),
        ("no weights", "w=w,", "w=k.one,"),
        ("not summed over channels", "sum_bar_x=bar_root_0", "sum_bar_x=k.zero"),
        ("not summed over lanes", "_sum_lanes(bar_root_1)", "bar_root_1[0]"),
        ("not summed over threads", "while half < across:", "while half < 1:"),
        ("threads too few", "half *= 2", "half *= 4"),
        ("of another sum", "total_2 = total_2 + _exchanged(total_2,", "total_2 = total_2 + _exchanged(total_1,"),
        ("solid for unit", "_moved(k, not normalize", "_moved(k, normalize"),
        ("the same channels again", "c += across * len(lanes)", "c += across"),
        ("channels not begun again", "                    c = (lane & (across - 1)) * len(lanes)\n", ""),
        ("each thread writes", "if c == 0:", "if c >= 0:"),
        ("a receiver beyond", "if i < indptr.shape[0] - 1:", "if i < indptr.shape[0]:"),
        ("a sum of another", "sums[1, slot], sums[2, slot]", "sums[2, slot], sums[1, slot]"),
        ("what was not asked for", "if lane < count and bar_weights.shape[0] > 0:", "if lane < count:"),
        ("weights by receiver", "bar_weights[e + lane] =", "bar_weights[e] ="),
        ("no memory for all", "shared.array((5,", "shared.array((4,"),
        ("frames not waited for", "indices[e + lane]\n            _wait(slot, lane, group)", "indices[e + lane]"),
        ("sums not waited for", "n += at_once\n            _wait(slot, lane, group)", "n += at_once"),
        ("threads part", "while n - first < base + count:", "while n < base + count:"),
        ("edges left out", "n += at_once", "n += group"),
        ("chunks overlap", "e += group", "e += at_once"),
        ("an edge of the next receiver", "count = min(group, last - e)", "count = min(group, last - e + 1)"),
    ),
    *edits(
        "_vjp_senders_1_1",
        ("receivers and senders exchanged", "(ends[n, 0], 0, c)", "(i, 0, c)"),
        ("places for edges", "_load_once(radial, (e, 1, c), lanes)", "_load_once(radial, (t + n - base, 1, c), lanes)"),
        ("no sum", "sum_bar_f1=bar_features_1", "sum_bar_f1=k.zero"),
        ("an edge too many", "last = starts[i + 1]", "last = starts[i + 1] + 1"),
        ("weights dropped", "_given_number(weights, e, k.one)", "k.one"),
        ("to another component", "(i, 2, c), bar_features_2)", "(i, 2, c), bar_features_1)"),
        ("half of the tree", "if first < half:", "if first < 1:"),
        ("each thread writes", "if first == 0 and c <", "if c <"),
        ("another frame", "frames[n, 0], frames[n, 1]", "frames[slot, 0], frames[n, 1]"),
    ),
    *edits(
        "_jvp_rows_1_1",
        ("features of the receiver", "f2=_load(features, (j, 2, c), lanes)", "f2=_load(features, (i, 2, c), lanes)"),
        ("tangent of weights dropped", "d_w=d_w", "d_w=k.zero"),
        ("sign", "_store(out, (i, 0, c), out_0)", "_store(out, (i, 0, c), -out_0)"),
        ("no tangent of features", "d_f1=_given(d_features, j, 1, c, lanes, k.zero)", "d_f1=k.zero"),
        ("output and tangent exchanged", "d_out_2 = values[5]", "d_out_2 = values[2]"),
        ("parts exchanged", "row % parts * across", "row // parts * across"),
        ("the tangent of another frame", "moves[n, 1]", "moves[n, 2]"),
    ),
    *edits(
        "_hvp_edges_1_1",
        ("bars and their tangents exchanged", "sums[5, n] = total_5", "sums[5, n] = total_1"),
        (
            "directions do not move",
            "_edge_shift(k, normalize, x, y, z, s, e + lane, d_vectors)",
            "(k.zero, k.zero, k.zero)",
        ),
        ("sum of tangents left out", "sum_d_bar_n=d_bar_root_3", "sum_d_bar_n=k.zero"),
        ("radial from another", "(e + n - base, 2, c), values[10]", "(e + n - base, 2, c), values[9]"),
        ("moved along another edge", "e + lane, d_vectors, d0, d1, d2", "e, d_vectors, d0, d1, d2"),
    ),
    *edits(
        "_hvp_senders_1_1",
        ("values for tangents", "d_bar_features_0 = values[11]", "d_bar_features_0 = values[12]"),
        (
            "tangent of another edge",
            "_given(d_radial, e, 1, c, lanes, k.zero)",
            "_given(d_radial, n, 1, c, lanes, k.zero)",
        ),
    ),
    *edits(
        "_exchanged",
        ("those of the warp that are no group", "_members(slot, lane, group)", "_members(slot, lane, group) + 2"),
        ("the first of the warp", "_members(slot, lane, group)", "_members(slot, slot, group)"),
        ("another thread", "value, half)", "value, half ^ 1)"),
    ),
    *edits("_set_direction", ("another axis", "frames[slot, 1] = y", "frames[slot, 1] = x")),
    *edits("_vjp_values_1_1", ("edge values exchanged", "values[1],", "values[0],")),
    *edits("_vjp_channel_1_1", ("features in their own cotangent", "sum_bar_f0 + ", "sum_bar_f0 + f0 * ")),
    *edits(
        "_laplacian_rows_1_1",
        ("a node with itself", "if i != j:", "if True:"),
        ("features of the receiver", "f1 = features[j, 1, c]", "f1 = features[i, 1, c]"),
        ("once", "(k.one + k.one) * w * lap1", "w * lap1"),
        ("sum over edges dropped", "total2 += values[2]", "total2 = values[2]"),
        ("weights dropped", "p2 = w * radial[e, 2, c]", "p2 = radial[e, 2, c]"),
    ),
    *edits(
        "_laplacian_jacobian_1_1",
        ("sign of the sender", "sign = -k.one if sends", "sign = k.one if sends"),
        ("receiver for sender", "sends = m == i, m == j", "sends = m == j, m == i"),
        ("an axis", "d1_0 += sign * values[6]", "d1_0 += sign * values[3]"),
        ("features of another", "features_jacobian[3 * m + 1, j, 0, c]", "features_jacobian[3 * m + 1, i, 0, c]"),
        ("slopes without weights", "chi0 = w * chi0", "chi0 = chi0"),
        ("to another node", "jacobian[3 * m + 2, i, 1, c] = d2_1", "jacobian[3 * i + 2, m, 1, c] = d2_1"),
    ),
    *edits("_twice_between", ("sign", " - features_jacobian", " + features_jacobian")),
    *edits("_radial_1", ("always unit", "if solid:", "if False:"), ("no limit", "if s == k.zero:", "if False:")),
    *edits("_gradient_channel_1_1", ("an axis", "along0 * e0", "along0 * e1")),
    *edits("_edge_moved_twice", ("r does not move", "if d_vectors.shape[0] == 0:", "if True:")),
    *edits(
        "_given",
        ("another component", "(row, a, c)", "(row, c, a)"),
        ("always missing", "array.shape[0] == 0", "array.shape[0] >= 0"),
    ),
    *edits(
        "_sum_nodes",
        ("sign of the sender", "total -=", "total +="),
        ("edges for places", "vectors[order[n], a]", "vectors[n, a]"),
    ),
    *edits("_repeat", ("no step", "_operand(i, shape, steps)", "i % source.shape[0]")),
    *edits(
        "_sum_repeats",
        ("a part twice", "range(m * _PART,", "range(0,"),
        ("of another row", "first + _operand", "_operand"),
    ),
]
CALLS = [
    *edits(
        "vjp_convolve_1_1",
        ("another kernel", "_vjp_edges_1_1", "_hvp_edges_1_1"),
        ("another name", '"vjp_convolve_1_1"', '"hvp_convolve_1_1"'),
        ("no weights", "features, weights),", "features, None),"),
        ("out dropped", "        out,\n    )", "        None,\n    )"),
    ),
    *edits(
        "jvp_convolve_1_1",
        ("tangents exchanged", "(vectors_tangent, radial_tangent", "(radial_tangent, vectors_tangent"),
    ),
    *edits(
        "laplacian_convolve_1_1",
        ("exchanged", "        slopes,\n        curvatures,", "        curvatures,\n        slopes,"),
    ),
    *edits(
        "hvp_apply_1_1",
        ("shape", "(3, 3, 3)", "(3, 3, 2)"),
        ("of dropped", "        of,\n    )", '        "radial",\n    )'),
    ),
]


@pytest.mark.parametrize("edit", some_at_once([*KERNELS, *CALLS], apart=12))
def test_refused(edit: Edit) -> None:
    """Chosen edits of 1→1, one of each kind and in each kernel."""
    refuses(edit)


def test_it_holds_without_an_edit() -> None:
    """For the text that is edited."""
    files = {name: modules_of("1_1")[name] for name in (MODULE, BESIDE)}
    assert t14.prove(pairs_of("1_1"), files).identities > 1000
