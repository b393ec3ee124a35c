"""Registers, counters, logs and the answers of the Metering cluster."""

from datetime import UTC, datetime, timedelta

import pytest

from virtual_han.aps import Fuel
from virtual_han.clock import instant, local_midnight
from virtual_han.flavours import SmartEnergy
from virtual_han.meters import Alarm, HomeConfig, Supply
from virtual_han.meters.load import LoadModel, noise
from virtual_han.meters.register import Register

from .home import EVENTS, METERING, PREPAYMENT, PRICE, START, Bench

ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS


@pytest.fixture
def bench() -> Bench:
    return Bench(HomeConfig(smart_energy=SmartEnergy.SE_1_4))


def _u48(octets: bytes | None) -> int:
    assert octets is not None
    return int.from_bytes(octets, "little")


# The load.


def test_noise_is_the_same_everywhere() -> None:
    """The splitmix64 step, worked out by hand for one key of a zero seed."""
    mask = (1 << 64) - 1
    z = 7 * 0x9E3779B97F4A7C15 & mask
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
    assert noise(0, 7) == (z ^ z >> 31) / 2**64


def test_the_load_is_plausible() -> None:
    """A year of a British home: 2.5 to 5 MWh, 900 to 2000 m³; more in winter; sun in summer."""
    load = LoadModel(seed=5, solar_watts=0)
    sunny = LoadModel(seed=5, solar_watts=4_000)
    first = instant(datetime(2026, 1, 1, tzinfo=UTC)) // 1800
    year = range(first, first + 365 * 48)
    assert 2_500_000 < sum(load.net_electricity(k) for k in year) < 5_000_000
    assert 900_000 < sum(load.gas(k) for k in year) < 2_000_000
    january, july = (
        range(first, first + 31 * 48),
        range(first + 181 * 48, first + 212 * 48),
    )
    assert sum(load.gas(k) for k in january) > 4 * sum(load.gas(k) for k in july)
    exported = {
        month: -sum(min(0, sunny.net_electricity(k)) for k in month)
        for month in (january, july)
    }
    assert exported[july] > 5 * exported[january]
    assert all(load.net_electricity(k) > 0 for k in january)
    assert load.temperature(first) < load.temperature(first + 190 * 48)


def test_a_scaled_load() -> None:
    plain, fast = LoadModel(seed=5), LoadModel(seed=5, scale=60)
    assert abs(fast.gas(500_000) - 60 * plain.gas(500_000)) <= 31
    assert (
        abs(fast.net_electricity(500_000) - 60 * plain.net_electricity(500_000)) <= 31
    )


# Registers.


def _register(reading: int = 1_000_000) -> tuple[Register, int]:
    origin = instant(START)
    return Register(
        lambda k: 300 + k % 7 * 100, seed=9, origin=origin, reading=reading
    ), origin


def test_a_register_is_known_at_its_origin_and_adds_up() -> None:
    register, origin = _register()
    assert register.reading(origin) == 1_000_000
    midnight = local_midnight(origin, 1)
    halves = [
        register.energy(k) for k in range(midnight // 1800, midnight // 1800 + 48)
    ]
    assert register.reading(midnight + 86_400) - register.reading(midnight) == sum(
        halves
    )
    assert halves == [
        300 + k % 7 * 100 for k in range(midnight // 1800, midnight // 1800 + 48)
    ]
    back = local_midnight(origin, -2)
    assert (
        register.reading(back + 1800) - register.reading(back)
        == 300 + back // 1800 % 7 * 100
    )


def test_a_register_never_falls_and_power_is_its_slope() -> None:
    register, origin = _register()
    readings = [register.reading(origin + second) for second in range(4000)]
    assert readings == sorted(readings)
    start = origin - origin % 1800
    energy = sum(register.power(start + second) for second in range(1800)) / 3600
    assert abs(energy - register.energy(start // 1800)) < 1


def test_no_supply_no_flow() -> None:
    register, origin = _register()
    before = register.reading(origin + 7200)
    register.cut(origin + 1000)
    held = register.reading(origin + 1000)
    assert held < before
    assert register.reading(origin + 7200) == held
    assert register.power(origin + 2000) == 0
    assert register.power(origin) > 0
    register.restore(origin + 5000)
    assert register.reading(origin + 5000) == held
    assert register.reading(origin + 6000) > held
    assert register.power(origin + 6000) > 0
    half_hour = (origin + 2 * 1800) // 1800
    assert register.energy(half_hour) == register.reading(
        (half_hour + 1) * 1800
    ) - register.reading(half_hour * 1800)


# Electricity.


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
        total, *tiers = map(_u48, values.values())
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
    true = _u48(fine.read(fine.endpoint(ELECTRICITY), METERING, 0x0000)[0x0000])
    assert _u48(values[0x0302]) == 100
    assert _u48(values[0x0000]) == true // 10


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
    assert [_u48(value) for value in values.values()] == [
        now - day(2026, 11, 22),
        day(2026, 11, 22) - day(2026, 11, 21),
        now - day(2026, 11, 16),
        day(2026, 11, 16) - day(2026, 11, 9),
        now - day(2026, 11, 1),
        # October began in summer time, an hour before midnight UTC.
        day(2026, 11, 1) - reading(instant(datetime(2026, 9, 30, 23, tzinfo=UTC))),
    ]
    partial = bench.read(endpoint, METERING, 0x0405, 0x0407)
    assert _u48(partial[0x0405]) == at - 420
    assert _u48(partial[0x0407]) == now - reading(at - 420)


def test_the_log_holds_thirteen_months(bench: Bench) -> None:
    """Thirteen months back is there, and the month before that is not."""
    endpoint = bench.endpoint(ELECTRICITY)
    values = bench.read(endpoint, METERING, 0x0458, 0x045A)
    assert 100_000 < _u48(values[0x0458]) < 600_000
    assert 100_000 < _u48(values[0x045A]) < 600_000
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
    assert _u48(bench.read(endpoint, METERING, 0x0000)[0x0000]) > _u48(before[0x0000])


# Gas.


def test_gas_moves_on_the_half_hour(bench: Bench) -> None:
    """The mirror shows what the meter pushed last, and when."""
    endpoint = bench.endpoint(GAS)
    first = bench.read(endpoint, METERING, 0x0000, 0x0007)
    assert _u48(first[0x0007]) == instant(datetime(2026, 11, 22, 13, tzinfo=UTC))
    bench.clock.advance(22 * 60)
    assert bench.read(endpoint, METERING, 0x0000, 0x0007) == first
    bench.clock.advance(60)
    second = bench.read(endpoint, METERING, 0x0000, 0x0007)
    assert _u48(second[0x0007]) == instant(datetime(2026, 11, 22, 13, 30, tzinfo=UTC))
    assert _u48(second[0x0000]) > _u48(first[0x0000])


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
    litres = _u48(values[0x0401])
    assert litres > 0
    assert _u48(values[0x0C01]) == round(litres * 1.02264 * 39.3 / 3.6)
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
    assert _u48(bench.read(endpoint, METERING, 0x0000)[0x0000]) > 5_655_830
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


# Profiles, samples and snapshots.


def _profile(
    bench: Bench, channel: int, end: int, count: int, fuel: Fuel = ELECTRICITY
) -> tuple[int, int, list[int]]:
    request = bytes((channel,)) + end.to_bytes(4, "little") + bytes((count,))
    (answer,) = bench.ask(bench.endpoint(fuel), METERING, "010a00" + request.hex())
    data = bytes.fromhex(answer)
    assert data[:3].hex() == "190a00"
    assert data[8] == 2
    assert len(data) == 10 + 3 * data[9]
    values = [
        int.from_bytes(data[at : at + 3], "little") for at in range(10, len(data), 3)
    ]
    return int.from_bytes(data[3:7], "little"), data[7], values


def test_profile_newest_first(bench: Bench) -> None:
    meter = bench.servers.home.meters[ELECTRICITY]
    end, status, values = _profile(bench, 0, 0, 6)
    assert (status, end) == (0, instant(datetime(2026, 11, 22, 13, tzinfo=UTC)))
    assert values == [
        meter.delivered.reading(end - back * 1800)
        - meter.delivered.reading(end - (back + 1) * 1800)
        for back in range(6)
    ]
    asked = instant(datetime(2026, 11, 20, 4, 10, tzinfo=UTC))
    assert _profile(bench, 0, asked, 1)[0] == asked - 600
    received = meter.received
    assert received is not None
    assert _profile(bench, 1, 0, 1)[2] == [
        received.reading(end) - received.reading(end - 1800)
    ]


def test_profile_limits(bench: Bench) -> None:
    """As many as the attribute says; more is status 4, none is status 5."""
    limit = bench.number(bench.endpoint(ELECTRICITY), METERING, 0x0500)
    assert limit == 21
    assert _profile(bench, 0, 0, limit)[1] == 0
    end, status, values = _profile(bench, 0, 0, 48)
    assert (status, len(values)) == (4, limit)
    first = bench.servers.home.meters[ELECTRICITY].log_start
    assert len(_profile(bench, 0, first + 3600, 10)[2]) == 2
    assert _profile(bench, 0, first, 10) == (0, 5, [])
    assert _profile(bench, 0, 0, 0) == (0, 5, [])
    assert end


@pytest.mark.parametrize(
    ("fuel", "channel", "status"),
    [
        (ELECTRICITY, 2, 2),
        (ELECTRICITY, 3, 2),
        (ELECTRICITY, 4, 1),
        (GAS, 1, 2),
        (GAS, 9, 1),
    ],
)
def test_profile_of_other_channels(
    bench: Bench, fuel: Fuel, channel: int, status: int
) -> None:
    assert _profile(bench, channel, 0, 3, fuel) == (0, status, [])


def test_profile_of_the_future(bench: Bench) -> None:
    assert _profile(bench, 0, bench.clock.instant() + 60, 3) == (0, 3, [])


def test_lost_half_hours_are_all_ones(bench: Bench) -> None:
    meter = bench.servers.home.meters[ELECTRICITY]
    start = instant(datetime(2026, 11, 22, 11, tzinfo=UTC))
    meter.lose_log(start, start + 2700)
    values = _profile(bench, 0, 0, 6)[2]
    assert [value == 0xFFFFFF for value in values] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]


def test_gas_profile_ends_with_what_the_mirror_has(bench: Bench) -> None:
    end, status, values = _profile(bench, 0, 0, 2, GAS)
    assert (status, end) == (0, instant(datetime(2026, 11, 22, 13, tzinfo=UTC)))
    assert len(values) == 2


def _sampled(bench: Bench, sample: int, start: int, kind: int, count: int) -> list[str]:
    request = (
        sample.to_bytes(2, "little")
        + start.to_bytes(4, "little")
        + bytes((kind,))
        + count.to_bytes(2, "little")
    )
    return bench.ask(bench.endpoint(GAS), METERING, "010a08" + request.hex())


def test_samples_oldest_first(bench: Bench) -> None:
    start = instant(datetime(2026, 11, 22, 10, 1, tzinfo=UTC))
    (answer,) = _sampled(bench, 0, start, 0, 3)
    data = bytes.fromhex(answer)
    meter = bench.servers.home.meters[GAS]
    assert data[:3].hex() == "190a07"
    assert data[3:14] == bytes.fromhex("0000") + (start + 1740).to_bytes(
        4, "little"
    ) + bytes.fromhex("00 0807 0300")
    assert [int.from_bytes(data[at : at + 3], "little") for at in range(14, 23, 3)] == [
        meter.delivered.energy((start + 1740) // 1800 + step) for step in range(3)
    ]


@pytest.mark.parametrize(
    ("sample", "kind", "later"), [(1, 0, 0), (0, 1, 0), (0, 0, 86_400)]
)
def test_samples_that_are_not_there(
    bench: Bench, sample: int, kind: int, later: int
) -> None:
    start = bench.clock.instant() - 7200 + later
    assert _sampled(bench, sample, start, kind, 3) == ["180a0b088b"]


def _snapshot(
    bench: Bench, earliest: int, latest: int, offset: int, cause: int = 0xFFFFFFFF
) -> list[str]:
    request = (
        earliest.to_bytes(4, "little")
        + latest.to_bytes(4, "little")
        + bytes((offset,))
        + cause.to_bytes(4, "little")
    )
    return bench.ask(bench.endpoint(ELECTRICITY), METERING, "010a06" + request.hex())


def test_snapshots_of_fourteen_midnights(bench: Bench) -> None:
    (oldest,) = _snapshot(bench, 0, 0xFFFFFFFF, 0)
    data = bytes.fromhex(oldest)
    midnight = instant(datetime(2026, 11, 9, tzinfo=UTC))
    assert data[7:11] == midnight.to_bytes(4, "little")
    assert data[11:14] == bytes((14, 0, 1))
    assert data[14:19] == bytes.fromhex("0000010004")
    reading = bench.servers.home.meters[ELECTRICITY].delivered.reading(midnight)
    assert data[19:] == reading.to_bytes(6, "little") + b"\x00"
    assert _snapshot(bench, 0, 0, 14) == ["180a0b068b"]
    assert _snapshot(bench, 0, 0, 0, cause=2) == ["180a0b068b"]


def test_a_snapshot_with_tiers(bench: Bench) -> None:
    bench.clock.advance(86_400)
    (newest,) = _snapshot(bench, local_midnight(bench.clock.instant()), 0, 0)
    payload = bytes.fromhex(newest)[19:]
    assert payload[6] == 4
    assert sum(
        int.from_bytes(payload[at : at + 6], "little") for at in range(7, 31, 6)
    ) == int.from_bytes(payload[:6], "little")


def test_fast_polling_is_granted_within_limits(bench: Bench) -> None:
    (answer,) = bench.ask(bench.endpoint(ELECTRICITY), METERING, "010a030219")
    end = bench.clock.instant() + 900
    assert answer == "190a0305" + end.to_bytes(4, "little").hex()


# Answers in general.


def test_one_frame_holds_seven_registers(bench: Bench) -> None:
    wanted = "".join(
        key.to_bytes(2, "little").hex()
        for key in (0, 1, 0x0100, 0x0102, 0x0104, 0x0106, 2, 0x0014)
    )
    (answer,) = bench.ask(bench.endpoint(ELECTRICITY), METERING, "000500" + wanted)
    assert len(answer) == 2 * 73


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        ("0007ff", "18070bff82"),
        ("000700", "18070b0080"),
        ("0107fe", "18070bfe81"),
        ("010700aa", "18070b0080"),
        ("04341207 00 0000".replace(" ", ""), "1c3412070b0084"),
        ("0534120700", "1c3412070b0083"),
        ("0007060000000025", "180707" + "8c000000"),
        ("00070200002500000000000014003002", "180704" + "880000" + "881400"),
        ("000702009920aa", "180704" + "860099"),
        ("0007020000ee", "18070b0280"),
        ("0007060000", "18070b0680"),
        ("0007050000250000", None),
        ("00070b0000", None),
        ("000701", None),
        ("080700", None),
        ("01", None),
    ],
)
def test_what_is_refused(bench: Bench, frame: str, answer: str | None) -> None:
    assert bench.ask(bench.endpoint(ELECTRICITY), METERING, frame) == (
        [answer] if answer else []
    )


def test_clusters_that_are_not_there(bench: Bench) -> None:
    assert bench.ask(bench.endpoint(ELECTRICITY), 0x0701, "01070100") == ["18070b0181"]
    assert bench.ask(
        bench.endpoint(ELECTRICITY), 0x0701, "00070000 00".replace(" ", "")
    ) == ["180701000086"]
    assert bench.ask(bench.endpoint(ELECTRICITY), 0x0701, "00071100ff") == ["18071201"]
    assert bench.ask(77, METERING, "0007000000") == []
    assert (
        bench.ask(bench.endpoint(ELECTRICITY), METERING, "0007000000", profile=0x0104)
        == []
    )


def test_broadcasts_get_no_default_response(bench: Bench) -> None:
    endpoint = bench.endpoint(ELECTRICITY)
    assert bench.ask(endpoint, METERING, "0107fe", destination=0xFFFC) == []
    assert len(bench.ask(endpoint, METERING, "0007000000", destination=0xFFFC)) == 1


def test_time_may_not_be_set(bench: Bench) -> None:
    assert bench.ask(bench.esi, 0x000A, "0007020000e200000000") == ["180704" + "7e0000"]
    assert bench.ask(bench.esi, 0x000A, "010700") == ["18070b0081"]
    assert bench.ask(bench.esi, 0x0000, "010700") == ["18070b0081"]


def test_discovery_of_attributes(bench: Bench) -> None:
    endpoint = bench.endpoint(ELECTRICITY)
    (answer,) = bench.ask(endpoint, METERING, "00070c" + "0003" + "05")
    assert answer == "18070d00" + "000330" + "010322" + "020322" + "030318" + "040318"
    (rest,) = bench.ask(endpoint, METERING, "00070c" + "0005" + "ff")
    assert rest == "18070d01" + "000520"
    assert bench.ask(endpoint, METERING, "00070c0003") == ["18070b0c80"]


def test_discovery_of_commands(bench: Bench) -> None:
    endpoint = bench.endpoint(ELECTRICITY)
    assert bench.ask(endpoint, METERING, "00071100ff") == ["18071201" + "00030608"]
    assert bench.ask(endpoint, METERING, "0007110302") == ["18071200" + "0306"]
    (generated,) = bench.ask(endpoint, METERING, "00071300ff")
    assert generated == "18071401" + bytes(range(14)).hex()


def test_time_has_no_commands(bench: Bench) -> None:
    assert bench.ask(bench.esi, 0x000A, "00071100ff") == ["18071201"]


def test_success_is_told_only_where_it_is_wanted(bench: Bench) -> None:
    """Price acknowledgement: a Default Response, unless the bit says no."""
    acknowledgement = "04" * 4 + "05000000" + "06" * 4 + "00"
    assert bench.ask(bench.esi, PRICE, "010702" + acknowledgement) == ["18070b0200"]
    assert bench.ask(bench.esi, PRICE, "110702" + acknowledgement) == []
    assert bench.servers.price[ELECTRICITY].acknowledged == [5, 5]
    assert bench.ask(bench.esi, EVENTS, "110700" + "00" * 14) == ["18070b008b"]


def test_overrides_stand_in_for_the_truth(bench: Bench) -> None:
    endpoint, overrides = bench.endpoint(ELECTRICITY), bench.servers.overrides
    true = bench.read(endpoint, METERING, 0x0000)
    overrides.set(METERING, 0x0000, 0)
    overrides.set(METERING, 0x0000, None, endpoint=bench.endpoint(GAS))
    assert bench.read(endpoint, METERING, 0x0000) == {0: bytes(6)}
    assert bench.read(bench.endpoint(GAS), METERING, 0x0000) == {0: b"\xff" * 6}
    overrides.clear()
    assert bench.read(endpoint, METERING, 0x0000) == true


# Time, Basic, prepayment.


def test_time_in_winter_and_summer(bench: Bench) -> None:
    at = bench.clock.instant()
    values = bench.read(
        bench.esi, 0x000A, 0x0000, 0x0001, 0x0003, 0x0004, 0x0005, 0x0007
    )
    assert _u48(values[0x0000]) == _u48(values[0x0007]) == at
    assert values[0x0001] == b"\x07"
    assert _u48(values[0x0003]) == instant(datetime(2026, 3, 29, 1, tzinfo=UTC))
    assert _u48(values[0x0004]) == instant(datetime(2026, 10, 25, 1, tzinfo=UTC))
    assert _u48(values[0x0005]) == 3600
    bench.clock.move_to(datetime(2027, 7, 1, tzinfo=UTC))
    bench.servers.time.offset = -3600
    values = bench.read(bench.esi, 0x000A, 0x0000, 0x0007)
    assert _u48(values[0x0000]) == instant(datetime(2027, 6, 30, 23, tzinfo=UTC))
    assert _u48(values[0x0007]) == _u48(values[0x0000]) + 3600


def test_who_made_them(bench: Bench) -> None:
    assert bench.read(bench.esi, 0x0000, 0x0004, 0x0005)[0x0005] == b"\x06VH-100"
    assert bench.read(bench.endpoint(GAS), 0x0000, 0x0005)[0x0005] == b"\x06VG-100"


def test_a_credit_meter_shows_no_balance(bench: Bench) -> None:
    values = bench.read(bench.endpoint(ELECTRICITY), PREPAYMENT, 0x0000, 0x0001, 0x0003)
    assert values == {0x0000: b"\x94\x0c", 0x0001: bytes(4), 0x0003: None}
    assert bench.ask(bench.endpoint(ELECTRICITY), PREPAYMENT, "01070800000000ff") == [
        "18070b088b"
    ]


@pytest.fixture
def prepaying() -> Bench:
    return Bench(
        HomeConfig(
            prepayment=(ELECTRICITY,), tariffs={ELECTRICITY: "flat", GAS: "gas_flat"}
        )
    )


def test_credit_falls_by_use_and_standing_charge(prepaying: Bench) -> None:
    endpoint = prepaying.endpoint(ELECTRICITY)
    meter = prepaying.servers.home.meters[ELECTRICITY]
    start = prepaying.clock.instant()
    assert prepaying.number(endpoint, PREPAYMENT, 0x0001, signed=True) == 2_500_000
    prepaying.clock.advance(86_400)
    used = meter.delivered.reading(start + 86_400) - meter.delivered.reading(start)
    credit = prepaying.number(endpoint, PREPAYMENT, 0x0001, signed=True)
    # Sunday to Monday: a day's standing charge (53 480) and a week's debt (£3).
    assert abs(credit - (2_500_000 - used * 24.5 - 53_480 - 300_000)) <= 48
    assert prepaying.number(endpoint, PREPAYMENT, 0x0005, signed=True) == 3_700_000
    assert prepaying.number(endpoint, PREPAYMENT, 0x0211) == 3_700_000


def test_the_supply_goes_with_the_credit(prepaying: Bench) -> None:
    """Low, then lent, then off; back with a top-up."""
    endpoint, servers = prepaying.endpoint(ELECTRICITY), prepaying.servers
    account = servers.home.accounts[ELECTRICITY]
    assert prepaying.read(endpoint, PREPAYMENT, 0x0003, 0x0400) == {
        0x0003: b"\x05",
        0x0400: b"\x00\x00",
    }
    account.opening = 100_000
    assert prepaying.read(endpoint, PREPAYMENT, 0x0003, 0x0400) == {
        0x0003: b"\x0e",
        0x0400: b"\x01\x00",
    }
    account.emergency_selected = True
    assert prepaying.read(endpoint, PREPAYMENT, 0x0003) == {0x0003: b"\x16"}
    account.opening = -100_000
    assert prepaying.read(endpoint, PREPAYMENT, 0x0003) == {0x0003: b"\x36"}
    assert prepaying.number(endpoint, PREPAYMENT, 0x0002, signed=True) == 900_000
    servers.tick()
    assert servers.home.meters[ELECTRICITY].supply is Supply.ON
    account.opening = -1_000_000
    servers.tick()
    assert servers.home.meters[ELECTRICITY].supply is Supply.OFF
    assert prepaying.read(endpoint, PREPAYMENT, 0x0003, 0x0400) == {
        0x0003: b"\x76",
        0x0400: b"\x01\x01",
    }


def test_top_ups_are_logged_newest_first(prepaying: Bench) -> None:
    endpoint, account = (
        prepaying.endpoint(ELECTRICITY),
        prepaying.servers.home.accounts[ELECTRICITY],
    )
    at = prepaying.clock.instant()
    assert prepaying.ask(endpoint, PREPAYMENT, "01070800000000ff") == ["18070b088b"]
    account.top_up(1_000_000, at)
    account.top_up(500_000, at + 60)
    prepaying.clock.advance(60)
    stamps = [(at + step).to_bytes(4, "little").hex() for step in (60, 0)]
    log = "0020a10700" + stamps[0] + "0040420f00" + stamps[1]
    assert prepaying.ask(endpoint, PREPAYMENT, "0107080000000000") == [
        "1907050001" + log
    ]
    assert prepaying.ask(endpoint, PREPAYMENT, "010708" + stamps[1] + "05") == [
        "1907050001" + log[18:]
    ]
    values = prepaying.read(endpoint, PREPAYMENT, 0x0101, 0x0110, 0x0111)
    assert [_u48(value) for value in values.values()] == [500_000, at, 1_000_000]
    with pytest.raises(ValueError, match="positive"):
        account.top_up(0, at)


def test_a_top_up_pays_emergency_credit_back(prepaying: Bench) -> None:
    account, at = (
        prepaying.servers.home.accounts[ELECTRICITY],
        prepaying.clock.instant(),
    )
    account.opening, account.emergency_selected = -500_000, True
    account.top_up(200_000, at)
    assert account.emergency_selected
    account.top_up(400_000, at)
    assert not account.emergency_selected


def test_a_snapshot_of_the_account(prepaying: Bench) -> None:
    request = "00000000ffffffff00ffffffff"
    (answer,) = prepaying.ask(
        prepaying.endpoint(ELECTRICITY), PREPAYMENT, "010707" + request
    )
    payload = bytes.fromhex(answer)[3:]
    assert payload[8:16].hex() == "0100010100000000"
    assert payload[16:].hex() == "00093d0000093d00000000000000000040420f00a0252600"


# Half a year at the cost of a moment.


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
        total, *tiers = map(_u48, values.values())
        assert sum(tiers) == total > last
        last = total
