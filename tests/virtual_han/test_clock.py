"""The network's clock, and British time around both changes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from virtual_han.clock import (
    Clock,
    clock_changes,
    instant,
    local_midnight,
    local_month,
    local_week,
    utc,
)


class Seconds:
    """Real seconds that a test sets."""

    def __init__(self) -> None:
        """Start at an odd number, as a computer's uptime does."""
        self.now = 1234.5

    def __call__(self) -> float:
        """Return them."""
        return self.now


START = datetime(2026, 11, 22, 13, 7, tzinfo=UTC)


def test_instants_of_the_reference() -> None:
    """Values seen at real meters: 0x1C374A80 and 0x234E5B55."""
    assert utc(0x1C374A80) == datetime(2015, 1, 1, tzinfo=UTC)
    assert instant(datetime(2018, 10, 8, 18, 15, 49, tzinfo=UTC)) == 0x234E5B55
    assert (
        instant(datetime(2018, 10, 8, 19, 15, 49, 999, ZoneInfo("Europe/London")))
        == 0x234E5B55
    )


def test_accelerated_and_stopped() -> None:
    real = Seconds()
    clock = Clock(START, speed=60, monotonic=real)
    real.now += 30
    assert clock.now() == datetime(2026, 11, 22, 13, 37, tzinfo=UTC)
    clock.set_speed(0)
    real.now += 1000
    assert clock.now() == datetime(2026, 11, 22, 13, 37, tzinfo=UTC)
    assert clock.instant() == instant(clock.now())
    clock.set_speed(1)
    real.now += 1.5
    assert clock.now() == datetime(2026, 11, 22, 13, 37, 1, 500_000, tzinfo=UTC)
    assert clock.speed == 1


def test_jumps_are_told() -> None:
    clock = Clock(START, speed=0)
    seen: list[datetime] = []
    end = clock.on_jump(lambda: seen.append(clock.now()))
    clock.advance(60)
    clock.move_to(datetime(2026, 12, 1, tzinfo=UTC))
    end()
    clock.advance(1)
    assert seen == [
        datetime(2026, 11, 22, 13, 8, tzinfo=UTC),
        datetime(2026, 12, 1, tzinfo=UTC),
    ]


def test_never_back() -> None:
    clock = Clock(START, speed=0)
    for call in (
        lambda: clock.advance(-1),
        lambda: clock.move_to(datetime(2026, 1, 1, tzinfo=UTC)),
        lambda: clock.set_speed(-1),
        lambda: clock.move_to(datetime(2027, 1, 1)),
        lambda: Clock(datetime(2026, 1, 1)),
    ):
        with pytest.raises(ValueError):
            call()


def test_the_real_time_by_default() -> None:
    assert abs((Clock().now() - datetime.now(UTC)).total_seconds()) < 5


def test_clock_changes_of_2027() -> None:
    """28 March and 31 October, at 01:00 UTC."""
    spring, autumn = clock_changes(instant(datetime(2027, 6, 1, tzinfo=UTC)))
    assert utc(spring) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert utc(autumn) == datetime(2027, 10, 31, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "half_hours"),
    [((2027, 3, 28), 46), ((2026, 10, 25), 50), ((2026, 11, 22), 48)],
)
def test_days_of_46_48_and_50_half_hours(
    day: tuple[int, int, int], half_hours: int
) -> None:
    noon = instant(datetime(*day, 12, tzinfo=UTC))
    assert local_midnight(noon, 1) - local_midnight(noon) == half_hours * 1800


def test_summer_midnight_is_eleven_at_night() -> None:
    at = instant(datetime(2027, 7, 1, 23, 30, tzinfo=UTC))
    assert utc(local_midnight(at)) == datetime(2027, 7, 1, 23, tzinfo=UTC)
    assert utc(local_week(at)) == datetime(2027, 6, 27, 23, tzinfo=UTC)
    assert utc(local_month(at)) == datetime(2027, 6, 30, 23, tzinfo=UTC)
    assert utc(local_month(at, -7)) == datetime(2026, 12, 1, tzinfo=UTC)
