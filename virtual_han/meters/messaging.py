"""The Messaging cluster: what the supplier has to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..clock import Instant
from ..zcl import FieldValue, Status
from .cluster import Answer, ClusterServer, Result, number

MESSAGING: Final = 0x0703


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the supplier.

    Attributes:
        message_id: the issuer's, by convention the second of issue.
        message: what it says; at most 59 octets of UTF-8 go in one frame.
        start: from when it is to be shown; 0 is now.
        minutes: how long; 0xFFFF until changed.
        importance: 0 low to 3 critical.
        confirm: the householder is asked to confirm it.
    """

    message_id: int
    message: str
    start: Instant = 0
    minutes: int = 0xFFFF
    importance: int = 1
    confirm: bool = False

    @property
    def control(self) -> int:
        """The message control octet: normal transmission, importance, confirmation."""
        return self.importance << 2 | self.confirm << 7


class MessagingServer(ClusterServer):
    """Holds the one message that is active."""

    cluster_id = MESSAGING

    def __init__(self) -> None:
        """Start without a message."""
        self.current: Message | None = None
        self.cancelled_all: Instant | None = None
        self.confirmations: list[tuple[int, bytes | None]] = []
        """Message ids that were confirmed, with what the householder answered."""

    def commands(self) -> frozenset[str]:
        """Return what a display asks."""
        return frozenset(
            {"GetLastMessage", "MessageConfirmation", "GetMessageCancellation"}
        )

    def command(
        self, name: str, fields: Mapping[str, FieldValue], at: Instant
    ) -> Result:
        """Give the last message, take a confirmation, or give the last cancellation."""
        match name:
            case "GetLastMessage":
                return (
                    Status.NOT_FOUND
                    if self.current is None
                    else [self.display(self.current)]
                )
            case "MessageConfirmation":
                answer = fields.get("messageResponse")
                self.confirmations.append(
                    (
                        number(fields, "messageId"),
                        answer if isinstance(answer, bytes) else None,
                    )
                )
                return Status.SUCCESS
            case _:
                if self.cancelled_all is None:
                    return Status.NOT_FOUND
                return [self.cancel_all(self.cancelled_all)]

    @staticmethod
    def display(message: Message) -> Answer:
        """Return DisplayMessage."""
        return Answer(
            "DisplayMessage",
            {
                "messageId": message.message_id,
                "messageControl": message.control,
                "startTime": message.start,
                "durationInMinutes": message.minutes,
                "message": message.message.encode(),
                "optionalExtendedMessageControl": 0,
            },
        )

    @staticmethod
    def cancel(message: Message) -> Answer:
        """Return CancelMessage."""
        return Answer(
            "CancelMessage",
            {"messageId": message.message_id, "messageControl": message.control},
        )

    @staticmethod
    def cancel_all(at: Instant) -> Answer:
        """Return CancelAllMessages."""
        return Answer("CancelAllMessages", {"implementationDateTime": at})
