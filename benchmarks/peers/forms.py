"""The forms themselves, path by path, for torch and jax alike: what mixing needs before channels are summed over."""

from math import sqrt
from typing import Any

from benchmarks.peers.cartesian import Vector, cross


def moved(l_out: int, u: Vector, f: Vector) -> list[list[Any]]:
    """K^p(u) f for each component and path, P arrays (E, C) each; unit vector u: (E, 1) each; f: (E, C) each."""
    dot = u[0] * f[0] + u[1] * f[1] + u[2] * f[2]
    if l_out == 0:
        return [[dot]]
    turned = cross(u, f)
    if l_out == 1:
        return [[f[a], turned[a], 3 * dot * u[a] - f[a]] for a in range(3)]
    # The symmetric traceless part of u (x) g: for g = 2 f, - u x f and (u.f) u - 2/5 f
    parts = ([2 * x for x in f], [-x for x in turned], [dot * u[a] - 0.4 * f[a] for a in range(3)])
    return [list(component) for component in zip(*(traceless(u, g) for g in parts), strict=True)]


def traceless(u: Vector, g: Vector) -> list[Any]:
    """The symmetric traceless part of u (x) g, five components."""
    half, sixth = sqrt(1 / 2), sqrt(1 / 6)
    return [
        half * (u[0] * g[1] + u[1] * g[0]),
        half * (u[1] * g[2] + u[2] * g[1]),
        sixth * (2 * u[2] * g[2] - u[0] * g[0] - u[1] * g[1]),
        half * (u[0] * g[2] + u[2] * g[0]),
        half * (u[0] * g[0] - u[1] * g[1]),
    ]
