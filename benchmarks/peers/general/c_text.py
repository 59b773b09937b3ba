"""The header that specialises loops.c: sizes, harmonics as polynomials, nonzero coefficients listed and unrolled."""

from collections.abc import Mapping, Sequence
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
            *_matrices(table),
            *_products(table),
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


def _entries(table: Sequence[Term]) -> dict[tuple[int, int, int], list[Term]]:
    """Of the matrices K^p_ab, those that are not zero at every direction, with the terms of each."""
    found: dict[tuple[int, int, int], list[Term]] = {}
    for term in table:
        found.setdefault((term.path, term.a, term.b), []).append(term)
    return found


def _matrices(table: Sequence[Term]) -> list[str]:
    """matrices(Y, k): every entry that is not zero, written out."""
    lines = ["static inline void matrices(const real *restrict Y, real k[PATHS][OUT][IN])", "{"]
    for (p, a, b), those in _entries(table).items():
        lines.append(f"    k[{p}][{a}][{b}] = {' + '.join(f'(real){t.q!r} * Y[{t.m}]' for t in those)};")
    return [*lines, "}"]


def _products(table: Sequence[Term]) -> list[str]:
    """products(k, phi, f, sum): sum += phi_p K^p f for all channels, one loop a path, zeros left out."""
    rows: dict[int, dict[int, list[int]]] = {}
    for p, a, b in _entries(table):
        rows.setdefault(p, {}).setdefault(a, []).append(b)
    lines = [
        "static inline void products(const real k[PATHS][OUT][IN], const real (*restrict phi)[CHANNELS],",
        "                            const real (*restrict f)[CHANNELS], real (*restrict sum)[CHANNELS])",
        "{",
    ]
    for p, sums in rows.items():
        lines += ["#pragma omp simd", "    for (int c = 0; c < CHANNELS; c++) {"]
        for a, columns in sums.items():
            row = " + ".join(f"k[{p}][{a}][{b}] * f[{b}][c]" for b in columns)
            lines.append(f"        sum[{a}][c] += phi[{p}][c] * ({row});")
        lines.append("    }")
    return [*lines, "}"]


def _sum(polynomial: Mapping[Powers, float]) -> str:
    return " + ".join(_product(powers, c) for powers, c in polynomial.items())


def _product(powers: Powers, coefficient: float) -> str:
    factors = [f"{name}{n}" for name, n in zip(COORDINATES, powers, strict=True) if n]
    return " * ".join([f"(real){coefficient!r}", *factors])
