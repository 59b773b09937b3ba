"""Run the three convolutions on a real molecule, rotate it, and draw what comes out.

    python examples/molecule.py                             C60, drawn to molecule.png
    python examples/molecule.py --structure biphenyl --dtype float32
    python examples/molecule.py --structure icosahedron:Au:3

The input is a vector on each atom: the field of an electric dipole at the centre of the molecule
(for C60, think of HF caught inside the cage). The convolutions turn it into a scalar, a vector and
a symmetric traceless tensor on each atom,

    y_i = sum_j K(r) f_j,    r = x_i - x_j  (receiver minus sender),    l_in = 1 -> l_out = 0, 1, 2.

The whole layer, neighbour search included, then runs on the rotated, the shifted and the reordered
molecule. The table says how far its answers are from the rotated, the same and the reordered ones.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import ase.build
import ase.cluster
import ase.data
import matplotlib
import numpy as np
import vesin  # type: ignore[import-untyped]
from ase import Atoms
from ase.build.molecule import extra
from ase.collections import g2
from ase.data.colors import jmol_colors
from drawing import GOLD, SIGNED, VIOLET, Array, Camera, Mesh, arrow, glyph, paint, sphere, tube
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from pocket_tfn import cpu

CONVOLUTIONS: dict[int, Callable[..., NDArray[Any]]] = {
    0: cpu.convolve_1_0,
    1: cpu.convolve_1_1,
    2: cpu.convolve_1_2,
}
PATHS = {0: 1, 1: 3, 2: 3}  # radial functions each convolution takes: one per l_f
BOUND = 64  # accepted error in machine epsilons; each atom sums over a few tens of neighbours
BASIS = 5  # Bessel functions that each radial function mixes
DPI = 180  # of the picture, which is 9 inches wide
MOST_ATOMS = 400  # beyond this the picture is neither quick nor legible
CLUSTERS: dict[str, Callable[..., Atoms]] = {
    "icosahedron": ase.cluster.Icosahedron,
    "octahedron": ase.cluster.Octahedron,
}

#: The orthonormal basis of symmetric traceless matrices that l = 2 outputs refer to, (5, 3, 3), in
#: the order xy, yz, 3zz - rr, xz, xx - yy. Tr(E_m E_n) = delta_mn: vector norm = Frobenius norm.
E = np.array(
    [
        np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]]) / 2**0.5,
        np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0]]) / 2**0.5,
        np.diag([-1, -1, 2]) / 6**0.5,
        np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]]) / 2**0.5,
        np.diag([1, -1, 0]) / 2**0.5,
    ]
)


class Edges(NamedTuple):
    """Neighbours as compressed rows: atom i receives from indices[indptr[i] : indptr[i + 1]]."""

    indptr: NDArray[np.int64]  # (N + 1,)
    indices: NDArray[np.int64]  # (E,), the senders
    vectors: NDArray[Any]  # (E, 3), x_receiver - x_sender, in Å


def find_edges(positions: NDArray[Any], cutoff: float) -> Edges:
    """All ordered pairs of positions (N, 3) closer than the cutoff (Å); vectors keep the dtype."""
    search = vesin.NeighborList(cutoff=cutoff, full_list=True, sorted=True)
    points = positions.astype(np.float64)
    i, j, d = search.compute(points, box=np.zeros((3, 3)), periodic=False, quantities="ijD")
    indptr = np.searchsorted(i, np.arange(len(positions) + 1)).astype(np.int64)
    # vesin's D is x_j - x_i. Here i receives, and r points from the sender to the receiver.
    return Edges(indptr, j.astype(np.int64), (-d).astype(positions.dtype))


def radial_functions(r: NDArray[Any], cutoff: float, mixing: Array) -> NDArray[Any]:
    """Smooth functions of the distances r (E,) in Å that end at the cutoff, (E, P, C).

    phi_pc(r) = (1 - (r/cutoff)²)³ sum_n mixing[p, c, n] sin(n pi r/cutoff) / r,    n = 1..BASIS:
    spherical Bessel functions of a box, tapered so that two derivatives vanish at the cutoff too.
    """
    s = r / cutoff
    n = np.arange(1, mixing.shape[-1] + 1, dtype=r.dtype)
    basis = np.sin(np.pi * n * s[:, None]) / r[:, None]
    return np.einsum("e,eb,pcb->epc", (1 - s**2) ** 3, basis, mixing.astype(r.dtype))


def dipole_field(positions: Array, dipoles: Array) -> Array:
    """The fields at positions (N, 3), in Å, of dipoles (C, 3) at their centre, (N, 3, C).

    (3 x (x·p) / s² - p) / s³ at x from the centre, with s² = x² + a²: a dipole smeared over half
    the molecule's root-mean-square radius, so that an atom at the centre meets a finite field.
    """
    offset = positions - positions.mean(axis=0)
    distance2 = np.sum(offset**2, axis=1)
    s2 = (distance2 + distance2.mean() / 4)[:, None, None]
    along = offset @ dipoles.T
    return (3 * offset[:, :, None] * along[:, None, :] / s2 - dipoles.T) / s2**1.5


def random_rotation(rng: np.random.Generator) -> Array:
    """A proper rotation (3, 3), uniform over SO(3): the matrix of a random unit quaternion."""
    q = rng.normal(size=4)
    w, x, y, z = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def representation(l_out: int, rotation: Array) -> Array:
    """How a rotation R (3, 3) acts on outputs, (2l+1, 2l+1): as 1, as R, or as T -> R T Rᵀ."""
    if l_out == 0:
        return np.eye(1)
    if l_out == 1:
        return rotation
    return np.einsum("mab,ac,ncd,bd->mn", E, rotation, E, rotation)


class Layer:
    """The three convolutions with fixed random radial functions: from positions to outputs."""

    def __init__(self, cutoff: float, channels: int, rng: np.random.Generator) -> None:
        self.cutoff = cutoff
        # Drawn channel by channel, so that more channels leave the first ones as they were;
        # the rougher a basis function, the less it weighs.
        mixing = rng.normal(size=(channels, sum(PATHS.values()), BASIS)) / np.arange(1, BASIS + 1)
        ends = np.cumsum(list(PATHS.values()))[:-1]
        self.mixing = dict(zip(PATHS, np.split(mixing.swapaxes(0, 1), ends), strict=True))

    def __call__(self, positions: NDArray[Any], features: NDArray[Any]) -> dict[int, NDArray[Any]]:
        """Positions (N, 3) in Å and features (N, 3, C) to {l_out: (N, 2 l_out + 1, C)}."""
        edges = find_edges(positions, self.cutoff)
        if not len(edges.indices):
            raise ValueError(f"no two atoms are closer than the cutoff, {self.cutoff:g} Å")
        r = np.linalg.norm(edges.vectors, axis=1)
        return {
            l_out: convolve(*edges, radial_functions(r, self.cutoff, self.mixing[l_out]), features)
            for l_out, convolve in CONVOLUTIONS.items()
        }


def relative_error(got: Array, expected: Array) -> float:
    """Norm of the difference over the norm of what was expected; NaN where nothing was."""
    norm = np.linalg.norm(expected)
    return float(np.linalg.norm(got - expected) / norm) if norm > 0 else math.nan


def run_and_compare(
    layer: Layer, positions: Array, features: Array, dtype: str, rng: np.random.Generator
) -> tuple[dict[int, Array], dict[str, dict[int, float]]]:
    """The outputs {l_out: (N, 2 l_out + 1, C)}, and the errors {symmetry: {l_out: error}}.

    Inputs are transformed in float64 and rounded to ``dtype`` before the layer sees them.
    """

    def run(x: Array, f: Array) -> dict[int, Array]:
        outputs = layer(x.astype(dtype), f.astype(dtype))
        return {l_out: y.astype(np.float64) for l_out, y in outputs.items()}

    rotation, shift = random_rotation(rng), rng.normal(size=3)
    order = rng.permutation(len(positions))

    outputs = run(positions, features)
    rotated = run(positions @ rotation.T, rotation @ features)
    shifted = run(positions + shift, features)
    reordered = run(positions[order], features[order])
    return outputs, {
        "rotation": {
            l_out: relative_error(rotated[l_out], representation(l_out, rotation) @ y) for l_out, y in outputs.items()
        },
        "translation": {l_out: relative_error(shifted[l_out], y) for l_out, y in outputs.items()},
        "permutation": {l_out: relative_error(reordered[l_out], y[order]) for l_out, y in outputs.items()},
    }


def load_structure(name: str) -> Atoms:
    """A molecule that ASE ships, such as C60, or a metal cluster, such as icosahedron:Au:3."""
    kind, *rest = name.split(":")
    if rest:
        if kind not in CLUSTERS or len(rest) != 2 or not rest[1].isdecimal() or int(rest[1]) < 2:
            kinds = " or ".join(CLUSTERS)
            raise ValueError(f"{name!r}: a cluster reads {kinds}:SYMBOL:SIZE, with SIZE 2 or more")
        try:
            atoms = CLUSTERS[kind](rest[0], int(rest[1]))
        except (KeyError, ValueError, NotImplementedError) as error:
            raise ValueError(f"{name!r}: ASE cannot build this cluster ({error})") from error
    elif name in [*extra, *g2.names]:
        atoms = ase.build.molecule(name)
    else:
        alike = [known for known in [*extra, *g2.names] if known.lower() == name.lower()]
        hint = f"did you mean {alike[0]}?" if alike else "--list prints those that ASE ships"
        raise ValueError(f"no molecule is called {name!r}; {hint}")
    if len(atoms) < 2:
        raise ValueError(f"{name!r} is a single atom: there are no neighbours to sum over")
    if len(atoms) > MOST_ATOMS:
        raise ValueError(f"{name!r} has {len(atoms)} atoms; at most {MOST_ATOMS} can be drawn")
    return atoms


def skeleton(atoms: Atoms, radius: float) -> list[Mesh]:
    """Sticks along the bonds, and at the atoms small balls of this radius (Å), as chemists do."""
    x, colours = atoms.positions, jmol_colors[atoms.numbers]
    size = ase.data.covalent_radii[atoms.numbers]
    edges = find_edges(x, 2.3 * size.max())
    senders, receivers = edges.indices, np.repeat(np.arange(len(x)), np.diff(edges.indptr))
    bonded = np.linalg.norm(edges.vectors, axis=1) < 1.15 * (size[senders] + size[receivers])
    sticks = [
        tube(x[i], (x[i] + x[j]) / 2, 0.075, 0.4 + 0.6 * colours[i])
        for i, j in zip(receivers[bonded], senders[bonded], strict=True)
    ]
    return sticks + [sphere(p, radius, colour) for p, colour in zip(x, colours, strict=True)]


def draw(atoms: Atoms, dipole: Array, outputs: dict[int, Array], view: tuple[float, float]) -> Figure:
    """Three panels, the scalars, vectors and tensors of the outputs' first channel.

    ``view`` says how many degrees to the right of the molecule's broad side, and above it, we are.
    """
    x = atoms.positions
    centre = x.mean(axis=0)
    extent = float(np.linalg.norm(x - centre, axis=1).max())
    camera = Camera.facing(x, *view)
    gap = float(np.linalg.norm(find_edges(x, 2.1 * extent).vectors, axis=1).min())  # nearest atoms

    scalars, vectors = outputs[0][:, 0, 0], outputs[1][:, :, 0]
    tensors = np.einsum("nm,mab->nab", outputs[2][:, :, 0], E)
    colours = SIGNED(0.5 + 0.5 * scalars / abs(scalars).max())[:, :3]
    longest = np.linalg.norm(vectors, axis=1).max()
    strongest = abs(np.linalg.eigvalsh(tensors)).max()

    half = 0.31 * extent * dipole
    sticks = [*skeleton(atoms, 0.11 * gap), arrow(centre - half, 2 * half, GOLD, 0.056 * extent)]
    detail = 3 if len(x) > 30 else 4
    balls = [sphere(p, 0.33 * gap, c, detail) for p, c in zip(x, colours, strict=True)]
    arrows = [arrow(p, 1.25 * gap / longest * v, VIOLET, 0.07 * gap) for p, v in zip(x, vectors, strict=True)]
    lobes = [glyph(p, t, 0.58 * gap / strongest) for p, t in zip(x, tensors, strict=True)]

    figure = Figure(figsize=(9, 3.7))
    panels = figure.subplots(1, 3)
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.13, top=0.9, wspace=0.02)
    for ax, meshes in zip(panels, (balls, arrows, lobes), strict=True):
        paint(ax, Mesh.join(sticks + meshes), camera, extent + 0.6 * gap)
    return figure


def annotate(figure: Figure, name: str, dtype: str, errors: dict[int, float]) -> None:
    """Titles above the panels; below them the rotation's errors {l_out: error} and a caption."""
    eps = float(np.finfo(dtype).eps)
    meanings = ("scalars", "vectors", "tensors")
    for ax, meaning, (l_out, error) in zip(figure.axes, meanings, errors.items(), strict=True):
        ax.set_title(rf"$\ell = 1 \to {l_out}$   {meaning}", fontsize=11)
        below = f"equivariance error {error:.1e} = {error / eps:.1f} ε"
        ax.text(0.5, -0.03, below, ha="center", va="top", fontsize=8.5, transform=ax.transAxes)
    caption = (
        f"{name}: the field of a dipole at the centre (gold) goes in, three convolutions come out."
        f"  {dtype}, machine epsilon ε = {eps:.1e}"
    )
    figure.text(0.5, 0.02, caption, ha="center", fontsize=8.5, color="0.4")


def save(figure: Figure, path: Path) -> None:
    """Write the picture, the same bytes each time: no dates, no versions, no random identifiers."""
    if path.suffix == ".png":
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=2 * DPI)
        Image.open(buffer).convert("RGB").reduce(2).save(path, optimize=True, dpi=(DPI, DPI))
    else:
        date = {".svg": "Date", ".pdf": "CreationDate"}[path.suffix]
        with matplotlib.rc_context({"svg.hashsalt": "pocket-tfn"}):
            figure.savefig(path, dpi=2 * DPI, metadata={date: None})


def print_table(errors: dict[str, dict[int, float]], dtype: str) -> None:
    """The relative errors, beside the machine epsilon that they are to be judged by."""
    print(f"{'relative error':16}" + "".join(f"{f'1 -> {l_out}':>10}" for l_out in CONVOLUTIONS))
    for symmetry, row in errors.items():
        print(f"{symmetry:16}" + "".join(f"{error:10.1e}" for error in row.values()))
    eps = float(np.finfo(dtype).eps)
    print(f"{'machine epsilon':16}{eps:10.1e}  of {dtype}; up to {BOUND} of them are accepted")


def parse(argv: list[str] | None) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n\n    python")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--structure", default="C60", help="a molecule in ASE, or icosahedron:Au:3, octahedron:Pt:4")
    add("--list", action="store_true", help="print the names of the molecules ASE ships, and stop")
    add("--cutoff", type=float, default=4.0, help="how far an atom sees, in Å")
    add("--dtype", choices=["float32", "float64"], default="float64", help="of the convolutions")
    add("--channels", type=int, default=8, help="feature channels; the first one is drawn")
    add(
        "--seed",
        type=int,
        default=380,
        help="of the radial functions, the dipoles and the rotation",
    )
    add(
        "--view",
        type=float,
        nargs=2,
        default=[5.0, 12.0],
        metavar=("AZIMUTH", "ELEVATION"),
        help="of the camera from the molecule's broad side, in degrees",
    )
    add(
        "--output",
        type=Path,
        default=Path("molecule.png"),
        help="the picture, .png, .svg or .pdf",
    )
    args = parser.parse_args(argv)
    if not (math.isfinite(args.cutoff) and args.cutoff > 0):
        parser.error(f"--cutoff must be a positive length in Å, not {args.cutoff}")
    if args.channels < 1:
        parser.error(f"--channels must be at least 1, not {args.channels}")
    if args.seed < 0:
        parser.error(f"--seed must not be negative, but is {args.seed}")
    if args.output.suffix not in (".png", ".svg", ".pdf"):
        parser.error(f"--output must end in .png, .svg or .pdf, unlike {args.output}")
    if not args.output.parent.is_dir():
        parser.error(f"--output: there is no folder {args.output.parent}")
    return parser, args


def main(argv: list[str] | None = None) -> int:
    """Returns 0, or 1 if an error exceeds the bound; a request that makes no sense exits with 2."""
    parser, args = parse(argv)
    if args.list:
        print(*extra, *g2.names)
        return 0
    layer_rng, dipole_rng, motion_rng = np.random.default_rng(args.seed).spawn(3)
    try:
        atoms = load_structure(args.structure)
        dipoles = dipole_rng.normal(size=(args.channels, 3))
        dipoles /= np.linalg.norm(dipoles, axis=1, keepdims=True)
        features = dipole_field(atoms.positions, dipoles)
        layer = Layer(args.cutoff, args.channels, layer_rng)
        outputs, errors = run_and_compare(layer, atoms.positions, features, args.dtype, motion_rng)
    except ValueError as error:
        parser.error(str(error))

    print_table(errors, args.dtype)
    limit = BOUND * np.finfo(args.dtype).eps
    if not all(error <= limit for row in errors.values() for error in row.values()):  # NaN too
        print(f"not equivariant: an error exceeds {limit:.1e}; nothing is drawn", file=sys.stderr)
        return 1

    figure = draw(atoms, dipoles[0], outputs, args.view)
    annotate(figure, args.structure, args.dtype, errors["rotation"])
    save(figure, args.output)
    print(f"picture         {args.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
