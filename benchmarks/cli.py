"""The command line. It imports nothing heavy: threads are limited before NumPy and others load."""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine, peers, progress

RESULTS = Path(__file__).resolve().parent / "results"


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Times pocket_tfn.cpu's convolutions beside e3nn, torch, torch.compile and "
        "jax.jit on one random graph, in one process, and against the memory floor measured in the "
        "same rounds. Every answer is checked against a float64 einsum before it is timed. "
        "Defaults: the workload of the design document.",
        epilog="Contestants: " + "; ".join(f"{name}: {entry.what}" for name, entry in peers.ENTRIES.items()),
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--dtype", choices=("float32", "float64"), default="float32", help="numbers of the arrays")
    add(
        "--l-out",
        type=int,
        nargs="+",
        choices=(0, 1, 2),
        default=[0, 1, 2],
        help="output degrees to compare",
    )
    add("--nodes", type=_positive, default=2000, help="receivers N")
    add(
        "--neighbours",
        type=_positive,
        default=32,
        help="senders per receiver, fewer than the nodes",
    )
    add("--channels", type=_positive, default=64, help="feature channels C")
    add("--threads", type=_positive, default=2, help="threads of every contestant")
    add(
        "--repeats",
        type=_positive,
        default=30,
        help="timed rounds; each times every contestant once",
    )
    add("--seed", type=int, default=0, help="seed of the inputs")
    add(
        "--peers",
        nargs="*",
        choices=peers.PEERS,
        default=list(peers.PEERS),
        metavar="PEER",
        help="what to compare with, of: " + ", ".join(f"'{name}'" for name in peers.PEERS) + "; none: ours only",
    )
    add("--no-first-call", action="store_true", help="skip the first calls in fresh processes")
    add("--json", type=Path, metavar="FILE", help="write the raw numbers, every round's, to FILE")
    add("--markdown", type=Path, metavar="FILE", help="write the tables to FILE as Markdown")
    add(
        "--save",
        action="store_true",
        help="write both into benchmarks/results/, named by dtype and threads",
    )
    add(
        "--require-goals",
        action="store_true",
        help="exit 1 unless the design's speed goals are met",
    )
    options = parser.parse_args(arguments)
    if options.neighbours >= options.nodes:
        parser.error(f"--neighbours {options.neighbours} needs more than that many --nodes")
    if options.threads > len(machine.available_cpus()):
        parser.error(f"--threads {options.threads}, but {len(machine.available_cpus())} CPUs are available")
    options.l_out = sorted(set(options.l_out))
    if options.save:
        stem = f"{options.dtype}-{options.threads}-threads"
        options.json = options.json or RESULTS / f"{stem}.json"
        options.markdown = options.markdown or RESULTS / f"{stem}.md"
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every contestant that ran was right; 1 if one was wrong or ours failed."""
    options = parse(arguments)
    machine.limit_threads(options.threads)
    with tempfile.TemporaryDirectory(prefix="pocket-tfn-bench-") as cache:
        machine.start_cold(Path(cache))
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    from benchmarks import goals, report
    from benchmarks.first_call import measure_first_call
    from benchmarks.measure import compare
    from benchmarks.workload import random_workload

    first_calls = []
    if not options.no_first_call:
        for l_out in options.l_out:
            progress.say(f"l_out = {l_out}: first calls in fresh processes")
            try:
                first_calls.append(measure_first_call(l_out, options.dtype))
            except RuntimeError as error:
                progress.say(str(error))

    names = [peers.OURS, peers.OURS_OUT, *(name for name in peers.PEERS if name in options.peers)]
    comparisons = []
    for l_out in options.l_out:
        shape = (options.nodes, options.neighbours, options.channels)
        work = random_workload(l_out, *shape, dtype=options.dtype, seed=options.seed)
        comparisons.append(compare(work, names, options.threads, options.repeats, progress.say, progress.bar))

    settings = ("dtype", "nodes", "neighbours", "channels", "repeats", "seed")
    results = report.Results(
        machine=machine.describe(options.threads),
        settings={key: getattr(options, key) for key in settings},
        comparisons=comparisons,
        first_calls=first_calls,
        goals=goals.verdicts(comparisons, options.threads),
    )
    report.show(results)
    for path, text in ((options.json, report.as_json), (options.markdown, report.markdown)):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text(results), encoding="utf-8")
            progress.say(f"wrote {path}")

    wrong = any(row.is_error for run in comparisons for row in run.rows)
    missed = options.require_goals and not (results.goals and all(goal.met for goal in results.goals))
    unmeasured = not options.no_first_call and len(first_calls) < len(options.l_out)
    return int(wrong or missed or unmeasured)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number
