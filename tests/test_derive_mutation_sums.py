"""Edits of the functions and loops that sum over neighbours on the CPU: each must be refused by theorem T11."""

from __future__ import annotations

from textwrap import indent

import pytest
from pocket_tfn.derive.proofs import t11_emitted

from tests.derivation import Edit, edited, edits, modules_of, pairs_of, refuses, some_at_once

CLEARED = "for v in range(sums.shape[1]):"
#: Steps over channels, and the first of those that a step computes: at every edge, at the end, in mixing, and in the
#: matrix product, by the tile and in rows left over.
STEPS = "for v in range(0, sums.shape[1], len(lanes)):\n                    c"
LAST_STEPS = "for v in range(0, sums.shape[1], len(lanes)):\n            c"
MIXED_STEPS = "for v in range(0, out.shape[4], len(lanes)):"
WIDE_STEPS = "for v in range(0, out.shape[1], len(lanes)):"
MOVED = "c = _moved_back(v, uneven, out.shape[2], lanes)\n                    if"
LAST_MOVED = "c = _moved_back(v, uneven, out.shape[2], lanes)\n            _store"
MIXED_MOVED = "c = min(v, features.shape[2] - len(lanes))"
TILE_MOVED = "c = min(v, out.shape[1] - len(lanes))\n            row"
WIDE_MOVED = "c = min(v, out.shape[1] - len(lanes))\n            s0"
#: What the last vector of those to be mixed shares with the one before.
SHARED = "out[n, :, :, :, last : last + out.shape[4] - features.shape[2]]"
#: What a receiver's sums become at the end.
FINISH = """\
        for v in range(0, sums.shape[1], len(lanes)):
            c = _moved_back(v, uneven, out.shape[2], lanes)
            _store(out, (i, 0, c), _load(sums, (0, v), lanes))
            _store(out, (i, 1, c), _load(sums, (1, v), lanes))
            _store(out, (i, 2, c), _load(sums, (2, v), lanes))"""
#: In 1 → 2 the edges are gone through once more, for the path that there were no registers left for.
GROUP = """\
                    for e in range(first, last):
                        u = e - first
                        w = _weighted(weights, e, basis[e, q])
                        s2_0"""

#: One channel of a sum, beginning with what was there before; messages, path by path.
CHANNELS = [
    *edits(
        "_add_channel_1_1",
        ("what was there is lost", "o1 + b * w1", "b * w1"),
        ("what was there is subtracted", "o0 + b * w0", "b * w0 - o0"),
        ("what was there is added twice", "o2 + b", "o2 + o2 + b"),
        ("components of what was there", "o0 + b * w0", "o1 + b * w0"),
        ("order of parameters", "o0, o1, o2, a", "o1, o0, o2, a"),
        ("sign", "g = a - c * n", "g = a + c * n"),
        ("dropped term", " + t * z", ""),
        ("radial functions", "b * w0 + f0 * g", "a * w0 + f0 * g"),
        ("order of values", "o0 + b * w0 + f0 * g + t * x,\n        o1", "o1 + b * w0 + f0 * g + t * x,\n        o0"),
        ("untyped number", "o0 + b", "1.0 * o0 + b"),
        ("value too few", "        o2 + b * w2 + f2 * g + t * z,\n", ""),
    ),
    *edits(
        "_add_channel_1_0",
        ("sign", "o0 + alpha * d", "o0 - alpha * d"),
        ("nothing added", "o0 + alpha * d", "o0"),
        pair="1_0",
    ),
    *edits(
        "_message_channel_1_1",
        ("sign", "d * x - f0 * n", "d * x + f0 * n"),
        ("components", "        f0,\n        f1,", "        f1,\n        f0,"),
        ("cross product", "w1 = f0 * z - f2 * x", "w1 = f2 * x - f0 * z"),
        ("paths", "        w0,\n        w1,\n        w2,\n", ""),
        ("factor", "d = f0 * x_3", "d = f0 * x"),
        ("features", "k, edge, f0, f1, f2", "k, edge, f1, f0, f2"),
    ),
    *edits("_argument", ("which", "if solid:", "if not solid:"), ("component", "return x, y, z", "return x, z, y")),
    *edits("_edge_1_1", ("value of an edge", "return (x, y, z, n,", "return (y, x, z, n,")),
    *edits(
        "_fill_edge_1_1",
        ("first edge left out", "range(first, last)", "range(first + 1, last)"),
        ("last edge left out", "range(first, last)", "range(first, last - 1)"),
        ("an edge too many", "range(first, last)", "range(first, last + 1)"),
        ("always the first", "vectors[e, 0]", "vectors[first, 0]"),
        ("of another block", "vectors[e, 0]", "vectors[e - first, 0]"),
        ("components of r", "vectors[e, 0], vectors[e, 1]", "vectors[e, 1], vectors[e, 0]"),
        ("not normalised", "_argument(k, solid, vectors[e, 0], vectors[e, 1], vectors[e, 2])", "vectors[e]"),
        ("always the direction", "_argument(k, solid, ", "_unit(k, "),
        ("always solid", "_argument(k, solid,", "_argument(k, True,"),
        ("the other of the two", "_argument(k, solid,", "_argument(k, not solid,"),
        ("r̂ permuted", "_edge_1_1(k, x, y, z)", "_edge_1_1(k, y, x, z)"),
        ("values exchanged", "edges[4, e - first] = values[4]", "edges[4, e - first] = values[5]"),
        ("value left out", "        edges[5, e - first] = values[5]\n", ""),
        ("place", "edges[0, e - first]", "edges[0, e]"),
    ),
    *edits(
        "_weighted",
        ("weights ignored", "return weights[place] * value", "return value"),
        ("value ignored", "return weights[place] * value", "return weights[place]"),
        ("none where there are some", "weights is None", "weights is not None"),
        ("sum", "weights[place] * value", "weights[place] + value"),
        ("another place", "weights[place]", "weights[0]"),
    ),
    *edits(
        "_room",
        ("rounded down", "(channels + len(lanes) - 1)", "channels"),
        ("a vector too many", "(channels + len(lanes) - 1)", "(channels + len(lanes))"),
        ("twice the vectors", "// len(lanes) * len(lanes)", "// len(lanes) * len(lanes) * 2"),
        ("room for no more than there are", "(channels + len(lanes) - 1) // len(lanes) * len(lanes)", "channels"),
        ("vectors, not channels", "// len(lanes) * len(lanes)", "// len(lanes)"),
    ),
    *edits(
        "_moved_back",
        ("never moved", "min(v, channels - len(lanes))", "v"),
        ("always moved", "min(v, channels - len(lanes))", "channels - len(lanes)"),
        ("all but the first moved", "min(v, channels - len(lanes))", "channels - len(lanes) if v else v"),
        ("the later of the two", "min(v, channels - len(lanes))", "max(v, channels - len(lanes))"),
        ("one too far", "channels - len(lanes)", "channels - len(lanes) - 1"),
        ("not far enough", "channels - len(lanes)", "channels - len(lanes) + 1"),
        ("even and uneven exchanged", "uneven is None", "uneven is not None"),
    ),
]
STREAMED = edits(
    "_convolve_rows_1_1",
    (
        "last edge left out",
        "in range(indptr[i], indptr[i + 1], _BLOCK)",
        "in range(indptr[i], indptr[i + 1] - 1, _BLOCK)",
    ),
    ("first edge left out", "in range(indptr[i], indptr[i + 1],", "in range(indptr[i] + 1, indptr[i + 1],"),
    ("neighbour's edges", "in range(indptr[i], indptr[i + 1],", "in range(indptr[i - 1], indptr[i],"),
    ("blocks that overlap", "indptr[i + 1], _BLOCK):", "indptr[i + 1], 1):"),
    ("first block only", "indptr[i + 1], _BLOCK):", "indptr[i] + 1, _BLOCK):"),
    ("a block beyond the receiver", "last = min(first + _BLOCK, indptr[i + 1])", "last = first + _BLOCK"),
    ("a block too short", "min(first + _BLOCK, indptr[i + 1])", "min(first + _BLOCK - 1, indptr[i + 1])"),
    ("edges of a block", "for e in range(first, last):", "for e in range(first + 1, last):"),
    ("room for too few edges", "np.empty((7, _BLOCK)", "np.empty((7, _BLOCK - 1)"),
    ("room for too few values", "np.empty((7, _BLOCK)", "np.empty((6, _BLOCK)"),
    ("too few edges filled", "first, last, vectors)", "first, last - 1, vectors)"),
    ("other edges filled", "first, last, vectors)", "indptr[i], last, vectors)"),
    ("edges of another function", "_fill_edge_1_1(edges", "_fill_edge_1_1(edges[::-1]"),
    ("always the first edge", "u = e - first", "u = 0"),
    ("edge values exchanged", "(edges[0, u], edges[1, u],", "(edges[1, u], edges[0, u],"),
    ("sender", "j = indices[e]", "j = e"),
    ("sender of another block", "j = indices[e]", "j = indices[u]"),
    ("ahead beyond the end", "indices[min(e + _SENDER_AHEAD, len(indices) - 1)]", "indices[e + _SENDER_AHEAD]"),
    ("sender and receiver", "_load(features, (j, 1, c), lanes)", "_load(features, (i, 1, c), lanes)"),
    ("feature component", "features, (j, 1, c)", "features, (j, 0, c)"),
    ("feature channel", "features, (j, 1, c)", "features, (j, 1, 0)"),
    ("feature channel before it is moved", "features, (j, 1, c)", "features, (j, 1, v)"),
    ("radial function", "radial, (e, 1, c)", "radial, (e, 0, c)"),
    ("radial function of the sender", "radial, (e, 1, c)", "radial, (j, 1, c)"),
    ("radial channel", "radial, (e, 2, c)", "radial, (e, 2, 0)"),
    ("radial channel before it is moved", "radial, (e, 2, c)", "radial, (e, 2, v)"),
    ("weights ignored", "_weighted(weights, e, _load(radial, (e, 1, c), lanes))", "_load(radial, (e, 1, c), lanes)"),
    ("weight of the sender", "_weighted(weights, e, _load(radial, (e, 2", "_weighted(weights, j, _load(radial, (e, 2"),
    (
        "weight of the receiver",
        "_weighted(weights, e, _load(radial, (e, 0",
        "_weighted(weights, i, _load(radial, (e, 0",
    ),
    ("= for +=", "_load(sums, (0, v), lanes),", "k.zero,"),
    ("another sum", "_load(sums, (0, v), lanes),", "_load(sums, (1, v), lanes),"),
    ("sum of another channel", "_load(sums, (0, v), lanes),", "_load(sums, (0, 0), lanes),"),
    ("sum of the moved channels", "_load(sums, (0, v), lanes),", "_load(sums, (0, c), lanes),"),
    ("what was written, not summed", "_load(sums, (0, v), lanes),", "_load(out, (i, 0, c), lanes),"),
    ("summed elsewhere", "_store(sums, (1, v), values[1])", "_store(sums, (0, v), values[1])"),
    ("summed at the moved channels", "_store(sums, (1, v), values[1])", "_store(sums, (1, c), values[1])"),
    ("summed into the output", "_store(sums, (1, v), values[1])", "_store(out, (i, 1, c), values[1])"),
    ("value exchanged", "_store(sums, (1, v), values[1])", "_store(sums, (1, v), values[0])"),
    ("value left out", "                    _store(sums, (2, v), values[2])", ""),
    ("not cleared", "            sums[2, v] = k.zero\n", ""),
    ("not cleared to zero", "sums[2, v] = k.zero", "sums[2, v] = k.one"),
    ("the output cleared", "sums[2, v] = k.zero", "out[i, 2, v] = k.zero"),
    ("cleared for the first receiver", CLEARED, "for v in range(sums.shape[1] if i == start else 0):"),
    ("cleared channels", CLEARED, "for v in range(1, sums.shape[1]):"),
    ("cleared without the room", CLEARED, "for v in range(out.shape[2]):"),
    ("cleared vector by vector", CLEARED, "for v in range(0, sums.shape[1], len(lanes)):"),
    ("step of one", STEPS, "for v in range(sums.shape[1]):\n                    c"),
    ("step of two", STEPS, "for v in range(0, sums.shape[1], 2):\n                    c"),
    ("first step left out", STEPS, "for v in range(len(lanes), sums.shape[1], len(lanes)):\n                    c"),
    ("a step too few", STEPS, "for v in range(0, sums.shape[1] - len(lanes), len(lanes)):\n                    c"),
    ("uneven ignored", MOVED, MOVED.replace("uneven", "None")),
    ("moved back by the sums", MOVED, MOVED.replace("out.shape[2]", "sums.shape[1]")),
    ("moved back by components", MOVED, MOVED.replace("out.shape[2]", "out.shape[1]")),
    ("moved back by senders", MOVED, MOVED.replace("out.shape[2]", "len(features)")),
    ("room for too few components", "np.empty((3, _room(", "np.empty((2, _room("),
    ("room for the channels alone", "_room(out.shape[2], lanes)", "out.shape[2]"),
    ("room for components", "_room(out.shape[2], lanes)", "_room(out.shape[1], lanes)"),
    ("nothing finished", FINISH, ""),
    ("a component not finished", "            _store(out, (i, 1, c), _load(sums, (1, v), lanes))\n", ""),
    ("finished elsewhere", "_store(out, (i, 1, c), _load", "_store(out, (i, 2, c), _load"),
    ("finished at the first channel", "_store(out, (i, 1, c), _load", "_store(out, (i, 1, 0), _load"),
    ("finished before it is moved", "_store(out, (i, 1, c), _load", "_store(out, (i, 1, v), _load"),
    ("another sum finished", "_store(out, (i, 1, c), _load(sums, (1, v)", "_store(out, (i, 1, c), _load(sums, (2, v)"),
    (
        "another vector finished",
        "_store(out, (i, 1, c), _load(sums, (1, v)",
        "_store(out, (i, 1, c), _load(sums, (1, c)",
    ),
    ("last vector not finished", LAST_STEPS, LAST_STEPS.replace("sums.shape[1]", "sums.shape[1] - len(lanes)")),
    ("first vector not finished", LAST_STEPS, LAST_STEPS.replace("range(0", "range(len(lanes)")),
    ("finished, uneven ignored", LAST_MOVED, LAST_MOVED.replace("uneven", "None")),
    ("finished with every block", FINISH, indent(FINISH, "    ")),
    (
        "finished before the last block",
        FINISH,
        "            if last < indptr[i + 1]:\n" + indent(FINISH, "        "),
    ),
    ("rows before the start", "for i in range(start, stop):", "for i in range(stop):"),
    ("rows beyond the end", "for i in range(start, stop):", "for i in range(start, len(out)):"),
    ("a row too few", "for i in range(start, stop):", "for i in range(start, stop - 1):"),
    ("start and stop exchanged", "(start, stop, k,", "(stop, start, k,"),
    ("uneven and lanes exchanged", "lanes, uneven, solid", "uneven, lanes, solid"),
    ("indptr and indices exchanged", "indptr, indices, vectors", "indices, indptr, vectors"),
    ("radial and features exchanged", "vectors, radial, features", "vectors, features, radial"),
)
#: Of the matrix product that follows: no loop but this one knows of it.
PRODUCT = edits(
    "_product",
    ("rows at once", "whole = stop - (stop - start) % 6", "whole = stop - stop % 6"),
    ("rows left over", "whole = stop - (stop - start) % 6", "whole = stop"),
    ("rows before the start", "for r in range(start, whole, 6):", "for r in range(0, whole, 6):"),
    ("rows that overlap", "for r in range(start, whole, 6):", "for r in range(start, whole, 5):"),
    ("one row for another", "left[r + 1, q]", "left[r, q]"),
    ("sum begun anew", "s3 = s3 + left[r + 3, q] * row", "s3 = left[r + 3, q] * row"),
    ("difference", "s4 = s4 + left", "s4 = s4 - left"),
    ("first factor twice", "for q in range(1, len(right)):", "for q in range(len(right)):"),
    ("last factor left out", "for q in range(1, len(right)):", "for q in range(1, len(right) - 1):"),
    ("always the same row of the right", "row = _load(right, (q, c), lanes)", "row = _load(right, (0, c), lanes)"),
    ("begun with another row", "row = _load(right, (0, c), lanes)", "row = _load(right, (1, c), lanes)"),
    ("first row left over left out", "for r in range(whole, stop):", "for r in range(whole + 1, stop):"),
    ("last row left over left out", "for r in range(whole, stop):", "for r in range(whole, stop - 1):"),
    ("left over, first factor", "s0 = left[r, 0] * _load", "s0 = left[0, 0] * _load"),
    ("left over, sum", "s0 = s0 + left[r, q] * _load", "s0 = left[r, q] * _load"),
    (
        "left over, column",
        "_load(right, (q, c), lanes)\n            _store",
        "_load(right, (q, 0), lanes)\n            _store",
    ),
    ("stored elsewhere", "_store(out, (r + 2, c), s2)", "_store(out, (r + 3, c), s2)"),
    ("another sum stored", "_store(out, (r + 2, c), s2)", "_store(out, (r + 2, c), s1)"),
    ("step of two", WIDE_STEPS, "for v in range(0, out.shape[1], 2):"),
    ("first step left out", WIDE_STEPS, "for v in range(len(lanes), out.shape[1], len(lanes)):"),
    ("whole vectors only", WIDE_STEPS, "for v in range(0, out.shape[1] - len(lanes) + 1, len(lanes)):"),
    *(
        (f"{where}{name}", moved, moved.replace(*change))
        for where, moved in (("", TILE_MOVED), ("left over, ", WIDE_MOVED))
        for name, change in (
            ("never moved", ("min(v, out.shape[1] - len(lanes))", "v")),
            ("always moved", ("min(v, out.shape[1] - len(lanes))", "out.shape[1] - len(lanes)")),
            ("one too far", ("- len(lanes)", "- len(lanes) - 1")),
            ("moved back by rows of the right", ("out.shape[1]", "len(right)")),
        )
    ),
    ("column before it is moved", "_store(out, (r + 2, c), s2)", "_store(out, (r + 2, v), s2)"),
    ("left over, column before it is moved", "_store(out, (r, c), s0)", "_store(out, (r, v), s0)"),
    ("left and right exchanged", "left, right, out", "right, left, out"),
)
MIXING = edits(
    "_mixing_rows_1_1",
    ("base ignored", "n = i - base", "n = i"),
    ("base is the start", "n = i - base", "n = i - start"),
    ("edges of row n", "first in range(indptr[i], indptr[i + 1],", "first in range(indptr[n], indptr[n + 1],"),
    ("last edge left out", "in range(indptr[i], indptr[i + 1], _", "in range(indptr[i], indptr[i + 1] - 1, _"),
    ("blocks that overlap", "indptr[i + 1], _MESSAGES):", "indptr[i + 1], 1):"),
    ("a block beyond the receiver", "last = min(first + _MESSAGES, indptr[i + 1])", "last = first + _MESSAGES"),
    ("first function of the basis", "basis[e, q]", "basis[e, 0]"),
    ("basis of the first edge", "basis[e, q]", "basis[u, q]"),
    ("weights ignored", "_weighted(weights, e, basis[e, q])", "basis[e, q]"),
    ("weight of another edge", "_weighted(weights, e,", "_weighted(weights, u,"),
    ("w ignored", "s0_1 = s0_1 + w * _load", "s0_1 = s0_1 + _load"),
    ("w twice", "s0_1 = s0_1 + w * _load", "s0_1 = s0_1 + w * w * _load"),
    ("difference", "s1_1 = s1_1 + w", "s1_1 = s1_1 - w"),
    ("sum begun anew", "s1_0 = _load(out, (n, 0, q, 1, v), lanes)", "s1_0 = k.zero"),
    ("sum of another function", "s1_0 = _load(out, (n, 0, q, 1, v)", "s1_0 = _load(out, (n, 0, 0, 1, v)"),
    ("sum of another component", "s1_0 = _load(out, (n, 0, q, 1", "s1_0 = _load(out, (n, 1, q, 1"),
    ("sum of the moved channels", "s1_0 = _load(out, (n, 0, q, 1, v)", "s1_0 = _load(out, (n, 0, q, 1, c)"),
    ("another message", "w * _load(messages, (u, 3, 0), lanes)", "w * _load(messages, (u, 1, 0), lanes)"),
    ("message of the first edge", "w * _load(messages, (u, 3, 0)", "w * _load(messages, (0, 3, 0)"),
    ("message of all channels", "w * _load(messages, (u, 3, 0)", "w * _load(messages, (u, 3, c)"),
    ("messages exchanged", "_store(messages, (u, 3, 0), values[3])", "_store(messages, (u, 3, 0), values[4])"),
    ("message stored elsewhere", "_store(messages, (u, 6, 0)", "_store(messages, (u, 2, 0)"),
    ("message stored with all channels", "_store(messages, (u, 6, 0)", "_store(messages, (u, 6, v)"),
    ("message left out", "                    _store(messages, (u, 8, 0), values[8])\n", ""),
    ("sum stored elsewhere", "_store(out, (n, 1, q, 0, v), s0_1)", "_store(out, (n, 0, q, 1, v), s0_1)"),
    ("sum stored at the moved channels", "_store(out, (n, 1, q, 0, v), s0_1)", "_store(out, (n, 1, q, 0, c), s0_1)"),
    ("another sum stored", "_store(out, (n, 1, q, 0, v), s0_1)", "_store(out, (n, 1, q, 0, v), s1_0)"),
    ("sum left out", "                    _store(out, (n, 1, q, 0, v), s0_1)\n", ""),
    ("sum stored for another function", "_store(out, (n, 2, q, 2, v)", "_store(out, (n, 2, 0, 2, v)"),
    ("sum of another row", "_store(out, (n, 2, q, 2, v)", "_store(out, (i, 2, q, 2, v)"),
    ("not cleared", "        out[n] = k.zero\n", ""),
    ("not cleared to zero", "out[n] = k.zero", "out[n] = k.one"),
    ("another row cleared", "out[n] = k.zero", "out[i] = k.zero"),
    ("one component cleared", "out[n] = k.zero", "out[n, 0] = k.zero"),
    ("all rows cleared", "out[n] = k.zero", "out[:] = k.zero"),
    (
        "cleared for every block",
        "        out[n] = k.zero\n        for first in range(indptr[i], indptr[i + 1], _MESSAGES):\n",
        "        for first in range(indptr[i], indptr[i + 1], _MESSAGES):\n            out[n] = k.zero\n",
    ),
    ("one function only", "for q in range(basis.shape[1]):", "for q in range(1):"),
    (
        "edges of a block",
        "range(first, last):\n                        u",
        "range(first + 1, last):\n                        u",
    ),
    (
        "messages of a block",
        "range(first, last):\n                    u",
        "range(first, last - 1):\n                    u",
    ),
    ("room for too few edges", "np.empty((7, _MESSAGES)", "np.empty((7, _MESSAGES - 1)"),
    ("room for the messages of too few", "np.empty((_MESSAGES, 9", "np.empty((_MESSAGES - 1, 9"),
    ("room for too few messages", "np.empty((_MESSAGES, 9", "np.empty((_MESSAGES, 8"),
    ("room for too few channels", "9, len(lanes))", "9, 1)"),
    ("sender", "j = indices[e]", "j = e"),
    ("sender and receiver", "features, (j, 1, c)", "features, (i, 1, c)"),
    ("feature component", "features, (j, 1, c)", "features, (j, 2, c)"),
    ("feature channel", "features, (j, 1, c)", "features, (j, 1, 0)"),
    ("feature channel before it is moved", "features, (j, 1, c)", "features, (j, 1, v)"),
    ("edge of the first", "u = e - first\n                    j", "u = 0\n                    j"),
    ("step of one", MIXED_STEPS, "for v in range(out.shape[4]):"),
    ("step of two", MIXED_STEPS, "for v in range(0, out.shape[4], 2):"),
    ("first step left out", MIXED_STEPS, "for v in range(len(lanes), out.shape[4], len(lanes)):"),
    ("a step too few", MIXED_STEPS, "for v in range(0, out.shape[4] - len(lanes), len(lanes)):"),
    ("never moved", MIXED_MOVED, "c = v"),
    ("always moved", MIXED_MOVED, "c = features.shape[2] - len(lanes)"),
    ("one too far", MIXED_MOVED, "c = min(v, features.shape[2] - len(lanes) - 1)"),
    ("moved back by the sums", MIXED_MOVED, "c = min(v, out.shape[4] - len(lanes))"),
    ("moved back by components", MIXED_MOVED, "c = min(v, features.shape[1] - len(lanes))"),
    ("moved back by senders", MIXED_MOVED, "c = min(v, len(features) - len(lanes))"),
    ("what is shared not zero", SHARED + " = k.zero", ""),
    ("what is shared is one", SHARED + " = k.zero", SHARED + " = k.one"),
    ("zero before what is shared", "last = out.shape[4] - len(lanes)", "last = features.shape[2] - len(lanes)"),
    ("zero after what is shared", "last = out.shape[4] - len(lanes)", "last = features.shape[2]"),
    ("too little is zero", "out.shape[4] - features.shape[2]] =", "out.shape[4] - features.shape[2] - 1] ="),
    ("too much is zero", "out.shape[4] - features.shape[2]] =", "out.shape[4] - features.shape[2] + 1] ="),
    ("all of it is zero", "last + out.shape[4] - features.shape[2]] =", "] ="),
    ("what is shared zero for one path", "out[n, :, :, :, last", "out[n, :, :, 0, last"),
    ("what is shared zero for one function", "out[n, :, :, :, last", "out[n, :, 0, :, last"),
    ("what is shared zero for one component", "out[n, :, :, :, last", "out[n, 0, :, :, last"),
    ("what is shared zero elsewhere", "out[n, :, :, :, last", "out[i, :, :, :, last"),
    ("rows before the start", "for i in range(start, stop):", "for i in range(base, stop):"),
    ("rows beyond the end", "for i in range(start, stop):", "for i in range(start, base + len(out)):"),
    ("basis and features exchanged", "basis, features", "features, basis"),
)
#: Where one pass has no room for all paths, another follows.
GROUPS = edits(
    "_mixing_rows_1_2",
    ("second group without edges", GROUP, GROUP.replace("range(first, last)", "range(last, last)")),
    ("second group without the first edge", GROUP, GROUP.replace("range(first", "range(first + 1")),
    ("second group for another function", GROUP, GROUP.replace("basis[e, q]", "basis[e, 0]")),
    ("second group, messages of the first", "messages, (u, 10, 0), lanes", "messages, (u, 5, 0), lanes"),
    ("second group, sum of the first", "_store(out, (n, 0, q, 2, v), s2_0)", "_store(out, (n, 0, q, 2, v), s1_0)"),
    ("second group, a sum left out", "                    _store(out, (n, 4, q, 2, v), s2_4)\n", ""),
    pair="1_2",
)


@pytest.mark.parametrize("edit", some_at_once([*CHANNELS, *STREAMED, *PRODUCT, *MIXING, *GROUPS]))
def test_refused(edit: Edit) -> None:
    """Nothing but the edited function is concerned, so that it alone can be what T11 objects to."""
    refuses("cpu.py", edit)


#: Other ways to write the same.
EQUAL = [
    *edits("_add_channel_1_1", ("order of a sum", "o0 + b * w0 + f0 * g", "f0 * g + o0 + w0 * b")),
    *edits("_moved_back", ("even or not", "    if uneven is None:\n        return v\n", "")),
    *edits("_room", ("rounded up by hand", "(channels + len(lanes) - 1) // len(lanes)", "-(-channels // len(lanes))")),
    *edits(
        "_convolve_rows_1_1",
        ("nothing asked for", "if v % _line(out) == 0:", "if False:"),
        ("uneven or not", "_moved_back(v, uneven, out", "_moved_back(v, True, out"),
        ("steps counted by channels", STEPS, STEPS.replace("sums.shape[1]", "out.shape[2]")),
    ),
    *edits(
        "_mixing_rows_1_1",
        ("order of a product", "w * _load(messages, (u, 3, 0), lanes)", "_load(messages, (u, 3, 0), lanes) * w"),
        ("steps counted by channels", MIXED_STEPS, "for v in range(0, features.shape[2], len(lanes)):"),
    ),
    *edits("_product", ("one row at a time", "whole = stop - (stop - start) % 6", "whole = start")),
    *edits("_walkers_1_1", ("names", "p1", "second")),
]


@pytest.mark.parametrize("edit", EQUAL, ids=str)
def test_accepted(edit: Edit) -> None:
    """What T11 refuses is not the text, but what it computes."""
    text = edited(modules_of(edit.pair)["cpu.py"], edit)
    assert t11_emitted.prove(pairs_of(edit.pair), {"cpu.py": text}).identities
