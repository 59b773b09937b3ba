"""One row: inputs, the right answer, ours, then each peer beside ours in rounds of their own.

A peer is built, checked, timed against ours and dropped before the next, so that no more than one of them has its
arrays in memory, and what is finished is known at once.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from benchmarks.check import WrongAnswer
from benchmarks.gpu import check, inputs, ours, peers, reference
from benchmarks.gpu.clock import Timed, interleaved, synchronise
from benchmarks.gpu.contestant import Answer, Contestant, Missing
from benchmarks.gpu.cost import useful_bytes
from benchmarks.gpu.floor import Floor
from benchmarks.gpu.names import BACKWARD, COMPILED, OURS, STREAMED
from benchmarks.gpu.plan import DTYPES, L_OUT, RANDOM, Sizes, Spec
from benchmarks.gpu.results import SKIPPED, Entry, Row, copy_share
from benchmarks.results import FAILED, MISSING, WRONG

COMPILE_SECONDS, PEER_SECONDS = 30.0, 15.0
"""No peer is begun with less time left, one that compiles or another: the rest is for ours at the rows that remain."""


@dataclass(frozen=True)
class Session:
    """What all rows share."""

    device: str
    sizes: Sizes
    seed: int
    row_budget: float
    """Seconds of timing at a row, divided among its contestants."""
    deadline: float
    """On time.monotonic: nothing is begun afterwards."""
    floor: Floor
    say: Callable[[str], None]

    @property
    def left(self) -> float:
        return self.deadline - time.monotonic()


def measure(spec: Spec, names: list[str], session: Session) -> Row:
    given = inputs.make(spec, session.sizes, session.device, session.seed, backward=spec.workload == BACKWARD)
    moved = useful_bytes(given)
    expected = reference.answer(given)
    budget = session.row_budget / (len(names) + 1)
    say = _Sayer(spec, moved, session)
    own = _ours(spec, given, expected, budget, session)
    for entry, _ in own:
        say(entry)
    found = [entry for entry, _ in own]
    rival = next((one for entry, one in own if entry.name == OURS and one is not None), None)
    for name in names:
        found.append(_peer(name, given, expected, rival, budget, session))
        say(found[-1])
    return Row(spec, _sizes(spec, given), moved, tuple(found))


def _ours(
    spec: Spec, given: inputs.Inputs, expected: Answer, budget: float, session: Session
) -> list[tuple[Entry, Contestant | None]]:
    """All forms of ours, timed in the same rounds."""
    both_ways = spec == Spec(STREAMED, RANDOM, L_OUT[0], DTYPES[0], session.sizes.channels[0])
    try:
        forms = list(ours.contestants(given, both_ways))
    except Missing as error:
        return [(Entry(OURS, MISSING, one_line(error)), None)]
    found = [_checked(name, build, given, expected, session) for name, build in forms]
    ready = {entry.name: one.run for entry, one in found if one is not None}
    if not ready:
        return found
    try:
        times = interleaved(ready, budget, session.device)
    except Exception as error:
        return [(replace(entry, status=FAILED, note=one_line(error)), None) for entry, _ in found]
    base = times.get(OURS)
    return [(_timed(entry, times.get(entry.name), base), one) for entry, one in found]


def _peer(
    name: str,
    given: inputs.Inputs,
    expected: Answer,
    rival: Contestant | None,
    budget: float,
    session: Session,
) -> Entry:
    if session.left < (COMPILE_SECONDS if name == COMPILED else PEER_SECONDS):
        return Entry(name, SKIPPED, "no time left")
    entry, one = _checked(name, lambda: peers.build(name, given), given, expected, session)
    if one is not None:
        runs = {name: one.run} | ({OURS: rival.run} if rival else {})
        try:
            times = interleaved(runs, budget, session.device)
            entry = _timed(entry, times[name], times.get(OURS))
        except Exception as error:
            entry = replace(entry, status=FAILED, note=one_line(error))
    del one
    if session.device.startswith("cuda"):
        torch.cuda.empty_cache()
    return entry


def _checked(
    name: str, build: Callable[[], Contestant], given: inputs.Inputs, expected: Answer, session: Session
) -> tuple[Entry, Contestant | None]:
    """Builds it and compares its first answer, into spoilt arrays, with the right one."""
    start = time.perf_counter()
    try:
        one = build()
        one.poison()
        result = one.run()
        synchronise(session.device)
        first = time.perf_counter() - start
        right = expected if one.parts is None else tuple(expected[k] for k in one.parts)
        error = check.relative_error(one.answer(result), right)
        check.require_right(error, str(given.features.dtype).removeprefix("torch."))
    except Missing as missing:
        return Entry(name, MISSING, one_line(missing)), None
    except WrongAnswer as wrong:
        return Entry(name, WRONG, one_line(wrong)), None
    except Exception as failure:
        return Entry(name, FAILED, one_line(failure)), None
    return Entry(name, note=one.note, relative_error=error, first_call_seconds=first), one


def _timed(entry: Entry, timed: Timed | None, base: Timed | None) -> Entry:
    if timed is None:
        return entry
    beside = base.event if base is not None and entry.name != OURS else None
    return replace(entry, event=timed.event, host=timed.host, ours_event=beside)


def one_line(error: BaseException) -> str:
    """Short enough for a table."""
    text = " ".join(str(error).split()) or "no message"
    kind = "" if isinstance(error, Missing | WrongAnswer) else f"{type(error).__name__}: "
    return kind + (text if len(text) <= 160 else text[:157] + "...")


@dataclass(frozen=True)
class _Sayer:
    """Prints one line per finished measurement."""

    spec: Spec
    moved: int
    session: Session

    def __call__(self, entry: Entry) -> None:
        start = f"[{self.session.left:5.0f} s left] {self.spec.name:48} {entry.name:20}"
        if entry.event is None or entry.host is None:
            self.session.say(f"{start} {entry.status}: {entry.note}")
            return
        share = copy_share(entry, self.moved, self.session.floor)
        ratio = "" if entry.ratio is None else f", {entry.ratio:.3g} times ours"
        event, host = entry.event, entry.host
        self.session.say(
            f"{start} {1e3 * event.median:.4g} ms (best {1e3 * event.best:.4g}, spread "
            f"{100 * event.spread:.1f} %, {len(event.samples)} rounds, host {1e3 * host.median:.4g}); "
            f"{100 * (share or 0):.1f} % of copy{ratio}, error {entry.relative_error:.1e}, "
            f"first call {entry.first_call_seconds:.2f} s"
        )


def _sizes(spec: Spec, given: inputs.Inputs) -> dict[str, int]:
    if isinstance(given, inputs.Streamed):
        return {"nodes": given.graph.nodes, "edges": given.graph.edges, "channels": spec.channels}
    walkers, particles = given.features.shape[:2]
    return {"walkers": walkers, "particles": particles, "channels": spec.channels}
