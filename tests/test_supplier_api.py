"""The client of a pairing service: against the virtual supplier, and against servers that misbehave."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
import json
from pathlib import Path
import re
from typing import Any, override
from unittest.mock import patch

import aiohttp
from aiohttp import web
import pytest
import yaml

from custom_components.smets1_cad.cad.clock import Clock
from custom_components.smets1_cad.cad.errors import Responsible
from custom_components.smets1_cad.pairing.identity import (
    IdentityForm,
    Ihd,
    check_identity,
)
from custom_components.smets1_cad.pairing.life import WINDOW_CLOSED, Pairing
from custom_components.smets1_cad.pairing.request import (
    CadDetails,
    PairingRequest,
    Quote,
)
from custom_components.smets1_cad.pairing.states import CadKind, PairingState, UnpairWhy
from custom_components.smets1_cad.smart_energy.install_code import InstallCode
from custom_components.smets1_cad.supplier.api import (
    ATTEMPTS,
    LARGEST_ANSWER,
    PairingService,
)
from custom_components.smets1_cad.supplier.directory import Route, SupplierError
from custom_components.smets1_cad.supplier.problems import problem
from custom_components.smets1_cad.supplier.status import (
    LONGEST_POLL,
    REFUSALS,
    SHORTEST_POLL,
    ServiceError,
    ServiceState,
    ServiceStatus,
    apply_status,
    read_notice,
    read_quote,
    read_status,
    who_acts,
)
from virtual_han.clock import Clock as VirtualClock
from virtual_han.supplier import Answering, Behaviour, Desk, Outcome, SupplierService

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = "a-token-of-the-test"
CODE = InstallCode(bytes.fromhex("83FED3407A939723A5C639B26916D505"))
SECRETS = (
    "Gwen",
    "Stryd",
    "SY23",
    "2000024512368",
    "3938424403",
    "83FED340",
    TOKEN,
    "gwen@example.org",
)
S = PairingState

pytestmark = pytest.mark.usefixtures("socket_enabled")


class HurriedClock(Clock):
    """Waits nothing, and remembers for how long it should have waited."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    @override
    def now_utc(self) -> datetime:
        return NOW

    @override
    def monotonic(self) -> float:
        return 0.0

    @override
    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


class Door:
    """A hub's door that only remembers."""

    def __init__(self) -> None:
        self.admitted: list[tuple[bytes, bytes]] = []
        self.paired = False
        self.removed: list[bytes] = []

    def admit(self, eui64: bytes, install_code: bytes, seconds: float) -> None:
        self.admitted.append((eui64, install_code))

    def is_paired(self, eui64: bytes) -> bool:
        return self.paired

    def remove(self, eui64: bytes) -> None:
        self.removed.append(eui64)
        self.paired = False


def request(kind: CadKind = CadKind.ZIGBEE, **changes: Any) -> PairingRequest:
    values: dict[str, Any] = {
        "name": "Gwen Evans",
        "address": "1 Stryd Fawr\nAberystwyth",
        "postcode": "SY23 1AA",
        "mpan": "2000024512368",
        "mprn": "3938424403",
        "electricity_serial": "19L1234567",
        "email": "gwen@example.org",
        "phone": "+441970123456",
        "ihd": Ihd.KEEP,
    }
    identity = check_identity(IdentityForm(**values | changes)).identity
    assert identity is not None
    return PairingRequest(
        identity=identity,
        cad=CadDetails(
            kind=kind, eui64="000D6F000A9069E7", manufacturer="Maker", model="M" * 99
        ),
        supplier="EDF",
        consent_id="0123456789ab",
        consent_at=NOW,
        consent_version=1,
        consent_sha256="ab" * 32,
        available="every evening",
    )


def pairing(*states: PairingState, kind: CadKind = CadKind.ZIGBEE) -> Pairing:
    after = Pairing.record(request(kind), NOW)
    for state in states:
        after = after.advance(state, NOW)
    return after


@pytest.fixture
async def session() -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def clock() -> HurriedClock:
    return HurriedClock()


@pytest.fixture
def network_clock() -> VirtualClock:
    return VirtualClock(NOW, speed=0)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
async def supplier(
    network_clock: VirtualClock, door: Door
) -> AsyncGenerator[SupplierService]:
    async with SupplierService(
        Desk(network_clock, door, Behaviour()), token=TOKEN
    ) as service:
        yield service


@pytest.fixture
def service(
    session: aiohttp.ClientSession, supplier: SupplierService, clock: HurriedClock
) -> PairingService:
    return PairingService(session, supplier.url, TOKEN, clock=clock)


type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def server(handler: Handler) -> AsyncGenerator[str]:
    """Serve everything with one handler, on loopback."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


# --- with the virtual supplier


async def _agreed(service: PairingService, at: datetime = NOW) -> Pairing:
    start = pairing()
    return start.accept(await service.quote(start.request), at)


async def test_r7_quote_agree_submit_follow_join(
    service: PairingService,
    supplier: SupplierService,
    network_clock: VirtualClock,
    door: Door,
) -> None:
    supplier.desk.behaviour.fee = "5.00"
    there = await _agreed(service)
    assert there.quote is not None
    assert (there.quote.amount, there.quote.currency, there.quote.working_days) == (
        Decimal("5.00"),
        "GBP",
        5,
    )
    assert there.quote.payee
    there = there.begin_sending(Route.PAIRING_SERVICE, NOW)
    status = await service.submit(there, CODE)
    there = apply_status(there, status, NOW)
    assert (there.state, there.service_id) == (S.SENT, status.request_id)
    seen = [there.state]
    for _ in range(12):
        network_clock.advance(1)
        there = apply_status(there, await service.status(there.service_id), NOW)
        if there.state is not seen[-1]:
            seen.append(there.state)
    assert seen == [S.SENT, S.ACKNOWLEDGED, S.ACCEPTED, S.HAN_OPEN]
    assert door.admitted == [(bytes.fromhex("000D6F000A9069E7"), CODE.octets)]
    there = there.advance(S.JOINING, NOW).advance(S.PAIRED, NOW)
    door.paired = True
    network_clock.advance(1)
    assert (
        apply_status(there, await service.status(there.service_id), NOW).state
        is S.PAIRED
    )


async def test_r19_unpair_and_follow(
    service: PairingService, network_clock: VirtualClock, door: Door
) -> None:
    there = await _agreed(service)
    there = apply_status(
        there.begin_sending(Route.PAIRING_SERVICE, NOW),
        await service.submit(there, CODE),
        NOW,
    )
    network_clock.advance(60)
    door.paired = True
    there = apply_status(there, await service.status(there.service_id), NOW)
    there = there.advance(S.UNPAIR_RECORDED, NOW).begin_sending(
        Route.PAIRING_SERVICE, NOW
    )
    status = await service.unpair(there, UnpairWhy.CONSENT_WITHDRAWN)
    there = apply_status(there, status, NOW)
    assert there.state in {S.UNPAIR_SENT, S.UNPAIR_ACKNOWLEDGED}
    assert there.service_unpair_id == status.request_id
    network_clock.advance(60)
    there = apply_status(
        there, await service.unpair_status(there.service_unpair_id), NOW
    )
    assert there.state is S.UNPAIRED
    assert door.removed == [bytes.fromhex("000D6F000A9069E7")]


async def test_withdraw_before_anything_was_done(
    service: PairingService, door: Door
) -> None:
    there = await _agreed(service)
    there = apply_status(
        there.begin_sending(Route.PAIRING_SERVICE, NOW),
        await service.submit(there, CODE),
        NOW,
    )
    there = there.advance(S.UNPAIR_RECORDED, NOW).begin_sending(
        Route.PAIRING_SERVICE, NOW
    )
    there = apply_status(there, await service.withdraw(there), NOW)
    assert (there.state, there.service_unpair_id) == (S.UNPAIRED, "")
    assert door.admitted == []


async def test_r20_change_of_tenancy_is_told_and_heard(
    service: PairingService, supplier: SupplierService
) -> None:
    key = "0123456789abcdef"
    notice = await service.tell_tenancy_change(request(), NOW, "old_tenant", key=key)
    assert (
        await service.tell_tenancy_change(request(), NOW, "old_tenant", key=key)
        == notice
    )
    assert len(supplier.desk.tenancy_notices) == 1
    there = await _agreed(service)
    status = await service.submit(there, CODE)
    supplier.desk.announce_tenancy(NOW.timestamp())
    assert (await service.status(status.request_id)).tenancy_change == NOW


async def test_refusal_is_told_with_its_reason(
    service: PairingService, supplier: SupplierService, network_clock: VirtualClock
) -> None:
    supplier.desk.behaviour.outcome = Outcome.REFUSE
    there = (await _agreed(service)).begin_sending(Route.PAIRING_SERVICE, NOW)
    there = apply_status(there, await service.submit(there, CODE), NOW)
    network_clock.advance(60)
    there = apply_status(there, await service.status(there.service_id), NOW)
    assert (there.state, there.reason) == (S.REFUSED, "not_our_customer")
    assert there.history[-1].detail == "We do not supply this address."


async def test_lost_request_is_not_found(
    service: PairingService, supplier: SupplierService
) -> None:
    supplier.desk.behaviour.outcome = Outcome.FORGET
    status = await service.submit(await _agreed(service), CODE)
    with pytest.raises(ServiceError) as caught:
        await service.status(status.request_id)
    assert (caught.value.reason, caught.value.may_pass) == ("service_not_found", False)


async def test_window_that_passes_unused(
    service: PairingService, supplier: SupplierService, network_clock: VirtualClock
) -> None:
    supplier.desk.behaviour.window = 60
    there = (await _agreed(service)).begin_sending(Route.PAIRING_SERVICE, NOW)
    there = apply_status(there, await service.submit(there, CODE), NOW)
    network_clock.advance(15)
    status = await service.status(there.service_id)
    there = apply_status(there, status, NOW)
    assert there.state is S.HAN_OPEN
    assert status.window is not None
    assert status.window[1] - status.window[0] == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("answering", "reason", "may_pass"),
    [
        (Answering.DROP, "service_broken_off", True),
        (Answering.HTML, "service_not_json", False),
        (Answering.NONSENSE, "service_malformed", False),
        (Answering.ERROR, "service_unavailable", True),
        (Answering.UNAVAILABLE, "service_unavailable", True),
        (Answering.TOO_MANY, "service_too_many", True),
        (Answering.SLOW, "service_timeout", True),
    ],
)
async def test_every_misbehaviour_has_its_words(
    session: aiohttp.ClientSession,
    supplier: SupplierService,
    clock: HurriedClock,
    answering: Answering,
    reason: str,
    may_pass: bool,
) -> None:
    there = await _agreed(PairingService(session, supplier.url, TOKEN))
    supplier.desk.behaviour.answering = answering
    hasty = PairingService(
        session,
        supplier.url,
        TOKEN,
        clock=clock,
        request_timeout=0.05 if answering is Answering.SLOW else 5,
    )
    with pytest.raises(ServiceError) as caught:
        await hasty.submit(there, CODE)
    assert (caught.value.reason, caught.value.may_pass) == (reason, may_pass)
    assert not [
        secret for secret in SECRETS if secret in f"{caught.value} {caught.value!r}"
    ]
    if not may_pass:
        assert clock.waits == []


@pytest.mark.parametrize("answering", [Answering.DROP, Answering.ERROR])
async def test_r7_a_lost_answer_does_not_send_twice(
    service: PairingService,
    supplier: SupplierService,
    clock: HurriedClock,
    answering: Answering,
) -> None:
    there = await _agreed(service)
    supplier.desk.behaviour.answering = answering
    supplier.desk.behaviour.misanswers = 2
    status = await service.submit(there, CODE)
    assert list(supplier.desk.requests) == [status.request_id]
    assert supplier.seen.count(("POST", "/v1/pairing-requests")) == 3
    assert [2 <= clock.waits[0] <= 3, 4 <= clock.waits[1] <= 6, len(clock.waits)] == [
        True,
        True,
        2,
    ]
    again = await service.submit(there, CODE)
    assert again.request_id == status.request_id
    assert len(supplier.desk.requests) == 1


async def test_another_body_under_the_same_key_is_refused(
    service: PairingService,
) -> None:
    there = await _agreed(service)
    await service.submit(there, CODE)
    with pytest.raises(ServiceError) as caught:
        await service.submit(there, InstallCode(bytes(16)))
    assert caught.value.reason == "service_conflict"


async def test_second_request_for_the_same_cad_names_the_first(
    service: PairingService,
) -> None:
    first = await service.submit(await _agreed(service), CODE)
    with pytest.raises(ServiceError) as caught:
        await service.submit(await _agreed(service), CODE)
    assert (caught.value.reason, caught.value.request_id) == (
        "service_already_requested",
        first.request_id,
    )


async def test_price_that_was_not_agreed_to(
    service: PairingService, supplier: SupplierService, network_clock: VirtualClock
) -> None:
    with pytest.raises(ServiceError) as caught:
        await service.submit(pairing(), CODE)
    assert caught.value.reason == "service_quote_missing"
    there = await _agreed(service)
    assert there.quote is not None
    with pytest.raises(ServiceError) as caught:
        await service.submit(
            replace(there, quote=replace(there.quote, amount=Decimal(1))), CODE
        )
    assert caught.value.reason == "service_price_not_accepted"
    network_clock.advance(8 * 86_400)
    with pytest.raises(ServiceError) as caught:
        await service.submit(replace(there, key="another-key-of-the-test"), CODE)
    assert caught.value.reason == "service_quote_expired"


async def test_wrong_token(
    session: aiohttp.ClientSession, supplier: SupplierService
) -> None:
    with pytest.raises(ServiceError) as caught:
        await PairingService(session, supplier.url, "wrong").quote(request())
    assert (caught.value.reason, caught.value.responsible) == (
        "service_unauthorised",
        Responsible.HOUSEHOLDER,
    )


# --- what is sent, against the contract


def check(schema: Any, value: Any, contract: Any, where: str = "") -> None:
    """Check a value against the part of JSON Schema that the contract uses."""
    if "$ref" in schema:
        target = contract
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        check(target, value, contract, where)
        return
    for part in schema.get("allOf", ()):
        check(part, value, contract, where)
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "boolean": bool,
    }
    if "type" in schema:
        assert isinstance(value, kinds[schema["type"]]), where
    assert value in schema.get("enum", [value]), where
    assert value == schema.get("const", value), where
    if isinstance(value, str):
        assert re.search(schema.get("pattern", ""), value), where
        assert (
            schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**6)
        ), where
        if schema.get("format") == "date-time":
            assert datetime.fromisoformat(value).tzinfo is not None, where
    if isinstance(value, list):
        assert len(value) >= schema.get("minItems", 0), where
        for item in value:
            check(schema["items"], item, contract, f"{where}[]")
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value), where
        assert len(value) >= schema.get("minProperties", 0), where
        for name, member in value.items():
            if name in schema.get("properties", {}):
                check(schema["properties"][name], member, contract, f"{where}.{name}")


@pytest.mark.parametrize(
    "changes", [{}, {"gas": False, "email": "", "phone": ""}, {"electricity": False}]
)
async def test_everything_that_is_sent_keeps_the_contract(
    session: aiohttp.ClientSession, root: Path, changes: dict[str, Any]
) -> None:
    contract = yaml.safe_load((root / "docs/pairing-service.openapi.yaml").read_text())
    sent: list[tuple[str, Any, str]] = []

    async def handler(asked: web.Request) -> web.Response:
        body = await asked.json() if asked.can_read_body else None
        sent.append((asked.path, body, asked.headers.get("Idempotency-Key", "")))
        return web.json_response({"code": "not_found"}, status=404)

    who = request(**changes)
    there = Pairing.record(who, NOW).accept(
        Quote(quote_id="Q1", amount=Decimal(5)), NOW
    )
    there = replace(there, service_id="P1")
    async with server(handler) as url:
        service = PairingService(session, url, TOKEN)
        for call in (
            service.quote(who),
            service.submit(there, CODE),
            service.withdraw(there),
            service.unpair(there, UnpairWhy.MOVING_OUT),
            service.unpair(replace(there, service_id=""), UnpairWhy.FAULT),
            service.tell_tenancy_change(who, NOW, "new_tenant", key="0123456789abcdef"),
        ):
            with pytest.raises(ServiceError):
                await call
    schemas = {
        "quotes": "QuoteRequest",
        "pairing-requests": "PairingRequest",
        "unpairing-requests": "UnpairingRequest",
        "tenancy-changes": "TenancyChange",
    }
    parameter = contract["components"]["parameters"]["IdempotencyKey"]["schema"]
    for path, body, key in sent:
        name = path.removeprefix("/v1/")
        if name != "quotes":
            check(parameter, key, contract, path)
        if name in schemas:
            check(
                contract["components"]["schemas"][schemas[name]], body, contract, name
            )
            assert set(body) <= set(
                contract["components"]["schemas"][schemas[name]]["properties"]
            )
        assert not [secret for secret in SECRETS if secret in path]
    assert sent[2][0] == "/v1/pairing-requests/P1/withdrawal"
    quoted = json.dumps(sent[0][1])
    assert "83FED340" not in quoted
    assert "Gwen" not in quoted
    assert sent[1][1]["cad"]["install_code"] == "83FED3407A939723A5C639B26916D505"


def test_codes_of_the_contract_are_all_known(root: Path) -> None:
    schemas = yaml.safe_load((root / "docs/pairing-service.openapi.yaml").read_text())[
        "components"
    ]["schemas"]
    assert set(schemas["Reason"]["properties"]["code"]["enum"]) == REFUSALS
    states = {
        *schemas["PairingStatus"]["properties"]["state"]["enum"],
        *schemas["UnpairingStatus"]["properties"]["state"]["enum"],
    }
    assert states == {state.value for state in ServiceState} - {"unknown"}
    assert {who.value for who in Responsible} | {"nobody"} == set(
        schemas["WhoActs"]["enum"]
    )
    for code in schemas["Problem"]["properties"]["code"]["enum"]:
        assert (
            problem(599 if code == "unavailable" else 499, {"code": code}, "").reason
            != "service_refused"
        )


# --- servers that misbehave


def answers(**kwargs: Any) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(**kwargs)

    return handler


@pytest.mark.parametrize(
    ("kwargs", "reason", "responsible"),
    [
        (
            {"text": "<html>", "content_type": "text/html"},
            "service_not_json",
            Responsible.HOUSEHOLDER,
        ),
        (
            {"text": "<html>", "content_type": "application/json"},
            "service_not_json",
            Responsible.HOUSEHOLDER,
        ),
        (
            {"text": "[" * 60000, "content_type": "application/json"},
            "service_not_json",
            Responsible.HOUSEHOLDER,
        ),
        (
            {"body": b'"\xff"', "content_type": "application/json"},
            "service_not_json",
            Responsible.HOUSEHOLDER,
        ),
        (
            {"text": "null", "content_type": "application/json"},
            "service_not_json",
            Responsible.HOUSEHOLDER,
        ),
        (
            {"text": "7", "content_type": "application/json"},
            "service_malformed",
            Responsible.SUPPLIER,
        ),
        (
            {"text": "1" * (LARGEST_ANSWER + 1), "content_type": "application/json"},
            "service_malformed",
            Responsible.SUPPLIER,
        ),
        (
            {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
            "service_redirect",
            Responsible.SUPPLIER,
        ),
        ({"status": 400}, "service_invalid_request", Responsible.HOUSEHOLDER),
        ({"status": 401}, "service_unauthorised", Responsible.HOUSEHOLDER),
        ({"status": 403}, "service_forbidden", Responsible.SUPPLIER),
        ({"status": 404, "text": "<h1>"}, "service_not_json", Responsible.HOUSEHOLDER),
        ({"status": 418}, "service_refused", Responsible.SUPPLIER),
        ({"status": 204}, "service_refused", Responsible.SUPPLIER),
        ({"status": 429}, "service_too_many", Responsible.SUPPLIER),
        ({"status": 500}, "service_unavailable", Responsible.SUPPLIER),
        (
            {"status": 502, "text": "<h1>", "content_type": "text/html"},
            "service_unavailable",
            Responsible.SUPPLIER,
        ),
        (
            {"status": 503, "headers": {"Retry-After": "soon"}},
            "service_unavailable",
            Responsible.SUPPLIER,
        ),
    ],
)
async def test_answers_that_are_none(
    session: aiohttp.ClientSession,
    clock: HurriedClock,
    kwargs: dict[str, Any],
    reason: str,
    responsible: Responsible,
) -> None:
    async with server(answers(**kwargs)) as url:
        with pytest.raises(ServiceError) as caught:
            await PairingService(session, url, TOKEN, clock=clock).quote(request())
    assert (caught.value.reason, caught.value.responsible) == (reason, responsible)
    assert len(clock.waits) == (ATTEMPTS - 1 if caught.value.may_pass else 0)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([], False),
        (["service_unreachable"], False),
        (["service_broken_off"], True),
        (["service_timeout", "service_unreachable"], True),
    ],
)
async def test_r7_what_is_turned_away_may_have_arrived_before(
    session: aiohttp.ClientSession,
    clock: HurriedClock,
    before: list[str],
    expected: bool,
) -> None:
    """Within one call: the connection broke, and then another machine answered."""
    answers = [
        *(ServiceError("No.", reason=reason, may_pass=True) for reason in before),
        ServiceError("No.", reason="service_unauthorised"),
    ]
    service = PairingService(session, "http://127.0.0.1/v1", TOKEN, clock=clock)
    with (
        patch.object(service, "_ask", side_effect=answers),
        pytest.raises(ServiceError) as caught,
    ):
        await service.status("P1")
    assert caught.value.reason == "service_unauthorised"
    assert caught.value.may_have_arrived is expected


async def test_the_service_is_obeyed_when_it_asks_for_a_pause(
    session: aiohttp.ClientSession, clock: HurriedClock
) -> None:
    async with server(answers(status=429, headers={"Retry-After": "20"})) as url:
        with pytest.raises(ServiceError):
            await PairingService(session, url, TOKEN, clock=clock).status("P1")
    assert clock.waits == [20.0] * 3
    clock.waits.clear()
    async with server(answers(status=503, headers={"Retry-After": "3600"})) as url:
        with pytest.raises(ServiceError) as caught:
            await PairingService(session, url, TOKEN, clock=clock).status("P1")
    assert (clock.waits, caught.value.retry_after) == ([], 3600.0)


async def test_problem_details_are_kept_apart_from_the_message(
    session: aiohttp.ClientSession,
) -> None:
    body = json.dumps(
        {
            "code": "invalid_request",
            "detail": "Gwen\x00 \u202eEvans " + "x" * 2000,
            "request_id": "../../elsewhere",
            "errors": [{"field": "/meters/mpan", "problem": "check_digit"}, "rubbish"],
        }
    )
    async with server(
        answers(status=422, text=body, content_type="application/problem+json")
    ) as url:
        with pytest.raises(ServiceError) as caught:
            await PairingService(session, url, TOKEN).quote(request())
    err = caught.value
    assert err.reason == "service_invalid_request"
    assert err.detail.startswith("Gwen Evans xxx")
    assert len(err.detail) == 1000
    assert "Gwen" not in f"{err}{err!r}"
    assert (err.fields, err.request_id) == (("/meters/mpan",), None)


async def test_nobody_there_and_nobody_who_can_prove_it(
    session: aiohttp.ClientSession, clock: HurriedClock, unused_tcp_port: int
) -> None:
    with pytest.raises(ServiceError) as caught:
        await PairingService(
            session, f"http://127.0.0.1:{unused_tcp_port}", TOKEN, clock=clock
        ).status("P1")
    assert (caught.value.reason, len(clock.waits)) == (
        "service_unreachable",
        ATTEMPTS - 1,
    )
    async with server(answers(text="{}")) as url:
        with pytest.raises(ServiceError) as caught:
            await PairingService(
                session, url.replace("http:", "https:"), TOKEN, clock=clock
            ).status("P1")
    assert caught.value.reason == "service_tls"


async def test_broken_off_in_the_middle(
    session: aiohttp.ClientSession, clock: HurriedClock
) -> None:
    async def handler(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Length": "100", "Content-Type": "application/json"}
        )
        await response.prepare(asked)
        await response.write(b"{")
        assert asked.transport is not None
        asked.transport.abort()
        return response

    async with server(handler) as url:
        with pytest.raises(ServiceError) as caught:
            await PairingService(session, url, TOKEN, clock=clock).status("P1")
    assert caught.value.reason == "service_broken_off"


async def test_an_answer_that_never_ends(
    session: aiohttp.ClientSession, clock: HurriedClock
) -> None:
    closing = asyncio.Event()

    async def handler(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(asked)
        await response.write(b"[")
        await closing.wait()
        return response

    async with server(handler) as url:
        with pytest.raises(ServiceError) as caught:
            await PairingService(
                session, url, TOKEN, clock=clock, request_timeout=0.05
            ).status("P1")
        closing.set()
    assert caught.value.reason == "service_timeout"


@pytest.mark.parametrize("token", ["", "two words", "new\nline", "é"])
async def test_tokens_that_cannot_be(
    session: aiohttp.ClientSession, token: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        PairingService(session, "https://a.example", token)
    assert caught.value.reason == "service_token"


async def test_insecure_addresses_are_refused(session: aiohttp.ClientSession) -> None:
    with pytest.raises(SupplierError) as caught:
        PairingService(session, "http://pairing.example", TOKEN)
    assert caught.value.reason == "service_url_insecure"


# --- answers


STATUS: dict[str, Any] = {
    "request_id": "P1",
    "state": "accepted",
    "updated_at": "2026-11-22T12:00:00Z",
    "who_acts": "meter_operator",
    "poll_after_seconds": 60,
}
QUOTE: dict[str, Any] = {
    "quote_id": "Q1",
    "price": {"amount": "5.00", "currency": "GBP"},
    "working_days": 5,
    "expires_at": "2026-11-29T12:00:00+00:00",
    "ihd_must_go": True,
    "payee": "EDF",
    "notes": "Be at\nhome",
}


def test_whole_answers() -> None:
    quote = read_quote(QUOTE)
    assert (quote.amount, quote.payee, quote.ihd_must_go, quote.notes) == (
        Decimal("5.00"),
        "EDF",
        True,
        "Be at home",
    )
    status = read_status(
        STATUS
        | {
            "reference": "R1",
            "reason": {"code": "security", "text": "Taken off"},
            "window": {
                "opens_at": "2026-11-22T12:00:00Z",
                "closes_at": "2026-11-22T13:00:00Z",
            },
            "something_new": [1],
        },
        "P1",
    )
    assert (status.state, status.who_acts) == (
        ServiceState.ACCEPTED,
        Responsible.METER_OPERATOR,
    )
    assert (status.reason, status.reason_text, status.reference) == (
        "security",
        "Taken off",
        "R1",
    )
    assert status.window == (NOW, NOW + timedelta(hours=1))
    assert "R1" not in repr(status)
    assert (
        read_notice({"notice_id": "T1", "received_at": "2026-11-22T12:00:00Z"}) == "T1"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"price": None},
        {"price": {"amount": "-5.00", "currency": "GBP"}},
        {"price": {"amount": "5", "currency": "GBP"}},
        {"price": {"amount": "5.00", "currency": "£"}},
        {"working_days": -1},
        {"working_days": True},
        {"working_days": "5"},
        {"expires_at": "tomorrow"},
        {"expires_at": "2026-11-22T12:00:00"},
        {"expires_at": None},
        {"ihd_must_go": "no"},
        {"quote_id": "../x"},
    ],
)
def test_quotes_that_are_none(changes: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as caught:
        read_quote(QUOTE | changes)
    assert caught.value.reason == "service_malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {"request_id": "P1/../../x"},
        {"request_id": 7},
        {"updated_at": 7},
        {"poll_after_seconds": -1},
        {"poll_after_seconds": 10**12},
        {"reason": "because"},
        {"window": []},
        {"window": {"opens_at": "2026-11-22T12:00:00Z"}},
        {"tenancy_change": {"effective_at": "soon"}},
        {"tenancy_change": {"effective_at": "9999-12-31T23:59:59-01:00"}},
        {"updated_at": "0001-01-01T00:00:00+01:00"},
    ],
)
def test_statuses_that_are_none(changes: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as caught:
        read_status(STATUS | changes)
    assert caught.value.reason == "service_malformed"


@pytest.mark.parametrize("data", [None, [], {}, {"notice_id": "T1"}])
def test_notices_that_are_none(data: Any) -> None:
    with pytest.raises(ServiceError):
        read_notice(data)


def test_status_of_another_request() -> None:
    with pytest.raises(ServiceError) as caught:
        read_status(STATUS, "P2")
    assert caught.value.reason == "service_wrong_request"


def test_what_the_contract_does_not_know() -> None:
    status = read_status(
        STATUS
        | {"state": "on_the_moon", "who_acts": ["nasa"], "reason": {"code": "tides"}}
    )
    assert (status.state, status.who_acts, status.reason) == (
        ServiceState.UNKNOWN,
        Responsible.SUPPLIER,
        "other",
    )
    assert who_acts("nobody") is None


def test_polls_are_neither_hasty_nor_forgotten() -> None:
    assert read_status(STATUS | {"poll_after_seconds": 1}).poll_after == SHORTEST_POLL
    assert (
        read_status(STATUS | {"poll_after_seconds": 10**8}).poll_after == LONGEST_POLL
    )


# --- what an answer does to a pairing


def told(state: str, **more: Any) -> ServiceStatus:
    return read_status(STATUS | {"state": state} | more)


@pytest.mark.parametrize(
    ("before", "state", "after"),
    [
        ([S.SENDING], "received", S.SENT),
        ([S.SENDING], "accepted", S.ACCEPTED),
        ([S.SENT, S.ACCEPTED], "received", S.ACCEPTED),
        ([S.SENT], "refused", S.REFUSED),
        ([S.SENT], "on_the_moon", S.SENT),
        ([S.SENT, S.ACCEPTED], "han_open", S.HAN_OPEN),
        ([S.SENT, S.HAN_OPEN], "accepted", S.ACCEPTED),
        ([S.SENT, S.HAN_OPEN, S.JOINING], "accepted", S.JOINING),
        ([S.SENT, S.ACCEPTED], "paired", S.ACCEPTED),
        ([S.HAN_OPEN, S.JOINING, S.PAIRED], "removed", S.PAIRED),
        ([S.HAN_OPEN, S.JOINING, S.PAIRED], "withdrawn", S.PAIRED),
        ([S.HAN_OPEN, S.JOINING, S.PAIRED], "refused", S.PAIRED),
        ([S.SENT, S.UNPAIR_RECORDED, S.UNPAIR_SENDING], "received", S.UNPAIR_SENT),
        (
            [S.SENT, S.UNPAIR_RECORDED, S.UNPAIR_SENDING],
            "withdrawing",
            S.UNPAIR_ACKNOWLEDGED,
        ),
        ([S.SENT, S.UNPAIR_RECORDED, S.UNPAIR_SENT], "refused", S.UNPAIR_REFUSED),
        ([S.SENT, S.UNPAIR_RECORDED, S.UNPAIR_SENT], "unpaired", S.UNPAIRED),
        ([S.SENT, S.UNPAIR_RECORDED, S.UNPAIR_SENT], "paired", S.UNPAIR_SENT),
    ],
)
def test_what_is_told_moves_only_what_it_can(
    before: list[PairingState], state: str, after: PairingState
) -> None:
    moved = apply_status(pairing(*before), told(state), NOW)
    assert moved.state is after


def test_glow_takes_the_services_word() -> None:
    there = pairing(S.SENT, kind=CadKind.GLOW)
    assert apply_status(there, told("han_open"), NOW).state is S.SENT
    there = apply_status(there, told("paired"), NOW)
    assert there.state is S.PAIRED
    assert apply_status(there, told("removed"), NOW).state is S.REMOVED


def test_reference_and_reason_are_kept() -> None:
    there = apply_status(
        pairing(S.SENT),
        told("refused", reference="R9", reason={"code": "han_full", "text": "No room"}),
        NOW,
    )
    assert (there.reference, there.reason, there.history[-1].detail) == (
        "R9",
        "han_full",
        "No room",
    )
    closed = apply_status(pairing(S.SENT, S.HAN_OPEN), told("accepted"), NOW)
    assert closed.reason == WINDOW_CLOSED
