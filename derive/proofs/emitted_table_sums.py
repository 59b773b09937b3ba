"""What derivatives of terms K(r) f are, when radial functions are read from a table: the sums that loops should compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from ..derivative_text import DerivativeText
from ..polynomials import ZERO
from .emitted_tables import CHANNELS, Tables, at_origin


class Sums:
    """Cotangents, tangents and outputs of terms K(r) f, each a receiver, a sender, a vector and the sign of odd paths."""

    def __init__(self, t: Tables, f: DerivativeText) -> None:
        self.t, self.f = t, f

    def terms(self, edge: Mapping[str, Any], directions: Sequence[Mapping[str, Any]]) -> list[list[dict[Any, Any]]]:
        """Results of the channel function, for each direction and channel."""
        values = self.t.edge(self.f, edge["vector"], edge["tangent"])
        return [
            [self.t.results(self.f, values, self._arguments(edge, d, c)) for c in range(CHANNELS)] for d in directions
        ]

    def _arguments(self, edge: Mapping[str, Any], d: Mapping[str, Any], c: int) -> dict[str, list[Any]]:
        paths = range(len(self.t.pair.paths))
        speed = self.t.speed(edge["vector"], edge["tangent"])
        table = [self.t.radial(edge["vector"], p, c) for p in paths]
        return {
            "weight": [d["weight"]],
            "radial": [d["signs"][p] * table[p][0] for p in paths],
            "features": list(d["features"][:, c]),
            "cotangents": list(d["cotangents"][:, c]),
            "d_weight": [d["d_weight"]],
            "d_radial": [d["signs"][p] * (speed * table[p][1]) for p in paths],
            "d_features": [0] * len(d["features"]) if d["d_features"] is None else list(d["d_features"][:, c]),
        }

    def vector(self, edge: Mapping[str, Any], directions: Sequence[Mapping[str, Any]], found: Any) -> list[Any]:
        """The cotangent of the vector, or its tangent."""
        t, key, r, dr = self.t, self.t.pair.key, edge["vector"], edge["tangent"]
        unit, along = t.direction(r, t.solid), t.direction(r, False)
        second = self.f.kind == "hvp"
        bars = self._over_channels(found, "bar_root")
        length, d_length = self._lengths(edge, directions, found)
        if not second:
            ends = t.opaque.values(f"_vjp_edge_{key}", 3, *unit[:3], *bars)
            return [b + e * length for b, e in zip(t.moved(r, ends), along, strict=False)]
        d_bars = self._over_channels(found, "d_bar_root")
        ends = t.opaque.values(f"_hvp_edge_{key}", 6, *unit[:3], *t.move(r, dr), *bars, *d_bars)
        bent: Sequence[Any] = ends[3:]
        if not t.solid:
            tangent = ("_project", 3, *unit, *ends[3:])
            bent = t.opaque.values(
                *(tangent if dr is None else ("_project_tangent", 3, *unit, *ends[:3], *dr, *ends[3:]))
            )
        turning = (0, 0, 0) if dr is None else dr if at_origin(r) else t.opaque.values("_project", 3, *along, *dr)
        return [b + e * d_length + u * length for b, e, u in zip(bent, along, turning, strict=False)]

    def _over_channels(self, found: Any, role: str) -> list[Any]:
        count = sum(r.role == role for r in self.f.results)
        return [sum((lane[role, n] for d in found for lane in d), ZERO) for n in range(count)]

    def _lengths(self, edge: Mapping[str, Any], directions: Any, found: Any) -> tuple[Any, Any]:
        t, speed = self.t, self.t.speed(edge["vector"], edge["tangent"])
        length, d_length = ZERO, ZERO
        for d, lanes in zip(directions, found, strict=True):
            for (c, values), p in product(enumerate(lanes), range(len(t.pair.paths))):
                read = t.jet if self.f.kind == "hvp" else t.radial
                _, slope, curvature = read(edge["vector"], p, c)
                length += d["signs"][p] * values["bar_radial", p] * slope
                if self.f.kind == "hvp":
                    d_length += d["signs"][p] * values["bar_radial", p] * (speed * curvature)
                    d_length += d["signs"][p] * values["d_bar_radial", p] * slope
        return length, d_length
