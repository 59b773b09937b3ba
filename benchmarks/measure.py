"""One comparison: build every contestant, check its answer, then time all in the same rounds."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks import check, peers, timing
from benchmarks.case import Case
from benchmarks.contestant import Answer, Contestant, Missing
from benchmarks.floor import Streams
from benchmarks.results import FAILED, MISSING, WRONG, Comparison, Row
from benchmarks.session import Session

Answers = dict[str, Answer]


def compare(case: Case, names: Sequence[str], session: Session) -> Comparison:
    """Runs the contestants `names` on `case`; what is missing, fails or is wrong is not timed."""
    _forget_compiled()
    session.say(f"{case.name}: the answer, in float64")
    expected = {name: oracle() for name, oracle in case.oracles.items()}
    rows: list[Row] = []
    runs: dict[str, Callable[[], Any]] = {}
    for name in names:
        session.say(f"{case.name}: {name}, first call")
        row, contestant = _admit(name, case, session.threads, expected)
        rows.append(row)
        if contestant is not None:
            runs[name] = contestant.run
    parts, notes = _parts(case, session.threads)
    streams = Streams(case.cost, case.dtype, session.threads)
    parts.update(streams.runs())
    everything = {**runs, **parts}
    with session.bar(f"{case.name}: timing", session.repeats * len(everything)) as advance:
        timings = timing.interleaved(everything, session.repeats, session.budget, after_each=advance)
    return Comparison(
        workload=case.workload,
        l_out=case.l_out,
        dtype=case.dtype,
        sizes=dict(case.sizes),
        rounds=len(next(iter(timings.values())).samples),
        floor=streams.floor(timings),
        rows=tuple(replace(row, timing=timings.get(row.name)) for row in rows),
        parts={name: timings[name] for name in parts},
        notes=(*case.notes, *notes),
        l_in=case.l_in,
    )


def _admit(name: str, case: Case, threads: int, expected: Answers) -> tuple[Row, Contestant | None]:
    """Builds a contestant, runs it once, checks the answer; None in its place: not to be timed."""
    row = Row(name)
    try:
        contestant = peers.build(case.workload, name, case.inputs, threads)
        first, result = timing.seconds(contestant.run)
        error = check.relative_error(contestant.answer(result), expected[contestant.oracle])
        row = replace(row, first_call_seconds=first, relative_error=error)
        if not check.is_right(error, np.dtype(case.dtype), case.roundings):
            bound = check.tolerance(np.dtype(case.dtype), case.roundings)
            raise check.WrongAnswer(f"relative error {error:.1e}, allowed {bound:.1e}")
    except Missing as missing:
        return replace(row, status=MISSING, note=str(missing)), None
    except check.WrongAnswer as wrong:
        return replace(row, status=WRONG, note=str(wrong)), None
    except Exception as fault:  # a peer that cannot run, for whatever reason, is reported and passed over
        return replace(row, status=FAILED, note=_one_line(fault)), None
    return row, contestant


def _parts(case: Case, threads: int) -> tuple[dict[str, Callable[[], Any]], list[str]]:
    """The case's parts, run once to compile them, and a note on each that is missing."""
    found: dict[str, Callable[[], Any]] = {}
    notes: list[str] = []
    for name, build in case.parts.items():
        try:
            run = build(case.inputs, threads)
            run()
        except Exception as fault:
            notes.append(f"Not timed: {name} ({_one_line(fault)}).")
        else:
            found[name] = run
    return found, notes


def _forget_compiled() -> None:
    """First calls compile anew, and no library's limit on recompilations is reached, whatever ran before."""
    if "torch" in sys.modules:
        sys.modules["torch"].compiler.reset()
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()


def _one_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:160]
