"""Emitted code as plain Python, run on exact symbols.

The text of an emitted module is parsed, its compiled functions are taken out, stripped of their decorators, and
executed with SymPy expressions for arguments.  So it is the emitted *text* that theorem T11 speaks of, not the
program that it came from.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import itertools
import math
import operator
import threading
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from types import CodeType, SimpleNamespace
from typing import Any, NamedTuple, TypeVar

import numpy as np
import sympy as sp

from .constants import constant_value
from .exact_lanes import LANES
from .waiting import yielding

Node = TypeVar("Node", bound=ast.AST)
#: Names that decorate compiled functions in the emitted modules.
LOOP_COMPILERS = frozenset({"_loop", "_global"})
COMPILERS = LOOP_COMPILERS | {"_compiled", "_inlined", "_device"}
#: What a function consists of that only adds and multiplies, numbers aside, which it takes from the table.
POLYNOMIAL = (
    *(ast.Assign, ast.Return, ast.Tuple, ast.Name, ast.Attribute, ast.Load, ast.Store),
    *(ast.BinOp, ast.UnaryOp, ast.Add, ast.Sub, ast.Mult, ast.USub),
)
#: Fields of the table of constants that are not numbers of the formulas.
SPECIAL_FIELDS = frozenset({"zero", "one", "tiny", "huge", "up", "down"})
#: A loop that waits for a condition has so many turns; what is executed here is small, so that more are an error.
MOST_TURNS = 1 << 14


class EmittedCodeError(Exception):
    """The emitted text does not run on exact arguments, or lacks what it should have; the message says where."""


class EmittedModule:
    """The compiled functions and the tables of constants of an emitted module's text.

    ``beside`` is the text of the module that it imports from: the two are read as one.
    """

    def __init__(self, name: str, text: str, beside: str = "") -> None:
        self.name = name
        self._tree = _parsed(name, text)
        self._tree.body = [n for n in _parsed(name, beside).body if not _is_export(n)] + self._tree.body
        functions = [node for node in self._tree.body if isinstance(node, ast.FunctionDef)]
        self._assigned = {ast.unparse(n.targets[0]): n.value for n in self._tree.body if isinstance(n, ast.Assign)}
        counts = Counter([*self._assigned, *(f.name for f in functions)])
        if twice := [n for n, count in counts.items() if count > 1]:
            raise EmittedCodeError(f"{name} defines {twice[0]} twice")
        self._functions = [f for f in functions if _is_compiled(f)]
        self._run = yielding(self._functions) if self.runs_on_gpu else self._functions
        self._on_host = [f for f in functions if not _is_compiled(f)]

    @property
    def runs_on_gpu(self) -> bool:
        """Whether its loops are GPU kernels, run once for each thread."""
        return self.name.startswith("cuda")

    @property
    def function_names(self) -> list[str]:
        """The compiled functions."""
        return [f.name for f in self._functions]

    def require_typed_numbers(self) -> None:
        """EmittedCodeError for a literal number in a scalar function, which has ``k`` for all that it needs."""
        if untyped := self._untyped_numbers():
            raise EmittedCodeError(f"{self.name}: the number {untyped[0]} is not taken from the table of its dtype")

    def _untyped_numbers(self) -> list[str]:
        compiled = [f for f in self._functions if not _is_compiled(f, LOOP_COMPILERS)]
        scalar = [f for f in compiled if [a.arg for a in f.args.args[:1]] == ["k"]]
        nodes = [n for f in scalar for n in ast.walk(f)]
        places = [e for n in nodes for e in _places(n)]
        counted = {id(n) for e in places for n in ast.walk(e)}
        constants = (n for n in nodes if isinstance(n, ast.Constant) and id(n) not in counted)
        return [ast.unparse(n) for n in constants if type(n.value) in (int, float, complex)]

    def source(self, name: str) -> str:
        """A compiled function as text, whatever compiles it; nothing if there is none of that name."""
        return next((ast.unparse(_undecorated(f)) for f in self._functions if f.name == name), "")

    def source_lines(self, name: str) -> list[str]:
        """The statements of a function, without its signature and docstring."""
        (node,) = (f for f in self._functions if f.name == name)
        return [line for statement in node.body[1:] for line in _lines(statement)]

    def calls(self, name: str) -> list[list[str]]:
        """The arguments of all calls of a function, wherever they stand, as text."""
        return [list(map(ast.unparse, n.args)) for n in self._nodes(ast.Call) if ast.unparse(n.func) == name]

    def statements(self, name: str) -> list[list[str]]:
        """The same of the calls that are statements of the module, executed whenever it is imported."""
        plain = [n.value for n in self._tree.body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)]
        return [list(map(ast.unparse, n.args)) for n in plain if ast.unparse(n.func) == name]

    def require_sums_and_products(self, name: str) -> None:
        """EmittedCodeError unless a function only adds and multiplies: all else means something else in a ring."""
        for statement in (n for f in self._functions if f.name == name for n in f.body):
            others = [n for n in ast.walk(statement) if not isinstance(n, POLYNOMIAL)]
            if others and not _is_text(statement):
                raise EmittedCodeError(f"{self.name}: {name} does more than add and multiply: {ast.unparse(others[0])}")

    def uses(self, name: str) -> list[str]:
        """All calls of a function as text."""
        return [ast.unparse(n) for n in self._nodes(ast.Call) if ast.unparse(n.func) == name]

    def decorators(self, name: str) -> list[str]:
        """What decorates a function, as text."""
        return [ast.unparse(d) for f in self._on_host + self._functions if f.name == name for d in f.decorator_list]

    def _nodes(self, kind: type[Node]) -> list[Node]:
        return [n for n in ast.walk(self._tree) if isinstance(n, kind)]

    def run(self, name: str, *arguments: Any, **overrides: Any) -> Any:
        """Call a compiled function, in a world where overrides replace names that it uses.

        Raises EmittedCodeError where there is no such compiled function, or it does not run on these arguments.
        """
        return self.call(self._compiled_world(overrides), name, *arguments)

    def function(self, name: str, **overrides: Any) -> Callable[..., Any]:
        """Likewise the compiled function, to be called more than once; what it raises is not caught."""
        world = self._compiled_world(overrides)
        self._require(world, name)
        return world[name]

    def _compiled_world(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        world: dict[str, Any] = {
            "math": SimpleNamespace(sqrt=sp.sqrt),
            "np": SimpleNamespace(empty=np.empty, int32=np.int32, int64=np.int64),
            "_RADIAL_AHEAD": 4,
            "_SENDER_AHEAD": 2,
            "_AHEAD": 2,
            "_turns": _turns,
            **LANES,
        }
        exec(self._bytecode, world)
        world.update(overrides)
        return world

    def run_on_host(self, name: str, *arguments: Any, **overrides: Any) -> Any:
        """Likewise for a function that is not compiled; it sees the overrides alone."""
        world = {"_turns": _turns, **overrides}
        exec(_bytecode(f for f in self._on_host if f.name == name), world)
        return self.call(world, name, *arguments)

    def run_all(self, name: str, *arguments: Any, **overrides: Any) -> Any:
        """Call a public function with all that it calls, compiled or not, down to its loops."""
        return self.call(self.world(**overrides), name, *arguments)

    def world(self, **overrides: Any) -> dict[str, Any]:
        """All functions, plain classes and written-out constants as plain Python, in which overrides replace names."""
        world: dict[str, Any] = {m.__name__: m for m in (contextlib, functools, itertools, math, operator, threading)}
        world |= {"np": np, "NamedTuple": NamedTuple, "Iterable": Iterable, "_turns": _turns, **self._records}
        exec(self._whole_bytecode, world)
        world |= LANES | overrides
        return world

    def numbers(self, **given: Any) -> dict[str, Any]:
        """What is given, and what the module assigns that follows from it and from what is written out there."""
        found = dict(given)
        for node, code in self._numbers:
            if _follows(node.value, found):
                own = dict(found)
                exec(code, own)
                found = {name: value for name, value in {**own, **found}.items() if name != "__builtins__"}
        return found

    @cached_property
    def _numbers(self) -> list[tuple[ast.Assign, CodeType]]:
        return [(n, _bytecode([n])) for n in self._tree.body if isinstance(n, ast.Assign) and _is_number(n.value)]

    @cached_property
    def _bytecode(self) -> CodeType:
        return _bytecode(self._run)

    @cached_property
    def _records(self) -> dict[str, Any]:
        """The named tuples that are nothing but fields: they see no world, and to make them takes as long as to run."""
        classes = [n for n in self._tree.body if _is_record(n)]
        world: dict[str, Any] = {"np": np, "NamedTuple": NamedTuple}
        exec(_bytecode(classes), world)
        return {c.name: world[c.name] for c in classes if isinstance(c, ast.ClassDef)}

    @cached_property
    def _whole_bytecode(self) -> CodeType:
        body = [n for n in self._tree.body if not _is_record(n)]
        plain = [n for n in body if _is_written_out(n) or _is_plain_class(n)]
        return _bytecode([*plain, *self._run, *self._on_host])

    def _require(self, world: Mapping[str, Any], name: str) -> None:
        if name not in world:
            raise EmittedCodeError(f"{self.name} has no function {name}, or does not compile it")

    def call(self, world: Mapping[str, Any], name: str, *arguments: Any) -> Any:
        """A function of a world; EmittedCodeError where there is none, or it does not run on these arguments."""
        self._require(world, name)
        try:
            return world[name](*arguments)
        except Exception as error:
            raise EmittedCodeError(f"{self.name}: {name} fails on symbols: {error!r}") from error

    @cached_property
    def constants(self) -> SimpleNamespace:
        """The table ``k`` with the exact numbers that its fields are named after."""
        return exact_constants(self.tables()[64])

    def tables(self) -> dict[int, dict[str, Fraction]]:
        """The literals of the table that serves each dtype, by its bits, as the exact rationals that they are."""
        served = self._assigned.get("_TABLES")
        pairs = zip(served.keys, served.values, strict=True) if isinstance(served, ast.Dict) else ()
        names = {ast.unparse(key): ast.unparse(value) for key, value in pairs if key is not None}
        found = {}
        for bits in (32, 64):
            table = self._assigned.get(names.get(f"np.dtype(np.float{bits})", ""))
            if not isinstance(table, ast.Call):
                raise EmittedCodeError(f"{self.name} has no table of constants for float{bits}")
            found[bits] = {str(k.arg): _literal(k.value, bits) for k in table.keywords}
        return found


def _parsed(name: str, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise EmittedCodeError(f"{name}, line {error.lineno}: {error.msg}") from error


def _is_export(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def _lines(statement: ast.stmt) -> list[str]:
    """A statement as text; a returned tuple as one line for each element."""
    if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Tuple):
        return [f"out[{i}] = {ast.unparse(e)}" for i, e in enumerate(statement.value.elts)]
    return ast.unparse(statement).splitlines()


def _is_compiled(node: ast.FunctionDef, by: frozenset[str] = COMPILERS) -> bool:
    return any(ast.unparse(d) in by for d in node.decorator_list)


def _is_plain_class(node: ast.stmt) -> bool:
    """Whether this is a class of its own, or a named tuple: one that no other library has a part in."""
    return isinstance(node, ast.ClassDef) and [ast.unparse(b) for b in node.bases] in ([], ["NamedTuple"])


def _places(node: ast.AST) -> list[ast.expr]:
    """What of an expression counts elements instead of computing with them: an index, or a size that is compared."""
    if isinstance(node, ast.Subscript):
        return [node.slice]
    return [node] if isinstance(node, ast.Compare) and ".shape[" in ast.unparse(node.left) else []


def _is_text(node: ast.stmt) -> bool:
    """Whether this is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_record(node: ast.stmt) -> bool:
    """Whether this is a named tuple without defaults or methods."""
    if not (isinstance(node, ast.ClassDef) and _is_plain_class(node) and node.bases) or node.decorator_list:
        return False
    fields = (n for n in node.body if isinstance(n, ast.AnnAssign))
    return all(f.value is None for f in fields) and all(isinstance(n, (ast.AnnAssign, ast.Expr)) for n in node.body)


def _is_written_out(node: ast.stmt) -> bool:
    """Whether constants are assigned that are computed from nothing but what is written there."""
    nodes = ast.walk(node.value) if isinstance(node, ast.Assign) else ()
    return isinstance(node, ast.Assign) and not any(isinstance(n, (ast.Name, ast.Call)) for n in nodes)


def _is_number(value: ast.expr) -> bool:
    """Whether a value is computed from nothing but numbers, written there or named."""
    return not any(isinstance(n, (ast.Call, ast.Lambda, ast.Attribute)) for n in ast.walk(value))


def _follows(value: ast.expr, known: Container[str]) -> bool:
    return all(n.id in known for n in ast.walk(value) if isinstance(n, ast.Name))


def _bytecode(statements: Iterable[ast.stmt]) -> CodeType:
    plain = ast.Module(body=[_Ending().visit(_undecorated(s)) for s in statements], type_ignores=[])
    return compile(plain, "emitted", "exec", flags=annotations.compiler_flag)


def _undecorated(node: ast.stmt) -> ast.stmt:
    if not isinstance(node, ast.FunctionDef):
        return node
    plain = copy.copy(node)
    plain.decorator_list = []
    return plain


class _Ending(ast.NodeTransformer):
    """Loops that wait for a condition, of so many turns at most: a wrong one may never end, which must be refused."""

    def visit(self, node: ast.AST) -> Any:
        if not any(isinstance(n, ast.While) for n in ast.walk(node)):
            return node
        return super().visit(copy.copy(node))

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(node, field, [self.visit(v) if isinstance(v, ast.AST) else v for v in value])
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        """for _ in _turns(): if condition: pass else: break ..."""
        if node.orelse:
            raise EmittedCodeError("a loop that waits for a condition has an else")
        ends = ast.If(test=node.test, body=[ast.Pass()], orelse=[ast.Break()])
        turns = ast.Call(func=ast.Name("_turns", ast.Load()), args=[], keywords=[])
        body = [ends, *map(self.visit, node.body)]
        loop = ast.For(target=ast.Name("_", ast.Store()), iter=turns, body=body, orelse=[])
        return ast.fix_missing_locations(ast.copy_location(loop, node))


def _turns() -> Iterator[int]:
    yield from range(MOST_TURNS + 1)  # one more, to find that it ends
    raise EmittedCodeError(f"a loop has not ended after {MOST_TURNS} turns")


def _literal(call: ast.expr, bits: int) -> Fraction:
    """np.float32(float.fromhex("0x1.8p+1")) or np.float32(0), read exactly."""
    if not (isinstance(call, ast.Call) and ast.unparse(call.func) == f"np.float{bits}" and len(call.args) == 1):
        raise EmittedCodeError(f"not a float{bits} literal: {ast.unparse(call)}")
    (argument,) = call.args
    if isinstance(argument, ast.Constant) and isinstance(argument.value, int):
        return Fraction(argument.value)
    if isinstance(argument, ast.Call) and ast.unparse(argument.func) == "float.fromhex":
        (digits,) = argument.args
        if isinstance(digits, ast.Constant) and isinstance(digits.value, str):
            return hex_fraction(digits.value)
    raise EmittedCodeError(f"not an exact literal: {ast.unparse(call)}")


def hex_fraction(text: str) -> Fraction:
    """A hexadecimal float literal as a fraction, read digit by digit."""
    mantissa, _, exponent = text.removeprefix("0x").partition("p")
    whole, _, digits = mantissa.partition(".")
    return Fraction(int(whole + digits, 16), 16 ** len(digits)) * Fraction(2) ** int(exponent)


def is_correctly_rounded(value: Fraction, exact: sp.Expr, mantissa: int) -> bool:
    """Whether a float is the one nearest to an exact positive rational or root of one, decided by comparing squares."""
    if value <= 0:
        return False
    exponent = math.floor(math.log2(value.numerator)) - math.floor(math.log2(value.denominator))
    while Fraction(2) ** (exponent + 1) <= value:
        exponent += 1
    while Fraction(2) ** exponent > value:
        exponent -= 1
    half = Fraction(2) ** (exponent - mantissa)
    below = half / 2 if value == Fraction(2) ** exponent else half  # floats lie closer together below a power of two
    square = sp.Rational(exact**2)
    target = Fraction(square.p, square.q)
    fits = (value / (2 * half)).denominator == 1  # it has no more bits than the mantissa
    return fits and (value - below) ** 2 <= target <= (value + half) ** 2


def exact_constants(fields: Iterable[str], **special: Any) -> SimpleNamespace:
    """The table ``k`` with exact numbers in place of floats; special fields may be replaced."""
    numbers = {name: constant_value(name) for name in fields if name not in SPECIAL_FIELDS}
    return SimpleNamespace(**{"zero": sp.S.Zero, "one": sp.S.One, **numbers, **special})
