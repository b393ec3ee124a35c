"""The general commands: reading, discovering and reporting attributes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .errors import MalformedFrameError
from .frame import FrameType, General, Status, ZclFrame
from .wire import TYPES_BY_ID, Value, WireType, decode, encode

_RESPONSE_HEAD: Final = 3
"""Attribute id and status."""


@dataclass(frozen=True, slots=True)
class Record:
    """One attribute's answer: a typed value, or a status that says why there is none."""

    attribute_id: int
    type: WireType | None = None
    value: Value = None
    status: int = Status.SUCCESS

    def to_bytes(self, *, report: bool = False) -> bytes:
        """Return the record as in a read response, or (without a status) as in a report."""
        head = self.attribute_id.to_bytes(2, "little")
        if self.type is None:
            return head + bytes((self.status,))
        status = b"" if report else bytes((self.status,))
        return (
            head + status + bytes((self.type.type_id,)) + encode(self.type, self.value)
        )


def attribute_ids(payload: bytes) -> list[int]:
    """Read the ids of a Read Attributes request.

    Raises:
        MalformedFrameError: none, or half of one.
    """
    if not payload or len(payload) % 2:
        raise MalformedFrameError("Read Attributes takes whole attribute ids")
    return [
        int.from_bytes(payload[at : at + 2], "little")
        for at in range(0, len(payload), 2)
    ]


def read_response(records: Iterable[Record], room: int) -> bytes:
    """Lay out a Read Attributes Response; records that do not fit are left off, in order."""
    payload = bytearray()
    for record in records:
        octets = record.to_bytes()
        if len(payload) + len(octets) > room:
            break
        payload += octets
    return bytes(payload)


def read_attributes_response(request: ZclFrame, held: Iterable[Record]) -> ZclFrame:
    """Answer a Read Attributes request to a server that holds these records.

    Raises:
        MalformedFrameError: it names none, or half of one.
    """
    known = {record.attribute_id: record for record in held}
    payload = b"".join(
        known.get(key, Record(key, status=Status.UNSUPPORTED_ATTRIBUTE)).to_bytes()
        for key in attribute_ids(request.payload)
    )
    return request.answer(FrameType.GENERAL, General.READ_ATTRIBUTES_RESPONSE, payload)


def read_records(payload: bytes) -> list[Record]:
    """Take a Read Attributes Response apart, up to the first record that cannot be read."""
    records = []
    offset = 0
    while len(payload) - offset >= _RESPONSE_HEAD:
        attribute_id = int.from_bytes(payload[offset : offset + 2], "little")
        status = payload[offset + 2]
        offset += _RESPONSE_HEAD
        if status != Status.SUCCESS:
            records.append(Record(attribute_id, status=status))
            continue
        wire_type = TYPES_BY_ID.get(payload[offset]) if offset < len(payload) else None
        if wire_type is None:
            break
        try:
            value, offset = decode(wire_type, payload, offset + 1)
        except MalformedFrameError:
            break
        records.append(Record(attribute_id, wire_type, value))
    return records


def report(records: Sequence[Record]) -> bytes:
    """Lay out a Report Attributes payload."""
    return b"".join(record.to_bytes(report=True) for record in records)


def discover_request(payload: bytes, id_octets: int) -> tuple[int, int]:
    """Read a Discover request: the first id wanted, and how many at most.

    Raises:
        MalformedFrameError: the request is too short.
    """
    if len(payload) < id_octets + 1:
        raise MalformedFrameError("the Discover request is too short")
    return int.from_bytes(payload[:id_octets], "little"), payload[id_octets]


def discover_attributes_response(
    known: Iterable[tuple[int, WireType]], start: int, limit: int, room: int
) -> bytes:
    """Lay out a Discover Attributes Response: "that is all", then ids with their types."""
    found = sorted(
        (item for item in known if item[0] >= start), key=lambda item: item[0]
    )
    shown = found[: min(limit, (room - 1) // 3)]
    return bytes((len(shown) == len(found),)) + b"".join(
        attribute_id.to_bytes(2, "little") + bytes((wire_type.type_id,))
        for attribute_id, wire_type in shown
    )


def discover_commands_response(
    known: Iterable[int], start: int, limit: int, room: int
) -> bytes:
    """Lay out a Discover Commands response: "that is all", then command ids."""
    found = sorted(command for command in known if command >= start)
    shown = found[: min(limit, room - 1)]
    return bytes((len(shown) == len(found),)) + bytes(shown)


_WRITE_HEAD: Final = 3


def write_requests(payload: bytes) -> list[tuple[int, WireType, Value]]:
    """Read the records of a Write Attributes request.

    Raises:
        MalformedFrameError: a record ends too early, or is of an unknown type.
    """
    records: list[tuple[int, WireType, Value]] = []
    offset = 0
    while offset < len(payload):
        if (
            offset + _WRITE_HEAD > len(payload)
            or payload[offset + 2] not in TYPES_BY_ID
        ):
            raise MalformedFrameError("a Write Attributes record cannot be read")
        wire_type = TYPES_BY_ID[payload[offset + 2]]
        attribute_id = int.from_bytes(payload[offset : offset + 2], "little")
        value, offset = decode(wire_type, payload, offset + _WRITE_HEAD)
        records.append((attribute_id, wire_type, value))
    return records
