"""Each malformed call raises the documented exception, names the function and the argument, and leaves `out` alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu_derivatives
from pocket_tfn.cpu_derivatives import Cotangents, Transposed

from tests.derivative_cases import apply_case, convolve_case
from tests.oracles import KEYS
from tests.test_cpu_errors import BAD_INDPTR, OnGpu

Arguments = dict[str, Any]
Change = Callable[[Any], Any]
KEY = "1_2_polar"
ORDERS = ("vjp", "jvp", "hvp")
SENTINEL = 12345.0
CALLS = [(order, kind) for order in ORDERS for kind in ("apply", "convolve")]
SUMS = [(order, "convolve") for order in ORDERS]
FILLING = [(order, "convolve") for order in ("vjp", "hvp")]
INDICES = ("indptr", "indices")


def arguments(order: str, kind: str, key: str = KEY) -> Arguments:
    """A well-formed call: 3 nodes and 5 edges, or 5 items, 8 channels; with out and transposed where they are taken."""
    case = apply_case(key, count=5) if kind == "apply" else convolve_case(key, degrees=(2, 0, 3))
    args = case.arguments(order)
    if (order, kind) in FILLING:
        args["transposed"] = cpu_derivatives.transpose(args["indptr"], args["indices"])
        args["out"] = Cotangents(**{n: np.full(a.shape, SENTINEL) for n, a in case.inputs.items()})
    return args


def arrays(order: str, kind: str) -> list[str]:
    found = arguments(order, kind)
    return [n for n, a in found.items() if isinstance(a, np.ndarray)]


FLOATS = [(order, kind, n) for order, kind in CALLS for n in arrays(order, kind) if n not in INDICES]
ALL = [(order, kind, n) for order, kind in CALLS for n in arrays(order, kind)]
ALL += [("vjp", "apply", "cotangents")]


def refuse(order: str, kind: str, name: str, change: Change, error: type[Exception], word: str | None = None) -> None:
    """Change one argument of a good call and demand the exception, its words, and an untouched out."""
    args = arguments(order, kind)
    out = args.get("out")
    args[name] = change(args.get(name))
    function = f"{order}_{kind}_{KEY}"
    with pytest.raises(error) as caught:
        getattr(cpu_derivatives, function)(**args)
    assert type(caught.value) is error
    message = str(caught.value)
    assert message.startswith(f"{function}: "), message
    assert re.search(rf"\b{word or name}\b", message), message
    if out is not None:
        assert all((a == SENTINEL).all() for a in out)


@pytest.mark.parametrize(("order", "kind"), CALLS)
@pytest.mark.parametrize("key", KEYS)
def test_signatures(order: str, kind: str, key: str) -> None:
    """Every function is there, and refuses what it should by its own name."""
    args = arguments(order, kind, key)
    args["vectors"] = args["vectors"][:, :2]
    with pytest.raises(ValueError, match=f"^{order}_{kind}_{key}: vectors "):
        getattr(cpu_derivatives, f"{order}_{kind}_{key}")(**args)


@pytest.mark.parametrize(("order", "kind"), CALLS)
def test_the_unchanged_call_works(order: str, kind: str) -> None:
    """Else everything below would be vacuous."""
    found = getattr(cpu_derivatives, f"{order}_{kind}_{KEY}")(**arguments(order, kind))
    assert all((a != SENTINEL).all() for a in found if a is not None)


@pytest.mark.parametrize(("order", "kind", "name"), FLOATS)
@pytest.mark.parametrize("dtype", ["f2", "f4", "i8", "?", "c16", ">f8", "O"])
def test_foreign_and_mixed_dtypes(order: str, kind: str, name: str, dtype: str) -> None:
    """One array of another type, float32 among float64 too: TypeError."""
    refuse(order, kind, name, lambda a: np.zeros(a.shape, dtype), TypeError)


@pytest.mark.parametrize(("order", "kind"), CALLS)
@pytest.mark.parametrize("dtype", ["f2", "i8", "c16", ">f8", "O"])
def test_foreign_dtypes_throughout(order: str, kind: str, dtype: str) -> None:
    """The same where all arrays agree."""
    args = arguments(order, kind)
    args.pop("out", None)
    names = [n for o, k, n in FLOATS if (o, k) == (order, kind)]
    foreign = {n: np.zeros(args[n].shape, dtype) for n in names}
    with pytest.raises(TypeError, match=f"^{order}_{kind}_{KEY}: .*float32 and float64 are supported"):
        getattr(cpu_derivatives, f"{order}_{kind}_{KEY}")(**{**args, **foreign})


@pytest.mark.parametrize(("order", "kind"), SUMS)
@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("dtype", ["f8", "i2", "u8", "?", ">i8"])
def test_index_dtypes(order: str, kind: str, name: str, dtype: str) -> None:
    """Only int32 and int64 are indices: TypeError."""
    refuse(order, kind, name, lambda a: a.astype(dtype), TypeError)


def _always(value: Any) -> Change:
    return lambda _: value


@pytest.mark.parametrize(("order", "kind", "name"), FLOATS)
def test_shapes(order: str, kind: str, name: str) -> None:
    """A component or an edge too many or too few, a dimension too few: ValueError that names the argument."""

    def changes(a: Any) -> list[Any]:
        found = [a[..., 0], np.repeat(a, 2, axis=0), a[:-1]]
        if a.ndim > 1:
            found += [a[:, :-1], np.concatenate([a, a[:, :1]], axis=1)]
        if a.ndim > 2:
            found += [a[..., :-1], np.concatenate([a, a[..., :1]], axis=-1), np.swapaxes(a, 1, 2)]
        if kind == "convolve":
            found += [a[None], a[..., None], a[:1], np.zeros(())]
        return [c for c in found if c.shape != a.shape]

    given = arguments(order, kind)[name]
    base = name.removesuffix("_tangent")
    for wrong in changes(given):
        # who is to blame for a wrong number of channels or nodes cannot be known from one array
        blamed = r"(radial|vectors|features|cotangents|weights|indptr)" if name == "features" else name
        refuse(order, kind, name, _always(wrong), ValueError, rf"({blamed}|{base})")


@pytest.mark.parametrize(("order", "kind", "name"), ALL)
def test_masked_arrays_and_other_devices(order: str, kind: str, name: str) -> None:
    """Masks would be dropped in silence: TypeError.  Arrays on a GPU: ValueError, without a copy."""
    refuse(order, kind, name, np.ma.masked_array, TypeError)
    refuse(order, kind, name, OnGpu, ValueError)


@pytest.mark.parametrize(("order", "kind"), SUMS)
@pytest.mark.parametrize("fault", BAD_INDPTR)
def test_indptr(order: str, kind: str, fault: str) -> None:
    """indptr must rise monotonically from 0 to E."""
    refuse(order, kind, "indptr", lambda _: np.array(BAD_INDPTR[fault]), ValueError)


@pytest.mark.parametrize(("order", "kind"), SUMS)
@pytest.mark.parametrize("bad", [-1, 3, 2**62])
def test_indices(order: str, kind: str, bad: int) -> None:
    """Negative and too large senders."""
    refuse(order, kind, "indices", lambda a: np.where(np.arange(5) == 2, bad, a), ValueError)


# --- options -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "kind"), CALLS)
@pytest.mark.parametrize("normalize", [0, 1, None, "yes", 1.0, np.array([True, False])], ids=repr)
def test_normalize(order: str, kind: str, normalize: Any) -> None:
    """True or False: TypeError for all else."""
    refuse(order, kind, "normalize", lambda _: normalize, TypeError)


@pytest.mark.parametrize(("order", "kind"), CALLS)
def test_normalize_may_be_numpys(order: str, kind: str) -> None:
    args = arguments(order, kind)
    for value in (True, False):
        found = getattr(cpu_derivatives, f"{order}_{kind}_{KEY}")(**{**args, "normalize": np.bool_(value)})
        assert all(np.isfinite(a).all() for a in found if a is not None)


@pytest.mark.parametrize(("order", "kind"), [c for c in CALLS if c[0] != "jvp"])
@pytest.mark.parametrize("of", ["vector", "", ["radial", "energy"], ("VECTORS",), [1], [None]], ids=repr)
def test_of(order: str, kind: str, of: Any) -> None:
    """A name that is not there: ValueError that lists those that are."""
    refuse(order, kind, "of", lambda _: of, ValueError, "of takes vectors, radial, features")


@pytest.mark.parametrize(("order", "kind"), [("jvp", "convolve"), ("hvp", "convolve")])
def test_weights_tangent_without_weights(order: str, kind: str) -> None:
    """There is nothing that moves: ValueError."""
    refuse(order, kind, "weights", lambda _: None, ValueError, "weights_tangent")


# --- out -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "kind"), FILLING)
@pytest.mark.parametrize("out", [(), [1.0], {}, "out", np.zeros((5, 3)), (None,) * 4], ids=repr)
def test_out_must_be_cotangents(order: str, kind: str, out: Any) -> None:
    """TypeError, for the tuple of its fields too."""
    refuse(order, kind, "out", lambda _: out, TypeError)


def _frozen(a: Any) -> Any:
    a = a.copy()
    a.flags.writeable = False
    return a


BAD_FIELDS: dict[str, tuple[Change, type[Exception]]] = {
    "float32": (lambda a: a.astype(np.float32), TypeError),
    "integers": (lambda a: a.astype(int), TypeError),
    "a list": (lambda a: a.tolist(), TypeError),
    "on a GPU": (OnGpu, ValueError),
    "read-only": (_frozen, ValueError),
    "an edge too few": (lambda a: a[:-1], ValueError),
    "an edge too many": (lambda a: np.concatenate([a, a[:1]]), ValueError),
    "a dimension too many": (lambda a: a[None], ValueError),
}


@pytest.mark.parametrize(("order", "kind"), FILLING)
@pytest.mark.parametrize("field", Cotangents._fields)
@pytest.mark.parametrize("fault", BAD_FIELDS)
def test_arrays_of_out(order: str, kind: str, field: str, fault: str) -> None:
    """Of each the dtype, the shape, the device and that it may be written to; the others are then left alone too."""
    change, error = BAD_FIELDS[fault]
    args = arguments(order, kind)
    good = args["out"]
    args["out"] = good._replace(**{field: change(getattr(good, field))})
    with pytest.raises(error, match=f"^{order}_convolve_{KEY}: out.{field}: ") as caught:
        getattr(cpu_derivatives, f"{order}_{kind}_{KEY}")(**args)
    assert type(caught.value) is error
    assert all((a == SENTINEL).all() for a in good)


@pytest.mark.parametrize(("order", "kind"), FILLING)
def test_arrays_of_out_are_apart(order: str, kind: str) -> None:
    """ValueError for two that share memory, and nothing is written; side by side in one array they may lie."""
    args, room = arguments(order, kind), np.full((5, 4), SENTINEL)
    function = getattr(cpu_derivatives, f"{order}_{kind}_{KEY}")
    shared = args["out"]._replace(vectors=room[:, :3], weights=room[:, 2])
    with pytest.raises(ValueError, match=f"^{order}_convolve_{KEY}: out.vectors and out.weights share memory$"):
        function(**{**args, "out": shared})
    assert all((a == SENTINEL).all() for a in shared)
    found = function(**{**args, "out": shared._replace(weights=room[:, 3])})
    for name, array in function(**{**args, "out": None})._asdict().items():
        assert np.array_equal(getattr(found, name), array), name


# --- transposed ------------------------------------------------------------------------------------------------


def _edited(**changes: Change) -> Change:
    return lambda t: t._replace(**{n: change(getattr(t, n).copy()) for n, change in changes.items()})


def _set(place: int, value: int) -> Change:
    def change(a: Any) -> Any:
        a[place] = value
        return a

    return change


#: Of a graph of 3 nodes and 5 edges.
BAD_TRANSPOSED: dict[str, Change] = {
    "of a graph without edges": lambda t: cpu_derivatives.transpose([0, 0, 0, 0], []),
    "of a smaller graph": lambda t: cpu_derivatives.transpose([0, 5], [0] * 5),
    "of other senders": lambda t: cpu_derivatives.transpose([0, 2, 2, 5], [(s + 1) % 3 for s in [0, 1, 2, 0, 1]]),
    "edges swapped": _edited(edges=lambda a: a[::-1].copy(), receivers=lambda a: a[::-1].copy()),
    "an edge twice": _edited(edges=_set(1, 0)),
    "edge below zero": _edited(edges=_set(0, -1)),
    "edge too large": _edited(edges=_set(-1, 5)),
    "edge far too large": _edited(edges=_set(-1, 2**60)),
    "receiver below zero": _edited(receivers=_set(0, -1)),
    "receiver too large": _edited(receivers=_set(0, 3)),
    "another receiver": _edited(receivers=lambda a: (a + 1) % 3),
    "starts late": _edited(indptr=_set(0, 1)),
    "starts below zero": _edited(indptr=_set(0, -1)),
    "decreases": _edited(indptr=_set(1, 5)),
    "overshoots": _edited(indptr=_set(1, 2**60)),
    "ends early": _edited(indptr=_set(-1, 4)),
    "a row too few": _edited(indptr=lambda a: a[:-1]),
    "an edge too few": _edited(edges=lambda a: a[:-1], receivers=lambda a: a[:-1]),
    "not in order": lambda t: _unsorted(t),
}


def _unsorted(t: Transposed) -> Transposed:
    """The first sender with two edges has them exchanged: a sum in another order."""
    edges, receivers = t.edges.copy(), t.receivers.copy()
    first = int(t.indptr[np.flatnonzero(np.diff(t.indptr) > 1)[0]])
    for a in (edges, receivers):
        a[first], a[first + 1] = a[first + 1], a[first]
    return t._replace(edges=edges, receivers=receivers)


@pytest.mark.parametrize(("order", "kind"), FILLING)
@pytest.mark.parametrize("fault", BAD_TRANSPOSED)
def test_transposed_of_another_graph(order: str, kind: str, fault: str) -> None:
    """Whatever is not this graph by sender is refused, and never read out of bounds: ValueError."""
    refuse(order, kind, "transposed", BAD_TRANSPOSED[fault], ValueError)


@pytest.mark.parametrize(("order", "kind"), FILLING)
@pytest.mark.parametrize("given", [True, "graph", np.arange(5), (np.arange(4),) * 3, ()], ids=repr)
def test_transposed_of_a_wrong_type(order: str, kind: str, given: Any) -> None:
    """Only what transpose() returns, a Transposed: TypeError."""
    refuse(order, kind, "transposed", lambda _: given, TypeError)


MALFORMED: dict[str, Change] = {
    "floats": lambda t: Transposed(*(a + 0.4 for a in t)),
    "columns": lambda t: Transposed(*(a[:, None] for a in t)),
    "numbers": lambda t: Transposed(4, 5, 5),  # type: ignore[arg-type]
    "nothing": lambda t: Transposed(None, None, None),  # type: ignore[arg-type]
    "text": lambda t: Transposed("a", "b", "c"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("fault", MALFORMED)
def test_transposed_of_wrong_arrays(fault: str) -> None:
    """A Transposed whose fields are not index arrays of one dimension: TypeError or ValueError that says so."""
    args = arguments("vjp", "convolve")
    args["transposed"] = MALFORMED[fault](args["transposed"])
    with pytest.raises((TypeError, ValueError), match=f"^vjp_convolve_{KEY}: .*transposed"):
        getattr(cpu_derivatives, f"vjp_convolve_{KEY}")(**args)


@pytest.mark.parametrize("order", ["vjp", "hvp"])
def test_apply_has_no_weights(order: str) -> None:
    """The name of another function's input is unknown: ValueError."""
    refuse(order, "apply", "of", lambda _: ("radial", "weights"), ValueError, "of takes vectors, radial, features")


@pytest.mark.parametrize("order", ["jvp", "hvp"])
@pytest.mark.parametrize("lead", [(), (1,), (2, 5)])
@pytest.mark.parametrize("name", ["vectors", "radial", "features"])
def test_tangents_of_apply_have_the_shapes_of_inputs(order: str, lead: tuple[int, ...], name: str) -> None:
    """Each of its input's shape, as documented: ValueError for one that would be broadcast or would broadcast."""

    def change(a: Any) -> Any:
        return np.zeros((*lead, *a.shape[1:]))

    refuse(order, "apply", f"{name}_tangent", change, ValueError)
