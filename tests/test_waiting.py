"""What there is to do while a supplier is waited for, or has refused (R8, R21)."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, date, datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.pairing.life import Pairing
from custom_components.smets1_cad.pairing.request_text import load_request_texts
from custom_components.smets1_cad.pairing.states import PairingState as S
from custom_components.smets1_cad.supplier.answer import may_be_answered
from custom_components.smets1_cad.supplier.status import REFUSALS
from custom_components.smets1_cad.supplier.texts import inert, quoted
from custom_components.smets1_cad.tenancy.notices import SERVICE, Notice, Notices
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .flow.walk import full_disk
from .leaving_home import LeavingHome, leaving_home
from .test_options_flow import Dialog, menu

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

STATUS = "sensor.consumer_access_device_pairing_status"
ASK = datetime(2026, 11, 27, 9, tzinfo=UTC)
COMPLAIN = datetime(2026, 12, 4, 9, tzinfo=UTC)
ESCALATE = datetime(2026, 12, 18, 9, tzinfo=UTC)
SAID = {"answer": "refused", "words": "Your meter is too old.", "reference": "REF 77"}


@pytest.fixture
async def home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[LeavingHome]:
    """A home whose request was sent by letter today, a Sunday."""
    async with leaving_home(hass, freezer) as home:
        assert await async_setup_component(hass, REPAIRS, {})
        await home.prepare(way=(S.SENT,))
        await home.start()
        yield home


class Fix:
    """Someone who opens an issue."""

    def __init__(self, home: LeavingHome, name: str) -> None:
        self.home = home
        self.name = f"{name}_{home.entry.entry_id}"
        self.at: Any = None

    @property
    def issue(self) -> ir.IssueEntry | None:
        """The issue, while there is one."""
        return ir.async_get(self.home.hass).async_get_issue(DOMAIN, self.name)

    async def open(self) -> list[str]:
        """Open it; return what is offered."""
        assert self.issue is not None
        assert self.issue.is_fixable
        manager = self.home.hass.data[REPAIRS]["flow_manager"]
        self.at = await manager.async_init(DOMAIN, data={"issue_id": self.name})
        assert (self.at["type"], self.at["step_id"]) == (FlowResultType.MENU, "init")
        options: list[str] = self.at["menu_options"]
        return options

    async def fill(self, **fields: Any) -> None:
        """Fill in what is shown, or choose."""
        manager = self.home.hass.data[REPAIRS]["flow_manager"]
        self.at = await manager.async_configure(self.at["flow_id"], fields)
        await self.home.hass.async_block_till_done()

    async def choose(self, option: str) -> None:
        """Choose from the menu."""
        await self.fill(next_step_id=option)

    def text(self) -> str:
        """Return the text to copy."""
        (field,) = self.at["data_schema"].schema
        text: str = field.description["suggested_value"]
        return text


async def note(home: LeavingHome, change: Callable[[Pairing], Pairing]) -> None:
    """Change the pairing, as a pairing service's answer does."""
    await home.entry.runtime_data.unpairing.async_update(change)
    await home.hass.async_block_till_done()


async def wait_until(home: LeavingHome, when: datetime) -> None:
    """Let time pass, from one reminder to the next."""
    for stop in (*(each for each in (ASK, COMPLAIN) if each < when), when):
        seconds = (stop - dt_util.utcnow()).total_seconds()
        if seconds > 0:
            await home.wait(seconds=seconds)


async def state_of(home: LeavingHome) -> Pairing:
    return await home.stored_pairing()


# --- a refusal


async def test_r21_refusal_is_told_with_its_reason_and_the_way_on(
    home: LeavingHome,
) -> None:
    """A pairing service has refused: what it said, whose task it is, and what to do next."""
    fix = Fix(home, "pairing_refused")
    assert fix.issue is None
    await note(
        home,
        lambda pairing: pairing.advance(
            S.REFUSED,
            ASK,
            reason="han_full",
            detail="No room [here](https://evil.example).",
            reference="VE-1",
        ),
    )
    await home.hass.async_block_till_done()
    assert fix.issue is not None
    assert fix.issue.translation_key == "pairing_refused"
    assert fix.issue.translation_placeholders == {"supplier": "Valley Energy"}
    assert await fix.open() == ["answered", "email", "letter", "phone"]
    shown = fix.at["description_placeholders"]
    assert shown["detail"] == r"> No room \[here\](https\://evil.example)."
    assert "no room for another device" in shown["reason"]
    assert shown["reference"] == "VE-1"
    await fix.choose("email")
    assert "Please treat this as a complaint" in fix.text()
    assert fix.at["description_placeholders"]["link"].startswith("mailto:")


async def test_refusal_comes_back_after_a_restart_and_goes_with_its_cause(
    home: LeavingHome,
) -> None:
    fix = Fix(home, "pairing_refused")
    await note(home, lambda pairing: pairing.advance(S.REFUSED, ASK))
    await home.hass.async_block_till_done()
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    assert fix.issue is None
    await home.start()
    assert fix.issue is not None
    await fix.open()
    assert fix.at["description_placeholders"]["detail"] == "–"
    await fix.choose("answered")
    await fix.fill(answer="accepted", promised_for="2026-12-01")
    assert fix.at["type"] is FlowResultType.CREATE_ENTRY
    assert (await state_of(home)).state is S.ACCEPTED
    assert fix.issue is None


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_reason_of_the_contract_has_words(language: str) -> None:
    texts = load_request_texts(language)
    assert all(texts.refusal(reason) for reason in REFUSALS)
    assert texts.refusal("") == ""


def test_words_of_others_do_nothing_when_shown() -> None:
    assert quoted("") == ""
    assert inert("HTTPS://a.b WWW.a.b c@a.b 12:00") == (
        r"HTTPS\://a.b WWW\.a.b c\@a.b 12:00"
    )
    assert quoted("a *b* <c> `d`") == r"> a \*b\* \<c\> \`d\`"


# --- what the supplier said


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ({"answer": "accepted"}, S.ACCEPTED),
        ({"answer": "more_time"}, S.ACKNOWLEDGED),
        (SAID, S.REFUSED),
    ],
)
async def test_answer_is_noted_in_the_options(
    home: LeavingHome, typed: dict[str, str], state: S
) -> None:
    dialog = Dialog(home)
    await dialog.open("answered")
    await dialog.fill(**typed)
    assert dialog.ended("answer_noted")
    pairing = await state_of(home)
    assert pairing.state is state
    assert pairing.history[-1].detail == typed.get("words", "")
    assert pairing.reference == typed.get("reference", "")
    assert home.state(STATUS) == state.value


async def test_promised_day_is_shown_and_waited_for(
    home: LeavingHome, hass: HomeAssistant
) -> None:
    dialog = Dialog(home)
    await dialog.open("answered")
    await dialog.fill(answer="accepted", reference="R 1", promised_for="2026-12-09")
    assert (await state_of(home)).promised_for == date(2026, 12, 9)
    status = hass.states.get(STATUS)
    assert status is not None
    assert status.attributes["promised_for"] == "2026-12-09"
    assert "R 1" not in str(status.as_dict())
    await wait_until(home, COMPLAIN)
    assert Fix(home, "pairing_overdue").issue is None
    await wait_until(home, datetime(2026, 12, 10, 9, tzinfo=UTC))
    assert Fix(home, "pairing_overdue").issue is not None
    await dialog.open("answered")
    assert dialog.at["description_placeholders"] == {
        "supplier": "Valley Energy",
        "reference": "R 1",
    }
    await dialog.fill(answer="more_time", promised_for="2026-12-24")
    assert (await state_of(home)).state is S.ACCEPTED
    assert (await state_of(home)).promised_for == date(2026, 12, 24)


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"answer": "refused"}, {"words": "refusal_reason_missing"}),
        ({"answer": "refused", "words": " "}, {"words": "refusal_reason_missing"}),
        (
            {"answer": "more_time", "promised_for": "2026-11-21"},
            {"promised_for": "promised_day_past"},
        ),
        (
            {"answer": "more_time", "promised_for": "9999-12-31"},
            {"promised_for": "promised_day_far"},
        ),
        (
            {"answer": "more_time", "promised_for": "2028-11-24"},
            {"promised_for": "promised_day_far"},
        ),
    ],
)
async def test_answer_that_cannot_be_right(
    home: LeavingHome, typed: dict[str, str], errors: dict[str, str]
) -> None:
    """Nothing of it is noted, and nothing that was typed is lost."""
    dialog = Dialog(home)
    await dialog.open("answered")
    await dialog.fill(**typed)
    assert dialog.at["errors"] == errors
    fields = dialog.at["data_schema"].schema
    assert {
        str(field): field.description["suggested_value"]
        for field in fields
        if field.description
    } == typed
    assert (await state_of(home)).state is S.SENT


async def test_days_that_were_taken_once_and_cannot_be_waited_for(
    home: LeavingHome,
) -> None:
    """An entry that keeps one, from before they were refused, is set up again."""
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    store = await home.store()
    data = await store.pairing.load()
    assert data is not None
    await store.pairing.save(data | {"promised_for": "9999-12-31"})
    change = datetime.fromisoformat("9999-12-31T23:59:59-01:00")
    await store.notices.save(Notices(pending={SERVICE: Notice(at=change)}))
    await home.start()
    assert home.entry.state is ConfigEntryState.LOADED
    assert (await state_of(home)).promised_for is None
    assert home.issue("tenancy_announced") is None


async def test_answer_has_no_default(home: LeavingHome) -> None:
    dialog = Dialog(home)
    await dialog.open("answered")
    with pytest.raises(InvalidData):
        await dialog.fill(reference="R 1")


async def test_answer_that_is_overtaken(home: LeavingHome) -> None:
    """The radio sees the hub open while the person types."""
    dialog = Dialog(home)
    await dialog.open("answered")
    home.link.move(LinkState.RUNNING)
    await home.hass.async_block_till_done()
    await dialog.fill(answer="accepted")
    assert dialog.at["errors"] == {"base": "pairing_step"}
    assert (await state_of(home)).state is S.PAIRED
    assert "answered" not in await menu(home)


async def test_unpairing_is_answered_too(home: LeavingHome) -> None:
    await home.act("request_unpairing", route="letter", sent=True)
    dialog = Dialog(home)
    await dialog.open("answered")
    await dialog.fill(answer="more_time", promised_for="2026-12-01")
    assert (await state_of(home)).state is S.UNPAIR_ACKNOWLEDGED
    await dialog.open("answered")
    await dialog.fill(**SAID)
    assert (await state_of(home)).state is S.UNPAIR_REFUSED
    assert home.issue_key() == "unpair_refused"
    assert "answered" not in await menu(home)


async def test_request_that_nobody_has_is_not_answered(home: LeavingHome) -> None:
    assert may_be_answered(await state_of(home))
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    assert "answered" not in await menu(home)


# --- reminders


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (ASK, "Please tell me how far it is"),
        (COMPLAIN, "Please treat this as a complaint"),
        (ESCALATE, "Please treat this as a complaint"),
    ],
)
async def test_r8_reminder_has_the_text_to_send(
    home: LeavingHome, when: datetime, words: str
) -> None:
    """By email with a link, as a letter, and by telephone; then the reminder is settled."""
    await wait_until(home, when)
    fix = Fix(home, "pairing_overdue")
    assert await fix.open() == ["answered", "email", "letter", "phone", "seen"]
    for route in ("email", "letter"):
        await fix.choose(route)
        assert fix.at["step_id"] == route
        assert words in fix.text()
        assert "22 November 2026" in fix.text()
        assert "83FE" not in fix.text()
        await fix.fill()
        assert fix.at["step_id"] == "init"
    await fix.choose("phone")
    assert "on your bill" in fix.at["description_placeholders"]["to"]
    assert "Read out" in fix.at["description_placeholders"]["script"]
    await fix.fill()
    await fix.choose("seen")
    assert fix.at["type"] is FlowResultType.CREATE_ENTRY
    assert fix.issue is None
    await home.restart()
    assert fix.issue is None


async def test_reminder_takes_the_answer(home: LeavingHome) -> None:
    """Also one that promises no day: the reminder is settled by it."""
    await wait_until(home, ASK)
    fix = Fix(home, "pairing_overdue")
    await fix.open()
    await fix.choose("answered")
    await fix.fill(answer="refused")
    assert fix.at["errors"] == {"words": "refusal_reason_missing"}
    await fix.fill(answer="more_time")
    assert fix.at["type"] is FlowResultType.CREATE_ENTRY
    assert (await state_of(home)).state is S.ACKNOWLEDGED
    await home.restart()
    assert fix.issue is None
    await wait_until(home, COMPLAIN)
    assert fix.issue is not None


async def test_reminder_of_unpairing_is_about_unpairing(home: LeavingHome) -> None:
    await home.act("request_unpairing", route="letter", sent=True)
    await wait_until(home, ASK)
    fix = Fix(home, "pairing_overdue")
    await fix.open()
    await fix.choose("email")
    assert "I asked you to unpair" in fix.text()
    await wait_until(home, COMPLAIN)
    await fix.open()
    await fix.choose("letter")
    assert "Complaint: my request to unpair" in fix.text()


async def test_reminder_of_an_entry_that_stops_meanwhile(home: LeavingHome) -> None:
    await wait_until(home, ASK)
    fix = Fix(home, "pairing_overdue")
    await fix.open()
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    await fix.choose("email")
    assert (fix.at["type"], fix.at["reason"]) == (FlowResultType.ABORT, "not_loaded")


@pytest.mark.parametrize("step", ["seen", "answered"])
async def test_what_cannot_be_stored_is_said(home: LeavingHome, step: str) -> None:
    await wait_until(home, ASK)
    fix = Fix(home, "pairing_overdue")
    await fix.open()
    if step == "answered":
        await fix.choose(step)
    with full_disk():
        await (fix.fill(answer="accepted") if step == "answered" else fix.choose(step))
    if step == "answered":
        assert fix.at["errors"] == {"base": "store_not_written"}
    else:
        assert fix.at["reason"] == "store_not_written"
    assert (await state_of(home)).state is S.SENT
