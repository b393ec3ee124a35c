"""Events cluster 0x0709 (SE 1.4 Annex D.11)."""

from typing import Final

import zigpy.types as t
from zigpy.zcl.foundation import BaseCommandDefs, CommandSchema

from .base import SmartEnergyCluster, command, counted
from .strings import OctetString
from .types.events import (
    ClearedEventsLogs,
    EventActionControl,
    EventControlLogId,
    EventLogId,
    NumberOfEventsLogPayloadControl,
)


class EventLogPayload(t.Struct):
    """One event of a log."""

    log_id: EventLogId
    event_id: t.uint16_t
    event_time: t.UTCTime
    event_data: OctetString


class PublishEventLog(CommandSchema):
    """Part of an event log; as many events as the high nibble of the control says."""

    total_number_of_events: t.uint16_t
    command_index: t.uint8_t
    total_commands: t.uint8_t
    log_payload_control: NumberOfEventsLogPayloadControl
    log_payload: t.List[EventLogPayload] = counted(
        "log_payload_control", shift=4, mask=0x0F
    )


class Events(SmartEnergyCluster):
    """Event logs of a device."""

    cluster_id = t.ClusterId(0x0709)
    ep_attribute = "smartenergy_events"

    class ServerCommandDefs(BaseCommandDefs):
        """Commands that the client sends."""

        get_event_log: Final = command(
            0x00,
            {
                "event_control_log_id": EventControlLogId,
                "event_id": t.uint16_t,
                "start_time": t.UTCTime,
                "end_time": t.UTCTime,
                "number_of_events": t.uint8_t,
                "event_offset": t.uint16_t,
            },
        )
        clear_event_log_request: Final = command(
            0x01,
            {"log_id": EventLogId},
        )

    class ClientCommandDefs(BaseCommandDefs):
        """Commands that the server sends."""

        publish_event: Final = command(
            0x00,
            {
                "log_id": EventLogId,
                "event_id": t.uint16_t,
                "event_time": t.UTCTime,
                "event_control": EventActionControl,
                "event_data": OctetString,
            },
        )
        publish_event_log: Final = command(0x01, PublishEventLog)
        clear_event_log_response: Final = command(
            0x02,
            {"cleared_events_logs": ClearedEventsLogs},
        )
