"""Our kernels, called as a user of torch calls them: CUDA tensors in, results into tensors that are kept."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu.contestant import Answer, Contestant, Missing
from benchmarks.gpu.inputs import Inputs, Streamed, Walkers
from benchmarks.gpu.names import OURS, OURS_CHECKED, OURS_VJP


def contestants(inputs: Inputs, both_ways: bool) -> Iterator[tuple[str, Callable[[], Contestant]]]:
    """What of ours is timed, each to be built when it is its turn; `both_ways`: the graph's check besides."""
    if isinstance(inputs, Walkers):
        yield OURS, lambda: _walkers(inputs)
        return
    if inputs.cotangents is not None:
        yield OURS, lambda: _backward(inputs, alone=False)
        yield OURS_VJP, lambda: _backward(inputs, alone=True)
        return
    yield OURS, lambda: _forward(inputs, checked=True)
    if both_ways and hasattr(_module("cuda"), "checked_graph"):
        yield OURS_CHECKED, lambda: _forward(inputs, checked=False)


def _module(name: str) -> Any:
    try:
        return import_module(f"pocket_tfn.{name}")
    except ImportError as error:
        raise Missing(str(error)) from error


def _function(module: str, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] | None = getattr(_module(module), name, None)
    if found is None:
        raise Missing(f"pocket_tfn.{module} has no {name}")
    return found


def _empty(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    return torch.empty(shape, dtype=like.dtype, device=like.device)


def _graph(inputs: Streamed, checked: bool) -> tuple[tuple[Any, Any], str]:
    """What goes for (indptr, indices), checked once beforehand if asked for and possible; and a note."""
    graph = inputs.graph
    check = getattr(_module("cuda"), "checked_graph", None)
    if checked and check is not None:
        indptr, indices = check(graph.indptr, graph.indices, graph.nodes)
        return (indptr, indices), "graph checked beforehand"
    return (graph.indptr, graph.indices), "graph checked at every call"


def _forward(inputs: Streamed, checked: bool) -> Contestant:
    convolve = _function("cuda", f"convolve_1_{inputs.l_out}")
    out = _empty(inputs.features, inputs.output_shape)
    graph, note = _graph(inputs, checked)
    return Contestant(
        run=lambda: convolve(*graph, inputs.graph.vectors, inputs.radial, inputs.features, out=out),
        answer=lambda found: (out,),
        poison=lambda: _spoil((out,)),
        note=note,
    )


def _walkers(inputs: Walkers) -> Contestant:
    convolve = _function("cuda", f"convolve_walkers_1_{inputs.l_out}")
    out = _empty(inputs.features, inputs.output_shape)
    arguments = (inputs.positions, inputs.coefficients, inputs.cutoff, inputs.features)
    return Contestant(
        run=lambda: convolve(*arguments, degree=inputs.degree, out=out),
        answer=lambda found: (out,),
        poison=lambda: _spoil((out,)),
    )


def _backward(inputs: Streamed, alone: bool) -> Contestant:
    """The VJP, after the forward convolution unless `alone`; the transposed graph is kept."""
    convolve = _function("cuda", f"convolve_1_{inputs.l_out}")
    pull = _function("cuda_derivatives", f"vjp_convolve_1_{inputs.l_out}")
    given = inputs.graph
    transposed = _function("cuda_derivatives", "transpose")(given.indptr, given.indices)
    edges = (given.vectors, inputs.radial, inputs.features)
    out = _empty(inputs.features, inputs.output_shape)
    bars = _module("cuda_derivatives").Cotangents(*(_empty(one, tuple(one.shape)) for one in edges))
    graph, note = _graph(inputs, checked=True)

    def run() -> Any:
        if not alone:
            convolve(*graph, *edges, out=out)
        return pull(*graph, *edges, inputs.cotangents, transposed=transposed, out=bars)

    def answer(found: Any) -> Answer:
        return (*(() if alone else (out,)), bars.vectors, bars.radial, bars.features)

    return Contestant(
        run,
        answer,
        poison=lambda: _spoil((out, bars.vectors, bars.radial, bars.features)),
        parts=(1, 2, 3) if alone else None,
        note=note,
    )


def _spoil(arrays: Answer) -> None:
    for array in arrays:
        array.fill_(float("nan"))
