"""OpenEquivariance: e3nn's spherical harmonics, then TensorProductConv on edges sorted by receiver.

deterministic=True is its kernel for sorted edges: sums in registers and shared memory, a fix-up where rows meet, no
atomics.  Its extension is compiled where it first runs; `background.py` starts that with the run.
"""

from typing import Any

import numpy as np
import torch
from e3nn import o3  # type: ignore[import-untyped, import-not-found, unused-ignore]
from torch import Tensor

from benchmarks.gpu import background
from benchmarks.gpu.contestant import Missing
from benchmarks.gpu.inputs import Inputs
from benchmarks.gpu.kit import MUL_IR, Graph, Kit
from benchmarks.gpu.peers.e3nn_layer import scales
from benchmarks.inputs.graph import PATHS
from benchmarks.peers.e3nn_coupling import check_path_constants, default_dtype


def kit(inputs: Inputs) -> Kit:
    l_out, features = inputs.l_out, inputs.features
    if not features.is_cuda:
        raise Missing("openequivariance runs on GPUs alone")
    background.wait_for_openequivariance()
    check_path_constants(l_out)
    import openequivariance as oeq  # type: ignore[import-untyped, import-not-found, unused-ignore]

    convolution = oeq.TensorProductConv(problem(oeq, l_out, features.shape[-1], features.dtype), deterministic=True)
    with default_dtype(features.dtype):
        degrees = o3.Irreps([(1, (l_f, 1)) for l_f in PATHS[l_out]])
        harmonics = o3.SphericalHarmonics(degrees, normalize=True, normalization="component", irreps_in="1e")
        harmonics = harmonics.to(features.device)

    def layer(graph: Graph, vectors: Tensor, weights: Tensor, features: Tensor) -> Tensor:
        senders, receivers, permutation = graph
        found: Tensor = convolution(features, harmonics(vectors), weights, receivers, senders, permutation)
        return found

    scale, paths = scales(l_out, features), len(PATHS[l_out])

    def weights(radial: Tensor) -> Tensor:
        found: Tensor = convolution.reorder_weights_from_e3nn((radial / scale).reshape(len(radial), -1))
        return found

    def unordered(theirs: Tensor) -> Tensor:
        found: Tensor = convolution.reorder_weights_to_e3nn(theirs.contiguous())
        return found.reshape(len(theirs), paths, -1)

    return Kit(
        layer,
        MUL_IR,
        weights=weights,
        weights_cotangent=lambda bar: unordered(bar) / scale,
        graph=lambda senders, receivers: (senders, receivers, torch.argsort(senders, stable=True)),
        note=f"openequivariance {oeq.__version__}, deterministic; e3nn's spherical harmonics",
    )


def problem(oeq: Any, l_out: int, channels: int, dtype: torch.dtype) -> Any:
    """The same tensor product as e3nn's layer, weighted per edge."""
    kind = {torch.float32: np.float32, torch.float64: np.float64}[dtype]
    degrees = PATHS[l_out]
    return oeq.TPProblem(
        oeq.Irreps(f"{channels}x1e"),
        oeq.Irreps("+".join(f"1x{l_f}e" for l_f in degrees)),
        oeq.Irreps(f"{channels}x{l_out}e"),
        [(0, p, 0, "uvu", True) for p in range(len(degrees))],
        shared_weights=False,
        internal_weights=False,
        irrep_dtype=kind,
        weight_dtype=kind,
    )
