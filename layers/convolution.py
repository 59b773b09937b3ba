"""The equivariant convolution as a layer: it finds the neighbours, chooses the kernel and runs it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pocket_tfn import cpu

from . import checks
from .batches import as_one
from .graphs import Graph, Positions, complete_graph, radius_graph
from .paths import PARITIES, named, paths, suffix
from .radial_basis import check_cutoff
from .radial_function import Caller, by_path
from .radial_mixing import MixingRadial
from .radial_table import RadialTable

if TYPE_CHECKING:
    from pocket_tfn.cpu_derivatives import ForwardLaplacian

Array = NDArray[Any]

_FEW = 256  # up to so many particles, trying all pairs is faster than finding those within the cutoff


class GraphCotangents(NamedTuple):
    """What a change of each input changes."""

    positions: Array  # (N, 3)
    features: Array  # (N, 3, C)


@dataclass(frozen=True, eq=False, repr=False)
class Convolution:
    """out_i = Σ_j w_j Σ_p radial_p(|r_ij|) K^p(r̂_ij) f_j, a vector field to degree l_out.

    Source: slides, pages "Il nostro kernel equivariante" and "Dal continuo al discreto": for l_out = 1,
    K(r) = a(r) I + b(r) [r̂]× + c(r) Q(r̂).

        layer = Convolution(1, RadialTable.fit(mlp, cutoff=5.0))
        out = layer(positions, features)            (N, 3), (N, 3, C) -> (N, 2 l_out + 1, C)

    Parameters
    ----------
    l_out : 0, 1 or 2
        Degree of the output.
    radial : RadialTable, MixingRadial or callable
        A table is read inside the kernel.  A callable, distances (n,) -> (n, P, C), such as a RadialMLP, a PyTorch or
        JAX function or a formula, is evaluated for every edge at every call: see `tabulated`.  What it leaves out is
        the same for all paths or channels: (n,), (n, 1, C), (n, P) and (n, P, 1) serve too, as does (n, P * C), path by
        path; likewise a table of one channel.  The value at a distance must not depend on the others: their number is
        rounded up to a power of two, so that what runs under jax.jit is seldom compiled.  A MixingRadial mixes
        channels, C_in to C_out.
    cutoff : float, optional
        Neighbours are nearer than this; by default what `radial` tells.  Without either all pairs are summed.  A table
        ends at its own.
    parity : "", "polar" or "axial"
        Which paths there are: all; those that take true vectors to true tensors; those that take them to
        pseudotensors.  `radial` has as many paths.
    loops : bool
        Whether a node neighbours itself; at r = 0 only the path with l_f = 0 contributes (theorem T10).
    normalize : bool
        Whether kernels are of the direction r̂.  If not they are solid harmonics, polynomials of r, and `radial` tells
        the g of φ = r^l_f g(r): where g is a smooth function of r², so is the layer of the positions, at r = 0 too
        (theorem T12).

    Raises
    ------
    TypeError
        If l_out is no integer, radial cannot be called, cutoff is no number, or loops or normalize no bool.
    ValueError
        If there is no such kernel, the number of paths is not that of `radial`, or the cutoff makes no sense.
    """

    l_out: int
    radial: Callable[..., Any]
    cutoff: float | None = None
    parity: str = ""
    loops: bool = False
    normalize: bool = True
    _made: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)  # what is made once, when first needed
    _caller: Caller = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.l_out, bool) or not hasattr(self.l_out, "__index__"):
            raise TypeError(f"Convolution: l_out must be an integer, got {self.l_out!r}")
        if operator.index(self.l_out) not in (0, 1, 2):
            raise ValueError(f"Convolution: l_out must be 0, 1 or 2, got {self.l_out!r}")
        checks.flag("Convolution", "loops", self.loops)
        checks.flag("Convolution", "normalize", self.normalize)
        if self.parity not in tuple(PARITIES) or not self.paths:  # what cannot be hashed is no parity either
            raise ValueError(f"Convolution: there is no kernel 1→{self.l_out} with parity {self.parity!r}")
        if not callable(self.radial):
            raise TypeError(f"Convolution: radial must be callable, got {type(self.radial).__name__}")
        object.__setattr__(self, "_caller", Caller(self.radial, "Convolution: radial"))
        self._check_paths()
        self._check_cutoff()

    def _check_paths(self) -> None:
        own = getattr(self.radial, "n_paths", None)
        if own is not None and own != len(self.paths):
            names = ", ".join(map(named, self.paths))
            raise ValueError(f"Convolution: radial has {own} paths, 1→{self.l_out} {self.parity} has {names}")

    def _check_cutoff(self) -> None:
        own = getattr(self.radial, "cutoff", None)
        if self.cutoff is None:
            object.__setattr__(self, "cutoff", own)
        if self.cutoff is not None:
            check_cutoff(self.cutoff)
        if isinstance(self.radial, RadialTable) and self.cutoff != own:
            raise ValueError(
                f"Convolution: the table ends at {own:g}; leave out cutoff = {self.cutoff!r}, or fit another"
            )

    # --- what it is ------------------------------------------------------------------------------------

    @property
    def paths(self) -> list[dict[str, Any]]:
        """The catalogue's records of its paths, in the order of the radial functions."""
        return paths(self.l_out, self.parity)

    @property
    def n_parameters(self) -> int | None:
        """How many numbers `radial` holds, where it tells."""
        if isinstance(self.radial, RadialTable):
            return int(self.radial.coefficients.size)
        return getattr(self.radial, "n_parameters", None)

    def __repr__(self) -> str:
        count = self.n_parameters
        words = [f"1→{self.l_out}", f"paths {', '.join(map(named, self.paths))}", repr(self.radial)]
        words += [f"cutoff {self.cutoff:g}" if self.cutoff is not None else "all pairs"]
        words += [f"{count} parameters"] if count is not None else []
        words += ["loops"] if self.loops else []
        words += [] if self.normalize else ["solid harmonics"]
        return f"Convolution({'; '.join(words)})"

    def tabulated(self, tolerance: float = 1e-6, **options: Any) -> Convolution:
        """The same layer with its radial function compiled to a table: see RadialTable.fit, which gets the options.

        Raises ValueError without a cutoff, or if `radial` mixes channels or is a table; the rest as RadialTable.fit.
        """
        if isinstance(self.radial, RadialTable):
            raise ValueError(
                "Convolution.tabulated: radial is a table already, and errors would be those against that table; "
                "tabulate the layer that it was made of"
            )
        if isinstance(self.radial, MixingRadial):
            raise ValueError("Convolution.tabulated: a radial function that mixes channels has no table")
        if self.cutoff is None:
            raise ValueError("Convolution.tabulated: a table ends somewhere; give the layer a cutoff")
        options = {"n_paths": len(self.paths), **options}
        return replace(self, radial=RadialTable.fit(self.radial, self.cutoff, tolerance, **options))

    # --- what it does ----------------------------------------------------------------------------------

    def __call__(
        self,
        positions: Positions,
        features: Any,
        cell: ArrayLike | None = None,
        pbc: ArrayLike | None = None,
        weights: Any = None,
    ) -> Any:
        """Find the neighbours and convolve.

        Parameters
        ----------
        positions : (N, 3), or (B, A, 3), or a sequence of (N_k, 3)
            One system, or a batch.  float32 or float64.
        features : (N, 3, C), or (B, A, 3, C), or a sequence of (N_k, 3, C)
            Vectors at the nodes, components before channels, of the dtype of positions.
        cell, pbc :
            Periodic boundaries, see radius_graph.
        weights : (N,), or (B, A), or a sequence of (N_k,), optional
            Quadrature weights w_j of the nodes.

        Returns
        -------
        (N, 2 l_out + 1, C), or (B, A, 2 l_out + 1, C), or a list of (N_k, 2 l_out + 1, C)

        Raises TypeError and ValueError for dtypes and shapes that do not fit, and for masked arrays.
        """
        whole, shape, cuts = as_one(positions, features, weights)
        if cell is None and pbc is None and isinstance(self.radial, RadialTable) and cuts is None and shape[-1] <= _FEW:
            return self._all_pairs(np.asarray(positions), np.asarray(features), weights)
        out = self.on_graph(self.graph(positions, cell, pbc, weights), whole)
        if cuts is not None:
            return np.split(out, cuts)
        return out.reshape(*shape, *out.shape[1:])

    def graph(
        self, positions: Positions, cell: ArrayLike | None = None, pbc: ArrayLike | None = None, weights: Any = None
    ) -> Graph:
        """The neighbours of these positions; keep the graph where several layers share it.

        Arguments as of a call, errors as of radius_graph; ValueError for a periodic axis if the layer has no cutoff.
        """
        if self.cutoff is not None:
            return radius_graph(positions, self.cutoff, cell, pbc, self.loops, weights)
        if checks.periodic_axes("Convolution", pbc, default=cell is not None).any():
            raise ValueError("Convolution: a periodic system has no end of pairs; give the layer a cutoff")
        return complete_graph(positions, self.loops, weights)

    def on_graph(self, graph: Graph, features: ArrayLike, out: Array | None = None) -> Array:
        """The convolution on a graph that is there: features (N, 3, C) of its dtype -> (N, 2 l_out + 1, C).

        `out`, an array of that shape, is filled and returned.  TypeError and ValueError for other dtypes and shapes.
        """
        features = self._features(graph, features)
        topology = (graph.indptr, graph.indices, graph.vectors)
        if isinstance(self.radial, RadialTable):
            table = self._table(graph.dtype, features.shape[-1])
            coefficients = (table.coefficients, table.cutoff)
            return self._kernel("convolve_tabulated")(
                *topology, *coefficients, features, graph.weights, degree=table.degree, out=out
            )
        if isinstance(self.radial, MixingRadial):
            basis = self.radial.values(graph.lengths).astype(graph.dtype, copy=False)
            mixing = self.radial.weights.astype(graph.dtype, copy=False)
            return self._kernel("convolve_mixing")(*topology, basis, mixing, features, graph.weights, out=out)
        radial = self._radial_values(graph.lengths, features.shape[-1])
        return self._kernel("convolve")(*topology, radial, features, graph.weights, out=out)

    # --- its derivatives -------------------------------------------------------------------------------

    def vjp(self, graph: Graph, features: ArrayLike, cotangents: ArrayLike) -> GraphCotangents:
        """Of a layer with a table: the derivatives of Σ cotangents · on_graph(graph, features).

        Parameters
        ----------
        graph : Graph
            As the layer makes it; its transposed graph is made once and kept with it.
        features : (N, 3, C)
        cotangents : (N, 2 l_out + 1, C)
            With the derivatives of an energy, the forces are the opposite of `positions`.

        Returns
        -------
        GraphCotangents
            positions (N, 3) and features (N, 3, C).

        Raises
        ------
        TypeError, ValueError
            As on_graph; and ValueError unless `radial` is a table, which alone tells its slopes.
        """
        from pocket_tfn import cpu_derivatives  # only now: it takes a quarter of a second

        features = self._features(graph, features)
        table = self._differentiable("vjp", graph.dtype, features.shape[-1])
        by_sender = cpu_derivatives.Transposed(*graph.transpose)
        found = self._derivative("vjp_convolve_tabulated")(
            *(graph.indptr, graph.indices, graph.vectors, table.coefficients, table.cutoff, features, cotangents),
            graph.weights,
            degree=table.degree,
            transposed=by_sender,
            of=("vectors", "features"),
        )
        assert found.vectors is not None and found.features is not None
        positions = cpu_derivatives.position_cotangents(graph.indptr, graph.indices, found.vectors, by_sender)
        return GraphCotangents(positions, found.features)

    def laplacian(
        self,
        positions: ArrayLike,
        features: ArrayLike,
        features_jacobian: ArrayLike | None = None,
        features_laplacian: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> ForwardLaplacian:
        """Of a layer with a table, on walkers: value, gradient and Laplacian with respect to all positions of each.

        Where particles come near each other take normalize=False, and float64: the kernels are then polynomials of r.
        Of the form with r̂, a table has φ = O(r^l_f) to its tolerance alone, and what is left is divided by r².

        Parameters
        ----------
        positions : (B, A, 3), of the table's unit of length
        features : (B, A, 3, C)
        features_jacobian : (B, 3 A, A, 3, C), optional
            Their derivatives with respect to the coordinates 3 i + a; zero if left out.
        features_laplacian : (B, A, 3, C), optional
            The sum of their second derivatives; zero if left out.
        weights : (B, A), optional
            Quadrature weights of the nodes, constants.

        Returns
        -------
        ForwardLaplacian
            value (B, A, 2 l_out + 1, C), jacobian (B, 3 A, A, 2 l_out + 1, C), laplacian as value: what the next layer
            takes.

        Raises TypeError and ValueError for dtypes and shapes that do not fit, and unless `radial` is a table.
        """
        where = "Convolution.laplacian"
        positions = checks.float_array(where, "positions", positions, "(B, A, 3)", (None, None, 3))
        asked = (*positions.shape[:2], 3, None)
        features = checks.float_array(where, "features", features, f"({asked[0]}, {asked[1]}, 3, C)", asked)
        checks.same_dtype(where, "features", features, "positions", positions.dtype)
        table = self._differentiable("laplacian", features.dtype, features.shape[-1])
        return self._derivative("laplacian_walkers")(
            *(positions, table.coefficients, table.cutoff, features, weights, features_jacobian, features_laplacian),
            degree=table.degree,
            loops=self.loops,
        )

    def _differentiable(self, what: str, dtype: np.dtype[Any], channels: int) -> RadialTable:
        if isinstance(self.radial, MixingRadial):
            raise ValueError(f"Convolution.{what}: radial mixes channels; see cpu_derivatives.vjp_convolve_mixing_*")
        if not isinstance(self.radial, RadialTable):
            raise ValueError(f"Convolution.{what}: radial tells no slopes; use the layer that tabulated() returns")
        return self._table(dtype, channels)

    def _features(self, graph: Graph, features: ArrayLike) -> Array:
        """Features of the graph's nodes, in its dtype."""
        n = graph.n_nodes
        asked = f"({n}, 3, C), as the graph has {n} nodes"
        found = checks.float_array("Convolution", "features", features, asked, (n, 3, None))
        checks.same_dtype("Convolution", "features", found, "the graph", graph.dtype)
        return found

    # --- what it is made of ----------------------------------------------------------------------------

    def _radial_values(self, lengths: Array, channels: int) -> Array:
        """The radial functions at every edge, (E, P, C) in the dtype of the lengths."""
        shape = (len(lengths), len(self.paths), channels)
        if not len(lengths):  # not every function takes no distances
            return np.zeros(shape, lengths.dtype)
        values = by_path("Convolution: radial", self._caller(lengths), *shape[1:])
        return np.broadcast_to(values.astype(lengths.dtype, copy=False), shape)

    def _all_pairs(self, positions: Array, features: Array, weights: Any) -> Array:
        """Few particles, or walkers: no graph is made."""
        one = positions.ndim == 2
        batch = [x if x is None else np.asarray(x)[None] if one else x for x in (positions, features, weights)]
        table = self._table(positions.dtype, features.shape[-1])
        coefficients = (table.coefficients, table.cutoff)
        out = self._kernel("convolve_walkers")(
            batch[0], *coefficients, batch[1], batch[2], degree=table.degree, loops=self.loops
        )
        return out[0] if one else out

    def _table(self, dtype: np.dtype[Any], channels: int) -> RadialTable:
        """The table in this dtype, and with so many channels; ValueError unless it has as many, or one for all."""
        table = self.radial
        assert isinstance(table, RadialTable)
        if table.n_channels not in (1, channels):
            raise ValueError(f"Convolution: radial has {table.n_channels} channels, features have {channels}")
        if (table.dtype, table.n_channels) == (dtype, channels):
            return table
        key = (dtype, channels)
        if key not in self._made:
            table = table.astype(dtype)
            every = np.repeat(table.coefficients, channels // table.n_channels, axis=2)
            self._made[key] = replace(table, coefficients=every)
        return self._made[key]

    def _kernel(self, kind: str) -> Callable[..., Array]:
        return partial(getattr(cpu, f"{kind}_{suffix(self.l_out, self.parity)}"), normalize=self.normalize)

    def _derivative(self, kind: str) -> Callable[..., Any]:
        from pocket_tfn import cpu_derivatives

        function = getattr(cpu_derivatives, f"{kind}_{suffix(self.l_out, self.parity)}")
        return partial(function, normalize=self.normalize)
