"""A radial function from anywhere (NumPy, PyTorch, JAX, plain Python) as float64 arrays, and how noisy it is."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bsplines import LAST
from .radial_basis import check_cutoff

Array = NDArray[Any]

GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples modulo 1 are even, and aligned with nothing
_BLOCK_VALUES = 1 << 18  # so many values are worked on at once: 2 MB stay in the cache


def to_numpy(values: Any) -> Array:
    """An array of NumPy, PyTorch (any device, with or without gradient) or JAX, or nested lists, as a real array."""
    if hasattr(values, "detach"):  # a tensor; NumPy knows no bfloat16
        values = values.detach().cpu()
        values = values.float() if str(values.dtype) == "torch.bfloat16" else values
    array = np.asarray(values)
    if array.dtype.kind == "V" or str(array.dtype) == "bfloat16":
        array = array.astype(np.float32)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"expected real numbers, got dtype {array.dtype}")
    return array


class RadialFunction:
    """The user's callable as (n,) -> (n, P, C), both float64.

    Tried in turn: an array of NumPy; a tensor of PyTorch, where that is imported, in float64 and float32; single
    numbers.  Missing trailing axes of the result count as 1; with `n_paths`, a result (n, P * C) is read as (n, P, C).
    Distances should come from `snap`: a function that computes in float32 then sees them unrounded.

    Raises TypeError if no way of calling works, ValueError if values are not finite or of no sensible shape.
    """

    def __init__(self, function: Callable[..., Any], cutoff: float, n_paths: int | None = None) -> None:
        check_cutoff(cutoff)
        if not callable(function):
            raise TypeError(f"expected a function of the distance, got a {type(function).__name__}")
        self.cutoff = float(cutoff)
        self._n_paths = n_paths
        self._call, self.shape = self._adapted(function)
        self.last = float(self._lattice(cutoff * LAST))

    def _adapted(self, function: Callable[..., Any]) -> tuple[Callable[[Array], Any], tuple[int, int]]:
        """The first way of calling that gives one result for each distance, whatever the number of distances."""
        probe = self.cutoff * np.array([0.25, 0.5, 0.75])  # dyadic fractions: as exact in float32 as the cutoff
        refused = []
        for name, call in ways_to_call(function):
            try:
                three, two = (self._shaped(call(r), len(r)) for r in (probe, probe[:2]))
            except Exception as error:
                refused.append(f"  {name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
                continue
            finite = np.isfinite(two) & np.isfinite(three[:2])  # what is not is reported elsewhere
            apart = np.abs(three[:2] - two, where=finite, out=np.zeros_like(two))
            if (apart > 1e-3 * np.max(np.abs(two), where=finite, initial=0)).any():
                raise ValueError("the function's value at one distance depends on the others in the array")
            return call, three.shape[1:]
        raise TypeError("could not evaluate the function; it was given\n" + "\n".join(refused))

    def _shaped(self, values: Any, n: int) -> Array:
        array = to_numpy(values).astype(np.float64)
        if array.ndim not in (1, 2, 3) or len(array) != n or not array.size:
            raise ValueError(f"{n} distances gave an array of shape {array.shape}, expected ({n}, P, C)")
        if self._n_paths is None:
            return array.reshape(*array.shape, *(1,) * (3 - array.ndim))
        rest = array[0].size
        if rest % self._n_paths or (array.ndim == 3 and array.shape[1] != self._n_paths):
            raise ValueError(f"shape {array.shape} does not split into {self._n_paths} paths")
        return array.reshape(n, self._n_paths, rest // self._n_paths)

    def snap(self, r: Array) -> Array:
        """The nearest distances up to `last`, just below the cutoff, that float32 holds exactly."""
        return np.minimum(self._lattice(r), self.last)

    @staticmethod
    def _lattice(r: Any) -> Any:
        return np.asarray(r, np.float32).astype(np.float64)

    def __call__(self, r: Array) -> Array:
        """(n,) -> (n, P, C)."""
        values = np.empty((len(r), *self.shape))
        for block in blocks(len(r), math.prod(self.shape)):
            some = r[block]
            # Few different lengths: what runs under jax.jit is compiled for each.
            padding = (1 << (len(some) - 1).bit_length()) - len(some)
            padded = np.pad(some, (0, padding), mode="edge")
            values[block] = self._shaped(self._call(padded), len(padded))[: len(some)]
        if not np.isfinite(values).all():
            i, p, c = np.argwhere(~np.isfinite(values))[0]
            raise ValueError(f"the function is {values[i, p, c]} at r = {r[i]:.9g} (path {p}, channel {c})")
        return values

    def noise(self) -> Array:
        """Size (P,) of what rounding, or anything else that is not smooth, adds to the values of each path.

        Sixth differences over a millionth of the cutoff (Moré and Wild, *Estimating computational noise*, SIAM J. Sci.
        Comput. 33 (2011)): a smooth function has none, and independent errors ε give √binom(12, 6) ε.  The second
        largest of 24 places: one of them may hold a step.
        """
        unit = 2.0 ** (math.floor(math.log2(self.cutoff)) - 23)  # in float32, distances are exact multiples of it
        starts = np.floor(self.cutoff / unit * 0.99 * np.modf(np.arange(1, 25) * GOLDEN)[0])
        values = self(((starts[:, None] + 11 * np.arange(12)) * unit).ravel()).reshape(24, 12, *self.shape)
        size = np.sqrt(np.mean(np.diff(values, 6, axis=1) ** 2, axis=1) / math.comb(12, 6))
        return np.sort(np.max(size, axis=2), axis=0)[-2]


def blocks(n: int, values_each: int) -> Iterator[slice]:
    """Slices that cover range(n), each for a moderate number of values."""
    step = max(1, _BLOCK_VALUES // values_each)
    return (slice(first, first + step) for first in range(0, n, step))


def called(function: Callable[..., Any], r: Array) -> Array:
    """function(r) as a NumPy array, called with an array, or else as PyTorch wants it, or else number by number.

    Raises what the function raises for an array, if it takes none of them.
    """
    first: Exception | None = None
    for _, way in ways_to_call(function):
        try:
            return to_numpy(way(r))
        except Exception as error:  # whatever a function of the user's raises
            first = first or error
    assert first is not None
    raise first


def ways_to_call(function: Callable[..., Any]) -> Iterator[tuple[str, Callable[[Array], Any]]]:
    """Ways of calling a function with an array, most natural first."""
    yield "a NumPy array", function
    torch = sys.modules.get("torch")
    if torch is not None:
        parameters = function.parameters() if isinstance(function, torch.nn.Module) else ()
        device = next((p.device for p in parameters), None)

        def with_tensor(dtype: Any) -> Callable[[Array], Any]:
            def call(r: Array) -> Any:
                with torch.no_grad():
                    return function(torch.as_tensor(r, dtype=dtype, device=device))

            return call

        for name in ("float64", "float32"):
            yield f"a PyTorch {name} tensor", with_tensor(getattr(torch, name))

    def one_by_one(r: Array) -> Array:
        distinct, place = np.unique(r, return_inverse=True)
        return np.stack([to_numpy(function(x)) for x in distinct.tolist()])[place]

    yield "single numbers", one_by_one
