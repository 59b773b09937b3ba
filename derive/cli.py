"""The command line: python -m pocket_tfn.derive."""

from __future__ import annotations

import argparse
import contextlib
import json
import keyword
import os
import re
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from .catalogue import Pair, wholes
from .emission import MODULES
from .folder import FolderError, check_usable, contents, differences, replace
from .pipeline import Derivation, Selection, SelectionError
from .proofs import THEOREMS, ProofError
from .requests import DEGREES_EXAMPLE, PATHS_EXAMPLE, Request, RequestError
from .workers import LostWorkerError, usable_cpus

USAGE_ERROR, REFUSED, INTERRUPTED, TERMINATED = 2, 1, 130, 143

#: Options whose values may begin like an option, with a minus sign: a wrong degree, to be refused as such.
TAKE_DEGREES = ("--paths", "--l-in", "--l-out")
NEGATIVE = re.compile(r"\s*-\s*[0-9]")

EPILOG = f"""\
examples:
  python -m pocket_tfn.derive                                            the default catalogue, into generated/
  python -m pocket_tfn.derive --paths "1->1, 2->3:1,2" --out tfn         all paths 1->1; of 2->3, l_f = 1 and 2
  python -m pocket_tfn.derive --paths "2->2:polar" --modules cpu --out tfn
  python -m pocket_tfn.derive --l-in 0..3 --l-out 0..3 --out tfn         all paths of 16 pairs
The folder is then a package of its own: from tfn import cpu.  It needs NumPy and Numba, and cuda.py numba-cuda.

theorems: {", ".join(THEOREMS)}

exit status: 0 done; 1 a theorem does not hold, or --check found a difference; 2 the request cannot be met;
130 interrupted.  The folder is replaced as a whole, after everything was proved, or not at all.
"""


class _Once(argparse.Action):
    """An option that would silently replace what it was given before."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        if getattr(namespace, self.dest) is not None:
            raise RequestError(f"{option} is given twice; name everything in one, separated by commas")
        setattr(namespace, self.dest, values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pocket_tfn.derive",
        description="Derive the equivariant kernels exactly, prove them, and emit code and LaTeX.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: generated/ of the checkout)")
    _add_request(parser.add_argument_group("what to emit", "without these, the default catalogue; with any, --out too"))
    parser.add_argument(
        "--only",
        metavar="WHAT",
        help="write only 'proofs', only 'code', or the proofs of single theorems such as T4,T7; "
        "other files in the folder stay",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; print a unified diff and exit with 1 if the folder is stale",
    )
    parser.add_argument(
        "--jobs", type=_positive, metavar="N", help="processes that work at the same time (default: one for each CPU)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no summary")
    return parser


def _add_request(group: Any) -> None:
    group.add_argument(
        "--paths",
        metavar="PATHS",
        help=f"such as {PATHS_EXAMPLE!r}: pairs l_in->l_out, with all paths, or those of the l_f named after a colon, "
        "or, as functions of their own (apply_2_2_polar), those of one parity; of a pair named twice, all named",
        action=_Once,
    )
    for option, what in (("--l-in", "input"), ("--l-out", "output")):
        group.add_argument(
            option,
            metavar="DEGREES",
            help=f"degrees of the {what}, such as {DEGREES_EXAMPLE}: all paths of all pairs",
            action=_Once,
        )
    group.add_argument(
        "--parities", action="store_true", help="of every pair also functions for its polar and its axial paths alone"
    )
    group.add_argument(
        "--modules",
        metavar="NAMES",
        help=f"modules to emit, out of {','.join(MODULES)} (default: all); what they import from is added",
    )


def _positive(text: str) -> int:
    """The value of --jobs."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number of processes, at least 1, is needed; got {text!r}")
    return int(text)


def default_folder() -> Path:
    """generated/ of the checkout; FolderError where the package was installed without one."""
    root = Path(__file__).resolve().parent.parent
    if not (root / "pyproject.toml").is_file():
        raise FolderError("pocket_tfn was not installed from a checkout; name a folder with --out")
    return root / "generated"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        return _run(_parser().parse_args(_joined(sys.argv[1:] if arguments is None else arguments)))
    except (FolderError, RequestError, SelectionError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_ERROR
    except ProofError as error:
        print(f"refused: {error}", file=sys.stderr)
        return REFUSED
    except LostWorkerError as error:
        print(f"error: {error}; nothing was written (was there memory enough? try --jobs 1)", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, previous)


def _joined(arguments: Sequence[str]) -> list[str]:
    """With --paths=-1->1 in place of --paths -1->1, which argparse would take for two options."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in TAKE_DEGREES and NEGATIVE.match(argument):
            argument = f"{joined.pop()}={argument}"
        joined.append(argument)
    return joined


def _terminate(signum: int, frame: object) -> None:
    raise SystemExit(TERMINATED)


def _run(options: argparse.Namespace) -> int:
    selection = Selection.parse(options.only)
    request = Request.parse(options.paths, options.l_in, options.l_out, options.parities, options.modules)
    folder = _folder(options.out, request)
    derivation = Derivation(selection, request.pairs, request.modules) if request else Derivation(selection)
    derivation.jobs = options.jobs or usable_cpus()
    if not options.check:
        if request and selection.code:
            _check_name(options.out)
        check_usable(folder)
        _check_paths(folder, derivation)
    start = time.perf_counter()
    _derive(derivation, options.quiet)
    old = contents(folder)
    whole = selection.code and selection.book
    files = derivation.files if whole else {**old, **derivation.files}
    if options.check:
        return _report_differences(folder, differences(old, files))
    changed = replace(folder, files)
    if not options.quiet:
        _summary(derivation, time.perf_counter() - start)
        print(f"{folder}: {'written' if changed else 'already up to date'}, {len(files)} files")
    return 0


def _folder(out: Path | None, request: Request | None) -> Path:
    """Where to write: generated/ is for the default catalogue alone."""
    if request is None:
        return (out or default_folder()).resolve()
    if out is None:
        raise RequestError("name a folder for what you ask for with --out; generated/ holds the default catalogue")
    with contextlib.suppress(FolderError):
        if out.resolve() == default_folder():
            raise RequestError(f"{out} holds the default catalogue; name another folder with --out")
    return out.resolve()


def _check_name(out: Path) -> None:
    """RequestError for a name that no import statement could have."""
    name = os.path.basename(os.path.abspath(out))  # of a link, its own name: that is imported
    if not name.isidentifier() or keyword.iskeyword(name):
        raise RequestError(f"{name!r} could not be imported; name a folder with letters, digits and _, such as my_tfn")


def _check_paths(folder: Path, derivation: Derivation) -> None:
    """FolderError where a part would be renewed of a folder whose other files, which stay, are about other paths."""
    selection, catalogue = derivation.selection, folder / "catalogue.json"
    stay = not selection.code or (not selection.book and (folder / "proofs").is_dir())
    if stay and catalogue.is_file() and _places(catalogue) != _wanted_places(derivation.pairs):
        raise FolderError(f"{folder} is about other paths; name another folder, or leave out --only to replace it all")


def _places(catalogue: Path) -> dict[str, dict[str, int]] | None:
    """The paths in a catalogue.json, each with its place in every function that takes it; None if it has no such."""
    try:
        paths = json.loads(catalogue.read_text(encoding="utf-8"))["paths"]
        return {record["path"]: record["radial_index"] for record in paths}
    except (ValueError, KeyError, TypeError):
        return None


def _wanted_places(pairs: Sequence[Pair]) -> dict[str, dict[str, int]]:
    every = (path for whole in wholes(pairs) for path in whole.paths)
    return {p.key: {pair.key: pair.paths.index(p) for pair in pairs if p in pair.paths} for p in every}


def _derive(derivation: Derivation, quiet: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as progress:
        names = derivation.tasks
        bar = progress.add_task(names[0], total=len(names))
        for done, _ in enumerate(derivation.run(), start=1):
            progress.update(bar, completed=done, description=names[min(done, len(names) - 1)])


def _report_differences(folder: Path, diff: str) -> int:
    if not diff:
        print(f"{folder}: up to date")
        return 0
    print(diff, end="")
    print(f"{folder} is stale: run make derive", file=sys.stderr)
    return REFUSED


def _summary(derivation: Derivation, seconds: float) -> None:
    console = Console()
    theorems = Table("theorem", "title", "identities", "seconds", "verdict", title="Proved, to exactly zero")
    for name in ("identities", "seconds"):
        next(c for c in theorems.columns if c.header == name).justify = "right"
    for proof, elapsed in derivation.proofs:
        title = proof.title.replace("--", "-").replace("``", '"').replace("''", '"')
        theorems.add_row(proof.name, title, f"{proof.identities}", f"{elapsed:.1f}", "[green]holds[/green]")
    console.print(theorems)
    console.print(_operations_table(derivation.pairs, derivation.counts))
    console.print(f"{seconds:.1f} s in all")


def _operations_table(pairs: Sequence[Pair], counts: Mapping[str, Any]) -> Table:
    """One row for each pair, few enough columns for a narrow terminal."""
    columns = ("l_f", "apply as defined", "per edge", "per channel", "kernel as defined", "emitted")
    table = Table("pair", *columns, title="Operations (multiplications + additions)", padding=(0, 0), box=SIMPLE_HEAD)
    for pair in pairs:
        apply, kernel = (counts[f"{kind}_{pair.key}"] for kind in ("apply", "kernel"))
        parts = (
            *(apply[part] for part in ("as_defined", "per_edge", "per_channel")),
            kernel["as_defined"],
            {name: kernel["per_edge"][name] + kernel["per_channel"][name] for name in kernel["per_edge"]},
        )
        cells = (f"{part['multiplications']} + {part['additions']}" for part in parts)
        table.add_row(pair.key, " ".join(str(p.l_f) for p in pair.paths), *cells)
    return table
