"""What was used today, from lifetime registers, by days of Europe/London.

A meter's own count of the day resets at a midnight of its own choosing, so the
day is made here: register now, less register at midnight. The clock rolls the day
over, not a reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from ..smart_energy.values.time import day_start, london_date

FRESH_AT_MIDNIGHT: Final = timedelta(hours=1)
"""How old the last reading may be at midnight to be taken for the reading at midnight."""

_DAY: Final = timedelta(days=1)

_NOTHING: Final = (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
"""No time is within."""


@dataclass(slots=True)
class DayCount:
    """The day of one register.

    Attributes:
        day: the Europe/London day.
        start_value: the register when the count began; below zero is possible after a meter exchange.
        since: when the count began, UTC: midnight, or the first reading after an outage over midnight.
        last: the last register.
        last_at: when it was read.
    """

    day: date | None = None
    start_value: Decimal | None = None
    since: datetime | None = None
    last: Decimal | None = None
    last_at: datetime | None = None
    _carried: Decimal | None = None
    _holds: tuple[datetime, datetime] = field(default=_NOTHING, compare=False)
    """From when to when a clock may be set without another day's beginning."""
    _put_by: tuple[date, Decimal | None, datetime | None] | None = field(
        default=None, compare=False
    )
    """The day that a clock leapt away from, with its beginning."""

    @property
    def amount(self) -> Decimal | None:
        """What was used since `since`, None before the first reading of the day."""
        if self.last is None or self.start_value is None:
            return None
        return self.last - self.start_value

    def roll_over(self, now: datetime) -> None:
        """Begin the day that `now` falls in, unless it is under way.

        A clock set back into the day before changes nothing. One that leaps further,
        either way, is wrong now or was before: another day begins, and the one that was
        under way goes on if the clock leaps straight back to it.
        """
        begins, ends = self._holds
        if begins <= now < ends:
            return
        day = london_date(now)
        under_way = self.day
        if under_way is None or not under_way - _DAY <= day <= under_way:
            self._begin_day(day)
            under_way = day
        self._holds = day_start(under_way - _DAY), day_start(under_way + _DAY)

    def _begin_day(self, day: date) -> None:
        before, put_by = self.day, self._put_by
        self._put_by = (
            (before, self.start_value, self.since)
            if before is not None and abs(day - before) > _DAY
            else None
        )
        self.day, midnight = day, day_start(day)
        if put_by is not None and put_by[0] == day:
            _, self.start_value, self.since = put_by
        elif (
            self.last_at is not None
            and timedelta() <= midnight - self.last_at <= FRESH_AT_MIDNIGHT
        ):
            self.start_value, self.since = self.last, midnight
        else:
            self.start_value = self.since = None
        self._carried = None

    def read(
        self,
        value: Decimal,
        at: datetime,
        meter_count: Decimal | None = None,
        own_from: datetime | None = None,
    ) -> None:
        """Take a register.

        Args:
            value: the register, judged good.
            at: when it was read, UTC.
            meter_count: the meter's own count of its day. It begins the first day, where the
                meter's midnight can only be this one: while Europe/London is on UTC. In summer
                a meter that resets at midnight UTC would be an hour off.
            own_from: from when on the use is this household's; a count that began before is not taken.
        """
        self.roll_over(at)
        if self.start_value is None:
            self._begin(value, at, meter_count, own_from)
        self.last, self.last_at = value, at

    def _begin(
        self,
        value: Decimal,
        at: datetime,
        meter_count: Decimal | None,
        own_from: datetime | None,
    ) -> None:
        if self._carried is not None:
            self.start_value, self._carried = value - self._carried, None
            self.since = self.since or at
            return
        midnight = day_start(london_date(at))
        before = self.last or Decimal(0)
        if (
            meter_count is not None
            and (own_from is None or own_from <= midnight)
            and midnight == datetime.combine(london_date(at), datetime.min.time(), UTC)
            and before <= value - meter_count <= value
        ):
            self.start_value, self.since = value - meter_count, midnight
            return
        self.start_value, self.since = value, at

    def start_anew(self) -> None:
        """Go on with another meter's register; what the old one counted today stays."""
        self._carried = self.amount
        self.start_value = self.last = self.last_at = self._put_by = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "day": self.day and self.day.isoformat(),
            "start_value": None if self.start_value is None else str(self.start_value),
            "since": self.since and self.since.isoformat(),
            "last": None if self.last is None else str(self.last),
            "last_at": self.last_at and self.last_at.isoformat(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DayCount:
        """Return what `as_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError, ArithmeticError: it was not written by `as_dict`.
        """
        return cls(
            day=date.fromisoformat(data["day"]) if data["day"] else None,
            start_value=None
            if data["start_value"] is None
            else Decimal(data["start_value"]),
            since=datetime.fromisoformat(data["since"]) if data["since"] else None,
            last=None if data["last"] is None else Decimal(data["last"]),
            last_at=datetime.fromisoformat(data["last_at"])
            if data["last_at"]
            else None,
        )
