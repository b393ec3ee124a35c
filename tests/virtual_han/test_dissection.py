"""Every command that the servers send, read by Wireshark's dissectors: none is malformed, none has octets left over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from virtual_han.air import AirFrame
from virtual_han.aps import Fuel
from virtual_han.capture import Capture
from virtual_han.clock import instant
from virtual_han.events import Events
from virtual_han.flavours import SmartEnergy
from virtual_han.frames import ApsFrame, ApsKind, NetworkFrame, NetworkKind
from virtual_han.meters import HomeConfig, Supply

from .home import (
    CALENDAR,
    DEVICE_MANAGEMENT,
    EVENTS,
    MESSAGING,
    METERING,
    PREPAYMENT,
    PRICE,
    START,
    TIME,
    Bench,
)
from .wireshark import needs_tshark, tshark, undissected

ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS
ANY_TIME = "00000000" + "00000000"
NOW = instant(START).to_bytes(4, "little").hex()


def _requests(bench: Bench, tariff: str) -> Iterator[tuple[int, int, str]]:
    """Give endpoint, cluster and frame of everything that can be asked of a home."""
    esi, electricity, gas = bench.esi, bench.endpoint(ELECTRICITY), bench.endpoint(GAS)
    for endpoint in (electricity, gas):
        yield endpoint, METERING, "000100" + "0000" + "0001" + "0003" + "0403" + "0004"
        yield endpoint, METERING, "00010c" + "0000" + "14"
        yield endpoint, METERING, "010100" + "00" + "00000000" + "05"
        yield endpoint, METERING, "010103" + "05" + "05"
        yield endpoint, METERING, "010106" + "00000000" + "ffffffff" + "00" + "ffffffff"
        yield endpoint, METERING, "010108" + "0000" + "00000000" + "00" + "0500"
        yield (
            endpoint,
            PREPAYMENT,
            "010107" + "00000000" + "ffffffff" + "00" + "ffffffff",
        )
        yield endpoint, PREPAYMENT, "010108" + "ffffffff" + "05"
    for endpoint in (esi, bench.servers.price_endpoint(GAS)):
        yield endpoint, PRICE, "010100" + "01"
        yield endpoint, PRICE, "010101" + "00000000" + "00"
        yield endpoint, PRICE, "010103" + "00000000" + "00" + "00"
        for command in ("04", "05"):
            yield endpoint, PRICE, "0101" + command + ANY_TIME + "00"
        for command in ("06", "0b"):
            yield endpoint, PRICE, "0101" + command + ANY_TIME + "00" + "00"
        for command in ("07", "08", "0a"):
            yield endpoint, PRICE, "0101" + command + tariff
    yield esi, TIME, "000100" + "0000" + "0300" + "0700"
    yield esi, MESSAGING, "010100"
    yield esi, CALENDAR, "010100" + NOW + "00000000" + "01" + "00" + "ffffffff"
    yield esi, CALENDAR, "010101" + "00000000" + tariff + "01" + "01"
    yield esi, CALENDAR, "010102" + "00000000" + tariff + "01" + "01"
    yield esi, CALENDAR, "010103" + "00000000" + tariff
    for command in ("00", "01", "03", "05"):
        yield esi, DEVICE_MANAGEMENT, "0101" + command
    yield (
        esi,
        EVENTS,
        "010100" + "00" + "0000" + "00000000" + "ffffffff" + "00" + "0000",
    )


BLOCK_PERIOD = (PRICE, 1, 0x01)
"""PublishBlockPeriod: Wireshark knows its layout of 1.2 and later alone."""


class Recorder:
    """Writes ZCL frames of the hub into a capture, without encryption."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self.written: list[tuple[int, bytes]] = []

    def write(self, cluster: int, endpoint: int, frame: bytes) -> None:
        self.written.append((cluster, frame))
        count = len(self.written) % 256
        aps = ApsFrame(
            ApsKind.DATA,
            count,
            frame,
            destination_endpoint=1,
            source_endpoint=endpoint,
            cluster_id=cluster,
            profile_id=0x0109,
        )
        network = NetworkFrame(NetworkKind.DATA, 0, 0x1234, count, aps.encode())
        self._capture.frame(AirFrame(15, 0x1A62, 0, 0x1234, network.encode()))


def _everything(
    path: Path, version: SmartEnergy, tariff: str, tariff_id: int
) -> list[tuple[int, bytes]]:
    """Let everything happen and be asked in a home; returns what its servers sent."""
    config = HomeConfig(
        smart_energy=version,
        prepayment=(ELECTRICITY, GAS),
        tariffs={ELECTRICITY: tariff, GAS: "gas_flat"},
    )
    bench = Bench(config)
    with Capture.open(path, lambda: START.timestamp()) as capture:
        recorder = Recorder(capture)
        bench.servers.connect(recorder.write)
        events = Events(bench.servers)
        events.supplier_message("Your meter will be read on Monday", confirm=True)
        events.firmware_change("2.0")
        events.alarm(0x04)
        events.supply(Supply.ARMED)
        events.calorific_value_change(401)
        events.price_change(factor=1.5)
        bench.servers.home.accounts[ELECTRICITY].top_up(1_000_000, instant(START))
        bench.servers.device_management.customer_number = "4711"
        events.change_of_supplier("Newco", at=instant(START) + 900_000)
        events.change_of_tenancy(at=instant(START) + 900_000)
        for endpoint, cluster, frame in _requests(
            bench, tariff_id.to_bytes(4, "little").hex()
        ):
            for answer in bench.ask(endpoint, cluster, frame):
                recorder.write(cluster, endpoint, bytes.fromhex(answer))
        events.cancel_message()
    return recorder.written


@needs_tshark
@pytest.mark.parametrize(
    ("version", "tariff", "tariff_id", "least"),
    [
        (SmartEnergy.SE_1_4, "block_within_tier", 122, 33),
        (SmartEnergy.SE_1_2, "four_tier", 104, 31),
        (SmartEnergy.SE_1_1, "three_block", 103, 12),
        (SmartEnergy.SE_1_0, "flat", 101, 7),
    ],
)
def test_nothing_is_malformed(
    tmp_path: Path, version: SmartEnergy, tariff: str, tariff_id: int, least: int
) -> None:
    path = tmp_path / "all.pcap"
    written = _everything(path, version, tariff, tariff_id)
    kinds = {(cluster, frame[0] & 3, frame[2]) for cluster, frame in written}
    assert len(kinds) >= least
    rows = tshark(
        path,
        {},
        "_ws.malformed",
        "zbee_aps.cluster",
        "zbee_zcl.cmd.tsn",
        only="zbee_aps",
    )
    assert len(rows) == len(written)
    assert undissected(path) == [0] * len(written)
    for row, (cluster, frame) in zip(rows, written, strict=True):
        where = f"{cluster:#06x} {frame.hex()}"
        if (
            version is SmartEnergy.SE_1_1
            and (cluster, frame[0] & 3, frame[2]) == BLOCK_PERIOD
        ):
            continue
        assert row["_ws.malformed"] == [""], where
        assert int(row["zbee_aps.cluster"][0], 0) == cluster
        assert row["zbee_zcl.cmd.tsn"] == [str(frame[1])], where


@needs_tshark
def test_what_wireshark_makes_of_it(tmp_path: Path) -> None:
    """The catalogue's four-tier tariff, half as dear again, and the rest, as another program reads it."""
    path = tmp_path / "tariff.pcap"
    _everything(path, SmartEnergy.SE_1_4, "four_tier", 104)
    price, information = "zbee_zcl_se.price", "zbee_zcl_se.price.tariff_information"
    fields = {
        f"{price}.price_matrix.price": [["14400", "33750", "39600", "61950"]],
        f"{price}.tier_labels.tier_label": [["Night", "Morning", "Day", "Peak"]],
        f"{information}.tariff_label": [
            ["Four Rates"],
            ["Four Rates"],
            ["Gas Standard"],
        ],
        f"{information}.standing_charge": [["49900"], ["49900"], ["31430"]],
        f"{price}.calorific_value": [["401"], ["401"]],
        "zbee_zcl_se.calendar.schedule_entry.price_tier": [
            ["1", "2", "3", "4", "3", "1"]
        ],
        "zbee_zcl_se.msg.message": [["Your meter will be read on Monday"]] * 2,
        "zbee_zcl_se.pp.publish_top_up_log.top_up_amount": [["1000000"]],
    }
    rows = tshark(path, {}, *fields, only="zbee_zcl")
    for field, expected in fields.items():
        shown = [row[field] for row in rows if row[field] != [""]]
        assert [
            [str(int(v, 0)) if v[:2] == "0x" else v for v in values] for values in shown
        ] == expected, field
