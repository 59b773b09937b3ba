"""loops.c, compiled with the system's C compiler for the degrees, channels and precision at hand."""

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contestant import Contestant, Missing
from benchmarks.inputs.graph import FloatArray
from benchmarks.peers.general.c_text import header
from benchmarks.workloads.general import Inputs

SOURCE = Path(__file__).with_name("loops.c")
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp", "-fPIC", "-std=gnu11")
#: Without -ffast-math: linked so, a library has the whole process round denormals to zero once it is loaded.
LINK = ("-shared", "-fopenmp")


def nonzero(inputs: Inputs, threads: int) -> Contestant:
    return _contestant("nonzero", inputs, threads)


def hoisted(inputs: Inputs, threads: int) -> Contestant:
    return _contestant("hoisted", inputs, threads)


def rows(inputs: Inputs, threads: int) -> Contestant:
    return _contestant("rows", inputs, threads)


def sparse(inputs: Inputs, threads: int) -> Contestant:
    return _contestant("sparse", inputs, threads)


def compiler() -> str:
    """$CC, cc or gcc; Missing if there is none."""
    for name in filter(None, (os.environ.get("CC"), "cc", "gcc")):
        if shutil.which(name):
            return name
    raise Missing("no C compiler: neither $CC, cc nor gcc is there")


@cache  # all loops are in one file, whose compilation takes seconds at high degrees
def built(source: str, coupling: str) -> ctypes.CDLL:
    """The compiled loops; Missing with the compiler's first complaint if it has one."""
    with tempfile.TemporaryDirectory(prefix="pocket-tfn-c-") as name:
        folder = Path(name)
        (folder / "coupling.h").write_text(coupling, encoding="utf-8")
        (folder / "loops.c").write_text(source, encoding="utf-8")
        library, compiled = folder / "loops.so", folder / "loops.o"
        _compile([compiler(), *FLAGS, "-c", str(folder / "loops.c"), "-o", str(compiled)])
        _compile([compiler(), *LINK, str(compiled), "-o", str(library), "-lm"])
        return ctypes.CDLL(str(library))  # mapped: the file may go


def _compile(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"{command[0]}: {(done.stderr.splitlines() or ['failed'])[0]}")


def _contestant(name: str, inputs: Inputs, threads: int) -> Contestant:
    graph = inputs.graph
    text = header(inputs.l_in, inputs.l_out, inputs.features.shape[2], str(inputs.features.dtype))
    loop = getattr(built(SOURCE.read_text(encoding="utf-8"), text), name)
    arrays = (graph.indptr, graph.indices, graph.vectors, inputs.radial, inputs.features)
    return Contestant(_run(loop, arrays, inputs.output_shape, threads), answer=np.asarray)


def _run(loop: Any, arrays: Sequence[NDArray[Any]], shape: tuple[int, ...], threads: int) -> Callable[[], FloatArray]:
    """The result is allocated once: C's users would."""
    given = [np.ascontiguousarray(a, np.int64 if a.dtype.kind == "i" else a.dtype) for a in arrays]
    out: FloatArray = np.empty(shape, arrays[-1].dtype)
    pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (*given, out)]
    nodes = ctypes.c_int64(shape[0])

    def run() -> FloatArray:
        loop(nodes, *pointers, ctypes.c_int(threads))
        return out

    run.keeps = given  # type: ignore[attr-defined]  # the pointers alone keep nothing alive
    return run
