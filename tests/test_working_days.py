"""Working days in England and Wales, against the lists that the government publishes."""

from datetime import UTC, date, datetime

from dateutil.easter import easter
import pytest

from custom_components.smets1_cad.pairing.working_days import (
    add_working_days,
    bank_holidays,
    easter_sunday,
    is_working_day,
    london_date,
    london_moment,
)

PUBLISHED = {
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
}
"""gov.uk/bank-holidays, England and Wales, as month-day."""


@pytest.mark.parametrize("year", PUBLISHED)
def test_published_years(year: int) -> None:
    assert bank_holidays(year) == {
        date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[year].split()
    }


def test_substitute_when_new_year_is_a_sunday() -> None:
    assert date(2023, 1, 2) in bank_holidays(2023)
    assert date(2022, 1, 3) in bank_holidays(2022)
    assert {date(2022, 12, 26), date(2022, 12, 27)} <= bank_holidays(2022)


def test_easter_for_two_centuries() -> None:
    assert [easter_sunday(year) for year in range(1950, 2150)] == [
        easter(year) for year in range(1950, 2150)
    ]


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 11, 20), 0, date(2026, 11, 20)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 11, 22), 5, date(2026, 11, 27)),
        (date(2026, 12, 23), 5, date(2027, 1, 4)),
        (date(2027, 3, 24), 2, date(2027, 3, 30)),
    ],
)
def test_counting(start: date, count: int, end: date) -> None:
    assert add_working_days(start, count) == end
    assert count == 0 or is_working_day(end)


def test_days_are_british_days() -> None:
    assert london_date(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == date(2026, 7, 1)
    assert london_date(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2026, 12, 31)
    assert london_moment(date(2026, 7, 1), 9) == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert london_moment(date(2026, 12, 1), 9) == datetime(2026, 12, 1, 9, tzinfo=UTC)
