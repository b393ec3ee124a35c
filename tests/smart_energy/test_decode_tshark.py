"""Wireshark's dissector reads the same frames: another program, another author."""

from collections.abc import Iterator
from functools import cache
import json
from pathlib import Path
import shutil
import struct
import subprocess
from typing import Any

import pytest

from custom_components.smets1_cad.smart_energy.const import PROFILE_ID
from custom_components.smets1_cad.smart_energy.decode import Direction, decode

from . import frames
from .frames import CLIENT, SERVER

TSHARK = shutil.which("tshark")
pytestmark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")

_IEEE_802_15_4_NO_FCS = 230

# Frame, our field (dots go into structures and lists), tshark's field.
CASES: list[tuple[int, str, str, dict[str, str]]] = [
    (
        0x0700,
        SERVER,
        frames.PUBLISH_PRICE_LONG,
        {
            "provider_id": "price.provider_id",
            "issuer_event_id": "price.issuer_event_id",
            "unit_of_measure": "price.unit_of_measure",
            "currency": "price.currency",
            "price_trailing_digit_and_price_tier": "price.trailing_digit_and_price_tier",
            "number_of_price_tiers_and_register_tier": (
                "price.number_of_price_tiers_and_register_tier"
            ),
            "duration_in_minutes": "price.duration_in_minutes",
            "price": "price.price",
            "price_ratio": "price.price.ratio",
            "generation_price": "price.generation_price",
            "generation_price_ratio": "price.generation_price.ratio",
            "alternate_cost_delivered": "price.alternate_cost_delivered",
            "alternate_cost_unit": "price.alternate_cost.unit",
            "number_of_block_thresholds": "price.number_of_block_thresholds",
            "number_of_generation_tiers": "price.number_of_generation_tiers",
            "generation_tier": "price.generation_tier",
            "extended_number_of_price_tiers": "price.extended_number_of_price_tiers",
            "extended_price_tier": "price.extended_price_tier",
            "extended_register_tier": "price.extended_register_tier",
        },
    ),
    (
        0x0702,
        SERVER,
        frames.PROFILE,
        {
            "status": "met.get_profile_response.status",
            "profile_interval_period": (
                "met.get_profile_response.profile_interval_period"
            ),
            "intervals": "met.get_profile_response.intervals",
        },
    ),
    (
        0x0702,
        SERVER,
        frames.SAMPLES,
        {
            "sample_request_interval": "met.get_sampled_data_rsp.sample_request_interval",
            "samples": "met.get_sampled_data_rsp.samples",
        },
    ),
    (
        0x0700,
        SERVER,
        frames.BLOCK_THRESHOLDS,
        {
            "payload.tier_number_of_block_thresholds": (
                "price.block_thresholds.tier_number_of_block_thresholds"
            ),
            "payload.block_threshold": "price.block_threshold",
        },
    ),
    (
        0x0700,
        SERVER,
        frames.PRICE_MATRIX_BLOCKS,
        {
            "payload.tier_block_id": "price.price_matrix.tier_block_id",
            "payload.price": "price.price_matrix.price",
        },
    ),
    (
        0x0700,
        SERVER,
        frames.TIER_LABELS,
        {
            "number_of_labels": "price.tier_labels.number_of_labels",
            "tier_labels_payload.tier_id": "price.tier_labels.tier_id",
        },
    ),
    (
        0x0700,
        SERVER,
        frames.BLOCK_PERIOD_SE_1_2,
        {
            "block_period_duration": "price.block_period.duration",
            "block_period_control": "price.block_period.control",
            "block_period_duration_type": "price.block_period.duration.type",
            "tariff_resolution_period": "price.tariff.resolution_period",
        },
    ),
    (
        0x0700,
        SERVER,
        frames.TARIFF,
        {
            "standing_charge": "price.tariff_information.standing_charge",
            "tier_block_mode": "price.tariff_information.tier_block_mode",
            "block_threshold_divisor": (
                "price.tariff_information.block_threshold_divisor"
            ),
        },
    ),
    (
        0x0702,
        SERVER,
        frames.SNAPSHOT_BLOCKS,
        {
            "snapshot_id": "met.publish_snapshot.snapshot_id",
            "snapshot_cause": "met.publish_snapshot.snapshot_cause",
        },
    ),
    (
        0x0709,
        SERVER,
        frames.EVENT_LOG,
        {"log_payload.log_id": "events.publish_event_log.log_id"},
    ),
    (
        0x0703,
        SERVER,
        frames.DISPLAY_MESSAGE,
        {
            "message_id": "msg.message.id",
            "message_control": "msg.message.ctrl",
            "duration_in_minutes": "msg.message.duration",
        },
    ),
    (
        0x0707,
        SERVER,
        frames.WEEK_PROFILE,
        {
            "day_id_ref_monday": "calendar.day_id_ref_monday",
            "day_id_ref_sunday": "calendar.day_id_ref_sunday",
        },
    ),
    (
        0x0800,
        CLIENT,
        frames.INITIATE,
        {
            "key_establishment_suite": "ke.attr.suite",
            "ephemeral_data_generate_time": "ke.init.ephemeral.time",
            "confirm_key_generate_time": "ke.init.confirm.time",
        },
    ),
]


def capture() -> bytes:
    """A capture file of the frames, each in an unsecured Zigbee data frame."""
    file = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _IEEE_802_15_4_NO_FCS)
    for number, (cluster, _, octets, _) in enumerate(CASES):
        mac = struct.pack("<HBHHH", 0x8841, number, 0xABCD, 0x1234, 0x0000)
        network = struct.pack("<HHHBB", 0x0008, 0x1234, 0x0000, 30, number)
        support = struct.pack("<BBHHBB", 0, 1, cluster, PROFILE_ID, 1, number)
        packet = mac + network + support + bytes.fromhex(octets)
        file += struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet
    return file


@cache
def dissected(path: Path) -> list[dict[str, Any]]:
    """What tshark makes of the frames: the ZCL layer of each."""
    assert TSHARK is not None
    path.write_bytes(capture())
    done = subprocess.run(
        [TSHARK, "-r", path, "-T", "json", "--no-duplicate-keys"],
        capture_output=True,
        check=True,
    )
    layers = [packet["_source"]["layers"] for packet in json.loads(done.stdout)]
    assert not any("_ws.malformed" in layer for layer in layers)
    return [layer["zbee_zcl"] for layer in layers]


def numbers(tree: object, name: str) -> Iterator[int]:
    """Every number of a field in tshark's tree, in order."""
    if isinstance(tree, list):
        for branch in tree:
            yield from numbers(branch, name)
    elif isinstance(tree, dict):
        for key, branch in tree.items():
            if key == name:
                values = branch if isinstance(branch, list) else [branch]
                yield from (int(value, 0) for value in values if isinstance(value, str))
            else:
                yield from numbers(branch, name)


def ours(value: Any, path: list[str]) -> Iterator[int]:
    """Every number at a path of our fields, in order."""
    if isinstance(value, tuple):
        for item in value:
            yield from ours(item, path)
    elif path:
        yield from ours(value[path[0]], path[1:])
    else:
        yield value


@pytest.fixture(scope="module")
def capture_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the capture goes."""
    return tmp_path_factory.mktemp("capture") / "frames.pcap"


@pytest.mark.parametrize("number", range(len(CASES)))
def test_tshark_reads_the_same_numbers(capture_file: Path, number: int) -> None:
    cluster, direction, octets, fields = CASES[number]
    tree = dissected(capture_file)[number]
    frame = decode(cluster, Direction(direction), bytes.fromhex(octets))
    for name, theirs in fields.items():
        found = list(numbers(tree, f"zbee_zcl_se.{theirs}"))
        assert found == list(ours(frame.fields, name.split("."))), name
        assert found, theirs
