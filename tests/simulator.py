"""Numba's simulator of a GPU, mended where its threads disturb each other.

Import this where kernels are simulated, before any is.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numba.cuda.simulator import kernelapi


def _shared_array(self: Any, shape: Any, dtype: Any, alignment: int | None = None) -> Any:
    """The array of a block that this line of code asks for, made by whichever thread is first.

    The simulator's own looks whether there is one and then makes one, so that two threads may make two and share none.
    """
    assert alignment is None, "the simulator knows no alignment"
    caller = sys._getframe(1)
    place = caller.f_code.co_filename, caller.f_lineno
    return self._allocations.setdefault(place, np.empty(shape, dtype))


def mend() -> None:
    """Also lets others go on within a tenth of a millisecond: the loop that looks for barriers would have five."""
    kernelapi.FakeCUDAShared.array = _shared_array
    sys.setswitchinterval(1e-4)
