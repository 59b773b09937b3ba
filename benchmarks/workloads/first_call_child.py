"""Run in a fresh interpreter: how long `import pocket_tfn.cpu` takes, and the first call after it.

    python -m benchmarks.workloads.first_call_child FUNCTION DTYPE

prints {"import": seconds, "first_call": seconds}. The import is timed from a bare interpreter, so
NumPy's and Numba's own imports are in it.
"""

import json
import sys
import time
from typing import Any


def main(function: str, dtype: str) -> None:
    start = time.perf_counter()
    from pocket_tfn import cpu

    imported = time.perf_counter() - start

    if not hasattr(cpu, function):
        sys.exit(f"pocket_tfn.cpu has no {function}")
    convolve, arguments = getattr(cpu, function), _arguments(function, dtype)
    start = time.perf_counter()
    convolve(*arguments)
    print(json.dumps({"import": imported, "first_call": time.perf_counter() - start}))


def _arguments(function: str, dtype: str) -> tuple[Any, ...]:
    """The smallest graph that has an edge: two nodes, each the other's neighbour."""
    import numpy as np  # loaded with pocket_tfn.cpu, so this costs nothing

    family, _, l_out = function.rpartition("_1_")
    paths = 1 if l_out == "0" else 3
    vectors = np.array([[1, 2, 3], [-1, -2, -3]], dtype)
    graph = np.array([0, 1, 2]), np.array([1, 0]), vectors
    table = np.ones((8 + 5, paths, 8), dtype), 5.0
    features = np.ones((2, 3, 8), dtype)
    return {
        "convolve": (*graph, np.ones((2, paths, 8), dtype), features),
        "convolve_tabulated": (*graph, *table, features),
        "convolve_mixing": (*graph, np.ones((2, 4), dtype), np.ones((4, paths, 8, 8), dtype), features),
        "convolve_walkers": (vectors[None], *table, features[None]),
    }[family]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
