"""General ZCL commands (ZCL 2.5): reading, reporting, discovery, default response."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from .errors import FrameError
from .wire import DATA_TYPES, Fields, Value, need, read_typed

type Names = Mapping[int, str]
"""Names of the attributes that a frame is about, by number."""

_SEND: Final = 0x00
# Types whose configuration has a reportable change: numbers and times (ZCL 2.6.1).
_ANALOG: Final = frozenset({*range(0x20, 0x30), 0x38, 0x39, 0x3A, 0xE0, 0xE1, 0xE2})


@dataclass(frozen=True, slots=True)
class AttributeRecord:
    """One attribute of a general command.

    Attributes:
        attribute_id: its number.
        name: in snake case, or None where the cluster has no such attribute.
        status: ZCL status, 0 for success; None in commands that have none.
        type_id: number of the data type, or None where the command has none.
        value: as sent, not scaled. Kept out of the repr: it may be personal.
    """

    attribute_id: int
    name: str | None
    status: int | None = None
    type_id: int | None = None
    value: Value = field(default=None, repr=False)


type Decoded = tuple[Fields, tuple[AttributeRecord, ...], int]
"""Fields, attributes, and the octet after the last that was read."""
type _Decoder = Callable[[bytes, int, Names], Decoded]


def _attribute_id(data: bytes, offset: int) -> tuple[int, int]:
    stop = need(data, offset, 2, "an attribute's number")
    return data[offset] | data[offset + 1] << 8, stop


def _octet(data: bytes, offset: int, name: str) -> tuple[int, int]:
    stop = need(data, offset, 1, name)
    return data[offset], stop


def _value(
    data: bytes, offset: int, attribute_id: int, name: str | None
) -> tuple[int, Value, int]:
    """A data type and a value of it."""
    label = name or f"attribute 0x{attribute_id:04X}"
    if offset >= len(data):
        need(data, offset, 1, f"the type of {label}")
    type_id = data[offset]
    offset += 1
    if (known := DATA_TYPES.get(type_id)) is not None:
        value, offset = known.read(data, offset, label)
    else:
        value, offset = read_typed(data, offset, type_id, label)
    return type_id, value, offset


def _numbers(data: bytes, offset: int, names: Names) -> Decoded:
    """Attribute numbers to the end."""
    records = []
    while offset < len(data):
        number, offset = _attribute_id(data, offset)
        records.append(AttributeRecord(number, names.get(number)))
    return {}, tuple(records), offset


def _read_response(data: bytes, offset: int, names: Names) -> Decoded:
    """Number, status, and in case of success type and value."""
    records = []
    end = len(data)
    while offset < end:
        stop = need(data, offset, 3, "number and status of an attribute")
        number = data[offset] | data[offset + 1] << 8
        name = names.get(number)
        if status := data[offset + 2]:
            records.append(AttributeRecord(number, name, status))
            offset = stop
            continue
        type_id, value, offset = _value(data, stop, number, name)
        records.append(AttributeRecord(number, name, 0, type_id, value))
    return {}, tuple(records), offset


def _values(data: bytes, offset: int, names: Names) -> Decoded:
    """Number, type and value: reports and writes."""
    records = []
    while offset < len(data):
        number, offset = _attribute_id(data, offset)
        name = names.get(number)
        type_id, value, offset = _value(data, offset, number, name)
        records.append(AttributeRecord(number, name, None, type_id, value))
    return {}, tuple(records), offset


def _statuses(data: bytes, offset: int, names: Names, between: int) -> Decoded:
    """One success for all, or status, octets in between, and number of each failure."""
    status, after = _octet(data, offset, "the status")
    if status == 0 and len(data) == after:
        return {"status": status}, (), after
    records = []
    while offset < len(data):
        status, offset = _octet(data, offset, "an attribute's status")
        offset = need(data, offset, between, "the direction of reports")
        number, offset = _attribute_id(data, offset)
        records.append(AttributeRecord(number, names.get(number), status))
    return {}, tuple(records), offset


def _write_response(data: bytes, offset: int, names: Names) -> Decoded:
    return _statuses(data, offset, names, 0)


def _configure_response(data: bytes, offset: int, names: Names) -> Decoded:
    return _statuses(data, offset, names, 1)


def _report_settings(
    data: bytes, offset: int, direction: int
) -> tuple[dict[str, Value], int]:
    """When reports are sent, or expected."""
    if direction != _SEND:
        stop = need(data, offset, 2, "timeout")
        return {"timeout": int.from_bytes(data[offset:stop], "little")}, stop
    type_id, offset = _octet(data, offset, "the type of a reported attribute")
    stop = need(data, offset, 4, "the reporting intervals")
    settings: dict[str, Value] = {
        "type_id": type_id,
        "minimum_interval": int.from_bytes(data[offset : offset + 2], "little"),
        "maximum_interval": int.from_bytes(data[offset + 2 : stop], "little"),
    }
    if type_id in _ANALOG:
        change, stop = read_typed(data, stop, type_id, "the reportable change")
        settings["reportable_change"] = change
    return settings, stop


def _reporting(data: bytes, offset: int, names: Names, with_status: bool) -> Decoded:
    records: list[Value] = []
    while offset < len(data):
        record: dict[str, Value] = {}
        status = 0
        if with_status:
            status, offset = _octet(data, offset, "an attribute's status")
            record["status"] = status
        direction, offset = _octet(data, offset, "the direction of reports")
        number, offset = _attribute_id(data, offset)
        record |= {
            "direction": direction,
            "attribute_id": number,
            "name": names.get(number),
        }
        if status == 0:
            settings, offset = _report_settings(data, offset, direction)
            record |= settings
        records.append(MappingProxyType(record))
    return {"records": tuple(records)}, (), offset


def _configure(data: bytes, offset: int, names: Names) -> Decoded:
    return _reporting(data, offset, names, with_status=False)


def _read_configuration_response(data: bytes, offset: int, names: Names) -> Decoded:
    return _reporting(data, offset, names, with_status=True)


def _read_configuration(data: bytes, offset: int, names: Names) -> Decoded:
    records: list[Value] = []
    while offset < len(data):
        direction, offset = _octet(data, offset, "the direction of reports")
        number, offset = _attribute_id(data, offset)
        records.append(
            MappingProxyType(
                {
                    "direction": direction,
                    "attribute_id": number,
                    "name": names.get(number),
                }
            )
        )
    return {"records": tuple(records)}, (), offset


def _default_response(data: bytes, offset: int, _names: Names) -> Decoded:
    stop = need(data, offset, 2, "command id and status")
    return {"command_id": data[offset], "status": data[offset + 1]}, (), stop


def _discover_attributes(data: bytes, offset: int, _names: Names) -> Decoded:
    start, offset = _attribute_id(data, offset)
    most, offset = _octet(data, offset, "max_attribute_ids")
    return {"start_attribute_id": start, "max_attribute_ids": most}, (), offset


def _complete(data: bytes, offset: int) -> tuple[Fields, int]:
    octet, offset = _octet(data, offset, "discovery_complete")
    return {"discovery_complete": bool(octet)}, offset


def _discovered(data: bytes, offset: int, names: Names) -> Decoded:
    fields, offset = _complete(data, offset)
    records = []
    while offset < len(data):
        number, offset = _attribute_id(data, offset)
        type_id, offset = _octet(data, offset, "an attribute's type")
        records.append(AttributeRecord(number, names.get(number), None, type_id))
    return fields, tuple(records), offset


def _discovered_extended(data: bytes, offset: int, names: Names) -> Decoded:
    fields, offset = _complete(data, offset)
    records: list[Value] = []
    while offset < len(data):
        number, offset = _attribute_id(data, offset)
        type_id, offset = _octet(data, offset, "an attribute's type")
        access, offset = _octet(data, offset, "an attribute's access")
        records.append(
            MappingProxyType(
                {
                    "attribute_id": number,
                    "name": names.get(number),
                    "type_id": type_id,
                    "access": access,
                }
            )
        )
    return {**fields, "records": tuple(records)}, (), offset


def _discover_commands(data: bytes, offset: int, _names: Names) -> Decoded:
    stop = need(data, offset, 2, "start_command_id and max_command_ids")
    fields = {"start_command_id": data[offset], "max_command_ids": data[offset + 1]}
    return fields, (), stop


def _discovered_commands(data: bytes, offset: int, _names: Names) -> Decoded:
    fields, offset = _complete(data, offset)
    return {**fields, "command_ids": tuple(data[offset:])}, (), len(data)


def _selector(data: bytes, offset: int) -> tuple[tuple[int, ...], int]:
    """Which element: up to 15 indexes."""
    indicator, offset = _octet(data, offset, "a selector")
    stop = need(data, offset, 2 * (indicator & 0x0F), "the indexes of a selector")
    indexes = [
        int.from_bytes(data[at : at + 2], "little") for at in range(offset, stop, 2)
    ]
    return tuple(indexes), stop


def _structured(data: bytes, offset: int, names: Names, with_value: bool) -> Decoded:
    records: list[Value] = []
    while offset < len(data):
        number, offset = _attribute_id(data, offset)
        name = names.get(number)
        indexes, offset = _selector(data, offset)
        record: dict[str, Value] = {
            "attribute_id": number,
            "name": name,
            "indexes": indexes,
        }
        if with_value:
            type_id, value, offset = _value(data, offset, number, name)
            record |= {"type_id": type_id, "value": value}
        records.append(MappingProxyType(record))
    return {"records": tuple(records)}, (), offset


def _read_structured(data: bytes, offset: int, names: Names) -> Decoded:
    return _structured(data, offset, names, with_value=False)


def _write_structured(data: bytes, offset: int, names: Names) -> Decoded:
    return _structured(data, offset, names, with_value=True)


def _write_structured_response(data: bytes, offset: int, names: Names) -> Decoded:
    status, after = _octet(data, offset, "the status")
    if status == 0 and len(data) == after:
        return {"status": status}, (), after
    records: list[Value] = []
    while offset < len(data):
        status, offset = _octet(data, offset, "an attribute's status")
        number, offset = _attribute_id(data, offset)
        indexes, offset = _selector(data, offset)
        records.append(
            MappingProxyType(
                {
                    "status": status,
                    "attribute_id": number,
                    "name": names.get(number),
                    "indexes": indexes,
                }
            )
        )
    return {"records": tuple(records)}, (), offset


@dataclass(frozen=True, slots=True)
class GeneralCommand:
    """A general command: its name, and whether it asks, so whose attributes it is about."""

    name: str
    asks: bool
    decode: _Decoder


GENERAL_COMMANDS: Final[Mapping[int, GeneralCommand]] = {
    number: GeneralCommand(name, asks, decoder)
    for number, (name, asks, decoder) in enumerate(
        (
            ("read_attributes", True, _numbers),
            ("read_attributes_response", False, _read_response),
            ("write_attributes", True, _values),
            ("write_attributes_undivided", True, _values),
            ("write_attributes_response", False, _write_response),
            ("write_attributes_no_response", True, _values),
            ("configure_reporting", True, _configure),
            ("configure_reporting_response", False, _configure_response),
            ("read_reporting_configuration", True, _read_configuration),
            (
                "read_reporting_configuration_response",
                False,
                _read_configuration_response,
            ),
            ("report_attributes", False, _values),
            ("default_response", False, _default_response),
            ("discover_attributes", True, _discover_attributes),
            ("discover_attributes_response", False, _discovered),
            ("read_attributes_structured", True, _read_structured),
            ("write_attributes_structured", True, _write_structured),
            ("write_attributes_structured_response", False, _write_structured_response),
            ("discover_commands_received", True, _discover_commands),
            ("discover_commands_received_response", False, _discovered_commands),
            ("discover_commands_generated", True, _discover_commands),
            ("discover_commands_generated_response", False, _discovered_commands),
            ("discover_attributes_extended", True, _discover_attributes),
            ("discover_attributes_extended_response", False, _discovered_extended),
        )
    )
}


def general_command(number: int, offset: int) -> GeneralCommand:
    """Give a general command.

    Raises:
        FrameError: the number, which stood at `offset`, is reserved.
    """
    command = GENERAL_COMMANDS.get(number)
    if command is None:
        raise FrameError(f"0x{number:02X} is no general command", offset=offset)
    return command
