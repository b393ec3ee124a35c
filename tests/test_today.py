"""Days of Europe/London, counted from registers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import json

import pytest

from custom_components.smets1_cad.readings.today import DayCount

WINTER_MIDNIGHT = datetime(2026, 1, 6, 0, 0, tzinfo=UTC)
SUMMER_MIDNIGHT = datetime(2026, 7, 6, 23, 0, tzinfo=UTC)
"""Midnight of 7 July by British Summer Time."""


def counted(*readings: tuple[datetime, str]) -> DayCount:
    day = DayCount()
    for at, value in readings:
        day.read(Decimal(value), at)
    return day


@pytest.mark.parametrize("midnight", [WINTER_MIDNIGHT, SUMMER_MIDNIGHT])
def test_clock_rolls_the_day_over(midnight: datetime) -> None:
    """Not a reading: at midnight the count is 0, with its new beginning."""
    day = counted(
        (midnight - timedelta(hours=5), "100.0"),
        (midnight - timedelta(seconds=10), "103.5"),
    )
    assert day.amount == Decimal("3.5")
    day.roll_over(midnight - timedelta(seconds=1))
    assert day.amount == Decimal("3.5")
    day.roll_over(midnight)
    assert (day.amount, day.since) == (Decimal(0), midnight)
    day.read(Decimal("103.7"), midnight + timedelta(minutes=3))
    assert day.amount == Decimal("0.2")


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        (datetime(2026, 3, 29, 0, tzinfo=UTC), 23),
        (datetime(2026, 10, 24, 23, tzinfo=UTC), 25),
    ],
    ids=["spring", "autumn"],
)
def test_days_of_clock_changes(start: datetime, hours: int) -> None:
    """The day that the clocks change has 23 or 25 hours, all of them in one count."""
    day = counted((start, "0.5"))
    for half_hour in range(hours * 2):
        at = start + timedelta(minutes=30 * half_hour)
        day.read(Decimal("0.5") + half_hour, at)
        assert day.since == start, at
    assert day.amount == 2 * hours - 1
    day.roll_over(start + timedelta(hours=hours))
    assert day.amount == 0


def test_outage_over_midnight_is_not_given_to_the_new_day() -> None:
    """Three days away cannot be told apart; the count begins with the first reading, and says so."""
    day = counted((WINTER_MIDNIGHT - timedelta(days=3), "100"))
    back = WINTER_MIDNIGHT + timedelta(hours=8)
    day.roll_over(back)
    assert (day.amount, day.since) == (None, None)
    day.read(Decimal(140), back)
    assert (day.amount, day.since) == (Decimal(0), back)


def test_meter_count_begins_the_first_day_in_winter_only() -> None:
    """In summer a meter may mean midnight UTC, an hour off."""
    noon = WINTER_MIDNIGHT + timedelta(hours=12)
    winter = DayCount()
    winter.read(Decimal(500), noon, Decimal("4.2"))
    assert (winter.amount, winter.since) == (Decimal("4.2"), WINTER_MIDNIGHT)
    summer = DayCount()
    summer.read(Decimal(500), SUMMER_MIDNIGHT + timedelta(hours=12), Decimal("4.2"))
    assert summer.amount == 0


@pytest.mark.parametrize(
    ("hours", "since"),
    [(0, WINTER_MIDNIGHT), (1, WINTER_MIDNIGHT + timedelta(hours=12))],
)
def test_meter_count_from_before_the_consent_is_left_out(
    hours: int, since: datetime
) -> None:
    """It may be an earlier tenant's."""
    day, noon = DayCount(), WINTER_MIDNIGHT + timedelta(hours=12)
    given_at = WINTER_MIDNIGHT + timedelta(hours=hours)
    day.read(Decimal(500), noon, Decimal("4.2"), given_at)
    assert day.since == since


@pytest.mark.parametrize("count", ["-1", "600", "450"])
def test_meter_count_that_cannot_be_is_left_out(count: str) -> None:
    """Below zero, above the register, or from before the last reading."""
    day = counted((WINTER_MIDNIGHT - timedelta(days=2), "100"))
    at = WINTER_MIDNIGHT + timedelta(hours=12)
    day.read(Decimal(500), at, Decimal(count))
    assert (day.amount, day.since) == (Decimal(0), at)


def test_exchanged_meter_goes_on_with_the_day() -> None:
    day = counted((WINTER_MIDNIGHT + timedelta(hours=1), "100"))
    day.read(Decimal(107), WINTER_MIDNIGHT + timedelta(hours=9))
    day.start_anew()
    assert day.amount is None
    day.read(Decimal(2), WINTER_MIDNIGHT + timedelta(hours=10))
    assert day.amount == 7
    day.read(Decimal(3), WINTER_MIDNIGHT + timedelta(hours=11))
    assert day.amount == 8
    assert day.since == WINTER_MIDNIGHT + timedelta(hours=1)


def test_exchange_over_midnight_carries_nothing() -> None:
    day = counted((WINTER_MIDNIGHT - timedelta(hours=2), "100"))
    day.start_anew()
    day.read(Decimal(2), WINTER_MIDNIGHT + timedelta(hours=10))
    assert day.amount == 0


def test_clock_set_back_keeps_the_day() -> None:
    day = counted((WINTER_MIDNIGHT + timedelta(hours=1), "100"))
    day.roll_over(WINTER_MIDNIGHT - timedelta(hours=1))
    assert day.day == date(2026, 1, 6)


@pytest.mark.parametrize("days", [2, 200, 20000])
@pytest.mark.parametrize("is_restarted", [False, True])
def test_today_ends_with_the_day_after_a_clock_that_was_ahead(
    days: int, is_restarted: bool
) -> None:
    """It does not go on until the day that the clock once said."""
    noon = WINTER_MIDNIGHT + timedelta(hours=12)
    day = counted((noon, "100"), (noon + timedelta(days=days), "100.001"))
    if is_restarted:
        day = DayCount.from_dict(json.loads(json.dumps(day.as_dict())))
    for hour in range(1, 72):
        at = noon + timedelta(hours=hour)
        day.read(Decimal(100 + hour), at)
        assert day.day == at.date()
        assert day.amount is not None
        assert day.amount <= at.hour + 1
    assert day.since == WINTER_MIDNIGHT + timedelta(days=3)


@pytest.mark.parametrize("days", [-300, -2, 2, 300])
def test_a_clock_that_is_wrong_for_a_minute_keeps_the_day(days: int) -> None:
    """As at each start of a machine without a battery: the day goes on where the clock comes back to it."""
    one = WINTER_MIDNIGHT + timedelta(hours=1)
    day = counted((one, "100"), (one + timedelta(hours=3), "103"))
    day.roll_over(one + timedelta(days=days, hours=3))
    assert day.amount is None
    day.read(Decimal("103.1"), one + timedelta(days=days, hours=3))
    day.read(Decimal("103.2"), one + timedelta(hours=4))
    assert (day.amount, day.since) == (Decimal("3.2"), one)


def test_a_day_that_a_clock_leapt_away_from_does_not_come_back_for_good() -> None:
    """A day that comes in its turn begins at its midnight, though a clock once said that it was."""
    one = WINTER_MIDNIGHT + timedelta(hours=1)
    day = counted((one, "100"), (one + timedelta(days=2), "101"), (one, "101"))
    for hour in range(1, 49):
        day.read(Decimal(101 + hour), one + timedelta(hours=hour))
    assert day.since == WINTER_MIDNIGHT + timedelta(days=2)
    assert day.amount == Decimal(2)


def test_an_exchanged_meter_has_no_day_put_by() -> None:
    """The register that a day began with is the old meter's."""
    one = WINTER_MIDNIGHT + timedelta(hours=1)
    day = counted((one, "100"), (one + timedelta(days=9), "101"))
    day.start_anew()
    day.read(Decimal(2), one + timedelta(hours=1))
    day.read(Decimal(3), one + timedelta(hours=2))
    assert day.amount == 1


def test_restart_goes_on() -> None:
    day = counted(
        (WINTER_MIDNIGHT, "100"), (WINTER_MIDNIGHT + timedelta(hours=1), "101")
    )
    again = DayCount.from_dict(json.loads(json.dumps(day.as_dict())))
    assert again == day
    assert DayCount.from_dict(DayCount().as_dict()) == DayCount()
