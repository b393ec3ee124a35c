"""Decoding general commands."""

from typing import Any

import pytest

from .frames import CLIENT, SERVER, take

GENERAL: list[tuple[str, str, str, dict[str, Any], list[Any]]] = [
    (
        CLIENT,
        "000800 0000 0004",
        "read_attributes",
        {},
        ["current_summation_delivered", "instantaneous_demand"],
    ),
    (SERVER, "080800 0000", "read_attributes", {}, ["functional_notification_flags"]),
    (
        SERVER,
        "18090a 0000 25 010203040506",
        "report_attributes",
        {},
        ["current_summation_delivered"],
    ),
    (
        CLIENT,
        "00090a 0000 1b 01000000",
        "report_attributes",
        {},
        ["functional_notification_flags"],
    ),
    (SERVER, "180a0b 00 81", "default_response", {"command_id": 0, "status": 0x81}, []),
    (CLIENT, "000b02 0008 19 0100", "write_attributes", {}, ["generic_alarm_mask"]),
    (SERVER, "180b04 00", "write_attributes_response", {"status": 0}, []),
    (SERVER, "180b04 88 0008", "write_attributes_response", {}, ["generic_alarm_mask"]),
    (SERVER, "180b07 00", "configure_reporting_response", {"status": 0}, []),
    (
        SERVER,
        "180b07 8c 00 0000",
        "configure_reporting_response",
        {},
        ["current_summation_delivered"],
    ),
    (
        CLIENT,
        "000b06 01 0000 1e00",
        "configure_reporting",
        {
            "records": (
                {
                    "direction": 1,
                    "attribute_id": 0,
                    "name": "current_summation_delivered",
                    "timeout": 30,
                },
            )
        },
        [],
    ),
    (
        CLIENT,
        "000b06 00 0000 25 0a00 3c00 010000000000",
        "configure_reporting",
        {
            "records": (
                {
                    "direction": 0,
                    "attribute_id": 0,
                    "name": "current_summation_delivered",
                    "type_id": 0x25,
                    "minimum_interval": 10,
                    "maximum_interval": 60,
                    "reportable_change": 1,
                },
            )
        },
        [],
    ),
    (
        CLIENT,
        "000b06 00 0002 18 0a00 3c00",
        "configure_reporting",
        {
            "records": (
                {
                    "direction": 0,
                    "attribute_id": 0x0200,
                    "name": "status",
                    "type_id": 0x18,
                    "minimum_interval": 10,
                    "maximum_interval": 60,
                },
            )
        },
        [],
    ),
    (
        CLIENT,
        "000b08 00 0000",
        "read_reporting_configuration",
        {
            "records": (
                {
                    "direction": 0,
                    "attribute_id": 0,
                    "name": "current_summation_delivered",
                },
            )
        },
        [],
    ),
    (
        SERVER,
        "180b09 86 00 0000",
        "read_reporting_configuration_response",
        {
            "records": (
                {
                    "status": 0x86,
                    "direction": 0,
                    "attribute_id": 0,
                    "name": "current_summation_delivered",
                },
            )
        },
        [],
    ),
    (
        CLIENT,
        "000b0c 0000 ff",
        "discover_attributes",
        {"start_attribute_id": 0, "max_attribute_ids": 255},
        [],
    ),
    (
        SERVER,
        "180b0d 01 0000 25 0003 30",
        "discover_attributes_response",
        {"discovery_complete": True},
        ["current_summation_delivered", "unit_of_measure"],
    ),
    (
        SERVER,
        "180b16 00 0000 25 05",
        "discover_attributes_extended_response",
        {
            "discovery_complete": False,
            "records": (
                {
                    "attribute_id": 0,
                    "name": "current_summation_delivered",
                    "type_id": 0x25,
                    "access": 5,
                },
            ),
        },
        [],
    ),
    (
        CLIENT,
        "000b11 00 10",
        "discover_commands_received",
        {"start_command_id": 0, "max_command_ids": 16},
        [],
    ),
    (
        SERVER,
        "180b14 01 00 06",
        "discover_commands_generated_response",
        {"discovery_complete": True, "command_ids": (0, 6)},
        [],
    ),
    (
        CLIENT,
        "000b0e 0000 02 0100 0200",
        "read_attributes_structured",
        {
            "records": (
                {
                    "attribute_id": 0,
                    "name": "current_summation_delivered",
                    "indexes": (1, 2),
                },
            )
        },
        [],
    ),
    (
        CLIENT,
        "000b0f 0000 00 20 07",
        "write_attributes_structured",
        {
            "records": (
                {
                    "attribute_id": 0,
                    "name": "current_summation_delivered",
                    "indexes": (),
                    "type_id": 0x20,
                    "value": 7,
                },
            )
        },
        [],
    ),
    (SERVER, "180b10 00", "write_attributes_structured_response", {"status": 0}, []),
    (
        SERVER,
        "180b10 87 0000 00",
        "write_attributes_structured_response",
        {
            "records": (
                {
                    "status": 0x87,
                    "attribute_id": 0,
                    "name": "current_summation_delivered",
                    "indexes": (),
                },
            )
        },
        [],
    ),
]


@pytest.mark.parametrize(
    ("direction", "octets", "command", "fields", "names"),
    GENERAL,
    ids=[f"{case[2]} {case[1]}" for case in GENERAL],
)
def test_general_commands(
    direction: str, octets: str, command: str, fields: dict[str, Any], names: list[str]
) -> None:
    frame = take(0x0702, direction, octets)
    assert frame.command == command
    assert dict(frame.fields) == fields
    assert [record.name for record in frame.attributes] == names
    assert frame.trailing == b""
