"""What e3nn needs in order to compute the same answer, not merely the same kind of answer.

- Axes. e3nn's l = 1 is literally (x, y, z), and its l = 2 has y for main axis: xz, xy, 3yy - rr,
  yz, zz - xx. Handed our (y, z, x) for its (x, y, z), a cyclic renaming and so a rotation, its
  l = 2 reads xy, yz, 3zz - rr, xz, xx - yy: our order.
- Parity. The catalogue is complete for SO(3), odd and even forms together; everything is declared
  even (1e), and e3nn then sums all paths into one output.
- Normalisation. With e3nn's defaults each path is lambda times our form, see `path_constants`. What
  weights the paths is divided by it beforehand, untimed; `check_path_constants` compares every path.
- Layout. e3nn wants components innermost (mul_ir); features are transposed beforehand, untimed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import torch
from e3nn import o3  # type: ignore[import-untyped, import-not-found, unused-ignore]
from numpy.typing import NDArray
from torch import Tensor

from benchmarks import oracle
from benchmarks.check import WrongAnswer
from benchmarks.inputs.graph import PATHS, FloatArray

CYCLE = [1, 2, 0]  # e3nn's (x, y, z) are our (y, z, x)

SQUARED_NORMS: dict[int, tuple[float, ...]] = {0: (1,), 1: (3, 2, 6), 2: (20 / 3, 1, 2 / 5)}
"""The squared Frobenius norm of each Cartesian form, in catalogue order."""

SIGNS: dict[int, tuple[int, ...]] = {0: (1,), 1: (1, -1, 1), 2: (1, 1, 1)}
"""e3nn couples (features, harmonics) in this order, and f x u = - u x f."""


class Messages(torch.nn.Module):
    """Spherical harmonics and their tensor product with features 1 -> l_out, weighted per edge.

    "uvu" weights each channel, with (E, P C) weights; "uvw" mixes the channels, with (E, P C C).
    """

    def __init__(self, l_out: int, channels: int, mode: str = "uvu") -> None:
        super().__init__()
        harmonics = o3.Irreps([(1, (l_f, 1)) for l_f in PATHS[l_out]])
        self.harmonics = o3.SphericalHarmonics(harmonics, normalize=True, normalization="component", irreps_in="1e")
        self.product = o3.TensorProduct(
            o3.Irreps([(channels, (1, 1))]),
            harmonics,
            o3.Irreps([(channels, (l_out, 1))]),
            [(0, p, 0, mode, True) for p in range(len(harmonics))],
            shared_weights=False,
            internal_weights=False,
        )

    def forward(self, vectors: Tensor, weights: Tensor, sent: Tensor) -> Tensor:
        """(E, 3), (E, ...), (E, 3 C) -> (E, (2 l_out + 1) C), components innermost."""
        messages: Tensor = self.product(sent, self.harmonics(vectors), weights)
        return messages


def path_constants(l_out: int) -> FloatArray:
    """lambda_p in (path p of e3nn) = lambda_p (Cartesian form p), shape (P,), for "uvu".

    e3nn's default normalisation ("component", "element") gives each of the P paths into an output
    the squared Frobenius norm (2 l_out + 1) / P; the form's own norm and a sign do the rest. "uvw"
    divides by the root of the channels that it sums over, besides.
    """
    norms = np.array(SQUARED_NORMS[l_out])
    return np.array(SIGNS[l_out]) * np.sqrt((2 * l_out + 1) / (len(norms) * norms))


@cache
def check_path_constants(l_out: int, mode: str = "uvu") -> None:
    """Every path of e3nn at a random vector is its constant times the oracle's form (float64)."""
    vector = np.random.default_rng(1).standard_normal(3)
    expected = oracle.forms(l_out, vector[None] / np.linalg.norm(vector))[0]
    with default_dtype(torch.float64), torch.inference_mode():
        layer = Messages(l_out, channels=1, mode=mode)
        edge = torch.from_numpy(vector[None, CYCLE])
        for p, (constant, form) in enumerate(zip(path_constants(l_out), expected, strict=True)):
            weights = torch.eye(len(expected))[p : p + 1]
            columns = [layer(edge, weights, torch.eye(3)[b : b + 1, CYCLE]) for b in range(3)]
            matrix = our_order(l_out, torch.stack(columns, dim=2)[0].numpy())
            error = np.linalg.norm(matrix - constant * form)
            if not error < 1e-13:
                raise WrongAnswer(f"e3nn's path {p} into l = {l_out} is not {constant} times our form")


def their_features(features: FloatArray) -> FloatArray:
    """(N, 3, C) -> (N, 3 C), components innermost, cycled."""
    return their_order(1, features)


def their_order(l_out: int, components: FloatArray) -> FloatArray:
    """The inverse of `our_answer`: (N, 2 l_out + 1, C) -> (N, (2 l_out + 1) C), components innermost."""
    cycled = components[:, CYCLE] if l_out == 1 else components
    return np.ascontiguousarray(cycled.transpose(0, 2, 1)).reshape(len(components), -1)


def our_answer(l_out: int, result: Tensor) -> NDArray[Any]:
    """(N, (2 l_out + 1) C), components innermost -> (N, 2 l_out + 1, C)."""
    components = result.numpy().reshape(len(result), -1, 2 * l_out + 1)
    return our_order(l_out, components.transpose(2, 1, 0)).transpose(2, 0, 1)


def our_order(l_out: int, components: NDArray[Any]) -> NDArray[Any]:
    """e3nn's components on axis 0 in our order: only l = 1 has to be cycled back to (x, y, z)."""
    return components[np.argsort(CYCLE)] if l_out == 1 else components


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """e3nn rounds its constants to torch's default dtype when a layer is built, and casts later."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
