"""What a pairing service's refusals mean, and whose job it is to mend them (R21)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from ..cad.errors import Responsible
from .status import IDENTIFIER, LONGEST_POLL, ServiceError, plain

_PROBLEMS: Final[Mapping[int, tuple[str, str, Responsible, bool]]] = {
    400: (
        "service_invalid_request",
        "The pairing service finds the request wrong. Check what you entered, above all the meter numbers.",
        Responsible.HOUSEHOLDER,
        False,
    ),
    401: (
        "service_unauthorised",
        "The pairing service does not know this token. Enter the one that it gave you, or ask it for another.",
        Responsible.HOUSEHOLDER,
        False,
    ),
    402: (
        "service_price_not_accepted",
        "The price has changed since you agreed to it. Ask for a new quote.",
        Responsible.HOUSEHOLDER,
        False,
    ),
    403: (
        "service_forbidden",
        "The pairing service does not let this token do this. Ask whoever gave it to you.",
        Responsible.SUPPLIER,
        False,
    ),
    404: (
        "service_not_found",
        "The pairing service knows nothing of this request. Send it again.",
        Responsible.HOUSEHOLDER,
        False,
    ),
    409: (
        "service_already_requested",
        "The pairing service already has a request for this CAD. Follow that one, or have it withdrawn.",
        Responsible.HOUSEHOLDER,
        False,
    ),
    410: (
        "service_quote_expired",
        "The quote has run out. Ask for a new one.",
        Responsible.HOUSEHOLDER,
        False,
    ),
    422: (
        "service_conflict",
        "The pairing service has had another request under the same key. Correct the request, and send it as a new one.",
        Responsible.HOUSEHOLDER,
        False,
    ),
    429: (
        "service_too_many",
        "The pairing service has been asked too often. It is asked again later by itself.",
        Responsible.SUPPLIER,
        True,
    ),
}
_CODES: Final[Mapping[str, int]] = {
    "invalid_request": 400,
    "unauthorised": 401,
    "price_not_accepted": 402,
    "forbidden": 403,
    "not_found": 404,
    "already_requested": 409,
    "quote_expired": 410,
    "idempotency_conflict": 422,
    "too_many_requests": 429,
}


def problem(status: int, answer: Any, retry_after: str) -> ServiceError:
    """Return the error for an answer that is not success, from its code where it has one, else from its status.

    Args:
        status: HTTP status, any but 200 and 201.
        answer: its JSON, None if it had none.
        retry_after: the header, "" if there was none.
    """
    details: Mapping[str, Any] = answer if isinstance(answer, Mapping) else {}
    pause = (
        min(float(retry_after), LONGEST_POLL.total_seconds())
        if retry_after.isascii() and retry_after.isdigit()
        else None
    )
    detail = plain(details.get("detail"), 1000)
    code = details.get("code")
    told = _CODES.get(code) if isinstance(code, str) else None
    if told is None and status == HTTPStatus.NOT_FOUND:
        # A proxy's page, say: only the service itself knows what it has lost.
        return ServiceError(
            "A web page answered instead of a pairing service. Check the address; it may also be down for repair.",
            reason="service_not_json",
            responsible=Responsible.HOUSEHOLDER,
            may_pass=True,
            retry_after=pause,
        )
    known = _PROBLEMS.get(status if told is None else told)
    if known is not None:
        reason, message, responsible, may_pass = known
        errors = details.get("errors")
        told_id = details.get("request_id")
        return ServiceError(
            message,
            reason=reason,
            responsible=responsible,
            may_pass=may_pass,
            retry_after=pause,
            detail=detail,
            request_id=told_id
            if isinstance(told_id, str) and IDENTIFIER.fullmatch(told_id)
            else None,
            fields=tuple(
                plain(error.get("field"), 100)
                for error in (errors[:20] if isinstance(errors, list) else ())
                if isinstance(error, Mapping)
            ),
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServiceError(
            f"The pairing service is in trouble (HTTP {status}). It is asked again later; nothing is done twice.",
            reason="service_unavailable",
            may_pass=True,
            retry_after=pause,
            detail=detail,
        )
    if 300 <= status < 400:
        return ServiceError(
            "The pairing service sends on to another address, which is not followed, since it would take your token "
            "and install code there. Ask whoever runs the service for its right address.",
            reason="service_redirect",
        )
    return ServiceError(
        f"The pairing service refused, without a reason that is known here (HTTP {status}). Ask whoever runs it.",
        reason="service_refused",
        detail=detail,
    )
