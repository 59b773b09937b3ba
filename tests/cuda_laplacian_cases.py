"""What the forward Laplacian on CUDA must compute and refuse: run by test_cuda_derivatives.py, simulated and on a GPU.

The oracle is the forward function alone: of positions, where radial functions and features are functions of these too,
its differences of fourth order are the Jacobian and the Laplacian.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu, cpu_derivatives
from pocket_tfn import cuda_derivatives as gpu

from .cuda_arrays import Array, on_device, on_host
from .oracles import KEYS
from .tolerances import assert_same_bits, tolerance

#: Degrees of the paths' forms.
FORMS = {"1_0": (1,), "1_1": (0, 1, 2), "1_1_polar": (0, 2), "1_1_axial": (1,)}
FORMS |= {"1_2": (1, 2, 3), "1_2_polar": (1, 3), "1_2_axial": (2,)}
#: A node that receives nothing, one with itself, repeats.
INDPTR, INDICES = np.array([0, 3, 3, 5, 7]), np.array([2, 1, 2, 2, 0, 0, 1])
RECEIVERS = np.repeat(np.arange(4), np.diff(INDPTR))
OPTIONAL = ("weights", "features_jacobian", "features_laplacian")
#: Steps of 1e-3, of fourth order, leave 1e-12 of the sixth derivatives, and of second differences 1e6 roundings.
DIFFERENCES = 1e-7


class System:
    """Radial functions r^l a exp(-b r²), for solid harmonics without r^l, and features that move with all nodes."""

    def __init__(self, key: str, channels: int, normalize: bool, moving: bool, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.key, self.normalize, self.moving, paths = key, normalize, moving, len(FORMS[key])
        self.x, self.shift = rng.normal(size=(4, 3)), np.zeros((len(INDICES), 3))
        self.shift[RECEIVERS == INDICES] = (0.3, -0.8, 0.5)  # as across a periodic boundary
        self.a, self.b = rng.normal(size=(paths, channels)), rng.uniform(0.2, 0.6, size=(paths, channels))
        self.f, self.w = rng.normal(size=(4, 3, channels)), rng.normal(size=len(INDICES))
        self.linear, self.bent = rng.normal(size=(2, 12, 4)) * moving

    def vectors(self, x: Array) -> Array:
        return x[RECEIVERS] - x[INDICES] + self.shift

    def tables(self, x: Array, solid: bool) -> tuple[Array, Array, Array]:
        """Radial functions, slopes and curvatures; of solid harmonics or not."""
        r = np.linalg.norm(self.vectors(x), axis=1)[:, None, None]
        g = self.a * np.exp(-self.b * r**2)
        g1, g2 = -2 * self.b * r * g, (4 * self.b**2 * r**2 - 2 * self.b) * g
        if solid:
            return g, g1, g2
        l = np.array(FORMS[self.key])[:, None]
        first = l * r ** (l - 1) * g + r**l * g1
        return r**l * g, first, l * (l - 1) * r ** (l - 2) * g + 2 * l * r ** (l - 1) * g1 + r**l * g2

    def features(self, x: Array) -> Array:
        along = x.ravel() @ self.bent
        return self.f * (1 + x.ravel() @ self.linear + along**2 / 2)[:, None, None]

    def arguments(self) -> dict[str, Any]:
        radial, slopes, curvatures = self.tables(self.x, not self.normalize)
        given = {"indptr": INDPTR, "indices": INDICES, "vectors": self.vectors(self.x), "radial": radial}
        given |= {"slopes": slopes, "curvatures": curvatures, "features": self.features(self.x), "weights": self.w}
        if self.moving:
            steps = self.linear + (self.x.ravel() @ self.bent) * self.bent
            given["features_jacobian"] = steps[:, :, None, None] * self.f
            given["features_laplacian"] = (self.bent**2).sum(0)[:, None, None] * self.f
        return given

    def value(self, coordinates: Array) -> Array:
        x = coordinates.reshape(4, 3)
        radial, _, _ = self.tables(x, False)
        convolve = getattr(cpu, f"convolve_{self.key}")
        return np.asarray(convolve(INDPTR, INDICES, self.vectors(x), radial, self.features(x), self.w))

    def expected(self) -> dict[str, Array]:
        x, h, centre = self.x.ravel(), 1e-3, self.value(self.x.ravel())
        first, second = [], np.zeros_like(centre)
        for d in range(x.size):
            step = h * np.eye(x.size)[d]
            a, b, c, e = (self.value(x + n * step) for n in (-2, -1, 1, 2))
            first.append((a - 8 * b + 8 * c - e) / (12 * h))
            second += (-a + 16 * b - 30 * centre + 16 * c - e) / (12 * h * h)
        return {"value": centre, "jacobian": np.array(first), "laplacian": second}


def call(key: str, arguments: dict[str, Any], **options: Any) -> dict[str, Array]:
    device = {n: on_device(a) for n, a in {**arguments, **options}.items()}
    found = getattr(gpu, f"laplacian_convolve_{key}")(**device)
    assert type(found) is gpu.ForwardLaplacian
    return {n: on_host(a) for n, a in found._asdict().items()}


def on_cpu(key: str, arguments: dict[str, Any], **options: Any) -> dict[str, Array]:
    found = getattr(cpu_derivatives, f"laplacian_convolve_{key}")(**arguments, **options)
    return dict(found._asdict())


def close(got: dict[str, Array], want: dict[str, Array], limit: float) -> None:
    assert got.keys() == want.keys()
    for name, array in got.items():
        assert array.shape == want[name].shape, name
        assert np.linalg.norm(array - want[name]) <= limit * np.linalg.norm(want[name]), name


@pytest.mark.parametrize("moving", [True, False], ids=["moving", "constant"])
@pytest.mark.parametrize("normalize", [True, False], ids=["normalized", "solid"])
@pytest.mark.parametrize("key", KEYS)
def test_against_differences_and_cpu(key: str, normalize: bool, moving: bool) -> None:
    """Of all sets of paths, where features move and where they do not."""
    system = System(key, 2, normalize, moving, seed=KEYS.index(key))
    arguments = system.arguments()
    got = call(key, arguments, normalize=normalize)
    close(got, system.expected(), DIFFERENCES)
    close(got, on_cpu(key, arguments, normalize=normalize), 64 * tolerance("float64").eps)


@pytest.mark.parametrize("left_out", [("weights",), ("features_jacobian",), ("features_laplacian",), OPTIONAL], ids=str)
def test_what_may_be_left_out(left_out: tuple[str, ...]) -> None:
    """Ones or zeros, to the last bit but for a zero's sign."""
    arguments = System("1_1", 3, True, True).arguments()
    fill = {n: (np.ones_like if n == "weights" else np.zeros_like)(arguments[n]) for n in left_out}
    got = call("1_1", {n: a for n, a in arguments.items() if n not in left_out})
    for name, array in call("1_1", {**arguments, **fill}).items():
        assert np.array_equal(array, got[name]), name


@pytest.mark.parametrize("normalize", [True, False], ids=["normalized", "solid"])
def test_float32(normalize: bool) -> None:
    """float32 in, float32 out; beside float64 of the same numbers."""
    arguments = {
        n: a.astype("f4") if a.dtype == "f8" else a for n, a in System("1_2", 3, normalize, True).arguments().items()
    }
    got = call("1_2", arguments, normalize=normalize)
    assert {a.dtype for a in got.values()} == {np.dtype("float32")}
    wide = {n: a.astype("f8") if a.dtype == "f4" else a for n, a in arguments.items()}
    close(got, call("1_2", wide, normalize=normalize), 64 * tolerance("float32").eps)


@pytest.mark.parametrize("normalize", [True, False], ids=["normalized", "solid"])
def test_vectors_of_no_length(normalize: bool) -> None:
    """Finite, and what the CPU's is."""
    arguments = System("1_2", 1, normalize, True).arguments()
    arguments["vectors"][[0, 4]] = 0
    got = call("1_2", arguments, normalize=normalize)
    assert all(np.isfinite(a).all() for a in got.values())
    close(got, on_cpu("1_2", arguments, normalize=normalize), 64 * tolerance("float64").eps)


@pytest.mark.parametrize(("nodes", "channels"), [(0, 3), (3, 3), (3, 0)])
def test_empty(nodes: int, channels: int) -> None:
    """Zeros, or nothing, where there are no edges or no channels."""
    indptr, shape = np.zeros(nodes + 1, np.int64), (0, 3, channels)
    tables = {n: np.zeros(shape) for n in ("radial", "slopes", "curvatures")}
    features = np.ones((nodes, 3, channels))
    given = {"indptr": indptr, "indices": np.zeros(0, np.int64), "vectors": np.zeros((0, 3)), **tables}
    got = call("1_1", {**given, "features": features})
    assert [a.shape for a in got.values()] == [
        (nodes, 3, channels),
        (3 * nodes, nodes, 3, channels),
        (nodes, 3, channels),
    ]
    assert not any(a.any() for a in got.values())


def test_same_bits() -> None:
    """From run to run, and of arrays of any layout and indices of either type."""
    arguments = System("1_1", 3, True, True).arguments()
    want = call("1_1", arguments)
    strided = {n: np.repeat(a[..., None], 2, axis=-1)[..., 0] for n, a in arguments.items()}
    narrow = {n: a.astype("i4") for n, a in arguments.items() if a.dtype.kind == "i"}
    for changed in (arguments, strided, arguments | narrow):
        for name, array in call("1_1", changed).items():
            assert_same_bits(array, want[name])


BAD: list[tuple[str, type[Exception], Callable[[Array], Any]]] = [
    ("indptr", ValueError, lambda a: a + 1),
    ("indices", TypeError, lambda a: a.astype("f8")),
    ("vectors", ValueError, lambda a: a[:, :2]),
    ("radial", ValueError, lambda a: a[:, :2]),
    ("slopes", ValueError, lambda a: a[:-1]),
    ("curvatures", ValueError, lambda a: a[..., :1]),
    ("curvatures", TypeError, lambda a: a.astype("f4")),
    ("features", ValueError, lambda a: a[:, :2]),
    ("weights", ValueError, lambda a: a[:-1]),
    ("features_jacobian", ValueError, lambda a: a[:-1]),
    ("features_laplacian", ValueError, lambda a: a[:-1]),
    ("features_laplacian", TypeError, lambda a: a.astype("i8")),
]


@pytest.mark.parametrize(("name", "error", "change"), BAD, ids=str)
def test_refused(name: str, error: type[Exception], change: Callable[[Array], Any]) -> None:
    """With the CPU's words."""
    arguments = System("1_1", 2, True, True).arguments()
    arguments[name] = np.ascontiguousarray(change(arguments[name]))
    with pytest.raises(error) as there:
        on_cpu("1_1", arguments)
    with pytest.raises(error) as here:
        call("1_1", arguments)
    assert (type(here.value), str(here.value)) == (type(there.value), str(there.value))


def test_normalize_is_a_truth_value() -> None:
    """And nothing else."""
    arguments = System("1_1", 2, True, False).arguments()
    with pytest.raises(TypeError, match="normalize must be True or False"):
        call("1_1", arguments, normalize=1)
