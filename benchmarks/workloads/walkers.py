"""Walkers: many systems of few particles, every pair of them, radial functions from the table.

    out[b, i] = sum over the particles j != i, paths p: form_p(r) R(|r|)[p] features[b, j],
    r = positions[b, i] - positions[b, j]

Also swept over the number of particles at fixed walkers, and over walkers at fixed particles.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks import oracle
from benchmarks.case import Case
from benchmarks.cost import Cost, form_flops, output_bytes, spline_flops, total_bytes
from benchmarks.inputs.graph import PATHS, Float64, FloatArray, normal
from benchmarks.inputs.network import Network
from benchmarks.inputs.radial import radial_functions, table_note
from benchmarks.inputs.table import Table
from benchmarks.measure import compare
from benchmarks.peers import OURS, chosen
from benchmarks.results import Comparison, Measured
from benchmarks.session import Session

SWEPT = (OURS, "jax.jit")
SWEEP_BUDGET = 2.0
"""Seconds of timing for each size of a sweep."""
CHUNK = 64
"""So many walkers at a time in the oracle, which is large in memory."""


@dataclass(frozen=True)
class Inputs:
    l_out: int
    positions: FloatArray  # (B, A, 3)
    network: Network
    table: Table
    features: FloatArray  # (B, A, 3, C)

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        walkers, particles, _, channels = self.features.shape
        return walkers, particles, 2 * self.l_out + 1, channels


def measure(session: Session) -> Measured:
    names = chosen("walkers", session.families)
    cases = (case(l_out, session.sizes, session.dtype, session.seed) for l_out in session.l_out)
    return Measured(
        comparisons=tuple(compare(one, names, session) for one in cases),
        sweep=tuple(_sweep(session)),
    )


def case(l_out: int, sizes: Mapping[str, int], dtype: str, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    network, table = radial_functions(l_out, sizes["channels"], dtype, seed)
    shape = sizes["walkers"], sizes["particles"], 3
    inputs = Inputs(
        l_out,
        positions=normal(rng, dtype, *shape),
        network=network,
        table=table,
        features=normal(rng, dtype, *shape, sizes["channels"]),
    )
    return Case(
        workload="walkers",
        l_out=l_out,
        dtype=dtype,
        sizes=sizes,
        inputs=inputs,
        oracles={
            "table": lambda: _expected(inputs, inputs.table),
            "network": lambda: _expected(inputs, inputs.network),
        },
        cost=_cost(inputs, dtype),
        notes=(table_note(network, table),),
    )


def sweep_sizes(sizes: Mapping[str, int], quick: bool) -> list[dict[str, int]]:
    """More and more walkers at the given particles, then particles at a sixteenth of the walkers."""
    most, particles = sizes["walkers"], sizes["particles"]
    walkers = (1, most) if quick else [b for b in (1, 4, 16, 64, 256, 1024, 4096) if b <= most]
    counts = (2, particles) if quick else (2, 4, 8, 16, 32, 64)
    found = [{**sizes, "walkers": b} for b in walkers]
    found += [{**sizes, "walkers": max(most // 16, 1), "particles": a} for a in counts]
    return [size for k, size in enumerate(found) if size not in found[:k]]


def _sweep(session: Session) -> Iterator[Comparison]:
    names = [name for name in SWEPT if name in chosen("walkers", session.families)]
    brief = replace(session, budget=min(session.budget, SWEEP_BUDGET))
    for sizes in sweep_sizes(session.sizes, session.quick):
        yield compare(case(1, sizes, session.dtype, session.seed), names, brief)


def _expected(inputs: Inputs, radial: Table | Network) -> Float64:
    parts = range(0, len(inputs.positions), CHUNK)
    return np.concatenate([_some(inputs, radial, slice(first, first + CHUNK)) for first in parts])


def _some(inputs: Inputs, radial: Table | Network, walkers: slice) -> Float64:
    positions, features = (x[walkers].astype(np.float64) for x in (inputs.positions, inputs.features))
    count, particles = positions.shape[:2]
    receivers, senders = np.nonzero(~np.eye(particles, dtype=bool))  # (A (A - 1),) each, by receiver
    vectors = (positions[:, receivers] - positions[:, senders]).reshape(-1, 3)
    matrices = oracle.forms(inputs.l_out, oracle.unit(vectors))
    sent = features[:, senders].reshape(len(vectors), 3, -1)
    messages = np.einsum("epab,epk,ebk->eak", matrices, radial(oracle.lengths(vectors)), sent, optimize=True)
    return np.asarray(messages.reshape(count, particles, particles - 1, *messages.shape[1:]).sum(axis=2))


def _cost(inputs: Inputs, dtype: str) -> Cost:
    walkers, particles, _, channels = inputs.features.shape
    per_channel = form_flops(inputs.l_out) + spline_flops(len(PATHS[inputs.l_out]), inputs.table.degree)
    return Cost(
        total_bytes(inputs.positions, inputs.table.coefficients, inputs.features)
        + output_bytes(inputs.output_shape, dtype),
        walkers * particles * (particles - 1) * channels * per_channel,
    )
