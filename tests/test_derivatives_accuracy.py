"""How accurate derivatives of one kernel are: 16 eps, norm-wise, against SymPy's derivatives in 50 digits.

The norm is that over the components of one cotangent or tangent.  The scale is the product of the norms of what enters,
summed over the terms of the product rule (derivative_oracles.Sizes).  Up to the constants of the forms that bounds the
sum of the absolute values of the terms, so that cancellation between them does not count as an error.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from tests import derivative_oracles, inputs
from tests.derivative_cases import CHANNELS, FULL, Case, apply_case, first_of
from tests.derivative_oracles import NAMES
from tests.tolerances import Array, relative_error, tolerance

#: Items whose lengths go from 1e-10 to 1e10; the other numbers, of several magnitudes, leave float32 room for |r|^3.
DECADES = 10
EACH = first_of((*FULL, "1_1_polar", "1_2_axial"))
pytestmark = [
    pytest.mark.parametrize("key", EACH),
    pytest.mark.parametrize("dtype", inputs.DTYPES),
    pytest.mark.parametrize("normalize", [True, False]),
]


def single(array: Array, e: int) -> Array:
    """What item e has in its only channel that is not zero."""
    return array[e] if array.ndim == 2 else array[e, :, e % CHANNELS]


def one_channel(case: Case) -> Case:
    """Item e speaks in channel e % 8 only, so that nothing is summed over channels; the others are zero."""
    count = len(case.inputs["vectors"])
    mask = np.arange(CHANNELS) == np.arange(count)[:, None, None] % CHANNELS
    only = {n: a if a.ndim == 2 else a * mask for n, a in case.inputs.items()}
    along = {n: a if a.ndim == 2 else a * mask for n, a in case.tangents.items()}
    return case.changed(**only, tangents=along, cotangents=case.cotangents * mask)


def exact_errors(case: Case) -> dict[str, float]:
    """The worst error of each quantity relative to its scale; NaN wins."""
    got = case.every()
    sizes = {name: scale for name, (_, scale) in case.expected().items()}
    assert set(got) == set(sizes)
    errors: dict[str, list[float]] = {}
    for e in range(len(case.cotangents)):
        edge, along = ({n: single(a, e) for n, a in d.items()} for d in (case.inputs, case.tangents))
        found = derivative_oracles.exact_derivatives(case.key, case.normalize, edge, along, single(case.cotangents, e))
        exact: dict[str, Any] = {"jvp": found[0]}
        for order, answers in (("vjp", found[1]), ("hvp", found[2])):
            exact |= {f"{order}.{n}": answers[n] for n in NAMES[:3]}
        for name, want in exact.items():
            scale = sizes[name][e]
            scale = scale[..., e % CHANNELS] if scale.ndim else scale
            errors.setdefault(name, []).append(_error(single(got[name], e), want, scale))
    return {name: float(np.max(each)) for name, each in errors.items()}


def _error(got: Array, want: Array, scale: Array) -> float:
    """Norm-wise, or component by component where each has a scale of its own."""
    with mpmath.workdps(derivative_oracles.DIGITS):
        difference = np.array([float(mpmath.mpf(float(g)) - w) for g, w in zip(got, want, strict=True)])
    if np.ndim(scale):
        return relative_error(difference[:, None], np.zeros((len(difference), 1)), scale, axis=-1)
    return relative_error(difference, np.zeros(len(difference)), scale)


def check(case: Case, record_property: Any) -> None:
    eps = tolerance(case.dtype).eps
    for name, error in exact_errors(one_channel(case)).items():
        record_property(f"{name} in eps", round(error / eps, 2))
        assert error < tolerance(case.dtype).derivative(), f"{name}: {error / eps:.3g} eps"


def test_fifty_digits(key: str, dtype: Any, normalize: bool, record_property: Any) -> None:
    """Normal, mixed-magnitude, axis and near-axis directions, |r| from 1e-10 to 1e10."""
    check(apply_case(key, dtype, 24, normalize=normalize, decades=DECADES, seed=7), record_property)


@pytest.mark.slow
def test_fifty_digits_of_many(key: str, dtype: Any, normalize: bool, record_property: Any) -> None:
    """The same for four hundred."""
    check(apply_case(key, dtype, 400, normalize=normalize, decades=DECADES, seed=8), record_property)


def test_axes(key: str, dtype: Any, normalize: bool) -> None:
    """On each axis, both ways, of lengths whose powers are exact and not; where forms vanish identically too."""
    axes = np.concatenate([size * sign * np.eye(3) for size in (1, 2.0**-20, 3, 1e10) for sign in (1, -1)])
    case = apply_case(key, dtype, len(axes), normalize=normalize, seed=9).changed(vectors=axes.astype(dtype))
    case.check(case.every())


def test_in_bulk(key: str, dtype: Any, normalize: bool) -> None:
    """A thousand items of eight channels each, against the same in long double."""
    case = apply_case(key, dtype, 1000, normalize=normalize, decades=DECADES, seed=10)
    case.check(case.every())
