"""Captures, read by Wireshark's own dissectors: what it shows is what was sent."""

from datetime import UTC, datetime
import io
from pathlib import Path
import struct

import pytest

from virtual_han.air import MAC_ACCESS_DENIED, Air, AirFrame, Beacon
from virtual_han.aps import Fuel
from virtual_han.capture import Capture, RecordedAir, frame_check, write_keys
from virtual_han.clock import Clock, instant
from virtual_han.han import HUB_EUI64, VirtualHan

from .cad import LINK_KEY, connected, endpoint_of, t
from .home import START
from .wireshark import YES, Row, moment, needs_tshark, tshark

METERING, PRICE, KEY_ESTABLISHMENT = 0x0702, 0x0700, 0x0800
EUI64 = bytes.fromhex("00124B0001ABCDEF")


def test_the_frame_check_is_that_of_the_standard() -> None:
    """CRC-16/KERMIT, whose published check value is 0x2189."""
    assert frame_check(b"123456789") == bytes.fromhex("8921")


def test_the_layout_of_a_file() -> None:
    """Header, then a record: TAP header with FCS type and channel, MAC header, payload, FCS."""
    stream = io.BytesIO()
    capture = Capture(stream, lambda: 1_800_000_000.25)
    capture.frame(AirFrame(15, 0x1A62, 0x0000, 0x4321, b"\x48\x02"))
    data = stream.getvalue()
    assert data[:24].hex() == "d4c3b2a1020004000000000000000000000100001b010000"
    seconds, micro, stored, length = struct.unpack_from("<IIII", data, 24)
    assert (seconds, micro) == (1_800_000_000, 250_000)
    packet = data[40:]
    assert stored == length == len(packet)
    assert packet[:20].hex() == "000014000000010001000000030003000f000000"
    mac = packet[20:]
    assert mac[:-2].hex() == "618801621a214300004802"
    assert mac[-2:] == frame_check(mac[:-2])


def test_broadcasts_ask_for_no_acknowledgement() -> None:
    stream = io.BytesIO()
    Capture(stream, lambda: 0).frame(AirFrame(15, 0x1A62, 0, 0xFFFC, b""))
    assert stream.getvalue()[60:69].hex() == "418801621affff0000"


class Coordinator:
    """A station that gives what it is told to."""

    def __init__(self, air: Air, answer: tuple[int, int] | None) -> None:
        self.air = air
        self.answer = answer
        air.attach(self)

    def beacon(self) -> Beacon:
        return Beacon(20, 0x1A62, bytes(range(8)), permit_joining=True)

    def associate(
        self, eui64: bytes, pan_id: int, *, router: bool
    ) -> tuple[int, int] | None:
        return self.answer

    def hears(self, frame: AirFrame) -> bool:
        return False

    def receive(self, frame: AirFrame) -> None:
        raise AssertionError


@needs_tshark
@pytest.mark.parametrize(
    ("answer", "status"), [((0, 0x4321), "0x00"), ((MAC_ACCESS_DENIED, 0xFFFF), "0x02")]
)
def test_wireshark_reads_scan_and_association(
    tmp_path: Path, answer: tuple[int, int], status: str
) -> None:
    path = tmp_path / "join.pcap"
    with Capture.open(path, lambda: 1_800_000_000) as capture:
        air = RecordedAir(capture)
        Coordinator(air, answer)
        assert len(air.scan(20)) == 1
        assert air.scan(11) == []
        assert air.associate(EUI64, 0x1A62, router=False) == answer
    rows = tshark(
        path, {}, "wpan-tap.ch_num", "wpan.cmd", "wpan.fcs_ok", "zbee_beacon.ext_panid", "wpan.assoc_permit",
        "wpan.src64", "wpan.asoc.addr", "wpan.assoc.status", only="wpan",
    )  # fmt: skip
    assert [row["wpan.cmd"] for row in rows] == [
        ["0x07"],
        [""],
        ["0x07"],
        ["0x01"],
        ["0x02"],
    ]
    assert [row["wpan-tap.ch_num"] for row in rows] == [
        ["20"],
        ["20"],
        ["11"],
        ["20"],
        ["20"],
    ]
    assert all(row["wpan.fcs_ok"] in YES for row in rows)
    assert rows[1]["zbee_beacon.ext_panid"] == ["00:01:02:03:04:05:06:07"]
    assert rows[1]["wpan.assoc_permit"] in YES
    assert rows[3]["wpan.src64"] == [EUI64.hex(":")]
    assert rows[4]["wpan.asoc.addr"] == [f"0x{answer[1]:04x}"]
    assert rows[4]["wpan.assoc.status"] == [status]


def test_an_unheard_association_is_not_invented() -> None:
    stream = io.BytesIO()
    air = RecordedAir(Capture(stream, lambda: 0))
    assert air.associate(EUI64, 0x1A62, router=True) is None
    assert len(stream.getvalue()) == 24


async def test_the_association_comes_before_what_it_sets_off() -> None:
    """A coordinator that sends the key while it answers is written in the order of the air."""

    class Hasty(Coordinator):
        def associate(
            self, eui64: bytes, pan_id: int, *, router: bool
        ) -> tuple[int, int] | None:
            self.air.transmit(self, AirFrame(20, pan_id, 0, 0x4321, b"the key"))
            return self.answer

    stream = io.BytesIO()
    air = RecordedAir(Capture(stream, lambda: 0))
    Hasty(air, (0, 0x4321))
    assert air.associate(EUI64, 0x1A62, router=True) == (0, 0x4321)
    data = stream.getvalue()
    assert 0 < data.index(EUI64[::-1] + b"\x01\x8e") < data.index(b"the key")


def test_a_failing_association_leaves_the_tap_in_place() -> None:
    class Broken(Coordinator):
        def associate(
            self, eui64: bytes, pan_id: int, *, router: bool
        ) -> tuple[int, int] | None:
            raise RuntimeError

    capture = Capture(io.BytesIO(), lambda: 0)
    air = RecordedAir(capture)
    Broken(air, None)
    with pytest.raises(RuntimeError):
        air.associate(EUI64, 0x1A62, router=False)
    assert air.taps == [capture.frame]


def test_keys_for_wireshark(tmp_path: Path) -> None:
    """Two writes leave one file, readable by its owner alone."""
    path = tmp_path / "zigbee_pc_keys"
    write_keys(path, {"network": bytes(range(16))})
    write_keys(path, {"link": LINK_KEY})
    assert (
        path.read_text()
        == '"66:b6:90:09:81:e1:ee:3c:a4:20:6b:6b:86:1c:02:bb","Normal","link"\n'
    )
    assert path.stat().st_mode & 0o777 == 0o600


KE = "zbee_zcl_se.ke"
MET = "zbee_zcl_se.met"
PRC = "zbee_zcl_se.price"


@needs_tshark
async def test_wireshark_reads_a_join_key_establishment_reads_and_a_price(
    tmp_path: Path,
) -> None:
    """Through unmodified bellows: every Smart Energy field that tshark shows equals what was sent."""
    path = tmp_path / "han.pcap"
    clock = Clock(START, speed=0)
    with Capture.open(path, lambda: clock.now().timestamp()) as capture:
        async with (
            VirtualHan(clock=clock, capture=capture) as han,
            connected(han.url) as cad,
        ):
            han.admit()
            assert await cad.join() == t.sl_Status.NETWORK_UP
            credentials = han.credentials()
            key = await cad.establish(
                credentials, endpoint=endpoint_of(han, KEY_ESTABLISHMENT)
            )
            await cad.import_key(key)
            meter = han.servers.metering_endpoint(Fuel.ELECTRICITY)
            wanted = bytes.fromhex("0033000000010300040099")
            read = await cad.ask(METERING, wanted, endpoint=meter)
            await cad.ask(
                PRICE, bytes.fromhex("01340001"), endpoint=endpoint_of(han, PRICE)
            )
            await cad.ask(METERING, bytes.fromhex("013500000000000003"), endpoint=meter)
            keys = {"install": LINK_KEY, "network": han.hub.network.key, "link": key}
            flow = han.servers.home.meters[Fuel.ELECTRICITY].delivered
    opened = {"install": LINK_KEY}
    _check_join(tshark(path, opened, *JOIN, only="wpan"), keys["network"])
    rows = tshark(path, keys, *KEYS, *READS, *PRICES, *PROFILE, only="zbee_zcl")
    _check_key_establishment(rows, credentials.certificate)
    _check_reading(rows, read)
    _check_price(rows)
    intervals = [
        f"0x{flow.energy(clock.instant() // 1800 - back):06x}" for back in (1, 2, 3)
    ]
    (profile,) = [row for row in rows if row[PROFILE[0]] != [""]]
    assert profile[PROFILE[0]] == ["0x00"]
    assert [int(value, 0) for value in profile[PROFILE[2]]] == [
        int(value, 16) for value in intervals
    ]
    assert moment(profile[PROFILE[1]][0]) == instant(
        datetime(2026, 11, 22, 13, tzinfo=UTC)
    )


JOIN = (
    "wpan.cmd",
    "wpan.asoc.addr",
    "zbee_aps.cmd.id",
    "zbee_aps.cmd.key",
    "zbee_zdp.ext_addr",
)
KEYS = (
    f"{KE}.cert.reconst",
    f"{KE}.cert.subject",
    f"{KE}.cert.issuer",
    f"{KE}.qeu",
    f"{KE}.qev",
    f"{KE}.macu",
    f"{KE}.macv",
)
READS = (
    "zbee_zcl.cmd.tsn",
    f"{MET}.attr_id",
    "zbee_zcl.attr.uint48",
    "zbee_zcl.attr.uint24",
    "zbee_zcl.attr.int24",
    "zbee_zcl.attr.status",
    "zbee_aps.security",
)
PRICES = (
    f"{PRC}.provider_id", f"{PRC}.rate_label", f"{PRC}.issuer_event_id", f"{PRC}.current_time",
    f"{PRC}.unit_of_measure", f"{PRC}.currency", f"{PRC}.tier", f"{PRC}.trailing_digit",
    f"{PRC}.number_of_price_tiers", f"{PRC}.start_time", f"{PRC}.duration_in_minutes", f"{PRC}.price",
    f"{PRC}.generation_price", f"{PRC}.control",
)  # fmt: skip
PROFILE = tuple(
    f"{MET}.get_profile_response.{name}" for name in ("status", "end_time", "intervals")
)


def _check_join(rows: list[Row], network_key: bytes) -> None:
    """The install code's key alone opens Transport-Key, and with what it holds all of the join.

    The key goes to the address that the association before it has given.
    """
    kinds = [row["wpan.cmd"][0] or row["zbee_aps.cmd.id"][0] for row in rows]
    assert kinds.count("0x07") >= 16
    assert kinds.index("0x01") < kinds.index("0x02") < kinds.index("0x05")
    transported = [
        row["zbee_aps.cmd.key"][0] for row in rows if row["zbee_aps.cmd.id"] == ["0x05"]
    ]
    assert [key.replace(":", "") for key in transported] == [network_key.hex()]
    assert [EUI64.hex(":")] in [row["zbee_zdp.ext_addr"] for row in rows]


def _check_key_establishment(rows: list[Row], certificate: bytes) -> None:
    """Both certificates, both ephemeral keys, both MACs; ours to the octet."""
    ours, theirs = (row for row in rows if row[KEYS[0]] != [""])
    shown = [ours[field][0].replace(":", "").removeprefix("0x") for field in KEYS[:3]]
    assert shown == [
        certificate[:22].hex(),
        certificate[22:30].hex(),
        certificate[30:38].hex(),
    ]
    assert theirs[KEYS[1]][0].replace(":", "").removeprefix("0x") == HUB_EUI64.hex()
    assert [sum(row[field] != [""] for row in rows) for field in KEYS[3:]] == [
        1,
        1,
        1,
        1,
    ]


def _check_reading(rows: list[Row], read: bytes) -> None:
    """Register, multiplier and power as the octets say, and the attribute that is not there."""
    (answer,) = [row for row in rows if row["zbee_zcl.attr.uint48"] != [""]]
    register, power = (
        int.from_bytes(read[7:13], "little"),
        int.from_bytes(read[24:27], "little", signed=True),
    )
    assert read[3:7].hex() + read[20:24].hex() == "00000025" + "0004002a"
    assert [int(value, 0) for value in answer["zbee_zcl.attr.uint48"]] == [register]
    assert [int(value, 0) for value in answer["zbee_zcl.attr.uint24"]] == [1]
    assert [int(value, 0) for value in answer["zbee_zcl.attr.int24"]] == [power]
    assert answer[f"{MET}.attr_id"] == ["0x0000", "0x0301", "0x0400", "0x9900"]
    assert answer["zbee_zcl.attr.status"] == ["0x00", "0x00", "0x00", "0x86"]
    assert answer["zbee_zcl.cmd.tsn"] == ["51"]
    assert answer["zbee_aps.security"] in YES


def _check_price(rows: list[Row]) -> None:
    """The day rate of the four-tier tariff, of which the catalogue says £0.26400."""
    (row,) = [row for row in rows if row[f"{PRC}.price"] != [""]]
    number = {
        field: int(row[field][0], 0)
        for field in PRICES
        if field.split(".")[-1] not in {"rate_label", "current_time", "start_time"}
    }
    assert row[f"{PRC}.rate_label"] == ["Day"]
    assert moment(row[f"{PRC}.current_time"][0]) == instant(START)
    assert moment(row[f"{PRC}.start_time"][0]) == instant(
        datetime(2026, 11, 22, 10, tzinfo=UTC)
    )
    issued = instant(START) - 30 * 86_400
    assert number == {
        f"{PRC}.provider_id": 0x4D2A,
        f"{PRC}.issuer_event_id": issued
        + (instant(datetime(2026, 11, 22, 10, tzinfo=UTC)) - issued) // 60,
        f"{PRC}.unit_of_measure": 0,
        f"{PRC}.currency": 826,
        f"{PRC}.tier": 3,
        f"{PRC}.trailing_digit": 5,
        f"{PRC}.number_of_price_tiers": 4,
        f"{PRC}.duration_in_minutes": 360,
        f"{PRC}.price": 26_400,
        f"{PRC}.generation_price": 12_000,
        f"{PRC}.control": 0,
    }
