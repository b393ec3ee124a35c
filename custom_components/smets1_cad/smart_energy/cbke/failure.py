"""How an exchange fails, and when the next one may start."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ...cad.errors import Responsible
from ..errors import KeyEstablishmentError
from .messages import TerminateKeyEstablishment, TerminateStatus

MAX_FAILURES: Final = 10
"""Failures in a row before a long pause (SE 1.4 5.5.5.1)."""
LONG_PAUSE: Final = 15 * 60.0
"""Seconds of that pause; the device stays on the network meanwhile."""
SHORT_PAUSE: Final = 10.0
"""Seconds before the first retry; doubled thrice at most for the next ones."""


class FailureReason(StrEnum):
    """What ended an exchange."""

    UNKNOWN_ISSUER = "unknown_issuer"
    BAD_KEY_CONFIRM = "bad_key_confirm"
    BAD_MESSAGE = "bad_message"
    NO_RESOURCES = "no_resources"
    UNSUPPORTED_SUITE = "unsupported_suite"
    INVALID_CERTIFICATE = "invalid_certificate"
    TIMEOUT = "timeout"
    NOT_SENT = "not_sent"


class Remedy(StrEnum):
    """What the joiner does after a failure (SE 1.4 C.3.1.2.3.1.4 and 5.5.5.1)."""

    RETRY = "retry"
    OTHER_SUITE = "other_suite"
    """Try again with a suite that the partner supports, where there is one."""
    LEAVE_NETWORK = "leave_network"
    ABANDON_PARTNER = "abandon_partner"
    """Never try again with this partner."""


_REMEDIES: Final = {
    FailureReason.UNKNOWN_ISSUER: Remedy.LEAVE_NETWORK,
    FailureReason.BAD_KEY_CONFIRM: Remedy.ABANDON_PARTNER,
    FailureReason.UNSUPPORTED_SUITE: Remedy.OTHER_SUITE,
}

_STATUS_REASONS: Final[dict[int, FailureReason]] = {
    TerminateStatus.UNKNOWN_ISSUER: FailureReason.UNKNOWN_ISSUER,
    TerminateStatus.BAD_KEY_CONFIRM: FailureReason.BAD_KEY_CONFIRM,
    TerminateStatus.BAD_MESSAGE: FailureReason.BAD_MESSAGE,
    TerminateStatus.NO_RESOURCES: FailureReason.NO_RESOURCES,
    TerminateStatus.UNSUPPORTED_SUITE: FailureReason.UNSUPPORTED_SUITE,
    TerminateStatus.INVALID_CERTIFICATE: FailureReason.INVALID_CERTIFICATE,
}

_MESSAGES: Final = {
    FailureReason.UNKNOWN_ISSUER: (
        "the two certificates come from different authorities; a production hub needs a production certificate"
    ),
    FailureReason.BAD_KEY_CONFIRM: (
        "the keys do not match; check that certificate, private key and EUI-64 were issued together for this device"
    ),
    FailureReason.BAD_MESSAGE: "a key establishment message was not as expected; it will be tried again",
    FailureReason.NO_RESOURCES: "the partner is busy; it will be tried again",
    FailureReason.UNSUPPORTED_SUITE: (
        "the partner does not support this cryptographic suite; a certificate of the other suite is needed"
    ),
    FailureReason.INVALID_CERTIFICATE: (
        "a certificate is not valid for this purpose or this device; ask the issuer for a right one"
    ),
    FailureReason.TIMEOUT: "the partner did not answer in time; check the radio's range, it will be tried again",
    FailureReason.NOT_SENT: "a message did not reach the partner; check the radio's range, it will be tried again",
}

_RESPONSIBLE: Final = {
    FailureReason.NO_RESOURCES: Responsible.METER_OPERATOR,
    FailureReason.TIMEOUT: Responsible.HOUSEHOLDER,
    FailureReason.NOT_SENT: Responsible.HOUSEHOLDER,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """The end of an exchange without a key.

    Attributes:
        reason: what happened.
        by_partner: the partner said so, not this side.
        detail: more about it, for the log; it holds no secret.
        wait: seconds before which the partner does not want to be asked again.
        partner_suites: bitmap of the suites that the partner supports, where it told.
    """

    reason: FailureReason
    by_partner: bool = False
    detail: str = ""
    wait: float = 0.0
    partner_suites: int | None = None

    @property
    def remedy(self) -> Remedy:
        """Return what to do about it."""
        return _REMEDIES.get(self.reason, Remedy.RETRY)

    @classmethod
    def from_terminate(cls, message: TerminateKeyEstablishment) -> Failure:
        """Return the failure that a partner's Terminate means; an unknown status is a bad message."""
        return cls(
            _STATUS_REASONS.get(message.status, FailureReason.BAD_MESSAGE),
            by_partner=True,
            detail=f"terminated by the partner with status 0x{message.status:02X}",
            wait=float(message.wait_time),
            partner_suites=message.suites,
        )

    @classmethod
    def from_status(cls, status: TerminateStatus, detail: str) -> Failure:
        """Return the failure for which this side sends a Terminate."""
        return cls(_STATUS_REASONS[status], detail=detail)

    def to_error(self) -> KeyEstablishmentError:
        """Return the error to show to people."""
        reporter = " (reported by the partner)" if self.by_partner else ""
        return KeyEstablishmentError(
            f"{_MESSAGES[self.reason]}{reporter}",
            reason=f"key_establishment_{self.reason}",
            responsible=_RESPONSIBLE.get(self.reason),
        )


class RetryPlan:
    """Says when the next exchange with one partner may start.

    After ten failures in a row it pauses for 15 minutes, and then counts anew.
    """

    def __init__(self) -> None:
        """Start with no failure."""
        self._failures = 0

    def succeeded(self) -> None:
        """Forget the failures."""
        self._failures = 0

    def failed(self, failure: Failure) -> float | None:
        """Count a failure and return the seconds to wait, or None for never again.

        `failure.remedy` says what else is to be done: leave, or use another suite.
        """
        if failure.remedy in (Remedy.LEAVE_NETWORK, Remedy.ABANDON_PARTNER):
            return None
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            self._failures = 0
            return max(LONG_PAUSE, failure.wait)
        if failure.reason is FailureReason.INVALID_CERTIFICATE:
            # Neither certificate changes by itself; asking often helps nobody.
            return max(LONG_PAUSE, failure.wait)
        return max(SHORT_PAUSE * (1 << min(self._failures - 1, 3)), failure.wait)
