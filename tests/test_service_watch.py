"""A request is followed at its service for as long as it takes (R8)."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import Mock, patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.smets1_cad.assembly import Parts
from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.options import CadOptions
from custom_components.smets1_cad.pairing.life import Pairing, PairingKeeper
from custom_components.smets1_cad.pairing.request import Quote
from custom_components.smets1_cad.pairing.states import PairingState as S
from custom_components.smets1_cad.smart_energy.install_code import InstallCode
from custom_components.smets1_cad.supplier.directory import Route
from custom_components.smets1_cad.supplier.link import ServiceLink
from custom_components.smets1_cad.supplier.problems import problem
from custom_components.smets1_cad.supplier.status import ServiceError, read_status
from custom_components.smets1_cad.supplier.submit import on_its_way
from custom_components.smets1_cad.supplier.watch import ServiceWatch
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_load_integrations

from .test_pairing_watch import REQUEST

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CODE = InstallCode(bytes.fromhex("83FED3407A939723A5C639B26916D505"))
SERVICE = "custom_components.smets1_cad.supplier.watch.PairingService"


def answer(state: str, request_id: str = "P00001", **more: Any) -> dict[str, Any]:
    """Write a status as the contract has it."""
    return {
        "request_id": request_id,
        "state": state,
        "updated_at": "2026-11-22T12:00:00+00:00",
        "who_acts": "supplier",
        "poll_after_seconds": 60,
        **more,
    }


class Service:
    """A pairing service that says what a test wants."""

    def __init__(self) -> None:
        self.says: list[dict[str, Any] | ServiceError] = [answer("received")]
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None

    async def _answer(self, what: str) -> Any:
        self.asked.append(what)
        if self.gate is not None:
            await self.gate.wait()
        said = self.says[0] if len(self.says) == 1 else self.says.pop(0)
        if isinstance(said, ServiceError):
            raise said
        return read_status(said)

    async def submit(self, pairing: Pairing, _code: InstallCode) -> Any:
        return await self._answer(f"submit {pairing.key}")

    async def status(self, request_id: str) -> Any:
        return await self._answer(f"status {request_id}")

    async def unpair_status(self, request_id: str) -> Any:
        return await self._answer(f"unpair_status {request_id}")

    async def unpair(self, pairing: Pairing, _why: object) -> Any:
        return await self._answer(f"unpair {pairing.unpair_key}")


class Followed:
    """A request that is followed."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self.hass, self.freezer = hass, freezer
        self.service = Service()
        self.opened: list[bool] = []
        self.tenancies: list[datetime | None] = []
        self.full = False
        self.consent = True
        self.entry = MockConfigEntry(domain=DOMAIN)
        self.entry.add_to_hass(hass)
        self.stop: Callable[[], None] = lambda: None
        self.keeper: PairingKeeper

    async def save(self, _data: dict[str, Any]) -> None:
        if self.full:
            raise CadError("Full. Make room.")

    def start(self, pairing: Pairing, code: InstallCode | None = CODE) -> None:
        self.keeper = PairingKeeper(pairing, self.save)
        with patch(SERVICE, return_value=self.service):
            watch = ServiceWatch(
                self.hass,
                self.entry,
                self.keeper,
                ServiceLink(url="http://127.0.0.1/v1", token="canary"),
                code,
                may_send=lambda: self.consent,
                on_open=lambda: self.opened.append(True),
                on_tenancy_change=self.tenancies.append,
            )
        self.stop = watch.start()

    async def after(self, seconds: float) -> Pairing:
        """Let time go by."""
        self.freezer.tick(timedelta(seconds=seconds))
        async_fire_time_changed(self.hass)
        await self.hass.async_block_till_done(
            wait_background_tasks=self.service.gate is None
        )
        await asyncio.sleep(0)
        return self.keeper.pairing


@pytest.fixture
async def followed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[Followed]:
    freezer.move_to(NOW)
    followed = Followed(hass, freezer)
    yield followed
    followed.stop()


def sent(route: Route = Route.PAIRING_SERVICE, *states: S) -> Pairing:
    pairing = Pairing.record(REQUEST, NOW).advance(S.SENT, NOW, route=route)
    for state in states:
        pairing = pairing.advance(state, NOW)
    return replace(pairing, service_id="P00001")


def sending() -> Pairing:
    quote = Quote(quote_id="Q1", amount=Decimal("0.00"))
    return (
        Pairing.record(REQUEST, NOW)
        .accept(quote, NOW)
        .begin_sending(Route.PAIRING_SERVICE, NOW)
    )


async def test_request_is_followed_to_the_open_hub(followed: Followed) -> None:
    """As often as the service wants to be asked, and no more often."""
    followed.service.says = [
        answer("acknowledged", reference="VE-1"),
        answer("accepted"),
        answer(
            "han_open",
            window={
                "opens_at": "2026-11-22T12:00:00+00:00",
                "closes_at": "2026-11-22T13:00:00+00:00",
            },
        ),
    ]
    followed.start(sent())
    assert (await followed.after(2)).state is S.ACKNOWLEDGED
    assert (await followed.after(50)).state is S.ACKNOWLEDGED
    assert len(followed.service.asked) == 1
    assert (await followed.after(11)).state is S.ACCEPTED
    assert followed.opened == []
    pairing = await followed.after(61)
    assert (pairing.state, pairing.reference) == (S.HAN_OPEN, "VE-1")
    assert followed.opened == [True]


async def test_refusal_is_taken_and_then_nothing_is_asked(followed: Followed) -> None:
    followed.service.says = [
        answer("refused", reason={"code": "han_full", "text": "No room."})
    ]
    followed.start(sent())
    pairing = await followed.after(2)
    assert (pairing.state, pairing.reason) == (S.REFUSED, "han_full")
    await followed.after(4000)
    assert len(followed.service.asked) == 1


@pytest.mark.parametrize("route", [Route.EMAIL, Route.LETTER, Route.PHONE])
async def test_request_by_another_route_is_nothing_to_a_service(
    followed: Followed, route: Route
) -> None:
    followed.start(sent(route))
    await followed.after(4000)
    assert followed.service.asked == []


async def test_what_may_not_have_arrived_is_sent_again_under_its_key(
    followed: Followed,
) -> None:
    pairing = sending()
    followed.start(pairing)
    assert (await followed.after(2)).state is S.SENT
    assert followed.service.asked == [f"submit {pairing.key}"]
    await followed.after(61)
    assert followed.service.asked[1:] == ["status P00001"]


async def test_nothing_is_sent_again_without_consent(followed: Followed) -> None:
    """It waits under its key for as long as consent is not in force."""
    pairing = sending()
    followed.consent = False
    followed.start(pairing)
    for _ in range(3):
        assert (await followed.after(1000)).state is S.SENDING
    assert followed.service.asked == []
    followed.consent = True
    await followed.after(1000)
    assert followed.service.asked == [f"submit {pairing.key}"]


async def test_request_on_its_way_that_is_not_taken(followed: Followed) -> None:
    """What surely did not arrive waits for the person, not for the service."""
    followed.service.says = [problem(410, {"code": "quote_expired"}, "")]
    followed.start(sending())
    pairing = await followed.after(2)
    assert (pairing.state, pairing.reason) == (S.RECORDED, "service_quote_expired")
    await followed.after(4000)
    assert len(followed.service.asked) == 1


@pytest.mark.parametrize(
    "turned_away",
    [
        problem(401, {"code": "unauthorised"}, ""),
        problem(403, {"code": "forbidden"}, ""),
        problem(302, None, ""),
        ServiceError("A web page.", reason="service_not_json"),
    ],
)
async def test_r7_what_may_have_arrived_before_is_turned_away(
    followed: Followed, turned_away: ServiceError
) -> None:
    """A service that does not look at it cannot say that it does not have it."""
    followed.service.says = [turned_away]
    pairing = sending()
    followed.start(pairing)
    assert (await followed.after(2)).state is S.SENDING
    followed.service.says = [answer("received")]
    assert (await followed.after(901)).state is S.SENT
    assert followed.service.asked == 2 * [f"submit {pairing.key}"]


async def test_r19_an_answer_says_nothing_of_what_is_asked_for_since(
    followed: Followed,
) -> None:
    """The request to pair is refused while the person asks to undo it: that has yet to be answered."""
    followed.service.gate = gate = asyncio.Event()
    followed.service.says = [
        answer("refused", reason={"code": "han_full"}, poll_after_seconds=3600),
        answer("acknowledged", request_id="U00002"),
    ]
    followed.start(sent())
    await followed.after(2)
    for step in (S.UNPAIR_RECORDED, S.UNPAIR_SENT):
        await followed.keeper.update(
            lambda pairing, step=step: replace(pairing, unpair_key="another").advance(
                step, NOW, route=Route.PAIRING_SERVICE
            )
        )
    followed.service.gate = None
    gate.set()
    pairing = await followed.after(0)
    assert (pairing.state, pairing.reference) == (S.UNPAIR_SENT, "")
    await followed.keeper.update(
        lambda pairing: replace(pairing, service_unpair_id="U00002")
    )
    assert (await followed.after(2)).state is S.UNPAIR_ACKNOWLEDGED


async def test_r19_what_has_arrived_after_all_has_a_name_to_be_undone_by(
    followed: Followed,
) -> None:
    """The person asked to undo it while it was on its way."""
    followed.service.gate = gate = asyncio.Event()
    followed.start(sending())
    await followed.after(2)
    await followed.keeper.update(
        lambda pairing: replace(pairing, unpair_key="another").advance(
            S.UNPAIR_RECORDED, NOW
        )
    )
    gate.set()
    followed.service.gate = None
    pairing = await followed.after(0)
    assert (pairing.state, pairing.service_id) == (S.UNPAIR_RECORDED, "P00001")
    assert pairing.service_unpair_id == ""


async def test_what_became_another_request_is_not_said_to_be_turned_away(
    followed: Followed,
) -> None:
    followed.service.gate = gate = asyncio.Event()
    followed.service.says = [problem(410, {"code": "quote_expired"}, "")]
    followed.start(sending())
    await followed.after(2)
    other = sending()
    await followed.keeper.update(lambda _pairing: other)
    gate.set()
    followed.service.gate = None
    assert await followed.after(0) == other


async def test_pairing_that_moves_on_while_its_request_is_refused(
    followed: Followed,
) -> None:
    """The hub is open for the CAD, whatever the service says of its request."""
    followed.service.gate = gate = asyncio.Event()
    followed.service.says = [problem(410, {"code": "quote_expired"}, "")]
    followed.start(sending())
    await followed.after(2)
    await followed.keeper.update(lambda pairing: pairing.advance(S.HAN_OPEN, NOW))
    followed.service.gate = None
    gate.set()
    assert (await followed.after(0)).state is S.HAN_OPEN


async def test_nobody_sends_while_a_dialog_does(
    followed: Followed, hass: HomeAssistant
) -> None:
    pairing = sending()
    with on_its_way(hass, pairing.key):
        followed.start(pairing)
        await followed.after(2)
        assert followed.service.asked == []
    assert (await followed.after(901)).state is S.SENT


async def test_no_second_question_while_an_answer_is_waited_for(
    followed: Followed,
) -> None:
    """The radio moves the pairing on meanwhile, which is no reason to ask twice."""
    followed.service.gate = asyncio.Event()
    followed.start(sent())
    await followed.after(2)
    await followed.keeper.update(lambda pairing: pairing.advance(S.HAN_OPEN, NOW))
    await followed.after(2)
    assert len(followed.service.asked) == 1
    followed.service.gate.set()
    followed.service.gate = None
    await followed.after(0)
    assert followed.keeper.pairing.state is S.HAN_OPEN


async def test_service_that_is_down_is_asked_rarely_and_told_once(
    followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    followed.service.says = [
        problem(503, None, ""),
        problem(503, None, "3600"),
        answer("acknowledged"),
    ]
    followed.start(sent())
    await followed.after(2)
    await followed.after(800)
    assert len(followed.service.asked) == 1
    await followed.after(101)
    assert len(followed.service.asked) == 2
    await followed.after(1000)
    assert len(followed.service.asked) == 2
    assert (await followed.after(2601)).state is S.ACKNOWLEDGED
    assert caplog.text.count("gave no answer") == 1
    assert caplog.text.count("answers again") == 1
    assert "canary" not in caplog.text


@pytest.mark.parametrize("pause", ["99999999999999", "9" * 400, "315360000"])
async def test_service_that_never_wants_to_be_asked_again(
    followed: Followed, pause: str
) -> None:
    """It is asked daily, whatever it says."""
    followed.service.says = [problem(429, None, pause), answer("accepted")]
    followed.start(sent())
    await followed.after(2)
    assert (await followed.after(86000)).state is S.SENT
    assert (await followed.after(500)).state is S.ACCEPTED


@pytest.mark.parametrize("code", [["han_full"], {"code": "han_full"}, 7, None])
async def test_reason_of_another_type_is_another_reason(
    followed: Followed, code: object
) -> None:
    followed.service.says = [
        answer("acknowledged", reason={"code": code}),
        answer("refused", reason={"code": code, "text": "No room."}),
    ]
    followed.start(sent())
    assert (await followed.after(2)).state is S.ACKNOWLEDGED
    pairing = await followed.after(61)
    assert (pairing.state, pairing.reason) == (S.REFUSED, "other")


async def test_request_is_followed_on_whatever_one_answer_does(
    followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    followed.service.says = [answer("han_open"), answer("accepted")]
    followed.start(sent())
    followed.opened = Mock(append=Mock(side_effect=RuntimeError("A mistake")))
    assert (await followed.after(2)).state is S.HAN_OPEN
    assert "A mistake" in caplog.text
    assert (await followed.after(901)).state is S.ACCEPTED


async def test_answer_that_comes_after_the_end_is_no_reason_to_ask_again(
    followed: Followed,
) -> None:
    followed.service.gate = asyncio.Event()
    followed.start(sent())
    await followed.after(2)
    followed.stop()
    followed.service.gate.set()
    followed.service.gate = None
    await followed.after(4000)
    assert len(followed.service.asked) == 1


def trouble(followed: Followed) -> ir.IssueEntry | None:
    """Return what a person is told of a service that does not answer."""
    return ir.async_get(followed.hass).async_get_issue(
        DOMAIN, f"service_unanswered_{followed.entry.entry_id}"
    )


@pytest.mark.parametrize(
    ("failure", "key", "said"),
    [
        (problem(503, None, ""), "supplier", "The pairing service is in trouble"),
        (
            problem(401, {"code": "unauthorised"}, ""),
            "householder",
            "The pairing service does not know this token",
        ),
        (
            problem(403, {"code": "forbidden", "detail": "Not *you*."}, ""),
            "supplier",
            "The pairing service does not let this token do this. Ask whoever gave it "
            "to you.\n\nThe service says:\n\n> Not \\*you\\*.",
        ),
    ],
)
async def test_service_that_stays_away_is_told_to_a_person(
    followed: Followed, failure: ServiceError, key: str, said: str
) -> None:
    """Who has to act is told after hours, not at once; it goes when the service answers."""
    await async_load_integrations(followed.hass, {DOMAIN})
    followed.service.says = [failure]
    followed.start(sent())
    await followed.after(2)
    for _ in range(23):
        await followed.after(901)
    assert trouble(followed) is None
    for _ in range(2):
        await followed.after(901)
        issue = trouble(followed)
        assert issue is not None
        assert issue.translation_key == f"service_unanswered_{key}"
        assert issue.translation_placeholders is not None
        assert issue.translation_placeholders["error"].startswith(said)
        assert issue.translation_placeholders["supplier"] == REQUEST.supplier
    followed.service.says = [answer("acknowledged")]
    assert (await followed.after(901)).state is S.ACKNOWLEDGED
    assert trouble(followed) is None


@pytest.mark.parametrize("how", ["settled", "unloaded"])
async def test_trouble_with_a_service_that_is_not_needed_any_more(
    followed: Followed, how: str
) -> None:
    followed.service.says = [problem(503, None, "")]
    followed.start(sent())
    await followed.after(2)
    for _ in range(25):
        await followed.after(901)
    assert trouble(followed) is not None
    if how == "unloaded":
        followed.stop()
    else:
        await followed.keeper.update(
            lambda pairing: pairing.advance(S.REFUSED, NOW, reason="other")
        )
        await followed.after(2)
    assert trouble(followed) is None


async def test_request_that_the_service_has_lost(followed: Followed) -> None:
    """Once may be a slip; twice, the person has to send it again, and nobody asks after the lost one."""
    followed.service.says = [problem(404, {"code": "not_found"}, "")]
    followed.start(sent())
    before = await followed.after(2)
    assert (before.state, before.service_id) == (S.SENT, "P00001")
    pairing = await followed.after(901)
    assert (pairing.state, pairing.reason) == (S.RECORDED, "service_not_found")
    assert pairing.service_id == ""
    assert pairing.supplier_may_list_cad


@pytest.mark.parametrize(
    "page", [None, {"error": "Not Found"}, {"code": ["not_found"]}]
)
async def test_page_that_a_proxy_does_not_find_loses_no_request(
    followed: Followed, page: object
) -> None:
    """Only the service's own word does; a proxy's page is a service that does not answer, and told as such."""
    followed.service.says = [problem(404, page, "")]
    followed.start(sent())
    await followed.after(2)
    for _ in range(25):
        assert (await followed.after(901)).state is S.SENT
    issue = trouble(followed)
    assert issue is not None
    assert issue.translation_key == "service_unanswered_householder"
    followed.service.says = [answer("accepted")]
    assert (await followed.after(901)).state is S.ACCEPTED
    assert trouble(followed) is None


async def test_slip_of_a_service_is_forgotten(followed: Followed) -> None:
    lost = problem(404, {"code": "not_found"}, "")
    followed.service.says = [lost, answer("acknowledged"), lost, answer("accepted")]
    followed.start(sent())
    for seconds in (2, 901, 61):
        await followed.after(seconds)
    assert (await followed.after(901)).state is S.ACCEPTED


async def test_pairing_that_exists_does_not_end_with_the_service(
    followed: Followed,
) -> None:
    followed.service.says = [problem(404, {"code": "not_found"}, "")]
    followed.start(sent(Route.PAIRING_SERVICE, S.HAN_OPEN, S.JOINING, S.PAIRED))
    await followed.after(2)
    assert (await followed.after(901)).state is S.PAIRED


@pytest.mark.parametrize("word", ["removed", "withdrawn"])
async def test_pairing_that_the_radio_sees_does_not_end_with_a_word_of_the_service(
    followed: Followed, word: str
) -> None:
    """Nobody asked for it: that is said if it lasts, and what the radio sees decides."""
    await async_load_integrations(followed.hass, {DOMAIN})
    followed.service.says = [answer(word, poll_after_seconds=3600)]
    followed.start(sent(Route.PAIRING_SERVICE, S.HAN_OPEN, S.JOINING, S.PAIRED))
    assert (await followed.after(2)).state is S.PAIRED
    assert trouble(followed) is None
    for _ in range(6):
        assert (await followed.after(3601)).state is S.PAIRED
    issue = trouble(followed)
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert "no longer paired" in issue.translation_placeholders["error"]
    followed.service.says = [answer("paired")]
    assert (await followed.after(3601)).state is S.PAIRED
    assert trouble(followed) is None


async def test_request_that_was_never_named(followed: Followed) -> None:
    followed.start(replace(sent(), service_id=""))
    await followed.after(2)
    assert (await followed.after(901)).state is S.RECORDED
    assert followed.service.asked == []


async def test_code_that_is_lost(followed: Followed) -> None:
    followed.start(sending(), None)
    await followed.after(2)
    assert followed.service.asked == []


async def test_what_cannot_be_kept_is_asked_again(
    followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    followed.full = True
    followed.service.says = [problem(404, {"code": "not_found"}, "")]
    followed.start(sent())
    await followed.after(2)
    assert (await followed.after(901)).state is S.SENT
    assert "was not kept: Full. Make room." in caplog.text


async def test_change_of_tenancy_is_passed_on(followed: Followed) -> None:
    followed.service.says = [
        answer(
            "acknowledged",
            tenancy_change={"effective_at": "2026-12-01T00:00:00+00:00"},
        )
    ]
    followed.start(sent())
    await followed.after(2)
    assert followed.tenancies == [datetime(2026, 12, 1, tzinfo=UTC)]
    followed.service.says = [answer("acknowledged")]
    await followed.after(61)
    assert followed.tenancies[1:] == [None], "it is no longer announced"


async def test_the_status_of_an_unpairing_takes_no_change_back(
    followed: Followed,
) -> None:
    unpairing = sent(
        Route.PAIRING_SERVICE, S.UNPAIR_RECORDED, S.UNPAIR_SENDING, S.UNPAIR_SENT
    )
    followed.service.says = [answer("received", "U00002")]
    followed.start(replace(unpairing, service_unpair_id="U00002"))
    await followed.after(2)
    assert followed.service.asked
    assert followed.tenancies == []


@pytest.mark.parametrize(
    ("pairing", "asked"),
    [
        (
            replace(
                sent(
                    Route.PAIRING_SERVICE,
                    S.UNPAIR_RECORDED,
                    S.UNPAIR_SENDING,
                    S.UNPAIR_SENT,
                ),
                service_unpair_id="U00002",
            ),
            "unpair_status U00002",
        ),
        (
            sent(
                Route.PAIRING_SERVICE,
                S.UNPAIR_RECORDED,
                S.UNPAIR_SENDING,
                S.UNPAIR_SENT,
            ),
            "status P00001",
        ),
    ],
)
async def test_unpairing_is_followed(
    followed: Followed, pairing: Pairing, asked: str
) -> None:
    followed.service.says = [answer("unpaired", request_id=asked.split()[1])]
    followed.start(pairing)
    assert (await followed.after(2)).state is S.UNPAIRED
    assert followed.service.asked == [asked]


async def test_unpairing_that_may_not_have_arrived_is_sent_again(
    followed: Followed,
) -> None:
    pairing = sent(
        Route.PAIRING_SERVICE,
        S.HAN_OPEN,
        S.JOINING,
        S.PAIRED,
        S.UNPAIR_RECORDED,
        S.UNPAIR_SENDING,
    )
    followed.service.says = [answer("received", request_id="U00002")]
    followed.start(pairing)
    after = await followed.after(2)
    assert (after.state, after.service_unpair_id) == (S.UNPAIR_SENT, "U00002")
    assert followed.service.asked == [f"unpair {pairing.unpair_key}"]


async def test_nothing_is_asked_once_it_is_stopped(followed: Followed) -> None:
    followed.start(sent())
    followed.stop()
    followed.stop()
    await followed.keeper.update(lambda pairing: pairing.advance(S.ACCEPTED, NOW))
    await followed.after(4000)
    assert followed.service.asked == []


@pytest.mark.parametrize(
    ("state", "reads"),
    [
        (S.PAIRED, True),
        (S.REMOVED, False),
        (S.CANCELLED, False),
        (S.UNPAIRED, False),
    ],
)
def test_a_pairing_that_is_over_is_not_read(state: S, reads: bool) -> None:
    keeper = Mock(pairing=Mock(state=state))
    grant = Mock(is_valid=True)
    parts = Parts(
        options=CadOptions(),
        store=Mock(),
        consents=Mock(grant=grant),
        session=Mock(),
        install_code=None,
        keeper=keeper,
        service=None,
    )
    assert parts.grant is (grant if reads else None)
