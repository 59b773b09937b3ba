"""float32 stays float32: the compiled machine-level code (LLVM IR) of every loop holds no double, and the reverse.

A bare literal in Numba silently promotes to float64 (numba#5737), which no comparison of values would show.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import numba
import numpy as np
import pytest
from pocket_tfn import cpu

TYPE = {np.float32: "float", np.float64: "double"}
COMPILED = {name: value for name, value in vars(cpu).items() if hasattr(value, "py_func")}
#: Compiled functions that no other calls; whatever else is compiled is part of their code.
ENTRIES = sorted(set(COMPILED) - {n for f in COMPILED.values() for n in f.py_func.__code__.co_names})
#: The one among them that computes with integers alone.
CHECK = "_graph_fault"
LOOPS = [n for n in ENTRIES if n != CHECK]


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


def examples(dtype: Any, name: str, weighted: bool = False, dims: int = 1) -> dict[str, Any]:
    """One value for every parameter that a loop may have; ranks as the wrappers pass them."""
    frozen: dict[str, Any] = {
        "vectors": np.ones((1, 3), dtype),
        "radial": np.ones((1, 3) if "kernel" in name else (1, 3, 1), dtype),
        "features": np.ones((1, 3, 1), dtype),
        "indptr": np.zeros(2, np.int64),
        "indices": np.zeros(1, np.int64),
        "weights": np.ones(1, dtype),
    }
    for array in frozen.values():
        array.flags.writeable = False
    shape = (1,) * dims
    return {
        **frozen,
        "start": 0,
        "stop": 1,
        "k": cpu._TABLES[np.dtype(dtype)],
        "shape": shape,
        "steps": (shape,) * (2 if "kernel" in name else 3),
        "senders": 1,
        "weights": frozen["weights"] if weighted else None,
        "out": np.ones((1, 5, 3), dtype),
    }


def variants(name: str) -> list[dict[str, Any]]:
    """What is compiled separately: with and without weights, for one dimension and for several."""
    if "convolve" in name:
        return [{"weighted": False}, {"weighted": True}]
    return [{"dims": 1}, {"dims": cpu._MOST_DIMS}]


def test_all_loops_are_examined() -> None:
    """Three for each pair, and the check of a graph, are all that is called from outside compiled code."""
    kinds = ("_kernel_items", "_apply_items", "_convolve_rows")
    assert sorted([CHECK, *(f"{kind}_1_{l}" for kind in kinds for l in (0, 1, 2))]) == ENTRIES


@pytest.mark.parametrize("dtype", TYPE)
@pytest.mark.parametrize("name", LOOPS)
def test_one_precision_throughout(name: str, dtype: Any) -> None:
    """Operations in the arguments' type only; weights included."""
    (other,) = set(TYPE) - {dtype}
    for variant in variants(name):
        llvm = compiled(COMPILED[name], dtype, **examples(dtype, name, **variant))
        assert mentions(llvm, dtype), "no arithmetic found: the check looks in the wrong place"
        assert not mentions(llvm, other)


def test_the_check_of_a_graph_is_in_integers() -> None:
    """No floating type at all."""
    llvm = compiled(COMPILED[CHECK], np.float32, **examples(np.float32, CHECK))
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
