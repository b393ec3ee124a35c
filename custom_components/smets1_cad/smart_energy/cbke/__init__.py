"""Certificate-based key establishment (CBKE), cluster 0x0800, without any input or output.

`Initiator` and `Responder` are state machines: feed events, carry out the actions that come
back (see `events`). `choose_credentials` picks the suite, `RetryPlan` the time of a retry.
"""

from .crypto import Agreement, EphemeralKey
from .events import (
    Action,
    Compute,
    Computed,
    Elapsed,
    Established,
    Event,
    Failed,
    Received,
    Send,
    SendFailed,
    SetTimer,
    Start,
)
from .failure import Failure, FailureReason, Remedy, RetryPlan
from .initiator import Initiator, InitiatorState
from .messages import (
    Command,
    ConfirmKey,
    EphemeralData,
    InitiateKeyEstablishment,
    Message,
    TerminateKeyEstablishment,
    TerminateStatus,
    parse_message,
)
from .offer import GenerateTimes, choose_credentials, supported_suites
from .responder import Responder, ResponderState

__all__ = [
    "Action",
    "Agreement",
    "Command",
    "Compute",
    "Computed",
    "ConfirmKey",
    "Elapsed",
    "EphemeralData",
    "EphemeralKey",
    "Established",
    "Event",
    "Failed",
    "Failure",
    "FailureReason",
    "GenerateTimes",
    "InitiateKeyEstablishment",
    "Initiator",
    "InitiatorState",
    "Message",
    "Received",
    "Remedy",
    "Responder",
    "ResponderState",
    "RetryPlan",
    "Send",
    "SendFailed",
    "SetTimer",
    "Start",
    "TerminateKeyEstablishment",
    "TerminateStatus",
    "choose_credentials",
    "parse_message",
    "supported_suites",
]
