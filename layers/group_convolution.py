"""The group convolution on SE(3), with an arbitrary kernel, by quadrature: what the steerable kernels replace.

Source: slides, page "Due paradigmi di convoluzione", (κ ⋆ F)(g) = ∫ κ(g⁻¹h) F(h) dh on G = SE(3), where they cite
Cohen et al. (2018); Weiler et al., *3D Steerable CNNs*, arXiv:1807.02547.  With (x, R)(y, S) = (x + R y, R S), dR the
invariant integral of mean 1 and x integrated by the graph's weights, a field f of degree l_in becomes one of degree
l_out by

    lift        F(x, R) = D_in(R)⁻¹ f(x)                                            components in the frame R
    correlate   G(x, R) = Σ_j w_j ∫ κ((x, R)⁻¹ (x_j, R')) F(x_j, R') dR'
                (x, R)⁻¹ (x_j, R') = (R⁻¹ (x_j - x), R⁻¹ R')                         the sender, as the receiver sees it
    project     f_out(x) = ∫ D_out(R) G(x, R) dR

whatever κ(y, S), a matrix (2 l_out + 1) x (2 l_in + 1) for each displacement y and relative rotation S.  The integral
over R' = R S makes of κ a matrix kernel of r = x - x_j, the argument of all kernels of this library, and the integral
over R makes that equivariant (theorem T8):

    k(r) = ∫ κ(-r, S) D_in(S)⁻¹ dS
    K(r) = ∫ D_out(R) k(R⁻¹ r) D_in(R)⁻¹ dR
    f_out(x) = Σ_j w_j K(x - x_j) f_j

`GroupConvolution` does both integrals edge by edge; `AveragedConvolution` begins with a matrix kernel k and does the
other one.  `averaged_radial` does neither: for l_in = 1 it finds the radial functions that make K the pocket kernel.

Remark: the slides write (L_g k) ⋆ (L_g f) = L_g (k ⋆ f).  It is k ⋆ (L_g f) = L_g (k ⋆ f), for every g: the kernel
stays as it is, and to move it too moves the result by g once more, from the right.

This is a reference in float64, for any l_in and l_out; a kernel is a Python function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from . import checks
from .checks import Array, whole_number
from .graphs import Graph
from .representations import representation
from .rotation_rules import RotationQuadrature, rotation_quadrature

#: Displacements (n, 3) and rotations (s, 3, 3), each with each, to matrices (n, s, 2 l_out + 1, 2 l_in + 1); or
#: (n, s, 2 l_out + 1, 2 l_in + 1, C), which gives each channel its own.
GroupKernel = Callable[[Array, Array], Any]
#: Vectors r (n, 3) to matrices (n, 2 l_out + 1, 2 l_in + 1); or (n, 2 l_out + 1, 2 l_in + 1, C).
MatrixKernel = Callable[[Array], Any]


class ExactDegrees(NamedTuple):
    """Band limits from which on quadratures over SO(3) leave no error."""

    receivers: int  # of the integral over R, the frame of the receiver
    senders: int  # of the integral over R', that of the sender


def exact_degrees(l_in: int, l_out: int, degree: int, rotation_degree: int = 0) -> ExactDegrees:
    """What a kernel asks for: (l_in + degree + l_out, l_in + rotation_degree).

    degree: κ(y, S), or k(y), is a polynomial of so high a degree in y/|y| wherever |y| is held fixed.
    rotation_degree: κ(y, S) is one in the entries of S.
    Of the integrand of K, D_out, k and D_in⁻¹ are polynomials in the entries of R of degrees l_out, degree and l_in; of
    that of k, κ and D_in⁻¹ in those of S.
    Raises TypeError unless all are integers, ValueError if one is negative.
    """
    given = {"l_in": l_in, "l_out": l_out, "degree": degree, "rotation_degree": rotation_degree}
    l_in, l_out, degree, rotation_degree = (whole_number(f"exact_degrees: {k}", v) for k, v in given.items())
    return ExactDegrees(l_in + degree + l_out, l_in + rotation_degree)


@dataclass(frozen=True, eq=False)
class GroupConvolution:
    """The group convolution as it is written: two integrals over SO(3) for every edge, M M' matrices κ.

        layer = GroupConvolution.exact(1, 1, kernel, degree=3, rotation_degree=1)
        out = layer(graph, features)                (N, 2 l_in + 1, C) -> (N, 2 l_out + 1, C)

    Parameters
    ----------
    l_in, l_out : int
        Degrees of the fields.
    kernel : GroupKernel
        κ(y, S), any function: the sender at y = R⁻¹ (x_j - x_i), turned by S = R⁻¹ R', as its receiver sees it.
    receivers, senders : RotationQuadrature
        The M frames R where the result is found, and the M' frames R' where the field is; see `exact_degrees`.

    `lift`, `correlate` and `project` are the three steps by themselves.
    Raises TypeError unless degrees are integers, kernel can be called and quadratures are such; ValueError for
    negative degrees.
    """

    l_in: int
    l_out: int
    kernel: GroupKernel
    receivers: RotationQuadrature
    senders: RotationQuadrature

    def __post_init__(self) -> None:
        rules = {"receivers": self.receivers, "senders": self.senders}
        _check_layer("GroupConvolution", self.l_in, self.l_out, self.kernel, rules)

    @classmethod
    def exact(
        cls, l_in: int, l_out: int, kernel: GroupKernel, degree: int, rotation_degree: int = 0
    ) -> GroupConvolution:
        """With quadratures that leave no error, if κ is of these degrees; arguments and errors as in exact_degrees."""
        degrees = exact_degrees(l_in, l_out, degree, rotation_degree)
        return cls(l_in, l_out, kernel, *map(rotation_quadrature, degrees))

    def __call__(self, graph: Graph, features: ArrayLike) -> Array:
        """All three steps, in the dtype of graph and features, rounded from float64.

        Raises TypeError for other dtypes and what is no Graph, ValueError for other shapes, of what kernel returns too.
        """
        f = _features("GroupConvolution", graph, features, self.l_in)
        return self.project(self.correlate(graph, self.lift(f))).astype(graph.dtype)

    def lift(self, features: Array) -> Array:
        """F(x_j, R') = D_in(R')⁻¹ f_j: (N, 2 l_in + 1, C) -> (M', N, 2 l_in + 1, C)."""
        return lift(self.l_in, features, self.senders)

    def correlate(self, graph: Graph, lifted: Array) -> Array:
        """G(x_i, R): (M', N, 2 l_in + 1, C) -> (M, N, 2 l_out + 1, C)."""
        sent = np.ascontiguousarray((self.senders.weights[:, None, None, None] * lifted)[:, graph.indices])
        gather = _sum_by_receiver(graph)
        return np.stack([gather(self._messages(graph, frame, sent)) for frame in self.receivers.rotations])

    def _messages(self, graph: Graph, frame: Array, sent: Array) -> Array:
        """∫ κ F dR' of every edge, seen from one frame: (M', E, 2 l_in + 1, C) -> (E, 2 l_out + 1, C)."""
        seen = -graph.vectors.astype(np.float64) @ frame  # rows: R⁻¹ acts from the right as R
        turned = frame.T @ self.senders.rotations
        shape = (graph.n_edges, len(turned), 2 * self.l_out + 1, 2 * self.l_in + 1)
        kappa = matrices("GroupConvolution", self.kernel(seen, turned), shape, sent.shape[-1])
        return np.asarray(np.einsum("esab,sebc->eac" if kappa.ndim == 4 else "esabc,sebc->eac", kappa, sent))

    def project(self, on_group: Array) -> Array:
        """f_out(x_i): (M, N, 2 l_out + 1, C) -> (N, 2 l_out + 1, C)."""
        return project(self.l_out, on_group, self.receivers)


@dataclass(frozen=True, eq=False)
class AveragedConvolution:
    """Σ_j w_j ∫ D_out(R) k(R⁻¹ (x_i - x_j)) D_in(R)⁻¹ dR f_j: one integral, M matrices k for every edge.

        layer = AveragedConvolution.exact(1, 1, kernel, degree=3)
        out = layer(graph, features)                (N, 2 l_in + 1, C) -> (N, 2 l_out + 1, C)

    Parameters
    ----------
    l_in, l_out : int
        Degrees of the fields.
    kernel : MatrixKernel
        k(r), any function of r = x_receiver - x_sender.
    frames : RotationQuadrature
        The M rotations R; see `exact_degrees`.

    Raises TypeError unless degrees are integers, kernel can be called and quadratures are such; ValueError for
    negative degrees.
    """

    l_in: int
    l_out: int
    kernel: MatrixKernel
    frames: RotationQuadrature

    def __post_init__(self) -> None:
        _check_layer("AveragedConvolution", self.l_in, self.l_out, self.kernel, {"frames": self.frames})

    @classmethod
    def exact(cls, l_in: int, l_out: int, kernel: MatrixKernel, degree: int) -> AveragedConvolution:
        """With a quadrature that leaves no error, if k is of this degree; arguments and errors as in exact_degrees."""
        return cls(l_in, l_out, kernel, rotation_quadrature(exact_degrees(l_in, l_out, degree).receivers))

    def __call__(self, graph: Graph, features: ArrayLike) -> Array:
        """In the dtype of graph and features, rounded from float64.

        Raises TypeError for other dtypes and what is no Graph, ValueError for other shapes, of what kernel returns too.
        """
        f = _features("AveragedConvolution", graph, features, self.l_in)
        gather, lifted = _sum_by_receiver(graph), lift(self.l_in, f, self.frames)
        frames = zip(self.frames.rotations, lifted, strict=True)
        on_group = np.stack([gather(self._messages(graph, frame, sent[graph.indices])) for frame, sent in frames])
        return project(self.l_out, on_group, self.frames).astype(graph.dtype)

    def _messages(self, graph: Graph, frame: Array, sent: Array) -> Array:
        """k F of every edge, seen from one frame: (E, 2 l_in + 1, C) -> (E, 2 l_out + 1, C)."""
        seen = graph.vectors.astype(np.float64) @ frame  # rows: R⁻¹ acts from the right as R
        k = matrices("AveragedConvolution", self.kernel(seen), self._shape(graph.n_edges), sent.shape[-1])
        return np.asarray(np.einsum("eab,ebc->eac" if k.ndim == 3 else "eabc,ebc->eac", k, sent))

    def averaged_kernel(self, vectors: ArrayLike) -> Array:
        """K(r) itself: (n, 3) -> (n, 2 l_out + 1, 2 l_in + 1), or (n, 2 l_out + 1, 2 l_in + 1, C) if k has channels.

        In float64, whatever the dtype of vectors.  Raises TypeError and ValueError as a call does.
        """
        r = checks.float_array("averaged_kernel", "vectors", vectors, "(n, 3)", (None, 3)).astype(np.float64)
        d_out, d_in = (representation(l, self.frames.rotations) for l in (self.l_out, self.l_in))
        total: Any = 0.0
        for weight, frame, out, into in zip(self.frames.weights, self.frames.rotations, d_out, d_in, strict=True):
            k = matrices("averaged_kernel", self.kernel(r @ frame), self._shape(len(r)), None)
            total = total + weight * np.einsum("aA,nAB...,bB->nab...", out, k, into)
        return np.asarray(total)

    def _shape(self, n: int) -> tuple[int, ...]:
        return (n, 2 * self.l_out + 1, 2 * self.l_in + 1)


def matrix_kernel(kernel: GroupKernel, l_in: int, senders: RotationQuadrature) -> MatrixKernel:
    """k(r) = ∫ κ(-r, S) D_in(S)⁻¹ dS: with it the averaged convolution is the group convolution.

    Raises TypeError unless l_in is an integer, kernel can be called and senders are a RotationQuadrature, ValueError
    for negative l_in; k raises them for other vectors than (n, 3), and for what kernel returns, as the layers do.
    """
    where = "matrix_kernel"
    l_in = whole_number(f"{where}: l_in", l_in)
    checks.function(where, "kernel", kernel)
    checks.instance(where, "senders", senders, RotationQuadrature)
    weighted = senders.weights[:, None, None] * representation(l_in, senders.rotations)

    def averaged(vectors: Array) -> Array:
        r = checks.float_array(where, "vectors", vectors, "(n, 3)", (None, 3))
        shape = (len(r), len(senders), None, 2 * l_in + 1)
        kappa = matrices(where, kernel(-r, senders.rotations), shape, None)
        return np.asarray(np.einsum("nsab...,scb->nac...", kappa, weighted))  # D⁻¹ is Dᵀ

    return averaged


def lift(l_in: int, features: Array, frames: RotationQuadrature) -> Array:
    """F(x, R) = D(R)⁻¹ f(x) at every frame: (N, 2 l_in + 1, C) -> (M, N, 2 l_in + 1, C)."""
    inverse = np.swapaxes(representation(l_in, frames.rotations), 1, 2)
    return np.asarray(inverse[:, None] @ features)


def project(l_out: int, on_group: Array, frames: RotationQuadrature) -> Array:
    """∫ D(R) G(x, R) dR: (M, N, 2 l_out + 1, C) -> (N, 2 l_out + 1, C)."""
    weighted = frames.weights[:, None, None] * representation(l_out, frames.rotations)
    return np.asarray(np.einsum("sab,snbc->nac", weighted, on_group))


def _sum_by_receiver(graph: Graph) -> Callable[[Array], Array]:
    """Messages (E, ...) to Σ_e w_e message_e of every receiver, (N, ...)."""
    weights = np.ones(graph.n_edges) if graph.weights is None else graph.weights.astype(np.float64)
    sums = csr_array((weights, np.arange(graph.n_edges), graph.indptr), shape=(graph.n_nodes, graph.n_edges))

    def gather(messages: Array) -> Array:
        shape = messages.shape[1:]
        return np.asarray(sums @ messages.reshape(graph.n_edges, math.prod(shape))).reshape(graph.n_nodes, *shape)

    return gather


def matrices(where: str, values: Any, shape: tuple[int | None, ...], channels: int | None) -> Array:
    """What a kernel returned: of this shape, or with C channels after it; any number of them if `channels` is None.

    In a shape None is any number 2 l_out + 1.
    Raises TypeError for what is not of real numbers, ValueError for other shapes, and for arrays on a GPU.
    """
    found = checks.host_array(where, "what kernel returns", values)
    if found.dtype.kind not in "iuf":
        raise TypeError(f"{where}: kernel must return real numbers; got {found.dtype}")
    own = found.shape[len(shape) :]
    asked = own[:1] if channels is None else (channels,)
    fits = len(found.shape) >= len(shape) and all(n is None or n == m for n, m in zip(shape, found.shape, strict=False))
    if not fits or own not in ((), asked):
        symbols = ", ".join("2 l_out + 1" if n is None else str(n) for n in shape)
        symbols = f"({symbols}), or ({symbols}, {channels or 'C'}) for each channel its own"
        raise ValueError(f"{where}: kernel must return matrices of shape {symbols}; got {found.shape}")
    return found


def _features(where: str, graph: Graph, features: ArrayLike, l_in: int) -> Array:
    checks.instance(where, "graph", graph, Graph)
    asked = (graph.n_nodes, 2 * l_in + 1, None)
    f = checks.float_array(where, "features", features, f"({asked[0]}, {asked[1]}, C)", asked)
    checks.same_dtype(where, "features", f, "the graph", graph.dtype)
    return f.astype(np.float64)


def _check_layer(where: str, l_in: int, l_out: int, kernel: Any, rules: Mapping[str, Any]) -> None:
    for name, value in (("l_in", l_in), ("l_out", l_out)):
        whole_number(f"{where}: {name}", value)
    checks.function(where, "kernel", kernel)
    for name, rule in rules.items():
        checks.instance(where, name, rule, RotationQuadrature)
