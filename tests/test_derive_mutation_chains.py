"""T16 refuses chains and links that are wrong: matrices of the three maps, and each part of a link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
from pocket_tfn.derive import chains
from pocket_tfn.derive.catalogue import Pair, Path, pair
from pocket_tfn.derive.chains import Link
from pocket_tfn.derive.proofs import t16_chains as t16
from pocket_tfn.derive.symbols import DIRECTION

from tests.derivation import patched, refused

LITTLE = sp.Rational(1, 10**30)
Change = Callable[[sp.Matrix], sp.Matrix]


def first_entry(matrix: sp.Matrix) -> tuple[int, int]:
    return next((a, b) for a in range(matrix.rows) for b in range(matrix.cols) if matrix[a, b] != 0)


def with_entry(change: Callable[[sp.Expr], sp.Expr]) -> Change:
    """A matrix with its first nonzero entry changed."""

    def changed(matrix: sp.Matrix) -> sp.Matrix:
        at, copy = first_entry(matrix), sp.Matrix(matrix)
        copy[at] = sp.expand(change(copy[at]))
        return sp.ImmutableMatrix(copy)

    return changed


def scaled(factor: sp.Expr) -> Change:
    return lambda matrix: sp.ImmutableMatrix(factor * matrix)


CHANGES: dict[str, Change] = {
    "sign": scaled(-sp.S.One),
    "factor": scaled(1 + LITTLE),
    "sign of an entry": with_entry(lambda e: -e),
    "size of an entry": with_entry(lambda e: (1 + LITTLE) * e),
    "an entry lost": with_entry(lambda e: sp.S.Zero),
    "an entry gained": with_entry(lambda e: e + LITTLE * DIRECTION[0]),
    "an entry of degree 0": with_entry(lambda e: e + LITTLE),
    "r turned round": lambda matrix: sp.ImmutableMatrix(matrix.subs({s: -s for s in DIRECTION}, simultaneous=True)),
    "order of rows": lambda matrix: sp.ImmutableMatrix(matrix[::-1, :]),
    "axes exchanged": lambda matrix: sp.ImmutableMatrix(
        matrix.subs(dict(zip(DIRECTION, DIRECTION[1::-1], strict=False)), simultaneous=True)
    ),
}


def replaced(patch: pytest.MonkeyPatch, name: str, rank: int, change: Change) -> None:
    """One of the maps at one rank, wherever it is read: links then follow from the wrong matrix."""
    original: Any = getattr(chains, name)

    def wrong(l: int) -> sp.Matrix:
        return change(original(l)) if l == rank else original(l)

    patch.setattr(chains, name, wrong)
    patch.setattr(t16, name, wrong)


@pytest.mark.parametrize("name", ["lowered", "chain"])
def test_a_chain_that_is_not_the_product(name: str) -> None:
    """Links are read off it, and make up for the mistake: the formulas on the page would be false."""
    original: Any = getattr(chains, name)
    with patched() as patch:
        patch.setattr(chains, name, lambda *degrees: 2 * original(*degrees))
        refused(lambda: t16.prove([pair(2, 2)]))


@pytest.mark.parametrize("name", ["lowering", "turning"])
@pytest.mark.parametrize("change", CHANGES)
def test_wrong_map(name: str, change: str) -> None:
    """L_2 or C_2."""
    with patched() as patch:
        replaced(patch, name, 2, CHANGES[change])
        refused(lambda: t16.prove([pair(2, 2)]))


# --- links ------------------------------------------------------------------------------------------------------

Links = tuple[Link, ...]
WRONG_LINKS: dict[str, Callable[[Links], Links]] = {
    "sign": lambda found: (replace(found[0], coefficient=-found[0].coefficient), *found[1:]),
    "coefficient": lambda found: (*found[:-1], replace(found[-1], coefficient=(1 + LITTLE) * found[-1].coefficient)),
    "power": lambda found: (replace(found[0], power=found[0].power + 1), *found[1:]),
    "rank": lambda found: (*found[:-1], replace(found[-1], rank=found[-1].rank + 1)),
    "turn": lambda found: (replace(found[0], turned=not found[0].turned), *found[1:]),
    "first missing": lambda found: found[1:],
    "last missing": lambda found: found[:-1],
    "one twice": lambda found: (*found, found[0]),
    "exchanged": lambda found: (
        replace(found[0], coefficient=found[1].coefficient),
        replace(found[1], coefficient=found[0].coefficient),
        *found[2:],
    ),
}
PATHS = [(1, 2, 1), (1, 3, 2), (2, 2, 2), (2, 3, 2), pytest.param((3, 5, 2), marks=pytest.mark.slow)]


def alone(triple: tuple[int, int, int]) -> Pair:
    """One path, so that no other refuses in its place."""
    whole = pair(triple[0], triple[2])
    return Pair(whole.l_in, whole.l_out, tuple(p for p in whole.paths if p.l_f == triple[1]))


@pytest.mark.parametrize("triple", PATHS, ids=str)
def test_wrong_links(triple: tuple[int, int, int]) -> None:
    """Each part of a link, and a link too few or too many; the right ones hold."""
    chosen = alone(triple)
    (wanted,) = chosen.paths
    right = chains.links(wanted)
    assert len(right) > 1 and t16._paths(chosen).identities > 0
    for change in WRONG_LINKS.values():
        wrong = change(right)
        assert wrong != right
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(t16, "links", lambda p, wrong=wrong: wrong)
            refused(lambda: t16._paths(chosen))


def test_wrong_links_fail_the_theorem() -> None:
    """Not the step alone; and of all paths every one is looked at."""
    chosen = pair(1, 1)
    for victim in chosen.paths:
        with pytest.MonkeyPatch.context() as patch:

            def wrong(p: Path, victim: Path = victim) -> Links:
                found = chains.links(p)
                return WRONG_LINKS["sign"](found) if p == victim else found

            patch.setattr(t16, "links", wrong)
            refused(lambda: t16.prove([chosen]))


# --- kernels ----------------------------------------------------------------------------------------------------


def test_another_kernel() -> None:
    """Links are read off at e_z from whatever kernel there is: one that is wrong elsewhere is no such combination."""
    chosen = alone((2, 2, 2))
    (wanted,) = chosen.paths
    x, y, _ = DIRECTION
    kernel = sp.Matrix(wanted.kernel)
    kernel[0, 0] += LITTLE * x * y
    other = replace(wanted)
    other.__dict__["kernel"] = sp.ImmutableMatrix(kernel)
    with patched():
        refused(lambda: t16.prove([Pair(2, 2, (other,))]))
        assert t16.prove([chosen]).identities > 0
