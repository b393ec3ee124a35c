"""What a pairing service answers, checked before anybody believes it (R8, R21).

The contract is ``docs/pairing-service.openapi.yaml``. Members that it does not
know are ignored; an unknown state or code means that the supplier has to be
asked. Text for people is cut to size and freed of control characters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
import re
from typing import Any, Final
import unicodedata

from ..cad.errors import CadError, Responsible
from ..pairing.life import WINDOW_CLOSED, Pairing
from ..pairing.request import Quote
from ..pairing.states import ON_THE_AIR, CadKind, PairingState

IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_AMOUNT: Final = re.compile(r"[0-9]{1,6}\.[0-9]{2}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")

_YEARS: Final = range(2000, 3000)
"""Years of moments that a service can mean; at the edges of the calendar nothing can be reckoned any more."""

SHORTEST_POLL: Final = timedelta(seconds=10)
LONGEST_POLL: Final = timedelta(days=1)
"""A service is asked at least daily, whatever it says."""


_NOT_UNDERSTOOD: Final = frozenset({"service_malformed", "service_wrong_request"})
"""Reasons of answers to what may have been taken all the same."""

_AT_THE_DOOR: Final = frozenset(
    {
        "service_forbidden",
        "service_not_json",
        "service_redirect",
        "service_refused",
        "service_tls",
        "service_unauthorised",
    }
)
"""Reasons of answers that come before anybody has looked whether the same was sent before."""


class ServiceError(CadError):
    """Raised when a pairing service cannot be reached, refuses, or answers nonsense.

    Attributes:
        may_pass: whether trying later can help without anybody's help.
        retry_after: seconds after which the service wants to be asked again, None if it did not say.
        detail: the service's own words, for the person; never logged.
        request_id: of an earlier request for the same CAD, where the service names one.
        fields: members of the request that the service found wrong, as JSON pointers.
        is_repeat: whether the same had been sent before, with no answer to tell whether it arrived.
    """

    reason = "service"
    responsible = Responsible.SUPPLIER

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        responsible: Responsible | None = None,
        may_pass: bool = False,
        retry_after: float | None = None,
        detail: str = "",
        request_id: str | None = None,
        fields: tuple[str, ...] = (),
    ) -> None:
        """Keep what there is to say."""
        super().__init__(message, reason=reason, responsible=responsible)
        self.may_pass = may_pass
        self.retry_after = retry_after
        self.detail = detail
        self.request_id = request_id
        self.fields = fields
        self.is_repeat = False

    @property
    def may_have_arrived(self) -> bool:
        """Whether a service may have taken what was sent, now or before: no answer came, or one that tells nothing of it."""
        return (
            self.may_pass
            or self.reason in _NOT_UNDERSTOOD
            or (self.is_repeat and self.reason in _AT_THE_DOOR)
        )


class ServiceState(StrEnum):
    """Where a service says that a request is, to pair or to unpair."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    HAN_OPEN = "han_open"
    PAIRED = "paired"
    REMOVED = "removed"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    UNPAIRED = "unpaired"
    UNKNOWN = "unknown"
    """None of those that the contract lists: the supplier has to be asked."""


REFUSALS: Final = frozenset(
    {
        "not_our_customer",
        "identity_not_confirmed",
        "consent_not_confirmed",
        "meter_not_compatible",
        "cad_not_compatible",
        "cad_not_certified",
        "cad_blocked",
        "install_code_rejected",
        "han_full",
        "ihd_in_the_way",
        "not_paired",
        "security",
        "change_of_tenancy",
        "change_of_supplier",
        "consumer_asked",
        "technical",
        "other",
    }
)
"""Codes of reasons; any other is taken as ``other``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """Where a request is.

    Attributes:
        who_acts: whose turn it is, None if nobody's.
        poll_after: not to be asked again before.
        reference: to quote to the supplier's staff.
        message: for people.
        reason: a slug of `REFUSALS`, "" if there is none; with its text.
        window: when the hub lets the CAD join: opens, closes.
        tenancy_change: from when on the tenant is another.
    """

    request_id: str = field(repr=False)
    state: ServiceState
    updated_at: datetime
    who_acts: Responsible | None
    poll_after: timedelta
    reference: str = field(default="", repr=False)
    message: str = field(default="", repr=False)
    reason: str = ""
    reason_text: str = field(default="", repr=False)
    window: tuple[datetime, datetime] | None = None
    tenancy_change: datetime | None = None


class _Nonsense(Exception):
    """Raised when an answer is not what the contract says; names the member."""


def plain(value: Any, length: int) -> str:
    """Return text for people, without control characters, cut to a length; "" for anything else."""
    if not isinstance(value, str):
        return ""
    kept = "".join(
        " " if unicodedata.category(character)[0] in "CZ" else character
        for character in value[: 4 * length]
    )
    return " ".join(kept.split())[:length]


def _member(data: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _Nonsense(name)
    return value


def _moment(data: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(data[name])
    except (KeyError, TypeError, ValueError) as err:
        raise _Nonsense(name) from err
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise _Nonsense(name)
    return moment


def _whole(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 10**9:
        raise _Nonsense(name)
    return value


def _object(data: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise _Nonsense(name)
    return data


def _refusal(code: Any) -> str:
    return code if isinstance(code, str) and code in REFUSALS else "other"


def who_acts(value: Any) -> Responsible | None:
    """Return whose turn it is; the supplier's where the service says what nobody knows."""
    if value == "nobody":
        return None
    return Responsible(value) if value in list(Responsible) else Responsible.SUPPLIER


def read_quote(data: Any) -> Quote:
    """Return a quote.

    Raises:
        ServiceError: ``service_malformed``.
    """
    try:
        answer = _object(data, "the answer")
        price = _object(answer.get("price"), "price")
        if not isinstance(answer.get("ihd_must_go"), bool):
            raise _Nonsense("ihd_must_go")  # noqa: TRY301
        return Quote(
            quote_id=_member(answer, "quote_id", IDENTIFIER),
            amount=Decimal(_member(price, "amount", _AMOUNT)),
            currency=_member(price, "currency", _CURRENCY),
            payee=plain(answer.get("payee"), 100),
            working_days=_whole(answer, "working_days"),
            expires_at=_moment(answer, "expires_at"),
            ihd_must_go=answer["ihd_must_go"],
            notes=plain(answer.get("notes"), 1000),
        )
    except _Nonsense as err:
        raise malformed(str(err)) from err


def read_status(data: Any, request_id: str | None = None) -> ServiceStatus:
    """Return where a request is.

    Args:
        data: the answer.
        request_id: whose status was asked for, None for a new one.

    Raises:
        ServiceError: ``service_malformed``; ``service_wrong_request``: it is another's.
    """
    try:
        answer = _object(data, "the answer")
        told = _member(answer, "request_id", IDENTIFIER)
        state = answer.get("state")
        reason = _object(answer.get("reason", {}), "reason")
        window = _object(answer["window"], "window") if "window" in answer else None
        tenancy = (
            _object(answer["tenancy_change"], "tenancy_change")
            if "tenancy_change" in answer
            else None
        )
        status = ServiceStatus(
            request_id=told,
            state=ServiceState(state)
            if state in list(ServiceState)
            else ServiceState.UNKNOWN,
            updated_at=_moment(answer, "updated_at"),
            who_acts=who_acts(answer.get("who_acts")),
            poll_after=min(
                max(
                    timedelta(seconds=_whole(answer, "poll_after_seconds")),
                    SHORTEST_POLL,
                ),
                LONGEST_POLL,
            ),
            reference=plain(answer.get("reference"), 64),
            message=plain(answer.get("message"), 1000),
            reason=_refusal(reason.get("code")) if reason else "",
            reason_text=plain(reason.get("text"), 1000),
            window=(_moment(window, "opens_at"), _moment(window, "closes_at"))
            if window is not None
            else None,
            tenancy_change=_moment(tenancy, "effective_at")
            if tenancy is not None
            else None,
        )
    except _Nonsense as err:
        raise malformed(str(err)) from err
    if request_id is not None and told != request_id:
        raise ServiceError(
            "The pairing service answered about another request than was asked for. "
            "Nothing of it is used; tell whoever runs the service.",
            reason="service_wrong_request",
        )
    return status


def read_notice(data: Any) -> str:
    """Return the id of a notice of a change of tenancy.

    Raises:
        ServiceError: ``service_malformed``.
    """
    try:
        answer = _object(data, "the answer")
        _moment(answer, "received_at")
        return _member(answer, "notice_id", IDENTIFIER)
    except _Nonsense as err:
        raise malformed(str(err)) from err


def malformed(member: str) -> ServiceError:
    """Return the error for an answer that is not what the contract says."""
    return ServiceError(
        f"The pairing service's answer cannot be understood ({member} is missing or malformed). "
        "Tell whoever runs the service, or use another way to send the request.",
        reason="service_malformed",
    )


def unanswered() -> ServiceError:
    """Return the error for an answer that did not come in time."""
    return ServiceError(
        "The pairing service did not answer in time. It is asked again; nothing is done twice.",
        reason="service_timeout",
        may_pass=True,
    )


_PAIRING: Final[Mapping[ServiceState, PairingState]] = {
    ServiceState.RECEIVED: PairingState.SENT,
    ServiceState.ACKNOWLEDGED: PairingState.ACKNOWLEDGED,
    ServiceState.ACCEPTED: PairingState.ACCEPTED,
    ServiceState.REFUSED: PairingState.REFUSED,
    ServiceState.HAN_OPEN: PairingState.HAN_OPEN,
    ServiceState.REMOVED: PairingState.REMOVED,
    ServiceState.WITHDRAWING: PairingState.UNPAIR_ACKNOWLEDGED,
    ServiceState.WITHDRAWN: PairingState.UNPAIRED,
}
_UNPAIRING: Final[Mapping[ServiceState, PairingState]] = {
    ServiceState.RECEIVED: PairingState.UNPAIR_SENT,
    ServiceState.ACKNOWLEDGED: PairingState.UNPAIR_ACKNOWLEDGED,
    ServiceState.WITHDRAWING: PairingState.UNPAIR_ACKNOWLEDGED,
    ServiceState.REFUSED: PairingState.UNPAIR_REFUSED,
    ServiceState.UNPAIRED: PairingState.UNPAIRED,
    ServiceState.WITHDRAWN: PairingState.UNPAIRED,
}
OVER: Final = frozenset(
    {
        ServiceState.REMOVED,
        ServiceState.WITHDRAWING,
        ServiceState.WITHDRAWN,
        ServiceState.UNPAIRED,
    }
)
"""States of a request that comes to nothing any more."""

_ENDING: Final = frozenset(
    {
        PairingState.UNPAIR_RECORDED,
        PairingState.UNPAIR_SENDING,
        PairingState.UNPAIR_SENT,
        PairingState.UNPAIR_ACKNOWLEDGED,
        PairingState.UNPAIR_REFUSED,
    }
)


def is_contradicted(pairing: Pairing, status: ServiceStatus) -> bool:
    """Whether a service says that a pairing is over that the radio has seen, and that nobody asked to end."""
    return (
        pairing.state is PairingState.PAIRED
        and pairing.request.cad.kind is not CadKind.GLOW
        and status.state in OVER
    )


def is_about(asked: Pairing, pairing: Pairing) -> bool:
    """Whether what a service was asked is still what there is to ask it."""
    return (asked.key, asked.unpair_key, asked.route) == (
        pairing.key,
        pairing.unpair_key,
        pairing.route,
    )


def apply_answer(
    pairing: Pairing, asked: Pairing, status: ServiceStatus, at: datetime
) -> Pairing:
    """Return a pairing as it is after an answer, which says nothing of what was asked for otherwise meanwhile.

    Args:
        pairing: as it is now.
        asked: as it was when the service was asked.
        status: what it answers.
        at: now.
    """
    if is_about(asked, pairing):
        return apply_status(pairing, status, at)
    if pairing.key == asked.key and asked.state is PairingState.SENDING:
        # It has arrived, so it has a name to be withdrawn by.
        return replace(pairing, service_id=status.request_id)
    return pairing


def apply_status(pairing: Pairing, status: ServiceStatus, at: datetime) -> Pairing:
    """Return a pairing as it is after a service has told where its request is.

    A service that goes back on what it said, or says what cannot be, changes nothing:
    what the radio knows counts for more. Whether the CAD is paired is told by the
    radio, and so is whether it still is; only a CAD whose radio nobody sees takes the
    service's word for it.
    """
    ending = pairing.state in _ENDING
    told = (_UNPAIRING if ending else _PAIRING).get(status.state)
    if (
        status.state is ServiceState.PAIRED
        and pairing.request.cad.kind is CadKind.GLOW
        and not ending
    ):
        told = PairingState.PAIRED
    named = (
        replace(pairing, service_unpair_id=status.request_id)
        if ending and status.request_id != pairing.service_id
        else replace(pairing, service_id=status.request_id)
    )
    if status.reference:
        named = replace(named, reference=status.reference)
    if is_contradicted(pairing, status):
        return named
    if told is None or (told is not named.state and not named.can(told)):
        return named
    closed = told is PairingState.ACCEPTED and named.state in ON_THE_AIR
    if closed and named.state is PairingState.JOINING:
        # The join that is under way may still succeed; the radio will tell.
        return named
    return named.advance(
        told,
        at,
        reason=WINDOW_CLOSED if closed else status.reason,
        detail=status.reason_text,
    )
