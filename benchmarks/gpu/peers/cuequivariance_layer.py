"""cuEquivariance: its spherical harmonics, then one segmented polynomial that gathers, multiplies and scatters.

The polynomial is their channel-wise tensor product (uv,iu,jv,kuv+ijk) with all paths into one output segment, so that
it writes what the layer asks for rather than one output per path; each path's coefficients are divided by the constant
that it has over our form, so that the radial values are its weights as they are.  Axes are e3nn's, see
benchmarks/peers/e3nn_coupling.py; components come before channels (ir_mul), as ours.
"""

import warnings
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu.contestant import Missing
from benchmarks.gpu.inputs import Inputs
from benchmarks.gpu.kit import IR_MUL, Graph, Kit
from benchmarks.inputs.graph import PATHS
from benchmarks.peers.e3nn_coupling import path_constants

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cuequivariance as cue
    import cuequivariance_torch as cuet

FUSED, PLAIN = "uniform_1d", "naive"


def kit(inputs: Inputs) -> Kit:
    features = inputs.features
    method = FUSED if features.is_cuda else PLAIN
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        harmonics = cuet.SphericalHarmonics(list(PATHS[inputs.l_out]), normalize=True, method=method)
        product = cuet.SegmentedPolynomial(polynomial(inputs.l_out, features.shape[-1]), method=method)
    fallen = [str(one.message) for one in said if "alling back" in str(one.message)]
    if fallen:
        raise Missing(fallen[0].partition("\n")[0])
    harmonics, product = harmonics.to(features.device), product.to(features.device)

    def layer(graph: Graph, vectors: Tensor, weights: Tensor, features: Tensor) -> Tensor:
        senders, receivers = graph
        shape = torch.empty((len(features), 1), device=features.device)
        found: list[Tensor] = product(
            [weights, features, harmonics(vectors)],
            input_indices={1: senders},
            output_indices={0: receivers},
            output_shapes={0: shape},
        )
        return found[0]

    return Kit(
        layer,
        IR_MUL,
        weights=lambda radial: radial.reshape(len(radial), -1),
        weights_cotangent=lambda bar: bar.reshape(len(bar), len(PATHS[inputs.l_out]), -1),
        note=f"cuequivariance {cue.__version__}, {method}, its own spherical harmonics",
    )


def polynomial(l_out: int, channels: int) -> Any:
    """weights (P C), features (3 C), harmonics -> output ((2 l_out + 1) C)."""
    degrees = PATHS[l_out]
    # Of one path alone: e3nn divides by the root of their number besides.
    constants = path_constants(l_out) * len(degrees) ** 0.5
    product = cue.SegmentedTensorProduct.from_subscripts("uv,iu,jv,kuv+ijk")
    product.add_segment(1, (3, channels))
    product.add_segment(3, (2 * l_out + 1, channels, 1))
    for p, (l_f, constant) in enumerate(zip(degrees, constants, strict=True)):
        product.add_segment(2, (2 * l_f + 1, 1))
        (coupling,) = cue.clebsch_gordan(cue.SO3(1), cue.SO3(l_f), cue.SO3(l_out))
        product.add_path(None, 0, p, 0, c=coupling / constant, dims={"u": channels, "v": 1})
    return cue.SegmentedPolynomial.eval_last_operand(product)
