"""How much resident memory a call adds at its highest, its result included.

Linux keeps a high-water mark of the resident set (VmHWM in /proc/self/status) and resets it on request (5 written to
/proc/self/clear_refs). So the mark is reset just before the call and read after it. ru_maxrss of resource.getrusage is
the same mark without the reset, and inherits the parent's: building the inputs would be counted, or hide the call.
tracemalloc sees neither BLAS nor compiled code, and slows what it watches. Elsewhere than on Linux: None.
"""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def added_by(run: Callable[[], Any]) -> tuple[int | None, Any]:
    """Bytes, and what the call returned.

    What earlier allocations gave back may lie in the allocator, resident already: call it in a process with
    MALLOC_MMAP_THRESHOLD_ set, where large arrays go back to the system when they are deleted.
    """
    gc.collect()
    try:
        _CLEAR.write_text("5")
        before = _mark("VmRSS")
        result = run()
        return _mark("VmHWM") - before, result
    except OSError:
        return None, run()


def _mark(name: str) -> int:
    for line in _STATUS.read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return 1024 * int(value.split()[0])
    raise OSError(f"no {name} in {_STATUS}")
