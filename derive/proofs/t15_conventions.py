"""T15: the changes of basis to e3nn's, Condon and Shortley's and SciPy's conventions, exact and as emitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from .. import other_harmonics as others
from ..catalogue import Pair
from ..convention_text import MANTISSA, degrees_of
from ..conventions import to_condon_shortley, to_e3nn, to_scipy
from ..execution import is_correctly_rounded
from ..harmonics import component_generator, components_from_orders, real_harmonics, sphere_integral
from ..symbols import DIRECTION
from .printing import matrix
from .proof import Equation, Proof, ProofError, Step, equation, residuals, unseen

MODULE = "conventions.py"


@dataclass(frozen=True)
class Convention:
    """A change of basis, and what its target says of itself: harmonics, generators, and in words how they are defined."""

    label: str
    function: str
    matrix: Callable[[int], sp.ImmutableMatrix]
    harmonics: Callable[[int], sp.Matrix]
    generators: Callable[[int], list[sp.Matrix]]
    definition: str


CONVENTIONS = (
    Convention(
        "e3nn",
        "to_e3nn",
        to_e3nn,
        others.e3nn_harmonics,
        others.e3nn_generators,
        r"The harmonics of e3nn, with normalization \texttt{integral}, are $N_{l|m|}\, P_{l|m|}(\cos\beta)\, "
        r"S_m(\alpha)$, where $x = \sin\beta\sin\alpha$, $y = \cos\beta$, $z = \sin\beta\cos\alpha$, $S_m = \sqrt2\sin|m|\alpha$, "
        r"$1$, $\sqrt2\cos m\alpha$ for $m < 0$, $m = 0$, $m > 0$, and no Condon--Shortley sign: the polar axis is $y$.",
    ),
    Convention(
        "CS",
        "to_condon_shortley",
        to_condon_shortley,
        others.condon_shortley_harmonics,
        others.condon_shortley_generators,
        r"Real harmonics with the Condon--Shortley sign are $\sqrt2\,\mathrm{Im}\, Y_l^{|m|}$, $Y_l^0$, $\sqrt2\,\mathrm{Re}\, "
        r"Y_l^m$ for $m < 0$, $m = 0$, $m > 0$.",
    ),
    Convention(
        "SciPy",
        "to_scipy",
        to_scipy,
        others.scipy_harmonics,
        others.scipy_generators,
        r"SciPy's are $Y_l^m = N_{lm}\, P_l^m(\cos\theta)\, e^{im\varphi}$ with $P_l^m(t) = \frac{(-1)^m}{2^l\, l!} (1 - "
        r"t^2)^{m/2} \frac{d^{l+m}}{dt^{l+m}} (t^2 - 1)^l$, $m = -l, \dots, l$; SymPy's \texttt{Ynm} are the same.",
    ),
)
#: What the emitted module offers.
NAMES = tuple(sorted(convention.function for convention in CONVENTIONS))


def prove(pairs: Sequence[Pair], files: Mapping[str, str]) -> Proof:
    """T15 for every degree that occurs in the pairs, and for the emitted module of conventions among the files."""
    if MODULE not in files:
        raise ProofError(f"there is no {MODULE} among the emitted files")
    degrees = degrees_of(pairs)
    return Proof(
        number=15,
        slug="conventions",
        title="Other conventions",
        statement=(
            rf"For $l = {', '.join(map(str, degrees))}$ and each of the conventions e3nn, Condon--Shortley and SciPy below let "
            r"$B_l$ be the matrix on components that the library gives for it. $B_l$ is unitary, real for the first two, and with "
            r"the same $r = (x, y, z)$ in both conventions"
            "\n"
            r"\[ Y^\mathrm{new}_l(\hat r) = B_l\, Y_l(\hat r), \qquad D^\mathrm{new}_l(R) = B_l\, D^l(R)\, B_l^\dagger \quad "
            r"\text{for all } R \in SO(3). \]"
            "\n"
            r"Features $f$ that transform with $D^l$ become $B_l f$, which transform with $D^\mathrm{new}_l$, and kernels "
            r"become $K^\mathrm{new} = B_{l_\mathrm{out}} K B_{l_\mathrm{in}}^\dagger$. The emitted matrices are these, each real "
            r"and imaginary part correctly rounded."
        ),
        hypotheses=(
            r"$Y_l$ of \tfnref{T1}, generators $G^l_k$ and $D^l$ of \tfnref{T2}, in components, which for $l = 1$ are "
            r"Cartesian; $N_{lm}$ is the root of $\frac{2l+1}{4\pi}\frac{(l-m)!}{(l+m)!}$.",
            rf"The text of \texttt{{{MODULE}}} as emitted, run by Python with NumPy.",
        ),
        steps=(
            *(_harmonics(convention, degrees) for convention in CONVENTIONS),
            _unitarity(degrees),
            _generators(degrees),
            _kernels(pairs),
            _emitted(degrees, files[MODULE]),
        ),
        remarks=(_normalisations(degrees),),
    )


def _harmonics(convention: Convention, degrees: Sequence[int]) -> Step:
    checks: list[Any] = []
    for l in degrees:
        ours = components_from_orders(l) * real_harmonics(l)
        checks += residuals(convention.harmonics(l), convention.matrix(l) * ours)
    label = rf"\mathrm{{{convention.label}}}"
    shown = Equation((rf"Y^{label}_l", rf"B^{label}_l\, Y_l"), tuple(checks))
    examples = tuple(_example(convention, l) for l in degrees if l in (1, 2))
    return Step(rf"{convention.definition} As polynomials homogeneous of degree $l$ in $(x, y, z)$", (shown, *examples))


def _example(convention: Convention, l: int) -> Equation:
    """B_l written out, from integrals over the sphere."""
    ours, theirs = components_from_orders(l) * real_harmonics(l), convention.harmonics(l)
    overlaps = (theirs * ours.T).applyfunc(lambda product: sphere_integral(sp.expand(product)))
    b = convention.matrix(l)
    label = rf"\mathrm{{{convention.label}}}"
    return equation(
        b,
        overlaps,
        (rf"B^{label}_{l}", rf"\textstyle\int_{{S^2}} Y^{label}_{l}\, Y_{l}^\mathsf{{T}}\, d\Omega", matrix(b)),
    )


def _unitarity(degrees: Sequence[int]) -> Step:
    checks: list[Any] = []
    for convention in CONVENTIONS:
        for l in degrees:
            b = convention.matrix(l)
            checks += residuals((b * b.H).applyfunc(sp.expand), sp.eye(2 * l + 1))
            if convention.function != "to_scipy":
                checks += residuals(b, b.conjugate())
    return Step(
        "Rows are orthonormal:",
        (Equation((r"B_l B_l^\dagger", "1"), tuple(checks)),),
        r"and $B_l$ is real but for SciPy.",
    )


def _generators(degrees: Sequence[int]) -> Step:
    checks: list[Any] = []
    for convention in CONVENTIONS:
        for l in degrees:
            b = convention.matrix(l)
            for axis, theirs in enumerate(convention.generators(l)):
                checks += residuals(
                    (theirs * b).applyfunc(sp.expand), (b * component_generator(l, axis)).applyfunc(sp.expand)
                )
    return Step(
        r"Rotations about $x, y, z$ are generated, on $Y_l^m$, by $i$ times $J_z Y_l^m = m Y_l^m$ and $(J_x \pm i J_y) Y_l^m = "
        r"\sqrt{l(l+1) - m(m \pm 1)}\, Y_l^{m \pm 1}$; in the Condon--Shortley basis by what these are for real and imaginary parts; "
        r"in e3nn by the matrices that its \texttt{wigner\_D} exponentiates. With $G^\mathrm{new}$ these matrices, written out "
        r"independently of $B$,",
        (Equation((r"G^{l,\mathrm{new}}_k\, B_l", r"B_l\, G^l_k"), tuple(checks)),),
        r"for $k = x, y, z$. By \tfnref{T2} $D^l(R) = \exp(\theta\, n_k G^l_k)$, so $\exp(\theta\, n_k G^{l,\mathrm{new}}_k) = "
        r"B_l D^l(R) B_l^\dagger$.",
    )


def _kernels(pairs: Sequence[Pair]) -> Step:
    shapes = list(dict.fromkeys((p.l_in, p.l_out) for p in pairs))
    acted = [r for c in CONVENTIONS for shape in shapes for r in _acted(c, *shape)]
    rates = [r for c in CONVENTIONS for shape in shapes for r in _rates(c, *shape)]
    return Step(
        r"If $f' = D^{l_\mathrm{in}}(R) f$ then $B f' = (B D^{l_\mathrm{in}}(R) B^\dagger)\, B f$. For a matrix $K$ of symbols, a "
        r"column $f$ of symbols, $K^\mathrm{new} = B_{l_\mathrm{out}} K B_{l_\mathrm{in}}^\dagger$, each convention and "
        rf"${_listed(shapes)}$,",
        (
            Equation((r"K^\mathrm{new}\, B_{l_\mathrm{in}} f", r"B_{l_\mathrm{out}} K f"), tuple(acted)),
            Equation(
                (
                    r"G^{l_\mathrm{out},\mathrm{new}}_k K^\mathrm{new} - K^\mathrm{new} G^{l_\mathrm{in},\mathrm{new}}_k",
                    r"B_{l_\mathrm{out}} \bigl( G^{l_\mathrm{out}}_k K - K G^{l_\mathrm{in}}_k \bigr) B_{l_\mathrm{in}}^\dagger:",
                ),
                tuple(rates),
            ),
        ),
        r"the kernel acts in the other basis as $K$ does in ours, and where the right side is $B_{l_\mathrm{out}}\, (e_k \times "
        r"r)\cdot\nabla K\, B_{l_\mathrm{in}}^\dagger = (e_k \times r)\cdot\nabla K^\mathrm{new}$, as it is for each path "
        r"(\tfnref{T2} with \tfnref{T4}), turning by $\theta$ about any axis shows that "
        r"$K^\mathrm{new}(R r) = D^\mathrm{new}_{l_\mathrm{out}}(R)\, K^\mathrm{new}(r)\, D^\mathrm{new}_{l_\mathrm{in}}(R)^\dagger$.",
    )


def _listed(shapes: Sequence[tuple[int, int]]) -> str:
    return r",\ ".join(rf"{l_in} \to {l_out}" for l_in, l_out in shapes)


def _symbols(l_in: int, l_out: int) -> tuple[sp.Matrix, sp.Matrix]:
    """An arbitrary kernel and an arbitrary feature."""
    rows, columns = 2 * l_out + 1, 2 * l_in + 1
    return sp.Matrix(rows, columns, sp.symbols(f"K0:{rows * columns}")), sp.Matrix(sp.symbols(f"f0:{columns}"))


def _acted(convention: Convention, l_in: int, l_out: int) -> tuple[Any, ...]:
    """K_new B_in f - B_out K f."""
    (kernel, feature), b_in, b_out = _symbols(l_in, l_out), convention.matrix(l_in), convention.matrix(l_out)
    new = (b_out * kernel * b_in.H).applyfunc(sp.expand)
    return residuals(new * (b_in * feature), b_out * (kernel * feature))


def _rates(convention: Convention, l_in: int, l_out: int) -> list[Any]:
    """The law of kernels for generators, each axis, with the generators of the other convention and with ours."""
    (kernel, _), b_in, b_out = _symbols(l_in, l_out), convention.matrix(l_in), convention.matrix(l_out)
    new = (b_out * kernel * b_in.H).applyfunc(sp.expand)
    found: list[Any] = []
    for axis in range(3):
        theirs = convention.generators(l_out)[axis] * new - new * convention.generators(l_in)[axis]
        ours = component_generator(l_out, axis) * kernel - kernel * component_generator(l_in, axis)
        found += residuals(theirs, b_out * ours.applyfunc(sp.expand) * b_in.H)
    return found


def _emitted(degrees: Sequence[int], text: str) -> Step:
    module = _run(text)
    if module.get("__all__") != list(NAMES):
        raise ProofError(f"{MODULE} offers {module.get('__all__')}, not {list(NAMES)}")
    checks = [
        check
        for convention in CONVENTIONS
        for l in degrees
        for check in _rounded(convention, l, _call(module, convention.function, l))
    ]
    return Step(
        rf"The functions of \texttt{{{MODULE}}}, as many as it offers, called for each degree, return read-only arrays of "
        r"float64, for SciPy of complex128, whose numbers, read as the rationals that "
        r"they are, have the sign of the exact ones and lie within half a unit in the last place: the comparison is "
        rf"between squares of rationals. These are {len(checks)} real and imaginary parts.",
        (unseen(checks),),
    )


def _run(text: str) -> dict[str, Any]:
    world: dict[str, Any] = {"__name__": "conventions"}
    try:
        exec(compile(text, MODULE, "exec"), world)  # the emitted text itself: what it does is what is proved
    except (Exception, SystemExit) as error:
        raise ProofError(f"{MODULE} does not run: {error!r}") from error
    return world


def _call(module: Mapping[str, Any], function: str, l: int) -> Any:
    try:
        return module[function](l)
    except (Exception, SystemExit) as error:
        raise ProofError(f"{MODULE}: {function}({l}) fails: {error!r}") from error


def _rounded(convention: Convention, l: int, found: Any) -> list[sp.Expr]:
    """A zero for each real and imaginary part that is the exact one correctly rounded; ProofError for another."""
    exact, name = convention.matrix(l), f"{MODULE}: {convention.function}({l})"
    array = _array(found, np.dtype(np.complex128 if convention.function == "to_scipy" else np.float64), name)
    if array.shape != exact.shape or array.flags.writeable:
        raise ProofError(f"{name} is writeable, or not of shape {exact.shape}")
    for number, entry in zip(array.ravel().tolist(), exact, strict=True):
        for part, value in zip((number.real, number.imag), entry.as_real_imag(), strict=True):
            if not _is_rounded(part, value):
                raise ProofError(f"{name} has {number} where {entry} should be")
    return [sp.S.Zero] * (2 * len(exact))


def _array(found: Any, dtype: np.dtype[Any], name: str) -> NDArray[Any]:
    """What was found, if it is an array of this dtype and of no class of its own: of others nothing is known."""
    if type(found) is not np.ndarray:
        raise ProofError(f"{name} is no array but of {type(found)}")
    if found.dtype != dtype:
        raise ProofError(f"{name} is of {found.dtype}, not of {dtype}")
    return found


def _is_rounded(part: float, value: sp.Expr) -> bool:
    if not isfinite(part):
        return False
    number = Fraction(part)
    if value == 0 or number == 0:
        return bool(value == number)
    return bool((number > 0) == (value > 0)) and is_correctly_rounded(abs(number), abs(value), MANTISSA)


def _normalisations(degrees: Sequence[int]) -> Step:
    turned: list[Any] = []
    squares: list[Any] = []
    cycled = dict(zip(DIRECTION, (*DIRECTION[1:], DIRECTION[0]), strict=True))
    r2 = sum(s**2 for s in DIRECTION)
    for l in degrees:
        theirs = others.e3nn_harmonics(l)
        turned += residuals(theirs.subs(cycled, simultaneous=True), real_harmonics(l))
        size = sp.Rational(2 * l + 1, 4) / sp.pi
        squares += residuals(sum(sp.expand(y) ** 2 for y in theirs), size * r2**l)
    return Step(
        r"The axes of e3nn and ours are a cyclic permutation apart, a rotation by a third of a turn, and $B^\mathrm{e3nn}_l$ is "
        r"$D^l$ of it; but given the permuted vector e3nn's components are ours, in the order of $m$. With "
        r"normalization \texttt{component} e3nn's harmonics are $\sqrt{4\pi}$ times as large, so that "
        r"their squares add up to $2l + 1$, and with \texttt{norm} $\sqrt{4\pi/(2l+1)}$ times, so that "
        r"they add up to one:",
        (
            Equation((r"Y^\mathrm{e3nn}_{lm}(y, z, x)", r"Y_{lm}(x, y, z)"), tuple(turned)),
            Equation((r"\textstyle\sum_m Y^\mathrm{e3nn}_{lm}(\hat r)^2", r"\tfrac{2l+1}{4\pi}"), tuple(squares)),
        ),
        r"Coefficients $c$ of a function $\sum_m c_m Y_{lm}$, unlike features, become $\overline{B_l}\, c$.",
    )
