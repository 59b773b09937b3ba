"""Objects that nobody changes: their arrays cannot be written to, and stay so in pickles and deep copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .checks import refuse_mask

Array = NDArray[Any]


class Frozen:
    """Base of classes whose arrays, alone or in tuples, are read-only: NumPy brings them back writeable from copies."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            for array in _arrays(value):
                array.flags.writeable = False
            object.__setattr__(self, name, value)  # most of these classes are frozen dataclasses


def _arrays(value: Any) -> Iterator[Array]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _arrays(part)


def frozen_copy(name: str, values: Any, dtype: DTypeLike | None = None) -> Array:
    """A read-only copy in C order, in this dtype or its own; TypeError, which names it, for a masked array."""
    refuse_mask(name, values)
    array = np.array(values, dtype, order="C")
    array.flags.writeable = False
    return array
