"""Run in a fresh interpreter: how long `import pocket_tfn.cpu` takes, and the first call after it.

    python -m benchmarks.first_call_child L_OUT DTYPE

prints {"import": seconds, "first_call": seconds}. The import is timed from a bare interpreter, so
NumPy's and Numba's own imports are in it.
"""

import json
import sys
import time


def main(l_out: int, dtype: str) -> None:
    start = time.perf_counter()
    from pocket_tfn import cpu

    imported = time.perf_counter() - start

    import numpy as np  # loaded by the line above, so this costs nothing

    indptr, indices = np.array([0, 1, 2]), np.array([1, 0])
    vectors = np.array([[1, 2, 3], [-1, -2, -3]], dtype)
    radial = np.ones((2, 1 if l_out == 0 else 3, 8), dtype)
    features = np.ones((2, 3, 8), dtype)
    convolve = getattr(cpu, f"convolve_1_{l_out}")

    start = time.perf_counter()
    convolve(indptr, indices, vectors, radial, features)
    print(json.dumps({"import": imported, "first_call": time.perf_counter() - start}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
