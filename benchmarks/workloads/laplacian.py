"""Laplacian: a walkers layer with its gradient and Laplacian with respect to all 3 A coordinates of a walker.

    out[b, i] = sum over the particles j != i, paths p: form_p(r) R(|r|)[p] features[b, j],
    r = positions[b, i] - positions[b, j],
    jacobian[b, 3 k + d] = d out[b] / d positions[b, k, d],
    laplacian[b] = sum over k, d: d² out[b] / d positions[b, k, d]²

what the kinetic energy of variational Monte Carlo needs. Features do not depend on positions here; they do in
`laplacian-chained`, with a Jacobian and a Laplacian of their own. Also swept over the number of particles.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.case import Case
from benchmarks.check import ROUNDINGS
from benchmarks.cost import Cost, form_flops, output_bytes, spline_flops, total_bytes
from benchmarks.inputs.graph import PATHS, FloatArray, normal
from benchmarks.inputs.network import Network
from benchmarks.inputs.radial import radial_functions, table_note
from benchmarks.inputs.table import Table
from benchmarks.measure import compare
from benchmarks.oracle_walkers import Expansion, expand
from benchmarks.peers import OURS, chosen
from benchmarks.results import Comparison, Measured
from benchmarks.session import Session

SWEPT = (OURS, "folx", "jax.jit", "jax.jit, hessian")
PARTICLES = (4, 8, 16, 32)
SWEEP_BUDGET = 4.0
"""Seconds of timing for each size of the sweep."""

SECOND_ORDER = 16 * ROUNDINGS
"""A table's second derivative, differences of coefficients over the square of an interval, loses that much more."""


@dataclass(frozen=True)
class Inputs:
    l_out: int
    positions: FloatArray  # (B, A, 3)
    network: Network
    table: Table
    features: FloatArray  # (B, A, 3, C)
    jacobian: FloatArray | None = None  # (B, 3 A, A, 3, C), of the features
    laplacian: FloatArray | None = None  # (B, A, 3, C), of the features

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        walkers, particles, _, channels = self.features.shape
        return walkers, particles, 2 * self.l_out + 1, channels


def measure(session: Session) -> Measured:
    return compared("laplacian", session)


def compared(workload: str, session: Session) -> Measured:
    """`workload` is this one or laplacian-chained."""
    names = chosen(workload, session.families)
    cases = (case(l_out, session.sizes, session.dtype, session.seed, workload) for l_out in session.l_out)
    return Measured(
        comparisons=tuple(compare(one, names, session) for one in cases),
        sweep=tuple(_sweep(workload, session)),
    )


def case(l_out: int, sizes: Mapping[str, int], dtype: str, seed: int, workload: str = "laplacian") -> Case:
    rng = np.random.default_rng(seed)
    network, table = radial_functions(l_out, sizes["channels"], dtype, seed)
    shape = sizes["walkers"], sizes["particles"], 3
    features = (*shape, sizes["channels"])
    inputs = Inputs(
        l_out,
        positions=normal(rng, dtype, *shape),
        network=network,
        table=table,
        features=normal(rng, dtype, *features),
    )
    if workload == "laplacian-chained":
        jacobian = normal(rng, dtype, shape[0], 3 * shape[1], *features[1:])
        inputs = replace(inputs, jacobian=jacobian, laplacian=normal(rng, dtype, *features))
    return Case(
        workload=workload,
        l_out=l_out,
        dtype=dtype,
        sizes=sizes,
        inputs=inputs,
        oracles={"table": partial(_expected, inputs, table), "network": partial(_expected, inputs, network)},
        cost=_cost(inputs, dtype),
        notes=(table_note(network, table),),
        roundings=SECOND_ORDER,
    )


def sweep_sizes(sizes: Mapping[str, int], quick: bool) -> list[dict[str, int]]:
    """More and more particles, an eighth of the walkers."""
    counts: Sequence[int] = (2, sizes["particles"]) if quick else PARTICLES
    return [{**sizes, "walkers": max(sizes["walkers"] // 8, 1), "particles": count} for count in counts]


def _sweep(workload: str, session: Session) -> Iterator[Comparison]:
    names = [name for name in SWEPT if name in chosen(workload, session.families)]
    brief = replace(session, budget=min(session.budget, SWEEP_BUDGET))
    for sizes in sweep_sizes(session.sizes, session.quick):
        yield compare(case(1, sizes, session.dtype, session.seed, workload), names, brief)


def _expected(inputs: Inputs, radial: Table | Network) -> Expansion:
    return expand(inputs.l_out, inputs.positions, radial, inputs.features, inputs.jacobian, inputs.laplacian)


def _cost(inputs: Inputs, dtype: str) -> Cost:
    """Every array once: the Jacobian of the result is most of it.

    Of a pair of particles and a channel: two messages, their three slopes and their Laplacians, from the value,
    slope and curvature of the table; where features have a Jacobian, a message more for each of its rows, and one.
    """
    walkers, particles, _, channels = inputs.features.shape
    coordinates = 3 * particles
    given = [array for array in (inputs.jacobian, inputs.laplacian) if array is not None]
    rows = coordinates + 1 if given else 0
    shape = inputs.output_shape
    moved = total_bytes(inputs.positions, inputs.table.coefficients, inputs.features, *given)
    moved += (coordinates + 2) * output_bytes(shape, dtype)
    messages = (5 + rows) * form_flops(inputs.l_out)
    per_channel = messages + 3 * spline_flops(len(PATHS[inputs.l_out]), inputs.table.degree) / 2
    return Cost(moved, int(walkers * particles * (particles - 1) * channels * per_channel))
