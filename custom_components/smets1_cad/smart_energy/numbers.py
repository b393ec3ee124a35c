"""Answers and reports of nothing but numbers, which is what a meter sends all day.

zigpy reads every value into a structure of its own and keeps it a second time, which
costs more than all that Home Assistant does with a reading. A frame with anything
else in it, or with anything odd about it, is left to zigpy and `clusters.answers`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

READ_RESPONSE: Final = 0x01
REPORT: Final = 0x0A

_FROM_SERVER: Final = 0x18
"""Frame control of a general command of a server, no default response wanted."""
_HEADER: Final = 3

_TYPES: Final = {
    **{start + size: (size + 1, False) for start in (0x18, 0x20) for size in range(8)},
    **{0x28 + size: (size + 1, True) for size in range(8)},
    0x30: (1, False),
    0x31: (2, False),
    0xE2: (4, False),
}
"""Bitmaps, integers, enumerations and UTCTime (ZCL 2.6.2): octets, and whether signed."""


@dataclass(frozen=True, slots=True)
class Number:
    """A value, where zigpy has a `TypeValue`."""

    value: int


@dataclass(frozen=True, slots=True)
class NumberRecord:
    """One attribute, where zigpy has a `ReadAttributeRecord` or an `Attribute`.

    Attributes:
        attrid: number of the attribute.
        status: 0, or why it was not read.
        value: None where it was not read.
    """

    attrid: int
    status: int
    value: Number | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """A Read Attributes Response or a Report Attributes, with the fields of zigpy's.

    Attributes:
        sequence: the ZCL transaction sequence number.
        command_id: `READ_RESPONSE` or `REPORT`.
        records: the attributes, in their order.
    """

    sequence: int
    command_id: int
    records: Sequence[NumberRecord]

    @property
    def status_records(self) -> Sequence[NumberRecord]:
        """The attributes of a Read Attributes Response."""
        return self.records

    @property
    def attribute_reports(self) -> Sequence[NumberRecord]:
        """The attributes of a Report Attributes."""
        return self.records


def read_numbers(frame: bytes) -> Numbers | None:
    """Read a ZCL frame of a server that holds numbers and nothing else.

    Args:
        frame: from its frame control octet on.

    Returns:
        What it says; None for every other frame, also for one that is cut short.
    """
    if (
        len(frame) <= _HEADER
        or frame[0] != _FROM_SERVER
        or frame[2] not in (READ_RESPONSE, REPORT)
    ):
        return None
    has_status = frame[2] == READ_RESPONSE
    records: list[NumberRecord] = []
    offset, end = _HEADER, len(frame)
    try:
        while offset < end:
            number, status = frame[offset] | frame[offset + 1] << 8, 0
            offset += 2
            if has_status:
                status = frame[offset]
                offset += 1
                if status:
                    records.append(NumberRecord(number, status, None))
                    continue
            octets, signed = _TYPES[frame[offset]]
            offset += 1
            value = int.from_bytes(
                frame[offset : offset + octets], "little", signed=signed
            )
            offset += octets
            records.append(NumberRecord(number, 0, Number(value)))
    except IndexError, KeyError:
        return None
    return Numbers(frame[1], frame[2], records) if offset == end else None
