"""Proofs as pages: one file for each theorem, and the book that includes them all."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from .catalogue import Pair, wholes
from .emission import render
from .proofs import Proof
from .proofs.printing import constant_latex, latex


def theorem_file(proof: Proof) -> tuple[str, str]:
    """(name, text) of a theorem's file, ready to be \\input into a paper."""
    return f"proofs/{proof.file_name}", render("theorem.tex.jinja", proof=proof)


def book_file(pairs: Sequence[Pair], proofs: Sequence[Proof]) -> tuple[str, str]:
    """(name, text) of the book."""
    paths = [
        {
            "l_in": p.l_in,
            "l_f": p.l_f,
            "l_out": p.l_out,
            "parity": p.parity,
            "radial": latex(sp.Symbol(p.radial)),
            "form": p.form.latex() if p.form else r"\sqrt{4\pi} \sum_m Y_m Q_m",
            "constant": constant_latex(p.contraction_constant),
        }
        for pair in wholes(pairs)
        for p in pair.paths
    ]
    return "proofs/book.tex", render("book.tex.jinja", paths=paths, proofs=proofs)
