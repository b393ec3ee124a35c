"""Setting up: with consent in force and not otherwise, and what is watched while an entry is loaded."""

from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock, call, patch

import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.models import (
    Fuel,
    SupplierIdentity,
    TenancyChange,
)
from custom_components.smets1_cad.cad_secrets import CadNotSetUp
from custom_components.smets1_cad.consent.text import Box
from custom_components.smets1_cad.consent.watch import ConsentWatch
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.pairing.states import PairingState as S
from custom_components.smets1_cad.repairs import async_create_fix_flow
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.supplier.directory import Route
from custom_components.smets1_cad.supplier.link import ServiceLink
from custom_components.smets1_cad.tenancy.record import TenancyEnd
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.data_entry_flow import AbortFlow, FlowResultType
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
from virtual_han.clock import Clock
from virtual_han.supplier import Behaviour, Desk, SupplierService

from .fake_link import EUI, NOW, electricity
from .leaving_home import LeavingHome

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

END = "custom_components.smets1_cad.tenancy.watch.async_end_tenancy"
TOKEN = "token-of-a-test"


def reauth_flows(home: LeavingHome) -> int:
    """Return how many dialogs ask for consent."""
    return sum(
        flow["context"]["source"] == SOURCE_REAUTH
        for flow in home.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    )


async def test_with_consent_it_reads(paired: LeavingHome) -> None:
    assert paired.entry.state is ConfigEntryState.LOADED
    assert paired.link.calls == ["start"]
    assert await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    assert paired.link.calls[-1] == "stop"


async def test_the_link_is_told_whose_stick_it_is(home: LeavingHome) -> None:
    """Another one at the same port is not to be used."""
    await home.prepare()
    with patch(
        "custom_components.smets1_cad.assembly.async_build_session",
        AsyncMock(return_value=home.link),
    ) as build:
        await home.start()
    assert build.call_args.kwargs["eui64"] == Eui64.parse(EUI)


async def test_without_consent_ever_it_asks(home: LeavingHome) -> None:
    await home.start()
    assert home.entry.state is ConfigEntryState.SETUP_ERROR
    assert reauth_flows(home) == 1
    assert home.link.calls == []


async def test_what_cannot_be_read_is_said(home: LeavingHome) -> None:
    with patch(
        "custom_components.smets1_cad.async_assemble",
        side_effect=CadError("Damaged. Restore a backup.", reason="store_unreadable"),
    ):
        await home.start()
    assert home.entry.state is ConfigEntryState.SETUP_ERROR
    assert home.entry.error_reason_translation_key == "store_unreadable"
    assert home.entry.reason is not None
    assert "restore a backup" in home.entry.reason


@pytest.mark.parametrize(
    ("section", "damaged"),
    [
        ("pairing", {"history": []}),
        ("pairing", "torn"),
        ("service", {"url": 1}),
        ("secrets", {"install_code": "no hex"}),
    ],
)
async def test_damage_is_named_and_left_as_it_is(
    home: LeavingHome, section: str, damaged: Any
) -> None:
    """Nothing is read, nothing is lost, and no dialog begins that would write over it."""
    await home.prepare()
    store = await home.store()
    await getattr(store, section).save(damaged)
    await home.start()
    assert home.entry.state is ConfigEntryState.SETUP_ERROR
    assert "damaged" in (home.entry.reason or "")
    assert home.link.calls == []
    assert reauth_flows(home) == 0
    assert await getattr(store, section).load() == damaged


@pytest.mark.parametrize("section", ["pairing", "service"])
async def test_a_tenancy_ends_although_nobody_can_be_told(
    paired: LeavingHome, section: str
) -> None:
    store = await paired.store()
    await getattr(store, section).save({"history": []})
    await paired.act("change_of_tenancy")
    assert await store.pairing.load() is None
    assert await store.service.load() is None
    assert (await paired.stored_consents()).current is None


async def test_a_cad_without_its_install_code_is_set_up_anew(home: LeavingHome) -> None:
    """A change of tenancy has erased it: whoever lives there now is asked for everything."""
    await home.prepare()
    with patch(
        "custom_components.smets1_cad.assembly.async_build_session",
        side_effect=CadNotSetUp("It is missing. Set the CAD up again."),
    ):
        await home.start()
    assert home.entry.state is ConfigEntryState.SETUP_ERROR
    assert reauth_flows(home) == 1
    assert home.link.calls == []


async def test_consent_that_ran_out_is_asked_for_again_while_the_pairing_is_followed(
    home: LeavingHome,
) -> None:
    """The entry stays, so that the CAD can still be unpaired."""
    await home.prepare()
    home.freezer.tick(timedelta(days=366))
    await home.start()
    assert home.entry.state is ConfigEntryState.LOADED
    assert home.link.calls == []
    assert reauth_flows(home) == 1
    answer = await home.act("request_unpairing", route="letter", sent=True)
    assert answer["state"] == "unpair_sent"


async def test_consent_ends_to_the_minute(paired: LeavingHome) -> None:
    """Said two weeks before; then reading stops by itself, and consent is asked for."""
    await paired.wait(days=350)
    assert paired.issue("consent_lapses") is None
    await paired.wait(days=1, seconds=1)
    assert paired.issue("consent_lapses") is not None
    await paired.wait(days=14)
    assert paired.issue("consent_lapses") is None
    assert paired.state("sensor.electricity_meter_power") == "unavailable"
    assert paired.link.calls == ["start", "stop"]
    assert reauth_flows(paired) == 1


async def test_r2_nobody_watches_over_consent_that_ended_before(
    paired: LeavingHome,
) -> None:
    """It was withdrawn while the entry was being set up: a person is neither warned of its end nor asked for more."""
    grant = paired.entry.runtime_data.consents.grant
    await paired.act("withdraw_consent")
    await paired.wait(days=355)
    stop = ConsentWatch(paired.hass, paired.entry, grant).start()
    assert paired.issue("consent_lapses") is None
    await paired.wait(days=11)
    assert reauth_flows(paired) == 0
    stop()


async def test_another_wording_asks_again(home: LeavingHome) -> None:
    await home.prepare()
    with patch("custom_components.smets1_cad.assembly.CURRENT_VERSION", 2):
        await home.start()
    assert home.link.calls == []
    assert reauth_flows(home) == 1


async def test_a_log_that_was_changed_is_said_and_counts_no_more(
    home: LeavingHome,
) -> None:
    """Somebody made the consent last longer; it is exported as evidence, and asked for again."""
    await home.prepare()
    store = await home.store()
    log = await store.consent.load()
    assert log is not None
    log["entries"][0]["body"]["expires_at"] = "2099-01-01T00:00:00+00:00"
    await store.consent.save(log)
    await home.start()
    assert home.link.calls == []
    assert home.issue("consent_damaged") is not None
    assert reauth_flows(home) == 1
    answer = await home.act("export_consent")
    assert answer["consent"]["log"]["intact"] is False
    assert answer["consent"]["log"]["damage"] == {"kind": "entry_changed", "index": 0}


async def test_unpaired_does_not_ask_for_consent(paired: LeavingHome) -> None:
    await paired.act("confirm_unpairing")
    await paired.restart()
    assert paired.entry.state is ConfigEntryState.LOADED
    assert "start" not in paired.link.calls
    assert reauth_flows(paired) == 0


async def test_a_meter_that_is_heard_cannot_be_removed(paired: LeavingHome) -> None:
    from custom_components.smets1_cad import async_remove_config_entry_device  # noqa: PLC0415

    registry = dr.async_get(paired.hass)
    devices = dr.async_entries_for_config_entry(registry, paired.entry.entry_id)
    removable = [
        await async_remove_config_entry_device(paired.hass, paired.entry, device)
        for device in devices
    ]
    assert removable == [False, False]
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    assert await async_remove_config_entry_device(paired.hass, paired.entry, devices[0])


POWER = "sensor.electricity_meter_power"


async def test_a_meter_that_was_removed_comes_back_when_it_is_heard(
    paired: LeavingHome, hass_ws_client: WebSocketGenerator
) -> None:
    """With its device and every entity, as a new one does, and without a reload."""
    hass, registry = paired.hass, dr.async_get(paired.hass)
    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    paired.link.hand_up(electricity())
    await paired.wait(minutes=5)
    assert paired.state(POWER) == "unavailable"
    entities = set(hass.states.async_entity_ids("sensor"))
    (device,) = (
        device
        for device in dr.async_entries_for_config_entry(registry, paired.entry.entry_id)
        if device.name == "Electricity meter"
    )
    reply = await client.remove_device(device.id)
    assert reply["success"]
    await paired.wait(seconds=1)
    assert hass.states.get(POWER) is None
    saved = await (await paired.store()).readings.load()
    assert saved is not None
    assert saved["meters"] == {}
    paired.link.hand_up(electricity())
    await paired.wait(seconds=1)
    assert float(paired.state(POWER)) > 0
    assert set(hass.states.async_entity_ids("sensor")) == entities
    assert device.identifiers in [
        one.identifiers
        for one in dr.async_entries_for_config_entry(registry, paired.entry.entry_id)
    ]


@pytest.mark.parametrize(
    ("ticked", "days", "kept_for"),
    [
        (Box, None, None),
        (Box, 30, timedelta(days=30)),
        ({Box.CONSUMER, Box.PAIRING}, None, timedelta()),
        ({Box.CONSUMER, Box.PAIRING}, 30, timedelta()),
    ],
)
async def test_history_is_erased_every_night_as_consent_and_options_say(
    home: LeavingHome, ticked: Any, days: int | None, kept_for: timedelta | None
) -> None:
    """Also after consent was withdrawn: what is kept grows old."""
    await home.prepare(ticked=frozenset(ticked))
    if days is not None:
        home.hass.config_entries.async_update_entry(
            home.entry, options={"retention_days": days}
        )
    await home.start()
    await home.act("withdraw_consent")
    await home.restart()
    with patch("custom_components.smets1_cad.retention.async_apply_retention") as erase:
        for _ in range(24):
            await home.wait(hours=1)
    if kept_for is None:
        erase.assert_not_called()
    else:
        after_start_and_at_night = [call(home.hass, home.entry, kept_for)] * 2
        assert erase.mock_calls == after_start_and_at_night


# --- change of tenancy, as it is noticed


async def test_a_dated_notice_of_the_network_is_acted_on(paired: LeavingHome) -> None:
    await paired.wait(days=3)
    notice = TenancyChange(fuel=Fuel.ELECTRICITY, effective_at=NOW + timedelta(days=2))
    with patch(END) as end:
        paired.link.hand_up(notice, notice)
        await paired.hass.async_block_till_done()
    end.assert_called_once_with(paired.hass, paired.entry, TenancyEnd.HAN)


async def test_a_notice_for_a_day_to_come_waits_for_it(paired: LeavingHome) -> None:
    """The last notice counts."""
    with patch(END) as end:
        for days in (2, 4):
            paired.link.hand_up(
                TenancyChange(fuel=Fuel.GAS, effective_at=NOW + timedelta(days=days))
            )
        await paired.wait(days=3)
        end.assert_not_called()
        await paired.wait(days=1, seconds=1)
        end.assert_called_once()


async def test_unloading_forgets_to_wait(paired: LeavingHome) -> None:
    with patch(END) as end:
        paired.link.hand_up(
            TenancyChange(fuel=Fuel.GAS, effective_at=NOW + timedelta(days=1))
        )
        await paired.hass.config_entries.async_unload(paired.entry.entry_id)
        await paired.wait(days=2)
        end.assert_not_called()


async def test_a_notice_from_before_consent_is_an_earlier_tenants(
    paired: LeavingHome,
) -> None:
    with patch(END) as end:
        paired.link.hand_up(
            TenancyChange(fuel=Fuel.ELECTRICITY, effective_at=NOW - timedelta(days=1))
        )
        await paired.hass.async_block_till_done()
        end.assert_not_called()
    assert paired.issue("tenancy_suspected") is None


async def test_a_notice_without_a_date_only_asks_the_person(
    paired: LeavingHome,
) -> None:
    """A hub may be repeating the notice that ended the tenancy before; nothing is erased unasked."""
    with patch(END) as end:
        for days in (0, 2, 60):
            await paired.wait(days=days)
            paired.link.hand_up(TenancyChange(fuel=Fuel.ELECTRICITY, effective_at=None))
            await paired.hass.async_block_till_done()
        end.assert_not_called()
    assert paired.issue("tenancy_suspected") is not None


async def test_an_end_that_failed_is_tried_again_with_the_next_notice(
    paired: LeavingHome,
) -> None:
    await paired.wait(days=3)
    notice = TenancyChange(fuel=Fuel.ELECTRICITY, effective_at=NOW + timedelta(days=2))
    with patch(END, side_effect=CadError("Left.", reason="erasure_left")) as end:
        for count in (1, 2):
            paired.link.hand_up(notice)
            await paired.hass.async_block_till_done()
            assert end.call_count == count


async def test_without_consent_a_notice_means_nothing(paired: LeavingHome) -> None:
    await paired.act("withdraw_consent")
    with patch(END) as end:
        paired.link.hand_up(TenancyChange(fuel=Fuel.ELECTRICITY, effective_at=None))
        await paired.hass.async_block_till_done()
        end.assert_not_called()


@pytest.mark.parametrize(
    ("said", "is_asked"),
    [
        ([TenancyChange(fuel=Fuel.GAS, effective_at=NOW, of_supplier=True)], True),
        ([SupplierIdentity(fuel=Fuel.GAS, name="A")], False),
        ([SupplierIdentity(fuel=Fuel.GAS, name=name) for name in ("A", "")], False),
        ([SupplierIdentity(fuel=Fuel.GAS, name=name) for name in ("A", "B")], True),
        (
            [SupplierIdentity(fuel=Fuel.GAS, provider_id=number) for number in (1, 2)],
            True,
        ),
        (
            [
                SupplierIdentity(fuel=Fuel.GAS, name="A"),
                SupplierIdentity(fuel=Fuel.ELECTRICITY, name="B"),
            ],
            False,
        ),
    ],
)
async def test_another_supplier_is_a_sign_that_is_asked_about(
    paired: LeavingHome, said: list[Any], is_asked: bool
) -> None:
    paired.link.hand_up(*said)
    assert (paired.issue("tenancy_suspected") is not None) is is_asked


async def test_the_suppliers_service_is_heard_and_told(
    home: LeavingHome, socket_enabled: None
) -> None:
    """Its notice ends the tenancy; the CAD is unpaired with it, so nothing is left to say."""

    class Door:
        def admit(self, eui64: bytes, install_code: bytes, seconds: float) -> None: ...

        def is_paired(self, eui64: bytes) -> bool:
            return True

        def remove(self, eui64: bytes) -> None: ...

    clock = Clock(NOW, speed=0)
    desk = Desk(clock, Door(), Behaviour(poll_after=10))
    async with SupplierService(desk, token=TOKEN) as service:
        request = desk.take_pairing(bytes.fromhex(EUI.replace(":", "")), b"")
        await home.prepare(
            service=ServiceLink(url=service.url, token=TOKEN),
            service_id=request.request_id,
        )
        store = await home.store()
        data = await store.pairing.load()
        assert data is not None
        data["history"][1]["route"] = "pairing_service"
        await store.pairing.save(data)
        await home.start()
        await home.wait(hours=6)
        desk.announce_tenancy((NOW + timedelta(seconds=1)).timestamp())
        await home.wait(minutes=1)
        await home.hass.async_block_till_done(wait_background_tasks=True)
        assert sum(each.unpairing for each in desk.requests.values()) == 1
    assert await (await home.store()).pairing.load() is None
    assert home.issue("tenancy_still_listed") is None


async def test_the_service_is_told_of_a_change_that_a_person_says(
    home: LeavingHome, socket_enabled: None
) -> None:
    class Door:
        def admit(self, eui64: bytes, install_code: bytes, seconds: float) -> None: ...

        def is_paired(self, eui64: bytes) -> bool:
            return True

        def remove(self, eui64: bytes) -> None: ...

    desk = Desk(Clock(NOW, speed=0), Door(), Behaviour())
    async with SupplierService(desk, token=TOKEN) as service:
        await home.prepare(
            service=ServiceLink(url=service.url, token=TOKEN),
            route=Route.PAIRING_SERVICE,
        )
        await home.start()
        await home.act("change_of_tenancy")
        assert [notice["reported_by"] for notice in desk.tenancy_notices] == [
            "old_tenant"
        ]
        assert home.issue("tenancy_still_listed") is None


async def test_a_service_that_refuses_leaves_it_to_the_person(
    home: LeavingHome, socket_enabled: None
) -> None:
    async with SupplierService(
        Desk(Clock(NOW, speed=0), None, Behaviour()),  # type: ignore[arg-type]
        token=TOKEN,
    ) as service:
        await home.prepare(
            service=ServiceLink(url=service.url, token="wrong"),
            route=Route.PAIRING_SERVICE,
        )
        await home.start()
        answer = await home.act("change_of_tenancy")
    assert answer["erased"]["kept"] == ["consent_ended", "supplier_reminder"]
    issue = home.issue("tenancy_still_listed")
    assert issue is not None
    assert "Valley Energy" not in str(issue.to_json()), "nothing of it is on disk"
    ir.async_ignore_issue(home.hass, DOMAIN, issue.issue_id, True)
    await home.hass.async_block_till_done()
    assert home.issue("tenancy_still_listed") is None, "it is forgotten, not hidden"


# --- what the repairs dashboard offers


async def fix(home: LeavingHome, *kinds: str) -> Any:
    """Open the fix flow of an issue."""
    issue = home.issue(*kinds)
    assert issue is not None
    assert issue.is_fixable
    flow = await async_create_fix_flow(home.hass, issue.issue_id, issue.data)
    flow.hass = home.hass
    return flow


async def test_a_click_asks_for_unpairing(paired: LeavingHome) -> None:
    """As Home Assistant does it, which takes the issue away that was settled, and only that."""
    assert await async_setup_component(paired.hass, "repairs", {})
    await paired.act("withdraw_consent")
    issue = paired.issue()
    assert issue is not None
    manager = paired.hass.data["repairs"]["flow_manager"]
    shown = await manager.async_init(DOMAIN, context={"issue_id": issue.issue_id})
    assert shown["description_placeholders"] == {
        "supplier": "Valley Energy",
        "withdrawn": "You have withdrawn consent on 2026-11-22. Reading stopped at 04:00.",
    }
    ended = await manager.async_configure(shown["flow_id"], {})
    assert ended["type"] is FlowResultType.CREATE_ENTRY
    await paired.hass.async_block_till_done()
    assert paired.issue_key() == "unpair_to_send"
    await paired.wait(days=1)
    assert paired.issue_key() == "unpair_to_send"


async def test_a_click_that_cannot_be_carried_out_says_why(paired: LeavingHome) -> None:
    await paired.act("withdraw_consent")
    flow = await fix(paired)
    with patch(
        "custom_components.smets1_cad.document.Document.async_save",
        side_effect=CadError("The disk is full.", reason="store_not_written"),
    ):
        ended = await flow.async_step_confirm({})
    assert ended["reason"] == "failed"
    assert ended["description_placeholders"] is not None
    assert "written to disk" in ended["description_placeholders"]["error"]


async def test_a_click_removes_what_is_unpaired(paired: LeavingHome) -> None:
    await paired.act("confirm_unpairing")
    flow = await fix(paired)
    await flow.async_step_init()
    assert (await flow.async_step_confirm({}))["type"] is FlowResultType.CREATE_ENTRY
    assert paired.hass.config_entries.async_get_entry(paired.entry.entry_id) is None


async def test_a_click_needs_a_running_entry(paired: LeavingHome) -> None:
    await paired.act("withdraw_consent")
    flow = await fix(paired)
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    with pytest.raises(AbortFlow, match="not_loaded"):
        await flow.async_step_init()


async def test_an_entry_without_a_request_is_still_set_up(home: LeavingHome) -> None:
    """Such as one whose stick had joined a network already."""
    await home.prepare(way=(S.SENT,))
    await (await home.store()).pairing.clear()
    await home.start()
    assert home.link.calls == ["start"]
    with pytest.raises(Exception, match="nothing to undo"):
        await home.act("confirm_unpairing")
    await home.act("withdraw_consent")
    assert home.issue() is None
