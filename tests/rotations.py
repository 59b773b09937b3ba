"""Rotations and reflections to turn inputs with, made without the library."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np

from tests.tolerances import Array


def quaternion_rotation(seed: int) -> Array:
    """A uniformly random rotation: a normal quaternion, normalised."""
    q = np.random.default_rng(seed).standard_normal(4)
    w, x, y, z = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def cube_rotations() -> list[Array]:
    """The 24 rotations of the cube: exact in floating point."""
    found = []
    for order, signs in product(permutations(range(3)), product([1.0, -1.0], repeat=3)):
        matrix = np.eye(3)[list(order)] * np.array(signs)[:, None]
        if np.linalg.det(matrix) > 0:
            found.append(matrix)
    return found
