"""Decoding attributes: data types, and what values mean."""

import json
from typing import Any

import pytest

from custom_components.smets1_cad.smart_energy.__main__ import document
from custom_components.smets1_cad.smart_energy.meaning import attribute_meanings

from . import frames
from .frames import SERVER, take


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


def test_prices_are_scaled_by_their_trailing_digit() -> None:
    frame = take(
        0x0700,
        SERVER,
        "180701 0103 00 23 c1570000 1004 00 23 80250000 1606 00 21 3a03 1706 00 18 50",
    )
    known = [k.get("value") for k in attribute_meanings(frame)]
    assert known[:2] == ["0.22465 GBP", "0.096 GBP"]
    assert known[3] == 5


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


def test_fifteen_structures_within_each_other_are_read() -> None:
    frame = take(0x0702, SERVER, "18010a 0000" + "4c 0100" * 15 + "20 07")
    value: Any = frame.attributes[0].value
    for _ in range(15):
        (value,) = value
    assert value == 7


def test_a_manufacturers_own_attributes_have_no_names() -> None:
    frame = take(0x0702, SERVER, "1c3412050a 0000 20 07")
    assert frame.attributes[0].name is None
    assert attribute_meanings(frame) == [{}]


def test_general_commands_of_other_clusters_are_read() -> None:
    frame = take(0x0000, SERVER, "180501 0400 00 42 03 414243")
    assert frame.attributes[0].value == "ABC"
    assert frame.attributes[0].name is None


def test_an_enumeration_without_names_has_no_meaning() -> None:
    """The suites of key establishment are bits, though their type is an enumeration."""
    frame = take(0x0800, SERVER, "180701 0000 00 31 0300")
    assert frame.attributes[0].value == 3
    assert attribute_meanings(frame) == [{"status": "success"}]
