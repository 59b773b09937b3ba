"""Emitted code as plain Python, run on exact symbols.

The text of an emitted module is parsed, its compiled functions are taken out, stripped of their decorators, and
executed with
SymPy expressions for arguments.  So it is the emitted *text* that theorem T11 speaks of, not the program that it
came from.
"""

from __future__ import annotations

import ast
import copy
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import sympy as sp

from .constants import constant_value

#: Names that decorate compiled functions in the emitted modules.
COMPILERS = frozenset({"_compiled", "_loop", "_device", "_global"})
#: Fields of the table of constants that are not numbers of the formulas.
SPECIAL_FIELDS = frozenset({"zero", "one", "tiny", "huge"})


class EmittedModule:
    """The compiled functions and the tables of constants of an emitted module's text."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._tree = ast.parse(text)
        self._functions = [node for node in self._tree.body if isinstance(node, ast.FunctionDef) and _is_compiled(node)]

    @property
    def function_names(self) -> list[str]:
        return [f.name for f in self._functions]

    def source_lines(self, name: str) -> list[str]:
        """The statements of a function, without its signature and docstring."""
        (node,) = (f for f in self._functions if f.name == name)
        return [line for statement in node.body[1:] for line in _lines(statement)]

    def namespace(self, **overrides: Any) -> dict[str, Callable[..., Any]]:
        """All compiled functions as Python functions that see each other; overrides replace names that they use."""
        world: dict[str, Any] = {
            "math": SimpleNamespace(sqrt=sp.sqrt),
            "abs": sp.Abs,
            "_RADIAL_AHEAD": 0,
            "_SENDER_AHEAD": 0,
        }
        plain = [_undecorated(f) for f in self._functions]
        code = ast.fix_missing_locations(ast.Module(body=list(plain), type_ignores=[]))
        exec(compile(code, self.name, "exec"), world)
        world.update({"_prefetch_row": lambda *_: None, **overrides})  # a prefetch computes nothing
        return world

    def tables(self) -> dict[int, dict[str, Fraction]]:
        """The literals of the tables _K32 and _K64, as the exact rationals that they are."""
        found: dict[int, dict[str, Fraction]] = {}
        for node in self._tree.body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and isinstance(node.value, ast.Call)
            ):
                bits = {"_K32": 32, "_K64": 64}.get(node.targets[0].id)
                if bits:
                    found[bits] = {str(k.arg): _literal(k.value, bits) for k in node.value.keywords}
        return found


def _lines(statement: ast.stmt) -> list[str]:
    """A statement as text; a returned tuple as one line for each element."""
    if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Tuple):
        return [f"out[{i}] = {ast.unparse(e)}" for i, e in enumerate(statement.value.elts)]
    return ast.unparse(statement).splitlines()


def _is_compiled(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(d) in COMPILERS for d in node.decorator_list)


def _undecorated(node: ast.FunctionDef) -> ast.FunctionDef:
    plain = copy.copy(node)
    plain.decorator_list = []
    return plain


def _literal(call: ast.expr, bits: int) -> Fraction:
    """np.float32(float.fromhex("0x1.8p+1")) or np.float32(0), read exactly."""
    if not (isinstance(call, ast.Call) and ast.unparse(call.func) == f"np.float{bits}" and len(call.args) == 1):
        raise ValueError(f"not a float{bits} literal: {ast.unparse(call)}")
    (argument,) = call.args
    if isinstance(argument, ast.Constant) and isinstance(argument.value, int):
        return Fraction(argument.value)
    if isinstance(argument, ast.Call) and ast.unparse(argument.func) == "float.fromhex":
        (digits,) = argument.args
        if isinstance(digits, ast.Constant) and isinstance(digits.value, str):
            return hex_fraction(digits.value)
    raise ValueError(f"not an exact literal: {ast.unparse(call)}")


def hex_fraction(text: str) -> Fraction:
    """A hexadecimal float literal as a fraction, read digit by digit."""
    mantissa, _, exponent = text.removeprefix("0x").partition("p")
    whole, _, digits = mantissa.partition(".")
    return Fraction(int(whole + digits, 16), 16 ** len(digits)) * Fraction(2) ** int(exponent)


def is_correctly_rounded(value: Fraction, exact: sp.Expr, mantissa: int) -> bool:
    """Whether a float is the one nearest to an exact positive rational or root of one, decided by comparing squares."""
    exponent = math.floor(math.log2(value.numerator)) - math.floor(math.log2(value.denominator))
    while Fraction(2) ** (exponent + 1) <= value:
        exponent += 1
    while Fraction(2) ** exponent > value:
        exponent -= 1
    half = Fraction(2) ** (exponent - mantissa)
    square = sp.Rational(exact**2)
    target = Fraction(square.p, square.q)
    fits = (value / (2 * half)).denominator == 1  # it has no more bits than the mantissa
    return fits and (value - half) ** 2 <= target <= (value + half) ** 2


def exact_constants(fields: Iterable[str], **special: Any) -> SimpleNamespace:
    """The table ``k`` with exact numbers in place of floats; special fields may be replaced."""
    numbers = {name: constant_value(name) for name in fields if name not in SPECIAL_FIELDS}
    return SimpleNamespace(**{"zero": sp.S.Zero, "one": sp.S.One, **numbers, **special})


def call(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a function with those of the arguments that it names."""
    names = inspect.signature(function).parameters
    return function(**{name: arguments[name] for name in names})
