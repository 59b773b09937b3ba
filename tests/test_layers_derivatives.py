"""The derivatives that a layer with a table offers, against differences of the layer itself."""

from __future__ import annotations

import numpy as np
import pytest
from pocket_tfn.layers import BesselBasis, Convolution, GraphCotangents, MixingRadial, RadialMLP, radius_graph

CHANNELS, CUTOFF, STEP = 3, 3.0, 1e-5
#: Central differences of step h: third derivatives times h²/6, and rounding over h, for values of order 1.
TOLERANCE = 1e-7


def layer_of(l_out: int, seed: int = 0) -> Convolution:
    rng = np.random.default_rng(seed)
    paths = 1 if l_out == 0 else 3
    mlp = RadialMLP.random(n_paths=paths, n_channels=CHANNELS, basis=BesselBasis(cutoff=CUTOFF, n_functions=4), rng=rng)
    return Convolution(l_out, mlp).tabulated(tolerance=1e-4)


@pytest.mark.parametrize("l_out", [1, *(pytest.param(l, marks=pytest.mark.slow) for l in (0, 2))])
@pytest.mark.parametrize("cell", [None, 4.0], ids=["open", "periodic"])
def test_forces(l_out: int, cell: float | None) -> None:
    """The energy's change when one coordinate, or one feature, moves."""
    rng, layer = np.random.default_rng(l_out), layer_of(l_out)
    box = None if cell is None else cell * np.eye(3)
    positions = rng.uniform(0, 4, (6, 3))
    features, g = rng.normal(size=(6, 3, CHANNELS)), rng.normal(size=(6, 2 * l_out + 1, CHANNELS))
    found = layer.vjp(layer.graph(positions, box), features, g)
    assert isinstance(found, GraphCotangents)

    def energy(positions: np.ndarray, features: np.ndarray) -> float:
        return float((g * layer(positions, features, box)).sum())

    for node, axis in ((0, 0), (2, 1), (5, 2)):
        step = np.zeros((6, 3))
        step[node, axis] = STEP
        slope = (energy(positions + step, features) - energy(positions - step, features)) / (2 * STEP)
        assert abs(slope - found.positions[node, axis]) <= TOLERANCE * max(1, np.abs(found.positions).max())
    change = rng.normal(size=features.shape)
    assert energy(positions, change) == pytest.approx(float((found.features * change).sum()), rel=1e-12)


def test_forces_add_to_nothing() -> None:
    """A translation of everything changes nothing."""
    rng, layer = np.random.default_rng(3), layer_of(1)
    positions = rng.uniform(0, 4, (9, 3))
    found = layer.vjp(layer.graph(positions), rng.normal(size=(9, 3, CHANNELS)), rng.normal(size=(9, 3, CHANNELS)))
    assert np.abs(found.positions.sum(0)).max() <= 1e-13 * np.abs(found.positions).sum()


def test_laplacian_of_two_layers() -> None:
    """The second layer takes what the first one makes, and so gives the derivatives of both together."""
    rng, first, second = np.random.default_rng(4), layer_of(1, 1), layer_of(1, 2)
    walkers, particles = 2, 3
    positions = rng.normal(size=(walkers, particles, 3))
    features = rng.normal(size=(walkers, particles, 3, CHANNELS))
    psi = second.laplacian(positions, *first.laplacian(positions, features))

    def both(positions: np.ndarray) -> np.ndarray:
        return np.asarray(second(positions, first(positions, features)))

    assert np.abs(psi.value - both(positions)).max() <= 1e-13 * np.abs(psi.value).max()
    h, total = 1e-3, np.zeros_like(psi.value)
    for coordinate in range(3 * particles):
        step = np.zeros((particles, 3))
        step.flat[coordinate] = h
        at = [both(positions + n * step) for n in (-2, -1, 0, 1, 2)]
        slope = (at[0] - 8 * at[1] + 8 * at[3] - at[4]) / (12 * h)
        assert np.abs(slope - psi.jacobian[:, coordinate]).max() <= 1e-8 * np.abs(psi.jacobian).max()
        total += (-at[0] + 16 * at[1] - 30 * at[2] + 16 * at[3] - at[4]) / (12 * h * h)
    assert np.abs(total - psi.laplacian).max() <= 1e-6 * np.abs(psi.laplacian).max()


def test_only_a_table_tells_its_slopes() -> None:
    """Of any callable nothing is known but its values."""
    layer = Convolution(1, lambda r: np.ones((len(r), 3, CHANNELS)), cutoff=CUTOFF)
    positions, features = np.zeros((2, 3)), np.zeros((2, 3, CHANNELS))
    with pytest.raises(ValueError, match="use the layer that tabulated"):
        layer.vjp(radius_graph(positions, CUTOFF), features, features)
    with pytest.raises(ValueError, match="use the layer that tabulated"):
        layer.laplacian(positions[None], features[None])
    mixing = Convolution(1, MixingRadial(lambda r: np.ones((len(r), 1)), np.ones((1, 3, CHANNELS, 2)), CUTOFF))
    with pytest.raises(ValueError, match="mixes channels"):
        mixing.vjp(radius_graph(positions, CUTOFF), features, features)


def test_wrong_shapes_and_dtypes() -> None:
    """As those of the layer itself."""
    layer, positions = layer_of(1), np.random.default_rng(0).normal(size=(4, 3))
    graph, features = layer.graph(positions), np.zeros((4, 3, CHANNELS))
    with pytest.raises(ValueError, match="features"):
        layer.vjp(graph, features[:3], features)
    with pytest.raises(TypeError, match="float32"):
        layer.vjp(graph, features.astype(np.float32), features)
    with pytest.raises(ValueError, match="cotangents"):
        layer.vjp(graph, features, features[..., :2])
    with pytest.raises(ValueError, match=r"^Convolution.laplacian: positions must have shape \(B, A, 3\)"):
        layer.laplacian(positions, features[None])
    x, f = positions[None], features[None]
    with pytest.raises(ValueError, match=r"^Convolution.laplacian: features must have shape \(1, 4, 3, C\)"):
        layer.laplacian(x, f[:, :3])
    with pytest.raises(TypeError, match=r"^Convolution.laplacian: features is int64"):
        layer.laplacian(x, f.astype(int))
    with pytest.raises(TypeError, match=r"^Convolution.laplacian: features is float32 but positions is float64"):
        layer.laplacian(x, f.astype(np.float32))
    with pytest.raises(TypeError, match="mask"):
        layer.laplacian(x, np.ma.masked_array(f, f > 0))


def test_solid_harmonics_where_particles_meet() -> None:
    """normalize=False: forces and the Laplacian of two particles at one place are those of the smooth layer."""
    rng = np.random.default_rng(6)
    # Functions of r² that vanish with five derivatives at the cutoff.
    shift = 1 + np.arange(3 * CHANNELS).reshape(3, CHANNELS)
    layer = Convolution(
        1, lambda r: np.cos(shift * (r**2)[:, None, None] / 9) * (1 - (r[:, None, None] / CUTOFF) ** 2) ** 6,
        CUTOFF, normalize=False,
    ).tabulated(tolerance=1e-9, dtype=np.float64)  # fmt: skip
    positions, features, g = (
        rng.normal(size=(3, 3)),
        rng.normal(size=(3, 3, CHANNELS)),
        rng.normal(size=(3, 3, CHANNELS)),
    )
    positions[1] = positions[0]

    def energy(positions: np.ndarray) -> float:
        return float((g * layer(positions, features)).sum())

    found = layer.vjp(layer.graph(positions), features, g)
    psi = layer.laplacian(positions[None], features[None])
    h, total = 1e-3, 0.0
    for node in range(3):
        for axis in range(3):
            step = np.zeros((3, 3))
            step[node, axis] = h
            at = [energy(positions + n * step) for n in (-2, -1, 0, 1, 2)]
            slope = (at[0] - 8 * at[1] + 8 * at[3] - at[4]) / (12 * h)
            assert abs(slope - found.positions[node, axis]) <= 1e-6 * np.abs(found.positions).max()
            assert abs(slope - (g * psi.jacobian[0, 3 * node + axis]).sum()) <= 1e-6 * np.abs(found.positions).max()
            total += (-at[0] + 16 * at[1] - 30 * at[2] + 16 * at[3] - at[4]) / (12 * h * h)
    assert np.abs(found.positions[0]).min() > 0
    assert abs(total - (g * psi.laplacian[0]).sum()) <= 1e-4 * abs(total)
