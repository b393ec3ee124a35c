"""Working days in England and Wales.

Bank holidays are worked out from their rules (Banking and Financial Dealings
Act 1971, and the yearly proclamation of New Year's Day and the early May
holiday). One that is proclaimed for a single occasion is not known here, nor
are Scotland's own: then a reminder comes a day early, which harms nobody.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from ..smart_energy.values.time import LONDON, london_date

__all__ = [
    "add_working_days",
    "bank_holidays",
    "easter_sunday",
    "is_working_day",
    "london_date",
    "london_moment",
]

_MONDAY: Final = 0
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    moon = (
        19 * golden
        + century
        - century // 4
        - (century - (century + 8) // 25 + 1) // 3
        + 15
    ) % 30
    weekday = (
        32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4
    ) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _monday_from(day: date) -> date:
    """Return the first Monday on or after a day."""
    return day + (_MONDAY - day.weekday()) % 7 * _DAY


@lru_cache(maxsize=8)
def bank_holidays(year: int) -> frozenset[date]:
    """Return the bank holidays of England and Wales, with the days that stand in for a weekend."""
    easter = easter_sunday(year)
    holidays = {
        easter - 2 * _DAY,
        easter + _DAY,
        _monday_from(date(year, 5, 1)),
        _monday_from(date(year, 5, 25)),
        _monday_from(date(year, 8, 25)),
    }
    for day in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        while day.weekday() >= _SATURDAY or day in holidays:
            day += _DAY
        holidays.add(day)
    return frozenset(holidays)


def is_working_day(day: date) -> bool:
    """Whether offices in England and Wales work."""
    return day.weekday() < _SATURDAY and day not in bank_holidays(day.year)


def add_working_days(day: date, count: int) -> date:
    """Return the day that is so many working days after a day, which itself does not count."""
    while count > 0:
        day += _DAY
        if is_working_day(day):
            count -= 1
    return day


def london_moment(day: date, hour: int) -> datetime:
    """Return an hour of a day in Great Britain."""
    return datetime.combine(day, time(hour), LONDON)
