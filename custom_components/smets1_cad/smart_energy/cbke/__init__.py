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
from .machine import ANSWER_ALLOWANCE
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
from .offer import (
    LONGEST_TIME,
    GenerateTimes,
    Refusal,
    choose_credentials,
    judge_offer,
    supported_suites,
)
from .responder import Responder, ResponderState

__all__ = [
    "ANSWER_ALLOWANCE",
    "LONGEST_TIME",
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
    "Refusal",
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
    "judge_offer",
    "parse_message",
    "supported_suites",
]
