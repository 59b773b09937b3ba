"""The pieces of the uniform cardinal B-spline, for torch and jax alike."""

from typing import Any


def weights(t: Any, degree: int) -> list[Any]:
    """w_0 .. w_degree at t in [0, 1): what multiplies coefficients s .. s + degree. Cox and de Boor's recursion."""
    found = [1.0]
    for d in range(1, degree + 1):
        padded = [0.0, *found, 0.0]  # so that padded[q] is w_(q-1) of the degree below
        found = [((t + (d - q)) * padded[q] + ((q + 1) - t) * padded[q + 1]) / d for q in range(d + 1)]
    return found
