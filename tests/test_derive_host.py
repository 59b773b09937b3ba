"""Edits of what lies between a call and the loops, and of how vectors of channels lie: T11 must refuse each."""

from __future__ import annotations

import pytest
from pocket_tfn.derive.catalogue import emitted_pairs
from pocket_tfn.derive.execution import EmittedModule
from pocket_tfn.derive.proofs import emitted_host, emitted_lanes, emitted_loops, t11_emitted

from tests.derivation import Edit, edits, emitted_modules, modules_of, pairs_of, refused, refuses, some_at_once

#: Wrong for some widths and numbers of channels alone.
STEPS = [
    *edits(
        "_room",
        ("right where one channel is left over", "(channels + len(lanes) - 1) // len(lanes) * len(lanes)", "ROOM"),
    ),
    *edits("_moved_back", ("right where one vector is left over", "min(v, channels - len(lanes))", "v - v // 2")),
    *(
        edit
        for name in ("1_1", "1_1_axial")
        for edit in edits(
            f"_mixing_rows_{name}",
            (
                "all but one channel shared",
                "last : last + out.shape[4] - features.shape[2]",
                "last : last + len(lanes) - 1",
            ),
            ("one channel shared", "last : last + out.shape[4] - features.shape[2]", "last : last + 1"),
            ("as many shared as left over", "last : last + out.shape[4] - features.shape[2]", "last : last + LEFT"),
        )
    ),
]
SPELLED = {"ROOM": "channels + channels % len(lanes)", "LEFT": "features.shape[2] % len(lanes)"}

OPERATORS = [
    *edits(
        "",
        ("difference by a sum", '_define_operator(operator.sub, "fsub")', '_define_operator(operator.sub, "fadd")'),
        ("product by a sum", '_define_operator(operator.mul, "fmul")', '_define_operator(operator.mul, "fadd")'),
        ("no sum", '_define_operator(operator.add, "fadd")\n', ""),
        ("twice", '_define_operator(operator.add, "fadd")\n', '_define_operator(operator.add, "fadd")\n' * 2),
        ("two exchanged", '(operator.add, "fadd")', '(operator.sub, "fadd")'),
        (
            "on a condition",
            '_define_operator(operator.add, "fadd")\n',
            'if _VECTOR_BYTES > 1:\n    _define_operator(operator.add, "fadd")\n',
        ),
        ("another opposite", "@lower_builtin(operator.neg, _Lanes)\n", "@lower_builtin(operator.pos, _Lanes)\n"),
        (
            "one more",
            "@lower_builtin(operator.neg,",
            "@lower_builtin(operator.add, _Lanes)\n@lower_builtin(operator.neg,",
        ),
    ),
    *edits("_negation", ("nothing", "builder.fneg(args[0])", "args[0]")),
    *edits(
        "_define_operator",
        ("operands exchanged", "for value in args)", "for value in reversed(args))"),
        ("always a sum", "getattr(builder, instruction)", "builder.fadd"),
        ("numbers are left as they are", "_spread_lanes(builder, value, kind) for", "value for"),
        ("numbers come first", "(types.Float, _Lanes)", "(types.Float, types.Float)"),
    ),
]

PUBLIC = [
    *edits(
        "convolve_1_1",
        ("another loop", "_convolve_rows_1_1,", "_convolve_rows_1_1_polar,"),
        ("another name", '"convolve_1_1"', '"convolve_1_1_polar"'),
        ("another shape", "(3, 3, 3)", "(3, 3, 2)"),
        ("arguments exchanged", "        vectors,\n        radial,\n", "        radial,\n        vectors,\n"),
        ("weights left out", "        weights,\n        out,\n", "        None,\n        out,\n"),
        ("out left out", "        weights,\n        out,\n", "        weights,\n        None,\n"),
        ("always directions", "        normalize,\n    )", "        True,\n    )"),
        ("returns nothing", "return _convolve(", "_convolve("),
    ),
    *edits("convolve_1_2", ("components exchanged", "(5, 3, 3)", "(3, 5, 3)"), pair="1_2"),
    *edits("kernel_1_1_axial", ("another loop", "_kernel_items_1_1_axial", "_kernel_items_1_1_polar")),
    *edits("convolve_tabulated_1_1", ("the sum from a radial array", "_convolve_tabulated(", "_convolve(")),
    *edits("convolve_walkers_1_1", ("always loops", "        loops,\n", "        True,\n")),
    *edits(
        "convolve_mixing_1_1",
        ("basis and mixing", "        basis,\n        mixing,", "        mixing,\n        basis,"),
    ),
]

BETWEEN = [
    *edits(
        "_lanes",
        ("rounded up", "max(channels, 1).bit_length() - 1", "channels.bit_length()"),
        ("as many as fit", "min(widest, 1 << max(channels, 1).bit_length() - 1)", "min(widest, max(channels, 1))"),
        ("more than fit", "vectors * _VECTOR_BYTES", "2 * _VECTOR_BYTES"),
    ),
    *edits(
        "_channel_steps",
        ("never moved back", "True if channels % len(lanes) else None", "None"),
        ("always moved back", "True if channels % len(lanes) else None", "True"),
        ("the other way", "True if channels % len(lanes) else None", "None if channels % len(lanes) else True"),
    ),
    *edits(
        "_with_room",
        ("at the end", "wider[:, :, whole - channels :]", "wider[:, :, whole:channels]"),
        ("one too early", "whole = room - width", "whole = room - width - 1"),
        ("no vector but the last", "mixing[:, :, :whole], mixing[:, :, whole:]", "0, mixing[:, :, whole:]"),
        ("not cleared", "np.zeros(", "np.ones("),
        ("channels after each other", "wider[:, :, whole - channels :]", "wider[:, :, whole : channels]"),
    ),
    *edits(
        "_mix",
        ("components forgotten", "(last - first) * n_out", "(last - first)"),
        ("always the first receivers", "out[first:last]", "out[: last - first]"),
        ("base", "lanes, solid, first, *arrays", "lanes, solid, start, *arrays"),
        ("a part left out", "range(start, stop, at_once)", "range(start, stop - 1, at_once)"),
        ("beyond the part", "min(first + at_once, stop)", "first + at_once"),
        ("first row not mixed", "_product(0, rows", "_product(1, rows"),
        ("basis and features", "basis, graph.features", "graph.features, basis"),
        ("weights", "graph.features, graph.weights)", "graph.features, None)"),
    ),
    *edits(
        "_convolve_mixing",
        ("without room", "_with_room(mixing, len(lanes))", "mixing"),
        ("nothing to sum", "target[...] = 0\n", "pass\n"),
        ("width of the mixed channels", "_lanes(graph.channels, graph.dtype)", "_lanes(*mixed, graph.dtype)"),
    ),
    *edits("_solid", ("the other of the two", "return not normalize", "return bool(normalize)")),
    *edits(
        "_convolve",
        ("always directions", "solid, *arrays", "False, *arrays"),
        ("weights", "graph.features, graph.weights)", "graph.features, None)"),
        ("vectors and radial", "graph.vectors, radial,", "radial, graph.vectors,"),
        ("last receiver", "graph.bounds(0, graph.nodes,", "graph.bounds(0, graph.nodes - 1,"),
        ("first receiver", "graph.bounds(0, graph.nodes,", "graph.bounds(1, graph.nodes,"),
        ("inputs that may be overwritten", "*graph.inputs(radial)", "radial"),
    ),
    *edits(
        "_table",
        ("scale upside down", "number(end / float(cutoff))", "number(float(cutoff) / end)"),
        ("scale of the cutoff", "number(end / float(cutoff))", "number(cutoff / end)"),
        ("degree forgotten", "number(len(coefficients) - degree)", "number(len(coefficients))"),
        ("one interval more", "len(coefficients) - degree)", "len(coefficients) - degree + 1)"),
        ("rounded as it comes", "while number(cutoff) * scale < end:", "while False:"),
        ("rounded too far", "number(cutoff) * scale < end:", "number(cutoff) * scale <= end:"),
        ("another degree", "_ORDERS[degree], coefficients", "_ORDERS[5], coefficients"),
    ),
    *edits(
        "_convolve_tabulated",
        ("channels and paths", "cutoff, degree, graph.channels)", "cutoff, degree, n_paths)"),
        ("scale and end", "*table[1:]", "table[1], table[3], table[2]"),
        ("order", "table.order, *arrays", "(0,) * 4, *arrays"),
    ),
    *edits(
        "_convolve_walkers",
        ("weights", "weighted[0] if weighted else None", "None"),
        ("loops", "bool(loops)", "True"),
        ("steps of the particles", "_channel_steps(channels, dtype)", "_channel_steps(particles, dtype)"),
    ),
    *edits(
        "_fill",
        ("a result that is not put into out", "        out[...] = target\n", "        pass\n"),
        ("another array", "    return out", "    return target"),
        ("overwrites what is read", "not any(np.may_share_memory(out, a) for a in inputs)", "True"),
        ("not contiguous", "out.flags.carray and ", ""),
    ),
    *edits("_bounds", ("last left out", "total * i // parts", "total * i // (parts + 1)")),
    *edits(
        "_spread",
        ("first part alone", "loop(*bounds, *args)", "loop(0, 1, *args)"),
        ("helpers alone", "        parts.work()", "        pass"),
    ),
    *edits("_merged", ("all vary", "tuple(n != 1 for n in own)", "tuple(True for n in own)")),
    *edits("_steps", ("always one", "steps.append(step if", "steps.append(1 if")),
    *edits("_apply", ("operands exchanged", "(1, 2, 2)", "(1, 1, 2)")),
    *edits(
        "_graph",
        ("no weights", "None if weights is None else _frozen(weights)", "None"),
        ("features twice", "_frozen(vectors), _frozen(features)", "_frozen(features), _frozen(features)"),
    ),
]


def spelled(edit: Edit) -> Edit:
    """The edit with what is too long for a line."""
    new = edit.new
    for short, long in SPELLED.items():
        new = new.replace(short, long)
    return Edit(edit.name, edit.old, new, edit.within, edit.pair)


@pytest.mark.parametrize("edit", some_at_once([*map(spelled, STEPS), *OPERATORS, *PUBLIC, *BETWEEN]))
def test_refused(edit: Edit) -> None:
    """Nothing else is concerned, so that it alone can be what T11 objects to."""
    refuses("cpu.py", edit)


def test_sizes() -> None:
    """The sizes that loops are executed at share every number of channels that four at once can, and leave all over."""
    sizes = (*emitted_loops.SIZES, *emitted_loops.MORE_SIZES)
    assert {s.shared for s in sizes} == {0, 1, 2, 3}
    assert {s.channels % s.width for s in sizes} == {0, 1, 2, 3}
    assert any(s.shared != s.channels % s.width for s in sizes) and any(s.channels > 2 * s.width for s in sizes)


def test_lacking_functions() -> None:
    """A pair whose public functions are missing is refused, not passed over."""
    text = modules_of("1_0")["cpu.py"]
    refused(lambda: t11_emitted.prove(pairs_of("1_1"), {"cpu.py": text}))
    module = EmittedModule("cpu.py", text.replace("def convolve_1_0(", "def convolve_1_9("))
    refused(lambda: emitted_host.call_residuals(pairs_of("1_0")[0], module))


def test_residuals() -> None:
    """What is counted are zeros, some for each pair and module."""
    modules = [EmittedModule(name, emitted_modules()[name]) for name in sorted(t11_emitted.FORWARD)]
    for module in modules:
        for pair in emitted_pairs():
            assert set(emitted_host.call_residuals(pair, module)) == {0}
        assert set(emitted_lanes.lane_residuals(module)) == {0}
