"""T11: the emitted code computes the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import sympy as sp

from ..catalogue import Pair
from ..constants import constant_value
from ..emission import MANTISSA, POWERS
from ..exact import SphereRing, primes_of
from ..execution import SPECIAL_FIELDS, EmittedCodeError, EmittedModule, is_correctly_rounded
from ..lowering import apply_expressions, kernel_expressions, message_expressions
from ..slides import radial_from_slides
from ..symbols import DIRECTION, features, radial_symbols
from .emitted_convolutions import convolution_residuals
from .emitted_groups import MORE_SHARINGS, group_residuals, wait_residuals
from .emitted_host import CASES, MORE_CASES, Case, call_residuals, host_residuals
from .emitted_kernels import item_kernel_residuals
from .emitted_lanes import lane_residuals
from .emitted_launches import LAUNCHES, MORE_LAUNCHES, launch_residuals
from .emitted_loops import (
    CHANNELS,
    MORE_SIZES,
    MOST_CHANNELS,
    SIZES,
    WIDTHS,
    Size,
    item_residuals,
    operand_residuals,
    step_residuals,
)
from .emitted_plans import mixing_plan_residuals, plan_residuals
from .emitted_product import product_residuals
from .emitted_slides import conversion_residuals
from .emitted_splines import interval_residuals, spline_residuals, table_residuals
from .emitted_tiles import tile_residuals
from .emitted_trees import tree_residuals
from .emitted_unit import (
    argument_residuals,
    factor_residuals,
    nan_residuals,
    range_residuals,
    unit_residuals,
    zero_residuals,
)
from .emitted_widths import bounds_residuals, room_residuals, scale_residuals, width_residuals
from .printing import latex
from .proof import Equation, Proof, ProofError, Step, residuals, unseen
from .stand_ins import function_names, parity_residuals

#: The emitted modules that this theorem is about.
FORWARD = frozenset({"cpu.py", "cuda.py"})


def prove(pairs: Sequence[Pair], files: Mapping[str, str]) -> Proof:
    """T11 for the emitted modules, given as file name and text."""
    try:
        return _proof(pairs, [EmittedModule(name, files[name]) for name in sorted(FORWARD & files.keys())])
    except EmittedCodeError as error:
        raise ProofError(str(error)) from error


def _proof(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> Proof:
    names = " and ".join(rf"\texttt{{{m.name}}}" for m in modules)
    return Proof(
        number=11,
        slug="emitted",
        title="The emitted code",
        statement=(
            r"Every emitted scalar function, executed on symbols, equals the catalogue's form as a polynomial in "
            r"$\hat r$, the "
            r"radial functions and the features; the unit vector is $r/|r|$, and $0$ at $r = 0$, or $r$ itself for solid harmonics; the compiled "
            r"loops and kernels sum these "
            r"functions over the edges of each receiver, and so do the public functions; and every numerical "
            r"constant is the exact number correctly rounded."
        ),
        hypotheses=(
            rf"The text of {names} as emitted, with arithmetic read as exact arithmetic. What rounding adds is "
            rf"bounded by tests.",
            r"Vectors of channels are read as arrays: it is taken for granted, and tested, that \texttt{\_load}, "
            r"\texttt{\_store}, \texttt{\_take}, on the GPU \texttt{\_load\_once} and \texttt{\_splat}, and the instructions "
            r"for $+$, $-$ and $\times$ act lane by lane, and that \texttt{\_floor} rounds down.",
            r"GPU threads are executed as CUDA defines them: threads of a block share memory, and what one has written "
            r"is there for another once they have waited for each other, by \texttt{syncthreads}, or within a warp by "
            r"\texttt{syncwarp}.",
            r"Not proved but tested: that arguments which do not fit are refused, that threads of the CPU which run at "
            r"the same time do not disturb each other, that asking for memory ahead changes nothing, and on the GPU how "
            r"arrays of others are viewed, graphs are checked, memory is asked for, and a call's stream is chosen.",
        ),
        steps=(
            *(_scalar_functions(pair, modules) for pair in pairs),
            _unit_vector(modules),
            _splines(modules),
            _loops(pairs, modules),
            _calls(pairs, modules),
            *_conversion(pairs, modules),
            _constants(modules),
        ),
    )


def scalar_residuals(kind: str, pair: Pair, module: EmittedModule) -> tuple[Any, ...]:
    """Emitted minus defined, for one of a pair's functions, as polynomials in free symbols (|r̂| = 1 is not used).

    ``add`` is `apply` and what was there before.
    """
    radial = radial_symbols(pair) if kind != "message" else ()
    f = features(2 * pair.l_in + 1) if kind != "kernel" else ()
    before = sp.symbols(f"o:{2 * pair.l_out + 1}", real=True) if kind == "add" else ()
    definition = DEFINITIONS[kind](pair)
    wanted = [o + e for o, e in zip(before, definition, strict=True)] if before else definition
    ring = SphereRing(free=[*DIRECTION, *before, *radial, *f], primes=primes_of(pair.l_in, pair.l_out))
    k = ring.table(module.constants)
    edge_name, channel_name = function_names(kind, pair, module)
    for name in (edge_name, channel_name):
        module.require_sums_and_products(name)
    edge = module.run(edge_name, k, *map(ring.lift, DIRECTION))
    emitted = module.run(channel_name, k, edge, *map(ring.lift, (*before, *radial, *f)))
    return residuals(list(emitted), list(map(ring.lift, wanted)), ring)


DEFINITIONS = {
    "apply": apply_expressions,
    "add": apply_expressions,
    "kernel": kernel_expressions,
    "message": message_expressions,
}


def _scalar_functions(pair: Pair, modules: Sequence[EmittedModule]) -> Step:
    name = pair.key.replace("_", r"\_")
    texts = {
        "apply": (rf"\texttt{{apply\_{name}}}_a", r"\textstyle\sum_J \rho_J\, K^{(J)}_{ac}(\hat r)\, f_c"),
        "kernel": (rf"\texttt{{kernel\_{name}}}_{{ac}}", r"\textstyle\sum_J \rho_J\, K^{(J)}_{ac}(\hat r)"),
    }
    equations = [
        Equation(texts[kind], tuple(r for m in modules for r in scalar_residuals(kind, pair, m))) for kind in texts
    ]
    equations.append(unseen(r for m in modules for kind in ("add", "message") for r in scalar_residuals(kind, pair, m)))
    edge, channel = function_names("apply", pair, modules[0])
    hoisted = [line for line in modules[0].source_lines(edge) if not line.startswith("out[")]
    code = (*hoisted, *(line for line in modules[0].source_lines(channel) if not line.endswith(" = edge")))
    paths = f" ({pair.parity} paths)" if pair.parity else ""
    return Step(
        rf"$\boldsymbol{{{pair.l_in} \to {pair.l_out}}}${paths}. The emitted lines of \texttt{{apply\_{name}}} "
        r"(constants \texttt{k} are named by their values; \texttt{x, y, z} are $\hat r$):",
        tuple(equations),
        r"Both identities hold for all values of the symbols; so do those for \texttt{add}, which begins with what was "
        r"there before, and \texttt{message}, path by path.",
        listing=code,
    )


def _unit_vector(modules: Sequence[EmittedModule]) -> Step:
    return Step(
        r"The function \texttt{\_unit} multiplies $r$ by a power of two, $f$, which \texttt{\_scale} chooses: one where "
        r"$|r|^2$ is within range, a large one where it is below, a small one where it is above, so that $|f r|^2$ neither "
        r"under- nor overflows. Whichever it is, on symbols",
        (
            Equation(
                (r"\texttt{\_unit}(r)", r"\frac{r}{|r|} \quad (r \ne 0)"),
                tuple(r for m in modules for r in unit_residuals(m)),
                inline=True,
            ),
            Equation((r"\texttt{\_unit}(0)", "0"), tuple(r for m in modules for r in zero_residuals(m))),
            unseen(
                *(nan_residuals(m) for m in modules),
                *(factor_residuals(m) for m in modules),
                *(argument_residuals(m) for m in modules),
                range_residuals(MANTISSA, POWERS),
            ),
        ),
        r"What is not a number is returned as such. The bounds and the powers of two are such that this holds for all floats: "
        r"the smallest and the largest, scaled, lie within range. "
        r"With \texttt{normalize=False} the forms are taken of $r$ itself: solid harmonics $|r|^J K^{(J)}(\hat r)$.",
    )


def _splines(modules: Sequence[EmittedModule]) -> Step:
    checks = [r for m in modules for r in (*spline_residuals(m), *interval_residuals(m), *table_residuals(m))]
    return Step(
        r"The functions \texttt{\_spline} are the pieces of the cardinal B-splines of \tfnref{T13}, and "
        r"\texttt{\_interval} finds the place $u = s + t$ of a length: $s$ and $0 \le t < 1$, or that it lies beyond the "
        r"cutoff.",
        (unseen(checks),),
    )


def _loops(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> Step:
    parities = [parity_residuals(pair) for pair in pairs]
    shared = [part(m) for m in modules for part in (operand_residuals, lane_residuals)]
    return Step(
        "The loops were executed on a graph of three nodes (one isolated, one with three edges) and on two walkers of "
        rf"three particles, every array element a symbol of its own, with ${CHANNELS}$ channels $\gamma$ in "
        rf"\texttt{{apply}}.{_sizes_on_cpu(pairs, modules)}{_sizes_on_gpu(pairs, modules)} Symbols, too, are the values of "
        r"the scalar functions: one for each component "
        r"of each $K^{(J)} f$, each $f$ "
        r"and each $r$ up to its sign, since $K^{(J)}(-\hat r) = (-1)^J K^{(J)}(\hat r)$, and others where $r$ is taken as it "
        r"is. For \texttt{convolve}, with weights and without, of directions and of solid harmonics,",
        (
            Equation(
                (
                    r"\texttt{out}_{i a \gamma}",
                    r"\textstyle\sum_{e \to i} w_e \sum_J \rho_{e J \gamma}\, K^{(J)}_{ac}(\hat r_e)\, "
                    r"f_{j(e)\, c\, \gamma},",
                ),
                tuple(r for m in modules for r in _loop_residuals(pairs, m)),
            ),
            unseen(*parities, *shared),
        ),
        r"where $\rho$ is given edge by edge, or $\sum_q w_q\, \texttt{table}_{s+q}$; the loop of \texttt{mixing} sums "
        r"the messages of each path times each function of the radial basis; \texttt{walkers} "
        r"sums over all pairs; and \texttt{apply} and \texttt{kernel} fill "
        r"every item from its own operands, broadcast ones included. No loop writes outside the rows and channels that "
        r"it is given. Of vectors, $+$, $-$ and $\times$ are each defined once, by the instructions \texttt{fadd}, "
        r"\texttt{fsub} and \texttt{fmul}, and the opposite by \texttt{fneg}, or on the "
        r"GPU as the difference from $-0$.",
    )


def _loop_residuals(pairs: Sequence[Pair], module: EmittedModule) -> Iterator[Any]:
    """Computed minus defined for all loops or kernels of a module, and what they take for granted."""
    few = _fewest(pairs)
    of_pairs: tuple[Callable[..., Any], ...] = (item_residuals, convolution_residuals)
    of_module: tuple[Callable[..., Any], ...] = (step_residuals, product_residuals)
    more: Any = partial(convolution_residuals, few, sizes=MORE_SIZES)
    if module.runs_on_gpu:
        of_pairs = (item_kernel_residuals, group_residuals, tree_residuals)
        of_module = (wait_residuals, tile_residuals, mixing_plan_residuals, partial(plan_residuals, few))
        more = partial(group_residuals, few, sharings=MORE_SHARINGS)
    for part in of_pairs:
        for pair in pairs:
            yield from part(pair, module)
    for part in (*of_module, more):
        yield from part(module=module)


def _sizes_on_cpu(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> str:
    if all(m.runs_on_gpu for m in modules):
        return ""
    return (
        rf" On the CPU, else, there were $C$ channels, $n$ of which are computed at once, for $(C, n) = {_sizes(SIZES)}$, "
        rf"and for {_arrow(_fewest(pairs))} also ${_sizes(MORE_SIZES)}$. (Where $n$ does not divide $C$ the last $n$ "
        r"channels overlap those before; which these are was counted out for all "
        rf"${WIDTHS[0]} \le n \le {WIDTHS[-1]}$ and $n \le C \le {MOST_CHANNELS}$.)"
    )


def _sizes_on_gpu(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> str:
    if not any(m.runs_on_gpu for m in modules):
        return ""
    return (
        r" Kernels of the GPU were executed thread by thread, in small blocks, by groups that take a receiver's channels "
        r"and some of its edges at once, and have channels or edges left over, threads without either, blocks to "
        rf"themselves or shared, for {_arrow(_fewest(pairs))} in more ways; that the sums of all edges which a group takes "
        r"at once are added was checked for groups of a whole warp. Each element is written once; no thread reads "
        r"or writes what another may write at the time, in whatever order they come, and none waits for one that does "
        r"not come. Whom \texttt{\_wait} waits for, and that the plans leave no channel out and give none to two "
        rf"threads, was counted out for all groups and for $C \le {MOST_CHANNELS}$ channels."
    )


def _fewest(pairs: Sequence[Pair]) -> Pair:
    """The pair with the fewest terms, which is executed at more sizes."""
    return min(pairs, key=lambda pair: (len(pair.paths) * (2 * pair.l_in + 1) * (2 * pair.l_out + 1), pair.key))


def _arrow(pair: Pair) -> str:
    return rf"${pair.l_in} \to {pair.l_out}$" + (f" ({pair.parity} paths)" if pair.parity else "")


def _sizes(sizes: Sequence[Size]) -> str:
    return ", ".join(f"({size.channels}, {size.width})" for size in sizes)


def _calls(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> Step:
    handed = unseen(*(call_residuals(pair, m) for pair in pairs for m in modules))
    parts = (width_residuals, room_residuals, bounds_residuals)
    checked = [scale_residuals(m) for m in modules]
    checked += [part(m) for m in modules if not m.runs_on_gpu for part in parts]
    few = _arrow(_fewest(pairs))
    where = [
        rf"{'the GPU' if m.runs_on_gpu else 'the CPU'} with {_channels(LAUNCHES if m.runs_on_gpu else CASES)} channels, and "
        rf"those of {few} also with {_channels(MORE_LAUNCHES if m.runs_on_gpu else MORE_CASES)}"
        for m in modules
    ]
    return Step(
        "Each public function hands on its own name, its own loop, its numbers of components and of paths, and each "
        "argument in its place. They were executed as a whole, from the call to the loops and back, on the same graph "
        f"and walkers, on {'; on '.join(where)}: broadcasting, copies, launches and the cuts between threads included. "
        r"Each returns what it is defined to be; \texttt{convolve\_mixing}, by way of a matrix product,",
        (_returned(pairs, modules), handed, unseen(*checked)),
        r"The table was checked by itself: of $M$ intervals, it is read at $|r|$ times $M$ over the cutoff, a scale that is rounded up until the "
        r"cutoff lies beyond the table. As many channels are computed at once as fit, a power of two, on the GPU one that "
        r"divides $C$ and the addresses of arrays.",
    )


def _returned(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> Equation:
    found: list[tuple[Any, ...]] = []
    for m in modules:
        part, more = (launch_residuals, MORE_LAUNCHES) if m.runs_on_gpu else (host_residuals, MORE_CASES)
        found += [part(pair, m) for pair in pairs] + [part(_fewest(pairs), m, more)]
    return Equation(
        (
            r"\texttt{out}_{i a \gamma}",
            r"\textstyle\sum_{e \to i} w_e \sum_{k J \delta} \texttt{basis}_{e k}\, K^{(J)}_{ac}(\hat r_e)\, "
            r"f_{j(e)\, c\, \delta}\, \texttt{mixing}_{k J \delta \gamma}.",
        ),
        tuple(r for group in found for r in group),
    )


def _channels(cases: Sequence[Case]) -> str:
    *first, last = (f"${count}$" for count in sorted({case.channels for case in cases}))
    return f"{', '.join(first)} and {last}" if first else last


def _conversion(pairs: Sequence[Pair], modules: Sequence[EmittedModule]) -> tuple[Step, ...]:
    """The slides' radial functions, where the whole 1→2 is emitted."""
    modules = [m for m in modules if not m.runs_on_gpu]
    if not modules or not any(p.key == "1_2" and p.complete for p in pairs):
        return ()
    alpha, beta = sp.symbols("alpha beta")
    radial = ", ".join(latex(e) for e in radial_from_slides(alpha, beta))
    return (
        Step(
            r"For users of the slides' table, by \tfnref{T7},",
            (
                Equation(
                    (r"\texttt{radial\_1\_2\_from\_slides}(\alpha, \beta)", rf"\bigl({radial}\bigr)"),
                    tuple(r for m in modules for r in conversion_residuals(m)),
                ),
            ),
        ),
    )


def _constants(modules: Sequence[EmittedModule]) -> Step:
    checks: list[sp.Expr] = []
    bounds: list[sp.Expr] = []
    for module in modules:
        module.require_typed_numbers()
        for bits, table in sorted(module.tables().items()):
            powers = POWERS[bits]
            for name, value in table.items():
                emitted = sp.Rational(value.numerator, value.denominator)
                if name in powers:
                    bounds.append(emitted - sp.Integer(2) ** powers[name])
                elif name in SPECIAL_FIELDS:
                    checks.append(emitted - int(name == "one"))
                elif is_correctly_rounded(value, constant_value(name), MANTISSA[bits]):
                    checks.append(sp.S.Zero)
                else:
                    raise ProofError(f"{module.name}: {name} = {emitted} is not {constant_value(name)} in float{bits}")
    return Step(
        rf"Each of the {len(checks)} literals lies within half a unit in the last place of the exact number that "
        rf"its name "
        r"states; for roots the comparison is between squares of rationals. The scalar functions hold no other numbers.",
        (unseen(checks, bounds),),
    )
