"""The client of a pairing service: a supplier's, an SMSO's, a CAD provider's (R7, R8, R19).

The contract is ``docs/pairing-service.openapi.yaml``. What could cost something or
be done twice carries an idempotency key, so that asking again after a lost answer
does no harm. Redirects are not followed, since they would take the token and the
install code somewhere else.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
import json
import random
import ssl
from typing import Any, Final, Literal

import aiohttp

from ..cad.clock import SYSTEM_CLOCK, Clock
from ..cad.errors import Responsible
from ..cad.models import Fuel
from ..pairing.life import Pairing
from ..pairing.request import PairingRequest, Quote
from ..pairing.states import UnpairWhy
from ..smart_energy.eui64 import Eui64
from ..smart_energy.install_code import InstallCode
from .directory import check_service_url
from .problems import problem
from .status import (
    ServiceError,
    ServiceStatus,
    malformed,
    read_notice,
    read_quote,
    read_status,
    unanswered,
)

TIMEOUT: Final = 20.0
"""Seconds for one answer."""

ATTEMPTS: Final = 4
FIRST_WAIT: Final = 2.0
"""Seconds before the second attempt; each further one waits twice as long, plus up to half of that at random."""

LONGEST_WAIT: Final = 30.0
"""Seconds that a caller is kept waiting for; a service that wants more is asked later."""

LARGEST_ANSWER: Final = 65_536
"""Octets; an honest answer has a few hundred."""


class PairingService:
    """A pairing service, with a token."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        *,
        clock: Clock = SYSTEM_CLOCK,
        request_timeout: float = TIMEOUT,
    ) -> None:
        """Say where it is.

        Args:
            session: Home Assistant's.
            url: the address before ``/quotes``.
            token: the bearer token; a secret.
            clock: for the waits between attempts.
            request_timeout: seconds for one answer.

        Raises:
            SupplierError: ``service_url``, ``service_url_insecure``.
            ServiceError: ``service_token``.
        """
        self._url = check_service_url(url)
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ServiceError(
                "This token cannot be right: a token has letters, digits and signs, without spaces. Copy it again.",
                reason="service_token",
                responsible=Responsible.HOUSEHOLDER,
            )
        self._session = session
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json, application/problem+json",
        }
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=request_timeout)

    async def quote(self, request: PairingRequest) -> Quote:
        """Ask what the pairing costs and how long it takes. Neither person nor install code is named.

        Raises:
            ServiceError: there is no quote.
        """
        return read_quote(
            await self._call(
                "POST",
                "/quotes",
                {
                    "fuels": _fuels(request),
                    "meters": _meters(request),
                    "cad": _cad(request),
                },
            )
        )

    async def submit(self, pairing: Pairing, code: InstallCode) -> ServiceStatus:
        """Send the request, under the pairing's key, at the price that was agreed to.

        Raises:
            ServiceError: it was not taken; ``service_quote_missing``: no price was agreed to.
        """
        request, quote = pairing.request, pairing.quote
        if quote is None or quote.accepted_at is None:
            raise ServiceError(
                "The price has not been agreed to. Ask for a quote, and agree to it, before the request is sent.",
                reason="service_quote_missing",
                responsible=Responsible.HOUSEHOLDER,
            )
        identity = request.identity
        consumer = {
            "name": identity.name,
            "address": identity.address.replace("\n", ", "),
            "postcode": identity.postcode,
            "premises": identity.premises.value,
            "relation": identity.relation.value,
        }
        consumer |= {
            name: value
            for name, value in (("email", identity.email), ("phone", identity.phone))
            if value
        }
        body = {
            "quote_id": quote.quote_id,
            "accepted_price": {
                "amount": f"{quote.amount:.2f}",
                "currency": quote.currency,
            },
            "consumer": consumer,
            "meters": _meters(request),
            "fuels": _fuels(request),
            "cad": _cad(request) | {"install_code": code.digits(crc=False)},
            "consent": {
                "consent_id": request.consent_id,
                "given_at": request.consent_at.isoformat(),
                "text_version": str(request.consent_version),
                "text_sha256": request.consent_sha256,
                "fuels": _fuels(request),
                "energy_consumer": True,
                "third_parties_explained": True,
                "ihd_explained": True,
            },
            "ihd": identity.ihd.value,
        }
        if request.available:
            body["available"] = request.available[:300]
        return read_status(
            await self._call("POST", "/pairing-requests", body, key=pairing.key)
        )

    async def status(self, request_id: str) -> ServiceStatus:
        """Ask where a request is.

        Raises:
            ServiceError: there is no answer; ``service_not_found``: the service has lost the request.
        """
        return read_status(
            await self._call("GET", f"/pairing-requests/{request_id}"), request_id
        )

    async def withdraw(self, pairing: Pairing) -> ServiceStatus:
        """Withdraw a request that the service has.

        Raises:
            ServiceError: it was not taken.
        """
        return read_status(
            await self._call(
                "POST",
                f"/pairing-requests/{pairing.service_id}/withdrawal",
                key=pairing.unpair_key,
            ),
            pairing.service_id,
        )

    async def unpair(self, pairing: Pairing, why: UnpairWhy) -> ServiceStatus:
        """Ask for the CAD to be removed, whichever way it was paired.

        Raises:
            ServiceError: it was not taken.
        """
        request = pairing.request
        body: dict[str, Any] = {
            "eui64": Eui64.parse(request.cad.eui64).with_hyphens,
            "meters": _meters(request),
            "why": why.value,
            "postcode": request.identity.postcode,
        }
        if pairing.service_id:
            body["pairing_request_id"] = pairing.service_id
        return read_status(
            await self._call(
                "POST", "/unpairing-requests", body, key=pairing.unpair_key
            )
        )

    async def unpair_status(self, request_id: str) -> ServiceStatus:
        """Ask whether the CAD has been removed.

        Raises:
            ServiceError: there is no answer.
        """
        return read_status(
            await self._call("GET", f"/unpairing-requests/{request_id}"), request_id
        )

    async def tell_tenancy_change(
        self,
        request: PairingRequest,
        effective_at: datetime,
        reported_by: Literal["old_tenant", "new_tenant", "cad_provider"],
        *,
        key: str,
    ) -> str:
        """Tell that the tenant changes; return the notice's id.

        Args:
            request: names the meters.
            effective_at: from when on.
            reported_by: who said so.
            key: 16 to 64 letters, digits, hyphens and underscores; the same if the same is told again.

        Raises:
            ServiceError: it was not taken.
        """
        body = {
            "meters": _meters(request),
            "effective_at": effective_at.isoformat(),
            "reported_by": reported_by,
        }
        return read_notice(await self._call("POST", "/tenancy-changes", body, key=key))

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
    ) -> Any:
        """Ask, and ask again where that can help; return the answer's JSON."""
        headers = (
            self._headers if key is None else self._headers | {"Idempotency-Key": key}
        )
        wait, attempt = FIRST_WAIT, 1
        is_repeat = False
        while True:
            try:
                return await self._ask(method, path, body, headers)
            except ServiceError as err:
                err.is_repeat = is_repeat
                is_repeat |= err.reason != "service_unreachable"
                pause = max(wait * (1 + random.random() / 2), err.retry_after or 0)
                if not err.may_pass or attempt == ATTEMPTS or pause > LONGEST_WAIT:
                    raise
            await self._clock.sleep(pause)
            wait, attempt = wait * 2, attempt + 1

    async def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> Any:
        """Ask once; return the answer's JSON."""
        try:
            async with self._session.request(
                method,
                f"{self._url}{path}",
                json=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                octets = bytearray()
                async for chunk in response.content.iter_chunked(8192):
                    octets += chunk
                    if len(octets) > LARGEST_ANSWER:
                        raise malformed("its size")
                answer = _json(bytes(octets), response.content_type)
                status, retry_after = (
                    response.status,
                    response.headers.get("Retry-After", ""),
                )
        except TimeoutError as err:
            raise unanswered() from err
        except (aiohttp.ClientSSLError, ssl.SSLError) as err:
            raise ServiceError(
                "The pairing service could not prove who it is (its TLS certificate), so nothing was sent to it. "
                "Check the address; if it is right, tell whoever runs the service.",
                reason="service_tls",
            ) from err
        except aiohttp.ClientConnectorError as err:
            raise ServiceError(
                "The pairing service cannot be reached. Check the address and this home's internet connection.",
                reason="service_unreachable",
                responsible=Responsible.HOUSEHOLDER,
                may_pass=True,
            ) from err
        except aiohttp.ClientError as err:
            raise ServiceError(
                "The connection to the pairing service broke. It is asked again; nothing is done twice.",
                reason="service_broken_off",
                may_pass=True,
            ) from err
        if status in {HTTPStatus.OK, HTTPStatus.CREATED}:
            if answer is None:
                raise ServiceError(
                    "A web page answered instead of a pairing service. Check the address; it may also be down for repair.",
                    reason="service_not_json",
                    responsible=Responsible.HOUSEHOLDER,
                )
            return answer
        raise problem(status, answer, retry_after)


def _json(octets: bytes, content_type: str) -> Any:
    """Return an answer's JSON, None if it is none."""
    if content_type not in {"application/json", "application/problem+json"}:
        return None
    try:
        return json.loads(octets)
    except ValueError, RecursionError:
        return None


def _fuels(request: PairingRequest) -> list[str]:
    return [fuel.value for fuel in Fuel if fuel in request.identity.fuels]


def _meters(request: PairingRequest) -> dict[str, str]:
    identity = request.identity
    meters: dict[str, str] = {}
    if identity.mpan is not None:
        meters["mpan"] = identity.mpan.core
    if identity.mprn is not None:
        meters["mprn"] = identity.mprn.number
    return meters | {
        f"{fuel}_serial": serial for fuel, serial in identity.serials.items()
    }


def _cad(request: PairingRequest) -> dict[str, str]:
    cad = request.cad
    return {"eui64": Eui64.parse(cad.eui64).with_hyphens, "kind": cad.kind.value} | {
        name: value[:64]
        for name, value in (
            ("manufacturer", cad.manufacturer),
            ("model", cad.model),
            ("hardware", cad.hardware),
            ("firmware", cad.firmware),
            ("certification", cad.certification),
        )
        if value
    }
