"""A small multilayer perceptron on a radial basis, for inference: what most trained radial functions are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .checks import host_array
from .frozen import Frozen, frozen_copy
from .radial_basis import (
    BesselBasis,
    CosineEnvelope,
    Envelope,
    GaussianBasis,
    PolynomialEnvelope,
    RadialBasis,
)
from .radial_function import to_numpy

Array = NDArray[Any]

_FORMAT = "pocket_tfn.RadialMLP 1"
_BASES: dict[str, type[RadialBasis]] = {c.__name__: c for c in (BesselBasis, GaussianBasis)}
_ENVELOPES: dict[str, type[Envelope]] = {c.__name__: c for c in (PolynomialEnvelope, CosineEnvelope)}


def _silu(x: Array) -> Array:
    half = x * x.dtype.type(0.5)
    return half + half * np.tanh(half)  # x / (1 + exp(-x)) without overflow


def _shifted_softplus(x: Array) -> Array:
    return np.logaddexp(x, x.dtype.type(0)) - x.dtype.type(np.log(2))


#: silu: x / (1 + exp(-x)); tanh; shifted_softplus: ln((1 + exp(x)) / 2), as in SchNet.  All smooth, as tables like it.
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "silu": _silu,
    "tanh": np.tanh,
    "shifted_softplus": _shifted_softplus,
}


@dataclass(frozen=True, eq=False, repr=False)
class RadialMLP(Frozen):
    """envelope(r) · MLP(basis(r)): linear layers with an activation between them, as P paths times C channels.

    basis: distances (...) -> (..., K), such as BesselBasis or GaussianBasis.
    weights: one array (out, in) for each layer, as in torch.nn.Linear; all float32 or all float64; read-only copies.
    biases: one array (out,) for each layer, or None for layers without.
    n_paths: P; the outputs of the last layer are P * C, path by path.
    activation: a key of ACTIVATIONS.
    envelope: distances (...) -> (...); None is PolynomialEnvelope(basis.cutoff).
    envelope_on: "output", or "basis" for MLP(envelope · basis), as DimeNet, NequIP and MACE have it; with biases that
        does not vanish at the cutoff.

    Raises ValueError for shapes that do not fit together, TypeError for other dtypes and masked arrays.
    """

    basis: RadialBasis
    weights: Sequence[Array]
    biases: Sequence[Array] | None
    n_paths: int
    activation: str = "silu"
    envelope: Envelope | None = None
    envelope_on: str = "output"

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"the activation must be one of {', '.join(ACTIVATIONS)}, got {self.activation!r}")
        if self.envelope_on not in ("output", "basis"):
            raise ValueError(f"the envelope is on the 'output' or on the 'basis', got {self.envelope_on!r}")
        if self.envelope is None:
            object.__setattr__(self, "envelope", PolynomialEnvelope(self.basis.cutoff))
        for name in ("weights", "biases"):
            if (given := getattr(self, name)) is not None:
                copies = tuple(frozen_copy(f"RadialMLP: {name}[{i}]", a) for i, a in enumerate(given))
                object.__setattr__(self, name, copies)
        self._check_layers()

    def _check_layers(self) -> None:
        biases: Sequence[Array | None] = (None,) * len(self.weights) if self.biases is None else self.biases
        if not self.weights or len(biases) != len(self.weights):
            raise ValueError(
                f"{len(self.weights)} weights and {len(biases)} biases: expected as many, and at least one"
            )
        dtypes = {a.dtype for a in (*self.weights, *(self.biases or ()))}
        if len(dtypes) > 1 or not dtypes <= {np.dtype(np.float32), np.dtype(np.float64)}:
            raise TypeError(f"weights and biases must be all float32 or all float64, got {sorted(map(str, dtypes))}")
        inputs = self.basis.n_functions
        for i, (weight, bias) in enumerate(zip(self.weights, biases, strict=True)):
            if weight.ndim != 2 or weight.shape[1] != inputs or not weight.size:
                source = "the basis" if i == 0 else f"layer {i - 1}"
                raise ValueError(f"layer {i}: {source} gives {inputs} values, but the weight has shape {weight.shape}")
            if bias is not None and bias.shape != weight.shape[:1]:
                raise ValueError(f"layer {i}: the bias has shape {bias.shape}, expected {weight.shape[:1]}")
            inputs = weight.shape[0]
        if self.n_paths < 1 or inputs % self.n_paths:
            raise ValueError(f"the {inputs} outputs do not split into {self.n_paths} paths")

    @property
    def cutoff(self) -> float:
        """Of the basis."""
        return self.basis.cutoff

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the weights, and of the arithmetic."""
        return self.weights[0].dtype

    @property
    def n_channels(self) -> int:
        """C."""
        return len(self.weights[-1]) // self.n_paths

    @property
    def n_parameters(self) -> int:
        """Weights and biases."""
        return sum(a.size for a in (*self.weights, *(self.biases or ())))

    def __call__(self, r: ArrayLike) -> Array:
        """Values at distances r >= 0: (...) -> (..., P, C), in the dtype of the weights, to which r is converted."""
        assert self.envelope is not None
        distances = host_array("RadialMLP", "r", r).astype(self.dtype)
        x, envelope = self.basis(distances), self.envelope(distances)
        if self.envelope_on == "basis":
            x = x * envelope[..., None]
        for i, weight in enumerate(self.weights):
            x = (ACTIVATIONS[self.activation](x) if i else x) @ weight.T
            if self.biases is not None:
                x = x + self.biases[i]
        values = x.reshape(*distances.shape, self.n_paths, self.n_channels)
        return values * envelope[..., None, None] if self.envelope_on == "output" else values

    def __repr__(self) -> str:
        sizes = " → ".join(str(n) for n in (self.basis.n_functions, *map(len, self.weights)))
        return (
            f"RadialMLP({self.basis} → {sizes} = {self.n_paths} paths × {self.n_channels} channels, {self.activation}, "
            f"{self.envelope} on the {self.envelope_on}, {self.dtype}, {self.n_parameters} parameters)"
        )

    # --- making one ----------------------------------------------------------------------------------

    @classmethod
    def random(
        cls,
        n_paths: int,
        n_channels: int,
        hidden: Sequence[int] = (64,),
        basis: RadialBasis | None = None,
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float64,
        **options: Any,
    ) -> Self:
        """Random weights and biases, normal with variance 1 / inputs (LeCun), for demonstrations and benchmarks.

        `basis` is BesselBasis(cutoff=5.0) unless given; `options` are the other fields of the class.
        """
        basis = BesselBasis(5.0) if basis is None else basis
        rng = np.random.default_rng(rng)
        sizes = [basis.n_functions, *hidden, n_paths * n_channels]
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        weights = [(rng.standard_normal(s) / np.sqrt(s[1])).astype(dtype) for s in shapes]
        biases = [(rng.standard_normal(n) / np.sqrt(m)).astype(dtype) for n, m in shapes]
        return cls(basis, weights, biases, n_paths, **options)

    @classmethod
    def from_state_dict(
        cls,
        state: Mapping[str, Any],
        basis: RadialBasis,
        n_paths: int,
        *,
        prefix: str = "",
        bias: bool = True,
        dtype: DTypeLike | None = None,
        **options: Any,
    ) -> Self:
        """From the state dict of torch.nn.Sequential(Linear, activation, Linear, ...): 0.weight, 0.bias, 2.weight, ...

        state: arrays of NumPy, PyTorch or JAX; keys outside `prefix` (such as "radial.") are not looked at.
        bias: False for layers made with bias=False.
        dtype: to convert to; by default the weights must be float32 or float64 and stay so.
        options: `activation`, `envelope`, `envelope_on`, as for the class.

        Raises ValueError that names missing and surplus keys, and for shapes that do not fit together.
        """
        found = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
        numbers = [int(m[1]) for m in (re.fullmatch(r"(\d+)\.weight", key) for key in found) if m]
        layers = range(0, max(numbers, default=0) + 1, 2)
        expected = [f"{i}.{part}" for i in layers for part in ("weight", "bias")[: 1 + bias]]
        missing, surplus = (
            [prefix + k for k in keys] for keys in (set(expected) - set(found), set(found) - set(expected))
        )
        if missing or surplus:
            raise ValueError(
                f"the state dict is not that of Linear layers with an activation between each two"
                f"{', with biases' if bias else ', without biases'}; "
                f"missing: {', '.join(sorted(missing)) or 'none'}; surplus: {', '.join(sorted(surplus)) or 'none'}"
            )
        arrays = {key: to_numpy(found[key], prefix + key) for key in expected}
        if dtype is not None:
            arrays = {key: array.astype(dtype) for key, array in arrays.items()}
        weights = [arrays[f"{i}.weight"] for i in layers]
        biases = [arrays[f"{i}.bias"] for i in layers] if bias else None
        return cls(basis, weights, biases, n_paths, **options)

    @classmethod
    def from_safetensors(cls, path: str | os.PathLike[str], basis: RadialBasis, n_paths: int, **options: Any) -> Self:
        """From a checkpoint in a safetensors file, with the arguments of `from_state_dict`; needs safetensors."""
        return cls.from_state_dict(_read(path)[0], basis, n_paths, **options)

    def state_dict(self) -> dict[str, Array]:
        """Weights and biases, named as torch.nn.Sequential names them."""
        state = {f"{2 * i}.weight": w for i, w in enumerate(self.weights)}
        return state | {f"{2 * i}.bias": b for i, b in enumerate(self.biases or ())}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a safetensors file with the state dict, and the rest as metadata; TypeError for a basis of your own."""
        from safetensors.numpy import save_file

        config = {
            "n_paths": self.n_paths,
            "activation": self.activation,
            "envelope_on": self.envelope_on,
            "bias": self.biases is not None,
            "basis": _described(self.basis),
            "envelope": _described(self.envelope),
        }
        state = {key: np.ascontiguousarray(value) for key, value in self.state_dict().items()}
        save_file(state, os.fspath(path), {"format": _FORMAT, "config": json.dumps(config, sort_keys=True)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote; ValueError for any other file."""
        state, metadata = _read(path)
        if metadata.get("format") != _FORMAT:
            raise ValueError(f"{os.fspath(path)} was not written by RadialMLP.save; use from_safetensors")
        try:
            config = json.loads(metadata["config"])
            (basis, basis_fields), (envelope, envelope_fields) = config.pop("basis"), config.pop("envelope")
            config |= {"basis": _BASES[basis](**basis_fields), "envelope": _ENVELOPES[envelope](**envelope_fields)}
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{os.fspath(path)} has damaged metadata: {error}") from error
        return cls.from_state_dict(state, **config)


def _described(part: Any) -> tuple[str, dict[str, Any]]:
    """Name and fields of a basis or an envelope."""
    name = type(part).__name__
    if type(part) not in (*_BASES.values(), *_ENVELOPES.values()):
        raise TypeError(f"cannot save a {name}; use state_dict, and from_state_dict with that basis or envelope")
    return name, asdict(part)


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Array], dict[str, str]]:
    """Arrays and metadata of a safetensors file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{os.fspath(path)} is not a safetensors file: {error}") from error
