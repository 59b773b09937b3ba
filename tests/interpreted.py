"""generated/cpu.py a second time, not compiled: any shape can be tried without waiting for the compiler."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import numba
import pytest
from pocket_tfn import cpu
from pocket_tfn.derive.exact_lanes import LANES

#: Slices are vectors there, and slices are cut to fit and count from the end if negative: what compiled code would read
#: and write out of bounds would go unseen.  These raise IndexError.
STRICT = ("_load", "_store", "_take")


def _load() -> ModuleType:
    specification = importlib.util.spec_from_file_location("interpreted_cpu", cpu.__file__)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", True)
        specification.loader.exec_module(module)
    for name in STRICT:
        assert callable(getattr(module, name))
        setattr(module, name, LANES[name])
    assert not hasattr(module.convolve_1_1, "py_func") and not hasattr(module._graph_fault, "py_func")
    return module


#: The same functions as cpu has, as plain Python.
interpreted: Any = _load()
