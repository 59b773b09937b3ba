"""Edits of what reads radial functions from a table, and of the loops that do: each must be refused by theorem T11."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.derivation import Edit, edits, refuses, some_at_once

SKIP = "                if intervals[u] < k.zero:\n                    continue\n"
CLEARED = "for v in range(sums.shape[1]):"
#: Steps over channels, and the first of those that a step computes: at every edge, and at the end.
STEPS = "for v in range(0, sums.shape[1], len(lanes)):\n                    c"
LAST_STEPS = "for v in range(0, sums.shape[1], len(lanes)):\n            c"
MOVED = "c = _moved_back(v, uneven, out.shape[2], lanes)\n                    if"
LAST_MOVED = "c = _moved_back(v, uneven, out.shape[2], lanes)\n            _store"
#: What a receiver's sums become at the end.
FINISH = """\
        for v in range(0, sums.shape[1], len(lanes)):
            c = _moved_back(v, uneven, out.shape[2], lanes)
            _store(out, (i, 0, c), _load(sums, (0, v), lanes))
            _store(out, (i, 1, c), _load(sums, (1, v), lanes))
            _store(out, (i, 2, c), _load(sums, (2, v), lanes))"""

SPLINES = [
    *edits(
        "_spline_3",
        ("coefficient", "k.c2_3 + t * t", "k.c1_6 + t * t"),
        ("sign", "t * t * (k.c1_2 * t - k.one)", "t * t * (k.c1_2 * t + k.one)"),
        ("power", "k.c1_6 * t * t * t", "k.c1_6 * t * t"),
        ("last piece left out", "        k.c1_6 * t * t * t,\n", ""),
        ("order", "        k.c1_6 + t * (t *", "        k.c1_6 * t * t * t,\n        k.c1_6 + t * (t *"),
        ("untyped number", "(k.c1_2 * t - k.one)", "(0.5 * t - k.one)"),
        ("another piece", "k.c1_6 + t * (k.c1_2 + t * (k.c1_2 - k.c1_2 * t))", "k.c2_3 + t * t * (k.c1_2 * t - k.one)"),
    ),
    *edits(
        "_spline_5",
        ("coefficient", "k.c11_20 + t * t", "k.c13_60 + t * t"),
        ("sign", "k.c1_4 - k.c1_12 * t", "k.c1_4 + k.c1_12 * t"),
        ("constant", "k.c1_120 * t * t * t * t * t", "k.c1_24 * t * t * t * t * t"),
        ("power", "k.c1_120 * t * t * t * t * t", "k.c1_120 * t * t * t * t"),
        ("piece for piece", "k.c13_60 + t * (k.c5_12", "k.c13_60 - t * (k.c5_12"),
    ),
]
INTERVAL = edits(
    "_interval",
    ("not rounded", "s = np.floor(u)", "s = u"),
    ("rounded up", "s = np.floor(u)", "s = np.floor(u) + k.one"),
    ("other way round", "u >= last", "u <= last"),
    ("cutoff an interval too late", "u >= last", "u - 1 >= last"),
    ("no cutoff", "u >= last", "False"),
    ("beyond the cutoff, place", "return -k.one, k.zero", "return -k.one, k.one"),
    ("beyond the cutoff, interval", "return -k.one, k.zero", "return k.zero, k.zero"),
    ("sign beyond the cutoff", "return -k.one, k.zero", "return k.one, k.zero"),
    ("place in the table", "return s, u - s", "return s, u"),
    ("sign of the place", "return s, u - s", "return s, s - u"),
    (
        "NaN where a place should be",
        "    if s != s:  # NaN stays NaN, at a place that exists\n        s = k.zero\n",
        "",
    ),
    ("NaN and numbers exchanged", "if s != s:", "if s == s:"),
    ("NaN at another place", "        s = k.zero\n", "        s = k.one\n"),
    ("NaN swallowed", "        s = k.zero\n", "        s = u = k.zero\n"),
    ("NaN is beyond the cutoff", "        s = k.zero\n", "        return -k.one, k.zero\n"),
    ("untyped", "return -k.one, k.zero", "return -1.0, k.zero"),
)
FILL = edits(
    "_fill_splines",
    ("first edge left out", "range(first, last)", "range(first + 1, last)"),
    ("last edge left out", "range(first, last)", "range(first, last - 1)"),
    ("length", "z * z", "y * z"),
    ("length of the first", "vectors[e, 0]", "vectors[first, 0]"),
    ("squared length", "math.sqrt(x * x + y * y + z * z)", "(x * x + y * y + z * z)"),
    ("not scaled", "vectors[e, 1] * scale", "vectors[e, 1]"),
    ("scaled by the end", "vectors[e, 2] * scale", "vectors[e, 2] * end"),
    ("end", "z * z), end)", "z * z), scale)"),
    ("interval of another edge", "intervals[e - first] = s", "intervals[e] = s"),
    ("interval and place", "intervals[e - first] = s", "intervals[e - first] = t"),
    ("degree 3 for 5", "len(order) == 4", "len(order) == 6"),
    ("degree 5 never", "len(order) == 6", "len(order) == 5"),
    ("pieces of another degree", "weights_5 = _spline_5(k, t)", "weights_5 = _spline_3(k, t)"),
    ("pieces elsewhere", "weights_3 = _spline_3(k, t)", "weights_3 = _spline_3(k, s)"),
    ("components exchanged", "= weights_3[1]", "= weights_3[2]"),
    ("component stored elsewhere", "splines[4, e - first] = weights_5[4]", "splines[3, e - first] = weights_5[4]"),
    ("component left out", "            splines[5, e - first] = weights_5[5]", ""),
    ("place of the weights", "splines[2, e - first] = weights_5[2]", "splines[2, e] = weights_5[2]"),
)
READ = edits(
    "_tabulated",
    ("first weight", "weights[0] *", "weights[1] *"),
    ("an interval further", "(s, p, c)", "(s + 1, p, c)"),
    ("offset", "(s + q, p, c)", "(s, p, c)"),
    ("offset of the other side", "(s + q, p, c)", "(s - q, p, c)"),
    ("last weight left out", "range(1, len(weights))", "range(1, len(weights) - 1)"),
    ("first weight twice", "range(1, len(weights))", "range(len(weights))"),
    ("degree 3 always", "range(1, len(weights))", "range(1, 4)"),
    ("radial function", "(s + q, p, c)", "(s + q, 0, c)"),
    ("radial function and channel", "(s + q, p, c)", "(s + q, c, p)"),
    ("difference", "value + weights[q]", "value - weights[q]"),
    ("channels", "(s, p, c), lanes", "(s, p, c + 1), lanes"),
    ("one lane", "(s + q, p, c), lanes", "(s + q, p, c), lanes[:1]"),
)
ROWS = edits(
    "_tabulated_rows_1_1",
    ("beyond the cutoff is not skipped", SKIP, ""),
    ("the rest is skipped too", "continue", "break"),
    ("what lies within is skipped", "intervals[u] < k.zero", "intervals[u] > k.zero"),
    ("the first interval is skipped", "intervals[u] < k.zero", "intervals[u] < k.one"),
    ("interval of the first edge", "s = int(intervals[u])", "s = int(intervals[0])"),
    ("next interval", "s = int(intervals[u])", "s = int(intervals[u]) + 1"),
    ("weights of the first edge", "_take(splines, u, order)", "_take(splines, 0, order)"),
    ("weights of degree 3", "_take(splines, u, order)", "_take(splines, u, (0, 0, 0, 0))"),
    ("radial function", "table, s, 1, c", "table, s, 0, c"),
    ("channel of the table", "table, s, 1, c", "table, s, 1, 0"),
    ("channel of the table before it is moved", "table, s, 1, c", "table, s, 1, v"),
    ("one lane of the table", "table, s, 1, c, lanes", "table, s, 1, c, (0,)"),
    (
        "weights ignored",
        "_weighted(weights, e, _tabulated(spline, table, s, 1, c, lanes))",
        "_tabulated(spline, table, s, 1, c, lanes)",
    ),
    (
        "weight of the sender",
        "_weighted(weights, e, _tabulated(spline, table, s, 2",
        "_weighted(weights, j, _tabulated(spline, table, s, 2",
    ),
    (
        "weight of another block",
        "_weighted(weights, e, _tabulated(spline, table, s, 0",
        "_weighted(weights, u, _tabulated(spline, table, s, 0",
    ),
    ("sender and receiver", "features, (j, 1, c)", "features, (i, 1, c)"),
    ("feature component", "features, (j, 2, c)", "features, (j, 1, c)"),
    ("feature channel", "features, (j, 1, c)", "features, (j, 1, 0)"),
    ("feature channel before it is moved", "features, (j, 1, c)", "features, (j, 1, v)"),
    ("sender", "j = indices[e]", "j = e"),
    ("sender of another block", "j = indices[e]", "j = indices[u]"),
    ("ahead beyond the end", "indices[min(e + _SENDER_AHEAD, len(indices) - 1)]", "indices[e + _SENDER_AHEAD]"),
    ("= for +=", "_load(sums, (0, v), lanes),", "k.zero,"),
    ("another sum", "_load(sums, (0, v), lanes),", "_load(sums, (1, v), lanes),"),
    ("sum of the moved channels", "_load(sums, (0, v), lanes),", "_load(sums, (0, c), lanes),"),
    ("summed elsewhere", "_store(sums, (1, v), values[1])", "_store(sums, (0, v), values[1])"),
    ("summed at the moved channels", "_store(sums, (1, v), values[1])", "_store(sums, (1, c), values[1])"),
    ("value exchanged", "_store(sums, (1, v), values[1])", "_store(sums, (1, v), values[2])"),
    ("value left out", "                    _store(sums, (2, v), values[2])", ""),
    ("not cleared", "            sums[1, v] = k.zero\n", ""),
    ("not cleared to zero", "sums[1, v] = k.zero", "sums[1, v] = k.one"),
    ("cleared for the first receiver", CLEARED, "for v in range(sums.shape[1] if i == start else 0):"),
    ("cleared channels", CLEARED, "for v in range(1, sums.shape[1]):"),
    ("cleared without the room", CLEARED, "for v in range(out.shape[2]):"),
    ("step of one", STEPS, "for v in range(sums.shape[1]):\n                    c"),
    ("step of two", STEPS, "for v in range(0, sums.shape[1], 2):\n                    c"),
    ("a step too few", STEPS, STEPS.replace("sums.shape[1]", "sums.shape[1] - len(lanes)")),
    ("uneven ignored", MOVED, MOVED.replace("uneven", "None")),
    ("moved back by the sums", MOVED, MOVED.replace("out.shape[2]", "sums.shape[1]")),
    ("moved back by components", MOVED, MOVED.replace("out.shape[2]", "out.shape[1]")),
    ("room for too few components", "np.empty((3, _room(", "np.empty((2, _room("),
    ("room for the channels alone", "_room(out.shape[2], lanes)", "out.shape[2]"),
    ("nothing finished", FINISH, ""),
    ("a component not finished", "            _store(out, (i, 1, c), _load(sums, (1, v), lanes))\n", ""),
    ("finished elsewhere", "_store(out, (i, 1, c), _load", "_store(out, (i, 2, c), _load"),
    ("finished before it is moved", "_store(out, (i, 1, c), _load", "_store(out, (i, 1, v), _load"),
    ("another sum finished", "_store(out, (i, 1, c), _load(sums, (1, v)", "_store(out, (i, 1, c), _load(sums, (2, v)"),
    (
        "another vector finished",
        "_store(out, (i, 1, c), _load(sums, (1, v)",
        "_store(out, (i, 1, c), _load(sums, (1, c)",
    ),
    ("last vector not finished", LAST_STEPS, LAST_STEPS.replace("sums.shape[1]", "sums.shape[1] - len(lanes)")),
    ("finished, uneven ignored", LAST_MOVED, LAST_MOVED.replace("uneven", "None")),
    ("finished with every block", FINISH, indent(FINISH, "    ")),
    (
        "finished before the last block",
        FINISH,
        "            if last < indptr[i + 1]:\n" + indent(FINISH, "        "),
    ),
    ("last edge left out", "in range(indptr[i], indptr[i + 1], _", "in range(indptr[i], indptr[i + 1] - 1, _"),
    ("neighbour's edges", "in range(indptr[i], indptr[i + 1],", "in range(indptr[i - 1], indptr[i],"),
    ("blocks that overlap", "indptr[i + 1], _BLOCK):", "indptr[i + 1], 1):"),
    ("a block beyond the receiver", "last = min(first + _BLOCK, indptr[i + 1])", "last = first + _BLOCK"),
    ("edges of a block", "for e in range(first, last):", "for e in range(first + 1, last):"),
    ("too few edges filled", "k, solid, first, last, vectors)", "k, solid, first, last - 1, vectors)"),
    ("too few weights filled", "order, first, last, vectors", "order, first, last - 1, vectors"),
    ("weights of other edges", "order, first, last, vectors", "order, indptr[i], last, vectors"),
    ("scale and end exchanged", "vectors, scale, end)\n", "vectors, end, scale)\n"),
    ("always the first edge", "u = e - first", "u = 0"),
    ("edge values exchanged", "(edges[0, u], edges[1, u],", "(edges[1, u], edges[0, u],"),
    ("room for too few edges", "np.empty((7, _BLOCK)", "np.empty((7, _BLOCK - 1)"),
    ("room for too few weights", "np.empty((len(order), _BLOCK)", "np.empty((len(order) - 1, _BLOCK)"),
    ("room for the weights of too few edges", "np.empty((len(order), _BLOCK)", "np.empty((len(order), _BLOCK - 1)"),
    ("room for too few intervals", "np.empty(_BLOCK, out", "np.empty(_BLOCK - 1, out"),
    ("rows before the start", "for i in range(start, stop):", "for i in range(stop):"),
    ("rows beyond the end", "for i in range(start, stop):", "for i in range(start, len(out)):"),
    ("weights and features exchanged", "features, weights, out", "weights, features, out"),
)


@pytest.mark.parametrize("edit", some_at_once([*SPLINES, *INTERVAL, *FILL, *READ, *ROWS]))
def test_refused(edit: Edit) -> None:
    """Nothing but the edited function is concerned, so that it alone can be what T11 objects to."""
    refuses("cpu.py", edit)
