"""float32 stays float32 in derivatives too: the LLVM IR of their loops holds no double, and the reverse."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu, cpu_derivatives

from tests.oracles import KEYS, POSITIONS, degree_of
from tests.test_cpu_float32 import TYPE, compiled, mentions, suspicious, vectors

OWN = {
    name: value
    for name, value in vars(cpu_derivatives).items()
    if hasattr(value, "py_func") and value.py_func.__module__ == cpu_derivatives.__name__
}
#: Compiled functions that no other calls: whatever else is compiled is part of their code.
ENTRIES = sorted(set(OWN) - {n for f in OWN.values() for n in f.py_func.__code__.co_names})
#: What is compiled here: sums over edges whose radial values are given.  The text of the others, which take as long
#: again, is searched for literals (below), and their scalar functions are those of these.
OTHERS = ("tabulated", "walkers", "laplacian", "mixing", "_message_", "_adjoint_")
HERE = [n for n in ENTRIES if not any(word in n for word in OTHERS)]
#: Those that compute with integers alone.
GRAPHS = ("_transpose", "_transposed_fault")
BYTES = "_first_touch"
ROWS = [f"_{loop}_{key}" for loop in ("vjp_ordered", "vjp_rows", "jvp_rows", "hvp_rows") for key in KEYS]
POSITION = "_node_rows"
FULLEST: dict[str, Any] = {"normalize": True, "weighted": True, "aligned": True}
VARIANTS = [FULLEST | {"normalize": False}, FULLEST | {"weighted": False, "aligned": None}]


def fast(name: str, dtype: Any) -> bool:
    """Whether a loop is compiled in every run; the others differ in their scalar functions alone."""
    return name == POSITION or (name.endswith(("ordered_1_2", "rows_1_2")) and dtype is np.float32)


CASES = [
    pytest.param(name, dtype, marks=[] if fast(name, dtype) else pytest.mark.slow)
    for name in [*(n for n in ROWS if not n.endswith(("polar", "axial"))), POSITION]
    for dtype in TYPE
]


def examples(name: str, dtype: Any, *, normalize: bool, weighted: bool, aligned: bool | None) -> dict[str, Any]:
    """One value for every parameter that a loop may have; types and ranks as the wrappers pass them."""
    key = "1" + name.partition("_1")[2]
    paths, n_out = (len(POSITIONS[key]), 2 * degree_of(key) + 1) if key in POSITIONS else (1, 1)
    width = cpu._VECTOR_BYTES // np.dtype(dtype).itemsize
    shapes = {
        "vectors": (1, 3),
        "radial": (1, paths, width),
        "features": (1, 3, width),
        "weights": (1,),
        "cotangents": (1, n_out, width),
    }
    values: dict[str, Any] = {n: np.ones(shape, dtype) for n, shape in shapes.items()}
    values |= {f"d_{n}": np.ones(shape, dtype) for n, shape in shapes.items()}
    values |= {n: np.zeros(2, np.int64) for n in ("indptr", "starts")}
    values |= {n: np.zeros(1, np.int64) for n in ("indices", "receivers", "order")}
    for array in values.values():
        array.flags.writeable = False
    for prefix in ("bar_", "d_bar_"):
        values |= {prefix + n: np.ones(shape, dtype) for n, shape in shapes.items()}
    if not weighted:
        values |= dict.fromkeys([n for n in values if n.endswith("weights")])
    out = np.ones((1, 3) if name == POSITION else (1, n_out, width), dtype)
    return {
        **values,
        "start": 0,
        "stop": 1,
        "k": cpu._TABLES[np.dtype(dtype)],
        "lanes": (0,) * width,
        "uneven": None,
        "solid": not normalize,
        "aligned": aligned,
        "out": out,
        "d_out": out,
    }


def check(name: str, dtype: Any, variant: dict[str, Any]) -> None:
    """Operations in the arguments' type only; in whole vectors where there are channels."""
    (other,) = set(TYPE) - {dtype}
    llvm = compiled(OWN[name], dtype, **examples(name, dtype, **variant))
    assert mentions(llvm, dtype), "no arithmetic found: the check looks in the wrong place"
    assert not mentions(llvm, other)
    if name != POSITION:
        assert cpu._VECTOR_BYTES // np.dtype(dtype).itemsize in vectors(llvm, dtype)


def test_all_loops_are_examined() -> None:
    """Those for every key, for positions and graphs are all that is called from outside compiled code."""
    assert sorted([*ROWS, POSITION, *GRAPHS, BYTES]) == HERE


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_one_precision_throughout(name: str, dtype: Any) -> None:
    """The fullest call of each loop."""
    check(name, dtype, FULLEST)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", TYPE)
@pytest.mark.parametrize("name", [name for name in ROWS if name.endswith("_1_2")])
def test_one_precision_in_every_variant(name: str, dtype: Any) -> None:
    """Solid harmonics; without weights."""
    for variant in VARIANTS:
        check(name, dtype, variant)


def test_no_compiled_function_holds_a_literal() -> None:
    """Bare floats, divisions of integers and calls that know one precision alone, in all that is compiled."""
    tree = ast.parse(Path(cpu_derivatives.__file__).read_text(encoding="utf-8"))
    functions = [f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name in OWN]
    assert functions
    assert {f.name for f in functions} == set(OWN)
    for function in functions:
        assert not suspicious(function), f"{function.name}: {suspicious(function)}"


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_are_in_integers(name: str) -> None:
    """No floating type at all."""
    parameters = inspect.signature(OWN[name].py_func).parameters
    llvm = compiled(OWN[name], np.float32, **{n: np.zeros(2, np.int64) for n in parameters})
    assert not any(mentions(llvm, dtype) for dtype in TYPE)
