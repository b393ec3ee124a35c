"""Where a pairing request can be, what may follow, and whose turn it is (R8, R19)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

from ..cad.errors import Responsible


class CadKind(StrEnum):
    """What kind of CAD is paired."""

    ZIGBEE = "zigbee"
    """A radio of this home, which joins the HAN itself."""
    GLOW = "glow"
    """A CAD with its own radio, which does not tell when it joins."""


class UnpairWhy(StrEnum):
    """Why a CAD is to be removed, as the supplier is told."""

    CONSENT_WITHDRAWN = "consent_withdrawn"
    DEVICE_REPLACED = "device_replaced"
    MOVING_OUT = "moving_out"
    FAULT = "fault"
    OTHER = "other"


class PairingState(StrEnum):
    """Where a request is."""

    RECORDED = "recorded"
    """Written down here; nothing has left the house."""
    SENDING = "sending"
    """About to leave, or left without an answer yet: it may or may not have arrived."""
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    HAN_OPEN = "han_open"
    JOINING = "joining"
    PAIRED = "paired"
    REMOVED = "removed"
    """Paired once; somebody else has taken the CAD off the HAN."""
    CANCELLED = "cancelled"
    """Given up before the supplier had anything to undo."""
    UNPAIR_RECORDED = "unpair_recorded"
    UNPAIR_SENDING = "unpair_sending"
    UNPAIR_SENT = "unpair_sent"
    UNPAIR_ACKNOWLEDGED = "unpair_acknowledged"
    UNPAIR_REFUSED = "unpair_refused"
    UNPAIRED = "unpaired"


S = PairingState

ASKING: Final = frozenset({S.SENDING, S.SENT, S.ACKNOWLEDGED, S.ACCEPTED})
ON_THE_AIR: Final = frozenset({S.HAN_OPEN, S.JOINING})

MAYBE_LISTED: Final = ASKING | ON_THE_AIR | {S.PAIRED}
"""States in which the supplier may have put the CAD on its list."""

UNDER_WAY: Final = frozenset(
    {S.UNPAIR_RECORDED, S.UNPAIR_SENDING, S.UNPAIR_SENT, S.UNPAIR_ACKNOWLEDGED}
)
"""States in which the removal has been asked for and is not settled."""

_SUCCESSORS: Final[Mapping[PairingState, frozenset[PairingState]]] = {
    S.RECORDED: frozenset({S.SENDING, S.SENT, S.CANCELLED, S.UNPAIR_RECORDED})
    | ON_THE_AIR,
    S.SENDING: frozenset(
        {S.RECORDED, S.SENT, S.ACKNOWLEDGED, S.ACCEPTED, S.REFUSED, S.UNPAIR_RECORDED}
    )
    | ON_THE_AIR,
    S.SENT: frozenset(
        {S.RECORDED, S.ACKNOWLEDGED, S.ACCEPTED, S.REFUSED, S.UNPAIR_RECORDED}
    )
    | ON_THE_AIR,
    S.ACKNOWLEDGED: frozenset({S.RECORDED, S.ACCEPTED, S.REFUSED, S.UNPAIR_RECORDED})
    | ON_THE_AIR,
    S.ACCEPTED: frozenset({S.RECORDED, S.REFUSED, S.UNPAIR_RECORDED}) | ON_THE_AIR,
    S.REFUSED: frozenset({S.RECORDED, S.ACCEPTED, S.CANCELLED}) | ON_THE_AIR,
    # A window that closes leaves an accepted request, of which the supplier has to be asked for another.
    S.HAN_OPEN: frozenset(
        {S.JOINING, S.ACCEPTED, S.REFUSED, S.RECORDED, S.UNPAIR_RECORDED}
    ),
    S.JOINING: frozenset(
        {S.PAIRED, S.HAN_OPEN, S.ACCEPTED, S.REFUSED, S.RECORDED, S.UNPAIR_RECORDED}
    ),
    S.PAIRED: frozenset({S.REMOVED, S.UNPAIR_RECORDED, S.UNPAIRED}),
    S.REMOVED: frozenset({S.RECORDED, S.PAIRED, S.UNPAIR_RECORDED, S.UNPAIRED})
    | ON_THE_AIR,
    S.CANCELLED: frozenset({S.RECORDED}),
    S.UNPAIR_RECORDED: frozenset({S.UNPAIR_SENDING, S.UNPAIR_SENT, S.UNPAIRED}),
    S.UNPAIR_SENDING: frozenset(
        {
            S.UNPAIR_RECORDED,
            S.UNPAIR_SENT,
            S.UNPAIR_ACKNOWLEDGED,
            S.UNPAIR_REFUSED,
            S.UNPAIRED,
        }
    ),
    S.UNPAIR_SENT: frozenset(
        {S.UNPAIR_RECORDED, S.UNPAIR_ACKNOWLEDGED, S.UNPAIR_REFUSED, S.UNPAIRED}
    ),
    S.UNPAIR_ACKNOWLEDGED: frozenset({S.UNPAIR_RECORDED, S.UNPAIR_REFUSED, S.UNPAIRED}),
    S.UNPAIR_REFUSED: frozenset({S.UNPAIR_RECORDED, S.UNPAIRED}),
    S.UNPAIRED: frozenset({S.RECORDED}),
}


def successors(state: PairingState, kind: CadKind) -> frozenset[PairingState]:
    """Return the states that may follow; of a recorded request one end or the other, see `Pairing.can`.

    A Glow CAD joins unseen: it is never seen joining, and is paired once readings come.
    """
    following = _SUCCESSORS[state]
    if kind is CadKind.GLOW:
        seen = following & ON_THE_AIR
        following -= ON_THE_AIR
        if seen:
            following |= {S.PAIRED}
    return following


class Reminder(IntEnum):
    """What a waiting user is told, after so many working days."""

    ASK = 5
    COMPLAIN = 10
    ESCALATE = 20


AWAITED: Final = ASKING | {S.UNPAIR_SENDING, S.UNPAIR_SENT, S.UNPAIR_ACKNOWLEDGED}

NEXT: Final[Mapping[PairingState, tuple[Responsible | None, str]]] = {
    S.RECORDED: (Responsible.HOUSEHOLDER, "send_request"),
    S.SENDING: (None, "sending"),
    S.SENT: (Responsible.SUPPLIER, "await_acknowledgement"),
    S.ACKNOWLEDGED: (Responsible.SUPPLIER, "await_decision"),
    S.ACCEPTED: (Responsible.METER_OPERATOR, "await_han_open"),
    S.REFUSED: (Responsible.HOUSEHOLDER, "clear_refusal"),
    S.HAN_OPEN: (None, "join"),
    S.JOINING: (None, "join"),
    S.PAIRED: (None, "nothing"),
    S.REMOVED: (Responsible.HOUSEHOLDER, "ask_why_removed"),
    S.CANCELLED: (None, "nothing"),
    S.UNPAIR_RECORDED: (Responsible.HOUSEHOLDER, "send_unpair_request"),
    S.UNPAIR_SENDING: (None, "sending"),
    S.UNPAIR_SENT: (Responsible.SUPPLIER, "await_unpairing"),
    S.UNPAIR_ACKNOWLEDGED: (Responsible.SUPPLIER, "await_unpairing"),
    S.UNPAIR_REFUSED: (Responsible.HOUSEHOLDER, "clear_refusal"),
    S.UNPAIRED: (None, "remove_entry"),
}
OVERDUE: Final[Mapping[Reminder, str]] = {
    Reminder.ASK: "ask_supplier",
    Reminder.COMPLAIN: "complain",
    Reminder.ESCALATE: "escalate",
}


@dataclass(frozen=True, slots=True)
class NextStep:
    """What happens next.

    Attributes:
        actor: whose turn it is; None if it happens by itself, or nothing has to.
        step: a slug, for words.
        since: from when on it counts as overdue, None if it never does.
    """

    actor: Responsible | None
    step: str
    since: datetime | None = None
