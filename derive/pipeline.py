"""The whole derivation as a list of tasks, in the order of the argument.

Nothing is written here: the result is a dictionary from file names to texts, complete only if every theorem held.
"""

from __future__ import annotations

import contextlib
import gc
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .catalogue import Pair, emitted_pairs
from .emission import CODE_MODULES, MODULES, code_files
from .latex import book_file, theorem_file
from .proofs import THEOREMS, Proof, ProofError
from .workers import Work, can_fork, in_processes

#: Theorems about the text of some modules, one of which must be emitted.
ABOUT = {"T14": ("cpu_derivatives", "cuda_derivatives")}

#: Those about the emitted text, the longest proof first; all others are about mathematics alone.
ABOUT_CODE = ("T14", "T11", "T15")
#: The name of the first task.
CODE = "lower and print the code"
#: So many more objects than were there before make Python look for those that nobody holds: proofs make many, and
#: hold them.
OBJECTS = 200_000


class SelectionError(ValueError):
    """What was asked for is not there; the message says what is."""


@dataclass(frozen=True)
class Selection:
    """What to make: the emitted code, the proofs, or single theorems."""

    code: bool = True
    theorems: tuple[str, ...] = tuple(THEOREMS)
    book: bool = True

    @classmethod
    def parse(cls, text: str | None) -> Selection:
        """None, "proofs", "code", or theorems separated by commas such as "T4,T7".

        Raises SelectionError for anything else.
        """
        if text is None:
            return cls()
        if text == "proofs":
            return cls(code=False)
        if text == "code":
            return cls(book=False, theorems=())
        names = tuple(dict.fromkeys(part.strip().upper() for part in text.split(",")))
        unknown = [n for n in names if n not in THEOREMS]
        if unknown:
            known = ", ".join(THEOREMS)
            raise SelectionError(f"--only takes 'proofs', 'code' or theorems out of {known}; got {text!r}")
        return cls(code=False, theorems=names, book=False)

    @property
    def proved(self) -> tuple[str, ...]:
        """What must hold before anything is written: all of it, unless single theorems were asked for."""
        return tuple(THEOREMS) if self.code or self.book else self.theorems


@dataclass
class Derivation:
    """The tasks and, as they are done, what they made.

    Raises SelectionError where single theorems are asked for that are about modules which are not emitted.
    """

    selection: Selection = field(default_factory=Selection)
    pairs: Sequence[Pair] = field(default_factory=emitted_pairs)
    modules: Sequence[str] = MODULES
    jobs: int = 1
    files: dict[str, str] = field(default_factory=dict)
    proofs: list[tuple[Proof, float]] = field(default_factory=list)
    catalogue: str = ""

    def __post_init__(self) -> None:
        void = [name for name in self.selection.theorems if name not in self.proved]
        if void and not self.selection.book:
            raise SelectionError(f"{void[0]} is about {' and '.join(ABOUT[void[0]])}, which were not asked for")

    @property
    def proved(self) -> list[str]:
        """The theorems that must hold, less those about modules that are not emitted."""
        return [n for n in self.selection.proved if n not in ABOUT or set(ABOUT[n]) & set(self.modules)]

    @property
    def tasks(self) -> list[str]:
        """A name for each task, in order."""
        return [CODE, *(f"prove {name}" for name in self.proved)]

    @property
    def counts(self) -> dict[str, Any]:
        """Operations of every function, as the catalogue that was made has them."""
        return dict(json.loads(self.catalogue)["functions"])

    def run(self) -> Iterator[str]:
        """Do the tasks, yielding the name of each when it is done, in order where there is one process.

        Raises ProofError where a theorem does not hold, of several the first; `files` is then incomplete and must not
        be written.
        """
        made: dict[str, Any] = {}
        with _seldom_collected():
            for name, result in self._results():
                made[name] = result
                yield name
        self.proofs += [made[name] for name in self.tasks[1:]]
        self._collect(made[CODE])

    def _results(self) -> Iterator[tuple[str, Any]]:
        code = partial(code_files, self.pairs, self.modules)
        if self.jobs == 1 or not can_fork():
            files = code()
            yield CODE, files
            yield from ((f"prove {name}", self._prove(name, files)) for name in self.proved)
            return
        about_code = [name for name in ABOUT_CODE if name in self.proved]
        longest = about_code[:1]  # is proved where the code was made: it uses most of what was lowered for that

        def with_code() -> Iterator[Any]:
            files = code()
            yield files
            yield from (self._prove(name, files) for name in longest)

        def alone(name: str, files: dict[str, str]) -> tuple[tuple[str, ...], Work]:
            return (f"prove {name}",), lambda: iter([self._prove(name, files)])

        def later(done: str, result: Any) -> dict[tuple[str, ...], Work]:
            return dict(alone(name, result) for name in about_code[1:]) if done == CODE else {}

        others = [alone(name, {}) for name in self.proved if name not in about_code]
        works: dict[tuple[str, ...], Work] = {(CODE, *(f"prove {name}" for name in longest)): with_code, **dict(others)}
        yield from in_processes(works, self.tasks, later, self.jobs)

    def _prove(self, name: str, files: dict[str, str]) -> tuple[Proof, float]:
        """A theorem, and the seconds that it took."""
        modules = {file: text for file, text in files.items() if file in CODE_MODULES}
        start = time.perf_counter()
        try:
            proof = THEOREMS[name](self.pairs, modules)
        except ProofError as error:
            raise ProofError(f"{name} does not hold: {' '.join(str(error).split())}") from error
        return proof, time.perf_counter() - start

    def _collect(self, code: dict[str, str]) -> None:
        proofs = [proof for proof, _ in self.proofs]
        self.catalogue = code.get("catalogue.json", "")
        if self.selection.code:
            self.files.update(code)
        self.files.update(theorem_file(p) for p in proofs if p.name in self.selection.theorems)
        if self.selection.book:
            self.files.update([book_file(self.pairs, proofs)])


@contextlib.contextmanager
def _seldom_collected() -> Iterator[None]:
    """While millions of terms are made, none of them garbage, looking for garbage takes a third of the time."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
