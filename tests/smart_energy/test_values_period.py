"""Billing and block periods."""

from datetime import UTC, datetime
import json
from pathlib import Path

import pytest

from custom_components.smets1_cad.smart_energy.values.period import (
    Period,
    Timebase,
    TimebaseControl,
)
from custom_components.smets1_cad.smart_energy.values.time import LONDON

TYPES = json.loads(
    (Path(__file__).parents[2] / "virtual_han/clusters/types.json").read_text()
)["types"]


def test_timebases_of_the_tables() -> None:
    """Both enumerations of the tables name the same units."""
    names = {0: "Minutes", 1: "Days", 2: "Weeks", 3: "Months"}
    by_type = TYPES["BlockPeriodDurationTypeTimebase"]["values"]
    packed = TYPES["BillingPeriodDurationUnits"]["values"]
    assert {int(raw, 16): name for raw, name in by_type.items()} == names
    for raw, name in packed.items():
        period = Period.from_packed(int(raw, 16) + 5)
        assert period == Period(5, Timebase[name.upper()])


@pytest.mark.parametrize(
    ("duration", "kind", "expected"),
    [
        (
            3,
            0x23,
            Period(3, Timebase.MONTHS, TimebaseControl.NOT_SPECIFIED),
        ),  # GBCS frames
        (13, 0x22, Period(13, Timebase.WEEKS, TimebaseControl.NOT_SPECIFIED)),
        (1, 0x03, Period(1, Timebase.MONTHS, TimebaseControl.START_OF_TIMEBASE)),
        (1, 0x11, Period(1, Timebase.DAYS, TimebaseControl.END_OF_TIMEBASE)),
        (60, None, Period(60, Timebase.MINUTES, TimebaseControl.START_OF_TIMEBASE)),
        (0xFFFFFF, 0x03, None),
        (None, 0x03, None),
        (1, 0x04, None),
        (1, 0x30, None),
    ],
)
def test_duration_types(
    duration: int | None, kind: int | None, expected: Period | None
) -> None:
    assert Period.from_raw(duration, kind) == expected


@pytest.mark.parametrize("raw", [None, 0xFFFFFF])
def test_packed_without_a_value(raw: int | None) -> None:
    assert Period.from_packed(raw) is None


MIDNIGHT = datetime(2026, 10, 1, tzinfo=UTC)
LOCAL_MIDNIGHT = datetime(2026, 9, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "start", "zone", "end"),
    [
        (Period(90, Timebase.MINUTES), MIDNIGHT, UTC, datetime(2026, 10, 1, 1, 30, tzinfo=UTC)),
        (Period(2, Timebase.DAYS), MIDNIGHT, UTC, datetime(2026, 10, 3, tzinfo=UTC)),
        (Period(1, Timebase.WEEKS), MIDNIGHT, UTC, datetime(2026, 10, 8, tzinfo=UTC)),
        (Period(1, Timebase.MONTHS), MIDNIGHT, UTC, datetime(2026, 11, 1, tzinfo=UTC)),
        (Period(3, Timebase.MONTHS), MIDNIGHT, UTC, datetime(2027, 1, 1, tzinfo=UTC)),
        # The clocks go back on 25 October: in local days the month is an hour longer.
        (Period(1, Timebase.MONTHS), LOCAL_MIDNIGHT, LONDON, datetime(2026, 11, 1, tzinfo=UTC)),
        (Period(31, Timebase.DAYS), LOCAL_MIDNIGHT, LONDON, datetime(2026, 11, 1, tzinfo=UTC)),
        (Period(1, Timebase.MONTHS), datetime(2027, 1, 31, tzinfo=UTC), UTC, datetime(2027, 2, 28, tzinfo=UTC)),
        (Period(1, Timebase.MONTHS), datetime(2028, 1, 31, tzinfo=UTC), UTC, datetime(2028, 2, 29, tzinfo=UTC)),
        (Period(2, Timebase.MONTHS), datetime(2026, 12, 31, tzinfo=UTC), UTC, datetime(2027, 2, 28, tzinfo=UTC)),
        (Period(4_000_000, Timebase.DAYS), MIDNIGHT, UTC, None),
        (Period(4_000_000, Timebase.WEEKS), MIDNIGHT, UTC, None),
        (Period(4_000_000, Timebase.MONTHS), MIDNIGHT, UTC, None),
        (Period(16_777_214, Timebase.WEEKS), MIDNIGHT, UTC, None),
    ],
)  # fmt: skip
def test_ends(
    period: Period, start: datetime, zone: object, end: datetime | None
) -> None:
    assert period.end(start, zone) == end  # type: ignore[arg-type]
