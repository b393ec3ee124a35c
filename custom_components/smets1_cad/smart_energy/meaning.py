"""What the values of a decoded frame mean, where the frame alone says so.

For people: times as ISO 8601, units, names of enumerations and bits, amounts in
their currency. What is scaled by an attribute that the frame does not hold stays
without a meaning. `values` gives readings their types; this only writes them out.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

import zigpy.types as t
from zigpy.zcl.foundation import Status

from .amounts import attribute_amounts, command_amounts, price_matrix_places
from .clusters import CLUSTERS
from .clusters.base import Variant
from .clusters.types.price import TrailingDigit, UnitOfMeasure
from .decode import DecodedFrame, Direction
from .general import GENERAL_COMMANDS, AttributeRecord
from .values.currency import Currency
from .values.price import trailing_digits
from .values.time import DatePattern, utc_from_raw
from .values.units import UnitOfMeasure as Unit
from .wire import DATA_TYPES, Value

type Meaning = str | int | float | list[Meaning] | dict[str, Meaning] | None
"""Text, numbers and lists of them, as JSON has them; None: there is no value."""
type _Writer = Callable[[Value], Meaning]

_NOW: Final = ("start", "implementation", "end_time")
"""Times of commands where 0 is the moment of sending, or the latest."""
_STATUSES: Final = {int(status): status.name.lower() for status in Status}
_CURRENCIES: Final = frozenset({"currency", "old_currency", "new_currency"})
_MINUTES_UNTIL_CHANGED: Final = 0xFFFF


def meaning(frame: DecodedFrame) -> dict[str, Meaning]:
    """Give the meaning of a command's fields, by their names.

    Fields without one are absent.
    """
    if frame.header.general or frame.command is None:
        return {
            name: _status(value)
            for name, value in frame.fields.items()
            if name == "status"
        }
    cluster = CLUSTERS[frame.cluster_id]
    commands = (
        cluster.server_commands
        if frame.header.direction is Direction.CLIENT_TO_SERVER
        else cluster.client_commands
    )
    schema = commands[frame.header.command_id].schema
    meanings = _struct(schema, frame.fields)
    meanings |= command_amounts(frame.command, frame.fields)
    if frame.command == "publish_price_matrix":
        meanings["payload"] = [
            {"tier_block_id": place} for place in price_matrix_places(frame.fields)
        ]
    return meanings


def attribute_meanings(frame: DecodedFrame) -> list[dict[str, Meaning]]:
    """Give for each attribute what is known: of its value, and of its status."""
    definitions, of_server = _definitions(frame)
    scaled = (
        attribute_amounts(frame.cluster_id, frame.attributes, definitions)
        if of_server
        else {}
    )
    found = []
    for place, record in enumerate(frame.attributes):
        known: dict[str, Meaning] = {}
        if record.status is not None:
            known["status"] = _status(record.status)
        definition = definitions.get(record.attribute_id)
        if place in scaled:
            known["value"] = scaled[place]
        elif definition is not None and _fits(definition, record):
            writer = _writer(definition.type)
            if writer is not None:
                _keep(known, "value", writer(record.value))
        found.append(known)
    return found


def _fits(definition: Any, record: AttributeRecord) -> bool:
    """Whether a value is what its attribute holds: meters err between like types."""
    if record.type_id is None or record.value is None:
        return False
    if record.type_id == definition.zcl_type:
        return True
    sent, meant = DATA_TYPES.get(record.type_id), DATA_TYPES.get(definition.zcl_type)
    if sent is None or meant is None or sent.octets != meant.octets:
        return False
    return isinstance(record.value, int) and record.value >= 0


class _Silent(str):
    """No meaning beyond the value itself."""

    __slots__ = ()


_SILENT: Final = _Silent()


def _keep(into: dict[str, Meaning], name: str, value: Meaning) -> None:
    if value is not _SILENT:
        into[name] = value


def _definitions(frame: DecodedFrame) -> tuple[Mapping[int, Any], bool]:
    """Give the attributes that a frame is about, and whether they are the server's."""
    cluster = CLUSTERS.get(frame.cluster_id)
    command = GENERAL_COMMANDS.get(frame.header.command_id)
    if cluster is None or command is None or frame.header.manufacturer_code is not None:
        return {}, False
    to_server = frame.header.direction is Direction.CLIENT_TO_SERVER
    of_server = command.asks == to_server
    return cluster.attributes if of_server else cluster.client_attributes, of_server


def _struct(kind: type[t.Struct], fields: Mapping[str, Value]) -> dict[str, Meaning]:
    meanings: dict[str, Meaning] = {}
    for field in kind.fields:
        name: str = field.name
        field_type: Any = field.type
        if name not in fields:
            continue
        value = fields[name]
        if issubclass(field_type, Variant):
            selected = fields[field_type.selector]
            layout = field_type.layouts.get(selected)
            if layout is not None and isinstance(value, Mapping):
                meanings[name] = dict(_struct(layout, value))
            continue
        if name in _CURRENCIES and isinstance(value, int):
            currency = Currency.from_raw(value)
            meanings[name] = None if currency is None else currency.alpha
            continue
        if value == 0 and issubclass(field_type, t.UTCTime):
            if any(word in name for word in _NOW):
                meanings[name] = "now"
                continue
        if name == "duration_in_minutes" and value == _MINUTES_UNTIL_CHANGED:
            meanings[name] = "until changed"
            continue
        writer = _writer(field_type)
        if writer is not None:
            _keep(meanings, name, writer(value))
    return meanings


@cache
def _writer(kind: Any) -> _Writer | None:
    """Find how values of a type are written out."""
    for parent, writer in _WRITERS:
        if issubclass(kind, parent):
            return writer(kind)
    return None


def _time(kind: Any) -> _Writer:
    """Seconds since 2000; of local and standard time without the zone."""
    zone = "Z" if issubclass(kind, t.UTCTime) else ""

    def write(value: Value) -> Meaning:
        when = utc_from_raw(value) if isinstance(value, int) else None
        return None if when is None else f"{when:%Y-%m-%dT%H:%M:%S}{zone}"

    return write


def _unit(_kind: Any) -> _Writer:
    def write(value: Value) -> Meaning:
        unit = Unit.from_raw(value) if isinstance(value, int) else None
        if unit is None:
            return "reserved"
        return f"{unit.unit.symbol}{' in BCD' * unit.bcd}".strip() or "no unit"

    return write


def _digits(_kind: Any) -> _Writer:
    return lambda value: trailing_digits(value if isinstance(value, int) else None)


def _parts(kind: Any) -> _Writer:
    """Numbers that share an integer."""

    def write(value: Value) -> Meaning:
        parts = kind(value).as_dict()
        return {k: int(v) for k, v in parts.items() if not k.startswith("reserved")}

    return write


def _enumeration(kind: Any) -> _Writer | None:
    names = {int(v): k.lower() for k, v in kind.__members__.items()}
    if not names:
        return None
    return lambda value: names.get(_int(value), "reserved")


def _bits(kind: Any) -> _Writer | None:
    """Names of the bits that are set."""
    names = {
        int(v): k.lower()
        for k, v in kind.__members__.items()
        if int(v).bit_count() == 1
    }
    if not names:
        return None
    return lambda value: [n for bit, n in names.items() if _int(value) & bit]


def _date(_kind: Any) -> _Writer:
    """Date with "*" for every."""

    def write(value: Value) -> Meaning:
        assert isinstance(value, bytes)
        pattern = DatePattern.from_raw(value)
        parts = ((pattern.year, 4), (pattern.month, 2), (pattern.day, 2))
        text = "-".join("*" if n is None else f"{n:0{w}}" for n, w in parts)
        return text if pattern.weekday is None else f"{text}, day {pattern.weekday}"

    return write


def _number(kind: Any) -> _Writer:
    """A number says all, unless it is the one that stands for none."""
    missing = kind.min_value if kind.min_value < 0 else kind.max_value
    return lambda value: None if value == missing else _SILENT


def _list(kind: Any) -> _Writer | None:
    """Items in their order; of numbers only where one is missing."""
    item: Any = kind._item_type  # noqa: SLF001 - zigpy has no public way to ask
    if issubclass(item, t.Struct) and not issubclass(item, t.FixedIntType):
        return lambda value: [
            dict(_struct(item, entry))
            for entry in _items(value)
            if isinstance(entry, Mapping)
        ]
    if not issubclass(item, t.FixedIntType):
        return None
    missing = item.min_value if item.min_value < 0 else item.max_value

    def write(value: Value) -> Meaning:
        items = [None if entry == missing else _int(entry) for entry in _items(value)]
        return list(items) if None in items else _SILENT

    return write


# The first that fits; more special types come first.
_WRITERS: Final[tuple[tuple[Any, Callable[[Any], _Writer | None]], ...]] = (
    (t.UTCTime, _time),
    (t.LocalTime, _time),
    (t.StandardTime, _time),
    (t.Date, _date),
    (UnitOfMeasure, _unit),
    (TrailingDigit, _digits),
    (t.IntStruct, _parts),
    (t.Bool, lambda _kind: None),
    (t.EUI64, lambda _kind: None),
    (t.List, _list),
    (t.enum8, _enumeration),
    (t.enum16, _enumeration),
    (t.enum24, _enumeration),
    (t.bitmap8, _bits),
    (t.bitmap16, _bits),
    (t.bitmap24, _bits),
    (t.bitmap32, _bits),
    (t.bitmap48, _bits),
    (t.bitmap64, _bits),
    (t.FixedIntType, _number),
)


def _int(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _items(value: Value) -> Iterable[Value]:
    return value if isinstance(value, tuple) else ()


def _status(value: Value) -> Meaning:
    return _STATUSES.get(_int(value), "reserved")
