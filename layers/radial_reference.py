"""What the table is compared with: the function's derivatives, from piecewise Chebyshev interpolation in float64.

A callable offers no derivatives.  So [0, cutoff) is bisected until, on every piece, the Chebyshev interpolant of degree
16 agrees with the function between its nodes to within rounding (or the function's own noise), and the interpolant is
differentiated.  What disagreement remains tells the error of the derivatives, by Markov's inequality for polynomials of
degree N on a piece of width w, |p'| <= (2 N² / w) max |p| and |p''| <= (4 N² (N² - 1) / 3 w²) max |p|.  It is reported,
being large where the function is not smooth, or computed in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from .radial_function import RadialFunction

Array = NDArray[Any]

ORDERS = (0, 1, 2)  # value, slope, curvature

_DEGREE = 16
_FIRST_PIECES = 8
_LEVELS = 12  # the narrowest piece is cutoff / 2^15: its nodes are still distinct in float32
_MOST_PIECES = 2048
_NODES = (1 - np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))) / 2
_FIRST_CHECKS, _FEWEST_CHECKS = 512, 32  # on a piece: features as narrow as cutoff / 4096 are seen
_MARKOV = (1.0, 2.0 * _DEGREE**2, 4 / 3 * _DEGREE**2 * (_DEGREE**2 - 1))


@dataclass(frozen=True, eq=False)
class Reference:
    """A function of the distance with its first two derivatives, from `Reference.of`.

    edges: (K + 1,), where pieces meet; coefficients: (K, 17, P, C), Chebyshev, on each piece; mismatch: (K, P), the
    largest difference from the function between the nodes; noise: (P,), of the function.
    """

    edges: Array
    coefficients: Array
    mismatch: Array
    noise: Array

    @classmethod
    def of(cls, function: RadialFunction) -> Reference:
        """Bisect until resolved; until halves are no better, which is noise; or until too many or too narrow."""
        noise = function.noise()
        largest = np.zeros_like(noise)
        pending = [
            (a, b, np.full_like(noise, np.inf)) for a, b in pairwise(np.linspace(0, function.last, _FIRST_PIECES + 1))
        ]
        done: list[tuple[float, float, Array, Array]] = []
        for level in range(_LEVELS + 1):
            last = level == _LEVELS or len(pending) + len(done) > _MOST_PIECES
            halves = []
            checked = _resolve(function, pending, max(_FEWEST_CHECKS, _FIRST_CHECKS >> level))
            for (a, b, before), (coefficients, mismatch, size) in zip(pending, checked, strict=True):
                largest = np.maximum(largest, size)
                resolved = mismatch <= 8 * noise + 1e-14 * largest
                stuck = (mismatch <= 256 * noise) & (mismatch > before / 4)
                if last or (resolved | stuck).all():
                    done.append((a, b, coefficients, mismatch))
                else:
                    halves += [(a, (a + b) / 2, mismatch), ((a + b) / 2, b, mismatch)]
            pending = halves
        done.sort(key=lambda piece: piece[0])
        edges = np.array([a for a, *_ in done] + [function.last])
        return cls(edges, np.stack([p[2] for p in done]), np.stack([p[3] for p in done]), noise)

    def __call__(self, r: Array, order: int = 0) -> Array:
        """The derivative of an order at distances in [0, cutoff]: (n,) -> (n, P, C)."""
        result = np.empty((len(r), *self.coefficients.shape[2:]))
        piece = np.clip(np.searchsorted(self.edges, r, side="right") - 1, 0, len(self.coefficients) - 1)
        by_piece = np.argsort(piece, kind="stable")
        for here in np.split(by_piece, np.flatnonzero(np.diff(piece[by_piece])) + 1):
            some = slice(piece[here[0]], piece[here[0]] + 1)
            middle, half = self._geometry(some)
            basis = chebyshev.chebvander((r[here] - middle) / half, _DEGREE - order)
            result[here] = np.tensordot(basis, self._derived(some, order)[0], 1)
        return result

    def _geometry(self, pieces: slice) -> tuple[Array, Array]:
        """Middles and half widths."""
        left, right = self.edges[:-1][pieces], self.edges[1:][pieces]
        return (left + right) / 2, (right - left) / 2

    def _derived(self, pieces: slice, order: int) -> Array:
        """Coefficients of a derivative on some pieces: (k, 17 - order, P, C)."""
        half = self._geometry(pieces)[1][:, None, None, None]
        return chebyshev.chebder(self.coefficients[pieces], order, axis=1) / half**order

    def uncertainty(self, pieces: slice = slice(None)) -> Array:
        """Bounds (3, P) on the error of value, slope and curvature, on all pieces or on some."""
        width = 2 * self._geometry(pieces)[1][:, None]
        return np.array([np.max(m * self.mismatch[pieces] / width**k, axis=0) for k, m in enumerate(_MARKOV)])

    def scale(self) -> Array:
        """The largest |value|, |slope|, |curvature| of each path, over r and channels: (3, P)."""
        at = np.linspace(-1, 1, 101)
        every = slice(None)
        sizes = [
            np.abs(np.tensordot(chebyshev.chebvander(at, _DEGREE - k), self._derived(every, k), (1, 1))) for k in ORDERS
        ]
        return np.array([np.max(size, axis=(0, 1, 3)) for size in sizes])


def _resolve(
    function: RadialFunction, pieces: list[tuple[float, float, Array]], checks: int
) -> Iterator[tuple[Array, Array, Array]]:
    """For each piece its Chebyshev coefficients, its mismatch (P,) at so many points, and its largest values (P,)."""
    unit = np.concatenate([_NODES, (np.arange(checks) + 0.5) / checks])
    # Nodes are snapped to float32, so narrow pieces have irregular ones: solve for the coefficients.
    for first in range(0, len(pieces), 32):
        some = np.array([piece[:2] for piece in pieces[first : first + 32]])
        a, width = some[:, :1], np.diff(some)
        r = function.snap(a + width * unit)
        values = function(r.ravel()).reshape(len(some), len(unit), -1)
        vander = chebyshev.chebvander(2 * (r - a) / width - 1, _DEGREE)
        coefficients = np.linalg.solve(vander[:, : _DEGREE + 1], values[:, : _DEGREE + 1])
        difference = np.abs(vander[:, _DEGREE + 1 :] @ coefficients - values[:, _DEGREE + 1 :])
        shape = (len(some), -1, *function.shape)
        mismatch = np.max(difference.reshape(shape), axis=(1, 3))
        size = np.max(np.abs(values).reshape(shape), axis=(1, 3))
        yield from zip(coefficients.reshape(shape), mismatch, size, strict=True)
