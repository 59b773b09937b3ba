"""Emitted GPU functions that wait for other threads, as generators: they yield where they wait.

So many threads can be executed by one, each in its turn, from where it waits to where it waits next.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Sequence
from typing import Any

#: What waits for other threads: of the block, or of the group.
BARRIERS = frozenset({"cuda.syncthreads", "_wait"})
#: What waits for other threads and returns what one of them has brought: itself a generator.
EXCHANGES = frozenset({"cuda.shfl_xor_sync"})


def yielding(functions: Sequence[ast.FunctionDef]) -> list[ast.FunctionDef]:
    """The same functions, those among them that wait, or call one that does, as generators."""
    called = {f.name: {ast.unparse(n.func) for n in ast.walk(f) if isinstance(n, ast.Call)} for f in functions}
    waiting = {name for name, others in called.items() if others & (BARRIERS | EXCHANGES)}
    while more := {name for name, others in called.items() if others & waiting} - waiting:
        waiting |= more
    return [_with_yields(f, (waiting - BARRIERS) | EXCHANGES) if f.name in waiting else f for f in functions]


def _with_yields(node: Any, waiting: Container[str]) -> Any:
    """A node in which calls that wait are yielded; itself where there are none, so that all else is not copied."""
    if isinstance(node, list):
        nodes = [_with_yields(n, waiting) for n in node]
        return nodes if any(new is not old for new, old in zip(nodes, node, strict=True)) else node
    if not isinstance(node, ast.AST):
        return node
    if isinstance(node, ast.Call) and ast.unparse(node.func) in BARRIERS:
        return ast.copy_location(ast.Yield(node), node)
    fields = {field: _with_yields(value, waiting) for field, value in ast.iter_fields(node)}
    if any(value is not getattr(node, field) for field, value in fields.items()):
        node = ast.copy_location(type(node)(**fields), node)
    if isinstance(node, ast.Call) and ast.unparse(node.func) in waiting:
        return ast.copy_location(ast.YieldFrom(node), node)
    return node
