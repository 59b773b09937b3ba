"""The layer, against all pairs written out: it must find the neighbours, choose the kernel and say what it is."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu
from pocket_tfn.layers import (
    BesselBasis,
    Convolution,
    MixingRadial,
    PolynomialEnvelope,
    RadialMLP,
    RadialTable,
    ToleranceError,
    radius_graph,
)
from pocket_tfn.layers.convolution import _FEW

from tests import oracles
from tests.tolerances import assert_close, assert_same_bits, tolerance

Array = np.ndarray
CUTOFF, CHANNELS = 2.5, 4  # one width of vectors in either dtype: less to compile
PATHS = {(0, ""): [0], (1, ""): [0, 1, 2], (1, "polar"): [0, 2], (1, "axial"): [1]}
PATHS |= {(2, ""): [0, 1, 2], (2, "polar"): [0, 2], (2, "axial"): [1]}
CASES = list(PATHS)


def _radial(count: int, channels: int = CHANNELS) -> Callable[[Any], Array]:
    """A formula for each path and channel that vanishes smoothly at the cutoff, and not at r = 0."""
    shift = 1 + np.arange(count * channels).reshape(count, channels)

    def function(r: Any) -> Array:
        r = np.asarray(r, np.float64)[:, None, None]
        return np.where(r < CUTOFF, np.cos(shift * r / 3) * (1 - np.minimum(r / CUTOFF, 1) ** 2) ** 4, 0)

    return function


def _system(seed: int, *lead: int, dtype: Any = np.float64) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(*lead, 3)).astype(dtype), rng.normal(size=(*lead, 3, CHANNELS)).astype(dtype)


def _all_pairs(
    case: tuple[int, str], radial: Callable[[Any], Array], x: Array, f: Array, w: Array | None, loops: bool
) -> Array:
    """Σ_j w_j Σ_p radial_p K^p f_j over all ordered pairs of one system, from the forms of DESIGN §2, in float64."""
    l_out, _ = case
    x, f = x.astype(np.float64), f.astype(np.float64)
    vectors = (x[:, None] - x[None]).reshape(-1, 3)
    some = radial(np.linalg.norm(vectors, axis=1))
    every = np.zeros((len(some), oracles.n_paths(l_out), some.shape[-1]))
    every[:, PATHS[case]] = some
    out = oracles.apply(l_out, vectors, every, np.tile(f, (len(x), 1, 1)))
    out = out.reshape(len(x), len(x), 2 * l_out + 1, -1)
    if not loops:
        out[np.arange(len(x)), np.arange(len(x))] = 0
    return np.asarray((out if w is None else out * w[None, :, None, None]).sum(1), np.float64)


@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sum_over_all_pairs(case: tuple[int, str], loops: bool) -> None:
    """A formula with a cutoff, without one, and a table: one system, a batch, and a ragged batch."""
    radial = _radial(len(PATHS[case]))
    layer = Convolution(case[0], radial, CUTOFF, case[1], loops)
    table = layer.tabulated(1e-9, dtype=np.float64)
    complete = Convolution(case[0], radial, None, case[1], loops)
    x, f = _system(1, 4, 6)
    want = np.stack([_all_pairs(case, radial, *pair, None, loops) for pair in zip(x, f, strict=True)])
    scale = np.abs(want).max()
    for chosen, allowed in ((layer, 1e-13), (complete, 1e-13), (table, 1e-7)):
        for got in (chosen(x, f), np.stack([chosen(*pair) for pair in zip(x, f, strict=True)])):
            assert got.shape == want.shape
            assert np.abs(got - want).max() <= allowed * scale
        ragged = chosen([x[0], x[1, :3]], [f[0], f[1, :3]])
        assert [len(part) for part in ragged] == [6, 3]
        short = _all_pairs(case, radial, x[1, :3], f[1, :3], None, loops)
        assert np.abs(ragged[1] - short).max() <= allowed * scale


@pytest.mark.parametrize("case", CASES, ids=str)
def test_solid_harmonics(case: tuple[int, str]) -> None:
    """normalize=False: the layer of g is that of φ = r^l_f g; a formula, a table and one that mixes, loops included."""
    g = _radial(len(PATHS[case]))
    layer = Convolution(case[0], g, CUTOFF, case[1], loops=True, normalize=False)
    degrees = np.array([p["l_f"] for p in layer.paths])

    def phi(r: Any) -> Array:
        return np.asarray(r)[:, None, None] ** degrees[:, None] * g(r)

    x, f = _system(9, 2, 6)
    want = np.stack([_all_pairs(case, phi, *pair, None, True) for pair in zip(x, f, strict=True)])
    table = layer.tabulated(1e-9, dtype=np.float64)
    assert not table.normalize and "solid harmonics" in repr(table)
    for chosen, allowed in ((layer, 1e-13), (table, 1e-7)):
        for got in (chosen(x, f), np.stack([chosen.on_graph(chosen.graph(y), h) for y, h in zip(x, f, strict=True)])):
            assert np.abs(got - want).max() <= allowed * np.abs(want).max()


def test_solid_harmonics_that_mix_channels() -> None:
    """The same with matrices."""
    rng, basis = np.random.default_rng(10), PolynomialEnvelope(CUTOFF)
    weights = rng.normal(size=(1, 3, CHANNELS, 2))
    radial = MixingRadial(lambda r: np.asarray(basis(r))[:, None], weights, CUTOFF)
    x, f = _system(11, 7)
    got = Convolution(1, radial, normalize=False)(x, f)
    graph = radius_graph(x, CUTOFF)
    want = np.zeros((7, 3, 2))
    for p in range(3):
        one = np.zeros((len(graph.lengths), 3))
        one[:, p] = basis(graph.lengths)
        kernels = cpu.kernel_1_1(graph.vectors, one, normalize=False)
        for i in range(7):
            for e in range(graph.indptr[i], graph.indptr[i + 1]):
                want[i] += kernels[e] @ f[graph.indices[e]] @ weights[0, p]
    assert np.abs(got - want).max() <= 1e-13 * np.abs(want).max()


@pytest.mark.parametrize("tabulated", [False, True])
def test_quadrature_weights(tabulated: bool) -> None:
    """w_j of the sender, for one system and a batch, whichever kernel serves."""
    layer = Convolution(1, _radial(3), CUTOFF)
    layer = layer.tabulated(1e-9, dtype=np.float64) if tabulated else layer
    x, f = _system(2, 3, 5)
    w = np.random.default_rng(3).uniform(0.5, 2, (3, 5))
    want = np.stack([_all_pairs((1, ""), _radial(3), *one, False) for one in zip(x, f, w, strict=True)])
    for got in (
        layer(x, f, weights=w),
        np.stack([layer(*one[:2], weights=one[2]) for one in zip(x, f, w, strict=True)]),
    ):
        assert np.abs(got - want).max() <= 1e-7 * np.abs(want).max()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_walkers_and_graph_agree(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same layer with few particles (all pairs in the kernel) and with many (a neighbour list)."""
    layer = Convolution(2, _radial(3), CUTOFF).tabulated(1e-6, dtype=dtype)
    x, f = _system(4, 40, dtype=dtype)
    few = layer(x, f)
    monkeypatch.setattr("pocket_tfn.layers.convolution._FEW", 10)
    many = layer(x, f)
    assert few.dtype == many.dtype == dtype
    limit = 64 * tolerance(dtype).eps  # sums of 39 messages, by lengths that were rounded apart
    assert_close(many, few, scale=np.abs(few).max(), limit=limit, dtype=dtype)


@pytest.mark.parametrize("n", [_FEW, _FEW + 1])
def test_the_last_few_and_the_first_many(n: int) -> None:
    """Where one way to find neighbours gives way to the other, every particle still has its own."""
    layer = Convolution(1, _radial(3), CUTOFF).tabulated(1e-9, dtype=np.float64)
    x, f = _system(n, n)
    want = _all_pairs((1, ""), _radial(3), x, f, None, False)
    scale = max(np.abs(f[j]).max() for j in range(n))  # one neighbour that is lost or counted twice would show
    assert np.abs(layer(x, f) - want).max() <= 1e-6 * scale


def test_copies_are_layers() -> None:
    """Pickled or copied, also after use: the same results, and coefficients that cannot be written to."""
    layer = Convolution(1, _radial(3), CUTOFF).tabulated(1e-6)
    x, f = _system(6, 5, dtype=np.float64)
    want = layer(x, f)
    for other in (pickle.loads(pickle.dumps(layer)), copy.copy(layer), copy.deepcopy(layer)):
        assert_same_bits(other(x, f), want)
        assert repr(other) == repr(layer)
        assert isinstance(other.radial, RadialTable) and not other.radial.coefficients.flags.writeable


def test_periodic_images_are_summed() -> None:
    """A crystal of one atom: its images are its neighbours, and all send its own features."""
    layer = Convolution(1, _radial(3), CUTOFF)
    cell = np.array([[1.0, 0, 0], [0.2, 1.1, 0], [0.1, 0.3, 0.9]])
    f = np.random.default_rng(5).normal(size=(1, 3, CHANNELS))
    steps = np.stack(np.meshgrid(*[np.arange(-5, 6)] * 3, indexing="ij"), -1).reshape(-1, 3)
    vectors = -(steps[(steps != 0).any(1)] @ cell)
    want = oracles.apply(1, vectors, _radial(3)(np.linalg.norm(vectors, axis=1)), np.tile(f, (len(vectors), 1, 1))).sum(
        0
    )
    for chosen in (layer, layer.tabulated(1e-9, dtype=np.float64)):
        got = chosen(np.zeros((1, 3)), f, cell=cell)[0]
        assert np.abs(got - want).max() <= 1e-6 * np.abs(f).max()
    with pytest.raises(ValueError, match="cutoff"):
        Convolution(1, _radial(3))(np.zeros((1, 3)), f, cell=cell)


@pytest.mark.parametrize("w", [None, np.array([0.5, 2.0, 1.25])], ids=["", "weighted"])
def test_a_crystal_of_several_atoms(w: Array | None) -> None:
    """A triclinic cell, one atom in it and two outside: against the sum over every image of every atom."""
    cell = np.array([[2.1, 0, 0], [-0.7, 1.9, 0], [0.4, 0.8, 2.3]])
    x = (
        np.array([[0.2, 0.3, 0.1], [0.9, 0.8, 1.5], [1.3, 0.2, 0.9]])
        + np.array([[0, 0, 0], [2, -1, 0], [0, 3, -2]]) @ cell
    )
    f = np.random.default_rng(18).normal(size=(3, 3, CHANNELS))
    steps = np.stack(np.meshgrid(*[np.arange(-9, 10)] * 3, indexing="ij"), -1).reshape(-1, 3) @ cell
    want = np.zeros((3, 3, CHANNELS))
    for i in range(3):
        for j in range(3):
            r = x[i] - x[j] - steps
            length = np.linalg.norm(r, axis=1)
            r, length = r[(length > 0) & (length < CUTOFF)], length[(length > 0) & (length < CUTOFF)]
            sent = oracles.apply(1, r, _radial(3)(length), np.tile(f[j], (len(r), 1, 1))).sum(0)
            want[i] += np.asarray(sent, np.float64) * (1 if w is None else w[j])
    layer = Convolution(1, _radial(3), CUTOFF)
    for chosen, allowed in ((layer, 1e-12), (layer.tabulated(1e-9, dtype=np.float64), 1e-7)):
        assert np.abs(chosen(x, f, cell=cell, weights=w) - want).max() <= allowed * np.abs(want).max()


def test_mixing_against_every_edge_s_matrix() -> None:
    """W_p(r) = Σ_k basis_k weights_kp, applied edge by edge."""
    rng = np.random.default_rng(6)
    radial = MixingRadial(BesselBasis(CUTOFF, 4), rng.normal(size=(4, 3, CHANNELS, 7)))
    layer = Convolution(1, radial)
    x, f = _system(7, 2, 6)
    got = layer(x, f)
    assert got.shape == (2, 6, 3, 7)
    for b in range(2):
        want = np.zeros((6, 3, 7))
        for i in range(6):
            for j in range(6):
                r = x[b, i] - x[b, j]
                if i == j or np.linalg.norm(r) >= CUTOFF:
                    continue
                matrices = radial(np.linalg.norm(r[None], axis=1))[0]
                for p in range(3):
                    ones = np.zeros((1, 3, CHANNELS))
                    ones[:, p] = 1
                    want[i] += np.asarray(oracles.apply(1, r[None], ones, f[b, j][None])[0], float) @ matrices[p]
        assert np.abs(got[b] - want).max() <= 1e-13 * np.abs(want).max()


def test_every_kind_of_radial_function() -> None:
    """NumPy, PyTorch and JAX functions and our own MLP give what a table of them gives."""
    torch = pytest.importorskip("torch")
    jnp = pytest.importorskip("jax.numpy")
    mlp = RadialMLP.random(3, CHANNELS, basis=BesselBasis(CUTOFF, 6), rng=8)
    envelope = PolynomialEnvelope(CUTOFF)
    x, f = _system(9, 12)
    shift = 1 + np.arange(3 * CHANNELS).reshape(3, CHANNELS)

    def in_torch(r: Any) -> Any:
        r = torch.as_tensor(np.array(r))[:, None, None]
        return torch.cos(torch.as_tensor(shift) * r) * torch.as_tensor(envelope(r.numpy()))

    def in_jax(r: Any) -> Any:
        r = jnp.asarray(r)[:, None, None]
        return jnp.cos(shift * r) * jnp.asarray(envelope(np.asarray(r)))

    for radial, allowed in ((mlp, 1e-6), (in_torch, 1e-6), (in_jax, 1e-4)):
        layer = Convolution(1, radial, CUTOFF)
        direct, table = layer(x, f), layer.tabulated(1e-5 if radial is in_jax else 1e-7, dtype=np.float64)(x, f)
        assert np.abs(direct - table).max() <= allowed * np.abs(direct).max()


def test_on_a_graph_of_one_s_own() -> None:
    """A graph is made once and serves several layers; `out` is filled."""
    x, f = _system(10, 30)
    layer = Convolution(1, _radial(3), CUTOFF)
    graph = layer.graph(x)
    assert graph.n_edges == radius_graph(x, CUTOFF).n_edges
    out = np.empty((30, 3, CHANNELS))
    assert layer.on_graph(graph, f, out=out) is out
    assert np.array_equal(out, layer(x, f))
    radial = _radial(3)(graph.lengths)
    assert np.array_equal(out, cpu.convolve_1_1(graph.indptr, graph.indices, graph.vectors, radial, f))


def test_repr_tells_what_a_user_wants_to_know() -> None:
    """Paths, channels, parameters, dtype, neighbourhood."""
    mlp = RadialMLP.random(2, 16, basis=BesselBasis(CUTOFF, 8), rng=1, dtype=np.float32)
    layer = Convolution(1, mlp, parity="polar", loops=True)
    for word in (
        "1→1",
        "a (l_f = 0)",
        "c (l_f = 2)",
        "16",
        "float32",
        "cutoff 2.5",
        f"{mlp.n_parameters} parameters",
        "loops",
    ):
        assert word in repr(layer), word
    assert "b (l_f" not in repr(layer)
    assert "all pairs" in repr(Convolution(0, _radial(1)))
    table = layer.tabulated(1e-4)
    assert table.n_parameters == table.radial.coefficients.size  # type: ignore[attr-defined]
    assert "float32" in repr(table) and "intervals" in repr(table)


def test_refusals() -> None:
    """One clear line, which names what is wrong."""
    mlp = RadialMLP.random(2, 4, basis=BesselBasis(CUTOFF, 8), rng=1)
    for arguments, words in [
        (dict(l_out=3, radial=mlp), "l_out must be 0, 1 or 2"),
        (dict(l_out=1, radial=mlp), "radial has 2 paths"),
        (dict(l_out=1, radial=mlp, parity="odd"), "parity 'odd'"),
        (dict(l_out=0, radial=mlp, parity="axial"), "parity 'axial'"),
    ]:
        with pytest.raises(ValueError, match=words):
            Convolution(**arguments)  # type: ignore[arg-type]
    x, f = _system(11, 4)
    layer = Convolution(1, _radial(3), CUTOFF)
    with pytest.raises(ValueError, match="features must have shape"):
        layer(x, f[0, 0])
    with pytest.raises(ValueError, match="features"):
        layer(x, f[:3])
    with pytest.raises(TypeError, match="float32"):
        layer(x, f.astype(np.float32))
    with pytest.raises(ValueError, match="a table ends somewhere"):
        Convolution(1, _radial(3)).tabulated()
    mixing = MixingRadial(BesselBasis(CUTOFF, 4), np.ones((4, 3, CHANNELS, 2)))
    with pytest.raises(ValueError, match="mixes channels"):
        Convolution(1, mixing).tabulated()
    with pytest.raises(ValueError, match="must return"):
        Convolution(1, MixingRadial(BesselBasis(CUTOFF, 3), np.ones((4, 3, CHANNELS, 2))))(x, f)
    with pytest.raises(ToleranceError):
        Convolution(1, lambda r: np.sign(r - 1)[:, None, None] * np.ones((3, 1)), CUTOFF).tabulated(max_intervals=16)
    with pytest.raises(TypeError, match="float16"):
        MixingRadial(BesselBasis(CUTOFF, 4), np.ones((4, 3, 2, 2), np.float16))
    with pytest.raises(ValueError, match="K, P, C_in, C_out"):
        MixingRadial(BesselBasis(CUTOFF, 4), np.ones((4, 3, 2)))


def test_tables_follow_the_dtype_of_the_positions() -> None:
    """A float64 table serves float32 systems in float32."""
    table = RadialTable.fit(_radial(3), CUTOFF, 1e-8, dtype=np.float64)
    x, f = _system(12, 9)
    wide = Convolution(1, table)(x, f)
    narrow = Convolution(1, table)(x.astype(np.float32), f.astype(np.float32))
    assert narrow.dtype == np.float32
    assert np.abs(narrow - wide).max() <= 1e-5 * np.abs(wide).max()


def test_a_bare_torch_module_serves() -> None:
    """It wants tensors, of its own dtype, and is given them."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)

    class Radial(torch.nn.Module):  # type: ignore[name-defined]  # imported only where it is installed
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 3 * CHANNELS)

        def forward(self, r: Any) -> Any:
            return torch.tanh(self.layer(r[:, None])).reshape(-1, 3, CHANNELS)

    module = Radial()
    x, f = _system(13, 9)
    got = Convolution(1, module, CUTOFF)(x, f)
    layer = Convolution(1, module, CUTOFF)
    graph = layer.graph(x)
    with torch.no_grad():
        radial = module(torch.as_tensor(graph.lengths, dtype=torch.float32)).numpy().astype(np.float64)
    want = cpu.convolve_1_1(graph.indptr, graph.indices, graph.vectors, radial, f)
    assert np.array_equal(got, want)


def test_what_a_radial_function_leaves_out_is_the_same_for_all() -> None:
    """(n,), (n, P) and (n, P, 1) serve every path and channel."""
    x, f = _system(14, 7)
    formula = np.array([[1.0], [0.5], [2.0]])

    def full(r: Any) -> Array:
        return np.exp(-r)[:, None, None] * np.tile(formula, (1, CHANNELS))

    want = Convolution(1, full, CUTOFF)(x, f)
    for radial in (lambda r: np.exp(-r)[:, None] * formula[:, 0], lambda r: np.exp(-r)[:, None, None] * formula):
        assert np.array_equal(Convolution(1, radial, CUTOFF)(x, f), want)
    one = Convolution(0, lambda r: np.exp(-r), CUTOFF)(x, f)
    many = Convolution(0, lambda r: np.exp(-r)[:, None, None] * np.ones((1, CHANNELS)), CUTOFF)(x, f)
    assert np.array_equal(one, many)
    with pytest.raises(ValueError, match="radial must return"):
        Convolution(1, lambda r: np.ones((len(r), 2, CHANNELS)), CUTOFF)(x, f)


def test_every_path_of_one_parity_is_every_path() -> None:
    """1→0 has a polar path alone, so that it has no kernel of its own."""
    x, f = _system(15, 6)
    assert np.array_equal(Convolution(0, _radial(1), CUTOFF, "polar")(x, f), Convolution(0, _radial(1), CUTOFF)(x, f))


@pytest.mark.parametrize("few", [1000, 1])
def test_refusals_do_not_depend_on_the_number_of_particles(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever kernel would serve."""
    monkeypatch.setattr("pocket_tfn.layers.convolution._FEW", few)
    layer = Convolution(1, _radial(3), CUTOFF).tabulated(1e-4, dtype=np.float64)
    x, f = _system(16, 2, 6)
    for bad in (np.nan, np.inf):
        worse = x.copy()
        worse[1, 2, 0] = bad
        with pytest.raises(ValueError, match="positions"):
            layer(worse, f)
    with pytest.raises(ValueError, match="cell"):
        layer(x, f, pbc=True)
    with pytest.raises(ValueError, match="features must have shape"):
        layer(x, f.reshape(3, 4, 3, CHANNELS))
    with pytest.raises(ValueError, match="features must have shape"):
        layer(x[0], f[0, :5])
    with pytest.raises(ValueError, match="weights must have shape"):
        layer(x, f, weights=np.ones((3, 4)))
    with pytest.raises(ValueError, match="features are of"):
        layer([x[0], x[1, :2]], [f[0, :2], f[1]])
    with pytest.raises(ValueError, match="a system"):
        layer([], [])
    with pytest.raises(TypeError, match="int64"):
        layer(np.zeros((2, 3), int), f[0, :2])


def test_a_table_ends_at_its_own_cutoff() -> None:
    """Another is refused: the two kernels would not agree on it."""
    table = RadialTable.fit(_radial(3), CUTOFF, 1e-4)
    with pytest.raises(ValueError, match=r"the table ends at 2\.5"):
        Convolution(1, table, 1.0)
    for cutoff in (-1.0, 0.0, np.nan):
        with pytest.raises(ValueError, match="cutoff"):
            Convolution(1, _radial(3), cutoff)
    with pytest.raises(TypeError, match="callable"):
        Convolution(1, 3.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("cutoff", [3e-22, 3e20])
def test_lengths_in_any_unit(cutoff: float) -> None:
    """float32 positions whose squares under- or overflow."""
    table = RadialTable.fit(lambda r: _radial(3)(r * (CUTOFF / cutoff)), cutoff, 1e-5)
    same = RadialTable.fit(_radial(3), CUTOFF, 1e-5)
    x, f = _system(17, 12, dtype=np.float32)
    got = Convolution(1, table)((x * (cutoff / CUTOFF)).astype(np.float32), f)
    want = Convolution(1, same)(x, f)
    assert np.abs(got - want).max() <= 1e-4 * np.abs(want).max()
