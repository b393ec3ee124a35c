"""Removing an entry: nothing is left of it but that the supplier still lists the CAD, where that is so (R19)."""

from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.leaving.stick import async_is_former
from custom_components.smets1_cad.pairing.states import PairingState as S
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.smart_energy.network import RadioLost
from custom_components.smets1_cad.store import StoreError, async_get_process_store
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component

from .fake_link import EUI
from .leaving_home import LeavingHome

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


@pytest.fixture
async def paired(home: LeavingHome) -> LeavingHome:
    """A home whose CAD is paired."""
    await home.prepare()
    await home.start()
    return home


async def test_removing_the_entry_says_that_the_supplier_still_lists_the_cad(
    paired: LeavingHome,
) -> None:
    await paired.hass.config_entries.async_remove(paired.entry.entry_id)
    await paired.hass.async_block_till_done()
    issue = paired.issue("removed_still_listed")
    assert issue is not None
    assert issue.is_persistent
    assert issue.translation_placeholders == {
        "supplier": "Valley Energy",
        "eui64": "0C-0D",
    }
    assert paired.issue() is None


async def test_removing_what_is_unpaired_says_nothing(paired: LeavingHome) -> None:
    await paired.act("request_unpairing", route="phone", sent=True)
    await paired.act("confirm_unpairing")
    await paired.hass.config_entries.async_remove(paired.entry.entry_id)
    assert not [
        issue
        for (domain, _), issue in ir.async_get(paired.hass).issues.items()
        if domain == DOMAIN and issue.active
    ]


async def test_the_stick_leaves_the_network(paired: LeavingHome) -> None:
    """Once, of the network that is on record, after the entry has let go of the port."""
    await paired.hass.config_entries.async_remove(paired.entry.entry_id)
    paired.leave.assert_awaited_once_with(
        paired.hass, "/dev/ttyUSB0", Eui64.parse(EUI), "0102030405060708"
    )
    assert paired.link.calls == ["start", "stop"]
    assert stick_issue(paired) is None


async def test_a_stick_that_does_not_leave_keeps_no_entry(paired: LeavingHome) -> None:
    """It is said, and remembered without naming the network."""
    paired.leave.side_effect = RadioLost("It is not there. Plug it in.")
    await paired.hass.config_entries.async_remove(paired.entry.entry_id)
    assert paired.hass.config_entries.async_entries(DOMAIN) == []
    issue = stick_issue(paired)
    assert issue is not None
    assert issue.is_persistent
    assert issue.is_fixable
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["eui64"] == "0C-0D"
    assert "plugged in" in issue.translation_placeholders["error"]
    store = await paired.store()
    eui64 = Eui64.parse(EUI)
    assert await async_is_former(paired.hass, store, eui64, "0102030405060708")
    assert not await async_is_former(paired.hass, store, eui64, "0102030405060709")
    former = await (await async_get_process_store(paired.hass)).former.load()
    assert "0102030405060708" not in str(former)


async def test_a_stick_that_another_entry_uses_stays(paired: LeavingHome) -> None:
    other = MockConfigEntry(
        domain=DOMAIN, unique_id="other", data={"device": "/dev/ttyUSB0"}
    )
    other.add_to_hass(paired.hass)
    await paired.hass.config_entries.async_remove(paired.entry.entry_id)
    paired.leave.assert_not_awaited()


async def test_what_never_joined_is_not_opened(home: LeavingHome) -> None:
    await home.prepare(way=(S.SENT,))
    await (await home.store()).session.clear()
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    home.leave.assert_not_awaited()
    assert home.issue("removed_still_listed") is not None


@pytest.mark.parametrize("damaged", ["torn", {"extended_pan_id": 7}])
async def test_a_network_that_cannot_be_read_is_removed_all_the_same(
    home: LeavingHome, damaged: object
) -> None:
    await home.prepare()
    await (await home.store()).session.save(damaged)  # type: ignore[arg-type]
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    home.leave.assert_not_awaited()
    assert await (await home.store()).session.load() is None


async def test_a_mark_that_cannot_be_kept_keeps_no_entry(
    paired: LeavingHome, caplog: pytest.LogCaptureFixture
) -> None:
    paired.leave.side_effect = RadioLost("It is not there. Plug it in.")
    process = await async_get_process_store(paired.hass)
    with patch.object(
        process, "async_save", side_effect=StoreError("Full.", reason="full")
    ):
        await paired.hass.config_entries.async_remove(paired.entry.entry_id)
    assert "was left on was not kept" in caplog.text
    assert stick_issue(paired) is not None


def stick_issue(home: LeavingHome) -> ir.IssueEntry | None:
    """Return the issue that says that the stick is still on the network."""
    return next(
        (
            issue
            for (domain, name), issue in ir.async_get(home.hass).issues.items()
            if domain == DOMAIN and name.startswith("removed_stick")
        ),
        None,
    )


async def test_an_unreadable_store_is_removed_all_the_same(home: LeavingHome) -> None:
    await home.prepare()
    await (await home.store()).pairing.save({"history": []})
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    assert home.issue("removed_still_listed") is None
    assert await (await home.store()).pairing.load() is None


async def test_what_is_left_to_say_names_no_address_in_diagnostics(
    paired: LeavingHome, hass_client: ClientSessionGenerator
) -> None:
    """Home Assistant adds every issue that outlives a restart to every download of the domain."""
    hass = paired.hass
    assert await async_setup_component(hass, "diagnostics", {})
    paired.leave.side_effect = RadioLost("The stick is not there. Plug it in.")
    await hass.config_entries.async_remove(paired.entry.entry_id)
    await hass.async_block_till_done()
    assert len(ir.async_get(hass).issues) == 2
    other = MockConfigEntry(domain=DOMAIN, unique_id="00:0d:6f:00:0a:0b:0c:0e")
    other.add_to_hass(hass)
    client = await hass_client()
    answer = await client.get(f"/api/diagnostics/config_entry/{other.entry_id}")
    assert answer.ok
    told = (await answer.text()).lower()
    assert "removed_stick" in told
    digits = EUI.replace(":", "")
    assert not [
        form
        for form in (EUI, digits, EUI.replace(":", "-"), digits[:12])
        if form in told
    ]
