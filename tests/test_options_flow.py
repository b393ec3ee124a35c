"""The options of a CAD: settings, consent again, withdrawal, unpairing, change of tenancy."""

from dataclasses import replace
from datetime import timedelta
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.consent.consents import Consents, Withdrawal
from custom_components.smets1_cad.consent.text import load_consent_text
from custom_components.smets1_cad.leaving.leaving import async_withdrawn_words
from custom_components.smets1_cad.options import CadOptions
from custom_components.smets1_cad.pairing.states import PairingState as S
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.store import StoreError
from custom_components.smets1_cad.supplier.directory import Route
from custom_components.smets1_cad.tenancy.record import TenancyEnd
from homeassistant.config_entries import ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType, InvalidData

from .fake_link import NOW, FakeLink
from .leaving_home import ON_THE_WAY, LeavingHome

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

WITHDRAWN = {
    "withdrawn": "You have withdrawn consent on 2026-11-22. Reading stopped at 04:00."
}
"""What the dialog says at noon in Greenwich, on the clock of a test's Home Assistant."""

POWER = "sensor.electricity_meter_power"


class Dialog:
    """Someone who opens the options."""

    def __init__(self, home: LeavingHome) -> None:
        self.home = home
        self.at: Any = None

    async def open(self, option: str | None = None) -> None:
        """Open the menu, and choose from it."""
        self.at = await self.home.hass.config_entries.options.async_init(
            self.home.entry.entry_id
        )
        assert self.at["type"] is FlowResultType.MENU
        if option is not None:
            await self.choose(option)

    async def choose(self, option: str) -> None:
        """Choose from the menu that is shown."""
        assert option in self.at["menu_options"], self.at
        await self.fill(next_step_id=option)

    async def fill(self, **fields: Any) -> None:
        """Fill in what is shown."""
        self.at = await self.home.hass.config_entries.options.async_configure(
            self.at["flow_id"], fields
        )
        await self.home.hass.async_block_till_done()

    def ended(self, reason: str) -> bool:
        """Whether the dialog has ended, for that reason."""
        assert self.at["type"] is FlowResultType.ABORT, self.at
        assert self.at["reason"] == reason, self.at
        return True


async def menu(home: LeavingHome) -> list[str]:
    """Return what is offered."""
    dialog = Dialog(home)
    await dialog.open()
    options: list[str] = dialog.at["menu_options"]
    home.hass.config_entries.options.async_abort(dialog.at["flow_id"])
    return options


async def test_only_what_makes_sense_is_offered(paired: LeavingHome) -> None:
    paired.link.move(LinkState.RUNNING)
    assert await menu(paired) == [
        *("settings", "consent", "record", "withdraw", "unpair", "confirm"),
        "tenancy",
    ]
    await paired.act("withdraw_consent")
    assert await menu(paired) == [
        *("settings", "consent", "record", "erase", "unpair", "confirm"),
        "tenancy",
    ]
    await paired.act("confirm_unpairing")
    assert await menu(paired) == ["settings", "record", "erase", "tenancy"]
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    assert await menu(paired) == ["settings"]


async def test_a_request_that_nobody_has_cannot_be_confirmed(home: LeavingHome) -> None:
    await home.prepare(way=())
    await home.start()
    assert await menu(home) == [
        "settings",
        "look",
        "consent",
        "record",
        "withdraw",
        "tenancy",
    ]


async def test_r19_a_request_that_was_corrected_since_is_undone(
    home: LeavingHome,
) -> None:
    """The supplier has the earlier one, also where no other was sent."""
    await home.prepare(way=(S.SENT, S.RECORDED))
    await home.start()
    options = await menu(home)
    assert "unpair" in options
    assert "confirm" not in options
    dialog = Dialog(home)
    await dialog.open("withdraw")
    await dialog.fill(erase=False)
    assert dialog.at["step_id"] == "withdrawn"
    await dialog.choose("unpair")
    await dialog.fill(reason="consent_withdrawn")
    assert dialog.at["step_id"] == "route"
    assert (await home.stored_pairing()).state is S.UNPAIR_RECORDED


@pytest.mark.parametrize(
    ("way", "lists"),
    [
        ((S.UNPAIR_RECORDED,), True),
        ((S.UNPAIR_RECORDED, S.UNPAIR_SENT, S.UNPAIR_REFUSED), True),
        ((S.UNPAIR_RECORDED, S.UNPAIR_SENT), False),
        ((S.REMOVED,), False),
    ],
)
async def test_r19_that_the_supplier_lists_the_cad_is_said_where_it_does(
    home: LeavingHome, way: tuple[S, ...], lists: bool
) -> None:
    """It has taken it off by itself, or is at it: there is nothing to ask for then."""
    await home.prepare(way=(*ON_THE_WAY, *way))
    await home.start()
    dialog = Dialog(home)
    await dialog.open("withdraw")
    await dialog.fill(erase=False)
    if lists:
        assert dialog.at["step_id"] == "withdrawn"
    else:
        assert dialog.ended("withdrawn_unlisted")


@pytest.mark.parametrize("state", LinkState)
async def test_r9_the_network_is_looked_for_on_a_persons_word(
    home: LeavingHome, state: LinkState
) -> None:
    """Offered while the CAD looks for a network that takes it in, and waits in between."""
    await home.prepare(way=(S.SENT,))
    await home.start()
    home.link.move(state)
    is_looking = state in {
        *(LinkState.NOT_JOINED, LinkState.SCANNING, LinkState.JOINING)
    }
    assert ("look" in await menu(home)) is is_looking
    if not is_looking:
        return
    dialog = Dialog(home)
    await dialog.open("look")
    assert dialog.ended("looking")
    assert home.link.calls[-1] == "join_now"


async def test_r9_nothing_is_looked_for_any_more(home: LeavingHome) -> None:
    """The CAD has joined, or consent was withdrawn, while the menu was open."""
    await home.prepare(way=(S.SENT,))
    await home.start()
    dialog = Dialog(home)
    await dialog.open()
    home.link.move(LinkState.JOINED)
    await dialog.choose("look")
    assert dialog.ended("not_looking")
    home.link.move(LinkState.NOT_JOINED)
    await dialog.open()
    await home.act("withdraw_consent")
    await dialog.choose("look")
    assert dialog.ended("not_looking")
    assert "look" not in await menu(home)
    assert "join_now" not in home.link.calls


async def test_a_cad_with_a_radio_of_its_own_has_nothing_to_look_for() -> None:
    """It looks by itself; a link may leave that out."""
    link = FakeLink()
    link.join_now()
    assert link.calls == []


async def test_settings_take_effect_by_a_reload(paired: LeavingHome) -> None:
    dialog = Dialog(paired)
    await dialog.open("settings")
    await dialog.fill(
        consent_days=90, retention_days=30, electricity_seconds=60, gas_minutes=120
    )
    assert dialog.at["type"] is FlowResultType.CREATE_ENTRY
    options = CadOptions.of(paired.entry)
    assert options.consent_period == timedelta(days=90)
    assert options.retention_days == 30
    assert options.intervals == {
        Fuel.ELECTRICITY: timedelta(minutes=1),
        Fuel.GAS: timedelta(hours=2),
    }
    grant = paired.entry.runtime_data.consents.grant
    assert grant.expires_at == NOW + timedelta(days=90)


@pytest.mark.parametrize("longer", [60, 0])
async def test_r1_readings_are_kept_no_longer_than_consent_says(
    paired: LeavingHome, longer: int
) -> None:
    """For longer, the wording is shown with the new time, and has to be agreed to first."""
    settings = {"consent_days": 90, "electricity_seconds": 60, "gas_minutes": 120}
    dialog = Dialog(paired)
    await dialog.open("settings")
    await dialog.fill(retention_days=30, **settings)
    await dialog.open("settings")
    await dialog.fill(retention_days=longer, **settings)
    assert dialog.at["step_id"] == "consent"
    text = dialog.at["description_placeholders"]["text"]
    assert ("60 days" in text) == (longer == 60)
    assert "30 days" not in text
    assert CadOptions.of(paired.entry).retention_days == 30
    await dialog.fill(consumer=True, pairing=True, history=False)
    assert dialog.at["type"] is FlowResultType.CREATE_ENTRY
    assert CadOptions.of(paired.entry).retention_days == (longer or None)
    log = await paired.stored_consents()
    assert [record.withdrawal for record in log.records] == [Withdrawal.REPLACED, None]
    assert paired.entry.runtime_data.coordinator.has_consent
    await dialog.open("settings")
    await dialog.fill(retention_days=20, **settings)
    assert dialog.at["type"] is FlowResultType.CREATE_ENTRY


async def test_without_consent_readings_may_be_kept_longer(paired: LeavingHome) -> None:
    """Nothing is read then; the wording that comes next names the new time."""
    settings = {"consent_days": 90, "electricity_seconds": 60, "gas_minutes": 120}
    dialog = Dialog(paired)
    await dialog.open("settings")
    await dialog.fill(retention_days=30, **settings)
    await paired.act("withdraw_consent")
    await dialog.open("settings")
    await dialog.fill(retention_days=0, **settings)
    assert dialog.at["type"] is FlowResultType.CREATE_ENTRY
    for days in (30, 0):
        await paired.hass.config_entries.async_unload(paired.entry.entry_id)
        await dialog.open("settings")
        await dialog.fill(retention_days=days, **settings)
        assert dialog.at["type"] is FlowResultType.CREATE_ENTRY


async def test_what_another_dialog_changes_is_read_before_it_is_agreed_to(
    paired: LeavingHome,
) -> None:
    settings = {"retention_days": 30, "electricity_seconds": 60, "gas_minutes": 120}
    boxes = {"consumer": True, "pairing": True, "history": True}
    dialog, other = Dialog(paired), Dialog(paired)
    await other.open("settings")
    await other.fill(consent_days=30, **settings)
    await paired.hass.async_block_till_done()
    await dialog.open("consent")
    await other.open("settings")
    await other.fill(consent_days=90, **settings)
    await paired.hass.async_block_till_done()
    await dialog.fill(**boxes)
    assert dialog.at["errors"] == {"base": "consent_reworded"}
    assert "90 days" in dialog.at["description_placeholders"]["text"]
    assert len((await paired.stored_consents()).records) == 1
    await dialog.fill(**boxes)
    assert dialog.ended("consent_given")
    record = (await paired.stored_consents()).records[-1]
    assert record.wording.parameters["period"] == "90 days"
    assert record.expires_at - record.given_at == timedelta(days=90)


async def test_nobody_agrees_in_the_name_of_another(paired: LeavingHome) -> None:
    """Somebody else of the household consented in another dialog, in the same words."""
    dialog = Dialog(paired)
    await dialog.open("consent")
    consents = paired.entry.runtime_data.consents
    identity = replace(consents.records[-1].identity, name="Nia Newcomer")
    record = replace(consents.records[-1], identity=identity)
    boxes = {"consumer": True, "pairing": True, "history": True}
    with patch.object(Consents, "records", (record,)):
        await dialog.fill(**boxes)
        assert dialog.at["errors"] == {"base": "consent_reworded"}
        await dialog.fill(**boxes)
    assert dialog.ended("consent_given")
    assert (await paired.stored_consents()).records[-1].identity == identity


async def test_of_a_stopped_entry_readings_are_kept_no_longer_than_consented(
    paired: LeavingHome,
) -> None:
    """Its consent holds on; to be asked again, it has to run."""
    settings = {"consent_days": 90, "electricity_seconds": 60, "gas_minutes": 120}
    dialog = Dialog(paired)
    await dialog.open("settings")
    await dialog.fill(retention_days=30, **settings)
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    await dialog.open("settings")
    await dialog.fill(retention_days=0, **settings)
    assert dialog.at["reason"] == "not_loaded"
    assert CadOptions.of(paired.entry).retention_days == 30
    await dialog.open("settings")
    with patch(
        "custom_components.smets1_cad.flow.options.async_load_consents",
        side_effect=StoreError("Unreadable.", reason="store_unreadable"),
    ):
        await dialog.fill(retention_days=0, **settings)
    assert dialog.at["reason"] == "failed"
    assert "cannot be read" in dialog.at["description_placeholders"]["error"]
    await dialog.open("settings")
    await dialog.fill(retention_days=20, **settings)
    assert dialog.at["type"] is FlowResultType.CREATE_ENTRY


async def test_without_settings_the_defaults_hold(paired: LeavingHome) -> None:
    options = CadOptions.of(paired.entry)
    assert (options.retention_days, options.intervals) == (None, {})
    assert options.consent_period == timedelta(days=365)


@pytest.mark.parametrize(
    "wrong", [{"electricity_seconds": 9}, {"gas_minutes": 29}, {"consent_days": 366}]
)
async def test_no_setting_goes_round_a_floor_or_the_wording(
    paired: LeavingHome, wrong: dict[str, int]
) -> None:
    dialog = Dialog(paired)
    await dialog.open("settings")
    values = {
        "consent_days": 365,
        "retention_days": 0,
        "electricity_seconds": 10,
        "gas_minutes": 30,
    }
    with pytest.raises(InvalidData, match=next(iter(wrong))):
        await dialog.fill(**values | wrong)


async def test_consent_is_given_again_before_it_lapses(paired: LeavingHome) -> None:
    """A year on but for a week: the issue says so, and giving it again takes it away."""
    await paired.wait(days=358)
    issue = paired.issue("consent_lapses")
    assert issue is not None
    assert issue.translation_placeholders == {"date": "2027-11-22"}
    dialog = Dialog(paired)
    await dialog.open("consent")
    assert "consumer access device" in dialog.at["description_placeholders"]["text"]
    await dialog.fill(consumer=True, pairing=False, history=False)
    assert dialog.at["errors"] == {"pairing": "consent_box"}
    await dialog.fill(consumer=True, pairing=True, history=False)
    assert dialog.ended("consent_given")
    assert paired.issue("consent_lapses") is None
    log = await paired.stored_consents()
    assert [record.withdrawal for record in log.records] == [Withdrawal.REPLACED, None]
    record = log.records[-1]
    assert not record.history_allowed
    assert record.expires_at - record.given_at == timedelta(days=365)
    pairing = await paired.stored_pairing()
    assert pairing.state is S.PAIRED
    assert pairing.request.consent_id == record.record_id
    assert pairing.request.consent_sha256 == record.wording.shown_sha256
    assert paired.link.calls[-1] == "start"


async def test_consent_is_given_again_after_withdrawal(paired: LeavingHome) -> None:
    await paired.act("withdraw_consent")
    dialog = Dialog(paired)
    await dialog.open("consent")
    await dialog.fill(consumer=True, pairing=True, history=True)
    assert dialog.ended("consent_given")
    assert paired.entry.runtime_data.coordinator.has_consent
    assert paired.issue() is None


async def test_a_request_on_its_way_keeps_the_consent_that_was_sent(
    home: LeavingHome,
) -> None:
    await home.prepare(way=(S.SENDING,))
    await home.start()
    before = (await home.stored_pairing()).request.consent_id
    dialog = Dialog(home)
    await dialog.open("consent")
    await home.wait(seconds=5)
    await dialog.fill(consumer=True, pairing=True, history=True)
    assert dialog.ended("consent_waits")
    assert (await home.stored_pairing()).request.consent_id == before


async def test_a_request_that_cannot_name_the_new_consent_is_said(
    paired: LeavingHome,
) -> None:
    """Consent is on record; sending the form again writes it into the request too."""
    dialog = Dialog(paired)
    await dialog.open("consent")
    fields = {"consumer": True, "pairing": True, "history": True}
    with patch.object(
        paired.entry.runtime_data.unpairing,
        "async_update",
        side_effect=CadError("Full.", reason="store_not_written"),
    ):
        await dialog.fill(**fields)
    assert dialog.at["errors"] == {"base": "consent_not_in_request"}
    await paired.hass.async_block_till_done()
    assert paired.entry.runtime_data.coordinator.has_consent
    await dialog.fill(**fields)
    assert dialog.ended("consent_given")
    record = (await paired.stored_consents()).records[-1]
    assert (await paired.stored_pairing()).request.consent_id == record.record_id


async def test_consent_that_cannot_be_stored_is_not_given(paired: LeavingHome) -> None:
    dialog = Dialog(paired)
    await dialog.open("consent")
    with patch(
        "custom_components.smets1_cad.consent.consents.Consents.give",
        side_effect=CadError("Full.", reason="store_not_written"),
    ):
        await dialog.fill(consumer=True, pairing=True, history=True)
    assert dialog.at["errors"] == {"base": "consent_not_stored"}


async def test_consent_whose_details_are_erased_is_not_given_here(
    paired: LeavingHome,
) -> None:
    dialog = Dialog(paired)
    await dialog.open()
    await paired.entry.runtime_data.consents.erase(Withdrawal.REQUESTED)
    await dialog.choose("consent")
    assert dialog.ended("consent_erased")


async def test_withdrawal_leads_on_to_unpairing(paired: LeavingHome) -> None:
    """From the wording's promise to a letter that is sent."""
    dialog = Dialog(paired)
    await dialog.open("withdraw")
    await dialog.fill(erase=False)
    assert dialog.at["step_id"] == "withdrawn"
    assert dialog.at["description_placeholders"] == WITHDRAWN
    assert paired.state(POWER) == "unavailable"
    await dialog.choose("unpair")
    await dialog.fill(reason="consent_withdrawn")
    assert dialog.at["menu_options"] == [
        *("unpair_email", "unpair_letter", "unpair_phone")
    ]
    await dialog.choose("unpair_letter")
    await dialog.fill(sent=False)
    assert dialog.ended("unpair_recorded")
    assert paired.issue_key() == "unpair_to_send"
    await dialog.open("unpair")
    await dialog.choose("unpair_email")
    shown = dialog.at["description_placeholders"]
    assert shown["link"].startswith("mailto:")
    (text,) = (
        field.description["suggested_value"]
        for field in dialog.at["data_schema"].schema
        if field == "text"
    )
    assert text.startswith("To the team")
    assert shown["subject"] not in text
    await dialog.fill(sent=True)
    assert dialog.ended("unpair_sent")
    assert (await paired.stored_pairing()).state is S.UNPAIR_SENT
    await dialog.open("unpair")
    await dialog.choose("unpair_phone")
    assert "Read out" in dialog.at["description_placeholders"]["script"]
    await dialog.fill(sent=True)
    assert dialog.ended("unpair_sent")
    await dialog.open("confirm")
    await dialog.fill()
    assert dialog.ended("unpaired")
    assert paired.link.calls[-1] == "unpair"


async def test_withdrawal_can_end_there(paired: LeavingHome) -> None:
    dialog = Dialog(paired)
    await dialog.open("withdraw")
    await dialog.fill(erase=False)
    await dialog.choose("later")
    assert dialog.ended("withdrawn")
    assert dialog.at["description_placeholders"] == WITHDRAWN
    assert paired.issue_key() == "still_listed"


async def test_withdrawal_with_nothing_listed_ends_at_once(home: LeavingHome) -> None:
    await home.prepare(way=())
    await home.start()
    dialog = Dialog(home)
    await dialog.open("withdraw")
    await dialog.fill(erase=False)
    assert dialog.ended("withdrawn_unlisted")
    assert dialog.at["description_placeholders"] == WITHDRAWN


async def test_a_withdrawal_is_told_in_the_language_and_time_of_the_home(
    paired: LeavingHome,
) -> None:
    await paired.hass.config.async_set_time_zone("Europe/London")
    paired.hass.config.language = "cy"
    await paired.wait(days=180, hours=3)
    dialog = Dialog(paired)
    await dialog.open("withdraw")
    await dialog.fill(erase=False)
    told = dialog.at["description_placeholders"]["withdrawn"]
    assert "tynnu eich cydsyniad yn ôl ar 2027-05-21" in told
    assert "am 16:00" in told, "by summer time"


async def test_consent_that_never_ended_has_no_time_of_an_end(
    paired: LeavingHome,
) -> None:
    consents = paired.entry.runtime_data.consents
    assert await async_withdrawn_words(paired.hass, consents) == ""


async def test_a_withdrawal_that_is_not_stored_says_so(paired: LeavingHome) -> None:
    dialog = Dialog(paired)
    await dialog.open("withdraw")
    with patch(
        "custom_components.smets1_cad.document.Document.async_save",
        side_effect=CadError("Full.", reason="store_not_written"),
    ):
        await dialog.fill(erase=False)
    assert dialog.at["errors"] == {"base": "withdrawal_not_stored"}
    assert paired.state(POWER) == "unavailable"


async def test_withdrawal_may_erase(paired: LeavingHome) -> None:
    dialog = Dialog(paired)
    await dialog.open("withdraw")
    with patch(
        "custom_components.smets1_cad.leaving.leaving.async_change_of_tenancy"
    ) as erase:
        await dialog.fill(erase=True)
    assert dialog.ended("erasing")
    assert erase.call_args.kwargs["reason"] is TenancyEnd.ERASE
    assert erase.call_args.kwargs["end_pairing"] is False
    assert paired.state(POWER) == "unavailable"
    erase.call_args.kwargs["remind"]()
    assert paired.issue("tenancy_still_listed") is not None


async def test_what_was_kept_can_be_erased_later(paired: LeavingHome) -> None:
    """The button asks nothing and keeps everything; the choice that the wording promises stays open."""
    await paired.hass.services.async_call(
        "button",
        "press",
        {"entity_id": "button.consumer_access_device_withdraw_consent"},
        blocking=True,
    )
    assert (await paired.stored_consents()).is_personal
    dialog = Dialog(paired)
    await dialog.open("erase")
    (box,) = dialog.at["data_schema"].schema
    assert (str(box), box.default()) == ("erase", False)
    await dialog.fill(erase=False)
    assert dialog.at["errors"] == {"erase": "not_sure"}
    await dialog.fill(erase=True)
    assert dialog.ended("erasing")
    await paired.hass.async_block_till_done(wait_background_tasks=True)
    store = await paired.store()
    assert await store.readings.load() is None
    assert await store.pairing.load() is None
    consents = await paired.stored_consents()
    assert consents.records[-1].identity is None
    assert not consents.is_personal
    assert paired.issue("tenancy_still_listed") is not None
    assert "erase" not in await menu(paired)


async def test_nothing_is_erased_by_an_entry_that_stops_meanwhile(
    paired: LeavingHome,
) -> None:
    await paired.act("withdraw_consent")
    dialog = Dialog(paired)
    await dialog.open("erase")
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    await dialog.fill(erase=True)
    assert dialog.ended("not_loaded")
    assert (await paired.stored_consents()).is_personal


async def test_consent_that_was_given_again_meanwhile_is_not_erased_unsaid(
    paired: LeavingHome,
) -> None:
    await paired.act("withdraw_consent")
    dialog, other = Dialog(paired), Dialog(paired)
    await dialog.open("erase")
    await other.open("consent")
    await other.fill(consumer=True, pairing=True, history=True)
    await dialog.fill(erase=True)
    assert dialog.at["step_id"] == "withdraw"
    assert (await paired.stored_consents()).is_personal


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_text_of_withdrawal_names_the_way_to_erase(language: str) -> None:
    """By the name that the options give it: the wording, the form, and what follows under Repairs."""
    folder = Path(__file__).parent.parent / "custom_components/smets1_cad"
    words = json.loads((folder / f"translations/{language}.json").read_text())
    steps, issues = words["options"]["step"], words["issues"]
    name = f"*{steps['init']['menu_options']['erase']}*"
    assert name in "\n".join(load_consent_text(language).body)
    assert name in steps["withdraw"]["data_description"]["erase"]
    for kind in ("still_listed", "unpaired"):
        assert name in issues[kind]["fix_flow"]["step"]["confirm"]["description"]


async def test_a_tenancy_ends_only_if_one_is_sure(paired: LeavingHome) -> None:
    dialog = Dialog(paired)
    await dialog.open("tenancy")
    with patch("custom_components.smets1_cad.flow.leaving.async_end_tenancy") as end:
        await dialog.fill(sure=False)
        assert dialog.at["errors"] == {"sure": "not_sure"}
        end.assert_not_called()
        await dialog.fill(sure=True)
    assert dialog.ended("erasing_tell")
    assert end.call_args.args[2] is TenancyEnd.USER


async def test_a_tenancy_that_ends_says_what_to_tell_the_supplier(
    paired: LeavingHome,
) -> None:
    """The text is made while there is something to say, and kept nowhere."""
    request = paired.entry.runtime_data.unpairing.pairing.request
    dialog = Dialog(paired)
    await dialog.open("tenancy")
    with patch("custom_components.smets1_cad.flow.leaving.async_end_tenancy"):
        await dialog.fill(sure=True)
    assert dialog.ended("erasing_tell")
    told = dialog.at["description_placeholders"]["texts"]
    for fact in (
        "tenancy",
        request.supplier,
        Eui64.parse(request.cad.eui64).with_hyphens,
    ):
        assert fact in told, fact
    assert "install code" not in told.lower()


@pytest.mark.parametrize("is_sent", [False, True])
async def test_a_tenancy_that_ends_has_nothing_for_the_person_to_send(
    home: LeavingHome, is_sent: bool
) -> None:
    """Nobody lists the CAD, or the pairing service is told by itself."""
    await home.prepare(way=())
    await home.start()
    if is_sent:
        await home.entry.runtime_data.unpairing.async_update(
            lambda pairing: pairing.begin_sending(Route.PAIRING_SERVICE, NOW)
        )
        assert home.entry.runtime_data.unpairing.pairing.supplier_may_list_cad
    dialog = Dialog(home)
    await dialog.open("tenancy")
    with patch("custom_components.smets1_cad.flow.leaving.async_end_tenancy"):
        await dialog.fill(sure=True)
    assert dialog.ended("erasing")


async def test_a_pairing_that_has_moved_on_is_said(paired: LeavingHome) -> None:
    """The dialog stood open while the supplier acted."""
    dialog = Dialog(paired)
    await dialog.open("unpair")
    await paired.act("confirm_unpairing")
    await dialog.fill(reason="fault")
    assert dialog.at["errors"] == {"base": "nothing_to_unpair"}


async def test_a_request_that_was_given_up_meanwhile(home: LeavingHome) -> None:
    await home.prepare(way=(S.SENT,))
    await home.start()
    dialog = Dialog(home)
    await dialog.open("unpair")
    await home.entry.runtime_data.unpairing.async_update(
        lambda pairing: pairing.advance(S.REFUSED, NOW)
    )
    await dialog.fill(reason="other")
    assert dialog.ended("cancelled")


@pytest.mark.parametrize("step", ["unpair_letter", "confirm"])
async def test_what_cannot_be_stored_is_said(paired: LeavingHome, step: str) -> None:
    dialog = Dialog(paired)
    if step == "confirm":
        await dialog.open(step)
        fields = {}
    else:
        await dialog.open("unpair")
        await dialog.fill(reason="other")
        await dialog.choose(step)
        fields = {"sent": True}
    with patch(
        "custom_components.smets1_cad.document.Document.async_save",
        side_effect=CadError("The disk is full.", reason="store_not_written"),
    ):
        await dialog.fill(**fields)
    assert dialog.ended("failed")
    assert dialog.at["description_placeholders"] is not None
    assert "written to disk" in dialog.at["description_placeholders"]["error"]


async def test_an_entry_that_stops_meanwhile_is_said(paired: LeavingHome) -> None:
    dialog = Dialog(paired)
    await dialog.open()
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    assert paired.entry.state is ConfigEntryState.NOT_LOADED
    await dialog.choose("unpair")
    assert dialog.ended("not_loaded")


async def test_without_a_request_there_is_nothing_to_unpair(
    paired: LeavingHome,
) -> None:
    dialog = Dialog(paired)
    await dialog.open()
    paired.entry.runtime_data.unpairing = None
    await dialog.choose("unpair")
    assert dialog.ended("nothing_to_unpair")


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_step_error_and_end_has_words(language: str) -> None:
    folder = Path(__file__).parent.parent / "custom_components/smets1_cad"
    words = json.loads((folder / f"translations/{language}.json").read_text())
    options = words["options"]
    source = "".join(
        (folder / f"flow/{name}.py").read_text()
        for name in ("options", "answer", "record", "leaving")
    )
    for step in (
        *("init", "settings", "consent", "record", "answered"),
        *("withdraw", "withdrawn", "erase", "unpair"),
    ):
        assert step in options["step"]
    for said in (
        options["step"]["withdrawn"]["description"],
        options["abort"]["withdrawn"],
        options["abort"]["withdrawn_unlisted"],
        words["issues"]["still_listed"]["fix_flow"]["step"]["confirm"]["description"],
    ):
        assert said.startswith("{withdrawn}")
    for route in ("unpair_email", "unpair_letter", "unpair_phone"):
        assert set(options["step"][route]["data"]) <= {"sent", "text"}
    for end in options["abort"]:
        assert f'"{end}"' in source
