"""Attributes in answers and reports, read so that one odd value does not lose the rest.

zigpy reads these too, but takes the length 0xFF of a string that is not there for
255 octets, and then drops the whole answer; and it reads an array of 65535 items
of no size, item by item.
"""

from typing import Any

import zigpy.types as t
from zigpy.zcl.foundation import (
    GENERAL_COMMANDS,
    Attribute,
    CommandSchema,
    DataType,
    DataTypeId,
    GeneralCommand,
    ReadAttributeRecord,
    Status,
    TypeValue,
    ZCLHeader,
)

from ..wire import COLLECTIONS, need, read_typed
from .strings import OctetString

_OCTETS = frozenset({DataTypeId.octstr, DataTypeId.octstr16})
_TEXT = frozenset({DataTypeId.string, DataTypeId.string16})


def read_answer(header: ZCLHeader, data: bytes) -> CommandSchema | None:
    """Read the payload of a Read Attributes Response or of a report.

    Args:
        header: of the frame.
        data: what follows it.

    Returns:
        zigpy's own schema, filled in; None where the command is another one.

    Raises:
        FrameError: the payload is not what it should be; octets are counted
            from its start.
    """
    if not header.frame_control.is_general:
        return None
    if header.command_id == GeneralCommand.Read_Attributes_rsp:
        return _filled(GeneralCommand.Read_Attributes_rsp, _read_records(data))
    if header.command_id == GeneralCommand.Report_Attributes:
        return _filled(GeneralCommand.Report_Attributes, _reports(data))
    return None


def _filled(command: GeneralCommand, records: list[Any]) -> CommandSchema:
    return GENERAL_COMMANDS[command].schema(records)


def _read_records(data: bytes) -> list[Any]:
    records: list[Any] = []
    offset = 0
    while offset < len(data):
        stop = need(data, offset, 3, "number and status of an attribute")
        number = t.uint16_t.deserialize(data[offset : offset + 2])[0]
        status = Status(data[offset + 2])
        value = None
        if status == Status.SUCCESS:
            value, stop = _value(data, stop)
        records.append(ReadAttributeRecord(number, status, value))
        offset = stop
    return records


def _reports(data: bytes) -> list[Any]:
    records: list[Any] = []
    offset = 0
    while offset < len(data):
        stop = need(data, offset, 2, "the number of an attribute")
        number = t.uint16_t.deserialize(data[offset:stop])[0]
        value, offset = _value(data, stop)
        records.append(Attribute(attrid=number, value=value))
    return records


def _value(data: bytes, offset: int) -> tuple[Any, int]:
    """Find where a value ends, and let zigpy give it its type."""
    start = need(data, offset, 1, "the type of an attribute")
    type_id = DataTypeId(data[offset])
    plain, stop = read_typed(data, start, type_id, "an attribute")
    if plain is None and type_id in _OCTETS:
        return TypeValue(type_id, OctetString.missing()), stop
    if plain is None and type_id in _TEXT:
        return TypeValue(type_id, t.CharacterString(invalid=True)), stop
    if type_id in COLLECTIONS:
        kind: Any = DataType.from_type_id(type_id).python_type
        return kind.deserialize(data[start:stop])[0], stop
    return TypeValue.deserialize(data[offset:stop])[0], stop
