"""The command line; it imports nothing heavy."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.gpu.names import PEERS, WORKLOADS


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description="Times pocket_tfn's CUDA kernels beside what people would use instead, on one NVIDIA GPU,\n"
        "in one process, and against the bandwidth of a copy measured in the run.\n"
        "Every answer is checked before it is timed.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--save", type=Path, metavar="DIR", help="write cuda-DEVICE.json, .md and -summary.md into DIR, after every row"
    )
    add("--tables", type=Path, metavar="JSON", help="measure nothing; write the tables of this earlier run anew")
    add("--budget", type=float, default=180, metavar="SECONDS", help="nothing is begun after so many seconds (180)")
    add("--row-budget", type=float, default=1, metavar="SECONDS", help="of timing at a row, by all its contestants (1)")
    add("--only", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS), help="some of the workloads")
    add("--peers", nargs="*", choices=list(PEERS), default=list(PEERS), metavar="PEER", help="none: ours only")
    add("--fluid-peers", nargs="*", choices=list(PEERS), default=[], metavar="PEER", help="on the fluid graph (none)")
    add("--seed", type=int, default=0, help="of the inputs (0)")
    add("--device", default="cuda", help="cuda, or cpu for a test of the peers (cuda)")
    add("--quick", action="store_true", help="a smoke test: tiny sizes, times without meaning")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    from benchmarks.gpu.run import render, run

    return run(options) if options.tables is None else render(options.tables)


def _epilog() -> str:
    lines = ["workloads:", *(f"  {name:18} {what}" for name, what in WORKLOADS.items())]
    lines += ["", "peers:", *(f"  {name:18} {peer.what}" for name, peer in PEERS.items())]
    return "\n".join(lines)
