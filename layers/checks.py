"""What callers hand over, as NumPy arrays: TypeError for other dtypes, ValueError for senseless shapes and values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
INTEGERS = (np.dtype(np.int32), np.dtype(np.int64))
_PARALLEL = 1e-6  # lattice vectors of unit length whose smallest singular value is less count as linearly dependent


class Nodes(NamedTuple):
    """The positions of one or several graphs, one graph after the other."""

    positions: Array  # (N, 3), float32 or float64
    sizes: NDArray[np.int64]  # (G,), the nodes of each graph

    @property
    def graph(self) -> NDArray[np.int64]:
        """The graph of each node, (N,)."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)


def refuse_mask(name: str, values: Any) -> None:
    """TypeError, which names it, for a masked array, or a sequence that holds one."""
    if _masked(values):
        raise TypeError(f"{name} is a masked array, whose mask would be ignored; fill it")


def _masked(values: Any) -> bool:
    if isinstance(values, (list, tuple)):
        return any(map(_masked, values))
    return isinstance(values, np.ma.MaskedArray)


def flag(where: str, name: str, value: Any) -> bool:
    """True or False; TypeError for anything else, such as 1 or "no"."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{where}: {name} must be True or False, got {value!r}")
    return bool(value)


def real_number(name: str, value: Any) -> float:
    """A number of Python or NumPy; TypeError, which names it, for a bool, a string, or an array."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a real number, got {value!r} ({type(value).__name__})")
    return float(value)


def whole_number(name: str, value: Any) -> int:
    """A degree; TypeError, which names it, unless an integer, ValueError if negative."""
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if operator.index(value) < 0:
        raise ValueError(f"{name} must not be negative, got {value!r}")
    return operator.index(value)


def instance(where: str, name: str, value: Any, kind: type) -> None:
    """TypeError, which names it, unless the value is of this class."""
    if not isinstance(value, kind):
        raise TypeError(f"{where}: {name} must be a {kind.__name__}, got {type(value).__name__}")


def function(where: str, name: str, value: Any) -> None:
    """TypeError, which names it, unless the value can be called."""
    if not callable(value):
        raise TypeError(f"{where}: {name} must be callable, got {type(value).__name__}")


def host_array(where: str, name: str, values: Any) -> Array:
    """An array in main memory, not copied if it is one; ValueError if it lives on a GPU, TypeError if it is masked."""
    refuse_mask(f"{where}: {name}", values)
    if not isinstance(values, np.ndarray) and hasattr(values, "__cuda_array_interface__"):
        raise ValueError(f"{where}: {name} lives on a GPU; copy it to the host first")
    return np.asarray(values)


def float_array(where: str, name: str, values: Any, symbols: str, *shapes: tuple[int | None, ...]) -> Array:
    """A float32 or float64 array of one of these shapes, where None is any length; `symbols` is for messages."""
    array = host_array(where, name, values)
    if array.dtype not in FLOATS:
        raise TypeError(f"{where}: {name} is {array.dtype}; float32 and float64 are supported")
    if not any(_fits(array.shape, shape) for shape in shapes):
        raise ValueError(f"{where}: {name} must have shape {symbols}, got {array.shape}")
    return array


def finite_array(where: str, name: str, values: Any, symbols: str, *shapes: tuple[int | None, ...]) -> Array:
    """As float_array, and ValueError for NaN or infinity."""
    array = float_array(where, name, values, symbols, *shapes)
    if not np.isfinite(array).all():
        raise ValueError(f"{where}: {name} holds NaN or infinity")
    return array


def _fits(got: tuple[int, ...], shape: tuple[int | None, ...]) -> bool:
    return len(got) == len(shape) and all(n is None or n == m for n, m in zip(shape, got, strict=True))


def index_array(where: str, name: str, values: Any) -> NDArray[np.int64]:
    """A one-dimensional int64 array, from int32 or int64; an empty list is one too."""
    empty = isinstance(values, (list, tuple)) and np.size(values) == 0  # NumPy would read it as float64
    array = np.asarray(values, np.int64) if empty else host_array(where, name, values)
    if array.dtype not in INTEGERS:
        raise TypeError(f"{where}: {name} is {array.dtype}; int32 and int64 are supported")
    if array.ndim != 1:
        raise ValueError(f"{where}: {name} must have one dimension, got shape {array.shape}")
    return array.astype(np.int64, copy=False)


def same_dtype(where: str, name: str, array: Array, other: str, dtype: np.dtype[Any]) -> None:
    """TypeError unless the array has this dtype, that of the argument called `other`."""
    if array.dtype != dtype:
        raise TypeError(f"{where}: {name} is {array.dtype} but {other} is {dtype}; convert one of them")


def nodes(where: str, positions: Any) -> Nodes:
    """Positions (N, 3) of one graph; (B, A, 3), or a sequence of (N_k, 3), of several."""
    if is_list(positions, 2):
        each = parts(where, "positions", positions, "(N_k, 3)", (None, 3), finite_array)
        return Nodes(np.concatenate(each), np.array([len(part) for part in each], np.int64))
    array = finite_array(where, "positions", positions, "(N, 3) or (B, A, 3)", (None, 3), (None, None, 3))
    sizes = [len(array)] if array.ndim == 2 else [array.shape[1]] * len(array)
    return Nodes(array.reshape(sum(sizes), 3), np.array(sizes, np.int64))


def is_list(values: Any, ndim: int) -> bool:
    """Whether this is a sequence of arrays, one for each system, of at least so many dimensions."""
    return isinstance(values, (list, tuple)) and len(values) > 0 and np.ndim(values[0]) >= ndim


def parts(
    where: str,
    name: str,
    values: Iterable[Any],
    symbols: str,
    shape: tuple[int | None, ...],
    check: Callable[..., Array] = float_array,
) -> list[Array]:
    """The arrays of a list of systems, all of one dtype; errors name the one that does not fit, as in positions[1]."""
    symbols = f"{symbols}, as a list holds one for each system"
    each = [check(where, f"{name}[{k}]", value, symbols, shape) for k, value in enumerate(values)]
    for k, part in enumerate(each):
        same_dtype(where, f"{name}[{k}]", part, f"{name}[0]", each[0].dtype)
    return each


def per_node(where: str, name: str, values: Any, sizes: NDArray[np.int64]) -> Array:
    """One number for each node of systems of these sizes (G,): (N,), all of them; or (B, A), or a sequence of (N_k,).

    Returns (N,); TypeError and ValueError for other dtypes and shapes, NaN and infinity, and systems of other sizes.
    """
    if is_list(values, 1):
        each = parts(where, name, values, "(N_k,)", (None,), finite_array)
        array, got = np.concatenate(each), [len(part) for part in each]
    else:
        array = finite_array(where, name, values, "(N,) or (B, A)", (None,), (None, None))
        got = [array.shape[-1]] * (len(array) if array.ndim == 2 else 1)
    same_arrangement(where, name, got, sizes)
    return array.reshape(-1)


def same_arrangement(where: str, name: str, got: Sequence[int] | NDArray[np.int64], sizes: NDArray[np.int64]) -> None:
    """ValueError unless systems of `got` nodes are systems of `sizes` nodes, or all nodes are given as one system."""
    if list(got) not in (list(sizes), [sum(sizes)]):
        raise ValueError(
            f"{where}: {name} are of {listed(got)} nodes, which must be {sum(sizes)}, or {listed(sizes)} in each system"
        )


def listed(sizes: Sequence[int] | NDArray[np.int64]) -> str:
    """Such as [3, 2]; only the first few of many."""
    first = ", ".join(str(int(n)) for n in sizes[:6])
    return f"[{first}{', ...' if len(sizes) > 6 else ''}]"


def periodic_axes(where: str, pbc: Any, default: bool) -> NDArray[np.bool_]:
    """Along which of the three cell vectors space repeats itself, (3,)."""
    array = host_array(where, "pbc", default if pbc is None else pbc)
    if array.dtype != np.bool_:
        raise TypeError(f"{where}: pbc is {array.dtype}; it must be a bool, or three of them")
    if array.shape not in ((), (3,)):
        raise ValueError(f"{where}: pbc must be a bool, or three of them, got shape {array.shape}")
    return np.broadcast_to(array, 3)


def lattices(where: str, cell: ArrayLike | None, pbc: Any, graphs: int) -> NDArray[np.float64]:
    """The lattice vectors of each graph as rows, (1, 3, 3) if all share them, else (G, 3, 3); zero along open axes.

    Raises TypeError for other dtypes than float32 and float64, ValueError for wrong shapes, for a periodic axis without
    a cell, and for a cell whose periodic vectors are linearly dependent.
    """
    periodic = periodic_axes(where, pbc, default=cell is not None)
    if cell is None:
        if periodic.any():
            raise ValueError(f"{where}: a periodic axis needs a cell")
        return np.zeros((1, 3, 3))
    shapes = ((3, 3), (graphs, 3, 3))
    array = finite_array(where, "cell", cell, f"(3, 3) or ({graphs}, 3, 3), one for each graph", *shapes)
    vectors = array.astype(np.float64).reshape(-1, 3, 3) * periodic[:, None]
    singular = np.linalg.matrix_rank(normalised(vectors), tol=_PARALLEL) < periodic.sum()
    if singular.any():
        raise ValueError(f"{where}: cell is singular: its periodic vectors are zero or linearly dependent")
    return vectors


def normalised(lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lattice vectors (..., 3, 3) scaled to length 1; zeros stay."""
    length = np.linalg.norm(lattice, axis=-1, keepdims=True)
    return np.divide(lattice, length, out=np.zeros_like(lattice), where=length > 0)
