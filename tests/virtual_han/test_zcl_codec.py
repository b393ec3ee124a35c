"""The codec against octets of the standards, and against zigpy's own reading of them."""

import pytest
from zigpy.zcl import foundation

from virtual_han.zcl import (
    TYPES,
    FrameType,
    General,
    MalformedFrameError,
    Record,
    Status,
    ZclError,
    ZclFrame,
    attribute_ids,
    cluster_tables,
    decode,
    decode_fields,
    default_response,
    encode,
    encode_fields,
    read_response,
    report,
    version_rank,
    write_requests,
)

NEWEST = version_rank("1.4")


@pytest.mark.parametrize(
    ("name", "value", "octets"),
    [
        ("uint8", 0x12, "12"),
        ("uint24", 0x00002710, "102700"),
        ("uint48", 5_072_076, "cc644d000000"),
        ("int24", -678, "5afdff"),
        ("int24", None, "000080"),
        ("int32", -1_664_300, "d49ae6ff"),
        ("uint48", None, "ffffffffffff"),
        ("UTC", None, "ffffffff"),
        ("enum8", None, "ff"),
        ("octstr", b"Scoot Energy", "0c53636f6f7420456e65726779"),
        ("octstr", b"", "00"),
        ("octstr", None, "ff"),
        ("octstr16", b"ab", "02006162"),
        ("octstr16", None, "ffff"),
        ("date", bytes((0x73, 1, 1, 0xFF)), "730101ff"),
    ],
)
def test_types_on_the_wire(name: str, value: int | bytes | None, octets: str) -> None:
    assert encode(TYPES[name], value).hex() == octets
    assert decode(TYPES[name], bytes.fromhex(octets)) == (value, len(octets) // 2)


def test_a_full_bitmap_is_a_value() -> None:
    """Every alarm at once is not "no value"."""
    assert decode(TYPES["map8"], b"\xff") == (0xFF, 1)


def test_no_value_of_a_fixed_string() -> None:
    assert encode(TYPES["date"], None) == b"\xff\xff\xff\xff"


def test_type_ids_agree_with_zigpy() -> None:
    """Every id here is, in zigpy's table, a type of the same size."""
    for wire_type in TYPES.values():
        python_type = foundation.DataType.from_type_id(wire_type.type_id).python_type
        if wire_type.kind in {"unsigned", "signed"}:
            sample = encode(wire_type, 1)
            assert python_type.deserialize(sample) == (1, b""), wire_type.name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("int24", 1 << 23),
        ("uint8", b"a"),
        ("octstr", 5),
        ("octstr", b"x" * 255),
        ("date", b"abc"),
        ("date", 5),
    ],
)
def test_values_that_do_not_fit(name: str, value: int | bytes) -> None:
    with pytest.raises(ZclError):
        encode(TYPES[name], value)


@pytest.mark.parametrize(
    ("name", "octets"), [("uint48", "0102"), ("octstr", "0561"), ("octstr", "")]
)
def test_values_cut_short(name: str, octets: str) -> None:
    with pytest.raises(MalformedFrameError):
        decode(TYPES[name], bytes.fromhex(octets))


@pytest.mark.parametrize(
    "frame",
    [
        ZclFrame(
            FrameType.GENERAL,
            General.READ_ATTRIBUTES,
            0x42,
            b"\x00\x00",
            disable_default_response=False,
        ),
        ZclFrame(FrameType.CLUSTER, 0x00, 0xFF, b"\x01", to_client=True),
        ZclFrame(FrameType.CLUSTER, 0x03, 0, b"", manufacturer=0x10C7),
    ],
)
def test_headers_agree_with_zigpy(frame: ZclFrame) -> None:
    header, rest = foundation.ZCLHeader.deserialize(frame.to_bytes())
    assert rest == frame.payload
    assert header.tsn == frame.sequence
    assert header.command_id == frame.command
    assert header.manufacturer == frame.manufacturer
    assert header.frame_control.frame_type == frame.frame_type
    assert bool(header.direction) is frame.to_client
    assert (
        header.frame_control.disable_default_response == frame.disable_default_response
    )
    assert ZclFrame.from_bytes(frame.to_bytes()) == frame


@pytest.mark.parametrize(
    "octets", ["", "00", "0001", "04c710", "04c71001", "020100", "030100"]
)
def test_headers_that_cannot_be_read(octets: str) -> None:
    with pytest.raises(MalformedFrameError):
        ZclFrame.from_bytes(bytes.fromhex(octets))


def test_a_default_response() -> None:
    """It goes the other way, repeats the sequence number and the manufacturer code."""
    request = ZclFrame(FrameType.CLUSTER, 0x07, 0x33, manufacturer=0x1234)
    reply = default_response(request, Status.UNSUP_MANUF_CLUSTER_COMMAND)
    assert reply.to_bytes().hex() == "1c3412330b0783"


def test_a_read_response_agrees_with_zigpy() -> None:
    records = [
        Record(0x0000, TYPES["uint48"], 5_072_076),
        Record(0x0400, TYPES["int24"], -678),
        Record(0x0C99, status=Status.UNSUPPORTED_ATTRIBUTE),
        Record(0x0307, TYPES["octstr"], b"2000024512368"),
    ]
    payload = read_response(records, 70)
    schema = foundation.GENERAL_COMMANDS[
        foundation.GeneralCommand.Read_Attributes_rsp
    ].schema
    read, rest = schema.deserialize(payload)
    assert rest == b""
    assert [(r.attrid, int(r.status)) for r in read.status_records] == [
        (0x0000, 0), (0x0400, 0), (0x0C99, 0x86), (0x0307, 0),
    ]  # fmt: skip
    values = [r.value.value for r in read.status_records if r.status == 0]
    assert values == [5_072_076, -678, b"2000024512368"]


def test_what_does_not_fit_is_left_off() -> None:
    """Ten octets a register: seven of them and the header fill a frame."""
    records = [Record(key, TYPES["uint48"], key) for key in range(9)]
    assert len(read_response(records, 70)) == 70
    assert len(read_response(records, 69)) == 60


def test_a_report_agrees_with_zigpy() -> None:
    payload = report(
        [Record(0x0400, TYPES["int24"], 2547), Record(0x0014, TYPES["enum8"], 2)]
    )
    assert payload.hex() == "00042af309001400" + "3002"
    schema = foundation.GENERAL_COMMANDS[
        foundation.GeneralCommand.Report_Attributes
    ].schema
    read, rest = schema.deserialize(payload)
    assert rest == b""
    assert [(r.attrid, int(r.value.value)) for r in read.attribute_reports] == [
        (0x0400, 2547),
        (0x0014, 2),
    ]


def test_attribute_ids() -> None:
    assert attribute_ids(bytes.fromhex("00000004")) == [0x0000, 0x0400]
    for octets in ("", "00", "000004"):
        with pytest.raises(MalformedFrameError):
            attribute_ids(bytes.fromhex(octets))


def test_write_requests() -> None:
    payload = bytes.fromhex("0000e2804a371c" + "0403412b61"[:4] + "4102" + "6161")
    records = write_requests(payload)
    assert [(key, t.name, value) for key, t, value in records] == [
        (0x0000, "UTC", 0x1C374A80),
        (0x0304, "octstr", b"aa"),
    ]
    for octets in ("0000", "0000ee01", "0000e201"):
        with pytest.raises(MalformedFrameError):
            write_requests(bytes.fromhex(octets))


def test_publish_price_octet_by_octet() -> None:
    """Tier nibbles as in the British test frames: `51` five digits, tier 1; `41` four tiers, register 1."""
    command = cluster_tables()[0x0700].command("PublishPrice")
    values = {
        "providerId": 0x11223344,
        "rateLabel": b"Night",
        "issuerEventId": 0x1C374A80,
        "currentTime": 0x1C374A81,
        "unitOfMeasure": 0,
        "currency": 826,
        "priceTrailingDigitAndPriceTier": 0x51,
        "numberOfPriceTiersAndRegisterTier": 0x41,
        "startTime": 0x1C374A80,
        "durationInMinutes": 0xFFFF,
        "price": 9600,
    }
    short = encode_fields(command, values, NEWEST, last="price")
    assert short == bytes.fromhex(
        "44332211 054e69676874 804a371c 814a371c 00 3a03 51 41 804a371c ffff 80250000"
    )
    full = encode_fields(
        command, {**values, "priceControl": 0, "numberOfGenerationTiers": 0}, NEWEST
    )
    # Nineteen further octets, unused ones all ones.
    assert full[len(short) :].hex() == "ffffffffffffffffffffffffff0000ffffffff"
    first = encode_fields(command, values, version_rank("1.0"))
    assert len(first) == len(short) + 12
    middle = encode_fields(command, values, version_rank("1.1"))
    assert len(middle) == len(short) + 14


def test_a_block_period_of_each_version() -> None:
    """Seventeen octets in 1.1 and another set of nineteen in 1.2: the tier octet went, three came."""
    command = cluster_tables()[0x0700].command("PublishBlockPeriod")
    values = {
        "providerId": 1,
        "issuerEventId": 2,
        "blockPeriodStartTime": 3,
        "blockPeriodDuration": 4,
        "numberOfPriceTiersAndNumberOfBlockThresholds": 0x23,
        "blockPeriodControl": 2,
        "blockPeriodDurationType": 3,
        "tariffType": 0,
        "tariffResolutionPeriod": 0,
    }
    old = encode_fields(command, values, version_rank("1.1"))
    new = encode_fields(command, values, NEWEST)
    assert old.hex() == "0100000002000000030000000400002302"
    assert new.hex() == "01000000020000000300000004000002030000"
    assert "numberOfPriceTiersAndNumberOfBlockThresholds" not in decode_fields(
        command, new, NEWEST
    )
    assert decode_fields(command, new, NEWEST)["blockPeriodDurationType"] == 3


def test_structures_and_lists() -> None:
    command = cluster_tables()[0x0707].command("PublishSeasons")
    values = {
        "providerId": 1,
        "issuerEventId": 2,
        "issuerCalendarId": 3,
        "commandIndex": 0,
        "totalNumberOfCommands": 1,
        "seasonEntries": [
            {"seasonStartDate": bytes((0x73, 1, 1, 0xFF)), "weekIdRef": 7}
        ],
    }
    payload = encode_fields(command, values, NEWEST)
    assert payload.hex() == "0100000002000000030000000001730101ff07"
    assert decode_fields(command, payload, NEWEST) == values
    assert (
        encode_fields(command, {**values, "seasonEntries": None}, NEWEST)
        == payload[:-5]
    )
    assert (
        encode_fields(command, {**values, "seasonEntries": b"laid out"}, NEWEST)[-8:]
        == b"laid out"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seasonEntries", 5),
        ("seasonEntries", [5]),
        ("seasonEntries", [{"weekIdRef": b"x"}]),
        ("providerId", [1]),
        ("providerId", b"x"),
        ("nonsense", 1),
    ],
)
def test_fields_that_do_not_fit(field: str, value: object) -> None:
    command = cluster_tables()[0x0707].command("PublishSeasons")
    with pytest.raises(ZclError):
        encode_fields(command, {field: value}, NEWEST)  # type: ignore[dict-item]


def test_raw_octets_take_the_rest() -> None:
    command = cluster_tables()[0x0800].command("EphemeralDataRequest")
    payload = bytes(range(22))
    assert encode_fields(command, {"ephemeralData": payload}, NEWEST) == payload
    assert decode_fields(command, payload, NEWEST) == {"ephemeralData": payload}
    with pytest.raises(MalformedFrameError):
        decode_fields(command, b"", NEWEST)
    with pytest.raises(ZclError):
        encode_fields(command, {"ephemeralData": 5}, NEWEST)


def test_optional_and_missing_fields() -> None:
    """GetBlockPeriods may end before its tariff type; GetProfile may not end early."""
    price, metering = cluster_tables()[0x0700], cluster_tables()[0x0702]
    periods = price.command("GetBlockPeriods")
    assert decode_fields(periods, bytes.fromhex("0000000003"), NEWEST) == {
        "startTime": 0,
        "numberOfEvents": 3,
    }
    profile = metering.command("GetProfile")
    with pytest.raises(MalformedFrameError):
        decode_fields(profile, bytes.fromhex("0000000000"), NEWEST)
    assert decode_fields(profile, bytes.fromhex("00000000000599"), NEWEST) == {
        "intervalChannel": 0,
        "endTime": 0,
        "numberOfPeriods": 5,
    }


def test_a_newer_field_may_be_missing() -> None:
    """A client of 1.1 confirms without the control octet that 1.2 added."""
    command = cluster_tables()[0x0703].command("MessageConfirmation")
    short = bytes.fromhex("0100000002000000")
    assert decode_fields(command, short, version_rank("1.1")) == {
        "messageId": 1,
        "confirmationTime": 2,
    }
    long = short + b"\x02\x00"
    assert (
        decode_fields(command, long, version_rank("1.1"))["messageConfirmationControl"]
        == 2
    )


def test_the_tables_are_whole() -> None:
    """Counts as the tables' own index gives them, and every field has octets to be read from."""
    tables = cluster_tables()
    assert {
        key: len(table.attributes)
        for key, table in tables.items()
        if key in {0x0700, 0x0702}
    } == {
        0x0700: 1012,
        0x0702: 884,
    }
    assert len(tables[0x0702].received) == 15
    assert len(tables[0x0702].generated) == 14
    assert tables[0x0708].attributes[0x0100].name == "provider id (server)"
    with pytest.raises(ZclError):
        tables[0x0700].command("Nonsense")
    with pytest.raises(ZclError):
        version_rank("2.0")
