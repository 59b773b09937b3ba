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
        (
            "receivers and senders exchanged",
            "i = receivers[e]\n        j = indices[e]",
            "j = receivers[e]\n        i = indices[e]",
        ),
        ("cotangents of the sender", "g1=cotangents[i, 1, c]", "g1=cotangents[j, 1, c]"),
        ("another path", "b=radial[e, 1, c]", "b=radial[e, 0, c]"),
        ("no weights", "w=w,", "w=k.one,"),
        ("not summed over channels", "sum_bar_x=bar_root_0", "sum_bar_x=k.zero"),
        ("not summed over threads", "_add_lanes(sums, r, lane, lanes)", "pass"),
        ("solid for unit", "_moved(k, not normalize", "_moved(k, normalize"),
        ("all channels in every thread", "range(lane, features.shape[2], lanes)", "range(features.shape[2])"),
        ("each thread writes", "and lane == 0", "and lane >= 0"),
        ("a thread beyond", "if e < indices.shape[0]:", "if e <= indices.shape[0]:"),
        ("a sum of another", "sums[1, r], sums[2, r]", "sums[2, r], sums[1, r]"),
        ("what was not asked for", "if bar_weights.shape[0] > 0:", "if True:"),
        ("weights by thread", "bar_weights[e] =", "bar_weights[t] ="),
        ("no memory for all", "shared.array((5,", "shared.array((4,"),
    ),
    *edits(
        "_vjp_senders_1_1",
        ("receivers and senders exchanged", "cotangents[i, 0, c]", "cotangents[j, 0, c]"),
        ("places for edges", "radial[e, 1, c]", "radial[n, 1, c]"),
        ("no sum", "sum_bar_f1=bar_features_1", "sum_bar_f1=k.zero"),
        ("an edge too many", "range(starts[j], starts[j + 1])", "range(starts[j], starts[j + 1] + 1)"),
        ("weights dropped", "w = _given_number(weights, e, k.one)", "w = k.one"),
        ("to another component", "bar_features[j, 2, c] = bar_features_2", "bar_features[j, 2, c] = bar_features_1"),
    ),
    *edits(
        "_jvp_rows_1_1",
        ("features of the receiver", "f2=features[j, 2, c]", "f2=features[i, 2, c]"),
        ("tangent of weights dropped", "d_w=d_w", "d_w=k.zero"),
        ("sign", "out[i, 0, c] = out_0", "out[i, 0, c] = -out_0"),
        ("no tangent of features", "d_f1=_given(d_features, j, 1, c, k.zero)", "d_f1=k.zero"),
        ("output and tangent exchanged", "d_out_2 = values[5]", "d_out_2 = values[2]"),
        (
            "threads by node",
            "i = t // channels\n        c = t % channels",
            "c = t // channels\n        i = t % channels",
        ),
    ),
    *edits(
        "_hvp_edges_1_1",
        ("bars and their tangents exchanged", "sums[5, r] = d_bar_root_0", "sums[5, r] = bar_root_0"),
        ("directions do not move", "_edge_shift(k, normalize, x, y, z, s, e, d_vectors)", "(k.zero, k.zero, k.zero)"),
        ("sum of tangents left out", "sum_d_bar_n=d_bar_root_3", "sum_d_bar_n=k.zero"),
        ("radial from another", "d_bar_radial[e, 2, c] = values[10]", "d_bar_radial[e, 2, c] = values[9]"),
    ),
    *edits(
        "_hvp_senders_1_1",
        ("values for tangents", "d_bar_features_0 = values[11]", "d_bar_features_0 = values[12]"),
        ("tangent of another edge", "_given(d_radial, e, 1, c, k.zero)", "_given(d_radial, n, 1, c, k.zero)"),
    ),
    *edits("_vjp_values_1_1", ("edge values exchanged", "values[1],", "values[0],")),
    *edits("_vjp_channel_1_1", ("features in their own cotangent", "sum_bar_f0 + ", "sum_bar_f0 + f0 * ")),
    *edits(
        "_add_lanes",
        ("threads do not wait", "    cuda.syncthreads()\n    half", "    half"),
        (
            "nor between halves",
            "                sums[n, r] += sums[n, r + half]\n        cuda.syncthreads()",
            "                sums[n, r] += sums[n, r + half]",
        ),
        ("half of them", "half //= 2", "half //= 4"),
        ("sign", "+= sums[n, r + half]", "-= sums[n, r + half]"),
        ("some wait alone", "if lane < half:\n", "if lane < half:\n            cuda.syncthreads()\n"),
    ),
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
    *edits("_given_number", ("always missing", "array.shape[0] == 0", "array.shape[0] >= 0")),
    *edits("_given", ("another component", "array[row, a, c]", "array[row, c, a]")),
    *edits("_fill_receivers", ("senders", "receivers[e] = i", "receivers[e] = i + 1")),
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


@pytest.mark.parametrize("edit", some_at_once([*KERNELS, *CALLS]))
def test_refused(edit: Edit) -> None:
    """Chosen edits of 1→1, one of each kind and in each kernel."""
    refuses(edit)


def test_it_holds_without_an_edit() -> None:
    """For the text that is edited."""
    files = {name: modules_of("1_1")[name] for name in (MODULE, BESIDE)}
    assert t14.prove(pairs_of("1_1"), files).identities > 1000
