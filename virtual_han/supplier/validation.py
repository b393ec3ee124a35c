"""What a request must hold: the contract's schemas, in the service's own words."""

from collections.abc import Callable, Mapping
from datetime import datetime
import re
from typing import Any, Final

from .problem import Json, invalid

type Errors = list[tuple[str, str]]
type Check = Callable[[Any, str, Errors], None]

_MPAN_WEIGHTS: Final = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)


def text(pattern: str = r"[\s\S]*", limit: int = 1000) -> Check:
    """Return a check of a string that matches a pattern as a whole."""
    compiled = re.compile(pattern)

    def check(value: Any, where: str, errors: Errors) -> None:
        if (
            not isinstance(value, str)
            or len(value) > limit
            or not compiled.fullmatch(value)
        ):
            errors.append((where, "malformed"))

    return check


def one_of(*allowed: str) -> Check:
    """Return a check of an enumeration."""

    def check(value: Any, where: str, errors: Errors) -> None:
        if value not in allowed:
            errors.append((where, "not_allowed"))

    return check


def _yes(value: Any, where: str, errors: Errors) -> None:
    if value is not True:
        errors.append((where, "not_allowed"))


def _time(value: Any, where: str, errors: Errors) -> None:
    try:
        moment = datetime.fromisoformat(value)
    except TypeError, ValueError:
        errors.append((where, "malformed"))
        return
    if moment.tzinfo is None:
        errors.append((where, "malformed"))


def _fuels(value: Any, where: str, errors: Errors) -> None:
    if (
        not isinstance(value, list)
        or not value
        or len(set(map(str, value))) != len(value)
    ):
        errors.append((where, "malformed"))
    elif not set(map(str, value)) <= {"electricity", "gas"}:
        errors.append((where, "not_allowed"))


def _mpan(value: Any, where: str, errors: Errors) -> None:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{13}", value):
        errors.append((where, "malformed"))
        return
    digits = [int(digit) for digit in value]
    total = sum(d * w for d, w in zip(digits[:12], _MPAN_WEIGHTS, strict=True))
    if total % 11 % 10 != digits[12]:
        errors.append((where, "check_digit"))


def members(
    required: Mapping[str, Check], optional: Mapping[str, Check], least: int = 0
) -> Check:
    """Return a check of an object; members that it does not name are let through."""

    def check(value: Any, where: str, errors: Errors) -> None:
        if not isinstance(value, dict) or len(value) < least:
            errors.append((where, "malformed"))
            return
        for name in required:
            if name not in value:
                errors.append((f"{where}/{name}", "missing"))
        for name, part in (*required.items(), *optional.items()):
            if name in value:
                part(value[name], f"{where}/{name}", errors)

    return check


_ID: Final = text("[A-Za-z0-9_-]{1,64}")
_POSTCODE: Final = text("[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}")
_EUI64: Final = text("[0-9A-F]{2}(-[0-9A-F]{2}){7}")
_INSTALL_CODE: Final = text("[0-9A-F]{12}|[0-9A-F]{16}|[0-9A-F]{24}|[0-9A-F]{32}")
_MONEY: Final = members(
    {"amount": text(r"[0-9]{1,6}\.[0-9]{2}"), "currency": text("[A-Z]{3}")}, {}
)
_METERS: Final = members(
    {},
    {
        "mpan": _mpan,
        "mprn": text("[0-9]{6,10}"),
        "electricity_serial": text(limit=24),
        "gas_serial": text(limit=24),
    },
    least=1,
)
_CAD_PARTS: Final = {
    name: text(limit=64)
    for name in ("manufacturer", "model", "hardware", "firmware", "certification")
}
_CAD: Final = members({"eui64": _EUI64, "kind": one_of("zigbee", "glow")}, _CAD_PARTS)
_CAD_WITH_CODE: Final = members(
    {"eui64": _EUI64, "kind": one_of("zigbee", "glow"), "install_code": _INSTALL_CODE},
    _CAD_PARTS,
)
_CONSUMER: Final = members(
    {
        "name": text(r"[\s\S]+", 100),
        "postcode": _POSTCODE,
        "premises": one_of("domestic", "microbusiness"),
        "relation": one_of(
            "bill_payer_and_occupier", "bill_payer", "occupier", "authorised"
        ),
    },
    {
        "address": text(limit=300),
        "email": text(limit=254),
        "phone": text(limit=20),
        "account_number": text(limit=32),
    },
)
_CONSENT: Final = members(
    {
        "consent_id": text(r"[\s\S]+", 64),
        "given_at": _time,
        "text_version": text(r"[\s\S]+", 32),
        "text_sha256": text("[0-9a-f]{64}"),
        "fuels": _fuels,
        "energy_consumer": _yes,
        "third_parties_explained": _yes,
        "ihd_explained": _yes,
    },
    {},
)

QUOTE: Final = members({"fuels": _fuels, "meters": _METERS, "cad": _CAD}, {})
PAIRING: Final = members(
    {
        "quote_id": _ID,
        "accepted_price": _MONEY,
        "consumer": _CONSUMER,
        "meters": _METERS,
        "fuels": _fuels,
        "cad": _CAD_WITH_CODE,
        "consent": _CONSENT,
    },
    {"ihd": one_of("none", "may_be_unpaired", "keep"), "available": text(limit=300)},
)
UNPAIRING: Final = members(
    {
        "eui64": _EUI64,
        "meters": _METERS,
        "why": one_of(
            "consent_withdrawn", "device_replaced", "moving_out", "fault", "other"
        ),
    },
    {"pairing_request_id": _ID, "postcode": _POSTCODE},
)
TENANCY: Final = members(
    {
        "meters": _METERS,
        "effective_at": _time,
        "reported_by": one_of("old_tenant", "new_tenant", "cad_provider"),
    },
    {},
)


def validated(body: Any, check: Check) -> Json:
    """Return a body that passes a check.

    Raises:
        Problem: it does not; the pointers say where.
    """
    errors: Errors = []
    check(body, "", errors)
    if errors:
        raise invalid(errors)
    result: Json = body
    return result
