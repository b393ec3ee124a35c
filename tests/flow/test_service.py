"""The pairing service: a quote, agreed to, sent once; and every bad day that it can have (R7, R21)."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
import json
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.consent.consents import Withdrawal
from custom_components.smets1_cad.consent.text import Box
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.document import Document
from custom_components.smets1_cad.pairing.identity import Ihd
from custom_components.smets1_cad.pairing.request import PairingRequest, Quote
from custom_components.smets1_cad.pairing.states import PairingState
from custom_components.smets1_cad.store import Section, async_load_consents
from custom_components.smets1_cad.supplier.api import PairingService
from custom_components.smets1_cad.supplier.directory import Route
from custom_components.smets1_cad.supplier.link import ServiceLink
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant
from virtual_han.supplier import Answering, Behaviour, Outcome, SupplierService
from virtual_han.supplier.desk import State
from virtual_han.supplier.problem import Problem

from .walk import (
    CODE,
    HOME,
    METERS,
    OTHER_CODE,
    TICKED,
    TOKEN,
    Walk,
    full_disk,
    pairing,
    stored,
)

SUBMIT = ("POST", "/v1/pairing-requests")


def behave(service: SupplierService, **how: object) -> None:
    """Let the supplier behave otherwise from now on."""
    service.desk.behaviour = Behaviour(**how)  # type: ignore[arg-type]


async def to_quote(walk: Walk, service: SupplierService) -> None:
    """Go as far as time and cost."""
    await walk.to_request()
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)


async def again(walk: Walk, code: str = "", **changed: str) -> None:
    """Close the dialog, and come as far as the consent once more, with something changed."""
    if walk.at["type"] != "create_entry":
        walk.leave()
    await walk.begin()
    await walk.fill("user", device="/dev/ttyUSB0")
    await walk.choose("resume", "cad")
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code", **({"install_code": code} if code else {}))
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS | changed)


async def test_quote_is_agreed_to_before_anything_personal_leaves(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    behave(service, fee="12.50", working_days=7)
    await to_quote(walk, service)
    walk.shows("service_quote")
    assert walk.at["description_placeholders"] == {
        "amount": "12.50 GBP",
        "payee": "Virtual Energy Metering Services",
        "days": "7",
        "remarks": "",
        "said": "",
    }
    assert SUBMIT not in service.seen
    assert (await pairing(hass)).state is PairingState.RECORDED
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    request = await pairing(hass)
    assert (request.state, request.route) == (PairingState.SENT, Route.PAIRING_SERVICE)
    assert request.reference == "VE-P00001"
    assert service.seen.count(SUBMIT) == 1
    kept = await ServiceLink.load(await stored(hass))
    assert kept == ServiceLink(url=service.url, token=TOKEN)


def says(service: SupplierService, **members: Any) -> AbstractContextManager[Any]:
    """Let the quote say more than the virtual supplier's does."""
    answer = PairingService.quote

    async def quote(client: PairingService, request: PairingRequest) -> Quote:
        return replace(await answer(client, request), **members)

    return patch.object(PairingService, "quote", quote)


async def test_r1_quote_names_nobody(walk: Walk, service: SupplierService) -> None:
    """What the step says of what is sent for a quote is true."""
    bodies: list[Any] = []
    call = PairingService._call

    async def spy(
        client: PairingService, method: str, path: str, body: Any = None, **more: Any
    ) -> Any:
        bodies.append((path, body))
        return await call(client, method, path, body, **more)

    with patch.object(PairingService, "_call", spy):
        await to_quote(walk, service)
    ((path, body),) = bodies
    assert path == "/quotes"
    sent = json.dumps(body)
    assert "2000024512368" in sent
    assert "3938424403" in sent
    assert "00-12-4B-00-01-AB-CD-EF" in sent
    for secret in ("Canary", "N1 9GU", CODE[:32]):
        assert secret not in sent


async def test_what_the_service_adds_is_shown(
    walk: Walk, service: SupplierService
) -> None:
    with says(service, notes="Between [8](x) and 10."):
        await to_quote(walk, service)
    remarks = walk.at["description_placeholders"]["remarks"]
    assert remarks == "The service adds:\n\n> Between \\[8\\](x) and 10."


async def test_display_that_may_go_is_told_to_go(
    walk: Walk, service: SupplierService
) -> None:
    behave(service, ihd_must_go=True)
    await to_meters(walk, "may_be_unpaired")
    await walk.fill("consent", **TICKED, ihd=True)
    await walk.fill("pairing_details")
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    walk.shows("service_quote")
    assert "has to be unpaired" in walk.at["description_placeholders"]["remarks"]


async def to_meters(walk: Walk, ihd: str) -> None:
    """Go as far as the consent of a home with a display."""
    await walk.to_home()
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd=ihd)
    await walk.fill("meters", **METERS)


@pytest.mark.parametrize("ihd", ["none", "keep"])
async def test_r1_display_that_must_go_takes_consent(
    walk: Walk, hass: HomeAssistant, service: SupplierService, ihd: str
) -> None:
    """The wording is shown once more, with the box for the display; then the quote, and nothing was sent."""
    behave(service, ihd_must_go=True)
    await to_meters(walk, ihd)
    box = {"ihd": True} if ihd == "keep" else {}
    await walk.fill("consent", **TICKED, **box)
    await walk.fill("pairing_details")
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    assert walk.at["step_id"] == "service_ihd"
    assert "has to be unpaired" in walk.at["description_placeholders"]["remarks"]
    await walk.choose("service_ihd", "request")
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    await walk.choose("service_ihd", "ihd_may_go")
    walk.shows("consent")
    await walk.fill("consent", **TICKED)
    walk.shows("consent", {"ihd": "consent_box"})
    assert SUBMIT not in service.seen
    await walk.fill("consent", **TICKED, ihd=True)
    walk.shows("service_quote")
    assert SUBMIT not in service.seen
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    request = (await pairing(hass)).request
    assert request.identity.ihd is Ihd.MAY_BE_UNPAIRED
    consents = await async_load_consents(hass, await stored(hass), SYSTEM_CLOCK)
    assert consents.current is not None
    assert consents.current.record_id == request.consent_id
    assert Box.IHD in consents.current.boxes
    assert service.seen.count(SUBMIT) == 1


async def test_quote_that_is_not_to_be_had_after_that_consent(
    walk: Walk, service: SupplierService
) -> None:
    behave(service, ihd_must_go=True)
    await to_quote(walk, service)
    await walk.choose("service_ihd", "ihd_may_go")
    await service.stop()
    await walk.fill("consent", **TICKED, ihd=True)
    walk.shows("service", {"base": "service_unreachable"})


async def test_details_that_change_withdraw_what_the_service_has(
    walk: Walk, service: SupplierService
) -> None:
    await to_quote(walk, service)
    await walk.fill("service_quote", accept=True)
    await again(walk)
    await walk.fill("pairing_details", hardware="B2")
    walk.shows("withdraw")
    await walk.fill("withdraw", told=False)
    assert walk.suggested()["hardware"] == "B2"
    await walk.fill("pairing_details", hardware="B2")
    assert walk.at["step_id"] == "request"


async def test_quote_agreed_to_after_consent_was_withdrawn(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """The entry, or another dialog, has withdrawn it meanwhile."""
    await to_quote(walk, service)
    consents = await async_load_consents(hass, await stored(hass), SYSTEM_CLOCK)
    await consents.withdraw(Withdrawal.REQUESTED)
    await walk.fill("service_quote", accept=True)
    walk.aborted("consent_missing")
    assert SUBMIT not in service.seen
    assert (await pairing(hass)).state is PairingState.RECORDED


async def test_quote_that_is_declined(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    await to_quote(walk, service)
    await walk.fill("service_quote", accept=False)
    assert walk.at["step_id"] == "request"
    assert SUBMIT not in service.seen
    await walk.choose("request", "service")
    assert walk.suggested() == {"url": service.url}


@pytest.mark.parametrize(
    ("url", "token", "errors"),
    [
        ("not an address", TOKEN, {"url": "service_url"}),
        ("http://192.0.2.1/v1", TOKEN, {"url": "service_url_insecure"}),
        ("", "with spaces in it", {"token": "service_token"}),
        ("", "another-token-1", {"token": "service_unauthorised"}),
        ("http://127.0.0.1:1/v1", TOKEN, {"base": "service_unreachable"}),
    ],
)
async def test_address_or_token_is_wrong(
    walk: Walk, service: SupplierService, url: str, token: str, errors: dict[str, str]
) -> None:
    """What was typed stays, and the right one goes on."""
    await walk.to_request()
    await walk.choose("request", "service")
    typed = {"url": url or service.url, "token": token}
    await walk.fill("service", **typed)
    walk.shows("service", errors)
    assert walk.suggested() == typed
    await walk.fill("service", url=service.url, token=TOKEN)
    walk.shows("service_quote")


BAD_ANSWERS = [
    (Answering.HTML, "service_not_json"),
    (Answering.NONSENSE, "service_malformed"),
    (Answering.ERROR, "service_unavailable"),
    (Answering.UNAVAILABLE, "service_unavailable"),
    (Answering.TOO_MANY, "service_too_many"),
    (Answering.DROP, "service_broken_off"),
    (Answering.SLOW, "service_timeout"),
]


@pytest.fixture
def impatient() -> Generator[None]:
    """A person who does not wait long."""
    with patch("custom_components.smets1_cad.flow.service.PATIENCE", 1.0):
        yield


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("answering", "reason"), BAD_ANSWERS)
async def test_bad_answer_to_the_quote(
    walk: Walk, service: SupplierService, answering: Answering, reason: str
) -> None:
    behave(service, answering=answering, misanswers=1)
    await to_quote(walk, service)
    walk.shows("service", {"base": reason})
    await walk.fill("service", url=service.url, token=TOKEN)
    walk.shows("service_quote")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("answering", "reason"), BAD_ANSWERS)
async def test_bad_answer_to_the_request(
    walk: Walk,
    hass: HomeAssistant,
    service: SupplierService,
    answering: Answering,
    reason: str,
) -> None:
    """Tried again it goes through, and the supplier has it once."""
    await to_quote(walk, service)
    behave(service, answering=answering, misanswers=1)
    await walk.fill("service_quote", accept=True)
    walk.shows("service_quote", {"base": reason})
    uncertain = answering is not Answering.HTML
    assert (await pairing(hass)).state is (
        PairingState.SENDING if uncertain else PairingState.RECORDED
    )
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    assert (await pairing(hass)).state is PairingState.SENT
    assert len(service.desk.requests) == 1


async def test_r7_what_was_answered_in_time_is_kept_however_long_that_takes(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """A slow disk loses no answer: the service is what nobody waits for so long."""
    open_: list[asyncio.Timeout] = []

    @asynccontextmanager
    async def noted(_seconds: float | None) -> AsyncGenerator[None]:
        async with asyncio.timeout(None) as patience:
            open_.append(patience)
            try:
                yield
            finally:
                open_.remove(patience)

    save = Document.async_save

    async def slow(*args: Any, **more: Any) -> None:
        for patience in open_:
            patience.reschedule(0)
        for _ in range(5):
            await asyncio.sleep(0)
        await save(*args, **more)

    where = "custom_components.smets1_cad"
    await to_quote(walk, service)
    with (
        patch(f"{where}.flow.service.timeout", noted),
        patch(f"{where}.supplier.submit.timeout", noted, create=True),
        patch.object(Document, "async_save", slow),
    ):
        await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"


@pytest.mark.parametrize(
    ("answering", "state"),
    [
        (Answering.HTML, PairingState.SENDING),
        (Answering.NORMAL, PairingState.SENT),
    ],
)
async def test_r7_what_may_have_arrived_stays_on_its_way(
    walk: Walk,
    hass: HomeAssistant,
    service: SupplierService,
    answering: Answering,
    state: PairingState,
) -> None:
    """A web page that answers the second time says nothing of the first."""
    await to_quote(walk, service)
    behave(service, answering=Answering.DROP, misanswers=1)
    await walk.fill("service_quote", accept=True)
    walk.shows("service_quote", {"base": "service_broken_off"})
    behave(service, answering=answering, misanswers=1)
    await walk.fill("service_quote", accept=True)
    assert (await pairing(hass)).state is state
    assert len(service.desk.requests) == 1


async def test_lost_answer_is_asked_for_after_leaving(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """The service has the request, so no other quote is asked for: only the answer is missing."""
    await to_quote(walk, service)
    behave(service, answering=Answering.DROP, misanswers=1)
    await walk.fill("service_quote", accept=True)
    await again(walk)
    await walk.fill("pairing_details")
    await walk.choose("request", "service")
    service.seen.clear()
    await walk.fill("service", url=service.url, token=TOKEN)
    assert walk.at["step_id"] == "wait"
    assert service.seen == [SUBMIT]
    assert len(service.desk.requests) == 1


async def test_service_that_may_have_the_request_stays_known(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """A slip in the address does not lose it: another one is known from when it has answered, another token at once."""

    async def kept() -> ServiceLink | None:
        return await ServiceLink.load(await stored(hass))

    await to_quote(walk, service)
    behave(service, answering=Answering.DROP, misanswers=1)
    await walk.fill("service_quote", accept=True)
    await again(walk)
    await walk.fill("pairing_details")
    await walk.choose("request", "service")
    await walk.fill("service", url="http://127.0.0.1:1/v1", token=TOKEN)
    walk.shows("service", {"base": "service_unreachable"})
    assert (await pairing(hass)).state is PairingState.SENDING
    assert await kept() == ServiceLink(url=service.url, token=TOKEN)
    behave(service, answering=Answering.DROP, misanswers=1)
    await walk.fill("service", url=service.url, token="another-token-1")
    walk.shows("service", {"base": "service_broken_off"})
    assert await kept() == ServiceLink(url=service.url, token="another-token-1")
    elsewhere = ServiceLink(url=f"{service.url}/", token=TOKEN)
    await walk.fill("service", url=elsewhere.url, token=elsewhere.token)
    assert walk.at["step_id"] == "wait"
    assert await kept() == elsewhere


async def test_lost_answer_and_a_service_that_stays_away(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    await to_quote(walk, service)
    behave(service, answering=Answering.ERROR)
    await walk.fill("service_quote", accept=True)
    await walk.fill("service_quote", accept=False)
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    walk.shows("service", {"base": "service_unavailable"})
    assert (await pairing(hass)).state is PairingState.SENDING


async def test_quote_that_runs_out_while_it_is_looked_at(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """Another one is shown, with its own box; nothing was sent at the old price."""
    behave(service, quote_seconds=0, fee="1.00")
    await to_quote(walk, service)
    behave(service, fee="2.00")
    await walk.fill("service_quote", accept=True)
    walk.shows("service_quote", {"base": "quote_expired"})
    assert walk.at["description_placeholders"]["amount"] == "2.00 GBP"
    assert walk.suggested() == {}
    assert SUBMIT not in service.seen
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"


async def test_quote_that_the_service_has_dropped(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    await to_quote(walk, service)
    service._quotes.clear()
    await walk.fill("service_quote", accept=True)
    walk.shows("service_quote", {"base": "service_quote_expired"})
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"


async def test_no_other_quote_is_to_be_had(
    walk: Walk, service: SupplierService
) -> None:
    behave(service, quote_seconds=0)
    await to_quote(walk, service)
    behave(service, answering=Answering.HTML)
    await walk.fill("service_quote", accept=True)
    walk.shows("service_quote", {"base": "service_not_json"})


async def test_earlier_request_is_followed(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """One that the service has under another key, of which nothing is stored here."""
    await to_quote(walk, service)
    earlier = service.desk.take_pairing(
        bytes.fromhex("00124B0001ABCDEF"), bytes.fromhex(CODE[:32])
    )
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    assert (await pairing(hass)).service_id == earlier.request_id
    assert len(service.desk.requests) == 1


async def sent_before(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """Have an entry whose request is with the service, and come to the choice of the route once more."""
    await to_quote(walk, service)
    await walk.fill("service_quote", accept=True)
    await walk.choose("wait", "finish")
    await hass.async_block_till_done()
    await to_request_again(walk)


async def to_request_again(walk: Walk) -> None:
    """Choose to send it again."""
    await walk.reopen(SOURCE_RECONFIGURE)
    await walk.choose("reconfigure", "again")
    await walk.fill("pairing_details")


async def test_r7_what_the_service_has_is_followed_and_not_sent_again(
    walk: Walk, hass: HomeAssistant, service: SupplierService, setup: AsyncMock
) -> None:
    """Neither under its key at another price, which would be refused, nor under another one; another token counts."""
    await sent_before(walk, hass, service)
    before = await pairing(hass)
    reloads = setup.await_count
    service.seen.clear()
    await walk.choose("request", "service")
    service._token = "another-token-1"
    behave(service, acknowledge_after=0, decide_after=3600)
    service.desk.requests["P00001"].behaviour = service.desk.behaviour
    await walk.fill("service", url=service.url, token=TOKEN)
    walk.shows("service", {"token": "service_unauthorised"})
    assert await pairing(hass) == before
    await walk.fill("service", url=service.url, token="another-token-1")
    assert walk.at["step_id"] == "wait"
    assert set(service.seen) == {("GET", "/v1/pairing-requests/P00001")}
    after = await pairing(hass)
    assert (after.state, after.key) == (PairingState.ACKNOWLEDGED, before.key)
    assert (after.service_id, after.sent_at) == ("P00001", before.sent_at)
    kept = await ServiceLink.load(await stored(hass))
    assert kept == ServiceLink(url=service.url, token="another-token-1")
    assert setup.await_count > reloads


async def test_what_the_service_has_is_followed_from_wherever_it_was_put_down(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """Its key was taken, so the request was written down anew; the service is asked which one it has."""
    await sent_before(walk, hass, service)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    await entry.runtime_data.coordinator.pairing.update(
        lambda pairing: pairing.resend(datetime.now(UTC))
    )
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    assert walk.at["step_id"] == "wait"
    after = await pairing(hass)
    assert (after.state, after.route) == (PairingState.SENT, Route.PAIRING_SERVICE)
    assert service.seen.count(SUBMIT) == 1


@pytest.mark.parametrize("how", ["refused", "withdrawn"])
async def test_what_the_service_has_done_with_is_asked_for_anew(
    walk: Walk, hass: HomeAssistant, service: SupplierService, how: str
) -> None:
    await sent_before(walk, hass, service)
    before = await pairing(hass)
    request = service.desk.requests["P00001"]
    if how == "withdrawn":
        service.desk.withdraw(request)
    else:
        request.behaviour = Behaviour(
            outcome=Outcome.REFUSE, acknowledge_after=0, decide_after=0
        )
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    walk.shows("service_quote")
    assert not (await pairing(hass)).supplier_may_list_cad
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    after = await pairing(hass)
    assert (after.service_id, after.key != before.key) == ("P00002", True)


async def test_what_the_service_has_lost_is_asked_for_anew(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    await sent_before(walk, hass, service)
    before = await pairing(hass)
    service.desk.requests.clear()
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    walk.shows("service", {"base": "service_not_found"})
    await walk.fill("service", url=service.url, token=TOKEN)
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    assert (await pairing(hass)).key != before.key


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("route", ["email", "letter", "phone"])
async def test_r7_what_a_service_has_is_withdrawn_before_it_goes_another_way(
    walk: Walk, hass: HomeAssistant, service: SupplierService, route: str, told: bool
) -> None:
    """So that the supplier has one request for this CAD and not two."""
    await sent_before(walk, hass, service)
    before = await pairing(hass)
    await walk.choose("request", route)
    walk.shows("withdraw")
    await walk.fill("withdraw", told=told)
    walk.shows(route)
    after = await pairing(hass)
    assert (after.state, after.service_id) == (PairingState.RECORDED, "")
    assert after.key != before.key
    assert not after.supplier_may_list_cad
    assert (service.desk.requests["P00001"].state == "withdrawn") is not told
    await walk.fill(route, sent=True)
    assert walk.at["step_id"] == "wait"
    sent = await pairing(hass)
    assert (sent.state, sent.route) == (PairingState.SENT, Route(route))


async def test_r19_what_is_being_withdrawn_may_still_be_listed(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    await sent_before(walk, hass, service)
    service.desk.requests["P00001"].enter(State.HAN_OPEN, service.desk.now)
    service.desk.requests["P00001"].closes = service.desk.now + 3600
    await walk.choose("request", "letter")
    await walk.fill("withdraw", told=False)
    walk.shows("letter")
    after = await pairing(hass)
    assert (after.state, after.service_id) == (PairingState.RECORDED, "")
    assert after.supplier_may_list_cad


async def test_price_asked_elsewhere_does_not_lose_the_service_that_has_the_request(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """Another service is known from when it gets the request, which the first one has no more then."""
    await sent_before(walk, hass, service)
    before = await pairing(hass)
    await walk.choose("request", "service")
    elsewhere = f"{service.url}/"
    await walk.fill("service", url=elsewhere, token=TOKEN)
    walk.shows("service_quote")
    kept = await ServiceLink.load(await stored(hass))
    assert kept is not None
    assert kept.url == service.url
    await walk.fill("service_quote", accept=True)
    walk.shows("withdraw")
    assert service.desk.requests["P00001"].state == "received"
    await walk.fill("withdraw", told=False)
    assert walk.at["step_id"] == "wait"
    states = {name: each.state for name, each in service.desk.requests.items()}
    assert states == {"P00001": "withdrawn", "P00002": "received"}
    after = await pairing(hass)
    assert (after.state, after.service_id) == (PairingState.SENT, "P00002")
    assert after.key != before.key
    kept = await ServiceLink.load(await stored(hass))
    assert kept is not None
    assert kept.url == elsewhere


async def test_earlier_request_that_is_lost(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    await to_quote(walk, service)
    behave(service, outcome=Outcome.FORGET)
    service.desk.take_pairing(
        bytes.fromhex("00124B0001ABCDEF"), bytes.fromhex(CODE[:32])
    )
    await walk.fill("service_quote", accept=True)
    walk.shows("service_quote", {"base": "service_not_found"})
    assert (await pairing(hass)).state is PairingState.RECORDED


async def test_refused_request_may_be_sent_again(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    behave(service, outcome=Outcome.REFUSE, acknowledge_after=0, decide_after=0)
    await to_quote(walk, service)
    await walk.fill("service_quote", accept=True)
    service.desk.work()
    store = await stored(hass)
    request = await pairing(hass)
    await store.pairing.save(
        request.advance(
            PairingState.REFUSED, datetime.now(UTC), reason="not_our_customer"
        ).as_dict()
    )
    behave(service)
    await again(walk)
    walk.shows("pairing_details")
    await walk.fill("pairing_details")
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    assert (await pairing(hass)).key != request.key
    assert len(service.desk.requests) == 2


@pytest.mark.parametrize("changed", ["numbers", "code"])
async def test_correction_withdraws_what_the_service_has(
    walk: Walk, hass: HomeAssistant, service: SupplierService, changed: str
) -> None:
    """First the wrong request goes, then the right one is written down, as another one."""
    await to_quote(walk, service)
    await walk.fill("service_quote", accept=True)
    old = await pairing(hass)
    if changed == "numbers":
        await again(walk, mprn="7412306508")
        await walk.fill("consent", **TICKED)
    else:
        await again(walk, code=OTHER_CODE)
    walk.shows("withdraw")
    shown = {"reference": "VE-P00001", "said": ""}
    assert walk.at["description_placeholders"] == shown
    behave(service, answering=Answering.UNAVAILABLE, misanswers=1)
    await walk.fill("withdraw", told=False)
    walk.shows("withdraw", {"base": "service_unavailable"})
    await walk.fill("withdraw", told=False)
    walk.shows("pairing_details")
    assert service.desk.requests["P00001"].state == "withdrawn"
    new = await pairing(hass)
    assert new.state is PairingState.RECORDED
    assert new.key != old.key
    await walk.fill("pairing_details")
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    assert len(service.desk.requests) == 2


async def test_same_request_is_left_with_the_service(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """A dialog that changes nothing withdraws nothing."""
    await to_quote(walk, service)
    await walk.fill("service_quote", accept=True)
    before = await pairing(hass)
    await again(walk)
    walk.shows("pairing_details")
    assert await pairing(hass) == before


async def test_correction_of_a_request_that_the_service_has_lost(
    walk: Walk, service: SupplierService
) -> None:
    await to_quote(walk, service)
    behave(service, outcome=Outcome.FORGET)
    await walk.fill("service_quote", accept=True)
    await again(walk, electricity_supplier="Another Energy")
    await walk.fill("consent", **TICKED)
    await walk.fill("withdraw", told=False)
    walk.shows("pairing_details")


async def test_correction_past_a_service_that_is_gone(
    walk: Walk, service: SupplierService
) -> None:
    await to_quote(walk, service)
    await walk.fill("service_quote", accept=True)
    await service.stop()
    await again(walk, electricity_supplier="Another Energy")
    await walk.fill("consent", **TICKED)
    await walk.fill("withdraw", told=False)
    walk.shows("withdraw", {"base": "service_unreachable"})
    await walk.fill("withdraw", told=True)
    walk.shows("pairing_details")


async def test_what_a_key_that_is_taken_stands_for_stays_known(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """The service may have the request, under the name that it gave it."""
    await to_quote(walk, service)
    store = await stored(hass)
    named = replace(await pairing(hass), service_id="P00009", reference="VE-9")
    await store.pairing.save(named.as_dict())
    conflict = Problem(422, "idempotency_conflict", "This key was used before")
    with patch.object(SupplierService, "_check_quote", side_effect=conflict):
        await walk.fill("service_quote", accept=True)
    walk.shows("service_quote", {"base": "service_conflict"})
    after = await pairing(hass)
    assert (after.service_id, after.reference) == ("P00009", "VE-9")
    assert after.key != named.key


async def test_key_that_is_taken_is_given_up(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """The next try goes as another request."""
    await to_quote(walk, service)
    before = (await pairing(hass)).key
    conflict = Problem(422, "idempotency_conflict", "This key was used before")
    with patch.object(SupplierService, "_check_quote", side_effect=conflict):
        await walk.fill("service_quote", accept=True)
    walk.shows("service_quote", {"base": "service_conflict"})
    assert (await pairing(hass)).key != before
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"


REFUSAL = Problem(
    400,
    "invalid_request",
    "[Pay](https://pay.example) <b>first</b>\n# now " + "x" * 2000,
    errors=[
        {"field": "/consumer/postcode", "problem": "malformed"},
        {"field": "/*odd*", "problem": "missing"},
        {"field": "/postcode", "problem": "missing"},
        {"problem": "missing"},
    ],
)
SAID = r"> \[Pay\](https\://pay.example) \<b\>first\</b\> \# now xxx"
"""What it says, in Markdown in which nothing acts."""


@pytest.mark.parametrize(
    ("language", "intro", "wrong"),
    [
        ("en", "The service says:", "this is wrong: Postcode, /\\*odd\\*."),
        ("cy", "Dywed y gwasanaeth:", "hyn yn anghywir: Cod post, /\\*odd\\*."),
    ],
)
async def test_r21_what_the_service_finds_wrong_is_shown(
    walk: Walk,
    hass: HomeAssistant,
    service: SupplierService,
    caplog: pytest.LogCaptureFixture,
    language: str,
    intro: str,
    wrong: str,
) -> None:
    """At each step that asks it, in the person's language, cut to size; it is gone with the error, and in no log."""
    caplog.set_level("DEBUG")
    hass.config.language = language

    def said() -> str:
        words: str = walk.at["description_placeholders"]["said"]
        return words

    def refusing() -> AbstractContextManager[Any]:
        return patch.object(SupplierService, "_authorise", side_effect=REFUSAL)

    await walk.to_request()
    await walk.choose("request", "service")
    assert said() == ""
    typed = {"url": service.url, "token": TOKEN}
    steps = [
        ("service", typed, "service_quote"),
        ("service_quote", {"accept": True}, "wait"),
        ("withdraw", {"told": False}, "pairing_details"),
    ]
    for step, fields, after in steps:
        if step == "withdraw":
            await again(walk, mprn="7412306508")
            await walk.fill("consent", **TICKED)
        assert said() == ""
        with refusing():
            await walk.fill(step, **fields)
        walk.shows(step, {"base": "service_invalid_request"})
        shown, quotation, fault = said().split("\n\n")
        assert shown == intro
        assert quotation.startswith(SAID)
        assert len(quotation) < 1100
        assert fault.endswith(wrong)
        await walk.fill(step, **fields)
        assert walk.at["step_id"] == after
    assert "pay.example" not in caplog.text


async def test_where_the_service_is_cannot_be_read(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    await to_quote(walk, service)
    await walk.fill("service_quote", accept=True)
    await again(walk, mprn="7412306508")
    await walk.fill("consent", **TICKED)
    await Section(await stored(hass), "service").save({"url": 1})
    await walk.fill("withdraw", told=False)
    walk.aborted("store_unreadable")


async def test_link_that_cannot_be_kept(walk: Walk, service: SupplierService) -> None:
    await walk.to_request()
    await walk.choose("request", "service")
    with full_disk():
        await walk.fill("service", url=service.url, token=TOKEN)
    walk.shows("service", {"base": "store_not_written"})
    await walk.fill("service", url=service.url, token=TOKEN)
    walk.shows("service_quote")


async def test_nothing_leaves_that_is_not_on_disk(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    await to_quote(walk, service)
    with full_disk():
        await walk.fill("service_quote", accept=True)
    walk.shows("service_quote", {"base": "store_not_written"})
    assert SUBMIT not in service.seen
    assert (await pairing(hass)).state is PairingState.RECORDED
