"""T9: the layer on points, Σ_j K(x_i - x_j) f_j w_j, commutes with rotations, translations and relabelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from operator import mul
from typing import Any

import sympy as sp
from sympy.polys.rings import PolyElement

from ..catalogue import Pair, wholes
from ..exact import SphereRing
from ..haar import CIRCLE
from ..harmonics import component_generator
from ..rotations import rotation_matrix
from ..symbols import DIRECTION, QUATERNION
from .generators import turned
from .point_layer import Layer, finite_residuals
from .proof import Equation, Proof, ProofError, Step, residuals, unseen

#: All of R(q) at once is put into forms of pairs with l_in + l_out up to here, both at most 2; generators serve all pairs.
REACH = 3
#: Positions of a receiver and two senders, and a translation.
POINTS = tuple(sp.symbols(f"x{i} y{i} z{i}", real=True) for i in range(3))
SHIFT = sp.symbols("t_x t_y t_z", real=True)
#: A unit vector to turn about.
AXIS = sp.symbols("n_x n_y n_z", real=True)

#: A matrix by its indices.
Square = Mapping[tuple[int, int], sp.Expr]


def prove(pairs: Sequence[Pair]) -> Proof:
    """T9 for the layer with the paths of every pair; pairs of the same degrees are taken together."""
    layers = [Layer(p) for p in wholes(pairs)]
    return Proof(
        number=9,
        slug="layer",
        title="The layer on points",
        statement=(
            r"For points $x_1, \dots, x_N$ with features $f_j$ of degree $l_\mathrm{in}$, weights $w_j$ and neighbours "
            r"$\mathcal{N}(i)$, let"
            "\n"
            r"\[ (F f)_i = \sum_{j \in \mathcal{N}(i)} K(x_i - x_j)\, f_j\, w_j, \qquad K(r) = \sum_J \rho_J(|r|)\, K^{(J)}(\hat r), \]"
            "\n"
            r"with any radial functions $\rho_J$ and the paths of the catalogue. If $x_j$ becomes $R x_j + t$ and $f_j$ becomes "
            r"$D^{l_\mathrm{in}}(R) f_j$, weights and neighbours staying the same, then $(F f)_i$ becomes $D^{l_\mathrm{out}}(R)\, "
            r"(F f)_i$, for all $R \in SO(3)$ and $t \in \mathbb{R}^3$. If the points are numbered anew, with their features, weights "
            r"and neighbours, so is the output."
        ),
        hypotheses=(
            r"$r_j = x_i - x_j$, receiver minus sender. Forms as in \tfnref{T4}; $D^l$, with the generators $G^l_k$, acts on "
            r"components as in \tfnref{T2}; $K(0) = \rho_0(0)\, K^{(0)}$ as in \tfnref{T10}.",
        ),
        steps=(
            _positions(),
            _solid(layers),
            _about_each_axis(layers),
            _all_rotations(),
            *_finite(pairs),
            _relabelling(),
        ),
        remarks=(_riemann_sum(), _reflections(layers), _weights(layers)),
    )


# --- rotations and translations ---------------------------------------------------------------------------


def _positions() -> Step:
    ring = SphereRing(free=[*(s for point in POINTS for s in point), *SHIFT], units=[QUATERNION], primes=())
    matrix, shift = rotation_matrix(), sp.Matrix(SHIFT)
    receiver, *senders = (sp.Matrix(point) for point in POINTS)
    r = [receiver - sender for sender in senders]
    moved = [(matrix * receiver + shift) - (matrix * sender + shift) for sender in senders]
    rotated = [matrix * v for v in r]
    rates = [e for axis in range(3) for sender in POINTS[1:] for e in _rates(axis, sender, ring)]
    return Step(
        r"\emph{Positions.} For a receiver $x_i$, two senders $x_j$ and a translation $t$ made of symbols, and $R = R(q)$ for all "
        r"unit quaternions $q$,",
        (
            Equation((r"(R x_i + t) - (R x_j + t)", r"R\, r_j"), residuals(moved, rotated, ring)),
            Equation(
                (r"|R\, r_j|^2", r"|r_j|^2"),
                residuals([v.dot(v) for v in rotated], [v.dot(v) for v in r], ring),
            ),
            Equation(
                (
                    r"\Bigl( (e_k \times x_i) \cdot \nabla_{x_i} + (e_k \times x_j) \cdot \nabla_{x_j} \Bigr)\, "
                    r"\bigl(r_j,\ |r_j|^2\bigr)",
                    r"\bigl(e_k \times r_j,\ 0\bigr).",
                ),
                tuple(rates),
            ),
        ),
        r"So translations drop out, and what depends on $|r_j|$ alone stays the same: the values $\rho_J(|r_j|)$, and neighbours "
        r"that are chosen by a cutoff.",
    )


def _rates(axis: int, sender: Sequence[sp.Symbol], ring: SphereRing) -> list[Any]:
    """What turning receiver and sender does to r, against e_k × r, and to |r|²."""
    points = [[ring.lift(s) for s in point] for point in (POINTS[0], sender)]
    r = [a - b for a, b in zip(*points, strict=True)]
    rate = [sum(turned(e, point, axis) for point in points) for e in r]
    a, b = (axis + 1) % 3, (axis + 2) % 3
    cross = {axis: ring.ring.zero, a: -r[b], b: r[a]}
    square = sum(map(mul, r, r))
    return [*(rate[i] - cross[i] for i in range(3)), sum(turned(square, point, axis) for point in points)]


def _solid(layers: Sequence[Layer]) -> Step:
    paths = [p for layer in layers for p in layer.paths]
    degrees = [
        sum(powers) - p.l_f for p in paths for e in p.kernel if e != 0 for powers in sp.Poly(e, *DIRECTION).monoms()
    ]
    return Step(
        rf"\emph{{Forms.}} Made homogeneous with powers of $|r|^2$, the {sum(len(p.kernel) for p in paths)} entries are polynomials "
        r"all of whose terms have degree $J$, so that $\rho_J(|r|)\, K^{(J)}(\hat r) = g_J(|r|)\, K^{(J)}(r)$ with $g_J = \rho_J / "
        r"|r|^J$ for $r \ne 0$. Where $r_j = 0$, the value $\rho_0(0)\, K^{(0)}$ has $J = 0$ alone, and $K^{(0)}$ does not depend on "
        r"$r$: what follows holds for it, too.",
        (unseen(degrees),),
    )


def _about_each_axis(layers: Sequence[Layer]) -> Step:
    checks = [
        layer.ring.reduce(rate - wanted)
        for layer in layers
        for axis in range(3)
        for rate, wanted in zip(layer.rate(axis), layer.turned_outputs(axis), strict=True)
    ]
    listed = ", ".join(
        rf"${layer.l_in} \to {layer.l_out}$ ($J = {', '.join(str(q.l_f) for q in layer.paths)}$)" for layer in layers
    )
    return Step(
        rf"\emph{{About each axis.}} For {listed}: the sum over two neighbours, all components of $r_j$ and $f_j$, all $w_j$ and "
        r"$g_J(|r_j|)$ being symbols, satisfies",
        (
            Equation(
                (
                    r"\sum_j \Bigl( (e_k \times r_j) \cdot \nabla_{r_j} + (G^{l_\mathrm{in}}_k f_j) \cdot \nabla_{f_j} \Bigr)\, "
                    r"(F f)_i",
                    r"G^{l_\mathrm{out}}_k\, (F f)_i.",
                ),
                tuple(checks),
            ),
        ),
    )


def _all_rotations() -> Step:
    exponential, start, moved, length = _one_parameter()
    return Step(
        r"Both sides are sums over neighbours of terms that are alike, so that this holds for any number of them. \emph{All "
        r"rotations.} Let $[n]_\times = n_k G^1_k$, which takes $r$ to $n \times r$, and $R_n(\theta) = R(\cos\tfrac\theta2,\, "
        r"\sin\tfrac\theta2\, n)$. For all unit $n$ and any $r$",
        (
            Equation((r"\tfrac{d}{d\theta} R_n(\theta)", r"[n]_\times R_n(\theta)"), exponential),
            Equation(("R_n(0)", "1"), start, inline=True),
            Equation((r"n_k\, (e_k \times r) \cdot \nabla\, r", r"[n]_\times r"), moved),
            Equation((r"n_k\, (e_k \times r) \cdot \nabla\, |r|^2", "0,"), length),
        ),
        r"so that $R_n(\theta) = \exp(\theta\, [n]_\times)$, and as every unit quaternion is $(\cos\tfrac\theta2,\, "
        r"\sin\tfrac\theta2\, n)$ for some $n$, every rotation is one of these. Let $h(\theta)$ be "
        r"$(F f)_i$ for the points $\exp(\theta\, [n]_\times)\, x_j$ and features $\exp(\theta\, n_k G^{l_\mathrm{in}}_k)\, f_j$. "
        r"Along this path the $g_J(|r_j|)$ are constant, so that they need not be differentiable, and the identities at each $\theta$ "
        r"say that $\dot h = n_k G^{l_\mathrm{out}}_k\, h$. So $h(\theta) = \exp(\theta\, n_k G^{l_\mathrm{out}}_k)\, h(0) = "
        r"D^{l_\mathrm{out}}(R)\, (F f)_i$.",
    )


def _one_parameter() -> tuple[tuple[Any, ...], ...]:
    """Residuals of the four lines on turns about n, in (c, s) = (cos θ/2, sin θ/2): dc/dθ = -s/2, ds/dθ = c/2."""
    ring = SphereRing(free=DIRECTION, units=[CIRCLE, AXIS], primes=())
    (c, s), r = CIRCLE, sp.Matrix(DIRECTION)
    turn = rotation_matrix().subs(dict(zip(QUATERNION, (c, *(s * e for e in AXIS)), strict=True)), simultaneous=True)
    rate = (c * turn.diff(s) - s * turn.diff(c)) / 2
    cross = sum((e * component_generator(1, k) for k, e in enumerate(AXIS)), sp.zeros(3))
    point = [ring.lift(e) for e in DIRECTION]

    def moved(element: PolyElement) -> PolyElement:
        return sum((ring.lift(e) * turned(element, point, k) for k, e in enumerate(AXIS)), ring.ring.zero)

    return (
        residuals(rate, cross * turn, ring),
        residuals(turn.subs({c: 1, s: 0}), sp.eye(3), ring),
        residuals([moved(e) for e in point], [ring.lift(e) for e in cross * r], ring),
        residuals([moved(sum(map(mul, point, point)))], [ring.ring.zero], ring),
    )


def _finite(pairs: Sequence[Pair]) -> tuple[Step, ...]:
    """K(R r) D_in = D_out K(r) for the pairs within reach, all rotations at once."""
    within = [p for p in pairs if p.l_in + p.l_out <= REACH and max(p.l_in, p.l_out) < REACH]
    if not within:
        return ()
    listed = r",\ ".join(dict.fromkeys(rf"{p.l_in} \to {p.l_out}" for p in within))
    paths = dict.fromkeys(q for p in within for q in p.paths)
    return (
        Step(
            r"Without that argument, for all $R = R(q)$ at once, $r$ any vector, and the explicit $D^l(R(q))$ of \tfnref{T3},",
            (
                Equation(
                    (r"K^{(J)}(R\, r)\, D^{l_\mathrm{in}}(R)", r"D^{l_\mathrm{out}}(R)\, K^{(J)}(r)"),
                    tuple(r for q in paths for r in finite_residuals(q)),
                ),
            ),
            rf"for ${listed}$. Applied to $f_j$, times $g_J(|r_j|)\, w_j$, and summed over $J$ and $j$ it is the claim.",
        ),
    )


# --- relabelling --------------------------------------------------------------------------------------------


def summed(edge: Square, term: Square, weight: Sequence[sp.Expr]) -> list[sp.Expr]:
    """(F f)_i = Σ_j over neighbours: a_ij is 1 for a neighbour j of i, else 0, and T_ij stands for K(x_i - x_j) f_j."""
    names = range(len(weight))
    return [sum((edge[i, j] * term[i, j] * weight[j] for j in names), sp.S.Zero) for i in names]


def _relabelling() -> Step:
    """Three points, whether one is a neighbour of another being a symbol."""
    names = range(3)
    edge = {(i, j): sp.Symbol(f"a{i}{j}") for i in names for j in names}
    term = {(i, j): sp.Symbol(f"T{i}{j}") for i in names for j in names}
    weight = [sp.Symbol(f"w{j}") for j in names]
    before = summed(edge, term, weight)
    checks: list[Any] = []
    for new in permutations(names):  # the point i gets the name new[i]
        after = summed(
            {(new[i], new[j]): value for (i, j), value in edge.items()},
            {(new[i], new[j]): value for (i, j), value in term.items()},
            [weight[new.index(n)] for n in names],
        )
        checks += residuals([after[new[i]] for i in names], before)
    return Step(
        r"\emph{Relabelling.} A permutation $\pi$ gives the point $i$ the name $\pi(i)$, and its position, feature, weight and "
        r"neighbours with it. The summands are the same in another order: for three points, all $\pi$ and any neighbours,",
        (Equation((r"(F' f')_{\pi(i)}", r"(F f)_i"), tuple(checks)),),
        r"and likewise for any number of points. In floating-point numbers the order of summation shows in the last digits.",
    )


# --- remarks ------------------------------------------------------------------------------------------------


def _riemann_sum() -> Step:
    return Step(
        r"In \tfnslides{} $\int K(x - y)\, f(y)\, dy$ becomes $\sum_j K(x - x_j)\, f_j\, w_j$: this is $(F f)_i$ at $x = x_i$, "
        r"with the volume of a cell for $w_j$, or $w_j = 1$. It need not be near the integral to be equivariant: the theorem "
        r"holds for every finite set of points."
    )


def _reflections(layers: Sequence[Layer]) -> Step:
    checks = [r for layer in layers for r in residuals(layer.mirrored(), layer.with_parities(), layer.ring)]
    mixed = [layer for layer in layers if _neither(layer)]
    return Step(
        r"Under $x_j \mapsto -x_j$, $f_j \mapsto (-1)^{l_\mathrm{in}} f_j$ the output is that with $(-1)^{l_\mathrm{in} + J}\, g_J$ for "
        r"$g_J$. So a layer whose paths all have $l_\mathrm{in} + J + l_\mathrm{out}$ even gives $(-1)^{l_\mathrm{out}} (F f)_i$ and "
        r"commutes with all of $O(3)$; one whose paths all have it odd gives the negative of that, axial fields from polar ones. "
        + (
            rf"With paths of both kinds, as ${_listed(mixed)}$ here, neither holds: in the symbols the outputs differ."
            if mixed
            else ""
        ),
        (unseen(checks),),
    )


def _listed(layers: Sequence[Layer]) -> str:
    return r",\ ".join(rf"{layer.l_in} \to {layer.l_out}" for layer in layers)


def _neither(layer: Layer) -> bool:
    """Whether the layer has paths of both kinds; raises ProofError where it commutes with the inversion all the same."""
    output, mirrored = layer.weighted(layer.w), layer.mirrored()
    both = len({(layer.l_in + p.l_f + layer.l_out) % 2 for p in layer.paths}) == 2
    if both and mirrored in (output, [-e for e in output]):
        raise ProofError(f"{layer.l_in} → {layer.l_out} has paths of both kinds and commutes with the inversion")
    return both


def _weights(layers: Sequence[Layer]) -> Step:
    checks = [
        r for layer in layers for r in residuals(layer.rate_of_weights(), layer.weighted(layer.rates), layer.ring)
    ]
    return Step(
        r"What breaks it: weights, or neighbours, that depend on how the points lie to the axes, such as volumes of cells of a grid "
        r"that does not turn with them, or a box for a cutoff. Where $w_j$ changes at the rate $\dot w_j$ as everything is turned, "
        r"$\dot h - n_k G^{l_\mathrm{out}}_k h$ is",
        (
            Equation(
                (
                    r"\sum_j \dot w_j\, \frac{\partial}{\partial w_j} (F f)_i",
                    r"\sum_j K(r_j)\, f_j\, \dot w_j,",
                ),
                tuple(checks),
            ),
        ),
        r"which is zero for all features only if $K(r_j)\, \dot w_j = 0$ for every neighbour.",
    )
