"""Where large results lie: in huge pages that threads touch first; rows of edges sorted so that caches hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu, cpu_derivatives

from tests import inputs, oracles
from tests.derivative_cases import convolve_case
from tests.tolerances import assert_close, assert_same_bits, tolerance

BIG = cpu_derivatives._HUGE_PAGE * 8


@pytest.mark.parametrize("dtype", inputs.DTYPES)
@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_out_of_any_alignment(dtype: Any, first: int) -> None:
    """Contiguous arrays that begin between the vectors: stores past the caches would fault there."""
    case = convolve_case("1_1", dtype, (3, 0, 9, 1), channels=16, seed=1)
    want = case.vjp()
    shape = want["radial"].shape
    room = np.empty(want["radial"].size + 4, dtype)
    out = room[first : first + want["radial"].size].reshape(shape)
    found = case.call("vjp", of=("radial",), out=cpu_derivatives.Cotangents(radial=out))
    assert found.radial is out
    assert_same_bits(out.copy(), want["radial"])
    whole = room.ctypes.data % 16 == 0 and first * room.itemsize % 16 == 0
    assert cpu_derivatives._aligned(out, 16) is (True if whole else None)


@pytest.mark.parametrize("size", [0, 1, BIG - 1, BIG, BIG + 1, 2 * BIG + 4097])
def test_room(size: int) -> None:
    """As asked for, apart from everything else, and at a cache line; large ones at a huge page."""
    room = cpu_derivatives._room_for((size,), np.dtype(np.uint8))
    assert room.shape == (size,) and room.dtype == np.uint8 and room.flags.carray
    assert not size or room.ctypes.data % (cpu_derivatives._HUGE_PAGE if size >= BIG else cpu_derivatives._LINE) == 0
    room[...] = 1
    assert room.all()


def large(dtype: Any) -> dict[str, Any]:
    """Features beyond a tile of senders, and radial cotangents beyond the smallest array of huge pages."""
    rng = np.random.default_rng(5)
    nodes, neighbours, channels = 2000, 12, 128
    edges = nodes * neighbours
    shapes = {
        "vectors": (edges, 3),
        "radial": (edges, 3, channels),
        "features": (nodes, 3, channels),
        "cotangents": (nodes, 3, channels),
    }
    graph = {"indptr": np.arange(nodes + 1) * neighbours, "indices": rng.integers(0, nodes, edges)}
    return graph | {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", inputs.DTYPES)
def test_many_edges(dtype: Any) -> None:
    """A sample of edges and of senders against sums in long double; all against one thread, bit for bit."""
    a = large(dtype)
    found = cpu_derivatives.vjp_convolve_1_1(**a)
    assert found.radial is not None and found.features is not None and found.radial.nbytes >= BIG
    receivers = np.repeat(np.arange(len(a["features"])), np.diff(a["indptr"]))
    wide = {name: a[name].astype(np.longdouble) for name in ("radial", "features", "cotangents")}
    some = np.random.default_rng(6).choice(len(receivers), 300, replace=False)
    forms, g, f = (
        oracles.forms(1, a["vectors"][some]),
        wide["cotangents"][receivers[some]],
        wide["features"][a["indices"][some]],
    )
    want = np.einsum("eac,epab,ebc->epc", g, forms, f)
    scale = 2 * np.linalg.norm(g, axis=1) * np.linalg.norm(f, axis=1)
    limit = tolerance(dtype).derivative()
    assert_close(found.radial[some], want, scale, limit=limit, dtype=dtype, axis=1)
    for j in (0, 777, 1999):
        own = np.flatnonzero(a["indices"] == j)
        each = wide["cotangents"][receivers[own]], oracles.forms(1, a["vectors"][own]), wide["radial"][own]
        want = np.einsum("eac,epab,epc->bc", *each)
        scale = 2 * (np.linalg.norm(each[0], axis=1) * np.linalg.norm(each[2], axis=1)).sum(0)
        assert_close(found.features[j], want, scale, limit=tolerance(dtype).derivative(len(own)), dtype=dtype, axis=0)
    before = cpu.get_num_threads()
    cpu.set_num_threads(1)
    try:
        alone = cpu_derivatives.vjp_convolve_1_1(**a)
    finally:
        cpu.set_num_threads(before)
    for name in ("vectors", "radial", "features"):
        assert_same_bits(getattr(found, name), getattr(alone, name))
