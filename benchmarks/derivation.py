"""What deriving, proving and emitting takes, by the highest degree: `python -m benchmarks.derivation`."""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine, progress, store
from benchmarks.cli import RESULTS
from benchmarks.derivation_results import Run, Times, markdown
from benchmarks.saving import report_files

NAME = "derivation-times"
ROOT = Path(__file__).resolve().parent.parent


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.derivation",
        description="Seconds to derive, prove and emit all paths with l_in, l_out up to L, theorem by theorem,\n"
        "each L once in a fresh Python: three minutes up to L = 3. Nothing is written into generated/.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--l-max", type=int, choices=range(7), default=3, help="the highest L (3)")
    add("--processes", type=int, default=2, help="what a derivation may use (2)")
    add("--save", action="store_true", help=f"write {NAME}.json, .md and .svg into benchmarks/results/")
    add("--again", action="store_true", help="derive nothing: write table and picture from the stored numbers")
    add("--results", type=Path, default=RESULTS, metavar="FOLDER", help="have them in FOLDER instead")
    options = parser.parse_args(arguments)
    if options.again and not (options.results / f"{NAME}.json").is_file():
        parser.error(f"--again, but there is no {NAME}.json in {options.results}; measure with --save first")
    if options.processes < 1:
        parser.error(f"--processes {options.processes} is less than one")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 if a derivation fails."""
    options = parse(arguments)
    stored = options.results / f"{NAME}.json"
    try:
        found = store.loaded(Times, stored.read_text(encoding="utf-8")) if options.again else measure(options)
    except subprocess.CalledProcessError as failed:
        print(failed.stderr, file=sys.stderr)
        return 1
    print(markdown(found))
    if options.save or options.again:
        for path in write(found, options.results):
            progress.say(f"wrote {path}")
    return 0


def measure(options: argparse.Namespace) -> Times:
    runs = []
    for highest in range(options.l_max + 1):
        progress.say(f"degrees up to {highest}")
        runs.append(run(highest, options.processes))
        progress.say(f"{runs[-1].paths} paths, {runs[-1].wall:.1f} s")
    return Times(machine.describe(options.processes, False), tuple(runs))


def run(highest: int, processes: int) -> Run:
    """One derivation in a fresh Python; CalledProcessError if it fails."""
    command = [sys.executable, "-m", "benchmarks.derivation_child", str(highest), str(processes)]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    wall = time.perf_counter() - start
    return Run(highest=highest, wall=wall, **json.loads(done.stdout))


def write(found: Times, folder: Path) -> list[Path]:
    """Numbers, table and, where matplotlib is installed, the picture; returns the paths."""
    texts = {"json": store.dumped(found), "md": markdown(found)}

    def draw(path: Path) -> Path:
        from benchmarks.plots import derivation, style

        return style.save(derivation.figure(found), path)

    return report_files(folder, NAME, texts, draw)


if __name__ == "__main__":
    sys.exit(main())
