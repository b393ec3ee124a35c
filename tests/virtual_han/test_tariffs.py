"""Tariffs, and the books that meters keep under them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from virtual_han.aps import Fuel
from virtual_han.meters import Supply
from virtual_han.tariffs import CATALOGUE, Tariff, TariffSchedule

from .home import METERING, instant_of, on_tariff

ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS


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
    assert CATALOGUE["economy_7"]().tier_at(instant_of(*moment)) == tier


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
    assert CATALOGUE["four_tier"]().tier_at(instant_of(*moment)) == tier


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
    october = [
        tariff.tier_at(instant_of(2026, 10, 25, 0, 0) + k * 1800) for k in range(5)
    ]
    assert october == [1, 2, 1, 2, 1]
    march = [
        tariff.tier_at(instant_of(2027, 3, 28, 0, 30) + k * 1800) for k in range(3)
    ]
    assert march == [1, 1, 1]


def test_next_and_last_switch() -> None:
    tariff = CATALOGUE["four_tier"]()
    at = instant_of(2026, 12, 1, 13, 7)
    assert tariff.next_switch(at) == instant_of(2026, 12, 1, 16)
    assert tariff.last_switch(at) == instant_of(2026, 12, 1, 10)
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


def test_three_blocks_fill_in_order() -> None:
    """From the month's first second: 100 kWh, then 250, then the rest; cost follows."""
    bench = on_tariff("three_block", start=datetime(2026, 12, 1, tzinfo=UTC))
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
    december = meter.delivered.reading(
        instant_of(2027, 1, 1)
    ) - meter.delivered.reading(start)
    assert int.from_bytes(values[0x001C] or b"", "little") == december


def test_the_first_period_has_none_before_it() -> None:
    bench = on_tariff("three_block")
    assert bench.read(bench.endpoint(ELECTRICITY), METERING, 0x001C) == {
        0x001C: b"\xff" * 6
    }


def test_blocks_within_tiers() -> None:
    """Tier and block registers of one instant add up to what was used since the start."""
    bench = on_tariff("block_within_tier", start=datetime(2026, 12, 1, tzinfo=UTC))
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
    bench = on_tariff("economy_7")
    meter = bench.servers.home.meters[ELECTRICITY]
    bench.clock.advance(40_000)
    then = bench.clock.instant()
    at_the_time = meter.books(then)
    bench.clock.advance(400_000)
    meter.books(bench.clock.instant())
    assert meter.books(then) == at_the_time


def test_a_look_ahead_does_not_fix_the_future() -> None:
    """What was asked for next week is as it then is: under another tariff, after a cut."""
    bench, other = on_tariff("economy_7"), on_tariff("economy_7")
    week = bench.clock.instant() + 7 * 86_400
    bench.servers.home.meters[ELECTRICITY].books(week)
    for home in (bench, other):
        meter, now = home.servers.home.meters[ELECTRICITY], home.clock.instant()
        meter.schedule.add(CATALOGUE["four_tier"](), now + 86_400, now)
        meter.books(week)
        home.clock.advance(2 * 86_400)
        meter.switch_supply(Supply.OFF, home.clock.instant())
        home.clock.advance(5 * 86_400)
    ahead, straight = (
        home.servers.home.meters[ELECTRICITY].books(week) for home in (bench, other)
    )
    assert ahead == straight
    assert set(ahead.tiers) == {1, 2, 3, 4}
    assert sum(ahead.tiers.values()) == bench.servers.home.meters[
        ELECTRICITY
    ].delivered.reading(week)


def test_a_price_that_changes_within_a_half_hour() -> None:
    """Cost is split at the second of the change."""
    bench = on_tariff("flat")
    meter = bench.servers.home.meters[ELECTRICITY]
    start = bench.clock.instant()
    change = start + 600
    meter.schedule.add(
        replace(CATALOGUE["flat"](), prices={(0, 1): 50_000}), change, start
    )
    reading = [meter.delivered.reading(at) for at in (start, change, start + 1200)]
    cost = (reading[1] - reading[0]) * 24_500 + (reading[2] - reading[1]) * 50_000
    assert meter.books(start + 1200).cost == cost
