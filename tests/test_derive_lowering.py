"""From definitions to straight-line programs: value numbering, counts, printed text, literals; all exact."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pocket_tfn.derive.catalogue import EMITTED_PAIRS, Pair, emitted_pairs, pair, variants
from pocket_tfn.derive.chain_form import chain_form, chain_kernel
from pocket_tfn.derive.constants import constant_name, constant_value, hex_literal
from pocket_tfn.derive.exact import SphereRing
from pocket_tfn.derive.execution import exact_constants, hex_fraction, is_correctly_rounded
from pocket_tfn.derive.lowering import (
    apply_expressions,
    kernel_expressions,
    lower_apply,
    lower_kernel,
    lower_messages,
    message_expressions,
    naive_operations,
)
from pocket_tfn.derive.matrix_form import matrix_form, matrix_kernel, weighted_messages
from pocket_tfn.derive.printing import source
from pocket_tfn.derive.program import (
    Builder,
    Operations,
    Program,
    count_operations,
    monomial,
    specialise,
    split_constant,
)
from pocket_tfn.derive.symbols import DIRECTION, features, radial_symbols

X, Y, Z = DIRECTION
A, B = sp.symbols("a b", real=True)
F0, F1 = sp.symbols("f0 f1", real=True)
ROOT2 = sp.sqrt(2)


def builder() -> Builder:
    """Edge inputs x, y, z; channel inputs a, f0, f1."""
    return Builder(DIRECTION, (A, F0, F1))


def executed(program: Program) -> list[sp.Expr]:
    """The outputs as expressions of the inputs, by running the assignments in order; each must know its inputs."""
    known: dict[sp.Symbol, sp.Expr] = {s: s for s in program.edge_inputs}
    for assignment in program.edge:
        assert assignment.value.free_symbols <= set(known)
        known[assignment.target] = assignment.value.xreplace(known)
    channel = {s: known[s] for s in program.carried} | {s: s for s in program.channel_inputs}
    for assignment in program.channel:
        assert assignment.value.free_symbols <= set(channel)
        channel[assignment.target] = assignment.value.xreplace(channel)
    assert all(o.free_symbols <= set(channel) for o in program.outputs)
    return [o.xreplace(channel) for o in program.outputs]


# --- Builder ----------------------------------------------------------------------------------------------


def test_values_are_numbered_up_to_sign() -> None:
    """The same value, or its negative, is computed once."""
    b = builder()
    first = b.let("u", X * Y)
    assert b.let("v", X * Y) == first
    assert b.let("v", -X * Y) == -first
    assert b.let("w", X - Y) == -b.let("w", Y - X)
    assert len(b.finish([first + b.let("w", X - Y) + F0]).edge) == 2


def test_symbols_and_numbers_are_no_values() -> None:
    """Nothing is computed for what is there already."""
    b = builder()
    for value in (X, -X, sp.Integer(3), -ROOT2, sp.S.Zero):
        assert b.let("u", value) == value
    assert b.finish([X]).edge == ()


def test_hoisting() -> None:
    """What knows the edge alone is computed once per edge, also by way of other values; the rest per channel."""
    b = builder()
    edge = b.let("u", X * X + Y)
    nested = b.let("v", 2 * edge * Z)
    channel = b.let("w", nested * F0)
    program = b.finish([channel + A])
    assert [str(a.target) for a in program.edge] == ["u", "v"]
    assert [str(a.target) for a in program.channel] == ["w"]
    assert program.carried == (nested,)
    assert sp.expand(executed(program)[0] - 2 * (X * X + Y) * Z * F0 - A) == 0


def test_dead_values_are_dropped() -> None:
    """Together with what only they needed; of inputs too, only those that are read are carried."""
    b = builder()
    b.let("dead2", b.let("dead", X * Y) * F0)
    alive = b.let("alive", Y * Z)
    program = b.finish([alive * F1 + X])
    assert [str(a.target) for a in (*program.edge, *program.channel)] == ["alive"]
    assert program.carried == (X, alive)
    empty = builder().finish([])
    assert empty.edge == () and empty.outputs == () and empty.carried == ()


def test_names_do_not_clash() -> None:
    """Neither with inputs nor with each other."""
    b = builder()
    names = [str(b.let("x", X * F0)), str(b.let("x", Y * F0)), str(b.let("t", X * Y)), str(b.let("t", Y * Z))]
    assert names == ["x_2", "x_3", "t", "t_2"]
    assert str(b.let("t_2", X * Z)) == "t_2_2"


def test_monomials_share_prefixes() -> None:
    """x², then x²y: two products for both."""
    b = builder()
    assert str(monomial(b, [X, X])) == "x_x"
    assert str(monomial(b, [X, X, Y])) == "x_x_y"
    assert monomial(b, []) == 1 and monomial(b, [Z]) == Z
    assert count_operations(a.value for a in b.finish([monomial(b, [X, X, Y])]).edge) == Operations(2, 0)


def test_specialise() -> None:
    """f = (1, 0): products with zero vanish, with one are free."""
    b = builder()
    t = b.let("t", X * F0 + Y * F1)
    program = b.finish([t * A, F1 * Z])
    into = Builder(DIRECTION, (A,))
    outputs = specialise(program, {F0: sp.S.One, F1: sp.S.Zero}, into)
    assert outputs == [X * A, 0]
    assert into.finish(outputs).channel_operations == Operations(1, 0)


# --- counting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "multiplications", "additions"),
    [
        (sp.S.Zero, 0, 0),
        (X, 0, 0),
        (-X, 0, 0),
        (3 * X, 1, 0),
        (-3 * X, 1, 0),
        (X * Y, 1, 0),
        (-X * Y, 1, 0),
        (X**2, 1, 0),
        (X**4, 3, 0),
        (ROOT2 * X**2 * Y, 3, 0),
        (X + Y, 0, 1),
        (X - Y - Z, 0, 2),
        (X * Y - 2 * Z, 2, 1),
        (X * (Y + Z), 1, 1),
        (Z * (X + Y) * (Y - Z), 2, 2),
        (X + 1, 0, 1),
        (sp.Integer(5), 0, 0),
    ],
    ids=str,
)
def test_counts(expression: sp.Expr, multiplications: int, additions: int) -> None:
    """By hand: n factors take n - 1 products, a number other than ±1 one more; n terms take n - 1 sums."""
    assert count_operations([expression]) == Operations(multiplications, additions)
    assert count_operations([expression] * 3).total == 3 * (multiplications + additions)


@pytest.mark.parametrize(
    ("expression", "constant", "factors"),
    [
        (ROOT2 * X**2 * Y, ROOT2, [X, X, Y]),
        (-X, -1, [X]),
        (sp.Rational(2, 3) * sp.sqrt(5) * X, sp.Rational(2, 3) * sp.sqrt(5), [X]),
        (sp.Integer(7), 7, []),
        (X * (Y + 1), 1, [X, Y + 1]),
    ],
    ids=str,
)
def test_split_constant(expression: sp.Expr, constant: sp.Expr, factors: list[sp.Expr]) -> None:
    """The exact number, and the factors with powers written out."""
    found = split_constant(expression)
    assert found[0] == constant
    assert sorted(found[1], key=str) == sorted(factors, key=str)


@pytest.mark.parametrize("expression", [1 / X, sp.sqrt(X), X**A, X * Y**-2], ids=str)
def test_only_positive_powers(expression: sp.Expr) -> None:
    """A quotient is not lowered in silence."""
    with pytest.raises(ValueError, match="only positive integer powers"):
        split_constant(expression)


# --- printing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (X, "x"),
        (-X, "-x"),
        (sp.S.Zero, "k.zero"),
        (sp.S.One, "k.one"),
        (sp.S.NegativeOne, "-k.one"),
        (sp.Integer(3), "k.c3"),
        (X**3, "x * x * x"),
        (3 * X, "k.c3 * x"),
        (-ROOT2 * X, "-k.sqrt2 * x"),
        (X / 5, "k.c1_5 * x"),
        (sp.sqrt(sp.Rational(2, 3)) * X * Y, "k.sqrt2_3 * x * y"),
        (-X * Y + Z, "z - x * y"),
        (X * (Y - Z), "x * (y - z)"),
        (-X - Y, "-x - y"),
        (1 - X, "k.one - x"),
    ],
    ids=str,
)
def test_source(expression: sp.Expr, text: str) -> None:
    """Exact strings: constants by name, powers as products, a minus first only where there is no other way."""
    assert source(expression) == text


NUMBERS = st.one_of(
    st.fractions(-9, 9, max_denominator=7).map(sp.Rational),
    st.fractions(Fraction(1, 7), 9, max_denominator=7).map(lambda q: sp.sqrt(sp.Rational(q))),
    st.fractions(Fraction(1, 7), 9, max_denominator=7).map(lambda q: -sp.sqrt(sp.Rational(q))),
)
MONOMIALS = st.tuples(NUMBERS, st.tuples(*[st.integers(0, 3)] * 3)).map(
    lambda t: t[0] * X ** t[1][0] * Y ** t[1][1] * A ** t[1][2]
)
SUMS = st.lists(MONOMIALS, min_size=0, max_size=4).map(lambda terms: sum(terms, sp.S.Zero))
SYMBOLIC_SUMS = SUMS.filter(lambda e: e.free_symbols or not e.is_Add)  # 1 + √2 is no constant of a program
EXPRESSIONS = st.one_of(SUMS, st.tuples(MONOMIALS, SYMBOLIC_SUMS).map(lambda t: t[0] * t[1]))


class EveryConstant:
    """``k`` with all fields: each is the exact number of its name."""

    zero, one = sp.S.Zero, sp.S.One

    def __getattr__(self, name: str) -> sp.Expr:
        return constant_value(name)


@settings(deadline=None, max_examples=150)
@given(EXPRESSIONS)
@example(sp.expand((X - ROOT2 * Y) ** 2))
def test_printed_text_is_the_expression(e: sp.Expr) -> None:
    """Evaluated by Python with exact numbers; it holds no literal, no power and no unary minus inside a sum."""
    text = source(e)
    value = eval(text, {"__builtins__": {}}, {"k": EveryConstant(), "x": X, "y": Y, "a": A})
    assert sp.expand(value - e) == 0
    assert "**" not in text and "+ -" not in text and "- -" not in text
    assert not re.search(r"\d", re.sub(r"k\.\w+", "", text))


@settings(deadline=None, max_examples=150)
@given(EXPRESSIONS)
def test_counted_operations_are_the_printed_ones(e: sp.Expr) -> None:
    """What the docstrings promise is what the text does: its * and its binary + and -."""
    text = source(e)
    count = count_operations([e])
    assert text.count("*") == count.multiplications
    assert text.count(" + ") + text.count(" - ") == count.additions


# --- constants --------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.fractions(Fraction(1, 999), 999, max_denominator=999), st.booleans())
def test_names_tell_values(q: Fraction, rooted: bool) -> None:
    """Name and value are each other's inverse; a root that is rational is named as what it is."""
    value = sp.sqrt(sp.Rational(q)) if rooted else sp.Rational(q)
    name = constant_name(value)
    assert name.isidentifier()
    assert constant_value(name) == value
    assert name.startswith("sqrt") == (not value.is_Rational)


@pytest.mark.parametrize(
    "value", [sp.S.Zero, -sp.S.One, -ROOT2, sp.pi, 1 + ROOT2, sp.cbrt(2), sp.Float(0.5), sp.I], ids=str
)
def test_what_is_not_a_constant(value: sp.Expr) -> None:
    """Positive rationals and their roots, nothing else."""
    with pytest.raises(ValueError, match="positive rationals or their square roots"):
        constant_name(value)


def test_names_by_hand() -> None:
    """As the emitted code spells them."""
    values = [3, sp.Rational(1, 5), ROOT2, sp.sqrt(sp.Rational(8, 3)), 2 * ROOT2 / 3]
    assert [constant_name(sp.sympify(v)) for v in values] == ["c3", "c1_5", "sqrt2", "sqrt8_3", "sqrt8_9"]


DTYPES: dict[int, Any] = {24: np.float32, 53: np.float64}
FRACTIONS = st.one_of(
    st.fractions(Fraction(1, 10**6), 10**6, max_denominator=10**6),
    st.tuples(st.integers(1, 2**60), st.integers(-40, 40)).map(lambda t: Fraction(t[0]) * Fraction(2) ** t[1]),
)


@settings(max_examples=300, deadline=None)
@given(FRACTIONS)
@example(Fraction(2**24 + 1))  # ties, of which the even neighbour is the right one
@example(Fraction(2**24 + 3))
@example(Fraction(2**53 + 1))
@example(Fraction(2**54 - 1))
@example(1 - Fraction(1, 2**60))  # rounds up to a power of two
@example(Fraction(1, 3))
def test_rational_literals(q: Fraction) -> None:
    """float64 as Python divides integers, which is correctly rounded; float32 by rounding those of its neighbours."""
    assert float.fromhex(hex_literal(sp.Rational(q), 53)) == q.numerator / q.denominator
    single = np.float32(float.fromhex(hex_literal(sp.Rational(q), 24)))
    assert float(single) == float.fromhex(hex_literal(sp.Rational(q), 24))
    error = abs(Fraction(float(single)) - q)
    for other in (np.nextafter(single, np.float32(0)), np.nextafter(single, np.float32(np.inf))):
        distance = abs(Fraction(float(other)) - q)
        assert error < distance or (error == distance and single.view(np.uint32) % 2 == 0)
    for mantissa in DTYPES:
        assert is_correctly_rounded(hex_fraction(hex_literal(sp.Rational(q), mantissa)), sp.Rational(q), mantissa)


@settings(max_examples=200, deadline=None)
@given(FRACTIONS, st.sampled_from([24, 53]))
def test_root_literals(q: Fraction, mantissa: int) -> None:
    """Against mpmath with 60 digits, rounded to the mantissa."""
    literal = float.fromhex(hex_literal(sp.sqrt(sp.Rational(q)), mantissa))
    with mpmath.workdps(60):
        exact = mpmath.sqrt(mpmath.mpf(q.numerator) / q.denominator)
        with mpmath.workprec(mantissa):
            assert mpmath.mpf(literal) == +exact
    assert DTYPES[mantissa](literal) == literal


def test_literals_have_one_spelling() -> None:
    """Leading one, fixed width, signed exponent: six or thirteen digits."""
    assert hex_literal(ROOT2, 24) == "0x1.6a09e6p+0"
    assert hex_literal(ROOT2, 53) == "0x1.6a09e667f3bcdp+0"
    assert hex_literal(sp.S.One, 53) == "0x1.0000000000000p+0"
    assert hex_literal(sp.Rational(1, 5), 24) == "0x1.99999ap-3"


@pytest.mark.parametrize("mantissa", [24, 53])
@pytest.mark.parametrize(
    "value", [ROOT2, sp.Rational(1, 5), sp.sqrt(sp.Rational(8, 3)), sp.Integer(3), sp.S.Half], ids=str
)
def test_neighbours_are_not_correctly_rounded(value: sp.Expr, mantissa: int) -> None:
    """The check of T11 accepts one float and neither of its neighbours."""
    dtype = DTYPES[mantissa]
    right = dtype(float.fromhex(hex_literal(value, mantissa)))
    assert is_correctly_rounded(Fraction(float(right)), value, mantissa)
    for wrong in (np.nextafter(right, dtype(0)), np.nextafter(right, dtype(np.inf)), -right, dtype(0)):
        assert not is_correctly_rounded(Fraction(float(wrong)), value, mantissa)


def test_rounding_check_below_a_power_of_two() -> None:
    """Floats lie twice as close below 1 as above: 1 - ¾ ulp is nearer to 1 - ulp than to 1."""
    ulp = Fraction(1, 2**24)
    value = 1 - Fraction(3, 4) * ulp
    assert is_correctly_rounded(1 - ulp, sp.Rational(value), 24)
    assert not is_correctly_rounded(Fraction(1), sp.Rational(value), 24)
    assert hex_fraction(hex_literal(sp.Rational(value), 24)) == 1 - ulp


def test_exact_constants_are_their_names() -> None:
    """``k`` for symbolic execution."""
    k = exact_constants(["zero", "one", "tiny", "c1_5", "sqrt2_3"], tiny=SimpleNamespace())
    assert (k.zero, k.one, k.c1_5, k.sqrt2_3) == (0, 1, sp.Rational(1, 5), sp.sqrt(sp.Rational(2, 3)))
    assert isinstance(k.tiny, SimpleNamespace)
    assert not hasattr(exact_constants([]), "huge")
    assert math.isclose(float(k.sqrt2_3), math.sqrt(2 / 3))


# --- from the catalogue to programs -----------------------------------------------------------------------

GENERIC = [(0, 1), (2, 1), (1, 3), (2, 2), (0, 0), (3, 1), (0, 2), (2, 0)]
ALL = [*EMITTED_PAIRS, *GENERIC]


def equal_as_polynomials(found: list[sp.Expr], wanted: list[sp.Expr], chosen: Pair) -> bool:
    """For all values of all symbols; |r̂| = 1 is not used."""
    free = [*DIRECTION, *radial_symbols(chosen), *features(2 * chosen.l_in + 1)]
    ring = SphereRing(free=free, primes=(2, 3, 5, 7, 11, 13))
    return len(found) == len(wanted) and all(not ring.normal_form(f - w) for f, w in zip(found, wanted, strict=True))


@pytest.mark.parametrize("degrees", ALL, ids=str)
def test_programs_compute_their_definitions(degrees: tuple[int, int]) -> None:
    """With closed forms and without: apply and kernel, run on symbols, are the catalogue's expressions."""
    chosen = pair(*degrees)
    assert equal_as_polynomials(executed(lower_apply(chosen)), apply_expressions(chosen), chosen)
    assert equal_as_polynomials(executed(lower_kernel(chosen)), kernel_expressions(chosen), chosen)


@pytest.mark.parametrize("degrees", ALL, ids=str)
def test_programs_cost_less_than_their_definitions(degrees: tuple[int, int]) -> None:
    """Per channel, where the work is; and a program is lowered the same way each time."""
    chosen = pair(*degrees)
    program = lower_apply(chosen)
    assert program.channel_operations.total <= naive_operations(apply_expressions(chosen)).total
    lower_apply.cache_clear()
    assert lower_apply(chosen) == program


@pytest.mark.parametrize("degrees", ALL, ids=str)
def test_all_forms_are_equal(degrees: tuple[int, int]) -> None:
    """The chain form, the matrix form and the messages of single paths, run on symbols, compute the same."""
    chosen = pair(*degrees)
    wanted = executed(matrix_form(chosen))
    assert equal_as_polynomials(executed(chain_form(chosen)), wanted, chosen)
    assert equal_as_polynomials(executed(weighted_messages(chosen)), wanted, chosen)
    assert equal_as_polynomials(executed(lower_messages(chosen)), message_expressions(chosen), chosen)
    assert equal_as_polynomials(executed(chain_kernel(chosen)), executed(matrix_kernel(chosen)), chosen)


@pytest.mark.parametrize("degrees", [(1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1)], ids=str)
def test_chains_beat_matrices(degrees: tuple[int, int]) -> None:
    """Found, not chosen by name: wherever there are several paths, a descent and an ascent cost less per channel."""
    chosen = pair(*degrees)
    assert chain_form(chosen).channel_operations.total < matrix_form(chosen).channel_operations.total
    assert lower_apply(chosen) == chain_form(chosen)


def test_matrices_beat_chains() -> None:
    """Where there is one path through a chain that turns, say: the cheapest of all forms is taken."""
    (axial,) = [p for p in variants(pair(2, 2)) if p.parity == "axial"]
    assert lower_apply(axial) == matrix_form(axial) != chain_form(axial)


@pytest.mark.parametrize("degrees", ALL, ids=str)
def test_cheapest_kernel_is_taken(degrees: tuple[int, int]) -> None:
    """Edge and channel together, since a kernel is one item."""
    chosen = pair(*degrees)
    forms = [chain_kernel(chosen), matrix_kernel(chosen)]
    totals = [p.edge_operations.total + p.channel_operations.total for p in forms]
    assert lower_kernel(chosen) == forms[totals.index(min(totals))]


def test_operation_counts() -> None:
    """The published counts per channel; a regression shows here."""
    counts = {p.key: lower_apply(p).channel_operations for p in emitted_pairs()}
    assert counts == {
        "1_0": Operations(4, 2),
        "1_1": Operations(20, 12),
        "1_1_polar": Operations(11, 6),
        "1_1_axial": Operations(9, 3),
        "1_2": Operations(31, 18),
        "1_2_polar": Operations(22, 12),
        "1_2_axial": Operations(17, 9),
    }
    assert lower_apply(pair(2, 2)).channel_operations == Operations(71, 50)
