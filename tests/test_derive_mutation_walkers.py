"""Edits of the loop over walkers, which computes each pair once for both its particles: T11 must refuse them."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.derivation import Edit, edits, refuses, some_at_once

SKIP = "                    if intervals[u] < k.zero:\n                        continue\n"
CLEARED = "for v in range(sums.shape[2]):"
#: Steps over channels, and the first of those that a step computes: for every pair, and at the end.
STEPS = "for v in range(0, sums.shape[2], len(lanes)):\n                        c"
LAST_STEPS = "for v in range(0, sums.shape[2], len(lanes)):\n                c"
MOVED = "c = _moved_back(v, uneven, out.shape[3], lanes)\n                        p0"
LAST_MOVED = "c = _moved_back(v, uneven, out.shape[3], lanes)\n                _store"
#: Where all particles are gone through once more: before the pairs, and after them.
CLEAR_ALL = "for i in range(particles):\n            for v in range(sums"
FINISH_ALL = "for i in range(particles):\n            for v in range(0, sums"
#: What a walker's sums become at the end.
FINISH = """\
        for i in range(particles):
            for v in range(0, sums.shape[2], len(lanes)):
                c = _moved_back(v, uneven, out.shape[3], lanes)
                _store(out, (b, i, 0, c), _load(sums, (i, 0, v), lanes))
                _store(out, (b, i, 1, c), _load(sums, (i, 1, v), lanes))
                _store(out, (b, i, 2, c), _load(sums, (i, 2, v), lanes))"""

EDITS = [
    *edits(
        "_walkers_1_1",
        ("sign of an odd path dropped", "(b, i), -p1)", "(b, i), p1)"),
        ("sign of an even path", "(b, i), p0)", "(b, i), -p0)"),
        ("sign of an odd path there", "(b, j), p1)", "(b, j), -p1)"),
        ("weight of the receiver", "_weighted(weights, (b, j), p0)", "_weighted(weights, (b, i), p0)"),
        ("weight of the sender, back", "_weighted(weights, (b, i), p2)", "_weighted(weights, (b, j), p2)"),
        ("weights ignored", "_weighted(weights, (b, j), p2)", "p2"),
        ("weights ignored, back", "_weighted(weights, (b, i), -p1)", "-p1"),
        ("weights of the first walker", "(b, j), p0)", "(0, j), p0)"),
        ("i and j in r", "positions[b, last, 0] - positions[b, j, 0]", "positions[b, j, 0] - positions[b, last, 0]"),
        ("a coordinate of the first walker", "positions[b, last, 1]", "positions[0, last, 1]"),
        ("coordinate", "positions[b, j, 2]\n", "positions[b, j, 1]\n"),
        ("r of the first particle", "positions[b, last, 1]", "positions[b, first, 1]"),
        ("r stored elsewhere", "vectors[count, 1] =", "vectors[count, 2] ="),
        ("r stored for the particle", "vectors[count, 1] =", "vectors[j, 1] ="),
        (
            "a coordinate left out",
            "                    vectors[count, 2] = positions[b, last, 2] - positions[b, j, 2]\n",
            "",
        ),
        ("features of the receiver", "features, (b, j, 1, c)", "features, (b, i, 1, c)"),
        ("features of the sender, back", "features, (b, i, 1, c)", "features, (b, j, 1, c)"),
        ("features of the first walker", "features, (b, j, 0, c)", "features, (0, j, 0, c)"),
        ("feature component", "features, (b, i, 2, c)", "features, (b, i, 1, c)"),
        ("feature channel", "features, (b, i, 2, c)", "features, (b, i, 2, 0)"),
        ("feature channel before it is moved", "features, (b, j, 2, c)", "features, (b, j, 2, v)"),
        ("feature channel before it is moved, back", "features, (b, i, 2, c)", "features, (b, i, 2, v)"),
        ("= for +=", "_load(sums, (i, 0, v), lanes),", "k.zero,"),
        ("= for +=, back", "_load(sums, (j, 2, v), lanes),", "k.zero,"),
        ("sum of the sender", "_load(sums, (i, 0, v), lanes),", "_load(sums, (j, 0, v), lanes),"),
        ("sum of the receiver, back", "_load(sums, (j, 0, v), lanes),", "_load(sums, (i, 0, v), lanes),"),
        ("sum of the moved channels", "_load(sums, (i, 0, v), lanes),", "_load(sums, (i, 0, c), lanes),"),
        ("sum of the moved channels, back", "_load(sums, (j, 0, v), lanes),", "_load(sums, (j, 0, c), lanes),"),
        ("to the sender", "_store(sums, (i, 1, v), values[1])", "_store(sums, (j, 1, v), values[1])"),
        ("to the receiver, back", "_store(sums, (j, 1, v), values[1])", "_store(sums, (i, 1, v), values[1])"),
        ("to the particle of the walker's number", "_store(sums, (i, 1, v)", "_store(sums, (b, 1, v)"),
        ("summed at the moved channels", "_store(sums, (i, 1, v)", "_store(sums, (i, 1, c)"),
        ("summed at the moved channels, back", "_store(sums, (j, 1, v)", "_store(sums, (j, 1, c)"),
        ("summed into the output", "_store(sums, (i, 1, v), values[1])", "_store(out, (b, i, 1, c), values[1])"),
        ("value exchanged", "_store(sums, (j, 2, v), values[2])", "_store(sums, (j, 2, v), values[1])"),
        ("value left out", "                        _store(sums, (i, 2, v), values[2])\n", ""),
        ("self pair twice", "if i != j:", "if True:"),
        ("never back", "if i != j:", "if False:"),
        ("back for self pairs alone", "if i != j:", "if i == j:"),
        ("no self pairs", "for j in range(i if loops else i + 1,", "for j in range(i + 1,"),
        ("always self pairs", "for j in range(i if loops else i + 1,", "for j in range(i,"),
        ("self pairs where they are not wanted", "i if loops else i + 1", "i + 1 if loops else i"),
        ("loops ignored", "if loops else", "if False else"),
        ("loops always", "if loops else", "if True else"),
        ("vectors without self pairs", "for j in range(last if loops else last + 1,", "for j in range(last + 1,"),
        ("vectors of self pairs too", "for j in range(last if loops else last + 1,", "for j in range(last,"),
        ("all pairs twice", "for j in range(i if loops else i + 1,", "for j in range("),
        ("last particle left out", "i if loops else i + 1, particles)", "i if loops else i + 1, particles - 1)"),
        (
            "last vector left out",
            "last if loops else last + 1, particles)",
            "last if loops else last + 1, particles - 1)",
        ),
        ("more particles than there is room for", "count + particles - last <= at_once", "count <= at_once"),
        ("a particle more than there is room for", "particles - last <= at_once", "particles - last - 2 <= at_once"),
        ("only the particles that fit at first", "            first = last", "            first = particles"),
        ("particles twice", "            first = last", "            first = first + 1"),
        ("from the first particle on", "for i in range(first, last):", "for i in range(last):"),
        ("first particle left out", "for i in range(first, last):", "for i in range(first + 1, last):"),
        ("vectors not counted", "                    count += 1\n", ""),
        ("vectors counted on", "last, count = first, 0", "last, count = first, first"),
        ("place of a pair", "u += 1", "u = j"),
        ("place of a pair that is skipped", "                    u += 1\n", ""),
        ("place from 1", "u = -1", "u = 0"),
        ("place counted on", "            u = -1\n            for i", "            u = first - 1\n            for i"),
        ("edges from 1 on", "(edges, k, solid, 0, count,", "(edges, k, solid, 1, count,"),
        ("weights from 1 on", "k, order, 0, count,", "k, order, 1, count,"),
        ("edges of too few", "(edges, k, solid, 0, count,", "(edges, k, solid, 0, count - 1,"),
        ("weights of too few", "k, order, 0, count,", "k, order, 0, count - 1,"),
        ("beyond the cutoff is not skipped", SKIP, ""),
        ("the rest is skipped too", "continue", "break"),
        ("what lies within is skipped", "intervals[u] < k.zero", "intervals[u] > k.zero"),
        ("the first interval is skipped", "intervals[u] < k.zero", "intervals[u] < k.one"),
        ("interval of the first pair", "s = int(intervals[u])", "s = int(intervals[0])"),
        ("weights of the first pair", "_take(splines, u, order)", "_take(splines, 0, order)"),
        ("weights of degree 3", "_take(splines, u, order)", "_take(splines, u, (0, 0, 0, 0))"),
        ("radial function", "p2 = _tabulated(spline, table, s, 2,", "p2 = _tabulated(spline, table, s, 1,"),
        ("channel of the table", "p2 = _tabulated(spline, table, s, 2, c,", "p2 = _tabulated(spline, table, s, 2, 0,"),
        ("edge of the first pair", "(edges[0, u], edges[1, u],", "(edges[0, 0], edges[1, 0],"),
        ("edge values exchanged", "(edges[0, u], edges[1, u],", "(edges[1, u], edges[0, u],"),
        ("channel of the table before it is moved", "table, s, 2, c,", "table, s, 2, v,"),
        ("not cleared", "                sums[i, 1, v] = k.zero\n", ""),
        ("not cleared to zero", "sums[i, 1, v] = k.zero", "sums[i, 1, v] = k.one"),
        (
            "cleared in between",
            "            first = last\n",
            "            first = last\n            sums[0, 0, 0] = k.zero\n",
        ),
        ("cleared for the first walker", CLEARED, "for v in range(sums.shape[2] if b == start else 0):"),
        ("first particle not cleared", CLEAR_ALL, CLEAR_ALL.replace("range(p", "range(1, p")),
        ("last particle not cleared", CLEAR_ALL, CLEAR_ALL.replace("particles", "particles - 1")),
        ("cleared channels", CLEARED, "for v in range(1, sums.shape[2]):"),
        ("cleared without the room", CLEARED, "for v in range(out.shape[3]):"),
        ("step of one", STEPS, "for v in range(sums.shape[2]):\n                        c"),
        ("step of two", STEPS, "for v in range(0, sums.shape[2], 2):\n                        c"),
        ("a step too few", STEPS, STEPS.replace("sums.shape[2]", "sums.shape[2] - len(lanes)")),
        ("uneven ignored", MOVED, MOVED.replace("uneven", "None")),
        ("moved back by the sums", MOVED, MOVED.replace("out.shape[3]", "sums.shape[2]")),
        ("moved back by components", MOVED, MOVED.replace("out.shape[3]", "out.shape[2]")),
        ("moved back by particles", MOVED, MOVED.replace("out.shape[3]", "out.shape[1]")),
        ("room for too few particles", "np.empty((particles, 3", "np.empty((particles - 1, 3"),
        ("room for too few components", "np.empty((particles, 3", "np.empty((particles, 2"),
        ("room for the channels alone", "_room(out.shape[3], lanes)", "out.shape[3]"),
        ("nothing finished", FINISH, ""),
        ("a component not finished", "                _store(out, (b, i, 1, c), _load(sums, (i, 1, v), lanes))\n", ""),
        ("finished for the first walker", "_store(out, (b, i, 1, c)", "_store(out, (0, i, 1, c)"),
        ("finished for one particle", "_store(out, (b, i, 1, c)", "_store(out, (b, 0, 1, c)"),
        ("finished elsewhere", "_store(out, (b, i, 1, c)", "_store(out, (b, i, 2, c)"),
        ("finished before it is moved", "_store(out, (b, i, 1, c)", "_store(out, (b, i, 1, v)"),
        ("another sum finished", "_load(sums, (i, 1, v), lanes))", "_load(sums, (i, 2, v), lanes))"),
        ("sums of one particle finished", "_load(sums, (i, 1, v), lanes))", "_load(sums, (0, 1, v), lanes))"),
        ("another vector finished", "_load(sums, (i, 1, v), lanes))", "_load(sums, (i, 1, c), lanes))"),
        ("last vector not finished", LAST_STEPS, LAST_STEPS.replace("sums.shape[2]", "sums.shape[2] - len(lanes)")),
        ("finished, uneven ignored", LAST_MOVED, LAST_MOVED.replace("uneven", "None")),
        ("first particle not finished", FINISH_ALL, FINISH_ALL.replace("range(p", "range(1, p")),
        ("last particle not finished", FINISH_ALL, FINISH_ALL.replace("particles", "particles - 1")),
        (
            "finished before the last particles",
            FINISH,
            "            if first < particles:\n" + indent(FINISH, "        "),
        ),
        ("walkers before the start", "for b in range(start, stop):", "for b in range(stop):"),
        ("walkers beyond the end", "for b in range(start, stop):", "for b in range(start, len(out)):"),
        ("particles and walkers", "positions.shape[1]", "positions.shape[0]"),
        ("room for too few vectors", "np.empty((at_once, 3)", "np.empty((at_once - 2, 3)"),
        ("room for too few edges", "np.empty((7, at_once)", "np.empty((7, at_once - 2)"),
        ("room for too few weights", "np.empty((len(order), at_once)", "np.empty((4, at_once)"),
        ("room for the weights of too few", "np.empty((len(order), at_once)", "np.empty((len(order), at_once - 2)"),
        ("room for too few intervals", "np.empty(at_once, out", "np.empty(at_once - 2, out"),
        ("scale and end exchanged", "vectors, scale, end)\n", "vectors, end, scale)\n"),
        ("order and loops exchanged", "order, loops, positions", "loops, order, positions"),
    ),
    *edits("_walkers_1_0", ("sign of the only path", "(b, i), -p0)", "(b, i), p0)"), pair="1_0"),
    *edits("_walkers_1_2", ("sign of a path", "(b, i), p1)", "(b, i), -p1)"), pair="1_2"),
    *edits("_walkers_1_2_polar", ("signs of both paths", "(b, i), -p", "(b, i), p"), pair="1_2"),
    *edits("_walkers_1_1_axial", ("sign of the only path", "(b, i), -p0)", "(b, i), p0)")),
    *edits("_walkers_1_2_axial", ("sign of the only path", "(b, i), p0)", "(b, i), -p0)"), pair="1_2"),
]


@pytest.mark.parametrize("edit", some_at_once(EDITS))
def test_refused(edit: Edit) -> None:
    """Nothing but the edited function is concerned, so that it alone can be what T11 objects to."""
    refuses("cpu.py", edit)
