"""The command line. It imports nothing heavy: threads are limited before NumPy and others load."""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine, peers
from benchmarks.workloads import DEGREES, SIZES, WORKLOADS

RESULTS = Path(__file__).resolve().parent / "results"
HIGHEST = 4
"""Degrees above it take minutes to derive."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Times pocket_tfn.cpu's convolutions beside e3nn, torch, torch.compile and jax.jit, in one\n"
        "process, and against floors measured in the same rounds. Every answer is checked before it is timed.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_what(parser)
    _add_sizes(parser)
    _add_how(parser)
    _add_where(parser)
    options = parser.parse_args(arguments)
    if options.threads > len(machine.available_cpus()):
        parser.error(f"--threads {options.threads}, but {len(machine.available_cpus())} CPUs are available")
    options.workloads = [name for name in WORKLOADS if name in (options.workloads or WORKLOADS)]
    if options.no_first_call:
        options.workloads = [name for name in options.workloads if name != "first-call"]
    for workload in options.workloads:
        sizes = sizes_of(workload, options)
        if "nodes" in sizes and sizes["neighbours"] >= sizes["nodes"]:
            parser.error(f"--neighbours {sizes['neighbours']} needs more than that many --nodes")
    return options


def sizes_of(workload: str, options: argparse.Namespace) -> dict[str, int]:
    """The workload's own sizes, quick or not, but for what the command line says."""
    entry = WORKLOADS[workload]
    own = entry.quick if options.quick else entry.sizes
    return {name: getattr(options, name) or number for name, number in own.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every contestant that ran was right; 1 if one was wrong or ours failed."""
    options = parse(arguments)
    machine.limit_threads(options.threads)
    if options.keep_memory:
        machine.keep_freed_memory()
    with tempfile.TemporaryDirectory(prefix="pocket-tfn-bench-") as cache:
        machine.start_cold(Path(cache))
        from benchmarks.run import run

        return run(options)


def _epilog() -> str:
    lines = ["workloads:"]
    for name, workload in WORKLOADS.items():
        lines.append(f"  {name:12} {workload.what}")
        lines.append(f"  {'':12} {', '.join(f'{number} {size}' for size, number in workload.sizes.items())}")
    for workload_name, entries in peers.ENTRIES.items():
        lines += ["", f"contestants of {workload_name}:"]
        lines += [f"  {name:24} {entry.what}" for name, entry in entries.items()]
    return "\n".join(lines)


def _add_what(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("workloads", nargs="*", type=_workload, metavar="WORKLOAD", help="what to measure, all by default")
    add("--dtype", nargs="+", choices=("float32", "float64"), default=["float32", "float64"], help="both by default")
    add(
        "--l-out",
        type=int,
        nargs="+",
        choices=(0, 1, 2),
        help="output degrees; by default 1, and all if streamed or tabulated",
    )
    add(
        "--degrees",
        type=_degrees,
        nargs="+",
        default=list(DEGREES),
        metavar="LIN,LOUT",
        help="degrees of general, each up to 4; by default " + " ".join(f"{a},{b}" for a, b in DEGREES),
    )
    add(
        "--peers",
        nargs="*",
        choices=peers.FAMILIES,
        default=list(peers.FAMILIES),
        metavar="PEER",
        help="what to compare with, of: " + ", ".join(f"'{name}'" for name in peers.FAMILIES) + "; none: ours only",
    )
    add("--no-first-call", action="store_true", help="leave out the workload first-call")
    add("--quick", action="store_true", help="a smoke test: tiny sizes, few rounds; its times mean nothing")


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("sizes", "Instead of the workload's own, listed below.")
    for size in SIZES:
        group.add_argument(f"--{size}", type=_positive, metavar="N")


def _add_how(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--threads", type=_positive, default=2, help="threads of every contestant (2)")
    add("--repeats", type=_positive, default=30, help="timed rounds at most; each times every contestant once (30)")
    add("--budget", type=float, default=10, help="seconds of timing per comparison, after at least five rounds (10)")
    add(
        "--keep-memory",
        action="store_true",
        help="keep freed memory for the next call, which glibc does not by default",
    )
    add("--seed", type=int, default=0, help="seed of the inputs (0)")


def _add_where(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--json", type=Path, metavar="FILE", help="write the raw numbers, every round's, to FILE")
    add("--markdown", type=Path, metavar="FILE", help="write the tables to FILE as Markdown")
    add("--save", action="store_true", help="write numbers, tables and pictures into benchmarks/results/")
    add("--results", type=Path, default=RESULTS, metavar="FOLDER", help="have --save write into FOLDER instead")
    add("--require-goals", action="store_true", help="exit 1 unless goals were judged and all are met")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def _degrees(text: str) -> tuple[int, int]:
    parts = text.split(",")
    if len(parts) != 2 or not all(part.isdigit() and int(part) <= HIGHEST for part in parts):
        raise argparse.ArgumentTypeError(f"{text} is not two degrees from 0 to {HIGHEST}, such as 2,3")
    return int(parts[0]), int(parts[1])


def _workload(text: str) -> str:
    if text not in WORKLOADS:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(WORKLOADS)}")
    return text
