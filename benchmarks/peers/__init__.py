"""The contestants, one module each, imported when asked for: a missing one is named, not silent.

The command line reads the names before NumPy may be imported, so nothing heavy is imported here.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.contestant import Contestant

OURS = "pocket-tfn"
"""The contestant whose time all others are divided by."""
OURS_OUT = "pocket-tfn, out="
OURS_STREAMED = "pocket-tfn, streamed"
OURS_CUBIC = "pocket-tfn, degree 3"
OURS_FORWARD = "pocket-tfn, forward"
OURS_VJP = "pocket-tfn, vjp"
C_NONZERO = "C loop, nonzero"
C_HOISTED = "C loop, hoisted"
C_ROWS = "C loop, hoisted, by rows"
C_SPARSE = "C loop, sparse"


@dataclass(frozen=True)
class Entry:
    """Where a contestant is built: `function(inputs, threads)` in `module` of this package."""

    module: str
    function: str
    what: str


STREAMED: dict[str, Entry] = {
    OURS: Entry("streamed.ours", "allocating", "pocket_tfn.cpu.convolve_1_L, result allocated by the call"),
    OURS_OUT: Entry("streamed.ours", "into_buffer", "the same into a given array"),
    "e3nn": Entry("streamed.e3nn_layer", "eager", "SphericalHarmonics, uvu TensorProduct, index_add"),
    "e3nn + torch.compile": Entry("streamed.e3nn_layer", "compiled", "the same layer under torch.compile"),
    "torch": Entry("streamed.torch_cartesian", "eager", "the Cartesian formula in eager torch"),
    "torch.compile": Entry("streamed.torch_cartesian", "compiled", "the same under torch.compile"),
    "jax.jit": Entry("streamed.jax_cartesian", "jitted", "the same Cartesian formula under jax.jit"),
}

TABULATED: dict[str, Entry] = {
    OURS: Entry("tabulated.ours", "allocating", "convolve_tabulated_1_L, result allocated by the call"),
    OURS_OUT: Entry("tabulated.ours", "into_buffer", "the same into a given array"),
    OURS_CUBIC: Entry("tabulated.ours", "cubic", "the same from a table of degree 3 instead of 5, as accurate"),
    OURS_STREAMED: Entry("tabulated.ours", "streamed", "convolve_1_L, the radial values computed beforehand"),
    "e3nn": Entry("tabulated.e3nn_layer", "eager", "Bessel functions, MLP, harmonics, TensorProduct, index_add"),
    "e3nn + torch.compile": Entry("tabulated.e3nn_layer", "compiled", "the same layer under torch.compile"),
    "torch": Entry("tabulated.torch_layer", "eager", "Bessel functions, MLP, the Cartesian formula in eager torch"),
    "torch.compile": Entry("tabulated.torch_layer", "compiled", "the same under torch.compile"),
    "jax.jit": Entry("tabulated.jax_layer", "with_network", "the same under jax.jit"),
    "jax.jit, table": Entry("tabulated.jax_layer", "with_table", "our table and the Cartesian formula under jax.jit"),
}

MIXING: dict[str, Entry] = {
    OURS: Entry("mixing.ours", "allocating", "convolve_mixing_1_L, result allocated by the call"),
    OURS_OUT: Entry("mixing.ours", "into_buffer", "the same into a given array"),
    "e3nn": Entry("mixing.e3nn_layer", "eager", "a weight matrix per edge, uvw TensorProduct, index_add"),
    "torch": Entry("mixing.torch_per_edge", "eager", "a weight matrix per edge and batched products in eager torch"),
    "jax.jit": Entry("mixing.jax_per_edge", "jitted", "a weight matrix per edge under jax.jit"),
    "jax.jit, in chunks": Entry("mixing.jax_per_edge", "chunked", "the same, some edges at a time"),
    "jax.jit, our order": Entry("mixing.jax_per_node", "jitted", "aggregated per node, then one product"),
    "torch.compile, our order": Entry("mixing.torch_per_node", "compiled", "the same order under torch.compile"),
}

WALKERS: dict[str, Entry] = {
    OURS: Entry("walkers.ours", "allocating", "convolve_walkers_1_L, result allocated by the call"),
    OURS_OUT: Entry("walkers.ours", "into_buffer", "the same into a given array"),
    "jax.jit": Entry("walkers.jax_vmap", "with_table", "jit(vmap) of the same formula on the same table"),
    "jax.jit, in chunks": Entry("walkers.jax_vmap", "with_table_chunked", "the same, some walkers at a time"),
    "jax.jit, network": Entry("walkers.jax_vmap", "with_network", "jit(vmap) with the MLP evaluated for every pair"),
    "torch.compile": Entry("walkers.torch_batched", "with_network", "the latter formula under torch.compile"),
}

GRADIENTS: dict[str, Entry] = {
    OURS: Entry("gradients.ours", "both", "convolve_1_L, then vjp_convolve_1_L with a transposed graph that is kept"),
    OURS_OUT: Entry("gradients.ours", "into_buffers", "the same into given arrays"),
    OURS_FORWARD: Entry("gradients.ours", "forward", "the former alone"),
    OURS_VJP: Entry("gradients.ours", "vjp", "the latter alone"),
    "e3nn": Entry("gradients.e3nn_layer", "eager", "the streamed e3nn layer with torch.autograd"),
    "torch": Entry("gradients.torch_cartesian", "eager", "the Cartesian formula in eager torch with torch.autograd"),
    "torch.compile": Entry("gradients.torch_cartesian", "compiled", "the same, both directions under torch.compile"),
    "jax.jit": Entry("gradients.jax_cartesian", "jitted", "the Cartesian formula and jax.vjp of it under jax.jit"),
}

FORCES: dict[str, Entry] = {
    OURS: Entry("forces.ours", "both", "convolve_tabulated_1_L, vjp_convolve_tabulated_1_L, position_cotangents"),
    OURS_FORWARD: Entry("forces.ours", "forward", "the energy alone"),
    "e3nn": Entry("forces.e3nn_layer", "eager", "the tabulated e3nn layer with torch.autograd"),
    "torch": Entry("forces.torch_layer", "eager", "the network and the Cartesian formula in eager torch with autograd"),
    "torch.compile": Entry("forces.torch_layer", "compiled", "the same, both directions under torch.compile"),
    "jax.jit": Entry("forces.jax_layer", "with_network", "the same with jax.value_and_grad under jax.jit"),
    "jax.jit, table": Entry("forces.jax_layer", "with_table", "our table instead of the network"),
}

LAPLACIAN: dict[str, Entry] = {
    OURS: Entry("laplacian.ours", "allocating", "laplacian_walkers_1_L, results allocated by the call"),
    "folx": Entry(
        "laplacian.folx_forward", "with_table", "forward Laplacian of the formula on the same table, jax.jit"
    ),
    "folx, network": Entry("laplacian.folx_forward", "with_network", "the MLP evaluated for every pair instead"),
    "jax.jit": Entry("laplacian.jax_second", "directional", "second derivatives along one coordinate after another"),
    "jax.jit, network": Entry("laplacian.jax_second", "directional_with_network", "the same with the MLP"),
    "jax.jit, hessian": Entry("laplacian.jax_second", "hessian", "the trace of jax.hessian, for few particles"),
}

GENERAL: dict[str, Entry] = {
    OURS: Entry("general.ours", "allocating", "convolve_LIN_LOUT as emitted, result allocated by the call"),
    OURS_OUT: Entry("general.ours", "into_buffer", "the same into a given array"),
    C_NONZERO: Entry("general.c_loops", "nonzero", "a C loop over the nonzero Clebsch-Gordan coefficients"),
    C_HOISTED: Entry("general.c_loops", "hoisted", "the same in C, each path's matrix computed once for an edge"),
    C_ROWS: Entry(
        "general.c_loops", "rows", "the same, a row of it at a time instead of the whole matrix in registers"
    ),
    C_SPARSE: Entry("general.c_loops", "sparse", "the same, unrolled path by path, the zeros of each matrix left out"),
    "e3nn": Entry("general.e3nn_layer", "eager", "SphericalHarmonics, uvu TensorProduct of all paths, index_add"),
    "e3nn + torch.compile": Entry("general.e3nn_layer", "compiled", "the same layer under torch.compile"),
}

ENTRIES: Mapping[str, Mapping[str, Entry]] = {
    "streamed": STREAMED,
    "general": GENERAL,
    "tabulated": TABULATED,
    "mixing": MIXING,
    "walkers": WALKERS,
    "gradients": GRADIENTS,
    "forces": FORCES,
    "laplacian": LAPLACIAN,
    "laplacian-chained": LAPLACIAN,
}
"""The contestants of each workload, in the order of its table."""


def family(name: str) -> str:
    """What `--peers` chooses by: the name up to its comma."""
    return name.partition(",")[0]


FAMILIES = tuple(dict.fromkeys(family(n) for entries in ENTRIES.values() for n in entries if family(n) != OURS))


def chosen(workload: str, families: tuple[str, ...]) -> list[str]:
    """Ours and the contestants of `families`, in the order of the table."""
    return [name for name in ENTRIES[workload] if family(name) in (OURS, *families)]


def build(workload: str, name: str, inputs: Any, threads: int) -> Contestant:
    """The named contestant, its inputs ready. Missing tells what to install."""
    from benchmarks.contestant import Missing

    entry = ENTRIES[workload][name]
    try:
        module = importlib.import_module(f"benchmarks.peers.{entry.module}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("benchmarks", "pocket_tfn", ""):
            raise
        raise Missing(f"{package} is not installed: pip install 'pocket-tfn[bench]'") from error
    contestant: Contestant = getattr(module, entry.function)(inputs, threads)
    return contestant
