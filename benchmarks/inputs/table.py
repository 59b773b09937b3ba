"""The table that stands for a radial network: a uniform cardinal B-spline, as our kernels read it."""

import warnings
from dataclasses import dataclass

import numpy as np
from pocket_tfn.layers import CutoffWarning, RadialTable

from benchmarks.inputs.graph import Float64, FloatArray
from benchmarks.inputs.network import Network

DEGREE = 5
TOLERANCES = {"float32": 1e-6, "float64": 1e-10}
"""How far the table may be from the function, relative to the function's largest value."""


@dataclass(frozen=True)
class Table:
    """Coefficients (M + degree, P, C) of splines on M intervals of [0, cutoff)."""

    coefficients: FloatArray
    cutoff: float
    degree: int = DEGREE

    @property
    def intervals(self) -> int:
        return self.coefficients.shape[0] - self.degree

    def __call__(self, distances: Float64) -> Float64:
        """(M,) -> (M, P, C) in float64, by SciPy's B-splines: nothing here is shared with the kernels."""
        return self.derivative(distances, 0)

    def derivative(self, distances: Float64, order: int) -> Float64:
        """The same of a derivative with respect to the distance, zero beyond the cutoff."""
        from scipy.interpolate import BSpline

        d = self.degree
        knots = np.arange(-d, self.intervals + d + 1) * (self.cutoff / self.intervals)
        spline = BSpline(knots, self.coefficients.astype(np.float64), d)
        spline = spline.derivative(order) if order else spline
        inside = distances < self.cutoff
        return np.asarray(np.where(inside[:, None, None], spline(np.where(inside, distances, 0.0)), 0.0))


def fit(network: Network, dtype: str, degree: int = DEGREE) -> Table:
    """The table that `RadialTable.fit` makes of the network, at the tolerance of `dtype`."""
    with warnings.catch_warnings():
        # Bessel functions without an envelope end with a slope: smooth enough for a benchmark.
        warnings.simplefilter("ignore", CutoffWarning)
        found = RadialTable.fit(network, network.cutoff, TOLERANCES[dtype], degree=degree, dtype=dtype)
    return Table(found.coefficients, found.cutoff, degree)
