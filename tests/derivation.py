"""What the tests of derive/ share: the emitted text, derived once a process, and derivations that start afresh."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import sympy as sp
from pocket_tfn.derive.cartesian import IndexExpression
from pocket_tfn.derive.catalogue import CLOSED_FORMS, emitted_pairs
from pocket_tfn.derive.emission import CODE_MODULES, code_files
from pocket_tfn.derive.proofs import THEOREMS, Proof, ProofError


@cache
def emitted_modules() -> MappingProxyType[str, str]:
    """cpu.py and cuda.py as derive emits them, by file name."""
    code = code_files(emitted_pairs())
    return MappingProxyType({name: code[name] for name in CODE_MODULES})


@cache
def proofs() -> MappingProxyType[str, Proof]:
    """Every theorem, proved once a process -- from the last to the first, on which nothing may depend."""
    proved = {name: prove(emitted_pairs(), emitted_modules()) for name, prove in reversed(THEOREMS.items())}
    return MappingProxyType({name: proved[name] for name in THEOREMS})


def forget() -> None:
    """Empty every cache of the package: what is derived next sees what was patched, and only that."""
    for name, module in list(sys.modules.items()):
        if name.startswith("pocket_tfn.derive"):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


@contextlib.contextmanager
def patched() -> Iterator[pytest.MonkeyPatch]:
    """A monkeypatch around which nothing derived survives, in either direction."""
    with pytest.MonkeyPatch.context() as patch:
        forget()
        yield patch
    forget()


def replace_form(patch: pytest.MonkeyPatch, degrees: tuple[int, int, int], form: IndexExpression) -> None:
    """Put another closed form into the catalogue."""
    name, radial, _ = CLOSED_FORMS[degrees]
    patch.setitem(CLOSED_FORMS, degrees, (name, radial, form))


def is_zero(value: sp.Expr) -> bool:
    """Exactly, by algebra."""
    return bool(sp.simplify(sp.expand(value)) == 0)


def snapshot(folder: Path) -> dict[str, tuple[bytes | None, int]]:
    """Every file and folder below, hidden ones too: contents and time of the last change."""
    return {
        p.relative_to(folder).as_posix(): (p.read_bytes() if p.is_file() else None, p.lstat().st_mtime_ns)
        for p in sorted(folder.rglob("*"))
    }


def refused(prove: Callable[[], Any]) -> None:
    """The proof must end in a ProofError that says something."""
    with pytest.raises(ProofError) as caught:
        prove()
    assert str(caught.value).strip()
