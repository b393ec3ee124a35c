"""The time of the virtual network: real, accelerated or standing still.

Meters speak UTC as seconds since 2000-01-01T00:00:00Z; a householder's days,
weeks and months are those of Europe/London, with 46, 48 or 50 half hours a day.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import time
from typing import Final
from zoneinfo import ZoneInfo

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
LONDON: Final = ZoneInfo("Europe/London")
HALF_HOUR: Final = 1800
"""Seconds; the epoch lies on a half hour, so every multiple is a settlement boundary."""

type Instant = int
"""Seconds since 2000-01-01T00:00:00Z, as a meter sends them."""


def instant(moment: datetime) -> Instant:
    """Return a moment (of any zone) as a meter writes it, whole seconds.

    Raises:
        ValueError: the moment has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("A moment needs a time zone; pass datetime(..., tzinfo=UTC)")
    return (moment - EPOCH) // timedelta(seconds=1)


def utc(at: Instant) -> datetime:
    """Return an instant as a UTC datetime."""
    return EPOCH + timedelta(seconds=at)


def local_midnight(at: Instant, days: int = 0, zone: ZoneInfo = LONDON) -> Instant:
    """Return the midnight at or before an instant in that zone, moved by whole local days."""
    day = utc(at).astimezone(zone).date() + timedelta(days=days)
    return instant(datetime(day.year, day.month, day.day, tzinfo=zone))


def local_week(at: Instant, weeks: int = 0, zone: ZoneInfo = LONDON) -> Instant:
    """Return the start of the local week (Monday), moved by whole weeks."""
    return local_midnight(at, 7 * weeks - utc(at).astimezone(zone).weekday(), zone)


def local_month(at: Instant, months: int = 0, zone: ZoneInfo = LONDON) -> Instant:
    """Return the start of the local month, moved by whole months."""
    day = utc(at).astimezone(zone)
    index = day.year * 12 + day.month - 1 + months
    return instant(datetime(index // 12, index % 12 + 1, 1, tzinfo=zone))


def clock_changes(at: Instant) -> tuple[Instant, Instant]:
    """Return when summer time begins and ends in the year of an instant.

    The last Sundays of March and October, at 01:00 UTC.
    """
    year = utc(at).year

    def last_sunday(month: int) -> Instant:
        last = datetime(year, month, 31, 1, tzinfo=UTC)
        return instant(last - timedelta(days=(last.weekday() + 1) % 7))

    return last_sunday(3), last_sunday(10)


class Clock:
    """Tells the time of the virtual network, and can be hurried or stopped.

    It never goes back: registers that follow it never do either.
    """

    def __init__(
        self,
        start: datetime | None = None,
        *,
        speed: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock.

        Args:
            start: the time it shows first; the computer's own by default.
            speed: virtual seconds per real second; 0 stops it.
            monotonic: real seconds; tests give their own.

        Raises:
            ValueError: the start has no zone, or the speed is negative.
        """
        self._monotonic = monotonic
        self._base = datetime.now(UTC) if start is None else start
        instant(self._base)
        self._since = monotonic()
        self._speed = 0.0
        self._listeners: list[Callable[[], None]] = []
        self.set_speed(speed)

    @property
    def speed(self) -> float:
        """Virtual seconds per real second; 0 where the clock stands still."""
        return self._speed

    def now(self) -> datetime:
        """Return the time in UTC."""
        gone = (self._monotonic() - self._since) * self._speed
        return (self._base + timedelta(seconds=gone)).astimezone(UTC)

    def instant(self) -> Instant:
        """Return the time as a meter writes it."""
        return instant(self.now())

    def set_speed(self, speed: float) -> None:
        """Run faster, slower, or (0) stand still, from now on.

        Raises:
            ValueError: the speed is negative.
        """
        if speed < 0:
            raise ValueError(
                "The clock cannot run backwards; give a speed of 0 or more"
            )
        self._base, self._since = self.now(), self._monotonic()
        self._speed = speed

    def advance(self, seconds: float) -> None:
        """Jump forward, and tell the listeners.

        Raises:
            ValueError: the jump goes back.
        """
        if seconds < 0:
            raise ValueError("The clock cannot go back; registers would too")
        self._base += timedelta(seconds=seconds)
        for listener in tuple(self._listeners):
            listener()

    def move_to(self, moment: datetime) -> None:
        """Jump to a later moment, and tell the listeners.

        Raises:
            ValueError: the moment is past, or has no zone.
        """
        instant(moment)
        self.advance((moment - self.now()).total_seconds())

    def on_jump(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a function after each jump; returns a function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
