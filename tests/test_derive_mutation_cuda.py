"""Edits of the emitted GPU kernels, and of what lies between a call and them: each must be refused by theorem T11."""

from __future__ import annotations

import pytest
from pocket_tfn.derive.catalogue import emitted_pairs
from pocket_tfn.derive.execution import EmittedModule
from pocket_tfn.derive.proofs import emitted_groups, t11_emitted

from tests.derivation import Edit, edits, modules_of, pairs_of, refuses, some_at_once

MODULE = "cuda.py"
#: Where the threads of a group wait: for its frames, for the end of its edges, and in the tree of its sums.
BEFORE = "            _wait(slot, lane, group)\n            if c < out.shape[2]:\n"
AFTER = "            _wait(slot, lane, group)\n            e += group"
STORED = "_store(frames, (slot, 0), sum1)\n            _wait(slot, lane, group)\n"
LOADED = "sum1 = sum1 + _load(frames, (slot + half * across, 0), lanes)\n            _wait(slot, lane, group)\n"

#: What each kernel does with frames, threads and sums.
STREAMED = [
    *edits(
        "_convolve_rows_1_1",
        ("radial function", "(e + n - base, 1, c)", "(e + n - base, 0, c)"),
        ("radial functions of the first edge", "radial, (e + n - base,", "radial, (e,"),
        ("radial functions by slot", "radial, (e + n - base,", "radial, (e + n,"),
        ("feature component", "features, (j, 1, c)", "features, (j, 0, c)"),
        ("features of the receiver", "features, (j,", "features, (i,"),
        ("sender of another edge", "j = senders[n, 0]", "j = senders[base, 0]"),
        ("sender of another group", "senders[slot, 0] =", "senders[lane, 0] ="),
        ("components of r", "frames[n, 1], frames[n, 2])", "frames[n, 2], frames[n, 1])"),
        ("frame of another edge", "k, frames[n, 0]", "k, frames[base, 0]"),
        ("frame of another group", "_set_frame(frames, slot,", "_set_frame(frames, lane,"),
        ("weight column", "w = frames[n, 3]", "w = frames[n, 2]"),
        ("weights forgotten", "_given_number(weights, e + lane, k.one)", "k.one"),
        ("weight of the first edge", "_given_number(weights, e + lane,", "_given_number(weights, e,"),
        ("weights forgotten once", "w * _load_once(radial, (e + n - base, 2", "_load_once(radial, (e + n - base, 2"),
        ("vector of the first edge", "vectors[e + lane, 1]", "vectors[e, 1]"),
        ("the other of the two", "_set_frame(frames, slot, k, solid", "_set_frame(frames, slot, k, not solid"),
        ("nobody waits for frames", BEFORE, BEFORE[BEFORE.index("\n") + 1 :]),
        ("frames are overwritten", AFTER, AFTER[AFTER.index("\n") + 1 :]),
        (
            "idle threads do not wait",
            BEFORE,
            "            if c < out.shape[2]:\n                _wait(slot, lane, group)\n",
        ),
        ("only those with a frame wait", BEFORE, BEFORE.replace("            _wait", "                _wait", 1)),
        ("waits for too few", "_wait(slot, lane, group)", "_wait(slot, lane & (across - 1), across)"),
        ("waits as the first", "_wait(slot, lane, group)", "_wait(slot, 0, group)"),
        ("waits as another", "_wait(slot, lane, group)", "_wait(lane, lane, group)"),
        ("a block waits for some", "if lane < count:\n", "if lane < count:\n                cuda.syncthreads()\n"),
        ("lane across", "lane = slot & (group - 1)", "lane = slot & (across - 1)"),
        ("first edge of a thread", "first = lane >> wide", "first = lane >> long"),
        ("edges at once", "1 << wide + long, 1 << long", "1 << wide + long, 1 << wide"),
        ("edges several times", "n += at_once", "n += 1"),
        ("all begin with the first edge", "n = base + first", "n = base"),
        ("beyond the edges", "while n < base + count:", "while n < base + group:"),
        ("no last edges", "count = min(group, last - e)", "count = group"),
        ("a frame too many", "if lane < count:", "if lane <= count:"),
        ("a frame too few", "if lane < count:", "if lane < count - 1:"),
        ("frames at once", "e += group", "e += at_once"),
        ("receiver and part", "i = row // parts", "i = row % parts"),
        ("channels of a part", "row % parts * across", "row % parts"),
        ("channels of a group", "(lane & (across - 1))", "lane"),
        ("channels of a vector", " * len(lanes)", ""),
        ("threads of a group", "cuda.grid(1) >> wide + long", "cuda.grid(1) >> wide"),
        ("a receiver too many", "if i < out.shape[0]:", "if i <= out.shape[0]:"),
        ("a receiver too few", "if i < out.shape[0]:", "if i < out.shape[0] - 1:"),
        ("first edges left out", "e = int(indptr[i])", "e = int(indptr[i]) + 1"),
        ("edges of all before", "e = int(indptr[i])", "e = 0"),
        ("last edge left out", "last = indptr[i + 1]", "last = indptr[i + 1] - 1"),
        ("half of the tree", "half = at_once // 2", "half = at_once // 4"),
        ("next half", "half //= 2", "half -= 1"),
        ("neighbour in the tree", "slot + half * across", "slot + half"),
        ("too many in the tree", "if first < half:", "if first <= half:"),
        ("all in the tree", "if first < half:\n                sum2", "if True:\n                sum2"),
        ("nobody waits in the tree", STORED, STORED[: STORED.index("\n") + 1]),
        ("nor after its branch", LOADED, LOADED[: LOADED.index("\n") + 1]),
        ("component in the tree", "_store(frames, (slot, 0), sum1)", "_store(frames, (slot, 0), sum0)"),
        ("sign in the tree", "sum1 = sum1 + _load", "sum1 = sum1 - _load"),
        ("in another column", "_store(frames, (slot, 0), sum1)", "_store(frames, (slot, 1), sum1)"),
        ("every thread writes", "if first == 0 and c <", "if c <"),
        ("another thread writes", "if first == 0 and c <", "if first == 1 and c <"),
        ("beyond the channels", "if first == 0 and c < out.shape[2]:", "if first == 0:"),
        ("last store", "\n            _store(out, (i, 2, c), sum2)", ""),
        ("stores exchanged", "(i, 1, c), sum1", "(i, 1, c), sum2"),
        ("sums exchanged", "sum0, sum1, sum2 = _add", "sum0, sum2, sum1 = _add"),
        ("not begun at zero", "sum1 = _splat(k.zero, lanes)", "sum1 = _splat(k.one, lanes)"),
        ("kernel of another name", "def _convolve_rows_1_1(", "def _convolve_rows_1_9("),
    ),
    *edits("_convolve_rows_1_2", ("path", "(e + n - base, 2, c)", "(e + n - base, 1, c)"), pair="1_2"),
    *edits("_convolve_rows_1_0", ("next half", "half //= 2", "half -= 1"), pair="1_0"),
]
TABULATED = [
    *edits(
        "_tabulated_rows_1_1",
        ("interval of another edge", "s = intervals[n, 0]", "s = intervals[base, 0]"),
        ("not at the first knot", "if s >= 0:", "if s > 0:"),
        ("beyond the cutoff", "if s >= 0:", "if True:"),
        ("path", "table, s, 1, c", "table, s, 0, c"),
        ("weights of another edge", "_tabulated(splines, n,", "_tabulated(splines, base,"),
        ("of another group", "_set_splines(splines, intervals, slot,", "_set_splines(splines, intervals, lane,"),
        ("scale and end", "x, y, z, scale, end)", "x, y, z, end, scale)"),
        ("components of r", "vectors[e + lane, 1], vectors", "vectors[e + lane, 0], vectors"),
        ("weights forgotten", "_given_number(weights, e + lane, k.one)", "k.one"),
        ("nobody waits for frames", BEFORE, BEFORE[BEFORE.index("\n") + 1 :]),
        ("frames are overwritten", AFTER, AFTER[AFTER.index("\n") + 1 :]),
        ("last edges beyond the cutoff", "                    n += at_once", "                        n += at_once"),
    ),
    *edits(
        "_set_splines",
        ("not scaled", "    y = y * scale\n", ""),
        ("square", "x * x + y * y", "x * x + x * y"),
        ("degree", "if len(order) == 4:", "if len(order) == 5:"),
        ("order", "splines[1, slot] = weights_3[1]", "splines[1, slot] = weights_3[2]"),
        ("the last left out", "\n        splines[5, slot] = weights_5[5]", ""),
        ("next interval", "int(s)", "int(s) + 1"),
        ("place", "_spline_3(k, t)", "_spline_3(k, s)"),
    ),
    *edits(
        "_tabulated",
        ("always the same", "(s + q, p, c)", "(s, p, c)"),
        ("one left out", "range(1, len(order))", "range(2, len(order))"),
        ("sign", "value = value + ", "value = value - "),
        ("of another edge", "splines[q, n]", "splines[q, n - 1]"),
    ),
    *edits(
        "_interval",
        ("the cutoff itself", "u >= last", "u > last"),
        ("no sign of the cutoff", "return -k.one, k.zero", "return k.zero, k.zero"),
        ("no place for NaN", "s = k.zero", "pass"),
        ("place", "u - s", "u"),
    ),
]
WALKERS = edits(
    "_walkers_1_1",
    ("loops inverted", "i == j and not loops", "i == j and loops"),
    ("no pairs", "i == j and not loops", "not loops"),
    ("weights of the receiver", "weights[b, j]", "weights[b, i]"),
    ("weights forgotten", "weights.shape[0] > 0", "weights.shape[0] < 0"),
    ("sign", "positions[b, i, 0] - positions[b, j, 0]", "positions[b, j, 0] - positions[b, i, 0]"),
    ("another walker's", "positions[b, j, 1]", "positions[0, j, 1]"),
    ("walker", "b = i // particles", "b = i // out.shape[0]"),
    ("particle", "i = i % particles", "i = i % out.shape[0]"),
    ("features of the receiver", "features, (b, j, 0, c)", "features, (b, i, 0, c)"),
    ("features of the first chunk", "j = e + n - base", "j = n - base"),
    ("channels", "if c < out.shape[3]:", "if c < out.shape[2]:"),
    ("walkers too many", "if b < out.shape[0]:", "if b <= out.shape[0]:"),
    ("to the first walker", "_store(out, (b, i, 1, c)", "_store(out, (0, i, 1, c)"),
    ("a particle left out", "while e < particles:", "while e < particles - 1:"),
    ("frames are overwritten", AFTER, AFTER[AFTER.index("\n") + 1 :]),
)
MIXING = [
    *edits(
        "_mixing_rows_1_1",
        ("base", "out[i - base,", "out[i,"),
        ("receivers from the first", "i = base + row // parts", "i = row // parts"),
        ("no bound of receivers", "if i < base + out.shape[0]:", "if i < indptr.shape[0] - 1:"),
        ("function", "basis[e + n - begin, q + 1]", "basis[e + n - begin, q]"),
        ("functions of the first edge", "basis[e + n - begin,", "basis[e,"),
        ("weights forgotten", "w = frames[n, 3]", "w = k.one"),
        ("paths", "s0_1_2 += b0 * values[5]", "s0_1_2 += b0 * values[2]"),
        ("a sum left out", "s2_0_0 += b2 * values[0]", "s2_0_0 += k.zero"),
        ("a store left out", "out[i - base, 1, q + 1, 2, c] = s1_2_1", "pass"),
        ("stores exchanged", "out[i - base, 1, q + 1, 2, c] = s1_2_1", "out[i - base, 1, q + 1, 2, c] = s2_2_1"),
        ("not cleared", "            s1_2_2 = k.zero\n", "            s1_2_2 = k.zero if q == 0 else s1_2_2\n"),
        ("functions once more", "range(0, basis.shape[1], 4)", "range(0, basis.shape[1], 3)"),
        ("the first functions alone", "range(0, basis.shape[1], 4)", "range(0, 4, 4)"),
        ("functions that are not there", " and q + 3 < basis.shape[1]:", ":"),
        ("sender", "j = senders[n, 0]", "j = senders[begin, 0]"),
        ("features of the receiver", "features[j, 1, c]", "features[i, 1, c]"),
        ("channels of a part", "row % parts * group", "row % parts"),
        ("an edge too few", "range(begin, begin + count)", "range(begin, begin + count - 1)"),
        (
            "frames are overwritten",
            "                _wait(slot, lane, group)\n                e +=",
            "                e +=",
        ),
    ),
    *edits(
        "_product",
        ("inner index", "lefts[q, r0 + 1]", "lefts[q, r0]"),
        ("sign", "s1_2 += l1 * m2", "s1_2 -= l1 * m2"),
        ("not summed", "s1_2 += l1 * m2", "s1_2 = l1 * m2"),
        ("nobody waits for tiles", "        cuda.syncthreads()\n        for q", "        for q"),
        ("tiles are overwritten", "        cuda.syncthreads()\n    if top + r0", "    if top + r0"),
        ("rows of a tile", "tiles * _HIGH", "tiles * _WIDE"),
        ("tile", "cuda.blockIdx.x % tiles", "cuda.blockIdx.x // tiles"),
        ("one column of tiles", "(out.shape[1] + _WIDE - 1) // _WIDE", "out.shape[1] // _WIDE + 1"),
        ("rows beyond", "if inside else k.zero\n        for m in", "if True else k.zero\n        for m in"),
        ("columns beyond", "side + column < right.shape[1]", "side + column <= right.shape[1]"),
        ("element of another", "] = s2_1\n", "] = s1_2\n"),
        ("rows", "r0 = t // _ACROSS", "r0 = t % _ACROSS"),
    ),
    *edits(
        "_launch_product",
        ("tiles of whole rows alone", "-(-out.shape[0] // _HIGH)", "max(out.shape[0] // _HIGH, 1)"),
        ("operands exchanged", "left, right, out)", "right, left, out)"),
        ("threads", "tiles * _THREADS", "tiles"),
    ),
]
SHARED = [
    *edits("_shared_frames", ("no column for weights", "(_THREADS, 4)", "(_THREADS, 3)"), ("anywhere", ", 16)", ")")),
    *edits("_shared_splines", ("too few", "_MOST_WEIGHTS", "4")),
    *edits("_shared_senders", ("too few", "_THREADS", "_THREADS // 2")),
    *edits(
        "_set_frame",
        ("component", "frames[slot, 1] = y", "frames[slot, 1] = z"),
        ("component left out", "\n    frames[slot, 2] = z", ""),
        ("always directions", "_argument(k, solid,", "_argument(k, False,"),
    ),
    *edits(
        "_given_number",
        ("always missing", "array.shape[0] == 0", "array.shape[0] >= 0"),
        ("never missing", "array.shape[0] == 0", "array.shape[0] < 0"),
        ("of the first", "return array[e]", "return array[0]"),
    ),
    *edits(
        "_members",
        ("one thread too few", "(1 << group) - 1", "(1 << group - 1) - 1"),
        ("another thread too", "(1 << group) - 1", "1 << group"),
        ("from the thread on", "slot - lane", "slot"),
        ("for the first group", " << ((slot - lane) & (_WARP - 1))", ""),
        ("beyond the warp", "& (_WARP - 1)", "& (2 * _WARP - 1)"),
        ("for the whole warp", "((1 << group) - 1) << ((slot - lane) & (_WARP - 1))", "(1 << _WARP) - 1"),
    ),
    *edits("_add_channel_1_1", ("sign", "o0 + b * w0", "o0 - b * w0")),
    *edits("_message_channel_1_1", ("sign", "d * x - f0 * n", "d * x + f0 * n")),
    *edits(
        "", ("difference by a sum", '_define_operator(operator.sub, "fsub")', '_define_operator(operator.sub, "fadd")')
    ),
    *edits("_negation", ("nothing", "[-0.0]", "[0.0]")),
    *edits("", ("not compiled", "@_device\ndef _unit", "def _unit")),
]
ITEMS = [
    *edits(
        "_apply_items_1_1",
        ("channels of an item", "out.shape[2] // len(lanes)", "out.shape[2]"),
        ("channels of a vector", "t % vectors_per_item * len(lanes)", "t % vectors_per_item"),
        ("item", "i = t // vectors_per_item", "i = t % vectors_per_item"),
        ("radial functions of another item", "radial, (p, 1, c)", "radial, (f, 1, c)"),
        ("a thread too many", "if t < out", "if t <= out"),
        ("value left out", "\n        _store(out, (i, 2, c), values[2])", ""),
    ),
    *edits(
        "_kernel_items_1_1",
        ("an item too many", "if i < out.shape[0]:", "if i <= out.shape[0]:"),
        ("an item too few", "if i < out.shape[0]:", "if i < out.shape[0] - 1:"),
        ("grid of two dimensions", "cuda.grid(1)", "cuda.grid(2)"),
        ("not of the item", "radial[p, 1]", "radial[v, 1]"),
    ),
]
#: What is decided before a kernel is launched.
PLANS = [
    *edits(
        "_plan",
        ("too few threads across", "_exponent(2 * vectors - 1)", "_exponent(vectors)"),
        ("too many", "_exponent(2 * vectors - 1)", "_exponent(2 * vectors)"),
        ("more than a warp", "_exponent(_WARP) - wide", "_exponent(_WARP)"),
        ("more edges than there are", "_exponent(degree)", "_exponent(_WARP)"),
        ("parts left out", "-(-vectors // (1 << wide))", "vectors // (1 << wide)"),
        ("vectors left out", "-(-channels // len(lanes))", "channels // len(lanes) - 1"),
    ),
    *edits(
        "_lanes",
        ("not all of them", "channels % width or ", ""),
        ("where one array lies", "any(", "all("),
        ("at multiples of a number", "(width * dtype.itemsize)", "dtype.itemsize"),
        ("never several", "most // dtype.itemsize", "1"),
        ("more than fit", "most // dtype", "2 * most // dtype"),
    ),
    *edits("_vector_bytes", ("more than an instruction moves", "return _VECTOR_BYTES", "return 2 * _VECTOR_BYTES")),
    *edits(
        "_exponent",
        ("one more", ".bit_length() - 1", ".bit_length()"),
        ("of nothing", "max(int(number), 1)", "int(number)"),
    ),
    *edits(
        "",
        ("threads of one edge", "* self.parts << self.wide + self.long", "* self.parts << self.wide"),
        ("threads of one part", "receivers * self.parts <<", "receivers <<"),
        ("numbers exchanged", "self.wide, self.long, self.parts", "self.long, self.wide, self.parts"),
    ),
    *edits(
        "_mix",
        ("several channels for each thread", ", most=graph.dtype.itemsize", ""),
        ("several edges at once", "graph.dtype, 0, ()", "graph.dtype, 40, ()"),
        ("always the first receivers", "solid, first, *arrays", "solid, 0, *arrays"),
        ("components forgotten", "(last - first) * n_out, right", "(last - first), right"),
        ("to the first rows", "rows[first * n_out : last * n_out]", "rows[: (last - first) * n_out]"),
        ("a part left out", "range(0, nodes, at_once)", "range(0, nodes - 1, at_once)"),
        ("beyond the last", "min(first + at_once, nodes)", "first + at_once"),
        ("weights forgotten", "graph.features, graph.weights)", "graph.features, graph.weights[:0])"),
    ),
]
HOST = [
    *edits("_convolve_mixing", ("nothing to sum", "_set_zero(target)", "pass")),
    *edits(
        "_convolve",
        ("threads of edges", "plan.threads(graph.nodes)", "plan.threads(graph.edges - 2)"),
        ("always directions", "plan.numbers, solid,", "plan.numbers, False,"),
        ("arrays exchanged", "graph.vectors, radial, graph.features", "radial, graph.vectors, graph.features"),
        ("what may be overwritten", "graph.inputs(radial)", "[]"),
    ),
    *edits(
        "_convolve_tabulated",
        ("channels and paths", "cutoff, degree, graph.channels)", "cutoff, degree, n_paths)"),
        ("scale and end", "*table[1:]", "table[1], table[3], table[2]"),
        ("order", "table.order)", "(0,) * 5)"),
    ),
    *edits(
        "_convolve_walkers",
        ("loops", "bool(loops)", "not loops"),
        ("threads of walkers", "plan.threads(walkers * particles)", "plan.threads(walkers)"),
        ("weights forgotten", "weighted[0] if weighted else", "weighted[0] if False else"),
    ),
    *edits(
        "_items",
        ("threads", "total * (channels // len(lanes))", "total"),
        ("steps", "steps, *flat", "steps[::-1], *flat"),
    ),
    *edits("_steps", ("always one", "step if length > 1 else 0", "1")),
    *edits("_apply", ("operands exchanged", "(1, 2, 2)", "(1, 1, 2)")),
    *edits(
        "_graph",
        ("no weights", "_packed(weights)", "_empty((0,), dtype)"),
        ("not packed", "_packed(features)", "features"),
    ),
    *edits(
        "_fill",
        (
            "a result that is not put into out",
            "        view.copy_to_device(target, stream=_calls.stream)\n",
            "        pass\n",
        ),
        ("another array", "    return out", "    return target.copy()"),
        ("overwrites what is read", "not any(_overlap(view, a) for a in inputs)", "True"),
        ("on another stream", "stream=_calls.stream", "stream=0"),
    ),
    *edits(
        "_launch",
        ("whole blocks alone", "-(-threads // _THREADS)", "threads // _THREADS"),
        ("stream", "_calls.stream", "0"),
    ),
    *edits("_place_in", ("axes exchanged", "t // shape[last]", "t % shape[last]")),
    *edits("_copy_kernel", ("an element too few", "if t < target.shape[0]:", "if t < target.shape[0] - 1:")),
]
PUBLIC = [
    *edits(
        "convolve_1_1",
        ("another kernel", "_convolve_rows_1_1,", "_convolve_rows_1_1_polar,"),
        ("another name", '"convolve_1_1"', '"convolve_1_0"'),
        ("another shape", "(3, 3, 3)", "(3, 1, 3)"),
        ("weights forgotten", "        weights,\n        out,\n", "        None,\n        out,\n"),
    ),
    *edits("apply_1_1", ("another kernel", "_apply_items_1_1,", "_apply_items_1_1_axial,")),
    *edits(
        "kernel_1_1",
        ("arguments exchanged", "vectors, radial, out, normalize", "radial, vectors, out, normalize"),
        ("always directions", "out, normalize", "out, True"),
    ),
    *edits("convolve_tabulated_1_1", ("degree", "        degree,\n", "        3,\n")),
    *edits(
        "convolve_mixing_1_1",
        ("basis and mixing", "        basis,\n        mixing,", "        mixing,\n        basis,"),
    ),
    *edits("convolve_walkers_1_1", ("always loops", "        loops,\n", "        True,\n")),
]
EVERY = [*STREAMED, *TABULATED, *WALKERS, *MIXING, *SHARED, *ITEMS, *PLANS, *HOST, *PUBLIC]


@pytest.mark.parametrize("edit", some_at_once(EVERY, apart=12))
def test_refused(edit: Edit) -> None:
    """Nothing else is concerned, so that it alone can be what T11 objects to."""
    refuses(MODULE, edit)


@pytest.mark.parametrize("key", ["1_0", "1_1"])
def test_it_holds_without_an_edit(key: str) -> None:
    """For the text that is edited."""
    assert t11_emitted.prove(pairs_of(key), {MODULE: modules_of(key)[MODULE]}).identities > 10_000


def test_sharings() -> None:
    """Groups are smaller than blocks or fill them; receivers have fewer edges than a group has threads, or more; parts
    and threads across are one or several, of which some have nothing left to do."""
    edges = 3
    sharings = (*emitted_groups.SHARINGS, *emitted_groups.MORE_SHARINGS)
    groups = [1 << s.wide + s.long for s in sharings]
    assert {s.block > group for s, group in zip(sharings, groups, strict=True)} == {True, False}
    assert {group > edges for group in groups} == {True, False}
    assert {s.parts > 1 for s in sharings} == {s.wide > 0 for s in sharings} == {True, False}
    assert {s.parts * s.width << s.wide > s.channels for s in sharings} == {True, False}
    assert {s.width for s in sharings} == {1, 2, 4} and {s.long for s in sharings} == {0, 1, 2, 3}
    assert emitted_groups.wait_residuals(EmittedModule(MODULE, modules_of(emitted_pairs()[0].key)[MODULE]))
