"""T14: the emitted derivatives are the derivatives of what is emitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..catalogue import Pair, variants
from ..execution import EmittedCodeError, EmittedModule
from .emitted_derivative_calls import handed_residuals, returned_residuals, transpose_residuals
from .emitted_derivative_loops import derivative_loop_residuals
from .emitted_derivatives import derivative_residuals, direction_residuals, inverse_residuals
from .proof import Equation, Proof, ProofError, Step, unseen

#: Of each emitted module of derivatives, the one that it imports from.
BESIDE = {"cpu_derivatives.py": "cpu.py", "cuda_derivatives.py": "cuda.py"}


def prove(pairs: Sequence[Pair], files: Mapping[str, str]) -> Proof:
    """T14 for the emitted modules, given as file name and text."""
    try:
        modules = [EmittedModule(n, files[n], files[BESIDE[n]]) for n in sorted(BESIDE.keys() & files.keys())]
        return _proof([v for whole in pairs for v in variants(whole)], modules)
    except EmittedCodeError as error:
        raise ProofError(str(error)) from error


def _proof(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> Proof:
    names = " and ".join(rf"\texttt{{{m.name}}}".replace("_", r"\_") for m in modules)
    return Proof(
        number=14,
        slug="emitted_derivatives",
        title="The emitted derivatives",
        statement=(
            r"Let $F_a = w \sum_J \rho_J K^{(J)}_{ac}(\hat r) f_c$, and let $L = \sum_a g_a F_a$. The emitted scalar "
            r"functions \texttt{vjp} compute the derivatives of $L$ with respect to $w$, $\rho$, $f$ and the direction; "
            r"\texttt{jvp} computes $F$ and $\dot F$, the change of $F$ along tangents of these four; and \texttt{hvp} the "
            r"derivatives of $\dot L$ with respect to them. The compiled loops sum these over channels and over the edges of "
            r"each sender or receiver, and on the CPU so do the public functions."
        ),
        hypotheses=(
            rf"The text of {names} as emitted, read as in \tfnref{{T11}}, which proves $F$.",
            r"The direction is $\hat r = r/|r|$, or $r$ itself for solid harmonics; it is taken not to move at $r = 0$.",
        ),
        steps=(
            _directions(modules),
            *(_channels(pair, modules) for pair in pairs),
            _loops(pairs, modules),
        ),
    )


def _directions(modules: Sequence[EmittedModule]) -> Step:
    return Step(
        r"The Jacobian of $r/|r|$ is symmetric, so that one function takes tangents of $r$ to those of $\hat r$ and cotangents "
        r"of $\hat r$ to those of $r$. As rational functions of $r$ and $|r|$,",
        (
            Equation(
                (
                    r"\texttt{\_project}(\hat r, 1/|r|, u)_a",
                    r"\textstyle\sum_b \frac{\partial (r_a/|r|)}{\partial r_b} u_b",
                ),
                tuple(r for m in modules for r in direction_residuals(m)),
            ),
            unseen(*(inverse_residuals(m) for m in modules)),
        ),
        r"and \texttt{\_project\_tangent} is the derivative of this along tangents of $r$ and $u$.",
    )


def _channels(pair: Pair, modules: Sequence[EmittedModule]) -> Step:
    found = [derivative_residuals(pair, m) for m in modules]
    name, paths = pair.key.replace("_", r"\_"), f" ({pair.parity} paths)" if pair.parity else ""
    texts = {
        "vjp": (rf"\texttt{{vjp\_{name}}}", r"\frac{\partial L}{\partial (w, \rho, f, \hat r)},"),
        "jvp": (rf"\texttt{{jvp\_{name}}}", r"\bigl(F, \dot F\bigr),"),
        "hvp": (rf"\texttt{{hvp\_{name}}}", r"\frac{\partial \dot L}{\partial (w, \rho, f, \hat r)}."),
    }
    return Step(
        rf"$\boldsymbol{{{pair.l_in} \to {pair.l_out}}}${paths}. With SymPy's own derivatives of the definition, as polynomials "
        r"in free symbols (so that $|\hat r| = 1$ is not used),",
        tuple(Equation(text, tuple(r for f in found for r in f[kind])) for kind, text in texts.items()),
    )


def _loops(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> Step:
    on_cpu = [m for m in modules if not m.runs_on_gpu]
    checks = [
        part(pair, m)
        for pair in pairs
        for m in on_cpu
        for part in (derivative_loop_residuals, handed_residuals, returned_residuals)
    ]
    return Step(
        r"The CPU's loops were executed on the graph of \tfnref{T11}, every array element a symbol of its own, and every value of a "
        r"scalar function another for other arguments: with weights and without, with tangents and without, for directions and for "
        r"solid harmonics, and with all cotangents asked for or one. Each wrote what belongs to its rows and nothing else. The "
        r"public functions were executed as a whole: the graph by sender is that of the edges, each once, and for broadcast operands "
        r"of \texttt{apply} the cotangents are sums.",
        (unseen(*checks, *(transpose_residuals(m) for m in on_cpu)),),
    )
