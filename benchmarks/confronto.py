"""The slides' "Confronto con Tensor Field Networks", counted and measured: `python -m benchmarks.confronto`.

It imports nothing heavy before threads are limited.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine, progress
from benchmarks.cli import RESULTS
from benchmarks.saving import report_files
from benchmarks.workloads import WORKLOADS

if TYPE_CHECKING:
    from benchmarks.confronto_results import Confronto

CONTESTANTS = ("C loop", "e3nn")
NAME = "confronto"
COUNTED = 5
"""Operations of the chain are counted up to this l: the last takes some ten seconds."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.confronto",
        description="Counts and times the kernels l→l with all their paths, for l = 0, 1, ..., beside the pocket\n"
        "kernel 1→1: operations of what is emitted and of what the definition says; time beside C loops over the\n"
        "nonzero Clebsch-Gordan coefficients and beside e3nn. Answers are checked before they are timed.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--l-max", type=int, choices=range(2, 5), default=3, help="the highest l (3)")
    add("--dtype", nargs="+", choices=("float32", "float64"), default=["float32", "float64"], help="both by default")
    add("--threads", type=int, default=2, help="threads of every contestant (2)")
    add("--repeats", type=int, default=30, help="timed rounds at most (30)")
    add("--budget", type=float, default=15, help="seconds of timing per kernel, after at least five rounds (15)")
    add("--seed", type=int, default=0, help="seed of the inputs (0)")
    add("--quick", action="store_true", help="a smoke test: tiny sizes, few rounds; its times mean nothing")
    add("--save", action="store_true", help="write confronto.json, .md, .tex and .svg into benchmarks/results/")
    add("--again", action="store_true", help="measure nothing: write tables and picture from the stored confronto.json")
    add("--results", type=Path, default=RESULTS, metavar="FOLDER", help="have them in FOLDER instead")
    options = parser.parse_args(arguments)
    if options.again and not (options.results / f"{NAME}.json").is_file():
        parser.error(f"--again, but there is no {NAME}.json in {options.results}; measure with --save first")
    if min(options.threads, options.repeats) < 1 or options.threads > len(machine.available_cpus()):
        parser.error(f"--threads and --repeats are at least 1, and {len(machine.available_cpus())} CPUs are available")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every contestant that ran was right; 1 if one was wrong or ours failed."""
    options = parse(arguments)
    found = stored(options.results) if options.again else _measured(options)
    from benchmarks import confronto_tables

    print(confronto_tables.markdown(found))
    if options.save or options.again:
        for path in write(found, options.results):
            progress.say(f"wrote {path}")
    return int(any(row.is_error for run in found.comparisons for row in run.rows))


def stored(folder: Path) -> "Confronto":
    from benchmarks import store
    from benchmarks.confronto_results import Confronto

    return store.loaded(Confronto, (folder / f"{NAME}.json").read_text(encoding="utf-8"))


def _measured(options: argparse.Namespace) -> "Confronto":
    """Threads are limited before NumPy and others load."""
    machine.limit_threads(options.threads)
    with tempfile.TemporaryDirectory(prefix="pocket-tfn-bench-") as cache:
        machine.start_cold(Path(cache))
        return measure(options)


def measure(options: argparse.Namespace) -> "Confronto":
    from benchmarks.confronto_counts import chain_law, counts
    from benchmarks.confronto_results import Confronto
    from benchmarks.session import Session
    from benchmarks.workloads import general

    workload, degrees = WORKLOADS["general"], range(options.l_max + 1)
    sizes = workload.quick if options.quick else workload.sizes
    progress.say("counting operations")
    counted = tuple(map(counts, degrees))
    chain = chain_law(0 if options.quick else COUNTED)
    runs = [
        run
        for dtype in dict.fromkeys(options.dtype)
        for run in general.measure(
            Session(
                dtype=dtype,
                sizes=sizes,
                l_out=tuple(degrees),
                families=CONTESTANTS,
                threads=options.threads,
                repeats=options.repeats,
                budget=1.0 if options.quick else options.budget,
                seed=options.seed,
                quick=options.quick,
                say=progress.say,
                bar=progress.bar,
                degrees=tuple((l, l) for l in degrees),
            )
        ).comparisons
    ]
    here = machine.describe(options.threads, False)
    return Confronto(here, {"repeats": options.repeats, "seed": options.seed, **sizes}, counted, tuple(runs), chain)


def write(found: "Confronto", folder: Path) -> list[Path]:
    """Numbers, tables and, where matplotlib is installed, the picture; returns the paths."""
    from benchmarks import confronto_tables, store

    texts = {
        "json": store.dumped(found),
        "md": confronto_tables.markdown(found),
        "tex": confronto_tables.latex(found),
    }

    def draw(path: Path) -> Path:
        from benchmarks.plots import confronto, style

        return style.save(confronto.figure(found), path)

    return report_files(folder, NAME, texts, draw)


if __name__ == "__main__":
    sys.exit(main())
