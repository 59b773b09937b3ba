"""RadialMLP against torch.nn.Sequential; its checkpoints; what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pocket_tfn.layers import BesselBasis, CosineEnvelope, GaussianBasis, PolynomialEnvelope, RadialMLP
from safetensors.torch import save_file

from tests.tolerances import assert_close, assert_same_bits, tolerance

CUTOFF = 3.5
BASIS = BesselBasis(CUTOFF, 6)
DTYPES = {np.float32: torch.float32, np.float64: torch.float64}
ACTIVATIONS: dict[str, Callable[[], torch.nn.Module]] = {
    "silu": torch.nn.SiLU,
    "tanh": torch.nn.Tanh,
    "shifted_softplus": lambda: ShiftedSoftplus(),
}
both = pytest.mark.parametrize("dtype", DTYPES)


class ShiftedSoftplus(torch.nn.Module):
    """As SchNet has it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.softplus(x, threshold=100) - np.log(2)


def sequential(*sizes: int, activation: str = "silu", dtype: Any = np.float64, bias: bool = True) -> Any:
    """Linear, activation, Linear, ..., Linear."""
    torch.manual_seed(len(sizes))
    layers: list[torch.nn.Module] = []
    for m, n in pairwise(sizes):
        layers += [torch.nn.Linear(m, n, bias=bias, dtype=DTYPES[dtype]), ACTIVATIONS[activation]()]
    return torch.nn.Sequential(*layers[:-1])


def distances(dtype: Any = np.float64, count: int = 50) -> Any:
    """Inside, at r = 0, at the cutoff and beyond."""
    inside = np.random.default_rng(0).uniform(0, CUTOFF, count - 3)
    return np.concatenate([[0.0, CUTOFF, 2 * CUTOFF], inside]).astype(dtype)


@both
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("hidden", [(), (16,), (16, 8, 24)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_as_torch(activation: str, hidden: tuple[int, ...], bias: bool, dtype: Any) -> None:
    """The same values from the same state dict; every layer multiplies the rounding by a little."""
    network = sequential(6, *hidden, 3 * 4, activation=activation, dtype=dtype, bias=bias)
    mlp = RadialMLP.from_state_dict(network.state_dict(), BASIS, 3, activation=activation, bias=bias)
    r = distances(dtype)
    with torch.no_grad():
        want = network(torch.from_numpy(BASIS(r))).numpy().reshape(-1, 3, 4)
    want = want * PolynomialEnvelope(CUTOFF)(r)[:, None, None]
    assert_close(mlp(r), want, np.abs(want).max(), limit=4 * tolerance(dtype).value, dtype=dtype, axis=())
    assert mlp.n_parameters == sum(p.numel() for p in network.parameters())
    assert f"{mlp.n_parameters} parameters" in repr(mlp)
    assert (mlp.n_paths, mlp.n_channels, mlp.dtype, mlp.cutoff) == (3, 4, dtype, CUTOFF)


@both
def test_cutoff_and_shapes(dtype: Any) -> None:
    """Exactly zero from the cutoff on whatever the biases; NaN stays; (...) -> (..., P, C)."""
    mlp = RadialMLP.random(2, 5, basis=BASIS, rng=1, dtype=dtype)
    values = mlp(distances(dtype))
    assert values.dtype == dtype and np.array_equal(values[1:3], np.zeros((2, 2, 5)))
    assert (values[0] != 0).all()
    assert np.isnan(mlp(np.array([np.nan, 1.0]))[0]).all()
    for shape in ((), (0,), (4, 1)):
        assert mlp(np.ones(shape, dtype)).shape == (*shape, 2, 5)
        assert_same_bits(mlp(np.ones(shape)), mlp(np.ones(shape, dtype)))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@both
def test_activations_do_not_overflow(activation: str, dtype: Any) -> None:
    """Arguments of ± 1e4 give finite values, without a warning (pytest makes those errors)."""
    weights = [np.array([[1e4], [-1e4]], dtype), np.array([[1, 2]], dtype)]
    mlp = RadialMLP(BesselBasis(2.0, 1), weights, None, 1, activation=activation)
    assert np.isfinite(mlp(np.linspace(0, 2, 20))).all()


def test_envelope_on_the_basis() -> None:
    """MLP(envelope · basis), with any envelope; without biases it vanishes at the cutoff, with them it does not."""
    network = sequential(6, 16, 4, bias=False)
    options: dict[str, Any] = {"envelope": CosineEnvelope(CUTOFF), "envelope_on": "basis"}
    mlp = RadialMLP.from_state_dict(network.state_dict(), BASIS, 2, bias=False, **options)
    r = distances()
    with torch.no_grad():
        want = network(torch.from_numpy(BASIS(r) * CosineEnvelope(CUTOFF)(r)[:, None])).numpy().reshape(-1, 2, 2)
    assert_close(mlp(r), want, np.abs(want).max(), limit=4 * tolerance(np.float64).value, dtype=np.float64)
    assert np.array_equal(mlp(CUTOFF), np.zeros((2, 2)))
    assert (RadialMLP.random(2, 2, basis=BASIS, envelope_on="basis", rng=0)(CUTOFF) != 0).all()


def test_prefix_and_other_keys() -> None:
    """Only keys with the prefix count."""
    state = {f"radial.{k}": v for k, v in sequential(6, 8, 4).state_dict().items()}
    other = {"angular.0.weight": torch.zeros(2, 2), "scale": torch.ones(())}
    got = RadialMLP.from_state_dict(state | other, BASIS, 2, prefix="radial.")
    assert_same_bits(got(1.0), RadialMLP.from_state_dict(sequential(6, 8, 4).state_dict(), BASIS, 2)(1.0))


def test_weights_are_copied() -> None:
    """Training on changes nothing, and nobody can write to them."""
    network = sequential(6, 8, 4)
    mlp = RadialMLP.from_state_dict(network.state_dict(), BASIS, 2)
    before = mlp(1.0)
    with torch.no_grad():
        network[0].weight.zero_()
    assert_same_bits(mlp(1.0), before)
    with pytest.raises(ValueError, match="read-only"):
        mlp.weights[0][0, 0] = 1


def test_half_precision_needs_a_dtype() -> None:
    """float16 and bfloat16 checkpoints are read when told into what."""
    for half in (torch.float16, torch.bfloat16):
        network = sequential(6, 8, 4).to(half)
        mlp = RadialMLP.from_state_dict(network.state_dict(), BASIS, 2, dtype=np.float64)
        same = RadialMLP.from_state_dict(network.double().state_dict(), BASIS, 2)
        assert_same_bits(mlp(1.0), same(1.0))
    with pytest.raises(TypeError, match="float16"):
        RadialMLP.from_state_dict(sequential(6, 8, 4).half().state_dict(), BASIS, 2)


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """A good state dict with entries replaced; None removes one."""
    state = dict(sequential(6, 8, 4).state_dict()) | changes
    return {k: v for k, v in state.items() if v is not None}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (lambda: changed({"0.bias": None}), "missing: 0.bias; surplus: none"),
        (lambda: changed({"2.weight": None}), "missing: none; surplus: 2.bias"),
        (lambda: changed({"4.weight": torch.ones(4, 4)}), "missing: 4.bias; surplus: none"),
        (lambda: changed({"1.weight": torch.ones(8)}), "missing: none; surplus: 1.weight"),
        (lambda: {}, "missing: 0.bias, 0.weight; surplus: none"),
        (lambda: changed({"0.weight": torch.ones(8, 5).double()}), r"the basis gives 6 values.* \(8, 5\)"),
        (lambda: changed({"2.weight": torch.ones(4, 7).double()}), r"layer 0 gives 8 values.* \(4, 7\)"),
        (lambda: changed({"2.bias": torch.ones(5).double()}), r"bias has shape \(5,\), expected \(4,\)"),
        (lambda: changed({"2.weight": torch.ones(5, 8).double(), "2.bias": torch.ones(5).double()}), "5 outputs"),
    ],
)
def test_bad_state_dicts(state: Callable[[], dict[str, Any]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RadialMLP.from_state_dict(state(), BASIS, 2)


def test_bad_arguments() -> None:
    """Each refusal names what is wrong."""
    state = sequential(6, 8, 4).state_dict()
    with pytest.raises(ValueError, match="silu, tanh, shifted_softplus"):
        RadialMLP.from_state_dict(state, BASIS, 2, activation="relu")
    with pytest.raises(ValueError, match="envelope is on"):
        RadialMLP.from_state_dict(state, BASIS, 2, envelope_on="input")
    with pytest.raises(ValueError, match=r"without biases.*surplus: 0.bias, 2.bias"):
        RadialMLP.from_state_dict(state, BASIS, 2, bias=False)
    with pytest.raises(TypeError, match=r"float32.*float64"):
        RadialMLP.from_state_dict(state | {"0.weight": torch.ones(8, 6)}, BASIS, 2)
    with pytest.raises(ValueError, match="paths"):
        RadialMLP.from_state_dict(state, BASIS, 3)
    with pytest.raises(ValueError, match="0 weights"):
        RadialMLP(BASIS, [], [], 1)


@both
def test_safetensors_of_torch(tmp_path: Path, dtype: Any) -> None:
    """A checkpoint written by PyTorch's side of safetensors."""
    network = sequential(6, 8, 4, dtype=dtype)
    path = tmp_path / "model.safetensors"
    save_file({f"net.{k}": v for k, v in network.state_dict().items()}, path)
    mlp = RadialMLP.from_safetensors(path, BASIS, 2, prefix="net.")
    r = distances(dtype)
    assert_same_bits(mlp(r), RadialMLP.from_state_dict(network.state_dict(), BASIS, 2)(r))
    with pytest.raises(ValueError, match="not written by RadialMLP"):
        RadialMLP.load(path)


@both
def test_save_and_load(tmp_path: Path, dtype: Any) -> None:
    """Everything comes back, and PyTorch can read the weights."""
    path = tmp_path / "mlp.safetensors"
    for basis, envelope, options in (
        (BASIS, PolynomialEnvelope(CUTOFF, 3), {"activation": "tanh"}),
        (GaussianBasis(CUTOFF, 7, 0.3), CosineEnvelope(CUTOFF), {"envelope_on": "basis"}),
    ):
        mlp = RadialMLP.random(2, 3, (9, 5), basis, 4, dtype, envelope=envelope, **options)
        mlp.save(path)
        again = RadialMLP.load(path)
        assert repr(again) == repr(mlp)
        assert_same_bits(again(distances(dtype)), mlp(distances(dtype)))
    network = sequential(7, 9, 5, 6, dtype=dtype)
    network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in mlp.state_dict().items()})


def test_bad_files(tmp_path: Path) -> None:
    """Not safetensors, damaged, absent; and a basis that no file can describe."""
    path = tmp_path / "mlp.safetensors"
    mlp = RadialMLP.random(1, 2, (3,), BASIS, 0)
    mlp.save(path)
    whole = path.read_bytes()
    damaged = whole.replace(b"BesselBasis", b"BasselBesis")
    assert damaged != whole
    for content in (b"", b"no tensors", whole[:-1], damaged):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"mlp\.safetensors"):
            RadialMLP.load(path)
    with pytest.raises(FileNotFoundError):
        RadialMLP.load(tmp_path / "absent")

    class Own(BesselBasis):
        pass

    with pytest.raises(TypeError, match="Own"):
        RadialMLP.random(1, 2, (3,), Own(CUTOFF), 0).save(path)


def test_random_is_reproducible() -> None:
    """From a seed or a generator; another seed gives others."""
    first, same, other = (RadialMLP.random(2, 3, rng=seed)(1.0) for seed in (7, np.random.default_rng(7), 8))
    assert_same_bits(first, same)
    assert (first != other).any()
    assert isinstance(RadialMLP.random(2, 3).basis, BesselBasis)
