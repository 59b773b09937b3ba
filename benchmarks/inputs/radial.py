"""A random network and its table, made once for all the sizes that share them."""

from functools import cache

import numpy as np

from benchmarks.check import relative_error
from benchmarks.inputs.graph import PATHS
from benchmarks.inputs.network import Network, random_network
from benchmarks.inputs.table import Table, fit


@cache
def radial_functions(l_out: int, channels: int, dtype: str, seed: int) -> tuple[Network, Table]:
    """For the paths of 1 -> l_out."""
    network = random_network(len(PATHS[l_out]), channels, dtype, np.random.default_rng(seed))
    return network, fit(network, dtype)


@cache
def cubic_table(l_out: int, channels: int, dtype: str, seed: int) -> Table:
    """The same functions to the same tolerance by a spline of degree 3: more intervals, fewer terms."""
    return fit(radial_functions(l_out, channels, dtype, seed)[0], dtype, degree=3)


def table_note(network: Network, table: Table) -> str:
    """How large and how good the table is, over all distances."""
    distances = np.linspace(0, network.cutoff, 20_001)[:-1]
    error = relative_error(table(distances), network(distances))
    size = table.coefficients.nbytes / 1e3
    return f"Table: degree {table.degree}, {table.intervals} intervals, {size:.0f} kB; relative error {error:.1e}."
