"""Tariffs, their books, and what the Price and Calendar clusters say of them."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from virtual_han.aps import Fuel
from virtual_han.clock import instant, local_month
from virtual_han.flavours import SmartEnergy
from virtual_han.meters import HomeConfig
from virtual_han.tariffs import CATALOGUE, Tariff, TariffSchedule

from .home import CALENDAR, METERING, PRICE, Bench

ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS


def _bench(
    name: str, version: SmartEnergy = SmartEnergy.SE_1_4, start: datetime | None = None
) -> Bench:
    config = HomeConfig(
        smart_energy=version,
        tariffs={ELECTRICITY: name, GAS: "gas_flat"},
        solar_watts=0,
    )
    return Bench(config, start) if start is not None else Bench(config)


def _at(*moment: int) -> int:
    return instant(datetime(*moment, tzinfo=UTC))  # type: ignore[misc, arg-type]


# The tariffs themselves.


@pytest.mark.parametrize(
    ("moment", "tier"),
    [
        # Winter: UTC is the householder's clock.
        ((2026, 12, 1, 0, 29), 1),
        ((2026, 12, 1, 0, 30), 2),
        ((2026, 12, 1, 7, 29), 2),
        ((2026, 12, 1, 7, 30), 1),
        # Summer: the switching table has stayed on UTC.
        ((2027, 7, 1, 0, 29), 1),
        ((2027, 7, 1, 7, 29), 2),
    ],
)
def test_economy_7_keeps_utc(moment: tuple[int, ...], tier: int) -> None:
    assert CATALOGUE["economy_7"]().tier_at(_at(*moment)) == tier


@pytest.mark.parametrize(
    ("moment", "tier"),
    [
        ((2026, 12, 1, 15, 59), 3),
        ((2026, 12, 1, 16, 0), 4),
        ((2027, 7, 1, 14, 59), 3),
        ((2027, 7, 1, 15, 0), 4),
        # The repeated hour of 25 October 2026 is night both times.
        ((2026, 10, 25, 0, 30), 1),
        ((2026, 10, 25, 1, 30), 1),
    ],
)
def test_four_tiers_keep_the_householders_clock(
    moment: tuple[int, ...], tier: int
) -> None:
    assert CATALOGUE["four_tier"]().tier_at(_at(*moment)) == tier


def test_a_tier_that_begins_in_the_repeated_hour() -> None:
    """A switch at 01:30 local comes twice in October and not at all in March."""
    tariff = Tariff(
        1,
        "Odd",
        0,
        {(1, 1): 10, (2, 1): 20},
        {1: "A", 2: "B"},
        switches=((0, 1), (90, 2), (120, 1)),
    )
    october = [tariff.tier_at(_at(2026, 10, 25, 0, 0) + k * 1800) for k in range(5)]
    assert october == [1, 2, 1, 2, 1]
    march = [tariff.tier_at(_at(2027, 3, 28, 0, 30) + k * 1800) for k in range(3)]
    assert march == [1, 1, 1]


def test_next_and_last_switch() -> None:
    tariff = CATALOGUE["four_tier"]()
    at = _at(2026, 12, 1, 13, 7)
    assert tariff.next_switch(at) == _at(2026, 12, 1, 16)
    assert tariff.last_switch(at) == _at(2026, 12, 1, 10)
    assert CATALOGUE["flat"]().next_switch(at) is None
    assert CATALOGUE["flat"]().last_switch(at) is None


@pytest.mark.parametrize(
    "change",
    [
        {"switches": ((30, 1), (450, 2))},
        {"switches": ((0, 1), (45, 2))},
        {"switches": ((0, 1), (450, 2), (420, 1))},
        {"prices": {(1, 1): 5}},
        {"thresholds": (5,)},
    ],
)
def test_tariffs_that_do_not_fit_together(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        replace(CATALOGUE["economy_7"](), **change)  # type: ignore[arg-type]


def test_a_schedule_replaces_what_was_planned_later() -> None:
    flat, night = CATALOGUE["flat"](), CATALOGUE["economy_7"]()
    schedule = TariffSchedule(flat, 1_000_000)
    schedule.add(night, 3_000_000, 2_000_000)
    schedule.add(replace(flat, tariff_id=7), 2_500_000, 2_100_000)
    assert [issue.tariff.tariff_id for issue in schedule.after(0)] == [101, 7]
    assert schedule.at(0).tariff == flat
    assert schedule.at(2_499_999).tariff == flat
    assert schedule.at(2_500_000).tariff.tariff_id == 7
    assert schedule.next_change(2_000_000) == 2_500_000
    assert schedule.next_change(2_600_000) is None


# Books.


def test_three_blocks_fill_in_order() -> None:
    """From the month's first second: 100 kWh, then 250, then the rest; cost follows."""
    bench = _bench("three_block", start=datetime(2026, 12, 1, tzinfo=UTC))
    endpoint, meter = (
        bench.endpoint(ELECTRICITY),
        bench.servers.home.meters[ELECTRICITY],
    )
    start = bench.clock.instant()
    blocks = set()
    for _ in range(30):
        bench.clock.advance(86_399)
        at = bench.clock.instant()
        used = meter.delivered.reading(at) - meter.delivered.reading(start)
        values = bench.read(endpoint, METERING, 0x000C, 0x000E, 0x0700, 0x0701, 0x0702)
        period, block, *filled = (
            int.from_bytes(value or b"", "little") for value in values.values()
        )
        assert period == used
        assert filled == [
            min(used, 100_000),
            min(max(used - 100_000, 0), 150_000),
            max(used - 250_000, 0),
        ]
        assert block == 1 + (used >= 100_000) + (used >= 250_000)
        cost = filled[0] * 18_900 + filled[1] * 23_700 + filled[2] * 31_200
        assert abs(meter.books(at).cost - cost) <= 1500
        blocks.add(block)
    assert blocks == {1, 2, 3}
    switched = bench.number(endpoint, METERING, 0x0022)
    assert meter.delivered.reading(switched) >= meter.delivered.reading(start) + 250_000
    assert (
        meter.delivered.reading(switched - 1) < meter.delivered.reading(start) + 250_000
    )
    bench.clock.move_to(datetime(2027, 1, 1, 0, 30, tzinfo=UTC))
    values = bench.read(endpoint, METERING, 0x000E, 0x001C)
    assert values[0x000E] == b"\x01"
    december = meter.delivered.reading(_at(2027, 1, 1)) - meter.delivered.reading(start)
    assert int.from_bytes(values[0x001C] or b"", "little") == december


def test_the_first_period_has_none_before_it() -> None:
    bench = _bench("three_block")
    assert bench.read(bench.endpoint(ELECTRICITY), METERING, 0x001C) == {
        0x001C: b"\xff" * 6
    }


def test_blocks_within_tiers() -> None:
    """Tier and block registers of one instant add up to what was used since the start."""
    bench = _bench("block_within_tier", start=datetime(2026, 12, 1, tzinfo=UTC))
    endpoint, meter = (
        bench.endpoint(ELECTRICITY),
        bench.servers.home.meters[ELECTRICITY],
    )
    start, before = (
        bench.clock.instant(),
        bench.read(bench.endpoint(ELECTRICITY), METERING, 0x0100, 0x0102),
    )
    bench.clock.advance(25 * 86_400)
    used = meter.delivered.reading(bench.clock.instant()) - meter.delivered.reading(
        start
    )
    values = bench.read(
        endpoint, METERING, 0x0100, 0x0102, 0x0710, 0x0711, 0x0720, 0x0721
    )
    number = {
        key: int.from_bytes(value or b"", "little") for key, value in values.items()
    }
    assert number[0x0710] + number[0x0711] + number[0x0720] + number[0x0721] == used
    assert number[0x0710] + number[0x0720] == 150_000
    for tier, block in ((0x0100, 0x0710), (0x0102, 0x0720)):
        grown = number[tier] - int.from_bytes(before[tier] or b"", "little")
        assert grown == number[block] + number[block + 1]


def test_books_of_the_past_agree_with_those_of_then() -> None:
    bench = _bench("economy_7")
    meter = bench.servers.home.meters[ELECTRICITY]
    bench.clock.advance(40_000)
    then = bench.clock.instant()
    at_the_time = meter.books(then)
    bench.clock.advance(400_000)
    meter.books(bench.clock.instant())
    assert meter.books(then) == at_the_time


def test_a_price_that_changes_within_a_half_hour() -> None:
    """Cost is split at the second of the change."""
    bench = _bench("flat")
    meter = bench.servers.home.meters[ELECTRICITY]
    start = bench.clock.instant()
    change = start + 600
    meter.schedule.add(
        replace(CATALOGUE["flat"](), prices={(0, 1): 50_000}), change, start
    )
    reading = [meter.delivered.reading(at) for at in (start, change, start + 1200)]
    cost = (reading[1] - reading[0]) * 24_500 + (reading[2] - reading[1]) * 50_000
    assert meter.books(start + 1200).cost == cost


# PublishPrice.


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
    bench = _bench("four_tier")
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
        "start": _at(2026, 11, 22, 10),
        "minutes": 360,
        "price": 26_400,
        "generation": 12_000,
        # Thirteen octets up to block thresholds, price control, then five of 1.2.
        "more": 1 + 4 + 1 + 6 + 1 + 1 + 5,
    }


def test_a_flat_price_lasts_until_it_changes() -> None:
    bench = _bench("flat", SmartEnergy.SE_1_0)
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
        bench = _bench("flat", version)
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
    bench = _bench("four_tier")
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
    later = _at(2026, 11, 22, 20).to_bytes(4, "little").hex()
    (night, *_) = bench.ask(bench.esi, PRICE, "014201" + later + "02")
    assert _price(night)["label"] == b"Day"
    far = _at(2027, 11, 22).to_bytes(4, "little").hex()
    assert bench.ask(bench.esi, PRICE, "014201" + far + "02") == ["18420b018b"]


def test_a_flat_tariff_has_one_scheduled_price() -> None:
    bench = _bench("flat")
    assert bench.ask(bench.esi, PRICE, "014201" + "00000000" + "00") == bench.ask(
        bench.esi, PRICE, "01420001"
    )


def test_issuer_event_ids_rise_with_time_and_with_issues() -> None:
    """A correction sent now outranks every rate of the tariff before, also the coming ones."""
    bench = _bench("four_tier")
    before = [
        _price(answer)
        for answer in bench.ask(bench.esi, PRICE, "014201" + "00000000" + "00")
    ]
    schedule = bench.servers.home.meters[ELECTRICITY].schedule
    schedule.add(CATALOGUE["flat"](), bench.clock.instant(), bench.clock.instant())
    (now,) = (_price(answer) for answer in bench.ask(bench.esi, PRICE, "01420001"))
    assert all(now["event"] > rate["event"] for rate in before)  # type: ignore[operator]


def test_a_block_price_begins_when_its_block_does() -> None:
    bench = _bench("three_block", start=datetime(2026, 12, 1, tzinfo=UTC))
    bench.clock.advance(20 * 86_400)
    price = _price(bench.ask(bench.esi, PRICE, "01420001")[0])
    switched = bench.number(bench.endpoint(ELECTRICITY), METERING, 0x0022)
    assert price["label"] == b"Block 2"
    assert (price["start"], price["price"]) == (switched, 23_700)


def test_the_new_rate_is_told_as_it_begins() -> None:
    bench = _bench("four_tier")
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


# The other commands.


def test_tariff_information_octet_by_octet() -> None:
    bench = _bench("three_block")
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
    bench = _bench("flat")
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
        bench = _bench(name)
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
    bench = _bench("flat")
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
    bench = _bench("three_block")
    (answer,) = bench.ask(bench.esi, PRICE, "010708" + "67000000")
    assert answer[38:] == "00010102a0860100000090d003000000"
    flat = _bench("flat")
    assert flat.ask(flat.esi, PRICE, "010708" + "65000000") == ["18070b088b"]
    assert flat.ask(flat.esi, PRICE, "010708" + "99000000") == ["18070b088b"]
    assert flat.ask(flat.esi, PRICE, "01070a" + "65000000") == ["18070b0a8b"]


def test_the_block_period_in_months_and_in_minutes() -> None:
    new, old = _bench("three_block"), _bench("three_block", SmartEnergy.SE_1_1)
    start = _at(2026, 11, 1).to_bytes(4, "little").hex()
    (answer,) = new.ask(new.esi, PRICE, "010703" + "00000000" + "01" + "00")
    assert answer[22:] == start + "010000" + "02" + "03" + "00" + "00"
    (answer,) = old.ask(old.esi, PRICE, "010703" + "00000000" + "01")
    # 30 days of minutes; no tiers, two thresholds.
    assert answer[22:] == start + "c0a800" + "02" + "02"
    flat = _bench("flat")
    assert flat.ask(flat.esi, PRICE, "010703" + "00000000" + "01") == ["18070b038b"]


def test_the_billing_period() -> None:
    bench = _bench("flat")
    (answer,) = bench.ask(
        bench.esi, PRICE, "01070b" + "00000000" + "00000000" + "00" + "00"
    )
    start = local_month(bench.clock.instant()).to_bytes(4, "little").hex()
    assert answer == "190709" + "2a4d0000" + start + start + "0100c0" + "03" + "00"


def test_how_gas_becomes_energy() -> None:
    """Factor 1.02264 as `78 8f 01 00` with five digits, 39.3 MJ/m³ with one."""
    bench = _bench("flat")
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
    bench = _bench("block_within_tier")
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
    start = _at(2026, 11, 1).to_bytes(4, "little")
    assert list(values.values()) == [
        start, b"\xc0\xa8\x00", b"\x02", b"\x01", b"\x00", b"\x50", start, b"\xc0\xa8\x00",
    ]  # fmt: skip


def test_the_calendar_of_a_day() -> None:
    bench = _bench("four_tier")
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
    bench = _bench("economy_7")
    (answer,) = bench.ask(
        bench.esi, CALENDAR, "010700" + "00000000" * 2 + "01" + "00" + "ffffffff"
    )
    assert answer[38:42] == "0000"
