"""Emitted modules in words: what components are, and what there are functions of."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from .catalogue import Pair, variants, wholes

FIRST = (
    "Conventions: vectors are r = x_receiver - x_sender and r̂ = r / |r|.",
    "Components of degree 1 are Cartesian (x, y, z).",
    "Components of degree 2 are coefficients in the orthonormal basis of symmetric traceless matrices, ordered (xy, "
    "yz, 3zz-rr, xz, xx-yy), so the norm of the five is the Frobenius norm of the matrix.",
)
#: Where there are features of degree 3 and more.
HIGHER = (
    "Those of degree l > 2 are coefficients of orthonormal real spherical harmonics without Condon-Shortley sign, "
    "ordered m = -l..l."
)
LAST = (
    "Components come before channels.",
    "`radial` holds the contracted radial functions in the order of catalogue.json, by ascending l_f.",
)
#: Where there are paths whose kernel is the contraction itself.
GENERAL = (
    "A kernel without a form of its own is K = √(4π) Σ_m Y_m(r̂) Q_m, of Frobenius norm √(2 l_out + 1), with the real "
    "Clebsch-Gordan coefficients Q_mab = <l_in b; l_f m | l_out a>, orthonormal for each a; e3nn's wigner_3j(l_in, "
    "l_f, l_out), in these components, is (-1)^(l_in + l_f + l_out) Q / √(2 l_out + 1)."
)
ORIGIN = "At r = 0 only the path with l_f = 0 contributes (theorem T10)."
WIDTH = 118


def conventions(pairs: Iterable[Pair]) -> str:
    """What the pairs' components, radial functions and kernels are."""
    pairs = list(pairs)
    higher = [HIGHER] if any(l > 2 for p in pairs for l in (p.l_in, p.l_out)) else []
    general = [GENERAL] if any(path.form is None for p in pairs for path in p.paths) else []
    return textwrap.fill(" ".join([*FIRST, *higher, *LAST, *general, ORIGIN]), WIDTH, break_on_hyphens=False)


def has_all_variants(pairs: Sequence[Pair]) -> bool:
    """Whether of each pair there are also its paths of one parity alone, and some have both kinds."""
    every = {v.key for p in wholes(pairs) for v in variants(p)}
    return every == {p.key for p in pairs} and len(every) > len(wholes(pairs))


def degree_names(pairs: Sequence[Pair]) -> list[str]:
    """What there are functions of, such as 1→2, 2→3 (l_f = 1, 2) and 2→2 (polar paths)."""
    return [
        pair_degrees(p) + ("" if p.complete or p.parity else f" (l_f = {', '.join(str(one.l_f) for one in p.paths)})")
        for p in (wholes(pairs) if has_all_variants(pairs) else pairs)
    ]


def pair_degrees(pair: Pair) -> str:
    """Such as 1→2, or 1→2 (polar paths)."""
    return f"{pair.l_in}→{pair.l_out}" + (f" ({pair.parity} paths)" if pair.parity else "")
