"""The Calendar cluster: when the tiers of a tariff begin, one day like another."""

from collections.abc import Mapping
from typing import Final

from ..clock import Instant
from ..tariffs import Issue
from ..zcl import FieldValue, Status
from .cluster import Answer, ClusterServer, Result, number
from .meter import Meter
from .supplier_identity import SupplierIdentity

CALENDAR: Final = 0x0707

_DELIVERED: Final = 0
_UTC: Final = 0
_LOCAL: Final = 2
_DAY_ID: Final = 1
_WEEK_ID: Final = 1
_WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
_EVERY_JANUARY: Final = bytes((0xFF, 1, 1, 0xFF))


class CalendarServer(ClusterServer):
    """Serves the switching table of one meter's tariff."""

    cluster_id = CALENDAR

    def __init__(self, meter: Meter, supplier: SupplierIdentity) -> None:
        """Serve a meter's tariff."""
        self.meter = meter
        self._supplier = supplier

    def commands(self) -> frozenset[str]:
        """Return what a display asks."""
        return frozenset(
            {
                "GetCalendar",
                "GetDayProfiles",
                "GetWeekProfiles",
                "GetSeasons",
                "GetSpecialDays",
            }
        )

    def command(
        self, name: str, fields: Mapping[str, FieldValue], at: Instant
    ) -> Result:
        """Give the calendar or a part of it; NOT_FOUND for a tariff without tiers."""
        issue = self.meter.schedule.at(at)
        tariff = issue.tariff
        wanted = number(fields, "issuerCalendarId", tariff.tariff_id)
        if not tariff.tiers or wanted != tariff.tariff_id:
            return Status.NOT_FOUND
        match name:
            case "GetCalendar":
                if number(fields, "calendarType") != _DELIVERED:
                    return Status.NOT_FOUND
                return [self._calendar(issue)]
            case "GetDayProfiles":
                return [self._day(issue)]
            case "GetWeekProfiles":
                days = {f"dayIdRef{day}": _DAY_ID for day in _WEEKDAYS}
                return [
                    self._answer(
                        "PublishWeekProfile", issue, {"weekId": _WEEK_ID, **days}
                    )
                ]
            case "GetSeasons":
                season: FieldValue = {
                    "seasonStartDate": _EVERY_JANUARY,
                    "weekIdRef": _WEEK_ID,
                }
                return [
                    self._answer(
                        "PublishSeasons",
                        issue,
                        {
                            "commandIndex": 0,
                            "totalNumberOfCommands": 1,
                            "seasonEntries": [season],
                        },
                    )
                ]
            case _:
                return Status.NOT_FOUND

    def _answer(
        self, name: str, issue: Issue, fields: Mapping[str, FieldValue]
    ) -> Answer:
        return Answer(
            name,
            {
                "providerId": self._supplier.provider_id,
                "issuerEventId": issue.issued,
                "issuerCalendarId": issue.tariff.tariff_id,
                **fields,
            },
        )

    def _calendar(self, issue: Issue) -> Answer:
        return self._answer(
            "PublishCalendar",
            issue,
            {
                "startTime": issue.start,
                "calendarType": _DELIVERED,
                "calendarTimeReference": _UTC
                if issue.tariff.switches_in_utc
                else _LOCAL,
                "calendarName": issue.tariff.label.encode()[:12],
                "numberOfSeasons": 1,
                "numberOfWeekProfiles": 1,
                "numberOfDayProfiles": 1,
            },
        )

    def _day(self, issue: Issue) -> Answer:
        entries = [
            {"startTime": minute, "activePriceTierOrFriendlyCreditEnable": tier}
            for minute, tier in issue.tariff.switches
        ]
        return self._answer(
            "PublishDayProfile",
            issue,
            {
                "dayId": _DAY_ID,
                "totalNumberOfScheduleEntries": len(entries),
                "commandIndex": 0,
                "totalNumberOfCommands": 1,
                "calendarType": _DELIVERED,
                "dayScheduleEntries": entries,
            },
        )
