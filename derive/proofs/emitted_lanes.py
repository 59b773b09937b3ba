"""The emitted arithmetic of vectors: which machine instruction each operator becomes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ..execution import EmittedModule
from .proof import ProofError

#: Operators of vectors and the instructions for them, each of which acts lane by lane.
INSTRUCTIONS = {"operator.add": "fadd", "operator.sub": "fsub", "operator.mul": "fmul"}
#: Of one operand: its opposite, or for compilers without that instruction its difference from -0, which is the same.
OPPOSITES = (("fneg", "value"), ("fsub", ("constant", "lanes", "-0.0"), "value"))
#: Where the module tells Numba what becomes of an operator: in the function that does so for two operands, and for one.
LOWERED = ["lower_builtin(symbol, *kinds)", "lower_builtin(operator.neg, _Lanes)"]


def lane_residuals(module: EmittedModule) -> tuple[int, ...]:
    """That each operator is defined once, by its own instruction, whose operands are its operands in their order."""
    defined = [[name, f"{word!r}"] for name, word in INSTRUCTIONS.items()]
    where = f"{module.name}: operators of vectors"
    _require(where, sorted(module.calls("_define_operator")), sorted(defined))
    _require(where, sorted(module.statements("_define_operator")), sorted(defined))
    _require(where, sorted(module.uses("lower_builtin")), sorted(LOWERED))
    _require(where, module.decorators("_negation"), LOWERED[1:])
    for word in INSTRUCTIONS.values():
        _require(where, _lowered(module, word), [(word, ("spread", "left"), ("spread", "right"))] * 3)
    if (opposite := _opposite(module)) not in OPPOSITES:
        raise ProofError(f"{where}: the opposite is {opposite}")
    return (0,) * (len(INSTRUCTIONS) + 1)


def _require(where: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise ProofError(f"{where}: {found} where {wanted} should be")


def _opposite(module: EmittedModule) -> Any:
    """What is built of one vector."""
    builder = SimpleNamespace(fneg=lambda v: ("fneg", v.name), fsub=lambda left, right: ("fsub", left, right.name))
    constants = SimpleNamespace(
        Constant=lambda kind, values: ("constant", kind.name, *{repr(value) for value in values})
    )
    value = SimpleNamespace(name="value", type=SimpleNamespace(name="lanes", count=2))
    return module.run_on_host("_negation", None, builder, None, (value,), ir=constants)


def _lowered(module: EmittedModule, word: str) -> list[Any]:
    """What is built of two operands, one or both of them vectors, by the function that is to build this instruction."""
    registered: dict[Any, Any] = {}

    def register(*kinds: Any) -> Any:
        return lambda function: registered.setdefault(kinds, function)

    module.run_on_host(
        "_define_operator",
        "an operator",
        word,
        type_callable=lambda symbol: lambda function: function,
        lower_builtin=register,
        types=SimpleNamespace(Float="number"),
        _Lanes="lanes",
        _spread_lanes=lambda builder, value, kind: ("spread", value),
    )
    operands = [("lanes", "lanes"), ("lanes", "number"), ("number", "lanes")]
    _require(f"{module.name}: operands of {word}", sorted(registered), [("an operator", *kinds) for kinds in operands])
    builder = SimpleNamespace(**{w: lambda *values, w=w: (w, *values) for w in INSTRUCTIONS.values()})
    context = SimpleNamespace(get_value_type=lambda kind: kind)
    signature = SimpleNamespace(return_type="lanes")
    return [function(context, builder, signature, ("left", "right")) for function in registered.values()]
