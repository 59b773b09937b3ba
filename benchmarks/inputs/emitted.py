"""The CPU module for any degrees, emitted as `python -m pocket_tfn.derive --paths .. --modules cpu` emits it."""

import hashlib
import importlib.util
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import pocket_tfn.derive
import pocket_tfn.templates
from pocket_tfn.derive.catalogue import pair
from pocket_tfn.derive.emission import code_files
from pocket_tfn.derive.lowering import lower_apply

Degrees = tuple[int, int]

KEPT = Path(__file__).resolve().parents[2] / "build" / "benchmarks"
"""Emitted text by what it was made from: lowering the higher degrees takes longer than measuring them."""


@cache
def module(degrees: tuple[Degrees, ...]) -> ModuleType:
    """With `convolve_{l_in}_{l_out}` for each pair of degrees; one module for all, as Numba knows one best (LOG.md)."""
    path = _emitted(degrees)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None, path
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = loaded  # where Numba's cache looks for it
    spec.loader.exec_module(loaded)
    return loaded


def flops(l_in: int, l_out: int) -> int:
    """Operations for one edge and channel: the message as emitted, and adding it to the output."""
    return lower_apply(pair(l_in, l_out)).channel_operations.total + 2 * l_out + 1


def _emitted(degrees: Sequence[Degrees]) -> Path:
    path = KEPT / f"emitted_{_fingerprint(degrees)}.py"
    if not path.exists():
        text = code_files([pair(*d) for d in degrees], modules=("cpu",))["cpu.py"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path


def _fingerprint(degrees: Sequence[Degrees]) -> str:
    """Of the degrees and of every source that the text may depend on."""
    found = hashlib.sha256(repr(tuple(degrees)).encode())
    for package in (pocket_tfn.derive, pocket_tfn.templates):
        folder = Path(str(package.__file__)).parent
        for source in sorted([*folder.rglob("*.py"), *folder.rglob("*.jinja")]):
            found.update(source.read_bytes())
    return found.hexdigest()[:16]
