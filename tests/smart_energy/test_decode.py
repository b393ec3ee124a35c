"""Decoding frames: by hand-built octets, against zigpy, and with anything at all."""

from collections.abc import Mapping
import dataclasses
import json
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest
import zigpy.types as t

from custom_components.smets1_cad.smart_energy.__main__ import document
from custom_components.smets1_cad.smart_energy.clusters import CLUSTERS
from custom_components.smets1_cad.smart_energy.clusters.base import Variant
from custom_components.smets1_cad.smart_energy.decode import (
    LONGEST,
    DecodedFrame,
    Direction,
    decode,
)
from custom_components.smets1_cad.smart_energy.errors import FrameError
from custom_components.smets1_cad.smart_energy.fields import read_fields
from custom_components.smets1_cad.smart_energy.meaning import (
    attribute_meanings,
    meaning,
)

from . import frames
from .frames import CLIENT, SERVER

COMMANDS = [
    (number, direction, command)
    for number, cluster in CLUSTERS.items()
    for direction, commands in (
        (Direction.CLIENT_TO_SERVER, cluster.server_commands),
        (Direction.SERVER_TO_CLIENT, cluster.client_commands),
    )
    for command in commands.values()
]


def take(cluster: int, direction: str, octets: str) -> DecodedFrame:
    """Decode hexadecimal."""
    return decode(cluster, Direction(direction), bytes.fromhex(octets))


def server(cluster: int, octets: str) -> dict[str, Any]:
    """Fields of a server's frame."""
    return dict(take(cluster, SERVER, octets).fields)


def test_publish_price_may_stop_after_the_price() -> None:
    frame = take(0x0700, SERVER, frames.PUBLISH_PRICE_SHORT)
    assert frame.command == "publish_price"
    assert frame.header.sequence == 5
    assert frame.header.disable_default_response
    assert dict(frame.fields) == {
        "provider_id": 1,
        "rate_label": b"Day ",
        "issuer_event_id": 2,
        "current_time": 0x234E5B55,
        "unit_of_measure": 0,
        "currency": 826,
        "price_trailing_digit_and_price_tier": 0x51,
        "number_of_price_tiers_and_register_tier": 0x41,
        "start_time": 0,
        "duration_in_minutes": 0xFFFF,
        "price": 9600,
    }
    assert meaning(frame) == {
        "current_time": "2018-10-08T18:15:49Z",
        "unit_of_measure": "kWh",
        "currency": "GBP",
        "price_trailing_digit_and_price_tier": {"price_tier": 1, "trailing_digit": 5},
        "number_of_price_tiers_and_register_tier": {
            "register_tier": 1,
            "number_of_price_tiers": 4,
        },
        "start_time": "now",
        "duration_in_minutes": "until changed",
        "price": "0.096 GBP",
    }


def test_publish_price_with_every_field() -> None:
    frame = take(0x0700, SERVER, frames.PUBLISH_PRICE_LONG)
    tail = dict(list(frame.fields.items())[11:])
    assert tail == {
        "price_ratio": 12,
        "generation_price": 0xFFFFFFFF,
        "generation_price_ratio": 0xFF,
        "alternate_cost_delivered": 10,
        "alternate_cost_unit": 2,
        "alternate_cost_trailing_digit": 0x10,
        "number_of_block_thresholds": 0xFF,
        "price_control": 2,
        "number_of_generation_tiers": 0,
        "generation_tier": 0,
        "extended_number_of_price_tiers": 1,
        "extended_price_tier": 1,
        "extended_register_tier": 1,
    }
    known = meaning(frame)
    assert known["price_ratio"] == "1.2"
    assert known["generation_price"] is None
    assert known["generation_price_ratio"] is None
    assert known["alternate_cost_delivered"] == "1 kg CO2"
    assert known["number_of_block_thresholds"] is None
    assert known["price_control"] == ["total_tiers_exceeds15"]
    assert known["extended_price_tier"] == "tier16_price_label"


@pytest.mark.parametrize("octets", range(len(bytes.fromhex(frames.PRICE_TAIL))))
def test_publish_price_may_end_between_fields_only(octets: int) -> None:
    """Of the fields after the price, an end within one is an error at its start."""
    data = bytes.fromhex(frames.PUBLISH_PRICE_SHORT) + bytes(octets)
    starts = {0: 0, 1: 1, 2: 1, 3: 1, 4: 1, 5: 5, 6: 6, 7: 6, 8: 6, 9: 6}
    start = starts.get(octets, octets)
    if start == octets:
        frame = decode(0x0700, Direction.SERVER_TO_CLIENT, data)
        assert frame.trailing == b""
        return
    with pytest.raises(FrameError) as caught:
        decode(0x0700, Direction.SERVER_TO_CLIENT, data)
    assert caught.value.offset == len(data) - octets + start


def test_octets_after_the_last_field_are_kept_apart() -> None:
    frame = take(0x0700, SERVER, frames.PUBLISH_PRICE_LONG + "aabb")
    assert frame.trailing == b"\xaa\xbb"
    assert document(frame)["trailing"] == "0xaabb"


def test_read_attributes_response_and_what_it_scales() -> None:
    """Values of a live British meter, in one answer with their scale."""
    frame = take(0x0702, SERVER, frames.READ_RESPONSE)
    assert frame.command == "read_attributes_response"
    assert [(a.name, a.status, a.value) for a in frame.attributes] == [
        ("current_summation_delivered", 0, 5072076),
        ("instantaneous_demand", 0, 2547),
        (
            "daily_consumption_target" if False else "current_max_demand_delivered",
            0x86,
            None,
        ),
        ("unit_of_measure", 0, 0),
        ("multiplier", 0, 1),
        ("divisor", 0, 1000),
        ("meter_serial_number", 0, None),
    ]
    known = attribute_meanings(frame)
    assert known[0] == {"status": "success", "value": "5072.076 kWh"}
    assert known[1] == {"status": "success", "value": "2.547 kW"}
    assert known[2] == {"status": "unsupported_attribute"}
    assert known[3]["value"] == "kWh"
    assert known[6] == {"status": "success"}


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("0000 00 25 ffffffffffff", None),
        ("0004 00 2a 000080", None),
        ("0004 00 2a 18fcff", "-1"),
        ("0104 00 22 010000", "0.001"),
    ],
    ids=["no register", "no demand", "export", "today"],
)
def test_non_values_and_export_scale_too(octets: str, expected: str | None) -> None:
    scale = "0103 00 22 010000 0203 00 22 e80300"
    frame = take(0x0702, SERVER, f"180701 {octets} {scale}")
    assert attribute_meanings(frame)[0]["value"] == expected


def test_nothing_is_scaled_by_guess() -> None:
    """Without the divisor, in BCD, or of what is no register."""
    demand = "180701 0004 00 2a f30900"
    assert "value" not in attribute_meanings(take(0x0702, SERVER, demand))[0]
    scale = "0103 00 22 010000 0203 00 22 e80300"
    bcd = take(0x0702, SERVER, f"{demand} 0003 00 30 80 {scale}")
    assert "value" not in attribute_meanings(bcd)[0]
    assert attribute_meanings(bcd)[1]["value"] == "kWh in BCD"
    power_factor = take(0x0702, SERVER, f"180701 0600 00 28 5f {scale}")
    assert "value" not in attribute_meanings(power_factor)[0]
    unknown = take(0x0702, SERVER, f"180701 ff0e 00 20 05 {scale}")
    assert "value" not in attribute_meanings(unknown)[0]
    assert unknown.attributes[0].name is None


def test_each_register_has_its_own_unit() -> None:
    """Mirrored gas: cubic metres in the register, kWh in the alternative values."""
    frame = take(
        0x0702,
        SERVER,
        "180701 0000 00 25 7bd322000000 010c 00 22 1c9a00 0000 00 25 ffffffffffff"
        " 1500 00 25 e80300000000"
        " 0003 00 30 01 1203 00 30 00 0903 00 30 0c 0103 00 22 010000 0203 00 22 e80300",
    )
    assert [k.get("value") for k in attribute_meanings(frame)][:4] == [
        "2282.363 m³",
        "39.452 kWh",
        None,
        "1 MJ",
    ]


@pytest.mark.parametrize(
    ("octets", "known"),
    [
        ("0003 00 18 00", {"status": "success", "value": "kWh"}),
        ("0003 00 30 55", {"status": "success", "value": "reserved"}),
        ("0003 00 30 0b", {"status": "success", "value": "no unit"}),
        ("0003 00 21 0000", {"status": "success"}),
        ("0003 00 28 00", {"status": "success", "value": "kWh"}),
        ("0003 00 28 ff", {"status": "success"}),
        ("0003 00 41 00", {"status": "success"}),
        ("0003 00 4c 0000", {"status": "success"}),
        ("0603 00 30 80", {"status": "success", "value": "mirrored_gas_metering"}),
        ("1400 00 30 02", {"status": "success", "value": "supply_on"}),
        ("1400 00 30 07", {"status": "success", "value": "reserved"}),
        ("0002 00 18 01", {"status": "success"}),
        (
            "0303 00 18 2b",
            {
                "status": "success",
                "value": {
                    "digits_right_of_decimal_point": 3,
                    "digits_left_of_decimal_point": 5,
                    "suppress_leading_zeros": 0,
                },
            },
        ),
        ("0000 ee", {"status": "reserved"}),
    ],
)
def test_meanings_of_attributes(octets: str, known: dict[str, Any]) -> None:
    """A type like the right one will do; a value of another has no meaning."""
    frame = take(0x0702, SERVER, f"180701 {octets}")
    assert attribute_meanings(frame) == [known]


def test_a_type_that_has_no_reader_is_a_mistake_of_ours() -> None:
    class Odd(t.Struct):
        number: t.NoData

    with pytest.raises(TypeError, match="no reader for NoData"):
        read_fields(Odd, b"", 0)


def test_prices_are_scaled_by_their_trailing_digit() -> None:
    frame = take(
        0x0700,
        SERVER,
        "180701 0103 00 23 c1570000 1004 00 23 80250000 1606 00 21 3a03 1706 00 18 50",
    )
    known = [k.get("value") for k in attribute_meanings(frame)]
    assert known[:2] == ["0.22465 GBP", "0.096 GBP"]
    assert known[3] == 5


def test_profile_is_newest_first_with_gaps() -> None:
    frame = take(0x0702, SERVER, frames.PROFILE)
    assert frame.fields["intervals"] == (1, 0xFFFFFF, 528)
    known = meaning(frame)
    assert known["intervals"] == [1, None, 528]
    assert known["end_time"] == "2015-01-01T00:00:00Z"
    assert known["status"] == "success"
    assert known["profile_interval_period"] == "minutes30"


def test_samples() -> None:
    fields = server(0x0702, frames.SAMPLES)
    assert fields["samples"] == (255, 256)
    assert fields["sample_request_interval"] == 1800
    assert "samples" not in meaning(take(0x0702, SERVER, frames.SAMPLES))


def test_block_thresholds_are_counted_by_nibble() -> None:
    payload: Any = server(0x0700, frames.BLOCK_THRESHOLDS)["payload"]
    assert [dict(item) for item in payload] == [
        {"tier_number_of_block_thresholds": 0x12, "block_threshold": (100, 200)},
        {"tier_number_of_block_thresholds": 0x21, "block_threshold": (300,)},
    ]
    known: Any = meaning(take(0x0700, SERVER, frames.BLOCK_THRESHOLDS))["payload"]
    assert known[0]["tier_number_of_block_thresholds"] == {
        "number_of_block_thresholds": 2,
        "tier": 1,
    }


@pytest.mark.parametrize(
    ("octets", "places"),
    [
        (frames.PRICE_MATRIX_BLOCKS, ["block 1", "tier 1 block 2"]),
        (frames.PRICE_MATRIX_TIERS, ["tier 1", "tier 2"]),
    ],
    ids=["blocks", "tiers"],
)
def test_price_matrix(octets: str, places: list[str]) -> None:
    frame = take(0x0700, SERVER, octets)
    payload: Any = frame.fields["payload"]
    assert [item["price"] for item in payload] == [10000, 20000]
    known: Any = meaning(frame)["payload"]
    assert [item["tier_block_id"] for item in known] == places


def test_tier_labels() -> None:
    payload: Any = server(0x0700, frames.TIER_LABELS)["tier_labels_payload"]
    assert [dict(item) for item in payload] == [
        {"tier_id": 1, "tier_label": b"Day"},
        {"tier_id": 2, "tier_label": b"Night"},
    ]


def test_snapshot_of_blocks_goes_on_to_the_end() -> None:
    """The octet before the registers is two nibbles, 0x14, with four values."""
    frame = take(0x0702, SERVER, frames.SNAPSHOT_BLOCKS)
    payload: Any = frame.fields["snapshot_payload"]
    assert dict(payload) == {
        "current_summation": 1000,
        "number_of_tiers_in_use": 1,
        "tier_summations": (500,),
        "number_of_tiers_and_block_thresholds_in_use": 0x14,
        "tier_block_summations": (1, 2, 3, 4),
    }
    assert meaning(frame)["snapshot_cause"] == ["change_of_tariff_information"]


def test_snapshot_with_a_bill() -> None:
    frame = take(0x0702, SERVER, frames.SNAPSHOT_TOU_BILLING)
    payload: Any = frame.fields["snapshot_payload"]
    assert payload["bill_to_date"] == 100
    assert payload["tier_summations"] == (1, 2)
    assert meaning(frame)["snapshot_payload"] == {
        "bill_to_date_time_stamp": "2015-01-01T00:00:00Z",
        "projected_bill_time_stamp": None,
        "bill_trailing_digit": 2,
    }


def test_snapshot_in_no_known_layout_stays_octets() -> None:
    frame = take(0x0702, SERVER, frames.SNAPSHOT_NO_DATA)
    assert frame.fields["snapshot_payload"] == b"\x01\x02"
    assert "snapshot_payload" not in meaning(frame)


def test_prepayment_snapshot() -> None:
    payload: Any = server(0x0705, frames.PREPAY_SNAPSHOT)["snapshot_payload"]
    assert list(payload.values()) == [-100, 1, 2, 3, 500, 1000]


def test_event_log() -> None:
    payload: Any = server(0x0709, frames.EVENT_LOG)["log_payload"]
    assert [item["event_id"] for item in payload] == [0x8002, 0x0016]
    assert payload[1]["event_data"] == b"\xab\xcd"


def test_block_period_of_two_versions_is_told_by_its_length() -> None:
    old = server(0x0700, frames.BLOCK_PERIOD_SE_1_1)
    assert list(old)[4:] == [
        "number_of_price_tiers_and_number_of_block_thresholds",
        "block_period_control",
    ]
    new = server(0x0700, frames.BLOCK_PERIOD_SE_1_2)
    assert list(new)[4:] == [
        "block_period_control",
        "block_period_duration_type",
        "tariff_type",
        "tariff_resolution_period",
    ]
    schema: Any = CLUSTERS[0x0700].client_commands[1].schema
    for octets in (frames.BLOCK_PERIOD_SE_1_1, frames.BLOCK_PERIOD_SE_1_2):
        payload = bytes.fromhex(octets)[3:]
        assert schema.deserialize(payload)[0].serialize() == payload


def test_tariff_and_gas() -> None:
    tariff = meaning(take(0x0700, SERVER, frames.TARIFF))
    assert tariff["standing_charge"] == "0.22465 GBP"
    assert tariff["tier_block_mode"] == "not_used"
    calorific = meaning(take(0x0700, SERVER, frames.CALORIFIC_VALUE))
    assert calorific["calorific_value"] == "40 MJ/m³"
    conversion = meaning(take(0x0700, SERVER, frames.CONVERSION_FACTOR))
    assert conversion["conversion_factor"] == "1.02264"


def test_message_text() -> None:
    frame = take(0x0703, SERVER, frames.DISPLAY_MESSAGE)
    assert frame.fields["message"] == "Hello"
    assert meaning(frame)["message_control"] == {
        "trans_mechanism": 0,
        "message_urgency": 1,
        "enhanced_confirmation_request": 1,
        "message_confirmation": 1,
    }


def test_dates_with_wildcards() -> None:
    frame = take(0x0707, SERVER, frames.SPECIAL_DAYS)
    known: Any = meaning(frame)["special_day_entries"]
    assert [item["special_day_date"] for item in known] == ["2015-01-01", "*-12-25"]
    seasons = "191703 01000000 02000000 03000000 00 01 ffff01 03 02"
    known = meaning(take(0x0707, SERVER, seasons))["season_entries"]
    assert known == [{"season_start_date": "*-*-01, day 3"}]


def test_addresses_read_from_the_left() -> None:
    fields = server(0x070A, frames.PAIRING_RESPONSE)
    assert fields["eui64s"] == ("01:02:03:04:05:06:07:08",)


def test_certificates_are_what_is_left() -> None:
    fields = take(0x0800, CLIENT, frames.INITIATE).fields
    assert fields["identity"] == b"\xab" * 48


def test_times_of_the_clock() -> None:
    """Local time has no zone; a clock that was never set has no time."""
    frame = take(
        0x000A,
        SERVER,
        "180701 0000 00 e2 555b4e23 0700 00 23 555b4e23 0800 00 e2 ffffffff"
        " 0200 00 2b 100e0000",
    )
    assert [k.get("value", "none") for k in attribute_meanings(frame)] == [
        "2018-10-08T18:15:49Z",
        "2018-10-08T18:15:49",
        None,
        "none",
    ]


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


VALUES: list[tuple[str, object]] = [
    ("00", None),
    ("ff", None),
    ("08 01", 1),
    ("0f 0100000000000000", 1),
    ("10 00", False),
    ("10 01", True),
    ("10 ff", None),
    ("10 02", 2),
    ("1c 0100000000", 1),
    ("28 ff", -1),
    ("2f feffffffffffffff", -2),
    ("31 3412", 0x1234),
    ("38 003c", 1.0),
    ("39 0000c03f", 1.5),
    ("3a 000000000000f03f", 1.0),
    ("39 0000c07f", None),
    ("41 02 0102", b"\x01\x02"),
    ("41 ff", None),
    ("42 03 414200", "AB"),
    ("42 02 c328", "\ufffd("),
    ("42 ff", None),
    ("43 0200 0102", b"\x01\x02"),
    ("43 ffff", None),
    ("44 0200 4142", "AB"),
    ("48 20 0200 0102", (1, 2)),
    ("48 20 ffff", None),
    ("48 41 0200 01aa 00", (b"\xaa", b"")),
    ("48 48 0100 20 0100 05", ((5,),)),
    ("50 21 0100 0100", (1,)),
    ("51 21 0000", ()),
    ("4c 0200 20 01 41 00", (1, b"")),
    ("4c ffff", None),
    ("e0 0c223800", b"\x0c\x22\x38\x00"),
    ("e1 73010104", b"\x73\x01\x01\x04"),
    ("e2 01000000", 1),
    ("e8 0207", 0x0702),
    ("e9 0100", 1),
    ("ea 01000000", 1),
    ("f0 0807060504030201", "01:02:03:04:05:06:07:08"),
    ("f1 000102030405060708090a0b0c0d0e0f", bytes(range(16))),
]


@pytest.mark.parametrize(
    ("octets", "expected"), VALUES, ids=[octets for octets, _ in VALUES]
)
def test_data_types(octets: str, expected: object) -> None:
    """ZCL 2.6.2, each type by its number."""
    frame = take(0x0702, SERVER, f"18010a 0000 {octets}")
    (record,) = frame.attributes
    assert record.value == expected
    assert type(record.value) is type(expected)
    assert record.type_id == int(octets[:2], 16)
    assert frame.trailing == b""
    json.dumps(document(frame), allow_nan=False)


BAD: list[tuple[int, str, str, int, str]] = [
    (0x0700, SERVER, "", 0, "no octets"),
    (0x0700, SERVER, "19", 1, "before the sequence number"),
    (0x0700, SERVER, "1905", 2, "before the command id"),
    (0x0700, SERVER, "1d34", 1, "manufacturer code is cut short"),
    (0x0700, SERVER, "1d341205", 4, "before the command id"),
    (0x0700, SERVER, "1a0500", 0, "frame type 2 is reserved"),
    (0x0700, SERVER, "1b0500", 0, "frame type 3 is reserved"),
    (0x0700, CLIENT, "190500", 0, "server_to_client, not client_to_server"),
    (0x0700, SERVER, "19057f", 2, "Price has no server_to_client command 0x7F"),
    (0x0006, SERVER, "190500", 2, "cluster 0x0006 is none of Smart Energy's"),
    (0x0702, SERVER, "18057f", 2, "0x7F is no general command"),
    (0x0700, SERVER, "190500 010000", 3, "provider_id takes 4 octets, 3 left"),
    (0x0700, SERVER, "190500 01000000", 7, "length of rate_label takes 1 octet, 0"),
    (0x0700, SERVER, "190500 01000000 05 4142", 7, "rate_label says that it has 5"),
    (0x0703, SERVER, "191400 07000000 a4 00000000 3c00 05 48", 14, "message says"),
    (0x0702, SERVER, "180501 0000", 3, "status of an attribute takes 3 octets, 2"),
    (0x0702, SERVER, "18050a 00", 3, "an attribute's number takes 2 octets"),
    (0x0702, SERVER, "180501 0000 00", 6, "the type of current_summation_delivered"),
    (
        0x0702,
        SERVER,
        "180501 0000 00 25 0102",
        7,
        "current_summation_delivered takes 6",
    ),
    (0x0702, SERVER, "180501 0a0f 00 25 0102", 7, "attribute 0x0F0A takes 6 octets"),
    (0x0702, SERVER, "180501 0000 00 77 01", 6, "0x77 is no data type"),
    (0x0702, SERVER, "180501 0000 00 48 00 0a00", 7, "items of no size"),
    (0x0702, SERVER, "180501 0000 00 48 21 0a00 01", 10, "takes 20 octets, 1 left"),
    (0x0702, SERVER, "180501 0000 00 4c 0200 20 01", 11, "a type within"),
    (0x0702, SERVER, "180501 0000 00 4c 0200 20", 9, "takes 2 octets, 1 left"),
    (0x0702, SERVER, "180501 0000 00" + "4c 0100" * 16, 51, "nested deeper than 15"),
    (0x0702, SERVER, frames.PROFILE[:-6], 10, "intervals has 3 items of 3 octets, 6"),
    (0x0702, SERVER, "190900 804a371c 00 02 03", 10, "intervals has 3 items"),
    (0x0700, SERVER, frames.BLOCK_THRESHOLDS[:-2], 36, "item 2 of payload"),
    (0x0700, SERVER, frames.PRICE_MATRIX_TIERS + "03", 33, "item 3 of payload: price"),
    (0x0702, SERVER, frames.SNAPSHOT_BLOCKS + "05", 57, "item 5 of tier_block"),
    (0x070A, SERVER, frames.PAIRING_RESPONSE + "01", 18, "item 2 of eui64s"),
    (0x0702, SERVER, "180b0b 00", 3, "command id and status"),
    (0x0702, SERVER, "180b04", 3, "the status"),
    (0x0702, SERVER, "180b07 8c", 4, "the direction of reports"),
    (0x0702, CLIENT, "000b06 00 0000 25 0a00", 7, "the reporting intervals"),
    (0x0702, CLIENT, "000b06 01 0000 1e", 6, "timeout takes 2 octets"),
    (0x0702, CLIENT, "000b0e 0000 02 0100", 6, "the indexes of a selector"),
]


@pytest.mark.parametrize(
    ("cluster", "direction", "octets", "offset", "reason"),
    BAD,
    ids=[f"{c[0]:04x} {c[2][:24]} {c[4]}" for c in BAD],
)
def test_what_is_no_frame(
    cluster: int, direction: str, octets: str, offset: int, reason: str
) -> None:
    """The octet where reading stopped, and why, in one line."""
    with pytest.raises(FrameError) as caught:
        take(cluster, direction, octets)
    assert reason in str(caught.value)
    assert caught.value.offset == offset
    assert str(caught.value).startswith(f"octet {offset}: ")
    assert "\n" not in str(caught.value)


def test_fifteen_structures_within_each_other_are_read() -> None:
    frame = take(0x0702, SERVER, "18010a 0000" + "4c 0100" * 15 + "20 07")
    value: Any = frame.attributes[0].value
    for _ in range(15):
        (value,) = value
    assert value == 7


def test_a_list_without_end_is_not_read() -> None:
    """Sets of no thresholds at all take an octet each."""
    head = bytes.fromhex(frames.BLOCK_THRESHOLDS)[:22]
    frame = decode(0x0700, Direction.SERVER_TO_CLIENT, head + b"\x10" * 256)
    payload: Any = frame.fields["payload"]
    assert len(payload) == 256
    with pytest.raises(FrameError, match="payload has more than 256 items") as caught:
        decode(0x0700, Direction.SERVER_TO_CLIENT, head + b"\x10" * 257)
    assert caught.value.offset == 22 + 257


def test_a_frame_that_no_meter_sends_is_not_looked_at() -> None:
    with pytest.raises(FrameError) as caught:
        decode(0x0702, Direction.SERVER_TO_CLIENT, bytes(LONGEST + 1))
    assert caught.value.offset == LONGEST


def test_a_manufacturers_own_command_keeps_its_octets() -> None:
    frame = take(0x0702, SERVER, "1d34120507 0102")
    assert frame.header.manufacturer_code == 0x1234
    assert frame.command is None
    assert frame.trailing == b"\x01\x02"
    assert meaning(frame) == {}
    assert document(frame)["manufacturer_code"] == "0x1234"


def test_a_manufacturers_own_attributes_have_no_names() -> None:
    frame = take(0x0702, SERVER, "1c3412050a 0000 20 07")
    assert frame.attributes[0].name is None
    assert attribute_meanings(frame) == [{}]


def test_general_commands_of_other_clusters_are_read() -> None:
    frame = take(0x0000, SERVER, "180501 0400 00 42 03 414243")
    assert frame.attributes[0].value == "ABC"
    assert frame.attributes[0].name is None


def test_personal_values_stay_out_of_the_repr() -> None:
    """A site id is a meter point number, a label may be a name."""
    frame = take(0x0702, SERVER, "180501 0703 00 41 04 31323334")
    assert frame.attributes[0].value == b"1234"
    shown = repr(frame) + repr(frame.attributes)
    assert "1234" not in shown
    assert "site_id" in repr(frame.attributes)


def test_results_are_frozen() -> None:
    frame = take(0x0700, SERVER, frames.PUBLISH_PRICE_SHORT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        frame.command = "other"  # type: ignore[misc]
    fields: Any = frame.fields
    with pytest.raises(TypeError):
        fields["price"] = 1
    records: Any = take(0x0702, CLIENT, "000b08 00 0000").fields["records"]
    with pytest.raises(TypeError):
        records[0]["name"] = "other"


def plain(value: Any) -> Any:
    """A zigpy value as our decoder would give it."""
    if isinstance(value, t.Bool):
        return {0: False, 1: True, 0xFF: None}.get(int(value), int(value))
    if isinstance(value, t.Date):
        return value.serialize()
    if isinstance(value, t.EUI64):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if getattr(value, "invalid", False) or value is None:
        return None
    if isinstance(value, t.Struct):
        return {k: plain(v) for k, v in value.as_dict(skip_missing=True).items()}
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, str):
        return str(value)
    return tuple(plain(item) for item in value)


def by_zigpy(schema: Any, payload: bytes) -> tuple[dict[str, Any], int] | None:
    """Fields and octets left, as zigpy's own structures read them."""
    try:
        struct, rest = schema.deserialize(payload)
    except ValueError:
        return None
    fields = plain(struct)
    for field in schema.fields:
        if issubclass(field.type, Variant) and field.name in fields:
            layout = fields[field.type.selector]
            try:
                parsed = getattr(struct, field.name).parse(layout)
            except ValueError:
                return None
            if parsed is not None:
                fields[field.name] = plain(parsed)
    return fields, len(rest)


def ours(schema: Any, payload: bytes) -> tuple[dict[str, Any], int] | None:
    """Fields and octets left, as our decoder reads them."""
    try:
        fields, stop = read_fields(schema, payload, 0)
    except FrameError:
        return None
    return thaw(fields), len(payload) - stop


def thaw(value: Any) -> Any:
    """Mappings as dictionaries; what is missing left out, as zigpy's are."""
    if isinstance(value, Mapping):
        return {k: thaw(v) for k, v in value.items() if v is not None}
    if isinstance(value, tuple):
        return tuple(thaw(item) for item in value)
    return value


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(COMMANDS), st.binary(max_size=80))
def test_zigpy_reads_the_same(
    which: tuple[int, Direction, Any], payload: bytes
) -> None:
    """Two programs, one declaration: the same fields, or both refuse."""
    schema = which[2].schema
    theirs, found = by_zigpy(schema, payload), ours(schema, payload)
    if theirs is None or found is None:
        assert theirs is None
        assert found is None
        return
    assert found[0] == thaw(theirs[0])
    if not any(issubclass(f.type, Variant) for f in schema.fields):
        # zigpy gives a variant all that is left.
        assert found[1] == theirs[1]


def check_any(cluster: int, direction: Direction, data: bytes) -> None:
    """Decode and describe; only `FrameError` may come of it."""
    problem: FrameError | None = None
    try:
        frame = decode(cluster, direction, data)
    except FrameError as error:
        problem = error
    if problem is not None:
        assert 0 <= problem.offset <= len(data)
        assert "\n" not in str(problem)
        return
    json.dumps(document(frame) if cluster in CLUSTERS else {}, allow_nan=False)


HEADS = st.sampled_from([b"\x19\x05", b"\x18\x05", b"\x01\x05", b"\x00\x05", b""])


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from([*CLUSTERS, 0x0000]),
    st.sampled_from(Direction),
    HEADS,
    st.binary(max_size=120),
)
def test_any_octets_are_a_frame_or_a_frame_error(
    cluster: int, direction: Direction, head: bytes, rest: bytes
) -> None:
    check_any(cluster, direction, head + rest)


@pytest.mark.parametrize(
    ("cluster", "direction", "octets"),
    frames.VECTORS,
    ids=[f"{c:04x} {o[:20]}" for c, _, o in frames.VECTORS],
)
def test_every_vector_is_well_formed_and_no_cut_of_it_surprises(
    cluster: int, direction: str, octets: str
) -> None:
    data = bytes.fromhex(octets)
    assert document(take(cluster, direction, octets))["command"]
    for length in range(len(data)):
        check_any(cluster, Direction(direction), data[:length])


def zeros(number: int, head: bytes, octets: int) -> DecodedFrame | None:
    """Decode a header with zeros after it."""
    direction = list(Direction)[head[0] >> 3 & 1]
    try:
        return decode(number, direction, head + bytes(octets))
    except FrameError:
        return None


@pytest.mark.parametrize(
    ("number", "direction", "command"),
    COMMANDS,
    ids=[f"{n:04x}-{c.name}-{d.value[:6]}" for n, d, c in COMMANDS],
)
def test_every_command_is_read_from_zeros_and_ones(
    number: int, direction: Direction, command: Any
) -> None:
    """Enough zeros are a frame of any command; all ones are a frame or an error."""
    control = 0x19 if direction is Direction.SERVER_TO_CLIENT else 0x01
    head = bytes([control, 1, command.id])
    # A list to the end must end with an item, so not every number of zeros will do.
    frame = next(f for n in range(100, 132) if (f := zeros(number, head, n)))
    assert frame.command == command.name
    names = {field.name for field in command.schema.fields}
    assert set(frame.fields) <= names
    assert document(frame)["command"] == command.name
    check_any(number, direction, head + b"\xff" * 120)
