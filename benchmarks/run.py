"""One run: every workload in every precision, judged, reported, saved."""

import argparse
import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import machine, progress, report, store
from benchmarks.cli import sizes_of
from benchmarks.results import Results
from benchmarks.saving import save
from benchmarks.session import Session
from benchmarks.verdicts import verdicts
from benchmarks.workloads import WORKLOADS


def run(options: argparse.Namespace) -> int:
    """The exit status: 1 if something was wrong, ours did not run, or goals were required and missed."""
    found = list(_results(options))
    report.show(found)
    _write(options, found)
    judged = [verdict for results in found for verdict in results.goals]
    missed = options.require_goals and not (judged and all(verdict.met for verdict in judged))
    return int(missed or any(results.has_error for results in found))


def _results(options: argparse.Namespace) -> Iterator[Results]:
    here = machine.describe(options.threads, options.keep_memory)
    plan = [(workload, dtype) for workload in options.workloads for dtype in dict.fromkeys(options.dtype)]
    for number, (workload, dtype) in enumerate(plan, start=1):
        progress.say(f"[{number} of {len(plan)}] {workload}, {dtype}")
        session = _session(workload, dtype, options)
        module = importlib.import_module(f"benchmarks.workloads.{WORKLOADS[workload].module}")
        measured = module.measure(session)
        yield Results(
            workload=workload,
            dtype=dtype,
            machine=here,
            settings={"repeats": options.repeats, "seed": options.seed, **session.sizes},
            measured=measured,
            goals=verdicts(workload, session.sizes, session.l_out, options.threads, measured),
        )


def _session(workload: str, dtype: str, options: argparse.Namespace) -> Session:
    own = (1,) if options.quick else WORKLOADS[workload].l_out
    l_out = tuple(sorted(set(options.l_out))) if options.l_out else own
    degrees = tuple(dict.fromkeys(options.degrees))
    if workload == "general":
        l_out = tuple(b for a, b in degrees if a == b)
    return Session(
        dtype=dtype,
        sizes=sizes_of(workload, options),
        l_out=l_out,
        families=tuple(options.peers),
        threads=options.threads,
        repeats=options.repeats,
        budget=1.0 if options.quick else options.budget,
        seed=options.seed,
        quick=options.quick,
        say=progress.say,
        bar=progress.bar,
        degrees=degrees,
    )


def _write(options: argparse.Namespace, found: Sequence[Results]) -> None:
    written: list[Path] = []
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(store.as_json(found), encoding="utf-8")
        written.append(options.json)
    if options.markdown:
        options.markdown.parent.mkdir(parents=True, exist_ok=True)
        options.markdown.write_text("\n".join(map(report.markdown, found)), encoding="utf-8")
        written.append(options.markdown)
    if options.save:
        written += save(found, options.results)
    for path in written:
        progress.say(f"wrote {path}")
