"""A few shaded shapes for Matplotlib: spheres, tubes, arrows and tensor glyphs, correctly hidden.

Everything is triangles. :func:`paint` projects and shades them and draws them back to front, in one
collection: Matplotlib's own 3D axes sort whole objects, and so let arrows shine through atoms.
Lengths are in Å, colours are RGB in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

BLUE, RED = (0.10, 0.42, 0.72), (0.90, 0.33, 0.20)
GOLD, VIOLET = (0.96, 0.70, 0.16), (0.36, 0.25, 0.62)
#: Negative is blue, positive is red.
SIGNED = LinearSegmentedColormap.from_list(
    "signed", [(0.05, 0.25, 0.55), BLUE, (0.95, 0.94, 0.92), RED, (0.65, 0.13, 0.10)]
)


@dataclass(frozen=True)
class Mesh:
    """Coloured triangles: corners (F, 3 corners, 3 coordinates) wound outwards, colours (F, 3)."""

    corners: Array
    colours: Array

    @staticmethod
    def join(meshes: list[Mesh]) -> Mesh:
        """All the triangles of all the meshes."""
        return Mesh(
            np.concatenate([mesh.corners for mesh in meshes]),
            np.concatenate([mesh.colours for mesh in meshes]),
        )


@dataclass(frozen=True)
class Camera:
    """Looks at ``target`` (3,) from ``distance`` (Å); rows of ``axes`` (3, 3): right, up, near."""

    target: Array
    axes: Array
    distance: float

    @staticmethod
    def facing(points: Array, azimuth: float, elevation: float) -> Camera:
        """Looks at the broad side of ``points`` (N, 3), from some degrees to the right and above.

        What is round has no broad side: there, right, up and near are y, z and x.
        """
        target = points.mean(axis=0)
        spread, directions = np.linalg.eigh((points - target).T @ (points - target))
        if spread[0] > 0.8 * spread[2]:
            axes = np.roll(np.eye(3), -1, axis=0)
        else:
            axes = directions.T[::-1]
            axes = axes * np.sign(axes[np.arange(3), abs(axes).argmax(axis=1)])[:, None]
            axes[2] = np.cross(axes[0], axes[1])
        (ca, ce), (sa, se) = (f(np.radians([azimuth, elevation])) for f in (np.cos, np.sin))
        turn = np.array([[ca, 0, -sa], [-se * sa, ce, -se * ca], [ce * sa, se, ce * ca]])
        size = np.linalg.norm(points - target, axis=1).max()
        return Camera(target, turn @ axes, distance=5 * size + 8)


@cache
def _unit_sphere(subdivisions: int) -> Array:
    """An icosahedron refined on the unit sphere, (20 * 4**subdivisions, 3, 3), wound outwards."""
    golden = (1 + 5**0.5) / 2
    signs = [(s, t * golden) for s in (-1, 1) for t in (-1, 1)]
    points = np.array([np.roll((0, s, t), k) for k in range(3) for s, t in signs])
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    near = np.isclose(apart, 2)
    triples = [
        (i, j, k)
        for i in range(12)
        for j in range(i + 1, 12)
        for k in range(j + 1, 12)
        if near[i, j] and near[j, k] and near[i, k]
    ]
    faces = points[np.array(triples)]
    inwards = np.linalg.det(faces) < 0
    faces[inwards] = faces[inwards][:, ::-1]
    for _ in range(subdivisions):
        a, b, c = faces.transpose(1, 0, 2)
        ab, bc, ca = a + b, b + c, c + a
        # Every corner goes back to the sphere before its next midpoint is taken.
        faces = np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
        faces /= np.linalg.norm(faces, axis=-1, keepdims=True)
    return faces / np.linalg.norm(faces, axis=-1, keepdims=True)


def sphere(centre: ArrayLike, radius: float, colour: ArrayLike, detail: int = 3) -> Mesh:
    """A ball of 20 * 4**detail triangles."""
    faces = _unit_sphere(detail)
    return Mesh(np.asarray(centre) + radius * faces, np.tile(np.asarray(colour, float), (len(faces), 1)))


def _turned(start: Array, axis: Array, profile: Array, colour: ArrayLike, sides: int = 20) -> Mesh:
    """A surface of revolution about ``axis`` (3,); profile (K, 2) lists (height, radius)."""
    along = axis / np.linalg.norm(axis)
    across = np.cross(along, np.eye(3)[np.argmin(abs(along))])
    across /= np.linalg.norm(across)
    angle = np.linspace(0, 2 * np.pi, sides + 1)[:, None]
    ring = np.cos(angle) * across + np.sin(angle) * np.cross(along, across)
    points = start + profile[:, None, :1] * along + profile[:, None, 1:] * ring
    a, b, c, d = points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]
    corners = np.concatenate([np.stack(t, axis=-2).reshape(-1, 3, 3) for t in ((a, b, c), (a, c, d))])
    return Mesh(corners, np.tile(np.asarray(colour, float), (len(corners), 1)))


def tube(start: Array, end: Array, radius: float, colour: ArrayLike) -> Mesh:
    """An open cylinder between two points (3,), cut into short lengths so that it sorts well."""
    height = np.linspace(0, np.linalg.norm(end - start), 7)
    return _turned(start, end - start, np.stack([height, np.full(7, radius)], axis=1), colour)


def arrow(start: Array, vector: Array, colour: ArrayLike, thickness: float = 0.09) -> Mesh:
    """An arrow from ``start`` (3,) along ``vector`` (3,); its head shrinks with short vectors."""
    length = float(np.linalg.norm(vector))
    head = min(5.0 * thickness, 0.6 * length)
    shaft = thickness * min(1.0, head / (3.0 * thickness))
    profile = [(0.0, 0.0), *((h, shaft) for h in np.linspace(0, length - head, 6))]
    profile += [(length - head + t * head, (1 - t) * 0.45 * head) for t in np.linspace(0, 1, 6)]
    return _turned(start, vector, np.array(profile), colour, sides=36)


def glyph(centre: ArrayLike, tensor: Array, size: float) -> Mesh:
    """The surface |n·T·n| n over directions n of a symmetric tensor (3, 3), red where n·T·n > 0.

    A traceless T has lobes of both signs, like a d orbital; ``size`` is Å per unit of T.
    """
    directions = _unit_sphere(4)
    value = np.einsum("...a,ab,...b->...", directions, tensor, directions)
    radius = size * abs(value)[..., None]
    colours = np.where(value.mean(axis=1)[:, None] > 0, RED, BLUE)
    return Mesh(np.asarray(centre) + radius * directions, colours)


def paint(ax: Axes, mesh: Mesh, camera: Camera, radius: float) -> None:
    """Draw ``mesh`` on ``ax``, lit from the upper left; what lies behind the target fades to white.

    ``radius`` (Å) is half the width of the picture and the depth over which things fade.
    """
    right_up_near = (mesh.corners - camera.target) @ camera.axes.T
    normal = np.cross(right_up_near[:, 1] - right_up_near[:, 0], right_up_near[:, 2] - right_up_near[:, 0])
    area = np.linalg.norm(normal, axis=1)
    normal /= np.where(area > 0, area, 1)[:, None]
    centroid = right_up_near.mean(axis=1)
    to_eye = np.array([0, 0, camera.distance]) - centroid
    to_eye /= np.linalg.norm(to_eye, axis=1, keepdims=True)
    facing = np.sum(normal * to_eye, axis=1)
    seen = (facing > 0) & (area > 0)

    light = np.array([-0.45, 0.65, 0.75])
    light /= np.linalg.norm(light)
    half = light + to_eye
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    diffuse = 0.5 + 0.5 * (normal @ light)  # wrapped, so that no side is black
    shine = 0.30 * np.clip(np.sum(normal * half, axis=1), 0, 1) ** 40
    rim = 0.72 + 0.28 * np.clip(facing, 0, 1) ** 0.5  # darker where the surface turns away
    colours = mesh.colours * ((0.35 + 0.75 * diffuse**1.3) * rim)[:, None] + shine[:, None]
    fog = np.clip(0.25 - 1.1 * centroid[:, 2] / radius, 0, 0.84)[:, None]
    colours = np.clip(colours, 0, 1) * (1 - fog) + fog

    perspective = camera.distance / (camera.distance - right_up_near[..., 2:])
    flat = right_up_near[..., :2] * perspective
    order = np.flatnonzero(seen)[np.argsort(centroid[seen, 2], kind="stable")]
    # Antialiased triangles would show hairlines between them: save at twice the size instead.
    ax.add_collection(
        PolyCollection(
            flat[order],  # type: ignore[arg-type]  # its stub knows sequences only
            facecolors=colours[order],
            linewidths=0,
            antialiaseds=False,
            clip_on=False,
            rasterized=True,  # in SVG and PDF: text stays text, a hundred thousand triangles do not
        )
    )
    ax.set(xlim=(-radius, radius), ylim=(-radius, radius), aspect="equal")
    ax.axis("off")
