"""Results as JSON, and back: the raw numbers, every round's included; seconds and bytes throughout."""

import json
import math
import types
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from benchmarks.results import Floor, Results, ScalingPoint
from benchmarks.timing import Timing

T = TypeVar("T")

DERIVED: dict[type, tuple[str, ...]] = {
    Timing: ("median", "best", "spread"),
    Floor: ("memory_seconds", "arithmetic_seconds", "seconds"),
    ScalingPoint: ("overhead",),
}
"""Properties that the JSON has beside the fields; reading ignores them."""


def as_json(results: Iterable[Results]) -> str:
    """A list of results; NaN as null."""
    return dumped(list(results))


def from_json(text: str) -> list[Results]:
    """What `as_json` was given, where no number was NaN."""
    return [_typed(Results, one) for one in json.loads(text)]


def dumped(value: Any) -> str:
    """Dataclasses, and containers of them; NaN as null."""
    return json.dumps(_plain(value), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def loaded(kind: type[T], text: str) -> T:
    """The dataclass `kind` that `dumped` was given, where no number was NaN."""
    found: T = _typed(kind, json.loads(text))
    return found


def _plain(value: Any) -> Any:
    """Dataclasses as dictionaries, all the way down."""
    if is_dataclass(value):
        names = [f.name for f in fields(value)] + list(DERIVED.get(type(value), ()))
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _typed(hint: Any, value: Any) -> Any:
    """The inverse, by the annotations: dataclasses, tuple[X, ...], dict[str, X], X | None; all else as it is."""
    if value is None:
        return None
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _typed(next(a for a in arguments if a is not type(None)), value)
    if origin is tuple:
        return tuple(_typed(arguments[0], item) for item in value)
    if origin is dict:
        return {key: _typed(arguments[1], item) for key, item in value.items()}
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        # What older files lack has a default, or else this is a TypeError.
        return hint(**{f.name: _typed(hints[f.name], value[f.name]) for f in fields(hint) if f.name in value})
    return value
