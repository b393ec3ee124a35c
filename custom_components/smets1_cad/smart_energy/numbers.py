"""Answers and reports of nothing but numbers, which is what a meter sends all day.

zigpy reads every value into a structure of its own and keeps it a second time, which
costs more than all that Home Assistant does with a reading. A frame with anything
else in it, or with anything odd about it, is left to zigpy and `clusters.answers`.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

READ_RESPONSE: Final = 0x01
REPORT: Final = 0x0A
ATTRIBUTE_COMMANDS: Final = (READ_RESPONSE, REPORT)
"""General commands that say what attributes are."""

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


class Attributes(NamedTuple):
    """What a Read Attributes Response or a Report Attributes says, whoever read it.

    Attributes:
        values: of the attributes that were read, by their numbers.
        refused: of the others the ZCL status that says why not, by their numbers.
    """

    values: Mapping[int, object]
    refused: Mapping[int, int]


def read_numbers(frame: bytes) -> Attributes | None:
    """Read a ZCL frame of a server that holds numbers and nothing else.

    Args:
        frame: from its frame control octet on.

    Returns:
        What it says; None for every other frame, also for one that is cut short.
    """
    end = len(frame)
    if (
        end <= _HEADER
        or frame[0] != _FROM_SERVER
        or (command_id := frame[2]) not in ATTRIBUTE_COMMANDS
    ):
        return None
    values: dict[int, int] = {}
    refused: dict[int, int] = {}
    offset = _HEADER
    try:
        while offset < end:
            number = frame[offset] | frame[offset + 1] << 8
            offset += 2
            if command_id == READ_RESPONSE:
                status = frame[offset]
                offset += 1
                if status:
                    refused[number] = status
                    continue
            octets, signed = _TYPES[frame[offset]]
            begin, offset = offset + 1, offset + 1 + octets
            values[number] = int.from_bytes(
                frame[begin:offset], "little", signed=signed
            )
    except IndexError, KeyError:
        return None
    return Attributes(values, refused) if offset == end else None


def attributes_of(command_id: int, command: Any) -> Attributes | None:
    """Return what zigpy read of an answer or a report; None for other general commands."""
    if command_id == REPORT:
        return Attributes(
            {int(one.attrid): one.value.value for one in command.attribute_reports}, {}
        )
    if command_id == READ_RESPONSE:
        records = command.status_records
        return Attributes(
            {int(one.attrid): one.value.value for one in records if one.status == 0},
            {int(one.attrid): int(one.status) for one in records if one.status != 0},
        )
    return None
