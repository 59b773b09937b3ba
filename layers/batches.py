"""One system, a batch of systems of one size, or a list of systems of any: the nodes of all in one axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import checks

Array = NDArray[Any]


def as_one(positions: Any, features: Any, weights: Any) -> tuple[Any, tuple[int, ...], Any]:
    """The nodes of a batch in one axis; how they were arranged, or where the parts of a sequence begin.

    TypeError and ValueError unless features, and weights, are arranged as the positions are, and of one dtype.
    """
    where = "Convolution"
    if isinstance(positions, (list, tuple)) and not positions:
        raise ValueError(f"{where}: there must be a system")
    x, sizes = checks.nodes(where, positions)
    if checks.is_list(positions, 2):
        whole, lead, cuts = _joined(features, sizes), (), np.cumsum(sizes)[:-1]
        weights = weights if weights is None else checks.per_node(where, "weights", weights, sizes)
    else:
        lead, cuts = tuple(np.shape(positions)[:-1]), None
        symbols = ", ".join(map(str, lead))
        asked = f"({symbols}, 3, C), as positions have"
        whole = checks.float_array(where, "features", features, asked, (*lead, 3, None))
        whole = whole.reshape(len(x), 3, whole.shape[-1])
        if weights is not None:
            weights = checks.finite_array(where, "weights", weights, f"({symbols}), as positions have", lead)
    for name, array in (("features", whole), ("weights", weights)):
        if array is not None:
            checks.same_dtype(where, name, array, "positions", x.dtype)
    return whole, lead, cuts


def _joined(features: Any, sizes: NDArray[np.int64]) -> Array:
    """The features of a list of systems of these sizes, one system after the other."""
    where = "Convolution"
    if len(features) != len(sizes) or any(len(f) != n for f, n in zip(features, sizes, strict=True)):
        got = checks.listed([len(f) for f in features])
        raise ValueError(f"{where}: features are of {got} nodes, positions of {checks.listed(sizes)}")
    each = checks.parts(where, "features", features, "(N_k, 3, C)", (None, 3, None))
    for k, part in enumerate(each):
        if part.shape[2] != each[0].shape[2]:
            counts = part.shape[2], each[0].shape[2]
            raise ValueError(f"{where}: features[{k}] has {counts[0]} channels but features[0] has {counts[1]}")
    return np.concatenate(each)
