"""What the tests of derive/ share: the emitted text, derived once a process, and derivations that start afresh."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import sympy as sp
from pocket_tfn.derive.cartesian import IndexExpression
from pocket_tfn.derive.catalogue import CLOSED_FORMS, Pair, emitted_pairs
from pocket_tfn.derive.emission import CODE_MODULES, code_files
from pocket_tfn.derive.proofs import THEOREMS, Proof, ProofError, t11_emitted

gc.freeze()  # what was imported stays: the collector, which else takes a quarter of the time, need not look at it again


@cache
def emitted_modules() -> MappingProxyType[str, str]:
    """cpu.py and cuda.py as derive emits them, by file name."""
    code = code_files(emitted_pairs())
    return MappingProxyType({name: code[name] for name in CODE_MODULES})


@cache
def proof(name: str) -> Proof:
    """A theorem, proved once a process."""
    return THEOREMS[name](emitted_pairs(), emitted_modules())


@cache
def proofs() -> MappingProxyType[str, Proof]:
    """Every theorem -- from the last to the first, on which nothing may depend.

    This takes half a minute, and `make test` begins with `derive --check`, which proves all: what needs it is slow.
    """
    proved = {name: proof(name) for name in reversed(THEOREMS)}
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


# --- edits of the emitted text ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """A replacement in the emitted text, after which T11 for the pair must not hold.

    Attributes
    ----------
    within
        The function in which everything is replaced; the whole module where it is empty.
    """

    name: str
    old: str
    new: str
    within: str = ""
    pair: str = "1_1"

    def __str__(self) -> str:
        return f"{self.within.strip('_')}: {self.name}" if self.within else self.name


def edits(within: str, *replacements: tuple[str, str, str], pair: str = "1_1") -> list[Edit]:
    """Several edits, (name, old, new), in one function."""
    return [Edit(name, old, new, within, pair) for name, old, new in replacements]


def some_at_once(every: Sequence[Any], apart: int = 6) -> list[Any]:
    """Parameters of a test: every sixth edit, and the others as slow ones, since each takes a proof of all loops.

    An edit may come with the module that it edits before it.
    """
    rows = [edit if isinstance(edit, tuple) else (edit,) for edit in every]
    marks = [[pytest.mark.slow] if n % apart else [] for n in range(len(rows))]
    return [pytest.param(*row, id="-".join(map(str, row)), marks=m) for row, m in zip(rows, marks, strict=True)]


def pairs_of(key: str) -> list[Pair]:
    """The pair with this key and those for one parity of its paths, among those that are emitted."""
    return [p for p in emitted_pairs() if p.key == key or p.key.startswith(f"{key}_")]


@cache
def modules_of(key: str) -> MappingProxyType[str, str]:
    """cpu.py and cuda.py with one pair alone, as they would be emitted for it."""
    code = code_files(pairs_of(key))
    return MappingProxyType({name: code[name] for name in CODE_MODULES})


def edited(text: str, edit: Edit) -> str:
    """The text with the edit made, which must change something."""
    before, part, after = _split(text, edit.within)
    assert edit.old in part, f"{edit.within or 'the module'} does not hold {edit.old!r}: the edit is void"
    changed = part.replace(edit.old, edit.new)
    assert changed != part
    return before + changed + after


def _split(text: str, function: str) -> tuple[str, str, str]:
    """What comes before a function, its text, and what comes after."""
    if not function:
        return "", text, ""
    assert text.count(f"\ndef {function}(") == 1, f"there is no function {function}"
    start = text.index(f"\ndef {function}(")
    stop = text.index("\n\n\n", start)
    return text[:start], text[start:stop], text[stop:]


def refuses(module: str, edit: Edit) -> None:
    """T11 for the pair of the edit, and of the one emitted module, ends in a ProofError; without the edit it holds."""
    text = edited(modules_of(edit.pair)[module], edit)
    refused(lambda: t11_emitted.prove(pairs_of(edit.pair), {module: text}))
