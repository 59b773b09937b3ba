"""Derivatives by Cauchy's integral formula: exact to rounding, of any analytic function, knowing none of its rules.

f⁽ⁿ⁾(x) = n!/(K ρⁿ) Σ_k f(x + ρ ω^k) ω^(-nk),  ω = exp(2πi/K): the trapezoidal rule on a circle. Its error falls as the
K-th power of ρ over the distance of the nearest singularity.
"""

from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

POINTS = 24


def derivative(f: Callable[[complex], NDArray[Any]], order: int, radius: float) -> NDArray[np.float64]:
    """f⁽ⁿ⁾(0), for f from a complex number to arrays that are real where it is; `order` at least 1."""
    total: Any = 0
    for k in range(POINTS):
        turn = complex(np.exp(2j * np.pi * k / POINTS))
        total = total + f(radius * turn) * turn**-order
    return np.asarray((factorial(order) / (POINTS * radius**order)) * total.real)
