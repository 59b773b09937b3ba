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
from .derivatives import WEIGHT, channel_vjp, edge_vjp, jvp, roots, weighted, with_outputs
from .directions import project, project_tangent
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
    return tuple(sp.Symbol(f"g{a}", real=True) for a in range(2 * pair.l_out + 1))


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
    """(r̂, its tangent | w, φ, f, g, tangents of w, φ, f) ↦ the cotangents of the roots, then the tangents of all cotangents."""
    both, count = jvp(lower_vjp(pair), fixed=seeds(pair)), len(lower_vjp(pair).outputs)
    return with_outputs(both, range(count - len(roots(lower_weighted(pair))), 2 * count))


def programs(pair: Pair) -> list[Program]:
    """All that are emitted, for their constants."""
    edge = edge_vjp(lower_weighted(pair))
    return [lower_vjp(pair), lower_jvp(pair), lower_hvp(pair), edge, jvp(edge), project(), project_tangent()]


# --- texts ------------------------------------------------------------------------------------------


def _inputs(pair: Pair) -> list[Part]:
    f = features(2 * pair.l_in + 1)
    groups = (("weight", (WEIGHT,)), ("radial", radial_symbols(pair)), ("features", f))
    return [Part(role, i, s.name) for role, symbols in groups for i, s in enumerate(symbols)]


def _cotangents(pair: Pair) -> list[Part]:
    return [Part("cotangents", a, s.name) for a, s in enumerate(seeds(pair))]


def _changed(parts: Iterable[Part], prefix: str, summed: Sequence[str] = ()) -> list[Part]:
    """The same for tangents or cotangents."""
    return [Part(f"{prefix}{p.role}", p.index, f"{prefix}{p.name}", p.role in summed) for p in parts]


def _roots(pair: Pair) -> list[Part]:
    return [Part("root", i, s.name) for i, s in enumerate(roots(lower_weighted(pair)))]


def _text(
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


def derivatives_text(pair: Pair) -> DerivativesText:
    """Lower the derivatives of a pair and print them."""
    inputs, over_channels = _inputs(pair), ("weight", "root", "features")
    bars = _changed([*inputs, *_roots(pair)], "bar_", over_channels)
    out = [Part("out", a, f"o{a}", True) for a in range(2 * pair.l_out + 1)]
    texts = (
        _text("vjp", pair, lower_vjp(pair), "The cotangents of what Σ_p w radial_p K^p(r̂) f is made of", [*inputs, *_cotangents(pair)], bars),
        _text("jvp", pair, lower_jvp(pair), "w Σ_p radial_p K^p(r̂) f, and its tangent", [*inputs, *_changed(inputs, "d_")], [*out, *_changed(out, "d_", ("out",))]),
        _text(
            "hvp",
            pair,
            lower_hvp(pair),
            "The cotangents of the edge values, then the tangents of what _vjp_channel returns",
            [*inputs, *_cotangents(pair), *_changed(inputs, "d_")],
            [*(b for b in bars if b.role == "bar_root"), *_changed(bars, "d_", [f"bar_{role}" for role in over_channels])],
        ),
    )  # fmt: skip
    return DerivativesText(pair, *texts, _edges(pair), tuple(p.name for p in _roots(pair)))


def _edges(pair: Pair) -> tuple[EdgeText, ...]:
    reverse = edge_vjp(lower_weighted(pair))
    texts = [
        _edge(f"_vjp_edge_{pair.key}", "The cotangents of the edge values as one of r̂", reverse),
        _edge(f"_hvp_edge_{pair.key}", "The same, and its tangent", jvp(reverse)),
        _values(f"_jvp_values_{pair.key}", "What depends on r̂ and its tangent alone", lower_jvp(pair)),
        _values(f"_hvp_values_{pair.key}", "The same for _hvp_channel", lower_hvp(pair)),
    ]
    return tuple(texts)


def _edge(name: str, says: str, program: Program) -> EdgeText:
    """All that a program computes, once for each edge."""
    block = (*program.edge, *program.channel)
    return _edge_text(name, says, (*program.edge_inputs, *program.channel_inputs), block, program.outputs)


def _values(name: str, says: str, program: Program) -> EdgeText:
    """What a program computes before it comes to channels."""
    return _edge_text(name, says, program.edge_inputs, program.edge, program.carried)


def _edge_text(
    name: str, says: str, arguments: Iterable[sp.Symbol], block: Iterable[Assignment], outputs: Iterable[sp.Expr]
) -> EdgeText:
    lines = tuple(f"{a.target} = {source(a.value)}" for a in block)
    return EdgeText(name, says, tuple(map(str, arguments)), lines, tuple(map(source, outputs)))


def direction_texts() -> tuple[EdgeText, ...]:
    """How r̂ moves with r, whatever the pair."""
    says = "How r̂ moves with r, or what a cotangent of r̂ is for r: (u - r̂ (r̂·u)) / |r|"
    return (
        _edge("_project", says, project()),
        _edge("_project_tangent", "The tangent of _project, while r moves by v and u by d_u", project_tangent()),
    )
