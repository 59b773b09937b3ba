"""What is measured: one module per workload, and here their sizes, which the command line needs before NumPy loads."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """A workload's name tag. Its module has `measure(session)`, which returns what it measured."""

    module: str
    what: str
    sizes: Mapping[str, int]
    """Where its goals apply, and what is measured unless the command line says otherwise."""
    quick: Mapping[str, int]
    """The sizes of a smoke test."""
    l_out: tuple[int, ...] = (1,)


WORKLOADS: Mapping[str, Workload] = {
    "streamed": Workload(
        "streamed",
        "radial values given per edge, on a random graph",
        {"nodes": 2000, "neighbours": 32, "channels": 64},
        {"nodes": 60, "neighbours": 8, "channels": 8},
        l_out=(0, 1, 2),
    ),
    "general": Workload(
        "general",
        "streamed, for any degrees l_in → l_out, all paths between them",
        {"nodes": 2000, "neighbours": 32, "channels": 64},
        {"nodes": 60, "neighbours": 8, "channels": 8},
    ),
    "tabulated": Workload(
        "tabulated",
        "radial functions of the distance, against layers with an MLP per edge",
        {"nodes": 2000, "neighbours": 32, "channels": 64},
        {"nodes": 60, "neighbours": 8, "channels": 8},
        l_out=(0, 1, 2),
    ),
    "mixing": Workload(
        "mixing",
        "a matrix over channels for each edge, linear in a radial basis",
        {"nodes": 2000, "neighbours": 32, "channels": 32, "basis": 8},
        {"nodes": 60, "neighbours": 8, "channels": 8, "basis": 4},
    ),
    "walkers": Workload(
        "walkers",
        "many small systems, every pair of particles",
        {"walkers": 4096, "particles": 16, "channels": 32},
        {"walkers": 8, "particles": 4, "channels": 8},
    ),
    "gradients": Workload(
        "gradients",
        "streamed, and the derivatives with respect to vectors, radial values and features",
        {"nodes": 2000, "neighbours": 32, "channels": 64},
        {"nodes": 60, "neighbours": 8, "channels": 8},
        l_out=(0, 1, 2),
    ),
    "forces": Workload(
        "forces",
        "energy and forces of tabulated, against layers with an MLP per edge",
        {"nodes": 2000, "neighbours": 32, "channels": 64},
        {"nodes": 60, "neighbours": 8, "channels": 8},
    ),
    "laplacian": Workload(
        "laplacian",
        "walkers, with gradient and Laplacian with respect to all coordinates",
        {"walkers": 32, "particles": 16, "channels": 32},
        {"walkers": 2, "particles": 3, "channels": 8},
    ),
    "laplacian-chained": Workload(
        "laplacian_chained",
        "the same of features that depend on the positions: a layer after the first",
        {"walkers": 32, "particles": 16, "channels": 32},
        {"walkers": 2, "particles": 3, "channels": 8},
    ),
    "scaling": Workload(
        "scaling",
        "time and memory against the number of nodes at fixed density",
        {"largest": 1_000_000, "neighbours": 32, "channels": 64},
        {"largest": 3000, "neighbours": 32, "channels": 8},
    ),
    "first-call": Workload(
        "first_call",
        "what a fresh process waits for, with an empty and with a filled cache",
        {"processes": 3},
        {"processes": 1},
    ),
}

DEGREES = ((1, 1), (2, 2), (3, 3))
"""What `general` measures unless told otherwise: the pocket kernel, for reference, and what its goals are about."""

SIZES = tuple(dict.fromkeys(size for workload in WORKLOADS.values() for size in workload.sizes))
"""Every size that some workload has."""
