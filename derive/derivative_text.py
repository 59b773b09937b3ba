"""Derivatives as the templates see them: what each scalar function takes and returns, by the part that it plays.

`vjp` goes from cotangents of the output to those of the inputs, `jvp` from tangents of the inputs to the output and its
tangent, `hvp` is the forward sweep over `vjp` with the cotangents of the output fixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import sympy as sp

from .catalogue import Pair
from .derivative_mixing import mixing_programs, output_seeds
from .derivatives import WEIGHT, channel_vjp, edge_vjp, jvp, roots, weighted, with_outputs
from .directions import project, project_tangent
from .laplacians import (
    gradient_symbols,
    lower_contraction,
    lower_gradient,
    origin_radial,
    slope_symbols,
    solid_radial,
    unit_radial,
)
from .lowering import lower_apply
from .printing import source
from .program import Assignment, Program
from .symbols import features, radial_symbols


@dataclass(frozen=True)
class Part:
    """An argument or a result: which array it belongs to, its place there, its name, and whether it is added to."""

    role: str
    index: int
    name: str
    summed: bool = False


@dataclass(frozen=True)
class DerivativeText:
    """One function of edge and channel."""

    kind: str
    key: str
    formula: str
    lines: tuple[str, ...]
    carried: tuple[str, ...]
    inputs: tuple[Part, ...]
    results: tuple[Part, ...]
    outputs: tuple[str, ...]
    count: str

    @property
    def name(self) -> str:
        return f"_{self.kind}_channel_{self.key}"

    @property
    def summed(self) -> list[Part]:
        """What the function adds to, as further arguments."""
        return [r for r in self.results if r.summed]

    def places(self, role: str) -> list[tuple[int, int]]:
        """Where the results of a role stand among all, and where each belongs."""
        return [(n, r.index) for n, r in enumerate(self.results) if r.role == role]

    def place(self, role: str, index: int) -> int | None:
        """Where one of them stands; None where the function does not return it."""
        return next((n for n, at in self.places(role) if at == index), None)


@dataclass(frozen=True)
class EdgeText:
    """One function of the edge alone."""

    name: str
    says: str
    arguments: tuple[str, ...]
    lines: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class DerivativesText:
    """All that is emitted for the derivatives of one pair."""

    pair: Pair
    vjp: DerivativeText
    jvp: DerivativeText
    hvp: DerivativeText
    edges: tuple[EdgeText, ...]
    roots: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.pair.key

    @property
    def channels(self) -> tuple[DerivativeText, ...]:
        return (self.vjp, self.jvp, self.hvp)

    @property
    def odd(self) -> list[bool]:
        """Of each path: whether its kernel changes sign with r."""
        return [p.parity == "odd" for p in self.pair.paths]

    @property
    def n_in(self) -> int:
        return 2 * self.pair.l_in + 1

    @property
    def n_out(self) -> int:
        return 2 * self.pair.l_out + 1

    @property
    def n_paths(self) -> int:
        return len(self.pair.paths)


# --- programs ---------------------------------------------------------------------------------------


def seeds(pair: Pair) -> tuple[sp.Symbol, ...]:
    """g_0, g_1, ..: the cotangents of the output."""
    return output_seeds(pair)


@cache
def lower_weighted(pair: Pair) -> Program:
    """(r̂ | w, φ, f) ↦ w Σ_p φ_p K^p(r̂) f."""
    return weighted(lower_apply(pair), radial_symbols(pair))


@cache
def lower_vjp(pair: Pair) -> Program:
    """(r̂ | w, φ, f, g) ↦ the cotangents of w, φ, f and of the roots."""
    return channel_vjp(lower_weighted(pair), seeds(pair))


@cache
def lower_jvp(pair: Pair) -> Program:
    """(r̂, its tangent | w, φ, f, and their tangents) ↦ the output, then its tangent."""
    return jvp(lower_weighted(pair))


@cache
def lower_hvp(pair: Pair) -> Program:
    """(r̂, its tangent | w, φ, f, g, their tangents) ↦ cotangents of φ and the roots, then the tangents of all."""
    both, count = jvp(lower_vjp(pair), fixed=seeds(pair)), len(lower_vjp(pair).outputs)
    first = count - len(roots(lower_weighted(pair)))
    return with_outputs(both, [*range(1, 1 + len(pair.paths)), *range(first, 2 * count)])


def programs(pair: Pair) -> list[Program]:
    """All that are emitted, for their constants."""
    edge = edge_vjp(lower_weighted(pair))
    swept = [lower_vjp(pair), lower_jvp(pair), lower_hvp(pair), edge, jvp(edge), project(), project_tangent()]
    return [*swept, *laplacian_programs(pair), *mixing_programs(pair)]


# --- texts ------------------------------------------------------------------------------------------


def _inputs(pair: Pair) -> list[Part]:
    f = features(2 * pair.l_in + 1)
    groups = (("weight", (WEIGHT,)), ("radial", radial_symbols(pair)), ("features", f))
    return [Part(role, i, s.name) for role, symbols in groups for i, s in enumerate(symbols)]


def cotangent_parts(pair: Pair) -> list[Part]:
    return [Part("cotangents", a, s.name) for a, s in enumerate(seeds(pair))]


def changed(parts: Iterable[Part], prefix: str, summed: Sequence[str] = ()) -> list[Part]:
    """The same for tangents or cotangents."""
    return [Part(f"{prefix}{p.role}", p.index, f"{prefix}{p.name}", p.role in summed) for p in parts]


def root_parts(pair: Pair) -> list[Part]:
    return [Part("root", i, s.name) for i, s in enumerate(roots(lower_weighted(pair)))]


def channel_text(
    kind: str, pair: Pair, program: Program, formula: str, inputs: Sequence[Part], results: Sequence[Part]
) -> DerivativeText:
    assert [p.name for p in inputs] == [s.name for s in program.channel_inputs]
    assert len(results) == len(program.outputs)
    count = program.channel_operations
    return DerivativeText(
        kind=kind,
        key=pair.key,
        formula=formula,
        lines=tuple(f"{a.target} = {source(a.value)}" for a in program.channel),
        carried=tuple(map(str, program.carried)),
        inputs=tuple(inputs),
        results=tuple(results),
        outputs=tuple(map(source, program.outputs)),
        count=f"{count.multiplications} multiplications and {count.additions} additions",
    )


@cache
def derivatives_text(pair: Pair) -> DerivativesText:
    """Lower the derivatives of a pair and print them."""
    inputs, given = _inputs(pair), [*_inputs(pair), *cotangent_parts(pair)]
    tangents, over_channels = changed(inputs, "d_"), ("weight", "root", "features")
    bars = changed([*inputs, *root_parts(pair)], "bar_", over_channels)
    d_bars = changed(bars, "d_", [f"bar_{role}" for role in over_channels])
    out = [Part("out", a, f"o{a}", True) for a in range(2 * pair.l_out + 1)]
    both = [*out, *changed(out, "d_", ("out",))]
    ends = [b for b in bars if b.role in ("bar_radial", "bar_root")]
    cotangents = "The cotangents of what w Σ_p radial_p K^p(r̂) f is made of"
    second = "The cotangents of radial and of the edge values, then the tangents of what _vjp_channel returns"
    return DerivativesText(
        pair,
        vjp=channel_text("vjp", pair, lower_vjp(pair), cotangents, given, bars),
        jvp=channel_text(
            "jvp", pair, lower_jvp(pair), "w Σ_p radial_p K^p(r̂) f, its tangent", [*inputs, *tangents], both
        ),
        hvp=channel_text("hvp", pair, lower_hvp(pair), second, [*given, *tangents], [*ends, *d_bars]),
        edges=_edges(pair),
        roots=tuple(p.name for p in root_parts(pair)),
    )


def _edges(pair: Pair) -> tuple[EdgeText, ...]:
    reverse = edge_vjp(lower_weighted(pair))
    texts = [
        _edge(f"_vjp_edge_{pair.key}", "The cotangents of the edge values as one of r̂", reverse),
        _edge(f"_hvp_edge_{pair.key}", "The same, and its tangent", jvp(reverse)),
        values_text(f"_jvp_values_{pair.key}", "What depends on r̂ and its tangent alone", lower_jvp(pair)),
        values_text(f"_hvp_values_{pair.key}", "The same for _hvp_channel", lower_hvp(pair)),
    ]
    return tuple(texts)


def _edge(name: str, says: str, program: Program) -> EdgeText:
    """All that a program computes, once for each edge."""
    block = (*program.edge, *program.channel)
    return _edge_text(name, says, (*program.edge_inputs, *program.channel_inputs), block, program.outputs)


def values_text(name: str, says: str, program: Program) -> EdgeText:
    """What a program computes before it comes to channels."""
    return _edge_text(name, says, program.edge_inputs, program.edge, program.carried)


def _edge_text(
    name: str, says: str, arguments: Iterable[sp.Symbol], block: Iterable[Assignment], outputs: Iterable[sp.Expr]
) -> EdgeText:
    lines = tuple(f"{a.target} = {source(a.value)}" for a in block)
    return EdgeText(name, says, tuple(map(str, arguments)), lines, tuple(map(source, outputs)))


# --- Laplacians ---------------------------------------------------------------------------------------


def laplacian_programs(pair: Pair) -> list[Program]:
    """All that are emitted for the forward Laplacian, for their constants."""
    radial = [f(p.l_f) for p in pair.paths for f in (unit_radial, solid_radial, origin_radial)]
    return [lower_gradient(pair), lower_contraction(pair), *radial]


@dataclass(frozen=True)
class LaplacianText:
    """What is emitted for the forward Laplacian of one pair."""

    gradient: DerivativeText
    contraction: DerivativeText
    values: tuple[EdgeText, ...]
    degrees: tuple[int, ...]


@cache
def laplacian_text(pair: Pair) -> LaplacianText:
    """Lower the gradient of a pair and its contraction, and print them."""
    f = [Part("features", b, s.name) for b, s in enumerate(features(2 * pair.l_in + 1))]
    radial = [Part("radial", p, s.name) for p, s in enumerate(radial_symbols(pair))]
    slopes = [Part("slopes", p, s.name) for p, s in enumerate(slope_symbols(pair))]
    moved = [Part(f"h{a}", b, s.name) for a, axis in enumerate(gradient_symbols(pair)) for b, s in enumerate(axis)]
    n_out = 2 * pair.l_out + 1
    out = [Part("out", a, f"o{a}", True) for a in range(n_out)]
    gradient = [Part("gradient", n, f"d{n}") for n in range(3 * n_out)]
    lowered = {"gradient": lower_gradient(pair), "contraction": lower_contraction(pair)}
    says = "Σ_p radial_p K^p(r̂) f, then its derivatives along x, y and z"
    inward = "Σ_a h_a · ∂_a of the same"
    return LaplacianText(
        channel_text("gradient", pair, lowered["gradient"], says, [*radial, *slopes, *f], [*out, *gradient]),
        channel_text("contraction", pair, lowered["contraction"], inward, [*radial, *slopes, *moved], out),
        tuple(
            values_text(f"_{kind}_values_{pair.key}", f"What _{kind}_channel needs", p) for kind, p in lowered.items()
        ),
        tuple(p.l_f for p in pair.paths),
    )


def radial_texts(degrees: Iterable[int]) -> tuple[EdgeText, ...]:
    """χ and the radial function of the Laplacian, for each degree of a form that occurs."""
    kinds = (
        ("unit", "χ = φ' - J φ/r, and φ'' + 2 φ'/r - J (J + 1) φ/r²", unit_radial),
        ("solid", "g', and g'' + 2 (J + 1) g'/r", solid_radial),
        ("origin", "0, and the latter's limit at r = 0", origin_radial),
    )
    return tuple(
        _edge(f"_{kind}_radial_{degree}", f"{says}, J = {degree}", program(degree))
        for degree in sorted(set(degrees))
        for kind, says, program in kinds
    )


def direction_texts() -> tuple[EdgeText, ...]:
    """How r̂ moves with r, whatever the pair."""
    says = "How r̂ moves with r, or what a cotangent of r̂ is for r: (u - r̂ (r̂·u)) / |r|"
    return (
        _edge("_project", says, project()),
        _edge("_project_tangent", "The tangent of _project, while r moves by v and u by d_u", project_tangent()),
    )
