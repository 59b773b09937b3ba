"""What tests of general degrees share: every pair up to degree 3, cpu.py emitted for all of them, e3nn's kernels."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import product
from pathlib import Path as FilePath
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp
import torch
from e3nn import o3
from pocket_tfn.derive import emission
from pocket_tfn.derive.cartesian import component_basis
from pocket_tfn.derive.catalogue import Pair, Path, pair
from pocket_tfn.derive.constants import constant_name
from pocket_tfn.derive.printing import source
from pocket_tfn.derive.program import Program

from tests.tolerances import Array

HIGHEST = 3
DEGREES = tuple(product(range(HIGHEST + 1), repeat=2))
#: (l_in, l_f, l_out) inside the triangle: written out here so that a path that the catalogue lost would be missed.
TRIPLES = [(i, j, o) for i, o in DEGREES for j in range(2 * HIGHEST + 1) if abs(i - o) <= j <= i + o]


def slow_from(every: Iterable[Any], slow: Iterable[Any]) -> list[Any]:
    """Parameters of a test, those that take seconds marked as slow."""
    late = list(slow)
    return [pytest.param(p, marks=[pytest.mark.slow] if p in late else []) for p in every]


FROM_XYZ, TO_XYZ = [1, 2, 0], [2, 0, 1]  # (x, y, z) → (y, z, x) and back


def pairs() -> list[Pair]:
    """All sixteen, each whole."""
    return [pair(*degrees) for degrees in DEGREES]


def path_of(triple: tuple[int, int, int]) -> tuple[Pair, int, Path]:
    """The pair, the place of the path in its radial functions, and the path."""
    whole = pair(triple[0], triple[2])
    place = triple[1] - abs(triple[0] - triple[2])
    return whole, place, whole.paths[place]


# --- the emitted code -------------------------------------------------------------------------------------


@cache
def cpu_text() -> str:
    """cpu.py for the sixteen pairs; without derivatives, which take the tens of seconds and the other modules."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("derivatives_text", "laplacian_text", "mixing_text", "derivative_programs"):
            patch.setattr(emission, name, lambda p: [])
        patch.setattr(emission, "direction_texts", lambda: [])
        patch.setattr(emission, "radial_texts", lambda degrees: [])
        return emission.render("cpu.py.jinja", **emission.module_context(pairs()))


def imported(text: str, name: str, folder: FilePath) -> ModuleType:
    """The text as a module of its own, from a file in the folder."""
    place = folder / f"{name}.py"
    place.write_text(text, encoding="utf-8")
    specification = importlib.util.spec_from_file_location(name, place)
    assert specification is not None and specification.loader is not None
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


# --- programs -----------------------------------------------------------------------------------------------


def executed(program: Program, values: Sequence[Any], constant: Callable[[sp.Expr], Any]) -> list[Any]:
    """The program's text, run line by line on numbers of any ring, given in the order of its inputs.

    ``constant`` takes an exact number to that ring.
    """
    names = (*program.edge_inputs, *program.channel_inputs)
    known = dict(zip(map(str, names), values, strict=True))
    table = {constant_name(c): constant(c) for c in program.constants()}
    known["k"] = SimpleNamespace(zero=constant(sp.S.Zero), one=constant(sp.S.One), **table)
    for assignment in (*program.edge, *program.channel):
        known[str(assignment.target)] = eval(source(assignment.value), {}, known)
    return [eval(source(output), {}, known) for output in program.outputs]


# --- e3nn ---------------------------------------------------------------------------------------------------


def e3nn_factor(path: Path) -> float:
    """What our kernel is, as a multiple of Σ_m w_bma Y_m with e3nn's w and harmonics (see :func:`e3nn_kernel`).

    Sign.  Both take real coefficients from complex ones C = <l_in μ; l_f ν | l_out M> with the same real harmonics;
    what is left, i^(l_in + l_f - l_out) here and (-i)^(l_in + l_f - l_out) there, makes them real.  (e3nn computes w
    for ascending degrees and permutes it as 3j symbols are permuted, which our Q obeys as well: in terms of the 3j
    symbols in the real basis, T, both are multiples of i^-(l_in + l_f + l_out) T.)  So they differ by
    (-1)^(l_in + l_f + l_out), and by the sign of λ where the form is not √(4π) Σ_m Y_m Q_m itself.

    Size.  w has Frobenius norm 1, harmonics of 'component' normalisation Σ_m Y_m² = 2 l_f + 1: Σ_m w Y_m has norm 1.
    Ours has |Σ_m Y_m Q_m| = √((2 l_out + 1) / 4π), over |λ|.
    """
    sign = (-1) ** (path.l_in + path.l_f + path.l_out)
    exact = sign * sp.sqrt(sp.Rational(2 * path.l_out + 1, 4)) / sp.sqrt(sp.pi) / path.contraction_constant
    return float(sp.simplify(exact))


def e3nn_kernel(l_in: int, l_f: int, l_out: int, vectors: Array) -> Array:
    """Σ_m w_bma Y_m(r̂) with components in our order, in float64: (n, 3) -> (n, 2 l_out + 1, 2 l_in + 1).

    Given (y, z, x), e3nn's components are in our orders m = -l..l (see tests/test_e3nn.py); degree 1 is (x, y, z) here.
    """
    r = torch.tensor(vectors[:, FROM_XYZ].astype(float))
    harmonics = o3.spherical_harmonics(l_f, r, normalize=True, normalization="component")
    w = o3.wigner_3j(l_in, l_f, l_out, dtype=torch.float64)
    kernel = torch.einsum("bma,nm->nab", w, harmonics).numpy()
    rows, columns = (TO_XYZ if l == 1 else slice(None) for l in (l_out, l_in))
    return np.asarray(kernel[:, rows][:, :, columns])


def from_e3nn_matrix(l: int, matrix: Array) -> Array:
    """A matrix that acts on e3nn's components, on ours."""
    return np.asarray(matrix[np.ix_(TO_XYZ, TO_XYZ)] if l == 1 else matrix)


# --- rotations ------------------------------------------------------------------------------------------------


def representation(l: int, rotation: Array) -> Array:
    """D^l(R) on components, in long double: each index of the tensors E^m turned, E^m_{a..} R_{aa'} .. E^n_{a'..}."""
    tensors = np.array([[np.longdouble(str(sp.N(v, 25))) for v in sp.flatten(e)] for e in component_basis(l)])
    turned = tensors.reshape(2 * l + 1, *(3,) * l)
    for index in range(1, l + 1):
        turned = np.moveaxis(np.tensordot(rotation.astype(np.longdouble), turned, axes=(1, index)), 0, index)
    return np.asarray(tensors @ turned.reshape(2 * l + 1, -1).T)
