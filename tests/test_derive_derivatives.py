"""Derivatives: theorem T12, and the reverse sweep over programs against SymPy's own derivative of the definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import sympy as sp
from pocket_tfn.derive.cartesian import delta, epsilon, r
from pocket_tfn.derive.catalogue import Pair, emitted_pairs, pair, wholes
from pocket_tfn.derive.derivatives import channel_vjp, edge_vjp, jvp, named, roots
from pocket_tfn.derive.lowering import apply_expressions, lower_apply
from pocket_tfn.derive.program import Program
from pocket_tfn.derive.proofs import t12_derivatives as t12
from pocket_tfn.derive.symbols import DIRECTION
from sympy.polys.rings import PolyElement

from tests.derivation import patched, refused, replace_form
from tests.test_derive_mutation import WRONG_FORMS

PAIRS = [*wholes(emitted_pairs()), pair(0, 0), pair(0, 1), pair(2, 1), pair(2, 2)]
of_pairs = pytest.mark.parametrize("pair", PAIRS, ids=lambda p: p.key)


def seeds(pair: Pair) -> tuple[sp.Symbol, ...]:
    return tuple(sp.Symbol(f"g{a}", real=True) for a in range(2 * pair.l_out + 1))


def run(program: Program, inputs: Mapping[sp.Symbol, sp.Expr]) -> list[sp.Expr]:
    """The outputs as polynomials of the inputs."""
    known = dict(inputs)
    for a in (*program.edge, *program.channel):
        known[a.target] = sp.expand(a.value.xreplace(known))
    return [sp.expand(output.xreplace(known)) for output in program.outputs]


def differences(pair: Pair, inputs: Sequence[sp.Symbol], found: Sequence[sp.Expr]) -> list[sp.Expr]:
    """What was found, less the derivatives of the output contracted with the seeds."""
    contracted = sum(g * e for g, e in zip(seeds(pair), apply_expressions(pair), strict=True))
    return [sp.expand(ours - sp.diff(contracted, s)) for s, ours in zip(inputs, found, strict=True)]


@of_pairs
def test_reverse_sweep(pair: Pair) -> None:
    """Radial values and features of a channel, and through the carried values of an edge, the unit vector."""
    program = lower_apply(pair)
    found = run(channel_vjp(program, seeds(pair)), {})
    inputs = program.channel_inputs
    assert differences(pair, inputs, found[: len(inputs)]) == [0] * len(inputs)
    bars = dict(zip(named("bar_", roots(program)), found[len(inputs) :], strict=True))
    assert differences(pair, DIRECTION, run(edge_vjp(program), bars)) == [0, 0, 0]


@of_pairs
def test_forward_sweep(pair: Pair) -> None:
    """The output, and its derivative along tangents of all inputs."""
    program, definition = lower_apply(pair), apply_expressions(pair)
    inputs = (*DIRECTION, *program.channel_inputs)
    moves = dict(zip(inputs, named("d_", inputs), strict=True))
    found = run(jvp(program), {})
    wanted = [sum(sp.diff(e, s) * d for s, d in moves.items()) for e in definition]
    assert found == [sp.expand(e) for e in (*definition, *wanted)]


def test_roots() -> None:
    """Multiples of a value add to its cotangent; they need none of their own."""
    assert [s.name for s in roots(lower_apply(pair(1, 1)))] == ["x", "y", "z", "n"]
    assert [s.name for s in roots(lower_apply(pair(1, 0)))] == ["x", "y", "z"]


@of_pairs
def test_cost(pair: Pair) -> None:
    """The cheap gradient principle: at most five times the operations of the program (Griewank and Walther, ch. 4)."""
    program = lower_apply(pair)
    forward = program.channel_operations.total
    assert channel_vjp(program, seeds(pair)).channel_operations.total <= 5 * max(forward, 1)


def test_reverse_sweep_is_a_program_like_any_other() -> None:
    """Swept again it gives second derivatives."""
    one = pair(1, 1)
    first = channel_vjp(lower_apply(one), seeds(one))
    again = named("again_", [sp.Symbol(f"h{n}") for n in range(len(first.outputs))])
    found = run(channel_vjp(first, again), {})
    contracted = sum(h * e for h, e in zip(again, run(first, {}), strict=True))
    inputs = first.channel_inputs
    edge = run_edge(first)
    wanted = [sp.expand(sp.diff(contracted, s)) for s in inputs]
    assert [sp.expand(e.xreplace(edge)) for e in found[: len(inputs)]] == [sp.expand(e.xreplace(edge)) for e in wanted]


def run_edge(program: Program) -> dict[sp.Symbol, sp.Expr]:
    """What the edge computes, in terms of the unit vector."""
    known: dict[sp.Symbol, sp.Expr] = {}
    for a in program.edge:
        known[a.target] = sp.expand(a.value.xreplace(known))
    return known


# --- theorem T12 --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_t12_holds_for_any_pair() -> None:
    """Paths without a closed form among them."""
    assert t12.prove(PAIRS).identities > t12.prove([pair(1, 1)]).identities


@pytest.mark.parametrize("degrees", [(1, 2, 1), (1, 1, 1), (1, 3, 2)], ids=str)
def test_t12_refuses_forms_that_are_not_harmonic(degrees: tuple[int, int, int]) -> None:
    """A trace left in: the Laplacian of the path is then another path as well."""
    form = 3 * (r("a") * r("c")) if degrees == (1, 2, 1) else WRONG_FORMS[degrees]
    with patched() as patch:
        replace_form(patch, degrees, form)
        refused(lambda: t12.prove([pair(degrees[0], degrees[2])]))


def test_t12_does_not_mind_a_factor() -> None:
    """Twice a form is as harmonic as the form."""
    with patched() as patch:
        replace_form(patch, (1, 0, 1), 2 * delta("ac"))
        assert t12.prove([pair(1, 1)]).identities


@pytest.mark.parametrize("part", ["lower_part", "upper_part", "euler"])
def test_t12_refuses_wrong_parts(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the polynomials that the proof speaks of is held to what it says."""
    right = getattr(t12, part)

    def wrong(*arguments: Any) -> PolyElement:
        value = right(*arguments)
        x, y, *_ = value.ring.gens
        return value + x**2 * y**2

    monkeypatch.setattr(t12, part, wrong)
    refused(lambda: t12.prove([pair(1, 1)]))


def test_t12_adjoints() -> None:
    """Of 1→1 they are a, -b and c: an odd form is antisymmetric."""
    assert [t12.adjoint_constant(p) for p in pair(1, 1).paths] == [1, -1, 1]


def test_t12_refuses_a_form_without_an_adjoint() -> None:
    """A form that is neither symmetric nor antisymmetric is not its own transpose times anything."""
    with patched() as patch:
        replace_form(patch, (1, 2, 1), 3 * (r("a") * r("c")) - delta("ac") + epsilon("adc") * r("d"))
        refused(lambda: t12.prove([pair(1, 1)]))
