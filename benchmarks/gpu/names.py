"""Names of workloads and contestants, for the command line too, which imports nothing heavy."""

from dataclasses import dataclass

STREAMED, WALKERS, BACKWARD = "streamed", "walkers", "backward"
WORKLOADS = {
    STREAMED: "convolve_1_L, radial values given per edge, on a random graph and on a fluid",
    WALKERS: "convolve_walkers_1_L, all pairs of many small systems, radial functions from a table",
    BACKWARD: "convolve_1_L and vjp_convolve_1_L: cotangents of vectors, radial values and features, random graph",
}

OURS = "pocket-tfn"
OURS_CHECKED = "pocket-tfn, graph checked at every call"
OURS_VJP = "pocket-tfn, vjp alone"
E3NN, TORCH, COMPILED = "e3nn", "torch", "torch.compile"
CUE, OEQ, FLASH = "cuequivariance", "openequivariance", "flashtp"


@dataclass(frozen=True)
class Peer:
    """A module of `peers/`, and what it measures."""

    module: str
    what: str


PEERS: dict[str, Peer] = {
    E3NN: Peer("e3nn_layer", "spherical harmonics, uvu TensorProduct with external weights, index_add; eager"),
    CUE: Peer(
        "cuequivariance_layer", "their spherical harmonics, SegmentedPolynomial uniform_1d, gather and scatter fused"
    ),
    TORCH: Peer(
        "torch_cartesian", "the Cartesian formula in eager torch (not at C = 128, where it is far from fastest)"
    ),
    COMPILED: Peer(
        "torch_compiled", "the same under torch.compile, one product a workload, as it takes long to compile"
    ),
    OEQ: Peer("openequivariance_layer", "e3nn's harmonics, TensorProductConv(deterministic=True) on sorted edges"),
    FLASH: Peer("flashtp", "named in the tables, not measured"),
}
"""In the order in which they are measured: OpenEquivariance builds its extension meanwhile."""
