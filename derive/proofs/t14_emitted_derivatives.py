"""T14: the emitted derivatives are the derivatives of what is emitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..catalogue import Pair
from ..execution import EmittedCodeError, EmittedModule
from .emitted_derivative_calls import handed_residuals, returned_residuals, transpose_residuals
from .emitted_derivative_kernels import derivative_kernel_residuals, helper_kernel_residuals
from .emitted_derivative_loops import derivative_loop_residuals
from .emitted_derivatives import derivative_residuals, direction_residuals, executed, inverse_residuals
from .emitted_kernel_calls import kernel_call_residuals
from .emitted_laplacian_calls import laplacian_residuals
from .emitted_laplacian_kernels import laplacian_kernel_residuals
from .emitted_laplacians import gradient_residuals, limit_residuals, radial_residuals, slope_residuals
from .emitted_mixing_derivatives import mixing_residuals, mixing_scalar_residuals
from .emitted_tabulated_derivatives import tabulated_residuals
from .emitted_walker_derivatives import walker_residuals
from .opaque import linear_residuals
from .proof import Equation, Proof, ProofError, Step, unseen

#: Of each emitted module of derivatives, the one that it imports from.
BESIDE = {"cpu_derivatives.py": "cpu.py", "cuda_derivatives.py": "cuda.py"}


def prove(pairs: Sequence[Pair], files: Mapping[str, str]) -> Proof:
    """T14 for the emitted modules, given as file name and text."""
    try:
        modules = [EmittedModule(n, files[n], files[BESIDE[n]]) for n in sorted(BESIDE.keys() & files.keys())]
        for module in modules:
            module.require_typed_numbers()
        return _proof(pairs, modules)
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
            r"each sender or receiver, and so do the GPU's kernels and, on the CPU, the public functions."
        ),
        hypotheses=(
            rf"The text of {names} as emitted, read as in \tfnref{{T11}}, which proves $F$.",
            r"The direction is $\hat r = r/|r|$, or $r$ itself for solid harmonics; it is taken not to move at $r = 0$, where a "
            r"radial function of $r$ is a smooth function of $r^2$.",
            r"Not proved but tested: that arguments which do not fit are refused, and where fresh arrays lie in memory.",
        ),
        steps=(
            _directions(modules),
            _channels(pairs, modules),
            *_mixing(pairs, modules),
            *_laplacians(pairs, modules),
            *_loops(pairs, modules),
            *_kernels(pairs, modules),
        ),
    )


def _directions(modules: Sequence[EmittedModule]) -> Step:
    once = _once(modules, ("_project", "_project_tangent"))
    return Step(
        r"The Jacobian of $r/|r|$ is symmetric, so that one function takes tangents of $r$ to those of $\hat r$ and cotangents "
        r"of $\hat r$ to those of $r$. As rational functions of $r$ and $|r|$,",
        (
            Equation(
                (
                    r"\texttt{\_project}(\hat r, 1/|r|, u)_a",
                    r"\textstyle\sum_b \frac{\partial (r_a/|r|)}{\partial r_b} u_b",
                ),
                tuple(r for m in once for r in direction_residuals(m)),
            ),
            unseen(*(inverse_residuals(m) for m in modules)),
        ),
        r"and \texttt{\_project\_tangent} is the derivative of this along tangents of $r$ and $u$.",
    )


def _channels(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> Step:
    found = [derivative_residuals(pair, m) for pair in pairs for m in _once(modules, executed(pair, modules[0]))]
    texts = {
        "vjp": (r"\texttt{vjp}", r"\frac{\partial L}{\partial (w, \rho, f, \hat r)},"),
        "jvp": (r"\texttt{jvp}", r"\bigl(F, \dot F\bigr),"),
        "hvp": (r"\texttt{hvp}", r"\frac{\partial \dot L}{\partial (w, \rho, f, \hat r)}."),
    }
    return Step(
        rf"With SymPy's own derivatives of the definition, as polynomials in free symbols (so that $|\hat r| = 1$ is not used), "
        rf"for each of {', '.join(map(_named, pairs))},",
        tuple(Equation(text, tuple(r for f in found for r in f[kind])) for kind, text in texts.items()),
    )


def _named(pair: Pair) -> str:
    return rf"${pair.l_in} \to {pair.l_out}$" + (f" ({pair.parity})" if pair.parity else "")


def _mixing(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> tuple[Step, ...]:
    on_cpu = [m for m in modules if not m.runs_on_gpu]
    if not on_cpu:
        return ()
    return (
        Step(
            r"Where channels are mixed, the sums over edges are of messages $m_J = K^{(J)}(\hat r) f$ or of their adjoints, and the "
            r"cotangents of an edge are those of $\sum_J h_J \cdot m_J$ for fields $h_J$ that a matrix product gives:",
            (
                Equation(
                    (
                        r"\texttt{message\_vjp}",
                        r"\Bigl(m_J, \textstyle\frac{\partial}{\partial \hat r} \sum_J h_J \cdot K^{(J)}(\hat r) f\Bigr),",
                    ),
                    tuple(r for pair in pairs for m in on_cpu for r in mixing_scalar_residuals(pair, m)),
                ),
            ),
            r"and so for \texttt{adjoint}, $K^{(J)}(\hat r)^\top g$, and for the tangents of all of these.",
        ),
    )


def _laplacians(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> tuple[Step, ...]:
    on_cpu = [m for m in modules if not m.runs_on_gpu]
    degrees = sorted({p.l_f for pair in pairs for p in pair.paths})
    radial = [f"_{kind}radial_{j}" for j in degrees for kind in ("", "unit_", "solid_", "origin_")]
    return (
        Step(
            r"For the forward Laplacian, with another set of radial functions $\chi$, a vector $e$ and a number $s$,",
            (
                Equation(
                    (
                        r"\texttt{gradient}_{d a}",
                        r"\textstyle e_d \sum_J \chi_J K^{(J)}_{ac}(r) f_c + s\, \partial_d \sum_J \rho_J K^{(J)}_{ac}(r) f_c,",
                    ),
                    tuple(
                        r
                        for pair in pairs
                        for m in _once(modules, _of_gradient(pair))
                        for r in gradient_residuals(pair, m)
                    ),
                ),
                unseen(
                    *(radial_residuals(degrees, m) for m in _once(modules, radial)),
                    *(slope_residuals(m) for m in on_cpu),
                    limit_residuals(degrees),
                ),
            ),
            r"which by \tfnref{T12} is the gradient of $\sum_J \varphi_J K^{(J)} f$ where $e = \hat r$ and either $s = 1/r$ and "
            r"$\chi = \varphi' - J \varphi / r$ or, for solid harmonics, $s = 1$ and $\chi = g'$; \texttt{contraction} sums its "
            r"products with three fields. The emitted radial functions of the Laplacian are those of \tfnref{T12}, and at $r = 0$ "
            r"the limit for a smooth function of $r^2$. The slopes and curvatures of the tables are derivatives of their splines.",
        ),
    )


def _of_gradient(pair: Pair) -> list[str]:
    return [f"_{kind}_{part}_{pair.key}" for kind in ("gradient", "contraction") for part in ("values", "channel")]


def _once(modules: Sequence[EmittedModule], names: Sequence[str]) -> list[EmittedModule]:
    """Of modules that share the text of these functions, one."""
    return list({tuple(map(m.source, names)): m for m in reversed(modules)}.values())


def _loops(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> tuple[Step, ...]:
    on_cpu = [m for m in modules if not m.runs_on_gpu]
    if not on_cpu:
        return ()
    parts = (
        derivative_loop_residuals,
        handed_residuals,
        returned_residuals,
        linear_residuals,
        tabulated_residuals,
        mixing_residuals,
        walker_residuals,
        laplacian_residuals,
    )
    step = Step(
        r"The CPU's loops were executed on the graph of \tfnref{T11}, every array element a symbol of its own, and every value of a "
        r"scalar function another for other arguments: with weights and without, with tangents and without, for directions and for "
        r"solid harmonics, and with all cotangents asked for or one. Each wrote what belongs to its rows and nothing else. The "
        r"public functions were executed as a whole, those with tables, mixing and the Laplacian too: the graph by sender is that of the "
        r"edges, each once; for broadcast operands of \texttt{apply} the cotangents are sums; an edge beyond the cutoff adds "
        r"nothing; a pair of particles serves both, with the sign of \tfnref{T11} for odd paths; and of a node with itself the "
        r"vector does not move.",
        (
            unseen(
                *(part(pair, m) for pair in pairs for m in on_cpu for part in parts),
                *(transpose_residuals(m) for m in on_cpu),
            ),
        ),
    )
    return (step,)


def _kernels(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> tuple[Step, ...]:
    on_gpu = [m for m in modules if m.runs_on_gpu]
    parts = (derivative_kernel_residuals, laplacian_kernel_residuals, kernel_call_residuals, linear_residuals)
    if not on_gpu:
        return ()
    return (
        Step(
            r"The GPU's kernels, those of the forward Laplacian among them, were executed on such a graph, thread by thread, "
            r"in the same cases: groups of one to eight threads, which had one to four channels each, more threads than "
            r"channels, or several steps over channels, and one, two or four edges at once. Every element was written, once, "
            r"and nothing else; no thread read or wrote what another wrote of their shared memory unless it had waited for "
            r"it since, so that no "
            r"order of threads was assumed. Of the scalar functions it is used as well that the cotangents of $f$ are computed "
            r"without $f$. The public functions hand on their kernels, their shape and each argument in its place; what checks "
            r"these, gives them a common shape and launches the kernels was not executed on symbols.",
            (
                unseen(
                    *(part(pair, m) for pair in pairs for m in on_gpu for part in parts),
                    *(helper_kernel_residuals(m) for m in on_gpu),
                ),
            ),
        ),
    )
