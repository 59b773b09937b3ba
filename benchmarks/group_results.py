"""What benchmarks.group_convolution finds, as data, JSON and a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.timing import Timing

COMPILED = "pocket kernel, convolve_1_1"
TABLE = "pocket kernel, convolve_tabulated_1_1"
NUMPY = "pocket kernel, in NumPy"


@dataclass(frozen=True)
class Point:
    """One quadrature."""

    degree: int
    rotations: int
    errors: dict[str, float]
    """Of the convolution with one integral, by the name of the kernel."""
    one: Timing
    two_error: float | None
    two: Timing | None
    """Both integrals edge by edge with this quadrature for each, where it was done."""


@dataclass(frozen=True)
class ExactTwo:
    """Both integrals, each by the smallest quadrature that leaves no error."""

    degrees: tuple[int, int]
    """Of the quadratures over the receiver's frames and over the sender's."""
    rotations: tuple[int, int]
    error: float
    timing: Timing

    def __str__(self) -> str:
        return "{} x {}".format(*self.rotations)


@dataclass(frozen=True)
class Results:
    """All of one run; times in CPU seconds of one thread for one call on all edges."""

    machine: dict[str, Any]
    settings: dict[str, float]
    edges: int
    exact_degree: int
    points: tuple[Point, ...]
    exact_two: ExactTwo
    pocket: dict[str, Timing]
    pocket_errors: dict[str, float]

    @property
    def exact(self) -> Point:
        """The first quadrature that leaves no error."""
        return next(point for point in self.points if point.degree == self.exact_degree)

    def per_edge(self, timing: Timing) -> float:
        return timing.median / self.edges


def as_json(found: Results) -> str:
    """Every round's seconds included; NaN is refused."""
    return json.dumps(asdict(found), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def from_json(text: str) -> Results:
    """What `as_json` was given."""
    raw = json.loads(text)
    points = tuple(Point(**{**p, "one": _timing(p["one"]), "two": _timing(p["two"])}) for p in raw.pop("points"))
    pocket = {name: Timing(tuple(t["samples"])) for name, t in raw.pop("pocket").items()}
    both = raw.pop("exact_two")
    degrees, rotations = tuple(both["degrees"]), tuple(both["rotations"])
    exact_two = ExactTwo(degrees, rotations, both["error"], _timing(both["timing"]))
    return Results(points=points, pocket=pocket, exact_two=exact_two, **raw)


def _timing(raw: dict[str, Any] | None) -> Any:
    return None if raw is None else Timing(tuple(raw["samples"]))


def markdown(found: Results) -> str:
    """The tables, and under them what was measured on what."""
    channels = f"{found.edges} edges, {found.settings['channels']:g} channels"
    parts = [
        f"### group convolution 1→1 by quadrature over SO(3): {channels}, float64",
        _table(_QUADRATURES, [*(_row(found, point) for point in found.points), _both(found)]),
        "### the pocket kernel that it equals, and what exact quadratures take in its place",
        _table(_pocket_header(found), [_pocket(found, name) for name in found.pocket]),
        "\n".join(f"- {note}" for note in _notes(found)),
    ]
    return "\n\n".join(parts) + "\n"


_QUADRATURES = [
    "quadrature",
    "rotations M",
    "one integral: error",
    "error, bumps",
    "µs per edge",
    "over convolve_1_1",
    "over convolve_tabulated_1_1",
    "two integrals: error",
    "µs per edge",
    "over convolve_tabulated_1_1",
    "spread",
]


def _row(found: Results, point: Point) -> list[str]:
    exact = ", exact" if point.degree == found.exact_degree else ""
    spread = max(t.spread for t in (point.one, point.two) if t is not None)
    return [
        f"degree {point.degree}{exact}",
        str(point.rotations),
        *(f"{error:.1e}" for error in point.errors.values()),
        _us(found, point.one),
        _times(point.one, found.pocket[COMPILED]),
        _times(point.one, found.pocket[TABLE]),
        *_two(found, point.two_error, point.two),
        _percent(spread),
    ]


def _both(found: Results) -> list[str]:
    both = found.exact_two
    name = "degrees {} and {}, exact".format(*both.degrees)
    return [name, str(both), "", "", "", "", "", *_two(found, both.error, both.timing), _percent(both.timing.spread)]


def _two(found: Results, error: float | None, timing: Timing | None) -> list[str]:
    if error is None or timing is None:
        return ["", "", ""]
    return [f"{error:.1e}", _us(found, timing), _times(timing, found.pocket[TABLE])]


def _pocket_header(found: Results) -> list[str]:
    one, two = f"one integral, M = {found.exact.rotations}", f"two integrals, {found.exact_two}"
    return ["", "error", "µs per edge", f"{one}: times that", f"{two}: times that", "spread"]


def _pocket(found: Results, name: str) -> list[str]:
    timing = found.pocket[name]
    times = (_times(slow, timing) for slow in (found.exact.one, found.exact_two.timing))
    return [name, f"{found.pocket_errors[name]:.1e}", _us(found, timing), *times, _percent(timing.spread)]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join([_line(header), _line(["---", *["---:"] * (len(header) - 1)]), *map(_line, rows)])


def _notes(found: Results) -> Sequence[str]:
    m = found.machine
    libraries = ", ".join(f"{name} {version}" for name, version in m["libraries"].items() if version)
    rounds = len(found.points[0].one.samples)
    return [
        "Errors are the largest of the answer over its largest entry, against the pocket kernel with averaged radial "
        "functions: of a kernel of degree 3 in r/|r|, and of 20 Gaussian bumps, which have no finite degree.",
        "One integral, the inner one done by hand: M matrices k(R⁻¹ r) for every edge. Two, as it is written: M² "
        f"matrices κ, the same quadrature for both, and in the last row {found.exact_two}, each as small as is exact. "
        "A matrix is 3 x 3 in each channel, and NumPy evaluates it for all edges at once.",
        "The pocket kernel: radial functions given, but for convolve_tabulated_1_1, which evaluates them from a table, "
        "as the quadratures evaluate k and κ: so it is the one to compare with.",
        f"CPU time of one thread, medians of {rounds} interleaved rounds; spread: interquartile range over median.",
        f"{m['cpu']}, {m['threads']} thread, {m['system']}, Python {m['python']}, {m['date']}.",
        f"{libraries}.",
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _us(found: Results, timing: Timing) -> str:
    return _number(1e6 * found.per_edge(timing))


def _times(timing: Timing, compiled: Timing) -> str:
    return _number(timing.median / compiled.median)


def _number(value: float) -> str:
    """Three digits, never in powers of ten."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if rounded >= 100 else f"{rounded:g}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2g} %"
