"""What the Price and Calendar clusters say of tariffs."""

from datetime import UTC, datetime
from itertools import pairwise

from virtual_han.aps import Fuel
from virtual_han.clock import local_month
from virtual_han.flavours import SmartEnergy
from virtual_han.tariffs import CATALOGUE, Tariff

from .home import CALENDAR, METERING, PRICE, instant_of, on_tariff

ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS


def _price(answer: str) -> dict[str, int | bytes]:
    """Take PublishPrice apart as the specification lays it out."""
    data = bytes.fromhex(answer)
    assert data[0] == 0x19
    assert data[2] == 0x00
    label = data[8 : 8 + data[7]]
    rest = data[8 + data[7] :]
    return {
        "provider": int.from_bytes(data[3:7], "little"),
        "label": label,
        "event": int.from_bytes(rest[0:4], "little"),
        "time": int.from_bytes(rest[4:8], "little"),
        "unit": rest[8],
        "currency": int.from_bytes(rest[9:11], "little"),
        "digits_tier": rest[11],
        "tiers_register": rest[12],
        "start": int.from_bytes(rest[13:17], "little"),
        "minutes": int.from_bytes(rest[17:19], "little"),
        "price": int.from_bytes(rest[19:23], "little"),
        "generation": int.from_bytes(rest[24:28], "little"),
        "more": len(rest) - 23,
    }


def test_the_current_price() -> None:
    bench = on_tariff("four_tier")
    (answer,) = bench.ask(bench.esi, PRICE, "014200" + "01")
    price = _price(answer)
    assert answer[2:4] == "42"
    assert price | {"event": 0} == {
        "provider": 0x4D2A,
        "label": b"Day",
        "event": 0,
        "time": bench.clock.instant(),
        "unit": 0,
        "currency": 826,
        "digits_tier": 0x53,
        "tiers_register": 0x43,
        "start": instant_of(2026, 11, 22, 10),
        "minutes": 360,
        "price": 26_400,
        "generation": 12_000,
        # Thirteen octets up to block thresholds, price control, then five of 1.2.
        "more": 1 + 4 + 1 + 6 + 1 + 1 + 5,
    }


def test_a_flat_price_lasts_until_it_changes() -> None:
    bench = on_tariff("flat", SmartEnergy.SE_1_0)
    price = _price(bench.ask(bench.esi, PRICE, "01420001")[0])
    assert (price["minutes"], price["digits_tier"], price["tiers_register"]) == (
        0xFFFF,
        0x50,
        0,
    )
    assert price["label"] == b"Standard Fla"
    assert price["more"] == 6


def test_gas_is_priced_per_kwh_whatever_the_unit_octet() -> None:
    for version, unit in ((SmartEnergy.SE_1_2, 0), (SmartEnergy.SE_1_4, 1)):
        bench = on_tariff("flat", version)
        price = _price(
            bench.ask(bench.servers.price_endpoint(GAS), PRICE, "01420001")[0]
        )
        assert (price["unit"], price["price"], price["digits_tier"]) == (
            unit,
            6_240,
            0x50,
        )
        assert price["generation"] == 0xFFFFFFFF


def test_scheduled_prices_follow_each_other() -> None:
    bench = on_tariff("four_tier")
    answers = [
        _price(answer)
        for answer in bench.ask(bench.esi, PRICE, "014201" + "00000000" + "00")
    ]
    assert len(answers) == 12
    for now, following in pairwise(answers):
        assert isinstance(now["start"], int)
        assert isinstance(now["minutes"], int)
        assert following["start"] == now["start"] + 60 * now["minutes"]
        assert following["event"] > now["event"]  # type: ignore[operator]
    assert [answer["label"] for answer in answers[:5]] == [
        b"Day",
        b"Peak",
        b"Day",
        b"Night",
        b"Morning",
    ]
    three = bench.ask(bench.esi, PRICE, "014201" + "00000000" + "03")
    assert [_price(answer) for answer in three] == answers[:3]
    later = instant_of(2026, 11, 22, 20).to_bytes(4, "little").hex()
    (night, *_) = bench.ask(bench.esi, PRICE, "014201" + later + "02")
    assert _price(night)["label"] == b"Day"
    far = instant_of(2027, 11, 22).to_bytes(4, "little").hex()
    assert bench.ask(bench.esi, PRICE, "014201" + far + "02") == ["18420b018b"]


def test_a_flat_tariff_has_one_scheduled_price() -> None:
    bench = on_tariff("flat")
    assert bench.ask(bench.esi, PRICE, "014201" + "00000000" + "00") == bench.ask(
        bench.esi, PRICE, "01420001"
    )


def test_issuer_event_ids_rise_with_time_and_with_issues() -> None:
    """A correction sent now outranks every rate of the tariff before, also the coming ones."""
    bench = on_tariff("four_tier")
    before = [
        _price(answer)
        for answer in bench.ask(bench.esi, PRICE, "014201" + "00000000" + "00")
    ]
    assert len(before) > 1
    schedule = bench.servers.home.meters[ELECTRICITY].schedule
    schedule.add(CATALOGUE["flat"](), bench.clock.instant(), bench.clock.instant())
    (now,) = (_price(answer) for answer in bench.ask(bench.esi, PRICE, "01420001"))
    assert all(now["event"] > rate["event"] for rate in before)  # type: ignore[operator]


def test_a_block_price_begins_when_its_block_does() -> None:
    bench = on_tariff("three_block", start=datetime(2026, 12, 1, tzinfo=UTC))
    bench.clock.advance(20 * 86_400)
    price = _price(bench.ask(bench.esi, PRICE, "01420001")[0])
    switched = bench.number(bench.endpoint(ELECTRICITY), METERING, 0x0022)
    assert price["label"] == b"Block 2"
    assert (price["start"], price["price"]) == (switched, 23_700)


def test_the_new_rate_is_told_as_it_begins() -> None:
    bench = on_tariff("four_tier")
    bench.clock.move_to(datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC))
    assert bench.pushed == []
    bench.clock.advance(1)
    ((cluster, endpoint, frame),) = bench.pushed
    assert (cluster, endpoint) == (PRICE, bench.esi)
    assert _price(frame.hex())["label"] == b"Peak"
    bench.clock.advance(1)
    assert len(bench.pushed) == 1
    bench.clock.move_to(datetime(2026, 11, 22, 19, tzinfo=UTC))
    assert bench.pushed[1][2][1] != frame[1]


def test_tariff_information_octet_by_octet() -> None:
    bench = on_tariff("three_block")
    (answer,) = bench.ask(
        bench.esi, PRICE, "010706" + "00000000" + "00000000" + "00" + "00"
    )
    issued = (bench.clock.instant() - 30 * 86_400).to_bytes(4, "little").hex()
    assert answer == (
        "190704" + "2a4d0000" + issued + "67000000" + issued + "10"
        "0c" + b"Three Blocks".hex() + "00" + "02" + "00" + "3a03" + "50" + "18790000" + "00" + "010000" + "e80300"
    )  # fmt: skip
    assert bench.ask(
        bench.esi, PRICE, "010706" + "00000000" + "00000000" + "00" + "01"
    ) == ["18070b068b"]
    assert bench.ask(
        bench.esi, PRICE, "010706" + "00000000" + "feffffff" + "00" + "00"
    ) == ["18070b068b"]


def test_the_tariff_to_come_is_told_too() -> None:
    bench = on_tariff("flat")
    now = bench.clock.instant()
    bench.servers.home.meters[ELECTRICITY].schedule.add(
        CATALOGUE["economy_7"](), now + 86_400, now
    )
    request = "010706" + "00000000" + "00000000"
    both = bench.ask(bench.esi, PRICE, request + "00" + "00")
    assert [answer[22:30] for answer in both] == ["65000000", "6b000000"]
    assert bench.ask(bench.esi, PRICE, request + "01" + "00") == both[:1]


def test_price_matrix_by_tier_and_by_block() -> None:
    def payload(name: str, tariff: str) -> str:
        bench = on_tariff(name)
        (answer,) = bench.ask(bench.esi, PRICE, "010707" + tariff)
        return answer[38:]

    assert (
        payload("four_tier", "68000000") == "0001"
        "01"
        "0180250000"
        "02e4570000"
        "0320670000"
        "0454a10000"
    )
    # Without tiers the ids count blocks from 0; with both, the tier is the high nibble.
    assert payload("three_block", "67000000") == "00010000d449000001945c000002e0790000"
    assert (
        payload("block_within_tier", "7a000000") == "0001"
        "00"
        "106c6b0000"
        "1114820000"
        "207c2e0000"
        "21d0390000"
    )


def test_a_long_matrix_goes_in_parts() -> None:
    tariff = Tariff(
        9,
        "Half hours",
        0,
        {(tier, 1): tier for tier in range(1, 15)},
        {tier: f"Label {tier:05}" for tier in range(1, 15)},
        switches=tuple((30 * (tier - 1), tier) for tier in range(1, 15)),
    )
    bench = on_tariff("flat")
    now = bench.clock.instant()
    bench.servers.home.meters[ELECTRICITY].schedule.add(tariff, now, now)
    parts = bench.ask(bench.esi, PRICE, "010707" + "09000000")
    assert [part[38:42] for part in parts] == ["0002", "0102"]
    assert sum(len(part[44:]) for part in parts) == 14 * 10
    assert all(len(part) <= 2 * 73 for part in parts)
    labels = bench.ask(bench.esi, PRICE, "01070a" + "09000000")
    assert all(len(part) <= 2 * 73 for part in labels)
    assert sum(int(part[34:36], 16) for part in labels) == 14
    assert [part[30:34] for part in labels] == [
        f"{index:02x}{len(labels):02x}" for index in range(len(labels))
    ]


def test_block_thresholds_count_in_the_low_nibble() -> None:
    bench = on_tariff("three_block")
    (answer,) = bench.ask(bench.esi, PRICE, "010708" + "67000000")
    assert answer[38:] == "00010102a0860100000090d003000000"
    flat = on_tariff("flat")
    assert flat.ask(flat.esi, PRICE, "010708" + "65000000") == ["18070b088b"]
    assert flat.ask(flat.esi, PRICE, "010708" + "99000000") == ["18070b088b"]
    assert flat.ask(flat.esi, PRICE, "01070a" + "65000000") == ["18070b0a8b"]


def test_the_block_period_in_months_and_in_minutes() -> None:
    new, old = on_tariff("three_block"), on_tariff("three_block", SmartEnergy.SE_1_1)
    start = instant_of(2026, 11, 1).to_bytes(4, "little").hex()
    (answer,) = new.ask(new.esi, PRICE, "010703" + "00000000" + "01" + "00")
    assert answer[22:] == start + "010000" + "02" + "03" + "00" + "00"
    (answer,) = old.ask(old.esi, PRICE, "010703" + "00000000" + "01")
    # 30 days of minutes; no tiers, two thresholds.
    assert answer[22:] == start + "c0a800" + "02" + "02"
    flat = on_tariff("flat")
    assert flat.ask(flat.esi, PRICE, "010703" + "00000000" + "01") == ["18070b038b"]


def test_the_billing_period() -> None:
    bench = on_tariff("flat")
    (answer,) = bench.ask(
        bench.esi, PRICE, "01070b" + "00000000" + "00000000" + "00" + "00"
    )
    start = local_month(bench.clock.instant()).to_bytes(4, "little").hex()
    assert answer == "190709" + "2a4d0000" + start + start + "0100c0" + "03" + "00"


def test_how_gas_becomes_energy() -> None:
    """Factor 1.02264 as `78 8f 01 00` with five digits, 39.3 MJ/m³ with one."""
    bench = on_tariff("flat")
    endpoint = bench.servers.price_endpoint(GAS)
    ask = "00000000" + "00000000" + "00"
    assert bench.ask(endpoint, PRICE, "010704" + ask) == [
        "190702" + "01000000" + "00000000" + "788f0100" + "50"
    ]
    assert bench.ask(endpoint, PRICE, "010705" + ask) == [
        "190703" + "01000000" + "00000000" + "89010000" + "01" + "10"
    ]
    assert bench.ask(bench.esi, PRICE, "010704" + ask) == ["18070b048b"]
    values = bench.read(endpoint, PRICE, 0x0300, 0x0302, 0x0303, 0x0304, 0x0305, 0x0306)
    assert list(values.values()) == [
        b"\x01",
        b"\x78\x8f\x01\x00",
        b"\x50",
        b"\x89\x01\x00\x00",
        b"\x01",
        b"\x10",
    ]


def test_price_attributes() -> None:
    bench = on_tariff("block_within_tier")
    values = bench.read(
        bench.esi, PRICE, 0x0000, 0x0001, 0x0100, 0x0202, 0x0203, 0x0300, 0x0301, 0x0411
    )
    assert list(values.values()) == [
        b"\x03Day",
        b"\x05Night",
        (150_000).to_bytes(6, "little"),
        b"\x01\x00\x00",
        b"\xe8\x03\x00",
        b"\x00",
        (42_000).to_bytes(4, "little"),
        (33_300).to_bytes(4, "little"),
    ]
    values = bench.read(
        bench.esi, PRICE, 0x0200, 0x0201, 0x0611, 0x0612, 0x0613, 0x0617, 0x0700, 0x0701
    )
    start = instant_of(2026, 11, 1).to_bytes(4, "little")
    assert list(values.values()) == [
        start, b"\xc0\xa8\x00", b"\x02", b"\x01", b"\x00", b"\x50", start, b"\xc0\xa8\x00",
    ]  # fmt: skip


def test_the_calendar_of_a_day() -> None:
    bench = on_tariff("four_tier")
    at = bench.clock.instant().to_bytes(4, "little").hex()
    issued = (bench.clock.instant() - 30 * 86_400).to_bytes(4, "little").hex()
    head = "2a4d0000" + issued + "68000000"
    assert bench.ask(
        bench.esi, CALENDAR, "010700" + at + "00000000" + "01" + "00" + "ffffffff"
    ) == [
        "190700" + head + issued + "00" + "02" + "0a" + b"Four Rates".hex() + "010101"
    ]
    assert bench.ask(bench.esi, CALENDAR, "010701" + "00000000" + "68000000" + "01" + "01") == [
        "190701" + head + "01" + "06" + "00" + "01" + "00"
        + "000001" + "a40102" + "580203" + "c00304" + "740403" + "640501"
    ]  # fmt: skip
    assert bench.ask(
        bench.esi, CALENDAR, "010702" + "00000000" + "68000000" + "01" + "01"
    ) == ["190702" + head + "01" + "01" * 7]
    assert bench.ask(bench.esi, CALENDAR, "010703" + "00000000" + "68000000") == [
        "190703" + head + "0001" + "ff0101ff" + "01"
    ]
    special = "010704" + at + "01" + "00" + "00000000" + "68000000"
    assert bench.ask(bench.esi, CALENDAR, special) == ["18070b048b"]
    assert bench.ask(bench.esi, CALENDAR, "010703" + "00000000" + "67000000") == [
        "18070b038b"
    ]
    assert bench.ask(
        bench.esi, CALENDAR, "010700" + at + "00000000" + "01" + "03" + "ffffffff"
    ) == ["18070b008b"]


def test_a_calendar_in_utc() -> None:
    bench = on_tariff("economy_7")
    (answer,) = bench.ask(
        bench.esi, CALENDAR, "010700" + "00000000" * 2 + "01" + "00" + "ffffffff"
    )
    assert answer[38:42] == "0000"
