"""Calendar cluster 0x0707 (SE 1.4 Annex D.9)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseAttributeDefs, BaseCommandDefs

from .base import SmartEnergyCluster, add, command, series
from .strings import OctetString, octet_string
from .types.calendar import CalendarTimeReference, CalendarType


class ScheduleEntry(t.Struct):
    """From this minute after midnight: the tier, or whether friendly credit is on."""

    start_time: t.uint16_t
    active_price_tier_or_friendly_credit_enable: t.uint8_t


class SeasonEntry(t.Struct):
    """From this date: the week profile."""

    season_start_date: t.Date
    week_id_ref: t.uint8_t


class SpecialDay(t.Struct):
    """On this date: the day profile."""

    special_day_date: t.Date
    day_id_ref: t.uint8_t


class Calendar(SmartEnergyCluster):
    """Days, weeks and seasons by which tariffs switch."""

    cluster_id = t.ClusterId(0x0707)
    ep_attribute = "smartenergy_calendar"

    @add(
        series(
            "auxiliary_switch_{n}_label", 0x0000, range(1, 9), octet_string(22), "rw"
        )
    )
    class AttributeDefs(BaseAttributeDefs):
        """Attributes of the server."""

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        get_calendar: Final = command(
            0x00,
            {
                "earliest_start_time": t.UTCTime,
                "min_issuer_event_id": t.uint32_t,
                "number_of_calendars": t.uint8_t,
                "calendar_type": CalendarType,
                "provider_id": t.uint32_t,
            },
        )
        get_day_profiles: Final = command(
            0x01,
            {
                "provider_id": t.uint32_t,
                "issuer_calendar_id": t.uint32_t,
                "start_day_id": t.uint8_t,
                "number_of_days": t.uint8_t,
            },
        )
        get_week_profiles: Final = command(
            0x02,
            {
                "provider_id": t.uint32_t,
                "issuer_calendar_id": t.uint32_t,
                "start_week_id": t.uint8_t,
                "number_of_weeks": t.uint8_t,
            },
        )
        get_seasons: Final = command(
            0x03,
            {
                "provider_id": t.uint32_t,
                "issuer_calendar_id": t.uint32_t,
            },
        )
        get_special_days: Final = command(
            0x04,
            {
                "start_time": t.UTCTime,
                "number_of_events": t.uint8_t,
                "calendar_type": CalendarType,
                "provider_id": t.uint32_t,
                "issuer_calendar_id": t.uint32_t,
            },
        )
        get_calendar_cancellation: Final = command(0x05)

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

        publish_calendar: Final = command(
            0x00,
            {
                "provider_id": t.uint32_t,
                "issuer_event_id": t.uint32_t,
                "issuer_calendar_id": t.uint32_t,
                "start_time": t.UTCTime,
                "calendar_type": CalendarType,
                "calendar_time_reference": CalendarTimeReference,
                "calendar_name": OctetString,
                "number_of_seasons": t.uint8_t,
                "number_of_week_profiles": t.uint8_t,
                "number_of_day_profiles": t.uint8_t,
            },
        )
        publish_day_profile: Final = command(
            0x01,
            {
                "provider_id": t.uint32_t,
                "issuer_event_id": t.uint32_t,
                "issuer_calendar_id": t.uint32_t,
                "day_id": t.uint8_t,
                "total_number_of_schedule_entries": t.uint8_t,
                "command_index": t.uint8_t,
                "total_number_of_commands": t.uint8_t,
                "calendar_type": CalendarType,
                "day_schedule_entries": t.List[ScheduleEntry],
            },
        )
        publish_week_profile: Final = command(
            0x02,
            {
                "provider_id": t.uint32_t,
                "issuer_event_id": t.uint32_t,
                "issuer_calendar_id": t.uint32_t,
                "week_id": t.uint8_t,
                "day_id_ref_monday": t.uint8_t,
                "day_id_ref_tuesday": t.uint8_t,
                "day_id_ref_wednesday": t.uint8_t,
                "day_id_ref_thursday": t.uint8_t,
                "day_id_ref_friday": t.uint8_t,
                "day_id_ref_saturday": t.uint8_t,
                "day_id_ref_sunday": t.uint8_t,
            },
        )
        publish_seasons: Final = command(
            0x03,
            {
                "provider_id": t.uint32_t,
                "issuer_event_id": t.uint32_t,
                "issuer_calendar_id": t.uint32_t,
                "command_index": t.uint8_t,
                "total_number_of_commands": t.uint8_t,
                "season_entries": t.List[SeasonEntry],
            },
        )
        publish_special_days: Final = command(
            0x04,
            {
                "provider_id": t.uint32_t,
                "issuer_event_id": t.uint32_t,
                "issuer_calendar_id": t.uint32_t,
                "start_time": t.UTCTime,
                "calendar_type": CalendarType,
                "total_number_of_special_days": t.uint8_t,
                "command_index": t.uint8_t,
                "total_number_of_commands": t.uint8_t,
                "special_day_entries": t.List[SpecialDay],
            },
        )
        cancel_calendar: Final = command(
            0x05,
            {
                "provider_id": t.uint32_t,
                "issuer_calendar_id": t.uint32_t,
                "calendar_type": CalendarType,
            },
        )
