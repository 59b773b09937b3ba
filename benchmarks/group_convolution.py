"""What integrating over SO(3) costs: `python -m benchmarks.group_convolution`.

The group convolution of the slides by quadratures of growing degree, beside the pocket kernel that it equals, 1→1 on
the atoms of C60 in float64, each channel with a kernel of its own.  Answers are checked before anything is timed: from
the exact degree on they must agree to rounding, below it they must not.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine, progress

if TYPE_CHECKING:  # NumPy loads after the threads are limited
    from benchmarks.group_results import Results
    from benchmarks.timing import Timing

RESULTS = Path(__file__).resolve().parent / "results"
STEM = "group-convolution"
LITERAL = 4
"""The largest degree of one quadrature for both integrals: the matrices grow with its sixth power."""
BOTH = "two, exact"
"""Both integrals, each by the smallest quadrature that is exact: 84 x 18 rotations."""
LEAST = 0.02
"""CPU seconds that a timing takes, at least."""
LIBRARIES = ("pocket-tfn", "numpy", "scipy", "numba", "llvmlite")
ROUNDING = 1e-13
"""The largest error that counts as none; each answer sums 17 edges, of as many terms as there are rotations."""


class WrongAnswer(Exception):
    """An answer is not the exact one where it should be, or is where it cannot be."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.group_convolution",
        description="Times the group convolution by quadratures over SO(3) of growing degree beside the pocket kernel "
        "that it equals, 1→1 on the atoms of C60. Every answer is checked before anything is timed.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--degrees", type=int, default=12, metavar="N", help="the largest degree of a quadrature")
    add("--cutoff", type=float, default=4.0, metavar="Å", help="neighbours are nearer than this; C60 is 7.1 Å wide")
    add("--channels", type=int, default=8, metavar="N", help="feature channels, each with a kernel of its own")
    add("--repeats", type=int, default=5, metavar="N", help="rounds")
    add("--save", action="store_true", help=f"write benchmarks/results/{STEM}.json, .md and .svg")
    add(
        "--again",
        "--draw",
        action="store_true",
        help="write the table and the picture of the saved numbers; measure nothing",
    )
    options = parser.parse_args(arguments)
    if options.again and not (RESULTS / f"{STEM}.json").is_file():
        parser.error(f"--again, but there is no {STEM}.json in {RESULTS}; measure with --save first")
    for name, least in (("degrees", 5), ("channels", 1), ("repeats", 1)):
        if getattr(options, name) < least:
            parser.error(f"--{name} must be at least {least}, not {getattr(options, name)}")
    if not options.cutoff > 1.45:
        parser.error(f"--cutoff must exceed the bonds of C60, 1.45 Å, and is {options.cutoff:g}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 if an answer is wrong; a request that makes no sense exits with 2."""
    options = parse(arguments)
    machine.limit_threads(1)
    from benchmarks.group_results import as_json, from_json, markdown

    if options.again:
        _write(from_json((RESULTS / f"{STEM}.json").read_text(encoding="utf-8")))
        return 0
    try:
        found = measure(options)
    except WrongAnswer as wrong:
        print(wrong, file=sys.stderr)
        return 1
    print(markdown(found))
    if options.save:
        (RESULTS / f"{STEM}.json").write_text(as_json(found), encoding="utf-8")
        _write(found)
    return 0


def measure(options: argparse.Namespace) -> Results:
    """Checks every answer, then times all in the same rounds; raises WrongAnswer."""
    from pocket_tfn import cpu
    from pocket_tfn.layers import exact_degrees, rotation_quadrature

    from benchmarks.group_problem import DEGREE, Problem
    from benchmarks.group_results import COMPILED, NUMPY, TABLE, ExactTwo, Point, Results

    cpu.set_num_threads(1)
    problem, exact = Problem(options.cutoff, options.channels), exact_degrees(1, 1, DEGREE).receivers
    degrees = range(options.degrees + 1)
    runs: dict[str, Callable[[], Any]] = {}
    errors: dict[str, float] = {}
    for name, run in ((COMPILED, problem.pocket), (TABLE, problem.tabulated), (NUMPY, problem.in_numpy)):
        runs[name], errors[name] = run, _checked(name, problem.error(run()), name != TABLE, 1e-6)
    for degree in degrees:
        progress.say(f"degree {degree}: answers")
        for kind, run in (("one", problem.one_integral("polynomial", degree)), ("two", problem.two_integrals(degree))):
            if kind == "one" or degree <= LITERAL:
                name = f"{kind} {degree}"
                runs[name], errors[name] = run, _checked(name, problem.error(run()), degree >= exact)
        errors[f"bumps {degree}"] = problem.error(problem.one_integral("bumps", degree)(), "bumps")
    both = problem.exact_two()
    runs[BOTH] = lambda: both(problem.graph, problem.features)
    errors[BOTH] = _checked(BOTH, problem.error(runs[BOTH]()), exact=True)
    with progress.bar("timing", options.repeats * len(runs)) as advance:
        times = interleaved(runs, options.repeats, advance)
    points = (
        Point(
            degree,
            len(rotation_quadrature(degree)),
            {"polynomial": errors[f"one {degree}"], "bumps": errors[f"bumps {degree}"]},
            times[f"one {degree}"],
            errors.get(f"two {degree}"),
            times.get(f"two {degree}"),
        )
        for degree in degrees
    )
    rules = both.receivers, both.senders
    rotations = len(rules[0]), len(rules[1])
    exact_two = ExactTwo(exact_degrees(1, 1, DEGREE, 1), rotations, errors[BOTH], times[BOTH])
    pocket = {name: times[name] for name in (COMPILED, TABLE, NUMPY)}
    description = {
        **machine.describe(1, False),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
    }
    settings = {name: getattr(options, name) for name in ("cutoff", "channels", "repeats")}
    edges = problem.graph.n_edges
    wrong = {name: errors[name] for name in pocket}
    return Results(description, settings, edges, exact, tuple(points), exact_two, pocket, wrong)


def interleaved(runs: dict[str, Callable[[], Any]], rounds: int, after_each: Callable[[], None]) -> dict[str, Timing]:
    """CPU seconds of one call: every round times each once, in random order, so that disturbances hit all alike.

    All work is in one thread.  Its CPU time leaves out what others on the machine take meanwhile, which would lengthen
    a long call and spare a short one.
    """
    from benchmarks.timing import Timing

    order, shuffle = list(runs), random.Random(0).shuffle
    samples: dict[str, list[float]] = {name: [] for name in order}
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            samples[name].append(_cpu_seconds(runs[name]))
            after_each()
    return {name: Timing(tuple(times)) for name, times in samples.items()}


def _cpu_seconds(run: Callable[[], Any]) -> float:
    """Of one of as many calls as take LEAST seconds; where it takes several, the first is left out: it fills caches."""
    seconds = [_once(run)]
    while sum(seconds) < LEAST:
        seconds.append(_once(run))
    return sum(seconds[1:] or seconds) / max(len(seconds) - 1, 1)


def _once(run: Callable[[], Any]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def _checked(name: str, error: float, exact: bool, otherwise: float | None = None) -> float:
    """The error, if it is as it should be: rounding; or, where it cannot be, plainly more (at most `otherwise`)."""
    fits = error <= ROUNDING if exact else ROUNDING < error < (otherwise or float("inf"))
    if not fits:
        raise WrongAnswer(
            f"{name}: the relative error is {error:.1e}; it should {'not ' * (not exact)}be rounding alone"
        )
    return error


def _write(found: Results) -> None:
    """The table and the picture."""
    from benchmarks.group_results import markdown
    from benchmarks.plots import group_convolution
    from benchmarks.plots.style import save

    (RESULTS / f"{STEM}.md").write_text(markdown(found), encoding="utf-8")
    save(group_convolution.figure(found), RESULTS / f"{STEM}.svg")
    progress.say(f"written: benchmarks/results/{STEM}.json, .md, .svg")


if __name__ == "__main__":
    sys.exit(main())
