"""The pairing service: HTTP on loopback, before the supplier's desk."""

import asyncio
from collections.abc import Callable
import contextlib
from dataclasses import dataclass
import hashlib
import hmac
import json
import re
from typing import Final, override

from aiohttp import web

from ..local_http import Handler, LocalServer
from .behaviour import Answering, Outcome
from .desk import Desk, Request, rfc3339
from .problem import Json, Problem
from .validation import PAIRING, QUOTE, TENANCY, UNPAIRING, Check, validated

BASE: Final = "/v1"
_KEY: Final = re.compile("[A-Za-z0-9_-]{16,64}")
_BODY_LIMIT: Final = 64 * 1024
_SLOW_SECONDS: Final = 60
_RETRY_AFTER: Final = "1"


@dataclass(frozen=True, slots=True)
class _Done:
    """What an idempotency key stands for: a request's fingerprint, and where its answer is."""

    fingerprint: str
    answer: Callable[[], Json]


@dataclass(frozen=True, slots=True)
class _Quote:
    amount: str
    expires: float


class SupplierService(LocalServer):
    """Serves `docs/pairing-service.openapi.yaml` on 127.0.0.1."""

    def __init__(
        self, desk: Desk, *, token: str, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        """Put a service before a desk.

        Args:
            desk: who deals with requests.
            token: the bearer token that clients must show.
            host: the address to listen on.
            port: 0 takes any free one.
        """
        super().__init__(host, port)
        self.desk = desk
        self._token = token
        self._quotes: dict[str, _Quote] = {}
        self._done: dict[str, _Done] = {}
        self._closing = asyncio.Event()
        self.seen: list[tuple[str, str]] = []
        """Method and path of every request that came, also of those that were refused."""

    @property
    @override
    def url(self) -> str:
        """The address that a client is given."""
        return f"{super().url}{BASE}"

    @override
    def application(self) -> web.Application:
        """Return what the contract has."""
        application = web.Application(
            middlewares=[self._guard], client_max_size=_BODY_LIMIT
        )
        application.add_routes(
            [
                web.post(f"{BASE}/quotes", self._quote),
                web.post(f"{BASE}/pairing-requests", self._submit),
                web.get(f"{BASE}/pairing-requests/{{request_id}}", self._status),
                web.post(
                    f"{BASE}/pairing-requests/{{request_id}}/withdrawal", self._withdraw
                ),
                web.post(f"{BASE}/unpairing-requests", self._unpair),
                web.get(
                    f"{BASE}/unpairing-requests/{{request_id}}", self._unpair_status
                ),
                web.post(f"{BASE}/tenancy-changes", self._tenancy),
            ]
        )
        return application

    @override
    async def start(self) -> None:
        """Listen."""
        self._closing.clear()
        await super().start()

    @override
    async def stop(self) -> None:
        """Close; the desk keeps its requests."""
        self._closing.set()
        await super().stop()

    # The door.

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Check the token, turn problems into documents, and misbehave where asked to."""
        self.seen.append((request.method, request.path))
        misanswer = self.desk.behaviour.misanswer()
        if misanswer not in {Answering.NORMAL, Answering.DROP}:
            return await _misanswered(misanswer, self._closing)
        try:
            self._authorise(request)
            self.desk.work()
            response: web.StreamResponse = await handler(request)
        except Problem as problem:
            response = _problem(problem)
        except web.HTTPException as error:
            known = error.status in {404, 405}
            code = "not_found" if known else "invalid_request"
            response = _problem(
                Problem(404 if known else 400, code, "The service does not take that")
            )
        if misanswer is Answering.DROP and request.transport is not None:
            request.transport.abort()
        return response

    def _authorise(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        expected = f"Bearer {self._token}"
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise Problem(
                401,
                "unauthorised",
                "The token is missing or not known; ask the supplier for another",
                who_acts="householder",
                headers={"WWW-Authenticate": "Bearer"},
            )

    async def _body(self, request: web.Request, check: Check) -> Json:
        try:
            body = await request.json()
        except ValueError:
            raise Problem(400, "invalid_request", "The body is not JSON") from None
        return validated(body, check)

    async def _once(
        self, request: web.Request, body: Json, act: Callable[[], Callable[[], Json]]
    ) -> tuple[Json, bool]:
        """Do something once for an idempotency key; returns the answer, and whether it was new."""
        key = request.headers.get("Idempotency-Key", "")
        if not _KEY.fullmatch(key):
            raise Problem(
                400, "invalid_request", "The Idempotency-Key is missing or malformed"
            )
        text = json.dumps([request.method, request.path, body], sort_keys=True)
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        done = self._done.get(key)
        if done is not None and done.fingerprint != fingerprint:
            raise Problem(
                422,
                "idempotency_conflict",
                "This Idempotency-Key was used for another request",
            )
        if done is not None:
            return done.answer(), False
        answer = act()
        self._done[key] = _Done(fingerprint, answer)
        return answer(), True

    # Quotes and pairing requests.

    async def _quote(self, request: web.Request) -> web.Response:
        await self._body(request, QUOTE)
        behaviour = self.desk.behaviour
        quote_id = f"Q{len(self._quotes) + 1:05}"
        expires = self.desk.now + behaviour.quote_seconds
        self._quotes[quote_id] = _Quote(behaviour.fee, expires)
        quote: Json = {
            "quote_id": quote_id,
            "price": {"amount": behaviour.fee, "currency": "GBP"},
            "working_days": behaviour.working_days,
            "expires_at": rfc3339(expires),
            "ihd_must_go": behaviour.ihd_must_go,
        }
        if behaviour.fee != "0.00":
            quote["payee"] = "Virtual Energy Metering Services"
        return web.json_response(quote)

    async def _submit(self, request: web.Request) -> web.Response:
        body = await self._body(request, PAIRING)
        eui64 = bytes.fromhex(body["cad"]["eui64"].replace("-", ""))

        def act() -> Callable[[], Json]:
            self._check_quote(body["quote_id"], body["accepted_price"])
            already = self.desk.open_request(eui64)
            if already is not None:
                raise Problem(
                    409,
                    "already_requested",
                    "This CAD's pairing has been asked for already",
                    who_acts="nobody",
                    request_id=already.request_id,
                )
            taken = self.desk.take_pairing(
                eui64, bytes.fromhex(body["cad"]["install_code"])
            )
            return taken.as_json

        status, new = await self._once(request, body, act)
        return _created("pairing-requests", status, new=new)

    def _check_quote(self, quote_id: str, accepted: Json) -> None:
        quote = self._quotes.get(quote_id)
        if quote is None or quote.expires <= self.desk.now:
            raise Problem(
                410,
                "quote_expired",
                "The quote has run out; ask for another and accept it",
            )
        if (accepted["amount"], accepted["currency"]) != (quote.amount, "GBP"):
            raise Problem(
                402,
                "price_not_accepted",
                f"The pairing costs £{quote.amount}, which has to be accepted first",
                who_acts="householder",
            )

    def _find(self, request: web.Request, *, unpairing: bool) -> Request:
        found = self.desk.requests.get(request.match_info["request_id"])
        if (
            found is None
            or found.unpairing is not unpairing
            or found.behaviour.outcome is Outcome.FORGET
        ):
            raise Problem(
                404,
                "not_found",
                "No such request; ask the supplier what became of it",
                who_acts="supplier",
            )
        return found

    async def _status(self, request: web.Request) -> web.Response:
        return web.json_response(self._find(request, unpairing=False).as_json())

    async def _withdraw(self, request: web.Request) -> web.Response:
        found = self._find(request, unpairing=False)

        def act() -> Callable[[], Json]:
            self.desk.withdraw(found)
            return found.as_json

        status, _ = await self._once(request, {}, act)
        return web.json_response(status)

    # Unpairing and tenancy.

    async def _unpair(self, request: web.Request) -> web.Response:
        body = await self._body(request, UNPAIRING)
        eui64 = bytes.fromhex(body["eui64"].replace("-", ""))
        status, new = await self._once(
            request, body, lambda: self.desk.take_unpairing(eui64).as_json
        )
        return _created("unpairing-requests", status, new=new)

    async def _unpair_status(self, request: web.Request) -> web.Response:
        return web.json_response(self._find(request, unpairing=True).as_json())

    async def _tenancy(self, request: web.Request) -> web.Response:
        body = await self._body(request, TENANCY)

        def act() -> Callable[[], Json]:
            notices = self.desk.tenancy_notices
            notices.append(body)
            notice: Json = {
                "notice_id": f"T{len(notices):05}",
                "received_at": rfc3339(self.desk.now),
            }
            return lambda: notice

        notice, new = await self._once(request, body, act)
        return web.json_response(notice, status=201 if new else 200)


def _created(collection: str, status: Json, *, new: bool) -> web.Response:
    headers = {"Location": f"{BASE}/{collection}/{status['request_id']}"} if new else {}
    return web.json_response(status, status=201 if new else 200, headers=headers)


def _problem(problem: Problem) -> web.Response:
    return web.json_response(
        problem.body,
        status=problem.status,
        headers=problem.headers,
        content_type="application/problem+json",
    )


async def _misanswered(how: Answering, closing: asyncio.Event) -> web.Response:
    """Answer badly; a slow answer ends when the service closes."""
    match how:
        case Answering.HTML:
            return web.Response(
                text="<html><h1>Welcome</h1></html>", content_type="text/html"
            )
        case Answering.NONSENSE:
            return web.json_response(["this", "is", "not", "it"])
        case Answering.ERROR:
            return web.Response(status=500, text="Internal Server Error")
        case Answering.SLOW:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), _SLOW_SECONDS)
            return web.Response(status=504)
        case _:
            status, code = (
                (429, "too_many_requests")
                if how is Answering.TOO_MANY
                else (503, "unavailable")
            )
            return _problem(
                Problem(
                    status,
                    code,
                    "Try again later",
                    who_acts="nobody",
                    headers={"Retry-After": _RETRY_AFTER},
                )
            )
