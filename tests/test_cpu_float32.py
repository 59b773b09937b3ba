"""float32 stays float32: the compiled machine-level code (LLVM IR) of every loop holds no double, and the reverse.

A bare literal in Numba silently promotes to float64 (numba#5737), which no comparison of values would show.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from pocket_tfn import cpu

from tests.oracles import KEYS, POSITIONS, degree_of

TYPE = {np.float32: "float", np.float64: "double"}
COMPILED = {name: value for name, value in vars(cpu).items() if hasattr(value, "py_func")}
#: Compiled functions that no other calls; whatever else is compiled is part of their code.
ENTRIES = sorted(set(COMPILED) - {n for f in COMPILED.values() for n in f.py_func.__code__.co_names})
#: The one among them that computes with integers alone.
CHECK = "_graph_fault"
LOOPS = [n for n in ENTRIES if n != CHECK]
ITEMS = ("_kernel_items", "_apply_items")
SUMS = ("_convolve_rows", "_tabulated_rows", "_mixing_rows", "_walkers")
PRODUCT = "_product"
#: A call of each loop that compiles the most of it: with weights, of several dimensions, of the higher degree.
FULLEST = {"weighted": True, "dims": cpu._MOST_DIMS, "order": 6}
#: What is compiled separately.
VARIANTS = (FULLEST, FULLEST | {"weighted": False}, FULLEST | {"dims": 1}, FULLEST | {"order": 4})


def fast(name: str, dtype: Any) -> bool:
    """Whether a loop is compiled in every run: what is left out differs from these in the scalar functions alone, and
    those are in _convolve_rows and _mixing_rows."""
    kind, _, key = name.partition("_1_")
    if name == PRODUCT or (f"1_{key}" == "1_2" and dtype is np.float32):
        return True
    return dtype is np.float32 and key in ("0", "1") and kind not in ("_tabulated_rows", "_walkers")


CASES = [
    pytest.param(name, dtype, marks=[] if fast(name, dtype) else pytest.mark.slow) for name in LOOPS for dtype in TYPE
]


def bodies(llvm: str) -> dict[str, str]:
    """The function definitions, less the wrappers that Numba adds to unbox Python numbers (which are doubles)."""
    found = re.findall(r"^define [^@]*@\"?([^\"(]+)\"?\(.*?^}", llvm, re.M | re.S)
    texts = [m.group(0) for m in re.finditer(r"^define .*?^}", llvm, re.M | re.S)]
    assert len(found) == len(texts) > 0
    wrappers = ("_ZN7cpython", "cfunc.")
    return {n: t for n, t in zip(found, texts, strict=True) if not n.startswith(wrappers)}


def mentions(llvm: str, dtype: Any) -> list[str]:
    """The lines of computing functions that mention a floating type: operations, conversions, loads, intrinsics."""
    name, bits = TYPE[dtype], np.dtype(dtype).itemsize * 8
    pattern = re.compile(rf"\b{name}\b|\.f{bits}\b|v\d+f{bits}\b")
    return [line for text in bodies(llvm).values() for line in text.splitlines() if pattern.search(line)]


def compiled(function: Any, dtype: Any, **example: Any) -> str:
    """Optimised IR of a loop for arguments of this dtype, compiled afresh (Numba shows none for cached code)."""
    options = {k: v for k, v in function.targetoptions.items() if k not in ("nopython", "boundscheck")}
    fresh = numba.njit(**options, pipeline_class=function._compiler.pipeline_class)(function.py_func)
    signature = tuple(numba.typeof(example[n]) for n in inspect.signature(function.py_func).parameters)
    fresh.compile(signature)
    return str(fresh.inspect_llvm(signature))


def examples(name: str, dtype: Any, *, weighted: bool = True, dims: int = 1, order: int = 6) -> dict[str, Any]:
    """One value for every parameter that a loop may have; types and ranks as the wrappers pass them."""
    _, has_key, key = name.partition("_1_")
    paths = len(POSITIONS[f"1_{key}"]) if has_key else 1
    width = cpu._VECTOR_BYTES // np.dtype(dtype).itemsize
    walkers = name.startswith("_walkers")
    shapes = {
        "vectors": (1, 3),
        "radial": (1, paths) if "kernel" in name else (1, paths, width),
        "features": (1, 1, 3, width) if walkers else (1, 3, width),
        "positions": (1, 1, 3),
        "table": (order, paths, width),
        "basis": (1, 1),
        "weights": (1, 1) if walkers else (1,),
        "left": (1, width),
        "right": (width, width),
    }
    frozen = {name: np.ones(shape, dtype) for name, shape in shapes.items()}
    frozen |= {"indptr": np.zeros(2, np.int64), "indices": np.zeros(1, np.int64)}
    for array in frozen.values():
        array.flags.writeable = name == PRODUCT
    ranks = {"_mixing_rows": 5, "_walkers": 4, PRODUCT: 2}
    rank = next((n for start, n in ranks.items() if name.startswith(start)), 3)
    values: dict[str, Any] = {
        "start": 0,
        "stop": 1,
        "base": 0,
        "senders": 1,
        "loops": False,
        "solid": False,
        "uneven": None,
    }
    return {
        **frozen,
        **values,
        "k": cpu._TABLES[np.dtype(dtype)],
        "lanes": (0,) * width,
        "order": (0,) * order,
        "scale": dtype(1),
        "end": dtype(1),
        "shape": (1,) * dims,
        "steps": ((1,) * dims,) * (2 if "kernel" in name else 3),
        "weights": frozen["weights"] if weighted else None,
        "out": np.ones((1,) * rank, dtype),
    }


def variants(name: str) -> list[dict[str, Any]]:
    """Options that this loop is compiled anew for."""
    names = inspect.signature(COMPILED[name].py_func).parameters
    parameter = {"weighted": "weights", "dims": "shape", "order": "order"}
    differing = [v for v in VARIANTS[1:] if all(parameter[n] in names for n in v if v[n] != FULLEST[n])]
    return [FULLEST, *differing]


def vectors(llvm: str, dtype: Any) -> set[int]:
    """The widths of vectors of this type that are added or multiplied, fused or not."""
    text = "\n".join(bodies(llvm).values())
    return {int(n) for n in re.findall(rf"= f(?:add|sub|mul)[a-z ]* <(\d+) x {TYPE[dtype]}>", text)}


def check(name: str, dtype: Any, variant: dict[str, Any]) -> None:
    """Operations in the arguments' type only; in whole vectors where there are channels to sum."""
    (other,) = set(TYPE) - {dtype}
    llvm = compiled(COMPILED[name], dtype, **examples(name, dtype, **variant))
    assert mentions(llvm, dtype), "no arithmetic found: the check looks in the wrong place"
    assert not mentions(llvm, other)
    if name.startswith((*SUMS, PRODUCT)):
        assert cpu._VECTOR_BYTES // np.dtype(dtype).itemsize in vectors(llvm, dtype)


def test_all_loops_are_examined() -> None:
    """Those named above, for every key, and the check of a graph, are all that is called from outside compiled code."""
    assert sorted([CHECK, PRODUCT, *(f"{kind}_{key}" for kind in ITEMS + SUMS for key in KEYS)]) == ENTRIES
    assert {degree_of(key) for key in KEYS} == {0, 1, 2}


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_one_precision_throughout(name: str, dtype: Any) -> None:
    """The fullest call of each loop."""
    check(name, dtype, FULLEST)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", TYPE)
@pytest.mark.parametrize("name", LOOPS)
def test_one_precision_in_every_variant(name: str, dtype: Any) -> None:
    """Without weights, of one dimension, of the lower degree."""
    for variant in variants(name)[1:]:
        check(name, dtype, variant)


def test_no_compiled_function_holds_a_literal() -> None:
    """Bare floats, divisions of integers and calls that know one precision alone, in all that is compiled."""
    tree = ast.parse(Path(cpu.__file__).read_text(encoding="utf-8"))
    functions = [f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name in COMPILED]
    assert {f.name for f in functions} == set(COMPILED)
    for function in functions:
        assert not suspicious(function), f"{function.name}: {suspicious(function)}"


def suspicious(function: ast.FunctionDef) -> list[str]:
    """Expressions that would compute in float64, whatever the arguments are."""
    found = []
    for node in ast.walk(function):
        bare = isinstance(node, ast.Constant) and isinstance(node.value, (float, complex))
        named = isinstance(node, ast.Attribute) and node.attr in ("float64", "float32", "pi", "e", "inf", "nan")
        cast = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
        operands = [node.left, node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else []
        whole = any(isinstance(n, ast.Constant) for n in operands)
        if bare or named or cast or whole:
            found.append(ast.unparse(node))
    return found


def test_the_search_for_literals_finds_them() -> None:
    """Each kind, and nothing in innocent code."""
    for text in ("x * 1.5", "np.float64(x)", "math.pi * x", "float(x)", "1 / x", "x / 2"):
        (function,) = ast.parse(f"def f(x):\n    return {text}").body
        assert isinstance(function, ast.FunctionDef) and suspicious(function), text
    (function,) = ast.parse("def f(k, x):\n    return k.one / math.sqrt(x) + 2 * x").body
    assert isinstance(function, ast.FunctionDef) and not suspicious(function)


def test_the_check_of_a_graph_is_in_integers() -> None:
    """No floating type at all."""
    llvm = compiled(COMPILED[CHECK], np.float32, **examples(CHECK, np.float32))
    assert not any(mentions(llvm, dtype) for dtype in TYPE)


def _promoting(x: Any) -> None:
    for i in range(len(x)):
        x[i] = x[i] * 1.1


def _careful(x: Any) -> None:
    for i in range(len(x)):
        x[i] = x[i] * x[0]


@pytest.mark.parametrize("optimised", [True, False])
def test_the_check_sees_a_promotion(optimised: bool) -> None:
    """One bare literal is found; the same loop without it is not accused."""
    options: dict[str, Any] = {} if optimised else {"forceinline": True}
    x = np.ones(9, np.float32)
    found = mentions(compiled(numba.njit(**options)(_promoting), np.float32, x=x), np.float64)
    assert any("fmul" in line for line in found) and any("fpext" in line for line in found)
    assert not mentions(compiled(numba.njit(**options)(_careful), np.float32, x=x), np.float64)


def test_the_check_sees_vectors() -> None:
    """Lanes are found, and in a loop over single numbers they are not."""

    module: Any = cpu
    load, store = module._load, module._store

    def summed(lanes: Any, x: Any) -> None:
        store(x, (0,), load(x, (0,), lanes) + load(x, (8,), lanes))

    def single(x: Any) -> None:
        x[0] = x[0] + x[8]

    x = np.ones(16, np.float32)
    assert vectors(compiled(numba.njit(summed), np.float32, x=x, lanes=(0,) * 8), np.float32) == {8}
    assert not vectors(compiled(numba.njit(single), np.float32, x=x), np.float32)
