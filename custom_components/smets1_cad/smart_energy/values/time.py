"""Meter time: UTCTime, the Time cluster's local time, and days in Great Britain.

A meter counts UTC seconds since 2000-01-01T00:00:00Z all the year (ZCL 2.6.2.20,
type UTC). Days that a householder knows are Europe/London days: 46 half hours on
the spring Sunday, 50 on the autumn one, else 48.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import IntFlag
from typing import Final
from zoneinfo import ZoneInfo

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Zero of UTCTime."""
UTC_INVALID: Final = 0xFFFFFFFF
"""UTCTime that is no time; in a command's start time also "cancel"."""
UTC_NOW: Final = 0
"""Start time of a command that means "now" (SE, every Publish command)."""
DURATION_UNTIL_CHANGED: Final = 0xFFFF
"""Duration in minutes that means "until changed" (uint16)."""
LONDON: Final = ZoneInfo("Europe/London")
HALF_HOUR: Final = timedelta(minutes=30)

_GB_NEVER: Final = 0xFFFFFFFE
_WILDCARD: Final = 0xFF
# Beyond any zone and any daylight saving on Earth: such a value is no offset.
_LARGEST_ZONE: Final = 14 * 3600
_LARGEST_SHIFT: Final = 3 * 3600


class TimeStatus(IntFlag):
    """TimeStatus, attribute 0x0001 of the Time cluster (ZCL 3.12.2.2.2)."""

    MASTER = 0x01
    SYNCHRONISED = 0x02
    MASTER_FOR_ZONE_AND_DST = 0x04
    SUPERSEDING = 0x08

    @property
    def authoritative(self) -> bool:
        """Whether other clocks should follow this one (Master or Superseding)."""
        return bool(self & (TimeStatus.MASTER | TimeStatus.SUPERSEDING))


def utc_from_raw(raw: int | None) -> datetime | None:
    """Turn UTCTime into an aware datetime in UTC.

    Args:
        raw: seconds since 2000-01-01T00:00:00Z, as uint32.

    Returns:
        The time, or None where the value is missing, invalid (0xFFFFFFFF) or
        GBCS' "never" (0xFFFFFFFE). Zero is a time here; a command's start time
        wants `start_from_raw`, a snapshot time `snapshot_from_raw`.
    """
    if raw is None or not 0 <= raw < _GB_NEVER:
        return None
    return EPOCH + timedelta(seconds=raw)


def snapshot_from_raw(raw: int | None) -> datetime | None:
    """Turn a time stamp that a meter fills in into a datetime; 0 is "not yet".

    ReadingSnapshotTime (0x0007) of an electricity meter is seen as 0.
    """
    return None if raw == 0 else utc_from_raw(raw)


def start_from_raw(raw: int | None, *, now: datetime) -> datetime | None:
    """Turn a command's start time into a datetime; 0 means `now`.

    Args:
        raw: UTCTime of the command.
        now: when the command arrived, aware.

    Returns:
        The start in UTC, or None where the value is invalid or "cancel".
    """
    return now.astimezone(UTC) if raw == UTC_NOW else utc_from_raw(raw)


def utc_to_raw(when: datetime) -> int:
    """Turn an aware datetime into UTCTime, whole seconds, rounded down.

    Raises:
        ValueError: naive, or outside what the type holds (2000 to early 2136).
    """
    if when.tzinfo is None:
        raise ValueError(
            "a time for a meter must have a time zone; give an aware datetime"
        )
    raw = (when - EPOCH) // timedelta(seconds=1)
    if not 0 <= raw < _GB_NEVER:
        raise ValueError(
            "UTCTime holds 2000-01-01 to 2136-02-07; give a time between them"
        )
    return raw


def minutes_from_raw(raw: int | None) -> timedelta | None:
    """Turn a uint16 of minutes into a duration; None means until changed (0xFFFF)."""
    if raw is None or raw == DURATION_UNTIL_CHANGED:
        return None
    return timedelta(minutes=raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterClock:
    """The Time cluster's view of local time (ZCL 3.12.2).

    Attributes:
        zone: offset of standard time from UTC (TimeZone 0x0002, seconds).
        dst_start: start of daylight saving (DstStart 0x0003), or None.
        dst_end: its end (DstEnd 0x0004), or None.
        dst_shift: what is added in between (DstShift 0x0005, seconds).
    """

    zone: timedelta = timedelta(0)
    dst_start: datetime | None = None
    dst_end: datetime | None = None
    dst_shift: timedelta = timedelta(0)

    @classmethod
    def from_raw(
        cls,
        *,
        time_zone: int | None = None,
        dst_start: int | None = None,
        dst_end: int | None = None,
        dst_shift: int | None = None,
    ) -> MeterClock:
        """Take the attributes as read; what is missing or not an offset counts as none."""
        return cls(
            zone=_offset(time_zone, _LARGEST_ZONE),
            dst_start=utc_from_raw(dst_start),
            dst_end=utc_from_raw(dst_end),
            dst_shift=_offset(dst_shift, _LARGEST_SHIFT),
        )

    def in_dst(self, when: datetime) -> bool:
        """Whether daylight saving holds at `when`; unknown limits mean no."""
        if self.dst_start is None or self.dst_end is None:
            return False
        return self.dst_start <= when < self.dst_end

    def local(self, when: datetime) -> datetime:
        """Give `when` as the meter's own wall clock shows it (LocalTime 0x0007)."""
        shift = self.dst_shift if self.in_dst(when) else timedelta(0)
        return when.astimezone(timezone(self.zone + shift))


def _offset(raw: int | None, limit: int) -> timedelta:
    return timedelta(0) if raw is None or abs(raw) > limit else timedelta(seconds=raw)


def london_date(when: datetime) -> date:
    """Give the Europe/London day that an aware time falls in."""
    return when.astimezone(LONDON).date()


def day_start(day: date) -> datetime:
    """Give the midnight that begins a Europe/London day, in UTC."""
    return datetime.combine(day, time.min, tzinfo=LONDON).astimezone(UTC)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Give start (within) and end (beyond) of a Europe/London day, in UTC."""
    return day_start(day), day_start(day + timedelta(days=1))


def half_hours(day: date) -> tuple[datetime, ...]:
    """Give the starts, in UTC, of the 46, 48 or 50 half hours of a Europe/London day."""
    start, end = day_bounds(day)
    return tuple(start + n * HALF_HOUR for n in range((end - start) // HALF_HOUR))


def half_hour_start(when: datetime) -> datetime:
    """Give the start, in UTC, of the half hour that an aware time falls in."""
    return EPOCH + (when - EPOCH) // HALF_HOUR * HALF_HOUR


@dataclass(frozen=True, slots=True)
class DatePattern:
    """A ZCL date (2.6.2.18), where None stands for "every": special days, seasons.

    Attributes:
        year: 1900 to 2154, or None.
        month: 1 to 12, or None.
        day: 1 to 31, or None.
        weekday: 1 (Monday) to 7 (Sunday), or None.
    """

    year: int | None
    month: int | None
    day: int | None
    weekday: int | None

    @classmethod
    def from_raw(cls, octets: bytes) -> DatePattern:
        """Take the four octets: year since 1900, month, day, day of week; 0xFF is "every".

        Raises:
            ValueError: not four octets.
        """
        if len(octets) != 4:
            raise ValueError(
                "a ZCL date has four octets: year, month, day, day of week"
            )
        year, month, day, weekday = (
            None if octet == _WILDCARD else octet for octet in octets
        )
        return cls(None if year is None else 1900 + year, month, day, weekday)

    def matches(self, day: date) -> bool:
        """Whether `day` fits. The day of the week counts only where no full date is given."""
        if self.year is not None and self.month is not None and self.day is not None:
            return (day.year, day.month, day.day) == (self.year, self.month, self.day)
        return all(
            wanted is None or wanted == actual
            for wanted, actual in (
                (self.year, day.year),
                (self.month, day.month),
                (self.day, day.day),
                (self.weekday, day.isoweekday()),
            )
        )
