"""The data types of the ZCL: names as in the cluster tables, ids and octets as on the wire.

Integers are little-endian, strings carry their length first, times count
seconds since 2000-01-01T00:00:00Z.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .errors import MalformedFrameError, ZclError


class Kind(StrEnum):
    """How a type's octets are to be read."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    STRING = "string"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class WireType:
    """One ZCL data type.

    Attributes:
        name: as the tables spell it.
        type_id: the octet that precedes a value in an attribute record.
        kind: how the octets are read.
        octets: the size of a number, or of a string's length field.
    """

    name: str
    type_id: int
    kind: Kind
    octets: int

    @property
    def invalid(self) -> int:
        """The number that stands for "no value".

        All bits set for an unsigned type, the most negative number for a
        signed one. A string has none: its length field is all ones instead.
        """
        if self.kind is Kind.SIGNED:
            return -(1 << (8 * self.octets - 1))
        return (1 << (8 * self.octets)) - 1


def _numbers(prefix: str, first_id: int, kind: Kind, last: int = 8) -> list[WireType]:
    return [
        WireType(f"{prefix}{8 * n}", first_id + n - 1, kind, n)
        for n in range(1, last + 1)
    ]


TYPES: Final[dict[str, WireType]] = {
    wire_type.name: wire_type
    for wire_type in (
        WireType("bool", 0x10, Kind.UNSIGNED, 1),
        *_numbers("map", 0x18, Kind.UNSIGNED),
        *_numbers("uint", 0x20, Kind.UNSIGNED),
        *_numbers("int", 0x28, Kind.SIGNED),
        *_numbers("enum", 0x30, Kind.UNSIGNED, 2),
        WireType("octstr", 0x41, Kind.STRING, 1),
        WireType("string", 0x42, Kind.STRING, 1),
        WireType("octstr16", 0x43, Kind.STRING, 2),
        WireType("date", 0xE1, Kind.RAW, 4),
        WireType("UTC", 0xE2, Kind.UNSIGNED, 4),
        WireType("EUI64", 0xF0, Kind.RAW, 8),
    )
}

TYPES_BY_ID: Final[dict[int, WireType]] = {
    wire_type.type_id: wire_type for wire_type in TYPES.values()
}

type Value = int | bytes | None
"""A number, the octets of a string, date or address, or None for "no value"."""


def encode(wire_type: WireType, value: Value) -> bytes:
    """Return the octets of a value; None becomes the type's "no value".

    Raises:
        ZclError: the value does not fit the type.
    """
    match wire_type.kind:
        case Kind.STRING:
            return _encode_string(wire_type, value)
        case Kind.RAW:
            if value is None:
                return b"\xff" * wire_type.octets
            if not isinstance(value, bytes) or len(value) != wire_type.octets:
                raise ZclError(f"{wire_type.name} takes {wire_type.octets} octets")
            return value
        case _:
            number = wire_type.invalid if value is None else value
            if not isinstance(number, int):
                raise ZclError(f"{wire_type.name} takes a number, not octets")
            try:
                return number.to_bytes(
                    wire_type.octets, "little", signed=wire_type.kind is Kind.SIGNED
                )
            except OverflowError:
                raise ZclError(f"{number} does not fit in {wire_type.name}") from None


def _encode_string(wire_type: WireType, value: Value) -> bytes:
    limit = (1 << (8 * wire_type.octets)) - 1
    if value is None:
        return limit.to_bytes(wire_type.octets, "little")
    if not isinstance(value, bytes) or len(value) >= limit:
        raise ZclError(f"{wire_type.name} takes fewer than {limit} octets")
    return len(value).to_bytes(wire_type.octets, "little") + value


def decode(wire_type: WireType, data: bytes, offset: int = 0) -> tuple[Value, int]:
    """Read one value and return it with the offset behind it.

    A "no value" is given as None, so that nobody takes it for a number.

    Raises:
        MalformedFrameError: the octets end within the value.
    """
    size = wire_type.octets
    head = _take(data, offset, size, wire_type.name)
    offset += size
    match wire_type.kind:
        case Kind.RAW:
            return head, offset
        case Kind.STRING:
            length = int.from_bytes(head, "little")
            if length == wire_type.invalid:
                return None, offset
            return _take(data, offset, length, wire_type.name), offset + length
        case _:
            number = int.from_bytes(
                head, "little", signed=wire_type.kind is Kind.SIGNED
            )
            if number == wire_type.invalid and _has_invalid(wire_type):
                return None, offset
            return number, offset


def _has_invalid(wire_type: WireType) -> bool:
    """Say whether all ones means "no value": in a bitmap it is only every bit set."""
    return not wire_type.name.startswith("map")


def _take(data: bytes, offset: int, size: int, name: str) -> bytes:
    if offset + size > len(data):
        raise MalformedFrameError(f"the frame ends within a {name}")
    return data[offset : offset + size]
