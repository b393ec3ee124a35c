"""The payloads of cluster commands, built and read from the tables."""

from collections.abc import Mapping, Sequence
from typing import Final

from .errors import MalformedFrameError, ZclError
from .tables import Command, Field
from .wire import Value, decode, encode

type FieldValue = Value | Sequence[FieldValue] | Mapping[str, FieldValue]
"""A value, a list for a field that repeats, or a mapping for a structure."""

type Fields = Mapping[str, FieldValue]
"""A command's fields by name."""

OPTIONAL_FIELDS: Final = frozenset({("GetBlockPeriods", "tariffType")})
"""Fields that a client may leave off; the tables do not mark them."""


def encode_fields(
    command: Command, values: Fields, rank: int, *, last: str | None = None
) -> bytes:
    """Return a command's payload as a device of that version sends it.

    Fields that the version does not have are left out. A field without a value
    is sent as its type's "no value". A repeating field may be given as octets
    that are already laid out.

    Args:
        command: which command, from the tables.
        values: field values by name.
        rank: the version's rank, see `version_rank`.
        last: the field after which the payload ends, where trailing fields are optional.

    Raises:
        ZclError: a value does not fit, or a name is not one of the command's.
    """
    unknown = values.keys() - {field.name for field in command.fields}
    if unknown:
        raise ZclError(f"{command.name} has no field {', '.join(sorted(unknown))}")
    payload = bytearray()
    for field in command.fields:
        if field.span.holds(rank):
            payload += _encode_field(field, values.get(field.name))
        if field.name == last:
            break
    return bytes(payload)


def _encode_field(field: Field, value: FieldValue) -> bytes:
    if field.array:
        if value is None:
            return b""
        if isinstance(value, bytes):
            return value
        if not isinstance(value, Sequence):
            raise ZclError(f"{field.name} takes a list")
        return b"".join(_encode_one(field, item) for item in value)
    return _encode_one(field, value)


def _encode_one(field: Field, value: FieldValue) -> bytes:
    if field.struct:
        if not isinstance(value, Mapping):
            raise ZclError(f"{field.name} takes a structure")
        return b"".join(
            _encode_field(part, value.get(part.name)) for part in field.struct
        )
    if field.type is None:
        if not isinstance(value, bytes):
            raise ZclError(f"{field.name} takes octets")
        return value
    if value is not None and not isinstance(value, int | bytes):
        raise ZclError(f"{field.name} takes one value")
    return encode(field.type, value)


def decode_fields(command: Command, payload: bytes, rank: int) -> dict[str, FieldValue]:
    """Read a command's payload; octets behind the last field are ignored, as the ZCL asks.

    A field newer than the receiver's version is read where the sender sent it.

    Raises:
        MalformedFrameError: the payload ends before the command does.
    """
    values: dict[str, FieldValue] = {}
    offset = 0
    for field in command.fields:
        if field.span.removed is not None and rank >= field.span.removed:
            continue
        if field.array:
            items, offset = _decode_array(field, payload, offset)
            values[field.name] = items
            continue
        if offset == len(payload) and (
            not field.span.holds(rank) or (command.name, field.name) in OPTIONAL_FIELDS
        ):
            break
        values[field.name], offset = _decode_one(field, payload, offset)
    return values


def _decode_array(
    field: Field, payload: bytes, offset: int
) -> tuple[list[FieldValue], int]:
    items: list[FieldValue] = []
    while offset < len(payload):
        item, offset = _decode_one(field, payload, offset)
        items.append(item)
    return items, offset


def _decode_one(field: Field, payload: bytes, offset: int) -> tuple[FieldValue, int]:
    if field.struct:
        parts: dict[str, FieldValue] = {}
        for part in field.struct:
            parts[part.name], offset = _decode_one(part, payload, offset)
        return parts, offset
    if field.type is None:
        if offset == len(payload):
            raise MalformedFrameError(f"the frame ends before {field.name}")
        return payload[offset:], len(payload)
    return decode(field.type, payload, offset)
