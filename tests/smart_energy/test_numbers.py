"""Answers and reports of numbers, read without zigpy, beside zigpy reading the same octets."""

from typing import Any, cast
from unittest.mock import MagicMock

from hypothesis import given, strategies as st
import pytest
from zigpy.endpoint import Endpoint
from zigpy.zcl.clusters.smartenergy import Metering

from custom_components.smets1_cad.smart_energy.numbers import (
    REPORT,
    Attributes,
    attributes_of,
    read_numbers,
)

ANSWER = bytes.fromhex(
    "182a01"
    "0000 00 25 cc644d000000"
    "0100 86"
    "0004 00 2a f3ffff"
    "0002 00 18 80"
    "1400 00 30 02"
    "0700 00 e2 00ca9a3b"
    "0203 00 22 e80300"
)


def by_zigpy(frame: bytes) -> list[tuple[int, int, int | None]]:
    """Return number, status and value of each attribute, as zigpy's own class reads them."""
    command: Any = Metering(MagicMock(spec=Endpoint)).deserialize(frame)[1]
    if frame[2] == REPORT:
        return [
            (int(one.attrid), 0, int(one.value.value))
            for one in command.attribute_reports
        ]
    return [
        (
            int(one.attrid),
            int(one.status),
            int(one.value.value) if one.status == 0 else None,
        )
        for one in command.status_records
    ]


def said_to_zigpy(frame: bytes) -> Attributes:
    """Return what zigpy's own class reads, as ours has it."""
    command: Any = Metering(MagicMock(spec=Endpoint)).deserialize(frame)[1]
    said = attributes_of(frame[2], command)
    assert said is not None
    return said


def ours(frame: bytes) -> list[tuple[int, int, int | None]]:
    """Return number, status and value of each attribute, as they are read here."""
    said = read_numbers(frame)
    assert said is not None
    assert said == said_to_zigpy(frame)
    values, refused = said
    return sorted(
        [(one, 0, cast(int, value)) for one, value in values.items()]
        + [(one, status, None) for one, status in refused.items()]
    )


def test_an_answer() -> None:
    said = read_numbers(ANSWER)
    assert said is not None
    assert said.values == {
        0x0000: 0x4D64CC,
        0x0400: -13,
        0x0200: 0x80,
        0x0014: 2,
        0x0007: 0x3B9ACA00,
        0x0302: 1000,
    }
    assert said.refused == {0x0001: 0x86}
    assert ours(ANSWER) == sorted(by_zigpy(ANSWER))


def test_a_report() -> None:
    frame = bytes.fromhex("18090a 0000 25 cc644d000000 0004 2a f30900")
    assert ours(frame) == by_zigpy(frame) == [(0, 0, 0x4D64CC), (0x0400, 0, 0x9F3)]


SIZES = {
    **{start + size: size + 1 for start in (0x18, 0x20, 0x28) for size in range(8)},
    0x30: 1,
    0x31: 2,
    0xE2: 4,
}


@given(st.data())
def test_every_type_reads_as_zigpy_reads_it(data: st.DataObject) -> None:
    body = b""
    for number in range(data.draw(st.integers(1, 4))):
        kind = data.draw(st.sampled_from(sorted(SIZES)))
        size = SIZES[kind]
        octets = data.draw(st.binary(min_size=size, max_size=size))
        # Beyond the attributes that zigpy gives types of its own.
        body += (0xF000 + number).to_bytes(2, "little") + bytes([kind]) + octets
    frame = bytes([0x18, 7, REPORT]) + body
    assert ours(frame) == by_zigpy(frame)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param("", id="nothing"),
        pytest.param("180701", id="no attributes"),
        pytest.param("08070a 0002 18 00", id="a default response is wanted"),
        pytest.param("100701 0002 00 18 00", id="of a client"),
        pytest.param("1c5a11070a 0002 18 00", id="a manufacturer's own"),
        pytest.param("190701 0002 00 18 00", id="a command of the cluster"),
        pytest.param("18070b 00 00", id="another command"),
        pytest.param("18070a 0803 41 03 313233", id="octets"),
        pytest.param("18070a 0803 42 ff", id="text that is not there"),
        pytest.param("18070a 0803 10 01", id="a boolean, which may be none"),
        pytest.param("18070a 0803 3a 0000000000000000", id="a fraction"),
        pytest.param("18070a 0803 48 20 0100 05", id="an array"),
        pytest.param("18070a 0000 25 cc644d0000", id="a value cut short"),
        pytest.param("18070a 0000 25", id="no value"),
        pytest.param("18070a 0000", id="no type"),
        pytest.param("18070a 00", id="half a number"),
        pytest.param("180701 0000", id="no status"),
    ],
)
def test_what_is_left_to_zigpy(frame: str) -> None:
    assert read_numbers(bytes.fromhex(frame)) is None


def test_cut_anywhere_it_is_never_read_as_something_else() -> None:
    whole = by_zigpy(ANSWER)
    for length in range(len(ANSWER)):
        if read_numbers(ANSWER[:length]) is not None:
            read = ours(ANSWER[:length])
            assert read == sorted(whole[: len(read)])


def test_other_commands_say_nothing_of_attributes() -> None:
    assert attributes_of(0x0B, object()) is None
