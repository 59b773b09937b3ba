"""What every function that sums over neighbours promises, whatever it sums: checks for any case (tests/cases.py)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu

from tests import inputs, oracles
from tests.cases import Case
from tests.tolerances import Array, assert_close, assert_same_bits, tolerance


def check_threads(case: Case, *, parts: bool = True) -> None:
    """One, two, three and seven threads, and calls repeated, give the same bits; the work was in fact divided."""
    want, counts = case(), []
    spread, before = cpu._spread, cpu.get_num_threads()

    def recording(loop: Any, bounds: Any, args: Any) -> None:
        counts.append(len(bounds) - 1)
        spread(loop, bounds, args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu, "_INLINE_WORK", 0)
        patch.setattr(cpu, "_spread", recording)
        try:
            for threads in (1, 2, 3, 7):
                cpu.set_num_threads(threads)
                for _ in range(3):
                    assert_same_bits(case(), want)
        finally:
            cpu.set_num_threads(before)
    assert min(counts) == 1 and max(counts) > 2


def check_layouts(case: Case) -> None:
    """Strided, Fortran-ordered, read-only and unaligned arguments give the bits of contiguous ones, and stay."""
    want = case()
    for layout in inputs.LAYOUTS.values():
        arrays = {k: v for k, v in case.arguments.items() if isinstance(v, np.ndarray)}
        awkward = case.changed(**{k: layout(v) for k, v in arrays.items()})
        assert_same_bits(awkward(), want)
        for name, array in arrays.items():
            assert_same_bits(np.ascontiguousarray(awkward.arguments[name]), array)


def check_out(case: Case) -> None:
    """out= is filled, whatever it held, and returned; what lies around it in memory is untouched."""
    want = case()
    blank = np.full_like(want, np.nan)
    for layout in (np.copy, inputs.strided, inputs.fortran, inputs.unaligned):
        check_filled(partial(getattr(cpu, case.name), **case.arguments), layout(blank), want)


def check_filled(function: Callable[..., Array], out: Array, want: Array) -> None:
    """function(out=out) returns out, which holds what is wanted; what lies around it in memory is untouched."""
    root = out if out.base is None else out.base
    outside = _bytes_outside(root, out)
    got = function(out=out)
    assert got is out
    assert_same_bits(np.ascontiguousarray(got), want)
    assert _bytes_outside(root, out) == outside


def _bytes_outside(root: Array, view: Array) -> bytes:
    """The bytes of an array that one of its views does not cover."""
    copy = view.copy()
    view[...] = 0
    rest = root.tobytes()
    view[...] = copy
    return rest


def check_overlap(case: Case) -> None:
    """out= may share memory with any input, one element off."""
    want = case()
    for name, array in case.floats().items():
        room = np.full(array.size + want.size + 1, np.nan, case.dtype)
        inside = room[1 : 1 + array.size].reshape(array.shape)
        inside[...] = array
        out = room[: want.size].reshape(want.shape)
        assert np.shares_memory(inside, out)
        changed = case.changed(**{name: inside})
        assert getattr(cpu, changed.name)(**changed.arguments, out=out) is out
        assert_same_bits(out.copy(), want)


def turned(case: Case, matrix: Array) -> Case:
    """The same system in another frame, rounded to the dtype; the matrix may be a reflection."""
    wide, a = matrix.astype(np.longdouble), case.arguments
    place = "positions" if "positions" in a else "vectors"
    features = np.einsum("ab,...bc->...ac", wide, a["features"])
    return case.changed(**{place: (a[place] @ wide.T).astype(case.dtype), "features": features.astype(case.dtype)})


def check_turned(case: Case, matrix: Array, sign: int = 1, blur: float = 0) -> None:
    """out becomes D(matrix) out, times a sign; `blur`: by how many eps beyond one turned vectors were rounded."""
    want = sign * np.einsum("mn,...nc->...mc", oracles.representation(oracles.degree_of(case.key), matrix), case())
    got = turned(case, matrix)()
    eps = tolerance(case.dtype).eps
    slope = 8 + (4 * len(case.arguments["coefficients"]) if "coefficients" in case.arguments else 0)
    limit = 2 * case.limit + (1 + blur) * slope * eps
    assert_close(got, want, case.expected()[1], limit=limit, dtype=case.dtype, axis=-2)


def check_only(case: Case, where: Any, **changes: Any) -> None:
    """Changed arguments (which hold NaN) make NaN of out[where], and elsewhere leave every bit."""
    want, got = case(), case.changed(**changes)()
    assert not np.isnan(want).any()
    spoilt = np.zeros(want.shape, bool)
    spoilt[where] = True
    assert spoilt.any()
    assert np.isnan(got[spoilt]).all()
    assert_same_bits(got[~spoilt], want[~spoilt])


def with_nan(array: Array, place: Any) -> Array:
    """A copy with NaN there."""
    copy = array.copy()
    copy[place] = np.nan
    return copy
