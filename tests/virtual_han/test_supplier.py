"""The pairing service: what it does with requests, on good days and bad ones."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import aiohttp
import pytest

from virtual_han.supplier import Answering, Outcome

from .pairing import (
    CODE,
    EUI64,
    QUOTE,
    REQUEST,
    TENANCY,
    TOKEN,
    UNPAIRING,
    Client,
    conforms,
    serving,
)


@pytest.fixture
async def client() -> AsyncGenerator[Client]:
    async with serving() as client:
        yield client


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


async def test_nothing_secret_in_a_repr(client: Client) -> None:
    await client.quote()
    await client.submit()
    (request,) = client.service.desk.requests.values()
    assert CODE.hex() not in repr(request)
    assert repr(CODE) not in repr(request)


async def test_stopping_twice(client: Client) -> None:
    await client.service.stop()
    await client.service.stop()
