"""What events push, and what they change."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from virtual_han.aps import Fuel
from virtual_han.clock import instant
from virtual_han.events import Events, HubHooks
from virtual_han.flavours import SmartEnergy
from virtual_han.meters import HomeConfig, Supply

from .home import (
    DEVICE_MANAGEMENT,
    EVENTS,
    MESSAGING,
    METERING,
    PREPAYMENT,
    PRICE,
    START,
    Bench,
)

ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS
V10, V11, V12, V14 = SmartEnergy


@dataclass
class Stage:
    """A home, its events, and what the hub was told to do."""

    bench: Bench
    events: Events
    hub: list[str] = field(default_factory=list)

    def pushed(self) -> list[tuple[int, str]]:
        """Return clusters and frames without their sequence number, and forget them."""
        frames = [
            (cluster, (frame[:1] + frame[2:]).hex())
            for cluster, _, frame in self.bench.pushed
        ]
        self.bench.pushed.clear()
        return frames


def _stage(version: SmartEnergy = V14, prepaying: bool = False) -> Stage:
    prepayment = (ELECTRICITY,) if prepaying else ()
    bench = Bench(HomeConfig(smart_energy=version, prepayment=prepayment))
    done: list[str] = []
    hooks = HubHooks(
        unpair=lambda: done.append("unpair"),
        refresh_key=lambda: done.append("refresh_key"),
        exchange=lambda: done.append("exchange"),
    )
    return Stage(bench, Events(bench.servers, hooks), done)


NOW = instant(START).to_bytes(4, "little").hex()


def test_a_message_and_its_end() -> None:
    stage = _stage()
    message = stage.events.supplier_message(
        "Héllo", importance=3, confirm=True, minutes=60
    )
    display = NOW + "8c" + "00000000" + "3c00" + "06" + "Héllo".encode().hex() + "00"
    assert stage.pushed() == [(MESSAGING, "1900" + display)]
    assert stage.bench.ask(stage.bench.esi, MESSAGING, "012200") == ["192200" + display]
    confirm = NOW + "00000000" + "02" + "0359" + "6573"
    assert stage.bench.ask(stage.bench.esi, MESSAGING, "012201" + confirm) == [
        "18220b0100"
    ]
    assert stage.bench.servers.messaging.confirmations == [(message.message_id, b"Yes")]
    stage.events.cancel_message()
    assert stage.pushed() == [(MESSAGING, "1901" + NOW + "8c")]
    assert stage.bench.ask(stage.bench.esi, MESSAGING, "012200") == ["18220b008b"]
    stage.events.cancel_message()
    assert stage.pushed() == []


def test_two_messages_of_one_second_differ() -> None:
    stage = _stage()
    first, second = (
        stage.events.supplier_message("a"),
        stage.events.supplier_message("b"),
    )
    assert second.message_id == first.message_id + 1


def test_an_old_hub_shows_no_extended_control() -> None:
    stage = _stage(V11)
    stage.events.supplier_message("Hi")
    assert stage.pushed() == [
        (MESSAGING, "1900" + NOW + "04" + "00000000" + "ffff" + "024869")
    ]
    confirm = NOW + "00000000"
    assert stage.bench.ask(stage.bench.esi, MESSAGING, "012201" + confirm) == [
        "18220b0100"
    ]
    assert stage.bench.servers.messaging.confirmations[0][1] is None


def test_messages_that_cannot_be_sent() -> None:
    stage = _stage()
    with pytest.raises(ValueError, match="59 octets"):
        stage.events.supplier_message("é" * 30)
    with pytest.raises(ValueError, match="importance"):
        stage.events.supplier_message("x", importance=4)
    stage.events.supplier_message("x" * 59)
    assert len(stage.bench.pushed[0][2]) <= 82


def test_the_last_cancellation_of_all() -> None:
    stage = _stage()
    request = "010703"[:4] + "02" + "00000000"
    assert stage.bench.ask(stage.bench.esi, MESSAGING, request) == ["18070b028b"]
    stage.bench.servers.messaging.cancelled_all = instant(START)
    assert stage.bench.ask(stage.bench.esi, MESSAGING, request) == ["190703" + NOW]


def test_a_price_change_now_is_told_at_once() -> None:
    stage = _stage()
    stage.events.price_change(factor=2)
    clusters = [(cluster, frame[:4]) for cluster, frame in stage.pushed()]
    assert clusters == [(PRICE, "1904"), (PRICE, "1900")]
    (answer,) = stage.bench.ask(stage.bench.esi, PRICE, "01070001")
    assert (52_800).to_bytes(4, "little").hex() in answer


def test_a_tariff_change_at_midnight_is_told_now_and_then() -> None:
    stage = _stage()
    bench = stage.bench
    stage.events.tariff_change("economy_7")
    midnight = instant(datetime(2026, 11, 23, tzinfo=UTC)).to_bytes(4, "little").hex()
    information, price = stage.pushed()
    assert information[1].startswith("1904" + "2a4d0000" + NOW + "6b000000" + midnight)
    assert price[1].startswith("1900" + "2a4d0000" + "03" + b"Day".hex() + NOW + NOW)
    assert midnight in price[1]
    assert bench.number(bench.esi, PRICE, 0x0611) == 4
    bench.clock.move_to(datetime(2026, 11, 23, tzinfo=UTC))
    ((cluster, frame),) = stage.pushed()
    assert (cluster, frame[:4]) == (PRICE, "1900")
    assert bench.number(bench.esi, PRICE, 0x0611) == 2
    # Tiers of the earlier tariff keep what they hold.
    values = bench.read(bench.endpoint(ELECTRICITY), METERING, 0x0104, 0x0106)
    assert all(value not in {None, bytes(6)} for value in values.values())
    with pytest.raises(ValueError, match="three_block"):
        stage.events.tariff_change("nonsense")


def test_an_old_hub_tells_the_price_alone() -> None:
    stage = _stage(V10)
    stage.events.price_change(factor=2, fuel=GAS)
    assert [cluster for cluster, _ in stage.pushed()] == [PRICE]


def test_the_calorific_value() -> None:
    stage = _stage()
    stage.events.calorific_value_change(401)
    assert stage.pushed() == [(PRICE, "1903" + NOW + NOW + "91010000" + "01" + "10")]
    bench = stage.bench
    values = bench.read(bench.endpoint(GAS), METERING, 0x0401, 0x0C01)
    litres, watt_hours = (
        int.from_bytes(value or b"", "little") for value in values.values()
    )
    assert watt_hours == round(litres * 1.02264 * 40.1 / 3.6)


def test_a_change_of_tenancy_is_announced_and_then_forgets() -> None:
    stage = _stage()
    bench, endpoint = stage.bench, stage.bench.endpoint(ELECTRICITY)
    assert bench.ask(bench.esi, DEVICE_MANAGEMENT, "010700") == ["18070b008b"]
    stage.events.supplier_message("for the old tenant")
    stage.pushed()
    at = instant(datetime(2026, 11, 24, tzinfo=UTC))
    stage.events.change_of_tenancy(at=at)
    moment = at.to_bytes(4, "little").hex()
    notice = "2a4d0000" + NOW + "00" + moment + "a0670000"
    assert stage.pushed() == [(DEVICE_MANAGEMENT, "1900" + notice)]
    assert bench.ask(bench.esi, DEVICE_MANAGEMENT, "010700") == ["190700" + notice]
    assert bench.read(bench.esi, DEVICE_MANAGEMENT, 0x0200)[0x0200] == at.to_bytes(
        4, "little"
    )
    before = bench.number(endpoint, METERING, 0x0000)
    bench.clock.move_to(datetime(2026, 11, 24, 1, tzinfo=UTC))
    frames = stage.pushed()
    assert [frame[:4] for _, frame in frames] == ["1904", "1904", "1900", "1900"]
    assert b"Default".hex() in frames[0][1]
    assert b"Gas Default".hex() in frames[1][1]
    assert bench.number(endpoint, METERING, 0x0000) > before
    assert bench.read(endpoint, METERING, 0x0403, 0x0420) == {
        0x0403: b"\xff" * 3,
        0x0420: b"\xff" * 3,
    }
    assert bench.ask(bench.esi, MESSAGING, "012200") == ["18220b008b"]
    (profile,) = bench.ask(endpoint, METERING, "010a00" + "00" + "00000000" + "10")
    # Two half hours of the new tenant, and none of the old.
    assert profile[14:20] == "000202"


def test_a_cancelled_change_of_tenancy_does_not_happen() -> None:
    """The same notice is published once more, at the time that takes it back."""
    stage = _stage()
    bench = stage.bench
    with pytest.raises(ValueError, match="announce one first"):
        stage.events.cancel_change_of_tenancy()
    stage.events.change_of_tenancy(at=instant(datetime(2026, 11, 24, tzinfo=UTC)))
    stage.pushed()
    stage.events.cancel_change_of_tenancy()
    notice = "2a4d0000" + NOW + "00" + "ffffffff" + "a0670000"
    assert stage.pushed() == [(DEVICE_MANAGEMENT, "1900" + notice)]
    assert bench.ask(bench.esi, DEVICE_MANAGEMENT, "010700") == ["18070b008b"]
    bench.clock.move_to(datetime(2026, 11, 24, 1, tzinfo=UTC))
    assert not any(b"Default".hex() in frame for _, frame in stage.pushed())


def test_an_old_hub_announces_no_tenancy_but_shows_it() -> None:
    stage = _stage(V11)
    stage.events.change_of_tenancy()
    assert all(cluster != DEVICE_MANAGEMENT for cluster, _ in stage.pushed())
    (answer,) = stage.bench.ask(stage.bench.esi, PRICE, "01070001")
    assert b"Default".hex() in answer
    (profile,) = stage.bench.ask(1, METERING, "010a00" + "00" + "00000000" + "10")
    assert profile == "190a00" + "00000000" + "05" + "02" + "00"


def test_a_change_of_supplier() -> None:
    stage = _stage()
    bench = stage.bench
    assert bench.ask(bench.esi, DEVICE_MANAGEMENT, "010701") == ["18070b018b"]
    at = instant(datetime(2026, 12, 1, tzinfo=UTC))
    stage.events.change_of_supplier("Newco", at=at)
    notice = (
        "2a4d0000" + NOW + "00" + "3c5b0000" + at.to_bytes(4, "little").hex() + "a0670000"
        + "05" + b"Newco".hex() + "0d" + b"0000 000 0000".hex()
    )  # fmt: skip
    assert stage.pushed() == [(DEVICE_MANAGEMENT, "1901" + notice)]
    assert bench.ask(bench.esi, DEVICE_MANAGEMENT, "010701") == ["190701" + notice]
    values = bench.read(bench.esi, DEVICE_MANAGEMENT, 0x0101, 0x0110, 0x0111)
    assert values == {
        0x0101: b"\x0eVirtual Energy",
        0x0110: b"\x3c\x5b\x00\x00",
        0x0111: b"\x05Newco",
    }
    bench.clock.move_to(datetime(2026, 12, 1, tzinfo=UTC))
    assert bench.read(bench.esi, DEVICE_MANAGEMENT, 0x0101, 0x0110) == {
        0x0101: b"\x05Newco",
        0x0110: None,
    }
    (price,) = bench.ask(bench.esi, PRICE, "01070001")
    assert price.startswith("190700" + "3c5b0000")


def test_site_and_customer_numbers() -> None:
    stage = _stage()
    bench = stage.bench
    (answer,) = bench.ask(bench.esi, DEVICE_MANAGEMENT, "010703")
    assert (
        answer
        == "190703" + "01000000" + NOW + "2a4d0000" + "0d" + b"2000024512368".hex()
    )
    assert bench.ask(bench.esi, DEVICE_MANAGEMENT, "010705") == ["18070b058b"]
    bench.servers.device_management.customer_number = "4711"
    assert bench.ask(bench.esi, DEVICE_MANAGEMENT, "010705") == [
        "190706" + "01000000" + NOW + "2a4d0000" + "04" + b"4711".hex()
    ]


def test_a_firmware_change_is_logged() -> None:
    stage = _stage()
    bench = stage.bench
    stage.events.firmware_change("2.0.0")
    assert stage.pushed() == [
        (EVENTS, "1900" + "03" + "2a00" + NOW + "01" + "05" + b"2.0.0".hex())
    ]
    assert bench.read(bench.esi, 0x0000, 0x4000, 0x0001) == {
        0x4000: b"\x052.0.0",
        0x0001: b"\x02",
    }
    stage.events.firmware_change("9", fuel=GAS)
    assert bench.read(bench.endpoint(GAS), 0x0000, 0x4000) == {0x4000: b"\x019"}
    log = bench.ask(
        bench.esi,
        EVENTS,
        "010700" + "00" + "0000" + "00000000" + "ffffffff" + "01" + "0000",
    )
    assert log == [
        "190701" + "0200" + "00" + "01" + "10" + "03" + "2a00" + NOW + "0139"
    ]
    older = bench.ask(
        bench.esi,
        EVENTS,
        "010700" + "03" + "2a00" + "00000000" + "00000000" + "00" + "0100",
    )
    assert older[0].endswith("05" + b"2.0.0".hex())
    none = bench.ask(
        bench.esi,
        EVENTS,
        "010700" + "01" + "0000" + "00000000" + "ffffffff" + "00" + "0000",
    )
    assert none == ["18070b008b"]


def test_a_long_log_gives_what_fits() -> None:
    stage = _stage()
    for number in range(20):
        stage.events.firmware_change(f"{number:04}")
    ask = "010700" + "00" + "0000" + "00000000" + "ffffffff" + "00" + "0000"
    (answer,) = stage.bench.ask(stage.bench.esi, EVENTS, ask)
    assert answer[6:10] == "1400"
    assert answer[14:16] == "50"
    assert len(answer) <= 2 * 73


def test_a_new_meter_starts_from_nothing() -> None:
    stage = _stage(prepaying=True)
    bench, endpoint = stage.bench, stage.bench.endpoint(ELECTRICITY)
    credit = bench.number(endpoint, PREPAYMENT, 0x0001, signed=True)
    stage.events.meter_exchange(serial="E7X00055500011")
    values = bench.read(endpoint, METERING, 0x0000, 0x0307, 0x0308, 0x0403)
    assert values == {
        0x0000: bytes(6),
        0x0307: b"\x0d2000024512368",
        0x0308: b"\x0eE7X00055500011",
        0x0403: b"\xff\xff\xff",
    }
    assert bench.number(endpoint, PREPAYMENT, 0x0001, signed=True) == credit
    bench.clock.advance(7200)
    assert bench.number(endpoint, METERING, 0x0000) > 0
    assert bench.number(bench.esi, PRICE, 0x0611) == 4
    stage.events.meter_exchange(fuel=GAS, serial="G9")
    assert bench.read(bench.endpoint(GAS), METERING, 0x0000, 0x0308) == {
        0x0000: b"\xff" * 6,
        0x0308: b"\x02G9",
    }


def test_the_hub_does_what_concerns_it() -> None:
    stage = _stage()
    stage.events.hub_exchange()
    stage.events.remote_unpairing()
    stage.events.key_refresh()
    assert stage.hub == ["exchange", "unpair", "refresh_key"]
    alone = Events(stage.bench.servers)
    alone.hub_exchange()
    alone.remote_unpairing()
    alone.key_refresh()


def test_alarms_and_supply_are_reported() -> None:
    stage = _stage()
    stage.events.alarm(0x06)
    assert stage.pushed() == [(METERING, "180a" + "0002" + "18" + "06")]
    stage.events.supply(Supply.ARMED)
    assert stage.pushed() == [
        (EVENTS, "1900" + "03" + "c400" + NOW + "01" + "00"),
        (METERING, "180a" + "1400" + "30" + "01"),
    ]
    old = _stage(V10)
    old.events.supply(Supply.OFF)
    assert old.pushed() == []


def test_a_top_up_brings_the_supply_back() -> None:
    stage = _stage(prepaying=True)
    account = stage.bench.servers.home.accounts[ELECTRICITY]
    meter = stage.bench.servers.home.meters[ELECTRICITY]
    account.opening = -100_000
    stage.bench.servers.tick()
    assert meter.supply is Supply.OFF
    stage.events.top_up(50_000)
    assert meter.supply is Supply.OFF
    stage.events.top_up(500_000)
    assert meter.supply is Supply.ON


def test_a_new_tenant_does_not_see_the_old_ones_payments() -> None:
    stage = _stage(prepaying=True)
    bench, endpoint = stage.bench, stage.bench.endpoint(ELECTRICITY)
    stage.events.top_up(500_000)
    credit = bench.number(endpoint, PREPAYMENT, 0x0001, signed=True)
    stage.events.change_of_tenancy()
    assert bench.number(endpoint, PREPAYMENT, 0x0001, signed=True) == credit
    assert bench.read(endpoint, PREPAYMENT, 0x0101) == {0x0101: None}
    assert bench.ask(endpoint, PREPAYMENT, "01070800000000ff") == ["18070b088b"]


def test_a_lost_part_of_the_log() -> None:
    stage = _stage()
    start = instant(datetime(2026, 11, 22, 12, 30, tzinfo=UTC))
    stage.events.lose_log(start, start + 1800)
    (profile,) = stage.bench.ask(
        stage.bench.endpoint(ELECTRICITY), METERING, "010a00" + "00" + "00000000" + "01"
    )
    assert profile[20:] == "ffffff"


def test_pushes_have_their_own_sequence_numbers() -> None:
    stage = _stage()
    for _ in range(300):
        stage.events.alarm(1)
    sequences = [frame[1] for _, _, frame in stage.bench.pushed]
    assert sequences[:2] == [1, 2]
    assert len(set(sequences)) == 256


def test_servers_that_nobody_listens_to() -> None:
    """Before the hub has connected, a push is built and goes nowhere."""
    bench = Bench()
    bench.servers._publish = None
    Events(bench.servers).alarm(1)
    assert bench.pushed == []
