"""Turn the models of `cad` into plain JSON and back, for what must survive a restart.

What is written follows a model's own field names and types, so that a model may
gain a field with a default, or lose one, without the store becoming unreadable.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..cad.models import TierBlock


def to_json(value: Any) -> Any:
    """Return plain JSON for a model, or for anything that a model may hold.

    Decimals become their digits, times ISO 8601, durations seconds, sets sorted lists.
    """
    match value:
        case None | bool():
            return value
        case Enum():
            return value.value
        case int() | str():
            return value
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case TierBlock():
            return f"{value.tier}/{value.block}"
        case Mapping():
            return {str(to_json(key)): to_json(item) for key, item in value.items()}
        case frozenset():
            return sorted(to_json(item) for item in value)
        case tuple():
            return [to_json(item) for item in value]
        case _ if is_dataclass(value):
            return {
                field.name: to_json(item)
                for field in fields(value)
                if (item := getattr(value, field.name)) is not None
            }
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def from_json[ModelT](model: type[ModelT], data: Mapping[str, Any]) -> ModelT:
    """Return the model that `to_json` wrote.

    A field that is missing takes its default, or None; one that is unknown is ignored.

    Raises:
        KeyError, TypeError, ValueError, ArithmeticError: it was not written by `to_json`.
    """
    values = {}
    anything: Any = model
    for name, hint, has_default in _shape(anything):
        if name in data:
            values[name] = _read(hint, data[name])
        elif not has_default:
            values[name] = None
            if NoneType not in get_args(hint):
                raise KeyError(name)
    return model(**values)


@cache
def _shape(model: Any) -> tuple[tuple[str, Any, bool], ...]:
    """Return name, type and whether there is a default, of each field."""
    hints = get_type_hints(model)
    return tuple(
        (
            field.name,
            hints[field.name],
            field.default is not MISSING or field.default_factory is not MISSING,
        )
        for field in fields(model)
    )


def _read(hint: Any, data: Any) -> Any:
    """Return data as the type of a field says."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        if data is None:
            return None
        (hint,) = (argument for argument in arguments if argument is not NoneType)
        return _read(hint, data)
    if origin is Mapping:
        return {
            _read_key(arguments[0], key): _read(arguments[1], item)
            for key, item in data.items()
        }
    if origin is frozenset:
        return frozenset(_read(arguments[0], item) for item in data)
    if origin is tuple:
        if arguments[-1] is not Ellipsis:
            raise TypeError("A tuple of a fixed length")
        return tuple(_read(arguments[0], item) for item in data)
    return _read_plain(hint, data)


def _read_plain(hint: type[Any], data: Any) -> Any:
    if issubclass(hint, datetime):
        return datetime.fromisoformat(data)
    if hint is timedelta:
        return timedelta(seconds=data)
    if hint is TierBlock:
        return _read_key(hint, data)
    if is_dataclass(hint):
        model: type[Any] = hint
        return from_json(model, data)
    if hint in (bool, int, str):
        if not isinstance(data, hint):
            raise TypeError(f"{hint.__name__} expected")
        return data
    return hint(data)


def _read_key(hint: type, key: str) -> Any:
    """Return the key of a mapping, which JSON only has as text."""
    if hint is TierBlock:
        tier, _, block = key.partition("/")
        return TierBlock(int(tier), int(block))
    return hint(key)
