"""The derivatives of mixed radial functions as the templates see them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from .catalogue import Pair
from .derivative_mixing import (
    lower_adjoint,
    lower_adjoint_jvp,
    lower_message_hvp,
    lower_message_jvp,
    lower_message_vjp,
    message_seeds,
    mixing_roots,
    moving_adjoints,
)
from .derivative_text import (
    DerivativeText,
    EdgeText,
    Part,
    changed,
    channel_text,
    cotangent_parts,
    lower_weighted,
    root_parts,
    values_text,
)
from .derivatives import roots
from .lowering import lower_messages
from .symbols import features


@dataclass(frozen=True)
class MixingText:
    """What the derivatives of mixed radial functions need of one pair; `message` is the forward function's own."""

    message: DerivativeText
    adjoint: DerivativeText
    message_jvp: DerivativeText
    adjoint_jvp: DerivativeText
    message_vjp: DerivativeText
    message_hvp: DerivativeText
    values: tuple[EdgeText, ...]

    @property
    def emitted(self) -> tuple[DerivativeText, ...]:
        return (self.adjoint, self.message_jvp, self.adjoint_jvp, self.message_vjp, self.message_hvp)


@cache
def mixing_text(pair: Pair) -> MixingText:
    """Lower what an edge adds, and print it."""
    assert mixing_roots(pair) == roots(lower_weighted(pair)), "one function of the edge serves all sums"
    n_in, n_out = 2 * pair.l_in + 1, 2 * pair.l_out + 1
    f = [Part("features", b, s.name) for b, s in enumerate(features(n_in))]
    h = [Part("h", n, s.name) for n, s in enumerate(message_seeds(pair))]
    messages = [Part("message", n, f"m{n}") for n in range(len(h))]
    adjoints = [Part("message", n, f"m{n}") for n in range(len(pair.paths) * n_in)]
    ends = [*messages, *changed(root_parts(pair), "bar_", ("root",))]
    d_ends = changed(ends, "d_", ("bar_root",))
    moving = [*f, *h]
    lowered: dict[str, tuple[Any, ...]] = {
        "message": (lower_messages(pair), "K^p(r̂) f of every path p", f, messages),
        "adjoint": (lower_adjoint(pair), "K^p(r̂)ᵀ g of every path p", cotangent_parts(pair), adjoints),
        "message_jvp": (
            lower_message_jvp(pair),
            "K^p(r̂) f of every path p, then their tangents",
            [*f, *changed(f, "d_")],
            [*messages, *changed(messages, "d_")],
        ),
        "adjoint_jvp": (
            lower_adjoint_jvp(pair),
            "K^p(r̂)ᵀ g of every path p, then their tangents",
            cotangent_parts(pair),
            [*adjoints, *changed((adjoints[n] for n in moving_adjoints(pair)), "d_")],
        ),
        "message_vjp": (
            lower_message_vjp(pair),
            "m^p = K^p(r̂) f of every path p, then the cotangents of the edge values, of Σ_p <h^p, m^p>",
            moving,
            ends,
        ),
        "message_hvp": (
            lower_message_hvp(pair),
            "The same, then their tangents",
            [*moving, *changed(moving, "d_")],
            [*ends, *d_ends],
        ),
    }
    assert len(adjoints) == len(lower_adjoint(pair).outputs) and n_out * len(pair.paths) == len(messages)
    texts = {kind: channel_text(kind, pair, program, *rest) for kind, (program, *rest) in lowered.items()}
    values = (
        values_text(f"_{kind}_values_{pair.key}", f"What _{kind}_channel needs of the edge", program)
        for kind, (program, *_) in lowered.items()
        if kind != "message"
    )
    return MixingText(**texts, values=tuple(values))
