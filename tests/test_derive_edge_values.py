"""Values of the edge: which assignments they become, what is shared, and where signs and numbers stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn.derive.edge_values import hoisted, hoisted_sum, polynomial
from pocket_tfn.derive.exact import SphereRing
from pocket_tfn.derive.program import Builder, Operations
from pocket_tfn.derive.symbols import DIRECTION

from tests.general import executed

X, Y, Z = DIRECTION
ROOT2, ROOT3 = sp.sqrt(2), sp.sqrt(3)


def written(builder: Builder, *outputs: sp.Expr) -> list[tuple[str, str]]:
    """What the builder wrote for these outputs."""
    return [(str(a.target), str(a.value)) for a in builder.finish(outputs).edge]


def builder() -> Builder:
    return Builder(DIRECTION, ())


# --- one term ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [sp.S.Zero, sp.S.One, -sp.S.One, sp.Rational(-2, 3), ROOT2, X, -X], ids=str)
def test_nothing_to_hoist(value: sp.Expr) -> None:
    """Numbers and symbols are returned as they are, either sign."""
    b = builder()
    assert hoisted(b, value) == value
    assert not written(b, hoisted(b, value))
    assert hoisted_sum(b, value) == value


def test_hoisted_term() -> None:
    """The number goes into the value, its name into the name, the sign stays outside and shares the value."""
    b = builder()
    value = hoisted(b, -ROOT2 * X)
    assert value == -sp.Symbol("x_sqrt2", real=True)
    assert hoisted(b, ROOT2 * X) == -value
    assert written(b, value) == [("x_sqrt2", "sqrt(2)*x")]
    assert str(hoisted(b, sp.Rational(2, 3) * X * Y)) == "x_y_2_3"
    assert str(hoisted(b, -(X**2))) == "-x_x"


def test_monomials_are_shared() -> None:
    """x² y from x², for a second number too; multiplications counted by hand: x x, x_x y, and one for each number."""
    b = builder()
    outputs = [hoisted(b, t) for t in (X**2 * Y, ROOT2 * X**2 * Y, -ROOT3 * X**2, X**2)]
    program = b.finish(outputs)
    assert [str(a.target) for a in program.edge] == ["x_x", "x_x_y", "x_x_y_sqrt2", "x_x_sqrt3"]
    assert program.edge_operations == Operations(4, 0)
    assert list(map(str, program.outputs)) == ["x_x_y", "x_x_y_sqrt2", "-x_x_sqrt3", "x_x"]


# --- sums ------------------------------------------------------------------------------------------------------


def test_hoisted_sum() -> None:
    """Each term a value of its own, which others share; the same sum with the other sign is not computed again."""
    b = builder()
    value = hoisted_sum(b, ROOT2 * X - Y)
    assert str(value) == "e"
    assert written(b, value) == [("x_sqrt2", "sqrt(2)*x"), ("e", "x_sqrt2 - y")]
    assert hoisted_sum(b, Y - ROOT2 * X) == -value
    other = hoisted_sum(b, ROOT2 * X + Z)
    assert [name for name, _ in written(b, value, other)] == ["x_sqrt2", "e", "e_2"]


def test_one_term_is_no_sum() -> None:
    """Nor is what cancels to one term, or to none."""
    b = builder()
    assert str(hoisted_sum(b, ROOT3 * Y)) == "y_sqrt3"
    assert hoisted_sum(b, (X + Y) * (X - Y) + Y**2) == hoisted(b, X**2)
    assert hoisted_sum(b, X * (Y + Z) - X * Y - X * Z) == 0


def test_polynomial() -> None:
    """Monomials shared, numbers in the sum, one value of the given name: 3 x², -√2 x y and 1 by hand."""
    b = builder()
    value = polynomial(b, 3 * X**2 - ROOT2 * X * Y + 1, "k2_01")
    assert str(value) == "k2_01"
    program = b.finish([value])
    assert [str(a.target) for a in program.edge] == ["x_x", "x_y", "k2_01"]
    assert program.edge_operations == Operations(4, 2)
    assert str(program.edge[-1].value) == "3*x_x - sqrt(2)*x_y + 1"
    assert polynomial(b, -3 * X**2 + ROOT2 * X * Y - 1, "another") == -value
    assert polynomial(b, X, "name") == X and polynomial(b, sp.Integer(5), "name") == 5


# --- their values ------------------------------------------------------------------------------------------------

#: A value and how it is written.
WAYS: dict[str, Callable[[Builder, sp.Expr], sp.Expr]] = {
    "sum": hoisted_sum,
    "polynomial": lambda b, e: polynomial(b, e, "p"),
}
terms = st.tuples(
    st.sampled_from([1, -1, 2, sp.Rational(-3, 7), ROOT2, -ROOT3 / 2, sp.sqrt(sp.Rational(2, 15))]),
    st.tuples(*[st.integers(0, 3)] * 3),
)


@given(st.lists(terms, min_size=1, max_size=4), st.sampled_from(sorted(WAYS)))
@settings(deadline=None, max_examples=40, derandomize=True)
def test_value_is_the_polynomial(drawn: list[tuple[sp.Expr, tuple[int, int, int]]], way: str) -> None:
    """Run on symbols, what was written is what was given, monomials that cancel or repeat included."""
    value = sum((c * X**i * Y**j * Z**k for c, (i, j, k) in drawn), sp.S.Zero)
    b = builder()
    program = b.finish([WAYS[way](b, value), WAYS[way](b, -value)])
    ring = SphereRing(free=DIRECTION)
    first, second = executed(program, [ring.lift(s) for s in DIRECTION], ring.lift)
    assert ring.reduce(ring.ring(first)) == ring.normal_form(value)
    assert ring.reduce(ring.ring(second)) == -ring.normal_form(value)
    assert len(program.edge) == len({a.value for a in program.edge})
