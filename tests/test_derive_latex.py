"""The pages: plain ASCII, balanced, the same each time, and LaTeX that compiles on its own and as a book."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pytest
import sympy as sp
from pocket_tfn.derive.cartesian import delta, r
from pocket_tfn.derive.catalogue import emitted_pairs
from pocket_tfn.derive.cli import default_folder
from pocket_tfn.derive.latex import theorem_file
from pocket_tfn.derive.proofs import THEOREMS
from pocket_tfn.derive.proofs.printing import constant_latex, factored, grouped, latex, matrix
from pocket_tfn.derive.proofs.proof import Equation, Proof, Step
from pocket_tfn.derive.symbols import DIRECTION

from tests.derivation import emitted_modules

X, Y, Z = DIRECTION
ROOT_PI = sp.sqrt(sp.pi)
LATEX = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


@cache
def pages() -> MappingProxyType[str, str]:
    """Every page by its file name, as committed: `derive --check` tells whether they are what is derived."""
    return MappingProxyType({p.name: p.read_text(encoding="utf-8") for p in (default_folder() / "proofs").iterdir()})


# --- how numbers and polynomials look -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (sp.sqrt(2), r"\sqrt{2}"),
        (1 / sp.sqrt(3), r"\frac{\sqrt{3}}{3}"),
        (1 / (2 * ROOT_PI), r"\frac{1}{2\sqrt{\pi}}"),
        (-sp.sqrt(5) / (2 * ROOT_PI), r"-\frac{\sqrt{5}}{2\sqrt{\pi}}"),
        (5 * sp.sqrt(2) / (4 * ROOT_PI), r"\frac{5 \sqrt{2}}{4\sqrt{\pi}}"),
        (1 / ROOT_PI, r"\frac{1}{\sqrt{\pi}}"),
        (sp.sqrt(sp.Rational(8, 15)) * ROOT_PI, r"\sqrt{\tfrac{8\pi}{15}}"),
        (sp.sqrt(sp.pi / 3), r"\sqrt{\tfrac{\pi}{3}}"),
    ],
    ids=str,
)
def test_constants(value: sp.Expr, text: str) -> None:
    """One root of a rational, perhaps with π, as one fraction."""
    assert constant_latex(value) == text


def test_polynomials() -> None:
    """Positive terms first, x before y before z; a content in front of what is primitive."""
    assert latex(Y**2 - X**2) == "y^{2} - x^{2}"
    assert latex(X * Y - Z**2 + X**3) == "x^{3} + x y - z^{2}"
    assert factored(sp.sqrt(15) * X * Y / (2 * ROOT_PI)) == r"\frac{\sqrt{15}}{2\sqrt{\pi}}\,x y"
    assert factored(-X / (2 * ROOT_PI)) == r"-\frac{1}{2\sqrt{\pi}}\,x"
    assert factored(sp.sqrt(5) * (2 * Z**2 - X**2 - Y**2) / (4 * ROOT_PI)) == (
        r"\frac{\sqrt{5}}{4\sqrt{\pi}}\,(2 z^{2} - x^{2} - y^{2})"
    )
    assert factored(1 / (2 * ROOT_PI)) == r"\frac{1}{2\sqrt{\pi}}"
    assert matrix(sp.Matrix([[0, -Z], [Z, 0]])) == r"\begin{pmatrix} 0 & - z \\ z & 0 \end{pmatrix}"
    assert grouped(r("a")) == r"\hat r_{a}"
    assert grouped(r("a") * r("b") - delta("ab")) == r"\Bigl(\hat r_{a} \hat r_{b} - \delta_{a b}\Bigr)"


def test_equations() -> None:
    """Aligned at the equality signs; sides that repeat are printed once; breaks stay within a side."""
    zero = (sp.S.Zero,)
    assert Equation(("a", "b", "c"), zero).latex() == "a &= b \\\\\n&= c"
    assert Equation(("a", "b", "c"), zero, inline=True).latex() == "a &= b = c"
    assert Equation(("a", "b", "a"), zero).latex() == "a &= b"
    assert "\\qquad c" in Equation(("a", "b\nc"), zero).latex()
    step = Step("text", tuple(Equation((f"a_{i}", "0"), zero) for i in range(3)), columns=2)
    assert step.display == "a_0 &= 0 & a_1 &= 0 \\\\[3pt]\na_2 &= 0"
    assert step.identities == 3


def test_pages_are_made_from_the_proof() -> None:
    """What the objects hold is on the page, and the count of identities with it."""
    step = Step("Sentence.", (Equation(("left", "right"), (sp.S.Zero,) * 7),), "After.", ("code line",))
    proof = Proof(99, "slug", "Title", "Statement.", ("Hypothesis.",), (step,), (Step("Remark text."),))
    name, text = theorem_file(proof)
    assert name == "proofs/T99_slug.tex"
    for piece in (
        "Title",
        r"\label{tfn:T99}",
        "Statement.",
        "Hypothesis.",
        "Sentence.",
        "left &= right",
        "After.",
        "code line",
    ):
        assert piece in text
    assert "Remark text." in text


# --- the pages ----------------------------------------------------------------------------------------------

FILES = [f"T{int(name[1:]):02d}" for name in THEOREMS]


def page(prefix: str) -> str:
    (text,) = (t for name, t in pages().items() if name.startswith(prefix))
    return text


def without_verbatim(text: str) -> str:
    """Listings may hold anything."""
    return re.sub(r"\\begin\{verbatim\}.*?\\end\{verbatim\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", [*FILES, "book"])
def test_plain_characters(name: str) -> None:
    """ASCII, Unix line ends, no blanks at line ends, the mark of a generated file first."""
    text = page(name)
    assert text.isascii()
    assert text.startswith("% Generated by `make derive`")
    assert "\r" not in text and "\t" not in text and text.endswith("\n") and not text.endswith("\n\n")
    assert not any(line != line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("name", [*FILES, "book"])
def test_balanced(name: str) -> None:
    """Braces, dollars, \\left and \\right, \\[ and \\], and every environment in the order it was opened."""
    text = without_verbatim(page(name))
    text = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"(?<!\\)\$", text)) % 2 == 0
    for left, right in ((r"\left", r"\right"), (r"\[", r"\]"), (r"\bigl", r"\bigr"), (r"\Bigl", r"\Bigr")):
        counts = [len(re.findall(rf"(?<!\\){re.escape(word)}(?![a-zA-Z])", text)) for word in (left, right)]
        assert counts[0] == counts[1], (left, counts)
    opened: list[str] = []
    for kind, environment in re.findall(r"\\(begin|end)\{([a-z*]+)\}", text):
        if kind == "begin":
            opened.append(environment)
        else:
            assert opened.pop() == environment
    assert opened == []


@pytest.mark.parametrize("name", FILES)
def test_theorem_and_proof(name: str) -> None:
    """One theorem, labelled, and its proof; nothing that only a book of ours would define."""
    text = page(name)
    assert text.count(r"\begin{theorem}[") == 1 == text.count(r"\begin{proof}")
    assert rf"\label{{tfn:T{int(name[1:])}}}" in text
    assert "documentclass" not in text and "usepackage" not in text and "newcommand" not in text


def test_references_lead_somewhere() -> None:
    """Every reference, by \\ref or by \\tfnref, is to a theorem that the book holds."""
    labels = {label for text in pages().values() for label in re.findall(r"\\label\{([^}]*)\}", text)}
    assert labels == {f"tfn:{name}" for name in THEOREMS}
    for text in pages().values():
        body = "\n".join(line for line in text.splitlines() if not line.startswith(r"\providecommand"))
        assert set(re.findall(r"\\ref\{([^}]*)\}", body)) <= labels
        assert {f"tfn:{name}" for name in re.findall(r"\\tfnref\{([^}]*)\}", body)} <= labels


def test_book_includes_every_theorem() -> None:
    """Each once, in order, numbered as in the design."""
    included = re.findall(r"\\input\{([^}]*)\}", page("book"))
    assert included == sorted(name for name in pages() if name != "book.tex")


def test_deterministic() -> None:
    """The same pages from the same theorems, proved and printed again."""
    for proof in [THEOREMS[name](emitted_pairs(), emitted_modules()) for name in ("T4", "T7")]:
        name, text = theorem_file(proof)
        assert pages()[name.removeprefix("proofs/")] == text


# --- LaTeX --------------------------------------------------------------------------------------------------

PAPER = r"""\documentclass{article}
\usepackage{amsmath,amssymb,amsthm}
\newtheorem{theorem}{Theorem}
\begin{document}
\input{%s}
\end{document}
"""


def compiled(folder: Path, name: str, passes: int = 1) -> str:
    """The log of a run that must succeed."""
    for _ in range(passes):
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name],
            cwd=folder,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    return (folder / name).with_suffix(".log").read_text(errors="replace")


def overfull(log: str) -> list[str]:
    """Lines that stick out by more than 5 pt."""
    return [
        m.group(0) for m in re.finditer(r"Overfull \\hbox \(([0-9.]+)pt too wide\).*", log) if float(m.group(1)) > 5
    ]


@LATEX
@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_page_compiles_in_a_paper(name: str, tmp_path: Path) -> None:
    """article, the AMS packages and a theorem environment are all that an author needs."""
    (file,) = (n for n in pages() if n.startswith(name))
    (tmp_path / file).write_text(pages()[file])
    (tmp_path / "paper.tex").write_text(PAPER % file)
    log = compiled(tmp_path, "paper.tex")
    assert "multiply defined" not in log


@LATEX
@pytest.mark.slow
def test_book_compiles(tmp_path: Path) -> None:
    """Two passes: no reference is left undefined, and no line sticks out of the page."""
    for name, text in pages().items():
        (tmp_path / name).write_text(text)
    log = compiled(tmp_path, "book.tex", passes=2)
    assert "undefined" not in log
    assert "multiply defined" not in log
    assert "Missing character" not in log
    assert overfull(log) == []
