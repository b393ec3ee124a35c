"""The pairing service: what it does with requests, and that it keeps to its contract."""

import asyncio
from collections.abc import AsyncGenerator
import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import pytest
import yaml

from virtual_han.clock import Clock
from virtual_han.supplier import Answering, Behaviour, Desk, Outcome, SupplierService

START = datetime(2026, 11, 22, 13, 7, tzinfo=UTC)
TOKEN = "a token"
KEY = "0123456789abcdef"
EUI64 = bytes.fromhex("00124B0001ABCDEF")
CODE = bytes.fromhex("83FED3407A939723A5C639B26916D505")
CONTRACT = yaml.safe_load(
    (Path(__file__).parents[2] / "docs" / "pairing-service.openapi.yaml").read_text(
        encoding="utf-8"
    )
)

METERS = {"mpan": "2000024512368", "mprn": "3938424403"}
CAD = {"eui64": "00-12-4B-00-01-AB-CD-EF", "kind": "zigbee", "model": "Stick"}
QUOTE = {"fuels": ["electricity", "gas"], "meters": METERS, "cad": CAD}
REQUEST = {
    "quote_id": "Q00001",
    "accepted_price": {"amount": "0.00", "currency": "GBP"},
    "consumer": {
        "name": "A. Person",
        "postcode": "SW1A 2AA",
        "premises": "domestic",
        "relation": "occupier",
        "email": "a@example.org",
    },
    "meters": METERS,
    "fuels": ["electricity", "gas"],
    "cad": {**CAD, "install_code": CODE.hex().upper()},
    "consent": {
        "consent_id": "c-1",
        "given_at": "2026-11-22T13:00:00Z",
        "text_version": "1",
        "text_sha256": "0" * 64,
        "fuels": ["electricity", "gas"],
        "energy_consumer": True,
        "third_parties_explained": True,
        "ihd_explained": True,
    },
    "ihd": "none",
}
UNPAIRING = {
    "eui64": "00-12-4B-00-01-AB-CD-EF",
    "meters": METERS,
    "why": "consent_withdrawn",
}
TENANCY = {
    "meters": METERS,
    "effective_at": "2026-12-01T00:00:00Z",
    "reported_by": "old_tenant",
}


def conforms(value: Any, schema: str) -> bool:
    """Say whether a value is as the contract's schema says."""
    validator = jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", **CONTRACT}
    )
    return validator.is_valid(value)


class Hub:
    """A hub that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.paired: set[bytes] = set()

    def admit(self, eui64: bytes, install_code: bytes, seconds: float) -> None:
        self.told.append(("admit", eui64, install_code, seconds))

    def is_paired(self, eui64: bytes) -> bool:
        return eui64 in self.paired

    def remove(self, eui64: bytes) -> None:
        self.told.append(("remove", eui64))
        self.paired.discard(eui64)


class Client:
    """A client that checks every answer against the contract."""

    def __init__(
        self,
        service: SupplierService,
        session: aiohttp.ClientSession,
        clock: Clock,
        hub: Hub,
    ) -> None:
        self.service, self.session, self.clock, self.hub = service, session, clock, hub
        self.headers: dict[str, str] = {}

    @property
    def behaviour(self) -> Behaviour:
        return self.service.desk.behaviour

    async def call(
        self, method: str, path: str, body: Any = None, key: str | None = KEY
    ) -> tuple[int, Any]:
        """Send a request; returns status and body, which fits the contract."""
        headers = {"Authorization": f"Bearer {TOKEN}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        async with self.session.request(
            method, self.service.url + path, json=body, headers=headers
        ) as response:
            answer = await response.json(content_type=None)
            self.headers = dict(response.headers)
            if response.status >= 400:
                assert response.content_type == "application/problem+json"
                assert conforms(answer, "Problem"), answer
                assert answer["status"] == response.status
            else:
                assert response.content_type == "application/json"
            return response.status, answer

    async def quote(self) -> Any:
        status, quote = await self.call("POST", "/quotes", QUOTE, key=None)
        assert status == 200
        assert conforms(quote, "Quote"), quote
        return quote

    async def submit(self, key: str = KEY, **changes: Any) -> tuple[int, Any]:
        status, answer = await self.call(
            "POST", "/pairing-requests", REQUEST | changes, key
        )
        assert status >= 400 or conforms(answer, "PairingStatus"), answer
        return status, answer

    async def state(self, request_id: str = "P00001") -> Any:
        status, answer = await self.call(
            "GET", f"/pairing-requests/{request_id}", key=None
        )
        assert status == 200
        assert conforms(answer, "PairingStatus"), answer
        return answer["state"]

    async def after(self, seconds: float) -> Any:
        """Let time pass, and look."""
        self.clock.advance(seconds)
        return await self.state()


@pytest.fixture
async def client() -> AsyncGenerator[Client]:
    clock, hub = Clock(START, speed=0), Hub()
    service = SupplierService(Desk(clock, hub), token=TOKEN)
    async with service, aiohttp.ClientSession() as session:
        yield Client(service, session, clock, hub)


async def test_from_quote_to_pairing(client: Client) -> None:
    quote = await client.quote()
    assert quote["price"] == {"amount": "0.00", "currency": "GBP"}
    assert quote["expires_at"] == "2026-11-29T13:07:00+00:00"
    assert "payee" not in quote
    status, answer = await client.submit()
    assert (status, answer["state"], answer["who_acts"]) == (
        201,
        "received",
        "supplier",
    )
    assert client.headers["Location"] == "/v1/pairing-requests/P00001"
    assert await client.after(2) == "acknowledged"
    assert await client.after(3) == "accepted"
    assert client.hub.told == []
    assert await client.after(5) == "han_open"
    assert client.hub.told == [("admit", EUI64, CODE, 3600)]
    _, answer = await client.call("GET", "/pairing-requests/P00001")
    assert answer["window"] == {
        "opens_at": "2026-11-22T13:07:10+00:00",
        "closes_at": "2026-11-22T14:07:10+00:00",
    }
    client.hub.paired.add(EUI64)
    assert await client.after(60) == "paired"
    assert await client.after(86_400) == "paired"


async def test_a_fee_has_to_be_accepted(client: Client) -> None:
    client.behaviour.fee = "12.50"
    quote = await client.quote()
    assert quote["payee"]
    status, problem = await client.submit()
    assert (status, problem["code"], problem["who_acts"]) == (
        402,
        "price_not_accepted",
        "householder",
    )
    assert "12.50" in problem["detail"]
    status, _ = await client.submit(
        accepted_price={"amount": "12.50", "currency": "EUR"}
    )
    assert status == 402
    status, _ = await client.submit(
        accepted_price={"amount": "12.50", "currency": "GBP"}
    )
    assert status == 201


async def test_a_quote_runs_out(client: Client) -> None:
    assert (await client.submit())[1]["code"] == "quote_expired"
    await client.quote()
    client.clock.advance(7 * 86_400)
    assert (await client.submit())[0] == 410
    assert client.service.desk.requests == {}


async def test_a_refusal_says_why(client: Client) -> None:
    client.behaviour.outcome = Outcome.REFUSE
    await client.quote()
    await client.submit()
    assert await client.after(60) == "refused"
    _, answer = await client.call("GET", "/pairing-requests/P00001")
    assert answer["reason"] == {
        "code": "not_our_customer",
        "text": "We do not supply this address.",
    }
    assert answer["who_acts"] == "householder"
    await client.quote()
    assert (await client.submit(key="another-key-0001"))[0] == 201


async def test_a_request_that_nobody_looks_at(client: Client) -> None:
    client.behaviour.outcome = Outcome.IGNORE
    await client.quote()
    await client.submit()
    assert await client.after(40 * 86_400) == "received"


async def test_a_request_that_is_lost(client: Client) -> None:
    client.behaviour.outcome = Outcome.FORGET
    await client.quote()
    assert (await client.submit())[0] == 201
    status, problem = await client.call("GET", "/pairing-requests/P00001")
    assert (status, problem["code"], problem["who_acts"]) == (
        404,
        "not_found",
        "supplier",
    )


async def test_the_same_key_does_nothing_twice(client: Client) -> None:
    await client.quote()
    first = await client.submit()
    second = await client.submit()
    assert (first[0], second[0]) == (201, 200)
    assert second[1] == first[1]
    assert "Location" not in client.headers
    status, problem = await client.submit(ihd="keep")
    assert (status, problem["code"]) == (422, "idempotency_conflict")
    status, problem = await client.submit(key="another-key-0001")
    assert (status, problem["code"], problem["request_id"]) == (
        409,
        "already_requested",
        "P00001",
    )
    assert len(client.service.desk.requests) == 1


async def test_an_answer_that_is_lost_can_be_asked_for_again(client: Client) -> None:
    await client.quote()
    client.behaviour.answering, client.behaviour.misanswers = Answering.DROP, 1
    with pytest.raises(aiohttp.ClientError):
        await client.submit()
    assert (await client.submit())[0] == 200
    assert len(client.service.desk.requests) == 1


@pytest.mark.parametrize("key", [None, "short", "spaces are not ok!", "x" * 65])
async def test_a_key_is_needed(client: Client, key: str | None) -> None:
    await client.quote()
    assert (await client.call("POST", "/pairing-requests", REQUEST, key))[0] == 400


async def test_a_window_that_passes_opens_again(client: Client) -> None:
    await client.quote()
    await client.submit()
    assert await client.after(10) == "han_open"
    assert await client.after(3600) == "accepted"
    assert await client.after(5) == "han_open"
    assert [told[0] for told in client.hub.told] == ["admit", "admit"]
    # After a week without a look the window is open from now on, not long gone.
    client.clock.advance(7 * 86_400)
    assert await client.state() == "han_open"
    assert client.hub.told[-1][3] == 3600


async def test_thrown_out(client: Client) -> None:
    client.behaviour.remove_after = 3600
    await client.quote()
    await client.submit()
    client.hub.paired.add(EUI64)
    assert await client.after(20) == "paired"
    assert await client.after(3600) == "removed"
    _, answer = await client.call("GET", "/pairing-requests/P00001")
    assert answer["reason"]["code"] == "security"
    assert client.hub.told[-1] == ("remove", EUI64)


@pytest.mark.parametrize(
    ("wait", "states"),
    [
        (0, ["withdrawn", "withdrawn"]),
        (5, ["withdrawn", "withdrawn"]),
        (10, ["withdrawing", "withdrawn"]),
    ],
)
async def test_withdrawal(client: Client, wait: int, states: list[str]) -> None:
    await client.quote()
    await client.submit()
    client.clock.advance(wait)
    status, answer = await client.call(
        "POST", "/pairing-requests/P00001/withdrawal", key="withdraw-key-0001"
    )
    assert (status, answer["state"]) == (200, states[0])
    assert conforms(answer, "PairingStatus")
    again = await client.call(
        "POST", "/pairing-requests/P00001/withdrawal", key="withdraw-key-0001"
    )
    assert again == (status, answer)
    assert await client.after(5) == states[1]
    assert (("remove", EUI64) in client.hub.told) is (wait == 10)
    assert (
        await client.call(
            "POST", "/pairing-requests/P00001/withdrawal", key="withdraw-key-0002"
        )
    )[0] == 200
    assert (await client.call("POST", "/pairing-requests/P00009/withdrawal"))[0] == 404


async def test_unpairing_is_confirmed(client: Client) -> None:
    await client.quote()
    await client.submit()
    client.hub.paired.add(EUI64)
    assert await client.after(20) == "paired"
    status, answer = await client.call(
        "POST", "/unpairing-requests", UNPAIRING, key="unpair-key-00001"
    )
    assert (status, answer["state"]) == (201, "received")
    assert client.headers["Location"] == "/v1/unpairing-requests/U00002"
    assert conforms(answer, "UnpairingStatus")
    assert (
        await client.call(
            "POST", "/unpairing-requests", UNPAIRING, key="unpair-key-00001"
        )
    )[0] == 200
    states = []
    for _ in range(3):
        states.append(
            (await client.call("GET", "/unpairing-requests/U00002"))[1]["state"]
        )
        client.clock.advance(4)
    assert states == ["received", "acknowledged", "unpaired"]
    assert await client.state() == "removed"
    assert EUI64 not in client.hub.paired
    assert (await client.call("GET", "/unpairing-requests/P00001"))[0] == 404
    assert (await client.call("GET", "/pairing-requests/U00002"))[0] == 404


async def test_unpairing_can_be_refused(client: Client) -> None:
    client.behaviour.refuse_unpairing = True
    await client.call("POST", "/unpairing-requests", UNPAIRING)
    client.clock.advance(60)
    _, answer = await client.call("GET", "/unpairing-requests/U00001")
    assert (answer["state"], answer["reason"]["code"]) == (
        "refused",
        "identity_not_confirmed",
    )
    assert conforms(answer, "UnpairingStatus")
    assert client.hub.told == []


async def test_a_change_of_tenancy_goes_both_ways(client: Client) -> None:
    await client.quote()
    await client.submit()
    status, notice = await client.call(
        "POST", "/tenancy-changes", TENANCY, key="tenancy-key-0001"
    )
    assert status == 201
    assert conforms(notice, "TenancyNotice")
    again = await client.call(
        "POST", "/tenancy-changes", TENANCY, key="tenancy-key-0001"
    )
    assert again == (200, notice)
    assert client.service.desk.tenancy_notices == [TENANCY]
    client.service.desk.announce_tenancy(datetime(2026, 12, 1, tzinfo=UTC).timestamp())
    _, answer = await client.call("GET", "/pairing-requests/P00001")
    assert answer["tenancy_change"] == {"effective_at": "2026-12-01T00:00:00+00:00"}
    assert conforms(answer, "PairingStatus")


async def test_an_announcement_is_not_for_unpairings(client: Client) -> None:
    await client.call("POST", "/unpairing-requests", UNPAIRING)
    client.service.desk.announce_tenancy(0)
    assert (
        "tenancy_change"
        not in (await client.call("GET", "/unpairing-requests/U00001"))[1]
    )


async def test_the_token_is_checked(client: Client) -> None:
    for headers in ({}, {"Authorization": "Bearer other"}, {"Authorization": TOKEN}):
        async with client.session.get(
            client.service.url + "/pairing-requests/P1", headers=headers
        ) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert conforms(await response.json(content_type=None), "Problem")


async def test_what_the_service_does_not_take(client: Client) -> None:
    assert (await client.call("GET", "/nonsense"))[0] == 404
    assert (await client.call("DELETE", "/quotes"))[0] == 404
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with client.session.post(
        client.service.url + "/quotes", data=b"{", headers=headers
    ) as response:
        assert response.status == 400
        assert (await response.json(content_type=None))["code"] == "invalid_request"
    async with client.session.post(
        client.service.url + "/quotes", data=b"x" * 99_999, headers=headers
    ) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    ("how", "status", "kind"),
    [
        (Answering.HTML, 200, "text/html"),
        (Answering.NONSENSE, 200, "application/json"),
        (Answering.ERROR, 500, "text/plain"),
        (Answering.UNAVAILABLE, 503, "application/problem+json"),
        (Answering.TOO_MANY, 429, "application/problem+json"),
    ],
)
async def test_bad_days(client: Client, how: Answering, status: int, kind: str) -> None:
    client.behaviour.answering, client.behaviour.misanswers = how, 2
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for _ in range(2):
        async with client.session.post(
            client.service.url + "/quotes", json=QUOTE, headers=headers
        ) as response:
            assert (response.status, response.content_type) == (status, kind)
            assert ("Retry-After" in response.headers) is (status in {429, 503})
    await client.quote()
    client.behaviour.misanswers = None
    for _ in range(3):
        async with client.session.post(
            client.service.url + "/quotes", json=QUOTE, headers=headers
        ) as response:
            assert response.status == status


async def test_a_slow_service(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.behaviour.answering = Answering.SLOW
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.call("POST", "/quotes", QUOTE)
    monkeypatch.setattr("virtual_han.supplier.service._SLOW_SECONDS", 0)
    async with client.session.post(
        client.service.url + "/quotes", json=QUOTE
    ) as response:
        assert response.status == 504


def _changed(body: Any, path: str, value: Any) -> Any:
    """Return a body with one member changed, or (value ...) left out."""
    body = copy.deepcopy(body)
    *parents, name = path.split("/")[1:]
    place = body
    for parent in parents:
        place = place[parent]
    if value is ...:
        del place[name]
    else:
        place[name] = value
    return body


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("/quote_id", ..., "missing"),
        ("/quote_id", "spaces not", "malformed"),
        ("/accepted_price/amount", "12.5", "malformed"),
        ("/accepted_price/currency", "gbp", "malformed"),
        ("/consumer", [], "malformed"),
        ("/consumer/name", "", "malformed"),
        ("/consumer/name", "x" * 101, "malformed"),
        ("/consumer/postcode", "sw1a2aa", "malformed"),
        ("/consumer/premises", "factory", "not_allowed"),
        ("/consumer/relation", ..., "missing"),
        ("/consumer/phone", "1" * 21, "malformed"),
        ("/meters", {}, "malformed"),
        ("/meters/mpan", "123", "malformed"),
        ("/meters/mpan", 2000024512368, "malformed"),
        ("/meters/mprn", "12345", "malformed"),
        ("/meters/electricity_serial", "x" * 25, "malformed"),
        ("/fuels", [], "malformed"),
        ("/fuels", ["gas", "gas"], "malformed"),
        ("/fuels", ["coal"], "not_allowed"),
        ("/fuels", "gas", "malformed"),
        ("/cad/eui64", "00124B0001ABCDEF", "malformed"),
        ("/cad/kind", "wifi", "not_allowed"),
        ("/cad/install_code", ..., "missing"),
        ("/cad/install_code", CODE.hex().upper() + "C3B5", "malformed"),
        ("/consent/energy_consumer", False, "not_allowed"),
        ("/consent/ihd_explained", ..., "missing"),
        ("/consent/given_at", 5, "malformed"),
        ("/consent/text_sha256", "0" * 63, "malformed"),
        ("/ihd", "perhaps", "not_allowed"),
        ("/available", "x" * 301, "malformed"),
    ],
)
async def test_the_service_and_its_contract_refuse_the_same(
    client: Client, path: str, value: Any, problem: str
) -> None:
    """The schema says no, and the service says where."""
    await client.quote()
    body = _changed(REQUEST, path, value)
    assert conforms(REQUEST, "PairingRequest")
    assert not conforms(body, "PairingRequest")
    status, answer = await client.call("POST", "/pairing-requests", body)
    assert status == 400
    assert answer["errors"] == [{"field": path, "problem": problem}]
    assert CODE.hex().upper() not in str(answer)


@pytest.mark.parametrize("given", ["yesterday", "2026-11-22T13:00:00"])
async def test_times_have_a_zone(client: Client, given: str) -> None:
    body = _changed(REQUEST, "/consent/given_at", given)
    assert (await client.call("POST", "/pairing-requests", body))[1]["errors"] == [
        {"field": "/consent/given_at", "problem": "malformed"}
    ]


async def test_a_check_digit_is_more_than_the_contract_can_say(client: Client) -> None:
    body = _changed(QUOTE, "/meters/mpan", "2000024512369")
    assert conforms(body, "QuoteRequest")
    assert (await client.call("POST", "/quotes", body))[1]["errors"] == [
        {"field": "/meters/mpan", "problem": "check_digit"}
    ]


def test_examples_are_of_the_contract() -> None:
    assert conforms(QUOTE, "QuoteRequest")
    assert conforms(UNPAIRING, "UnpairingRequest")
    assert conforms(TENANCY, "TenancyChange")


async def test_every_operation_of_the_contract_is_served(client: Client) -> None:
    """Each path and method answers with something else than "no such place"."""
    await client.quote()
    await client.submit()
    for path, item in CONTRACT["paths"].items():
        for method in set(item) & {"get", "post"}:
            place = path.replace("{request_id}", "P00001")
            await client.call(method.upper(), place, {}, key="operation-key-01")
            assert client.service.seen[-1] == (method.upper(), "/v1" + place)
            status, answer = await client.call(
                method.upper(), place, {}, key="operation-key-02"
            )
            assert status != 404 or "unpairing" in path, answer


def test_the_contract_names_every_reason_and_state_in_use() -> None:
    schemas = CONTRACT["components"]["schemas"]
    reasons = schemas["Reason"]["properties"]["code"]["enum"]
    assert Behaviour().refusal in reasons
    assert {"security", "consumer_asked", "identity_not_confirmed"} <= set(reasons)


async def test_nothing_secret_in_a_repr(client: Client) -> None:
    await client.quote()
    await client.submit()
    (request,) = client.service.desk.requests.values()
    assert CODE.hex() not in repr(request)
    assert repr(CODE) not in repr(request)


async def test_stopping_twice(client: Client) -> None:
    await client.service.stop()
    await client.service.stop()
