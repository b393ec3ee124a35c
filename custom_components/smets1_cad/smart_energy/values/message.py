"""Messages from the supplier: DisplayMessage's control octets and text (SE D.5)."""

from datetime import datetime
from enum import IntFlag
from typing import Final

from ...cad.models import Importance, SupplierMessage
from .time import minutes_from_raw, start_from_raw

_IMPORTANCE: Final = (
    Importance.LOW,
    Importance.MEDIUM,
    Importance.HIGH,
    Importance.CRITICAL,
)
_IMPORTANCE_SHIFT: Final = 2


class MessageControl(IntFlag):
    """Message Control without its two-bit parts."""

    ENHANCED_CONFIRMATION_REQUIRED = 0x20
    CONFIRMATION_REQUIRED = 0x80


class ExtendedMessageControl(IntFlag):
    """Extended Message Control (SE 1.2)."""

    CONFIRMED = 0x01
    """The message was confirmed already, perhaps on another display."""


def importance(control: int) -> Importance:
    """Give bits 2-3 of Message Control."""
    return _IMPORTANCE[control >> _IMPORTANCE_SHIFT & 0x03]


def display_message(
    *,
    message_id: int,
    control: int,
    start_time: int,
    duration: int,
    text: bytes,
    extended_control: int | None = None,
    now: datetime,
) -> SupplierMessage:
    """Give DisplayMessage its meaning.

    Args:
        message_id: newer replaces older.
        control: Message Control.
        start_time: UTCTime, 0 is now.
        duration: minutes, 0xFFFF until changed.
        text: UTF-8; octets that are not, become a replacement character.
        extended_control: Extended Message Control, None before SE 1.2.
        now: when it arrived, aware.
    """
    confirmed = bool((extended_control or 0) & ExtendedMessageControl.CONFIRMED)
    return SupplierMessage(
        message_id=message_id,
        text=text.decode("utf-8", errors="replace").strip("\0"),
        importance=importance(control),
        starts_at=start_from_raw(start_time, now=now),
        duration=minutes_from_raw(duration),
        confirmation_required=bool(control & MessageControl.CONFIRMATION_REQUIRED)
        and not confirmed,
    )
