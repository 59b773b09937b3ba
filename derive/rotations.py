"""All rotations at once: a unit quaternion makes every entry of R a polynomial.

R(q) = 1 + 2 q0 [u]× + 2 [u]×²  with u = (q1, q2, q3), |q| = 1 (Euler-Rodrigues).  As q runs over the unit sphere in
R⁴, R(q) runs over all of SO(3), so an identity that holds modulo |q|² = 1 holds for every rotation.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from .exact import SphereRing
from .symbols import DIRECTION, QUATERNION


def rotation_matrix() -> sp.ImmutableMatrix:
    """R(q), homogeneous of degree 2 in q: its rows are orthonormal where |q| = 1."""
    w, x, y, z = QUATERNION
    return sp.ImmutableMatrix(
        [
            [w**2 + x**2 - y**2 - z**2, 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), w**2 - x**2 + y**2 - z**2, 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), w**2 - x**2 - y**2 + z**2],
        ]
    )


class RotatedDirection:
    """r̂, R(q) and r̂' = R r̂ as elements of one ring, modulo |r̂|² = |q|² = 1."""

    def __init__(self, rotation: sp.Matrix | None = None) -> None:
        self.ring = SphereRing(units=[DIRECTION, QUATERNION])
        self.r = [self.ring.lift(s) for s in DIRECTION]
        matrix = rotation_matrix() if rotation is None else rotation
        self.R = [[self.ring.lift(sp.expand(e)) for e in matrix.row(i)] for i in range(3)]
        self.rotated = [self._reduced(sum(a * b for a, b in zip(row, self.r, strict=True))) for row in self.R]

    def _reduced(self, element: Any) -> Any:
        return self.ring.reduce(element)

    def turn(self, tensor: dict[tuple[int, ...], Any]) -> dict[tuple[int, ...], Any]:
        """R_aa' R_bb' .. T_a'b'.. : every index turned, one after the other."""
        rank = len(next(iter(tensor)))
        for place in range(rank):
            tensor = {
                at: self._reduced(
                    sum(
                        (self.R[at[place]][s] * tensor[(*at[:place], s, *at[place + 1 :])] for s in range(3)),
                        self.ring.ring.zero,
                    )
                )
                for at in tensor
            }
        return tensor
