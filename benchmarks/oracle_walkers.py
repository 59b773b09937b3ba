"""The oracle of a walkers layer's value, Jacobian and Laplacian: the product rule on the derivatives of the forms.

With M(r) = sum over p: form_p(r) R(|r|)[p], a matrix for each channel, and out_i = sum over j: M(x_i - x_j) f_j.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import oracle, oracle_derivatives
from benchmarks.inputs.graph import Float64
from benchmarks.inputs.network import Network
from benchmarks.inputs.table import Table


class Expansion(NamedTuple):
    """A field and its derivatives with respect to D = 3 A coordinates."""

    value: Float64  # (B, A, 2 l_out + 1, C)
    jacobian: Float64  # (B, D, A, 2 l_out + 1, C)
    laplacian: Float64  # (B, A, 2 l_out + 1, C)


class _Matrices(NamedTuple):
    """M of some vectors r, and its derivatives with respect to r."""

    value: Float64  # (E, 2 l_out + 1, 3, C)
    slopes: Float64  # (E, 3, 2 l_out + 1, 3, C), the second axis that of r
    laplacian: Float64  # (E, 2 l_out + 1, 3, C)


def expand(
    l_out: int,
    positions: NDArray[Any],
    radial: Table | Network,
    features: NDArray[Any],
    jacobian: NDArray[Any] | None,
    laplacian: NDArray[Any] | None,
) -> Expansion:
    """(B, A, 3), R, (B, A, 3, C) and the features' own (B, D, A, 3, C) and (B, A, 3, C), zero if None."""
    walkers, particles, _, channels = features.shape
    coordinates = 3 * particles
    shape = walkers, particles, 2 * l_out + 1, channels
    found = Expansion(np.zeros(shape), np.zeros((walkers, coordinates, *shape[1:])), np.zeros(shape))
    for b in range(walkers):
        fields = Expansion(
            features[b].astype(np.float64),
            np.zeros((coordinates, *features.shape[1:])) if jacobian is None else jacobian[b].astype(np.float64),
            np.zeros(features.shape[1:]) if laplacian is None else laplacian[b].astype(np.float64),
        )
        exact = positions[b].astype(np.float64)
        for i in range(particles):
            senders = np.delete(np.arange(particles), i)
            matrices = _matrices(l_out, exact[i] - exact[senders], radial)
            sent = Expansion(fields.value[senders], fields.jacobian[:, senders], fields.laplacian[senders])
            _receive(i, senders, matrices, sent, Expansion(*(array[b] for array in found)))
    return found


def _matrices(l_out: int, vectors: Float64, radial: Table | Network) -> _Matrices:
    units, lengths = oracle.unit(vectors), oracle.lengths(vectors)
    forms, slopes = oracle.forms(l_out, units), oracle_derivatives.slopes(l_out, vectors)
    value, slope, curvature = radial(lengths), radial.derivative(lengths, 1), radial.derivative(lengths, 2)
    spherical = curvature + 2 * slope / lengths[:, None, None]  # the Laplacian of R(|r|)
    along = np.einsum("epabd,ed->epab", slopes, units)
    return _Matrices(
        np.einsum("epab,epc->eabc", forms, value),
        np.einsum("epabd,epc->edabc", slopes, value) + np.einsum("epab,epc,ed->edabc", forms, slope, units),
        np.einsum("epab,epc->eabc", oracle_derivatives.laplacians(l_out, vectors), value)
        + 2 * np.einsum("epab,epc->eabc", along, slope)
        + np.einsum("epab,epc->eabc", forms, spherical),
    )


def _receive(i: int, senders: NDArray[Any], matrices: _Matrices, sent: Expansion, out: Expansion) -> None:
    """Adds to the i-th particle of `out`, which has no axis of walkers. A sender's coordinates enter M with a minus."""
    jacobian, laplacian = out.jacobian[:, i], out.laplacian[i]
    out.value[i] += np.einsum("eabc,ebc->ac", matrices.value, sent.value)
    jacobian += np.einsum("eabc,xebc->xac", matrices.value, sent.jacobian)
    laplacian += np.einsum("eabc,ebc->ac", matrices.value, sent.laplacian)
    laplacian += 2 * np.einsum("eabc,ebc->ac", matrices.laplacian, sent.value)
    changes = np.einsum("edabc,ebc->edac", matrices.slopes, sent.value)
    for e, j in enumerate(senders):
        for d in range(3):
            jacobian[3 * i + d] += changes[e, d]
            jacobian[3 * j + d] -= changes[e, d]
            difference = sent.jacobian[3 * i + d, e] - sent.jacobian[3 * j + d, e]
            laplacian += 2 * np.einsum("abc,bc->ac", matrices.slopes[e, d], difference)
