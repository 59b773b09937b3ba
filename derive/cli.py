"""The command line: python -m pocket_tfn.derive."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from .catalogue import Pair
from .emission import catalogue_counts
from .folder import FolderError, check_usable, contents, differences, replace
from .pipeline import Derivation, Selection, SelectionError
from .proofs import THEOREMS, ProofError

USAGE_ERROR, REFUSED, INTERRUPTED, TERMINATED = 2, 1, 130, 143

EPILOG = f"""\
theorems: {", ".join(THEOREMS)}

exit status: 0 done; 1 a theorem does not hold, or --check found a difference; 2 the request cannot be met;
130 interrupted.  The folder is replaced as a whole, after everything was proved, or not at all.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pocket_tfn.derive",
        description="Derive the equivariant kernels exactly, prove them, and emit code and LaTeX.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: generated/ of the checkout)")
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
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no summary")
    return parser


def default_folder() -> Path:
    """generated/ of the checkout; FolderError where the package was installed without one."""
    root = Path(__file__).resolve().parent.parent
    if not (root / "pyproject.toml").is_file():
        raise FolderError("pocket_tfn was not installed from a checkout; name a folder with --out")
    return root / "generated"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        return _run(options)
    except (FolderError, SelectionError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_ERROR
    except ProofError as error:
        print(f"refused: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminate(signum: int, frame: object) -> None:
    raise SystemExit(TERMINATED)


def _run(options: argparse.Namespace) -> int:
    selection = Selection.parse(options.only)
    folder = (options.out or default_folder()).resolve()
    if not options.check:
        check_usable(folder)
    start = time.perf_counter()
    derivation = Derivation(selection)
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
    console.print(_operations_table(derivation.pairs))
    console.print(f"{seconds:.1f} s in all")


def _operations_table(pairs: Sequence[Pair]) -> Table:
    table = Table("function", "as defined", "per edge", "per channel", title="Operations (multiplications + additions)")
    for name, record in catalogue_counts(pairs).items():
        cells = (record["as_defined"], record["per_edge"], record["per_channel"])
        table.add_row(name, *(f"{c['multiplications']} + {c['additions']}" for c in cells))
    return table
