"""The theorems: T-number to prover.

Each prover returns a :class:`~pocket_tfn.derive.proofs.proof.Proof`, or raises ProofError where an identity does
not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..catalogue import Pair, wholes
from . import (
    t01_harmonics,
    t02_coupling,
    t03_steerability,
    t04_contraction,
    t05_equivariance,
    t06_completeness,
    t07_slides,
    t08_haar,
    t09_layer,
    t10_origin,
    t11_emitted,
    t12_derivatives,
    t13_splines,
    t14_emitted_derivatives,
    t15_conventions,
    t16_chains,
)
from .proof import Proof, ProofError

__all__ = ["THEOREMS", "Proof", "ProofError", "Prover"]

#: (pairs of which there are functions, emitted code by file name) → proof.  What is about paths, not functions, takes
#: each path once.
Prover = Callable[[Sequence[Pair], Mapping[str, str]], Proof]

THEOREMS: dict[str, Prover] = {
    "T1": lambda pairs, code: t01_harmonics.prove(wholes(pairs)),
    "T2": lambda pairs, code: t02_coupling.prove(wholes(pairs)),
    "T3": lambda pairs, code: t03_steerability.prove(pairs),
    "T4": lambda pairs, code: t04_contraction.prove(wholes(pairs)),
    "T5": lambda pairs, code: t05_equivariance.prove(wholes(pairs)),
    "T6": lambda pairs, code: t06_completeness.prove(wholes(pairs)),
    "T7": lambda pairs, code: t07_slides.prove(),
    "T8": lambda pairs, code: t08_haar.prove(wholes(pairs)),
    "T9": lambda pairs, code: t09_layer.prove(wholes(pairs)),
    "T10": lambda pairs, code: t10_origin.prove(wholes(pairs)),
    "T11": lambda pairs, code: t11_emitted.prove(pairs, code),
    "T12": lambda pairs, code: t12_derivatives.prove(wholes(pairs)),
    "T13": lambda pairs, code: t13_splines.prove(),
    "T14": lambda pairs, code: t14_emitted_derivatives.prove(pairs, code),
    "T15": lambda pairs, code: t15_conventions.prove(pairs, code),
    "T16": lambda pairs, code: t16_chains.prove(wholes(pairs)),
}
