"""One run: the floor, then row after row until the time is over; all is written down after every row."""

import argparse
import time
from pathlib import Path

import torch

from benchmarks.gpu import background, floor, machine, self_check
from benchmarks.gpu.measure import Session, measure, one_line
from benchmarks.gpu.names import OEQ
from benchmarks.gpu.plan import QUICK, Sizes, peers_of, rows
from benchmarks.gpu.reading import from_json
from benchmarks.gpu.results import Results, as_json
from benchmarks.gpu.tables import markdown, summary

FLOOR_SECONDS = 0.5


def run(options: argparse.Namespace) -> int:
    """The exit status: 1 if an answer was wrong, ours broke, or a row failed as a whole."""
    start = time.monotonic()
    device: str = options.device
    if device.startswith("cuda"):
        if not torch.cuda.is_available():
            say("no CUDA device: torch.cuda.is_available() is False")
            return 1
        if OEQ in options.peers:
            background.start_openequivariance(patience=options.budget / 3)
    try:
        return _run(options, device, start)
    finally:
        background.stop()


def _run(options: argparse.Namespace, device: str, start: float) -> int:
    sizes = QUICK if options.quick else Sizes()
    here = machine.describe(device)
    say(f"{here['device']}, torch {torch.__version__}, {here['date']}")
    say(f"reference against the oracles: relative error {self_check.run(device):.1e}")
    limits = floor.measure(device, FLOOR_SECONDS, 1 << 22 if options.quick else floor.COPY_BYTES)
    say(
        f"copy {1e-9 * limits.copy_median:.0f} GB/s (best {1e-9 * limits.copy_best:.0f}), "
        f"read {1e-9 * limits.read_median:.0f} GB/s (best {1e-9 * limits.read_best:.0f})"
    )
    _free(device)
    settings = {"seed": options.seed, "budget": options.budget, "peers": list(options.peers), "quick": options.quick}
    results = Results(here, settings, limits)
    row_budget = 0.2 if options.quick else options.row_budget
    session = Session(device, sizes, options.seed, row_budget, start + options.budget, limits, say)
    failed = False
    for spec in rows(sizes, options.only):
        if session.left <= 0:
            results.notes.append(f"Not measured, no time left: {spec.name}.")
            continue
        begun = time.monotonic()
        try:
            results.rows.append(measure(spec, peers_of(spec, options.peers, options.fluid_peers), session))
        except Exception as error:
            failed = True
            results.notes.append(f"FAILED: {spec.name}: {one_line(error)}.")
            say(results.notes[-1])
        _free(device)
        say(f"    {spec.name}: {time.monotonic() - begun:.1f} s in all")
        _write(results, options.save)
    say("")
    say(summary(results))
    say(f"{time.monotonic() - start:.0f} s")
    _write(results, options.save)
    return int(failed or results.has_error)


def _write(results: Results, folder: Path | None, stem: str | None = None) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    stem = stem or f"cuda-{machine.slug(str(results.machine['device']))}"
    (folder / f"{stem}.json").write_text(as_json(results), encoding="utf-8")
    (folder / f"{stem}.md").write_text(markdown(results), encoding="utf-8")
    (folder / f"{stem}-summary.md").write_text(summary(results), encoding="utf-8")


def render(source: Path) -> int:
    """The tables of an earlier run, beside its JSON."""
    _write(from_json(source.read_text(encoding="utf-8")), source.parent, source.stem)
    return 0


def _free(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.empty_cache()


def say(text: str) -> None:
    """At once: the machine may be cut off."""
    print(text, flush=True)
