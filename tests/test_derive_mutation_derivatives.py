"""Edits of the emitted derivatives: each must be refused by theorem T14."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pocket_tfn.derive.proofs import t14_emitted_derivatives as t14

from tests.derivation import Edit, edited, edits, modules_of, pairs_of, refused

MODULE, BESIDE = "cpu_derivatives.py", "cpu.py"
#: What asks for memory ahead computes nothing.
UNSEEN = re.compile(r"_prefetch|_prefetch_to_write|later|next_edge|next_receiver|next_sender|\"\"\"|^ *#|^def |^@")
#: Each operator, and what it is mistaken for.
MISTAKES = {" + ": " - ", " - ": " + ", " * ": " + ", " < ": " >= ", " += ": " -= ", " -= ": " += "}


def refuses(edit: Edit) -> None:
    """T14 for the pair of the edit ends in a ProofError."""
    files = modules_of(edit.pair)
    text = edited(files[MODULE], edit)
    refused(lambda: t14.prove(pairs_of(edit.pair), {MODULE: text, BESIDE: files[BESIDE]}))


FORMULAS = [
    *edits(
        "_vjp_channel_1_1",
        ("sign of a cross product", "w0 = f2 * y - f1 * z", "w0 = f1 * z - f2 * y"),
        ("cotangent of a", "bar_g * w,", "bar_g,"),
        ("cotangent of the length", "sum_bar_n - bar_g * w_c", "sum_bar_n + bar_g * w_c"),
        ("a constant", "k.c3 * bar_x_3", "k.c2 * bar_x_3"),
        ("order, which a ring has for monomials", "w0 = f2 * y", "w0 = max(f2, -f2) * y"),
        ("a number of no type", "w0 = f2 * y", "w0 = 1 * f2 * y"),
        ("a quotient, which in a ring would drop the rest", "w0 = f2 * y", "w0 = f2 * y * w / w"),
        (
            "cotangents exchanged",
            "        bar_w_b * w,\n        bar_w_c * w",
            "        bar_w_c * w,\n        bar_w_b * w",
        ),
    ),
    *edits(
        "_jvp_channel_1_1",
        ("a tangent left out", "a * d_w + d_a * w", "a * d_w"),
        ("sign", "d_t = d * d_w_c + d_d * w_c", "d_t = d * d_w_c - d_d * w_c"),
    ),
    *edits("_vjp_edge_1_1", ("factor", "k.c2 * bar_n * x", "bar_n * x"), ("component", "bar_n * y", "bar_n * x")),
    *edits("_hvp_edge_1_1", ("product rule", " + k.c2 * bar_n * d_x", "")),
    *edits(
        "_project",
        ("not projected", "across0 = u0 - along * x", "across0 = u0"),
        ("no length", "across1 * s", "across1"),
    ),
    *edits("_project_tangent", ("length does not move", "d_s = -s * s_toward", "d_s = k.zero")),
    *edits(
        "_inverse",
        ("not inverted", "k.one / length", "length"),
        ("no bound", "min(k.one / length, k.huge)", "k.one / length"),
    ),
    *edits("_moved", ("always projected", "if solid:", "if not solid:")),
    *edits("_direction", ("length of another vector", "ux * x + uy * y + uz * z", "ux * x + uy * y + uz * x")),
    *edits("_gradient_channel_1_1", ("an axis", "along0 * e0", "along0 * e1"), ("no slope", "slope_b * w0", "b * w0")),
    *edits("_contraction_channel_1_1", ("an axis", "e0 * h0_f0", "e1 * h0_f0")),
    *edits("_unit_radial_2", ("J (J + 1)", "k.c3 * chi", "k.c2 * chi")),
    *edits("_solid_radial_1", ("2 (J + 1)", "k.c4", "k.c2")),
    *edits("_origin_radial_2", ("2 J + 3", "k.c7", "k.c5")),
    *edits("_slope_3", ("coefficient", "k.c3_2 * t - k.c2", "k.c3_2 * t - k.c3")),
    *edits("_curvature_5", ("coefficient", "k.c5_3 * t - k.c2", "k.c5_3 * t - k.c3")),
]
LOOPS = [
    *edits(
        "_vjp_rows_1_1",
        ("cotangents of the sender", "_load(cotangents, (i, 0, c), lanes)", "_load(cotangents, (j, 0, c), lanes)"),
        ("radial functions of another edge", "_load(radial, (e, 1, c), lanes)", "_load(radial, (t, 1, c), lanes)"),
        ("shared channels twice", "v - c, uneven", "0, uneven"),
        ("nothing added", "_load(sums, (2, v), lanes)", "_splat(k.zero, lanes)"),
        ("to another sender", "_store(bar_features, (j, 1, c)", "_store(bar_features, (j, 0, c)"),
        ("weights of another edge", "bar_weights[e] =", "bar_weights[t] ="),
    ),
    *edits(
        "_vjp_ordered_1_1",
        ("radial functions of another edge", "_load(radial, (e, 1, c), lanes)", "_load(radial, (t, 1, c), lanes)"),
        ("features of another sender", "_load(features, (j, 2, c), lanes)", "_load(features, (i, 2, c), lanes)"),
        (
            "shared channels twice",
            "(bar_features, (j, 0, c), _counted(before, values[4], v - c",
            "(bar_features, (j, 0, c), _counted(before, values[4], 0",
        ),
        ("not begun with zero", "bar_features[low:high] = k.zero", "pass"),
        ("others set to zero", "bar_features[low:high] = k.zero", "bar_features[:] = k.zero"),
        ("some senders left out", "high = min(low + at_once, stop)", "high = low + 1"),
        ("first block only", "range(0, len(numbers), _BLOCK)", "range(0, min(len(numbers), 1), _BLOCK)"),
    ),
    *edits(
        "_in_edge_order",
        ("receiver of another edge", "= receivers[t]", "= receivers[b]"),
        ("sender of another edge", "ends[b]] = j", "ends[b]] = low"),
        ("two edges in one place", "            ends[b] += 1\n", "            pass\n"),
    ),
    *edits(
        "_hvp_rows_1_1",
        ("tangents left out", "_given(d_features, (j, 1, c), lanes, k.zero)", "_splat(k.zero, lanes)"),
        ("bars and their tangents exchanged", "d_vectors, bars, d_bars,", "d_vectors, d_bars, bars,"),
    ),
    *edits(
        "_keep",
        ("past the caches", "_store_nontemporal(array, place, lanes)", "_store_nontemporal(array, place, -lanes)"),
    ),
    *edits("_fill_table", ("slopes at the origin", "slopes[0, u] = curvatures[0, u]", "slopes[0, u] = splines[0, u]")),
    *edits("_add_length_tangents", ("the origin", "along[3, u] != k.zero", "True")),
    *edits("_jvp_rows_1_1", ("output and tangent exchanged", "_store(d_sums, (0, v)", "_store(sums, (0, v)")),
    *edits("_vjp_tabulated_1_1", ("values for slopes", "_tabulated(slope,", "_tabulated(spline,")),
    *edits("_hvp_tabulated_1_1", ("slopes for curvatures", "_tabulated(curvature,", "_tabulated(slope,")),
    *edits("_vjp_walkers_1_1", ("parity", "p1 = -p1", "p1 = p1"), ("of slopes", "q1 = -q1", "q1 = q1")),
    *edits("_hvp_walkers_1_1", ("parity of tangents", "m1 = -m1", "m1 = m1"), ("of curvatures", "r1 = -r1", "r1 = r1")),
    *edits("_add_pairs", ("forces on others", "-= bar_vectors[u, a]", "+= bar_vectors[u, a]")),
    *edits("_fill_table", ("scale", "slopes[0, u] = scale * ", "slopes[0, u] = ")),
    *edits("_add_length_tangents", ("directions do not turn", "x * lengths[u]", "x * k.zero")),
    *edits("_laplacian_rows_1_1", ("a node with itself", "if i != j:", "if True:"), ("once", "w2 = two * w", "w2 = w")),
    *edits(
        "_laplacian_walkers_1_1",
        ("sign of the sender", "lanes) - values[3])", "lanes) + values[3])"),
        ("features of another", "features_jacobian, (b, d + 1, j, 0, c)", "features_jacobian, (b, d + 1, i, 0, c)"),
    ),
]
CALLS = [
    *edits(
        "transpose",
        (
            "not by sender",
            "_transpose(indptr, indices, *found)",
            "_transpose(indptr, indices, found[0], *found[:0:-1])",
        ),
    ),
    *edits("_summed", ("not summed", "full.sum(axis=(*range(extra), *repeated))", "full[:1]")),
    *edits(
        "_vjp_convolve",
        ("exchanged", "graph.features, graph.weights, cotangents)", "cotangents, graph.weights, graph.features)"),
    ),
    *edits("vjp_convolve_1_1", ("another loop", "_vjp_ordered_1_1", "_hvp_rows_1_1")),
    *edits("laplacian_walkers_1_1", ("another loop", "_laplacian_walkers_1_1,", "_laplacian_rows_1_1,")),
]


#: One edit of each kind is tried at once, the others, a proof each, are slow.
EDITS = [
    pytest.param(edit, id=str(edit), marks=[] if edit is some[0] else [pytest.mark.slow])
    for some in (FORMULAS, LOOPS, CALLS)
    for edit in some
]


@pytest.mark.parametrize("edit", EDITS)
def test_refused(edit: Edit) -> None:
    """Chosen edits of 1→1, one of each kind."""
    refuses(edit)


# --- every operator -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """An operator in the text: its line, its place there, and the function that holds it."""

    function: str
    line: int
    at: int
    operator: str

    def __str__(self) -> str:
        return f"{self.function.strip('_')}-{self.line}-{self.at}"


def sites(text: str) -> Iterator[Site]:
    """All operators of compiled functions that T14 speaks of."""
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and any(
            ast.unparse(d) in ("_compiled", "_loop") for d in node.decorator_list
        ):
            for number in range(node.body[0].lineno, (node.end_lineno or 0) + 1):
                line = lines[number - 1]
                if UNSEEN.search(line):
                    continue
                for operator in MISTAKES:
                    # 0 may be added or taken off, and what is multiplied by it changes no more than its sign.
                    for found in re.finditer(re.escape(operator) + r"(?!0\b)", line):
                        yield Site(node.name, number, found.start(), operator)


def mutant(text: str, site: Site) -> str:
    """The text with this operator mistaken."""
    lines = text.splitlines(keepends=True)
    line = lines[site.line - 1]
    end = site.at + len(site.operator)
    lines[site.line - 1] = line[: site.at] + MISTAKES[site.operator] + line[end:]
    return "".join(lines)


def chosen(step: int, often: int) -> list[Any]:
    """Every step-th operator of the text for 1→0, the pair with the fewest terms; one in so many is not slow."""
    every = [s for s in sites(modules_of("1_0")[MODULE]) if s.function not in NOT_PROVED][::step]
    slow = [[pytest.mark.slow] if n % often else [] for n in range(len(every))]
    return [pytest.param(site, id=str(site), marks=marks) for site, marks in zip(every, slow, strict=True)]


#: What is checked elsewhere, that malformed graphs are refused, and what may be any number: of senders at once.
NOT_PROVED = {"_transposed_fault", "_senders_at_once"}


@pytest.mark.parametrize("site", chosen(23, 6))
def test_operators(site: Site) -> None:
    """One of many mistaken for another."""
    files = modules_of("1_0")
    text = mutant(files[MODULE], site)
    refused(lambda: t14.prove(pairs_of("1_0"), {MODULE: text, BESIDE: files[BESIDE]}))


def test_it_holds_without_an_edit() -> None:
    """For each of the two texts that are edited."""
    for key in ("1_0", "1_1"):
        assert t14.prove(pairs_of(key), {name: modules_of(key)[name] for name in (MODULE, BESIDE)}).identities > 1000
