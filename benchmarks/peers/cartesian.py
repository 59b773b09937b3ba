"""The Cartesian formulas of one edge, written out by component for torch and jax alike.

Nothing but +, - and *, with common factors collected by hand: compilers fuse it into few loops over
edges and channels. Tensor notation (cross, einsum, batched matmul) was tried for l_out = 1 and is
slower in eager torch, in torch.compile and in jax.jit.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any

Vector = Sequence[Any]  # three arrays, the components x, y, z


def message(l_out: int, u: Vector, f: Vector, radial: Sequence[Any]) -> list[Any]:
    """K(u) f as 2 l_out + 1 arrays (E, C); unit vector u: (E, 1) each; f, radial: (E, C) each."""
    dot = u[0] * f[0] + u[1] * f[1] + u[2] * f[2]
    if l_out == 0:
        return [radial[0] * dot]
    if l_out == 1:
        # a f + b u x f + c (3 u (u.f) - f)
        a, b, c = radial
        return _combine(a - c, f, b, cross(u, f), 3 * c * dot, u)
    # Every form is the symmetric traceless part of u (x) g, for one vector g:
    # g = (2 a - 2/5 c) f + b f x u + c (u.f) u
    a, b, c = radial
    x, y, z = u
    gx, gy, gz = _combine(2 * a - 0.4 * c, f, b, cross(f, u), c * dot, u)
    half, sixth = sqrt(1 / 2), sqrt(1 / 6)
    return [
        half * (x * gy + y * gx),
        half * (y * gz + z * gy),
        sixth * (2 * z * gz - x * gx - y * gy),
        half * (x * gz + z * gx),
        half * (x * gx - y * gy),
    ]


def cross(v: Vector, w: Vector) -> list[Any]:
    return [v[1] * w[2] - v[2] * w[1], v[2] * w[0] - v[0] * w[2], v[0] * w[1] - v[1] * w[0]]


def _combine(a: Any, u: Vector, b: Any, v: Vector, c: Any, w: Vector) -> list[Any]:
    return [a * u[k] + b * v[k] + c * w[k] for k in range(3)]
