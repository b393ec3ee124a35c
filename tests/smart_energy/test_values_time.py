"""Meter time, against times that other programs and the reference frames state."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.smets1_cad.smart_energy.values import time as meter_time


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (0x234E5B55, datetime(2018, 10, 8, 18, 15, 49, tzinfo=UTC)),  # an EMU-2 gateway
        (0x1C374A80, datetime(2015, 1, 1, tzinfo=UTC)),  # GBCS reference test data
        (0, datetime(2000, 1, 1, tzinfo=UTC)),
        (0xFFFFFFFF, None),
        (0xFFFFFFFE, None),
        (-1, None),
        (None, None),
    ],
)
def test_utc_time(raw: int | None, expected: datetime | None) -> None:
    assert meter_time.utc_from_raw(raw) == expected


def test_utc_time_agrees_with_unix_time() -> None:
    """UTCTime is Unix time less 946684800 s."""
    when = meter_time.utc_from_raw(767178930)
    assert when is not None
    assert when.timestamp() == 767178930 + 946684800


@given(st.integers(0, 0xFFFFFFFD))
def test_utc_time_round_trip(raw: int) -> None:
    when = meter_time.utc_from_raw(raw)
    assert when is not None
    assert meter_time.utc_to_raw(when) == raw


def test_utc_to_raw_rounds_down_and_takes_any_zone() -> None:
    summer = datetime(2026, 7, 1, 12, 0, 0, 999999, tzinfo=meter_time.LONDON)
    assert meter_time.utc_to_raw(summer) == 836_218_800  # 2026-07-01T11:00:00Z


@pytest.mark.parametrize(
    "when",
    [
        datetime(2026, 1, 1),
        datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2137, 1, 1, tzinfo=UTC),
    ],
)
def test_utc_to_raw_refuses(when: datetime) -> None:
    with pytest.raises(ValueError, match=r"give a(n aware)? (time|datetime)"):
        meter_time.utc_to_raw(when)


def test_zero_means_now_or_not_yet_by_context() -> None:
    now = datetime(2026, 6, 1, 13, tzinfo=meter_time.LONDON)
    assert meter_time.start_from_raw(0, now=now) == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert meter_time.start_from_raw(0xFFFFFFFF, now=now) is None
    assert meter_time.start_from_raw(1, now=now) == datetime(
        2000, 1, 1, 0, 0, 1, tzinfo=UTC
    )
    assert meter_time.snapshot_from_raw(0) is None
    assert meter_time.snapshot_from_raw(0x2A8C6569) == datetime(
        2022, 8, 15, 2, 1, 13, tzinfo=UTC
    )


def test_minutes() -> None:
    assert meter_time.minutes_from_raw(0x5A0) == timedelta(days=1)
    assert meter_time.minutes_from_raw(0xFFFF) is None
    assert meter_time.minutes_from_raw(None) is None


def test_local_time_of_a_gateway() -> None:
    """An EMU-2 printed UTCTime 0x2DBA38B2 with LocalTime 0x2DB9C832: eight hours behind."""
    clock = meter_time.MeterClock.from_raw(time_zone=-28800)
    utc = meter_time.utc_from_raw(0x2DBA38B2)
    shown = meter_time.utc_from_raw(0x2DB9C832)
    assert utc is not None and shown is not None
    assert clock.local(utc).replace(tzinfo=UTC) == shown


def test_british_daylight_saving() -> None:
    start = datetime(2026, 3, 29, 1, tzinfo=UTC)
    end = datetime(2026, 10, 25, 1, tzinfo=UTC)
    clock = meter_time.MeterClock.from_raw(
        time_zone=0,
        dst_start=meter_time.utc_to_raw(start),
        dst_end=meter_time.utc_to_raw(end),
        dst_shift=3600,
    )
    second = timedelta(seconds=1)
    for when in (start - second, start, end - second, end):
        assert (
            clock.local(when).utcoffset()
            == when.astimezone(meter_time.LONDON).utcoffset()
        )


def test_clock_without_daylight_saving_attributes() -> None:
    clock = meter_time.MeterClock.from_raw(
        dst_start=0xFFFFFFFF, dst_end=0xFFFFFFFF, dst_shift=3600
    )
    assert not clock.in_dst(datetime(2026, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize("sign", [1, -1])
def test_largest_offsets(sign: int) -> None:
    """14 h, as in Kiribati, and 3 h of shift; a second more is no offset."""
    clock = meter_time.MeterClock.from_raw(
        time_zone=sign * 50400, dst_shift=sign * 10800
    )
    assert clock.zone == sign * timedelta(hours=14)
    assert clock.dst_shift == sign * timedelta(hours=3)
    none = meter_time.MeterClock.from_raw(
        time_zone=sign * 50401, dst_shift=sign * 10801
    )
    assert none == meter_time.MeterClock()


@pytest.mark.parametrize("zone", [-(1 << 31), 86399, -50401])
def test_impossible_zone_counts_as_none(zone: int) -> None:
    assert (
        meter_time.MeterClock.from_raw(time_zone=zone, dst_shift=zone)
        == meter_time.MeterClock()
    )


@pytest.mark.parametrize(
    ("octet", "authoritative"),
    [(0x00, False), (0x01, True), (0x02, False), (0x08, True), (0x06, False)],
)
def test_time_status(octet: int, authoritative: bool) -> None:
    assert meter_time.TimeStatus(octet).authoritative is authoritative


@pytest.mark.parametrize(
    ("day", "first", "count"),
    [
        (date(2027, 3, 28), datetime(2027, 3, 28, 0, tzinfo=UTC), 46),
        (date(2026, 10, 25), datetime(2026, 10, 24, 23, tzinfo=UTC), 50),
        (date(2026, 7, 1), datetime(2026, 6, 30, 23, tzinfo=UTC), 48),
        (date(2026, 12, 1), datetime(2026, 12, 1, 0, tzinfo=UTC), 48),
    ],
)
def test_half_hours_of_a_day(day: date, first: datetime, count: int) -> None:
    starts = meter_time.half_hours(day)
    assert len(starts) == count
    assert starts[0] == first
    assert {b - a for a, b in pairwise(starts)} == {timedelta(minutes=30)}
    assert starts[-1] + timedelta(minutes=30) == meter_time.day_bounds(day)[1]
    assert {meter_time.london_date(start) for start in starts} == {day}


def test_half_hour_start() -> None:
    when = datetime(2026, 7, 1, 12, 59, 59, tzinfo=meter_time.LONDON)
    assert meter_time.half_hour_start(when) == datetime(2026, 7, 1, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("octets", "fits", "fits_not"),
    [
        ("730101FF", date(2015, 1, 1), date(2016, 1, 1)),  # GBCS reference test data
        ("FF0C19FF", date(2031, 12, 25), date(2031, 12, 24)),  # every Christmas Day
        ("FFFFFF06", date(2026, 11, 21), date(2026, 11, 22)),  # every Saturday
        ("FFFFFFFF", date(2026, 11, 22), None),
        # A full date counts, whatever a wrong day of the week says.
        ("7E0B1601", date(2026, 11, 22), date(2026, 11, 23)),
    ],
)
def test_date_patterns(octets: str, fits: date, fits_not: date | None) -> None:
    pattern = meter_time.DatePattern.from_raw(bytes.fromhex(octets))
    assert pattern.matches(fits)
    assert fits_not is None or not pattern.matches(fits_not)


def test_date_needs_four_octets() -> None:
    with pytest.raises(ValueError, match="four octets"):
        meter_time.DatePattern.from_raw(b"\x73\x01\x01")
