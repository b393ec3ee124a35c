"""Registers and counters as the Metering cluster tells them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from virtual_han.aps import Fuel
from virtual_han.clock import instant, local_midnight
from virtual_han.events import Events
from virtual_han.flavours import SmartEnergy
from virtual_han.meters import Alarm, HomeConfig, Supply
from virtual_han.tariffs import CATALOGUE

from .home import METERING, PRICE, START, Bench, number

ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS


def test_the_same_seed_is_the_same_home() -> None:
    one, other, third = Bench(), Bench(), Bench(HomeConfig(seed=2))
    for bench in (one, other, third):
        bench.clock.advance(3 * 86_400)
    read = [
        bench.servers.home.meters[ELECTRICITY].delivered.reading(bench.clock.instant())
        for bench in (one, other, third)
    ]
    assert read[0] == read[1] != read[2]


def test_tiers_add_up_to_the_register(bench: Bench) -> None:
    """At every step over two days of four tiers, in one read and so of one instant."""
    endpoint = bench.endpoint(ELECTRICITY)
    before: list[int] = []
    for _ in range(60):
        bench.clock.advance(2_999)
        values = bench.read(endpoint, METERING, 0x0000, 0x0100, 0x0102, 0x0104, 0x0106)
        total, *tiers = map(number, values.values())
        assert sum(tiers) == total
        assert not before or all(
            new >= old for new, old in zip(tiers, before, strict=True)
        )
        before = tiers
    assert len(set(before)) == 4


def test_power_is_signed(bench: Bench) -> None:
    """Export is negative; in a British June at noon there is some."""
    bench.clock.move_to(datetime(2027, 6, 21, 12, 3, tzinfo=UTC))
    meter = bench.servers.home.meters[ELECTRICITY]
    at = bench.clock.instant()
    while meter.power(at) >= 0:
        at += 1800
    bench.clock.advance(at - bench.clock.instant())
    power = bench.number(bench.endpoint(ELECTRICITY), METERING, 0x0400, signed=True)
    assert power == meter.power(at) < 0


def test_a_coarse_meter() -> None:
    """Divisor 100: readings in tens of watt hours, rounded down, never up."""
    bench = Bench(HomeConfig(divisors={ELECTRICITY: 100}))
    fine = Bench()
    values = bench.read(bench.endpoint(ELECTRICITY), METERING, 0x0000, 0x0302)
    true = number(fine.read(fine.endpoint(ELECTRICITY), METERING, 0x0000)[0x0000])
    assert number(values[0x0302]) == 100
    assert number(values[0x0000]) == true // 10


def test_identification(bench: Bench) -> None:
    endpoint = bench.endpoint(ELECTRICITY)
    values = bench.read(
        endpoint, METERING, 0x0300, 0x0301, 0x0302, 0x0303, 0x0306, 0x0307, 0x0014
    )
    assert values == {
        0x0300: b"\x00",
        0x0301: b"\x01\x00\x00",
        0x0302: b"\xe8\x03\x00",
        0x0303: b"\x2b",
        0x0306: b"\x00",
        0x0307: b"\x0d2000024512368",
        0x0014: b"\x02",
    }


def test_day_week_and_month_counters(bench: Bench) -> None:
    endpoint, meter = (
        bench.endpoint(ELECTRICITY),
        bench.servers.home.meters[ELECTRICITY],
    )
    reading = meter.delivered.reading
    at = bench.clock.instant()
    now = reading(at)

    def day(*date: int) -> int:
        return reading(instant(datetime(date[0], date[1], date[2], tzinfo=UTC)))

    values = bench.read(
        endpoint, METERING, 0x0401, 0x0403, 0x0430, 0x0432, 0x0440, 0x0442
    )
    assert [number(value) for value in values.values()] == [
        now - day(2026, 11, 22),
        day(2026, 11, 22) - day(2026, 11, 21),
        now - day(2026, 11, 16),
        day(2026, 11, 16) - day(2026, 11, 9),
        now - day(2026, 11, 1),
        # October began in summer time, an hour before midnight UTC.
        day(2026, 11, 1) - reading(instant(datetime(2026, 9, 30, 23, tzinfo=UTC))),
    ]
    partial = bench.read(endpoint, METERING, 0x0405, 0x0407)
    assert number(partial[0x0405]) == at - 420
    assert number(partial[0x0407]) == now - reading(at - 420)


def test_the_log_holds_thirteen_months(bench: Bench) -> None:
    """Thirteen months back is there, and the month before that is not."""
    endpoint = bench.endpoint(ELECTRICITY)
    values = bench.read(endpoint, METERING, 0x0458, 0x045A)
    assert 100_000 < number(values[0x0458]) < 600_000
    assert 100_000 < number(values[0x045A]) < 600_000
    bench.servers.home.meters[ELECTRICITY].restrict_history(
        instant(datetime(2025, 11, 2, tzinfo=UTC))
    )
    values = bench.read(endpoint, METERING, 0x0456, 0x0458, 0x045A)
    assert values[0x0458] == values[0x045A] == b"\xff\xff\xff\xff"
    assert values[0x0456] != b"\xff\xff\xff\xff"


def test_supply_and_alarms(bench: Bench) -> None:
    endpoint, meter = (
        bench.endpoint(ELECTRICITY),
        bench.servers.home.meters[ELECTRICITY],
    )
    meter.alarms = Alarm.TAMPER | Alarm.LOW_BATTERY
    meter.switch_supply(Supply.OFF, bench.clock.instant())
    before = bench.read(endpoint, METERING, 0x0014, 0x0200, 0x0000, 0x0400)
    assert before[0x0014] == b"\x00"
    assert before[0x0200] == b"\x06"
    assert before[0x0400] == b"\x00\x00\x00"
    bench.clock.advance(5000)
    assert bench.read(endpoint, METERING, 0x0000)[0x0000] == before[0x0000]
    meter.switch_supply(Supply.ARMED, bench.clock.instant())
    assert bench.read(endpoint, METERING, 0x0014, 0x0000) == {
        0x0014: b"\x01",
        0x0000: before[0x0000],
    }
    meter.switch_supply(Supply.ON, bench.clock.instant())
    bench.clock.advance(5000)
    assert number(bench.read(endpoint, METERING, 0x0000)[0x0000]) > number(
        before[0x0000]
    )


def test_gas_moves_on_the_half_hour(bench: Bench) -> None:
    """The mirror shows what the meter pushed last, and when."""
    endpoint = bench.endpoint(GAS)
    first = bench.read(endpoint, METERING, 0x0000, 0x0007)
    assert number(first[0x0007]) == instant(datetime(2026, 11, 22, 13, tzinfo=UTC))
    bench.clock.advance(22 * 60)
    assert bench.read(endpoint, METERING, 0x0000, 0x0007) == first
    bench.clock.advance(60)
    second = bench.read(endpoint, METERING, 0x0000, 0x0007)
    assert number(second[0x0007]) == instant(datetime(2026, 11, 22, 13, 30, tzinfo=UTC))
    assert number(second[0x0000]) > number(first[0x0000])


def test_gas_that_is_cut_off(bench: Bench) -> None:
    meter = bench.servers.home.meters[GAS]
    meter.switch_supply(Supply.OFF, bench.clock.instant())
    bench.clock.advance(3600)
    first = bench.read(bench.endpoint(GAS), METERING, 0x0000)
    bench.clock.advance(6 * 3600)
    assert bench.read(bench.endpoint(GAS), METERING, 0x0000) == first
    assert bench.read(bench.endpoint(GAS), METERING, 0x0014) == {0x0014: b"\x00"}


def test_gas_in_both_units(bench: Bench) -> None:
    """m³ today in the meter's day, which is UTC's, and kWh at 39.3 MJ/m³."""
    values = bench.read(
        bench.endpoint(GAS), METERING, 0x0300, 0x0306, 0x0312, 0x0401, 0x0C01
    )
    assert values[0x0300] == b"\x01"
    assert values[0x0306] == b"\x80"
    assert values[0x0312] == b"\x00"
    litres = number(values[0x0401])
    assert litres > 0
    assert number(values[0x0C01]) == round(litres * 1.02264 * 39.3 / 3.6)
    assert bench.read(bench.endpoint(GAS), METERING, 0x0001, 0x0400) == {
        0x0001: None,
        0x0400: None,
    }


def test_a_mirror_that_is_not_filled_yet() -> None:
    """Sentinels, not zeros, until the gas meter's first push."""
    bench = Bench(HomeConfig(gas_after=3600))
    endpoint = bench.endpoint(GAS)
    values = bench.read(endpoint, METERING, 0x0000, 0x0007, 0x0401, 0x0300)
    assert values == {
        0x0000: b"\xff" * 6,
        0x0007: b"\xff" * 4,
        0x0401: b"\xff" * 3,
        0x0300: b"\x01",
    }
    bench.clock.advance(2 * 3600)
    assert number(bench.read(endpoint, METERING, 0x0000)[0x0000]) > 5_655_830
    alternative = Bench(HomeConfig(smart_energy=SmartEnergy.SE_1_4, gas_after=3600))
    assert alternative.read(endpoint, METERING, 0x0C01)[0x0C01] == b"\xff\xff\xff"


def test_a_home_without_gas() -> None:
    bench = Bench(HomeConfig(fuels=(ELECTRICITY,)))
    assert [item.fuel for item in bench.servers.endpoints()] == [
        ELECTRICITY,
        ELECTRICITY,
    ]
    assert bench.ask(bench.endpoint(GAS), METERING, "0001000000") == []


def test_a_home_without_electricity() -> None:
    bench = Bench(HomeConfig(fuels=(GAS,)))
    assert [(item.device_id, item.fuel) for item in bench.servers.endpoints()] == [
        (0x0500, None),
        (0x0501, GAS),
    ]
    assert PRICE not in bench.servers.endpoints()[0].input_clusters


def test_both_clock_changes(bench: Bench) -> None:
    """Through a year: registers rise, the days counted are those of the house, tiers add up."""
    endpoint, meter = (
        bench.endpoint(ELECTRICITY),
        bench.servers.home.meters[ELECTRICITY],
    )
    last = 0
    for day, half_hours in (
        (datetime(2027, 3, 28, tzinfo=UTC), 46),
        (datetime(2027, 10, 31, tzinfo=UTC), 50),
    ):
        bench.clock.move_to(day + timedelta(hours=22, minutes=59))
        at = bench.clock.instant()
        start = local_midnight(at)
        today = bench.number(endpoint, METERING, 0x0401)
        assert today == meter.delivered.reading(at) - meter.delivered.reading(start)
        bench.clock.advance(local_midnight(at, 1) - at)
        yesterday = bench.number(endpoint, METERING, 0x0403)
        halves = range(start // 1800, start // 1800 + half_hours)
        assert yesterday == sum(meter.delivered.energy(k) for k in halves)
        values = bench.read(endpoint, METERING, 0x0000, 0x0100, 0x0102, 0x0104, 0x0106)
        total, *tiers = map(number, values.values())
        assert sum(tiers) == total > last
        last = total


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_fortnight_of_anything(seed: int) -> None:
    """Whatever happens in whatever order: no register falls, and the parts are the whole."""
    random = Random(seed)
    names = [name for name in CATALOGUE if name != "gas_flat"]
    bench = Bench(HomeConfig(seed=seed, smart_energy=SmartEnergy.SE_1_4))
    events, endpoint = Events(bench.servers), bench.endpoint(ELECTRICITY)
    happenings: list[Callable[[], object]] = [
        lambda: events.tariff_change(random.choice(names), at=bench.clock.instant()),
        lambda: events.tariff_change(random.choice(names)),
        lambda: events.price_change(factor=random.uniform(0.5, 2)),
        lambda: events.supply(random.choice(list(Supply))),
        lambda: events.supply(Supply.ON),
        events.change_of_tenancy,
        lambda: events.change_of_supplier("Newco", at=bench.clock.instant() + 5000),
        lambda: events.firmware_change("9.9"),
        lambda: None,
    ]
    before: dict[int, int] = {}
    while bench.clock.now() < START + timedelta(days=14):
        random.choice(happenings)()
        bench.clock.advance(random.randrange(1, 20_000))
        at = bench.clock.instant()
        meter = bench.servers.home.meters[ELECTRICITY]
        books, received = meter.books(at), meter.received
        assert received is not None
        now = {0: meter.delivered.reading(at), 1: received.reading(at), 2: books.cost}
        assert number(bench.read(endpoint, METERING, 0x0000)[0x0000]) == now[0]
        assert sum(books.tiers.values()) == now[0]
        assert all(now[key] >= before.get(key, 0) for key in now)
        price = bench.servers.price[ELECTRICITY].rate(at)
        assert (
            price.price == meter.schedule.at(at).tariff.prices[price.tier, price.block]
        )
        assert price.start <= at
        assert price.end is None or price.end > at
        before = now
