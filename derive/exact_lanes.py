"""The compiler's vectors of channels, as the emitted code names them, on exact numbers: slices of arrays."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import numpy as np


def _several(array: np.ndarray, place: tuple[int, ...], lanes: Sized) -> tuple[Any, ...]:
    """An index of elements that exist, next to each other: nothing is wrapped around or cut to fit, as slices are."""
    last = (*place[:-1], place[-1] + len(lanes) - 1)
    if min(place) < 0 or any(i >= n for i, n in zip(last, array.shape, strict=True)):
        raise IndexError(f"{len(lanes)} elements from {place} on do not lie within {array.shape}")
    if len(lanes) > 1 and array.strides[-1] != array.itemsize:
        raise IndexError(f"{len(lanes)} elements from {place} on do not lie next to each other")
    return (*place[:-1], slice(place[-1], place[-1] + len(lanes)))


def _load(array: np.ndarray, place: tuple[int, ...], lanes: tuple[int, ...]) -> np.ndarray:
    return array[_several(array, place, lanes)].copy()


def _store(array: np.ndarray, place: tuple[int, ...], lanes: np.ndarray) -> None:
    array[_several(array, place, lanes)] = lanes


def _take(array: np.ndarray, column: int, like: tuple[int, ...]) -> tuple[Any, ...]:
    if column < 0:
        raise IndexError(f"there is no column {column}")
    return tuple(array[row, column] for row in range(len(like)))


#: What the compiler's vectors are on exact numbers: slices.  A prefetch computes nothing.
LANES: dict[str, Any] = {
    "_load": _load,
    "_load_once": _load,
    "_store": _store,
    "_take": _take,
    "_prefetch": lambda array, row, first: None,
    "_line": lambda array: 1,
    "_prefetch_to_write": lambda array, row, first: None,
    "_reload": lambda: None,
    "_store_nontemporal": _store,
    "_one": lambda array: 1,
    "_splat": lambda value, lanes: np.array([value] * len(lanes), dtype=object),
    "_sum_lanes": lambda lanes: sum(lanes[1:], lanes[0]),
    "_select_from": lambda before, after, first: np.concatenate([before[:first], after[first:]]),
}
