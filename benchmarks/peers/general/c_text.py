"""The header that specialises loops.c: sizes, harmonics as polynomials, the nonzero coefficients as a table."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from benchmarks.inputs.coupling import Powers, couplings, polynomials

REAL = {"float32": "float", "float64": "double"}
COORDINATES = "xyz"


class Term(NamedTuple):
    """One nonzero coefficient of a path; `m` counts through the harmonics of all paths."""

    path: int
    m: int
    a: int
    b: int
    q: float


def terms(l_in: int, l_out: int) -> list[Term]:
    """All of them, by path, then output and input component: what belongs to one row stands together."""
    found, first = [], 0
    for p, coupling in enumerate(couplings(l_in, l_out)):
        q = coupling.coefficients
        found += [Term(p, first + int(m), int(a), int(b), float(q[m, a, b])) for m, a, b in np.argwhere(q)]
        first += 2 * coupling.l_f + 1
    return sorted(found, key=lambda t: (t.path, t.a, t.b, t.m))


def header(l_in: int, l_out: int, channels: int, dtype: str) -> str:
    """C text; every number is rounded to `dtype` by the compiler."""
    table = terms(l_in, l_out)
    degrees = [c.l_f for c in couplings(l_in, l_out)]
    sizes = {
        "IN": 2 * l_in + 1,
        "OUT": 2 * l_out + 1,
        "PATHS": len(degrees),
        "CHANNELS": channels,
        "HARMONICS": sum(2 * l + 1 for l in degrees),
        "TERMS": len(table),
    }
    return "\n".join(
        [
            f"typedef {REAL[dtype]} real;",
            *(f"#define {name} {number}" for name, number in sizes.items()),
            "static const struct { int path, m, a, b; real q; } terms[TERMS] = {",
            *(f"    {{{t.path}, {t.m}, {t.a}, {t.b}, (real){t.q!r}}}," for t in table),
            "};",
            *_harmonics(degrees, REAL[dtype]),
            "",
        ]
    )


def _harmonics(degrees: list[int], real: str) -> list[str]:
    """harmonics(r, Y): those of r / |r|, powers computed once."""
    highest = max(degrees)
    root = "sqrtf" if real == "float" else "sqrt"
    lines = [
        "static inline void harmonics(const real *r, real *Y)",
        "{",
        f"    const real scale = (real)1 / {root}(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);",
    ]
    for k, name in enumerate(COORDINATES):
        lines.append(f"    const real {name}1 = r[{k}] * scale;")
        lines += [f"    const real {name}{n} = {name}{n - 1} * {name}1;" for n in range(2, highest + 1)]
    values = [p for l in degrees for p in polynomials(l)]
    lines += [f"    Y[{m}] = {_sum(p)};" for m, p in enumerate(values)]
    return [*lines, "}"]


def _sum(polynomial: Mapping[Powers, float]) -> str:
    return " + ".join(_product(powers, c) for powers, c in polynomial.items())


def _product(powers: Powers, coefficient: float) -> str:
    factors = [f"{name}{n}" for name, n in zip(COORDINATES, powers, strict=True) if n]
    return " * ".join([f"(real){coefficient!r}", *factors])
