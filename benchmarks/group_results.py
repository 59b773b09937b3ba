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
    """Of the one-integral convolution, by the name of the kernel."""
    one: Timing
    two_error: float | None
    two: Timing | None
    """Both integrals edge by edge, where it was done."""


@dataclass(frozen=True)
class Results:
    """All of one run; times in CPU seconds of one thread for one call on all edges."""

    machine: dict[str, Any]
    settings: dict[str, float]
    edges: int
    exact_degree: int
    points: tuple[Point, ...]
    pocket: dict[str, Timing]
    pocket_errors: dict[str, float]

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
    return Results(points=points, pocket=pocket, **raw)


def _timing(raw: dict[str, Any] | None) -> Any:
    return None if raw is None else Timing(tuple(raw["samples"]))


def markdown(found: Results) -> str:
    """The table, and under it what was measured on what."""
    compiled = found.pocket[COMPILED]
    header = [
        "quadrature",
        "rotations M",
        "error",
        "error, bumps",
        "one integral, µs per edge",
        "times convolve_1_1",
        "two integrals, µs per edge",
        "spread",
    ]
    rows = [_row(found, point, compiled) for point in found.points]
    for name, timing in found.pocket.items():
        cells = [f"{found.pocket_errors[name]:.1e}", "", _us(found, timing), _times(timing, compiled), ""]
        rows.append([name, "", *cells, _percent(timing.spread)])
    lines = [_line(header), _line(["---", *["---:"] * (len(header) - 1)]), *map(_line, rows)]
    title = (
        f"group convolution 1→1 by quadrature over SO(3): {found.edges} edges, {found.settings['channels']:g} channels"
    )
    return "\n".join([f"### {title}, float64", "", *lines, "", *(f"- {note}" for note in _notes(found))]) + "\n"


def _row(found: Results, point: Point, compiled: Timing) -> list[str]:
    exact = ", exact" if point.degree == found.exact_degree else ""
    spread = max(t.spread for t in (point.one, point.two) if t is not None)
    return [
        f"degree {point.degree}{exact}",
        str(point.rotations),
        *(f"{error:.1e}" for error in point.errors.values()),
        _us(found, point.one),
        _times(point.one, compiled),
        "" if point.two is None else _us(found, point.two),
        _percent(spread),
    ]


def _notes(found: Results) -> Sequence[str]:
    m = found.machine
    libraries = ", ".join(f"{name} {version}" for name, version in m["libraries"].items() if version)
    rounds = len(found.points[0].one.samples)
    return [
        "Errors are the largest of the answer over its largest entry, against the pocket kernel with averaged radial "
        "functions: of a kernel of degree 3 in r/|r|, and of 20 Gaussian bumps, which have no finite degree.",
        "One integral: M matrices k(R⁻¹ r) for every edge. Two: M² matrices κ, the same quadrature for both. "
        "A matrix is 3 x 3 in each channel, and NumPy evaluates it for all edges at once.",
        "The pocket kernel: radial functions given, but for convolve_tabulated_1_1, which reads them from a table.",
        f"CPU time of one thread, medians of {rounds} interleaved rounds; spread: interquartile range over median.",
        f"{m['cpu']}, {m['threads']} thread, {m['system']}, Python {m['python']}, {m['date']}.",
        f"{libraries}.",
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _us(found: Results, timing: Timing) -> str:
    return f"{1e6 * found.per_edge(timing):.3g}"


def _times(timing: Timing, compiled: Timing) -> str:
    return f"{timing.median / compiled.median:.3g}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2g} %"
