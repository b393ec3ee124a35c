"""Withdrawal and unpairing: asked for, sent once, followed until confirmed, carried out (R2, R19)."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.consent.consents import Withdrawal
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.pairing.life import Pairing
from custom_components.smets1_cad.pairing.states import PairingState as S, UnpairWhy
from custom_components.smets1_cad.smart_energy.session.errors import RemovedFromHan
from custom_components.smets1_cad.supplier.api import PairingService
from custom_components.smets1_cad.supplier.directory import Route
from custom_components.smets1_cad.supplier.link import ServiceLink
from custom_components.smets1_cad.supplier.status import ServiceError
from homeassistant.config_entries import ConfigEntryState
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.file import WriteError
from virtual_han.clock import Clock
from virtual_han.supplier import Answering, Behaviour, Desk, SupplierService

from .fake_link import EUI, NOW, electricity
from .leaving_home import ON_THE_WAY, LeavingHome
from .test_store import forget

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

POWER = "sensor.electricity_meter_power"
STATUS = "sensor.consumer_access_device_pairing_status"
TOKEN = "token-of-a-test"


# --- withdrawal


async def test_withdrawing_stops_everything_at_once(paired: LeavingHome) -> None:
    """Entities are unavailable, the link is stopped, and what comes late is not taken."""
    await paired.act("withdraw_consent")
    assert paired.link.calls == ["start", "stop"]
    assert paired.state(POWER) == "unavailable"
    paired.link.hand_up(electricity(power_kw="9.9"))
    await paired.wait(minutes=5)
    assert paired.state(POWER) == "unavailable"
    assert paired.state(STATUS) == "paired"
    log = await paired.stored_consents()
    assert log.current is None
    assert log.records[-1].withdrawal is Withdrawal.REQUESTED
    assert log.records[-1].withdrawn_at == NOW


async def test_after_withdrawal_the_supplier_still_lists_the_cad(
    paired: LeavingHome,
) -> None:
    await paired.act("withdraw_consent")
    assert paired.issue_key() == "still_listed"
    issue = paired.issue()
    assert issue is not None
    assert issue.is_fixable
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["supplier"] == "Valley Energy"


async def test_after_withdrawal_a_restart_reads_nothing_and_asks_for_nothing(
    paired: LeavingHome,
) -> None:
    """A person who has withdrawn is not asked again; the pairing is still followed."""
    await paired.act("withdraw_consent")
    await paired.restart()
    assert paired.entry.state is ConfigEntryState.LOADED
    assert "start" not in paired.link.calls
    assert paired.state(STATUS) == "paired"
    assert paired.state(POWER) == "unavailable"
    assert paired.issue_key() == "still_listed"
    assert not paired.hass.config_entries.flow.async_progress_by_handler(DOMAIN)


def unstored(home: LeavingHome) -> bool:
    """Whether an issue says that a withdrawal is not stored."""
    return any(
        domain == DOMAIN and issue_id.startswith("withdrawal_not_stored")
        for domain, issue_id in ir.async_get(home.hass).issues
    )


@contextmanager
def full_disk() -> Generator[None]:
    """Let nothing be written any more, as Home Assistant's storage finds out and logs."""
    with patch(
        "homeassistant.helpers.storage.write_utf8_file_atomic",
        side_effect=WriteError("No space left on device"),
    ):
        yield


class TestFullDisk:
    """A withdrawal that cannot be written down has ended the consent all the same."""

    @pytest.fixture
    def hass_config_dir(self, hass_tmp_config_dir: str) -> str:
        """A folder of the test's own, with a real disk."""
        return hass_tmp_config_dir

    @pytest.fixture
    def hass_storage(self) -> dict[str, Any]:
        """Nothing: the disk is real here."""
        return {}

    async def test_nothing_is_read_over_a_reload_until_it_is_stored(
        self, paired: LeavingHome
    ) -> None:
        """Nobody is asked for consent again either; it is stored as soon as there is room."""
        with full_disk():
            with pytest.raises(HomeAssistantError, match="Reading has stopped"):
                await paired.act("withdraw_consent")
            await paired.hass.async_block_till_done()
            assert paired.state(POWER) == "unavailable"
            assert "stop" in paired.link.calls
            assert unstored(paired)
            for _ in range(2):
                await paired.restart()
                await paired.wait(minutes=1)
                assert "start" not in paired.link.calls
                assert not paired.entry.runtime_data.coordinator.has_consent
                assert paired.issue_key() == "still_listed"
                assert unstored(paired)
            flows = paired.hass.config_entries.flow
            assert not flows.async_progress_by_handler(DOMAIN)
        await paired.wait(minutes=1)
        assert not unstored(paired)
        forget(paired.hass)
        (record,) = (await paired.stored_consents()).records
        assert record.withdrawal is Withdrawal.REQUESTED
        assert record.withdrawn_at == NOW

    async def test_it_is_stored_while_the_entry_is_unloaded(
        self, paired: LeavingHome
    ) -> None:
        with full_disk(), pytest.raises(HomeAssistantError):
            await paired.act("withdraw_consent")
        await paired.hass.config_entries.async_unload(paired.entry.entry_id)
        await paired.wait(minutes=1)
        assert not unstored(paired)
        forget(paired.hass)
        assert (await paired.stored_consents()).is_withdrawn

    async def test_withdrawing_again_stores_it_at_once(
        self, paired: LeavingHome
    ) -> None:
        with full_disk(), pytest.raises(HomeAssistantError):
            await paired.act("withdraw_consent")
        await paired.act("withdraw_consent")
        assert not unstored(paired)
        forget(paired.hass)
        assert (await paired.stored_consents()).is_withdrawn

    async def test_with_the_entry_removed_nothing_is_left_to_store(
        self, paired: LeavingHome
    ) -> None:
        with full_disk(), pytest.raises(HomeAssistantError):
            await paired.act("withdraw_consent")
        await paired.hass.config_entries.async_remove(paired.entry.entry_id)
        assert not unstored(paired)
        await paired.wait(minutes=1)
        forget(paired.hass)
        assert (await paired.stored_consents()).records == ()

    async def test_the_stick_leaves_although_its_end_is_not_stored(
        self, paired: LeavingHome
    ) -> None:
        """What the supplier has confirmed does not wait for room on a disk."""
        await paired.act("request_unpairing", reason="fault", route="letter", sent=True)
        with patch.object(
            paired.entry.runtime_data.consents,
            "_save",
            side_effect=CadError("Full.", reason="store_not_written"),
        ):
            await paired.act("confirm_unpairing")
            assert paired.link.calls[-1] == "unpair"
            assert paired.issue_key() == "unpaired"
            assert unstored(paired)


# --- by email, letter, telephone


async def test_a_person_sends_the_request(paired: LeavingHome) -> None:
    """Consent ends with the request, the text is complete, and sending it starts the reminders."""
    answer = await paired.act("request_unpairing", route="email")
    assert answer["state"] == "unpair_recorded"
    assert set(answer["texts"]) == {"email"}
    text = answer["texts"]["email"][0]["text"]
    assert "unpair" in text
    assert "00-0D-6F-00-0A-0B-0C-0D" in text
    assert "I have withdrawn the consent of 22 November 2026" in text
    assert "83FE" not in text
    assert paired.state(POWER) == "unavailable"
    assert paired.issue_key() == "unpair_to_send"
    answer = await paired.act("request_unpairing", route="email", sent=True)
    assert answer["state"] == "unpair_sent"
    assert paired.issue_key() is None
    assert (await paired.stored_pairing()).sent_at == NOW
    await paired.wait(days=8)
    issue = paired.issue("pairing_overdue")
    assert issue is not None
    assert issue.translation_key == "pairing_overdue_ask_supplier"


async def test_without_a_route_every_text_is_given(paired: LeavingHome) -> None:
    answer = await paired.act("request_unpairing")
    assert set(answer["texts"]) == {"email", "letter", "phone"}
    assert "November 2026" in answer["texts"]["letter"][0]["text"]
    assert "Read out" in answer["texts"]["phone"][0]["text"]


async def test_sent_needs_a_route(paired: LeavingHome) -> None:
    with pytest.raises(ServiceValidationError, match="by which route"):
        await paired.act("request_unpairing", sent=True)


async def test_for_another_reason_reading_goes_on_until_the_hub_says_leave(
    paired: LeavingHome,
) -> None:
    """The hub's order to leave confirms what was asked for: the stick forgets, consent ends."""
    answer = await paired.act(
        "request_unpairing", reason="device_replaced", route="letter", sent=True
    )
    assert (
        "ends when the device has been removed" in answer["texts"]["letter"][0]["text"]
    )
    assert "I have withdrawn" not in answer["texts"]["letter"][0]["text"]
    assert paired.state(POWER) == "512"
    paired.link.move(
        LinkState.FAILED, RemovedFromHan("The hub told the CAD to leave. Ask why.")
    )
    await paired.hass.async_block_till_done()
    pairing = await paired.stored_pairing()
    assert (pairing.state, pairing.reason) == (S.UNPAIRED, "left_by_hub")
    assert paired.link.calls[-1] == "unpair"
    assert paired.issue_key() == "unpaired"
    assert (await paired.stored_consents()).records[
        -1
    ].withdrawal is Withdrawal.CAD_REMOVED
    assert paired.state(POWER) == "unavailable"


async def test_a_person_confirms(paired: LeavingHome) -> None:
    await paired.act("request_unpairing", route="phone", sent=True)
    await paired.act("confirm_unpairing")
    pairing = await paired.stored_pairing()
    assert (pairing.state, pairing.reason) == (S.UNPAIRED, "said_by_user")
    assert "unpair" in paired.link.calls
    assert paired.issue_key() == "unpaired"


async def test_r19_that_the_stick_has_left_is_said_once_it_has(
    paired: LeavingHome,
) -> None:
    gate = asyncio.Event()

    async def slow() -> None:
        await gate.wait()

    await paired.act("request_unpairing", route="phone")
    assert paired.issue_key() == "unpair_to_send"
    said = []
    with patch.object(paired.link, "unpair", slow):
        await paired.entry.runtime_data.unpairing.confirm()
        for _ in range(2):
            paired.link.move(LinkState.DISCONNECTED)
            await asyncio.sleep(0)
            said.append(paired.issue_key())
        gate.set()
        await paired.hass.async_block_till_done()
    assert said == [None, None]
    assert paired.issue_key() == "unpaired"


async def test_a_stick_that_is_not_there_leaves_at_the_next_start(
    paired: LeavingHome,
) -> None:
    paired.link.unpair_fault = CadError("The stick is gone. Plug it in.", reason="x")
    await paired.act("request_unpairing", route="phone", sent=True)
    await paired.act("confirm_unpairing")
    assert paired.issue_key() == "unpaired_stick"
    assert (await (await paired.store()).session.load() or {})["extended_pan_id"]
    await paired.restart()
    assert paired.link.calls == ["unpair"]
    assert paired.issue_key() == "unpaired"


async def test_what_has_left_the_network_is_not_opened_again(
    paired: LeavingHome,
) -> None:
    await paired.act("request_unpairing", route="phone", sent=True)
    await paired.act("confirm_unpairing")
    await (await paired.store()).session.save({"extended_pan_id": None})
    await paired.restart()
    assert paired.link.calls == []
    assert paired.issue_key() == "unpaired"


async def test_a_request_that_nobody_has_is_given_up(home: LeavingHome) -> None:
    await home.prepare(way=())
    await home.start()
    answer = await home.act("request_unpairing")
    assert answer["state"] == "cancelled"
    assert home.issue_key() is None
    with pytest.raises(HomeAssistantError, match="nothing to undo"):
        await home.act("request_unpairing")


async def corrected(home: LeavingHome) -> None:
    """Have a request at the supplier, and another one written down since."""
    await home.prepare(way=(S.SENT,))
    pairing = await home.stored_pairing()
    after = pairing.correct(replace(pairing.request, available="later"), NOW)
    assert after.state is S.RECORDED
    await (await home.store()).pairing.save(after.as_dict())
    await home.start()


async def test_r19_a_supplier_that_has_an_earlier_request_is_told(
    home: LeavingHome,
) -> None:
    """It was corrected here, and not sent again: the supplier may act on what it has."""
    await corrected(home)
    assert home.state("button.consumer_access_device_request_unpairing") != (
        "unavailable"
    )
    await home.act("withdraw_consent")
    assert home.issue_key() == "still_listed"
    answer = await home.act("request_unpairing", route="letter", sent=True)
    assert answer["state"] == "unpair_sent"
    assert "00-0D-6F-00-0A-0B-0C-0D" in answer["texts"]["letter"][0]["text"]
    assert home.issue_key() is None


async def test_a_second_request_changes_nothing(paired: LeavingHome) -> None:
    await paired.act("request_unpairing", route="email")
    before = await paired.stored_pairing()
    await paired.act("request_unpairing", route="letter")
    assert await paired.stored_pairing() == before


# --- a supplier that acts on its own


async def test_a_supplier_that_removes_the_cad_is_named(paired: LeavingHome) -> None:
    """One issue, with the way back; not a second one from the link."""
    paired.link.move(
        LinkState.FAILED, RemovedFromHan("The hub told the CAD to leave. Ask why.")
    )
    await paired.hass.async_block_till_done()
    assert paired.state(STATUS) == "removed"
    issue = paired.issue()
    assert issue is not None
    assert issue.translation_key == "cad_removed"
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["supplier"] == "Valley Energy"
    assert paired.issue("link_failed") is None
    await paired.restart()
    paired.link.move(
        LinkState.FAILED, RemovedFromHan("The hub told the CAD to leave. Ask why.")
    )
    await paired.hass.async_block_till_done()
    assert paired.issue_key() == "cad_removed"
    assert paired.issue("link_failed") is None


async def test_a_removed_cad_does_not_try_to_come_back(
    home: LeavingHome, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever has removed it would be asked again and again; it rests until the person asks for it anew."""
    await home.prepare(way=(*ON_THE_WAY, S.REMOVED))
    await home.start()
    await home.wait(hours=2)
    await home.restart()
    assert home.link.calls == []
    assert home.issue_key() == "cad_removed"
    assert home.state(STATUS) == "removed"


@pytest.mark.parametrize(
    ("steps", "joins"),
    [
        ((S.RECORDED,), False),
        ((S.RECORDED, S.SENDING), False),
        ((S.RECORDED, S.SENT), True),
        ((S.RECORDED, S.SENDING, S.ACKNOWLEDGED), True),
        ((S.HAN_OPEN,), True),
    ],
)
async def test_a_removed_cad_joins_again_once_it_was_asked_for(
    home: LeavingHome, steps: tuple[S, ...], joins: bool
) -> None:
    """By the person's new request, or as the service says; no restart is needed."""
    await home.prepare(way=(*ON_THE_WAY, S.REMOVED))
    await home.start()
    for step in steps:
        await home.entry.runtime_data.unpairing.async_update(
            lambda pairing, step=step: pairing.advance(step, NOW)
        )
    await home.hass.async_block_till_done()
    assert ("start" in home.link.calls) == joins
    assert home.issue_key() is None


async def test_without_consent_a_new_request_starts_nothing(home: LeavingHome) -> None:
    await home.prepare(way=(*ON_THE_WAY, S.REMOVED))
    await home.start()
    await home.act("withdraw_consent")
    for step in (S.RECORDED, S.SENT):
        await home.entry.runtime_data.unpairing.async_update(
            lambda pairing, step=step: pairing.advance(step, NOW)
        )
    await home.hass.async_block_till_done()
    assert home.link.calls == []


async def test_a_request_that_is_given_up_ends_the_looking_for_a_hub(
    home: LeavingHome,
) -> None:
    await home.prepare(way=())
    await home.start()
    assert home.link.calls == ["start"]
    await home.act("request_unpairing", reason="other")
    assert home.link.calls == ["start", "stop"]
    assert home.state(STATUS) == "cancelled"


# --- by a pairing service


@pytest.fixture
def network_clock() -> Clock:
    """The supplier's clock, which moves by the test's hand."""
    return Clock(NOW, speed=0)


@pytest.fixture
async def supplier(
    socket_enabled: None, network_clock: Clock
) -> AsyncGenerator[SupplierService]:
    """The virtual supplier."""

    class Door:
        removed: list[bytes] = []

        def admit(self, eui64: bytes, install_code: bytes, seconds: float) -> None: ...

        def is_paired(self, eui64: bytes) -> bool:
            return True

        def remove(self, eui64: bytes) -> None:
            self.removed.append(eui64)

    desk = Desk(network_clock, Door(), Behaviour(poll_after=10))
    async with SupplierService(desk, token=TOKEN) as service:
        yield service


async def with_service(
    home: LeavingHome, supplier: SupplierService, **more: Any
) -> None:
    """Set the entry up with a request that went to the service."""
    await home.prepare(
        service=ServiceLink(url=supplier.url, token=TOKEN),
        route=Route.PAIRING_SERVICE,
        **more,
    )
    await home.start()


async def test_r23_a_service_that_only_told_its_price_is_told_nothing_else(
    home: LeavingHome, supplier: SupplierService
) -> None:
    """The request went by letter, so that is how it is undone."""
    await home.prepare(
        service=ServiceLink(url=supplier.url, token=TOKEN), route=Route.LETTER
    )
    await home.start()
    answer = await home.act("request_unpairing")
    assert answer["state"] == "unpair_recorded"
    with pytest.raises(HomeAssistantError, match="No pairing service"):
        await home.act("request_unpairing", route="pairing_service")
    assert (await home.stored_pairing()).state is S.UNPAIR_RECORDED
    assert supplier.seen == []


async def test_the_service_is_told_and_followed(
    home: LeavingHome, supplier: SupplierService, network_clock: Clock
) -> None:
    """From the action to a stick that has forgotten everything."""
    await with_service(home, supplier)
    await home.act("request_unpairing")
    pairing = await home.stored_pairing()
    assert pairing.state is S.UNPAIR_SENT
    assert pairing.service_unpair_id == "U00001"
    network_clock.advance(60)
    for _ in range(3):
        await home.wait(seconds=11)
    pairing = await home.stored_pairing()
    assert pairing.state is S.UNPAIRED
    assert home.link.calls[-1] == "unpair"
    assert home.issue_key() == "unpaired"
    assert [path for method, path in supplier.seen if method == "POST"] == [
        "/v1/unpairing-requests"
    ]


async def test_a_suppliers_words_cannot_act(paired: LeavingHome) -> None:
    """They stand in Markdown, where a link of theirs would look like one of ours."""
    unpairing = paired.entry.runtime_data.unpairing
    await paired.act("request_unpairing", route="email", sent=True)
    await unpairing.async_update(
        lambda pairing: pairing.advance(
            S.UNPAIR_REFUSED, NOW, detail="[Pay here](https://pay.example)"
        )
    )
    await paired.hass.async_block_till_done()
    issue = paired.issue()
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["detail"] == (
        r"\[Pay here\](https\://pay.example)"
    )


async def test_a_refusal_is_shown_in_the_suppliers_words(
    home: LeavingHome, supplier: SupplierService, network_clock: Clock
) -> None:
    supplier.desk.behaviour.refuse_unpairing = True
    await with_service(home, supplier)
    await home.act("request_unpairing")
    network_clock.advance(60)
    for _ in range(3):
        await home.wait(seconds=11)
    issue = home.issue()
    assert issue is not None
    assert issue.translation_key == "unpair_refused"
    assert issue.translation_placeholders is not None
    assert "could not confirm" in issue.translation_placeholders["detail"]
    first = (await home.stored_pairing()).unpair_key
    supplier.desk.behaviour.refuse_unpairing = False
    answer = await home.act("request_unpairing")
    assert answer["state"] == "unpair_sent"
    assert (await home.stored_pairing()).unpair_key != first


async def test_a_service_that_does_not_take_it_leaves_other_ways(
    home: LeavingHome, supplier: SupplierService
) -> None:
    """What surely did not arrive is not waited for: the person can write a letter."""
    await home.prepare(
        service=ServiceLink(url=supplier.url, token="wrong"),
        route=Route.PAIRING_SERVICE,
    )
    await home.start()
    with pytest.raises(HomeAssistantError, match="does not know this token"):
        await home.act("request_unpairing")
    assert (await home.stored_pairing()).state is S.UNPAIR_RECORDED
    answer = await home.act("request_unpairing", route="letter", sent=True)
    assert answer["state"] == "unpair_sent"


@pytest.mark.parametrize("answering", [Answering.ERROR, Answering.NONSENSE])
async def test_no_answer_is_sent_again_under_the_same_key(
    home: LeavingHome,
    supplier: SupplierService,
    monkeypatch: pytest.MonkeyPatch,
    answering: Answering,
) -> None:
    """Nothing is done twice, also when Home Assistant was killed while it sent."""
    monkeypatch.setattr("custom_components.smets1_cad.supplier.api.ATTEMPTS", 1)
    await with_service(home, supplier)
    supplier.desk.behaviour.answering = answering
    with pytest.raises(HomeAssistantError):
        await home.act("request_unpairing")
    assert (await home.stored_pairing()).state is S.UNPAIR_SENDING
    supplier.desk.behaviour.answering = Answering.NORMAL
    await home.restart()
    await home.wait(seconds=2)
    pairing = await home.stored_pairing()
    assert pairing.state is S.UNPAIR_SENT
    assert sum(request.unpairing for request in supplier.desk.requests.values()) == 1


async def test_a_pending_request_is_withdrawn_and_followed(
    home: LeavingHome, supplier: SupplierService
) -> None:
    request = supplier.desk.take_pairing(bytes.fromhex(EUI.replace(":", "")), b"")
    await with_service(home, supplier, way=(S.SENT,), service_id=request.request_id)
    answer = await home.act("request_unpairing")
    assert answer["state"] == "unpaired"
    assert home.issue_key() == "unpaired"


@pytest.mark.parametrize(
    ("token", "reason"), [(TOKEN, "unpair_sent"), ("wrong", "service_failed")]
)
async def test_the_options_tell_the_service(
    home: LeavingHome, supplier: SupplierService, token: str, reason: str
) -> None:
    await home.prepare(
        service=ServiceLink(url=supplier.url, token=token), route=Route.PAIRING_SERVICE
    )
    await home.start()
    options = home.hass.config_entries.options
    shown = await options.async_init(home.entry.entry_id)
    for fields in (
        {"next_step_id": "unpair"},
        {"reason": "device_replaced"},
        {"next_step_id": "unpair_service"},
    ):
        shown = await options.async_configure(shown["flow_id"], fields)
    assert shown["reason"] == reason
    assert home.entry.runtime_data.coordinator.has_consent
    wanted = S.UNPAIR_SENT if token == TOKEN else S.UNPAIR_RECORDED
    pairing = await home.stored_pairing()
    assert pairing.state is wanted
    assert pairing.unpair_why is UnpairWhy.DEVICE_REPLACED


async def test_nobody_waits_long_for_a_service_that_does_not_answer(
    home: LeavingHome, supplier: SupplierService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told that there is no answer yet, and the request is followed: the service may have it."""

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    where = "custom_components.smets1_cad.supplier.unpair"
    monkeypatch.setattr(f"{where}.PATIENCE", 0.0)
    monkeypatch.setattr(f"{where}.async_send_unpairing", never)
    await with_service(home, supplier)
    options = home.hass.config_entries.options
    shown = await options.async_init(home.entry.entry_id)
    for fields in (
        {"next_step_id": "unpair"},
        {"reason": "device_replaced"},
        {"next_step_id": "unpair_service"},
    ):
        shown = await options.async_configure(shown["flow_id"], fields)
    assert shown["reason"] == "service_failed"
    assert "in time" in shown["description_placeholders"]["error"]
    assert (await home.stored_pairing()).state is S.UNPAIR_SENDING
    await home.wait(seconds=2)
    assert (await home.stored_pairing()).state is S.UNPAIR_SENT


async def test_r19_the_service_is_told_once_while_it_takes_its_time(
    home: LeavingHome, supplier: SupplierService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows the request does not send it too."""
    gate = asyncio.Event()
    tell = PairingService.unpair
    told = []

    async def slow(service: PairingService, pairing: Pairing, why: UnpairWhy) -> Any:
        told.append(pairing.unpair_key)
        await gate.wait()
        return await tell(service, pairing, why)

    monkeypatch.setattr(PairingService, "unpair", slow)
    await with_service(home, supplier)
    asked = home.hass.async_create_background_task(
        home.act("request_unpairing"), "a person"
    )
    while not told:
        await asyncio.sleep(0)
    for _ in range(3):
        home.freezer.tick(2)
        async_fire_time_changed(home.hass)
        await asyncio.sleep(0)
    gate.set()
    assert (await asked)["state"] == "unpair_sent"
    assert len(told) == 1


async def test_r19_what_was_confirmed_meanwhile_is_not_sent_another_time(
    home: LeavingHome, supplier: SupplierService
) -> None:
    """The hub had the stick leave before the service turned the request away."""
    await with_service(home, supplier)
    refusal = ServiceError("No.", reason="service_forbidden")

    async def late(*_: Any) -> None:
        await home.entry.runtime_data.unpairing.confirm()
        raise refusal

    with (
        patch.object(PairingService, "unpair", late),
        pytest.raises(HomeAssistantError) as raised,
    ):
        await home.act("request_unpairing")
    assert raised.value.__cause__ is refusal
    assert (await home.stored_pairing()).state is S.UNPAIRED


async def test_a_confirmation_that_is_not_stored_comes_again(
    paired: LeavingHome, caplog: pytest.LogCaptureFixture
) -> None:
    """The link fails again at the next start, and the hub's order is noted then."""
    await paired.act("request_unpairing", reason="fault", route="letter", sent=True)
    gone = RemovedFromHan("The hub told the CAD to leave. Ask why.")
    with pytest.MonkeyPatch.context() as monkey:

        async def fail(*_: Any, **__: Any) -> None:
            raise CadError("The disk is full. Make room.", reason="store_not_written")

        monkey.setattr(
            "custom_components.smets1_cad.document.Document.async_save", fail
        )
        paired.link.move(LinkState.FAILED, gone)
        await paired.hass.async_block_till_done()
    assert "That the CAD is unpaired was not kept" in caplog.text
    await paired.restart()
    paired.link.move(LinkState.FAILED, gone)
    await paired.hass.async_block_till_done()
    assert (await paired.stored_pairing()).state is S.UNPAIRED


async def test_without_a_service_it_cannot_be_told(paired: LeavingHome) -> None:
    with pytest.raises(HomeAssistantError, match="No pairing service"):
        await paired.act("request_unpairing", route="pairing_service")
