"""A radial function from anywhere (NumPy, PyTorch, JAX, plain Python) as float64 arrays, and how noisy it is."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bsplines import LAST
from .checks import refuse_mask
from .radial_basis import check_cutoff

Array = NDArray[Any]

GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples modulo 1 are even, and aligned with nothing
_BLOCK_VALUES = 1 << 18  # so many values are worked on at once: 2 MB stay in the cache


def to_numpy(values: Any, name: str = "the result") -> Array:
    """An array of NumPy, PyTorch (any device, with or without gradient) or JAX, or nested lists, as a real array.

    TypeError if it is masked, or holds no real numbers.
    """
    refuse_mask(name, values)
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

    Called as `Caller` finds out.  Missing trailing axes of the result count as 1; with `n_paths`, the result is read by
    `by_path`, and what it leaves out of P is the same for all paths.  Distances should come from `snap`: a function
    that computes in float32 then sees them unrounded.

    Raises TypeError if no way of calling works, ValueError if values are not finite or of no sensible shape.
    """

    def __init__(self, function: Callable[..., Any], cutoff: float, n_paths: int | None = None) -> None:
        check_cutoff(cutoff)
        if not callable(function):
            raise TypeError(f"expected a function of the distance, got a {type(function).__name__}")
        self.cutoff = float(cutoff)
        self._n_paths = n_paths
        self._caller = Caller(function, "the function")
        probe = self.cutoff * np.array([0.25, 0.5, 0.75])  # dyadic fractions: as exact in float32 as the cutoff
        self.shape = self._shaped(self._caller(probe)).shape[1:]
        self.last = float(self._lattice(cutoff * LAST))

    def _shaped(self, values: Array) -> Array:
        if self._n_paths is None:
            return values.reshape(*values.shape, *(1,) * (3 - values.ndim)).astype(np.float64)
        full = by_path("the function", values, self._n_paths)
        return np.broadcast_to(full, (len(full), self._n_paths, full.shape[2])).astype(np.float64)

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
            values[block] = self._shaped(self._caller(r[block]))
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


def by_path(name: str, values: Array, n_paths: int, n_channels: int | None = None) -> Array:
    """What a radial callable returned for n distances as (n, P, C), where an axis of length 1 stands for all.

    (n,), (n, 1) and (n, 1, 1) are one function for every path and channel, (n, 1, C) serves every path, (n, P) and
    (n, P, 1) serve every channel, (n, P, C) is complete, and (n, P * C) with C > 1 is that, path by path.
    Any C > 0 is taken unless `n_channels` tells it.  ValueError, which names it, for other shapes.
    """
    n, (*rest,) = len(values), values.shape[1:]
    if not rest or rest == [1]:
        rest = [1, 1]
    elif len(rest) == 1:
        rest = [n_paths, rest[0] // n_paths]
    whole = len(rest) == 2 and values.size == n * math.prod(rest) > 0
    if not whole or rest[0] not in (1, n_paths) or (n_channels is not None and rest[1] not in (1, n_channels)):
        wanted = f"({n}, {n_paths}, {'C' if n_channels is None else n_channels})"
        raise ValueError(f"{name} must return (n, P, C) = {wanted}, or leave out P or C, got {values.shape}")
    return values.reshape(n, *rest)


class Caller:
    """A function of the distance, from anywhere, called with arrays: (n,) -> (n, ...), up to three axes, n >= 1.

    Tried in turn, with two and three of the first distances: an array of NumPy; a tensor of PyTorch, where that is
    imported, in float64 and float32; single numbers.  The first that gives something for each distance is remembered.

    name: of the function, for messages; form: of what it should return.
    Raises TypeError, which tells what became of every attempt, if none succeeds; ValueError if the value at one
    distance depends on the others; else what the function raises.
    """

    def __init__(self, function: Callable[..., Any], name: str, form: str = "P, C") -> None:
        self._function, self._name, self._form = function, name, form
        self._way: str | None = None  # its name: closures cannot be pickled
        # Our own are plain NumPy, which compiles nothing.
        self._pads = not str(type(function).__module__).startswith(__package__)

    def __call__(self, r: Array) -> Array:
        """(n,) -> (n, ...), in the function's dtype."""
        given = padded(r) if self._pads else r
        way = self._way or self._found(given)
        try:
            values = self._called(way, given)
        except Exception as error:
            way = self._other(given, way, error)
            values = self._called(way, given)
        self._way = way
        return values[: len(r)]

    def _other(self, r: Array, way: str, error: Exception) -> str:
        """The way to call a network that was moved, or converted to another dtype; else its own error is raised."""
        try:
            found = self._found(r)
        except Exception:
            raise error from None
        if found == way:
            raise error
        return found

    def _called(self, way: str, r: Array) -> Array:
        values = to_numpy(dict(ways_to_call(self._function))[way](r))
        if values.ndim not in (1, 2, 3) or len(values) != len(r) or not values.size:
            n = len(r)
            raise ValueError(f"{n} distances gave an array of shape {values.shape}, expected ({n}, {self._form})")
        return values

    def _found(self, r: Array) -> str:
        """The first way of calling that gives one result for each distance, whatever the number of distances."""
        probe = np.resize(r, 3)
        refused: list[tuple[str, Exception]] = []
        for way, _ in ways_to_call(self._function):
            try:
                three, two = (self._called(way, some).astype(np.float64) for some in (probe, probe[:2]))
                if three.shape[1:] != two.shape[1:]:
                    raise ValueError(f"3 distances gave an array of shape {three.shape}, 2 gave {two.shape}")
            except Exception as error:  # whatever a function of the user's raises
                refused.append((way, error))
                continue
            if _differ(three[:2], two):
                raise ValueError(f"{self._name}: the value at one distance depends on the others in the array")
            return way
        lines = [f"  {way}: {type(e).__name__}: {(str(e).splitlines() or [''])[0]}" for way, e in refused]
        causes = ExceptionGroup(f"the ways to call {self._name}", [error for _, error in refused])
        raise TypeError(f"{self._name} could not be evaluated; it was given\n" + "\n".join(lines)) from causes


def _differ(a: Array, b: Array) -> bool:
    """Whether values differ by more than half precision rounds them; what is not finite is reported elsewhere."""
    finite = np.isfinite(a) & np.isfinite(b)
    apart = np.abs(np.subtract(a, b, where=finite, out=np.zeros_like(b)))
    return bool((apart > 1e-2 * np.max(np.abs(b), where=finite, initial=0)).any())


def padded(r: Array) -> Array:
    """The distances, the last repeated to a power of two: what runs under jax.jit is compiled for each length."""
    return np.pad(r, (0, (1 << (len(r) - 1).bit_length()) - len(r)), mode="edge")


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
