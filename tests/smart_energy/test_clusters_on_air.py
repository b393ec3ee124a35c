"""The cluster classes at work in zigpy: what is sent, and what is read."""

from functools import cache
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest
import zigpy.endpoint
import zigpy.types as t
from zigpy.zcl import Cluster

from custom_components.smets1_cad.smart_energy.clusters import CLUSTERS
from custom_components.smets1_cad.smart_energy.clusters.base import (
    Count,
    LengthDependent,
    Variant,
)
from custom_components.smets1_cad.smart_energy.clusters.strings import (
    OctetString,
    octet_string,
)
from custom_components.smets1_cad.smart_energy.errors import FrameError

from .frames import PUBLISH_PRICE_SHORT, READ_RESPONSE


def test_count_reads_some_bits_of_a_field() -> None:
    class Decoded:
        control = 0x52

    assert Count("control", shift=4, mask=0x0F)(Decoded()) == 5


def test_a_variant_reads_the_layouts_that_it_knows() -> None:
    class Payload(Variant):
        selector = "kind"
        layouts = {1: named_struct()}

    assert Payload(b"\x02").parse(1) == named_struct()(value=2)
    assert Payload(b"\x02").parse(9) is None
    with pytest.raises(ValueError, match="short"):
        Payload(b"").parse(1)


@cache
def named_struct() -> type[t.Struct]:
    class OneOctet(t.Struct):
        value: t.uint8_t

    return OneOctet


@pytest.mark.parametrize(
    ("octets", "value", "invalid"),
    [(b"\x02ab", b"ab", False), (b"\x00", b"", False), (b"\xff", b"", True)],
)
def test_octet_strings_can_be_missing(
    octets: bytes, value: bytes, invalid: bool
) -> None:
    """The length 0xFF is no length (ZCL 2.6.2.14)."""
    string, rest = OctetString.deserialize(octets + b"\x99")
    assert (bytes(string), string.invalid, rest) == (value, invalid, b"\x99")
    assert string.serialize() == octets


def test_octet_strings_are_bounded_when_sent_not_when_received() -> None:
    """A meter may exceed what the specification allows; we do not."""
    kind = octet_string(2)
    string, _ = kind.deserialize(b"\x03abc")
    assert bytes(string) == b"abc"
    with pytest.raises(ValueError, match="3 octets, at most 2 fit"):
        string.serialize()
    assert kind(b"ab").serialize() == b"\x02ab"


def test_a_length_dependent_command_must_say_how() -> None:
    with pytest.raises(NotImplementedError):
        LengthDependent.layout(0)


@pytest.mark.parametrize(
    ("cluster_id", "command", "fields", "payload"),
    [
        (0x0700, "get_current_price", {"command_options": 1}, "01"),
        (
            0x0702,
            "get_profile",
            {"interval_channel": 0, "end_time": 0, "number_of_periods": 24},
            "000000000018",
        ),
        (
            0x0703,
            "message_confirmation",
            {"message_id": 7, "confirmation_time": 0x1C374A80},
            "07000000804a371c",
        ),
        (
            0x0703,
            "message_confirmation",
            {
                "message_id": 7,
                "confirmation_time": 0x1C374A80,
                "message_confirmation_control": 2,
                "message_response": b"Yes",
            },
            "07000000804a371c0203596573",
        ),
        (0x0800, "ephemeral_data_request", {"ephemeral_data": b"\x02" * 22}, "02" * 22),
    ],
)
async def test_zigpy_sends_a_command_as_declared(
    cluster_id: int, command: str, fields: dict[str, Any], payload: str
) -> None:
    """Through zigpy's own request path: the octets, and the link key where due."""
    endpoint = MagicMock(spec=zigpy.endpoint.Endpoint)
    endpoint.request = AsyncMock()
    cluster = CLUSTERS[cluster_id](endpoint, is_server=True)
    definition = cluster.server_commands[cluster.commands_by_name[command].id]

    await cluster.command(definition.id, **fields, tsn=5)

    sent = endpoint.request.await_args.kwargs
    assert sent["data"] == bytes([0x01, 5, definition.id]) + bytes.fromhex(payload)
    assert sent["cluster"] == cluster_id
    assert sent["aps_encryption"] is (cluster_id != 0x0800)


def test_zigpy_reads_a_frame_with_our_class() -> None:
    """Header, schema and fields, as a listener of the cluster gets them."""
    cluster = CLUSTERS[0x0700](MagicMock(spec=zigpy.endpoint.Endpoint))
    header, command = cluster.deserialize(bytes.fromhex(PUBLISH_PRICE_SHORT))
    price: Any = command
    assert header.command_id == 0
    assert price.price == 9600
    assert price.rate_label == b"Day "
    assert price.price_trailing_digit_and_price_tier.trailing_digit == 5
    assert price.price_ratio is None


def read_by(cluster_id: int, octets: str) -> Any:
    """What our class makes of a frame."""
    cluster = CLUSTERS[cluster_id](MagicMock(spec=zigpy.endpoint.Endpoint))
    return cluster.deserialize(bytes.fromhex(octets))[1]


def test_a_string_that_is_not_there_does_not_lose_the_answer() -> None:
    """Zigpy's own class takes the length 0xFF for 255 octets, and drops the frame."""
    octets = "180701 0803 00 41 ff 0a0f 00 42 ff 0000 00 25 cc644d000000"
    zigpys = Cluster.from_id(MagicMock(spec=zigpy.endpoint.Endpoint), 0x0702)
    with pytest.raises(ValueError, match="too short"):
        zigpys.deserialize(bytes.fromhex(octets))

    serial, text, register = read_by(0x0702, octets).status_records
    assert (serial.attrid, serial.status) == (0x0308, 0)
    assert serial.value.value.invalid
    assert serial.value.serialize() == b"\x41\xff"
    assert text.value.value.invalid
    assert register.value.value == 5072076


@pytest.mark.parametrize(
    "octets",
    [
        READ_RESPONSE.replace("0803 00 41 ff", ""),
        "180701 0000 86 0100 00 4c 0200 20 01 41 0161",
        "180701 0000 00 48 20 0200 0102 0100 00 50 21 0000 0200 00 51 20 0000",
        "18070a 0000 25 cc644d000000 0004 2a 18fcff",
        "18070a 0703 41 0431323334 0a0f 42 024142 0b0f 10 01 0c0f f0 0807060504030201",
        "180701",
    ],
)
def test_answers_are_what_zigpy_makes_of_them(octets: str) -> None:
    """The same records, of the same types, which give the same octets back."""
    data = bytes.fromhex(octets)
    zigpys = Cluster.from_id(MagicMock(spec=zigpy.endpoint.Endpoint), 0x0702)
    theirs: Any = zigpys.deserialize(data)[1]
    mine = read_by(0x0702, octets)
    assert type(mine) is type(theirs)
    assert mine == theirs
    assert repr(mine) == repr(theirs)
    assert mine.serialize() == theirs.serialize() == data[3:]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        ("180701 0000", "number and status of an attribute"),
        ("180701 0000 00", "type of an attribute"),
        ("18070a 00", "the number of an attribute"),
        ("18070a 0000 48 00 feff", "items of no size"),
        ("18070a 0000 77", "no data type"),
    ],
)
def test_malformed_answers_are_frame_errors(octets: str, reason: str) -> None:
    with pytest.raises(FrameError, match=reason):
        read_by(0x0702, octets)


def test_other_commands_are_left_to_zigpy() -> None:
    assert read_by(0x0702, "180a0b 00 81").status == 0x81
