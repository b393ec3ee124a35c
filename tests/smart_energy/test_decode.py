"""Decoding commands, by hand-built octets."""

import dataclasses
from typing import Any

import pytest

from custom_components.smets1_cad.smart_energy.__main__ import document
from custom_components.smets1_cad.smart_energy.clusters import CLUSTERS
from custom_components.smets1_cad.smart_energy.decode import Direction, decode
from custom_components.smets1_cad.smart_energy.errors import FrameError
from custom_components.smets1_cad.smart_energy.meaning import meaning

from . import frames
from .frames import CLIENT, SERVER, server, take


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


def test_a_manufacturers_own_command_keeps_its_octets() -> None:
    frame = take(0x0702, SERVER, "1d34120507 0102")
    assert frame.header.manufacturer_code == 0x1234
    assert frame.command is None
    assert frame.trailing == b"\x01\x02"
    assert meaning(frame) == {}
    assert document(frame)["manufacturer_code"] == "0x1234"


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
