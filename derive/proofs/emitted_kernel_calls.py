"""The emitted derivative functions that users call on the GPU: what each hands on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..catalogue import Pair
from ..execution import EmittedModule
from .emitted_host import handed_on
from .proof import ProofError

EDGE_BY_EDGE = ("indptr", "indices", "vectors", "radial", "features", "weights")
TANGENTS = ("vectors_tangent", "radial_tangent", "features_tangent")
#: The function behind each public one, its kernels, and what it is handed beside them: arguments by their names, in
#: groups where it takes groups, None for what there is not.
CALLS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "vjp_apply": ("_reverse_apply", ("_vjp_edges_{}", "_vjp_senders_{}"), {"tangents": None}),
    "hvp_apply": ("_reverse_apply", ("_hvp_edges_{}", "_hvp_senders_{}"), {"tangents": (*TANGENTS, None)}),
    "jvp_apply": ("_forward_apply", "_jvp_rows_{}", {"tangents": (*TANGENTS, None)}),
    "vjp_convolve": (
        "_reverse_convolve",
        ("_vjp_edges_{}", "_vjp_senders_{}"),
        {"graph": EDGE_BY_EDGE, "tangents": None},
    ),
    "hvp_convolve": (
        "_reverse_convolve",
        ("_hvp_edges_{}", "_hvp_senders_{}"),
        {"graph": EDGE_BY_EDGE, "tangents": (*TANGENTS, "weights_tangent")},
    ),
    "jvp_convolve": (
        "_forward_convolve",
        "_jvp_rows_{}",
        {"graph": EDGE_BY_EDGE, "tangents": (*TANGENTS, "weights_tangent")},
    ),
    "laplacian_convolve": ("_laplacian_convolve", ("_laplacian_rows_{}", "_laplacian_jacobian_{}"), {}),
}


def kernel_call_residuals(pair: Pair, module: EmittedModule) -> tuple[int, ...]:
    """That each public function hands on its own name, kernels, shape and arguments, and returns what comes back."""
    for kind, (core, kernels, groups) in CALLS.items():
        _check(f"{kind}_{pair.key}", core, _renamed(kernels, lambda n: n.format(pair.key)), groups, pair, module)
    return (0,) * len(CALLS)


def _renamed(names: Any, what: Callable[[str], Any]) -> Any:
    """A name or a group of them, each replaced."""
    return (
        names if names is None else what(names) if isinstance(names, str) else tuple(_renamed(n, what) for n in names)
    )


def _flat(names: Any) -> list[str]:
    return [] if names is None else [names] if isinstance(names, str) else [n for group in names for n in _flat(group)]


def _check(name: str, core: str, kernels: Any, groups: dict[str, Any], pair: Pair, module: EmittedModule) -> None:
    """ProofError unless the function calls the one behind it as it should."""
    world = module.world()
    if missing := [n for n in (name, core, *_flat(kernels)) if n not in world]:
        raise ProofError(f"{module.name} lacks {', '.join(missing)}")
    signature, own = inspect.signature(world[core]), list(inspect.signature(world[name]).parameters)
    first, second, third, *others = signature.parameters
    parts = {parameter: groups.get(parameter, parameter) for parameter in others}
    shape = (2 * pair.l_out + 1, 2 * pair.l_in + 1, len(pair.paths))
    wanted = {first: name, second: _renamed(kernels, world.__getitem__), third: shape}
    wanted |= {parameter: _renamed(names, "the {}".format) for parameter, names in parts.items()}
    handed, returned = handed_on(name, core, module, world)
    if handed != [wanted] or returned != "what it returns" or sorted(own) != sorted(_flat(list(parts.values()))):
        raise ProofError(f"{module.name}: {name} calls {core} with {handed}, not with {wanted}")
