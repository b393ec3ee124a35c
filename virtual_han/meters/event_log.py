"""The Events cluster: the hub's log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..clock import Instant
from ..zcl import FieldValue, Status
from .cluster import Answer, ClusterServer, Result, number

EVENTS: Final = 0x0709


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An entry of the hub's event log."""

    log_id: int
    event_id: int
    at: Instant
    data: bytes = b""


@dataclass(slots=True)
class EventLog:
    """What has happened, oldest first."""

    entries: list[LoggedEvent] = field(default_factory=list)


class EventsServer(ClusterServer):
    """Gives the event log, newest first."""

    cluster_id = EVENTS

    _OVERHEAD: Final = 8
    _ENTRY: Final = 8

    def __init__(self, log: EventLog, room: int) -> None:
        """Serve a log, in frames of so many octets."""
        self.log = log
        self._room = room

    def commands(self) -> frozenset[str]:
        """Return what a display asks."""
        return frozenset({"GetEventLog"})

    def command(
        self, name: str, fields: Mapping[str, FieldValue], at: Instant
    ) -> Result:
        """Give the entries asked for, as many as fit in one frame."""
        log_id = number(fields, "eventControlLogId") & 0x0F
        event_id = number(fields, "eventId")
        start, end = number(fields, "startTime"), number(fields, "endTime", at) or at
        found = [
            entry
            for entry in reversed(self.log.entries)
            if log_id in {0, entry.log_id}
            and event_id in {0, entry.event_id}
            and start <= entry.at <= end
        ]
        wanted = number(fields, "numberOfEvents") or 0xFF
        shown, room = list[LoggedEvent](), self._room - self._OVERHEAD
        for entry in found[number(fields, "eventOffset") :][:wanted]:
            room -= self._ENTRY + len(entry.data)
            if room < 0 or len(shown) == 0x0F:
                break
            shown.append(entry)
        if not shown:
            return Status.NOT_FOUND
        return [
            Answer(
                "PublishEventLog",
                {
                    "totalNumberOfEvents": len(found),
                    "commandIndex": 0,
                    "totalCommands": 1,
                    "logPayloadControl": len(shown) << 4,
                    "logPayload": [
                        {
                            "logId": entry.log_id,
                            "eventId": entry.event_id,
                            "eventTime": entry.at,
                            "eventData": entry.data,
                        }
                        for entry in shown
                    ],
                },
            )
        ]

    @staticmethod
    def publish(entry: LoggedEvent) -> Answer:
        """Return PublishEvent."""
        return Answer(
            "PublishEvent",
            {
                "logId": entry.log_id,
                "eventId": entry.event_id,
                "eventTime": entry.at,
                "eventControl": 0x01,
                "eventData": entry.data,
            },
        )
