"""The meter's own log: order, missing intervals, clock changes, refusals."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from custom_components.smets1_cad.cad.models import (
    ConsumptionProfile,
    Direction,
    EnergyUnit,
    Fuel,
    Interval,
)
from custom_components.smets1_cad.smart_energy.errors import ProfileRefusedError
from custom_components.smets1_cad.smart_energy.values.metering import MeterScaling
from custom_components.smets1_cad.smart_energy.values.profile import (
    Channel,
    interval_period,
    profile_from_response,
    profile_from_samples,
    suspected_factor,
)

ELECTRICITY = MeterScaling.from_attributes({0x0300: 0, 0x0301: 1, 0x0302: 1000})
GAS = MeterScaling.from_attributes({0x0300: 1, 0x0301: 1, 0x0302: 1000, 0x0306: 0x80})
START_2015 = datetime(2015, 1, 1, tzinfo=UTC)
RAW_2015 = 0x1C374A80
HALF_HOUR = timedelta(minutes=30)


def test_profile_comes_newest_first_and_leaves_oldest_first() -> None:
    profile = profile_from_response(
        ELECTRICITY,
        Channel.DELIVERED,
        end_time=RAW_2015,
        status=0,
        period=2,
        intervals=[300, 0xFFFFFF, 100],
    )
    assert profile == ConsumptionProfile(
        fuel=Fuel.ELECTRICITY,
        direction=Direction.IMPORT,
        unit=EnergyUnit.KILOWATT_HOUR,
        intervals=(
            Interval(
                START_2015 - 3 * HALF_HOUR, START_2015 - 2 * HALF_HOUR, Decimal("0.1")
            ),
            Interval(START_2015 - 2 * HALF_HOUR, START_2015 - HALF_HOUR, None),
            Interval(START_2015 - HALF_HOUR, START_2015, Decimal("0.3")),
        ),
    )


def test_samples_come_oldest_first() -> None:
    profile = profile_from_samples(
        GAS,
        Channel.RECEIVED,
        start_time=RAW_2015,
        interval=0x0708,
        samples=[100, 0xFFFFFF, 300],
    )
    assert profile.unit is EnergyUnit.CUBIC_METRE
    assert profile.direction is Direction.EXPORT
    assert profile.fuel is Fuel.GAS
    assert [interval.amount for interval in profile.intervals] == [
        Decimal("0.1"),
        None,
        Decimal("0.3"),
    ]
    assert profile.intervals[0].start == START_2015
    assert profile.intervals[-1].end == START_2015 + 3 * HALF_HOUR


def test_daily_samples() -> None:
    profile = profile_from_samples(
        GAS, Channel.DELIVERED, start_time=RAW_2015, interval=0xFFFF, samples=[1, 2]
    )
    assert profile.intervals[1].start == START_2015 + timedelta(days=1)


@pytest.mark.parametrize(
    ("raw", "minutes"),
    [(0, 1440), (1, 60), (2, 30), (3, 15), (4, 10), (5, 7.5), (6, 5), (7, 2.5), (8, 1)],
)
def test_periods(raw: int, minutes: float) -> None:
    assert interval_period(raw) == timedelta(minutes=minutes)


@pytest.mark.parametrize("raw", [9, 0xFF])
def test_reserved_periods(raw: int) -> None:
    assert interval_period(raw) is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (1, "profile_undefined_channel"),
        (2, "profile_channel_not_supported"),
        (3, "profile_invalid_end_time"),
        (9, "profile_refused"),
    ],
)
def test_refusals(status: int, reason: str) -> None:
    with pytest.raises(ProfileRefusedError, match="readings go on") as caught:
        profile_from_response(
            ELECTRICITY,
            Channel.DELIVERED,
            end_time=0,
            status=status,
            period=2,
            intervals=[],
        )
    assert caught.value.reason == reason


def test_nothing_available_is_an_empty_profile() -> None:
    profile = profile_from_response(
        ELECTRICITY,
        Channel.DELIVERED,
        end_time=0xFFFFFFFF,
        status=5,
        period=0xFF,
        intervals=[1],
    )
    assert profile.intervals == ()


def test_more_than_one_answer_carries() -> None:
    profile = profile_from_response(
        ELECTRICITY,
        Channel.DELIVERED,
        end_time=RAW_2015,
        status=4,
        period=2,
        intervals=[1],
    )
    assert profile.more_available
    assert len(profile.intervals) == 1


@pytest.mark.parametrize(("end", "period"), [(0xFFFFFFFF, 2), (RAW_2015, 9)])
def test_profile_without_time(end: int, period: int) -> None:
    with pytest.raises(ProfileRefusedError) as caught:
        profile_from_response(
            ELECTRICITY,
            Channel.DELIVERED,
            end_time=end,
            status=0,
            period=period,
            intervals=[1],
        )
    assert caught.value.reason == "profile_malformed"


@pytest.mark.parametrize(("start", "interval"), [(0xFFFFFFFF, 1800), (RAW_2015, 0)])
def test_samples_without_time(start: int, interval: int) -> None:
    with pytest.raises(ProfileRefusedError) as caught:
        profile_from_samples(
            ELECTRICITY,
            Channel.DELIVERED,
            start_time=start,
            interval=interval,
            samples=[1],
        )
    assert caught.value.reason == "profile_malformed"
    empty = profile_from_samples(
        ELECTRICITY, Channel.DELIVERED, start_time=start, interval=interval, samples=[]
    )
    assert empty.intervals == ()


@pytest.mark.parametrize("attributes", [{0x0306: 0x02}, {0x0300: 0x0B}])
def test_no_profile_of_what_is_no_consumption(attributes: dict[int, object]) -> None:
    scaling = MeterScaling.from_attributes(attributes)
    with pytest.raises(ProfileRefusedError) as caught:
        profile_from_response(
            scaling,
            Channel.DELIVERED,
            end_time=RAW_2015,
            status=0,
            period=2,
            intervals=[1],
        )
    assert caught.value.reason == "profile_no_consumption"


def test_autumn_day_has_fifty_half_hours() -> None:
    """Meter time is UTC, so the log runs on through the repeated hour."""
    end = datetime(2026, 10, 26, tzinfo=UTC)
    profile = profile_from_response(
        ELECTRICITY,
        Channel.DELIVERED,
        end_time=int((end - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds()),
        status=0,
        period=2,
        intervals=list(range(50)),
    )
    assert profile.intervals[0].start == datetime(2026, 10, 24, 23, tzinfo=UTC)
    assert [interval.amount for interval in profile.intervals[-2:]] == [
        Decimal("0.001"),
        Decimal(0),
    ]


def profile(*raw: int, factor: str = "1") -> ConsumptionProfile:
    return profile_from_samples(
        ELECTRICITY,
        Channel.DELIVERED,
        start_time=RAW_2015,
        interval=1800,
        samples=list(raw),
        factor=Decimal(factor),
    )


@pytest.mark.parametrize(
    ("advance", "factor"),
    [
        ("3", "1"),
        ("3.05", "1"),
        ("1.5", "0.5"),
        ("6", "2"),
        ("4", None),
        ("0", None),
        ("-3", None),
    ],
)
def test_half_hours_against_the_register(advance: str, factor: str | None) -> None:
    expected = None if factor is None else Decimal(factor)
    assert suspected_factor(profile(1000, 2000), Decimal(advance)) == expected


def test_gaps_and_silence_tell_nothing() -> None:
    assert suspected_factor(profile(1000, 0xFFFFFF), Decimal(1)) is None
    assert suspected_factor(profile(0, 0), Decimal(1)) is None
    assert suspected_factor(profile(), Decimal(1)) is None


def test_factor_of_a_quirk() -> None:
    assert profile(1001, factor="0.5").intervals[0].amount == Decimal("0.5005")
