"""The records of a Read Attributes Response, taken apart and put together."""

from collections.abc import Iterable
from dataclasses import dataclass
import struct
from typing import Final

from .zcl import TYPES_BY_ID, MalformedFrameError, Value, WireType, decode, encode

SUCCESS: Final = 0x00
_HEAD: Final = struct.Struct("<HB")


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """One attribute's answer; type and value are None unless the status is SUCCESS."""

    attribute: int
    status: int
    kind: WireType | None = None
    value: Value = None


def read_records(payload: bytes) -> list[ReadRecord]:
    """Return the records up to the first that cannot be read."""
    records = []
    offset = 0
    while len(payload) - offset >= _HEAD.size:
        attribute, status = _HEAD.unpack_from(payload, offset)
        offset += _HEAD.size
        if status != SUCCESS:
            records.append(ReadRecord(attribute, status))
            continue
        kind = TYPES_BY_ID.get(payload[offset]) if offset < len(payload) else None
        if kind is None:
            break
        try:
            value, offset = decode(kind, payload, offset + 1)
        except MalformedFrameError:
            break
        records.append(ReadRecord(attribute, status, kind, value))
    return records


def response_payload(records: Iterable[ReadRecord]) -> bytes:
    """Return the payload of a Read Attributes Response."""
    return b"".join(
        _HEAD.pack(record.attribute, record.status)
        + (_typed(record.kind, record.value) if record.kind else b"")
        for record in records
    )


def report_payload(records: Iterable[ReadRecord]) -> bytes:
    """Return the payload of a Report Attributes with the same values."""
    return b"".join(
        record.attribute.to_bytes(2, "little") + _typed(record.kind, record.value)
        for record in records
        if record.kind
    )


def _typed(kind: WireType, value: Value) -> bytes:
    return bytes([kind.type_id]) + encode(kind, value)
