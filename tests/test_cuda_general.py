"""CUDA kernels of higher degrees, compiled for real without a GPU: nothing spills, and float32 stays float32."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda is not installed")

from pocket_tfn.derive.catalogue import pair
from pocket_tfn.derive.emission import code_files

from benchmarks import ptx
from tests.test_cuda_ptx import HOPPER, _available

pytestmark = pytest.mark.slow
#: Of every kind of kernel, the one that keeps the most numbers at once; tables take ten seconds each to compile.
KINDS = ("kernel", "mixing", "apply", "convolve", "tabulated^5", "walkers^5")


@pytest.fixture(scope="module")
def gpu(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The emitted cuda.py of 3→3."""
    place: Path = tmp_path_factory.mktemp("general") / "general_cuda.py"
    place.write_text(code_files([pair(3, 3)], ("cpu", "cuda"))["cuda.py"], encoding="utf-8")
    spec = importlib.util.spec_from_file_location("general_cuda", place)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ptx.DTYPES)
def test_kernels_of_degree_three(kind: str, dtype: str, gpu: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven sums and seven features a thread, in vectors: no local memory, no more registers than a thread may have."""
    monkeypatch.setattr(ptx, "gpu", gpu)
    (kernel,) = [k for k in ptx.kernels(dtype) if k.name == f"{kind}_3_3"]
    text = _available(ptx.compile_ptx, kernel, HOPPER)
    assert dtype == "float64" or not ptx.uses_float64(text)
    assert not ptx.uses_local_memory(text) and not ptx.uses_atomics(text)
    assert ptx.count(text).fma > 0
    used = _available(ptx.assemble, kernel, HOPPER)
    assert (used.stack, used.spill_stores, used.spill_loads) == (0, 0, 0), f"local memory: {used}"
