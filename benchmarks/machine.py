"""The machine: how many threads everyone gets, and what the measurements were taken on."""

import contextlib
import ctypes
import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

LIBRARIES = ("pocket-tfn", "numpy", "numba", "llvmlite", "e3nn", "torch", "jax", "jaxlib", "folx")


def available_cpus() -> list[int]:
    """The logical CPUs this process may use; on Linux, one per physical core come first."""
    if not hasattr(os, "sched_getaffinity"):
        return list(range(os.cpu_count() or 1))
    cpus = sorted(os.sched_getaffinity(0))
    seen: set[str] = set()
    first: list[int] = []
    siblings: list[int] = []
    for cpu in cpus:
        core = _read(Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")) or str(cpu)
        (siblings if core in seen else first).append(cpu)
        seen.add(core)
    return first + siblings


def limit_threads(threads: int) -> None:
    """Holds every contestant to `threads` threads. Call it before NumPy, Numba, torch or jax loads.

    Each library reads its own variable when it starts. jax has none that is documented: XLA's CPU
    client sizes its pool from NPROC or, without it, from the CPU affinity of the process. So on
    Linux the affinity is narrowed as well, and the kernel enforces the limit on all alike. (torch
    and pocket_tfn are told once more through their own set_num_threads.)
    """
    for variable in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
        os.environ[f"{variable}_NUM_THREADS"] = str(threads)
    os.environ["NPROC"] = str(threads)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(available_cpus()[:threads]))


def keep_freed_memory() -> None:
    """Lets every contestant reuse the memory of its last call; nothing is changed elsewhere than on glibc.

    By default glibc gives large arrays back to the system as they are freed, and the next call pays for each of their
    pages again.  Peers that make large intermediate arrays are then up to 2.5 times slower (LOG.md).
    """
    trim_threshold, mmap_max = -1, -4  # malloc.h
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(mmap_max, 0)
        library.mallopt(trim_threshold, -1)


def start_cold(cache: Path) -> None:
    """Points every compiler cache at the empty folder `cache`: first calls are cold for all.

    Also keeps jax off accelerators, and torch.compile's worker processes from living on beside the
    timings (it then compiles in this process).
    """
    os.environ["NUMBA_CACHE_DIR"] = str(cache / "numba")
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(cache / "inductor")
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)


def describe(threads: int, keeps_memory: bool) -> dict[str, object]:
    """What a reader needs in order to judge the numbers; no host name, no path."""
    return {
        "keeps_memory": keeps_memory,
        "cpu": cpu_model(),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def cpu_model() -> str:
    """The CPU's name, with family and model numbers where known: clouds cut the names short."""
    fields: dict[str, str] = {}
    for line in (_read(Path("/proc/cpuinfo")) or "").splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    name = fields.get("model name") or platform.processor() or platform.machine()
    if "cpu family" in fields and "model" in fields:
        return f"{name} (family {fields['cpu family']}, model {fields['model']})"
    return name


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
