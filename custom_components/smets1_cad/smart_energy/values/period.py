"""Billing and block periods: durations in minutes, days, weeks or months (SE D.4.2.4).

Two forms exist. A uint24 of plain minutes, or with a DurationType octet beside it,
whose low nibble is the timebase; and a uint24 whose top two bits are the timebase.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import IntEnum
from typing import Final

from .price import nibbles
from .sentinels import unsigned

_DURATION_BITS: Final = 22


class Timebase(IntEnum):
    """What a duration counts."""

    MINUTES = 0
    DAYS = 1
    WEEKS = 2
    MONTHS = 3


class TimebaseControl(IntEnum):
    """Where in its timebase a period begins."""

    START_OF_TIMEBASE = 0
    END_OF_TIMEBASE = 1
    NOT_SPECIFIED = 2


@dataclass(frozen=True, slots=True)
class Period:
    """A billing or block period.

    Attributes:
        count: how many of `timebase`.
        timebase: minutes, days, weeks or months.
        control: where in the timebase it begins.
    """

    count: int
    timebase: Timebase
    control: TimebaseControl = TimebaseControl.NOT_SPECIFIED

    @classmethod
    def from_raw(
        cls, duration: int | None, duration_type: int | None = None
    ) -> Period | None:
        """Take a duration with its DurationType octet.

        Args:
            duration: uint24; 0xFFFFFF is until changed.
            duration_type: low nibble timebase, high nibble control; None where
                the field does not exist (SE 1.1), which means minutes.

        Returns:
            The period, or None where it is until changed or its type is reserved.
        """
        value = unsigned(duration, 24)
        control, timebase = nibbles(duration_type or 0)
        if value is None or timebase not in Timebase or control not in TimebaseControl:
            return None
        return cls(value, Timebase(timebase), TimebaseControl(control))

    @classmethod
    def from_packed(cls, raw: int | None) -> Period | None:
        """Take a billing period's duration whose top two bits are the timebase.

        Attributes 0x0701 and 0x0703; None where missing or 0xFFFFFF.
        """
        value = unsigned(raw, 24)
        if value is None:
            return None
        return cls(
            value & (1 << _DURATION_BITS) - 1, Timebase(value >> _DURATION_BITS & 0x03)
        )

    def end(self, start: datetime, zone: tzinfo = UTC) -> datetime | None:
        """Give the end of the period that begins at `start`.

        Args:
            start: aware.
            zone: whose days, weeks and months count. Meters count in UTC; a
                supplier may have meant Europe/London.

        Returns:
            The end, in UTC; None where it is beyond the year 9999. A month from
            the 31st ends on a shorter month's last day.
        """
        if self.timebase is Timebase.MINUTES:
            return start.astimezone(UTC) + timedelta(minutes=self.count)
        local = start.astimezone(zone)
        days = self.count * (7 if self.timebase is Timebase.WEEKS else 1)
        try:
            # Wall-clock arithmetic: so many midnights on, whatever the clocks do.
            end = (
                _add_months(local, self.count)
                if self.timebase is Timebase.MONTHS
                else local + timedelta(days=days)
            )
        except ValueError, OverflowError:
            return None
        return end.astimezone(UTC)


def _add_months(start: datetime, count: int) -> datetime:
    months = start.year * 12 + start.month - 1 + count
    first = start.replace(year=months // 12, month=months % 12 + 1, day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    last_day = (following - timedelta(days=1)).day
    return first.replace(day=min(start.day, last_day))
